"""A briefing as one HTML file that needs nothing else: both languages, figures, tables, map and playback."""

from __future__ import annotations

import base64
import json
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dispatch.briefing.contents import Figure, Number, Table
from dispatch.report.plain import clean
from dispatch.report.sparks import cell_html
from dispatch.report.words import LANGUAGES, TEMPLATES, Words, viewer_scripts, viewer_texts

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from dispatch.briefing.contents import Briefing, Section
    from dispatch.briefing.payload import MapPayload
    from dispatch.report.words import Lang

LONG = 30
"""Rows from which on a table scrolls in a box of its own."""

WIDE, DENSE = 8, 3
"""Columns, and columns of numbers, above which a table is laid out more narrowly."""


@dataclass(frozen=True, slots=True)
class TableShown:
    """A table, ready to be laid out."""

    anchor: str
    title: str
    heads: tuple[tuple[str, bool], ...]
    """Title of each column, and whether it holds numbers."""
    rooms: tuple[str, ...]
    """Class of each column: ``n`` for numbers, ``long`` or ``short`` for texts, or empty."""
    rows: tuple[tuple[Markup, ...], ...]
    notes: tuple[str, ...]
    is_detail: bool
    """Whether it stays folded until it is wanted."""

    @property
    def layout(self) -> str:
        """``wide`` for very many columns, ``wide roomy`` where some of them are long texts, ``dense`` where
        numbers need a line for their intervals.
        """  # noqa: D205
        if len(self.heads) > WIDE:
            return "wide roomy" if "long" in self.rooms else "wide"
        return "dense" if sum(is_number for _, is_number in self.heads) > DENSE else ""

    @property
    def is_sheet(self) -> bool:
        """Whether it is printed on pages that lie."""
        return len(self.heads) > WIDE

    @property
    def is_long(self) -> bool:
        """Whether it scrolls in a box of its own."""
        return len(self.rows) > LONG


@dataclass(frozen=True, slots=True)
class FigureShown:
    """A figure, ready to be laid out, with the table of its numbers."""

    anchor: str
    title: str
    summary: str
    svg: str
    table: TableShown | None
    is_small: bool
    """Whether it stands beside others like it."""


@dataclass(frozen=True, slots=True)
class SectionShown:
    """A chapter, ready to be laid out."""

    anchor: str
    title: str
    paragraphs: tuple[str, ...]
    items: tuple[TableShown | FigureShown, ...]
    has_map: bool


@dataclass(frozen=True, slots=True, eq=False)
class PartShown:
    """The whole report in one language."""

    words: Words
    headline: TableShown
    sections: tuple[SectionShown, ...]


def page(briefing: Briefing, lang: Lang) -> str:
    """Return a briefing as HTML; ``lang`` is the language that is shown first."""
    parts = [_part(briefing, Words(one)) for one in sorted(LANGUAGES, key=lambda one: (one != lang, one))]
    return clean(
        _environment()
        .get_template("report.html")
        .render(
            briefing=briefing,
            lang=lang,
            languages=LANGUAGES,
            parts=parts,
            styles=_styles(has_map=briefing.map is not None),
            scripts=_scripts(briefing.map),
            is_figure=lambda item: isinstance(item, FigureShown),
        )
    )


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _part(briefing: Briefing, words: Words) -> PartShown:
    sections = tuple(_section(section, words) for section in briefing.sections)
    return PartShown(words, _table(briefing.headline, words, f"{words.lang}-headline"), sections)


def _section(section: Section, words: Words) -> SectionShown:
    """Return a chapter; a table behind a figure stands with the first figure that shows it."""
    anchor = f"{words.lang}-{section.id}"
    tables = {item.id: item for item in section.items if isinstance(item, Table)}
    items: list[TableShown | FigureShown] = []
    behind = {item.table for item in section.items if isinstance(item, Figure)} & tables.keys()
    told: set[str] = set()
    for n, item in enumerate(section.items, 1):
        if isinstance(item, Figure):
            table = tables.get(item.table) if item.table not in told else None
            told.add(item.table)
            items.append(_figure(item, table, words, f"{anchor}-{n}"))
        elif item.id not in behind:
            items.append(_table(item, words, f"{anchor}-{n}"))
    paragraphs = tuple(map(words.say, section.paragraphs))
    return SectionShown(anchor, words.say(section.title), paragraphs, tuple(items), section.has_map)


def _figure(figure: Figure, table: Table | None, words: Words, anchor: str) -> FigureShown:
    from dispatch.report.figures import svg

    return FigureShown(
        anchor,
        words.say(figure.title),
        words.say(figure.summary),
        svg(figure, words, f"{anchor}-", has_table=table is not None),
        None if table is None else _table(table, words, f"{anchor}-numbers"),
        figure.is_small,
    )


def _table(table: Table, words: Words, anchor: str) -> TableShown:
    numeric = [any(isinstance(row[n], Number) for row in table.rows) for n in range(len(table.columns))]
    return TableShown(
        anchor,
        words.say(table.title),
        tuple(
            (words.say(column.title), is_number)
            for column, is_number in zip(table.columns, numeric, strict=True)
        ),
        tuple(
            "n" if is_number else column.room
            for column, is_number in zip(table.columns, numeric, strict=True)
        ),
        tuple(tuple(cell_html(cell, words) for cell in row) for row in table.rows),
        tuple(map(words.say, table.notes)),
        table.is_detail,
    )


def _styles(*, has_map: bool) -> str:
    names = ["report.css", *(sorted(path.name for path in TEMPLATES.glob("viewer*.css")) if has_map else ())]
    return "\n".join(_file(name) for name in names)


def _scripts(payload: MapPayload | None) -> list[tuple[str, str, str]]:
    """Return scripts as type, id and text: what the map is drawn from, what draws it, and the page's own."""
    own = [("", "", _file("page.js"))]
    if payload is None:
        return own
    return [
        ("application/octet-stream", "dispatch-map", packed(payload)),
        ("application/json", "dispatch-texts", _json(viewer_texts())),
        ("application/json", "dispatch-colours", _json(shared_colours())),
        *(("", "", path.read_text(encoding="utf-8")) for path in viewer_scripts()),
        *own,
    ]


def shared_colours() -> dict[str, Any]:
    """Return the colours of maps by the names of their constants."""
    from dispatch.briefing import colours

    return {name: value for name, value in vars(colours).items() if re.fullmatch(r"[A-Z][A-Z_]*", name)}


def packed(payload: MapPayload) -> str:
    """Return what a map is drawn from as Base64 of its deflated JSON."""
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode("ascii")


def _json(value: Any) -> str:
    """Return JSON that cannot end the script it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _file(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")
