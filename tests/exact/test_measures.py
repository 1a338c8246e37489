"""Every measure of a log written by hand, against hand calculation and an independent computation."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import dispatch
from dispatch.engine.ladder import HandOver
from dispatch.engine.log import MoveUp, Raise, Staged
from dispatch.engine.rulebook import Ending
from dispatch.engine.tiers import Ask
from dispatch.errors import UsageError
from dispatch.model.agreements import Agreement
from dispatch.scenario.agreements import AgreementTerms
from dispatch.scenario.alarms import AlarmBook, GradedKind
from dispatch.scenario.grading import scale
from dispatch.study.measures import INTERVALS
from dispatch.study.singles import SINGLES

from . import handmade
from .worlds import scenario

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Log

NAN = math.nan


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPATCH_CACHE", "off")
        return handmade.log(tmp_path_factory.mktemp("handmade"))


STATISTICS = ("mean", "median", "p10", "p80", "p90", "p95", "max", "n", "within_0s", "within_190s",
              "within_360s", "within_9999s")  # fmt: skip
FILTERS: list[dict[str, str]] = [
    {},
    {"type": "fire"},
    {"type": "medical"},
    {"zone": "west"},
    {"zone": "east"},
    {"priority": "1"},
    {"priority": "2"},
    {"unit": "P1"},
    {"unit": "P2"},
    {"station": "S2"},
    {"unit_type": "tanker"},
    {"type": "fire", "zone": "west"},
    {"type": "medical", "zone": "east", "priority": "2", "unit": "P1"},
    {"type": "fire", "priority": "2"},  # no call at all
]


def _written(name: str, filters: dict[str, str]) -> str:
    inside = ",".join(f"{key}={value}" for key, value in filters.items())
    return f"{name}[{inside}]" if filters else name


@pytest.mark.parametrize("filters", FILTERS, ids=lambda filters: _written("", filters) or "all")
def test_every_interval_and_statistic(log: Log, filters: dict[str, str]) -> None:
    expected = {}
    for interval, who, statistic in product(INTERVALS, ("first", "second", "third", "erf"), STATISTICS):
        values, count = handmade.interval(interval, who, filters)
        name = _written(f"{interval}.{who}.{statistic}", filters)
        expected[name] = handmade.statistic(statistic, values, count)
    assert dispatch.measure(log, expected) == pytest.approx(expected, rel=0, abs=1e-9, nan_ok=True)


# measured calls: full, late, off, never, half, none, aided (7); full, late, half and aided are reached
BY_HAND = {
    # from received: full 890-700 = 190, late 1790-1000 = 790, half 2550-2400 = 150, aided 3100-3000 = 100
    "total.first.n": 7,
    "total.first.mean": (190 + 790 + 150 + 100) / 4,
    "total.first.median": (150 + 190) / 2,
    "total.first.max": 790,
    # type 7: position 0.9 * 3 = 2.7 among 100, 150, 190, 790
    "total.first.p90": 190 + 0.7 * 600,
    "total.first.within_190s": 3 / 7,
    "total.first.within_99s": 0 / 7,
    # the second unit is asked for by full (1060-700), half (never came) and aided (3700-3000)
    "total.second.n": 3,
    "total.second.mean": (360 + 700) / 2,
    "total.second.within_360s": 1 / 3,
    "total.third.n": 0,
    "total.third.mean": NAN,
    "total.third.within_300s": NAN,
    # complete: full 360, late 790, aided 700; not complete: off, never, half, none
    "total.erf.n": 7,
    "total.erf.mean": (360 + 790 + 700) / 3,
    "total.erf.within_700s": 2 / 7,
    # alert to arrival: 160, 300, 130, 60
    "response.first.mean": (160 + 300 + 130 + 60) / 4,
    # from the first alert: full 1060-730, late 300, aided 3700-3040
    "response.erf.mean": (330 + 300 + 660) / 3,
    "turnout.first.mean": (60 + 0 + 30 + 60) / 4,
    "travel.first.mean": (100 + 300 + 100 + 0) / 4,
    # a processing time has every call: 30, 30, 20, 30, 20, 10, 40
    "processing.first.mean": 180 / 7,
    "processing.first.within_20s": 3 / 7,
    "incidents.n": 7,
    "incidents.n[type=fire]": 3,
    "incidents.n[zone=west]": 3,
    "incidents.n[priority=2,zone=east]": 2,
    # late (460 s), off (280 s), never; lost ones do not queue
    "incidents.queued": 3,
    "incidents.lost": 1,
    "incidents.unserved": 3,  # off, never, none
    "incidents.incomplete": 4,  # off, never, half, none
    # sent to measured calls: full 2, late, off, half, aided 2
    "responses.n": 7,
    "responses.cut_off": 0,  # roads never close; see below for where they do
    "reliefs.n": 0,  # nobody is relieved; see below for who is
    "responses.broken_down": 0,  # no type breaks down; see tests/engine/test_readiness.py
    "responses.n[unit=P1]": 3,
    "responses.n[station=S2]": 3,
    "responses.n[type=fire,unit_type=pumper]": 2,
    "responses.share[unit=P1]": 3 / 7,
    "responses.share[unit=P2,zone=east]": 1 / 7,
    "responses.share[type=fire]": 5 / 7,
    "responses.share": 1,
    # ready to first alert: full 0, late 460, off 280, half 0, aided 0; seven calls in question
    "queue.mean": (460 + 280) / 5,
    "queue.max": 460,
    "queue.n": 7,
    "queue.median": 0,
    "queue.p90": 280 + 0.6 * 180,  # position 0.9 * 4 = 3.6
    "queue.within_0s": 3 / 7,
    "queue.mean[type=medical]": (460 + 280) / 2,
    "availability": 1,  # nobody has a rota; see tests/engine/test_duty.py for who has
    # P1 in 600..3600: 100 + 760 + 610 + 460 (one long commitment, then 3040 to 3500); P2: 770 + 100 + 380
    "workload[unit=P1]": (100 + 760 + 610 + 460) / 3000,
    "workload[unit=P2]": (770 + 100 + 380) / 3000,
    "workload.mean": (1930 + 1250) / 2 / 3000,
    "workload": (1930 + 1250) / 2 / 3000,
    "workload.max": 1930 / 3000,
    "workload.max[station=S2]": 1250 / 3000,
    # open in 600..3600: old till 650 (50), full 700-1500 (800), late 1000-2000 (1000), off 1200-1600 (400),
    # never 2200-3600 (1400), half 2400-2800 (400), none 2500-2510 (10), aided 3000-3600 (600)
    "concurrency.mean": (50 + 800 + 1000 + 400 + 1400 + 400 + 10 + 600) / 3000,
    "concurrency.max": 3,  # full, late and off from 1200 to 1500; never, half and none from 2500 to 2510
    "concurrency.max[zone=west]": 1,
    "concurrency.mean[type=fire]": (50 + 800 + 400 + 600) / 3000,
    # old; full to late; never; then two at once: 1000-1200, 1500-1600, 2400-2500, 2510-2800, 3000-3600
    "concurrency.at_least_1": (50 + 1300 + 1400) / 3000,
    "concurrency.at_least_2": (200 + 300 + 100 + 400 + 600) / 3000,
    "concurrency.at_least_3": (300 + 10) / 3000,
    "concurrency.at_least_4": 0,
    "concurrency.at_least_1[zone=west]": (50 + 800 + 10 + 600) / 3000,
    "concurrency.at_least_2[zone=west]": 0,
    "concurrency.at_least_2[type=medical]": (400 + 10) / 3000,
    # first due: A and B S1, D and E S2, C is a tie for the lower station, S1.
    # full P1 came (yes), late P1 came (no), off nobody, never, half P2 (yes), none, aided P1 (yes)
    "reliability.first_due": 3 / 7,
    "reliability.first_due[type=medical]": 0 / 4,
    "reliability.first_due[zone=west]": 2 / 3,
    # own calls at 100 s or less from A (A, B) or E (D, E): all but C; eight calls with the one in warm-up
    "coverage.static.within_100s": 7 / 8,
    "coverage.static.within_100s[type=medical]": 3 / 4,
    "coverage.static.within_0s": 3 / 8,  # never at E, none and aided at A
    "coverage.static.within_100s[zone=east]": 1,
    # within 150 s: P1 covers A, B (2 + 2 calls), P2 covers D, E (2 + 1), C nobody. Both are away together
    # (730 to 1500), so there is a moment with nobody left.
    "coverage.residual.min": 0,
    # nobody is taken to a hospital of the scenario; see tests/engine/test_hospitals.py for who is
    "hospital.n": 0,
    "hospital.wait.mean": NAN,
    "hospital.travel.mean": NAN,
    # there are no alarm levels; see below for where there are
    "raises.n": 0,
    "control.mean": NAN,
    "control.by_deadline": NAN,
    "control.never": 0,
    # nobody is staged; see below for where somebody is
    "staging.wait.mean": NAN,
    # nobody is under an agreement, and nothing is handed over; see below for where there is
    "mutual_aid.cost": 0,
    "asks.n": 0,
    "hand_overs.n": 0,
    "moveups.n": 0,  # nobody moves up; see below for who does
    # nobody needs supplies; see test_supply_measures.py for who does
    "supply.first_truck.mean": NAN,
    "supply.first_truck.median": NAN,
    "supply.first_truck.p90": NAN,
    "supply.fill_rate": NAN,
    "supply.unmet_hours": 0,
    "supply.stockout_s": 0,
    "supply.shortfall": 0,
    "supply.delivered": 0,
    "supply.truck_km": 0,
    "supply.trips.n": 0,
    "supply.cost": 0,
    "supply.days_of_cover": NAN,
    "supply.depot_utilisation": NAN,
    # measured mutual aid: 4000 - 3040
    "mutual_aid.unit_hours": 960 / 3600,
    "mutual_aid.unit_hours[type=medical]": 0,
}  # fmt: skip


@pytest.mark.parametrize("name", BY_HAND)
def test_measures_by_hand(log: Log, name: str) -> None:
    value = dispatch.measure(log, [name])[name]
    assert value == pytest.approx(BY_HAND[name], rel=0, abs=1e-9, nan_ok=True)


def test_every_single_measure_is_checked_by_hand() -> None:
    covered = {name.partition("[")[0] for name in BY_HAND}
    assert set(SINGLES) <= covered


def test_moves_are_counted_that_begin_in_the_measured_time(log: Log) -> None:
    """From 600 to 3600, by the unit's own station, whether they arrive or not."""
    first, second = (log.fleet.ids.index(name) for name in ("P1", "P2"))
    moments = ((first, 599.0), (first, 600.0), (second, 2000.0), (first, 3600.0), (first, 3600.5))
    moves = tuple(MoveUp(unit, 0, 1, left, NAN, "fill") for unit, left in moments)
    expected = {"moveups.n": 3.0, "moveups.n[unit=P1]": 2.0, "moveups.n[station=S2]": 1.0}
    assert dispatch.measure(replace(log, move_ups=moves), expected) == expected


def test_waits_at_staging_areas_by_hand(log: Log) -> None:
    """Rows of handmade.ROWS: 0 is in the warm-up; 5 never went forward, and 6 never got to the area."""
    waits = {0: (160, 240), 2: (800, 840), 3: (800, 950), 5: (1550, NAN), 6: (NAN, 2500), 7: (3050, 3050)}
    stagings = tuple(Staged(row, 2, arrived, forward) for row, (arrived, forward) in waits.items())
    expected = {
        "staging.wait.mean": (40 + 150 + 0) / 3,
        "staging.wait.mean[unit=P1]": (40 + 0) / 2,
        "staging.wait.mean[station=S2]": 150,
        "staging.wait.mean[type=medical]": NAN,
    }
    assert dispatch.measure(replace(log, stagings=stagings), expected) == pytest.approx(expected, nan_ok=True)


def test_units_that_are_cut_off_are_counted(log: Log) -> None:
    """One of the warm-up, which is not counted, and one of the fire 'full'."""
    ending = log.responses.ending.copy()
    full = int(np.flatnonzero(log.timeline.received[log.responses.incident] >= log.scenario.file.warm_up)[0])
    ending[[0, full]] = Ending.CUT_OFF
    changed = replace(log, responses=replace(log.responses, ending=ending))
    unit = log.fleet.ids[log.responses.unit[full]]
    expected = {
        "responses.cut_off": 1.0,
        f"responses.cut_off[unit={unit}]": 1.0,
        "responses.cut_off[type=medical]": 0.0,
    }
    assert dispatch.measure(changed, expected) == expected


def test_units_that_are_relieved_are_counted(log: Log) -> None:
    """One at 'old', in the warm-up, which is not counted, P2 at 'full', and P1 at 'late'."""
    ending = log.responses.ending.copy()
    calls, rows = [call.id for call in handmade.CALLS], list(enumerate(log.responses.incident.tolist()))
    for name, unit in (("old", None), ("full", "P2"), ("late", "P1")):
        for row, call in rows:
            if calls[call] == name and unit in (None, log.fleet.ids[log.responses.unit[row]]):
                ending[row] = Ending.RELIEVED
    changed = replace(log, responses=replace(log.responses, ending=ending))
    expected = {
        "reliefs.n": 2,
        "reliefs.n[type=medical]": 1,
        "reliefs.n[unit=P2]": 1,
        "reliefs.n[zone=west]": 1,
    }
    assert dispatch.measure(changed, expected) == expected
    assert dispatch.measure(log, expected) == dict.fromkeys(expected, 0)


def test_help_under_agreements_by_hand(log: Log) -> None:
    """P1 under one agreement, P2 under another; of the fire 'old', in the warm-up, nothing counts."""
    prices = {"cheap": 360.0, "dear": 3600.0}
    agreements = tuple(
        AgreementTerms(name, Agreement(stations=(name,), price=price), None, math.inf)
        for name, price in prices.items()
    )
    number = {"P1": 0, "P2": 1}
    rows = [row for row, each in enumerate(handmade.ROWS) if each.unit != "aid"]
    asks = tuple(
        Ask(row, number[handmade.ROWS[row].unit], handmade.ROWS[row].alerted, "always", NAN, NAN)
        for row in rows
    )
    calls = [call.id for call in handmade.CALLS]
    handed = tuple(
        HandOver(calls.index(name), 0.0, 0.0, 0, 1, "from_level", 2, 2)
        for name in ("old", "full", "late", "late")
    )
    changed = replace(
        log, scenario=replace(log.scenario, agreements=agreements), asks=asks, hand_overs=handed
    )
    # P1: full 730-1490, late 1490-2100, aided 3040-3500; P2: full 730-1500, off 1500-1600, half 2420-2800
    cheap, dear, aid = 760 + 610 + 460, 770 + 100 + 380, 960
    expected = {
        "asks.n": 6,
        "asks.n[agreement=cheap]": 3,
        "asks.n[agreement=dear,type=medical]": 1,
        "mutual_aid.unit_hours": (cheap + dear + aid) / 3600,
        "mutual_aid.unit_hours[agreement=dear]": dear / 3600,
        "mutual_aid.unit_hours[type=medical]": (610 + 100) / 3600,
        "mutual_aid.cost": cheap * 0.1 + dear * 1.0,
        "mutual_aid.cost[agreement=cheap]": cheap * 0.1,
        "mutual_aid.cost[zone=west]": (760 + 460) * 0.1 + 770,
        "hand_overs.n": 3,
        "hand_overs.n[type=medical]": 2,
    }
    assert dispatch.measure(changed, expected) == pytest.approx(expected)
    with pytest.raises(UsageError, match="no agreement 'chaep'"):
        dispatch.measure(changed, ["asks.n[agreement=chaep]"])


def test_alarm_levels_by_hand(log: Log) -> None:
    """All calls but 'none' have levels; 'old', in the warm-up, counts nowhere.

    full   is raised to 2 by order, which its second unit is for, and needs that: on scene at 1060
    late   is raised by deadline, and then by order; needs level 1: on scene at 1790
    half   has level 2 from the start, of which only the first unit comes, and needs level 1: at 2550
    aided  has level 1 with both units: the second one, mutual aid, comes at 3700
    off and never are never reached
    """
    calls = [call.id for call in handmade.CALLS]
    slots = {name: int(log.timeline.first_slot[calls.index(name)]) for name in calls}
    level, severity = np.array([[1, 1, 1, 1, 1, 2, 0, 1], [1, 2, 1, 1, 1, 1, 0, 1]], dtype=np.int32)
    slot_level = np.ones(len(log.timeline.owner), dtype=np.int32)
    slot_level[[slots["full"] + 1, slots["half"] + 1]] = 2
    slot_level[slots["none"]] = 0
    rises = (("old", 1, "deadline"), ("full", 1, "order"), ("late", 1, "deadline"), ("late", 2, "order"))
    raises = [Raise(calls.index(name), 0.0, before, before + 1, why) for name, before, why in rises]
    deadlines = {1: 600.0, 2: 600.0}
    kinds = (GradedKind(scale("fire"), 1, (1,), (1.0,), deadlines, ()),) * len(log.scenario.kinds)
    graded = replace(
        log,
        scenario=replace(log.scenario, alarms=AlarmBook(kinds, 0, frozenset(), 0.0)),
        timeline=replace(log.timeline, level=level, severity=severity, slot_level=slot_level),
        raises=tuple(raises),
    )
    full, late, half, aided = 1060 - 700, 1790 - 1000, 2550 - 2400, 3700 - 3000
    expected = {
        "raises.n": 3,
        "raises.n[type=medical]": 2,
        "raises.n[priority=1]": 1,
        "control.mean": (full + late + half + aided) / 4,
        "control.mean[type=medical]": late,
        "control.mean[zone=west]": (full + aided) / 2,
        "control.never": 2,
        "control.never[zone=west]": 0,
        # of six measured calls with levels full, half and aided; late came too late
        "control.by_deadline": 3 / 6,
        "control.by_deadline[type=medical]": 0 / 3,
        "control.by_deadline[zone=east]": 1 / 3,
    }
    assert dispatch.measure(graded, expected) == pytest.approx(expected)
    needs_more = replace(graded.timeline, severity=severity + (np.array(calls) == "aided").astype(np.int32))
    expected = {
        "control.mean": (full + late + half) / 3,
        "control.never": 3,
        "control.by_deadline": 2 / 6,
        "raises.n": 3,
    }
    found = dispatch.measure(replace(graded, timeline=needs_more), expected)
    assert found == pytest.approx(expected), "what is on scene is never enough for 'aided'"


def test_what_became_of_the_calls(log: Log) -> None:
    assert log.incidents.status().tolist() == [
        "served", "served", "served", "cancelled", "unserved", "partial", "lost", "served",
    ]  # fmt: skip


def test_residual_coverage_with_one_unit_away(tmp_path: Path) -> None:
    """P1 alone goes out: A and B (two calls of three) are uncovered, D (one) is not."""
    calls = "incident,received,node,on_scene\na,10,A,50\nb,500,B,50\nd,1000,D,50\n"
    loaded = scenario(
        tmp_path,
        calls,
        horizon=900,
        stations={"S1": {"at": "A"}, "S2": {"at": "E"}},
        units={"P1": {"type": "pumper", "station": "S1"}, "P2": {"type": "pumper", "station": "S2"}},
        cover_within=150,
    )
    # the call in D lies beyond the horizon: demand is one call in A, one in B
    value = dispatch.measure(dispatch.simulate(loaded), ["coverage.residual.min"])
    assert value["coverage.residual.min"] == 0.0
    loaded = scenario(tmp_path, calls.replace("1000,D", "800,D"), **{**_written_again(), "horizon": 900})
    log = dispatch.simulate(loaded)
    assert dispatch.measure(log, ["coverage.residual.min"])["coverage.residual.min"] == pytest.approx(1 / 3)


def _written_again() -> dict[str, Any]:
    return {
        "stations": {"S1": {"at": "A"}, "S2": {"at": "E"}},
        "units": {"P1": {"type": "pumper", "station": "S1"}, "P2": {"type": "pumper", "station": "S2"}},
        "cover_within": 150,
    }


def test_warm_up_only_hides(tmp_path: Path) -> None:
    """A longer warm-up leaves the log alone and takes earlier calls out of every count."""
    calls = "incident,received,node,on_scene\n" + "".join(f"c{i},{i * 400},B,40\n" for i in range(10))
    without = dispatch.simulate(scenario(tmp_path, calls, horizon=4000))
    behind = dispatch.simulate(scenario(tmp_path, calls, horizon=4000, warm_up=900))
    assert np.array_equal(without.responses.on_scene, behind.responses.on_scene)
    # calls from 900 on are measured: 1200, 1600, … 3600
    assert dispatch.measure(without, ["incidents.n"])["incidents.n"] == 10
    assert dispatch.measure(behind, ["incidents.n"])["incidents.n"] == 7
    # each call takes 100 s there and 40 s of work, and the unit is home again before the next; the call of
    # 800 is not measured but keeps the unit from 900 until 940
    workload = dispatch.measure(behind, ["workload.mean"])["workload.mean"]
    assert workload == pytest.approx((40 + 7 * 140) / 3100)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # type 7: position 0.999 * 3 = 2.997 among 100, 150, 190, 790
        ("total.first.p99.9", 190 + 0.997 * 600),
        ("total.first.within_189.5s", 2 / 7),
        ("queue.within_459.5s", 4 / 7),
        ("coverage.static.within_99.5s", 3 / 8),
    ],
)
def test_fractions_in_names(log: Log, name: str, expected: float) -> None:
    """The patterns of percentiles and limits allow a decimal point."""
    assert dispatch.measure(log, [name])[name] == pytest.approx(expected)


def test_no_calls_at_all(tmp_path: Path) -> None:
    """Undefined stays undefined (NaN), counts are zero."""
    demand = {"poisson": {"fire": {"rate": "0/d"}}}
    log = dispatch.simulate(scenario(tmp_path, demand=demand, horizon=3600))
    names = ["total.first.mean", "total.first.p90", "total.first.within_300s", "queue.mean",
             "responses.share", "reliability.first_due", "incidents.n", "workload.max",
             "concurrency.max"]  # fmt: skip
    expected = dict.fromkeys(names[:6], NAN) | dict.fromkeys(names[6:], 0.0)
    assert dispatch.measure(log, names) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("total.frist.mean", "first"),
        ("totl.first.mean", "total.first.mean"),
        ("total.first.p9o", "p9"),
        ("total.first.mean[zone=wset]", "west"),
        ("total.first.mean[typ=fire]", "type"),
        ("workload[zone=west]", "unit"),
        ("incidents.n[unit=P1]", "zone"),
        ("total.first.mean[zone=west", "zone=north"),
        ("incidents.number", "incidents.n"),
        ("total.first.within_s", "within_"),
        ("total.first.p100", "p90"),
        ("", "total.first"),
    ],
)
def test_measures_that_do_not_exist(log: Log, name: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        dispatch.measure(log, [name])
    assert hint in str(caught.value)


def test_all_misspelt_measures_at_once(log: Log) -> None:
    with pytest.raises(UsageError) as caught:
        dispatch.measure(log, ["totl.first.mean", "incidents.n", "workload.maxx"])
    assert "totl" in str(caught.value)
    assert "workload.maxx" in str(caught.value)
