"""Programming errors to be caught: each changes one thing in the package, as a slip of the hand would."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch import needs, timeline
from dispatch.durations import quantile
from dispatch.engine import (
    board,
    hospitals,
    operations,
    orders,
    rerouting,
    rulebook,
    simulator,
    supplies,
)
from dispatch.engine.crews import Crews
from dispatch.engine.depots import Stores
from dispatch.engine.duty import Duty
from dispatch.engine.fleet import Fleet
from dispatch.engine.ladder import Ladder
from dispatch.engine.levels import Levels, SmallestCrews
from dispatch.engine.operations import Operations
from dispatch.engine.orders import Orders
from dispatch.engine.readiness import Turnaround
from dispatch.engine.relief import Reliefs
from dispatch.engine.supplies import Supplies
from dispatch.engine.tiers import Agreements, Because
from dispatch.engine.trucks import Trucks
from dispatch.policies.assigning import Assignment
from dispatch.policies.covering import CoverageAware
from dispatch.policies.dispatching import Nearest
from dispatch.policies.relocating import Fill
from dispatch.policies.supplying import NearestSupply
from dispatch.regression.events import (
    ALERTED,
    AVAILABLE,
    CLEAR,
    EN_ROUTE,
    HOME,
    NOTED,
    ON_SCENE,
    READY,
    RECEIVED,
    RETURNING,
)
from dispatch.scenario import matching
from dispatch.scenario.hospitals import HospitalSite
from dispatch.scenario.injects import InjectReader, most_added
from dispatch.scenario.layout import AID_NAME
from dispatch.scenario.roadworks import RoadResolver

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pytest

    from dispatch.engine.protocols import Need, StatusBoard
    from dispatch.model.distributions import Distribution
    from dispatch.regression.events import Event
    from dispatch.scenario.injects import Surge
    from dispatch.scenario.scenario import Scenario, Stream


@dataclass(frozen=True, slots=True)
class Mutation:
    """An error, and where it has to show."""

    apply: Callable[[pytest.MonkeyPatch], None]
    case: str
    """The case of the shipped set whose golden log has to part."""
    kind: int
    """What happens first that did not happen before, or the other way round: an index into events.WORDS."""
    fits: Callable[[Event | None, Event | None], bool]
    """Whether the expected event and the one that came instead tell what is wrong."""

    @property
    def name(self) -> str:
        """What went wrong, in a few words."""
        return self.apply.__name__.replace("_", "-")


def second_best_unit(patch: pytest.MonkeyPatch) -> None:
    """Count ranks from one where they are counted from zero: the second-best unit comes first."""
    ranking = Fleet.ranking

    def off_by_one(self: Fleet, node: int, capability: int) -> list[tuple[float, int]]:
        found = ranking(self, node, capability)
        return found[1:] + found[:1]

    patch.setattr(Fleet, "ranking", off_by_one)


def diversion_inverted(patch: pytest.MonkeyPatch) -> None:
    """Take a great number for a great urgency: units turn from urgent calls to lesser ones."""
    patch.setattr(board, "may_divert", lambda asking, bound_for: asking > bound_for)


def priorities_reversed(patch: pytest.MonkeyPatch) -> None:
    """Serve the least urgent of the waiting calls first."""
    choose = Nearest.choose

    def least_urgent_first(self: Nearest, needs: Sequence[Need], live: StatusBoard) -> list[tuple[Need, int]]:
        return choose(self, sorted(needs, key=lambda need: (-need.priority, *need[1:])), live)

    patch.setattr(Nearest, "choose", least_urgent_first)


def matched_one_by_one(patch: pytest.MonkeyPatch) -> None:
    """Give each call its nearest unit, one after the other, where all should be matched at once."""
    patch.setattr(Assignment, "choose", Nearest().choose)


def lost_cover_ignored(patch: pytest.MonkeyPatch) -> None:
    """Look at the seconds to arrive only, and not at the cover that a unit takes away."""
    patch.setattr(CoverageAware, "pick", Nearest.pick)


def last_unit_moved_away(patch: pytest.MonkeyPatch) -> None:
    """Let units move up that leave nobody behind."""
    patch.setattr(Fill, "_uncovers", lambda *_: False)


def first_due_backwards(patch: pytest.MonkeyPatch) -> None:
    """Read first-due lists from their end."""
    create = Fleet.__init__

    def reversed_lists(self: Fleet, *args: Any) -> None:
        create(self, *args)
        self.first_due = {node: units[::-1] for node, units in self.first_due.items()}

    patch.setattr(Fleet, "__init__", reversed_lists)


def turnout_lost(patch: pytest.MonkeyPatch) -> None:
    """Leave out the turnout: units are under way when they are alerted."""
    unpack = simulator.Simulator._unpack

    def without_turnout(self: simulator.Simulator, drawn: timeline.Timeline) -> None:
        unpack(self, drawn)
        self._turnout = [[0.0] * len(each) for each in self._turnout]

    patch.setattr(simulator.Simulator, "_unpack", without_turnout)


def hand_over_lost(patch: pytest.MonkeyPatch) -> None:
    """Leave out the hand-over at the hospital."""

    def without(
        alerted: float, arrived: float, on_scene: float, busy: float, transport: float, _: float
    ) -> tuple[float, float, float]:
        return rulebook.itinerary(alerted, arrived, on_scene, busy, transport, 0.0)

    patch.setattr(operations, "itinerary", without)


def busy_from_arrival(patch: pytest.MonkeyPatch) -> None:
    """Count the whole busy time from the arrival, not from the alert."""

    def later(
        alerted: float, arrived: float, on_scene: float, busy: float, transport: float, hand_over: float
    ) -> tuple[float, float, float]:
        return rulebook.itinerary(arrived, arrived, on_scene, busy, transport, hand_over)

    patch.setattr(operations, "itinerary", later)


def cancellation_ignored(patch: pytest.MonkeyPatch) -> None:
    """Let units drive on that have been called off."""
    patch.setattr(operations, "called_off", lambda *_: False)


def aid_without_delay(patch: pytest.MonkeyPatch) -> None:
    """Leave out the time that mutual aid takes to set out."""
    unpack = simulator.Simulator._unpack

    def at_once(self: simulator.Simulator, drawn: timeline.Timeline) -> None:
        unpack(self, drawn)
        self._aid_delay = [0.0] * len(self._aid_delay)

    patch.setattr(simulator.Simulator, "_unpack", at_once)


def reopening_ignored(patch: pytest.MonkeyPatch) -> None:
    """Take injects that reopen a road for nothing."""
    injected = RoadResolver._injected

    def only_closing(self: RoadResolver, known: tuple[str, ...], found: list[Any]) -> set[str]:
        names = injected(self, known, found)
        found[:] = [event for event in found if event[2]]
        return names

    patch.setattr(RoadResolver, "_injected", only_closing)


def week_off_by_an_hour(patch: pytest.MonkeyPatch) -> None:
    """Read the shape of the week one hour late."""
    cumulative_rate = timeline.cumulative_rate

    def late(scenario: Scenario, stream: Stream) -> Any:
        return cumulative_rate(scenario, replace(stream, hours=stream.hours[1:] + stream.hours[:1]))

    patch.setattr(timeline, "cumulative_rate", late)


def surge_for_all_types(patch: pytest.MonkeyPatch) -> None:
    """Let a surge hold for every type of call, whatever types it names."""

    def for_all(surges: tuple[Surge, ...], surge: Surge, kind: int) -> float:
        wider = [replace(each, kinds=surge.kinds | each.kinds | {kind}) for each in (*surges, surge)]
        return most_added(tuple(wider[:-1]), wider[-1], kind)

    patch.setattr(timeline, "most_added", for_all)


def own_needs_lost(patch: pytest.MonkeyPatch) -> None:
    """Send to injected calls what their type needs, whatever needs of their own they have."""
    patch.setattr(InjectReader, "_slots", lambda self, written: ())


def deadlines_ignored(patch: pytest.MonkeyPatch) -> None:
    """Let deadlines pass without a look at the force on scene."""
    patch.setattr(Levels, "_check", lambda self, call, level: None)


def whole_card_at_each_rise(patch: pytest.MonkeyPatch) -> None:
    """Ask for all units of the higher card when a level rises, and not for the difference."""
    reinforce = Operations.reinforce
    patch.setattr(Operations, "reinforce", lambda self, call, _: reinforce(self, call, 0))


def smallest_crews_ignored(patch: pytest.MonkeyPatch) -> None:
    """Send whoever is near, however few people are on board."""
    patch.setattr(SmallestCrews, "barred", lambda self, need: ())


def hydrants_never_fail(patch: pytest.MonkeyPatch) -> None:
    """Grade calls without a look at outages of hydrants."""
    circumstances = needs.circumstances

    def with_water(scenario: Scenario, moment: float) -> tuple[bool, frozenset[int]]:
        return circumstances(scenario, moment)[0], frozenset()

    patch.setattr(needs, "circumstances", with_water)


def comms_delay_lost(patch: pytest.MonkeyPatch) -> None:
    """Alert units at once while communications fail."""
    patch.setattr(timeline, "_with_slow_comms", lambda scenario, calls: calls)


def weather_slows_nobody(patch: pytest.MonkeyPatch) -> None:
    """Drive as fast in fog as without."""
    patch.setattr(RoadResolver, "_weather", lambda self: iter(()))


def recalled_are_not_replaced(patch: pytest.MonkeyPatch) -> None:
    """Leave the place of a recalled unit empty, whatever the recall says."""
    turn_back = rerouting.turn_back

    def without_replacement(ops: Operations, unit: int, row: int, *, reopen: bool) -> None:
        turn_back(ops, unit, row, reopen=False)

    patch.setattr(orders, "turn_back", without_replacement)


def orders_left_to_policy(patch: pytest.MonkeyPatch) -> None:
    """Take orders for nothing, and send whom the policy chooses."""
    patch.setattr(Orders, "_order", lambda self, number: None)


def plan_of_the_site_ignored(patch: pytest.MonkeyPatch) -> None:
    """Compare plans by the class of the incident first: who wrote one for the site is not asked."""
    patch.setattr(matching, "_rank", lambda candidate: tuple(-each.points for each in candidate.scores[1:]))


def diverting_hospitals_accept(patch: pytest.MonkeyPatch) -> None:
    """Take patients to hospitals that send ambulances on to others."""
    patch.setattr(HospitalSite, "diverts", lambda self, moment: False)


def any_detour_accepted(patch: pytest.MonkeyPatch) -> None:
    """Drive past a full hospital however far the next one with a free place is."""
    patch.setattr(hospitals, "MARGIN", np.inf)


def rota_ignored(patch: pytest.MonkeyPatch) -> None:
    """Crews never go off duty."""
    patch.setattr(Duty, "off", lambda self, moment: set())


def turnaround_lost(patch: pytest.MonkeyPatch) -> None:
    """Let units go again as soon as they have left the scene."""
    patch.setattr(Turnaround, "rest", lambda self, unit, row: 0.0)


def relieved_units_stay(patch: pytest.MonkeyPatch) -> None:
    """Let units work on that have been relieved, beside those who came in their place."""
    patch.setattr(Reliefs, "_take_over", lambda self, before, row: None)


def crew_in_two_places(patch: pytest.MonkeyPatch) -> None:
    """Send units whose people are out with another one."""
    patch.setattr(Crews, "barred", lambda self, need: ())


def terms_ignored(patch: pytest.MonkeyPatch) -> None:
    """Ask units of others as a matter of course, whatever conditions the agreement has."""
    patch.setattr(Agreements, "_why", lambda self, when, need: Because("always"))


def limits_ignored_by_order(patch: pytest.MonkeyPatch) -> None:
    """Let units go that are asked for by order, however many are out."""
    patch.setattr(Agreements, "limit", lambda self, number, node: "")


def tiers_ignored(patch: pytest.MonkeyPatch) -> None:
    """Send units of any tier, whether it has the incident or not."""
    patch.setattr(Ladder, "barred", lambda self, need: ())


def reserve_ignored(patch: pytest.MonkeyPatch) -> None:
    """Let depots give out what they keep in reserve."""
    patch.setattr(Stores, "available", lambda self, depot, item: self.stock[depot].get(item, 0))


def loading_takes_no_time(patch: pytest.MonkeyPatch) -> None:
    """Load trucks at once, at depots and at water."""
    patch.setattr(Trucks, "load_seconds", lambda *_: 0.0)


def supplies_need_not_be_applied(patch: pytest.MonkeyPatch) -> None:
    """Take a call for controlled as soon as its supplies are there, before they are used up."""
    patch.setattr(Supplies, "_applied", lambda _, need, *__: need.complete)


def far_depot_first(patch: pytest.MonkeyPatch) -> None:
    """Empty the farthest depot first, and fill at the farthest water."""
    by_lead = NearestSupply._by_lead
    patch.setattr(NearestSupply, "_by_lead", lambda *given: by_lead(*given)[::-1])


def dry_hydrants_give_water(patch: pytest.MonkeyPatch) -> None:
    """Let hydrants give water to incidents while they are dry."""
    patch.setattr(supplies, "circumstances", lambda *_: (False, frozenset[int]()))


def quantile_mirrored(patch: pytest.MonkeyPatch) -> None:
    """Invert the wrong tail: a share p becomes the duration that 1 − p of all fall short of."""

    def other_tail(distribution: Distribution, share: Any) -> Any:
        return quantile(distribution, np.minimum(1.0 - share, np.nextafter(1.0, 0.0)))

    patch.setattr(timeline, "quantile", other_tail)


def _same(expected: Event | None, now: Event | None, *fields: str) -> bool:
    """Whether two events are equal in some fields, and in no other that tells who, when and for whom."""
    assert expected is not None
    assert now is not None
    told = ("time", "kind", "incident", "unit")
    return all((getattr(expected, name) == getattr(now, name)) == (name in fields) for name in told)


def _earlier(expected: Event | None, now: Event | None, seconds: float | None = None) -> bool:
    """Whether the same thing happens earlier, by so many seconds where they are given."""
    if expected is None or now is None or not _same(expected, now, "kind", "incident", "unit"):
        return False
    gained = expected.time - now.time
    return gained > 0.0 if seconds is None else abs(gained - seconds) < 0.002


def _missing(expected: Event | None, now: Event | None, unit: str, incident: str) -> bool:
    """Whether something that a unit should have done for a call does not come, or not yet."""
    assert expected is not None
    assert now is not None
    return (expected.unit, expected.incident) == (unit, incident) and now.time > expected.time


MUTATIONS = (
    Mutation(
        second_best_unit,
        "loss-lost",
        ALERTED,
        lambda a, b: _same(a, b, "time", "kind", "incident"),  # another unit
    ),
    Mutation(
        diversion_inverted,
        "recorded-day",
        ALERTED,
        lambda a, b: _missing(a, b, "ZC-R1", "103"),  # which passes by on its way to a lift
    ),
    Mutation(
        priorities_reversed,
        "one-squadron",
        ALERTED,
        lambda a, b: _same(a, b, "time", "kind", "unit"),  # to another call
    ),
    Mutation(
        matched_one_by_one,
        "matched-calls",
        ALERTED,
        lambda a, b: _same(a, b, "time", "kind", "unit"),
    ),
    Mutation(
        lost_cover_ignored,
        "cover-kept",
        ALERTED,
        lambda a, b: _same(a, b, "time", "kind", "incident") and b is not None and b.unit == "EP-P1",
    ),
    Mutation(
        last_unit_moved_away,
        "move-ups",
        NOTED,
        lambda _, b: b is not None and (b.time, b.unit) == (14287.525, "ZC-P1"),  # alone at its station
    ),
    Mutation(
        first_due_backwards,
        "first-due-lists",
        ALERTED,
        lambda a, b: _same(a, b, "time", "kind", "incident"),
    ),
    Mutation(
        turnout_lost,
        "recorded-day",
        EN_ROUTE,
        lambda a, b: _earlier(a, b, 60.0),
    ),
    Mutation(
        hand_over_lost,
        "outside-help",
        RETURNING,
        _earlier,
    ),
    Mutation(
        busy_from_arrival,
        "loss-lost",
        CLEAR,
        lambda a, b: _missing(a, b, "ZC-P1", "building-fire-1"),
    ),
    Mutation(
        cancellation_ignored,
        "recorded-day",
        RETURNING,
        lambda a, b: _missing(a, b, "PC-P1", "104"),
    ),
    Mutation(
        aid_without_delay,
        "loss-aided",
        EN_ROUTE,
        lambda a, b: b is not None and b.unit == AID_NAME,
    ),
    Mutation(
        reopening_ignored,
        "flood-closures",
        HOME,
        lambda a, b: _missing(a, b, "ZC-F1", "building-fire-2"),  # whose street is closed for ever
    ),
    Mutation(
        week_off_by_an_hour,
        "peak-hours",
        RECEIVED,
        lambda a, b: a is not None and b is not None and b.time > a.time,
    ),
    Mutation(
        surge_for_all_types,
        "injected-day",
        RECEIVED,
        lambda _, b: b is not None and b.incident.startswith("road-accident-surge-1-"),
    ),
    Mutation(
        own_needs_lost,
        "alarm-levels",
        ALERTED,
        lambda a, b: _missing(a, b, "ZC-P1", "厂房-plant"),  # one of the two that come beside the first
    ),
    Mutation(
        deadlines_ignored,
        "alarm-levels",
        NOTED,
        lambda a, b: (
            a is not None and a.incident == "road-accident-1" and a.detail.startswith("level raised")
        ),
    ),
    Mutation(
        whole_card_at_each_rise,
        "command-and-weather",
        ALERTED,
        lambda _, b: b is not None and (b.unit, b.time) == ("ZC-M1", 3900.0),  # for the need of level 1
    ),
    Mutation(
        smallest_crews_ignored,
        "command-and-weather",
        ALERTED,
        lambda a, b: _same(a, b, "time", "kind", "incident") and b is not None and b.unit == "ZC-M1",
    ),
    Mutation(
        hydrants_never_fail,
        "command-and-weather",
        ALERTED,
        lambda a, b: _same(a, b, "time", "kind", "incident"),  # a crew goes that level 2 does not take
    ),
    Mutation(
        comms_delay_lost,
        "command-and-weather",
        READY,
        lambda a, b: _earlier(a, b, 120.0),
    ),
    Mutation(
        weather_slows_nobody,
        "command-and-weather",
        ON_SCENE,
        lambda a, b: _earlier(a, b, 269.28),  # half of the way through the fog
    ),
    Mutation(
        recalled_are_not_replaced,
        "command-and-weather",
        ALERTED,
        lambda a, _: a is not None and (a.unit, a.incident) == ("ZC-P1", "换车-swap"),
    ),
    Mutation(
        orders_left_to_policy,
        "command-and-weather",
        ALERTED,
        lambda a, b: _same(a, b, "time", "kind", "incident") and b is not None and b.unit == "EP-P1",
    ),
    Mutation(
        plan_of_the_site_ignored,
        "plan-library",
        ALERTED,
        lambda a, b: _same(a, b, "time", "kind", "incident"),  # a pumper where the site wants foam
    ),
    Mutation(
        diverting_hospitals_accept,
        "hospitals",
        NOTED,
        lambda a, b: _same(a, b, "time", "kind", "incident", "unit"),  # to another hospital
    ),
    Mutation(
        any_detour_accepted,
        "hospital-detour",
        NOTED,
        lambda a, b: _same(a, b, "time", "kind", "incident", "unit"),  # to another hospital
    ),
    Mutation(
        rota_ignored,
        "part-time-crews",
        ALERTED,
        lambda _, b: b is not None and b.unit.startswith("QC-"),  # who is not on duty yet
    ),
    Mutation(
        turnaround_lost,
        "units-in-time",
        AVAILABLE,
        lambda _, b: b is not None and (b.unit, b.incident) == ("ZC-P1", "building-fire-1"),
    ),
    Mutation(
        relieved_units_stay,
        "long-incidents",
        CLEAR,
        lambda a, b: a is not None and b is not None and a.incident == "warehouse-fire-1" and a.time < b.time,
    ),
    Mutation(
        crew_in_two_places,
        "units-in-time",
        ALERTED,
        lambda _, b: b is not None and b.unit == "ZC-L1",  # while the pumper is out with its people
    ),
    Mutation(
        terms_ignored,
        "help-from-others",
        ALERTED,
        lambda _, b: b is not None and b.unit.startswith(("QC-", "CY-")),  # who was not to be asked
    ),
    Mutation(
        tiers_ignored,
        "help-from-others",
        ALERTED,
        lambda _, b: b is not None and b.unit.startswith(("ZC-", "EP-", "QC-", "CY-")),  # not the works' turn
    ),
    Mutation(
        reserve_ignored,
        "supply-orders",
        NOTED,
        lambda _, b: b is not None and b.detail == "requested: 1.17 t of foam-6 from town: accepted, 1.17 t",
    ),
    Mutation(
        loading_takes_no_time,
        "supply-orders",
        NOTED,
        lambda _, b: b is not None and b.time == 3660.0 and b.detail.startswith("supplies loaded"),
    ),
    Mutation(
        supplies_need_not_be_applied,
        "supply-orders",
        NOTED,
        lambda _, b: b is not None and b.incident == "油罐-tank" and b.detail.startswith("supplies suffice"),
    ),
    Mutation(
        far_depot_first,
        "water-shuttles",
        NOTED,
        lambda _, b: b is not None and b.incident == "无栓-none" and b.detail.endswith("at street"),
    ),
    Mutation(
        dry_hydrants_give_water,
        "water-shuttles",
        NOTED,
        lambda a, _: a is not None and (a.incident, a.unit) == ("缺水-dry", "tankers/tanker-1"),
    ),
    Mutation(
        limits_ignored_by_order,
        "by-order",
        ALERTED,
        lambda _, b: b is not None and (b.time, b.unit) == (11160.0, "NB-P3"),  # who should have stayed
    ),
    Mutation(
        quantile_mirrored,
        "station-moves",
        READY,
        lambda a, b: _same(a, b, "kind", "incident", "unit"),  # at another time
    ),
)
"""Errors in the engine, the rulebook, the policies, the scenario's roads, and the drawing of luck."""
