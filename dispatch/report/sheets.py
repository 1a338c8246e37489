"""Sheets: a figure's plot with its titles, legend and marks laid out so that nothing overlaps.

All margins are set by hand from the widths of texts: quicker than asking the renderer, and the same bytes on
every computer, whatever fonts it has. Lengths are in inches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dispatch.report.scales import elided, finite, labels, line, width, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet
    from matplotlib.text import Text

    from dispatch.briefing.contents import Cell, Mark
    from dispatch.report.scales import Scale, Tick
    from dispatch.report.words import Words

WIDE = 6.4
BODY = 2.75
"""Height of a plot that has no rows."""
HIGHEST = 22.0
"""Of a plot; beyond that rows become thinner, and their letters smaller."""
Point = tuple[float, float]
SIZE = 9.5
"""Size of letters in points."""
INK, SOFT, GRID = "#1b2330", "#4a5361", "#dfe3e9"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#9A4F83", "#B8860B", "#1F9BD1", "#444444", "#A0522D")
"""Okabe's and Ito's colours, the lighter ones darkened so that thin lines show on white."""
DASHES: tuple[Dash, ...] = ("-", (0, (5, 1.6)), (0, (1.2, 1.2)), (0, (6, 1.6, 1.2, 1.6)))
Dash = tuple[float, tuple[float, ...]] | Literal["-"]
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "h", "<", ">")
HATCHES = ("", "////", "----", "\\\\\\\\", "xxxx")
ROW = 0.19
"""Height of a line of text."""
MOST_KEYS = 48
"""Entries of a legend; the rest is counted in it, and stands in the table."""


def em(size: float = SIZE) -> float:
    """Return the height of a font in inches."""
    return size / 72


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of a legend."""

    name: str
    colour: str
    dash: Dash | None = None
    """Of a line; None for an area."""
    marker: str = ""
    hatch: str = ""
    alpha: float = 1.0
    thick: float = 1.0
    """Height of an area, 1 for that of a letter."""


@dataclass(frozen=True, slots=True)
class Plot:
    """What stands on a sheet."""

    x: Scale
    y: Scale
    paint: Callable[[Axes], None]
    height: float = BODY
    keys: tuple[Key, ...] = ()
    marks: tuple[Mark, ...] = ()
    right: float = 0.0
    """Room that is kept free at the right."""
    grid: Literal["both", "x", "y", "none"] = "both"
    label_size: float = SIZE
    """Of the labels at the left."""
    is_empty: bool = False


@dataclass(slots=True)
class Box:
    """Where the plot itself is on a sheet; ``top`` and ``bottom`` from below."""

    left: float
    right: float
    bottom: float
    top: float
    height: float
    """Of the whole sheet."""


def compose(plot: Plot, title: str, words: Words) -> Sheet:
    """Return a sheet with a plot, its axes, legend and marks; ``title`` may be empty."""
    from matplotlib.figure import Figure as Sheet

    left = min(max((_widest(t.label) for t in plot.y.ticks), default=0.0) * em(plot.label_size) + 0.14, 2.4)
    y_marks = [mark for mark in plot.marks if mark.axis == "y" and finite([mark.at])]
    x_marks = [mark for mark in plot.marks if mark.axis == "x" and finite([mark.at])]
    right = max(plot.right, _mark_room(y_marks, words), 0.22)
    span = (left, WIDE - right)
    heads = wrapped(title, (WIDE - 0.1) / em(SIZE + 2), 3).split("\n") if title else []
    keys = _flow(plot.keys, words)
    places = _stacked(x_marks, plot.x, span, words)
    mark_rows = max((label.row for label in places), default=-1) + 1
    above = 0.06 + len(heads) * 0.23 + len(keys) * ROW + bool(plot.y.title) * ROW + mark_rows * ROW + 0.06
    tick_rows = max((tick.label.count("\n") + 1 for tick in plot.x.ticks), default=0)
    below = 0.1 + tick_rows * 0.16 + bool(plot.x.title) * 0.19
    box = Box(left, WIDE - right, below, below + plot.height, below + plot.height + above)
    sheet = Sheet(figsize=(WIDE, box.height))
    _axes(sheet, plot, box)
    at = box.height - 0.06
    for text in heads:
        _write(sheet, 0.06, at - 0.12, text, size=SIZE + 2, weight="bold")
        at -= 0.23
    for row in keys:
        for x, key in row:
            _draw_key(sheet, x, at - ROW / 2, key)
        at -= ROW
    if plot.y.title:
        _write(sheet, 0.06, at - ROW / 2, elided(plot.y.title, (WIDE - 0.12) / em()), colour=SOFT)
    if plot.x.title:
        x_title = elided(plot.x.title, (WIDE - 0.12) / em())
        _write(sheet, WIDE - max(right, 0.1), 0.12, x_title, colour=SOFT, ha="right")
    _draw_x_marks(sheet, places, box)
    _draw_y_marks(sheet, y_marks, plot.y, box, words)
    if plot.is_empty:
        _write(
            sheet, (box.left + box.right) / 2, (box.top + box.bottom) / 2, words.text("no data"),
            colour=SOFT, ha="center", size=SIZE + 1,
        )  # fmt: skip
    return sheet


def row_labels(cells: Sequence[Cell], words: Words, each: float) -> tuple[tuple[Tick, ...], float, float]:
    """Return the labels of rows, the size of their letters, and the height of all rows of about ``each``."""
    high = min(max(len(cells) * each, 0.8), HIGHEST)
    pitch = high / max(len(cells), 1)
    size = max(min(SIZE, pitch * 72 * 0.85), 4.5)
    ticks = labels(cells, words, 2.2 / em(size), 2 if pitch > 2.4 * em(size) else 1)
    every = max(1, round(em(size) / pitch + 0.45))
    return ticks[::every], size, high


def _axes(sheet: Sheet, plot: Plot, box: Box) -> None:
    """Draw a plot with its grid and labels; matplotlib's own ticks would take most of the time."""
    if not plot.is_empty:
        _grid(sheet, plot, box)
    axes = sheet.add_axes(
        (box.left / WIDE, box.bottom / box.height, (box.right - box.left) / WIDE, plot.height / box.height)
    )
    axes.set_axis_off()
    if plot.is_empty:
        return
    plot.paint(axes)
    axes.set_xlim(plot.x.low, plot.x.high)
    axes.set_ylim(plot.y.low, plot.y.high)
    for tick in plot.x.ticks:
        place = _place(tick.at, plot.x, (box.left, box.right))
        half = _widest(tick.label) * em() / 2
        place = min(max(place, half + 0.03), WIDE - half - 0.03)
        _write(
            sheet, place, box.bottom - 0.06, tick.label, colour=SOFT, ha="center", va="top", full=tick.full
        )
    for tick in plot.y.ticks:
        place = _place(tick.at, plot.y, (box.bottom, box.top))
        size = plot.label_size
        _write(sheet, box.left - 0.06, place, tick.label, colour=SOFT, ha="right", size=size, full=tick.full)


def _grid(sheet: Sheet, plot: Plot, box: Box) -> None:
    if plot.grid == "none":
        return
    across, up = (box.left, box.right), (box.bottom, box.top)
    if plot.grid != "y":
        places = [_place(tick.at, plot.x, across) for tick in plot.x.ticks]
        _strokes(sheet, [((at, up[0]), (at, up[1])) for at in places], GRID, 0.7)
    if plot.grid != "x":
        places = [_place(tick.at, plot.y, up) for tick in plot.y.ticks]
        _strokes(sheet, [((across[0], at), (across[1], at)) for at in places], GRID, 0.7)
    _strokes(sheet, [((across[0], up[0]), (across[1], up[0]))], "#8a93a0", 0.9)


def _strokes(sheet: Sheet, lines: Sequence[tuple[Point, Point]], colour: str, wide: float) -> None:
    """Draw straight lines behind everything, as one path."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    if lines:
        outline = Outline([point for ends in lines for point in ends], [1, 2] * len(lines))
        outline.should_simplify = False
        inches = sheet.dpi_scale_trans
        sheet.add_artist(
            PathPatch(outline, fill=False, edgecolor=colour, linewidth=wide, transform=inches, zorder=-1)
        )


def _keep_full(text: Text, full: str) -> None:
    """Note the whole of a text that is cut, for those who point at it."""
    if full:
        text.set_gid(f"{FULL}{full.encode().hex()}")


FULL = "full-"
"""Begins the id of a group whose text is cut; the whole text follows as hexadecimal UTF-8."""


def _write(
    sheet: Sheet, x: float, y: float, text: str, *,
    colour: str = INK, ha: str = "left", va: str = "center", size: float = SIZE, weight: str = "normal",
    full: str = "",
) -> None:  # fmt: skip
    made = sheet.text(
        x, y, text, color=colour, ha=ha, va=va, fontsize=size, fontweight=weight,
        transform=sheet.dpi_scale_trans,
    )  # fmt: skip
    _keep_full(made, full)


def _widest(label: str) -> float:
    return max((width(row) for row in label.split("\n")), default=0.0)


def _flow(keys: Sequence[Key], words: Words) -> list[list[tuple[float, Key]]]:
    """Lay the entries of a legend in rows from left to right."""
    if len(keys) > MOST_KEYS:
        more = words.counted("and {n} more", "and {n} more", len(keys) - MOST_KEYS)
        keys = (*keys[:MOST_KEYS], Key(more, "none"))
    rows: list[list[tuple[float, Key]]] = []
    at = WIDE
    for key in keys:
        wide = 0.38 + min(width(key.name), 24) * em() + 0.16
        if at + wide > WIDE - 0.02 and at > 0.06:
            rows.append([])
            at = 0.06
        rows[-1].append((at, key))
        at += wide
    return rows


def _draw_key(sheet: Sheet, x: float, y: float, key: Key) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    inches = sheet.dpi_scale_trans
    if key.dash:
        sheet.add_artist(
            Line2D(
                (x, x + 0.3), (y, y), color=key.colour, linestyle=key.dash, linewidth=1.8, transform=inches
            )
        )
        if key.marker:
            sheet.add_artist(
                Line2D(
                    (x + 0.15,),
                    (y,),
                    color=key.colour,
                    marker=key.marker,
                    markersize=4.5,
                    ls="",
                    transform=inches,
                )
            )
    elif key.colour != "none":
        high = 0.12 * key.thick
        sheet.add_artist(
            Rectangle(
                (x + 0.06, y - high / 2), 0.24, high, facecolor=key.colour, hatch=key.hatch or None,
                edgecolor="white" if key.hatch else "none", linewidth=0, alpha=key.alpha, transform=inches,
            )
        )  # fmt: skip
    name = elided(key.name, 24)
    _write(sheet, x + 0.37, y, name, full=key.name if name != key.name else "")


def _place(at: float, scale: Scale, span: tuple[float, float]) -> float:
    return span[0] + (at - scale.low) / ((scale.high - scale.low) or 1.0) * (span[1] - span[0])


@dataclass(frozen=True, slots=True)
class Label:
    """The label of a mark over a plot."""

    place: float
    """Of the mark's line."""
    left: float
    text: str
    full: str
    """The whole text where it is cut; empty where it is not."""
    row: int
    """From below."""


def _stacked(marks: Sequence[Mark], scale: Scale, span: tuple[float, float], words: Words) -> list[Label]:
    """Return labels over a plot, each beginning at its line; where it is narrow, the left is higher.

    So no line runs through the label of another.
    """
    made: list[Label] = []
    for mark in sorted(marks, key=lambda mark: -mark.at):
        full = line(words.say(mark.name))
        text = elided(full, 26)
        wide = width(text) * em(SIZE - 0.5)
        place = _place(mark.at, scale, span)
        left = min(place, WIDE - wide - 0.05)
        rows = [label.row for label in made if label.left < left + wide + 0.08]
        made.append(Label(place, left, text, full if text != full else "", max(rows, default=-1) + 1))
    return made


def _draw_x_marks(sheet: Sheet, places: Sequence[Label], box: Box) -> None:
    from matplotlib.lines import Line2D

    for label in places:
        low = box.top + 0.03 + label.row * ROW
        sheet.add_artist(
            Line2D(
                (label.place, label.place), (box.bottom, low + ROW * 0.3), color=INK, linewidth=1,
                linestyle=(0, (3, 2)), transform=sheet.dpi_scale_trans,
            )
        )  # fmt: skip
        _write(sheet, label.left + 0.04, low + ROW / 2, label.text, size=SIZE - 0.5, full=label.full)


def _mark_room(marks: Sequence[Mark], words: Words) -> float:
    names = (elided(line(words.say(mark.name)), 14) for mark in marks)
    return max((width(name) * em(SIZE - 0.5) + 0.12 for name in names), default=0.0)


def _draw_y_marks(sheet: Sheet, marks: Sequence[Mark], scale: Scale, box: Box, words: Words) -> None:
    """Draw lines across a plot with their labels at the right, one above the other where they are near."""
    from matplotlib.lines import Line2D

    lowest = box.bottom
    for mark in sorted(marks, key=lambda mark: _place(mark.at, scale, (box.bottom, box.top))):
        place = _place(mark.at, scale, (box.bottom, box.top))
        sheet.add_artist(
            Line2D(
                (box.left, box.right), (place, place), color=INK, linewidth=1, linestyle=(0, (3, 2)),
                transform=sheet.dpi_scale_trans,
            )
        )  # fmt: skip
        lowest = max(place, lowest)
        full = line(words.say(mark.name))
        label = elided(full, 14)
        _write(sheet, box.right + 0.05, lowest, label, size=SIZE - 0.5, full=full if label != full else "")
        lowest += ROW
