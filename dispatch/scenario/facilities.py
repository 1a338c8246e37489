"""Stations that a scenario cites from GeoJSON files, such as what was found when a network was imported."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dispatch.errors import did_you_mean
from dispatch.io.features import FACILITIES, representative_point, station_ids, title
from dispatch.io.geo_files import read_geojson
from dispatch.model.resources import Station, Unit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dispatch.errors import Problems
    from dispatch.io.geo_files import Feature
    from dispatch.model.resources import StationsFrom
    from dispatch.model.scenario import ScenarioFile
    from dispatch.roads.network import Network
    from dispatch.scenario.files import Folder

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Cited:
    """A scenario file in which cited stations stand as if they were written, and what to tell about them."""

    file: ScenarioFile
    notes: tuple[str, ...] = ()


def with_cited_stations(
    file: ScenarioFile, folder: Folder, network: Network | None, problems: Problems
) -> Cited | None:
    """Return the file with the stations of ``stations_from`` and their units among its own.

    Stations farther than ``snap`` from the network are left out and named in a note. None is returned where a
    cited file cannot be used: what the scenario says about its stations can then not be judged.
    """
    if not file.stations_from:
        return Cited(file)
    stations, units, notes = dict(file.stations), dict(file.units), list[str]()
    for number, source in enumerate(file.stations_from):
        reader = _Source(file, source, number, folder, network, problems)
        features = reader.features()
        if features is None:
            return None
        found = reader.stations(features, notes)
        if not found:
            return None
        for name, station in sorted(found.items()):
            reader.add(name, station, stations, units)
    full = file.model_copy(update={"stations": stations, "units": units, "stations_from": ()})
    return Cited(full, tuple(notes))


@dataclass(frozen=True, slots=True)
class _Source:
    """One entry of ``stations_from``, and what is needed to follow it."""

    scenario: ScenarioFile
    source: StationsFrom
    number: int
    folder: Folder
    network: Network | None
    problems: Problems

    def _note(self, key: str, fact: str, remedy: str) -> None:
        keys = key.split(".") if key else []
        place = self.folder.document.place("stations_from", self.number, *keys)
        self.problems.add(place, fact, remedy)

    def features(self) -> list[Feature] | None:
        """Return the features of the kind asked for, or note why there are none."""
        if self.network is not None and self.network.x is None:
            self._note("", "stations on a network without coordinates", "Write stations with node ids.")
            return None
        path = self._path()
        geographic = self.network is not None and self.network.geographic
        found = None if path is None else read_geojson(path, self.problems, geographic=geographic)
        if path is None or found is None:
            return None
        kind = self.source.kind
        chosen = [f for f in found if kind is None or f.properties.get("kind") == kind]
        if not chosen and kind is not None:
            kinds = {str(f.properties["kind"]) for f in found if f.properties.get("kind")}
            remedy = (
                did_you_mean(kind, kinds) or "No feature has a property 'kind'; leave it out to take all."
            )
            self._note("kind", f"no feature of kind '{kind}' in '{path.name}'", remedy)
        elif not chosen:
            self._note("file", f"no features in '{path.name}'", "Cite a file with stations.")
        return chosen or None

    def _path(self) -> Path | None:
        if self.source.file is not None:
            return self.folder.file(self.source.file, "stations_from", self.number, "file")
        if self.network is None:
            return None  # why there is no network has been told
        home = self.folder.network(self.scenario.network)
        path = None if home is None else home / FACILITIES
        if path is None or path.is_file():
            return path
        fact = f"network '{self.network.name}' has no file '{FACILITIES}'"
        self._note("", fact, "Name a GeoJSON file with 'file'.")
        return None

    def stations(self, features: Sequence[Feature], notes: list[str]) -> dict[str, Station]:
        """Return the stations near the network by id; the others go into the notes."""
        found: dict[str, Station] = {}
        for name, feature in zip(self._ids(features), features, strict=True):
            point = None if feature.geometry is None else representative_point(feature.geometry)
            if point is not None:
                found[name] = Station(
                    title=title(feature), at=point, owner=self.source.owner, grade=self.source.grade
                )
        homeless = len(features) - len(found)
        if homeless:
            notes.append(f"stations_from[{self.number}]: features without a place, left out: {homeless}.")
        far = self._far(found)
        if found and len(far) == len(found):
            fact = f"all {len(found)} stations lie over {self.scenario.snap:g} m off the network"
            self._note("", fact, "Cite facilities of the same area, or raise snap.")
        elif not found:
            self._note("", "no feature has a place", "Cite a file with geometries.")
        elif far:
            told = ", ".join(f"{n} ({found[n].title})" if found[n].title else n for n in far[:_SHOWN])
            more = f" and {len(far) - _SHOWN} more" if len(far) > _SHOWN else ""
            notes.append(
                f"stations_from[{self.number}]: {len(far)} of {len(found)} stations lie over "
                f"{self.scenario.snap:g} m off the network and are left out: {told}{more}."
            )
        left_out = set(far)
        return {name: station for name, station in found.items() if name not in left_out}

    def _ids(self, features: Sequence[Feature]) -> list[str]:
        """Return the ids of the stations, noting those that stand twice."""
        ids = station_ids(features)
        for name, times in sorted(Counter(ids).items()):
            if times > 1:
                self._note(
                    "", f"{times} features have the id '{name}'", "Give every feature an id of its own."
                )
        return ids

    def _far(self, stations: dict[str, Station]) -> list[str]:
        """Return the stations beyond ``snap`` of every node, by id."""
        if self.network is None or not stations:
            return []
        points = np.array([station.at for station in stations.values()], dtype=np.float64)
        _, metres = self.network.nearest(points[:, 0], points[:, 1])
        return sorted(
            name for name, off in zip(stations, metres.tolist(), strict=True) if off > self.scenario.snap
        )

    def add(self, name: str, station: Station, stations: dict[str, Station], units: dict[str, Unit]) -> None:
        """Put a station and its units among the others, noting ids that are taken."""
        if name in stations:
            own = name in self.scenario.stations
            where = "under 'stations'" if own else "by another entry of 'stations_from'"
            remedy = "Rename that one." if own else "Cite each feature once, with all its units."
            self._note("", f"station '{name}' is there already, {where}", remedy)
            return
        stations[name] = station
        for kind, count in sorted(self.source.units.items()):
            if kind not in self.scenario.unit_types:
                key = f"units.{kind}"
                self._note(key, f"no unit type '{kind}'", did_you_mean(kind, self.scenario.unit_types))
            known = kind if kind in self.scenario.unit_types else next(iter(self.scenario.unit_types))
            for n in range(1, count + 1):
                unit = f"{name}-{kind}-{n}"
                if unit in units:
                    self._note(f"units.{kind}", f"unit '{unit}' is there already", "Rename that one.")
                units[unit] = Unit(type=known, station=name)  # a known type, so that the rest can be checked
