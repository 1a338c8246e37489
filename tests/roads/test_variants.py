"""Roads under conditions (other speeds, closed arcs, on foot) against networkx on the arcs as they are."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.roads.network import MODES, TICK, RoadNetwork
from dispatch.roads.travel import RoadTravel, road_travel
from dispatch.roads.variants import LONGEST, on_foot, rounded, with_seconds
from dispatch.scenario.conditions import Conditions, junctions

from .changing import Changed, changed_networks, expected_arcs, neighbours, times
from .worlds import network_of, oracle, road_networks

few = settings(max_examples=50)


def check_times(network: RoadNetwork, truth: dict[str, np.ndarray], sites: list[int]) -> None:
    """Compare all tables and all pairs with the truth, bit for bit."""
    travel = road_travel(network, sites, None)
    for start in range(len(network.node_ids)):
        np.testing.assert_array_equal(travel.outbound(start), truth["emergency"][start])
        np.testing.assert_array_equal(travel.homebound(start), truth["normal"][:, start])
        for end in range(len(network.node_ids)):
            for mode in MODES:
                assert travel.seconds(travel.at(start), end, mode) == truth[mode][start, end]
                assert travel.ground.seconds(travel.at(start), end, mode) == truth[mode][start, end]


@given(changed_networks(), st.data())
@few
def test_times_under_conditions_equal_networkx(changed: Changed, data: st.DataObject) -> None:
    truth = {mode: times(changed.network, expected_arcs(changed, changed.now, mode)) for mode in MODES}
    node = st.integers(0, len(changed.network.node_ids) - 1)
    check_times(changed.variant, truth, data.draw(st.lists(node, max_size=3)))


@given(changed_networks(), st.data())
@few
def test_a_unit_under_way_is_on_a_shortest_path_of_the_open_roads(
    changed: Changed, data: st.DataObject
) -> None:
    mode = data.draw(st.sampled_from(MODES))
    open_arcs = expected_arcs(changed, changed.now, mode)
    truth = times(changed.network, open_arcs)
    pairs = np.argwhere(np.isfinite(truth) & (truth > 0)).tolist()
    travel = road_travel(changed.variant, [], None)
    by_ends: dict[tuple[int, int], float] = {}
    for arc, seconds in open_arcs.items():
        ends = int(changed.network.tail[arc]), int(changed.network.head[arc])
        by_ends[ends] = min(by_ends.get(ends, math.inf), seconds)
    for _ in range(4 if pairs else 0):
        start, end = data.draw(st.sampled_from(pairs))
        total = truth[start, end]
        way = travel.way(travel.at(start), end, mode)
        assert sum(by_ends[step] for step in pairwise(way)) == total
        elapsed = data.draw(st.floats(0.0, 0.999)) * total
        node, lead = travel.along(travel.at(start), end, mode, elapsed)
        assert node in way
        assert truth[start, node] + truth[node, end] == total
        assert truth[start, node] - lead == pytest.approx(elapsed, abs=1e-9 * total)


@given(changed_networks())
@few
def test_closing_and_slowing_never_shorten_and_leave_other_pairs_alone(changed: Changed) -> None:
    before = Conditions(changed.now.period)
    for mode in MODES:
        was, now = expected_arcs(changed, before, mode), expected_arcs(changed, changed.now, mode)
        plain, disturbed = changed.under(before), changed.variant
        old, new = oracle(plain, mode), oracle(disturbed, mode)
        assert (new >= old).all()
        touched = [arc for arc in was if now.get(arc) != was[arc]]
        used = np.zeros(old.shape, dtype=bool)
        for arc in touched:
            tail, head = int(changed.network.tail[arc]), int(changed.network.head[arc])
            used |= old[:, tail, None] + was[arc] + old[head] <= old
        one, other = road_travel(plain, [], None), road_travel(disturbed, [], None)
        for start, end in np.argwhere(~used).tolist():
            assert other.seconds(other.at(start), end, mode) == one.seconds(one.at(start), end, mode)


@given(changed_networks(), st.sampled_from((0.0, 2.5, 2.6)))
@few
def test_closures_of_a_width_hold_for_wider_units_only(changed: Changed, width: float) -> None:
    variant = changed.under(changed.now, width)
    for mode in MODES:
        open_arcs = expected_arcs(changed, changed.now, mode, width)
        assert sorted(variant.seconds[mode].tolist()) == sorted(open_arcs.values())
        ends = zip(changed.network.tail, changed.network.head, strict=True)
        wanted = [pair for arc, pair in enumerate(ends) if arc in open_arcs]
        assert list(zip(variant.tail, variant.head, strict=True)) == wanted
        assert variant.link_ids == tuple(changed.network.link_ids[arc] for arc in sorted(open_arcs))
    np.testing.assert_array_equal(variant.x, changed.network.x)
    assert variant.node_ids == changed.network.node_ids


@given(changed_networks())
@few
def test_variants_share_trees_and_disturb_neither_each_other_nor_the_original(changed: Changed) -> None:
    asked = [Conditions(changed.now.period), changed.now, Conditions(0)]
    networks = [changed.network, *(changed.under(conditions) for conditions in asked)]
    travels = [road_travel(network, [], None) for network in networks]
    truth = [{mode: oracle(network, mode) for mode in MODES} for network in networks]
    for start in range(len(changed.network.node_ids)):
        for end in range(0, len(changed.network.node_ids), 3):
            for travel, expected in zip(travels, truth, strict=True):
                for mode in MODES:
                    assert travel.seconds(travel.at(start), end, mode) == expected[mode][start, end]
    assert all(travel._trees is travels[0]._trees for travel in travels)
    assert changed.under(changed.now) is networks[2]


@given(changed_networks())
@settings(max_examples=20)
def test_variants_cross_process_borders(changed: Changed) -> None:
    travel = road_travel(changed.variant, [0], None)
    copy: RoadTravel = pickle.loads(pickle.dumps(travel))
    roads = pickle.loads(pickle.dumps(changed.roads))
    again = road_travel(roads.roads(changed.now), [0], None)
    for start in range(len(changed.network.node_ids)):
        for mode in MODES:
            for other in (copy, again):
                end = len(changed.network.node_ids) - 1
                assert other.seconds(other.at(start), end, mode) == travel.seconds(
                    travel.at(start), end, mode
                )
    assert copy.network.digest == changed.variant.digest == again.network.digest


@given(changed_networks())
@few
def test_junctions_have_three_neighbours_whatever_the_directions(changed: Changed) -> None:
    assert junctions(changed.network).tolist() == [count >= 3 for count in neighbours(changed.network)]


@given(road_networks(), st.sampled_from((0.7, 1.5, 12.0)))
@few
def test_on_foot_every_road_leads_both_ways_at_one_speed(network: RoadNetwork, speed: float) -> None:
    seconds = [max(round(metres / speed / TICK), 1) * TICK for metres in network.length_m.tolist()]
    both = replace(
        network,
        tail=np.concatenate((network.tail, network.head)),
        head=np.concatenate((network.head, network.tail)),
        seconds={mode: np.array([*seconds, *seconds]) for mode in MODES},
    )
    truth = {mode: oracle(both, mode) for mode in MODES}
    np.testing.assert_array_equal(truth["normal"], truth["normal"].T)
    walks = on_foot(network, speed)
    assert (np.diff(walks.tail) >= 0).all()
    check_times(walks, truth, [0])


def test_nothing_changed_is_the_same_network() -> None:
    network = network_of(3, [(0, 1, 1.0), (1, 0, 1.0), (1, 2, 2.0), (2, 1, 2.0)])
    everything = np.ones(4, dtype=bool)
    assert with_seconds(network, network.seconds, everything) is network
    other = with_seconds(network, network.seconds, np.array([True, True, True, False]))
    assert other is not network
    assert other.digest != network.digest
    assert len(network.tail) == 4


def test_a_node_without_open_roads_is_out_of_reach_both_ways() -> None:
    network = network_of(4, [(0, 1, 1.0), (1, 0, 1.0), (1, 2, 2.0), (2, 1, 2.0), (2, 3, 4.0), (3, 2, 4.0)])
    shut = (network.tail == 1) & (network.head == 2) | (network.tail == 2) & (network.head == 1)
    travel = road_travel(with_seconds(network, network.seconds, ~shut), [0], None)
    assert travel.outbound(0).tolist() == [0.0, 1.0, math.inf, math.inf]
    assert travel.homebound(0).tolist()[2:] == [math.inf, math.inf]
    assert travel.seconds(travel.at(3), 2, "emergency") == 4.0
    nothing = with_seconds(network, network.seconds, np.zeros(6, dtype=bool))
    alone = road_travel(nothing, [2], None)
    assert alone.outbound(2).tolist() == [math.inf, math.inf, 0.0, math.inf]
    assert alone.seconds(alone.at(3), 3, "normal") == 0.0


def test_twins_of_one_street_are_told_apart() -> None:
    """Of two equal roads between the same places either may be closed; the one that is left bears its id."""
    network = network_of(2, [(0, 1, 5.0), (0, 1, 5.0), (1, 0, 5.0), (1, 0, 5.0)])
    for mode in MODES:
        network.seconds[mode].flags.writeable = True
        network.seconds[mode][:] = 5.0
    masks = np.array([False, True, True, True]), np.array([True, False, True, True])
    one, other = (with_seconds(network, network.seconds, mask) for mask in masks)
    assert one.link_ids != other.link_ids
    assert one.digest != other.digest


def test_rounding_keeps_times_above_zero_and_endless_ones_endless() -> None:
    got = rounded(np.array([0.0, TICK * 0.4, TICK * 1.6, 10.0, math.inf]))
    assert got.tolist() == [TICK, TICK, 2 * TICK, 10.0, math.inf]
    network = network_of(2, [(0, 1, 1.0), (1, 0, 1.0)])
    slow = with_seconds(network, dict.fromkeys(MODES, np.array([1e12, 3.0])), np.ones(2, dtype=bool))
    assert slow.seconds["normal"].tolist() == [LONGEST, 3.0]
