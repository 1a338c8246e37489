"""The past stands: what is injected at a moment changes nothing that happens before it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import assume, given
from hypothesis import strategies as st

import dispatch
from dispatch.errors import ScenarioError
from dispatch.regression.events import Event, events_of
from dispatch.study.opening import load
from tests.properties.appending import injects
from tests.properties.closing import closed_worlds
from tests.properties.test_reliefs import relieved
from tests.properties.test_staging import staged
from tests.properties.test_supplies import worlds as supplied
from tests.properties.test_tiers import helped, laddered
from tests.properties.worlds import law
from tests.small import small

if TYPE_CHECKING:
    import pytest

    from dispatch import Log, Scenario
    from tests.properties.worlds import World

SHIPPED = Path(__file__).parents[2] / "scenarios"
FILES = sorted(
    path
    for folder in (SHIPPED, SHIPPED / "regression")
    for path in folder.glob("*.yaml")
    if not path.name.endswith(".expected.yaml")
)


def before(log: Log, moment: float) -> list[Event]:
    return [event for event in events_of(log) if event.time < moment]


def check_past(path: Path, data: st.DataObject, steps: int = 2) -> None:
    """Append injects one after the other, as somebody would who plays, and look at what was before."""
    scenario: Scenario = load(path)
    log, more = dispatch.simulate(scenario), list[tuple[str, dict[str, Any]]]()
    moments = data.draw(
        st.lists(st.floats(0, 0.99) | st.integers(0, 20), min_size=steps, max_size=steps).map(
            lambda some: sorted(_moment(each, scenario, log) for each in some)
        )
    )
    for moment in moments:
        inject = data.draw(injects(scenario, log, moment))
        try:
            scenario = load(path, more=[*more, ("order", inject)])
        except ScenarioError:
            continue
        more.append(("order", inject))
        later = dispatch.simulate(scenario)
        assert before(later, moment) == before(log, moment), (moment, inject)
        log = later
    assume(more)


def _moment(drawn: float, scenario: Scenario, log: Log) -> float:
    """Return a moment: a share of the horizon, or that of something that happens."""
    times = [event.time for event in events_of(log) if 0 < event.time < scenario.file.horizon]
    if isinstance(drawn, int) and times:
        return times[len(times) * drawn // 21]
    return drawn % 1.0 * scenario.file.horizon


@given(st.sampled_from(FILES), st.data())
@law(60)
def test_the_past_of_shipped_scenarios_stands(path: Path, data: st.DataObject) -> None:
    check_past(path, data)


@given(closed_worlds() | staged() | helped() | laddered() | relieved(), st.data())
@law(60)
def test_the_past_of_drawn_worlds_stands(world: World, data: st.DataObject) -> None:
    with world.folder() as path:
        check_past(path, data)


@given(supplied(), st.data())
@law(40)
def test_the_past_of_supplies_stands(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[str, Any], data: st.DataObject
) -> None:
    check_past(small(tmp_path_factory.mktemp("supplies"), **changes).path, data)
