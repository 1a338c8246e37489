"""Injects that command: rises of level, recalls, orders; and weather. Resolved and checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from math import inf
from typing import TYPE_CHECKING

from dispatch.errors import did_you_mean
from dispatch.scenario.grading import scale
from dispatch.scenario.injects import random_ids, seconds_from_start
from dispatch.scenario.items import WATER, Reader

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator

    from dispatch.errors import Problems
    from dispatch.io.yaml_source import YamlDocument
    from dispatch.model.injects import Inject, SupplyOrder
    from dispatch.scenario.places import Gazetteer
    from dispatch.scenario.scenario import Scenario


@dataclass(frozen=True, slots=True)
class WeatherTime:
    """A time of weather that matters."""

    title: str
    begins: float
    ends: float
    """Seconds from the scenario's start; infinite where it never ends."""
    speed_factor: float
    """What speeds are multiplied by; 1 where it slows nobody."""
    uplift: bool
    """Whether uplifts of alarm levels for weather hold."""


@dataclass(frozen=True, slots=True)
class Command:
    """Something that is ordered at a moment."""

    moment: float
    """Seconds from the scenario's start."""
    does: str
    """``level``, ``recall``, ``order``, ``stage``, ``ask`` or ``supply``."""
    incident: str = ""
    """Id of a call."""
    unit: str = ""
    """Id of a unit."""
    station: str = ""
    """Id of a station."""
    level: int = 0
    replace: bool = False
    """Whether the place of a recalled unit is open again."""
    node: int = -1
    """Where a unit waits that is staged."""
    agreement: int = -1
    """Number of the agreement under which units are asked for."""
    number: int = 0
    """How many units are asked for."""
    item: int = -1
    """Number of the item that is ordered."""
    amount: int = 0
    """How much of it, in quanta."""
    depot: str = ""
    """Id of the depot that is to send it; empty for any."""


def weather_times(scenario: Scenario) -> tuple[WeatherTime, ...]:
    """Return the weather of a scenario in the order written."""
    file, found = scenario.file, []
    for inject in file.injects:
        if inject.weather is not None:
            at = seconds_from_start(inject.at, file)
            lasts = inf if inject.weather.lasts is None else inject.weather.lasts
            slow = inject.weather.speed_factor or 1.0
            found.append(WeatherTime(inject.weather.title, at, at + lasts, slow, inject.weather.uplift))
    return tuple(found)


def commands(
    scenario: Scenario, document: YamlDocument, gazetteer: Gazetteer, problems: Problems
) -> tuple[Command, ...]:
    """Return what is ordered, by moment and in the order written, noting what is wrong.

    Of the scenario everything else that commands name is known already.
    """
    known = _Known.of(scenario)
    found = []
    for i, inject in enumerate(scenario.file.injects):
        place = partial(document.place, "injects", i)
        moment = seconds_from_start(inject.at, scenario.file, place("at"), problems)
        for command in _commands(inject, moment):
            for fact, remedy in known.wrong(scenario, command):
                problems.add(place(command.does), fact, remedy)
            for fact, remedy in known.too_high(scenario, command):
                problems.add(place("level", "level"), fact, remedy)
            found.append(_resolved(scenario, inject, command, gazetteer, place, problems))
    return tuple(sorted(found, key=lambda command: command.moment))


def _resolved(
    scenario: Scenario,
    inject: Inject,
    command: Command,
    gazetteer: Gazetteer,
    place: Callable[..., str],
    problems: Problems,
) -> Command:
    """Return a command with the places, agreements and goods that it names looked up."""
    if inject.stage is not None:
        node = gazetteer.node(inject.stage.node, place("stage", "node"))
        return command if node is None else replace(command, node=node)
    if inject.ask is not None:
        names = [each.id for each in scenario.agreements]
        if inject.ask.agreement in names:
            return replace(command, agreement=names.index(inject.ask.agreement), number=inject.ask.units)
        if inject.ask.agreement not in scenario.file.agreements:  # or else what is wrong with it is told
            remedy = did_you_mean(inject.ask.agreement, names) or "Define it under 'agreements'."
            problems.add(place("ask", "agreement"), f"no agreement '{inject.ask.agreement}'", remedy)
    if inject.supply is not None:
        return _with_goods(scenario, inject.supply, command, place, problems)
    return command


def _with_goods(
    scenario: Scenario,
    order: SupplyOrder,
    command: Command,
    place: Callable[..., str],
    problems: Problems,
) -> Command:
    """Return an order of supplies with its item, amount and depot looked up."""
    book = scenario.supplies
    sites = [site.id for sites in book.depots.values() for site in sites] if book is not None else []
    if book is None or not sites:
        problems.add(place("supply"), "no layout has a depot that could send anything", "Define 'depots'.")
        return command
    reader = Reader({item.id: item for item in book.items}, problems)
    item = reader.item(order.item, place("supply", "item"))
    if order.depot is not None and order.depot not in sites:
        remedy = did_you_mean(order.depot, sites)
        problems.add(place("supply", "depot"), f"no depot '{order.depot}' in any layout", remedy)
    if item is None:
        return command
    if item.id == WATER and not book.simulates_water:
        fact = "no water is simulated, so that none can be ordered"
        problems.add(place("supply", "item"), fact, "Define 'water', or list water in a depot.")
    noted = len(problems.found)
    amount = reader.quanta(item, order.amount, place("supply", "amount"), up=True)
    if amount == 0 and len(problems.found) == noted:
        problems.add(place("supply", "amount"), "nothing is ordered", "Give an amount above zero.")
    return replace(command, item=book.number[item.id], amount=amount, depot=order.depot or "")


def _commands(inject: Inject, moment: float) -> Iterator[Command]:
    if inject.level is not None:
        yield Command(moment, "level", incident=inject.level.incident, level=inject.level.level)
    elif inject.recall is not None:
        yield Command(moment, "recall", unit=inject.recall.unit, replace=inject.recall.replace)
    elif inject.order is not None:
        target = inject.order.incident or "", inject.order.station or ""
        yield Command(moment, "order", incident=target[0], station=target[1], unit=inject.order.unit)
    elif inject.stage is not None:
        yield Command(moment, "stage", incident=inject.stage.incident, unit=inject.stage.unit)
    elif inject.ask is not None:
        yield Command(moment, "ask", incident=inject.ask.incident)
    elif inject.supply is not None:
        yield Command(moment, "supply", incident=inject.supply.incident)


@dataclass(frozen=True, slots=True)
class _Known:
    """Ids that commands may name."""

    units: frozenset[str]
    stations: frozenset[str]
    authored: dict[str, int]
    """Kind of each injected call by id."""
    recorded: frozenset[str]
    random: re.Pattern[str]
    """Ids that random calls may get."""

    @classmethod
    def of(cls, scenario: Scenario) -> _Known:
        return cls(
            units=frozenset(unit for layout in scenario.layouts.values() for unit, _ in layout.units),
            stations=frozenset(site.id for layout in scenario.layouts.values() for site in layout.sites),
            authored={call.id: call.kind for call in scenario.authored},
            recorded=frozenset(() if scenario.recorded is None else scenario.recorded.ids),
            random=random_ids(scenario),
        )

    def wrong(self, scenario: Scenario, command: Command) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with a command, and the remedy."""
        if command.does in ("recall", "order", "stage") and command.unit not in self.units:
            yield f"no unit '{command.unit}' in any layout", did_you_mean(command.unit, self.units)
        if command.station and command.station not in self.stations:
            yield (
                f"no station '{command.station}' in any layout",
                did_you_mean(command.station, self.stations),
            )
        for_call = command.does in ("order", "stage", "ask", "supply") and not command.station
        if for_call and not self.has_call(command.incident):
            remedy = did_you_mean(command.incident, [*self.authored, *self.recorded])
            remedy = remedy or "Inject an incident with this id, or name one such as a random call may get."
            yield f"no call '{command.incident}'", remedy
        if command.does == "level":
            kind, fact, remedy = self.kind_with_levels(scenario, command.incident)
            if kind is None:
                yield fact, remedy

    def has_call(self, incident: str) -> bool:
        """Whether a call has an id, or may get it."""
        known = incident in self.authored or incident in self.recorded
        return known or self.random.fullmatch(incident) is not None

    def too_high(self, scenario: Scenario, command: Command) -> Iterator[tuple[str, str]]:
        """Yield that the scale of the call's type has no such level, and the remedy."""
        kind = self.kind_with_levels(scenario, command.incident)[0] if command.does == "level" else None
        alarm = None if kind is None else scenario.kinds[kind].type.alarm
        if alarm is not None and command.level > (top := scale(alarm.scale).top):
            yield f"the scale '{alarm.scale}' has no level {command.level}", f"Give a level from 1 to {top}."

    def kind_with_levels(self, scenario: Scenario, incident: str) -> tuple[int | None, str, str]:
        """Return the kind of a call with alarm levels; None where it has none, why, and a remedy."""
        random = self.random.fullmatch(incident)
        if incident in self.authored:
            kind = self.authored[incident]
        elif random is not None:
            kind = next(n for n, each in enumerate(scenario.kinds) if each.id == random["kind"])
        else:
            remedy = did_you_mean(incident, self.authored)
            remedy = remedy or "Name an injected call, or one such as a random call may get."
            return None, f"no call '{incident}' that has alarm levels", remedy
        if scenario.kinds[kind].type.alarm is None:
            fact = f"calls of type '{scenario.kinds[kind].id}' have no alarm levels"
            return None, fact, "Give the type an 'alarm'."
        return kind, "", ""


def too_early(scenario: Scenario) -> Iterator[str]:
    """Yield a note for each command for an injected call that comes before the call does."""
    received = {call.id: call.received for call in scenario.authored}
    for command in scenario.commands:
        if command.moment < received.get(command.incident, 0.0):
            what = f"order to '{command.unit}'" if command.unit else command.does
            yield (
                f"inject '{command.does}' at {command.moment:g} s: the {what} for call '{command.incident}' "
                f"comes before the call ({received[command.incident]:g} s), so that nothing happens."
            )


def kind_with_levels(scenario: Scenario, incident: str) -> tuple[int | None, str, str]:
    """Return the kind of a call with alarm levels, by its id; None where it has none, why, and a remedy.

    Recorded calls have none.
    """
    return _Known.of(scenario).kind_with_levels(scenario, incident)
