"""Plots of figures: lines, bars, heat and spans, drawn with matplotlib."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dispatch.briefing.colours import STATUS
from dispatch.briefing.contents import Axis, Bars, Heat, Lines, Said
from dispatch.report.heats import heat_plot
from dispatch.report.scales import Scale, finite, labels, line, moments, numeric
from dispatch.report.sheets import (
    BODY,
    COLOURS,
    DASHES,
    HATCHES,
    INK,
    MARKERS,
    SIZE,
    WIDE,
    Key,
    Plot,
    em,
    row_labels,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from dispatch.briefing.contents import Cell, Figure, Series, Spans
    from dispatch.report.sheets import Dash
    from dispatch.report.words import Words

POINTS = 200
"""Stretches of a line of which the least and the greatest value are drawn."""
Sure = Literal["", "better", "worse"]
VERDICTS: dict[Sure, tuple[str, str]] = {
    "better": ("#0072B2", ""),
    "worse": ("#D55E00", "////"),
    "": ("#9aa3af", ""),
}
"""Colour and hatch of a difference for the better, for the worse, and of one that luck may explain."""


def plot(figure: Figure, words: Words) -> Plot:
    """Return what a figure shows, ready for its sheet."""
    body = figure.body
    if isinstance(body, Lines):
        return _lines(figure, body, words)
    if isinstance(body, Bars):
        return _bars(figure, body, words)
    if isinstance(body, Heat):
        return heat_plot(figure, body, words)
    return _spans(figure, body, words)


def _scale(figure: Figure, axis: Axis, values: Iterable[float], words: Words, **options: Any) -> Scale:
    if axis.unit == "moment" and figure.start is not None:
        return moments(values, axis, figure.start, words)
    return numeric(values, axis, words, **options)


def _name(cell: Cell, words: Words) -> str:
    return line(words.show(cell))


# Lines


def _lines(figure: Figure, body: Lines, words: Words) -> Plot:
    known = [_known(series, is_share=figure.y.unit == "share") for series in body.series]
    xs = [each.x for each in known]
    ys = [np.concatenate((each.low, each.high)) for each in known]
    x_marks = [mark.at for mark in body.marks if mark.axis == "x"]
    y_marks = [mark.at for mark in body.marks if mark.axis == "y"]
    x = _scale(figure, figure.x, [*_all(xs), *x_marks], words, from_zero=False, fits=False)
    y = _scale(figure, figure.y, [*_all(ys), *y_marks], words, room="few")

    def paint(axes: Axes) -> None:
        for n, (series, values) in enumerate(zip(body.series, known, strict=True)):
            _paint_line(axes, n, series, values, steps=body.steps)

    many = len(body.series) > 1
    keys = tuple(
        Key(_name(s.name, words), COLOURS[n % len(COLOURS)], _dash(n), MARKERS[n % len(MARKERS)])
        for n, s in enumerate(body.series)
        if many or _name(s.name, words)
    )
    return Plot(x, y, paint, keys=keys, marks=body.marks, is_empty=not _all(ys))


def _dash(n: int) -> Dash:
    return DASHES[(n + n // len(COLOURS)) % len(DASHES)]


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What of a line can be drawn: float64 arrays of equal length, NaN where nothing can."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    """Ends of the 95 % confidence interval of each y."""


def _known(series: Series, *, is_share: bool) -> Known:
    """Return what of a line can be drawn; intervals go no further than what is counted can."""
    count = min(len(series.x), len(series.y))
    x, y = np.array(series.x[:count], float), np.array(series.y[:count], float)
    half = np.zeros(count)
    given = np.array(series.half_width[:count], float)
    half[: len(given)] = np.where(np.abs(given) < 1e200, given, 0.0)
    usable = (np.abs(x) < 1e250) & (np.abs(y) < 1e250)  # False for NaN
    y = np.where(usable, y, np.nan)
    x = np.where(np.abs(x) < 1e250, x, np.nan)
    low, high = y - half, y + half
    known = finite(y.tolist())
    if known and min(known) >= 0:
        low = np.maximum(low, 0)
    if is_share and known and max(known) <= 1:
        high = np.minimum(high, 1)
    return Known(x, y, low, high)


def _paint_line(axes: Axes, n: int, series: Series, known: Known, *, steps: bool) -> None:
    x, y, low, high = known.x, known.y, known.low, known.high
    colour = COLOURS[n % len(COLOURS)]
    kept = _kept(y)
    x, y, low, high = x[kept], y[kept], low[kept], high[kept]
    if series.half_width:
        axes.fill_between(x, low, high, step="post" if steps else None, color=colour, alpha=0.16, linewidth=0)
    axes.plot(
        x,
        y,
        color=colour,
        linestyle=_dash(n),
        linewidth=1.8,
        clip_on=False,
        drawstyle="steps-post" if steps else "default",
    )
    shown = np.flatnonzero(np.isfinite(y) & np.isfinite(x))
    alone = [k for k in shown.tolist() if not {k - 1, k + 1} & set(shown.tolist())] if len(shown) < 50 else []
    every = max(len(shown) // 6, 1)
    marked = sorted({*shown[(n * every // 5) % every :: every].tolist(), *alone})
    axes.plot(
        x[marked],
        y[marked],
        color=colour,
        ls="",
        marker=MARKERS[n % len(MARKERS)],
        markersize=4.2,
        clip_on=False,
    )


def _kept(y: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return which points are drawn: all, or of a long line the least and greatest of each stretch."""
    if len(y) <= 2 * POINTS:
        return np.arange(len(y))
    kept = {0, len(y) - 1, *np.flatnonzero(~np.isfinite(y))[:POINTS].tolist()}
    for part in np.array_split(np.arange(len(y)), POINTS):
        known = part[np.isfinite(y[part])]
        if len(known):
            kept |= {int(known[y[known].argmin()]), int(known[y[known].argmax()])}
    return np.array(sorted(kept), dtype=np.intp)


def _all(parts: Iterable[Iterable[float]]) -> list[float]:
    return finite(float(v) for part in parts for v in part)


# Bars


def _bars(figure: Figure, body: Bars, words: Words) -> Plot:
    count, many = len(body.labels), max(len(body.series), 1)
    lower, upper = zip(*(_ends(s, count) for s in body.series), strict=True) if body.series else ((), ())
    room = (WIDE - 0.9) / max(count, 1) / em() - 0.6
    is_lying = body.lying or not _fits(body, words, room)
    values, names = (figure.x, figure.y) if body.lying else (figure.y, figure.x)
    axis_of_values = "x" if body.lying else "y"
    is_difference = any(s.verdicts for s in body.series)
    at_marks = [mark.at for mark in body.marks if mark.axis == axis_of_values]
    scale = _scale(
        figure, values, [*_all(lower), *_all(upper), *at_marks], words,
        room="many" if is_lying else "few", is_difference=is_difference,
    )  # fmt: skip
    side, size, high = _side(body.labels, names, words, is_lying=is_lying, many=many, room=room)

    def paint(axes: Axes) -> None:
        for n, series in enumerate(body.series):
            _paint_bars(axes, series, n, many, count, is_lying=is_lying)
        zero = axes.axvline if is_lying else axes.axhline
        if scale.low < 0 < scale.high:
            zero(0, color=INK, linewidth=1)

    marks = body.marks if is_lying == body.lying else _turned(body)
    x, y = (scale, side) if is_lying else (side, scale)
    return Plot(
        x, y, paint, high, _bar_keys(body, words), marks, 0.0, "x" if is_lying else "y", size,
        is_empty=not _all(s.y for s in body.series),
    )  # fmt: skip


def _fits(body: Bars, words: Words, room: float) -> bool:
    """Return whether labels fit under standing bars, on two lines."""
    return all(
        not any(t.full for t in labels([label], words, room, 2)) and room > 1.5 for label in body.labels
    )


def _turned(body: Bars) -> tuple[Any, ...]:
    return tuple(replace(mark, axis="x" if mark.axis == "y" else "y") for mark in body.marks)


def _side(
    cells: Sequence[Cell], axis: Axis, words: Words, *, is_lying: bool, many: int, room: float
) -> tuple[Scale, float, float]:
    """Return the scale of labels, the size of their letters and the height of the plot."""
    title = line(words.say(axis.title))
    if not is_lying:
        return Scale(-0.5, len(cells) - 0.5, labels(cells, words, room, 2), title), SIZE, BODY
    rows, size, high = row_labels(cells, words, max(0.27, 0.13 * many + 0.08))
    return Scale(len(cells) - 0.5 if cells else 0.5, -0.5, rows, title), size, high


def _ends(series: Series, count: int) -> tuple[list[float], list[float]]:
    half = [h if abs(h) < 1e200 else 0.0 for h in series.half_width] or [0.0] * count
    pairs = [(y, h) for y, h in zip(series.y, half, strict=False) if finite([y])]
    return [min(y - h, 0.0) for y, h in pairs], [max(y + h, 0.0) for y, h in pairs]


def _paint_bars(axes: Axes, series: Series, n: int, many: int, count: int, *, is_lying: bool) -> None:
    from matplotlib.collections import LineCollection, PolyCollection

    thick = 0.8 / many
    groups: dict[Sure, list[Any]] = {}
    whiskers: list[Any] = []
    for k, y in enumerate(series.y[:count]):
        if not finite([y]):
            continue
        middle = k - 0.4 + thick * (n + 0.5)
        a, b = middle - thick * 0.46, middle + thick * 0.46
        corners = [(a, 0.0), (b, 0.0), (b, y), (a, y)]
        verdict: Sure = series.verdicts[k] if k < len(series.verdicts) else ""
        groups.setdefault(verdict, []).append([p[::-1] for p in corners] if is_lying else corners)
        half = series.half_width[k] if k < len(series.half_width) else 0.0
        if 0 < half < 1e200:
            ends = [(middle, y - half), (middle, y + half)]
            whiskers.append([p[::-1] for p in ends] if is_lying else ends)
    for verdict, polygons in sorted(groups.items()):
        colour, hatch, alpha = _look(series, n, many, verdict)
        axes.add_collection(
            PolyCollection(
                polygons, facecolor=colour, hatch=hatch or None, linewidth=0, alpha=alpha,
                edgecolor="white" if hatch else "none",
            ),
            autolim=False,
        )  # fmt: skip
    axes.add_collection(LineCollection(whiskers, colors=INK, linewidths=1.1), autolim=False)


def _look(series: Series, n: int, many: int, verdict: Sure) -> tuple[str, str, float]:
    """Return colour, hatch and opacity of bars; nothing is told by colour alone."""
    if not series.verdicts:
        return COLOURS[n % len(COLOURS)], HATCHES[n % len(HATCHES)] if many > 1 else "", 1.0
    if many == 1:
        return *VERDICTS[verdict], 1.0
    return COLOURS[n % len(COLOURS)], VERDICTS[verdict][1], 1.0 if verdict else 0.4


def _bar_keys(body: Bars, words: Words) -> tuple[Key, ...]:
    many = len(body.series)
    names: dict[Sure, str] = {
        "better": words.text("better"),
        "worse": words.text("worse"),
        "": words.text("no difference shown"),
    }
    keys = []
    if many > 1:
        for n, series in enumerate(body.series):
            hatch = "" if series.verdicts else HATCHES[n % len(HATCHES)]
            keys.append(Key(_name(series.name, words), COLOURS[n % len(COLOURS)], hatch=hatch))
    for verdict, name in names.items():
        if any(verdict in s.verdicts for s in body.series):
            colour, hatch = VERDICTS[verdict] if many == 1 else ("#555555", VERDICTS[verdict][1])
            keys.append(Key(name, colour, hatch=hatch, alpha=0.4 if many > 1 and not verdict else 1.0))
    return tuple(keys)


# Spans


def _spans(figure: Figure, body: Spans, words: Words) -> Plot:
    usable = [
        s for s in body.spans
        if 0 <= s.row < len(body.rows)
        and 0 <= s.kind < len(body.kinds)
        and len(finite([s.begin, s.end])) == 2
    ]  # fmt: skip
    times = [t for s in usable for t in (s.begin, s.end)]
    x = _scale(figure, figure.x, times, words, from_zero=False, fits=False)
    rows, size, high = row_labels(body.rows, words, 0.21)
    y = Scale(max(len(body.rows), 1) - 0.5, -0.5, rows, line(words.say(figure.y.title)))
    looks = [_kind(kind, n) for n, kind in enumerate(body.kinds)]
    pitch = high / max(len(body.rows), 1) * 72

    def paint(axes: Axes) -> None:
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path as Outline

        for n, (colour, thick) in enumerate(looks):
            ends = [p for s in usable if s.kind == n for p in ((s.begin, s.row), (s.end, s.row))]
            if ends:
                outline = Outline(ends, [Outline.MOVETO, Outline.LINETO] * (len(ends) // 2))
                outline.should_simplify = False
                axes.add_artist(
                    PathPatch(
                        outline, fill=False, edgecolor=colour, linewidth=pitch * 0.8 * thick, capstyle="butt"
                    )
                )

    keys = tuple(
        Key(line(words.say(kind)), *look[:1], thick=look[1])
        for kind, look in zip(body.kinds, looks, strict=True)
    )
    return Plot(x, y, paint, high, keys, grid="x", label_size=size, is_empty=not usable)


def _kind(kind: Said, n: int) -> tuple[str, float]:
    """Return colour and thickness of what is done: as on the map where it has a colour there."""
    return STATUS.get(kind.text, COLOURS[n % len(COLOURS)]), (1.0, 0.75, 0.5)[n % 3]
