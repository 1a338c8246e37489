"""GCJ-02 and BD-09: published pairs, the size of the shift, exact inverses, and where nothing is shifted."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import UsageError
from dispatch.roads.coordinates import EAST, NORTH, SOUTH, WEST, convert, from_wgs84, to_wgs84
from dispatch.roads.geometry import metres_between

CITIES = {
    "北京天安门": (116.3912, 39.9066),
    "上海": (121.4737, 31.2304),
    "广州": (113.2644, 23.1291),
    "深圳": (114.0579, 22.5431),
    "成都": (104.0665, 30.5723),
    "兰州": (103.8343, 36.0611),
    "乌鲁木齐": (87.6168, 43.8256),
    "哈尔滨": (126.5349, 45.8038),
}

# The first three pairs are the test values of the library eviltransform, the last one that of coordtransform.
PUBLISHED = [
    ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
    ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
    ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
    ((116.404, 39.915), (116.41024449916938, 39.91640428150164)),
]


@pytest.mark.parametrize(("gps", "shifted"), PUBLISHED)
def test_published_pairs_of_gcj02(gps: tuple[float, float], shifted: tuple[float, float]) -> None:
    assert np.allclose(from_wgs84(*gps, "gcj02"), shifted, rtol=0, atol=1e-11)
    assert np.allclose(to_wgs84(*shifted, "gcj02"), gps, rtol=0, atol=1e-11)


def test_published_pair_of_bd09() -> None:
    assert np.allclose(
        convert(116.404, 39.915, "gcj02", "bd09"), (116.41036949371029, 39.92133699351021), rtol=0, atol=1e-11
    )
    # the usual backward formula of BD-09 is an approximation, good to a few centimetres
    assert np.allclose(
        convert(116.404, 39.915, "bd09", "gcj02"), (116.39762729119315, 39.90865673957631), rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("city", CITIES)
def test_cities_are_shifted_by_some_hundred_metres(city: str) -> None:
    lon, lat = CITIES[city]
    shift = float(metres_between(lon, lat, *from_wgs84(lon, lat, "gcj02"), geographic=True))
    assert 200 < shift < 700
    baidu = float(
        metres_between(*from_wgs84(lon, lat, "gcj02"), *from_wgs84(lon, lat, "bd09"), geographic=True)
    )
    assert 700 < baidu < 1200


@pytest.mark.parametrize("crs", ["gcj02", "bd09"])
def test_cities_come_back(crs: str) -> None:
    lon, lat = (np.array(column) for column in zip(*CITIES.values(), strict=True))
    back = to_wgs84(*from_wgs84(lon, lat, crs), crs)
    assert np.abs(back[0] - lon).max() < 1e-12
    assert np.abs(back[1] - lat).max() < 1e-12


degrees_east, degrees_north = st.floats(WEST, EAST), st.floats(SOUTH, NORTH)
system = st.sampled_from(["gcj02", "bd09"])


@given(degrees_east, degrees_north, system)
def test_there_and_back_is_the_same_place(lon: float, lat: float, crs: str) -> None:
    x, y = to_wgs84(*from_wgs84(lon, lat, crs), crs)
    assert abs(x - lon) < 1e-10
    assert abs(y - lat) < 1e-10


@given(st.floats(WEST + 0.05, EAST - 0.05), st.floats(SOUTH + 0.05, NORTH - 0.05), system, system)
def test_between_the_shifted_systems_too(lon: float, lat: float, one: str, other: str) -> None:
    back = convert(*convert(lon, lat, one, other), other, one)
    assert abs(back[0] - lon) < 1e-10
    assert abs(back[1] - lat) < 1e-10


@given(st.floats(-180, 180), st.floats(-90, 90), system)
def test_nothing_is_shifted_far_from_china(lon: float, lat: float, crs: str) -> None:
    outside = not (WEST - 0.02 <= lon <= EAST + 0.02 and SOUTH - 0.02 <= lat <= NORTH + 0.02)
    for x, y in (from_wgs84(lon, lat, crs), to_wgs84(lon, lat, crs)):
        if outside:
            assert (float(x), float(y)) == (lon, lat)
        else:
            assert math.hypot(float(x) - lon, float(y) - lat) < 0.02


@pytest.mark.parametrize("crs", ["gcj02", "bd09"])
def test_the_worst_meridian_converges(crs: str) -> None:
    """The formula has a root of the distance to 105° E, whose slope is endless there."""
    lon = 105.0 + np.concatenate(([0.0], np.logspace(-15, -1, 29), -np.logspace(-15, -1, 29)))
    back, _ = to_wgs84(*from_wgs84(lon, 36.0, crs), crs)
    assert np.abs(back - lon).max() < 1e-10


def test_arrays_and_numbers_give_the_same() -> None:
    lon = np.array([[116.4, 0.0], [104.0, np.nan]])
    lat = np.array([[39.9, 51.5], [30.6, 30.0]])
    given_lon = lon.copy()
    x, y = to_wgs84(lon, lat, "bd09")
    assert x.shape == y.shape == (2, 2)
    assert np.array_equal(lon, given_lon, equal_nan=True), "what is given is not changed"
    assert (float(x[0, 0]), float(y[0, 0])) == tuple(map(float, to_wgs84(116.4, 39.9, "bd09")))
    assert (x[0, 1], y[0, 1]) == (0.0, 51.5)
    assert np.isnan(x[1, 1])
    assert to_wgs84([], [], "gcj02")[0].shape == (0,)
    assert from_wgs84([104.0, 105.0], 30.0, "gcj02")[1].shape == (2,)


def test_equal_systems_change_nothing() -> None:
    for crs in ("wgs84", "gcj02", "bd09"):
        x, y = convert([116.123456789], [39.987654321], crs, crs)
        assert (x[0], y[0]) == (116.123456789, 39.987654321)


@pytest.mark.parametrize("crs", ["gcj-02", "", "WGS84"])
def test_unknown_systems_are_told(crs: str) -> None:
    with pytest.raises(UsageError, match="no coordinate system"):
        to_wgs84(1, 2, crs)
    with pytest.raises(UsageError, match="no coordinate system"):
        from_wgs84(1, 2, crs)
    with pytest.raises(UsageError, match="no coordinate system"):
        convert(1, 2, crs, crs)
