"""The record of an exercise: written before anything is done, and read back after anything."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

import pytest

from dispatch.drills.session import Session, State, folded, read_session
from dispatch.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

START = {"drill": "abc", "title": "演练", "silent": "advice", "scale": 2.0}


def written(path: Path) -> Session:
    """Write a session of one record of every kind."""
    session = Session.begin(path)
    session.add(0.0, 0.0, "start", **START)
    session.add(1.0, 2.0, "deliver", entry="I01", by="time")
    session.add(2.0, 4.0, "order", order={"recall": {"unit": "E1"}})
    session.add(3.0, 6.0, "done", entry="I01", action=2)
    session.add(4.0, 8.0, "pause")
    session.add(5.0, 8.0, "scale", scale="max")
    session.add(6.0, 8.0, "note", text="晚了 two minutes")
    session.add(7.0, 8.0, "skip", entry="I02")
    session.add(8.0, 8.0, "resume")
    session.add(9.0, 8.0, "jump", to=60.0)
    session.add(10.0, 60.0, "clock")
    return session


def test_the_records_come_to_a_state(tmp_path: Path) -> None:
    session = written(tmp_path / "s")
    session.close()
    expected = State(
        at=60.0, drill="abc", silent="advice", scale=float("inf"), paused=False, delivered={"I01": 2.0},
        skipped={"I02": 8.0}, orders=({"at": 4.0, "recall": {"unit": "E1"}},), done={("I01", 1): 6.0},
        notes=((8.0, "晚了 two minutes"),), ended=None,
    )  # fmt: skip
    assert session.state == expected
    records, notes = read_session(tmp_path / "s")
    assert (folded(records), notes) == (expected, ())
    assert [record["seq"] for record in records] == list(range(1, 12))
    assert records[3]["wall"] == "1970-01-01T00:00:03.000+00:00"


def test_a_record_is_in_the_file_when_adding_it_returns(tmp_path: Path) -> None:
    session = Session.begin(tmp_path / "s")
    for number in range(3):
        session.add(0.0, float(number), "start" if number == 0 else "note", **(START | {"text": "x"}))
        assert len((tmp_path / "s").read_bytes().splitlines()) == number + 1
    session.close()


def test_a_last_record_cut_anywhere_is_dropped_and_nothing_else(tmp_path: Path) -> None:
    written(tmp_path / "whole").close()
    whole = (tmp_path / "whole").read_bytes()
    before = whole[: whole[:-1].rindex(b"\n") + 1]
    for cut in range(len(before) + 1, len(whole)):
        path = tmp_path / "cut"
        path.write_bytes(whole[:cut])
        session = Session.resume(path)
        assert "not written to its end" in session.notes[0]
        assert path.read_bytes() == before
        session.add(20.0, 70.0, "note", text="on")
        session.close()
        records, notes = read_session(path)
        assert (len(records), records[-1]["seq"], notes) == (11, 11, ())


@pytest.mark.parametrize(
    ("number", "change", "fact"),
    [
        (3, "garbage", "s:3: not a record"),
        (3, '{"seq": 3, "at": 4, "what": "dance"}', "s:3: a record without 'what'"),
        (3, '{"seq": 4, "at": 4, "what": "pause"}', "in the place of number 3"),
        (3, '{"seq": 3, "at": 1, "what": "pause"}', "before the record above it"),
        (3, '{"seq": 3, "at": 4, "what": "order"}', "'order' with no usable 'order'"),
        (3, '{"seq": 3, "at": 4, "what": "scale", "scale": 0}', "no usable 'scale'"),
        (3, '{"seq": 3, "at": NaN, "what": "pause"}', "a record without"),
        (1, '{"seq": 1, "at": 0, "what": "pause"}', "s:1: record 1"),
        (3, "[1]", "s:3: not a record"),
        (10, "spoiled", "s:10: not a record"),
    ],
)
def test_a_file_broken_in_its_middle_is_refused_and_left_as_it_is(
    tmp_path: Path, number: int, change: str, fact: str
) -> None:
    path = tmp_path / "s"
    written(path).close()
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[number - 1] = change
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    before = path.read_bytes()
    for opening in (Session.resume, read_session):
        with pytest.raises(UsageError) as refused:
            opening(path)
        assert fact in str(refused.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize("number", range(1, 12))
def test_a_line_changed_removed_or_inserted_is_told_by_its_number(tmp_path: Path, number: int) -> None:
    path = tmp_path / "s"
    written(path).close()
    lines = path.read_text(encoding="utf-8").splitlines()
    at = number - 1
    record = json.loads(lines[at])
    changed = json.dumps(record | {"wall": "2001-01-01T00:00:00.000+00:00"}, ensure_ascii=False)
    unchecked = json.dumps({key: value for key, value in record.items() if key != "check"})
    files = {
        "changed": [*lines[:at], changed, *lines[number:]],
        "unchecked": [*lines[:at], unchecked, *lines[number:]],
        "removed": [*lines[:at], *lines[number:]],
        "inserted": [*lines[:at], lines[at], *lines[at:]],
    }
    if number == len(lines):
        del files["removed"]  # which is a session that was left before it
    for how, kept in files.items():
        renumbered = [{**json.loads(line), "seq": seq} for seq, line in enumerate(kept, start=1)]
        for text in (kept, [json.dumps(each, ensure_ascii=False) for each in renumbered]):
            path.write_text("\n".join(text) + "\n", encoding="utf-8")
            with pytest.raises(UsageError) as refused:
                read_session(path)
            told = number + (how == "inserted")
            assert f"s:{told}: " in str(refused.value), how
            with pytest.raises(UsageError):
                Session.resume(path)
            assert path.read_text(encoding="utf-8") == "\n".join(text) + "\n"


def test_a_check_is_of_the_check_before_and_of_the_record(tmp_path: Path) -> None:
    written(tmp_path / "s").close()
    before = ""
    for line in (tmp_path / "s").read_text(encoding="utf-8").splitlines():
        held, _, check = line.removesuffix('"}').rpartition(', "check": "')
        assert hashlib.sha256((before + held + "}").encode()).hexdigest()[:16] == check
        before = check


def test_two_players_do_not_write_one_session(tmp_path: Path) -> None:
    first = written(tmp_path / "s")
    with pytest.raises(UsageError, match="another process"):
        Session.resume(tmp_path / "s")
    first.close()
    Session.resume(tmp_path / "s").close()


def test_a_session_is_begun_once_and_resumed_only_where_it_is(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such session"):
        Session.resume(tmp_path / "s")
    Session.begin(tmp_path / "s").close()
    Session.begin(tmp_path / "s").close()  # nothing was written yet
    written(tmp_path / "t").close()
    before = (tmp_path / "t").read_bytes()
    with pytest.raises(UsageError, match="is there already"):
        Session.begin(tmp_path / "t")
    assert (tmp_path / "t").read_bytes() == before
    with pytest.raises(UsageError, match="cannot be opened"):
        Session.begin(tmp_path / "no" / "folder" / "\0")


def test_a_full_disk_loses_the_record_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = written(tmp_path / "s")
    before, state, write = (tmp_path / "s").read_bytes(), session.state, os.write
    room = [10]

    def into_a_full_disk(file: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(28, "No space left on device")
        done = write(file, data[: room[0]])
        room[0] -= done
        return done

    monkeypatch.setattr(os, "write", into_a_full_disk)
    with pytest.raises(UsageError, match="No space left"):
        session.add(30.0, 90.0, "note", text="lost")
    assert (session.state, (tmp_path / "s").read_bytes()) == (state, before)
    room[0] = 10_000
    record = session.add(31.0, 91.0, "note", text="kept")
    session.close()
    assert json.loads((tmp_path / "s").read_bytes().splitlines()[-1]) == record
    assert record["seq"] == 12
