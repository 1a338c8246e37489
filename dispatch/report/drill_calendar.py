"""An exercise as a calendar (RFC 5545): its whole time, and each entry that comes at a moment."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from dispatch.drills.documents import LED
from dispatch.drills.script import clock_text, held, is_planned, rows, wall_of
from dispatch.report.plain import clean

if TYPE_CHECKING:
    from dispatch.drills.drill import Drill
    from dispatch.drills.script import Row
    from dispatch.report.words import Words


def calendar(drill: Drill, words: Words, mark: str) -> bytes:
    """Return the calendar in UTC; ``mark`` is the digest that tells exercises apart.

    It is marked as one for those who lead, and confidential where nobody who plays may know that there is an
    exercise. Equal exercises give equal bytes.
    """
    from icalendar import Calendar, Event, vText

    said = words.text("EXERCISE EXERCISE EXERCISE")
    kind = "CONFIDENTIAL" if drill.file.unscripted else "PRIVATE"
    begins = held(drill).astimezone(UTC)
    made = Calendar()
    made.add("prodid", "-//dispatch//exercise//EN")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    name = " ".join(clean(f"{drill.file.title} ({words.say(LED)})").split())
    made.add("x-wr-calname", vText(name))  # a text, though the library knows no type of this one
    whole = Event()
    whole.add("uid", f"{mark}@dispatch-exercise")
    whole.add("dtstamp", begins)
    whole.add("dtstart", begins)
    whole.add("dtend", max(wall_of(drill, drill.file.lasts).astimezone(UTC), begins))
    whole.add("summary", clean(f"{words.text('Exercise')}: {drill.file.title}"))
    whole.add("description", clean(f"{said}\n{words.say(LED)}\n{drill.file.description}".strip()))
    whole.add("class", kind)
    made.add_component(whole)
    for number, row in enumerate(rows(drill), 1):
        if not is_planned(row.line):
            continue
        event = Event()
        event.add("uid", f"{mark}-{number}@dispatch-exercise")
        event.add("dtstamp", begins)
        event.add("dtstart", row.wall.astimezone(UTC))
        event.add("summary", clean(f"{words.text('Exercise')} {row.line.id} T+{clock_text(row.line.at)}"))
        event.add("description", clean(_told(row, words, said)))
        event.add("class", kind)
        event.add("transp", "TRANSPARENT")
        made.add_component(event)
    return bytes(made.to_ical())


def _told(row: Row, words: Words, said: str) -> str:
    entry = row.line.entry
    lines = [said]
    if entry.sender or entry.to:
        lines.append(f"{entry.sender} → {entry.to}".strip())
    lines.append(entry.text)
    if entry.expects:
        lines.append(f"{words.text('Expected action')}:")
        pairs = zip(row.actions.splitlines(), row.deadlines.splitlines(), strict=True)
        lines += [f"- {text} (T+{by.removeprefix('+')})" for text, by in pairs]
    return "\n".join(lines)
