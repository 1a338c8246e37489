"""``dispatch network convert``: printed or written, never over its own input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from dispatch.io.geo_files import Feature, geojson_text
from dispatch.roads.network import load_network

from .world import ROOT, dispatch, write

if TYPE_CHECKING:
    from pathlib import Path

TABLE = "name,lon,lat\n天安门,116.38404722455657,39.91334545536069\nLondon,0,51.5\n"
TOLD = "points converted from gcj02 to wgs84: 1; outside China, unchanged: 1.\n"
CONVERTED = "name,lon,lat\n天安门,116.377817,39.911954\nLondon,0,51.5\n"


def test_a_table_is_printed_or_written(tmp_path: Path) -> None:
    path = tmp_path / "站.csv"
    path.write_text(TABLE, encoding="utf-8")
    printed = dispatch("network", "convert", path, "--from-crs", "GCJ02")
    assert printed.stdout == CONVERTED
    assert printed.stderr == TOLD
    written = dispatch("network", "convert", path, "--from-crs", "gcj02", "-o", tmp_path / "新" / "站.csv")
    assert written.stdout == f"wrote {tmp_path}/新/站.csv: {TOLD}"
    assert (tmp_path / "新" / "站.csv").read_bytes() == CONVERTED.encode()
    assert path.read_text(encoding="utf-8") == TABLE


def test_a_byte_order_mark_stays_for_excel(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"\xef\xbb\xbf" + TABLE.encode())
    dispatch("network", "convert", path, "--from-crs", "gcj02", "-o", tmp_path / "y.csv")
    assert (tmp_path / "y.csv").read_bytes() == b"\xef\xbb\xbf" + CONVERTED.encode()
    printed = dispatch("network", "convert", path, "--from-crs", "gcj02")
    assert printed.stdout == "\ufeff" + CONVERTED, "it may be sent to a file"


def test_geojson_goes_to_baidu_and_back(tmp_path: Path) -> None:
    station = Feature({"type": "Point", "coordinates": [103.8343, 36.0611]}, {"name": "城关中队"}, "node/1")
    path = tmp_path / "x.geojson"
    path.write_text(geojson_text([station]), encoding="utf-8")
    dispatch(
        "network", "convert", path, "--from-crs", "wgs84", "--to-crs", "bd09", "-o", tmp_path / "b.geojson"
    )
    back = dispatch("network", "convert", tmp_path / "b.geojson", "--from-crs", "bd09")
    assert back.stdout == geojson_text([station])


def test_a_network_is_converted_and_loads(tmp_path: Path) -> None:
    home, new = ROOT / "networks" / "lanzhou-new-area", tmp_path / "networks" / "new"
    new.mkdir(parents=True)
    for name in ("network.yaml", "link.csv"):
        (new / name).write_bytes((home / name).read_bytes())
    gcj, back = tmp_path / "gcj.csv", new / "node.csv"
    dispatch("network", "convert", home / "node.csv", "--from-crs", "wgs84", "--to-crs", "gcj02", "-o", gcj)
    assert gcj.read_bytes() != (home / "node.csv").read_bytes()
    dispatch("network", "convert", gcj, "--from-crs", "gcj02", "-o", back)
    one, other = load_network(new), load_network(home)
    assert one.node_ids == other.node_ids
    assert np.abs(np.array([one.x, one.y]) - np.array([other.x, other.y])).max() < 1.2e-7


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["x.csv", "--from-crs", "gcj02", "-o", "x.csv"], "is the file to be converted. Name another file"),
        (["x.csv", "--from-crs", "gcj02", "-o", "./link.csv"], "is the file to be converted"),
        (["x.csv", "--from-crs", "gcj02", "-o", "hard.csv"], "is the file to be converted"),
        (["x.csv", "--from-crs", "gcj02", "-o", "x.geojson"], "x.geojson: another format than x.csv."),
        (["x.csv", "--from-crs", "gcj02", "-o", "x.xlsx"], "Give a CSV table"),
        (["x.csv", "--from-crs", "gcj02", "-o", "folder"], "not a file of points"),
        (["x.csv", "--from-crs", "gcj02", "-o", "folder.csv"], "is a folder. Name a file in it."),
        (["x.csv", "--from-crs", "gcj02", "-o", "x.csv/y.csv"], "cannot be written"),
        (["x.csv", "--from-crs", "gcj02", "--to-crs", "gcj02"], "changes nothing. Choose two systems."),
        (["x.csv"], "--from-crs"),
        (["x.csv", "--from-crs", "gcj"], "gcj02"),
        (["none.csv", "--from-crs", "gcj02", "-o", "y.csv"], "none.csv: cannot be read"),
        (["folder.csv", "--from-crs", "gcj02", "-o", "y.csv"], "folder.csv:1: is not a file."),
        (["x.csv", "--from-crs", "gcj02", "-o", "town/link.csv"], "is a file of a network. Name a new file"),
        (["x.csv", "--from-crs", "gcj02", "-o", "calls.csv"], "calls.csv: is there already and holds no"),
        (["x.geojson", "--from-crs", "gcj02", "-o", "s.json"], "s.json: is there already and holds no"),
        (["x.geojson", "--from-crs", "gcj02", "-o", "list.json"], "holds no points."),
        (["x.geojson", "--from-crs", "gcj02", "-o", "broken.json"], "holds no points."),
        (["bad.csv", "--from-crs", "gcj02", "-o", "y.csv"], "bad.csv:2 lat: 'north' is not a finite number."),
        (["bad.csv", "--from-crs", "gcj02", "-o", "link.csv"], "bad.csv:2 lat: 'north' is not"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_told_and_nothing_is_written(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "x.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "link.csv").symlink_to("x.csv")
    (tmp_path / "hard.csv").hardlink_to(tmp_path / "x.csv")
    (tmp_path / "bad.csv").write_text("lon,lat\n1,north\n", encoding="utf-8")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "x.geojson").write_text(geojson_text([]), encoding="utf-8")
    (tmp_path / "calls.csv").write_text("incident,received,node\n1,0,a\n", encoding="utf-8")
    (tmp_path / "s.json").write_text('{"network": "town"}', encoding="utf-8")
    (tmp_path / "list.json").write_text("[]", encoding="utf-8")
    (tmp_path / "broken.json").write_bytes(b"{\xff")
    (tmp_path / "town").mkdir()
    (tmp_path / "town" / "network.yaml").write_text("crs: local\n")
    (tmp_path / "town" / "link.csv").write_text("geometry\nPOINT (1 1)\n")
    before = content(tmp_path)
    done = dispatch("network", "convert", *arguments, cwd=tmp_path, code=2)
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert done.stdout == ""
    assert content(tmp_path) == before


def content(folder: Path) -> dict[str, bytes]:
    """Return every file and folder below one, with what is in it."""
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


@pytest.mark.parametrize("old", [CONVERTED, "\ufeff" + TABLE, "id,经度,纬度\n", "WKT\nPOINT (1 1)\n", ""])
def test_earlier_points_are_replaced(tmp_path: Path, old: str) -> None:
    (tmp_path / "x.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "y.csv").write_text(old, encoding="utf-8")
    dispatch("network", "convert", "x.csv", "--from-crs", "gcj02", "-o", "y.csv", cwd=tmp_path)
    assert (tmp_path / "y.csv").read_bytes() == CONVERTED.encode()


def test_earlier_geojson_is_replaced(tmp_path: Path) -> None:
    station = Feature({"type": "Point", "coordinates": [0.0, 51.5]}, {"name": "London"}, "node/1")
    (tmp_path / "x.geojson").write_text(geojson_text([station]), encoding="utf-8")
    (tmp_path / "y.json").write_text(geojson_text([]), encoding="utf-8")
    dispatch("network", "convert", "x.geojson", "--from-crs", "gcj02", "-o", "y.json", cwd=tmp_path)
    assert (tmp_path / "y.json").read_text(encoding="utf-8") == geojson_text([station])


def test_cited_stations_are_seen_by_validate(tmp_path: Path) -> None:
    cited = [{"file": "s.geojson", "units": {"engine": 2}}]
    path = write(tmp_path, stations={}, units={}, layouts={}, stations_from=cited)
    stations = [Feature({"type": "Point", "coordinates": [x, 0.0]}, {}, f"node/{x}") for x in (0, 2100, 9000)]
    (tmp_path / "s.geojson").write_text(geojson_text(stations), encoding="utf-8")
    done = dispatch("validate", path)
    assert "baseline (stations: 2, units: 4)" in done.stdout
    assert "1 of 3 stations lie over 1000 m off the network and are left out: node-9000." in done.stdout
    assert dispatch("run", path, "--json", "-j", "2").stdout == dispatch("run", path, "--json").stdout
