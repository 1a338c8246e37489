"""Two real extracts, held against a reader that simplifies nothing."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import osmium
import pytest

from dispatch.importing.importer import import_network
from dispatch.importing.writing import write_network
from dispatch.roads.network import RoadNetwork, load_network
from tests.importing.test_osm import check_against_raw

DATA = os.environ.get("DISPATCH_DATA", "")
pytestmark = pytest.mark.skipif(
    not DATA, reason="needs real data: set DISPATCH_DATA to the folder that holds osm/"
)


def raw_facilities(path: Path) -> Counter[str]:
    """Count what is tagged as a facility, node by node and way by way."""
    found: Counter[str] = Counter()
    thing: Any
    for thing in osmium.FileProcessor(str(path)):
        kind = thing.tags.get("amenity", "") or thing.tags.get("emergency", "")
        found[kind] += 1
    return found


@pytest.mark.parametrize("city", ["yuma", "porto-alegre"])
def test_a_city(city: str, tmp_path: Path) -> None:
    path = Path(DATA) / "osm" / f"{city}.osm.pbf"
    found = import_network(path)
    write_network(tmp_path / city, found.files)
    network = load_network(tmp_path / city)
    assert isinstance(network, RoadNetwork)
    assert network.notes == network.meta.notes, "loading has nothing to add"
    assert network.summary()["dropped"]["nodes"] == 0
    assert network.summary()["suspicious_links"] == 0
    assert check_against_raw(path, found.report["km"], network, 2) > 20_000
    raw = raw_facilities(path)
    assert found.report["facilities"].get("fire_station", 0) == raw["fire_station"]
    assert found.report["facilities"].get("hospital", 0) == raw["hospital"]
    expected = {"yuma": (7, 3), "porto-alegre": (0, 0)}[city]
    assert (raw["fire_station"], raw["hospital"]) == expected
