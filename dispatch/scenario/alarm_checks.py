"""What can be wrong with alarm levels in a scenario file, each with its place and remedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dispatch.errors import did_you_mean
from dispatch.scenario.alarms import holds_for
from dispatch.scenario.grading import scale

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dispatch.errors import Problems
    from dispatch.io.yaml_source import YamlDocument
    from dispatch.model.alarms import Alarm, Uplift
    from dispatch.model.incidents import IncidentType
    from dispatch.model.injects import InjectedIncident
    from dispatch.model.scenario import ScenarioFile
    from dispatch.scenario.places import Gazetteer

Where = tuple[str | int, ...]


def check_alarms(
    file: ScenarioFile, document: YamlDocument, problems: Problems, gazetteer: Gazetteer | None = None
) -> None:
    """Note every problem of alarm levels; names of nodes and zones only where the network is known."""
    checker = _Checker(file, document, problems, gazetteer)
    for name, kind in sorted(file.incident_types.items()):
        if kind.alarm is not None:
            checker.alarm(kind.alarm, ("incident_types", name, "alarm"))
            checker.one_level(kind, ("incident_types", name, "level"))
    checker.rules()
    for i, inject in enumerate(file.injects):
        if inject.incident is not None:
            checker.call(inject.incident, ("injects", i, "incident"))


@dataclass(frozen=True, slots=True)
class _Checker:
    file: ScenarioFile
    document: YamlDocument
    problems: Problems
    gazetteer: Gazetteer | None

    def _note(self, where: Where, fact: str, remedy: str) -> None:
        self.problems.add(self.document.place(*where), fact, remedy)

    def _level(self, level: int, alarm: Alarm, where: Where) -> bool:
        """Return whether a level is on the scale, noting it where it is not."""
        top = scale(alarm.scale).top
        if level > top:
            fact = f"the scale '{alarm.scale}' has no level {level}"
            self._note(where, fact, f"Give a level from 1 to {top}.")
        return level <= top

    def alarm(self, alarm: Alarm, where: Where) -> None:
        """Check the levels of an incident type."""
        self._level(alarm.level, alarm, (*where, "level"))
        for level in alarm.severity or ():
            self._level(level, alarm, (*where, "severity", str(level)))
        if alarm.severity is not None and sum(alarm.severity.values()) <= 0:
            fact = "all shares are zero"
            self._note((*where, "severity"), fact, "Give at least one level a share above zero.")
        within = alarm.control_within
        for level in within if isinstance(within, dict) else ():
            at = (*where, "control_within", str(level))
            if self._level(level, alarm, at) and level == scale(alarm.scale).top:
                fact = f"level {level} is the top of the scale '{alarm.scale}': nothing to raise it to"
                self._note(at, fact, "Remove it.")

    def one_level(self, kind: IncidentType, where: Where) -> None:
        """Check that type and ``alarm`` do not state two levels."""
        if kind.alarm is not None and kind.level not in (None, kind.alarm.level):
            fact = f"two levels: 'level' is {kind.level}, and 'alarm.level' is {kind.alarm.level}"
            self._note(where, fact, "Remove 'level', or make them the same.")

    def rules(self) -> None:
        """Check the rules that hold for all types."""
        rules, graded = self.file.alarm, self._graded()
        if rules is None:
            return
        if not graded:
            remedy = "Give a type 'alarm: {level: …}', or remove the rules."
            self._note(("alarm",), "rules for alarm levels, which no incident type has", remedy)
        for i, uplift in enumerate(rules.uplifts):
            self._uplift(uplift, ("alarm", "uplifts", i), graded)
        self._places(rules.dry, ("alarm", "dry"))

    def _graded(self) -> dict[str, Alarm]:
        return {name: kind.alarm for name, kind in self.file.incident_types.items() if kind.alarm is not None}

    def _uplift(self, uplift: Uplift, where: Where, graded: dict[str, Alarm]) -> None:
        for i, name in enumerate(uplift.types or ()):
            at = (*where, "types", i)
            if name not in self.file.incident_types:
                self._note(at, f"no incident type '{name}'", did_you_mean(name, self.file.incident_types))
            elif name not in graded:
                fact = f"incident type '{name}' has no 'alarm', so that there is no level to raise"
                self._note(at, fact, "Give it one, or leave it out here.")
            elif not holds_for(uplift, name, graded[name]):
                fact = f"incident type '{name}' is on the scale '{graded[name].scale}'"
                self._note(at, fact, f"Leave it out, or remove 'scale: {uplift.scale}'.")
        self._places(uplift.zones, (*where, "zones"))
        self._nodes(uplift.key_unit_nodes, (*where, "key_unit_nodes"))
        if uplift.risk and not {zone.risk for zone in self.file.zones.values()} & set(uplift.risk):
            fact = f"no zone has the risk {' or '.join(uplift.risk)}"
            self._note((*where, "risk"), fact, f"Give a zone 'risk: {uplift.risk[0]}', or remove the uplift.")

    def _places(self, names: Iterable[str], where: Where) -> None:
        for i, name in enumerate(names):
            if self.gazetteer is not None:
                self.gazetteer.nodes(name, self.document.place(*where, i))

    def _nodes(self, names: Iterable[str], where: Where) -> None:
        for i, name in enumerate(names):
            if self.gazetteer is not None:
                self.gazetteer.node(name, self.document.place(*where, i))

    def call(self, call: InjectedIncident, where: Where) -> None:
        """Check level and report of an injected call."""
        kind = self.file.incident_types.get(call.type)
        given = [key for key in ("level", "report") if getattr(call, key) is not None]
        if kind is None or not given:
            return
        if kind.alarm is None:
            for key in given:
                fact = f"'{key}' of a call whose incident type '{call.type}' has no 'alarm'"
                self._note((*where, key), fact, "Give the type one, or remove it here.")
            return
        if call.level is not None:
            self._level(call.level, kind.alarm, (*where, "level"))
        scenes = scale(kind.alarm.scale).file.scenes
        if call.report is not None and call.report.scene is not None and call.report.scene not in scenes:
            fact = f"no class of scenes '{call.report.scene}' on the scale '{kind.alarm.scale}'"
            remedy = did_you_mean(call.report.scene, scenes)
            self._note((*where, "report", "scene"), fact, remedy)
