"""Pages around the viewer alone, and payloads made by hand."""

from __future__ import annotations

import base64
import csv
import json
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from dispatch.report.page import shared_colours

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dispatch.briefing.payload import LayoutOnMap, MapPayload, Mover, Playback, PlayedCall, Station

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "dispatch" / "report" / "templates"
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
START = "2026-01-07T08:00:00+08:00"
STATUSES = [
    "in quarters", "turning out", "en route", "staged", "on scene", "transporting", "returning", "restoring",
    "moving up", "moved up", "off duty", "out of service",
]  # fmt: skip


def in_script(value: object) -> str:
    """Return JSON that cannot end the script that it stands in."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def page(payload: MapPayload, texts: Mapping[str, Any] | None = None, head: str = "") -> str:
    """Return a page with the viewer and nothing else, in English and Chinese parts."""
    packed = base64.b64encode(zlib.compress(json.dumps(payload).encode())).decode()
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in sorted(TEMPLATES.glob("viewer*.js")))
    style = (TEMPLATES / "viewer.css").read_text(encoding="utf-8")
    return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>viewer</title><style>body {{ margin: 8px; font-family: sans-serif; }} {style}</style>{head}</head>
<body>
<main lang="en"><div class="viewer-slot" data-lang="en"></div></main>
<main lang="zh-CN"><div class="viewer-slot" data-lang="zh"></div></main>
<script type="application/octet-stream" id="dispatch-map">{packed}</script>
<script type="application/json" id="dispatch-texts">{in_script(texts or {})}</script>
<script type="application/json" id="dispatch-colours">{in_script(shared_colours())}</script>
<script>{scripts}</script></body></html>"""


def differences(values: Sequence[int]) -> list[int]:
    """Return each value's difference from the one before; the first from 0."""
    return [int(step) for step in np.diff(np.asarray(values, dtype=np.int64), prepend=0)]


def station(
    name: str, at: tuple[int, int], units: Sequence[str] = (), change: str = "", title: str = ""
) -> Station:
    """Return a station."""
    return {"id": name, "title": title or name, "at": at, "units": list(units), "change": change}


def mover(
    name: str,
    frames: Sequence[tuple[int, int, int]],
    states: Sequence[tuple[int, int, int]],
    home: str = "north",
) -> Mover:
    """Return a unit with keyframes (ms, x, y) and states (ms, status, call)."""
    t, x, y = ([frame[i] for frame in frames] for i in range(3))
    track = {"dt": differences(t), "dx": differences(x), "dy": differences(y)}
    return cast("Mover", {"id": name, "type": "engine", "home": home, "track": track, "states": list(states)})


def call(name: str, at: tuple[int, int], moments: Sequence[float | None], **more: Any) -> PlayedCall:
    """Return a call with moments of receipt, readiness, sending, first and last unit, and end."""
    names = ("received", "ready", "dispatched", "first", "erf", "closed")
    kept = {"type": "fire", "zone": "centre", "levels": [], **more}
    return cast("PlayedCall", {"id": name, "at": at, **dict(zip(names, moments, strict=True)), **kept})


def playback(units: Sequence[Mover], calls: Sequence[PlayedCall] = (), **more: Any) -> Playback:
    """Return the playback of an hour, beginning an hour after the start."""
    made = {
        "layout": "base", "replication": 0, "begin": 3600.0, "end": 7200.0, "start": START, "why": "busiest",
        "statuses": STATUSES, "units": list(units), "trucks": [], "calls": list(calls),
        "all_calls": len(calls),
        "notices": [], "all_notices": 0, **more,
    }  # fmt: skip
    return cast("Playback", made)


def payload(**more: Any) -> MapPayload:
    """Return a cross of four streets in metres: nodes at the ends and in the middle, two zones."""
    ends = [(0, 0), (10_000, 0), (-10_000, 0), (0, 10_000), (0, -10_000)]
    x, y = [end[0] for end in ends], [end[1] for end in ends]
    points = [(0, 0, *end) for end in ends[1:]]
    roads = {
        "classes": ["primary", "local"], "class_of": [0, 0, 1, 1], "points": [2] * 4,
        "dx": differences([value for link in points for value in link[::2]]),
        "dy": differences([value for link in points for value in link[1::2]]),
        "tail": [0] * 4, "head": [1, 2, 3, 4],
    }  # fmt: skip
    base: LayoutOnMap = {
        "id": "base", "title": "As it is", "first_due": [60, 200, 400, 700, -1],
        "stations": [station("north", (0, 8000), ["E1", "E2"]), station("old", (0, -5000), [], "closed")],
    }  # fmt: skip
    new: LayoutOnMap = {
        "id": "new", "title": "新站 New", "first_due": [60, 200, 100, 1000, 500],
        "stations": [station("north", (0, 8000), ["E1"]), station("west", (-8000, 0), ["E2"], "added")],
    }  # fmt: skip
    made = {
        "geographic": False, "origin": (500_000.0, 4_000_000.0), "scale": 0.1,
        "box": (-10_000, -10_000, 10_000, 10_000), "roads": roads,
        "node_dx": differences(x), "node_dy": differences(y), "zone_of": [0, 0, 0, 1, -1],
        "zones": [{"name": "中心 centre", "risk": "red", "at": (3000, 2000)},
                  {"name": "north end", "risk": "blue", "at": (0, 9000)}],
        "named": [{"title": "东街口", "at": (0, 0)}], "reference": "base", "layouts": [base, new],
        "sites": [
            {"id": "d1", "title": "Depot", "at": (5000, 0), "kind": "depot", "layouts": ["base", "new"]},
        ],
        "calls": {
            "layout": "base", "replication": 0, "total": 100_234, "types": ["fire"], "type_of": [0, 0, 0],
            "dx": differences([2000, 4000, -3000]), "dy": differences([100, -100, 50]),
            "first": [100, 500, -1],
        },
        "playbacks": [], **more,
    }  # fmt: skip
    return cast("MapPayload", made)


def from_network(folder: Path) -> MapPayload:
    """Return a payload of the node and link tables of a network of the project, without layouts."""
    with (folder / "node.csv").open(encoding="utf-8", newline="") as file:
        nodes = list(csv.DictReader(file))
    with (folder / "link.csv").open(encoding="utf-8", newline="") as file:
        links = list(csv.DictReader(file))
    lon, lat = (np.array([float(node[name]) for node in nodes]) for name in ("x_coord", "y_coord"))
    origin = (float(lon.min()), float(lat.min()))
    x, y = (
        np.rint((values - least) / 1e-6).astype(int) for values, least in zip((lon, lat), origin, strict=True)
    )
    index = {node["node_id"]: i for i, node in enumerate(nodes)}
    tail, head = ([index[link[name]] for link in links] for name in ("from_node_id", "to_node_id"))
    classes = sorted({link["facility_type"] for link in links})
    ends = np.stack([tail, head], axis=1).ravel()
    roads = {
        "classes": classes, "class_of": [classes.index(link["facility_type"]) for link in links],
        "points": [2] * len(links), "dx": differences(x[ends].tolist()), "dy": differences(y[ends].tolist()),
        "tail": tail, "head": head,
    }  # fmt: skip
    names = sorted({node["zone_id"] for node in nodes if node["zone_id"]})
    zone_of = np.array([names.index(node["zone_id"]) if node["zone_id"] else -1 for node in nodes])
    zones = [
        {"name": name, "risk": ("red", "orange", "yellow", "blue", "")[i % 5],
         "at": (int(x[zone_of == i].mean()), int(y[zone_of == i].mean()))}
        for i, name in enumerate(names)
    ]  # fmt: skip
    named = [{"title": n["name"], "at": (int(x[i]), int(y[i]))} for i, n in enumerate(nodes) if n["name"]]
    return payload(
        geographic=True, origin=origin, scale=1e-6, box=(0, 0, int(x.max()), int(y.max())), roads=roads,
        node_dx=differences(x.tolist()), node_dy=differences(y.tolist()), zone_of=zone_of.tolist(),
        zones=zones, named=named, layouts=[], sites=[], calls=None, reference="",
    )  # fmt: skip
