"""Old scenario files load for ever, mean what they meant, and say that they are old."""

from __future__ import annotations

import re
import shutil
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dispatch import compare, load, simulate
from dispatch.errors import InputError, Problems, ScenarioError
from dispatch.io.yaml_source import parse_yaml, read_yaml
from dispatch.model.scenario import ScenarioFile
from dispatch.regression.provenance import fingerprints
from dispatch.scenario.upgrading import NEWEST, STEPS, rename, upgrade
from tests.cli.world import dispatch
from tests.small import write_line

if TYPE_CHECKING:
    from dispatch import Scenario

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "tests/schemas"
KEPT = sorted(SCHEMAS.glob("*/*.yaml"))

NEW_WORDS = {1: {"  orders:": "  first_due:", " orders:": " first_due:"}}
"""How a person turns a file of each version into one of the next, with an editor."""


def written_anew(text: str, version: int) -> str:
    """Return the text of an old file as a person would write it in the newest version."""
    for number in range(version, NEWEST):
        for old, new in NEW_WORDS[number].items():
            text = text.replace(old, new)
    return re.sub(r"schema_version: [\d.]+", f"schema_version: {NEWEST}", text, count=1)


# ---------------------------------------------------------------------------------- the files that are kept


def test_files_of_every_older_version_are_kept() -> None:
    folders = {int(folder.name): folder for folder in SCHEMAS.iterdir() if folder.is_dir()}
    assert set(folders) == set(range(1, NEWEST)), "keep some files of the version that is left behind"
    for number, folder in folders.items():
        files = sorted(folder.glob("*.yaml"))
        assert files, f"version {number} has no files"
        for file in files:
            document = read_yaml(file, Problems())
            assert document is not None
            assert document.data["schema_version"] == number, file


def test_a_step_leads_from_every_version_to_the_next() -> None:
    assert set(STEPS) == set(range(1, NEWEST))
    written = ScenarioFile.model_json_schema()["properties"]["schema_version"]
    assert written["const"] == written["default"] == NEWEST == 2


@pytest.fixture(scope="module")
def old_and_new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every kept file below ``old/<version>``, and below ``new/<version>`` as one writes it today."""
    home = tmp_path_factory.mktemp("schemas")
    for age in ("old", "new"):
        shutil.copytree(SCHEMAS, home / age)
        for folder in (home / age).glob("[0-9]*"):
            shutil.copytree(ROOT / "networks/lanzhou-new-area", folder / "networks/lanzhou-new-area")
    for path in home.glob("new/*/*.yaml"):
        text = written_anew(path.read_text(encoding="utf-8"), int(path.parent.name))
        path.write_text(text, encoding="utf-8")
    return home


@pytest.mark.parametrize("file", KEPT, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_an_old_file_means_what_it_meant(old_and_new: Path, file: Path) -> None:
    version, name = file.parent.name, file.name
    old, new = (load(old_and_new / age / version / name) for age in ("old", "new"))
    told = f"{name}: written for schema version {version}, read as version {NEWEST}: "
    assert [note.startswith(told) for note in old.notes] == [True] + [False] * len(new.notes)
    assert old.notes[1:] == new.notes
    assert not any("version" in note for note in new.notes)
    assert old.file == new.file
    assert old.file.schema_version == NEWEST
    assert (old.digest, fingerprints(old)) == (new.digest, fingerprints(new))
    for layout in old.layouts:
        equal_logs(old, new, layout)


def equal_logs(old: Scenario, new: Scenario, layout: str) -> None:
    """Assert that two scenarios play alike, in every field of every response."""
    first, second = simulate(old, layout), simulate(new, layout)
    assert len(first.responses) > 50
    for field in fields(first.responses):
        ours, theirs = getattr(first.responses, field.name), getattr(second.responses, field.name)
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(first.lost, second.lost)


def test_no_list_is_lost(old_and_new: Path) -> None:
    delta = load(old_and_new / "old/1/delta.yaml")
    assert delta.file.dispatching.first_due == {
        "north": ("E1", "way-7-tanker-1", "E2"),
        "market": ("E2", "W1", "A2"),
        "south": ("W1", "E2", "E1"),
        "s1": ("A2", "A1", "E3"),
    }
    ids = delta.network.node_ids
    by_node = {ids[node]: units for nodes, units in delta.first_due for node in nodes.tolist()}
    assert by_node["n2"] == ("E2", "W1", "A2")
    assert by_node["n1"] == ("E1", "way-7-tanker-1", "E2")
    assert by_node["s1"] == ("A2", "A1", "E3"), "the node's own list, not that of the south"
    assert by_node["s2"] == ("W1", "E2", "E1")


def test_workers_read_an_old_file_as_their_parent_does(old_and_new: Path) -> None:
    values = []
    for age in ("old", "new"):
        study = compare(load(old_and_new / age / "1/shiqiao.yaml"), replications=4, jobs=2, by_zone=False)
        values.append(study.values["baseline"])
    assert values[0].keys() == values[1].keys()
    for name, column in values[0].items():
        np.testing.assert_array_equal(column, values[1][name])


def test_the_command_line_says_it(old_and_new: Path) -> None:
    path = old_and_new / "old/1/shiqiao.yaml"
    told = (
        "note: shiqiao.yaml: written for schema version 1, read as version 2: dispatching.orders (line 7) is "
        "now dispatching.first_due. Change this in the file and write 'schema_version: 2'; results stay the "
        "same."
    )
    assert f"  {told}\n" in dispatch("validate", path).stdout
    assert told in dispatch("run", path, "-r", "2", "--json").stderr
    assert "schema version" not in dispatch("validate", old_and_new / "new/1/shiqiao.yaml").stdout


# --------------------------------------------------------------------------------------- what is told of it

TOWN = """\
network: line
horizon: 1 d
call_processing: 0
unit_types: {engine: {capabilities: [engine], turnout: 0}}
stations: {west: {at: a}, east: {at: e}}
units:
  W1: {type: engine, station: west}
  E1: {type: engine, station: east}
incident_types: {fire: {run_card: {engine: 1}, on_scene: 600}}
demand: {poisson: {fire: {rate: 24/d}}}
"""
LISTS = """\
dispatching:
  policy: run_card_order
  orders:
    left: [W1, E1]
    c:
      - E1
      - W1
"""
OLD = "schema_version: 1\n" + TOWN + LISTS


@pytest.fixture
def town(tmp_path: Path) -> Path:
    write_line(tmp_path)
    return tmp_path / "town.yaml"


def notes(path: Path, text: str) -> tuple[str, ...]:
    path.write_text(text, encoding="utf-8")
    return load(path).notes


def refusal(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as found:
        load(path)
    return [str(problem) for problem in found.value.problems]


MOVED = "dispatching.orders (line {line}) is now dispatching.first_due"


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        (OLD, f"town.yaml: written for schema version 1, read as version 2: {MOVED.format(line=14)}. "
         "Change this in the file and write 'schema_version: 2'; results stay the same."),
        (TOWN + LISTS, f"town.yaml: read as schema version 2: {MOVED.format(line=13)}. "
         "Change this in the file; results stay the same."),
        ("schema_version: 1\n" + TOWN, "town.yaml: written for schema version 1, read as version 2: nothing "
         "that it uses has changed. Write 'schema_version: 2'; results stay the same."),
        ("schema_version: 1\n" + TOWN + LISTS.replace("orders:", "first_due:"),
         "town.yaml: written for schema version 1, read as version 2: nothing "
         "that it uses has changed. Write 'schema_version: 2'; results stay the same."),
    ],
)  # fmt: skip
def test_notices(town: Path, text: str, notice: str) -> None:
    assert notes(town, text) == (notice,)


@pytest.mark.parametrize("version", ["", "schema_version: 2\n", "schema_version: 2.0\n"])
@pytest.mark.parametrize("lists", ["", LISTS.replace("orders:", "first_due:")])
def test_a_file_of_today_is_read_in_silence(town: Path, version: str, lists: str) -> None:
    assert notes(town, version + TOWN + lists) == ()


def test_a_file_of_today_has_no_word_of_yesterday(town: Path) -> None:
    told = refusal(town, OLD.replace("schema_version: 1", "schema_version: 2"))
    (unknown,) = [line for line in told if line.startswith("town.yaml:14 dispatching.orders: unknown key")]
    assert "first_due" in unknown


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("- W1", "- W11", "town.yaml:18 dispatching.first_due.c[1]: no unit 'W11' in any layout. "
         "Did you mean 'W1'?"),
        ("- W1", "- E1", "town.yaml:18 dispatching.first_due.c[1]: unit 'E1' stands twice. "
         "List each unit once."),
        ("    c:", "    cc:", "town.yaml:16 dispatching.first_due.cc: no zone or node 'cc'."),
        ("[W1, E1]", "W1", "town.yaml:15 dispatching.first_due.left: a list is needed here"),
        (LISTS[LISTS.index(" orders") :], " orders: 5\n", "town.yaml:14 dispatching.first_due: names with "
         "values are needed here"),
        (LISTS[LISTS.index(" orders") :], " orders:\n", "town.yaml:14 dispatching.first_due: names with "
         "values are needed here"),
        (LISTS[LISTS.index(" orders") :], " orders: {}\n", "town.yaml:12 dispatching: run_card_order without "
         "'first_due'. List units by zone or node."),
        ("run_card_order", "nearest", "town.yaml:12 dispatching: 'first_due' is not used by policy nearest. "
         "Remove it, or set policy: run_card_order."),
    ],
)  # fmt: skip
def test_mistakes_are_told_where_they_stand(town: Path, old: str, new: str, problem: str) -> None:
    """At the line of the old file, in the words of today, and as in a file written today."""
    assert OLD.count(old) == 1
    text = OLD.replace(old, new)
    told = refusal(town, text)
    assert sum(line.startswith(problem) for line in told) == 1
    assert told == refusal(town, written_anew(text, 1))


def test_a_file_of_the_future_is_not_judged(town: Path) -> None:
    """Its unknown keys are no mistakes: it is this program that does not know them."""
    text = "seed: -1\nfuture: 1\nschema_version: 3\n" + TOWN
    assert refusal(town, text) == [
        "town.yaml:3 schema_version: written for a newer dispatch (version 3; this one reads up to 2). "
        "Update dispatch, or write the file in version 2."
    ]


@pytest.mark.parametrize("value", ["2.5e300", "1" * 4000, "0x" + "f" * 6000])
def test_a_version_beyond_all_bounds(town: Path, value: str) -> None:
    (told,) = refusal(town, f"schema_version: {value}\n" + TOWN)
    assert "town.yaml:1 schema_version: written for a newer dispatch (version " in told
    assert len(told) < 200


@pytest.mark.parametrize(
    "value", ["0", "-1", "1.5", "'1'", "true", "", "~", "one", "[1]", "{a: 1}", "-0x" + "f" * 6000]
)
@pytest.mark.parametrize("lists", ["", LISTS])
def test_what_is_no_version(town: Path, value: str, lists: str) -> None:
    (told,) = refusal(town, f"schema_version: {value}\n" + TOWN + lists)
    assert told.startswith("town.yaml:1 schema_version: ")
    assert " is not a version of this format. Write 'schema_version: 2', or leave it out." in told
    assert len(told) < 200


def test_a_wrong_version_hides_no_other_mistake(town: Path) -> None:
    told = refusal(town, "schema_version: x\nseed: -1\n" + TOWN + LISTS.replace("- W1", "- W11"))
    places = [line.split(": ")[0] for line in told]
    assert places == [
        "town.yaml:1 schema_version",
        "town.yaml:2 seed",
        "town.yaml:19 dispatching.first_due.c[1]",
    ]


@pytest.mark.parametrize("version", ["", "schema_version: 1\n"])
@pytest.mark.parametrize("first", ["orders", "first_due"])
def test_both_names_at_once(town: Path, version: str, first: str) -> None:
    second = {"orders": "first_due", "first_due": "orders"}[first]
    lists = f"dispatching:\n  policy: run_card_order\n  {first}: {{c: [E1]}}\n  {second}: {{b: [W1, W2]}}\n"
    text = version + TOWN + lists
    line = text[: text.index(" orders:")].count("\n") + 1
    told = refusal(town, text)
    assert (
        f"town.yaml:{line} dispatching.orders: stands beside 'first_due', which is its name now. "
        "Put everything under 'first_due' and remove 'orders'."
    ) in told
    assert not any("unknown key" in problem for problem in told)
    assert any("'W2'" in problem for problem in told) == (second == "first_due")


@pytest.mark.parametrize(
    "value", ["[orders]", "orders", "5", "~", "[{orders: {c: [E1]}}]", "{orders: {orders: {c: [E1]}}}"]
)
@pytest.mark.parametrize("version", ["", "schema_version: 1\n"])
def test_rules_of_another_shape(town: Path, version: str, value: str) -> None:
    told = refusal(town, f"{version}{TOWN}dispatching: {value}\n")
    assert all(problem.startswith(f"town.yaml:{11 + bool(version)} dispatching") for problem in told)


@pytest.mark.parametrize("text", ["", "- schema_version: 1\n", "schema_version\n", "7\n"])
def test_a_file_without_keys(town: Path, text: str) -> None:
    assert refusal(town, text) == [
        "town.yaml:1: the file holds no mapping of names to values. See the documentation."
    ]


# ------------------------------------------------------------------------------------------------- the steps


def renamed(
    text: str, *holder: str | int, old: str, new: str
) -> tuple[Any, dict[Any, int], list[str], list[str]]:
    """Return data, lines, what was said and what was found wrong after renaming a key."""
    problems = Problems()
    document = parse_yaml(text, "x.yaml", problems)
    assert document is not None
    said = rename(document, problems, holder, old, new)
    return document.data, document.lines, said, [str(problem) for problem in problems.found]


def test_renaming_moves_lines_and_keeps_the_order_of_keys() -> None:
    data, lines, said, wrong = renamed(
        "p:\n  x: 1\n  old:\n    - 2\n    - k: 3\n  older: 4\n", "p", old="old", new="new"
    )
    assert list(data["p"].items()) == [("x", 1), ("new", [2, {"k": 3}]), ("older", 4)]
    assert lines == {
        (): 1, ("p",): 1, ("p", "x"): 2, ("p", "new"): 3, ("p", "new", 0): 4, ("p", "new", 1): 5,
        ("p", "new", 1, "k"): 5, ("p", "older"): 6,
    }  # fmt: skip
    assert said == ["p.old (line 3) is now p.new"]
    assert wrong == []


def test_renaming_at_the_top() -> None:
    data, lines, said, _ = renamed("a: 1\nold: {b: 2}\n", old="old", new="new")
    assert data == {"a": 1, "new": {"b": 2}}
    assert lines[("new", "b")] == 2
    assert said == ["old (line 2) is now new"]


def test_renaming_what_is_not_there_changes_nothing() -> None:
    for text in ("p: {x: 1}\n", "q: {old: 1}\n", "p: old\n", "p: [old]\n", "p:\n"):
        data, _, said, wrong = renamed(text, "p", old="old", new="new")
        document = parse_yaml(text, "x.yaml", Problems())
        assert document is not None
        assert data == document.data
        assert said == wrong == []


def test_aliases_are_renamed_apart() -> None:
    """What an alias repeats elsewhere keeps its own name there."""
    text = "dispatching: &rules {policy: run_card_order, orders: {c: [E1]}}\nother: *rules\n"
    document = parse_yaml(text, "x.yaml", Problems())
    assert document is not None
    upgrade(document, Problems())
    assert "first_due" in document.data["dispatching"]
    assert "orders" in document.data["other"]


def test_every_step_is_taken_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file goes through the steps of its own version and later ones, and through no earlier ones."""
    monkeypatch.setattr(
        "dispatch.scenario.upgrading.STEPS",
        {number: lambda *_, n=number: [f"step {n}"] for number in (1, 2, 3)},
    )
    monkeypatch.setattr("dispatch.scenario.upgrading.NEWEST", 4)
    for written, steps in {"1": "step 1; step 2; step 3", "2": "step 2; step 3", "3": "step 3"}.items():
        document = parse_yaml(f"schema_version: {written}\n", "x.yaml", Problems())
        assert document is not None
        (notice,) = upgrade(document, Problems())
        assert notice.startswith(
            f"x.yaml: written for schema version {written}, read as version 4: {steps}. "
        )
        assert document.data == {"schema_version": 4}
    document = parse_yaml("schema_version: 5\n", "x.yaml", Problems())
    assert document is not None
    with pytest.raises(ScenarioError, match="this one reads up to 4"):
        upgrade(document, Problems())
