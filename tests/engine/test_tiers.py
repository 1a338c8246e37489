"""Help under agreements and the handling ladder, on a line of five nodes a minute apart (tests/small.py)."""

from __future__ import annotations

from dataclasses import replace
from math import inf, isnan
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dispatch import Board, draw, measure, simulate
from dispatch.engine.fleet import Fleet
from dispatch.engine.notices import notices
from dispatch.errors import PolicyError
from dispatch.study.explaining import explain
from tests.small import small

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Log, Scenario

HEADER = "incident,received,type,node,units\n"
AGREED = {"stations": ["east"]}
UNITS = {
    "W1": {"type": "engine", "station": "west"},
    "E1": {"type": "engine", "station": "east"},
    "E2": {"type": "engine", "station": "east"},
}


def line(folder: Path, calls: str, *, units: str = "W1 E1", **changes: Any) -> Scenario:
    """Load the line with some units: W1 at a is our own, E1 and E2 at e are under an agreement ``help``."""
    terms = changes.pop("terms", {})
    agreements = {"help": {**AGREED, **terms}} if terms is not None else {}
    standing = {name: UNITS[name] for name in units.split()}
    return loaded_with(folder, calls, units=standing, agreements=agreements, **changes)


def loaded_with(folder: Path, calls: str, **changes: Any) -> Scenario:
    """Load the line with calls; by inject where their type has alarm levels, which recorded calls lack."""
    rows = [row.split(",") for row in calls.splitlines()]
    if not any("alarm" in kind for kind in changes.get("incident_types", {}).values()):
        return small(folder, HEADER + calls, **changes)
    injects = [
        {
            "at": float(at),
            "incident": {"id": name, "type": kind, "node": node, "units": {"engine": int(card[7:])}},
        }
        for name, at, kind, node, card in rows
    ]
    return small(folder, demand={"poisson": {"fire": {"rate": "0.001/yr"}}}, injects=injects, **changes)


def sent(log: Log) -> list[tuple[str, float, float, float]]:
    """Return unit, alert, start and arrival of all responses."""
    r = log.responses
    names = [log.fleet.ids[unit] for unit in r.unit]
    return list(zip(names, r.alerted.tolist(), r.en_route.tolist(), r.on_scene.tolist(), strict=True))


def who(log: Log) -> list[str]:
    return [unit for unit, *_ in sent(log)]


def reasons(log: Log) -> list[tuple[str, float, float]]:
    return [(ask.reason, ask.value, ask.limit) for ask in log.asks]


ONE_AT_E = "x,0,fire,e,engine:1\n"
TWO_AT_E = ONE_AT_E + "y,60,fire,e,engine:1\n"


def test_without_a_condition_help_is_automatic(tmp_path: Path) -> None:
    """As an own unit would, but with the delay, and with an ask."""
    log = simulate(line(tmp_path, ONE_AT_E, terms={"delay": "1 min"}))
    assert sent(log) == [("E1", 0, 60, 60)]
    assert [ask[:4] for ask in log.asks] == [(0, 0, 0.0, "always")]
    assert all(isnan(figure) for figure in log.asks[0][4:])


def test_none_free(tmp_path: Path) -> None:
    """The own engine goes although another stands at the door; the next call finds nobody else."""
    log = simulate(line(tmp_path, TWO_AT_E, terms={"asked_when": {"none_free": True}, "delay": "5 min"}))
    assert sent(log) == [("W1", 0, 0, 240), ("E1", 60, 360, 360)]
    assert [ask[:4] for ask in log.asks] == [(1, 0, 60.0, "none_free")]


def test_none_free_counts_the_needs_of_a_call_one_after_the_other(tmp_path: Path) -> None:
    log = simulate(line(tmp_path, "x,0,fire,e,engine:2\n", terms={"asked_when": {"none_free": True}}))
    assert who(log) == ["W1", "E1"]
    assert len(log.asks) == 1


def test_an_absent_capability_is_asked_for(tmp_path: Path) -> None:
    """W1 is free all the time, and cannot do what E1 can."""
    types = {
        "engine": {"capabilities": ["engine"], "turnout": 0},
        "foam": {"capabilities": ["foam", "engine"], "turnout": 0},
    }
    units = {"W1": UNITS["W1"], "E1": {"type": "foam", "station": "east"}}
    kinds = {"fire": {"run_card": {"engine": 1, "foam": 1}, "on_scene": 600}}
    loaded = small(
        tmp_path,
        "incident,received,type,node\nx,0,fire,c\n",
        unit_types=types,
        units=units,
        incident_types=kinds,
        agreements={"help": {**AGREED, "asked_when": {"none_free": True}}},
    )
    log = simulate(loaded)
    assert sorted(who(log)) == ["E1", "W1"]
    assert reasons(log)[0][0] == "none_free"
    assert len(log.asks) == 1


@pytest.mark.parametrize(("limit", "asked"), [(239, True), (240, False), (241, False)])
def test_predicted_arrival_on_both_sides_of_the_limit(tmp_path: Path, limit: float, asked: bool) -> None:
    """W1 would be there in exactly 240 s; the call's processing of 30 s is no part of it."""
    loaded = line(tmp_path, ONE_AT_E, terms={"asked_when": {"erf_over": limit}}, call_processing=30)
    log = simulate(loaded)
    assert who(log) == (["E1"] if asked else ["W1"])
    assert reasons(log) == ([("erf_over", 240.0, limit)] if asked else [])


@pytest.mark.parametrize(("limit", "expected"), [(179, ["E1", "W1"]), (180, ["W1", "W2"])])
def test_the_last_need_decides(tmp_path: Path, limit: float, expected: list[str]) -> None:
    """Two at d, own engines at a (180 s) and b (120 s): the last is there after 180 s.

    One over the limit is enough: once E1 has taken one of the two needs, the nearer own engine is enough.
    """
    own = {"W1": {"type": "engine", "station": "near"}, "W2": {"type": "engine", "station": "west"}}
    loaded = small(
        tmp_path,
        HEADER + "x,0,fire,d,engine:2\n",
        stations={"west": {"at": "a"}, "near": {"at": "b"}, "east": {"at": "e"}},
        units={**own, "E1": UNITS["E1"]},
        agreements={"help": {**AGREED, "asked_when": {"erf_over": limit}}},
    )
    log = simulate(loaded)
    assert who(log) == expected
    assert reasons(log) == ([("erf_over", 180.0, limit)] if "E1" in expected else [])


def test_nobody_free_is_over_any_limit(tmp_path: Path) -> None:
    log = simulate(line(tmp_path, TWO_AT_E, terms={"asked_when": {"erf_over": "10 h"}}))
    assert who(log) == ["W1", "E1"]
    assert reasons(log) == [("erf_over", inf, 36000.0)]


@pytest.mark.parametrize(("limit", "unit"), [(759, "E1"), (761, "W1")])
def test_a_need_that_has_waited_is_predicted_from_when_it_was_opened(
    tmp_path: Path, limit: float, unit: str
) -> None:
    """All are out until 600; then W1 could be at d in 180 s, which makes 760 s since 20."""
    calls = "w,0,fire,a,engine:1\nx,0,fire,e,engine:1\ny,20,fire,d,engine:1\n"
    log = simulate(line(tmp_path, calls, terms={"asked_when": {"erf_over": limit}}))
    assert sent(log)[2][:2] == (unit, 600)
    assert reasons(log)[1:] == ([("erf_over", 760.0, limit)] if unit == "E1" else [])


def _graded(level: int, **alarm: Any) -> dict[str, Any]:
    terms = {"scale": "fire", "level": level, **alarm}
    return {"fire": {"run_card": {"engine": 1}, "on_scene": 600, "alarm": terms}}


@pytest.mark.parametrize(("level", "asked"), [(1, False), (2, False), (3, True), (4, True)])
def test_from_a_level(tmp_path: Path, level: int, asked: bool) -> None:
    loaded = line(tmp_path, ONE_AT_E, terms={"asked_when": {"from_level": 3}}, incident_types=_graded(level))
    log = simulate(loaded)
    assert who(log) == (["E1"] if asked else ["W1"])
    assert reasons(log) == ([("from_level", level, 3)] if asked else [])


def test_a_level_that_rises_opens_the_way_to_help(tmp_path: Path) -> None:
    """Out of control after 2 min, x rises to level 3, and y, which waits, does not."""
    calls = "w,0,fire,a,engine:1\nx,0,fire,e,engine:1\n"
    kinds = _graded(2, control_within={"2": "2 min"})
    log = simulate(line(tmp_path, calls, terms={"asked_when": {"from_level": 3}}, incident_types=kinds))
    assert sent(log)[:2] == [("W1", 0, 0, 0), ("E1", 120, 120, 120)]
    assert reasons(log) == [("from_level", 3, 3)]


COVERED = "x,0,fire,c,engine:1\np,50000,fire,a,engine:1\nq,60000,fire,a,engine:1\nr,70000,fire,e,engine:1\n"


@pytest.mark.parametrize(("floor", "asked"), [(0.49, False), (0.5, False), (0.51, True)])
def test_cover_that_would_be_left(tmp_path: Path, floor: float, asked: bool) -> None:
    """Of calls at c, a, a and e an engine at a reaches two within a minute, once the one at c has left.

    That of others at e reaches the one at e, and does not count; asked, it is the slower of the two, and goes
    only where its delay allows.
    """
    stations = {"west": {"at": "a"}, "middle": {"at": "c"}, "east": {"at": "e"}}
    units = {"W1": UNITS["W1"], "M1": {"type": "engine", "station": "middle"}, "E1": UNITS["E1"]}
    loaded = small(
        tmp_path,
        HEADER + COVERED,
        stations=stations,
        units=units,
        cover_within=60,
        agreements={"help": {**AGREED, "asked_when": {"cover_under": floor}}},
        unit_types={"engine": {"capabilities": ["engine"], "turnout": 0}},
    )
    fleet = Fleet(loaded, loaded.layouts["baseline"])
    log = simulate(loaded, fleet=fleet)
    first = [ask for ask in log.asks if log.responses.incident[ask.response] == 0]
    assert who(log)[0] == "M1", "the nearest of all who may go"
    assert not first
    closer = {**loaded.file.model_dump(mode="json", exclude_defaults=True), "stations": {**stations}}
    closer["stations"]["east"]["at"] = "c"
    closer["stations"]["middle"]["at"] = "b"
    moved = small(tmp_path, HEADER + COVERED, **{k: v for k, v in closer.items() if k != "demand"})
    log = simulate(moved)
    # M1 at b has c within a minute; with it gone W1 at a is left, which has a and a: two of four calls
    assert (who(log)[0] == "E1") == asked
    if asked:
        assert reasons(log)[0] == ("cover_under", 0.5, floor)


def test_one_condition_is_enough_and_the_first_is_told(tmp_path: Path) -> None:
    when = {"from_level": 4, "none_free": True, "erf_over": 100, "cover_under": 1.0}
    log = simulate(line(tmp_path, TWO_AT_E, terms={"asked_when": when}, incident_types=_graded(2)))
    assert who(log) == ["E1", "W1"]
    assert reasons(log) == [("erf_over", 240.0, 100)]


@pytest.mark.parametrize(("most", "alerted"), [(0.5, [0, 600]), (1.0, [0, 0]), (0.49, [0, 600])])
def test_no_more_than_the_share_is_out(tmp_path: Path, most: float, alerted: list[float]) -> None:
    """Two engines of others, and one of them at a time: the second call waits until the first is home."""
    loaded = line(tmp_path, "x,0,fire,e,engine:1\ny,0,fire,e,engine:1\n", units="E1 E2", terms={"most": most})
    assert simulate(loaded).responses.alerted.tolist() == alerted


def test_none_may_go_out_at_all(tmp_path: Path) -> None:
    log = simulate(line(tmp_path, TWO_AT_E, terms={"most": 0}))
    assert set(who(log)) == {"W1"}


@pytest.mark.parametrize(
    ("until", "unit"), [("2024-01-01T02:00:00+00:00", "W1"), ("2024-01-01T02:00:01+00:00", "E1")]
)
def test_an_agreement_expires(tmp_path: Path, until: str, unit: str) -> None:
    log = simulate(line(tmp_path, "x,7200,fire,e,engine:1\n", terms={"until": until}))
    assert who(log) == [unit]


@pytest.mark.parametrize(("node", "unit"), [("e", "E1"), ("d", "W1")])
def test_own_premises_only(tmp_path: Path, node: str, unit: str) -> None:
    log = simulate(line(tmp_path, f"x,0,fire,{node},engine:1\n", terms={"only_at": ["e"]}))
    assert who(log) == [unit]


def test_the_unit_of_others_goes_home_first(tmp_path: Path) -> None:
    """E1 is done at c at 720 and on its way home, past d, when y comes in at d: it goes from its quarters."""
    calls = "x,0,fire,c,engine:1\ny,780,fire,d,engine:1\n"
    log = simulate(line(tmp_path, calls, units="E1"))
    assert sent(log) == [("E1", 0, 0, 120), ("E1", 840, 840, 900)]
    assert log.responses.from_road.tolist() == [0, 0]
    assert log.responses.available.tolist() == log.responses.in_quarters.tolist() == [840, 1560]
    own = simulate(line(tmp_path, calls, units="E1", terms=None))
    assert sent(own)[1] == ("E1", 780, 780, 780), "as an own unit it is met at d"
    assert own.responses.available[0] == 720


def test_the_unit_of_others_is_not_diverted(tmp_path: Path) -> None:
    calls = "x,0,fire,a,engine:1\ny,60,life,c,engine:1\n"
    kinds = {
        name: {"priority": priority, "run_card": {"engine": 1}, "on_scene": 600}
        for name, priority in (("fire", 2), ("life", 1))
    }
    rules = {"diversion": True}
    log = simulate(line(tmp_path, calls, units="E1", dispatching=rules, incident_types=kinds))
    # to a by 240, home by 1080, and only then to c; an own unit would turn to c on its way
    assert sent(log) == [("E1", 0, 0, 240), ("E1", 1080, 1080, 1200)]
    own = simulate(line(tmp_path, calls, units="E1", dispatching=rules, incident_types=kinds, terms=None))
    assert sent(own)[1][:2] == ("E1", 60)


@pytest.mark.parametrize(("delay", "unit"), [(119, "E1"), (121, "W1")])
@pytest.mark.parametrize("policy", ["nearest", "assignment"])
def test_the_delay_counts_when_the_nearest_is_sought(
    tmp_path: Path, delay: float, unit: str, policy: str
) -> None:
    """At d: E1 has 60 s and the delay, W1 has 180 s."""
    calls = "x,0,fire,d,engine:1\n"
    loaded = line(tmp_path, calls, terms={"delay": delay}, dispatching={"policy": policy})
    assert who(simulate(loaded)) == [unit]


def test_the_mean_of_a_random_delay_counts_and_its_luck_is_the_calls(tmp_path: Path) -> None:
    """Exponential with mean 100 s: E1 at 160 s is expected before W1 at 180 s, whatever comes."""
    calls = "".join(f"c{i},{i * 4000},fire,d,engine:1\n" for i in range(15))
    delay = {"exponential": {"mean": 100}}
    loaded = line(
        tmp_path, calls, terms={"delay": delay}, layouts={"more": {"add_units": {"E3": UNITS["E1"]}}}
    )
    log, more = (simulate(loaded, name, 0) for name in ("baseline", "more"))
    assert set(who(log)) == {"E1"}
    delays = log.responses.en_route - log.responses.alerted
    assert len(set(delays.tolist())) == 15
    assert delays.min() > 0
    assert np.array_equal(delays, more.responses.en_route - more.responses.alerted)
    drawn = draw(loaded, 0)
    assert np.allclose(delays, -100 * np.log1p(-drawn.of_units["asked_share"]))


def test_a_fixed_delay_draws_no_luck(tmp_path: Path) -> None:
    assert "asked_share" not in draw(line(tmp_path, ONE_AT_E, terms={"delay": 60}), 0).of_units


@pytest.mark.parametrize("policy", ["nearest", "assignment", "run_card_order", "coverage_aware"])
def test_no_policy_gets_round_an_agreement(tmp_path: Path, policy: str) -> None:
    """Not even a list on which the unit of others stands first."""
    rules: dict[str, Any] = {"policy": policy}
    if policy == "run_card_order":
        rules["first_due"] = {"e": ["E1", "W1"]}
    calls = "x,0,fire,e,engine:1\ny,100,fire,e,engine:1\n"
    log = simulate(line(tmp_path, calls, terms={"asked_when": {"none_free": True}}, dispatching=rules))
    assert who(log) == ["W1", "E1"]
    assert [ask.response for ask in log.asks] == [1]


def test_a_policy_that_sends_who_was_not_asked_is_refused(tmp_path: Path) -> None:
    from dispatch.composition import BUILT_IN

    class Rash:
        name = "nearest"

        def choose(self, needs: Any, board: Any) -> list[Any]:
            return [(needs[0], board.fleet.ids.index("E1"))]

    loaded = line(tmp_path, ONE_AT_E, terms={"asked_when": {"none_free": True}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BUILT_IN, "nearest", lambda _scenario, _fleet: Rash())
        with pytest.raises(PolicyError, match="E1"):
            simulate(loaded)


@pytest.mark.parametrize(("rule", "lost"), [("lost", 1), ("mutual_aid", 0)])
def test_help_comes_before_a_call_is_lost_or_goes_to_nameless_aid(
    tmp_path: Path, rule: str, lost: int
) -> None:
    """W1, then E1 by agreement, and only the third call finds nobody at all."""
    rules: dict[str, Any] = {"when_none_free": rule}
    if rule == "mutual_aid":
        rules["mutual_aid"] = {"delay": 900}
    calls = TWO_AT_E + "z,70,fire,e,engine:1\n"
    log = simulate(line(tmp_path, calls, terms={"asked_when": {"none_free": True}}, dispatching=rules))
    names = [*log.fleet.ids, "aid"]
    assert [names[unit] for unit in log.responses.unit] == ["W1", "E1"] + ["aid"] * (1 - lost)
    assert len(log.lost) == lost
    assert len(log.asks) == 1


def test_an_order_is_an_ask_whatever_the_terms(tmp_path: Path) -> None:
    injects = [
        {"at": 0, "incident": {"id": "x", "type": "fire", "node": "e"}},
        {"at": 30, "order": {"unit": "E1", "incident": "x"}},
    ]
    loaded = small(
        tmp_path,
        injects=injects,
        demand={"poisson": {"fire": {"rate": "0/d"}}},
        agreements={"help": {**AGREED, "asked_when": {"none_free": True}}},
    )
    log = simulate(loaded)
    assert who(log) == ["W1", "E1"]
    assert [ask[:4] for ask in log.asks] == [(1, 0, 30.0, "ordered")]


def test_what_is_told_of_help(tmp_path: Path) -> None:
    """The board shows who has been asked for as turning out; the notices say why."""
    terms = {"asked_when": {"none_free": True, "erf_over": 200}, "delay": "5 min", "price": "1200/h"}
    log = simulate(line(tmp_path, TWO_AT_E, terms=terms))
    told = [(n.moment, n.what, n.incident, n.unit, n.detail) for n in notices(log)]
    assert told == [
        (60.0, "unit asked for", "y", "E1", "under agreement 'help': no own unit can go"),
    ]
    assert Board.at(log, 200.0).units["E1"] == "turning out"
    assert Board.at(log, 361.0).units["E1"] == "on scene"
    # E1 from 60 to 960 at e, where it stands
    found = measure(log, ["mutual_aid.unit_hours", "mutual_aid.cost", "asks.n", "asks.n[agreement=help]"])
    assert list(found.values()) == [900 / 3600, 300, 1, 1]


def test_an_explanation_tells_who_was_not_asked(tmp_path: Path) -> None:
    """y at 60 finds W1 busy and asks; x had passed over E1, which stood at the door."""
    loaded = line(tmp_path, TWO_AT_E, terms={"asked_when": {"none_free": True}, "delay": "5 min"})
    told, _ = explain(loaded, incident="x")
    seen = {one.unit: one.why for one in told.epochs[0].groups[0].candidates}
    assert seen == {"W1": "", "E1": "not_asked"}
    told, _ = explain(loaded, incident="y")
    assert [one.unit for one in told.epochs[0].groups[0].candidates if not one.why] == ["E1"]
    (sent_to_y,) = told.responses
    assert (sent_to_y.expected_turnout, sent_to_y.on_scene) == (300, sent_to_y.estimated_arrival)
    assert [notice.what for notice in told.notices] == ["unit asked for"]


def whys(loaded: Scenario, incident: str) -> list[dict[str, str]]:
    """Return why each unit could not go, for each decision about a call."""
    told, _ = explain(loaded, incident=incident)
    return [{one.unit: one.why for one in epoch.groups[0].candidates} for epoch in told.epochs]


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({"only_at": ["e"]}, "not_there"),
        ({"until": "2024-01-01T02:00:01+00:00"}, "expired"),
        ({"most": 0}, "none_out"),
        ({"only_at": ["e"], "most": 0, "until": "2024-01-01T02:00:01+00:00"}, "expired"),
    ],
)
def test_an_explanation_names_the_term_that_bars_for_good(
    tmp_path: Path, terms: dict[str, Any], why: str
) -> None:
    """E1 is at work at e, by order, when y comes, to which it never goes: that is told, no moment."""
    injects = [
        {"at": 7080, "incident": {"id": "x", "type": "fire", "node": "e", "units": {"engine": 2}}},
        {"at": 7100, "order": {"unit": "E1", "incident": "x"}},
        {"at": 7300, "incident": {"id": "y", "type": "fire", "node": "b"}},
    ]
    demand = {"poisson": {"fire": {"rate": "0.001/yr"}}}
    loaded = small(tmp_path, agreements={"help": {**AGREED, **terms}}, injects=injects, demand=demand)
    told, log = explain(loaded, incident="y")
    assert who(log)[:2] in (["W1", "E1"], ["E1", "W1"])
    seen = [one for epoch in told.epochs for one in epoch.groups[0].candidates if one.unit == "E1"]
    assert [(one.status, one.incident) for one in seen[:2]] == [("on scene", "x"), ("in quarters", "")]
    assert {(one.why, isnan(one.until)) for one in seen} == {(why, True)}


def test_an_explanation_tells_the_share_before_an_earlier_sending(tmp_path: Path) -> None:
    """E1, done with x at 840 and home at 1080, stays there while E2, sent in its place, is the share."""
    injects = [{"at": 0, "incident": {"id": "x", "type": "fire", "node": "a", "units": {"engine": 3}}}]
    demand = {"poisson": {"fire": {"rate": "0.001/yr"}}}
    units, terms = {name: UNITS[name] for name in ("E1", "E2")}, {**AGREED, "most": 0.5}
    loaded = small(tmp_path, agreements={"help": terms}, units=units, injects=injects, demand=demand)
    told, _ = explain(loaded, incident="x")
    *_, home = (epoch for epoch in told.epochs if epoch.time == 1080)
    seen = {one.unit: (one.why, one.status) for one in home.groups[0].candidates}
    assert seen == {"E1": ("share_out", "in quarters"), "E2": ("already_sent", "en route")}


def test_an_explanation_tells_who_was_asked_for_another_call(tmp_path: Path) -> None:
    """E1, on its way to x, is not diverted to the more urgent y under its agreement."""
    kinds = {
        "fire": {"run_card": {"engine": 1}, "on_scene": "10 min", "priority": 2},
        "rescue": {"run_card": {"engine": 1}, "on_scene": "10 min", "priority": 1},
    }
    calls = "x,0,fire,a,engine:1\ny,30,rescue,c,engine:1\n"
    changes: dict[str, Any] = {"units": "E1", "incident_types": kinds, "dispatching": {"diversion": True}}
    assert whys(line(tmp_path, calls, **changes), "y")[0] == {"E1": "asked_before"}


def test_an_explanation_tells_of_tiers(tmp_path: Path) -> None:
    rung = {**EAST, "when": {"unmet_for": "2 min"}, "hand_over": "3 min"}
    told, _ = explain(tiers(tmp_path, TWO_AT_E, WEST, rung), incident="y")
    first = {one.unit: one.why for one in told.epochs[0].groups[0].candidates}
    assert first == {"W1": "under_way", "E1": "not_handed"}
    assert [notice.what for notice in told.notices] == ["hand-over decided", "handed over"]


def test_cover_by_agreement_is_no_cover(tmp_path: Path) -> None:
    """M1 at c is the only own engine near d and e; that E1 stands at e spares it none of its weight.

    So W1, two minutes farther, goes to c; were E1 our own, M1's going would lose little and M1 would go.
    """
    stations = {"west": {"at": "a"}, "middle": {"at": "c"}, "east": {"at": "d"}}
    units = {"W1": UNITS["W1"], "M1": {"type": "engine", "station": "middle"}, "E1": UNITS["E1"]}
    rules = {
        "policy": "coverage_aware",
        "coverage_aware": {"weight": 1000, "busy_fraction": 0.1, "from_priority": 1},
    }
    calls = "x,0,fire,c,engine:1\n" + "".join(f"c{i},{9000 * i},fire,d,engine:1\n" for i in range(1, 6))
    world: dict[str, Any] = {"stations": stations, "units": units, "dispatching": rules, "cover_within": 70}
    terms = {"help": {**AGREED, "asked_when": {"none_free": True}}}
    assert who(simulate(loaded_with(tmp_path, calls, **world, agreements=terms)))[0] == "W1"
    assert who(simulate(loaded_with(tmp_path, calls, **world)))[0] == "M1"


def test_units_of_others_are_not_moved_up(tmp_path: Path) -> None:
    """W1 goes out; E1 and E2 stand idle at the other end and would be moved, were they our own."""
    calls = "".join(f"c{i},{9000 * i},fire,a,engine:1\n" for i in range(1, 6))
    moving = {"expected_cover": {"busy_fraction": 0.3, "consider": "all"}}
    world: dict[str, Any] = {"units": "W1 E1 E2", "moving_up": moving, "cover_within": 70}
    log = simulate(line(tmp_path, calls, terms={"asked_when": {"none_free": True}}, **world))
    assert {log.fleet.ids[each.unit] for each in log.move_ups} <= {"W1"}
    own = simulate(line(tmp_path, calls, terms=None, **world))
    assert {own.fleet.ids[each.unit] for each in own.move_ups} & {"E1", "E2"}


def test_outside_units_are_not_first_due(tmp_path: Path) -> None:
    log = simulate(line(tmp_path, ONE_AT_E, terms={"asked_when": {"none_free": True}}))
    assert measure(log, ["reliability.first_due"]) == {"reliability.first_due": 1.0}


# the ladder


def tiers(folder: Path, calls: str, *rungs: dict[str, Any], **changes: Any) -> Scenario:
    """Load the line with a ladder, without agreements unless they are given."""
    return loaded_with(folder, calls, ladder=list(rungs), **changes)


WEST = {"tier": "enterprise", "stations": ["west"]}
EAST = {"tier": "district", "stations": ["east"]}


def test_a_higher_tier_waits_for_the_hand_over(tmp_path: Path) -> None:
    """At e, next door to the district's engine, the enterprise's goes; a second call is handed up."""
    rung = {**EAST, "when": {"unmet_for": "2 min"}, "hand_over": "3 min"}
    log = simulate(tiers(tmp_path, TWO_AT_E, WEST, rung))
    assert sent(log) == [("W1", 0, 0, 240), ("E1", 360, 360, 360)]
    assert log.hand_overs == ((1, 180.0, 360.0, 0, 1, "unmet_for", 120.0, 120.0),)
    assert [(n.moment, n.what, n.incident, n.detail) for n in notices(log)] == [
        (180.0, "hand-over decided", "y", "from enterprise to district: a need open for 120.0 s"),
        (360.0, "handed over", "y", "to district"),
    ]
    assert measure(log, ["hand_overs.n"]) == {"hand_overs.n": 1.0}


def test_what_is_met_in_time_is_not_handed_over(tmp_path: Path) -> None:
    """W1 is free again at 600, when x has been open for 540 s."""
    calls = "w,0,fire,a,engine:1\nx,60,fire,a,engine:1\n"
    for limit, handed in ((539, 1), (541, 0)):
        log = simulate(tiers(tmp_path, calls, WEST, {**EAST, "when": {"unmet_for": limit}}))
        assert len(log.hand_overs) == handed
        assert who(log) == ["W1", "E1" if handed else "W1"]


def test_at_once_when_nothing_has_to_be_waited_for(tmp_path: Path) -> None:
    log = simulate(tiers(tmp_path, TWO_AT_E, WEST, {**EAST, "when": {"unmet_for": 0}}))
    assert sent(log) == [("W1", 0, 0, 240), ("E1", 60, 60, 60)]


@pytest.mark.parametrize(("level", "units"), [(2, ["W1", "W1"]), (3, ["W1", "E1"])])
def test_by_level(tmp_path: Path, level: int, units: list[str]) -> None:
    """From level 3 the call is handed on at once, which takes a minute; the first engine goes meanwhile."""
    rung = {**EAST, "when": {"from_level": 3}, "hand_over": 60}
    log = simulate(tiers(tmp_path, TWO_AT_E, WEST, rung, incident_types=_graded(level)))
    assert who(log) == units
    assert [each[:3] for each in log.hand_overs] == ([(0, 0, 60), (1, 60, 120)] if level == 3 else [])


def test_a_rise_of_level_hands_over(tmp_path: Path) -> None:
    """Out of control at 120, x rises to 3: the district has it at 180; it asks for no further unit."""
    kinds = _graded(2, control_within={"2": "2 min"})
    rung = {**EAST, "when": {"from_level": 3}, "hand_over": 60}
    log = simulate(tiers(tmp_path, ONE_AT_E, WEST, rung, incident_types=kinds))
    assert who(log) == ["W1"]
    assert log.hand_overs == ((0, 120.0, 180.0, 0, 1, "from_level", 3, 3),)


def test_a_call_starts_where_somebody_serves_the_place(tmp_path: Path) -> None:
    """The enterprise serves its own premises, a and b; what happens at e is the district's from the start."""
    premises = {"own": {"stations": ["west"], "only_at": ["a", "b"]}}
    rung = {**EAST, "when": {"unmet_for": "2 min"}}
    for node, unit, alerted in (("e", "E1", 0), ("b", "W1", 0)):
        log = simulate(tiers(tmp_path, f"x,0,fire,{node},engine:1\n", WEST, rung, agreements=premises))
        assert sent(log)[0][:2] == (unit, alerted)
        assert not log.hand_overs


def test_a_tier_in_between_is_passed_one_hand_over_after_the_other(tmp_path: Path) -> None:
    """Tier two has an engine, which is out; the need goes on to tier three, each hand-over with its time.

    Tier two at 60 + 30, tier three decided at 300 of waiting and there 40 s later.
    """
    stations = {"west": {"at": "a"}, "middle": {"at": "c"}, "east": {"at": "e"}}
    units = {
        "W1": UNITS["W1"],
        "M1": {"type": "engine", "station": "middle"},
        "E1": UNITS["E1"],
    }
    rungs = (
        WEST,
        {"tier": "park", "stations": ["middle"], "when": {"unmet_for": 60}, "hand_over": 30},
        {**EAST, "when": {"unmet_for": 300}, "hand_over": 40},
    )
    calls = "w,0,fire,a,engine:1\nx,0,fire,c,engine:1\ny,0,fire,c,engine:1\n"
    log = simulate(tiers(tmp_path, calls, *rungs, stations=stations, units=units))
    assert [(h.incident, h.decided, h.done, h.after) for h in log.hand_overs] == [
        (1, 60, 90, 1), (2, 60, 90, 1), (2, 300, 340, 2),
    ]  # fmt: skip
    assert [row[:2] for row in sent(log)] == [("W1", 0), ("M1", 90), ("E1", 340)]


def test_a_higher_condition_takes_a_call_through_the_tiers_between(tmp_path: Path) -> None:
    """Level 4 is for the district; the park, which asks for 10 min of waiting, has it on the way."""
    stations = {"west": {"at": "a"}, "middle": {"at": "c"}, "east": {"at": "e"}}
    units = {"W1": UNITS["W1"], "M1": {"type": "engine", "station": "middle"}, "E1": UNITS["E1"]}
    rungs = (
        WEST,
        {"tier": "park", "stations": ["middle"], "when": {"unmet_for": 600}, "hand_over": 30},
        {**EAST, "when": {"from_level": 4}, "hand_over": 40},
    )
    kinds = {"fire": {**_graded(4)["fire"], "run_card": {"engine": 3}}}
    log = simulate(
        tiers(tmp_path, "x,0,fire,a,engine:3\n", *rungs, stations=stations, units=units, incident_types=kinds)
    )
    assert [row[:2] for row in sent(log)] == [("W1", 0), ("M1", 30), ("E1", 70)]


def test_a_need_that_opens_again_is_counted_from_then(tmp_path: Path) -> None:
    """W1 turns at 100 from x to y, which is more urgent: x has been open since 100, not since 0."""
    kinds = {
        name: {"priority": priority, "run_card": {"engine": 1}, "on_scene": 600}
        for name, priority in (("fire", 2), ("life", 1))
    }
    calls = "x,0,fire,e,engine:1\ny,100,life,d,engine:1\n"
    rung = {**EAST, "when": {"unmet_for": 120}}
    log = simulate(tiers(tmp_path, calls, WEST, rung, incident_types=kinds, dispatching={"diversion": True}))
    assert [each[:3] for each in log.hand_overs] == [(0, 220.0, 220.0)]
    assert sent(log)[2][:2] == ("E1", 220)


def test_who_is_on_no_rung_may_always_be_sent(tmp_path: Path) -> None:
    rungs = ({"tier": "one", "stations": ["west"]},)
    log = simulate(tiers(tmp_path, ONE_AT_E, *rungs))
    assert who(log) == ["E1"]


def test_a_ladder_and_an_agreement_hold_together(tmp_path: Path) -> None:
    """The district has it at 180, and its engine needs another minute to be asked for."""
    rung = {**EAST, "when": {"unmet_for": 120}}
    terms = {"help": {**AGREED, "asked_when": {"none_free": True}, "delay": 60}}
    log = simulate(tiers(tmp_path, TWO_AT_E, WEST, rung, agreements=terms))
    assert sent(log)[1] == ("E1", 180, 240, 240)
    assert [ask[:4] for ask in log.asks] == [(1, 0, 180.0, "none_free")]


@pytest.mark.parametrize(("limit", "asked"), [(239, True), (241, False)])
def test_prediction_leaves_out_tiers_without_the_call(tmp_path: Path, limit: float, asked: bool) -> None:
    """M1 at d could be at e in a minute, but its tier does not have the call: W1, in four, is what counts."""
    stations = {"west": {"at": "a"}, "next": {"at": "d"}, "east": {"at": "e"}}
    units = {"W1": UNITS["W1"], "M1": {"type": "engine", "station": "next"}, "E1": UNITS["E1"]}
    rungs = (WEST, {"tier": "park", "stations": ["next"], "when": {"unmet_for": 600}})
    terms = {"help": {**AGREED, "asked_when": {"erf_over": limit}}}
    log = simulate(tiers(tmp_path, ONE_AT_E, *rungs, stations=stations, units=units, agreements=terms))
    assert who(log) == (["E1"] if asked else ["W1"])


@pytest.mark.parametrize(
    ("maintainers", "arrives"), [(2, [("M1", 0, 60), ("M2", 0, 60)]), (1, [("M1", 0, 60), ("S1", 150, 270)])]
)
def test_lifts_maintainer_then_nearest_station_then_fire(
    tmp_path: Path, maintainers: int, arrives: list[tuple[str, float, float]]
) -> None:
    """People stuck in lifts: the maintainer goes, else the nearest station, else fire; decided within 5 min.

    Order and five minutes for the third tier are those of Guangzhou's platform 96333, by secondary reports;
    the other times are made up.
    """
    log = simulate(_lifts(tmp_path, maintainers, calls="k,0,lift,c,rescue:1\nl,0,lift,c,rescue:1\n"))
    assert [(unit, alerted, there) for unit, alerted, _, there in sent(log)] == arrives


def test_the_third_tier_is_decided_within_five_minutes(tmp_path: Path) -> None:
    calls = "".join(f"{name},0,lift,c,rescue:1\n" for name in "klm")
    log = simulate(_lifts(tmp_path, 1, calls=calls))
    # k: M1; l: the station, decided at 120, sent at 150; m: the same, then fire, decided at 240, sent at 270
    assert [(unit, alerted, there) for unit, alerted, _, there in sent(log)] == [
        ("M1", 0, 60), ("S1", 150, 270), ("F1", 270, 390),
    ]  # fmt: skip
    third = [each for each in log.hand_overs if each.after == 2]
    assert [(log.scenario.file.ladder[each.after].tier, each.decided, each.done) for each in third] == [
        ("fire", 240.0, 270.0)
    ]
    ready = log.timeline.ready
    assert all(each.decided - ready[each.incident] <= 300.0 for each in log.hand_overs)


def _lifts(folder: Path, maintainers: int, calls: str) -> Scenario:
    kind = {"rescue": {"capabilities": ["rescue"], "turnout": 0}}
    units = {f"M{i + 1}": {"type": "rescue", "station": "maintainer"} for i in range(maintainers)}
    units |= {"S1": {"type": "rescue", "station": "micro"}, "F1": {"type": "rescue", "station": "fire"}}
    return small(
        folder,
        HEADER + calls,
        unit_types=kind,
        units=units,
        stations={
            "maintainer": {"at": "b", "owner": "enterprise"},
            "micro": {"at": "e", "owner": "volunteer"},
            "fire": {"at": "a", "owner": "state"},
        },
        incident_types={"lift": {"run_card": {"rescue": 1}, "on_scene": 1200}},
        ladder=[
            {"tier": "maintainer", "owners": ["enterprise"]},
            {"tier": "station", "owners": ["volunteer"], "when": {"unmet_for": "2 min"}, "hand_over": 30},
            {"tier": "fire", "owners": ["state"], "when": {"unmet_for": "4 min"}, "hand_over": 30},
        ],
    )


# metamorphic laws of an isolated incident, with fixed turnouts


def _erf(log: Log) -> float:
    """Return when the first call had all its units; infinite for never."""
    erf = float(log.incidents.erf[0])
    return inf if isnan(erf) else erf


BASE_TERMS: dict[str, Any] = {
    "only_at": ["a", "b"],
    "asked_when": {"from_level": 4},
    "most": 0.5,
    "delay": 200,
    "until": "2024-01-01T00:00:10+00:00",
}
WIDER: list[dict[str, Any]] = [
    {"only_at": ["a", "b", "d", "e"]},
    {"only_at": []},
    {"asked_when": {"from_level": 2}},
    {"asked_when": {"from_level": 4, "erf_over": 100}},
    {"asked_when": {"from_level": 4, "none_free": True}},
    {"asked_when": {"from_level": 4, "cover_under": 1.0}},
    {"asked_when": {}},
    {"most": 1.0},
    {"delay": 20},
    {"until": "2024-01-02"},
]

WIDE_OPEN: dict[str, Any] = {"asked_when": {}, "only_at": [], "most": 1.0, "delay": 20, "until": "2024-01-02"}


@pytest.mark.parametrize("node", ["a", "c", "e"])
@pytest.mark.parametrize("needed", [1, 2, 3])
@pytest.mark.parametrize("change", range(len(WIDER)))
def test_a_wider_agreement_never_delays(tmp_path: Path, node: str, needed: int, change: int) -> None:
    """Alone, and on top of all other changes."""
    calls = f"x,60,fire,{node},engine:{needed}\n"
    kinds = _graded(2)
    key = next(iter(WIDER[change]))
    for terms in (BASE_TERMS, WIDE_OPEN | {key: BASE_TERMS[key]}):
        before = simulate(line(tmp_path, calls, units="W1 E1 E2", terms=terms, incident_types=kinds))
        wide = {**terms, **WIDER[change]}
        after = simulate(line(tmp_path, calls, units="W1 E1 E2", terms=wide, incident_types=kinds))
        assert _erf(after) <= _erf(before)


def test_wider_agreements_help(tmp_path: Path) -> None:
    """Or else the law above would say nothing: each change brings help where there was none, or sooner."""
    sooner = set()
    kinds = _graded(2)
    for number, change in enumerate(WIDER):
        for node in "ace":
            for base in (BASE_TERMS, {**WIDE_OPEN, next(iter(change)): BASE_TERMS[next(iter(change))]}):
                calls = f"x,60,fire,{node},engine:3\n"
                before, after = (
                    _erf(simulate(line(tmp_path, calls, units="W1 E1 E2", terms=terms, incident_types=kinds)))
                    for terms in (base, {**base, **change})
                )
                if after < before:
                    sooner.add(number)
    assert sooner == set(range(len(WIDER)))


@pytest.mark.parametrize("needed", [1, 2, 3])
@pytest.mark.parametrize("asked_when", [{}, {"from_level": 2}, {"erf_over": 0}])
@pytest.mark.parametrize("station", ["west", "east"])
def test_an_extra_unit_never_delays(
    tmp_path: Path, needed: int, asked_when: dict[str, Any], station: str
) -> None:
    extra = {"more": {"add_units": {"N1": {"type": "engine", "station": station}}}}
    terms = {"asked_when": asked_when, "delay": 30}
    calls = f"x,60,fire,c,engine:{needed}\n"
    loaded = line(tmp_path, calls, units="W1 E1 E2", terms=terms, layouts=extra, incident_types=_graded(2))
    assert _erf(simulate(loaded, "more")) <= _erf(simulate(loaded))


def test_an_extra_unit_keeps_the_limit_where_help_is_asked_by_prediction(tmp_path: Path) -> None:
    """With one more own engine help is not asked for: slower than help would be, but within the limit."""
    extra = {
        "more": {
            "add_stations": {"mid": {"at": "b"}},
            "add_units": {"N1": {"type": "engine", "station": "mid"}},
        }
    }
    loaded = line(tmp_path, ONE_AT_E, terms={"asked_when": {"erf_over": 200}}, layouts=extra)
    assert _erf(simulate(loaded)) == 0.0
    assert _erf(simulate(loaded, "more")) == 180.0


def test_the_calls_of_a_closed_station_go_to_its_neighbours(tmp_path: Path) -> None:
    """The same calls on the same luck: nobody else's unit but those who had stood nearest next."""
    calls = "".join(f"c{i},{i * 3000},fire,{node},engine:1\n" for i, node in enumerate("abcde" * 3))
    stations = {"west": {"at": "a"}, "middle": {"at": "c"}, "east": {"at": "e"}}
    units = {"W1": UNITS["W1"], "M1": {"type": "engine", "station": "middle"}, "E1": UNITS["E1"]}
    closed = {"closed": {"close_stations": ["middle"]}}
    loaded = small(
        tmp_path, HEADER + calls, stations=stations, units=units, layouts=closed,
        agreements={"help": {"stations": ["middle"], "delay": {"exponential": {"mean": 30}}}},
    )  # fmt: skip
    before, after = simulate(loaded), simulate(loaded, "closed")
    changed = [(was, now) for was, now in zip(who(before), who(after), strict=True) if was != now]
    assert changed == [("M1", "W1")] * 3, "those at c: of two equally near engines the western"
    kept = [i for i, unit in enumerate(who(before)) if unit != "M1"]
    assert np.array_equal(before.responses.on_scene[kept], after.responses.on_scene[kept])
    assert not after.asks


def test_a_level_given_from_outside_is_enough(tmp_path: Path) -> None:
    """The engine looks at the level of the call, wherever it comes from."""
    loaded = line(tmp_path, ONE_AT_E, terms={"asked_when": {"from_level": 3}}, incident_types=_graded(2))
    drawn = draw(loaded, 0)
    raised = replace(
        drawn, level=drawn.level + 1
    )  # recorded calls have none, injected ones that of their type
    assert who(simulate(loaded, timeline=drawn)) == ["W1"]
    assert who(simulate(loaded, timeline=raised)) == ["E1"]
