"""Graphs as OSMnx saves them: every attribute a text, lists as Python writes them, a street as two edges."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import networkx
import pytest

from dispatch.errors import NetworkError
from dispatch.importing.importer import import_network
from dispatch.importing.writing import write_network
from dispatch.roads.network import RoadNetwork, load_network
from tests.importing.maps import links, metres, table

if TYPE_CHECKING:
    from pathlib import Path

PLACES = {1: (104.0, 36.0), 2: (104.01, 36.0), 3: (104.01, 36.01), 4: (104.0, 36.01)}
BEND = "LINESTRING (104 36, 104.005 36.001, 104.01 36)"
DNEB = "LINESTRING (104.01 36, 104.005 36.001, 104 36)"


def graph(**attributes: str) -> Any:
    """Return a square town; 1-2 is a two-way street with a bend, 2-3-4-1 are one-way."""
    made: Any = networkx.MultiDiGraph()
    made.graph |= {"crs": "epsg:4326", "created_with": "OSMnx 2.0.0"} | attributes
    for id_, (x, y) in PLACES.items():
        made.add_node(id_, x=str(x), y=str(y), street_count="3")
    both = {
        "osmid": "[11, 12]",
        "highway": "['residential', 'primary']",
        "length": "912.5",
        "oneway": "False",
    }
    both |= {"maxspeed": "['50', '30 mph']", "lanes": "['2', '3']", "name": "['B 街', 'A']", "bridge": "yes"}
    made.add_edge(1, 2, 0, **both, reversed="False", geometry=BEND)
    back = both | {"osmid": "[12, 11]", "name": "['A', 'B 街']"}
    made.add_edge(2, 1, 0, **back, reversed="True", geometry=DNEB)
    one = {"highway": "tertiary", "oneway": "True", "reversed": "False"}
    made.add_edge(2, 3, 0, osmid="13", length="1111.9", maxspeed="40", **one)
    made.add_edge(3, 4, 0, osmid="14", length="899.5", maxspeed="nan", **one)
    made.add_edge(4, 1, 0, osmid="15", **one)
    made.add_edge(4, 1, 1, osmid="16", highway="footway", length="1111.9")
    return made


def save(folder: Path, made: Any, name: str = "town.graphml") -> Path:
    networkx.write_graphml(made, folder / name)
    return folder / name


def test_a_saved_graph(tmp_path: Path) -> None:
    found = import_network(save(tmp_path, graph()))
    rows = links(found)
    assert set(rows) == {"1-2", "2-3", "3-4", "4-1"}
    street = rows["1-2"]
    assert street["directed"] == "false"
    assert street["geometry"] == BEND
    assert float(street["length"]) == 912.5
    assert float(street["free_speed"]) == 48.3, "30 mph is less than 50 km/h"
    assert (street["facility_type"], street["lanes"], street["name"]) == ("residential", "2", "A;B 街")
    assert street["bridge"] == "yes"
    assert rows["2-3"]["directed"] == "true"
    assert float(rows["4-1"]["length"]) == pytest.approx(metres(PLACES[4], PLACES[1]), abs=0.006)
    assert rows["3-4"]["free_speed"] == ""
    assert found.report["closed_ways"] == {"no road": 1}
    assert "facilities.geojson" not in found.files
    write_network(tmp_path / "net", found.files)
    network = load_network(tmp_path / "net")
    assert isinstance(network, RoadNetwork)
    assert network.geographic
    assert network.meta.speeds["tertiary"].normal == 40
    times = {
        (a, b): networkx.shortest_path_length(network.to_networkx(), str(a), str(b), weight="normal")
        for a, b in itertools.permutations(PLACES, 2)
    }
    around = (1111.9 + 899.5 + float(rows["4-1"]["length"])) / (40 / 3.6)
    assert times[2, 1] == pytest.approx(912.5 / (48.3 / 3.6), abs=1e-3)
    assert times[2, 1] < around == pytest.approx(times[3, 1] + times[2, 3], abs=1e-2)


def test_loops_are_left_out_and_told(tmp_path: Path) -> None:
    made = graph()
    made.add_edge(2, 2, 0, osmid="17", highway="residential", length="80")
    found = import_network(save(tmp_path, made))
    assert "2-2" not in links(found)
    assert "1 links lead from a node to itself and are left out: 2-2." in found.report["notes"]


def test_typed_attributes_and_the_order_of_edges_change_nothing(tmp_path: Path) -> None:
    made = graph()
    typed: Any = networkx.MultiDiGraph(crs="epsg:4326")
    for id_, (x, y) in reversed(PLACES.items()):
        typed.add_node(str(id_), x=float(x), y=float(y))
    for a, b, key, data in sorted(made.edges(keys=True, data=True), key=lambda e: (-e[0], -e[1], e[2])):
        plain = {k: float(v) if k == "length" else v for k, v in data.items()}
        typed.add_edge(str(a), str(b), key, **plain)
    assert (
        import_network(save(tmp_path, made)).files == import_network(save(tmp_path, typed, "b.graphml")).files
    )


def test_a_projected_graph_stays_planar(tmp_path: Path) -> None:
    made = graph(crs="EPSG:32648")
    for id_, data in made.nodes(data=True):
        data["x"], data["y"] = str(500_000 + 900 * (id_ % 2)), str(4_000_000 + 100 * id_)
    for _, _, data in made.edges(data=True):
        data.pop("geometry", None)
    found = import_network(save(tmp_path, made))
    write_network(tmp_path / "net", found.files)
    network = load_network(tmp_path / "net")
    assert network.meta.crs == "EPSG:32648"
    assert not network.geographic
    assert float(links(found)["4-1"]["length"]) == pytest.approx((900**2 + 300**2) ** 0.5, abs=0.006)


def test_chinese_coordinates_are_brought_to_wgs84(tmp_path: Path) -> None:
    path = save(tmp_path, graph())
    read = table(import_network(path, "", "gcj02"), "node.csv")
    shift = metres(PLACES[1], (float(read.columns["x_coord"][0]), float(read.columns["y_coord"][0])))
    assert 50 < shift < 1000
    assert (
        links(import_network(path, "", "gcj02"))["2-3"]["geometry"]
        != links(import_network(path))["2-3"]["geometry"]
    )


def test_graphs_that_cannot_be_used(tmp_path: Path) -> None:
    broken = graph()
    broken.nodes[3].pop("x")
    broken.nodes[4]["y"] = "north"
    with pytest.raises(NetworkError) as caught:
        import_network(save(tmp_path, broken))
    assert len(caught.value.problems) == 2
    undirected: Any = networkx.MultiGraph(graph())
    with pytest.raises(NetworkError, match="undirected"):
        import_network(save(tmp_path, undirected))
    far = graph()
    far.nodes[1]["x"] = "504000"
    with pytest.raises(NetworkError, match="node '1' lies at 504000, 36, which are no degrees"):
        import_network(save(tmp_path, far))
    path = save(tmp_path, graph())
    text = path.read_text(encoding="utf-8")
    for cut in (300, len(text) // 2, len(text) - 20):
        path.write_text(text[:cut], encoding="utf-8")
        with pytest.raises(NetworkError, match="is no usable GraphML"):
            import_network(path)
