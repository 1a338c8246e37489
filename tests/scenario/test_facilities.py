"""Stations cited from GeoJSON stand in a scenario as if they had been written there."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import TYPE_CHECKING, Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from dispatch import load, simulate
from dispatch.errors import NetworkError, ScenarioError
from dispatch.io.features import FACILITIES, fit, representative_point
from dispatch.io.geo_files import Feature, geojson_text
from tests.small import small, write_scenario

if TYPE_CHECKING:
    from pathlib import Path

ENGINES = {"engine": 1}


def point(x: float, y: float = 0.0) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [x, y]}


def ring(x: float, y: float, half: float = 5.0) -> list[list[float]]:
    corners = [(-half, -half), (half, -half), (half, half), (-half, half), (-half, -half)]
    return [[x + dx, y + dy] for dx, dy in corners]


def square(x: float, y: float) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [ring(x, y)]}


STATIONS = [
    Feature(point(10), {"kind": "fire_station", "name": "西站", "name:en": "West"}, "node/1"),
    Feature(square(2400, 30), {"kind": "fire_station", "name": "", "name:en": "East"}, "way/22"),
    Feature(point(1200), {"kind": "hospital", "name": "医院"}, "way/333"),
]


def write(folder: Path, features: list[Feature], **changes: Any) -> Path:
    """Write the line world with facilities in its network folder; stations come from there only."""
    changes = {
        "stations": {},
        "units": {},
        "stations_from": [{"kind": "fire_station", "units": ENGINES}],
        **changes,
    }
    path = write_scenario(folder, **changes)
    (folder / "networks" / "line" / FACILITIES).write_text(geojson_text(features), encoding="utf-8")
    return path


def refused(path: Path, error: type[Exception] = ScenarioError) -> str:
    with pytest.raises(error) as told:
        load(path)
    return str(told.value)


def test_stations_of_a_kind_stand_at_the_nearest_node_with_their_units(tmp_path: Path) -> None:
    source = {"kind": "fire_station", "owner": "government", "units": {"engine": 2, "ladder": 1}}
    types = {name: {"capabilities": [name], "turnout": 0} for name in ("engine", "ladder")}
    path = write(tmp_path, STATIONS, stations_from=[source], unit_types=types)
    scenario = load(path)
    layout = scenario.layouts["baseline"]
    assert [
        (site.id, site.title, site.owner, scenario.network.node_ids[site.node]) for site in layout.sites
    ] == [
        ("node-1", "西站", "government", "a"),
        ("way-22", "East", "government", "e"),
    ]
    assert [(name, unit.type, unit.station) for name, unit in layout.units] == [
        (f"{station}-{kind}", kind.split("-")[0], station)
        for station in ("node-1", "way-22") for kind in ("engine-1", "engine-2", "ladder-1")
    ]  # fmt: skip
    assert scenario.notes == ()


def test_all_features_stand_where_no_kind_is_named(tmp_path: Path) -> None:
    scenario = load(write(tmp_path, STATIONS, stations_from=[{"units": ENGINES}]))
    assert [site.id for site in scenario.layouts["baseline"].sites] == ["node-1", "way-22", "way-333"]


def test_a_cited_file_gives_the_same_results_as_writing_it_out(tmp_path: Path) -> None:
    cited = load(write(tmp_path, STATIONS))
    by_hand = write_scenario(
        tmp_path,
        stations={"node-1": {"at": [10, 0], "title": "西站"}, "way-22": {"at": [2400, 30], "title": "East"}},
        units={f"{name}-engine-1": {"type": "engine", "station": name} for name in ("node-1", "way-22")},
    )
    written = load(by_hand)
    assert cited.digest == written.digest
    for name, values in dataclasses.asdict(simulate(cited).incidents).items():
        assert repr(values) == repr(dataclasses.asdict(simulate(written).incidents)[name]), name


def test_the_order_of_features_changes_nothing_and_their_content_does(tmp_path: Path) -> None:
    one = load(write(tmp_path / "a", STATIONS)).digest
    assert load(write(tmp_path / "b", STATIONS[::-1])).digest == one
    moved = [STATIONS[0], dataclasses.replace(STATIONS[1], geometry=square(2300, 0))]
    assert load(write(tmp_path / "c", moved)).digest != one
    assert load(write(tmp_path / "d", STATIONS[:2])).digest == one, "the hospital is not cited"


def test_written_stations_stand_beside_cited_ones_and_variations_change_both(tmp_path: Path) -> None:
    layouts = {
        "closed": {"close_stations": ["node-1"]},
        "moved": {"move_stations": {"way-22": "c"}, "move_units": {"own-1": "node-1"}},
        "back": {"based_on": "closed", "reopen_stations": ["node-1"], "remove_units": ["way-22-engine-1"]},
    }
    own = {"stations": {"own": {"at": "c"}}, "units": {"own-1": {"type": "engine", "station": "own"}}}
    scenario = load(write(tmp_path, STATIONS, layouts=layouts, **own))
    sites = {name: {site.id: site.node for site in layout.sites} for name, layout in scenario.layouts.items()}
    units = {name: {u: unit.station for u, unit in layout.units} for name, layout in scenario.layouts.items()}
    assert sorted(sites["baseline"]) == ["node-1", "own", "way-22"]
    assert sorted(sites["closed"]) == ["own", "way-22"]
    assert sorted(units["closed"]) == ["own-1", "way-22-engine-1"]
    assert sites["moved"]["way-22"] == sites["baseline"]["own"]
    assert units["moved"]["own-1"] == "node-1"
    assert sorted(units["back"]) == ["node-1-engine-1", "own-1"]


def test_units_may_be_written_for_cited_stations(tmp_path: Path) -> None:
    units = {"L1": {"type": "engine", "station": "way-22"}}
    scenario = load(write(tmp_path, STATIONS, stations_from=[{"kind": "fire_station"}], units=units))
    assert [name for name, _ in scenario.layouts["baseline"].units] == ["L1"]


def test_a_file_beside_the_scenario_is_cited_by_its_path(tmp_path: Path) -> None:
    path = write(tmp_path, STATIONS, stations_from=[{"file": "data/站点.geojson", "units": ENGINES}])
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "站点.geojson").write_text(geojson_text(STATIONS[:1]), encoding="utf-8")
    assert [site.id for site in load(path).layouts["baseline"].sites] == ["node-1"]


def test_stations_far_from_the_network_are_left_out_and_named(tmp_path: Path) -> None:
    far = [
        Feature(point(0, 1000 + i), {"kind": "fire_station", "name": f"n{i}"}, f"far/{i}") for i in range(8)
    ]
    nowhere = Feature(None, {"kind": "fire_station"}, "x")
    scenario = load(write(tmp_path, [*STATIONS, *far, nowhere]))
    assert [site.id for site in scenario.layouts["baseline"].sites] == ["far-0", "node-1", "way-22"]
    assert scenario.notes[:2] == (
        "stations_from[0]: features without a place, left out: 1.",
        "stations_from[0]: 7 of 10 stations lie over 1000 m off the network and are left out: far-1 (n1), "
        "far-2 (n2), far-3 (n3), far-4 (n4), far-5 (n5) and 2 more.",
    )


def test_ids_are_made_fit_and_found_where_features_have_none(tmp_path: Path) -> None:
    features = [
        Feature(point(0), {}, " a/b[c],d=e\t f "),
        Feature(point(0), {"@id": "relation/5"}),
        Feature(point(0), {"osmid": 77}),
        Feature(point(0), {"name": "新区 中队"}),
        Feature(point(0), {"name": "新区 中队"}),
        Feature(point(0), {}),
        Feature(point(0), {"ref": "7"}, "x" * 300),
    ]
    scenario = load(write(tmp_path, features, stations_from=[{"units": ENGINES}]))
    assert sorted(site.id for site in scenario.layouts["baseline"].sites) == sorted(
        ["a-b-c-d-e-f", "relation-5", "77", "新区-中队", "新区-中队-2", "station-6", "x" * 60]
    )


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "kind": ({"stations_from": [{"kind": "fire_staton", "units": ENGINES}]},
             "stations_from[0].kind: no feature of kind 'fire_staton' in 'facilities.geojson'. "
             "Did you mean 'fire_station'?"),
    "file": ({"stations_from": [{"file": "networks/line/facilites.geojson", "units": ENGINES}]},
             "stations_from[0].file: no file 'networks/line/facilites.geojson'. "
             "Did you mean 'facilities.geojson'?"),
    "outside": ({"stations_from": [{"file": "../facilities.geojson", "units": ENGINES}]},
                "leads out of the folder"),
    "no geojson": ({"stations_from": [{"file": "scenario.yaml", "units": ENGINES}]},
                   "scenario.yaml:1: not valid JSON"),
    "type": ({"stations_from": [{"units": {"engin": 1}}]},
             "stations_from[0].units.engin: no unit type 'engin'. Did you mean 'engine'?"),
    "count": ({"stations_from": [{"units": {"engine": 0}}]}, "stations_from[0].units.engine: "),
    "twice": ({"stations_from": [{"units": ENGINES}, {"units": ENGINES}]},
              "stations_from[1]: station 'node-1' is there already, by another entry of 'stations_from'."),
    "written": ({"stations": {"node-1": {"at": "a"}}},
                "stations_from[0]: station 'node-1' is there already, under 'stations'. Rename that one."),
    "unit": ({"stations": {"own": {"at": "a"}},
              "units": {"way-22-engine-1": {"type": "engine", "station": "own"}}},
             "stations_from[0].units.engine: unit 'way-22-engine-1' is there already. Rename that one."),
    "far": ({"snap": 5.0}, "stations_from[0]: all 2 stations lie over 5 m off the network."),
    "key": ({"stations_from": [{"knid": "x"}]}, "unknown key 'knid'. Did you mean 'kind'?"),
    "no units": ({"stations_from": [{}]}, "'units' is missing"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "said"), BAD.values(), ids=BAD)
def test_what_cannot_be_cited_is_told(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    told = refused(write(tmp_path, STATIONS, **change))
    assert said in told
    assert "Traceback" not in told


def test_problems_of_cited_stations_do_not_hide_others(tmp_path: Path) -> None:
    told = refused(
        write(
            tmp_path,
            STATIONS,
            stations_from=[{"units": {"engin": 1}}],
            layouts={"v": {"close_stations": ["way-23", "way-22"]}},
        )
    )
    assert "no unit type 'engin'" in told
    assert "no station 'way-23' here. Did you mean 'way-22'?" in told
    assert len(told.splitlines()) == 2


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ([], "no features in 'facilities.geojson'"),
        ([Feature(None, {}, "a")], "no feature has a place"),
        ([STATIONS[0], STATIONS[0]], "2 features have the id 'node-1'"),
        (
            [Feature(point(2e9), {}, "a")],
            "facilities.geojson:2 features[0].geometry: [2e+09, 0] is off the earth",
        ),
    ],
)
def test_files_without_usable_stations_are_told(tmp_path: Path, features: list[Feature], said: str) -> None:
    assert said in refused(write(tmp_path, features, stations_from=[{"units": ENGINES}]))


def test_a_network_without_facilities_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, STATIONS)
    (tmp_path / "networks" / "line" / FACILITIES).unlink()
    assert "stations_from[0]: network 'line' has no file 'facilities.geojson'" in refused(path)


def test_a_broken_network_is_told_alone(tmp_path: Path) -> None:
    path = write(tmp_path, STATIONS, layouts={"v": {"close_stations": ["way-22"]}})
    nodes = tmp_path / "networks" / "line" / "node.csv"
    nodes.write_text(nodes.read_text(encoding="utf-8").replace("600,0", "north,0"), encoding="utf-8")
    told = refused(path, NetworkError)
    assert told.startswith("node.csv:3 x_coord: 'north' is not a finite number")
    assert len(told.splitlines()) == 1


def test_a_matrix_without_coordinates_takes_no_cited_stations(tmp_path: Path) -> None:
    path = write(tmp_path, STATIONS)
    home = tmp_path / "networks" / "line"
    (home / "network.yaml").write_text("name: line\nkind: matrix\nfile: t.csv\nunit: s\nsymmetric: true\n")
    (home / "t.csv").write_text("from,to,time\na,b,60\n")
    (home / "node.csv").unlink()
    assert "stations_from[0]: stations on a network without coordinates" in refused(path)


def test_degrees_are_checked_on_a_network_in_degrees(tmp_path: Path) -> None:
    path = write(tmp_path, [Feature(point(36.0, 103.6), {}, "swapped")], stations_from=[{"units": ENGINES}])
    home = tmp_path / "networks" / "line"
    home.joinpath("network.yaml").write_text("name: line\nspeeds: {road: 36}\n")
    nodes = "".join(f"{name},{103.6 + i / 100},36\n" for i, name in enumerate("abcde"))
    home.joinpath("node.csv").write_text("node_id,x_coord,y_coord\n" + nodes)
    assert "these look swapped" in refused(path)
    home.joinpath(FACILITIES).write_text(geojson_text([Feature(point(103.61, 36.001), {}, "right")]))
    scenario = load(path)
    assert scenario.network.node_ids[scenario.layouts["baseline"].sites[0].node] == "b"


def test_scenarios_without_cited_stations_are_as_before(tmp_path: Path) -> None:
    scenario = small(tmp_path)
    assert scenario.file.stations_from == ()
    assert [site.id for site in scenario.layouts["baseline"].sites] == ["east", "west"]


# points for geometries


@pytest.mark.parametrize(
    "geometry",
    [
        square(104, 36),
        {"type": "Polygon", "coordinates": [ring(0, 0), ring(2, 2, 1)]},
        {"type": "MultiPolygon", "coordinates": [[ring(0, 0)], [ring(40, 1, 2)]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 3], [7, 2], [3, 0], [0, 0]]]},
    ],
    ids=["square", "hole", "two", "clockwise"],
)  # fmt: skip
def test_areas_stand_at_their_centroid(geometry: dict[str, Any]) -> None:
    x, y = representative_point(geometry) or (math.nan, math.nan)
    expected = shapely.geometry.shape(geometry).centroid
    assert (x, y) == pytest.approx((expected.x, expected.y), abs=1e-12)


def test_other_geometries_stand_at_the_mean_of_their_positions() -> None:
    assert representative_point(point(1.1, 2.2)) == (1.1, 2.2)
    line = {"type": "LineString", "coordinates": [[0, 0], [2, 0], [4, 3, 99]]}
    assert representative_point(line) == (2.0, 1.0)
    nothing: dict[str, Any] = {"type": "GeometryCollection", "geometries": []}
    assert representative_point(nothing) is None
    both = {"type": "GeometryCollection", "geometries": [point(0, 0), square(8, 8)]}
    assert representative_point(both) == (8.0, 8.0)
    flat = {"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [4, 0], [0, 0]]]}
    assert representative_point(flat) == (1.5, 0.0)


def test_a_line_drawn_as_an_area_stands_at_the_mean_of_its_positions() -> None:
    corners = [[104.1, 36.2], [104.2, 36.3], [104.30000000000001, 36.400000000000006], [104.1, 36.2]]
    x, y = representative_point({"type": "Polygon", "coordinates": [corners]}) or (math.nan, math.nan)
    assert (x, y) == pytest.approx((104.175, 36.275), abs=1e-9)


@given(st.text(max_size=200))
def test_any_text_is_made_fit_for_an_id(text: str) -> None:
    made = fit(text)
    assert len(made) <= 60
    assert not set(made) & set("/\\[],= \t\r\n")
    assert fit(made) == made


def test_an_export_of_overpass_is_read(tmp_path: Path) -> None:
    export = {
        "type": "FeatureCollection",
        "generator": "overpass-turbo",
        "features": [
            {"type": "Feature", "properties": {"@id": "way/9", "amenity": "fire_station"},
             "geometry": square(0, 0)},
        ],
    }  # fmt: skip
    path = write(tmp_path, [], stations_from=[{"units": ENGINES}])
    (tmp_path / "networks" / "line" / FACILITIES).write_text(json.dumps(export))
    assert [site.id for site in load(path).layouts["baseline"].sites] == ["way-9"]


ODD: list[Any] = [
    None, 5, -1, 0.5, True, "", " ", "x" * 300, ".", "..", "/etc/hostname", "a\\b", [], [1], {},
    {"engine": None}, {"engine": 1e9}, {"": 1},
]  # fmt: skip


@pytest.mark.parametrize("key", ["file", "kind", "owner", "units"])
def test_odd_values_are_read_or_told(tmp_path: Path, key: str) -> None:
    told = list[str]()
    for value in ODD:
        path = write(tmp_path, STATIONS, stations_from=[{"units": ENGINES, key: value}])
        try:
            assert load(path).file.stations
        except ScenarioError as error:
            told.append(str(error))
    assert all("stations_from[0]" in text or "'units' is missing" in text for text in told)
    for value in (*ODD, [None], [[]], ["x"]):
        with pytest.raises(ScenarioError):
            load(write(tmp_path, STATIONS, stations_from=value))
