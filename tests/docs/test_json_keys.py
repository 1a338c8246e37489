"""The keys of JSON documents that the reference names are those that are printed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.world import ROOT, dispatch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = ROOT / "docs/reference/command-line.md"
LIBRARY = "scenarios/regression/plan-library.yaml"
MATCH = ("plans", "match", LIBRARY, "--type", "plant-fire", "--at", "SHN", "--json")
NAMED = {
    "plans list": {
        "plans",
        "classes",
        "cards",
        "minimum_force",
        "words",
        "supplies",
        "units",
        "fire",
        "rescue",
    },
    "plans match": {"units", "rejected", "sent", "supplies"},
    "validate": {"closures", "layouts"},
}
"""Keys below which ids stand that are not keys of the document."""


def section(command: str) -> str:
    """Return what the page says of a command's document, up to the next one's."""
    text = PAGE.read_text(encoding="utf-8")
    begin = text.index(f"`{command} --json`")
    return re.split(r"\n\n`[a-z ]+ --json`|\n## ", text[begin:], maxsplit=1)[0]


def keys(document: Any, named: set[str], above: str = "") -> Iterator[str]:
    """Yield all keys of a document but ids."""
    if isinstance(document, list):
        for each in document:
            yield from keys(each, named, above)
    elif isinstance(document, dict):
        for key, value in document.items():
            is_id = above in named and (isinstance(value, dict | list) or above in ("words", "supplies"))
            if not is_id:
                yield key
            yield from keys(value, named, key if not is_id or key in ("fire", "rescue") else "")


def printed(folder: Path, command: str) -> list[Any]:
    """Return documents of a command that between them have every key."""
    if command == "grade":
        said = ("--dead", "3", "--loss", "10 M", "--fire", "--trapped", "3", "--night")
        return [json.loads(dispatch("grade", *said, "--json").stdout)]
    if command == "plans list":
        found = [json.loads(dispatch("plans", "list", LIBRARY, "--json").stdout)]
        return [*found, json.loads(dispatch("plans", "list", "--json").stdout)]
    if command == "plans match":
        levels = (("--level", str(level)) for level in (1, 2, 3, 4, 5))
        return [json.loads(dispatch(*MATCH, *level).stdout) for level in levels]
    wrong = folder / "wrong.yaml"
    wrong.write_text("network: nowhere\nhorizon: 1 d\n", encoding="utf-8")
    names = ("flood-closures", "injected-day", "command-and-weather")
    good = [f"scenarios/regression/{name}.yaml" for name in names]
    documents = json.loads(dispatch("validate", *good, wrong, "--json", code=2).stdout)
    return list(documents.values())


@pytest.mark.parametrize("command", ["validate", "grade", "plans list", "plans match"])
def test_every_key_that_is_printed_is_documented(tmp_path: Path, command: str) -> None:
    told = set(re.findall(r"`([a-z_]+)`", section(command)))
    documents = printed(tmp_path, command)
    for document in documents:
        document.pop("injects", None)  # they have the keys of the scenario file
    found = {key for document in documents for key in keys(document, NAMED.get(command, set()))}
    codes = {"en", "zh", "trapped", "casualties"}  # the latter are figures of reasons
    assert found - codes <= told
    assert len(found) > 10


@pytest.mark.parametrize("command", ["validate", "grade", "plans list", "plans match"])
def test_every_key_of_a_table_is_printed(tmp_path: Path, command: str) -> None:
    rows = re.findall(r"^\| ((?:`[a-z_]+`(?:, )?)+) \|", section(command), re.MULTILINE)
    told = {key for row in rows for key in re.findall(r"`([a-z_]+)`", row)}
    assert told
    found = {key for document in printed(tmp_path, command) for key in keys(document, set())}
    assert told <= found
