"""The equal-area plane: areas on the sphere, the way there and back, the line where the date changes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import NetworkError
from dispatch.io.geo_files import Feature
from dispatch.roads.geometry import EARTH_RADIUS
from dispatch.statics.ground import Ground, area_km2, around, ground_of, link_lines
from dispatch.statics.links import links_of
from tests.statics.worlds import roads


def box(west: float, south: float, east: float, north: float) -> Feature:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return Feature({"type": "Polygon", "coordinates": [ring]}, {})


@given(
    lon=st.floats(-179, 179), lat=st.floats(-80, 80), width=st.floats(0.01, 3.0), height=st.floats(0.01, 3.0)
)
def test_areas_are_those_on_the_sphere(lon: float, lat: float, width: float, height: float) -> None:
    """A field between meridians and parallels has R² Δλ (sin φ₂ − sin φ₁)."""
    ground = Ground(geographic=True, lon=lon, lat=lat)
    drawn = ground.shape(box(lon - width / 2, lat - height / 2, lon + width / 2, lat + height / 2))
    sines = math.sin(math.radians(lat + height / 2)) - math.sin(math.radians(lat - height / 2))
    assert area_km2(drawn) == pytest.approx(EARTH_RADIUS**2 * math.radians(width) * sines / 1e6, rel=1e-6)


@given(st.floats(-180, 180), st.floats(-89, 89), st.floats(-80, 80))
def test_the_plane_leads_back_to_the_same_degrees(lon: float, lat: float, middle: float) -> None:
    ground = Ground(geographic=True, lon=lon, lat=middle)
    x, y = ground.earth(*ground.plane(np.array([lon + 0.3]), np.array([lat])))
    assert x[0] == pytest.approx(lon + 0.3, abs=1e-9)
    assert y[0] == pytest.approx(lat, abs=1e-6)


def test_distances_near_the_middle_are_true() -> None:
    ground = Ground(geographic=True, lon=103.7, lat=36.5)
    x, y = ground.plane(np.array([103.7, 103.71, 103.7]), np.array([36.5, 36.5, 36.51]))
    assert math.hypot(x[1] - x[0], y[1] - y[0]) == pytest.approx(
        EARTH_RADIUS * math.radians(0.01) * math.cos(math.radians(36.5)), rel=1e-6
    )
    assert math.hypot(x[2] - x[0], y[2] - y[0]) == pytest.approx(EARTH_RADIUS * math.radians(0.01), rel=1e-3)


def test_land_across_the_date_line_is_cut_there() -> None:
    network = roads([(179.99, -17.0), (-179.99, -17.0)], [(0, 1, 100.0, 100.0)], crs="EPSG:4326")
    ground = ground_of(network)
    lines = link_lines(links_of(network), ground)
    assert shapely.length(lines).sum() == pytest.approx(
        EARTH_RADIUS * math.radians(0.02) * math.cos(math.radians(17)), rel=1e-6
    )
    drawn = ground.geojson(around(lines, 100.0))
    assert drawn is not None
    assert drawn["type"] == "MultiPolygon"
    bounds = [
        shapely.geometry.shape({"type": "Polygon", "coordinates": p}).bounds for p in drawn["coordinates"]
    ]
    assert sorted((round(b[0], 2), round(b[2], 2)) for b in bounds) == [(-180.0, -179.99), (179.99, 180.0)]


def test_planar_coordinates_stay() -> None:
    ground = Ground(geographic=False)
    square = ((3.0, 4.0), (3.0, 5.0), (4.0, 5.0), (4.0, 4.0), (3.0, 4.0))
    assert ground.geojson(shapely.box(3, 4, 4, 5)) == {"type": "Polygon", "coordinates": (square,)}
    assert ground.geojson(shapely.Point(3, 4)) is None
    assert area_km2(ground.shape(box(0, 0, 2000, 500))) == 1.0
    assert ground.geojson(shapely.Polygon()) is None


def rounded(geometry: dict[str, object]) -> Any:
    """Return a geometry with its coordinates rounded as files have them."""
    return shapely.transform(shapely.geometry.shape(geometry), lambda points: np.round(points, 7))


@pytest.mark.parametrize(("geographic", "size", "gap"), [(False, 1.0, 1e-8), (True, 100.0, 1e-3)])
def test_polygons_are_valid_when_rounded(geographic: bool, size: float, gap: float) -> None:
    """Two arms nearer to each other than files can tell, and a speck that has no size there."""
    near = [(4 * size + gap, 9 * size), (4 * size + gap, size), (4 * size, size), (4 * size, 9 * size)]
    drawn = shapely.Polygon([(0, 0), (9 * size, 0), (9 * size, 9 * size), *near, (0, 9 * size)])
    speck = shapely.Polygon([(20 * size, 0), (20 * size + gap / 10, 0), (20 * size, gap / 10)])
    ground = Ground(geographic=geographic, lon=-114.6, lat=32.7)
    plain = shapely.transform(drawn, ground._degrees)
    assert drawn.is_valid
    assert not rounded(shapely.geometry.mapping(plain)).is_valid, "or nothing is shown here"
    written = ground.geojson(shapely.union(drawn, speck))
    assert written is not None
    shape = rounded(written)
    assert shape.is_valid
    assert shape.geom_type == "Polygon", "the speck is gone"
    assert shape.area == pytest.approx(plain.area, rel=1e-4)
    assert ground.geojson(speck) is None


@settings(max_examples=60)
@given(
    lines=st.lists(
        st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=5, unique=True),
        min_size=1,
        max_size=6,
    ),
    width=st.sampled_from([0.02, 0.5, 3.0]),
)
def test_ground_around_any_roads_is_valid_when_rounded(
    lines: list[list[tuple[int, int]]], width: float
) -> None:
    ground = Ground(geographic=True, lon=-114.6, lat=32.7)
    drawn = around([shapely.LineString(np.array(line) / 10) for line in lines], width)
    written = ground.geojson(drawn)
    assert written is not None
    shape = rounded(written)
    assert shape.is_valid
    assert shape.area == pytest.approx(shapely.transform(drawn, ground._degrees).area, rel=0.5)


def test_a_shape_that_crosses_itself_is_mended() -> None:
    bow = {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]}
    assert Ground(geographic=False).shape(Feature(bow, {})).area == pytest.approx(2.0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "LINESTRING (0 0, 0 1)",
        "LINESTRING",
        "POINT (3 4)",
        "LINESTRING EMPTY",
        "nonsense",
        "LINESTRING (0 0)",
        "LINESTRING (0 0, nan nan, 100 0)",
        "LINESTRING (0 0, inf 0)",
    ],
)
def test_geometry_that_cannot_be_read_is_drawn_straight(text: str) -> None:
    network = roads([(0, 0), (100, 0)], [(0, 1, 10.0, 10.0)], geometry=[text])
    line = link_lines(links_of(network), ground_of(network))[0]
    usable = text == "LINESTRING (0 0, 0 1)"
    assert line.length == (1.0 if usable else 100.0)


@pytest.mark.parametrize("text", ["LINESTRING (0 0, 50 80, 100 0)", "LINESTRING Z (100 0 5, 50 80 5, 0 0 5)"])
def test_lines_lead_from_tail_to_head_however_they_are_written(text: str) -> None:
    network = roads([(0, 0), (100, 0)], [(0, 1, 10.0, 10.0)], geometry=[text])
    line = link_lines(links_of(network), ground_of(network))[0]
    assert list(line.coords) == [(0.0, 0.0), (50.0, 80.0), (100.0, 0.0)]


def test_a_network_without_coordinates_has_no_ground() -> None:
    from dispatch.roads.matrix import MatrixNetwork
    from dispatch.roads.network_file import NetworkFile

    meta = NetworkFile(kind="matrix", file="t.csv", unit="s").named("m")
    bare = MatrixNetwork(meta, ("a",), ("",), ("",), None, None, {}, np.zeros((1, 1)), "")
    with pytest.raises(NetworkError, match="no coordinates"):
        ground_of(bare)
