"""Heat: values of rows and columns as colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.briefing.contents import Axis, Said
from dispatch.report.scales import Scale, elided, finite, labels, line, measure, numeric, width
from dispatch.report.sheets import SIZE, SOFT, WIDE, Plot, em, row_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from dispatch.briefing.contents import Figure, Heat
    from dispatch.report.words import Words


def heat_plot(figure: Figure, body: Heat, words: Words) -> Plot:
    """Return cells of colours with a ramp of what these mean."""
    values = _grid(body)
    known = finite(values.ravel().tolist())
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    two_sided = low < 0 < high
    low, high = (-max(-low, high), max(-low, high)) if two_sided else (min(low, 0.0), max(high, 0.0))
    high = high if high > low else low + 1
    rows, size, tall = row_labels(body.rows, words, 0.3)
    left = max((width(t.label) for t in rows), default=0.0) * em(size)
    pitch = (WIDE - left - 1.1) / max(len(body.columns), 1) / em()
    every = max(1, int(max((width(line(words.show(c))) for c in body.columns), default=0) / pitch + 0.999))
    every = every if len(body.columns) > 12 else 1  # Few have names, which are broken into lines.
    columns = tuple(labels(body.columns, words, max(pitch * every - 0.5, 2.0), 3))[::every]
    x = Scale(-0.5, max(len(body.columns), 1) - 0.5, columns, line(words.say(figure.x.title)))
    y = Scale(max(len(body.rows), 1) - 0.5, -0.5, rows, line(words.say(figure.y.title)))
    scale = numeric([low, high], Axis(Said(""), body.unit), words, room="few", fits=False)
    unit = measure(body.unit, max(abs(low), abs(high)), words).unit

    def paint(axes: Axes) -> None:
        _paint_heat(axes, values, (low, high), two_sided=two_sided)
        _paint_ramp(axes, scale, unit, two_sided=two_sided)

    return Plot(x, y, paint, tall, right=0.85, grid="none", label_size=size, is_empty=not known)


def _grid(body: Heat) -> NDArray[np.float64]:
    values = np.full((max(len(body.rows), 1), max(len(body.columns), 1)), np.nan)
    for n, row in enumerate(body.values[: len(body.rows)]):
        values[n, : len(row)] = row[: len(body.columns)]
    return np.where(np.abs(values) < 1e250, values, np.nan)


def _colours(*, two_sided: bool) -> str:
    return "PuOr" if two_sided else "cividis_r"


def _paint_heat(
    axes: Axes, values: NDArray[np.float64], ends: tuple[float, float], *, two_sided: bool
) -> None:
    """Paint one area per colour of 48: small, and without seams between cells."""
    from matplotlib import colormaps
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    level = np.clip((values - ends[0]) / (ends[1] - ends[0]), 0, 1)
    level = np.where(np.isnan(values), -1, np.rint(np.nan_to_num(level) * 47)).astype(int)
    shades = colormaps[_colours(two_sided=two_sided)].resampled(48)
    for shade in np.unique(level[level >= 0]).tolist():
        corners: list[tuple[float, float]] = []
        for row, column in np.argwhere(level == shade).tolist():
            a, b, c, d = column - 0.5, column + 0.5, row - 0.5, row + 0.5
            corners += [(a, c), (b, c), (b, d), (a, d), (a, c)]
        codes = [Outline.MOVETO, *[Outline.LINETO] * 3, Outline.CLOSEPOLY] * (len(corners) // 5)
        axes.add_artist(
            PathPatch(Outline(corners, codes), facecolor=shades(shade), edgecolor="white", linewidth=0.4)
        )


def _paint_ramp(axes: Axes, scale: Scale, unit: str, *, two_sided: bool) -> None:
    """Paint what the colours mean at the right of a plot."""
    from matplotlib import colormaps
    from matplotlib.collections import PolyCollection

    shades = colormaps[_colours(two_sided=two_sided)].resampled(24)
    place: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False}
    inch = 1 / (WIDE * axes.get_position().width)
    a, b = 1 + 0.1 * inch, 1 + 0.24 * inch
    steps = [[(a, n / 24), (b, n / 24), (b, (n + 1) / 24), (a, (n + 1) / 24)] for n in range(24)]
    ramp = PolyCollection(steps, facecolors=[shades(n) for n in range(24)], linewidth=0, **place)
    axes.add_collection(ramp, autolim=False)
    for tick in scale.ticks:
        share = (tick.at - scale.low) / (scale.high - scale.low)
        text = elided(f"{tick.label} {unit}".strip(), 0.55 / em(SIZE - 1))
        axes.text(
            1 + 0.28 * inch, share, text, va="center", ha="left", fontsize=SIZE - 1, color=SOFT, **place
        )
