"""A briefing as a plain document, for programs."""

from __future__ import annotations

from datetime import datetime
from math import isnan
from typing import TYPE_CHECKING, Any

from dispatch.briefing.contents import (
    Bars,
    Bilingual,
    Heat,
    Lines,
    Number,
    Said,
    Spark,
    Table,
    Verdict,
)

if TYPE_CHECKING:
    from dispatch.briefing.contents import Axis, Briefing, Cell, Figure, Section, Series


def briefing_document(briefing: Briefing) -> dict[str, Any]:
    """Return all sentences, tables and figures of a briefing, with numbers as numbers; without its map.

    Messages with values are ``{"text", "values"}``, numbers ``{"value", "unit"}`` with what else is known.
    """
    return {
        "title": briefing.title,
        "description": briefing.description,
        "marks": [_cell(said) for said in briefing.marks],
        "facts": [{"name": _cell(name), "value": _cell(value)} for name, value in briefing.facts],
        "statements": [_cell(said) for said in briefing.statements],
        "headline": _table(briefing.headline),
        "sections": [_section(section) for section in briefing.sections],
        "layers": [layer.name for layer in briefing.layers],
        "playbacks": [
            {key: each[key] for key in ("layout", "replication", "begin", "end", "why")}
            for each in (briefing.map["playbacks"] if briefing.map else ())
        ],
    }


def _section(section: Section) -> dict[str, Any]:
    return {
        "id": section.id,
        "title": _cell(section.title),
        "paragraphs": [_cell(said) for said in section.paragraphs],
        "tables": [_table(item) for item in section.items if isinstance(item, Table)],
        "figures": [_figure(item) for item in section.items if not isinstance(item, Table)],
    }


def _cell(cell: Cell) -> Any:
    if isinstance(cell, Number):
        found: dict[str, Any] = {"value": cell.value, "unit": cell.unit}
        if not isnan(cell.half_width):
            found["half_width"] = cell.half_width
        if cell.is_difference:
            found["difference"] = True
        if cell.verdict:
            found["verdict"] = cell.verdict
        return found
    if isinstance(cell, Said):
        many = cell.many and cell.count != 1
        text = cell.many if many else cell.text
        return (
            {"text": text, "values": {k: _cell(v) for k, v in cell.values.items()}} if cell.values else text
        )
    if isinstance(cell, Bilingual):
        return {"en": cell.en, "zh": cell.zh}
    if isinstance(cell, Verdict):
        return cell.kind
    if isinstance(cell, Spark):
        return list(cell.values)
    return cell.isoformat() if isinstance(cell, datetime) else cell


def _table(table: Table) -> dict[str, Any]:
    return {
        "id": table.id,
        "title": _cell(table.title),
        "columns": [{"key": column.key, "title": _cell(column.title)} for column in table.columns],
        "rows": [[_cell(cell) for cell in row] for row in table.rows],
        "notes": [_cell(said) for said in table.notes],
    }


def _figure(figure: Figure) -> dict[str, Any]:
    body = figure.body
    found: dict[str, Any] = {"id": figure.id, "title": _cell(figure.title), "table": figure.table,
                             "x": _axis(figure.x), "y": _axis(figure.y),
                             "kind": type(body).__name__.lower()}  # fmt: skip
    if isinstance(body, Lines | Bars):
        found["series"] = [_series(each) for each in body.series]
        found["marks"] = [{"at": mark.at, "name": _cell(mark.name), "axis": mark.axis} for mark in body.marks]
        if isinstance(body, Bars):
            found["labels"] = [_cell(label) for label in body.labels]
        return found
    found["rows"] = [_cell(row) for row in body.rows]
    if isinstance(body, Heat):
        found["columns"] = [_cell(column) for column in body.columns]
        found["values"] = [list(row) for row in body.values]
        return found
    found["kinds"] = [_cell(kind) for kind in body.kinds]
    found["spans"] = [[span.row, span.begin, span.end, span.kind] for span in body.spans]
    return found


def _axis(axis: Axis) -> dict[str, Any]:
    return {"title": _cell(axis.title), "unit": axis.unit}


def _series(series: Series) -> dict[str, Any]:
    found: dict[str, Any] = {"name": _cell(series.name), "y": list(series.y)}
    for key in ("x", "half_width", "verdicts"):
        if getattr(series, key):
            found[key] = list(getattr(series, key))
    return found
