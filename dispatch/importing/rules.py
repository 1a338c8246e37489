"""Which ways of OpenStreetMap a fire appliance may use, and which way round: tables of data, one place.

The rules follow those that OSMnx calls ``drive`` where these speak of the road itself, and differ where they
speak of who is let in: a fire service on call passes gates and private roads that the public may not.
``docs/reference/osm-rules.md`` is made from these tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    Tags = Mapping[str, str]

_ROADS = (
    "motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link", "secondary",
    "secondary_link", "tertiary", "tertiary_link", "unclassified", "residential", "living_street", "service",
    "road",
)  # fmt: skip
FOR_EMERGENCIES = ("yes", "designated", "official", "permissive")
ADMITTED = ("yes", "designated", "permissive", "destination", "delivery", "private", "customers", "permit")

ADMISSION = ("motorcar", "motor_vehicle", "vehicle", "access")
"""Keys that say who is let in with a motor vehicle; the first that is there counts."""

BUS = ("bus", "psv")
"""Keys of public service vehicles; either counts."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table: where all ``when`` hold, a way is open to a fire appliance or it is not."""

    name: str
    when: tuple[tuple[str, tuple[str, ...]], ...]
    is_open: bool
    why: str

    def holds(self, tags: Tags) -> bool:
        """Return whether every condition is met; a key that is not there meets none."""
        return all(value_of(tags, key) in values for key, values in self.when)


RULES: Final = (
    Rule("area", (("area", ("yes",)),), is_open=False, why="the outline of a place, not a road"),
    Rule(
        "not passable",
        (
            (
                "highway",
                (
                    "abandoned", "bus_guideway", "construction", "corridor", "demolished", "destroyed",
                    "dismantled", "disused", "elevator", "emergency_access_point", "emergency_bay",
                    "escalator", "escape", "ladder", "no", "planned", "platform", "proposed", "razed",
                    "removed", "steps", "via_ferrata",
                ),
            ),
        ),
        is_open=False,
        why="not built, no longer there, or nothing a lorry can drive on",
    ),
    Rule("impassable", (("impassable", ("yes",)),), is_open=False, why="no vehicle gets through"),
    Rule("no surface", (("smoothness", ("impassable",)),), is_open=False, why="no vehicle gets through"),
    Rule("ice road", (("ice_road", ("yes",)),), is_open=False, why="there in winter only"),
    Rule("winter road", (("winter_road", ("yes",)),), is_open=False, why="there in winter only"),
    Rule("no emergencies", (("emergency", ("no",)),), is_open=False, why="closed to emergency vehicles, too"),
    Rule(
        "emergencies",
        (("emergency", FOR_EMERGENCIES),),
        is_open=True,
        why="open to emergency vehicles, whoever else may not enter; also footways and private roads",
    ),
    Rule(
        "emergency access",
        (("highway", ("service",)), ("service", ("emergency_access",))),
        is_open=True,
        why="built for fire appliances",
    ),
    Rule("bus road", (("highway", ("busway",)),), is_open=True, why="it carries a fire appliance"),
    Rule(
        "buses only",
        (("highway", (*_ROADS, "pedestrian")), ("bus or psv", ("yes", "designated", "official"))),
        is_open=True,
        why="where buses drive, a fire appliance can, whoever else may not",
    ),
    Rule(
        "no motor vehicles",
        (("admission", ("no",)),),
        is_open=False,
        why="closed to motor vehicles. Any other value (private, customers, delivery, destination, permit, "
        "military, …) says who of the public is let in and closes nothing to a fire service on call",
    ),
    Rule(
        "car park",
        (("highway", ("service",)), ("service", ("parking", "parking_aisle", "drive-through", "slipway"))),
        is_open=False,
        why="tight, low or blocked by parked cars, and no through road",
    ),
    Rule(
        "pedestrian street",
        (("highway", ("pedestrian",)), ("admission", ADMITTED)),
        is_open=True,
        why="where some motor vehicles are let in, there is room for one",
    ),
    Rule(
        "firm track",
        (("highway", ("track",)), ("tracktype", ("grade1",))),
        is_open=True,
        why="paved or as hard as that",
    ),
    Rule(
        "track for vehicles",
        (("highway", ("track",)), ("admission", ("yes", "designated", "permissive"))),
        is_open=True,
        why="said to be open to motor vehicles",
    ),
    Rule(
        "no road",
        (
            (
                "highway",
                (
                    "bridleway", "crossing", "cycleway", "footway", "path", "pedestrian", "raceway",
                    "rest_area", "services", "sidewalk", "track",
                ),
            ),
        ),
        is_open=False,
        why="made for other traffic, too narrow or too soft, unless a line above opens it",
    ),
    Rule(
        "road",
        (("highway", _ROADS),),
        is_open=True,
        why="a road; service roads include alleys and driveways",
    ),
)  # fmt: skip
"""Rules for ways with the key ``highway``; the first that holds decides. Where none holds it is no road."""

UNKNOWN = "unknown class"
"""Name of the decision on a way that no rule speaks of: closed."""


def value_of(tags: Tags, key: str) -> str:
    """Return a tag's value in small letters without blanks around it, "" where there is none."""
    if key == "admission":
        key = next((name for name in ADMISSION if tags.get(name, "").strip()), "access")
    elif key == "bus or psv":
        return max((tags.get(name, "").strip().lower() for name in BUS), key=_opens)
    return tags.get(key, "").strip().lower()


def _opens(value: str) -> tuple[bool, str]:
    return value in FOR_EMERGENCIES, value


def decide(tags: Tags) -> tuple[bool, str]:
    """Return whether a fire appliance may use a way, and the name of the rule that says so."""
    for rule in RULES:
        if rule.holds(tags):
            return rule.is_open, rule.name
    return False, UNKNOWN


FORWARD, BACKWARD, BOTH, NEITHER = 1, -1, 0, None

ONE_WAY: Final = {
    "yes": FORWARD, "true": FORWARD, "1": FORWARD,
    "-1": BACKWARD, "reverse": BACKWARD,
    "no": BOTH, "false": BOTH, "0": BOTH,
    "alternating": BOTH,
    "reversible": NEITHER,
}  # fmt: skip
"""Directions open by the value of ``oneway``."""

IMPLIED_ONE_WAY: Final = (("junction", ("roundabout", "circular")), ("highway", ("motorway",)))
"""Tags that make a way one-way where ``oneway`` says nothing (or nothing known)."""


def direction(tags: Tags) -> int | None:
    """Return the direction in which a way may be driven: 1 as drawn, -1 against it, 0 both, None neither."""
    if value_of(tags, "oneway:emergency") in ("no", "false", "0"):
        return BOTH
    said = value_of(tags, "oneway")
    if said in ONE_WAY:
        return ONE_WAY[said]
    implied = any(value_of(tags, key) in values for key, values in IMPLIED_ONE_WAY)
    return FORWARD if implied else BOTH


CUTTING: Final = (
    "block", "bollard", "bus_trap", "city_wall", "cycle_barrier", "debris", "delineators", "ditch", "fence",
    "full-height_turnstile", "guard_rail", "hedge", "height_restrictor", "horse_stile", "jersey_barrier",
    "kissing_gate", "log", "motorcycle_barrier", "planter", "retaining_wall", "spikes", "stile",
    "sump_buster", "tank_trap", "turnstile", "wall", "wicket_gate", "yes",
)  # fmt: skip
"""Values of ``barrier`` at a node that cut the road there."""

PASSED: Final = (
    "border_control", "bump_gate", "cattle_grid", "chain", "coupure", "entrance", "gate", "hampshire_gate",
    "kerb", "lift_gate", "rope", "sally_port", "sliding_gate", "swing_gate", "toll_booth",
)  # fmt: skip
"""Values that a fire appliance passes: it has the key, or cuts the chain. Any other value is passed, too."""

REMOVABLE: Final = ("removable", "rising", "foldable", "flexible")
"""Values of ``bollard`` that let an emergency vehicle pass."""


def cuts(tags: Tags) -> bool:
    """Return whether a barrier at a node cuts the road there."""
    kind = value_of(tags, "barrier")
    if not kind:
        return False
    if value_of(tags, "emergency") == "no":
        return True
    if kind not in CUTTING or value_of(tags, "emergency") in FOR_EMERGENCIES:
        return False
    let_in = value_of(tags, "admission") in ADMITTED or value_of(tags, "bus or psv") in FOR_EMERGENCIES
    return not (let_in or value_of(tags, "bollard") in REMOVABLE)
