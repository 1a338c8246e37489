"""Road networks kept in the cache, so that a large one is parsed and checked once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.roads import cache
from dispatch.roads.network_file import MODES, NetworkFile

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch.roads.network import RoadNetwork

FILES = ("network.yaml", "node.csv", "link.csv")

WORTHWHILE = 256 * 1024
"""Bytes of input below which reading the files takes no longer than asking the cache."""

_NODE_ARRAYS = ("x", "y")
_ARC_ARRAYS = ("length_m",)
_ARC_NUMBERS = ("tail", "head", "facility", "link")
_TEXTS = ("node_ids", "names", "zone", "facility_names", "link_ids", "geometry", "notes")


def key_of_folder(folder: Path) -> str | None:
    """Return the key of a folder's content and name; None without cache, files, or need."""
    if cache.cache_dir() is None:
        return None
    try:
        raw = [(folder / name).read_bytes() for name in FILES]
    except OSError:
        return None
    if sum(len(part) for part in raw) < WORTHWHILE:
        return None
    return cache.key_of("network", folder.resolve().name, *raw)


def store(key: str | None, network: RoadNetwork) -> None:
    """Keep a network under a key."""
    target = cache.cache_dir()
    if key is None or target is None:
        return
    arrays = {name: getattr(network, name) for name in (*_NODE_ARRAYS, *_ARC_ARRAYS, *_ARC_NUMBERS)}
    arrays |= {f"seconds {mode}": network.seconds[mode] for mode in MODES}
    arrays |= {f"column {name}": values for name, values in network.columns.items()}
    data: dict[str, Any] = {name: getattr(network, name) for name in _TEXTS}
    data |= {"meta": network.meta.model_dump(mode="json", exclude_defaults=True), "digest": network.digest}
    data |= {"dropped": sorted(network.dropped), "facts": dict(network.facts)}
    cache.store(target / "roads", key, arrays, data)
    cache.prune(target / "roads")


def load(key: str | None) -> RoadNetwork | None:
    """Return the network kept under a key, or None."""
    target = cache.cache_dir()
    if key is None or target is None:
        return None
    entry = cache.load(target / "roads", key)
    if entry is None:
        return None
    try:
        return _restored(entry)
    except (KeyError, TypeError, ValueError):
        return None


def _restored(entry: cache.Entry) -> RoadNetwork | None:
    from dispatch.roads.network import RoadNetwork

    data, arrays = dict(entry.data), entry.arrays
    texts = {name: tuple(data[name]) for name in _TEXTS}
    columns = sorted(name for name in arrays if name.startswith("column "))
    seconds = [f"seconds {mode}" for mode in MODES]
    nodes, arcs = (len(texts["node_ids"]),), (len(texts["link_ids"]),)
    shapes: dict[str, tuple[tuple[int, ...], type[np.generic]]] = {}
    shapes |= dict.fromkeys((*_NODE_ARRAYS, *columns), (nodes, np.float64))
    shapes |= dict.fromkeys((*_ARC_ARRAYS, *seconds), (arcs, np.float64))
    shapes |= dict.fromkeys(_ARC_NUMBERS, (arcs, np.int32))
    if not entry.fits(shapes):
        return None
    fields: dict[str, Any] = texts | {
        name: arrays[name] for name in (*_NODE_ARRAYS, *_ARC_ARRAYS, *_ARC_NUMBERS)
    }
    return RoadNetwork(
        meta=NetworkFile.model_validate(data["meta"]),
        columns={name.removeprefix("column "): arrays[name] for name in columns},
        seconds={mode: arrays[f"seconds {mode}"] for mode in MODES},
        digest=str(data["digest"]),
        dropped=frozenset(data["dropped"]),
        facts=data["facts"],
        **fields,
    )
