"""Worlds in which roads close and open, hours differ and units are of all kinds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.properties.drawing import often, worlds

if TYPE_CHECKING:
    from tests.properties.worlds import World

    Json = dict[str, Any]

LAST = 5 * 3600
"""No later than this all roads are open again, where they open at all."""


@st.composite
def closed_worlds(draw: st.DrawFn, /, *, opening: bool = True, plain: bool = False, **fixed: Any) -> World:
    """Draw a world on roads with closures.

    ``opening`` all of them end; ``plain`` only road vehicles without anything special, at the network's
    speeds; the rest as for worlds.
    """
    world = draw(worlds(road=True, **fixed))
    scenario = dict(world.scenario)
    links = [row["link_id"] for row in world.links if row["from_node_id"] != row["to_node_id"]]
    scenario["closures"], scenario["injects"] = {}, []
    for number in range(draw(st.integers(1, 4))):
        name, closure = f"c{number}", draw(areas(links, world))
        if often(draw, 7):  # again and again, so that some of it happens to units on the way
            times = sorted(
                draw(st.lists(st.integers(0, LAST // 30 - 1), min_size=2, max_size=24, unique=True))
            )
            times = times[: len(times) // 2 * 2 if opening else len(times)]
            verbs = ("close", "reopen") * len(times)
            scenario["injects"] += [{"at": 30 * t, v: name} for t, v in zip(times, verbs, strict=False)]
        else:
            begins, lasts = 60 * draw(st.integers(0, 150)), 60 * draw(st.integers(1, 120))
            ends = {"ends": min(begins + lasts, LAST)} if opening or often(draw) else {}
            closure |= {"begins": begins} | ends
        scenario["closures"][name] = closure
    if not plain:
        types = {name: kind | draw(KINDS) for name, kind in scenario["unit_types"].items()}
        scenario |= {"unit_types": types, "travel": draw(TRAVEL)}
    return replace(world, scenario=scenario)


@st.composite
def areas(draw: st.DrawFn, links: list[str], world: World) -> Json:
    """Draw where a closure holds, and how."""
    how: Json = draw(st.sampled_from([{}, {}, {}, {"speed_factor": 0.4}, {"max_width": 2.5}]))
    if often(draw, 3):
        return how | {"around": draw(st.sampled_from(world.places)), "radius": 10}
    if often(draw, 3):
        return how | {"links": links}
    return how | {"links": draw(st.lists(st.sampled_from(links), min_size=1, max_size=6, unique=True))}


KINDS: st.SearchStrategy[Json] = st.sampled_from(
    [
        {},
        {},
        {},
        {"width": 2.6},
        {"speed_factor": 0.8},
        {"moves": "on_foot", "speed": "3 m/s"},
        {"moves": "air", "speed": "40 m/s"},
    ]
)
SET: Json = {"factors": {"emergency": 0.9, "normal": 0.7}, "junction_delay": {"emergency": 2, "normal": 5}}
EVERYTHING: Json = SET | {"profile": "slow-core", "acceleration": {"rate": 2, "cruise": 50}}
TRAVEL: st.SearchStrategy[Json] = st.sampled_from(
    [
        {},
        {"speeds": "s", "sets": {"s": SET}},
        {"speeds": "s", "sets": {"s": {"acceleration": {"rate": 1, "cruise": "20 m/s"}}}},
        {"speeds": "s", "sets": {"s": {"profile": "slow-core"}}},
        {"speeds": "s", "sets": {"s": EVERYTHING}},
    ]
)
