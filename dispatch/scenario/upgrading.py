"""Scenario files of older schema versions, brought to the newest one before they are validated.

A step leads from one version to the next. It renames or moves keys, together with the lines on which they
stand, so that every later message points into the file as it was written. A file that does not name its
version is taken as the newest, but the steps are applied to it, too. A key that a step has taken away must
therefore not come back with another meaning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from dispatch.errors import ScenarioError
from dispatch.io.yaml_source import dotted_path
from dispatch.model.scenario import ScenarioFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dispatch.errors import Problems
    from dispatch.io.yaml_source import YamlDocument

    Step: TypeAlias = Callable[[YamlDocument, Problems], list[str]]

KEY = "schema_version"

NEWEST: int = ScenarioFile.model_fields[KEY].default
"""The version that the model reads."""


def _first_due_by_name(document: YamlDocument, problems: Problems) -> list[str]:
    """Version 2: who is tried first is a first-due list; orders are what units are given."""
    return rename(document, problems, ("dispatching",), "orders", "first_due")


STEPS: Mapping[int, Step] = {1: _first_due_by_name}
"""What leads from each version to the next: changes a document in place and says in clauses what it did."""


def upgrade(document: YamlDocument, problems: Problems) -> list[str]:
    """Bring a document to the newest version, in place; return notices on what was done.

    Raises ScenarioError for a version that is not known yet: nothing else of such a file can be judged.
    """
    if not isinstance(document.data, dict):
        return []  # told when it is validated
    version = _version(document, problems)
    told: list[str] = []
    for number in range(version or 1, NEWEST):
        told += STEPS[number](document, problems)
    document.data[KEY] = NEWEST
    if version == NEWEST or (version is None and not told):
        return []
    if version is None:
        said, remedy = f"read as schema version {NEWEST}", "Change this in the file"
    else:
        said = f"written for schema version {version}, read as version {NEWEST}"
        remedy = f"{'Change this in the file and write' if told else 'Write'} '{KEY}: {NEWEST}'"
    changes = "; ".join(told) or "nothing that it uses has changed"
    return [f"{document.file}: {said}: {changes}. {remedy}; results stay the same."]


def _version(document: YamlDocument, problems: Problems) -> int | None:
    """Return the version that a document names; None if it names none, or none that could be (noted)."""
    if KEY not in document.data:
        return None
    value, place = document.data[KEY], document.place(KEY)
    # as it was written, because a number of thousands of digits cannot be printed
    shown = f"{getattr(value, 'text', None) or repr(value):.40}"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or value != int(value) or value < 1:
        fact = f"{shown} is not a version of this format"
        problems.add(place, fact, f"Write '{KEY}: {NEWEST}', or leave it out.")
        return None
    if value > NEWEST:
        fact = f"written for a newer dispatch (version {shown}; this one reads up to {NEWEST})"
        problems.add(place, fact, f"Update dispatch, or write the file in version {NEWEST}.")
        raise ScenarioError(problems.found)
    return int(value)


def rename(
    document: YamlDocument, problems: Problems, holder: tuple[str | int, ...], old: str, new: str
) -> list[str]:
    """Give a key of the mapping at ``holder`` its new name, if it is there; return a clause that says so."""
    inside = document.data
    for part in holder:
        inside = inside.get(part) if isinstance(inside, dict) else None
    if not isinstance(inside, dict) or old not in inside:
        return []
    before, after, place = (*holder, old), (*holder, new), document.place(*holder, old)
    if new in inside:
        del inside[old]  # or it would be told once more, as an unknown key
        fact = f"stands beside '{new}', which is its name now"
        problems.add(place, fact, f"Put everything under '{new}' and remove '{old}'.")
        return []
    entries = {new if key == old else key: value for key, value in inside.items()}
    inside.clear()
    inside.update(entries)
    moved = [path for path in document.lines if path[: len(before)] == before]
    for path in moved:
        document.lines[(*after, *path[len(before) :])] = document.lines.pop(path)
    return [f"{dotted_path(before)} (line {document.lines[after]}) is now {dotted_path(after)}"]
