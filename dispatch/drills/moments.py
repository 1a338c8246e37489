"""Times of play as people write them in orders, and as spreadsheets give them back."""

from __future__ import annotations

import math
import re
from datetime import datetime, time, timedelta
from unicodedata import normalize

from dispatch.briefing.contents import Said
from dispatch.drills.refusing import Refusal
from dispatch.model.base import parse_duration

DAY = 86_400.0

EPOCHS = (datetime(1899, 12, 30), datetime(1904, 1, 1))
"""Day 0 of the two calendars of spreadsheets: a date close after one of them is a duration over a day."""

HELP = "Write h:mm:ss, such as 0:12:00, or minutes."

_CLOCK = re.compile(
    r"(?:[Tt]\s*\+?\s*)?(\d{1,5}):([0-5]?\d)(?::([0-5]?\d(?:[.,]\d{1,6})?))?(?:\s*([AaPp])[Mm])?"
)
_PLUS = re.compile(r"[Tt]\s*\+?\s*")


def seconds_of(value: object) -> float:
    """Return seconds for a time of play; raises ValueError ``fact | remedy`` for anything else.

    Texts: ``h:mm:ss``, ``h:mm``, a number of minutes, or a duration such as ``5 min``, each with or without
    ``T+``. Cells: times of day, durations, numbers from 1 on as minutes and below as parts of a day, as
    spreadsheets keep times.
    """
    if isinstance(value, bool) or value is None:
        message = f"{value!r} is not a time | {HELP}"
        raise ValueError(message)
    seconds = _seconds(value)
    if not math.isfinite(seconds) or seconds < 0.0:
        message = f"{value!s:.40} is before STARTEX | {HELP}"
        raise ValueError(message)
    return round(seconds, 3)


def _seconds(value: object) -> float:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, datetime):
        return _since_day_zero(value)
    if isinstance(value, time):
        return value.hour * 3600.0 + value.minute * 60.0 + value.second + value.microsecond / 1e6
    if isinstance(value, int | float):
        return float(value) * (DAY if 0.0 < value < 1.0 else 60.0)
    return _of_text(normalize("NFKC", str(value)).strip())  # also digits and colons of Chinese keyboards


def _since_day_zero(value: datetime) -> float:
    """Return a duration that a spreadsheet shows as a date."""
    for epoch in EPOCHS:
        since = (value.replace(tzinfo=None) - epoch).total_seconds()
        if 0.0 <= since < 366 * DAY:
            return since
    message = f"{value:%Y-%m-%d %H:%M} is a date, where a time from STARTEX is meant | {HELP}"
    raise ValueError(message)


def _of_text(text: str) -> float:
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        hour, afternoon = int(clock[1]), (clock[4] or "").lower()
        if afternoon:
            hour = hour % 12 + (12 if afternoon == "p" else 0)
        return hour * 3600.0 + int(clock[2]) * 60.0 + float((clock[3] or "0").replace(",", "."))
    plain = _PLUS.sub("", text, count=1) if _PLUS.match(text) else text
    try:
        return float(plain) * 60.0
    except ValueError:
        pass
    try:
        return parse_duration(plain)
    except ValueError:
        message = f"{text[:40]!r} is not a time | {HELP}"
        raise ValueError(message) from None


_EXERCISE = re.compile(r"(?:[Tt]\s*\+\s*)?([0-9]+):([0-5][0-9])(?::([0-5][0-9]))?(\.[0-9]+)?")
_SIGN = re.compile(r"[Tt]\s*\+\s*")


def exercise_time(given: object) -> float:
    """Return seconds of play for ``T+12:00`` (minutes), ``T+1:12:00`` (hours), ``12 min`` or a number."""
    if isinstance(given, str):
        found = _EXERCISE.fullmatch(given.strip())
        if found is not None:
            whole = [int(part) for part in found.group(1, 2, 3) if part is not None]
            return sum(part * 60.0**n for n, part in enumerate(reversed(whole))) + float(found[4] or 0)
        given = _SIGN.sub("", given.strip(), count=1)
        if re.fullmatch(r"[0-9]+(\.[0-9]*)?", given):
            given = float(given)
    try:
        return parse_duration(given)
    except ValueError:
        fact = Said("'{given}' is not a time of the exercise.", {"given": str(given)})
        raise Refusal(fact, Said("Write T+12:00, T+1:12:00, '12 min' or seconds.")) from None
