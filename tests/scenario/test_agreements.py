"""What a scenario says of help from others and of tiers, read, resolved and refused."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from dispatch.errors import ScenarioError
from dispatch.model.agreements import Agreement
from dispatch.scenario.agreements import units_by
from tests.small import small

if TYPE_CHECKING:
    from pathlib import Path

GRADED = {
    "fire": {
        "run_card": {"engine": 1},
        "on_scene": 600,
        "alarm": {"scale": "fire", "level": 2},
    }
}
OWNED = {"west": {"at": "a", "owner": "enterprise"}, "east": {"at": "e"}}


def written(**terms: Any) -> dict[str, Any]:
    """Return the agreement ``help`` with station west."""
    return {"help": {"stations": ["west"], **terms}}


def test_an_agreement_is_resolved(tmp_path: Path) -> None:
    loaded = small(
        tmp_path,
        zones={"corner": {"nodes": ["a", "b"]}},
        agreements=written(only_at=["corner", "e"], price="1200/h", most=0.5, delay="5 min"),
    )
    (found,) = loaded.agreements
    assert (found.id, found.until) == ("help", inf)
    assert [found.serves(node) for node in range(5)] == [True, True, False, False, True]
    assert found.terms.price == 1200.0
    assert [found.most_out(n) for n in (1, 2, 3, 4, 5)] == [1, 1, 1, 2, 2]
    assert units_by(loaded.agreements, loaded.layouts["baseline"]) == {"W1": 0}


@pytest.mark.parametrize(
    ("most", "units", "out"), [(0, 3, 0), (0.1, 3, 1), (1 / 3, 3, 1), (0.99, 3, 2), (1, 3, 3)]
)
def test_a_share_is_rounded_down_to_one_at_least(tmp_path: Path, most: float, units: int, out: int) -> None:
    assert small(tmp_path, agreements=written(most=most)).agreements[0].most_out(units) == out


@pytest.mark.parametrize(
    ("until", "seconds"),
    [
        ("2024-01-02", 86400.0),
        ("2024-01-01T06:00:00+00:00", 6 * 3600.0),
        ("2024-01-01T06:00:00+08:00", -2 * 3600.0),
        ("2023-12-31", -86400.0),
    ],
)
def test_an_end_is_a_day_or_a_moment(tmp_path: Path, until: str, seconds: float) -> None:
    loaded = small(tmp_path, agreements=written(until=until))
    assert loaded.agreements[0].until == seconds
    expired = [note for note in loaded.notes if "expired before the start" in note]
    assert len(expired) == (seconds <= 0)


def test_a_day_begins_where_the_scenario_is(tmp_path: Path) -> None:
    start = "2024-01-01T06:00:00+08:00"
    loaded = small(tmp_path, start=start, agreements=written(until="2024-01-02"))
    assert loaded.agreements[0].until == 18 * 3600.0


@pytest.mark.parametrize(
    ("price", "an_hour"), [(0, 0.0), (1200, 1200.0), ("1200/h", 1200.0), ("20/min", 1200.0), ("2.5/h", 2.5)]
)
def test_prices(price: float | str, an_hour: float) -> None:
    assert Agreement(stations=("x",), price=price).price == pytest.approx(an_hour)


@pytest.mark.parametrize("price", [-1, "1200", "1200 yuan", "-5/h", True, 2e9])
def test_what_is_no_price(price: Any) -> None:
    with pytest.raises(ValidationError, match="is not a price"):
        Agreement(stations=("x",), price=price)


@pytest.mark.parametrize("until", ["2024-13-01", "tomorrow", "2024-01-01T00:00:00", 20240101])
def test_what_is_no_end(until: Any) -> None:
    with pytest.raises(ValidationError, match="is not a date, nor a moment"):
        Agreement(stations=("x",), until=until)


SECOND = {"tier": "second", "stations": ["east"], "when": {"unmet_for": 60}}


@pytest.mark.parametrize(
    ("changes", "place", "fact"),
    [
        ({"agreements": {"help": {}}}, "agreements", "an agreement with nobody"),
        ({"agreements": {"help": {"stations": ["wset"]}}}, "wset", "no station 'wset' in any layout"),
        (
            {"agreements": {"a": {"stations": ["west"]}, "b": {"owners": ["enterprise"]}}, "stations": OWNED},
            "b:",
            "station 'west' is of agreement 'a' and of agreement 'b'",
        ),
        ({"agreements": written(only_at=["nowhere"])}, "nowhere", "no zone or node 'nowhere'"),
        (
            {"agreements": written(asked_when={"from_level": 2})},
            "from_level",
            "no incident type has alarm levels",
        ),
        (
            {"agreements": written(asked_when={"from_level": 6}), "incident_types": GRADED},
            "from_level",
            "no incident reaches level 6",
        ),
        ({"agreements": written(asked_when={"from_levle": 2})}, "from_levle", "unknown key 'from_levle'"),
        ({"agreements": written(most=1.5)}, "most", "less than or equal to 1"),
        ({"agreements": written(asked_when={"cover_under": 0})}, "cover_under", "greater than 0"),
        ({"agreements": written(asked_when={"none_free": False})}, "none_free", "must be true"),
        ({"ladder": [{"tier": "first"}]}, "tier", "a tier with nobody"),
        ({"ladder": [{"tier": "first", "stations": ["wset"]}]}, "wset", "no station 'wset' in any layout"),
        (
            {"ladder": [{"tier": "first", "stations": ["west"]}, {"tier": "second", "stations": ["east"]}]},
            "second",
            "nothing says when an incident is handed to tier 'second'",
        ),
        (
            {"ladder": [{"tier": "first", "stations": ["west"], "hand_over": 5}, SECOND]},
            "first",
            "nothing is handed to the lowest tier",
        ),
        (
            {"ladder": [{"tier": "first", "stations": ["west"]}, {**SECOND, "when": {}}]},
            "when",
            "a tier that nothing is handed to",
        ),
        (
            {"ladder": [{"tier": "second", "stations": ["west"]}, SECOND]},
            "tier: second",
            "tier 'second' stands twice",
        ),
        (
            {"ladder": [{"tier": "first", "stations": ["west", "east"]}, SECOND]},
            "second",
            "station 'east' is of tier 'first' and of tier 'second'",
        ),
        (
            {"ladder": [{"tier": "first", "stations": ["west"]}, {**SECOND, "when": {"from_level": 2}}]},
            "from_level",
            "no incident type has alarm levels",
        ),
        (
            {
                "ladder": [{"tier": "first", "stations": ["west"]}, SECOND],
                "dispatching": {"when_none_free": "lost"},
            },
            "ladder",
            "a ladder with when_none_free: lost",
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, changes: dict[str, Any], place: str, fact: str) -> None:
    """Each with the line where it stands."""
    with pytest.raises(ScenarioError) as caught:
        small(tmp_path, **changes)
    problems = [problem for problem in caught.value.problems if fact in problem.fact]
    assert len(problems) == 1, caught.value.problems
    lines = (tmp_path / "scenario.yaml").read_text(encoding="utf-8").splitlines()
    line = int(problems[0].place.split(":")[1].split()[0])
    near = "\n".join(lines[max(line - 2, 0) : line + 1])
    assert place in near, (problems[0].place, near)
    assert problems[0].remedy


def test_names_are_checked_where_the_network_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        small(tmp_path, network="nowhere", agreements={"help": {"stations": ["wset"]}})
    assert any("no station 'wset'" in problem.fact for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("asked_when", "doubtful"),
    [({}, False), ({"none_free": True}, False), ({"erf_over": 600}, False), ({"from_level": 2}, True),
     ({"cover_under": 0.5}, True), ({"cover_under": 0.5, "none_free": True}, False)],
)  # fmt: skip
def test_a_capability_that_only_conditional_help_has_is_noted(
    tmp_path: Path, asked_when: dict[str, Any], doubtful: bool
) -> None:
    """Both stations are under the agreement: without a sure condition a call may wait to the end."""
    terms = {"stations": ["west", "east"], "asked_when": asked_when}
    loaded = small(tmp_path, incident_types=GRADED, agreements={"help": terms})
    assert any("perhaps" in note for note in loaded.notes) == doubtful


def test_own_premises_alone_are_noted(tmp_path: Path) -> None:
    both = ["west", "east"]
    loaded = small(tmp_path, agreements={"help": {"stations": both, "only_at": ["a", "b"]}})
    assert any("'engine' at 'c'" in note for note in loaded.notes)
    everywhere = small(tmp_path, agreements={"help": {"stations": both, "only_at": ["left", "right"]}})
    assert not any("perhaps" in note for note in everywhere.notes)


@pytest.mark.parametrize(("when", "doubtful"), [({"unmet_for": 60}, False), ({"from_level": 3}, True)])
def test_a_tier_that_may_never_be_reached_is_noted(
    tmp_path: Path, when: dict[str, Any], doubtful: bool
) -> None:
    """The lowest tier has no engine: whether the next one ever comes hangs on the level."""
    loaded = small(
        tmp_path,
        unit_types={
            "engine": {"capabilities": ["engine"], "turnout": 0},
            "van": {"capabilities": ["tools"], "turnout": 0},
        },
        units={"W1": {"type": "van", "station": "west"}, "E1": {"type": "engine", "station": "east"}},
        incident_types=GRADED,
        ladder=[{"tier": "first", "stations": ["west"]}, {**SECOND, "when": when}],
    )
    assert any("perhaps" in note for note in loaded.notes) == doubtful


def test_an_agreement_with_no_station_of_its_owner_is_noted(tmp_path: Path) -> None:
    loaded = small(tmp_path, agreements={"help": {"owners": ["volunteer"]}})
    assert any("names nobody" in note for note in loaded.notes)


def test_a_neighbour_without_an_agreement_is_noted(tmp_path: Path) -> None:
    stations = {"west": {"at": "a", "owner": "mutual_aid"}, "east": {"at": "e"}}
    agreed = written() | {"more": {"owners": ["volunteer"]}}
    for agreements, noted in (({}, True), (agreed, False)):
        loaded = small(tmp_path, stations=stations, agreements=agreements)
        assert any("sent as own ones" in note for note in loaded.notes) == noted


def test_a_station_may_be_missing_in_a_layout(tmp_path: Path) -> None:
    layouts = {"without": {"close_stations": ["west"]}}
    loaded = small(tmp_path, agreements=written(), layouts=layouts)
    assert units_by(loaded.agreements, loaded.layouts["without"]) == {}


def test_the_file_can_be_written_and_read_again(tmp_path: Path) -> None:
    terms = written(until="2024-01-02", price="1200/h", asked_when={"erf_over": "10 min"}, delay="5 min")
    file = small(tmp_path, agreements=terms).file
    again = type(file).model_validate(file.model_dump(mode="json", exclude_defaults=True))
    assert again.agreements == file.agreements
