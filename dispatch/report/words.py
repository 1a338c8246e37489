"""Reports in the reader's language: messages from catalogues, numbers and dates in the reader's habit."""

from __future__ import annotations

import gettext
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from io import BytesIO
from math import floor, isfinite, isinf, isnan, log10
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dispatch.briefing.contents import Bilingual, Number, Said, Spark, Verdict
from dispatch.report import speak

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dispatch.briefing.contents import Cell

Lang = Literal["en", "zh"]
LANGUAGES: dict[Lang, str] = {"en": "en", "zh": "zh-CN"}
"""Languages of reports with their tags in HTML."""

TEMPLATES = Path(__file__).parent / "templates"
LOCALES = Path(__file__).parent / "locales"
MOST_DECIMALS = 9
BARS = "▁▂▃▄▅▆▇█"
VERDICTS = {"met": "✓ {word}", "missed": "✗ {word}", "shown": "· {word}", "not judged": "– {word}"}
"""How verdicts are told, so that none is known by its colour alone."""

_DIRECTING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that would turn the text after a name round; they are never seen, so they are left out."""
_NAME = re.compile(r"\{(\w+)\}")
_IN_SCRIPT = re.compile(r"""\bt\(\s*(?:"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)')""")


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """A number in its parts, for those who lay them out."""

    text: str
    margin: str
    """Half of its interval as ``± 3.2 s``; empty for none."""


class Words:
    """Says and shows everything of a briefing in one language."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang
        self._catalogue = catalogue(lang)
        self._cache: dict[tuple[float, str, bool], str] = {}

    @property
    def tag(self) -> str:
        """The language's tag in HTML."""
        return LANGUAGES[self.lang]

    def text(self, message: str, /, **values: object) -> str:
        """Return a message of the report itself in this language, with values for its braces."""
        said = self._catalogue.gettext(message) if message else ""
        return _filled(said, {name: str(value) for name, value in values.items()}) if values else said

    def counted(self, one: str, many: str, count: int) -> str:
        """Return a message of the report itself for one or for many; ``{n}`` in it is the count."""
        return _filled(self._catalogue.ngettext(one, many, count), {"n": f"{count:,}"})

    def say(self, said: Said) -> str:
        """Return a text of the briefing in this language, with what its braces stand for."""
        if said.many:
            count = int(said.count) if isfinite(said.count) and said.count == int(said.count) else 2
            text = self._catalogue.ngettext(said.text, said.many, count)
        else:
            text = self._catalogue.gettext(said.text) if said.text else ""
        return _filled(text, {name: self.show(value) for name, value in said.values.items()})

    def show(self, cell: Cell) -> str:
        """Return a cell as plain text."""
        if isinstance(cell, Number):
            parts = self.parts(cell)
            return f"{parts.text} {parts.margin}" if parts.margin else parts.text
        if isinstance(cell, Said):
            return self.say(cell)
        if isinstance(cell, Bilingual):
            return _DIRECTING.sub("", (self.lang == "zh" and cell.zh) or cell.en)
        if isinstance(cell, Verdict):
            return VERDICTS[cell.kind].format(word=self.text(cell.kind))
        if isinstance(cell, Spark):
            return picture(cell)
        if isinstance(cell, datetime):
            return self.moment(cell)
        return _DIRECTING.sub("", cell) if cell else ""

    def verdict(self, number: Number) -> str:
        """Return what a difference is judged: better, worse, or nothing."""
        return self.text(number.verdict) if number.verdict else ""

    def parts(self, number: Number) -> Parts:
        """Return a number and half of its interval, each as plain text."""
        if number.unit in ("1", "") and (digits := _decimals(number)) > 1:
            sign = "−" if number.value < 0 else "+" if number.is_difference and number.value > 0 else ""
            text = f"{sign}{abs(number.value):,.{digits}f}"
            return Parts(text, "" if isnan(number.half_width) else f"± {number.half_width:,.{digits}f}")
        if isnan(number.half_width) or isnan(number.value):
            return Parts(self._shown(number), "")
        half = self.number(number.half_width, number.unit, is_difference=number.unit == "share")
        return Parts(self._shown(number), f"± {half.lstrip('+')}")

    def _shown(self, number: Number) -> str:
        return self.number(number.value, number.unit, is_difference=number.is_difference)

    def number(self, value: float, unit: str = "1", *, is_difference: bool = False) -> str:
        """Return a value in its unit; a difference with its sign, and shares then in percentage points."""
        key = (value, unit, is_difference)
        if key not in self._cache:
            self._cache[key] = self._told(value + 0.0, unit, is_difference=is_difference)
        return self._cache[key]

    def _told(self, value: float, unit: str, *, is_difference: bool) -> str:
        if isnan(value):
            return "–"
        if isinf(value):
            return "∞" if value > 0 else "−∞"
        if unit == "p":
            return speak.probability(value)
        if unit in ("whole", "plain"):
            digits = ".4g" if unit == "plain" and abs(value) < 1000 else ",.0f"
            sign = "−" if value < 0 else "+" if is_difference and value > 0 else ""
            return f"{sign}{abs(value):{digits}}"
        tell = speak.difference if is_difference else speak.value
        return tell(value, unit, self.text)

    def moment(self, moment: datetime) -> str:
        """Return a date and time as 7 Jan 2026 08:00 or 2026年1月7日 08:00, in the zone it is given in."""
        from babel.dates import format_datetime

        return format_datetime(moment.replace(tzinfo=None), self._pattern, locale=self._locale)

    @cached_property
    def _pattern(self) -> str:
        return "y年M月d日 HH:mm" if self.lang == "zh" else "d MMM y HH:mm"

    @property
    def _locale(self) -> str:
        return "zh_Hans_CN" if self.lang == "zh" else "en_GB"

    def unit_name(self, unit: str) -> str:
        """Return a unit by itself, as for the head of a column: ``min``, ``%``, ``km²``; empty for counts."""
        if unit in ("1", "whole", "plain", "p", ""):
            return ""
        patterns = {"s": "{s} s", "share": "{n} %", "h": "{n} h", **speak.KNOWN_UNITS}
        pattern = self.text(patterns[unit]) if unit in patterns else unit
        return _NAME.sub("", pattern).strip()


def _decimals(number: Number) -> int:
    """Return the decimals with which half of an interval, or else the value, has two significant digits.

    One is the least; there are no more than ``MOST_DECIMALS``.
    """
    leading = number.half_width if number.half_width > 0 else abs(number.value)
    if not isfinite(number.value) or not 0 < leading < 1:
        return 1
    return min(1 - floor(log10(leading)), MOST_DECIMALS)


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Put values into braces, once: braces in values are texts of users and stay."""
    return _NAME.sub(lambda found: values.get(found[1], found[0]), text)


def picture(spark: Spark) -> str:
    """Return a picture of values from 0 to 1 as a word of bars; a blank where there is none."""
    top = len(BARS) - 1
    return "".join(" " if isnan(v) else BARS[round(min(max(v, 0.0), 1.0) * top)] for v in spark.values)


@cache
def catalogue(lang: Lang) -> gettext.NullTranslations:
    """Return the messages of a language; English ones stand in the program."""
    path = LOCALES / f"{lang}.po"
    if lang == "en" or not path.exists():
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    packed = BytesIO()
    with path.open("rb") as file:
        write_mo(packed, read_po(file, locale="zh_Hans_CN"))
    packed.seek(0)
    return gettext.GNUTranslations(packed)


def viewer_scripts() -> list[Path]:
    """Return the scripts of the map and playback, in the order of their names."""
    return sorted(TEMPLATES.glob("viewer*.js"))


def script_messages(scripts: Iterable[str]) -> list[str]:
    """Return the messages in calls of ``t`` in JavaScript, sorted."""
    found = {a or b for script in scripts for a, b in _IN_SCRIPT.findall(script)}
    return sorted(message.replace('\\"', '"').replace("\\'", "'") for message in found)


def viewer_messages() -> list[str]:
    """Return all messages of the map and the playback: their own, what units and trucks do, what is noted."""
    from dispatch.engine.board import Status
    from dispatch.engine.hauls import TruckStatus
    from dispatch.engine.notices import WORDS_NOTED

    own = script_messages(path.read_text(encoding="utf-8") for path in viewer_scripts())
    return sorted({*own, *map(str, Status), *map(str, TruckStatus), *WORDS_NOTED})


@cache
def viewer_texts() -> dict[str, dict[str, str]]:
    """Return the texts of the map and playback: language → English message → text."""
    return {lang: {m: Words(lang).text(m) for m in viewer_messages()} for lang in LANGUAGES}
