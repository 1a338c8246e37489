"""How much of each road is reached: closed forms on grids, and roads cut into half-metre pieces."""

from __future__ import annotations

import math
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.roads.travel import travel_for
from dispatch.statics.links import links_of, road_metres
from tests.statics.worlds import Link, grid, node_at, roads


def arrival_from(network: Any, node: int) -> Any:
    return travel_for(network, [node]).outbound(node)


@pytest.mark.parametrize("radius", [0.25, 1.0, 2.5, 3.7, 9.0])
def test_a_grid_is_reached_in_a_diamond(radius: float) -> None:
    """Street y = k is reached for |x| ≤ r − |k|, and so are the streets that cross it: 4 Σ (r − |k|)."""
    network = grid(21, 21)
    links = links_of(network)
    found = links.km_reached(arrival_from(network, node_at(network, 1000, 1000)), radius * 10.0)
    streets = range(-math.floor(radius), math.floor(radius) + 1)
    assert found == pytest.approx(0.1 * 4 * sum(radius - abs(k) for k in streets), rel=1e-12)


def test_a_two_way_link_counts_once() -> None:
    network = roads([(0, 0), (100, 0)], [(0, 1, 10.0, 10.0)])
    links = links_of(network)
    assert len(links.arc) == 1
    assert links.km == pytest.approx(0.1)
    assert links.km_reached(arrival_from(network, 0), 1e9) == pytest.approx(0.1)


def test_a_one_way_link_is_entered_at_its_tail_only() -> None:
    network = roads([(0, 0), (100, 0)], [(0, 1, 10.0, np.inf), (1, 0, 40.0, np.inf)])
    links = links_of(network)
    there = int(np.flatnonzero(links.tail == 0)[0])
    ahead, behind = links.reached(arrival_from(network, 0), 4.0)
    assert ahead[there] == pytest.approx(0.4)
    assert behind.tolist() == [0.0, 0.0]
    ahead, _ = links.reached(arrival_from(network, 0), 20.0)
    assert ahead[1 - there] == pytest.approx(0.25)


def test_a_road_is_entered_from_both_ends() -> None:
    """Both ends are reached in time; the fronts meet at share s of the road where 10 s = 2 + 10 (1 − s)."""
    network = roads([(0, 0), (100, 0), (50, 50)], [(0, 1, 10.0, 10.0), (0, 2, 1.0, 1.0), (2, 1, 1.0, 1.0)])
    links = links_of(network)
    long = int(np.argmax(links.metres))
    arrival = arrival_from(network, 0)
    ahead, behind = links.reached(arrival, 5.0)
    assert sorted((ahead[long], behind[long])) == pytest.approx([0.3, 0.5])
    ahead, behind = links.reached(arrival, 7.0)
    assert ahead[long] + behind[long] == 1.0


def test_a_closed_road_is_not_reached() -> None:
    network = roads([(0, 0), (100, 0)], [(0, 1, 10.0, 10.0)])
    links = links_of(network, np.array([np.inf, np.inf]))
    assert links.km_reached(np.array([0.0, np.inf]), 1e6) == 0.0


@st.composite
def small_networks(draw: st.DrawFn) -> list[Link]:
    """Draw links with whole lengths: a ring, so that all is connected, and chords in one direction or two."""
    size = draw(st.integers(2, 6))
    ends = [(i, (i + 1) % size) for i in range(size)]
    ends += draw(
        st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)).filter(lambda e: e[0] != e[1]))
    )
    links: list[Link] = []
    for i, (a, b) in enumerate(ends):
        seconds = float(draw(st.integers(1, 12)))
        factor = draw(st.sampled_from((1.0, 2.0))) if i < size else draw(st.sampled_from((1.0, 2.0, np.inf)))
        links.append((a, b, seconds, seconds * factor))
    return links


def pieces(links: list[Link]) -> Any:
    """Return a graph with a node each half metre; a metre takes a second there, or two on a slow way back."""
    graph: Any = nx.MultiDiGraph()
    for number, (a, b, metres, back) in enumerate(links):
        run = [a, *((number, i) for i in range(1, int(2 * metres))), b]
        for i in range(len(run) - 1):
            graph.add_edge(run[i], run[i + 1], piece=(number, i), weight=0.5)
            if back < np.inf:
                graph.add_edge(run[i + 1], run[i], piece=(number, i), weight=0.5 * back / metres)
    return graph


@given(links=small_networks(), limit=st.integers(1, 30))
def test_what_is_reached_is_the_sum_of_half_metre_pieces(links: list[Link], limit: int) -> None:
    size = 1 + max(max(a, b) for a, b, _, _ in links)
    network = roads([(float(i), 0.0) for i in range(size)], links, metres=[link[2] for link in links])
    graph = pieces(links)
    seconds = nx.single_source_dijkstra_path_length(graph, 0)
    reached = {
        data["piece"] for tail, _, data in graph.edges(data=True) if seconds[tail] + data["weight"] <= limit
    }
    found = links_of(network).km_reached(arrival_from(network, 0), float(limit))
    assert found * 1000 == pytest.approx(len(reached) / 2, abs=1e-9)


@given(links=small_networks(), limits=st.lists(st.floats(0.1, 40.0), min_size=2, max_size=5))
def test_more_time_reaches_more(links: list[Link], limits: list[float]) -> None:
    size = 1 + max(max(a, b) for a, b, _, _ in links)
    network = roads([(float(i), 0.0) for i in range(size)], links)
    found, arrival = links_of(network), arrival_from(network, 0)
    km = [found.km_reached(arrival, limit) for limit in sorted(limits)]
    assert km == sorted(km)


@given(links=small_networks(), start=st.integers(0, 1))
def test_metres_by_road_are_those_of_networkx(links: list[Link], start: int) -> None:
    size = 1 + max(max(a, b) for a, b, _, _ in links)
    network = roads([(float(i), 0.0) for i in range(size)], links)
    graph: Any = nx.MultiDiGraph()
    for tail, head, metres in zip(
        network.tail.tolist(), network.head.tolist(), network.length_m, strict=True
    ):
        graph.add_edge(tail, head, weight=float(metres))
    expected = nx.single_source_dijkstra_path_length(graph, start)
    found = road_metres(network, np.array([start]))
    assert found.tolist() == pytest.approx([expected[node] for node in range(size)])


def test_without_a_station_nothing_is_near() -> None:
    assert road_metres(grid(2, 2), np.array([], dtype=np.int64)).tolist() == [np.inf] * 4
