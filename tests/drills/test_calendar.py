"""Calendars of exercises, opened by a calendar library."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from icalendar import Calendar

from dispatch.drills.documents import LED
from dispatch.drills.drill import read_drill
from dispatch.report.drill_calendar import calendar
from dispatch.report.words import Words
from tests.drills.packaged import write_brief

if TYPE_CHECKING:
    from pathlib import Path


def events(raw: bytes) -> dict[str, Any]:
    return {str(event["UID"]): event for event in Calendar.from_ical(raw).walk("VEVENT")}


def test_the_exercise_and_its_timed_entries_are_events(tmp_path: Path) -> None:
    raw = calendar(read_drill(write_brief(tmp_path)), Words("en"), "abc")
    found = events(raw)
    # Conditions, contingencies and entries by hand have no moment of their own.
    assert list(found) == ["abc@dispatch-exercise", "abc-1@dispatch-exercise", "abc-2@dispatch-exercise"]
    whole, first = found["abc@dispatch-exercise"], found["abc-1@dispatch-exercise"]
    assert whole["DTSTART"].dt == datetime(2026, 5, 12, 1, tzinfo=UTC)
    assert whole["DTEND"].dt == datetime(2026, 5, 12, 1, 30, tzinfo=UTC)  # an hour at twice the pace
    assert first["DTSTART"].dt == datetime(2026, 5, 12, 1, 1, tzinfo=UTC)
    assert {event["DTSTAMP"].dt for event in found.values()} == {whole["DTSTART"].dt}
    text = str(first["DESCRIPTION"])
    assert text.startswith('EXERCISE EXERCISE EXERCISE\ncaller → centre\n=House fire,\nat "c"')
    assert "- A unit is on scene (T+0:12:00)" in text
    assert str(whole["SUMMARY"]) == "Exercise: 演练 & drill <1>"


def test_a_calendar_that_is_imported_is_no_message_of_an_organizer(tmp_path: Path) -> None:
    # RFC 5546: METHOD asks for ORGANIZER; a file to be imported has neither.
    made = Calendar.from_ical(calendar(read_drill(write_brief(tmp_path)), Words("en"), "abc"))
    assert "METHOD" not in made
    assert not [event for event in made.walk("VEVENT") if "ORGANIZER" in event]


def test_lines_are_as_long_as_the_standard_allows(tmp_path: Path) -> None:
    raw = calendar(read_drill(write_brief(tmp_path, description="说明" * 200)), Words("zh"), "abc")
    assert raw.endswith(b"END:VCALENDAR\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 75
    told = str(events(raw)["abc@dispatch-exercise"]["DESCRIPTION"]).split("\n")
    assert told == ["演练 演练 演练", Words("zh").say(LED), "说明" * 200]
    assert Words("zh").say(LED) in str(Calendar.from_ical(raw)["X-WR-CALNAME"])


def test_a_script_that_nobody_may_know_is_confidential(tmp_path: Path) -> None:
    raw = calendar(read_drill(write_brief(tmp_path, unscripted=True)), Words("en"), "abc")
    kinds = [event.get("CLASS") for event in events(raw).values()]
    assert kinds == ["CONFIDENTIAL"] * 3
    assert "for players" in str(events(raw)["abc@dispatch-exercise"]["DESCRIPTION"])


def test_a_title_of_two_lines_and_with_marks_of_calendars_is_a_text(tmp_path: Path) -> None:
    raw = calendar(
        read_drill(write_brief(tmp_path, title="Two\nlines, one; and \\ another: x")), Words("en"), "abc"
    )
    unfolded = raw.replace(b"\r\n ", b"").decode()
    assert "X-WR-CALNAME:Two lines\\, one\\; and \\\\ another: x (" in unfolded
    assert (
        str(events(raw)["abc@dispatch-exercise"]["SUMMARY"]) == "Exercise: Two\nlines, one; and \\ another: x"
    )
