"""The contents of a report: sections of sentences, tables and figures, with numbers that know their units.

Every text of the program is an English message with names in braces (``Said``), which a report translates;
every text of a user is a plain ``str``, which is shown as it is. Numbers stay numbers until they are shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from math import nan
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dispatch.briefing.layers import MapLayer
    from dispatch.briefing.payload import MapPayload


@dataclass(frozen=True, slots=True)
class Said:
    """A text of the program: an English message, and what its names in braces stand for."""

    text: str
    values: Mapping[str, Cell] = field(default_factory=dict)
    many: str = ""
    """The message for any count but one; empty where nothing is counted."""
    count: float = 1
    """How many there are of what the message counts; it chooses between ``text`` and ``many``."""


def counted(one: str, many: str, count: float, values: Mapping[str, Cell] | None = None) -> Said:
    """Return a text that differs for one and for many; ``{n}`` in it is the count."""
    return Said(one, {"n": Number(count, "whole"), **(values or {})}, many, count)


@dataclass(frozen=True, slots=True)
class Number:
    """A number with its unit, and how sure it is."""

    value: float
    """NaN where there is none."""
    unit: str = "1"
    """As of measures: ``s``, ``share``, ``h``, ``t``, ``people``, ``1``, or what losses are counted in; also
    ``whole`` (an integer), ``km``, ``km2``, ``p`` (a probability) and ``plain`` (shown with four digits)."""
    half_width: float = nan
    """Half of its 95 % confidence interval; NaN where it has none."""
    is_difference: bool = False
    """Whether it is told with its sign, and shares in percentage points."""
    verdict: Literal["", "better", "worse"] = ""
    """Of a difference that luck does not explain: whether it is for the better."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a requirement."""

    kind: Literal["met", "missed", "shown", "not judged"]


@dataclass(frozen=True, slots=True)
class Spark:
    """A picture as small as a word: values from left to right, each 0 to 1."""

    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Bilingual:
    """A text that its author wrote in both languages, such as a clause of a standards profile."""

    en: str
    zh: str = ""
    """Empty where there is none: the English one is shown."""


Cell = Number | Said | Bilingual | Verdict | Spark | str | datetime | None
"""What may stand in a place of a table or in the braces of a message; None is nothing."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    key: str
    """Its name in files, which is never translated."""
    title: Said
    room: Literal["", "long", "short"] = ""
    """Whether its texts need room to be read, or stay on one line, in a table of many columns."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells."""

    id: str
    """Its name in files, unique in a report."""
    title: Said
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    """Each as long as the columns."""
    notes: tuple[Said, ...] = ()
    """What a reader must know of it, such as how many rows were left out."""
    is_detail: bool = False
    """Whether it is for looking things up, and stays folded until it is wanted."""


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis counts."""

    title: Said
    unit: str = "1"
    """As of a number; ``moment`` for seconds from the start that are shown as dates and times."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line, or one set of bars, of a figure."""

    name: Cell
    y: tuple[float, ...]
    x: tuple[float, ...] = ()
    """Of lines; bars stand by the figure's labels."""
    half_width: tuple[float, ...] = ()
    """Half of the 95 % confidence interval of each y; empty for none."""
    verdicts: tuple[Literal["", "better", "worse"], ...] = ()
    """Of bars that are differences."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A line across a figure at a value that matters, such as a benchmark."""

    at: float
    name: Said
    axis: Literal["x", "y"] = "x"


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines over a numeric axis; ``steps`` for values that hold until the next."""

    series: tuple[Series, ...]
    steps: bool = False
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars side by side for each label; ``lying`` where labels are long or many, or values are changes.

    The figure's ``x`` is what runs from left to right: the values of lying bars, the labels of others.
    """

    labels: tuple[Cell, ...]
    series: tuple[Series, ...]
    lying: bool = False
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Heat:
    """A value for each row and column, as a colour."""

    rows: tuple[Cell, ...]
    columns: tuple[Cell, ...]
    values: tuple[tuple[float, ...], ...]
    unit: str = "1"


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which one row of a chart of spans did one thing."""

    row: int
    begin: float
    end: float
    """Seconds from the start."""
    kind: int
    """Index into the kinds."""


@dataclass(frozen=True, slots=True)
class Spans:
    """What each of several did in the course of time (a Gantt chart)."""

    rows: tuple[Cell, ...]
    kinds: tuple[Said, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture of numbers that also stand in a table."""

    id: str
    """Its name in files, unique in a report."""
    title: Said
    x: Axis
    y: Axis
    body: Lines | Bars | Heat | Spans
    table: str
    """Id of the table with the same numbers, which stands in the same section."""
    summary: Said
    """What it shows, for those who cannot see it."""
    start: datetime | None = None
    """Second 0 of an axis of moments."""
    is_small: bool = False
    """Whether it is one of several alike, which stand side by side."""


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter of a report."""

    id: str
    title: Said
    paragraphs: tuple[Said, ...] = ()
    items: tuple[Table | Figure, ...] = ()
    has_map: bool = False
    """Whether the map stands in it."""


@dataclass(frozen=True, slots=True, eq=False)
class Briefing:
    """All that a report tells."""

    title: str
    """Of the scenario, as its author wrote it."""
    description: str
    marks: tuple[Said, ...]
    """What everyone must see first: a planning aid, an approximate network."""
    facts: tuple[tuple[Said, Cell], ...]
    """Scenario, network, horizon, replications, seed and so on, as pairs of name and value."""
    statements: tuple[Said, ...]
    """What follows, in sentences that stand alone."""
    headline: Table
    sections: tuple[Section, ...]
    map: MapPayload | None
    """None where the network has no coordinates."""
    layers: tuple[MapLayer, ...]
    """For geographic information systems."""
    kind: Said = Said("Station study by simulation")
    """What stands above the title: what sort of document this is."""

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables in order."""
        items = (item for section in self.sections for item in section.items)
        return (self.headline, *(item for item in items if isinstance(item, Table)))

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All figures in order."""
        items = (item for section in self.sections for item in section.items)
        return tuple(item for item in items if isinstance(item, Figure))
