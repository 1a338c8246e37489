"""Injects that change what comes in, resolved: authored calls, and surges of the random demand."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.errors import did_you_mean
from dispatch.model.base import SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dispatch.errors import Problems
    from dispatch.io.yaml_source import YamlDocument
    from dispatch.model.alarms import Report
    from dispatch.model.injects import Inject, InjectedIncident
    from dispatch.model.injects import Surge as WrittenSurge
    from dispatch.model.scenario import ScenarioFile
    from dispatch.scenario.places import Gazetteer
    from dispatch.scenario.scenario import Scenario

    Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class AuthoredCall:
    """A call of an inject, which comes in every replication."""

    id: str
    kind: int
    node: int
    priority: int
    received: float
    """Seconds from the scenario's start."""
    slots: tuple[int, ...]
    """The capability that each slot needs, in order of capability; empty where plans or type say it."""
    level: int | None = None
    """Alarm level instead of the type's, before report and uplifts."""
    report: Report | None = None
    """What is reported."""


@dataclass(frozen=True, slots=True, eq=False)
class Surge:
    """A time in which random calls of some kinds at some nodes come at a multiple of their rate."""

    number: int
    """1, 2, … in the order written; the surge's luck goes by it."""
    begins: float
    ends: float
    """Seconds from the scenario's start; the end is not in it."""
    factor: float
    kinds: frozenset[int]
    inside: Mask
    """Whether it holds at each node [N]."""

    def covers(self, kind: int, received: NDArray[np.float64], node: NDArray[np.int32]) -> Mask:
        """Return which calls of a kind it holds for [n]."""
        if kind not in self.kinds:
            return np.zeros(len(received), dtype=np.bool_)
        return (received >= self.begins) & (received < self.ends) & self.inside[node]


def growing_before(surges: tuple[Surge, ...], surge: Surge, kind: int) -> tuple[Surge, ...]:
    """Return the earlier surges of a kind with factors above 1 that overlap a surge in time."""
    return tuple(
        other
        for other in surges
        if other.number < surge.number
        and other.factor > 1.0
        and kind in other.kinds
        and other.begins < surge.ends
        and surge.begins < other.ends
    )


def most_added(surges: tuple[Surge, ...], surge: Surge, kind: int) -> float:
    """Return what a surge adds at most to the rate of a kind, as a multiple of the basic rate."""
    if surge.factor <= 1.0 or kind not in surge.kinds:
        return 0.0
    grown = [other.factor for other in growing_before(surges, surge, kind)]
    return (surge.factor - 1.0) * float(np.prod(grown))


def random_ids(scenario: Scenario) -> re.Pattern[str]:
    """Return what the ids of random calls look like; the group ``kind`` is the id of their type."""
    kinds = "|".join(re.escape(scenario.kinds[stream.kind].id) for stream in scenario.streams)
    return re.compile(f"(?P<kind>{kinds})(?:-surge-[0-9]+)?-[0-9]+" if kinds else "(?!)")


def most_calls(scenario: Scenario) -> float:
    """Return a bound of the random calls that are to be expected in one replication, with all surges."""
    horizon = scenario.file.horizon
    calls = horizon * sum(stream.rate for stream in scenario.streams)
    for surge in scenario.surges:
        time = max(min(surge.ends, horizon) - surge.begins, 0.0)
        for stream in scenario.streams:
            busiest = min(max(stream.hours, default=1.0) * time, time + SECONDS["w"])
            calls += stream.rate * busiest * most_added(scenario.surges, surge, stream.kind)
    return calls


def seconds_from_start(
    moment: float | datetime,
    file: ScenarioFile,
    where: str = "",
    problems: Problems | None = None,
    *,
    early: bool = False,
) -> float:
    """Return a moment in seconds from the start, 0 for one before it.

    Before the start is a problem, where problems are noted, unless it may be ``early``.
    """
    if not isinstance(moment, datetime):
        return moment
    if moment < file.start and not early and problems is not None:
        fact = f"{moment.isoformat()} is before the scenario's start ({file.start.isoformat()})"
        problems.add(where, fact, "Give a later moment.")
    return max((moment - file.start).total_seconds(), 0.0)


def with_injects(
    scenario: Scenario, document: YamlDocument, gazetteer: Gazetteer, problems: Problems
) -> Scenario:
    """Return a scenario with the calls and surges of its injects; usable only if no problem was noted."""
    reader = InjectReader(scenario.file, document, problems, scenario.capabilities)
    reader.check()
    calls = tuple(reader.calls(scenario, gazetteer))
    reader.check_ids(scenario, calls)
    early = [f"'{call.id}'" for call in calls if call.received < scenario.file.warm_up]
    notes = [f"Injected in the warm-up, and not measured: {', '.join(early)}."] if early else []
    return replace(
        scenario,
        authored=calls,
        surges=tuple(reader.surges(scenario)),
        notes=(*scenario.notes, *notes),
    )


@dataclass(frozen=True, slots=True)
class InjectReader:
    """Resolves injects of calls and surges, noting every problem."""

    file: ScenarioFile
    document: YamlDocument
    problems: Problems
    capabilities: tuple[str, ...]

    def _place(self, number: int, *keys: str | int) -> str:
        return self.document.place("injects", number, *keys)

    def _each(self, kind: str) -> Iterator[tuple[int, Inject]]:
        """Yield the injects that do one kind of thing, with their place in the list."""
        return ((i, inject) for i, inject in enumerate(self.file.injects) if kind in inject.kinds)

    def check(self) -> None:
        """Note what is wrong with moments, types and needs; all of that can be told without the network."""
        moments = ("incident", "surge", "message", "weather", "level", "recall", "order", "stage", "ask")
        for kind in (*moments, "supply"):
            for i, inject in self._each(kind):
                at = seconds_from_start(inject.at, self.file, self._place(i, "at"), self.problems)
                if at >= self.file.horizon:
                    fact = f"{at:g} s from the start is not before the 'horizon' ({self.file.horizon:g} s)"
                    self.problems.add(self._place(i, "at"), fact, "Give an earlier moment, or lengthen it.")
        for i, inject in self._each("incident"):
            assert inject.incident is not None
            self._check_type(inject.incident.type, i, "incident", "type")
            for name in inject.incident.units or ():
                if name not in self.capabilities:
                    fact = f"no unit type has the capability '{name}'"
                    remedy = did_you_mean(name, self.capabilities)
                    self.problems.add(self._place(i, "incident", "units", name), fact, remedy)
        for i, inject in self._each("surge"):
            assert inject.surge is not None
            self._check_surge(i, inject.surge)

    def _check_type(self, name: str, *where: str | int) -> None:
        if name not in self.file.incident_types:
            remedy = did_you_mean(name, self.file.incident_types)
            self.problems.add(self.document.place("injects", *where), f"no incident type '{name}'", remedy)

    def _check_surge(self, number: int, surge: WrittenSurge) -> None:
        """Note types that do not exist, or that have no random demand to multiply."""
        random = self.file.demand.poisson
        if surge.types is None and not random:
            fact = "a surge of random demand, of which there is none"
            self.problems.add(self._place(number, "surge"), fact, "Inject incidents instead.")
        for j, name in enumerate(surge.types or ()):
            self._check_type(name, number, "surge", "types", j)
            if name in self.file.incident_types and name not in random:
                fact = f"incident type '{name}' has no random demand, so that there is nothing to multiply"
                remedy = "Give it a rate in demand.poisson, or inject incidents instead."
                self.problems.add(self._place(number, "surge", "types", j), fact, remedy)

    def calls(self, scenario: Scenario, gazetteer: Gazetteer) -> Iterator[AuthoredCall]:
        """Yield the authored calls in the order written."""
        numbers = {kind.id: number for number, kind in enumerate(scenario.kinds)}
        seen: Counter[str] = Counter()
        for i, inject in self._each("incident"):
            written = inject.incident
            assert written is not None
            seen[written.type] += 1
            node = gazetteer.node(written.node, self._place(i, "incident", "node"))
            if node is None or written.type not in numbers:
                continue
            kind = scenario.kinds[numbers[written.type]]
            yield AuthoredCall(
                id=written.id or f"{written.type}-inject-{seen[written.type]}",
                kind=numbers[written.type],
                node=node,
                priority=written.priority or kind.type.priority,
                received=seconds_from_start(inject.at, self.file),
                slots=self._slots(written),
                level=written.level,
                report=written.report,
            )

    def _slots(self, written: InjectedIncident) -> tuple[int, ...]:
        needs = (written.units or {}).items()
        known = [(self.capabilities.index(name), n) for name, n in needs if name in self.capabilities]
        return tuple(number for number, n in sorted(known) for _ in range(n))

    def check_ids(self, scenario: Scenario, calls: tuple[AuthoredCall, ...]) -> None:
        """Note ids that another call has, or that a random one may get."""
        recorded = set(scenario.recorded.ids) if scenario.recorded is not None else set[str]()
        random = random_ids(scenario)
        taken: set[str] = set()
        injects = [i for i, inject in self._each("incident")]
        if len(calls) < len(injects):
            return  # some call is unusable, which has been noted
        for i, call in zip(injects, calls, strict=True):
            facts = {
                "another injected call has it": call.id in taken,
                "a recorded call has it": call.id in recorded,
                "a random call may get it": random.fullmatch(call.id) is not None,
            }
            for reason in (reason for reason, holds in facts.items() if holds):
                written = self.file.injects[i].incident
                where = ("incident", "id") if written is not None and written.id else ("incident",)
                self.problems.add(
                    self._place(i, *where), f"the id '{call.id}' is not free: {reason}", "Give another 'id'."
                )
            taken.add(call.id)

    def surges(self, scenario: Scenario) -> Iterator[Surge]:
        """Yield the surges in the order written."""
        for number, (i, inject) in enumerate(self._each("surge"), start=1):
            written = inject.surge
            assert written is not None
            begins = seconds_from_start(inject.at, self.file)
            streams = [
                stream
                for stream in scenario.streams
                if written.types is None or scenario.kinds[stream.kind].id in written.types
            ]
            inside = self._inside(scenario, i, written)
            if streams and inside.any() and not any(stream.weights[inside].any() for stream in streams):
                fact = "no random calls of these types come from these zones"
                self.problems.add(self._place(i, "surge", "zones"), fact, "See demand.poisson.")
            kinds = frozenset(stream.kind for stream in streams)
            for name in (f"{scenario.kinds[kind].id}-surge-{number}" for kind in sorted(kinds)):
                if name in self.file.incident_types:
                    fact = f"incident type '{name}' is called like the calls that the surge adds"
                    self.problems.add(self._place(i, "surge"), fact, "Rename the type.")
            yield Surge(number, begins, begins + written.lasts, written.factor, kinds, inside)

    def _inside(self, scenario: Scenario, number: int, written: WrittenSurge) -> Mask:
        """Return the nodes that a surge holds for [N]."""
        if written.zones is None:
            return np.ones(len(scenario.zone_of), dtype=np.bool_)
        inside = np.zeros(len(scenario.zone_of), dtype=np.bool_)
        for j, name in enumerate(written.zones):
            if name in scenario.zones:
                inside |= scenario.zone_of == scenario.zones.index(name)
            else:
                where = self._place(number, "surge", "zones", j)
                remedy = did_you_mean(name, scenario.zones) or "Define it in 'zones', or leave it out."
                self.problems.add(where, f"no zone '{name}'", remedy)
        return inside


def described(scenario: Scenario) -> list[dict[str, Any]]:
    """Return all injects of a scenario in the order written, as plain values."""
    found: list[dict[str, Any]] = []
    calls, surges = iter(scenario.authored), iter(scenario.surges)
    for inject in scenario.file.injects:
        (does,) = inject.kinds
        entry: dict[str, Any] = {"at": seconds_from_start(inject.at, scenario.file), "does": does}
        if does == "incident":
            entry |= _described_call(scenario, next(calls))
        elif does == "surge":
            entry |= _described_surge(scenario, next(surges))
        elif inject.message is not None:
            entry |= inject.message.model_dump(mode="json", by_alias=True)
        elif does in ("close", "reopen"):
            entry["closure"] = inject.close or inject.reopen
        else:
            entry |= getattr(inject, does).model_dump(mode="json", by_alias=True, exclude_none=True)
        found.append(entry)
    return found


def _described_call(scenario: Scenario, call: AuthoredCall) -> dict[str, Any]:
    slots = call.slots or (scenario.kinds[call.kind].slots if scenario.plans is None else ())
    told: dict[str, Any] = {
        "id": call.id,
        "type": scenario.kinds[call.kind].id,
        "node": scenario.network.node_ids[call.node],
        "priority": call.priority,
        "units": dict(Counter(scenario.capabilities[slot] for slot in slots)),
    }
    if call.level is not None:
        told["level"] = call.level
    if call.report is not None:
        told["report"] = call.report.model_dump(mode="json", exclude_none=True)
    return told


def _described_surge(scenario: Scenario, surge: Surge) -> dict[str, Any]:
    zones = [scenario.zones[i] for i in sorted(set(scenario.zone_of[surge.inside].tolist()) - {-1})]
    return {
        "factor": surge.factor,
        "until": min(surge.ends, scenario.file.horizon),
        "types": [scenario.kinds[kind].id for kind in sorted(surge.kinds)],
        "zones": [] if surge.inside.all() else zones,
    }
