"""Loading of road networks: what is read, what is computed, and every thing that is refused."""

from __future__ import annotations

import json
import pickle
import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from dispatch.errors import NetworkError
from dispatch.roads.geometry import linestring_metres, metres_between
from dispatch.roads.network import TICK, RoadNetwork, load_network

from .worlds import LINKS, NODES, YAML, town, write

if TYPE_CHECKING:
    from pathlib import Path


def refused(folder: Path, **texts: str) -> list[str]:
    """Return the problems of a folder as lines."""
    with pytest.raises(NetworkError) as caught:
        load_network(write(folder, **texts))
    return str(caught.value).splitlines()


def grid(side: int = 5, step: float = 0.002, length: float = 1.0, **columns: str) -> tuple[str, str]:
    """Return node and link tables of a two-way grid; lengths are multiples of the straight line."""
    nodes, links = ["node_id,x_coord,y_coord"], ["from_node_id,to_node_id,directed,length,free_speed"]
    for i in range(side * side):
        x, y = 103.7 + step * (i % side), 36.0 + step * (i // side)
        nodes.append(f"{i},{x:.6f},{y:.6f}")
        for other, dx, dy in ((i + 1, step, 0.0), (i + side, 0.0, step)):
            if (dx and i % side < side - 1) or (dy and i // side < side - 1):
                metres = float(metres_between(x, y, x + dx, y + dy, geographic=True))
                links.append(f"{i},{other},false,{metres * length:.6f},{columns.get('speed', '40')}")
    return "\n".join(nodes) + "\n", "\n".join(links) + "\n"


# ---------------------------------------------------------------------------------------------- what is read


def test_a_small_town_is_read_in_full(tmp_path: Path) -> None:
    network = town(tmp_path)
    assert network.node_ids == ("a", "b", "c", "d")
    assert network.names == ("Alpha", "Beta", "", "Delta")
    assert network.zone == ("north", "north", "south", "")
    assert network.columns["population"].tolist() == [10.0, 20.0, 30.0, 40.0]
    assert network.index == {"a": 0, "b": 1, "c": 2, "d": 3}
    assert (network.name, network.title, network.geographic) == ("town", "town", False)
    assert network.link_ids == ("ab", "ab", "bc", "bc", "cd", "db")
    assert list(zip(network.tail.tolist(), network.head.tolist(), strict=True)) == [
        (0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 1),
    ]  # fmt: skip
    assert network.seconds["emergency"].tolist() == [100.0, 100.0, 50.0, 50.0, 50.0, 80.0]
    normal = [100.0, 100.0, 200 / 3, 200 / 3, 50.0, 80.0]
    np.testing.assert_allclose(network.seconds["normal"], normal, atol=TICK)
    classes = [network.facility_names[i] for i in network.facility.tolist()]
    assert classes == ["street", "street", "avenue", "avenue", "street", ""]
    assert network.notes == ()
    assert network.dropped == frozenset()


def test_factors_multiply_all_speeds_of_a_mode(tmp_path: Path) -> None:
    network = town(tmp_path, YAML + "factors: {emergency: 2, normal: 0.5}\n")
    assert network.seconds["emergency"].tolist() == [50.0, 50.0, 25.0, 25.0, 25.0, 40.0]
    assert network.seconds["normal"][5] == 160.0


@pytest.mark.parametrize(
    ("unit", "lengths", "seconds"),
    [
        ("km", ("1", "0.5", "1.2"), 100.0),
        ("mi", ("0.625", "0.3125", "0.75"), 100.5840),
        ("ft", ("3280", "1641", "3937"), 99.9744),
    ],
)
def test_lengths_may_be_in_other_units(
    tmp_path: Path, unit: str, lengths: tuple[str, ...], seconds: float
) -> None:
    links = LINKS
    for metres, other in zip(("1000", "500", "1200"), lengths, strict=True):
        links = links.replace(f",{metres},", f",{other},")
    network = town(tmp_path, YAML + f"length_unit: {unit}\n", links=links)
    assert network.seconds["emergency"][0] == pytest.approx(seconds)


def test_speeds_may_be_in_other_units(tmp_path: Path) -> None:
    yaml = YAML.replace("36", "10").replace("72", "20").replace("54", "15") + "speed_unit: m/s\n"
    assert town(tmp_path, yaml, links=LINKS.replace(",54", ",15")).digest == town(tmp_path).digest
    mph = town(tmp_path, YAML + "speed_unit: mph\n")
    assert mph.seconds["emergency"][0] == pytest.approx(1000 / (36 * 0.44704))


def test_missing_lengths_come_from_the_geometry_or_the_straight_line(tmp_path: Path) -> None:
    links = (
        "from_node_id,to_node_id,directed,free_speed,geometry\n"
        'a,b,false,36,"LINESTRING (0 0, 500 1200, 1000 0)"\n'
        "b,c,false,36,\n"
        "c,d,no,36,\n"
    )
    network = town(tmp_path, links=links)
    assert network.length_m.tolist() == [2600.0, 2600.0, 1000.0, 1000.0, 500.0, 500.0]
    assert network.geometry[0].startswith("LINESTRING")
    assert network.link_ids[2] == "b-c"


def test_without_a_column_directed_links_are_one_way(tmp_path: Path) -> None:
    links = "from_node_id,to_node_id,length,free_speed\na,b,1000,36\nb,c,1000,36\nc,d,500,36\nd,a,2500,36\n"
    network = town(tmp_path, links=links)
    assert list(zip(network.tail.tolist(), network.head.tolist(), strict=True)) == [
        (0, 1),
        (1, 2),
        (2, 3),
        (3, 0),
    ]


def test_great_circles_and_lines() -> None:
    assert float(metres_between(0, 0, 90, 0, geographic=True)) == pytest.approx(10_007_557.2, abs=0.1)
    assert float(metres_between(179.5, 0, -179.5, 0, geographic=True)) == pytest.approx(111_195.08, abs=0.01)
    assert linestring_metres("linestring Z(0 0 5, 3 4 5, 3 5 5)", geographic=False) == 6.0
    for text in (
        "POINT (1 2)",
        "LINESTRING (1 2)",
        "LINESTRING (1 2, 3)",
        "LINESTRING (1 2, x 4)",
        "LINESTRING (0 0, nan 1)",
    ):
        assert linestring_metres(text, geographic=False) is None


def test_the_nearest_node_is_nearest_on_the_ground(tmp_path: Path) -> None:
    nodes, links = grid()
    network = town(tmp_path, "name: grid\n", nodes, links)
    rng = np.random.default_rng(2)
    x, y = rng.uniform(103.69, 103.72, 50), rng.uniform(35.99, 36.02, 50)
    found, metres = network.nearest(x, y)
    for i in range(50):
        every = metres_between(x[i], y[i], network.x, network.y, geographic=True)
        assert metres[i] == pytest.approx(every.min(), rel=1e-6)
        assert every[found[i]] == every.min()
    assert found.dtype == np.int32
    planar = town(tmp_path)
    assert [values.tolist() for values in planar.nearest(1900.0, 300.0)] == [[3], [pytest.approx(223.60679)]]


def test_nearest_across_the_date_line_and_near_the_pole(tmp_path: Path) -> None:
    nodes = "node_id,x_coord,y_coord\na,179.99,0\nb,-179.9,0\nc,0,89.9\nd,180,89.9\n"
    links = "from_node_id,to_node_id,directed,free_speed\na,b,false,50\nb,c,false,50\nc,d,false,50\n"
    network = town(tmp_path, "name: far\n", nodes, links)
    found, _ = network.nearest(np.array([-179.99, 90.0]), np.array([0.0, 89.95]))
    assert [network.node_ids[i] for i in found] == ["a", "c"]


# ------------------------------------------------------------------------------------- order and names


def shuffled(text: str, rng: random.Random) -> str:
    header, *rows = text.splitlines()
    rng.shuffle(rows)
    return "\n".join([header, *rows]) + "\n"


def test_the_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    first = town(tmp_path / "town")
    rng = random.Random(3)
    for _ in range(5):
        other = town(tmp_path / "town", nodes=shuffled(NODES, rng), links=shuffled(LINKS, rng))
        assert other.digest == first.digest
        assert other.summary() == first.summary()
        np.testing.assert_array_equal(other.link, first.link)


def test_ids_change_no_array(tmp_path: Path) -> None:
    first = town(tmp_path)
    nodes, links = NODES, LINKS
    for old, new in (("a", "z9"), ("b", "y"), ("c", "10"), ("d", "9")):
        nodes = nodes.replace(f"\n{old},", f"\n{new},")
        links = links.replace(f",{old},", f",{new},").replace(f",{old},", f",{new},")
    other = town(tmp_path, nodes=nodes, links=links)
    assert other.node_ids == ("z9", "y", "10", "9")
    for name in ("x", "y", "tail", "head", "length_m", "facility"):
        np.testing.assert_array_equal(getattr(other, name), getattr(first, name))
    assert other.digest != first.digest


@pytest.mark.parametrize(
    "change",
    [("1200", "1201"), (",54", ",55"), ("street,\nbc", "avenue,\nbc"), ("ab,a", "xy,a")],
)
def test_every_change_that_matters_changes_the_digest(tmp_path: Path, change: tuple[str, str]) -> None:
    assert town(tmp_path, links=LINKS.replace(*change)).digest != town(tmp_path).digest


def test_nodes_at_one_place_are_ordered_by_id(tmp_path: Path) -> None:
    nodes = "node_id,x_coord,y_coord\nb,-0.0,0\nc,5,0\na,0.0,0\n"
    links = "from_node_id,to_node_id,directed,length,free_speed\na,b,false,7,50\nb,c,false,,50\n"
    assert town(tmp_path, nodes=nodes, links=links).node_ids == ("a", "b", "c")


# ------------------------------------------------------------------------------------------- connectivity


def test_what_cannot_be_reached_there_and_back_is_dropped_and_named(tmp_path: Path) -> None:
    nodes = NODES + "e,5000,0,,south,1\nf,6000,0,,south,1\n"
    links = LINKS + "ce,c,e,true,3000,street,\nef,e,f,false,1000,street,\n"
    network = town(tmp_path, nodes=nodes, links=links)
    assert network.node_ids == ("a", "b", "c", "d")
    assert network.dropped == {"e", "f"}
    assert network.notes == (
        "2 of 6 nodes (33.3%), 2 links and 4.0 km are left out, "
        "because there is no way there and back: e, f.",
    )
    assert network.columns["population"].tolist() == [10.0, 20.0, 30.0, 40.0]
    summary = network.summary()
    assert summary["dropped"] == {"km": 4.0, "links": 2, "nodes": 2, "share": round(1 / 3, 6)}
    assert summary["strong_components"] == 2


def test_of_two_equal_parts_the_first_in_canonical_order_is_kept(tmp_path: Path) -> None:
    nodes = "node_id,x_coord,y_coord\nc,5000,0\nd,6000,0\nb,1000,0\na,0,0\n"
    links = "from_node_id,to_node_id,directed,free_speed\nc,d,false,50\na,b,false,50\n"
    assert town(tmp_path, nodes=nodes, links=links).node_ids == ("a", "b")


def test_links_from_a_node_to_itself_are_left_out_with_a_note(tmp_path: Path) -> None:
    network = town(tmp_path, links=LINKS + "aa,a,a,true,,street,\n")
    assert "aa" not in network.link_ids
    assert network.notes == ("1 links lead from a node to itself and are left out (link.csv:6).",)


def test_a_network_without_any_way_back_is_refused(tmp_path: Path) -> None:
    links = "from_node_id,to_node_id,free_speed\na,b,50\nb,c,50\n"
    assert refused(tmp_path, links=links) == [
        "link.csv:1: there is no way from any node to another and back. "
        "Set 'directed' to false for two-way links, or give both directions."
    ]


# -------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("ab,a,b", "ab,a,x"), "link.csv:2 to_node_id: no node 'x' in node.csv. Known: a, b, c, d."),
        (("ab,a,b", "ab,,b"), "link.csv:2 from_node_id: no node id."),
        (("bc,b", "ab,b"), "link.csv:3 link_id: 'ab' stands twice (first on line 2). Remove or rename one."),
        (("1200", "-3"), "link.csv:5 length: -3 is not above 0. Lengths are positive, in m"),
        (("1200", "0"), "link.csv:5 length: 0 is not above 0."),
        (("1200", "nan"), "link.csv:5 length: 'nan' is not a finite number. Lengths are positive"),
        (("1200", "1e400"), "link.csv:5 length: '1e400' is not a finite number."),
        (("1200", "long"), "link.csv:5 length: 'long' is not a finite number."),
        (("1200", "3e7"), "link.csv:5 length: 30,000 km is longer than half-way round the earth."),
        ((",54", ",0"), "link.csv:5 free_speed: 0 is not above 0. Speeds are positive, in km/h"),
        ((",54", ",-54"), "link.csv:5 free_speed: -54 is not above 0."),
        ((",54", ",inf"), "link.csv:5 free_speed: 'inf' is not a finite number."),
        ((",54", ",5400"), "link.csv:5 free_speed: 5,400 km/h is no speed on a road."),
        ((",54", ","), "link.csv:5 facility_type: neither free_speed nor facility_type. Give one of them."),
        (
            ("avenue", "avenu"),
            "link.csv:3 facility_type: no free_speed, and no speed for facility_type 'avenu'. "
            "Give free_speed, or add 'avenu' to speeds in network.yaml. Did you mean 'avenue'?",
        ),
        (
            ("avenue", "xyz"),
            "link.csv:3 facility_type: no free_speed, and no speed for facility_type 'xyz'. "
            "Give free_speed, or add 'xyz' to speeds in network.yaml. Known: avenue, street.",
        ),
        (
            ("c,d,true", "c,d,maybe"),
            "link.csv:4 directed: 'maybe' is neither true nor false. Write true or false.",
        ),
        (("from_node_id", "from_node"), "link.csv:1: the column 'from_node_id' is missing."),
        (("ab,a,b,false", "ab,a,b"), "link.csv:2: 6 values under 7 column names. Check the commas."),
    ],
)
def test_faults_of_links_are_named(tmp_path: Path, change: tuple[str, str], expected: str) -> None:
    (line,) = refused(tmp_path, links=LINKS.replace(*change, 1))
    assert line.startswith(expected)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            ("b,1000", "a,1000"),
            "node.csv:3 node_id: 'a' stands twice (first on line 2). Remove or rename one.",
        ),
        (("b,1000", ",1000"), "node.csv:3 node_id: no id. Give every row an id of its own."),
        (("1000,0", "nan,0"), "node.csv:3 x_coord: 'nan' is not a finite number."),
        (("1000,0", ",0"), "node.csv:3 x_coord: no value. Give a number."),
        (("1000,0", "1000,-inf"), "node.csv:3 y_coord: '-inf' is not a finite number."),
        (
            ("1000,0", "1e10,0"),
            "node.csv:3 x_coord: 1e+10 m is off the earth. Give metres in a planar system.",
        ),
        (("y_coord", "lat"), "node.csv:1: the column 'y_coord' is missing."),
    ],
)
def test_faults_of_nodes_are_named(tmp_path: Path, change: tuple[str, str], expected: str) -> None:
    lines = refused(tmp_path, nodes=NODES.replace(*change, 1))
    assert any(line.startswith(expected) for line in lines)


def test_endless_degrees_are_named_once(tmp_path: Path) -> None:
    nodes, links = grid()
    lines = refused(tmp_path, yaml="name: grid\n", nodes=nodes.replace("103.700000", "inf", 1), links=links)
    assert [line.split(": ")[0] for line in lines] == ["node.csv:2 x_coord"]


def test_degrees_out_of_range_are_named(tmp_path: Path) -> None:
    lines = refused(tmp_path, yaml=YAML.replace("crs: local", "crs: WGS84"))
    expected = (
        "node.csv:3 x_coord: 1000 is not between -180 and 180 degrees. "
        "x_coord is the longitude, y_coord the latitude; for metres set crs in network.yaml."
    )
    assert lines[0] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("speed: {a: 1}\n", "network.yaml:4 speed: unknown key 'speed'. Did you mean 'speeds'?"),
        ("length_unit: metres\n", "network.yaml:4 length_unit: "),
        ("factors: {emergency: 0}\n", "network.yaml:4 factors.emergency: "),
        ("factors: {emergency: .nan}\n", "network.yaml:4 factors.emergency: '.nan' is not a finite number."),
        ("factors: {emergency: '2'}\n", "network.yaml:4 factors.emergency: '2' is not a number."),
        ("approximate: maybe\n", "network.yaml:4 approximate: "),
        (
            "unit: s\n",
            "network.yaml:4 unit: 'unit' has no meaning for kind: road (got 's'). Remove it",
        ),
        ("symmetric: true\n", "network.yaml:4 symmetric: 'symmetric' has no meaning for kind: road"),
        ("kind: rail\n", "network.yaml:4 kind: "),
    ],
)
def test_faults_of_the_description_are_named(tmp_path: Path, text: str, expected: str) -> None:
    lines = refused(tmp_path, yaml=YAML + text)
    assert lines[0].startswith(expected)


@pytest.mark.parametrize("speed", ["0", "-5", "fast", "{emergency: 50}", "true"])
def test_faults_of_class_speeds_are_named(tmp_path: Path, speed: str) -> None:
    lines = refused(tmp_path, yaml=YAML.replace("36", speed))
    assert lines[0].startswith("network.yaml:3 speeds.street")


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    nodes = NODES.replace("c,2000,0", "c,x,0")
    links = LINKS.replace("ab,a,b", "ab,a,q").replace("1200", "-1").replace("avenue", "alley")
    lines = refused(tmp_path, nodes=nodes, links=links)
    assert {line.split(": ")[0] for line in lines} == {
        "node.csv:4 x_coord",
        "link.csv:2 to_node_id",
        "link.csv:3 facility_type",
        "link.csv:5 length",
    }


@pytest.mark.parametrize("name", ["network.yaml", "node.csv", "link.csv"])
def test_missing_files_are_named(tmp_path: Path, name: str) -> None:
    write(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(
        NetworkError, match=rf"{name}: cannot be read \(No such file or directory\)\. Check the path\."
    ):
        load_network(tmp_path)


def test_empty_tables_are_named(tmp_path: Path) -> None:
    assert refused(tmp_path, nodes="node_id,x_coord,y_coord\n")[0].startswith(
        "node.csv:1: the table has no nodes"
    )
    assert refused(tmp_path, links="from_node_id,to_node_id\n")[0].startswith(
        "link.csv:1: the table has no links"
    )
    assert refused(tmp_path, links="")[0].startswith("link.csv:1: the table is empty")


def test_a_link_without_length_between_nodes_at_one_place_is_refused(tmp_path: Path) -> None:
    lines = refused(
        tmp_path,
        nodes=NODES.replace("1000,0", "0,0").replace("2000", "1000"),
        links=LINKS.replace("ab,a,b,false,1000", "ab,a,b,false,"),
    )
    assert lines == ["link.csv:2 length: no length, and both ends lie at the same place. Give a length."]


def test_a_geometry_that_is_needed_must_be_a_linestring(tmp_path: Path) -> None:
    links = "from_node_id,to_node_id,directed,free_speed,geometry\na,b,false,36,POINT (1 2)\nb,c,false,36,\n"
    assert refused(tmp_path, links=links) == [
        "link.csv:2 geometry: 'POINT (1 2)' is not a WKT LINESTRING. Give a length, or correct it."
    ]


# ---------------------------------------------------------------------------------------------------- units


@pytest.mark.parametrize(
    ("factor", "unit", "expected"),
    [
        (0.001, "m", "0.001 | kilometres given as metres? Set length_unit: km"),
        (1.0, "km", "1,000 | metres given as kilometres? Set length_unit: m "),
        (3.2808, "m", "3.3 | feet given as metres? Set length_unit: ft"),
        (1.0, "ft", "0.3 | metres given as feet? Set length_unit: m "),
        (1 / 1609.344, "m", "0.00062 | miles given as metres? Set length_unit: mi"),
        (20.0, "m", "20 | Check length_unit and crs"),
    ],
)
def test_lengths_in_a_wrong_unit_are_recognised(
    tmp_path: Path, factor: float, unit: str, expected: str
) -> None:
    nodes, links = grid(length=factor)
    (line,) = refused(tmp_path, yaml=f"name: grid\nlength_unit: {unit}\n", nodes=nodes, links=links)
    times, _, rest = expected.partition(" | ")
    opening = f"link.csv:1 length: lengths are {times} times the straight line between their ends (median)"
    assert line.startswith(opening)
    assert line[len(opening) + 2 :].startswith(rest)


@pytest.mark.parametrize(
    ("factor", "unit"),
    [(1.0, "m"), (1.5, "m"), (2.4, "m"), (0.001, "km"), (3.2808, "ft"), (1 / 1609.344, "mi")],
)
def test_plausible_lengths_pass(tmp_path: Path, factor: float, unit: str) -> None:
    nodes, links = grid(length=factor)
    assert town(tmp_path, f"name: grid\nlength_unit: {unit}\n", nodes, links).notes == ()


def test_degrees_taken_for_metres_are_recognised(tmp_path: Path) -> None:
    nodes, links = grid(step=20.0)
    nodes = "node_id,x_coord,y_coord\n" + "".join(f"{i},{i % 5 * 20},{i // 5 * 20}\n" for i in range(25))
    (line,) = refused(tmp_path, yaml="name: grid\ncrs: EPSG:4269\n", nodes=nodes, links=links)
    assert line.endswith(
        "If coordinates are degrees, set crs: EPSG:4326; else check length_unit and coordinates."
    )


def test_single_short_links_are_suspicious_only(tmp_path: Path) -> None:
    network = town(tmp_path, links=LINKS.replace("b,c,false,1000", "b,c,false,800"))
    assert network.notes == (
        "1 suspicious links are shorter than the straight line between their ends (link.csv:3).",
    )
    assert network.summary()["suspicious_links"] == 1


@pytest.mark.parametrize(
    ("speed", "unit", "expected"),
    [
        (
            "50",
            "m/s",
            "half of the links have speeds over 180 km/h. Are they in km/h or mph? Check speed_unit",
        ),
        ("0.5", "km/h", "half of the links have speeds under 0.5 km/h. Check speed_unit"),
        ("13.9", "km/h", None),
        ("13.9", "m/s", None),
        ("30", "mph", None),
    ],
)
def test_speeds_in_a_wrong_unit_are_recognised(
    tmp_path: Path, speed: str, unit: str, expected: str | None
) -> None:
    nodes, links = grid(speed=speed)
    yaml = f"name: grid\nspeed_unit: {unit}\n"
    if expected is None:
        assert town(tmp_path, yaml, nodes, links).notes == ()
    else:
        (line,) = refused(tmp_path, yaml=yaml, nodes=nodes, links=links)
        assert line.startswith(f"link.csv:1 free_speed: {expected}")


# -------------------------------------------------------------------------------------------------- columns


def test_numeric_columns_are_kept_and_others_are_not(tmp_path: Path) -> None:
    nodes = (
        "node_id,x_coord,y_coord,jobs,land,people\n"
        "a,0,0,1,park,5\nb,1000,0,,town,n/a\nc,2000,0,2.5,town,7\nd,2000,500,3,,9\n"
    )
    network = town(tmp_path, nodes=nodes)
    assert sorted(network.columns) == ["jobs"]
    np.testing.assert_array_equal(network.columns["jobs"], [1.0, np.nan, 2.5, 3.0])
    assert network.notes == (
        "Column 'people' is left out: 1 values are not numbers (node.csv:3 people has 'n/a').",
    )


def test_the_summary_is_plain_and_sorted(tmp_path: Path) -> None:
    summary = town(tmp_path).summary()
    assert json.loads(json.dumps(summary)) == summary
    assert list(summary) == sorted(summary)
    assert summary["nodes"] == 4
    assert summary["links"] == 4
    assert summary["arcs"] == 6
    assert summary["km"] == 3.7
    assert summary["bounding_box"] == [0.0, 0.0, 2000.0, 500.0]
    assert summary["classes"]["avenue"] == {
        "km": 1.0,
        "km_per_h": {"emergency": 72.0, "normal": 54.0},
        "links": 1,
    }
    assert summary["zones"] == {"north": 2, "south": 1}
    assert summary["junctions"] == 3


def test_a_network_cannot_be_changed(tmp_path: Path) -> None:
    network = town(tmp_path)
    with pytest.raises(AttributeError):
        network.digest = ""  # type: ignore[misc]
    for values in (network.x, network.tail, network.seconds["normal"], network.columns["population"]):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 1


def test_a_network_crosses_process_borders(tmp_path: Path) -> None:
    network = town(tmp_path)
    copy = pickle.loads(pickle.dumps(network))
    assert isinstance(copy, RoadNetwork)
    assert copy.summary() == network.summary()
    assert copy.index == network.index


def test_times_are_whole_ticks(tmp_path: Path) -> None:
    nodes, links = grid(speed="37.3")
    ticks = town(tmp_path, "name: grid\n", nodes, links).seconds["emergency"] / TICK
    assert (ticks == np.round(ticks)).all()
    assert ticks.min() >= 1


def test_a_name_falls_back_to_the_folder(tmp_path: Path) -> None:
    network = town(tmp_path / "hilltown", YAML.replace("name: town\n", ""))
    assert (network.name, network.title) == ("hilltown", "hilltown")
