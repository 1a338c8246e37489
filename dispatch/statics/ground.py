"""The ground under a network: an equal-area plane, roads as lines on it, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.errors import NetworkError, Problem, UsageError
from dispatch.io.geopackage import DECIMALS
from dispatch.roads.geometry import EARTH_RADIUS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dispatch.io.geo_files import Feature
    from dispatch.roads.network import Network
    from dispatch.statics.links import Links

    Floats = NDArray[np.float64]

SQUARE_KM = 1e6
"""Square metres in a square kilometre."""

ROUND = 8
"""Segments of a quarter circle where land is drawn around roads."""


def need_shapely() -> None:
    """Raise UsageError where the library for areas is missing."""
    try:
        import shapely  # noqa: F401
    except ImportError:
        message = "Areas need the package shapely."
        raise UsageError(message, hint="Install it with: pip install 'dispatch[geo]'.") from None


@dataclass(frozen=True, slots=True)
class Ground:
    """A plane in metres on which areas are true.

    Longitudes and latitudes are drawn in Lambert's cylindrical equal-area projection, true to scale at the
    middle latitude: areas on the sphere are exact everywhere, and at the size of a city shapes are hardly
    changed. Planar coordinates stay what they are.
    """

    geographic: bool
    lon: float = 0.0
    """Meridian in the middle [degrees]."""
    lat: float = 0.0
    """Parallel that is true to scale [degrees]."""

    def plane(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return metres east and north of the middle for coordinates of the network [k]."""
        if not self.geographic:
            return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        scale, sine = np.cos(np.radians(self.lat)), np.sin(np.radians(self.lat))
        turned = (np.asarray(x) - self.lon + 180.0) % 360.0 - 180.0
        return (
            EARTH_RADIUS * scale * np.radians(turned),
            EARTH_RADIUS * (np.sin(np.radians(y)) - sine) / scale,
        )

    def earth(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return the coordinates of the network for metres on the plane [k]; inverse of :meth:`plane`."""
        if not self.geographic:
            return x, y
        scale, sine = np.cos(np.radians(self.lat)), np.sin(np.radians(self.lat))
        lon = self.lon + np.degrees(x / (EARTH_RADIUS * scale))
        lat = np.degrees(np.arcsin(np.clip(y * scale / EARTH_RADIUS + sine, -1.0, 1.0)))
        return lon, lat

    def shape(self, feature: Feature) -> Any:
        """Return the geometry of a feature as a valid shape on the plane; None where it has none."""
        import shapely
        from shapely.geometry import shape

        if feature.geometry is None:
            return None
        drawn = shapely.transform(shapely.force_2d(shape(feature.geometry)), self.flat)
        return drawn if shapely.is_valid(drawn) else shapely.make_valid(drawn)

    def flat(self, points: Floats) -> Floats:
        """Return points [k, 2] of the network as points on the plane [k, 2]."""
        return np.column_stack(self.plane(points[:, 0], points[:, 1]))

    def geojson(self, drawn: Any) -> dict[str, Any] | None:
        """Return polygons on the plane as a GeoJSON geometry in the network's coordinates, None if empty.

        They are valid as they stand in a file, where coordinates are rounded: parts that are too thin for
        that are left out.
        """
        import shapely

        if drawn is None:
            return None
        placed = self._placed(np.array([drawn]))[0]
        valid = shapely.make_valid(placed)  # the way back from the plane bends edges that nearly touch
        settled = shapely.set_precision(_polygons(valid), 10.0**-DECIMALS)
        return _geometry(shapely.normalize(_polygons(settled)))

    def geojsons(self, drawn: NDArray[Any]) -> list[dict[str, Any] | None]:
        """Return shapes on the plane [k] as GeoJSON geometries, None for empty ones."""
        return [_geometry(shape) for shape in self._placed(drawn).tolist()]

    def _placed(self, drawn: NDArray[Any]) -> NDArray[Any]:
        """Return shapes on the plane [k] in the network's coordinates."""
        import shapely

        placed = shapely.transform(drawn, self._degrees)
        if self.geographic:
            over = np.flatnonzero(np.max(np.abs(shapely.bounds(placed)[:, ::2]), axis=1) > 180.0)
            for number in over.tolist():
                placed[number] = _cut_at_antimeridian(placed[number])
        return np.asarray(placed)

    def _degrees(self, points: Floats) -> Floats:
        return np.column_stack(self.earth(points[:, 0], points[:, 1]))


def _polygons(shape: Any) -> Any:
    """Return the polygons of a shape, which may be a collection of many things."""
    import shapely

    parts = shapely.get_parts(shapely.get_parts(shape))
    kept = parts[shapely.get_dimensions(parts) == 2]
    return kept[0] if len(kept) == 1 else shapely.MultiPolygon(kept.tolist())


def _geometry(placed: Any) -> dict[str, Any] | None:
    """Return a shape as a GeoJSON geometry, None if it is empty."""
    import shapely

    return None if shapely.is_empty(placed) else dict(shapely.geometry.mapping(placed))


def _cut_at_antimeridian(placed: Any) -> Any:
    """Return a shape that crosses 180 degrees as parts on its two sides, as GeoJSON wants it."""
    import shapely

    placed, parts = shapely.make_valid(placed), []
    for turn in (-360.0, 0.0, 360.0):
        moved = shapely.transform(placed, lambda points, turn=turn: points + np.array([turn, 0.0]))
        part = shapely.intersection(moved, shapely.box(-180.0, -90.0, 180.0, 90.0))
        if not shapely.is_empty(part):
            parts.append(part)
    return shapely.union_all(parts)


def ground_of(network: Network) -> Ground:
    """Return the ground of a network; raises NetworkError where it has no coordinates."""
    if network.x is None or network.y is None:
        fact = f"the network '{network.name}' has no coordinates"
        raise NetworkError([Problem("node.csv", fact, "Add x_coord and y_coord.")])
    if not network.geographic:
        return Ground(geographic=False)
    turned = np.radians(network.x)
    middle = float(np.degrees(np.arctan2(np.sin(turned).mean(), np.cos(turned).mean())))
    away = (network.x - middle + 180.0) % 360.0 - 180.0
    lon = middle + float(away.min() + away.max()) / 2
    lat = float(network.y.min() + network.y.max()) / 2
    return Ground(geographic=True, lon=round(lon, 4), lat=round(min(max(lat, -85.0), 85.0), 4))


def link_lines(links: Links, ground: Ground) -> NDArray[Any]:
    """Return every link as a line on the plane [L], from its tail to its head.

    The line is the link's geometry, or straight where it has none that can be read.
    """
    import shapely

    network = links.network
    east, north = ground.plane(network.x, network.y)
    ends = np.stack((links.tail, links.head), axis=1)
    straight = shapely.linestrings(np.stack((east[ends], north[ends]), axis=2))
    if not network.geometry:
        return np.asarray(straight)
    texts = np.array([network.geometry[arc] or None for arc in links.arc.tolist()], dtype=object)
    with np.errstate(invalid="ignore"):  # numbers that are none make a line that is none
        drawn = shapely.force_2d(shapely.from_wkt(texts, on_invalid="ignore"))
    usable = (shapely.get_type_id(drawn) == 1) & (shapely.get_num_coordinates(drawn) > 1)
    usable &= shapely.is_valid(drawn)
    drawn = shapely.transform(np.where(usable, drawn, None), ground.flat)
    first, last = shapely.get_point(drawn, 0), shapely.get_point(drawn, -1)
    tail, head = (
        shapely.points(east[links.tail], north[links.tail]),
        shapely.points(east[links.head], north[links.head]),
    )
    along = shapely.distance(first, tail) + shapely.distance(last, head)
    against = shapely.distance(first, head) + shapely.distance(last, tail)
    drawn = np.where(
        against < along, shapely.reverse(drawn), drawn
    )  # the arc back has the text of the way there
    return np.asarray(np.where(usable, drawn, straight))


def around(lines: Sequence[Any] | NDArray[Any], metres: float) -> Any:
    """Return the ground within a distance of lines.

    Lines that continue each other are joined first, and each is widened by itself: that is a hundred times
    faster than to widen all at once.
    """
    import shapely

    kept = [line for line in lines if line is not None]
    if not kept:
        return shapely.Polygon()
    drawn = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(kept)))
    return shapely.union_all(shapely.buffer(drawn, metres, quad_segs=ROUND))


def area_km2(drawn: Any) -> float:
    """Return the area of a shape on the plane in square kilometres."""
    import shapely

    return float(shapely.area(drawn)) / SQUARE_KM
