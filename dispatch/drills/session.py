"""The record of a played exercise: a file that is only ever added to, and the state that it comes to.

Each record is a line of JSON that is on the disk before anything is acted on, so that whatever ends the
process takes nothing with it that was acknowledged. Its ``check`` is a digest of the check before it and of
all else that it holds, so that what is changed, removed or inserted afterwards is noticed.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import reduce
from math import inf, isfinite
from typing import TYPE_CHECKING, Any

from dispatch.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    Record = Mapping[str, Any]

FASTEST = "max"
"""How an infinite scale is written."""

DIGITS = 16
"""Hexadecimal digits of a check."""

NEEDED: dict[str, dict[str, type | tuple[type, ...]]] = {
    "start": {"drill": str, "silent": str, "scale": (int, float, str)},
    "pause": {},
    "resume": {},
    "scale": {"scale": (int, float, str)},
    "jump": {"to": (int, float)},
    "order": {"order": dict},
    "deliver": {"entry": str, "by": str},
    "skip": {"entry": str},
    "done": {"entry": str, "action": int},
    "note": {"text": str},
    "clock": {},
    "end": {"why": str},
}
"""What a record may be about, and what it then has to hold beside ``seq``, ``wall``, ``at``, ``what`` and
``check``."""

LARGEST = 200 * 1024 * 1024
"""Bytes of a session that are read at most."""


def scale_of(written: object) -> float:
    """Return a scale as it is written in a record."""
    return inf if written == FASTEST else float(str(written))


def check_of(before: str, record: Record) -> str:
    """Return the check of a record after the check ``before`` it; empty for the first."""
    held = {key: value for key, value in record.items() if key != "check"}
    text = before + json.dumps(held, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def written_scale(scale: float) -> float | str:
    """Return a scale as it is written in a record, or told."""
    return FASTEST if scale == inf else scale


@dataclass(frozen=True, slots=True)
class State:
    """What the records of a session come to."""

    at: float = 0.0
    """Exercise time of the last record [s]."""
    drill: str = ""
    """Digest of the exercise that is played."""
    silent: str = "advice"
    """Who sends units when the players do not: ``advice`` or ``nothing``."""
    scale: float = 1.0
    paused: bool = False
    delivered: Mapping[str, float] = field(default_factory=dict)
    """Exercise time of delivery, by entry."""
    skipped: Mapping[str, float] = field(default_factory=dict)
    """Exercise time at which an entry was left out, by entry."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Why an entry was left out that could not be delivered; those that people left out are missing."""
    orders: tuple[Mapping[str, Any], ...] = ()
    """Orders as injects, each with ``at``, its exercise time."""
    done: Mapping[tuple[str, int], float] = field(default_factory=dict)
    """Exercise time at which somebody said that an expected action is done; by entry and number, from 0;
    people, and the records, count from 1."""
    notes: tuple[tuple[float, str], ...] = ()
    """What was written down, with its exercise time."""
    ended: float | None = None
    """Exercise time of ENDEX."""


def folded(records: Iterable[Record]) -> State:
    """Return the state that records come to."""
    return reduce(after, records, State())


def after(state: State, record: Record) -> State:
    """Return the state after one more record."""
    at, what = float(record["at"]), record["what"]
    state = replace(state, at=max(state.at, at))
    if what == "start":
        scale = scale_of(record["scale"])
        return replace(state, drill=record["drill"], silent=record["silent"], scale=scale)
    if what in ("pause", "resume"):
        return replace(state, paused=what == "pause")
    if what == "scale":
        return replace(state, scale=scale_of(record["scale"]))
    if what == "order":
        return replace(state, orders=(*state.orders, {"at": at, **record["order"]}))
    if what == "deliver":
        return replace(state, delivered={**state.delivered, record["entry"]: at})
    if what == "skip":
        refused = {record["entry"]: str(record["why"])} if "why" in record else {}
        skipped = {**state.skipped, record["entry"]: at}
        return replace(state, skipped=skipped, refused={**state.refused, **refused})
    if what == "done":
        return replace(state, done={(record["entry"], record["action"] - 1): at, **state.done})
    if what == "note":
        return replace(state, notes=(*state.notes, (at, record["text"])))
    return replace(state, ended=at) if what == "end" else state


class Session:
    """A session that is being written; nobody else can write it meanwhile."""

    def __init__(self, path: Path, file: int, records: list[Record], notes: tuple[str, ...] = ()) -> None:
        self.path, self.records, self.notes = path, records, notes
        self.state = folded(records)
        self._file = file
        self._size = os.fstat(file).st_size

    @classmethod
    def begin(cls, path: Path) -> Session:
        """Open a new session; raises UsageError where there is one already."""
        file = _opened(path, os.O_CREAT)
        if os.fstat(file).st_size:
            os.close(file)
            message = f"{path}: is there already."
            raise UsageError(message, hint="Go on with --resume, or name another file with --session.")
        _keep_name(path)
        return cls(path, file, [])

    @classmethod
    def resume(cls, path: Path) -> Session:
        """Open a session to go on with it; a last line that was not written to its end is cut off."""
        file = _opened(path, 0)
        try:
            records, notes, size = _read(path)
            os.ftruncate(file, size)
        except BaseException:
            os.close(file)
            raise
        return cls(path, file, records, notes)

    def add(self, wall: float, at: float, what: str, **values: Any) -> Record:
        """Write a record to the disk; only when this returns may it be acted on."""
        when = datetime.fromtimestamp(wall, tz=UTC).isoformat(timespec="milliseconds")
        record = {"seq": len(self.records) + 1, "wall": when, "at": at, "what": what, **values}
        record["check"] = check_of(self.records[-1]["check"] if self.records else "", record)
        line = (json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n").encode()
        try:
            self._write(line)
        except OSError as error:
            os.ftruncate(self._file, self._size)
            message = f"{self.path}: cannot be written ({error.strerror or error}), so nothing was done."
            raise UsageError(message, hint="Free some space, and say it again.") from None
        self._size += len(line)
        self.records.append(record)
        self.state = after(self.state, record)
        return record

    def _write(self, line: bytes) -> None:
        while line:
            line = line[os.write(self._file, line) :]
        os.fsync(self._file)

    def close(self) -> None:
        """Let others have the session."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _opened(path: Path, flags: int) -> int:
    """Open a session for adding to it, and lock it for as long as the process lives."""
    try:
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | flags, 0o644)
    except FileNotFoundError:
        message = f"{path}: no such session."
        raise UsageError(message, hint="Begin one without --resume.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        message = f"{path}: cannot be opened ({reason})."
        raise UsageError(message, hint="Name another file with --session.") from None
    try:
        import fcntl
    except ImportError:  # where files cannot be locked like this, people have to look out
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        message = f"{path}: is being played by another process."
        raise UsageError(message, hint="End that one first, or name another file with --session.") from None
    return file


def _keep_name(path: Path) -> None:
    """See to it that the name of a new file is on the disk, too."""
    try:
        folder = os.open(path.parent, os.O_RDONLY)
    except OSError:  # not every system lets one open folders
        return
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_session(path: Path) -> tuple[list[Record], tuple[str, ...]]:
    """Return the records of a session and what is to be said of it; raises UsageError for a broken one."""
    records, notes, _ = _read(path)
    return records, notes


def _read(path: Path) -> tuple[list[Record], tuple[str, ...], int]:
    """Return records, remarks, and the length of what is whole [bytes]."""
    try:
        if path.stat().st_size > LARGEST:
            message = f"{path}: is over {LARGEST // 1024 // 1024} MiB, which no session is."
            raise UsageError(message, hint="Name a session.")
        lines = path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        message = f"{path}: cannot be read ({error.strerror or error})."
        raise UsageError(message, hint="Name the session with --session.") from None
    records: list[Record] = []
    for number, line in enumerate(lines, start=1):
        record = _parsed(line)
        if record is None and not line.endswith(b"\n") and records:
            note = f"{path.name}:{number}: the last record was not written to its end and is left out."
            return records, (note,), sum(map(len, lines[:-1]))
        problem = "not a record of a session" if record is None else _problem(record, records)
        if record is None or problem:
            message = f"{path.name}:{number}: {problem}."
            raise UsageError(message, hint="Restore the session from a copy.")
        records.append(record)
    if not records:
        message = f"{path.name}: holds no record."
        raise UsageError(message, hint="Remove it, and begin without --resume.")
    return records, (), sum(map(len, lines))


def _parsed(line: bytes) -> Record | None:
    """Return the record that a line holds; None for one that was not written to its end, or never was one."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if line.endswith(b"\n") and isinstance(record, dict) else None


def _problem(record: Record, before: list[Record]) -> str:
    """Return what is wrong with the next record; empty for nothing."""
    what, at = record.get("what"), record.get("at")
    if what not in NEEDED or not _is_number(at):
        return "a record without 'what' and 'at'"
    if record.get("seq") != len(before) + 1 or (what == "start") != (not before):
        return f"record {record.get('seq')} ('{what}') in the place of number {len(before) + 1}"
    if before and at < before[-1]["at"]:
        return f"at {at:g} s, which is before the record above it"
    for key, kind in NEEDED[what].items():
        if not isinstance(record.get(key), kind) or (key == "scale" and not _is_scale(record[key])):
            return f"'{what}' with no usable '{key}'"
    return "" if _is_checked(record, before) else _CHANGED


_CHANGED = "a record that was changed, or of which the record above it was changed, removed or inserted"


def _is_checked(record: Record, before: list[Record]) -> bool:
    """Whether a record is as it was written, after the record that it was written after."""
    try:
        return bool(record.get("check") == check_of(before[-1]["check"] if before else "", record))
    except ValueError:  # it holds numbers that no session holds
        return False


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value >= 0


def _is_scale(value: object) -> bool:
    return value == FASTEST or (_is_number(value) and value != 0)
