"""Posted speeds: texts such as ``30 mph`` read as km/h, and what is assumed where none is posted."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SLOWEST, FASTEST = 1.0, 200.0
"""Range in km/h of the posted speeds that are believed."""

KM_PER_H: Final = {
    "": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "kmph": 1.0,
    "mph": 1.609344, "mi/h": 1.609344,
    "knots": 1.852, "knot": 1.852, "kn": 1.852, "kt": 1.852,
}  # fmt: skip
"""Kilometres per hour in each unit that may stand behind a number."""

ASSUMED: Final = {
    "motorway": 110.0, "motorway_link": 60.0,
    "trunk": 90.0, "trunk_link": 50.0,
    "primary": 60.0, "primary_link": 45.0,
    "secondary": 50.0, "secondary_link": 40.0,
    "tertiary": 45.0, "tertiary_link": 35.0,
    "unclassified": 40.0, "residential": 30.0, "living_street": 15.0,
    "road": 30.0, "busway": 40.0, "service": 20.0, "track": 20.0,
    "pedestrian": 10.0, "footway": 7.0, "cycleway": 10.0, "path": 7.0, "bridleway": 7.0,
}  # fmt: skip
"""Speed in km/h by class where the file posts none: typical values, an assumption."""

ANY_OTHER = 30.0
"""Speed in km/h of a class that neither the file nor the table above knows: an assumption."""

ZONES: Final = {
    "walk": 7.0,
    "AT:urban": 50.0, "AT:rural": 100.0, "AT:motorway": 130.0,
    "BE:urban": 50.0, "BE:motorway": 120.0,
    "CH:urban": 50.0, "CH:rural": 80.0, "CH:motorway": 120.0,
    "CZ:urban": 50.0, "CZ:rural": 90.0, "CZ:motorway": 130.0,
    "DE:urban": 50.0, "DE:rural": 100.0, "DE:living_street": 7.0,
    "DK:urban": 50.0, "DK:rural": 80.0, "DK:motorway": 130.0,
    "ES:urban": 50.0, "ES:rural": 90.0, "ES:motorway": 120.0,
    "FR:urban": 50.0, "FR:rural": 80.0, "FR:motorway": 130.0,
    "GB:nsl_restricted": 48.3, "GB:nsl_single": 96.6, "GB:nsl_dual": 112.7, "GB:motorway": 112.7,
    "HU:urban": 50.0, "HU:rural": 90.0, "HU:motorway": 130.0,
    "IT:urban": 50.0, "IT:rural": 90.0, "IT:motorway": 130.0,
    "NL:urban": 50.0, "NL:rural": 80.0,
    "PL:urban": 50.0, "PL:rural": 90.0, "PL:motorway": 140.0,
    "RO:urban": 50.0, "RO:rural": 90.0, "RO:motorway": 130.0,
    "RU:urban": 60.0, "RU:rural": 90.0, "RU:motorway": 110.0, "RU:living_street": 20.0,
    "UA:urban": 50.0, "UA:rural": 90.0, "UA:motorway": 130.0, "UA:living_street": 20.0,
}  # fmt: skip
"""Speed in km/h behind a zone code: general limits of the countries; other codes count as missing."""

UNPOSTED = frozenset({"none", "signals", "variable", "no", "unknown", "implicit"})
"""Values that say, and are right to say, that no number is posted."""

_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z/]*)")
_NUMBERED_ZONE = re.compile(r"[a-z]{2}(?:[:-][a-z]+)*:(?:zone:?)?(\d+)")
_BETWEEN = re.compile(r"[;|]|,\s")
_ZONES = {code.lower(): speed for code, speed in ZONES.items()}


def posted_kmh(text: str) -> float | None:
    """Return the lowest speed in km/h that a value of ``maxspeed`` names, to 0.1, or None for none."""
    found = [_one(part.strip().lower()) for part in _BETWEEN.split(text)]
    known = [speed for speed in found if speed is not None and SLOWEST <= speed <= FASTEST]
    return round(min(known), 1) if known else None


def is_rubbish(text: str) -> bool:
    """Return whether a value of ``maxspeed`` was meant to say something and is not understood."""
    return bool(text.strip()) and text.strip().lower() not in UNPOSTED and posted_kmh(text) is None


def _one(text: str) -> float | None:
    if text in _ZONES:
        return _ZONES[text]
    if (zone := _NUMBERED_ZONE.fullmatch(text)) is not None:
        return float(zone[1])
    match = _NUMBER.fullmatch(text)
    if match is None or match[2] not in KM_PER_H:
        return None
    return float(match[1]) * KM_PER_H[match[2]]


def by_class(posted: Mapping[str, Iterable[float]]) -> dict[str, tuple[float, int]]:
    """Return by class the speed in km/h where none is posted, and of how many posted ones it is the mean.

    ``posted`` has every class with the speeds posted on its links. Zero says that the speed is assumed.
    """
    result: dict[str, tuple[float, int]] = {}
    for name, speeds in sorted(posted.items()):
        known = sorted(speeds)
        mean = round(math.fsum(known) / len(known), 1) if known else ASSUMED.get(name, ANY_OTHER)
        result[name] = mean, len(known)
    return result
