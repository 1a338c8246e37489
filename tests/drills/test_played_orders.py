"""What players order, through ``Play`` and through the command: the moments of units against those by hand.

The line of five nodes, a minute of driving apart: W1 and W2 at a, E1 and E2 of a neighbour at e, who leaves
30 s late, and a fire at c 100 s after STARTEX, two minutes from either end, that takes its units 20 minutes.
"""

from __future__ import annotations

from contextlib import closing
from math import inf, nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dispatch.cli.drill_playing import log_text
from dispatch.drills.drill import Drill, read_drill
from dispatch.drills.outcome import played
from dispatch.drills.playing import Play
from dispatch.drills.reviewing import model_state, review
from dispatch.drills.session import Session, folded, read_session
from dispatch.regression.events import WORDS, events_of
from tests.cli.world import dispatch
from tests.drills.lines import call, write_brief
from tests.small import write_scenario

if TYPE_CHECKING:
    from dispatch import Log

SHIPPED = Path(__file__).parents[2] / "scenarios" / "drills"

TRUCK = {"trucks": {"t": {"payload": "5 t", "unload": 0}}, "load_out": 0}
WORLD: dict[str, Any] = {
    "demand": {"poisson": {"fire": {"rate": "0/d"}}},
    "stations": {"west": {"at": "a"}, "east": {"at": "e", "owner": "mutual_aid"}},
    "units": {
        name: {"type": "engine", "station": "west" if name[0] == "W" else "east"}
        for name in ("W1", "W2", "E1", "E2")
    },
    "incident_types": {"fire": {"run_card": {"engine": 1}, "on_scene": "20 min", "alarm": {"level": 1}}},
    "plans": {
        "catalogue": None,
        "classes": {"fire": {"scale": "fire"}},
        "own": {"all": {"classes": ["fire"], "cards": {n: {"units": {"engine": n}} for n in (1, 2)}}},
    },
    "agreements": {"help": {"owners": ["mutual_aid"], "asked_when": {"erf_over": "10 h"}, "delay": 30}},
    "depots": {
        "near": {"at": "b", "stock": {"foam-6": "1 t"}, **TRUCK},
        "far": {"at": "a", "stock": {"foam-6": "9 t"}, **TRUCK},
    },
}

CASES: dict[str, tuple[tuple[str, ...], dict[str, float], dict[str, float]]] = {
    # orders; when units and trucks are at the fire where nobody else sends, and where the model does
    "nothing": ((), {}, {"W1": 220}),
    "send": (("T+3:20 send W2 to f",), {"W2": 320}, {"W1": 220, "W2": 320}),
    "send a neighbour's": (("T+3:20 派 E1 到 f",), {"E1": 350}, {"W1": 220, "E1": 350}),
    "stage": (("T+3:20 stage W2 for f at b",), {}, {"W1": 220}),
    "stage, then forward": (
        ("T+3:20 stage W2 for f at b", "T+8:20 send W2 to f"), {"W2": 560}, {"W1": 220, "W2": 560},
    ),
    "stage, then home": (("T+3:20 stage W2 for f at b", "T+8:20 recall W2"), {}, {"W1": 220}),
    "ask": (("T+5:00 ask help for f 2",), {"E1": 450, "E2": 450}, {"W1": 220, "E1": 450, "E2": 450}),
    "ask for more than there is": (
        ("T+5:00 请援 help 为 f 3",), {"E1": 450, "E2": 450}, {"W1": 220, "E1": 450, "E2": 450},
    ),
    "supply": (("T+5:00 supply 800 kg foam-6 to f",), {"near/t-1": 360}, {"W1": 220, "near/t-1": 360}),
    "supply from": (
        ("T+5:00 supply 800 kg foam-6 to f from far",), {"far/t-1": 420}, {"W1": 220, "far/t-1": 420},
    ),
    "send and recall": (("T+2:10 send W2 to f", "T+2:40 recall W2"), {}, {"W1": 220}),
    "move, then send": (
        ("T+3:20 move W2 to east", "T+8:20 send W2 to f"), {"W2": 620}, {"W1": 220, "W2": 620},
    ),
    "raise": (("T+3:20 raise f to 2",), {}, {"W1": 220, "W2": 320}),
    "raise, then send": (
        ("T+3:20 升级 f 到 2", "T+3:40 send E1 to f"), {"E1": 370}, {"W1": 220, "W2": 320, "E1": 370},
    ),
}  # fmt: skip
"""A supply truck counts as there when it has delivered."""


def exercise(folder: Path, silent: str) -> Drill:
    write_scenario(folder, **WORLD)
    expects = [{"text": "An engine is sent.", "by": "5 min", "sent": {"incident": "f"}}]
    entries = {"f": call(100, expects=expects)}
    return read_drill(write_brief(folder, "drill.yaml", silent=silent, lasts="1 h", entries=entries))


def moment_of(line: str) -> float:
    minutes, _, seconds = line.partition(" ")[0].removeprefix("T+").partition(":")
    return int(minutes) * 60.0 + int(seconds)


def play_of(
    drill: Drill, path: Path, orders: tuple[str, ...], silent: str | None = None
) -> tuple[Play, list[dict[str, Any]]]:
    """Play an exercise with orders to its end; return it and the answers to the orders."""
    with closing(Session.begin(path)) as session:
        play = Play(drill, session, 0.0, scale=inf, silent=silent, attended=False)
        for number, line in enumerate(orders):
            play.schedule(moment_of(line), line.partition(" ")[2], str(number))
        answers = [each for each in play.step(1.0) if "given" in each]
    assert play.over
    return play, answers


def there(drill: Drill, log: Log, incident: str) -> dict[str, float]:
    """Return when units, and trucks with supplies, were at a call [s of play]."""
    return {
        event.unit: round(event.time - drill.begins, 3)
        for event in events_of(log)
        if event.incident == incident and event.unit
        if WORDS[event.kind] == "on scene" or event.detail.startswith("supplies delivered")
    }


@pytest.mark.parametrize("silent", ["nothing", "advice"])
@pytest.mark.parametrize("name", CASES)
def test_units_are_there_when_their_orders_say(tmp_path: Path, name: str, silent: str) -> None:
    orders, alone, advised = CASES[name]
    drill = exercise(tmp_path, silent)
    play, answers = play_of(drill, tmp_path / "session", orders)
    assert [each["ok"] for each in answers] == [True] * len(orders)
    assert there(drill, play.log, "f") == (alone if silent == "nothing" else advised)
    records, notes = read_session(tmp_path / "session")
    assert (len(folded(records).orders), list(notes)) == (len(orders), [])
    assert events_of(played(drill, folded(records))) == events_of(play.log)


@pytest.mark.parametrize("silent", ["nothing", "advice"])
@pytest.mark.parametrize("name", ["send", "ask", "raise, then send", "stage, then home"])
def test_a_review_counts_the_orders_and_what_they_changed(tmp_path: Path, name: str, silent: str) -> None:
    orders, alone, advised = CASES[name]
    drill = exercise(tmp_path, silent)
    play, _ = play_of(drill, tmp_path / "session", orders)
    found = review(drill, play.state)
    (known,) = found.calls
    assert (known.id, known.known) == ("f", 100.0)
    assert known.ordered == moment_of(orders[0])
    (pair,) = found.paired
    reached = alone if silent == "nothing" else advised
    assert pair.first == pytest.approx((min(reached.values(), default=nan) - 100, 120.0), nan_ok=True)
    assert [moment.at for moment in found.moments if moment.kind == "order"] == [
        each["at"] for each in play.state.orders
    ]


def test_the_recalled_turn_home_and_their_place_is_another_units_only_if_wanted(tmp_path: Path) -> None:
    """W1 is ten seconds on its way at 110: it turns at b, at 160, and is home at 220."""
    drill = exercise(tmp_path, "advice")
    for line, reached in (("T+1:50 recall W1", {}), ("T+1:50 recall W1 replace", {"W2": 230.0})):
        play, (answer,) = play_of(drill, tmp_path / line, (line,))
        assert answer["ok"]
        assert there(drill, play.log, "f") == reached
        home = [
            event
            for event in events_of(play.log)
            if WORDS[event.kind] == "in quarters" and event.unit == "W1"
        ]
        assert [event.time - drill.begins for event in home] == [220.0]


def test_who_moved_up_answers_from_there(tmp_path: Path) -> None:
    write_scenario(tmp_path, **WORLD)
    entries = {"f": call(600, "e")}
    drill = read_drill(write_brief(tmp_path, lasts="1 h", entries=entries))
    reached = [
        there(drill, play_of(drill, tmp_path / str(number), orders)[0].log, "f")
        for number, orders in enumerate([(), ("T+0:10 move W2 to east",)])
    ]
    assert reached == [{"W1": 840.0}, {"W2": 600.0}]


@pytest.mark.parametrize(
    ("silent", "lines", "told"),
    [
        ("advice", ("T+3:20 send W1 to f",), "on this call already"),
        ("advice", ("T+3:20 raise f to 1",), "level"),
        ("advice", ("T+3:20 recall W2",), "not on a call"),
        ("nothing", ("T+3:20 recall W1",), "not on a call"),
        ("nothing", ("T+3:20 stage W1 for f at b", "T+5:00 stage W1 for f at b"), "on this call already"),
        ("nothing", ("T+5:00 ask help for f 2", "T+6:00 ask help for f 1"), "0 of 1 units"),
        ("nothing", ("T+1:30 send W1 to f",), "no call 'f' has come in"),
        ("advice", ("T+3:20 done f 1",), "the log shows"),
    ],
)
def test_what_changes_nothing_is_refused_and_leaves_the_log_as_it_was(
    tmp_path: Path, silent: str, lines: tuple[str, ...], told: str
) -> None:
    drill = exercise(tmp_path, silent)
    before, _ = play_of(drill, tmp_path / "before", lines[:-1])
    play, answers = play_of(drill, tmp_path / "session", lines)
    assert [each["ok"] for each in answers] == [*[True] * (len(lines) - 1), False]
    assert told in answers[-1]["text"]
    assert play.state == before.state
    assert events_of(play.log) == events_of(before.log)


@pytest.mark.parametrize(("by", "comes"), [(3499, {"f": 100.0, "late": 3599.001}), (3500, {"f": 100.0})])
def test_what_would_come_at_endex_does_not_come(tmp_path: Path, by: float, comes: dict[str, float]) -> None:
    write_scenario(tmp_path, **WORLD)
    expects = [{"text": "Help is asked for.", "by": by, "asked": {"agreement": "help", "incident": "f"}}]
    entries = {"f": call(100, expects=expects), "late": {"at": 0, "text": "x", "contingency_of": "f"}}
    drill = read_drill(write_brief(tmp_path, lasts="1 h", entries=entries))
    play, _ = play_of(drill, tmp_path / "session", ())
    assert play.state.delivered == comes == model_state(drill).delivered


@pytest.mark.parametrize("silent", ["nothing", "advice"])
def test_the_command_plays_orders_of_a_file_to_the_same_log(tmp_path: Path, silent: str) -> None:
    drill = exercise(tmp_path, "advice")
    lines = (
        "T+2:10 send W2 to f", "T+2:40 recall W2 replace", "T+4:00 stage E1 for f at d",
        "T+5:00 ask help for f 1", "T+6:00 supply 500 kg foam-6 to f from far",
        "T+7:00 send E1 to f", "T+8:00 raise f to 2", "T+20:00 move W2 to east",
    )  # fmt: skip
    (tmp_path / "orders.txt").write_text("\n".join(("# 命令", *lines)), encoding="utf-8")
    options = ("--headless", "--scale", "max", "--orders", tmp_path / "orders.txt", "--silent", silent)
    dispatch("drill", "play", tmp_path, *options, "-o", tmp_path / "played.log")
    text = (tmp_path / "played.log").read_text(encoding="utf-8")
    assert dispatch("drill", "play", tmp_path, "--replay", tmp_path / "session.jsonl").stdout == text
    play, answers = play_of(exercise(tmp_path, silent), tmp_path / "other", lines)
    assert [each["text"] for each in answers if not each["ok"]] == []
    assert log_text(drill, play.log) == text
    # E2 is asked for at 300; E1 waits at d from 300 on, and goes forward at 420.
    assert there(drill, play.log, "f").items() >= {"E1": 480.0, "E2": 450.0, "far/t-1": 480.0}.items()


Told = tuple[str, str, str]
"""Word, unit and begin of the detail of an event that an order must bring about at its moment."""

BOTH: dict[str, dict[str, Told]] = {
    "gl-blackout-wood": {
        "T+20:00 move DJ-A1 to micro-wooden": ("noted", "DJ-A1", "order: moves to micro-wooden"),
        "T+33:00 stage DJ-W1 for 木屋-fire at DJK": ("alerted", "DJ-W1", ""),
        "T+40:00 raise 木屋-fire to 4": ("noted", "", "level raised: from 3 to 4, by order"),
        "T+41:00 ask city for 木屋-fire 2": ("noted", "", "ask: 2 of 2 units of 'city'"),
        "T+46:00 supply 8000 l water to 木屋-fire": ("noted", "", "supply: "),
        "T+50:00 send DJ-W1 to 木屋-fire": ("noted", "DJ-W1", "order: sent forward"),
    },
    "hn-bus-mountain": {
        "T+9:00 move HS-P3 to taipingdian-120": ("noted", "HS-P3", "order: moves to taipingdian-120"),
        "T+18:00 stage HS-P3 for 客车-coach at TPD": ("alerted", "HS-P3", ""),
        "T+20:00 ask jingyuan for 客车-coach": ("noted", "", "ask: 1 of 1 units of 'jingyuan'"),
        "T+21:00 supply 20 pieces blankets to 客车-coach from taipingdian": ("noted", "", "supply: "),
        "T+30:00 recall HS-P3": ("noted", "HS-P3", "recall: "),
    },
    "lz-petro-tank": {
        "T+3:00 raise 储罐-tank to 4": ("noted", "", "level raised: from 3 to 4, by order"),
        "T+15:00 supply 5 t foam-6 to 储罐-tank from new-area": ("noted", "", "supply: "),
        "T+16:00 send ZC-R2 to 储罐-tank": ("alerted", "ZC-R2", ""),
        "T+20:00 recall ZC-R2": ("noted", "ZC-R2", "recall: "),
    },
}


@pytest.mark.parametrize("silent", ["nothing", "advice"])
@pytest.mark.parametrize("name", BOTH)
def test_orders_in_the_shipped_exercises(tmp_path: Path, name: str, silent: str) -> None:
    drill = read_drill(SHIPPED / f"{name}.yaml")
    orders = BOTH[name]
    play, answers = play_of(drill, tmp_path / "session", tuple(orders), silent)
    assert [each["text"] for each in answers if not each["ok"]] == []
    happened = [
        (round(event.time - drill.begins, 3), WORDS[event.kind], event.unit, event.detail)
        for event in events_of(play.log)
    ]
    for line, (word, unit, head) in orders.items():
        then = [each[3] for each in happened if each[:3] == (moment_of(line), word, unit)]
        assert [detail for detail in then if detail.startswith(head)], line
    records, _ = read_session(tmp_path / "session")
    assert events_of(played(drill, folded(records))) == events_of(play.log)
    found = review(drill, play.state)
    assert sum(moment.kind == "order" for moment in found.moments) == len(orders)
    first = {
        each.id: min((moment_of(line) for line in orders if f" {each.id}" in line), default=inf)
        for each in found.calls
    }
    assert {each.id: each.ordered for each in found.calls if each.ordered == each.ordered} == {
        name: moment for name, moment in first.items() if moment < inf
    }
