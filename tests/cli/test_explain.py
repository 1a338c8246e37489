"""``dispatch explain``: one call of a finished run, in words and as JSON, and what it refuses."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_output import _terminal, _width
from tests.cli.world import dispatch, write
from tests.engine.towns import BOTH, call, scenario
from tests.regression.worlds import write_case

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Run the three calls of the regression tests and return the folder.

    W1 (at a) reaches x at b after 60 s and is busy until 660 s; y comes from b at 100 s, and E1 (at e, 180 s
    away) is the only one that is free.
    """
    path = write_case(tmp_path)
    dispatch("run", path.name, "-o", "out", cwd=tmp_path)
    return tmp_path / "out"


def test_a_call_in_words(run: Path) -> None:
    assert dispatch("explain", "out", "--incident", "y", cwd=run.parent).stdout == (
        "Incident y\n"
        "fire at b in left, priority 1; needs 1 engine\n"
        "scenario, layout baseline, replication 0, seed 1; policy nearest; speeds planning\n"
        "every unit came; the log is that of the run, event by event\n"
        "received 2024-01-01T00:01:40+00:00; times below are since the start\n"
        "\n"
        "00:01:40.0  call received\n"
        "00:01:40.0  ready for dispatch, 0.0 s after the call\n"
        "00:01:40.0  decision\n"
        "  engine: 1 of 2 could go\n"
        "unit station doing          there at, or why not      \n"
        "E1   east    in quarters    00:04:40.0, in 3 min 00 s \n"
        "W1   west    on scene for x busy; free at 00:11:00.0  \n"
        "  → E1: the only one that could go\n"
        "00:01:40.0  alerted: E1\n"
        "00:01:40.0  en route: E1\n"
        "00:04:40.0  on scene: E1, as estimated\n"
        "00:14:40.0  clear: E1\n"
        "00:14:40.0  call closed, 13 min 00 s after the call\n"
    )


def test_a_call_as_json(run: Path) -> None:
    """The same bytes each time, from anywhere."""
    text = dispatch("explain", "out", "-i", "y", "--json", cwd=run.parent).stdout
    assert dispatch("explain", run, "-i", "y", "--json").stdout == text
    found = json.loads(text)
    assert set(found) == {
        "closed", "course", "decisions", "equal", "first_due", "incident", "layout", "levels", "needs",
        "node", "notices", "policy", "priority", "ready", "received", "replication", "responses", "scenario",
        "seed", "severity", "speeds", "status", "supplies", "type", "zone",
    }  # fmt: skip
    assert found["supplies"] is None
    assert (found["equal"], found["incident"], found["received"], found["closed"]) == (True, "y", 100, 880)
    (decision,) = found["decisions"]
    (group,) = decision["groups"]
    assert (group["capability"], group["crew"], group["needs"]) == ("engine", 0, [1])
    assert group["candidates"] == [
        {"unit": "E1", "station": "east", "status": "in quarters", "incident": "", "seconds": 180, "why": "",
         "until": None, "sent_to": "y"},
        {"unit": "W1", "station": "west", "status": "on scene", "incident": "x", "seconds": None,
         "why": "busy", "until": 660, "sent_to": ""},
    ]  # fmt: skip
    assert decision["choices"] == [
        {"need": 1, "capability": "engine", "unit": "E1", "outcome": "sent", "seconds": 180,
         "reason": {"code": "only_one", "words": "the only one that could go", "other": "", "margin": None,
                    "needs": 0, "passed": [], "place": 0, "weighed": []}}
    ]  # fmt: skip
    assert [entry["what"] for entry in found["course"]] == [
        "received", "ready", "decision", "alerted", "en route", "on scene", "clear", "closed",
    ]  # fmt: skip
    (sent,) = found["responses"]
    assert (sent["estimated_arrival"], sent["on_scene"]) == (280, 280)


def test_random_calls_of_any_replication_and_layout(tmp_path: Path) -> None:
    """One crew for a call an hour: some wait, and the ids of a replication mean its own calls."""
    path = write(tmp_path)
    dispatch("run", path, "-r", "2", "--layout", "two", "-o", tmp_path / "out", "--seed", "5")
    texts = []
    for number in ("0", "1"):
        words = ("explain", tmp_path / "out", "-i", "fire-2", "--replication", number, "--json")
        texts.append(json.loads(dispatch(*words).stdout))
    assert [(text["replication"], text["layout"], text["seed"]) for text in texts] == [
        (0, "two", 5),
        (1, "two", 5),
    ]
    assert texts[0]["received"] != texts[1]["received"]
    table = (tmp_path / "out" / "incidents.csv").read_text().splitlines()
    rows = [dict(zip(table[0].split(","), row.split(","), strict=True)) for row in table[1:]]
    received = [float(row["received"]) for row in rows if row["incident"] == "fire-2"]
    assert [text["received"] for text in texts] == received


def test_long_waits_are_told_in_short(tmp_path: Path) -> None:
    """The one ladder is away, and every engine that goes or comes is a decision at which nothing changes."""
    kinds = {
        "engine": {"capabilities": ["engine"], "turnout": 0},
        "ladder": {"capabilities": ["high"], "turnout": 0},
    }
    others = (call(f"y{i}", 1000 * i + 500, "b") for i in range(4))
    calls = (call("l", 0, "d", units="high:1", on_scene=9000), call("x", 10, "d", units="high:1"), *others)
    units = BOTH | {"L1": {"type": "ladder", "station": "east"}}
    path = scenario(tmp_path, *calls, unit_types=kinds, units=units).path
    dispatch("run", path, "-o", tmp_path / "out")
    shown = dispatch("explain", tmp_path / "out", "-i", "x").stdout
    assert shown.count("  → the need for high waits: nobody who is able is free to go\n") == 1
    assert (
        "\n… 8 more decisions with the same outcome, the last at 01:01:40.0\n02:30:00.0  decision\n" in shown
    )
    found = json.loads(dispatch("explain", tmp_path / "out", "-i", "x", "--json").stdout)
    moments = [10.0, *(1000.0 * i + after for i in range(4) for after in (500, 700)), 9000.0]
    assert [decision["time"] for decision in found["decisions"]] == moments


def test_tables_that_differ_in_moments_only_are_printed_once(tmp_path: Path) -> None:
    """The ladder is at x when w comes, and still there when the engine is done at y and goes."""
    kinds = {
        "engine": {"capabilities": ["engine"], "turnout": 0},
        "ladder": {"capabilities": ["high"], "turnout": 0},
    }
    calls = [call("x", 0, "d", units="high:1", on_scene=9000), call("y", 0, "b", on_scene=2000)]
    calls += [call("w", 900, "c", units="engine:1;high:1")]
    units = {"W1": BOTH["W1"], "L1": {"type": "ladder", "station": "east"}}
    path = scenario(tmp_path, *calls, unit_types=kinds, units=units).path
    dispatch("run", path, "-o", tmp_path / "out")
    shown = dispatch("explain", tmp_path / "out", "-i", "w").stdout
    assert re.findall(r"\n  (\w+: \d of \d) could go\n", shown) == [
        "engine: 0 of 1", "high: 0 of 1", "engine: 1 of 1", "high: 1 of 1",
    ]  # fmt: skip
    assert len(re.findall("→ the need for high .* waits: nobody", shown)) == 3
    assert shown.count("  decision") == 4


def test_in_short(run: Path) -> None:
    """Who was sent and why, arrivals and the end; the same words as at length, without tables."""
    assert dispatch("explain", "out", "--incident", "y", "--short", cwd=run.parent).stdout == (
        "Incident y\n"
        "fire at b in left, priority 1; needs 1 engine\n"
        "scenario, layout baseline, replication 0, seed 1; policy nearest; speeds planning\n"
        "every unit came; the log is that of the run, event by event\n"
        "received 2024-01-01T00:01:40+00:00; times below are since the start\n"
        "\n"
        "00:01:40.0  → E1: the only one that could go\n"
        "00:04:40.0  on scene: E1, as estimated\n"
        "00:14:40.0  call closed, 13 min 00 s after the call\n"
    )
    done = dispatch("explain", "out", "-i", "y", "--short", "--json", cwd=run.parent, code=2)
    assert (done.stdout, done.stderr) == (
        "", "--short and --json cannot go together. JSON has everything; choose one.\n",
    )  # fmt: skip


def test_levels_notices_and_orders_in_short(tmp_path: Path) -> None:
    """Who was sent by order has no decision that tells it: the alert does."""
    injects = [
        {"at": 0, "incident": {"id": "i", "type": "fire", "node": "b"}},
        {"at": 50, "level": {"incident": "i", "level": 2}},
        {"at": 50, "order": {"unit": "E1", "incident": "i"}},
    ]
    cards = {1: {"units": {"engine": 1}}, 2: {"units": {"engine": 2}}}
    own = {"all": {"classes": ["fire"], "cards": cards}}
    plans = {"catalogue": None, "classes": {"fire": {"scale": "fire"}}, "own": own}
    kinds = {"fire": {"classed_as": "fire", "on_scene": 600, "alarm": {"scale": "fire", "level": 1}}}
    demand = {"poisson": {"fire": {"rate": "0.001/yr"}}}
    changes = {"units": BOTH, "incident_types": kinds, "plans": plans}
    path = scenario(tmp_path, **changes, injects=injects, demand=demand).path
    dispatch("run", path, "-o", tmp_path / "out")
    shown = dispatch("explain", tmp_path / "out", "-i", "i", "--short").stdout
    assert "00:00:00.0  alarm level 1" in shown
    assert "00:00:50.0  alarm level raised to 2" in shown
    assert "00:00:50.0  alerted: E1\n" in shown
    assert "00:00:50.0  → E1" not in shown
    assert not re.search(r"\d of \d could go", shown)
    whole = dispatch("explain", tmp_path / "out", "-i", "i").stdout
    assert set(re.findall("on scene: .*", shown)) == set(re.findall("on scene: .*", whole)) != set()


def test_pipes_break_no_line_and_no_cell(tmp_path: Path) -> None:
    """Sentences of more than 200 columns, and tables as wide: whoever searches for a line finds it whole."""
    long = "fire engine of the volunteers of the village beyond the second bridge across the upper river top"
    west, east = (f"{place} station as it was called before the reform" for place in ("western", "eastern"))
    stations = {west: {"at": "a"}, east: {"at": "d"}}
    units = {f"{number} {long}": {"type": "engine", "station": station}
             for number, station in (("first", west), ("second", east))}  # fmt: skip
    path = scenario(tmp_path, call("x", 0, "b"), call("y", 0, "b"), units=units, stations=stations).path
    dispatch("run", path, "-o", tmp_path / "out")
    shown = dispatch("explain", tmp_path / "out", "-i", "x", COLUMNS="60").stdout.splitlines()
    sentence = f"  → first {long}: the nearest that could go: 1 min 40 s sooner than second {long}"
    assert len(sentence) > 200
    assert shown.count(sentence) == 1
    cells = [f"second {long}", east, "in quarters", "00:03:20.0, in 3 min 20 s; sent to y"]
    row = " ".join(cells)
    assert len(row) > 200
    assert [line.rstrip() for line in shown].count(row) == 1
    for columns in (60, 132):
        text = _terminal(columns, "explain", str(tmp_path / "out"), "--incident", "x")
        lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).splitlines()
        assert all(_width(line) <= columns for line in lines)
        assert sentence.strip() in " ".join(" ".join(lines).split())


@pytest.mark.parametrize("columns", [40, 72, 120])
def test_no_terminal_cuts_it(run: Path, columns: int) -> None:
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", _terminal(columns, "explain", str(run), "--incident", "y"))
    assert all(_width(line) <= columns for line in shown.splitlines())
    flat = " ".join(shown.split())
    assert "E1: the only one that could go" in flat
    for word in ("00:04:40.0,", "00:11:00.0", "west", "quarters"):
        assert word in flat.split(), "broken in two"


def test_what_is_not_there_is_refused(run: Path) -> None:
    for words, message in {
        ("--incident", "fire-1"): "replication 0 has no incident 'fire-1'. Known: x, y, z.\n",
        ("--incident", "y", "--replication", "1"): "out: has no replication 1. It has 1, numbered from 0.\n",
    }.items():
        done = dispatch("explain", "out", *words, cwd=run.parent, code=2)
        assert (done.stdout, done.stderr) == ("", message)
    assert "no run folder" in dispatch("explain", run.parent, "-i", "y", code=2).stderr


def test_changed_inputs_are_named(run: Path) -> None:
    calls = run.parent / "calls.csv"
    calls.write_text(calls.read_text().replace("y,100", "y,101"))
    done = dispatch("explain", "out", "-i", "y", cwd=run.parent, code=2)
    assert "these inputs have changed: demand.calls." in done.stderr
    assert done.stdout == ""


def test_a_log_that_differs_is_not_explained(run: Path) -> None:
    """Somebody has edited the run: E1 was at y a second later, they say."""
    table = run / "responses.csv"
    text = table.read_text()
    assert text.count(",280,") == 1
    table.write_text(text.replace(",280,", ",281,"))
    done = dispatch("explain", "out", "-i", "y", cwd=run.parent, code=1)
    assert "First difference: replication 0" in done.stdout
    assert "now: 280.0 on scene: E1 for y" in done.stdout
    assert "file responses.csv" in done.stdout
    assert "could go" not in done.stdout
    found = json.loads(dispatch("explain", "out", "-i", "y", "--json", cwd=run.parent, code=1).stdout)
    assert found["equal"] is False
    assert found["first_difference"]["b"]["time"] == 280
    assert found["inputs_that_differ"] == ["file responses.csv"]


def test_the_scenario_may_have_moved(run: Path) -> None:
    moved = run.parent / "elsewhere.yaml"
    (run.parent / "scenario.yaml").rename(moved)
    assert "Name it with --scenario." in dispatch("explain", run, "-i", "y", code=2).stderr
    assert "E1: the only one" in dispatch("explain", run, "-i", "y", "--scenario", moved).stdout
