"""Briefs by chance for a small world: every key of the format, and values that nobody should write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

Json = dict[str, Any]

TRUCK = {"trucks": {"t": {"payload": "5 t", "unload": 0}}, "load_out": 0}
WORLD: Json = {
    "demand": {"poisson": {"fire": {"rate": "12/d"}}},
    "stations": {"west": {"at": "a"}, "east": {"at": "e", "owner": "mutual_aid"}},
    "units": {
        name: {"type": "engine", "station": "west" if name[0] == "W" else "east"}
        for name in ("W1", "W2", "E1", "E2")
    },
    "incident_types": {
        "fire": {"run_card": {"engine": 1}, "on_scene": "20 min", "alarm": {"level": 1}},
        "flood": {"run_card": {"engine": 2}, "on_scene": "1 h", "supplies": {"foam-6": {"amount": "300 kg"}}},
    },
    "plans": {
        "catalogue": None,
        "classes": {name: {"scale": "fire"} for name in ("fire", "flood")},
        "own": {
            "all": {"classes": ["fire", "flood"], "cards": {n: {"units": {"engine": n}} for n in (1, 2)}}
        },
    },
    "agreements": {"help": {"owners": ["mutual_aid"], "asked_when": {"erf_over": "10 h"}, "delay": 30}},
    "depots": {"near": {"at": "b", "stock": {"foam-6": "1 t"}, **TRUCK}},
    "closures": {"side": {"around": "b", "radius": 10, "begins": "20 h"}},
    "layouts": {"less": {"remove_units": ["W2"]}},
    "injects": [{"at": "1 h 50 min", "order": {"unit": "E2", "station": "west"}}],
}

SAYINGS = (
    "Smoke is seen.",
    "浓烟，请核实。",
    '=1+1 "quoted" <b>&amp;',
    "two\nlines",
    "- @home\t#tag: {x}",
    "'’",
    "\u202ex",
    "|a|b|",
)
HELD = ("2026-05-12T09:00:00+08:00", "2026-12-31T23:59:59Z", "2026-05-12T09:00:00-03:30")
JUNK: tuple[Any, ...] = (
    None, -1, 0, 1e30, 10**12, True, "", " ", "zz", "nan", "5 parsecs", "2026-13-01", [], {}, [[]], {"x": 1},
    "a,b", "[x]",
)  # fmt: skip


def random_brief(luck: random.Random) -> Json:
    """Return a brief that may be possible or not; about one in three has a value that makes no sense."""
    entries: Json = {}
    for number in range(luck.choice((0, 0, 1, 2, 4))):
        name = luck.choice((f"I{number}", f"I{number}", f"第{number}条", f"an entry {number}"))
        entries[name] = _entry(luck, name, tuple(entries), entries)
    brief: Json = {
        "title": luck.choice(SAYINGS),
        "scenario": "scenario.yaml",
        "begins": luck.choice((0, "1 h", "90 min", 3723.5)),
        "lasts": luck.choice(("30 min", "1 h", "2 h", 1801.25)),
        "seed": luck.randint(0, 10**6),
        "entries": entries,
        **_some(
            luck, 0.4, description=luck.choice(SAYINGS), layout=luck.choice(("baseline", "baseline", "less")),
            without_random=luck.random() < 0.5, form=luck.choice(("tabletop", "command_post", "full_live")),
            unscripted=luck.random() < 0.5, held=luck.choice(HELD), scale=luck.choice((1, 0.5, 10, 1000)),
            silent=luck.choice(("advice", "nothing")),
        ),
        "objectives": {f"O{n}": {"title": luck.choice(SAYINGS), **_some(luck, 0.5, plan=luck.choice(SAYINGS))}
                       for n in (1, 2)},
        "roles": {
            side: {"title": luck.choice(SAYINGS), "side": side,
                   **_some(luck, 0.5, duties=[luck.choice(SAYINGS)], contact=luck.choice(SAYINGS))}
            for side in ("player", "controller", "evaluator", "simulator", "observer")
        },
        "closures": {
            "lane": {"around": luck.choice("bd"), "radius": 10, **_some(luck, 0.5, speed_factor=0.5)},
        },
        **_some(luck, 0.8, draw=_draw(luck)),
    }  # fmt: skip
    if luck.random() < 0.35:
        _spoil(luck, brief)
    return brief


def _some(luck: random.Random, share: float, **values: Any) -> Json:
    """Return a share of some keys."""
    return {key: value for key, value in values.items() if luck.random() < share}


def _draw(luck: random.Random) -> Json:
    calls = [
        {
            "type": luck.choice(("fire", "fire", "flood")),
            "count": luck.randint(1, 4),
            "objective": luck.choice(("O1", "O2")),
            **_some(luck, 0.3, zones=[luck.choice(("left", "right"))], earliest="5 min", latest="20 min",
                    sent_within=luck.choice(("2 min", "15 min")), on_scene_within="10 min"),
        }
        for _ in range(luck.randint(0, 2))
    ]  # fmt: skip
    stress = {
        "objective": luck.choice(("O1", "O2")),
        **_some(luck, 0.3, units=luck.choice((1, 1, 2, 5)), of=["W1", "E1"], hydrants=luck.choice((1, 1, 3))),
        **_some(luck, 0.1, roads=1),
        **_some(luck, 0.3, slower_by="3 min"),
    }  # fmt: skip
    return {
        "calls": calls,
        "stress": stress,
        **_some(luck, 0.15, difficulty=luck.choice(("easy", "moderate", "hard"))),
    }


def _entry(luck: random.Random, name: str, before: tuple[str, ...], known: Json) -> Json:
    calls = [each for each in before if "incident" in known[each].get("inject", {})]
    inject = _inject(luck, calls)
    about = luck.choice([*calls, name] if inject is not None and "incident" in inject else calls or [""])
    expects = [_action(luck, about) for _ in range(luck.randint(0, 2))]
    made: Json = {
        "at": luck.choice((0, 60.5, "5 min", "12 min", "25 min")),
        "text": luck.choice(SAYINGS),
        "expects": expects,
        **_some(luck, 0.5, **{"from": luck.choice(SAYINGS), "to": luck.choice(SAYINGS)}),
        **_some(
            luck, 0.5, objective=luck.choice(("O1", "O2")), controller="controller", evaluator="evaluator"
        ),
        "method": luck.choice(("phone", "radio", "message", "in_person", "media", "cap", "sensor")),
        **({} if inject is None else {"inject": inject}),
    }
    waited = [each for each in before if known[each]["expects"]]
    kind = luck.random()
    if kind < 0.15:
        made["trigger"] = "manual"
    elif kind < 0.35:
        when = _some(
            luck, 0.4, waiting=1, free_below=3, **({"missed": luck.choice(waited)} if waited else {})
        )
        if calls:
            when |= _some(luck, 0.4, on_scene={"incident": luck.choice(calls)},
                          level={"incident": luck.choice(calls), "at_least": 2})  # fmt: skip
        made |= {"trigger": "condition", "when": when or {"free_below": 4}}
    elif kind < 0.5 and waited:
        made["contingency_of"] = luck.choice(waited)
    return made


def _inject(luck: random.Random, calls: list[str]) -> Json | None:
    call = luck.choice(calls) if calls else "nobody"
    found: list[Json | None] = [
        None,
        {"incident": {"type": luck.choice(("fire", "flood")), "node": luck.choice("abcde")}},
        {"incident": {"type": "fire", "node": luck.choice("bd")}},
        {"surge": {"factor": luck.choice((0.5, 3)), "for": "20 min"}},
        {"message": {"text": luck.choice(SAYINGS)}},
        {"outage": luck.choice(({"unit": "W1"}, {"station": "west", "for": "10 min"}, {"hydrants": "left"},
                                {"comms": True, "slower_by": 60}))},
        {"weather": {"title": "wind", "for": "30 min", "speed_factor": 0.5}},
        {"close": luck.choice(("lane", "side"))},
    ]  # fmt: skip
    of_calls: list[Json] = [
        {"level": {"incident": call, "level": 2}},
        {"order": {"unit": "E1", "incident": call}},
        {"stage": {"unit": "W2", "incident": call, "node": "b"}},
        {"ask": {"agreement": "help", "incident": call, "units": 1}},
        {"supply": {"incident": call, "item": "foam-6", "amount": "200 kg"}},
        {"recall": {"unit": "W1"}},
    ]
    return luck.choice([*found, *of_calls] if calls else found)


def _action(luck: random.Random, about: str) -> Json:
    force = {"incident": about, **_some(luck, 0.4, count=1, capability="engine")}
    ways: list[Json] = [{}, {}, {"moved_up": "west"}, {"recalled": "W1"}]
    if about:
        ways += [
            {"sent": force}, {"on_scene": force}, {"staged": force}, {"under_control": about},
            {"level": {"incident": about, "at_least": 2}},
            {"asked": {"agreement": "help", "incident": about}},
            {"delivered": {"incident": about, "item": "foam-6", "amount": "200 kg"}},
        ]  # fmt: skip
    return {"text": luck.choice(SAYINGS), "by": luck.choice((30, "5 min", "1 h")), **luck.choice(ways)}


def _spoil(luck: random.Random, brief: Json) -> None:
    """Put a value that makes no sense somewhere, take a key out, or put one in."""
    places: list[tuple[Any, Any]] = []
    todo: list[Any] = [brief]
    while todo:
        one = todo.pop()
        keys = list(one) if isinstance(one, dict) else list(range(len(one)))
        places += [(one, key) for key in keys]
        todo += [one[key] for key in keys if isinstance(one[key], dict | list)]
    holder, key = luck.choice(places)
    what = luck.random()
    if what < 0.75 or isinstance(holder, list):
        holder[key] = luck.choice(JUNK)
    elif what < 0.9:
        del holder[key]
    else:
        holder[luck.choice(("colour", str(key) + "s", "at"))] = luck.choice(JUNK)
