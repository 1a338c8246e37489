"""Entries of an exercise as alerts of the Common Alerting Protocol (CAP 1.2), each marked as an exercise."""

from __future__ import annotations

import re
from datetime import UTC, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from dispatch.briefing.contents import Said
from dispatch.drills.script import held
from dispatch.report.plain import clean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from dispatch.drills.drill import Drill
    from dispatch.drills.script import Row
    from dispatch.report.words import Words

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
SENDER = "dispatch-exercise"

_NOT_IN_IDS = re.compile(r"[\s,<&]+")


def alert(drill: Drill, row: Row, words: Words, mark: str) -> bytes:
    """Return an entry as a CAP 1.2 message; ``mark`` is the digest that tells exercises apart.

    It is sent at the moment of its entry, to those whom the entry is for only, and says three times that it
    is an exercise: by its status, in its note and in its headline.
    """
    entry = row.line.entry
    said = words.text("EXERCISE EXERCISE EXERCISE")
    root = ET.Element("alert", {"xmlns": NAMESPACE})
    _put(root, "identifier", f"exercise-{mark}-{_name(row.line.id)}")
    _put(root, "sender", SENDER)
    _put(root, "sent", moment(row.wall))
    _put(root, "status", "Exercise")
    _put(root, "msgType", "Alert")
    _put(root, "scope", "Private")
    _put(root, "addresses", _address(entry.to) or _address(words.text("players of the exercise")))
    _put(root, "note", f"{said}. {words.say(NOTE)}")
    info = ET.SubElement(root, "info")
    _put(info, "language", words.tag)
    _put(info, "category", _category(row))
    _put(info, "event", words.text("Exercise message"))
    for key in ("urgency", "severity", "certainty"):
        _put(info, key, "Unknown")
    if entry.sender:
        _put(info, "senderName", entry.sender)
    _put(info, "headline", f"{said}: {drill.file.title}")
    _put(info, "description", f"{said}\n{entry.text}\n{said}")
    for key, value in _parameters(drill, row):
        parameter = ET.SubElement(info, "parameter")
        _put(parameter, "valueName", key)
        _put(parameter, "value", value)
    ET.indent(root)
    body = ET.tostring(root, "unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'.encode()


NOTE = Said("Made for an exercise; do not act on it outside of the exercise, and do not pass it on.")


def moment(at: datetime) -> str:
    """Return a date and time as CAP wants it: seconds and offset in digits, UTC as ``-00:00``.

    Offsets that XML Schema has no form for, of over 14 hours or with seconds, give UTC.
    """
    offset = at.utcoffset() or timedelta(0)
    if offset % timedelta(minutes=1) or abs(offset) > timedelta(hours=14):
        at, offset = at.astimezone(UTC), timedelta(0)
    text = at.replace(microsecond=0).isoformat()
    return text if offset else f"{text[:19]}-00:00"


def _name(entry: str) -> str:
    """Return the id of an entry without what no identifier may have; other ids stay others."""
    name = _NOT_IN_IDS.sub("-", clean(entry))
    return name if name == entry else f"{name}-{sha256(entry.encode()).hexdigest()[:8]}"


def _put(above: ET.Element, name: str, text: str) -> None:
    ET.SubElement(above, name).text = clean(text)


def _address(to: str) -> str:
    """Return one address, quoted, so that blanks in it do not part it; empty for none."""
    name = " ".join(clean(to).replace('"', "'").split())
    return f'"{name}"' if name else ""


def _category(row: Row) -> str:
    inject = row.line.entry.inject
    if inject is None:
        return "Other"
    if inject.weather is not None:
        return "Met"
    return "Infra" if inject.outage is not None or inject.restore is not None else "Safety"


def _parameters(drill: Drill, row: Row) -> Iterator[tuple[str, str]]:
    yield "exercise", drill.file.title
    yield "exercise-entry", row.line.id
    yield "exercise-start", moment(held(drill))
