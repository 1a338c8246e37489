"""Units and supplies that go by order: staged, asked for, ordered, with nothing that goes by itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dispatch import simulate
from dispatch.engine.notices import notices
from dispatch.errors import ScenarioError
from dispatch.study.opening import load
from tests.small import small, write_scenario

ROOT = Path(__file__).resolve().parents[2]

if TYPE_CHECKING:
    from dispatch import Log

Json = dict[str, Any]

QUIET: Json = {"demand": {"poisson": {"fire": {"rate": "0/d"}}}, "dispatching": {"policy": "by_order"}}
"""No random calls, and nobody who goes by himself."""

FIRE = {"at": 100, "incident": {"type": "fire", "node": "c", "id": "x"}}
"""Two minutes from either station."""

HELP: Json = {
    "stations": {"west": {"at": "a"}, "east": {"at": "e", "owner": "mutual_aid"}},
    "units": {"W1": {"type": "engine", "station": "west"}}
    | {f"E{n}": {"type": "engine", "station": "east"} for n in (1, 2, 3, 4)},
}


def run(folder: Path, *injects: Json, **changes: Any) -> Log:
    return simulate(small(folder, injects=[FIRE, *injects], **(QUIET | changes)))


def arrivals(log: Log) -> dict[str, float]:
    """Return when units were on scene, by id, rounded to the millisecond."""
    r = log.responses
    return {
        log.fleet.ids[unit]: round(float(moment), 3)
        for unit, moment in zip(r.unit, r.on_scene, strict=True)
        if moment == moment
    }


def outcomes(log: Log) -> list[tuple[float, str, str]]:
    return [(each.moment, each.does, each.outcome) for each in log.orders]


def test_nobody_goes_unless_somebody_orders_it(tmp_path: Path) -> None:
    assert arrivals(run(tmp_path)) == {}
    log = run(tmp_path, {"at": 700, "order": {"unit": "E1", "incident": "x"}})
    assert arrivals(log) == {"E1": 820}
    assert log.timeline.slot_level[log.responses.slot[0]] == 0  # the need of the call itself


def test_orders_find_random_and_recorded_calls(tmp_path: Path) -> None:
    calls = "incident,received,type,node\nr1,50,fire,c\n"
    inject = {"at": 60, "order": {"unit": "W1", "incident": "r1"}}
    log = simulate(small(tmp_path, calls, injects=[inject], dispatching={"policy": "by_order"}))
    assert arrivals(log) == {"W1": 180}
    scenario = small(tmp_path)
    plain = simulate(scenario)
    received = float(plain.timeline.received[0])
    twice = [{"at": received, "order": {"unit": unit, "incident": "fire-1"}} for unit in ("W1", "E1")]
    log = simulate(small(tmp_path, injects=twice))
    assert [each.outcome for each in log.orders] == ["sent", "sent"]
    second = log.responses.incident == 0
    assert sorted(log.fleet.ids[unit] for unit in log.responses.unit[second]) == ["E1", "W1"]
    assert log.timeline.on_scene[0] == plain.timeline.on_scene[0]  # luck of the call's own slot


@pytest.mark.parametrize(
    ("orders", "reached"),
    [
        ([], {}),
        ([{"at": 500, "order": {"unit": "W1", "incident": "x"}}], {"W1": 560}),  # from b, a minute away
        ([{"at": 230, "order": {"unit": "W1", "incident": "x"}}], {"W1": 320}),  # half way to b: straight on
        ([{"at": 500, "recall": {"unit": "W1"}}], {}),
    ],
)
def test_who_is_staged_waits_for_an_order(tmp_path: Path, orders: list[Json], reached: Json) -> None:
    log = run(tmp_path, {"at": 200, "stage": {"unit": "W1", "incident": "x", "node": "b"}}, *orders)
    assert arrivals(log) == reached
    told = [(each.moment, each.what) for each in notices(log) if each.what == "staged"]
    early = bool(orders) and orders[0]["at"] == 230
    assert told == ([] if early else [(260.0, "staged")])
    if not orders:  # at the horizon it goes home
        assert outcomes(log)[-1][:2] == (86400.0, "stage")
        assert log.responses.in_quarters.tolist() == [86460.0]


def test_whom_nobody_can_stage(tmp_path: Path) -> None:
    stage = {"stage": {"unit": "W1", "incident": "x", "node": "b"}}
    log = run(tmp_path, {"at": 200, **stage}, {"at": 300, **stage})
    assert [each.outcome for each in log.orders][:2] == ["sent to wait at b", "on this call already"]
    shut = {"shut": {"around": "b", "radius": 10, "begins": 0}}
    log = run(tmp_path, {"at": 200, **stage}, closures=shut)
    assert outcomes(log) == [(200.0, "stage", "no way")]


@pytest.mark.parametrize(
    ("terms", "sent", "told"),
    [
        ({}, ["E1", "E2", "E3"], "3 of 3 units of 'help'"),
        ({"most": 0.5}, ["E1", "E2"], "2 of 3 units of 'help': no more of its units may be out at once"),
        ({"most": 0}, [], "0 of 3 units of 'help': none of its units may go"),
        ({"only_at": ["e"]}, [], "0 of 3 units of 'help': it does not hold at that place"),
        ({"until": "2024-01-01T00:02:00+00:00"}, [], "0 of 3 units of 'help': it has ended"),
    ],
)
def test_units_are_asked_for_within_limits(tmp_path: Path, terms: Json, sent: list[str], told: str) -> None:
    agreement = {"owners": ["mutual_aid"], "asked_when": {"erf_over": "10 h"}, "delay": 30, **terms}
    ask = {"at": 400, "ask": {"agreement": "help", "incident": "x", "units": 3}}
    log = run(tmp_path, ask, agreements={"help": agreement}, **HELP)
    assert arrivals(log) == dict.fromkeys(sent, 550)  # 30 s, and two minutes of driving
    assert outcomes(log) == [(400.0, "ask", told)]
    assert [(each.moment, each.reason) for each in log.asks] == [(400.0, "ordered")] * len(sent)


def test_an_ask_waits_until_the_call_is_ready(tmp_path: Path) -> None:
    agreement = {"owners": ["mutual_aid"], "asked_when": {"none_free": True}}
    ask = {"at": 110, "ask": {"agreement": "help", "incident": "x", "units": 1}}
    log = run(tmp_path, ask, agreements={"help": agreement}, call_processing=60, **HELP)
    assert arrivals(log) == {"E1": 280}


DEPOTS: Json = {
    "near": {
        "at": "b",
        "stock": {"foam-6": "1 t"},
        "trucks": {"t": {"payload": "5 t", "unload": 0}},
        "load_out": 0,
    },
    "far": {
        "at": "a",
        "stock": {"foam-6": "9 t"},
        "trucks": {"t": {"payload": "5 t", "unload": 0}},
        "load_out": 0,
    },
}


def brought(log: Log) -> list[tuple[float, str, int]]:
    """Return what trucks brought: when, of which depot, kilograms."""
    assert log.supplies is not None
    trips, item = log.supplies.trips, log.scenario.supplies
    assert item is not None
    found = []
    for each in log.supplies.brought:
        depot = log.supplies.depots[trips[each.which].depot].id
        known = item.items[log.supplies.needs[each.need].item]
        found.append((round(each.moment, 3), depot, round(known.units(each.amount))))
    return found


LONG: Json = {"fire": {"run_card": {"engine": 1}, "on_scene": 7200}}


def supply(amount: str, **more: str) -> Json:
    return {"at": 1000, "supply": {"incident": "x", "item": "foam-6", "amount": amount, **more}}


@pytest.mark.parametrize("by_order", [True, False])
@pytest.mark.parametrize(
    ("order", "comes"),
    [
        (supply("800 kg"), [(1060.0, "near", 800)]),
        (supply("800 kg", depot="far"), [(1120.0, "far", 800)]),
        (supply("2 t"), [(1060.0, "near", 1000), (1120.0, "far", 1000)]),
        (supply("2 t", depot="near"), [(1060.0, "near", 1000)]),
    ],
)
def test_supplies_come_by_order(tmp_path: Path, by_order: bool, order: Json, comes: Any) -> None:
    policy = {"supplying": {"policy": "by_order" if by_order else "nearest"}}
    log = run(tmp_path, {"at": 150, "order": {"unit": "W1", "incident": "x"}},
              {"at": 160, "incident": {"type": "fire", "node": "c", "id": "y"}}, order,
              depots=DEPOTS, incident_types=LONG, **policy)  # fmt: skip
    assert brought(log) == comes
    told = [each.detail for each in notices(log) if each.what == "supplies short"]
    assert bool(told) == (sum(amount for *_, amount in comes) < 2000 and "2 t" in str(order))


def test_what_is_ordered_fills_needs_first(tmp_path: Path) -> None:
    kind = {"run_card": {"engine": 1}, "on_scene": 7200, "supplies": {"foam-6": {"amount": "500 kg"}}}
    one = {"at": 150, "order": {"unit": "W1", "incident": "x"}}
    changes = {"depots": DEPOTS, "incident_types": {"fire": kind}, "supplying": {"policy": "by_order"}}
    assert brought(run(tmp_path, one, **changes)) == []
    log = run(tmp_path, one, supply("800 kg", depot="far"), **changes)
    assert log.supplies is not None
    assert log.scenario.supplies is not None
    units = log.scenario.supplies.items[log.supplies.needs[0].item].units
    assert [round(units(need.amount)) for need in log.supplies.needs] == [500, 300]
    assert sum(kilograms for *_, kilograms in brought(log)) == 800


def test_supplies_that_cannot_be_ordered_are_told(tmp_path: Path) -> None:
    layouts = {"less": {"close_depots": ["far"]}}
    scenario = small(
        tmp_path, injects=[FIRE, supply("1 t", depot="far")], depots=DEPOTS, layouts=layouts, **QUIET
    )
    log = simulate(scenario, "less")
    assert outcomes(log) == [(1000.0, "supply", "no depot far in this layout")]
    assert brought(log) == []


@pytest.mark.parametrize(
    ("inject", "told"),
    [
        ({"stage": {"unit": "Z", "incident": "x", "node": "b"}}, "no unit 'Z' in any layout"),
        ({"stage": {"unit": "W1", "incident": "z", "node": "b"}}, "no call 'z'"),
        ({"stage": {"unit": "W1", "incident": "x", "node": "zz"}}, "zz"),
        ({"ask": {"agreement": "z", "incident": "x", "units": 1}}, "no agreement 'z'"),
        ({"ask": {"agreement": "z", "incident": "x", "units": 0}}, "must be greater than or equal to 1"),
        ({"supply": {"incident": "x", "item": "foam-6", "amount": "1 t"}}, "no layout has a depot"),
        ({"supply": {"incident": "x", "item": "foam-6", "amount": "1 t", "depot": "z"}}, "no depot 'z'"),
        ({"supply": {"incident": "x", "item": "zz", "amount": "1 t"}}, "no item 'zz'"),
        ({"supply": {"incident": "x", "item": "foam-6", "amount": "0 t"}}, "nothing is ordered"),
        ({"supply": {"incident": "x", "item": "water", "amount": "1 t"}}, "no water is simulated"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(tmp_path: Path, inject: Json, told: str) -> None:
    without = "no layout has" in told
    changes = QUIET | ({} if without else {"depots": DEPOTS})
    path = write_scenario(tmp_path, injects=[FIRE], **changes)
    with pytest.raises(ScenarioError) as caught:
        load(path, more=[("order 3", {"at": 300, **inject})])
    assert told in str(caught.value)
    assert str(caught.value).startswith("order 3 ")


def test_injects_are_appended_as_if_they_were_written(tmp_path: Path) -> None:
    order = {"at": 700, "order": {"unit": "E1", "incident": "x"}}
    written = simulate(small(tmp_path, injects=[FIRE, order], **QUIET))
    path = write_scenario(tmp_path, injects=[FIRE], **QUIET)
    before = path.read_bytes()
    appended = simulate(load(path, more=[("here", order)]))
    assert arrivals(appended) == arrivals(written) == {"E1": 820}
    assert appended.scenario.digest == written.scenario.digest != load(path).digest
    assert path.read_bytes() == before
    none = write_scenario(tmp_path, **QUIET)
    assert len(load(none, more=[("here", FIRE), ("there", order)]).file.injects) == 2


def test_from_a_moment_on_nothing_may_go_but_by_order(tmp_path: Path) -> None:
    policies: Json = {
        "dispatching": {"policy": "run_card_order", "first_due": {"c": ["W1"]}, "when_none_free": "lost"}
    }
    path = write_scenario(tmp_path, **policies)
    whole, never = simulate(load(path)), simulate(load(path, ordered_from=0.0))
    assert len(never.timeline) > 0
    assert len(never.responses.unit) == len(never.lost) == 0
    middle = float(np.median(whole.responses.alerted))
    half = simulate(load(path, ordered_from=middle))
    expected = whole.responses.alerted[whole.responses.alerted < middle]
    assert half.responses.alerted.tolist() == expected.tolist()
    assert 0 < len(half.responses) < len(whole.responses)


def test_a_policy_by_order_lets_needs_wait(tmp_path: Path) -> None:
    rules = {"policy": "by_order", "when_none_free": "lost"}
    with pytest.raises(ScenarioError, match="no need could wait"):
        small(tmp_path, **(QUIET | {"dispatching": rules}))


def test_who_is_done_does_not_wait_for_an_order_that_nobody_has_given(tmp_path: Path) -> None:
    """A unit at a call that needs a higher level leaves when its own work is over, ordered later or not."""
    kind = {"classed_as": "fire", "on_scene": 600, "alarm": {"level": 1, "severity": {2: 1}}}
    cards = {level: {"units": {"engine": level}} for level in (1, 2)}
    plans = {
        "catalogue": None,
        "classes": {"fire": {"scale": "fire"}},
        "own": {"fires": {"classes": ["fire"], "cards": cards}},
    }
    changes: Json = {"incident_types": {"fire": kind}, "plans": plans, "dispatching": {}}
    changes["unit_types"] = {"engine": {"capabilities": ["engine"], "turnout": 0, "crew": 6}}
    later = {"at": 5000, "level": {"incident": "x", "level": 2}}
    left = [run(tmp_path, *more, **changes).responses.clear.tolist()[0] for more in ([], [later])]
    assert left == [820, 820]


@pytest.mark.parametrize(
    ("name", "call", "at", "level"),
    [("gl-blackout-wood", "木屋-fire", 1940.0, 4), ("lz-petro-tank", "储罐-tank", 80.0, 4)],
)
def test_a_level_raised_before_a_call_is_ready_holds_from_then_on(
    name: str, call: str, at: float, level: int
) -> None:
    """In scenarios with tiers, too, which the call is put on with the level that it has when it is ready."""
    path = ROOT / "scenarios" / f"{name}.yaml"
    scenario = load(path, more=[("order", {"at": at, "level": {"incident": call, "level": level}})])
    log = simulate(scenario)
    number = [log.timeline.incident_id(n, scenario.kinds) for n in range(len(log.timeline))].index(call)
    assert log.timeline.received[number] < at < log.timeline.ready[number]
    rise = next(each for each in log.raises if each.incident == number)
    assert (rise.moment, rise.after) == (log.timeline.ready[number], level)
