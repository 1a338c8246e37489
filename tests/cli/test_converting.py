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
        (["x.csv", "--from-crs", "gcj02", "-o", "folder.csv"], "is a folder. Name a file."),
        (["x.csv", "--from-crs", "gcj02", "-o", "x.csv/y.csv"], "cannot be written"),
        (["x.csv", "--from-crs", "gcj02", "--to-crs", "gcj02"], "changes nothing. Choose two systems."),
        (["x.csv"], "--from-crs"),
        (["x.csv", "--from-crs", "gcj"], "gcj02"),
        (["none.csv", "--from-crs", "gcj02", "-o", "y.csv"], "none.csv: cannot be read"),
        (["folder.csv", "--from-crs", "gcj02", "-o", "y.csv"], "folder.csv:1: is not a file."),
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
    before = sorted(path.name for path in tmp_path.rglob("*"))
    done = dispatch("network", "convert", *arguments, cwd=tmp_path, code=2)
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert done.stdout == ""
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
    assert (tmp_path / "x.csv").read_text(encoding="utf-8") == TABLE


def test_cited_stations_are_seen_by_validate(tmp_path: Path) -> None:
    cited = [{"file": "s.geojson", "units": {"engine": 2}}]
    path = write(tmp_path, stations={}, units={}, layouts={}, stations_from=cited)
    stations = [Feature({"type": "Point", "coordinates": [x, 0.0]}, {}, f"node/{x}") for x in (0, 2100, 9000)]
    (tmp_path / "s.geojson").write_text(geojson_text(stations), encoding="utf-8")
    done = dispatch("validate", path)
    assert "baseline (stations: 2, units: 4)" in done.stdout
    assert "1 of 3 stations lie over 1000 m off the network and are left out: node-9000." in done.stdout
    assert dispatch("run", path, "--json", "-j", "2").stdout == dispatch("run", path, "--json").stdout
