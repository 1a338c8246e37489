"""Laws of help and of tiers, on random worlds: nobody of others comes unless the terms let them be asked."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from tests.properties.drawing import durations, often, worlds
from tests.properties.readings import SLACK, Reading, Response, read
from tests.properties.test_choices import expected
from tests.properties.worlds import World, law

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.engine.tiers import Ask

Json = dict[str, Any]

CONDITIONS: tuple[Json, ...] = (
    {},
    {"none_free": True},
    {"none_free": True, "erf_over": 300},
    {"erf_over": 0},
    {"erf_over": 150},
    {"erf_over": 400},
    {"cover_under": 1.0},
    {"cover_under": 0.5},
    {"erf_over": 300, "cover_under": 0.6},
)


@st.composite
def helped(draw: st.DrawFn, /, *, reckoned: bool = False) -> World:
    """Draw a world in which some stations, perhaps all, are under one or two agreements.

    ``reckoned``: conditions on predictions and cover only, and a station of our own wherever there are two.
    """
    world = draw(worlds())
    conditions = tuple(each for each in CONDITIONS if {"erf_over", "cover_under"} & set(each))
    scenario = dict(world.scenario)
    stations = draw(st.permutations(sorted(scenario["stations"])))
    first = draw(st.integers(1, max(len(stations) - reckoned, 1)))
    some = conditions if reckoned else CONDITIONS
    groups = [stations[:first], stations[first : first + (0 if reckoned else draw(st.integers(0, 2)))]]
    start = datetime.fromisoformat(scenario["start"])
    agreements: Json = {}
    for number, group in enumerate(group for group in groups if group):
        terms: Json = {"stations": list(group), "asked_when": dict(draw(st.sampled_from(some)))}
        terms["most"] = draw(st.sampled_from([1, 1, 0.5, 0.4, 0]))
        terms["delay"] = draw(durations(600))
        terms["price"] = draw(st.integers(0, 900))
        if often(draw, 4):
            terms["only_at"] = draw(
                st.lists(st.sampled_from(world.places), min_size=1, max_size=3, unique=True)
            )
        if often(draw, 3):
            terms["until"] = (start + timedelta(minutes=draw(st.integers(0, 180)))).isoformat()
        agreements[f"g{number}"] = terms
    scenario |= {"agreements": agreements, "cover_within": draw(st.sampled_from([60, 150, 400]))}
    return replace(world, scenario=scenario)


def plain(world: World) -> World:
    """Return the world in which units are sent from their quarters only."""
    rules = {**world.rules, "returning": False, "diversion": False}
    return replace(world, scenario={**world.scenario, "dispatching": rules})


class State:
    """What the log says of the moment just before a response was decided."""

    def __init__(self, reading: Reading, row: Response) -> None:
        self.reading, self.row, self.now = reading, row, row.alerted
        self.before = reading.rows[: row.row]

    def is_busy(self, unit: int) -> bool:
        return any(other.unit == unit and other.available > self.now for other in self.before)

    def sent(self) -> set[int]:
        """Return who had been sent to the call and not away from it; a call of one need keeps no account."""
        t, call = self.reading.log.timeline, self.row.incident
        if t.first_slot[call + 1] - t.first_slot[call] == 1:
            return set()
        mine = (other for other in self.before if other.incident == call)
        return {other.unit for other in mine if not (other.diverted and other.available <= self.now)}

    def may_turn(self, unit: int) -> bool:
        """Whether the unit was on its way to a less urgent call, and diversion is allowed."""
        log = self.reading.log
        rows = [other for other in self.before if other.unit == unit]
        if not log.scenario.file.dispatching.diversion or not rows:
            return False
        last = rows[-1]
        under_way = last.available > self.now and not last.on_scene <= self.now
        return under_way and log.timeline.priority[last.incident] > log.timeline.priority[self.row.incident]

    def free(self, slot: int) -> list[int]:
        """Return the own units that could have filled a need without anybody being asked."""
        log = self.reading.log
        wanted = int(log.timeline.capability[slot])
        able = [
            unit
            for unit, has in enumerate(log.fleet.capabilities)
            if wanted in has and log.fleet.agreement[unit] < 0
        ]
        sent = self.sent()
        fresh = [unit for unit in able if unit not in sent]
        return [unit for unit in fresh or able if not self.is_busy(unit) or self.may_turn(unit)]

    def open_slots(self) -> list[int]:
        """Return the needs of the call that nobody had been sent to, or nobody for good."""
        first = self.reading.log.timeline.first_slot
        filled = {
            other.slot
            for other in self.before
            if other.incident == self.row.incident and not (other.diverted and other.available <= self.now)
        }
        slots = range(first[self.row.incident], first[self.row.incident + 1])
        return [slot for slot in slots if slot not in filled]

    def predicted(self, seconds: dict[tuple[int, int], float]) -> tuple[float, set[int]]:
        """Return when the last open need would be met, since the call was ready, and by whom."""
        timeline, taken, last = self.reading.log.timeline, set[int](), 0.0
        place, ready = int(timeline.node[self.row.incident]), float(timeline.ready[self.row.incident])
        for slot in self.open_slots():
            found = sorted((seconds[unit, place], unit) for unit in self.free(slot) if unit not in taken)
            if not found:
                last = math.inf
                continue
            last = max(last, self.now + found[0][0] - ready)
            taken.add(found[0][1])
        return last, taken


def asked_rows(reading: Reading) -> Iterator[tuple[Response, Ask]]:
    """Yield the responses of units of others with their asks; each has exactly one, and no other has any."""
    log = reading.log
    asks: dict[int, list[Ask]] = defaultdict(list)
    for ask in log.asks:
        asks[ask.response].append(ask)
    for row in reading.rows:
        outside = row.unit >= 0 and log.fleet.agreement[row.unit] >= 0
        mine = asks.pop(row.row, [])
        assert len(mine) == outside
        if outside:
            assert mine[0].agreement == log.fleet.agreement[row.unit]
            yield row, mine[0]
    assert not asks


@given(helped())
@law(40)
def test_nobody_of_others_comes_without_an_ask_within_the_terms(world: World) -> None:
    """Asked at the alert, from quarters, before the end, on the premises, and within the share."""
    log = world.run()
    reading = read(log)
    written, ids = world.scenario["agreements"], log.scenario.network.node_ids
    start = datetime.fromisoformat(world.scenario["start"])
    for row, ask in asked_rows(reading):
        terms = written[log.scenario.agreements[ask.agreement].id]
        site = log.fleet.layout.sites[log.fleet.site[row.unit]].id
        assert site in terms["stations"]
        assert ask.moment == row.alerted
        assert not row.from_road
        assert not row.diverted
        if "until" in terms:
            assert start + timedelta(seconds=ask.moment) < datetime.fromisoformat(terms["until"])
        assert ids[log.timeline.node[row.incident]] in terms.get("only_at", ids)
        members = [u for u, number in enumerate(log.fleet.agreement) if number == ask.agreement]
        state = State(reading, row)
        out = sum(state.is_busy(unit) for unit in members) + 1
        assert terms["most"] > 0
        assert out <= max(1, math.floor(terms["most"] * len(members) + 1e-9))
        if not math.isnan(row.in_quarters) and math.isnan(log.timeline.busy[row.slot]):
            assert row.available == row.in_quarters


@given(helped())
@law(30)
def test_nobody_is_asked_while_somebody_of_our_own_is_free(world: World) -> None:
    """Where the reason is that no own unit can go, none could."""
    reading = read(world.run())
    for row, ask in asked_rows(reading):
        if ask.reason == "none_free" or ask.value == math.inf:
            missing = [slot for slot in State(reading, row).open_slots() if ask.value == math.inf]
            free = [State(reading, row).free(slot) for slot in missing or [row.slot]]
            assert [] in free or len(set().union(*free)) < len(free)


@given(helped() | helped(reckoned=True))
@law(60)
def test_predictions_and_cover_are_as_told(world: World) -> None:
    """What the condition says, worked out again from the files and the log."""
    world = plain(world)
    log = world.run()
    reading = read(log)
    seconds = expected(world, reading)
    demand = log.scenario.demand_by_node.sum(axis=0)
    turnout = log.fleet.mean_turnout
    for row, ask in asked_rows(reading):
        terms = world.scenario["agreements"][log.scenario.agreements[ask.agreement].id]["asked_when"]
        assert (ask.reason == "always") == (not terms)
        if ask.reason not in ("erf_over", "cover_under"):
            continue
        state = State(reading, row)
        last, taken = state.predicted(seconds)
        if ask.reason == "erf_over":
            assert ask.limit == terms["erf_over"]
            assert ask.value > ask.limit
            assert ask.value == last or abs(ask.value - last) <= 10 * SLACK
            continue
        assert ask.limit == terms["cover_under"]
        assert ask.value < ask.limit
        own = [u for u, number in enumerate(log.fleet.agreement) if number < 0]
        left = [unit for unit in own if not state.is_busy(unit) and unit not in taken]
        reach = {
            slack: sum(
                weight
                for node, weight in enumerate(demand)
                if any(seconds[u, node] - turnout[u] <= log.scenario.file.cover_within + slack for u in left)
            )
            / demand.sum()
            for slack in (-SLACK, SLACK)
        }
        assert reach[-SLACK] - 1e-9 <= ask.value <= reach[SLACK] + 1e-9


@given(helped())
@law(30)
def test_nobody_waits_while_help_may_be_asked(world: World) -> None:
    """No need stays open while a unit stands at home under terms that let it be asked at any time."""
    log = world.run()
    reading = read(log)
    written, ids = world.scenario["agreements"], log.scenario.network.node_ids
    for wait in reading.waits():
        for unit in reading.able(wait.slot):
            number = log.fleet.agreement[unit]
            if number < 0:
                continue
            agreement = log.scenario.agreements[number]
            terms = written[agreement.id]
            sure = not terms["asked_when"] or "none_free" in terms["asked_when"]
            sure |= "erf_over" in terms["asked_when"]
            serves = ids[log.timeline.node[reading.call(wait.slot)]] in terms.get("only_at", ids)
            if not sure or not serves or terms["most"] != 1:
                continue
            for begin, end in reading.at_home(unit):
                assert min(end, wait.end, agreement.until) <= max(begin, wait.begin)


@given(helped())
@law(15)
def test_help_that_is_never_asked_is_not_there(world: World) -> None:
    """With all agreements expired the log is that of the layout without their stations."""
    scenario = dict(world.scenario)
    start = datetime.fromisoformat(scenario["start"])
    scenario["agreements"] = {
        name: {**terms, "until": start.isoformat()} for name, terms in scenario["agreements"].items()
    }
    outside = {name for terms in scenario["agreements"].values() for name in terms["stations"]}
    log = replace(world, scenario=scenario).run()
    assert not log.asks
    sites = [log.fleet.layout.sites[site].id for site in log.fleet.site]
    assert not any(unit >= 0 and sites[unit] in outside for unit in log.responses.unit.tolist())


# the ladder


@st.composite
def laddered(draw: st.DrawFn) -> World:
    """Draw a world in which some stations stand on a ladder, some of them with premises of their own."""
    world = draw(worlds(when_none_free="queue").filter(lambda drawn: len(drawn.scenario["stations"]) > 1))
    scenario = dict(world.scenario)
    scenario["dispatching"].pop("mutual_aid", None)
    stations = draw(st.permutations(sorted(scenario["stations"])))
    ladder: list[Json] = []
    agreements: Json = {}
    while stations and (len(ladder) < 2 or often(draw, 8)):
        size = 1 if not ladder else draw(st.integers(1, len(stations)))
        rung: Json = {"tier": f"t{len(ladder)}", "stations": list(stations[:size])}
        stations = stations[size:]
        if ladder:
            rung["when"] = {"unmet_for": draw(st.sampled_from([0, 30, 120, 600]))}
            rung["hand_over"] = draw(st.sampled_from([0, 45, 300]))
        if often(draw, 3):
            places = draw(st.lists(st.sampled_from(world.places), min_size=1, max_size=3, unique=True))
            agreements[f"g{len(ladder)}"] = {"stations": rung["stations"], "only_at": places}
        ladder.append(rung)
    return replace(world, scenario={**scenario, "ladder": ladder, "agreements": agreements})


@given(laddered())
@law(40)
def test_no_tier_sends_anybody_before_it_has_the_incident(world: World) -> None:
    """Each response of a tier comes when the incident had been handed to it, and each hand-over in time."""
    log = world.run()
    reading = read(log)
    ladder = world.scenario["ladder"]
    rung_of = {name: number for number, rung in enumerate(ladder) for name in rung["stations"]}
    sites = [log.fleet.layout.sites[site].id for site in log.fleet.site]
    handed: dict[int, list[Any]] = defaultdict(list)
    for each in log.hand_overs:
        handed[each.incident].append(each)
    waits = reading.waits()
    for call, overs in handed.items():
        way = rungs_that_serve(world, reading, call)
        assert [overs[0].before, *(over.after for over in overs)] == way[: len(overs) + 1]
        for over in overs:
            when = ladder[over.after]["when"]["unmet_for"]
            assert over.done == over.decided + ladder[over.after].get("hand_over", 0)
            later = [ladder[rung]["when"]["unmet_for"] for rung in way[way.index(over.after) :]]
            assert over.limit in later
            assert over.limit <= when
            assert over.value >= over.limit - 1e-6
            since = over.decided - over.value
            mine = [wait for wait in waits if reading.call(wait.slot) == call]
            assert any(abs(w.begin - since) <= 1e-6 and w.end >= over.decided for w in mine), (over, mine)
        assert all(a.done <= b.decided for a, b in pairwise(overs))
    for row in reading.rows:
        rung = rung_of.get(sites[row.unit], -1) if row.unit >= 0 else -1
        way = rungs_that_serve(world, reading, row.incident)
        if way and rung > way[0]:
            done = [over.done for over in handed[row.incident] if over.after >= rung]
            assert done
            assert min(done) <= row.alerted


def rungs_that_serve(world: World, reading: Reading, call: int) -> list[int]:
    """Return the rungs with a unit that serves the place of a call and can fill one of its needs."""
    log, agreements = reading.log, world.scenario["agreements"]
    t = log.timeline
    place = log.scenario.network.node_ids[t.node[call]]
    wanted = set(t.capability[t.first_slot[call] : t.first_slot[call + 1]].tolist())
    found = []
    for number, rung in enumerate(world.scenario["ladder"]):
        for unit, has in enumerate(log.fleet.capabilities):
            site = log.fleet.layout.sites[log.fleet.site[unit]].id
            terms: Json = next((a for a in agreements.values() if site in a["stations"]), {})
            if site in rung["stations"] and wanted & has and place in terms.get("only_at", [place]):
                found.append(number)
                break
    return found


@given(laddered())
@law(20)
def test_an_incident_that_nobody_takes_is_handed_to_the_top(world: World) -> None:
    """A need that is open to the end has been handed as far as anybody can help."""
    log = world.run()
    reading = read(log)
    tops = {each.incident: each.after for each in log.hand_overs}
    for wait in reading.waits():
        call = reading.call(wait.slot)
        way = rungs_that_serve(world, reading, call)
        if math.isinf(wait.end) and len(way) > 1:
            assert tops[call] == way[-1]


def test_the_worlds_ask_and_hand_over() -> None:
    """Or else the laws above would say nothing."""
    reasons: set[str] = set()
    overs: list[int] = []

    def note(world: World) -> None:
        reasons.update(f"{ask.reason} {math.isinf(ask.value)}" for ask in plain(world).run().asks)

    @given(laddered())
    @law(30)
    def handing(world: World) -> None:
        overs.append(len(world.run().hand_overs))

    law(80)(given(helped())(note))()
    law(40)(given(helped(reckoned=True))(note))()
    handing()
    told = {"always False", "none_free False", "erf_over False", "erf_over True", "cover_under False"}
    assert reasons >= told
    assert sum(count > 0 for count in overs) >= 5


# an incident that is alone


@st.composite
def alone(draw: st.DrawFn) -> tuple[World, World]:
    """Draw a world with one call, fixed times and help, and the same with wider terms."""
    world = draw(worlds(recorded=True, exact=True, policy="nearest", when_none_free="queue"))
    scenario = dict(world.scenario)
    scenario["dispatching"].pop("mutual_aid", None)
    stations = draw(st.permutations(sorted(scenario["stations"])))
    first = draw(st.integers(1, len(stations)))
    terms: list[Json] = []
    for group in (stations[:first], stations[first : first + draw(st.integers(0, 2))]):
        when = draw(st.sampled_from([{}, {"none_free": True}, {"erf_over": 100}, {"erf_over": 400}]))
        places = draw(st.lists(st.sampled_from(world.places), min_size=1, max_size=3, unique=True))
        delay, most = draw(st.sampled_from([0, 60, 300])), draw(st.sampled_from([0.3, 0.5, 1]))
        terms += (
            [{"stations": list(group), "asked_when": when, "delay": delay, "most": most}] if group else []
        )
        if group and often(draw, 4):
            terms[-1]["only_at"] = places
    wider = [dict(each) for each in terms]
    change = draw(st.sampled_from(wider))
    key = draw(st.sampled_from(["only_at", "asked_when", "delay", "most"]))
    if key == "only_at":
        change.pop("only_at", None)
    elif key == "asked_when":
        change["asked_when"] = {} if "erf_over" not in change["asked_when"] else {"erf_over": 50}
    else:
        change[key] = 0 if key == "delay" else 1
    calls = [row for row in world.calls if row["incident"] == world.calls[0]["incident"]]
    calls = [{**row, "cancelled": ""} if "cancelled" in row else row for row in calls]
    scenario["demand"] = {"recorded": "calls.csv"}
    scenario.pop("profiles", None)
    narrow, wide = (
        replace(
            world,
            scenario={**scenario, "agreements": {f"g{n}": each for n, each in enumerate(some)}},
            calls=calls,
        )
        for some in (terms, wider)
    )
    return narrow, wide


@given(alone())
@law(60)
def test_wider_terms_never_delay_an_incident_that_is_alone(pair: tuple[World, World]) -> None:
    """More places, fewer conditions, a shorter delay, a larger share: the whole first alarm is no later."""
    before, after = (float(world.run().incidents.erf[0]) for world in pair)
    assert math.isnan(before) or after <= before + SLACK
