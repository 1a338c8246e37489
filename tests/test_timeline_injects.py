"""Injected calls and surges in the drawn luck: what they bring, and that they move nothing else.

Statistics are held as in tests/laws: within what right code exceeds about once in 10,000 redraws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats

import dispatch
from dispatch.timeline import expected_calls
from tests.laws.judging import near
from tests.small import small

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from dispatch import Scenario, Timeline

DAY = 86_400.0
TYPES = {
    "fire": {
        "priority": 2,
        "run_card": {"engine": 2},
        "call_processing": {"exponential": {"mean": 60}},
        "on_scene": {"exponential": {"mean": 600}},
        "transport": {"exponential": {"mean": 300}},
    },
    "lift": {"run_card": {"engine": 1}, "busy": {"exponential": {"mean": 600}}},
}
DEMAND: dict[str, Any] = {
    "poisson": {
        "fire": {"rate": "48/d", "profile": "shops", "places": {"left": 3, "e": 1}},
        "lift": {"rate": "24/d"},
    }
}
SHOPS: dict[str, dict[str, list[int]]] = {
    "shops": {"weekday": [0] * 8 + [3] * 4 + [1] * 8 + [0] * 4, "weekend": [1] * 24}
}
UNITS = {"engine": {"capabilities": ["engine", "pump"], "turnout": {"exponential": {"mean": 60}}}}
# all surges begin on the first day, a Monday
FEAST: dict[str, Any] = {"at": "9 h", "surge": {"factor": 3, "for": "6 h"}}


def world(folder: Path, *injects: dict[str, Any], **changes: Any) -> Scenario:
    """Load two types of random calls on a line of five nodes, with injects."""
    keys = {"incident_types": TYPES, "demand": DEMAND, "profiles": SHOPS, "unit_types": UNITS, **changes}
    return small(folder, injects=list(injects), **keys)


def calls(scenario: Scenario, timeline: Timeline) -> dict[str, tuple[float, ...]]:
    """All that was drawn of each call, by its id."""
    found: dict[str, tuple[float, ...]] = {}
    of_slots = (
        timeline.capability,
        timeline.turnout_share,
        timeline.on_scene,
        timeline.busy,
        timeline.transport,
    )
    for call in range(len(timeline)):
        name = timeline.incident_id(call, scenario.kinds)
        assert name not in found
        slots = range(timeline.first_slot[call], timeline.first_slot[call + 1])
        of_call = (timeline.received, timeline.ready, timeline.kind, timeline.node, timeline.priority)
        values = [float(column[call]) for column in of_call]
        values += [float(column[slot]) for column in of_slots for slot in slots]
        found[name] = tuple(np.nan_to_num(values, nan=-1.0).tolist())
    assert (np.diff(timeline.received) >= 0.0).all()
    return found


def drawn(scenario: Scenario, replication: int = 0) -> dict[str, tuple[float, ...]]:
    return calls(scenario, dispatch.draw(scenario, replication))


ALL_KINDS: tuple[dict[str, Any], ...] = (
    {"at": "2 h", "incident": {"type": "fire", "node": "c"}},
    {"at": "2 h", "incident": {"type": "lift", "node": "a", "id": "x", "units": {"engine": 3, "pump": 1}}},
    FEAST,
    {"at": "10 h", "surge": {"factor": 2, "for": "8 h", "types": ["fire"], "zones": ["left"]}},
    {"at": "1 h", "message": {"text": "hello"}},
)


@pytest.mark.parametrize("replication", [0, 1, 7])
def test_injects_move_no_other_call(tmp_path: Path, replication: int) -> None:
    plain = drawn(world(tmp_path / "plain"), replication)
    scenario = world(tmp_path / "injected", *ALL_KINDS)
    injected = drawn(scenario, replication)
    assert {name: injected[name] for name in plain} == plain
    added = set(injected) - set(plain)
    assert {"fire-inject-1", "x"} <= added
    assert {name.rsplit("-", 1)[0] for name in added - {"x", "fire-inject-1"}} == {
        "fire-surge-1", "fire-surge-2", "lift-surge-1",
    }  # fmt: skip
    for without in range(
        len(ALL_KINDS)
    ):  # nor does an inject move what later ones bring, but for their numbers
        fewer = drawn(world(tmp_path / str(without), *ALL_KINDS[:without]), replication)
        assert fewer == {name: injected[name] for name in fewer}


def test_a_message_changes_nothing(tmp_path: Path) -> None:
    one = world(tmp_path / "a", ALL_KINDS[0])
    two = world(tmp_path / "b", {"at": "1 h", "message": {"from": "指挥", "text": "收到"}}, ALL_KINDS[0])
    assert drawn(one) == drawn(two)


def test_an_injected_call_is_as_written(tmp_path: Path) -> None:
    """Where, when and what as written, in every replication; its durations are drawn anew in each."""
    written = {
        "type": "fire",
        "node": [1210, 3],
        "id": "警情 1",
        "priority": 7,
        "units": {"pump": 1, "engine": 2},
    }
    scenario = world(tmp_path, {"at": "2024-01-01T02:00:00Z", "incident": written})
    seen = set()
    for replication in range(5):
        timeline = dispatch.draw(scenario, replication)
        (call,) = np.flatnonzero(timeline.source == -2).tolist()
        assert timeline.incident_id(call, scenario.kinds) == "警情 1"
        assert timeline.received[call] == 7200.0
        assert timeline.priority[call] == 7
        assert scenario.kinds[timeline.kind[call]].id == "fire"
        assert scenario.network.node_ids[timeline.node[call]] == "c"
        slots = slice(timeline.first_slot[call], timeline.first_slot[call + 1])
        needs = [scenario.capabilities[number] for number in timeline.capability[slots]]
        assert needs == ["engine", "engine", "pump"]
        seen |= {timeline.ready[call] - 7200.0, *timeline.on_scene[slots], *timeline.transport[slots]}
        assert np.isnan(timeline.busy[slots]).all()
    assert len(seen) == 5 * 7
    assert min(seen) > 0.0


def test_the_durations_of_injected_calls_follow_their_laws(tmp_path: Path) -> None:
    """100 calls of 20 replications: their times follow those of the type, and no two are alike."""
    several = [{"at": 60 * i, "incident": {"type": "fire", "node": "c"}} for i in range(100)]
    scenario = world(tmp_path, *several)
    processing, on_scene = [], []
    for replication in range(20):
        timeline = dispatch.draw(scenario, replication)
        mine = timeline.source == -2
        assert mine.sum() == 100
        processing += (timeline.ready - timeline.received)[mine].tolist()
        on_scene += timeline.on_scene[timeline.first_slot[:-1][mine]].tolist()
    assert len(set(processing)) == len(set(on_scene)) == 2000
    assert stats.kstest(processing, "expon", args=(0.0, 60.0)).pvalue > 1e-4
    assert stats.kstest(on_scene, "expon", args=(0.0, 600.0)).pvalue > 1e-4
    assert abs(np.corrcoef(processing, on_scene)[0, 1]) < 4 / 2000**0.5


def test_injected_calls_of_one_moment_come_in_the_order_written(tmp_path: Path) -> None:
    names = ["z", "a", "m", "b"]
    scenario = world(
        tmp_path, *({"at": 600, "incident": {"type": "fire", "node": "a", "id": name}} for name in names)
    )
    timeline = dispatch.draw(scenario, 0)
    mine = np.flatnonzero(timeline.source == -2).tolist()
    assert [timeline.incident_id(call, scenario.kinds) for call in mine] == names


def test_the_same_seed_gives_the_same_log(tmp_path: Path) -> None:
    scenario = world(tmp_path, *ALL_KINDS)
    assert drawn(scenario, 3) == drawn(dispatch.load(scenario.path), 3)
    assert drawn(scenario, 3) != drawn(scenario.with_seed(2), 3)


# --- surges


def counts(
    scenario: Scenario, windows: Mapping[str, tuple[str, float, float, str]]
) -> dict[str, NDArray[Any]]:
    """Numbers of calls in 400 replications, by window: a type, from, until, and nodes."""
    found: dict[str, list[int]] = {name: [] for name in windows}
    kinds, nodes = [kind.id for kind in scenario.kinds], np.array(scenario.network.node_ids)
    for replication in range(400):
        t = dispatch.draw(scenario, replication)
        for name, (kind, begin, end, places) in windows.items():
            fits = (t.kind == kinds.index(kind)) & (t.received >= begin) & (t.received < end)
            found[name].append(int((fits & np.isin(nodes[t.node], list(places))).sum()))
    return {name: np.array(values) for name, values in found.items()}


def is_poisson(name: str, values: NDArray[Any], mean: float) -> None:
    """Hold mean and dispersion of counts against a Poisson law."""
    near(f"{name}: mean", float(values.mean()), mean, (mean / len(values)) ** 0.5)
    dispersion = float(values.var(ddof=1)) / mean
    near(f"{name}: dispersion", dispersion, 1.0, ((2 + 1 / mean) / (len(values) - 1)) ** 0.5)


HOUR = 3600.0
# mean weight of the profile: five days of 20, two of 24, in 168 hours
PER_HOUR = 2.0 / ((5 * 20 + 2 * 24) / 168)
FIRES = {hour: weight * PER_HOUR for hour, weight in enumerate(SHOPS["shops"]["weekday"])}


def test_surges_multiply_the_rate_hour_by_hour(tmp_path: Path) -> None:
    """Fires by a profile, from 9:00 to 15:00 three times as many, all Poisson; before and after as ever."""
    scenario = world(tmp_path, FEAST)
    windows = {
        "before": ("fire", 8 * HOUR, 9 * HOUR, "abcde"),
        "busy": ("fire", 9 * HOUR, 12 * HOUR, "abcde"),
        "calm": ("fire", 12 * HOUR, 15 * HOUR, "abcde"),
        "after": ("fire", 15 * HOUR, 20 * HOUR, "abcde"),
        "left": ("fire", 9 * HOUR, 15 * HOUR, "ab"),
        "lifts": ("lift", 9 * HOUR, 15 * HOUR, "abcde"),
        "lifts at a": ("lift", 9 * HOUR, 15 * HOUR, "a"),
        "lifts later": ("lift", 15 * HOUR, 24 * HOUR, "abcde"),
    }
    rate = {8: FIRES[8], 9: 3 * FIRES[9], 12: 3 * FIRES[12], 15: FIRES[15]}
    laws = {"before": rate[8], "busy": 3 * rate[9], "calm": 3 * rate[12], "after": 5 * rate[15],
            "left": 0.75 * 3 * (rate[9] + rate[12]), "lifts": 18.0, "lifts at a": 18.0 / 5,
            "lifts later": 9.0}  # fmt: skip
    for name, values in counts(scenario, windows).items():
        is_poisson(name, values, laws[name])


def test_falling_demand_leaves_out_some_calls_and_moves_none(tmp_path: Path) -> None:
    quiet = {"at": "6 h", "surge": {"factor": 0.3, "for": "12 h", "types": ["lift"], "zones": ["right"]}}
    scenario = world(tmp_path / "quiet", quiet)
    plain, fewer = drawn(world(tmp_path / "plain")), drawn(scenario)
    assert fewer == {name: plain[name] for name in fewer}
    names = [kind.id for kind in scenario.kinds]
    for name in set(plain) - set(fewer):
        received, _, kind, node, *_ = plain[name]
        assert 6 * HOUR <= received < 18 * HOUR
        assert names[int(kind)] == "lift"
        assert scenario.network.node_ids[int(node)] in "cde"
    windows = {
        "there": ("lift", 6 * HOUR, 18 * HOUR, "cde"),
        "elsewhere": ("lift", 6 * HOUR, 18 * HOUR, "ab"),
        "earlier": ("lift", 0.0, 6 * HOUR, "cde"),
    }
    laws = {"there": 12 * 0.6 * 0.3, "elsewhere": 12 * 0.4, "earlier": 6 * 0.6}
    for name, values in counts(scenario, windows).items():
        is_poisson(name, values, laws[name])


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_surges_that_overlap_multiply_each_other(tmp_path: Path, order: tuple[int, ...]) -> None:
    """Three times from 2:00 to 8:00, twice on the left from 4:00 to 10:00, half from 6:00 to 12:00."""
    several: list[dict[str, Any]] = [
        {"at": "2 h", "surge": {"factor": 3, "for": "6 h", "types": ["lift"]}},
        {"at": "4 h", "surge": {"factor": 2, "for": "6 h", "zones": ["left"]}},
        {"at": "6 h", "surge": {"factor": 0.5, "for": "6 h"}},
    ]
    scenario = world(tmp_path, *(several[i] for i in order))
    left = {2: 3.0, 4: 6.0, 6: 3.0, 8: 1.0, 10: 0.5, 12: 1.0}
    right = {2: 3.0, 4: 3.0, 6: 1.5, 8: 0.5, 10: 0.5, 12: 1.0}
    windows = {
        f"{places} from {hour}": ("lift", hour * HOUR, (hour + 2) * HOUR, places)
        for places in ("ab", "cde")
        for hour in left
    }
    laws = {f"ab from {hour}": 2 * 0.4 * factor for hour, factor in left.items()}
    laws |= {f"cde from {hour}": 2 * 0.6 * factor for hour, factor in right.items()}
    for name, values in counts(scenario, windows).items():
        is_poisson(name, values, laws[name])


def test_a_higher_factor_only_adds_calls_and_a_lower_one_only_takes_some(tmp_path: Path) -> None:
    before: dict[str, tuple[float, ...]] = {}
    for factor in (0.01, 0.2, 0.7, 1, 1.5, 2, 5, 20):
        scenario = world(tmp_path / str(factor), {"at": "3 h", "surge": {"factor": factor, "for": "9 h"}})
        now = drawn(scenario)
        assert {name: now[name] for name in before} == before
        assert len(now) > len(before)
        before = now


def test_a_surge_of_factor_one_does_nothing(tmp_path: Path) -> None:
    one = world(tmp_path / "a", {"at": 0, "surge": {"factor": 1, "for": "1 d"}})
    assert drawn(one) == drawn(world(tmp_path / "b"))


def test_surges_end_with_the_horizon_and_leave_recorded_and_injected_calls_alone(tmp_path: Path) -> None:
    late = world(tmp_path / "a", {"at": "23 h", "surge": {"factor": 50, "for": "30 d"}})
    received = dispatch.draw(late, 0).received
    assert received.max() < DAY
    assert (received >= 23 * HOUR).sum() > 25
    table = "received,type,node\n" + "".join(f"{600 * i},lift,b\n" for i in range(100))
    (tmp_path / "calls.csv").write_text(table, encoding="utf-8")
    scenario = world(
        tmp_path,
        {"at": 0, "surge": {"factor": 0.0001, "for": "1 d"}},
        {"at": "2 h", "incident": {"type": "lift", "node": "b"}},
        demand={**DEMAND, "recorded": "calls.csv"},
    )
    timeline = dispatch.draw(scenario, 0)
    assert (timeline.source == -1).sum() == 100
    assert (timeline.source == -2).sum() == 1
    assert (timeline.source >= 0).sum() <= 2
    (call,) = np.flatnonzero(timeline.source == -2).tolist()
    assert timeline.received[call + 1] == timeline.received[call]  # before the recorded one of that second
    assert timeline.incident_id(call + 1, scenario.kinds) == "13"


def test_the_expected_number_of_calls(tmp_path: Path) -> None:
    """48 fires by the hours of a Monday and 24 lifts; the feast adds twice those of six hours."""
    fires = sum(FIRES.values())
    assert expected_calls(world(tmp_path / "a")) == pytest.approx(fires + 24)
    feast = 2 * (3 * FIRES[9] + 3 * FIRES[12] + 6)
    assert expected_calls(world(tmp_path / "b", FEAST)) == pytest.approx(fires + 24 + feast)
    quiet = {"at": 0, "surge": {"factor": 0.5, "for": "1 d"}}
    assert expected_calls(world(tmp_path / "c", quiet)) == pytest.approx(fires + 24)  # at most


def test_injected_calls_are_dispatched_like_any_other(tmp_path: Path) -> None:
    """At c, two minutes from either station: both engines go at once and are there together."""
    scenario = world(
        tmp_path,
        {"at": 1000, "incident": {"type": "fire", "node": "c", "id": "x"}},
        unit_types={"engine": {"capabilities": ["engine"], "turnout": 0}},
        incident_types={"fire": {"run_card": {"engine": 2}, "on_scene": 600}},
        demand={"poisson": {"fire": {"rate": "0.000001/yr"}}},
        profiles={},
    )
    log = dispatch.simulate(scenario)
    assert log.responses.on_scene.tolist() == [1120.0, 1120.0]
    assert log.incidents.erf.tolist() == [1120.0]
    names = ["incidents.n", "total.first.mean[type=fire]"]
    assert dispatch.measure(log, names) == dict(zip(names, (1, 120), strict=True))


def test_where_and_when_there_is_no_demand_a_surge_adds_none(tmp_path: Path) -> None:
    """No fires come from c, and none before 8:00; lifts come everywhere at all hours."""
    plain = world(tmp_path / "plain", demand=changed_places())
    at_c = {"at": "9 h", "surge": {"factor": 1000, "for": "1 h", "zones": ["core"]}}
    early = {"at": 0, "surge": {"factor": 1000, "for": "8 h", "types": ["fire"]}}
    scenario = world(
        tmp_path / "more", at_c, early, demand=changed_places(), zones={"core": {"nodes": ["c"]}}
    )
    more, fewer = drawn(scenario), drawn(plain)
    added = {name: call for name, call in more.items() if name not in fewer}
    assert {name: more[name] for name in fewer} == fewer
    assert len(added) > 100
    assert {name.rsplit("-", 1)[0] for name in added} == {"lift-surge-1"}
    assert {scenario.network.node_ids[int(call[3])] for call in added.values()} == {"c"}


def changed_places() -> dict[str, Any]:
    """Demand with fires on the left only."""
    streams: dict[str, Any] = DEMAND["poisson"]
    return {"poisson": {**streams, "fire": {**streams["fire"], "places": {"a": 1, "b": 1}}}}
