"""Golden logs: the events of one replication as text that people and ``diff`` can read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dispatch.io.yaml_source import read_text
from dispatch.regression.events import WORDS, Event
from dispatch.regression.provenance import LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from dispatch.errors import Problems

HEAD = "# golden log of dispatch, version 1"
COLUMNS = "time\twhat\tincident\tunit\tdetail"
LARGEST = 200 * 1024 * 1024
"""Bytes of a golden log that are read at most."""

DIGITS = 3
"""Decimals of seconds that are kept: machines differ in the last bits of a logarithm, not in milliseconds."""


@dataclass(frozen=True, slots=True)
class Golden:
    """A golden log."""

    events: list[Event]
    inputs: dict[str, str] = field(default_factory=dict)
    """Fingerprints of what it was made from."""
    reviewed: bool = True
    intact: bool = True
    """Whether the events are those that were written."""


def rounded(events: Iterable[Event]) -> list[Event]:
    """Return events with times as golden logs keep them, in order."""
    return sorted(event._replace(time=round(event.time, DIGITS) + 0.0) for event in events)


def golden_text(golden: Golden, about: Mapping[str, str]) -> str:
    """Return a golden log as text; ``about`` says of what, such as scenario and layout."""
    lines = [HEAD, *(f"# {key}: {_escaped(value)}" for key, value in about.items())]
    lines.append(f"# reviewed: {'true' if golden.reviewed else 'false'}")
    lines += [f"# input {key}: {value}" for key, value in sorted(golden.inputs.items())]
    events = [_line(event) for event in golden.events]
    lines += [f"# digest: {_digest(events)}", COLUMNS, *events]
    return "\n".join(lines) + "\n"


def _digest(events: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(events).encode()).hexdigest()[:LENGTH]


def _line(event: Event) -> str:
    texts = (event.incident, event.unit, event.detail)
    return "\t".join((f"{event.time:.{DIGITS}f}", WORDS[event.kind], *map(_escaped, texts)))


def _escaped(text: str) -> str:
    """Return text without tabs and ends of lines; backslashes mark them."""
    return text.encode("unicode_escape").decode("ascii") if _is_odd(text) else text.replace("\\", "\\\\")


def _is_odd(text: str) -> bool:
    return any(letter < " " or letter in "\x7f\x85\u2028\u2029" for letter in text)


def _plain(text: str) -> str:
    return text if "\\" not in text else text.encode("latin-1", "backslashreplace").decode("unicode_escape")


def read_golden(path: Path, problems: Problems) -> Golden | None:
    """Return a golden log, or note what is wrong with the file."""
    text = read_text(path, problems, LARGEST)
    if text is None:
        return None
    lines = text.splitlines()
    remedy = "Remove the file, and check again to have it written."
    if not lines or lines[0].strip() != HEAD or COLUMNS not in lines:
        problems.add(f"{path.name}:1", "not a golden log of this version", remedy)
        return None
    begin = lines.index(COLUMNS) + 1
    head = dict(line[2:].split(": ", 1) for line in lines[1:begin] if line.startswith("# ") and ": " in line)
    events: list[Event] = []
    intact = head.get("digest") == _digest(lines[begin:])
    for number, line in enumerate(lines[begin:], start=begin + 1):
        event = _event(line.split("\t"))
        if event is not None:
            events.append(event)
        elif line.strip():
            problems.add(f"{path.name}:{number}", f"not an event: '{line[:60]}'", remedy)
            return None
    inputs = {key.removeprefix("input "): value for key, value in head.items() if key.startswith("input ")}
    reviewed = head.get("reviewed", "false").strip().lower() in ("true", "yes")
    return Golden(events, inputs, reviewed, intact)


def _event(cells: Sequence[str]) -> Event | None:
    if len(cells) != 5 or cells[1] not in WORDS:
        return None
    try:
        incident, unit, detail = map(_plain, cells[2:])
        return Event(float(cells[0]), WORDS.index(cells[1]), incident, unit, detail)
    except ValueError:
        return None
