"""Supplying policies: made worlds by hand, everything tried in tiny ones, and laws in drawn ones."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.supply_view import Carrier, Goods, Shipment, SupplyPlan, Wanted
from dispatch.model.supplies import Supplying
from dispatch.policies.supplying import FlowSupply, NearestSupply, supply_policy
from tests.policies.supply_oracle import best
from tests.policies.supply_world import FOAM, Line, fleet, kind, want
from tests.properties.worlds import law

FLOW, NEAREST = FlowSupply(10.0), NearestSupply()
BOTH = pytest.mark.parametrize("policy", [FLOW, NEAREST], ids=["flow", "nearest"])


def test_the_factory() -> None:
    assert supply_policy(Supplying(late_costs=3.0)) == FlowSupply(3.0)
    assert isinstance(supply_policy(Supplying(policy="nearest")), NearestSupply)


@BOTH
def test_an_empty_view_costs_nothing(policy: FlowSupply | NearestSupply) -> None:
    spots = {0: 0}
    nothing = Line([], [Goods(0, 3, 9, 0.0)], fleet(spots, (0, kind())), spots)
    assert policy.plan(nothing) == SupplyPlan((), {}, {})
    no_goods = Line([want(7, 4, 100)], [], fleet(spots, (0, kind())), spots)
    assert policy.plan(no_goods) == SupplyPlan((), {}, {7: 4})
    no_trucks = Line([want(7, 4, 100)], [Goods(0, 3, 9, 0.0)], [], spots)
    assert policy.plan(no_trucks) == SupplyPlan((), {}, {7: 4})
    assert nothing.asked + no_goods.asked + no_trucks.asked == 0


@BOTH
def test_one_truck_goes_again_and_again(policy: FlowSupply | NearestSupply) -> None:
    """25 pieces at 10 a trip, 100 s each way: there after 100, 300 and 500 s."""
    spots = {0: 0}
    view = Line([want(4, 25, 100)], [Goods(0, 3, 99, 0.0)], fleet(spots, (0, kind(kg=10.0))), spots)
    assert policy.plan(view) == SupplyPlan((Shipment(0, 0, ((4, 10),)),), {4: 500.0}, {})


@BOTH
def test_nothing_is_planned_that_nobody_wants_any_more(policy: FlowSupply | NearestSupply) -> None:
    spots = {0: 0}
    view = Line(
        [want(4, 25, 100, until=499.0)], [Goods(0, 3, 99, 0.0)], fleet(spots, (0, kind(kg=10.0))), spots
    )
    assert policy.plan(view) == SupplyPlan((Shipment(0, 0, ((4, 10),)),), {4: 300.0}, {4: 5})


@BOTH
def test_goods_and_trucks_that_come_later_count_for_the_forecast(
    policy: FlowSupply | NearestSupply,
) -> None:
    """Goods that come in at 1000 s and a truck that is back at 50 s: nothing sets out now."""
    spots = {0: 0}
    later = Line([want(0, 5, 100)], [Goods(0, 3, 5, 1000.0)], fleet(spots, (0, kind())), spots)
    assert policy.plan(later) == SupplyPlan((), {0: 1100.0}, {})
    busy = Line([want(0, 5, 100)], [Goods(0, 3, 5, 0.0)], fleet(spots, (0, kind()), free_at=50.0), spots)
    assert policy.plan(busy) == SupplyPlan((), {0: 150.0}, {})


@BOTH
def test_a_truck_that_is_elsewhere_comes_home_first(policy: FlowSupply | NearestSupply) -> None:
    """Free at 40 s 300 m off: 40 + 300 + 60 load-out + 100 = 500; and 100 + 60 + 100 for the second trip."""
    spots = {0: 0}
    truck = Carrier(0, kind(kg=5.0), 0, 300, 40.0)
    view = Line([want(0, 10, 100)], [Goods(0, 3, 50, 0.0)], [truck], spots, load_out=60.0)
    assert policy.plan(view).arrives == {0: 760.0}


@BOTH
def test_no_way_and_no_truck_that_takes_it(policy: FlowSupply | NearestSupply) -> None:
    spots = {0: 0}
    trucks = fleet(spots, (0, kind(kg=100.0, carries=frozenset({3}))))
    wanted = [want(0, 5, 100), want(1, 6, 200), want(2, 7, 100, item=0)]
    view = Line(wanted, [Goods(0, 3, 50, 0.0), Goods(0, 0, 50, 0.0)], trucks, spots, cut=frozenset({200}))
    assert policy.plan(view) == SupplyPlan((Shipment(0, 0, ((0, 5),)),), {0: 100.0}, {1: 6, 2: 7})


@BOTH
def test_one_truck_takes_several_items_to_one_node(policy: FlowSupply | NearestSupply) -> None:
    """6 pieces (6 kg) and 3.5 kg of foam fit on one truck of 10 kg together."""
    spots = {0: 0}
    wanted = [want(0, 6, 100), want(1, 3500, 100, item=0)]
    goods = [Goods(0, 0, 9000, 0.0), Goods(0, 3, 9, 0.0)]
    view = Line(wanted, goods, fleet(spots, (0, kind(kg=10.0)), (0, kind(kg=10.0))), spots)
    plan = policy.plan(view)
    assert plan.shipments == (Shipment(0, 0, ((0, 6), (1, 3500))),)
    assert plan.arrives == {0: 100.0, 1: 100.0}


@BOTH
def test_weight_and_volume_both_bind(policy: FlowSupply | NearestSupply) -> None:
    """A bag weighs 40 kg and takes up 25 l: 400 kg are 10 bags, 100 l are 4."""
    spots = {0: 0}
    for litres, first in ((inf, 10), (100.0, 4)):
        trucks = fleet(spots, (0, kind(kg=400.0, litres=litres)))
        view = Line([want(0, 10, 100, item=1)], [Goods(0, 1, 50, 0.0)], trucks, spots)
        assert policy.plan(view).shipments == (Shipment(0, 0, ((0, first),)),)


@BOTH
def test_the_smallest_truck_that_does_and_the_fewest(policy: FlowSupply | NearestSupply) -> None:
    spots = {0: 0}
    light, heavy = kind("light", 4.0), kind("heavy", 10.0)
    trucks = fleet(spots, (0, light), (0, heavy), (0, light), (0, heavy))
    goods = [Goods(0, 3, 99, 0.0)]

    def sent(amount: int) -> dict[int, int]:
        plan = policy.plan(Line([want(0, amount, 100)], goods, trucks, spots))
        return {shipment.truck: shipment.loads[0][1] for shipment in plan.shipments}

    assert sent(3) == {0: 3}
    assert sent(5) == {1: 5}
    assert sent(14) == {0: 4, 1: 10}
    assert sent(28) == {0: 4, 1: 10, 2: 4, 3: 10}


def test_tankers_shuttle_from_the_nearest_source() -> None:
    """2500 l at 1000 l a trip. The tanker stands 100 m from a source at 5 l/s: 200 s to fill, 100 s to go."""
    spots = {0: 0, -1: 100, -2: 1000}
    tanker = kind("tanker", 1000.0, carries=frozenset({2}))
    goods = [Goods(-1, 2, 2**50, 0.0), Goods(-2, 2, 2**50, 0.0)]
    truck = fleet(spots, (0, tanker))
    view = Line([want(0, 2_500_000, 200, item=2)], goods, truck, spots, flow=5.0)
    # 100 + 200 + 100, then 100 + 200 + 100, then 100 + 100 + 100 for the last 500 l
    assert FLOW.plan(view) == SupplyPlan((Shipment(0, -1, ((0, 1_000_000),)),), {0: 1100.0}, {})
    dry = kind("truck", 1000.0)
    assert FLOW.plan(replace(view, carriers=fleet(spots, (0, dry)))).short == {0: 2_500_000}


def test_the_nearest_depot_is_not_always_the_best_one() -> None:
    """Fires at 100 m and 900 m, depots at 0 m and 150 m: the nearest of both is the second one.

    It serves the first fire and has nothing left for the other, which waits for the far one: 50 s and 900 s
    instead of 100 s and 750 s.
    """
    spots = {0: 0, 1: 150}
    goods = [Goods(0, 3, 10, 0.0), Goods(1, 3, 10, 0.0)]
    trucks = fleet(spots, (0, kind()), (1, kind()))
    view = Line([want(0, 10, 100), want(1, 10, 900)], goods, trucks, spots)
    assert NEAREST.plan(view).arrives == {0: 50.0, 1: 900.0}
    assert FLOW.plan(view).arrives == {0: 100.0, 1: 750.0}
    # where the second fire can wait no longer than 800 s, the nearest depot leaves it without anything
    short = replace(view, wanted=[want(0, 10, 100), want(1, 10, 900, until=800.0)])
    assert NEAREST.plan(short).short == {1: 10}
    assert FLOW.plan(short).short == {}


def test_deadlines_move_goods() -> None:
    """10 pieces near, 10 far; the second need is late unless it gets the near ones: 10 s cost 100."""
    spots = {0: 0, 1: -50}
    goods, trucks = [Goods(0, 3, 10, 0.0), Goods(1, 3, 10, 0.0)], fleet(spots, (0, kind()), (1, kind()))
    wanted = [want(1, 10, 101, deadline=140.0), want(0, 10, 100)]
    assert FlowSupply(10.0).plan(Line(wanted, goods, trucks, spots)).arrives == {1: 101.0, 0: 150.0}
    wanted = [want(0, 10, 101), want(1, 10, 100, deadline=140.0)]
    assert FlowSupply(10.0).plan(Line(wanted, goods, trucks, spots)).arrives == {0: 151.0, 1: 100.0}


def test_a_full_truck_from_elsewhere_is_better_than_two_half_empty_ones() -> None:
    """3 of 10 are there now at 0 m, 10 at 20 m beyond: one truck, not two, when both are there at 120 s."""
    spots = {0: 0, 1: -20}
    trucks = [*fleet(spots, (0, kind()), (1, kind()))]
    trucks[0] = trucks[0]._replace(free_at=20.0)
    goods = [Goods(0, 3, 3, 0.0), Goods(1, 3, 10, 0.0)]
    plan = FLOW.plan(Line([want(0, 10, 100)], goods, trucks, spots))
    assert plan == SupplyPlan((Shipment(1, 1, ((0, 10),)),), {0: 120.0}, {})


def test_the_urgent_come_first_even_when_far() -> None:
    spots = {0: 0}
    wanted = [want(5, 6, 5000, priority=1), want(2, 6, 10, priority=2)]
    view = Line(wanted, [Goods(0, 3, 9, 0.0)], fleet(spots, (0, kind()), (0, kind())), spots)
    assert FLOW.plan(view).short == {2: 3}


def test_the_urgent_leave_to_others_what_only_they_can_reach() -> None:
    """The urgent need could take from either depot; the other one only from the nearer, before 200 s."""
    spots = {0: 0, 1: -300}
    wanted = [want(0, 10, 100, priority=1), want(1, 10, 110, priority=2, until=200.0)]
    goods, trucks = [Goods(0, 3, 10, 0.0), Goods(1, 3, 10, 0.0)], fleet(spots, (0, kind()), (1, kind()))
    plan = FLOW.plan(Line(wanted, goods, trucks, spots))
    assert plan.short == {}
    assert plan.arrives == {0: 400.0, 1: 110.0}


def test_what_is_missing_is_missing_where_it_would_come_late() -> None:
    """1 kg is missing: a thousandth of the great need, or all of the small one, which is farther."""
    spots = {0: 0}
    wanted = [want(0, 1_000_000, 100, item=0), want(1, 1000, 900, item=0)]
    trucks = fleet(spots, (0, kind(kg=1000.0)), (0, kind(kg=1000.0)))
    view = Line(wanted, [Goods(0, 0, 1_000_000, 0.0)], trucks, spots)
    assert FLOW.plan(view).short == NEAREST.plan(view).short == {1: 1000}


def test_what_is_light_rides_along() -> None:
    """Eight loads of foam are due before two bags of 40 kg, which take little room in the first of them."""
    spots = {0: 0}
    wanted = [
        want(0, 80_000_000, 900, item=0, deadline=1000.0),
        want(1, 2, 900, item=1, deadline=3000.0),
    ]
    trucks = fleet(spots, (0, kind(kg=10_000.0)))
    goods = [Goods(0, 0, 80_000_000, 0.0), Goods(0, 1, 2, 0.0)]
    plan = FLOW.plan(Line(wanted, goods, trucks, spots))
    assert dict(plan.shipments[0].loads) == {0: 9_920_000, 1: 2}
    assert dict(NEAREST.plan(Line(wanted, goods, trucks, spots)).shipments[0].loads) == {0: 10_000_000}


def tiny(seed: int, style: str) -> tuple[Line, float]:
    """Return a world of one trip a truck and what lateness costs; 1100 s at least to each node."""
    random = Random(seed)
    spots = {depot: random.randint(0, 400) for depot in range(random.randint(1, 3))}
    load = random.randint(1, 3)
    trucks = fleet(spots, *((random.choice([*spots]), kind(kg=load)) for _ in range(random.randint(1, 3))))
    carriers = [truck._replace(free_at=random.choice([0.0, 100.0])) for truck in trucks]
    wanted = [
        want(
            need,
            load * random.randint(1, 2) if style == "whole" else random.randint(1, load),
            1500 + 100 * random.randint(0, 3),
            priority=random.randint(1, 2),
            deadline=random.choice([inf, 1300.0, 1600.0]),
            until=2400.0,
        )
        for need in range(random.randint(1, 3))
    ]
    wanted.sort(key=lambda each: (each.priority, each.deadline, each.need))
    goods = [Goods(d, 3, load * random.randint(0, 3) if style == "whole" else 100, 0.0) for d in spots]
    return Line(wanted, goods, carriers, spots), random.choice([0.0, 1.0, 10.0])


def test_nobody_finds_better_where_trucks_are_full() -> None:
    for seed in range(150):
        view, late_costs = tiny(seed, "whole")
        short, cost = FlowSupply(late_costs).timetable(view).score(late_costs)
        least = best(view, late_costs)
        assert short == least[0], seed
        assert cost == pytest.approx(least[1]), seed


def test_nearly_nobody_finds_better_where_goods_are_ample() -> None:
    """No need is short that need not be; where none is, loads that share trucks may be a little late."""
    better = 0
    for seed in range(150):
        view, late_costs = tiny(seed, "ample")
        short, cost = FlowSupply(late_costs).timetable(view).score(late_costs)
        least = best(view, late_costs)
        assert short == least[0], seed
        if sum(short) == 0.0:  # of needs that are equally short, either may be
            assert cost <= least[1] * 1.05 + 1e-3, seed
        better += cost > least[1] + 1e-3
    assert better <= 4


@st.composite
def lines(draw: st.DrawFn, *, in_time: bool = False) -> Line:
    """Draw a world; with needs that are wanted for ever where ``in_time``."""
    depots = draw(st.integers(1, 4))
    spots = {d: draw(st.integers(0, 500)) for d in range(depots)} | {-1: draw(st.integers(0, 500))}
    kinds = [
        kind("light", 5.0, 6.0),
        kind("heavy", 12.0, carries=frozenset({0, 3}), speed=0.8),
        kind("tanker", 8.0, carries=frozenset({2})),
    ]
    which = st.tuples(st.integers(0, depots - 1), st.sampled_from(kinds))
    carriers = [
        truck._replace(free_at=draw(st.sampled_from([0.0, 0.0, 70.0])))
        for truck in fleet(spots, *draw(st.lists(which, max_size=5)))
    ]
    amounts = {0: st.integers(1, 30_000), 2: st.integers(1, 30_000), 3: st.integers(1, 30)}
    wanted = []
    for need in range(draw(st.integers(0, 5))):
        item = draw(st.sampled_from([0, 2, 3]))
        wanted.append(
            want(
                need,
                draw(amounts[item]),
                draw(st.sampled_from([50, 300, 700])),
                item=item,
                priority=draw(st.integers(1, 3)),
                deadline=draw(st.sampled_from([inf, 200.0, 600.0])),
                until=inf if in_time else draw(st.sampled_from([inf, 400.0, 1500.0])),
            )
        )
    wanted.sort(key=lambda each: (each.priority, each.deadline, each.need))
    stocks = st.tuples(
        st.integers(0, depots - 1), st.sampled_from([0, 2, 3]), st.sampled_from([0.0, 0.0, 120.0])
    )
    goods = [
        Goods(d, item, draw(amounts[item]), ready) for d, item, ready in draw(st.lists(stocks, max_size=6))
    ]
    if draw(st.booleans()):
        goods.append(Goods(-1, 2, 2**50, 0.0))
    cut = frozenset(draw(st.sets(st.sampled_from([300]), max_size=1)))
    return Line(
        wanted, goods, carriers, spots, load_out=draw(st.sampled_from([0.0, 45.0])), flow=2.0, cut=cut
    )


@given(lines(), st.sampled_from([FLOW, FlowSupply(0.0), NEAREST]))
@law(150)
def test_nothing_is_planned_that_cannot_be_done(view: Line, policy: FlowSupply | NearestSupply) -> None:
    table, plan = policy.timetable(view), policy.plan(view)
    planned = dict.fromkeys(range(len(view.wanted)), 0)
    taken: dict[tuple[int, int], list[tuple[float, int]]] = {}
    for ride in table.rides:
        carrier = view.carriers[ride.carrier]
        assert ride.place in {carrier.depot, -1}
        assert sum(n * table.item(need).kg for need, n in ride.loads.items()) <= carrier.kind.kg + 1e-6
        assert (
            sum(n * table.item(need).litres for need, n in ride.loads.items()) <= carrier.kind.litres + 1e-6
        )
        for need, amount in ride.loads.items():
            each = view.wanted[need]
            assert amount > 0
            assert each.node == ride.node not in view.cut
            assert carrier.kind.takes(each.item)
            assert ride.arrives <= each.until
            planned[need] += amount
            taken.setdefault((ride.place, each.item), []).append((ride.begins, amount))
    for need, each in enumerate(view.wanted):
        assert planned[need] + plan.short.get(each.need, 0) == each.amount
        assert (each.need in plan.arrives) == (planned[need] > 0)
    for (place, item), takings in taken.items():
        for moment in {begins for begins, _ in takings}:
            there = sum(
                g.amount for g in view.goods if (g.place, g.item) == (place, item) and g.ready <= moment
            )
            assert sum(n for begins, n in takings if begins <= moment) <= there


@given(lines(), st.sampled_from([FLOW, NEAREST]))
@law(100)
def test_trips_of_a_truck_follow_each_other(view: Line, policy: FlowSupply | NearestSupply) -> None:
    """Each begins where and when the one before ended, and takes as long as the view says."""
    table = policy.timetable(view)
    for i, carrier in enumerate(view.carriers):
        at, free = carrier.node, max(carrier.free_at, view.now)
        for turn, ride in enumerate(
            sorted((r for r in table.rides if r.carrier == i), key=lambda r: r.turn), 1
        ):
            assert ride.turn == turn
            assert ride.begins >= free
            litres = sum(n * table.item(need).litres for need, n in ride.loads.items())
            lead = view.lead(carrier._replace(node=at), ride.place, ride.node, litres)
            assert ride.arrives == pytest.approx(ride.begins + lead)
            at, free = ride.node, ride.arrives


@given(lines(), st.sampled_from([FLOW, NEAREST]))
@law(100)
def test_only_what_can_set_out_now_does(view: Line, policy: FlowSupply | NearestSupply) -> None:
    plan = policy.plan(view)
    assert len({shipment.truck for shipment in plan.shipments}) == len(plan.shipments)
    there = dict[tuple[int, int], int]()
    for goods in view.goods:
        if goods.ready <= view.now:
            there[goods.place, goods.item] = there.get((goods.place, goods.item), 0) + goods.amount
    wanted = {each.need: each for each in view.wanted}
    for shipment in plan.shipments:
        assert view.carriers[shipment.truck].free_at <= view.now
        assert len({wanted[need].node for need, _ in shipment.loads}) == 1
        for need, amount in shipment.loads:
            there[shipment.place, wanted[need].item] -= amount
    assert min(there.values(), default=0) >= 0


def shares(plan: SupplyPlan, wanted: list[Wanted]) -> float:
    """Return what is short, in whole needs."""
    return sum(plan.short.get(each.need, 0) / each.amount for each in wanted)


@given(lines(in_time=True), st.integers(0, 500), st.integers(1, 30))
@law(100)
def test_another_depot_never_raises_what_is_short(view: Line, spot: int, pieces: int) -> None:
    new = max(view.spots) + 1
    spots = {**view.spots, new: spot}
    truck = Carrier(len(view.carriers), kind("light", 5.0, 6.0), new, spot, 0.0)
    more = replace(
        view, spots=spots, goods=[*view.goods, Goods(new, 3, pieces, 0.0)], carriers=[*view.carriers, truck]
    )
    for policy in (FLOW, NEAREST):
        before, after = policy.plan(view).short, policy.plan(more).short
        assert sum(after.get(each.need, 0) for each in view.wanted if each.item == 3) <= sum(
            before.get(each.need, 0) for each in view.wanted if each.item == 3
        )
        assert shares(policy.plan(more), view.wanted) <= shares(policy.plan(view), view.wanted) + 1e-9


@given(lines(in_time=True), st.integers(0, 3), st.booleans())
@law(100)
def test_another_truck_never_raises_what_is_short(view: Line, depot: int, tanker: bool) -> None:
    depot %= len(view.spots) - 1
    new = kind("tanker", 8.0, carries=frozenset({2})) if tanker else kind("light", 5.0, 6.0)
    truck = Carrier(len(view.carriers), new, depot, view.spots[depot], 0.0)
    more = replace(view, carriers=[*view.carriers, truck])
    for policy in (FLOW, NEAREST):
        for item in (0, 2, 3):
            wanted = [each for each in view.wanted if each.item == item]
            before, after = policy.plan(view).short, policy.plan(more).short
            assert sum(after.get(e.need, 0) for e in wanted) <= sum(before.get(e.need, 0) for e in wanted)


@given(lines(in_time=True))
@law(100)
def test_the_urgent_never_go_short_for_the_less_urgent(view: Line) -> None:
    """Needs of lower priority take nothing from those of higher ones."""
    for priority in (1, 2):
        upper = [each for each in view.wanted if each.priority <= priority]
        alone, together = FLOW.plan(replace(view, wanted=upper)), FLOW.plan(view)
        for item in (0, 2, 3):
            needs = [each.need for each in upper if each.item == item]
            assert sum(together.short.get(n, 0) for n in needs) <= sum(alone.short.get(n, 0) for n in needs)


@given(lines())
@law(100)
def test_the_flow_is_never_worse_than_the_nearest_depot(view: Line) -> None:
    assert FLOW.timetable(view).score(10.0) <= NEAREST.timetable(view).score(10.0)


@given(lines())
@law(100)
def test_the_most_urgent_are_never_short_for_others_even_where_time_is(view: Line) -> None:
    upper = [each for each in view.wanted if each.priority == 1]
    alone, together = FLOW.timetable(replace(view, wanted=upper)), FLOW.timetable(view)
    if upper:
        assert together.score(10.0)[0][0] <= alone.score(10.0)[0][0]


@given(lines())
@law(40)
def test_the_same_view_gives_the_same_plan(view: Line) -> None:
    for policy in (FLOW, NEAREST):
        assert policy.plan(view) == policy.plan(view)


def great() -> Line:
    """Return 20 depots, 30 needs, 5 items and 60 trucks."""
    random = Random(5)
    spots = {depot: random.randint(0, 20_000) for depot in range(20)}
    sizes = (("heavy", 10_000.0), ("middle", 5_000.0), ("light", 2_000.0))
    kinds = [replace(kind(name, kg), water=-1) for name, kg in sizes]
    trucks = fleet(spots, *((i % 20, kinds[i // 20]) for i in range(60)))
    wanted = [
        want(
            need,
            random.randint(1_000_000, 30_000_000),
            100 * random.randint(0, 300),
            item=need % 5,
            priority=random.randint(1, 3),
            deadline=7200.0,
            until=86400.0,
        )
        for need in range(30)
    ]
    wanted.sort(key=lambda each: (each.priority, each.deadline, each.need))
    goods = [Goods(depot, item, random.randint(0, 30_000_000), 0.0) for depot in spots for item in range(5)]
    items = tuple(replace(FOAM, id=f"item-{i}") for i in range(5))
    return Line(wanted, goods, trucks, spots, items=items)


def test_a_great_world_is_served_far_better_than_by_the_nearest() -> None:
    view = great()
    assert FLOW.plan(view).short == {}
    cost, nearest = FLOW.timetable(view).score(10.0)[1], NEAREST.timetable(view).score(10.0)[1]
    assert cost < 0.5 * nearest
