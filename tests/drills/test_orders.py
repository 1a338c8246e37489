"""What may be typed and sent, in both languages, and how it is refused."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Any

import pytest

from dispatch.drills.moments import exercise_time
from dispatch.drills.orders import Command, Names, command_of, read_command
from dispatch.errors import UsageError

NAMES = Names(
    units=("E1", "W1", "Engine 9"),
    calls=("f1", "fire-1", "lift 3"),
    stations=("west", "东街口"),
    agreements=("city",),
    items=("foam", "sand bags"),
    depots=("north",),
    nodes=("a", "b"),
    entries={"I01": 2, "I02": 0, "I03": 1},
)


def order(**inject: Any) -> Command:
    return Command("order", {"order": inject})


SEND = order(order={"unit": "E1", "incident": "f1"})
TYPED = {
    "send E1 to f1": SEND,
    "SEND e1 TO F1": SEND,
    "派 E1 到 f1": SEND,
    "出动 E1 往 f1": SEND,
    'send "Engine 9" to lift 3': order(order={"unit": "Engine 9", "incident": "lift 3"}),
    "move W1 to 东街口": order(order={"unit": "W1", "station": "东街口"}),
    "移防 W1 到 west": order(order={"unit": "W1", "station": "west"}),
    "recall W1": order(recall={"unit": "W1"}),
    "召回 W1 替换": order(recall={"unit": "W1", "replace": True}),
    "recall Engine 9 replace": order(recall={"unit": "Engine 9", "replace": True}),
    "stage E1 for f1 at b": order(stage={"unit": "E1", "incident": "f1", "node": "b"}),
    "集结 E1 在 b 为 f1": order(stage={"unit": "E1", "incident": "f1", "node": "b"}),
    "ask city for f1": order(ask={"agreement": "city", "incident": "f1", "units": 1}),
    "请援 city 为 lift 3 2": order(ask={"agreement": "city", "incident": "lift 3", "units": 2}),
    "ask city for lift 3": order(ask={"agreement": "city", "incident": "lift 3", "units": 1}),
    "raise f1 to 3": order(level={"incident": "f1", "level": 3}),
    "升级 f1 到 4": order(level={"incident": "f1", "level": 4}),
    "supply 20 t foam to f1": order(supply={"incident": "f1", "item": "foam", "amount": "20 t"}),
    "调拨 500 sand bags 到 f1 从 north": order(
        supply={"incident": "f1", "item": "sand bags", "amount": "500", "depot": "north"}
    ),
    "done I01 2": Command("done", {"entry": "I01", "action": 2}),
    "完成 i03": Command("done", {"entry": "I03", "action": 1}),
    "note the mayor is on her way to f1": Command("note", {"text": "the mayor is on her way to f1"}),
    "记录 市长 到了": Command("note", {"text": "市长 到了"}),
    "pause": Command("pause"),
    "继续": Command("resume"),
    "scale 60": Command("scale", {"scale": 60.0}),
    "倍速 x2.5": Command("scale", {"scale": 2.5}),
    "scale max": Command("scale", {"scale": inf}),
    "next": Command("next"),
    "jump T+12:00": Command("jump", {"to": 720.0}),
    "跳到 20 分钟": Command("jump", {"to": 1200.0}),
    "skip I01": Command("skip", {"entry": "I01"}),
    "发布 I02": Command("publish", {"entry": "I02"}),
    "ENDEX": Command("end"),
    "?": Command("help"),
    "quit": Command("quit"),
}


@pytest.mark.parametrize("line", TYPED)
def test_typed_lines_are_understood(line: str) -> None:
    assert read_command(line, NAMES) == TYPED[line]
    assert command_of({"say": line, "at": 5, "ref": 1}, NAMES) == TYPED[line]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "empty line"),
        ("x" * 5000, "4000 characters"),
        ("sned E1 to f1", "Did you mean 'send'?"),
        ("send E2 to f1", "no unit 'E2' is known. Known: E1, Engine 9, W1."),
        ("send E1 to fier-1", "no call 'fier-1' has come in. Did you mean 'fire-1'?"),
        ("send E1", "no call is named"),
        ("send E1 to f1 at b", "'at b' does not belong there"),
        ("stage E1 for f1", "no node is named"),
        ("raise f1 to ten", "'ten' is not an alarm level"),
        ("supply foam to f1", "an amount and an item"),
        ("supply 5 t foma to f1", "no item 'foma' is known. Did you mean 'foam'?"),
        ("supply 5 t foam to f1 from south", "no depot 'south'"),
        ("done I01", "'I01' has 2 expected actions"),
        ("done I01 3", "no number 3"),
        ("done I01 0", "no number 0"),
        ("done I02", "nothing is expected after 'I02'"),
        ("note", "a note without words"),
        ("scale 0", "'0' is not a scale"),
        ("scale fast", "'fast' is not a scale"),
        ("scale nan", "'nan' is not a scale"),
        ("jump soon", "'soon' is not a time"),
        ("pause now", "'now' does not belong there"),
        ("skip I9", "no entry 'I9' is known"),
    ],
)
def test_what_is_not_understood_is_refused_with_a_way_out(line: str, told: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_command(line, NAMES)
    assert told in str(refused.value)


def test_a_chinese_preposition_may_stand_at_its_name() -> None:
    names = replace(NAMES, calls=["二号罐", "到站火警"])
    sent = [read_command(f"派 E1 {rest}", names) for rest in ("到 二号罐", "到二号罐", "往二号罐")]
    assert {str(command.values["order"]) for command in sent} == {
        str({"order": {"unit": "E1", "incident": "二号罐"}})
    }
    assert read_command("派 E1 到 到站火警", names).values["order"]["order"]["incident"] == "到站火警"


def test_a_script_that_players_must_not_know_is_not_listed() -> None:
    for secret, told in (
        (False, "no entry 'I9' is known. Known: I01, I02, I03."),
        (True, "no entry 'I9' is known."),
    ):
        with pytest.raises(UsageError) as refused:
            read_command("publish I9", replace(NAMES, secret=secret))
        assert str(refused.value) == told


@pytest.mark.parametrize(
    ("document", "command"),
    [
        ({"order": {"order": {"unit": "e1", "incident": "f1"}}}, SEND),
        ({"order": {"recall": {"unit": "W1", "replace": True}}}, TYPED["召回 W1 替换"]),
        ({"clock": "pause"}, Command("pause")),
        ({"clock": {"scale": 10}}, Command("scale", {"scale": 10.0})),
        ({"clock": {"scale": "max"}}, Command("scale", {"scale": inf})),
        ({"clock": {"jump": 720}}, Command("jump", {"to": 720.0})),
        ({"done": {"entry": "I01", "action": 2}}, Command("done", {"entry": "I01", "action": 2})),
        ({"note": "seen"}, Command("note", {"text": "seen"})),
        ({"publish": "I01"}, Command("publish", {"entry": "I01"})),
    ],
)
def test_json_is_understood(document: dict[str, Any], command: Command) -> None:
    assert command_of(document, NAMES) == command


@pytest.mark.parametrize(
    "document",
    [
        {}, [], 5, None, "send E1 to f1", {"order": {}}, {"order": 5},
        {"order": {"incident": {"type": "fire"}}},
        {"order": {"order": 5}}, {"order": {"order": {"unit": "E2", "incident": "f1"}}}, {"clock": "stop"},
        {"clock": {"scale": True}}, {"clock": {"scale": -1}}, {"clock": {"scale": 1, "jump": 2}}, {"done": 5},
        {"done": {"entry": "I01", "action": "2"}},
        {"done": {"entry": "I01", "action": 0}}, {"note": 5}, {"dance": "now"},
        {"note": "a", "skip": "I01"}, {"order": {"order": {"unit": ["E1"], "incident": {}}}},
    ],
)  # fmt: skip
def test_other_json_is_refused(document: object) -> None:
    with pytest.raises(UsageError) as refused:
        command_of(document, NAMES)
    assert str(refused.value)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("T+12:30", 750.0), ("t+1:00:05.5", 3605.5), ("T+10:00.5", 600.5),
        ("90:00", 5400.0), ("T+90", 90.0), ("90.5", 90.5),
        ("T+ 12 min", 720.0), ("1 小时", 3600.0), (42, 42.0),
    ],
)  # fmt: skip
def test_times_of_the_exercise(written: object, seconds: float) -> None:
    assert exercise_time(written) == seconds


@pytest.mark.parametrize("written", ["", "T+", "T+1:99", "-5", None, True, [5], "1:2:3"])
def test_other_times_are_refused(written: object) -> None:
    with pytest.raises(UsageError, match="not a time"):
        exercise_time(written)
