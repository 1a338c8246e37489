"""Loading of travel-time matrices."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from dispatch.errors import NetworkError
from dispatch.roads.matrix import MatrixNetwork
from dispatch.roads.network import load_network

if TYPE_CHECKING:
    from pathlib import Path

YAML = "name: survey\nkind: matrix\nfile: times.csv\nunit: min\n"
WIDE = "from,b,a,c\na,5,,7\nb,,4,\nc,8,9,\n"
LONG = "from,to,time\na,b,5\na,c,7\nb,a,4\nc,b,8\nc,a,9\n"
NODES = """\
node_id,x_coord,y_coord,name,zone_id,population
c,0,0,Gamma,east,3
a,500,0,Alpha,west,1
b,500,9,,west,2
"""
INF = np.inf


def write(folder: Path, yaml: str = YAML, times: str = WIDE, nodes: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "network.yaml").write_text(yaml, encoding="utf-8")
    (folder / "times.csv").write_text(times, encoding="utf-8")
    (folder / "node.csv").unlink(missing_ok=True)
    if nodes:
        (folder / "node.csv").write_text(nodes, encoding="utf-8")
    return folder


def survey(folder: Path, yaml: str = YAML, times: str = WIDE, nodes: str = "") -> MatrixNetwork:
    network = load_network(write(folder, yaml, times, nodes))
    assert isinstance(network, MatrixNetwork)
    return network


def refused(folder: Path, yaml: str = YAML, times: str = WIDE, nodes: str = "") -> list[str]:
    with pytest.raises(NetworkError) as caught:
        load_network(write(folder, yaml, times, nodes))
    return str(caught.value).splitlines()


@pytest.mark.parametrize("times", [WIDE, LONG])
def test_both_forms_give_the_same_matrix(tmp_path: Path, times: str) -> None:
    network = survey(tmp_path, times=times)
    assert network.node_ids == ("a", "b", "c")
    assert network.matrix.tolist() == [[0.0, 300.0, 420.0], [240.0, 0.0, INF], [540.0, 480.0, 0.0]]
    assert (network.x, network.y, network.dropped) == (None, None, frozenset())
    assert network.index == {"a": 0, "b": 1, "c": 2}


@pytest.mark.parametrize(("unit", "factor"), [("s", 1.0), ("min", 60.0), ("h", 3600.0)])
def test_times_are_in_the_unit_that_is_named(tmp_path: Path, unit: str, factor: float) -> None:
    assert survey(tmp_path, YAML.replace("min", unit)).matrix[0, 1] == 5 * factor


def test_symmetric_fills_the_way_back_only_where_it_is_missing(tmp_path: Path) -> None:
    network = survey(tmp_path, YAML + "symmetric: true\n", "from,to,time\na,b,5\na,c,7\nb,a,4\nb,c,\n")
    assert network.matrix.tolist() == [[0.0, 300.0, 420.0], [240.0, 0.0, INF], [420.0, INF, 0.0]]


def test_a_time_within_a_place_may_be_given(tmp_path: Path) -> None:
    network = survey(tmp_path, times="from,to,time\na,a,2\na,b,5\nb,a,5\n")
    assert network.matrix.tolist() == [[120.0, 300.0], [300.0, 0.0]]


def test_places_with_coordinates_are_ordered_by_them(tmp_path: Path) -> None:
    network = survey(tmp_path, YAML + "crs: local\n", nodes=NODES)
    assert network.node_ids == ("c", "a", "b")
    assert network.names == ("Gamma", "Alpha", "")
    assert network.zone == ("east", "west", "west")
    assert network.columns["population"].tolist() == [3.0, 1.0, 2.0]
    assert network.matrix[1].tolist() == [420.0, 0.0, 300.0]
    assert [values.tolist() for values in network.nearest([499.0], [8.0])] == [[2], [pytest.approx(2**0.5)]]


def test_a_node_table_without_coordinates_gives_zones_and_columns(tmp_path: Path) -> None:
    nodes = "node_id,zone_id,population\nc,east,3\na,west,1\nb,west,2\n"
    network = survey(tmp_path, nodes=nodes)
    assert network.node_ids == ("a", "b", "c")
    assert network.x is None
    assert network.columns["population"].tolist() == [1.0, 2.0, 3.0]


def test_the_nearest_place_needs_coordinates(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="the network 'survey' has no coordinates"):
        survey(tmp_path).nearest(1.0, 2.0)


def test_the_order_of_rows_and_columns_changes_nothing(tmp_path: Path) -> None:
    first = survey(tmp_path)
    assert survey(tmp_path, times="x,c,b,a\nc,,8,9\nb,,,4\na,7,5,\n").digest == first.digest
    assert survey(tmp_path, times="from,to,time\nc,a,9\nb,a,4\na,b,5\nc,b,8\na,c,7\n").digest == first.digest
    assert survey(tmp_path, times=WIDE.replace("9", "9.5")).digest != first.digest


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (WIDE.replace("5", "-5"), "times.csv:2 b: -5 is below 0. Times are numbers >= 0"),
        (WIDE.replace("5", "nan"), "times.csv:2 b: 'nan' is not a finite number."),
        (WIDE.replace("5", "five"), "times.csv:2 b: 'five' is not a finite number."),
        (
            WIDE.replace("\nc,", "\na,"),
            "times.csv:4 from: 'a' stands twice (first on line 2). Remove or rename one.",
        ),
        (WIDE.replace("b,a,c", "b,a,a"), "times.csv:1: the column 'a' stands twice. Remove or rename one."),
        (
            WIDE.replace("b,a,c", "b,a,"),
            "times.csv:1: a column without destination. Give every column an id.",
        ),
        (WIDE.replace("\nc,", "\n,"), "times.csv:4 from: no place id. Give every row an id."),
        (LONG.replace("7", "-7"), "times.csv:3 time: -7 is below 0."),
        (LONG + "a,b,6\n", "times.csv:7: 'a' to 'b' stands twice (first on line 2). Remove one."),
        (LONG + "a,,6\n", "times.csv:7: no place id under 'from' or 'to'. Give both."),
        (
            WIDE.replace("5", "1e9"),
            "times.csv:1: a time of 6e+10 s. Check the table and unit in network.yaml.",
        ),
        ("from,to,time\n", "times.csv:1: no times."),
        ("", "times.csv:1: the table is empty."),
    ],
)
def test_faults_are_named(tmp_path: Path, times: str, expected: str) -> None:
    assert refused(tmp_path, times=times)[0].startswith(expected)


@pytest.mark.parametrize(
    ("yaml", "expected"),
    [
        (YAML.replace("unit: min\n", ""), "network.yaml:1: 'unit' is missing. Say s, min or h."),
        (YAML.replace("file: times.csv\n", ""), "network.yaml:1: 'file' is missing. Name the CSV file."),
        (
            YAML.replace("times.csv", "../times.csv"),
            "network.yaml:3 file: '../times.csv' leads out of the folder.",
        ),
        (
            YAML.replace("times.csv", "/etc/passwd"),
            "network.yaml:3 file: '/etc/passwd' leads out of the folder.",
        ),
        (YAML.replace("times.csv", '"a\\0b"'), "a control character"),
        (YAML.replace("times.csv", ".."), "leads out of the folder"),
        (YAML.replace("times.csv", "nothing.csv"), "nothing.csv"),
        (YAML + "speeds: {a: 1}\n", "network.yaml:5 speeds: 'speeds' has no meaning for kind: matrix."),
    ],
)
def test_faults_of_the_description_are_named(tmp_path: Path, yaml: str, expected: str) -> None:
    (line,) = refused(tmp_path, yaml)
    assert expected in line


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "matrix")
    (folder / "times.csv").rename(tmp_path / "elsewhere.csv")
    (folder / "times.csv").symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(NetworkError, match="a link that leads out of the folder"):
        load_network(folder)


def test_ids_must_match_those_of_the_node_table(tmp_path: Path) -> None:
    lines = refused(tmp_path, YAML + "crs: local\n", WIDE.replace("c", "see"), NODES)
    assert set(lines) == {
        "times.csv:2: no place 'see' in node.csv. Known: a, b, c.",
        "times.csv:1: no times for 1 places of node.csv: c. Add their times, or remove them from node.csv.",
    }


def test_the_summary_is_plain_and_sorted(tmp_path: Path) -> None:
    summary = survey(tmp_path, YAML + "crs: local\n", nodes=NODES).summary()
    assert json.loads(json.dumps(summary)) == summary
    assert list(summary) == sorted(summary)
    assert (summary["nodes"], summary["pairs"], summary["unreachable_pairs"]) == (3, 6, 1)
    assert (summary["max_s"], summary["median_s"]) == (540.0, 420.0)
    assert summary["zones"] == {"east": 1, "west": 2}
