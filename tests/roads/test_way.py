"""The way between two places, node by node: what maps and playback draw."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dispatch.errors import NoRoute
from dispatch.roads.network import MODES, RoadNetwork
from dispatch.roads.travel import road_travel

from .worlds import network_of, oracle, road_networks

many = settings(max_examples=150)


def fastest(network: RoadNetwork, mode: str) -> dict[tuple[int, int], float]:
    """Return the seconds of the fastest arc between neighbours."""
    found: dict[tuple[int, int], float] = {}
    for tail, head, seconds in zip(
        network.tail.tolist(), network.head.tolist(), network.seconds[mode].tolist(), strict=True
    ):
        found[tail, head] = min(found.get((tail, head), math.inf), seconds)
    return found


@given(road_networks(), st.sampled_from(MODES), st.data())
@many
def test_the_way_is_made_of_arcs_and_takes_the_least_seconds(
    network: RoadNetwork, mode: str, data: st.DataObject
) -> None:
    node = st.integers(0, len(network.node_ids) - 1)
    travel, arcs, truth = road_travel(network, [], None), fastest(network, mode), oracle(network, mode)
    for start in range(len(network.node_ids)):
        end = data.draw(node)
        lead = data.draw(st.sampled_from((0.0, 0.25, 1.5)))
        if truth[start, end] == np.inf:
            with pytest.raises(NoRoute, match="no way from"):
                travel.way((start, lead), end, mode)
            continue
        way = travel.way((start, lead), end, mode)
        assert (way[0], way[-1]) == (start, end)
        assert len(set(way)) == len(way)
        assert lead + sum(arcs[step] for step in pairwise(way)) == travel.seconds((start, lead), end, mode)
        assert all(type(place) is int for place in way)


@given(road_networks(), st.sampled_from(MODES), st.data())
@many
def test_positions_lie_on_the_way_in_order(network: RoadNetwork, mode: str, data: st.DataObject) -> None:
    node = st.integers(0, len(network.node_ids) - 1)
    start, end, lead = data.draw(node), data.draw(node), data.draw(st.sampled_from((0.0, 0.5, 20.0)))
    travel, arcs = road_travel(network, [], None), fastest(network, mode)
    total = travel.seconds((start, lead), end, mode)
    assume(math.isfinite(total))
    way = travel.way((start, lead), end, mode)
    arrives = dict(zip(way, [lead] * len(way), strict=True))
    for before, after in pairwise(way):
        arrives[after] = arrives[before] + arcs[before, after]
    shares = sorted(data.draw(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=6)))
    reached = 0
    for elapsed in [*(share * total for share in shares), *arrives.values()]:
        place, left = travel.along((start, lead), end, mode, elapsed)
        assert left >= 0.0
        assert arrives[place] - left == pytest.approx(elapsed, abs=1e-9 * max(total, 1.0))
        at = way.index(place)
        # the next node is the first that is not yet reached; the node itself in the moment of arrival
        assert all(arrives[passed] <= elapsed + 1e-9 * max(total, 1.0) for passed in way[:at])
        if elapsed in arrives.values():
            continue
        assert at >= reached
        reached = at


@given(road_networks(), st.sampled_from(MODES), st.data())
@many
def test_the_rest_of_the_way_is_as_quick_from_any_position_on_it(
    network: RoadNetwork, mode: str, data: st.DataObject
) -> None:
    node = st.integers(0, len(network.node_ids) - 1)
    start, end = data.draw(node), data.draw(node)
    travel, arcs = road_travel(network, [], None), fastest(network, mode)
    total = travel.seconds(travel.at(start), end, mode)
    assume(0.0 < total < math.inf)
    position = travel.along(travel.at(start), end, mode, data.draw(st.floats(0.0, 1.0)) * total)
    rest = travel.way(position, end, mode)
    whole = travel.way(travel.at(start), end, mode)
    assert rest[0] in whole
    assert sum(arcs[step] for step in pairwise(rest)) == oracle(network, mode)[rest[0], end]


def test_ways_along_one_chain_round_the_block_and_to_oneself() -> None:
    arcs = [(0, 1, 1.0), (1, 2, 2.0), (2, 3, 3.0), (3, 0, 4.0), (2, 4, 10.0), (4, 2, 10.0)]
    travel = road_travel(network_of(5, arcs), [], None)
    assert travel.way(travel.at(0), 1, "emergency") == [0, 1]
    assert travel.way(travel.at(1), 0, "emergency") == [1, 2, 3, 0]
    assert travel.way(travel.at(3), 4, "emergency") == [3, 0, 1, 2, 4]
    assert travel.way(travel.at(4), 3, "normal") == [4, 2, 3]
    assert travel.way((2, 0.5), 2, "normal") == [2]


def test_modes_have_ways_of_their_own() -> None:
    arcs = [(0, 1, 8.0), (1, 2, 8.0), (0, 2, 20.0), (2, 0, 1.0)]
    network = network_of(3, arcs)
    slow = (network.tail == 0) & (network.head == 1)
    normal = np.where(slow, 30.0, network.seconds["emergency"])
    network = replace(network, seconds={**network.seconds, "normal": normal}, _lazy={})
    travel = road_travel(network, [], None)
    assert travel.way(travel.at(0), 2, "emergency") == [0, 1, 2]
    assert travel.way(travel.at(0), 2, "normal") == [0, 2]
