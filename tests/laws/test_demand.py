"""Random calls: a Poisson process by hour of the week, spread over places, with luck that is independent.

One draw is large enough here. Each statistic is held within a bound that right code exceeds about once in
10,000 redraws of its luck (chi-square at 0.9999, four standard errors); the tests say what would exceed it.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats

import dispatch

from .judging import Floats, near
from .worlds import HOUR, NETWORK, write_world

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SURE = 0.9999

# Wednesday afternoon in Lanzhou, off the hour; in UTC the hours of the week are eight earlier.
WORLD = """\
network: x
start: 2024-03-06T13:37:20+08:00
horizon: {horizon!r}
seed: {seed}
unit_types: {{engine: {{capabilities: [engine], turnout: {{exponential: {{mean: 60 s}}}}}}}}
stations: {{S: {{at: A}}}}
units: {{E1: {{type: engine, station: S}}}}
call_processing: {{exponential: {{mean: 60 s}}}}
incident_types:
  fire:
    run_card: {{engine: 3}}
    on_scene: {{exponential: {{mean: 1 h}}}}
    transport: {{exponential: {{mean: 1 h}}}}
    hand_over: {{exponential: {{mean: 1 h}}}}
  lift: {{run_card: {{engine: 1}}, busy: {{exponential: {{mean: 1 h}}}}}}
profiles:
  town:
    weekday: [3, 2, 2, 1, 1, 2, 5, 9, 12, 10, 8, 9, 11, 9, 8, 8, 10, 14, 15, 12, 9, 7, 5, 4]
    weekend: [8, 7, 5, 3, 2, 1, 1, 2, 4, 6, 8, 9, 9, 8, 8, 7, 8, 9, 10, 11, 12, 11, 10, 9]
demand:
  poisson:
    fire: {{rate: {fire}/d, profile: town, places: {{north: 3, D: 1, E: 0}}, spread: people}}
    lift: {{rate: {lift}/d, places: {{north: 1, D: 1}}}}
"""
NODES = """\
node_id,zone_id,people
A,north,100
B,north,300
C,north,0
D,,50
E,,70
"""
TIMES = "from,A,B,C,D,E\nA,0,1,1,1,1\nB,1,0,1,1,1\nC,1,1,0,1,1\nD,1,1,1,0,1\nE,1,1,1,1,0\n"

WEEKDAY = (3, 2, 2, 1, 1, 2, 5, 9, 12, 10, 8, 9, 11, 9, 8, 8, 10, 14, 15, 12, 9, 7, 5, 4)
WEEKEND = (8, 7, 5, 3, 2, 1, 1, 2, 4, 6, 8, 9, 9, 8, 8, 7, 8, 9, 10, 11, 12, 11, 10, 9)
START = datetime(2024, 3, 6, 13, 37, 20, tzinfo=timezone(timedelta(hours=8)))
MONDAY = datetime(2024, 3, 4, 0, 0, 0, tzinfo=timezone(timedelta(hours=8)))


def town(
    folder: Path, weeks: float, fire: float = 0.0, lift: float = 0.0, seed: int = 1
) -> dispatch.Scenario:
    """Load the town above with so many calls a day."""
    text = WORLD.format(horizon=weeks * 168 * HOUR, fire=repr(fire), lift=repr(lift), seed=seed)
    return write_world(folder, text, TIMES, NETWORK, NODES)


def hour_of_week(seconds: Floats, since: datetime = MONDAY) -> NDArray[np.int64]:
    """Whole hours from Monday 00:00 local time, 0 to 167."""
    return (np.floor((seconds + (START - since).total_seconds()) / HOUR) % 168).astype(np.int64)


def expected_by_hour(rate: float, horizon: float) -> Floats:
    """Calls expected in each hour of the week, summed over steps of 20 s, which no hour begins inside."""
    middles = np.arange(10.0, horizon, 20.0)
    week = np.array(WEEKDAY * 5 + WEEKEND * 2, dtype=np.float64)
    per_step = rate / 86_400 * 20.0 * week / week.mean()
    hours = hour_of_week(middles)
    return np.asarray(np.bincount(hours, weights=per_step[hours], minlength=168), dtype=np.float64)


def chi_square(counts: NDArray[Any], expected: Floats) -> float:
    return float(((counts - expected) ** 2 / expected).sum())


# 9.3 weeks: the horizon ends in the middle of a week, and of an hour
WEEKS = 9 + 55.75 / 168


def test_calls_follow_the_hours_of_the_week(tmp_path: Path) -> None:
    """40,000 calls: chi-square over 168 hours; hours shifted by one, or read as UTC, are rejected."""
    scenario = town(tmp_path, WEEKS, fire=600.0)
    received = dispatch.draw(scenario, 0).received
    expected = expected_by_hour(600.0, scenario.file.horizon)
    bound = float(stats.chi2.ppf(SURE, 168))  # the total is known, so no degree of freedom is lost
    value = chi_square(np.bincount(hour_of_week(received), minlength=168), expected)
    print(f"chi-square {value:.0f} of 168 degrees of freedom, bound {bound:.0f}")
    assert value < bound
    for hours in (1, -1, 8, 24):
        wrong = hour_of_week(received, MONDAY + timedelta(hours=hours))
        assert chi_square(np.bincount(wrong, minlength=168), expected) > 2 * bound


def test_rate_over_the_horizon(tmp_path: Path) -> None:
    """The number of calls is rate x horizon, or what the profile makes of it, within four standard errors.

    From 13:37 to 20:10 on the next day: the profile must give 12 % more fires than the mean rate, and four
    standard errors are 2.5 %.
    """
    scenario = town(tmp_path, 30.55 / 168, fire=20_000.0, lift=20_000.0)
    timeline = dispatch.draw(scenario, 0)
    names = [kind.id for kind in scenario.kinds]
    days = scenario.file.horizon / 86_400
    fires = float(expected_by_hour(20_000.0, scenario.file.horizon).sum())
    assert fires > 1.1 * 20_000.0 * days
    for name, law in (("fire", fires), ("lift", 20_000.0 * days)):
        near(f"calls of {name}", int((timeline.kind == names.index(name)).sum()), law, law**0.5)
    assert timeline.received.min() >= 0.0
    assert timeline.received.max() < scenario.file.horizon
    assert (np.diff(timeline.received) >= 0.0).all()


def test_counts_are_dispersed_like_poisson(tmp_path: Path) -> None:
    """Variance / mean is 1: in 1,000 windows of one draw, and in 400 replications of a short one.

    Its standard error is sqrt(2 / (n - 1)), 0.045 and 0.071: calls in pairs (2), or at even distances (0),
    would be far off.
    """
    scenario = town(tmp_path / "long", 10, lift=600.0)
    counts, _ = np.histogram(dispatch.draw(scenario, 0).received, 1_000, (0.0, scenario.file.horizon))
    near("dispersion in time", counts.var(ddof=1) / counts.mean(), 1.0, (2 / 999) ** 0.5)
    short = town(tmp_path / "short", 1, fire=3.0, lift=2.0)
    totals = np.array([len(dispatch.draw(short, replication)) for replication in range(400)])
    near("dispersion over replications", totals.var(ddof=1) / totals.mean(), 1.0, (2 / 399) ** 0.5)
    near("mean over replications", totals.mean(), 35.0, (35.0 / 400) ** 0.5)


def test_gaps_are_exponential_and_independent(tmp_path: Path) -> None:
    """60,000 gaps of a steady stream: Kolmogorov-Smirnov, and no correlation over 1 to 5 gaps."""
    gaps = np.diff(dispatch.draw(town(tmp_path, 10, lift=857.0), 0).received)
    assert stats.kstest(gaps, "expon", args=(0.0, 86_400 / 857.0)).pvalue > 1 - SURE
    for lag in range(1, 6):
        shares = np.argsort(np.argsort(gaps))  # ranks, so that no long gap dominates
        value = np.corrcoef(shares[:-lag], shares[lag:])[0, 1]
        near(f"correlation over {lag} gaps", value, 0.0, len(gaps) ** -0.5)


def test_places_follow_their_weights(tmp_path: Path) -> None:
    """Zone weights, shared by residents in one stream and evenly in the other; 40,000 calls each."""
    scenario = town(tmp_path, WEEKS, fire=600.0, lift=600.0)
    timeline = dispatch.draw(scenario, 0)
    kinds, nodes = [kind.id for kind in scenario.kinds], scenario.network.node_ids
    laws = {
        "fire": {"A": 0.75 * 0.25, "B": 0.75 * 0.75, "D": 0.25},
        "lift": {"A": 1 / 6, "B": 1 / 6, "C": 1 / 6, "D": 1 / 2},
    }
    for name, law in laws.items():
        places = timeline.node[timeline.kind == kinds.index(name)]
        counts = {node: int((places == i).sum()) for i, node in enumerate(nodes)}
        assert sum(counts[node] for node in law) == len(places), "calls where none can be"
        shares = np.array(list(law.values()))
        value = chi_square(np.array([counts[node] for node in law]), shares * len(places))
        assert value < stats.chi2.ppf(SURE, len(law) - 1), (name, counts)


def luck(folder: Path) -> dict[str, Floats]:
    """All luck of 20,000 fires, by purpose (and slot), in the order of the calls."""
    timeline = dispatch.draw(town(folder, 10, fire=300.0), 0)
    by_slot = {"turnout": timeline.turnout_share, "on_scene": timeline.on_scene,
               "transport": timeline.transport, "hand_over": timeline.hand_over}  # fmt: skip
    gaps = np.diff(timeline.received, prepend=0.0)
    columns = {"gap": gaps, "place": timeline.node.astype(np.float64), "hour": timeline.received % 86_400}
    columns["processing"] = timeline.ready - timeline.received
    for name, values in by_slot.items():
        columns |= {f"{name} {slot}": values.reshape(-1, 3)[:, slot] for slot in range(3)}
    return columns


def test_luck_of_all_purposes_is_independent(tmp_path: Path) -> None:
    """Rank correlations of 16 columns, each with each, on 21,000 calls: |r| < 0.035 (five standard errors).

    Gap and hour of the day are left out: calls come faster at busy hours. Two purposes that shared a random
    stream would correlate by 1 or -1.
    """
    columns = luck(tmp_path)
    ranks = {name: stats.rankdata(values) for name, values in columns.items()}
    worst = {
        (a, b): abs(float(np.corrcoef(ranks[a], ranks[b])[0, 1]))
        for a, b in combinations(ranks, 2)
        if {a, b} != {"gap", "hour"}
    }
    pair = max(worst, key=worst.__getitem__)
    print(f"{len(worst)} pairs, worst {pair}: {worst[pair]:.4f}")
    assert worst[pair] < 5 * len(columns["gap"]) ** -0.5, pair
    for name in ("turnout 0", "turnout 1", "turnout 2"):
        assert stats.kstest(columns[name], "uniform").pvalue > 1 - SURE
    for name, mean in (
        ("processing", 60.0),
        ("on_scene 0", HOUR),
        ("transport 1", HOUR),
        ("hand_over 2", HOUR),
    ):
        assert stats.kstest(columns[name], "expon", args=(0.0, mean)).pvalue > 1 - SURE, name


@pytest.mark.parametrize("other", ["replication", "seed", "type"])
def test_streams_are_independent(tmp_path: Path, other: str) -> None:
    """Replications, seeds and incident types have luck of their own: counts by 20 min do not correlate."""
    scenario = town(tmp_path / "a", 10, lift=600.0)
    one, horizon = dispatch.draw(scenario, 0), scenario.file.horizon
    both = town(tmp_path / "b", 10, fire=600.0, lift=600.0)
    if other == "type":
        drawn = dispatch.draw(both, 0)
        kinds = [kind.id for kind in both.kinds]
        fires, lifts = (drawn.kind == kinds.index(name) for name in ("fire", "lift"))
        assert np.array_equal(drawn.received[lifts], one.received)  # another type moves no call of this one
        counts, also = (_by_window(drawn.received[mask], horizon) for mask in (fires, lifts))
    else:
        again = dispatch.draw(scenario.with_seed(2), 0) if other == "seed" else dispatch.draw(scenario, 1)
        counts, also = _by_window(one.received, horizon), _by_window(again.received, horizon)
        n = min(len(one.turnout_share), len(again.turnout_share))
        value = np.corrcoef(one.turnout_share[:n], again.turnout_share[:n])[0, 1]
        near("correlation of turnouts", float(value), 0.0, n**-0.5)
    value = np.corrcoef(counts, also)[0, 1]
    near("correlation of counts", float(value), 0.0, len(counts) ** -0.5)


def _by_window(received: Floats, horizon: float) -> Floats:
    counts, _ = np.histogram(received, int(horizon / 1_200), (0.0, horizon))
    return counts.astype(np.float64)
