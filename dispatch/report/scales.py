"""Scales of figures: from values to ticks that people read, such as minutes, per cent and dates."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from dispatch.report.plain import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from dispatch.briefing.contents import Axis, Cell
    from dispatch.report.words import Words

GREATEST = 1e250
"""Values beyond are of no use in a picture and would overflow."""
DAY = 86_400.0
STEPS: dict[str, tuple[float, ...]] = {
    "s": (1, 2, 5, 10, 15, 20, 30),
    "min": (0.5, 1, 2, 5, 10, 15, 20, 30, 60),
    "h": (0.5, 1, 2, 3, 4, 6, 12, 24),
    "d": (0.5, 1, 2, 7, 14, 28, 56, 91, 182, 364),
    "share": (1, 2, 5, 10, 20, 25, 50),
}
"""Distances of ticks that are natural in a unit; others are 1, 2 or 5 times a power of ten."""
MOMENTS = (60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200)
"""Distances of ticks of times of day, in seconds."""
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on a scale, and what is written there."""

    at: float
    label: str
    full: str = ""
    """The whole label where ``label`` is cut; empty where it is not."""


@dataclass(frozen=True, slots=True)
class Scale:
    """One axis of a picture; ``low`` may be above ``high`` where it runs downwards."""

    low: float
    high: float
    ticks: tuple[Tick, ...]
    title: str


def line(text: str) -> str:
    """Return anybody's text on one line, without characters that are never seen."""
    return " ".join("".join(c if c.isprintable() else " " for c in clean(text)).split())


def width(text: str) -> float:
    """Return about how wide a line of text is, in its font's size: the same on every computer."""
    return sum(_WIDTHS.get(c) or _width(c) for c in text)


def _width(char: str) -> float:
    if unicodedata.east_asian_width(char) in "WF" or ord(char) > 0xFFFF:
        return 1.02
    if unicodedata.combining(char):
        return 0.0
    return 0.68 if char.isupper() else 0.58


_WIDTHS = dict.fromkeys("iljtfI.,:;|!'·", 0.34) | dict.fromkeys("mwMW@%", 0.88) | {" ": 0.32}


def elided(text: str, room: float) -> str:
    """Return a line that fits into a width, cut with an ellipsis."""
    if width(text) <= room:
        return text
    used, kept = width("…"), 0
    for char in text:
        used += _WIDTHS.get(char) or _width(char)
        if used > room:
            break
        kept += 1
    return text[: max(kept, 1)].rstrip() + "…"


def wrapped(text: str, room: float, most: int) -> str:
    """Return a text on up to ``most`` lines of a width, broken at blanks or between Chinese letters."""
    lines: list[str] = []
    rest = text
    while rest and len(lines) < most - 1 and width(rest) > room:
        at = _break(rest, room)
        lines.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return "\n".join([*lines, elided(rest, room)] if rest else lines)


def _break(text: str, room: float) -> int:
    """Return where the first line of a text ends."""
    used, best, at = 0.0, 0, 0
    for at, char in enumerate(text):
        used += _WIDTHS.get(char) or _width(char)
        if at and (char == " " or text[at - 1] in "-/ " or _width(char) > 1 or _width(text[at - 1]) > 1):
            best = at
        if used > room:
            break
    return best or max(at, 1)


def finite(values: Iterable[float]) -> list[float]:
    """Return what of values can be drawn."""
    return [v for v in values if -GREATEST < v < GREATEST]


def labels(cells: Sequence[Cell], words: Words, room: float, most: int = 1) -> tuple[Tick, ...]:
    """Return ticks for things side by side, at 0, 1, 2, …, each label within a width."""
    made = []
    for at, cell in enumerate(cells):
        full = line(words.show(cell))
        label = wrapped(full, room, most)
        made.append(Tick(at, label, full if label.endswith("…") and label != full else ""))
    return tuple(made)


@dataclass(frozen=True, slots=True)
class Measure:
    """How values of a unit are written on a scale."""

    divisor: float
    unit: str
    """As shown behind the title; empty for none."""
    natural: str
    """Key of natural steps."""


def measure(unit: str, greatest: float, words: Words, *, is_difference: bool = False) -> Measure:
    """Return in what a unit is told on a scale that reaches to ``greatest``."""
    if unit == "share":
        template = words.text("{n} pp") if is_difference else words.text("{n} %")
        return Measure(0.01, template.replace("{n}", "").strip(), "share")
    if unit in ("s", "moment"):
        if greatest <= 150:
            return Measure(1.0, words.text("{s} s").replace("{s}", "").strip(), "s")
        if greatest <= 4 * 3600:
            return Measure(60.0, words.text("{n} min").replace("{n}", "").strip(), "min")
        if greatest <= 4 * DAY:
            return Measure(3600.0, words.text("{n} h").replace("{n}", "").strip(), "h")
        return Measure(DAY, words.text("{d} d").replace("{d}", "").strip(), "d")
    name = line(words.unit_name(unit))
    power = 3 * math.floor(math.log10(greatest) / 3) if greatest > 0 else 0
    if -3 <= power <= 4:
        return Measure(1.0, name, "whole" if unit == "whole" else "")
    return Measure(10.0**power, f"10{str(power).translate(SUPERSCRIPTS)} {name}".strip(), "")


def titled(name: str, unit: str, words: Words) -> str:
    """Return the title of a scale with its unit."""
    return words.text("{name} ({unit})", name=name, unit=unit) if unit and name else name or unit


def step_of(span: float, parts: int, natural: str) -> float:
    """Return a distance of ticks that people count in, so that there are at most about ``parts``."""
    raw = span / parts
    for step in STEPS.get(natural, ()):
        if raw <= step:
            return step
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if raw <= m * power * (1 + 1e-9))
    return max(step, 1.0) if natural == "whole" else step


def plain_number(value: float, step: float) -> str:
    """Return a number with as many digits as the distance of ticks needs."""
    digits = min(max(0, -math.floor(math.log10(step) + 1e-9)), 8)
    if digits and not (step * 10 ** (digits - 1)) % 1:
        digits -= 1
    return f"{value + 0.0:,.{digits}f}".replace("-", "−")


def numeric(
    values: Iterable[float],
    axis: Axis,
    words: Words,
    *,
    room: Literal["few", "many"] = "many",
    from_zero: bool = True,
    fits: bool = True,
    is_difference: bool = False,
) -> Scale:
    """Return a scale for values; ``fits`` lets it end at ticks rather than at the least and the greatest."""
    known = finite(values) or [0.0]
    low, high = min(known), max(known)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if axis.unit == "share" and not is_difference and low >= 0 and 0.5 < high <= 1:
        high = 1.0
    if low == high:
        low, high = low - abs(low) / 2, low + (abs(low) / 2 or (60.0 if axis.unit == "s" else 1.0))
    told = measure(axis.unit, max(abs(low), abs(high)), words, is_difference=is_difference)
    step = step_of((high - low) / told.divisor, 5 if room == "few" else 7, told.natural)
    first, last = math.ceil(low / told.divisor / step - 1e-9), math.floor(high / told.divisor / step + 1e-9)
    if fits:
        first, last = (
            math.floor(low / told.divisor / step + 1e-9),
            math.ceil(high / told.divisor / step - 1e-9),
        )
        low, high = first * step * told.divisor, last * step * told.divisor
    sign = "+" if is_difference else ""
    ticks = tuple(
        Tick(n * step * told.divisor, (sign if n > 0 else "") + plain_number(n * step, step))
        for n in range(first, last + 1)
    )
    return Scale(low, high, ticks, titled(line(words.say(axis.title)), told.unit, words))


def moments(values: Iterable[float], axis: Axis, start: datetime, words: Words) -> Scale:
    """Return a scale of dates and times for seconds from ``start``, in its offset."""
    known = finite(values) or [0.0, DAY]
    low, high = min(known), max(known)
    if low == high:
        high = low + 3600.0
    try:
        ticks = _moment_ticks(low, high, start.replace(tzinfo=None), words)
    except OverflowError:  # Further than calendars go.
        return numeric(known, axis, words, from_zero=False, fits=False)
    return Scale(low, high, ticks, line(words.say(axis.title)))


def _moment_ticks(low: float, high: float, start: datetime, words: Words) -> tuple[Tick, ...]:
    from babel.dates import format_date

    locale = "zh_Hans_CN" if words.lang == "zh" else "en_GB"
    raw = (high - low) / 8
    days = step_of((high - low) / DAY, 8, "d") if raw > MOMENTS[-1] else 0
    step = max(days, 1) * DAY if days else float(next(s for s in MOMENTS if raw <= s))
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    shift = (start - midnight).total_seconds()
    pattern = ("M月d日" if words.lang == "zh" else "d MMM") if high - low < 300 * DAY else (
        "y年M月" if words.lang == "zh" else "MMM y"
    )  # fmt: skip
    made: list[Tick] = []
    for n in range(math.ceil((low + shift) / step), math.floor((high + shift) / step) + 1):
        moment = midnight + timedelta(seconds=n * step)
        date = format_date(moment, pattern, locale=locale)
        if days:
            made.append(Tick(n * step - shift, date))
        else:
            is_new = not made or not (moment.hour or moment.minute)
            made.append(Tick(n * step - shift, f"{moment:%H:%M}" + (f"\n{date}" if is_new else "")))
    return tuple(made)
