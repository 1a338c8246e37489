"""A real city: Yuma out of OpenStreetMap, its stations and their land, against networkx."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import pytest
import shapely

from dispatch import load
from dispatch.cli import run_cli
from dispatch.roads.network import RoadNetwork
from dispatch.statics.coverage import coverage
from dispatch.statics.drawing import isochrone_layers, survey_layers, write_layers
from dispatch.statics.isochrone import Start, isochrone
from dispatch.statics.reach import reach_of
from dispatch.statics.standards import standard
from dispatch.statics.survey import Question, barriers_beside, survey
from tests.statics.worlds import polygons

if TYPE_CHECKING:
    from dispatch import Scenario

DATA = os.environ.get("DISPATCH_DATA", "")
EXTRACT = Path(DATA) / "osm" / "yuma.osm.pbf"
pytestmark = pytest.mark.skipif(
    not DATA or not EXTRACT.exists(), reason="DISPATCH_DATA names no yuma.osm.pbf"
)


@pytest.fixture(scope="module")
def yuma(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    folder = tmp_path_factory.mktemp("yuma")
    (folder / "networks").mkdir()
    path = folder / "scenarios" / "yuma.yaml"
    with pytest.raises(SystemExit) as stopped:
        run_cli(
            [
                "network",
                "import",
                str(EXTRACT),
                "-o",
                str(folder / "networks" / "yuma"),
                "--scenario",
                str(path),
            ]
        )
    assert stopped.value.code in (0, None)
    return load(path)


def nearest_by_networkx(scenario: Scenario) -> dict[int, float]:
    """Return seconds to every node from the nearest station, on the graph with all its nodes."""
    network = scenario.network
    assert isinstance(network, RoadNetwork)
    graph: Any = nx.DiGraph()
    arcs = zip(
        network.tail.tolist(), network.head.tolist(), network.seconds["emergency"].tolist(), strict=True
    )
    for tail, head, seconds in arcs:
        known = graph.get_edge_data(tail, head, {"weight": np.inf})["weight"]
        graph.add_edge(tail, head, weight=min(seconds, known))
    homes = {site.node for site in scenario.layouts["baseline"].sites}
    found: dict[int, float] = nx.multi_source_dijkstra_path_length(graph, homes)
    return found


def test_times_and_shares_are_those_of_networkx(yuma: Scenario) -> None:
    expected = nearest_by_networkx(yuma)
    layout = yuma.layouts["baseline"]
    found = coverage(reach_of(yuma, layout), [240.0], "travel")
    assert found.arrival.tolist() == [expected[node] for node in range(len(yuma.network.node_ids))]
    demand = yuma.demand_by_node.sum(axis=0)
    near = np.array([expected[node] <= 240.0 for node in range(len(demand))])
    assert found.limits[0].demand == pytest.approx(demand[near].sum() / demand.sum())
    starts = [Start(site.id, site.node) for site in layout.sites]
    ring = isochrone(yuma.network, starts, [240.0]).rings[0]
    assert ring.nodes == near.sum()
    assert ring.road_km == pytest.approx(found.limits[0].road_km, rel=1e-12)


def test_the_land_of_seven_stations_adds_up(yuma: Scenario) -> None:
    question = Question((240.0,), standard=standard("cn-gb51080"), barriers=barriers_beside(yuma))
    found = survey(yuma, ["baseline"], question)
    surveyed = found.layouts["baseline"]
    assert surveyed.division is not None
    region, land = surveyed.division.region, surveyed.division.jurisdictions
    assert len(land) == 7
    assert len(region.faces) > 1
    assert region.water_km2 > 0.0
    whole = float(region.whole.area) / 1e6
    assert sum(item.area_km2 for item in land) + region.water_km2 == pytest.approx(whole, rel=1e-6)
    assert shapely.union_all([item.drawn for item in land]).area / 1e6 == pytest.approx(
        region.land_km2, rel=1e-6
    )
    assert sum(item.demand for item in land) == pytest.approx(1.0, abs=1e-9)
    railway = [item for item in land if "railway" in item.across]
    assert railway, "Yuma lies on a main line"
    assert surveyed.judgement is not None
    assert not all(verdict.undivided for verdict in surveyed.judgement.stations)
    assert region.idle < len(region.barriers)
    assert any("end on land and cut nothing" in note for note in found.notes)
    layers = survey_layers(found)
    box = found.network.summary()["bounding_box"]
    for feature in layers["jurisdictions"]:
        west, south, east, north = shapely.geometry.shape(feature.geometry).bounds
        assert box[0] - 0.01 < west < east < box[2] + 0.01
        assert box[1] - 0.01 < south < north < box[3] + 0.01


@pytest.mark.parametrize("ending", ["geojson", "gpkg"])
def test_maps_of_a_city_are_valid_as_written(yuma: Scenario, tmp_path: Path, ending: str) -> None:
    found = survey(yuma, ["baseline"], Question((240.0,), barriers=barriers_beside(yuma)))
    path = tmp_path / f"coverage.{ending}"
    write_layers(path, survey_layers(found), yuma.network)
    division = found.layouts["baseline"].division
    assert division is not None
    shapes = polygons(path)
    assert len(shapes) == len(division.jurisdictions)
    assert all(shape.is_valid for shape in shapes)
    for shape, item in zip(shapes, division.jurisdictions, strict=True):
        east, north = division.ground.plane(*shapely.get_coordinates(shape).T)
        placed = shapely.set_coordinates(shape, np.column_stack((east, north)))
        assert placed.area / 1e6 == pytest.approx(item.area_km2, rel=1e-4)
    starts = [Start(site.id, site.node) for site in yuma.layouts["baseline"].sites]
    rings = isochrone(yuma.network, starts, [60.0, 240.0, 480.0], width_m=37.0)
    path = tmp_path / f"isochrone.{ending}"
    write_layers(path, isochrone_layers(rings), yuma.network)
    shapes = polygons(path)
    assert len(shapes) == 3
    assert all(shape.is_valid for shape in shapes)
