"""One replication of few layouts, simulated again: what the map plays, and what charts of one day show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dispatch.briefing.frame import Frame
from dispatch.briefing.playing import playback, sampled_calls
from dispatch.briefing.stretches import stretch
from dispatch.composition import find_layout, simulate
from dispatch.errors import UsageError
from dispatch.timeline import draw

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dispatch.briefing.payload import Playback, SampledCalls
    from dispatch.engine.log import Log
    from dispatch.scenario.scenario import Scenario


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A replication of some layouts."""

    replication: int
    logs: dict[str, Log]
    """By layout, in the order in which they were asked for."""
    begin: float
    end: float
    why: str
    """The stretch that is played, and why it is this one; the same for all layouts."""
    calls: SampledCalls | None
    """None where the network has no coordinates."""
    playbacks: tuple[Playback, ...]

    @property
    def last(self) -> tuple[str, Log]:
        """The last layout with its log."""
        return list(self.logs.items())[-1]


def sample(
    scenario: Scenario,
    layouts: Sequence[str],
    replication: int,
    day: int | None,
    step: Callable[[str], None],
) -> Sample:
    """Simulate one replication of layouts on the same luck."""
    timeline = draw(scenario, replication)
    logs: dict[str, Log] = {}
    for layout in dict.fromkeys(layouts):
        step(f"simulating {layout}")
        logs[layout] = simulate(scenario, find_layout(scenario, layout), timeline)
    first = next(iter(logs.values()))
    begin, end, why = stretch(first, day)
    frame = Frame.of(scenario.network)
    if frame is None:
        return Sample(replication, logs, begin, end, why, None, ())
    played = tuple(
        playback(log, begin=begin, end=end, why=why, layout=name, replication=replication, frame=frame)
        for name, log in logs.items()
    )
    last, log = list(logs.items())[-1]
    return Sample(replication, logs, begin, end, why, sampled_calls(log, last, replication, frame), played)


def chosen(layouts: Sequence[str], play: Sequence[str], replication: int, count: int) -> tuple[str, ...]:
    """Return the layouts to play: those asked for, or the first and the last; raises UsageError."""
    for layout in play:
        if layout not in layouts:
            message = f"--play {layout}: the study has no such layout."
            raise UsageError(message, hint=f"Choose among {', '.join(layouts)}.")
    if not 0 <= replication < count:
        message = f"--replication {replication}: the study has {count}."
        raise UsageError(message, hint=f"Give one from 0 to {count - 1}.")
    return tuple(dict.fromkeys(play or (layouts[0], layouts[-1])))
