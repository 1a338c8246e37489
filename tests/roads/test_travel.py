"""Travel times and whereabouts on roads and matrices, against networkx and against each other."""

from __future__ import annotations

import math
import os
import pickle
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dispatch.errors import NoRoute
from dispatch.roads import travel as travel_module
from dispatch.roads.matrix import MatrixNetwork
from dispatch.roads.matrix_travel import MatrixTravel
from dispatch.roads.network import MODES, NetworkFile, RoadNetwork, load_network
from dispatch.roads.travel import RoadTravel, road_travel, travel_for

from .worlds import network_of, oracle, road_networks

SHARES = st.floats(0.0, 1.2)


def loop() -> RoadNetwork:
    """0 → 1 → 2 → 3 → 0 one-way, with a two-way side street 2 - 4."""
    return network_of(5, [(0, 1, 1.0), (1, 2, 2.0), (2, 3, 3.0), (3, 0, 4.0), (2, 4, 10.0), (4, 2, 10.0)])


@given(road_networks(), st.data())
def test_seconds_between_all_nodes_equal_networkx(network: RoadNetwork, data: st.DataObject) -> None:
    size = len(network.node_ids)
    sites = data.draw(st.lists(st.integers(0, size - 1), max_size=3))
    travel = road_travel(network, sites, None)
    emergency, normal = oracle(network, "emergency"), oracle(network, "normal")
    for start in range(size):
        np.testing.assert_array_equal(travel.outbound(start), emergency[start])
        np.testing.assert_array_equal(travel.homebound(start), normal[:, start])
        for end in range(size):
            assert travel.seconds(travel.at(start), end, "emergency") == emergency[start, end]
            assert travel.seconds(travel.at(start), end, "normal") == normal[start, end]


@given(road_networks(), st.data())
def test_what_has_been_driven_is_no_longer_to_be_driven(network: RoadNetwork, data: st.DataObject) -> None:
    size = len(network.node_ids)
    travel = road_travel(network, [0], None)
    start, end = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    mode = data.draw(st.sampled_from(MODES))
    assume(math.isfinite(travel.seconds(travel.at(start), end, mode)))
    position = travel.at(start)
    for share in data.draw(st.lists(SHARES, min_size=1, max_size=4)):
        total = travel.seconds(position, end, mode)
        elapsed = share * total
        moved = travel.along(position, end, mode, elapsed)
        left = max(total - elapsed, 0.0)
        assert travel.seconds(moved, end, mode) == pytest.approx(left, rel=1e-9, abs=1e-9 * max(total, 1.0))
        position = moved


@given(road_networks(), st.data())
def test_a_unit_on_the_road_is_on_one_arc_of_a_shortest_path(
    network: RoadNetwork, data: st.DataObject
) -> None:
    size = len(network.node_ids)
    mode = data.draw(st.sampled_from(MODES))
    times = oracle(network, mode)
    start, end = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    total = times[start, end]
    assume(0 < total < np.inf)
    travel = road_travel(network, [], None)
    elapsed = data.draw(st.floats(0.0, 0.999)) * total
    node, lead = travel.along(travel.at(start), end, mode, elapsed)
    assert times[start, node] + times[node, end] == total
    assert times[start, node] - lead == pytest.approx(elapsed, abs=1e-9 * total)
    into = network.seconds[mode][
        (network.head == node) & (times[start, network.tail] + network.seconds[mode] == times[start, node])
    ]
    assert lead == 0 or lead <= into.max() + 1e-9 * total


def test_a_journey_passes_every_node_of_its_chain_in_turn() -> None:
    travel = road_travel(loop(), [], None)
    seen = [
        travel.along(travel.at(0), 4, "emergency", elapsed)
        for elapsed in (0.0, 0.5, 1.0, 1.5, 3.0, 4.0, 13.0, 99.0)
    ]
    assert seen == [(0, 0.0), (1, 0.5), (1, 0.0), (2, 1.5), (2, 0.0), (4, 9.0), (4, 0.0), (4, 0.0)]


def test_a_unit_between_nodes_plans_again_from_the_next_node() -> None:
    travel = road_travel(loop(), [], None)
    position = travel.along(travel.at(0), 4, "emergency", 3.5)
    assert position == (4, 9.5)
    assert travel.seconds(position, 2, "emergency") == 9.5 + 10.0
    assert travel.along(position, 2, "emergency", 9.5 + 4.0) == (2, 6.0)
    assert travel.along(position, 2, "emergency", 2.0) == (4, 7.5)


def test_inner_nodes_of_one_chain_are_reached_directly_or_round_the_block() -> None:
    travel = road_travel(loop(), [], None)
    assert travel.seconds(travel.at(3), 0, "emergency") == 4.0
    assert travel.seconds(travel.at(0), 3, "emergency") == 6.0
    assert travel.seconds(travel.at(1), 0, "emergency") == 9.0
    assert travel.along(travel.at(1), 0, "emergency", 6.0) == (0, 3.0)


@given(road_networks(), st.data())
def test_wherever_one_has_gone_the_rest_takes_at_least_so_long(
    network: RoadNetwork, data: st.DataObject
) -> None:
    node = st.integers(0, len(network.node_ids) - 1)
    travel = road_travel(network, [], None)
    position = travel.at(data.draw(node))
    for goal, mode in data.draw(st.lists(st.tuples(node, st.sampled_from(MODES)), min_size=1, max_size=3)):
        total = travel.seconds(position, goal, mode)
        assume(math.isfinite(total))
        elapsed = data.draw(st.floats(0.0, 1.0)) * total
        moved = travel.along(position, goal, mode, elapsed)
        for other in range(len(network.node_ids)):
            left = travel.seconds(moved, other, "emergency")
            assert travel.at_least(position, elapsed, other) <= left + 1e-9 * max(total, left, 1.0)
        position = moved


def test_the_bound_is_sharp_on_the_way_and_void_where_emergency_is_not_the_faster_mode() -> None:
    ring = [(0, 1, 8.0), (1, 2, 8.0), (2, 0, 8.0)]
    travel = road_travel(network_of(3, ring), [], None)
    assert travel.at_least(travel.at(0), 5.0, 2) == 11.0
    assert road_travel(network_of(3, ring, slower=0.5), [], None).at_least((0, 0.0), 5.0, 2) == 0.0
    assert MatrixTravel(squares()).at_least(((0, 1.0),), 5.0, 2) == 0.0


def test_time_does_not_run_backwards() -> None:
    travel = road_travel(loop(), [], None)
    assert travel.along((1, 0.5), 4, "emergency", -3.0) == (1, 0.5)


def test_positions_can_be_hashed_pickled_and_compared() -> None:
    road = road_travel(loop(), [], None)
    matrix = MatrixTravel(squares())
    for travel in (road, matrix):
        position = travel.along(travel.at(0), 2, "normal", 1.5)
        assert pickle.loads(pickle.dumps(position)) == position
        assert len({position, travel.along(travel.at(0), 2, "normal", 1.5)}) == 1


def test_no_way_is_infinitely_long_and_cannot_be_driven() -> None:
    travel = road_travel(network_of(3, [(0, 1, 1.0), (1, 0, 1.0), (1, 2, 1.0)]), [2], None)
    assert travel.seconds(travel.at(2), 0, "normal") == np.inf
    assert travel.outbound(2).tolist() == [np.inf, np.inf, 0.0]
    with pytest.raises(NoRoute, match="no way from 'n002' to 'n000'"):
        travel.along(travel.at(2), 0, "normal", 1.0)


def test_results_do_not_depend_on_the_trees_that_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    ways = [
        (int(a), int(b), float(s))
        for a, b, s in zip(
            rng.integers(60, size=200), rng.integers(60, size=200), rng.random(200), strict=True
        )
    ]
    network = network_of(60, [*ways, *((i, (i + 1) % 60, 1.5) for i in range(60))])
    plenty = road_travel(network, [], None)
    monkeypatch.setattr(travel_module, "TREE_BYTES", 0)
    few = road_travel(replace(network, _lazy={}), [5, 7], None)  # shares nothing with the other
    for start, end in rng.integers(60, size=(400, 2)).tolist():
        for mode in MODES:
            assert few.seconds(few.at(start), end, mode) == plenty.seconds(plenty.at(start), end, mode)
    assert len(few._trees) <= 16


def test_tables_cannot_be_written_to() -> None:
    travel = road_travel(loop(), [1], None)
    for table in (travel.outbound(1), travel.homebound(1), travel.outbound(2), travel.homebound(2)):
        with pytest.raises(ValueError, match="read-only"):
            table[0] = 1.0
    matrix = MatrixTravel(squares())
    with pytest.raises(ValueError, match="read-only"):
        matrix.homebound(1)[0] = 1.0


def test_travel_crosses_process_borders() -> None:
    for travel in (road_travel(loop(), [1], None), MatrixTravel(squares())):
        copy = pickle.loads(pickle.dumps(travel))
        assert copy.seconds(copy.at(0), 2, "normal") == travel.seconds(travel.at(0), 2, "normal")


def test_numpy_numbers_serve_as_nodes() -> None:
    zero, one, four = np.arange(5, dtype=np.int32)[[0, 1, 4]]
    travel: Any = road_travel(loop(), np.array([one]).tolist(), None)
    position = travel.along(travel.at(zero), four, "normal", 1e9)
    assert [type(part) for part in position] == [int, float]
    assert type(travel.seconds(travel.at(zero), one, "normal")) is float
    assert travel.outbound(one) is travel.outbound(1)


@given(road_networks(), st.randoms(use_true_random=False))
def test_the_order_and_the_names_of_nodes_and_arcs_do_not_matter(
    network: RoadNetwork, random: object
) -> None:
    size = len(network.node_ids)
    rng = np.random.default_rng(random.randrange(10**6))  # type: ignore[attr-defined]
    number = rng.permutation(size)
    place = np.empty(size)
    place[number] = np.arange(size)
    arcs = [
        (int(number[a]), int(number[b]), float(s))
        for a, b, s in zip(network.tail, network.head, network.seconds["emergency"], strict=True)
    ]
    order = rng.permutation(len(arcs))
    # normal times hang on the order of arcs in this helper, so compare emergency times only
    other = network_of(size, [arcs[i] for i in order], at=[(float(x), 0.0) for x in place])
    np.testing.assert_array_equal(other.tail, network.tail)
    np.testing.assert_array_equal(other.head, network.head)
    np.testing.assert_array_equal(other.seconds["emergency"], network.seconds["emergency"])
    np.testing.assert_array_equal(other.x, network.x)


def squares(symmetric: bool = True) -> MatrixNetwork:
    times = np.array([[0.0, 10.0, 40.0], [10.0, 0.0, 20.0], [40.0 if symmetric else np.inf, 20.0, 0.0]])
    ids = ("p", "q", "r")
    meta = NetworkFile(kind="matrix", file="m.csv", unit="s").named("squares")
    return MatrixNetwork(meta, ids, ids, ("",) * 3, None, None, {}, times, "digest")


def test_on_a_matrix_a_unit_moves_as_a_mixture_of_places() -> None:
    travel = MatrixTravel(squares())
    position = travel.along(travel.at(0), 2, "emergency", 10.0)
    assert position == ((0, 0.75), (2, 0.25))
    assert travel.seconds(position, 2, "normal") == 30.0
    assert travel.seconds(position, 1, "normal") == 0.75 * 10 + 0.25 * 20
    assert travel.along(position, 2, "emergency", 30.0) == travel.at(2)
    assert travel.along(position, 2, "emergency", 0.0) == position
    assert travel.outbound(1).tolist() == travel.homebound(1).tolist() == [10.0, 0.0, 20.0]


@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0.0, 1.1)), min_size=1, max_size=6), st.integers(0, 2))
def test_on_a_matrix_too_what_has_been_driven_is_done(legs: list[tuple[int, float]], last: int) -> None:
    travel = MatrixTravel(squares())
    position = travel.at(0)
    for goal, share in legs:
        total = travel.seconds(position, goal, "normal")
        position = travel.along(position, goal, "normal", share * total)
        assert sum(weight for _, weight in position) == pytest.approx(1.0)
        assert travel.seconds(position, goal, "normal") == pytest.approx(
            max(total * (1 - share), 0.0), abs=1e-9
        )
    assert travel.seconds(position, last, "normal") >= 0


def test_a_share_that_is_at_its_goal_needs_no_time_within_it() -> None:
    network = squares()
    times = network.matrix.copy()
    np.fill_diagonal(times, 4.0)
    travel = MatrixTravel(replace(network, matrix=times))
    assert travel.seconds(travel.at(2), 2, "normal") == 4.0
    halfway = travel.along(travel.at(0), 2, "normal", 20.0)
    assert travel.seconds(halfway, 2, "normal") == 20.0
    assert travel.along(travel.at(2), 2, "normal", 4.0) == travel.at(2)


def test_a_matrix_without_a_way_says_so() -> None:
    travel = MatrixTravel(squares(symmetric=False))
    assert travel.seconds(travel.at(2), 0, "normal") == np.inf
    halfway = travel.along(travel.at(0), 2, "normal", 20.0)
    assert travel.seconds(halfway, 0, "normal") == np.inf
    with pytest.raises(NoRoute, match="no time from 'r' to 'p'"):
        travel.along(travel.at(2), 0, "normal", 1.0)


def test_travel_for_chooses_by_the_kind_of_network() -> None:
    assert isinstance(travel_for(loop(), [0]), RoadTravel)
    assert isinstance(travel_for(squares(), [0]), MatrixTravel)


DATA = os.environ.get("DISPATCH_DATA", "")


@pytest.mark.skipif(not DATA, reason="needs real data: set DISPATCH_DATA to the folder that holds sf/")
def test_san_francisco_agrees_with_networkx(tmp_path: Path) -> None:
    for name in ("node.csv", "link.csv"):
        shutil.copy(Path(DATA) / "sf" / name, tmp_path / name)
    text = "name: sf\nlength_unit: m\nspeed_unit: km/h\nfactors: {emergency: 1.0, normal: 0.8}\n"
    (tmp_path / "network.yaml").write_text(text, encoding="utf-8")
    network = load_network(tmp_path)
    assert isinstance(network, RoadNetwork)
    assert (len(network.node_ids), len(network.tail), network.dropped) == (2915, 6214, frozenset())
    travel = travel_for(network, range(0, 2900, 100))
    graphs: dict[str, Any] = {mode: nx.MultiDiGraph() for mode in MODES}
    for mode, graph in graphs.items():
        graph.add_weighted_edges_from(
            zip(network.tail.tolist(), network.head.tolist(), network.seconds[mode].tolist(), strict=True)
        )
    for start, end in np.random.default_rng(4).integers(2915, size=(200, 2)).tolist():
        for mode, graph in graphs.items():
            expected = nx.bidirectional_dijkstra(graph, start, end)
            assert travel.seconds(travel.at(start), end, mode) == pytest.approx(expected[0], rel=1e-12)
            middle = travel.along(travel.at(start), end, mode, expected[0] / 3)
            assert travel.seconds(middle, end, mode) == pytest.approx(expected[0] * 2 / 3, rel=1e-9, abs=1e-9)
    path = nx.dijkstra_path(graphs["normal"], 0, 2000)
    assert len(path) > 20
    assert all(a != b for a, b in pairwise(path))


@given(road_networks())
def test_the_graph_for_networkx_has_the_same_ways(network: RoadNetwork) -> None:
    graph = network.to_networkx()
    for mode in MODES:
        expected = oracle(network, mode)
        for start, lengths in nx.all_pairs_dijkstra_path_length(graph, weight=mode):
            row = expected[network.index[start]]
            assert all(row[network.index[end]] == seconds for end, seconds in lengths.items())
    assert graph.nodes[network.node_ids[0]]["x"] == network.x[0]
    assert sum(d["length"] for _, _, d in graph.edges(data=True)) == pytest.approx(network.length_m.sum())
