"""Which ways are roads for a fire appliance, and what a posted speed says."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatch.importing import rules, speeds
from dispatch.importing.rules_page import rules_page

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("tags", "opens", "by"),
    [
        ("highway=residential", True, "road"),
        ("highway=Residential ", True, "road"),
        ("highway=service", True, "road"),
        ("highway=service service=alley", True, "road"),
        ("highway=service service=driveway access=private", True, "road"),
        ("highway=service service=parking_aisle", False, "car park"),
        ("highway=service service=parking_aisle emergency=yes", True, "emergencies"),
        ("highway=service service=emergency_access access=no", True, "emergency access"),
        ("highway=service service=emergency_access emergency=no", False, "no emergencies"),
        ("highway=residential access=private", True, "road"),
        ("highway=residential access=customers", True, "road"),
        ("highway=residential access=no", False, "no motor vehicles"),
        ("highway=residential access=no emergency=designated", True, "emergencies"),
        ("highway=residential access=no motor_vehicle=yes", True, "road"),
        ("highway=residential access=yes motor_vehicle=no", False, "no motor vehicles"),
        ("highway=residential motor_vehicle=no motorcar=yes", True, "road"),
        ("highway=residential motorcar=no", False, "no motor vehicles"),
        ("highway=residential motor_vehicle=no emergency=official", True, "emergencies"),
        ("highway=residential emergency=no", False, "no emergencies"),
        ("highway=residential access=no bus=designated", True, "buses only"),
        ("highway=residential access=no psv=yes bus=no", True, "buses only"),
        ("highway=footway bus=yes", False, "no road"),
        ("highway=busway access=no", True, "bus road"),
        ("highway=bus_guideway emergency=yes", False, "not passable"),
        ("highway=steps emergency=yes", False, "not passable"),
        ("highway=construction emergency=yes", False, "not passable"),
        ("highway=pedestrian", False, "no road"),
        ("highway=pedestrian emergency=yes", True, "emergencies"),
        ("highway=pedestrian motor_vehicle=delivery", True, "pedestrian street"),
        ("highway=pedestrian area=yes emergency=yes", False, "area"),
        ("highway=footway emergency=yes", True, "emergencies"),
        ("highway=cycleway motor_vehicle=yes", False, "no road"),
        ("highway=track", False, "no road"),
        ("highway=track tracktype=grade1", True, "firm track"),
        ("highway=track tracktype=grade1 access=no", False, "no motor vehicles"),
        ("highway=track motor_vehicle=yes", True, "track for vehicles"),
        ("highway=track motor_vehicle=agricultural", False, "no road"),
        ("highway=primary smoothness=impassable", False, "no surface"),
        ("highway=primary winter_road=yes", False, "winter road"),
        ("highway=rest_area", False, "no road"),
        ("highway=trunk_link", True, "road"),
        ("highway=via_ferrata", False, "not passable"),
        ("highway=trunk;primary", False, "unknown class"),
    ],
)
def test_a_way(tags: str, opens: bool, by: str) -> None:
    read = dict(part.split("=", 1) for part in tags.split(" ") if part)
    assert rules.decide(read) == (opens, by)


OSMNX_DRIVE_LEAVES_OUT = (
    "abandoned", "bridleway", "bus_guideway", "construction", "corridor", "cycleway", "elevator", "escalator",
    "footway", "no", "path", "pedestrian", "planned", "platform", "proposed", "raceway", "razed", "rest_area",
    "services", "steps", "track",
)  # fmt: skip
"""Classes that OSMnx leaves out of its network type ``drive``, except service roads."""


@pytest.mark.parametrize("highway", OSMNX_DRIVE_LEAVES_OUT)
def test_what_osmnx_leaves_out_is_out_unless_a_tag_opens_it(highway: str) -> None:
    assert not rules.decide({"highway": highway})[0]


def test_every_rule_can_decide() -> None:
    for rule in rules.RULES:
        tags = {
            {"admission": "access", "bus or psv": "psv"}.get(key, key): values[-1]
            for key, values in rule.when
        }
        decided = rules.decide({"highway": "residential", **tags})
        assert decided == (rule.is_open, rule.name), rule.name
    assert len({rule.name for rule in rules.RULES}) == len(rules.RULES)


@pytest.mark.parametrize(
    ("tags", "cut"),
    [
        ({}, False),
        ({"barrier": "bollard"}, True),
        ({"barrier": "bollard", "bollard": "removable"}, False),
        ({"barrier": "bollard", "bollard": "fixed"}, True),
        ({"barrier": "bollard", "emergency": "yes"}, False),
        ({"barrier": "bollard", "motor_vehicle": "no"}, True),
        ({"barrier": "bollard", "access": "private"}, False),
        ({"barrier": "bus_trap", "bus": "yes"}, False),
        ({"barrier": "gate"}, False),
        ({"barrier": "gate", "access": "no"}, False),
        ({"barrier": "gate", "emergency": "no"}, True),
        ({"barrier": "lift_gate", "access": "private"}, False),
        ({"barrier": "toll_booth"}, False),
        ({"barrier": "jersey_barrier"}, True),
        ({"barrier": "something new"}, False),
    ],
)
def test_a_barrier(tags: dict[str, str], cut: bool) -> None:
    assert rules.cuts(tags) is cut


def test_no_barrier_stands_in_both_lists() -> None:
    assert not set(rules.CUTTING) & set(rules.PASSED)


@pytest.mark.parametrize(
    ("text", "kmh"),
    [
        ("50", 50.0), (" 50 ", 50.0), ("50 km/h", 50.0), ("50kmh", 50.0), ("30 mph", 48.3), ("30mph", 48.3),
        ("10 knots", 18.5), ("50;30", 30.0), ("50|30 mph", 48.3), ("60, 40", 40.0), ("none;80", 80.0),
        ("none", None), ("signals", None), ("walk", 7.0), ("DE:urban", 50.0), ("ru:RURAL", 90.0),
        ("DE:zone:30", 30.0), ("FR:zone30", 30.0), ("DE:30", 30.0), ("BR:urban", None), ("XX:rural", None),
        ("", None), ("schnell", None), ("0", None), ("-30", None), ("600", None), ("5e1", None),
        ("50.5", 50.5), ("50 mph mph", None), ("٥٠", 50.0), ("30 furlongs", None), ("9" * 400, None),
    ],
)  # fmt: skip
def test_a_posted_speed(text: str, kmh: float | None) -> None:
    assert speeds.posted_kmh(text) == kmh


def test_what_counts_as_not_understood() -> None:
    texts = ("none", "signals", "", " ", "50", "schnell", "BR:urban", "0")
    assert [speeds.is_rubbish(text) for text in texts] == [
        False,
        False,
        False,
        False,
        False,
        True,
        True,
        True,
    ]


def test_speeds_by_class_are_means_of_what_is_posted() -> None:
    found = speeds.by_class({"primary": [60, 70, 80.2], "tertiary": [], "odd": []})
    assert found == {"odd": (30.0, 0), "primary": (70.1, 3), "tertiary": (45.0, 0)}


def test_the_page_shows_the_tables() -> None:
    page = (ROOT / "docs/reference/osm-rules.md").read_text(encoding="utf-8")
    assert page == rules_page()
    for rule in rules.RULES:
        assert f"| {rule.name} |" in page
    assert all(f"| {name} | {speed:g} |" in page for name, speed in speeds.ASSUMED.items())
