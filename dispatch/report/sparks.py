"""Cells of tables as HTML: numbers with intervals, verdicts by sign and word, pictures of a word's size."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from dispatch.briefing.contents import Number, Spark, Verdict

if TYPE_CHECKING:
    from dispatch.briefing.contents import Cell
    from dispatch.report.words import Words

WIDTH, HEIGHT = 60.0, 16.0


def spark_svg(spark: Spark) -> Markup:
    """Return values from 0 to 1 as a line of a word's size; it says nothing that is not told elsewhere."""
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in _places(spark.values))
    return Markup(
        '<svg class="spark" viewBox="-1 -1 {} {}" aria-hidden="true"><path d="M0 {}H{}"/>'
        '<polyline points="{}"/></svg>'
    ).format(f"{WIDTH + 2:g}", f"{HEIGHT + 2:g}", f"{HEIGHT:g}", f"{WIDTH:g}", points)


def _places(values: tuple[float, ...]) -> list[tuple[float, float]]:
    step = WIDTH / max(len(values) - 1, 1)
    return [(n * step, HEIGHT * (1 - min(max(v, 0.0), 1.0))) for n, v in enumerate(values) if not isnan(v)]


def cell_html(cell: Cell, words: Words) -> Markup:
    """Return what stands in a cell of a table."""
    if isinstance(cell, Number):
        return _number_html(cell, words)
    if isinstance(cell, Spark):
        return spark_svg(cell)
    if isinstance(cell, Verdict):
        kind = cell.kind.replace(" ", "-")
        return Markup('<span class="verdict {}">{}</span>').format(kind, words.show(cell))
    return escape(words.show(cell))


def _number_html(number: Number, words: Words) -> Markup:
    parts = words.parts(number)
    html = escape(parts.text)
    if parts.margin:
        html += Markup(" <small>{}</small>").format(parts.margin)
    if number.verdict:
        html += Markup(' <span class="verdict {}">{}</span>').format(number.verdict, words.verdict(number))
    return html
