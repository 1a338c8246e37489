"""GMNS folders: units of config.csv, geometries by id, uses; and what is wrong told with file and line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from dispatch.errors import NetworkError, UsageError
from dispatch.importing.importer import import_network
from dispatch.importing.writing import write_network
from dispatch.roads.network import RoadNetwork, load_network
from tests.importing.maps import links, metres, table

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = "dataset_name,short_length,long_length,speed,crs\ntown,feet,miles,mph,EPSG:4326\n"
NODES = """node_id,name,x_coord,y_coord,zone_id,population,node_type
1,北,-110.00,32.00,z1,100,signal
2,,-110.01,32.00,z1,50.5,
3,,-110.01,32.01,z2,,
4,,-110.00,32.01,z2,0,
"""
LINKS = """link_id,from_node_id,to_node_id,directed,geometry_id,dir_flag,length,facility_type,free_speed,\
lanes,allowed_uses,name
a,1,2,false,g1,1,0.6,Residential,25,1,"auto,walk",A St
b,2,3,true,,,0.7,Arterial,35,2,,
c,3,4,true,g3,-1,,Arterial,,2,all,
d,4,1,1,,,0.7,Arterial,45,2,motor,
e,2,4,false,,,1.0,Path,,,"WALK, bike",
"""
GEOMETRIES = """geometry_id,geometry
g1,"LINESTRING (-110 32, -110.005 32.001, -110.01 32)"
g3,"LINESTRING (-110 32.01, -110.005 32.012, -110.01 32.01)"
"""


def write(folder: Path, **changes: str) -> Path:
    home = folder / "gmns"
    home.mkdir(exist_ok=True)
    files = {"config": CONFIG, "node": NODES, "link": LINKS, "geometry": GEOMETRIES}
    files["use_group"] = 'use_group,uses\nall,"auto,walk"\nmotor,auto\n'
    for name, text in {**files, **changes}.items():
        if text:
            (home / f"{name}.csv").write_text(text, encoding="utf-8")
    return home


def test_a_folder_with_geometries_and_miles(tmp_path: Path) -> None:
    found = import_network(write(tmp_path))
    rows = links(found)
    assert set(rows) == {"a", "b", "c", "d"}
    assert found.report["found"] == {"links without motor traffic, left out": 1}
    assert float(rows["a"]["length"]) == pytest.approx(0.6 * 1609.344, abs=0.006)
    assert float(rows["a"]["free_speed"]) == 40.2
    assert rows["a"]["directed"] == "false"
    assert rows["c"]["geometry"] == "LINESTRING (-110.01 32.01, -110.005 32.012, -110 32.01)"
    way = [(-110.01, 32.01), (-110.005, 32.012), (-110.0, 32.01)]
    assert float(rows["c"]["length"]) == pytest.approx(sum(map(metres, way, way[1:])), abs=0.006)
    read = table(found, "node.csv")
    assert read.columns["population"] == ["100", "50.5", "", "0"]
    assert read.columns["zone_id"] == ["z1", "z1", "z2", "z2"]
    assert read.columns["name"][0] == "北"
    assert "node_type" not in read
    write_network(tmp_path / "net", found.files)
    network = load_network(tmp_path / "net")
    assert isinstance(network, RoadNetwork)
    assert network.meta.speeds["Arterial"].normal == pytest.approx((56.3 + 72.4) / 2, abs=0.06)
    assert np.nansum(network.columns["population"]) == 150.5


def test_without_config_metres_and_km_per_hour_hold(tmp_path: Path) -> None:
    text = "from_node_id,to_node_id,directed\n1,2,false\n2,3,false\n3,4,false\n"
    home = write(tmp_path, config="", geometry="", use_group="", link=text)
    rows = links(import_network(home))
    assert set(rows) == {"1-2", "2-3", "3-4"}
    assert float(rows["1-2"]["length"]) == pytest.approx(metres((-110, 32), (-110.01, 32)), abs=0.006)


def test_lengths_in_a_unit_that_nobody_named_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match=r"^link.csv:1 length: lengths are 0.*look like mi"):
        import_network(
            write(tmp_path, config="", geometry="", link=LINKS.replace("g1", "").replace("g3", ""))
        )


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = LINKS.replace("b,2,3,true", "b,2,33,perhaps").replace("c,3,4,true,g3", "a,3,4,true,g9")
    text = text.replace("0.7,Arterial,45", "-1,Arterial,fast")
    home = write(tmp_path, link=text, config=CONFIG.replace("miles", "leagues").replace("mph", "knots"))
    with pytest.raises(NetworkError) as caught:
        import_network(home)
    places = {problem.place for problem in caught.value.problems}
    assert {
        "config.csv:2 long_length", "config.csv:2 speed", "link.csv:3 to_node_id", "link.csv:3 directed",
        "link.csv:4 link_id", "link.csv:4 geometry_id", "link.csv:5 length", "link.csv:5 free_speed",
    } <= places  # fmt: skip


@pytest.mark.parametrize("file", ["node", "link", "geometry", "use_group", "config"])
@pytest.mark.parametrize("text", ["\n", "a;b\n1;2\n", '"', "node_id\n\xff\n"])
def test_spoilt_tables_are_refused_or_read(tmp_path: Path, file: str, text: str) -> None:
    home = write(tmp_path)
    (home / f"{file}.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(NetworkError) as caught:
        import_network(home)
    assert any(problem.place.startswith(f"{file}.csv") for problem in caught.value.problems)


def test_a_network_of_ours_needs_no_import(tmp_path: Path) -> None:
    home = write(tmp_path)
    (home / "network.yaml").write_text("kind: road\n")
    with pytest.raises(UsageError, match="is a network of dispatch already"):
        import_network(home)


def test_planar_coordinates(tmp_path: Path) -> None:
    nodes = "node_id,x_coord,y_coord\n1,500000,4000000\n2,500300,4000400\n"
    home = write(
        tmp_path, config="", geometry="", node=nodes, link="from_node_id,to_node_id,directed\n1,2,0\n"
    )
    found = import_network(home)
    assert float(links(found)["1-2"]["length"]) == 500
    write_network(tmp_path / "net", found.files)
    assert not load_network(tmp_path / "net").geographic
