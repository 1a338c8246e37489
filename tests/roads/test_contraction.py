"""Contraction: which nodes are inner, and that no time changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from dispatch.roads.contraction import Contraction, contract
from dispatch.roads.network import MODES, RoadNetwork
from dispatch.roads.search import Searcher, spread

from .worlds import network_of, oracle, road_networks


def contracted(network: RoadNetwork) -> Contraction:
    return contract(len(network.node_ids), network.tail, network.head, network.seconds)


def both(*pairs: tuple[int, int, float]) -> list[tuple[int, int, float]]:
    return [*pairs, *((b, a, s) for a, b, s in pairs)]


@given(road_networks())
def test_times_to_and_from_every_node_equal_those_on_the_whole_graph(network: RoadNetwork) -> None:
    graph = contracted(network)
    for mode in MODES:
        expected = oracle(network, mode)
        ahead, back = (Searcher(graph, mode, backward=backward) for backward in (False, True))
        for node in range(len(network.node_ids)):
            times = spread(graph, mode, node, ahead.reach(node), backward=False)
            np.testing.assert_array_equal(times, expected[node])
            times = spread(graph, mode, node, back.reach(node), backward=True)
            np.testing.assert_array_equal(times, expected[:, node])


@given(road_networks())
def test_every_node_is_a_junction_or_has_a_place_on_one_chain(network: RoadNetwork) -> None:
    graph = contracted(network)
    size = len(network.node_ids)
    assert sorted([*graph.junctions.tolist(), *graph.chain_nodes.tolist()]) == list(range(size))
    assert (graph.chain[graph.junctions] == -1).all()
    for number, (low, high) in enumerate(zip(graph.chain_start[:-1], graph.chain_start[1:], strict=True)):
        nodes = graph.chain_nodes[low:high]
        assert len(nodes) > 0
        assert (graph.chain[nodes] == number).all()
        assert graph.order[nodes].tolist() == list(range(low, high))
        for mode in MODES:
            assert (np.diff(graph.exit_s[mode][0, nodes]) < 0).all()
    pairs = list(zip(graph.arc_tail.tolist(), graph.arc_head.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    assert all(a != b for a, b in pairs)


def test_a_two_way_street_is_one_chain_with_an_arc_each_way() -> None:
    star = both((0, 4, 1.0), (0, 5, 1.0), (3, 6, 1.0), (3, 7, 1.0))
    graph = contracted(network_of(8, [*both((0, 1, 1.0), (1, 2, 2.0), (2, 3, 4.0)), *star]))
    assert graph.chain_nodes.tolist() in ([1, 2], [2, 1])
    assert graph.junctions.tolist() == [0, 3, 4, 5, 6, 7]
    at = [list(pair) for pair in zip(graph.arc_tail, graph.arc_head, strict=True)].index([0, 1])
    assert graph.arc_s["emergency"][at] == 7.0
    assert sorted(graph.exit_s["emergency"][:, 2].tolist()) == [3.0, 4.0]


def test_a_one_way_street_has_one_exit_and_one_entry() -> None:
    graph = contracted(
        network_of(5, [(0, 1, 1.0), (1, 2, 2.0), (2, 3, 4.0), *both((0, 4, 1.0), (3, 4, 1.0), (0, 3, 9.0))])
    )
    assert graph.chain_nodes.tolist()[:2] == [1, 2] or 1 in graph.chain_nodes
    assert graph.exit_s["emergency"][:, 1].tolist() == [6.0, np.inf]
    assert graph.entry_s["emergency"][:, 1].tolist() == [1.0, np.inf]


@pytest.mark.parametrize("two_way", [False, True])
def test_a_ring_alone_keeps_one_junction_and_no_arc(two_way: bool) -> None:
    ring = [(0, 1, 1.0), (1, 2, 2.0), (2, 3, 3.0), (3, 0, 4.0)]
    graph = contracted(network_of(4, both(*ring) if two_way else ring))
    assert graph.junctions.tolist() == [0]
    assert len(graph.arc_tail) == 0


def test_parallel_arcs_make_junctions_and_only_the_fastest_counts() -> None:
    network = network_of(3, [(0, 1, 5.0), (0, 1, 7.0), (1, 2, 1.0), (2, 0, 1.0)])
    graph = contracted(network)
    assert graph.chain_nodes.tolist() == [2]
    at = list(zip(graph.arc_tail, graph.arc_head, strict=True)).index((0, 1))
    assert graph.arc_s["emergency"][at] == 5.0
    assert graph.arc_s["normal"][at] == 7.0 * 1.25  # the fastest differs by mode: 5 × 3 is slower


def test_a_dead_end_and_a_hairpin_are_junctions() -> None:
    graph = contracted(network_of(3, both((0, 1, 1.0), (1, 2, 1.0))))
    assert graph.junctions.tolist() == [0, 2]
    graph = contracted(network_of(3, [*both((0, 1, 1.0)), (1, 2, 1.0), (2, 1, 1.0)]))
    assert graph.junctions.tolist() == [0, 2]


def test_a_graph_without_arcs_has_junctions_only() -> None:
    none = np.empty(0, dtype=np.int32)
    graph = contract(3, none, none, {mode: np.empty(0) for mode in MODES})
    assert graph.junctions.tolist() == [0, 1, 2]
