"""The plans of a scenario at its places: who comes to an incident of a type, at a node, level and moment."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np

from dispatch.errors import did_you_mean
from dispatch.scenario.grading import highest_level
from dispatch.scenario.kinds import slots_of_card
from dispatch.scenario.matching import REINFORCEMENT, Match, Question, Raised, covers, first_level, match
from dispatch.scenario.plan_library import build

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from numpy.typing import NDArray

    from dispatch.errors import Problems
    from dispatch.io.yaml_source import YamlDocument
    from dispatch.model.base import Place
    from dispatch.model.incidents import IncidentType
    from dispatch.model.plans import Force, Staging
    from dispatch.model.scenario import ScenarioFile
    from dispatch.scenario.matching import KnownPlan, Library
    from dispatch.scenario.places import Gazetteer
    from dispatch.scenario.plan_library import Merged

    Crews = dict[int, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Spot:
    """What plans can know of a node; nodes that are alike share one."""

    key_unit: str
    zones: tuple[str, ...]
    area_classes: tuple[str, ...]
    nodes: int
    """How many nodes there are of the kind."""

    def __str__(self) -> str:
        """Return the spot in words."""
        if self.key_unit:
            return f"key unit '{self.key_unit}'"
        return f"zone '{self.zones[0]}'" if self.zones else "nodes without a zone"


@dataclass(frozen=True, slots=True)
class ResolvedCard:
    """Who comes at a level, as this scenario simulates it; never fewer than at a lower level."""

    plan: str
    """Id of the plan; empty for a type's own run card."""
    level: int
    slots: tuple[int, ...]
    """The capability that each slot needs, in order of capability, as in ``Kind.slots``."""
    crew: tuple[int, ...]
    """The smallest crew of each slot, 0 where none is stated; the largest first within a capability."""
    notify: tuple[str, ...] = ()
    command: str = ""
    staging: Staging | None = None
    supplies: tuple[tuple[str, str], ...] = ()
    """What else is taken along or asked for, with amounts in words."""
    least: Force | None = None
    """The minimum force of the level, of which stations are not simulated."""

    @property
    def crews(self) -> Crews:
        """The smallest crews of the slots by capability, the largest first."""
        found: Crews = {}
        for number, each in zip(self.slots, self.crew, strict=True):
            found[number] = (*found.get(number, ()), each)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Plans:
    """The plans of a scenario, resolved; usable only if no problem was noted."""

    library: Library
    words: Mapping[str, str]
    """Titles of capabilities by the plans' words."""
    origin: Merged
    types: tuple[tuple[str, IncidentType], ...]
    """Incident types in order of id."""
    classes: tuple[str | None, ...]
    """Class of each type, None where the tree has none."""
    run_cards: tuple[tuple[int, ...], ...]
    """Slots of each type's own run card, which stands in for a plan; empty where it may not."""
    capability_of: Mapping[str, int | None]
    """Word → number of a capability, None where it is not simulated."""
    spots: tuple[Spot, ...]
    spot_of: NDArray[np.int32]
    """Spot of each node [N]."""
    days: tuple[date, ...]
    """First day of each span of time in which the same plans hold."""
    begins: tuple[float, ...]
    """When those spans begin, in seconds from the start; the last one lasts for ever."""
    start: datetime
    areas: Mapping[Place, int]
    """Nodes of staging areas, by what the plans say of them."""
    _matches: dict[tuple[int, int, int, int], Match | None] = field(default_factory=dict)
    _cards: dict[tuple[int, int, int, int], ResolvedCard] = field(default_factory=dict)

    @property
    def stages(self) -> bool:
        """Whether some plan lets units wait at a staging area."""
        written = (cards for plan in self.library.plans.values() for cards in plan.cards)
        rules = (card.staging for cards in written for card in cards.values())
        return any(rule is not None and rule.waits for rule in rules)

    def top(self, kind: int) -> int:
        """Return the highest alarm level of a type."""
        name = self.classes[kind]
        return highest_level() if name is None else self.library.top(name)

    def _question(self, kind: int, spot: int, level: int, on: date) -> Question | None:
        name, at = self.classes[kind], self.spots[spot]
        return None if name is None else Question(name, level, on, at.key_unit, at.zones, at.area_classes)

    def on(self, day: date) -> Plans:
        """Return the plans as they are on one day."""
        return replace(self, days=(day,), begins=(0.0,), _matches={}, _cards={})

    def _span(self, moment: float) -> int:
        return max(bisect_right(self.begins, moment) - 1, 0)

    def match_at(self, kind: int, spot: int, level: int, span: int) -> Match | None:
        """Return the plan for a type at a spot in a span of time, and why; None without a class."""
        key = (kind, spot, level, span)
        if key not in self._matches:
            question = self._question(kind, spot, level, self.days[span])
            self._matches[key] = None if question is None else match(self.library, question)
        return self._matches[key]

    def first_level_at(self, kind: int, spot: int, span: int) -> int:
        """Return the level of the first alarm: the type's, or the lowest for which the plan has a card."""
        stated = self.stated_level(kind)
        if stated is not None:
            return stated
        matched = []
        for level in range(1, self.top(kind) + 1):
            found = self.match_at(kind, spot, level, span)
            if found is None or found.chosen is None:
                continue
            matched.append(level)
            lowest = first_level(self.library, found.chosen.plan, found.question.name)
            if lowest is not None and lowest <= level:
                return level
        return min(matched, default=1)

    def stated_level(self, kind: int) -> int | None:
        """Return the level of the first alarm that a type states, itself or by its ``alarm``."""
        written = self.types[kind][1]
        if written.level is not None or written.alarm is None:
            return written.level
        return written.alarm.level

    def first_level(self, kind: int, node: int, moment: float) -> int:
        """Return the alarm level of the first alarm of a type at a node."""
        return self.first_level_at(kind, *self.place(node, moment))

    def place(self, node: int, moment: float) -> tuple[int, int]:
        """Return what decides about plans besides type and level: spot and span of time, by number."""
        return int(self.spot_of[node]), self._span(moment)

    def card(self, kind: int, node: int, level: int, moment: float) -> ResolvedCard:
        """Return who comes to a type at a node, level and moment (seconds from the start).

        Every slot of a lower level is one of the higher level, too, whatever plans they are.
        """
        spot, span = self.place(node, moment)
        return self.card_at(kind, spot, level, span)

    def card_at(self, kind: int, spot: int, level: int, span: int) -> ResolvedCard:
        """Return who comes to a type at a spot and level in a span of time."""
        key = (kind, spot, level, span)
        if key not in self._cards:
            self._cards[key] = self._card(*key)
        return self._cards[key]

    def _card(self, kind: int, spot: int, level: int, span: int) -> ResolvedCard:
        crews = self._crews(kind, spot, level, span)
        if level > 1:
            crews = _greatest(crews, self.card_at(kind, spot, level - 1, span).crews)
        if not crews and level >= self.first_level_at(kind, spot, span):
            crews = self._run_card(kind)
        slots = tuple(number for number in sorted(crews) for _ in crews[number])
        crew = tuple(each for number in sorted(crews) for each in crews[number])
        found = self.match_at(kind, spot, level, span)
        if found is None or found.card is None or found.chosen is None:
            return ResolvedCard("", level, slots, crew)
        card = found.card
        return ResolvedCard(
            plan=found.chosen.plan.id,
            level=level,
            slots=slots,
            crew=crew,
            notify=card.notify,
            command=card.command,
            staging=card.staging,
            supplies=tuple(sorted(card.supplies.items())),
            least=card.least,
        )

    def _crews(self, kind: int, spot: int, level: int, span: int) -> Crews:
        """Return the crew of each needed unit by capability, of the level's own card.

        Without a plan these are those of the type's run card, which states no crews; below the level of the
        first alarm it does not count.
        """
        found = self.match_at(kind, spot, level, span)
        crews: Crews = {}
        if found is None or found.card is None:
            return self._run_card(kind) if level >= self.first_level_at(kind, spot, span) else crews
        for word, need in found.card.units.items():
            number_of = self.capability_of.get(word)
            if number_of is not None:
                both = (*crews.get(number_of, ()), *[need.crew or 0] * need.units)
                crews[number_of] = tuple(sorted(both, reverse=True))
        return crews

    def raised_at(
        self, kind: int, spot: int, level: int, span: int, capabilities: tuple[str, ...]
    ) -> tuple[Raised, ...]:
        """Return what cards of other plans at lower levels add to that of a level."""
        own, found = self._crews(kind, spot, level, span), []
        for number, sent in sorted(self.card_at(kind, spot, level, span).crews.items()):
            has = own.get(number, ())
            less = [n for n, crew in enumerate(sent) if n >= len(has) or crew > has[n]]
            for below in range(1, level) if less else ():
                lower = self.card_at(kind, spot, below, span)
                crews = lower.crews.get(number, ())
                if all(n < len(crews) and crews[n] >= sent[n] for n in less):
                    found.append(Raised(capabilities[number], has, sent, below, lower.plan))
                    break
        return tuple(found)

    def _run_card(self, kind: int) -> Crews:
        return {number: (0,) * count for number, count in Counter(self.run_cards[kind]).items()}

    def first_alarm(self, kind: int, node: int, moment: float) -> ResolvedCard:
        """Return who comes first to a type at a node and moment (seconds from the start)."""
        spot, span = self.place(node, moment)
        return self.card_at(kind, spot, self.first_level_at(kind, spot, span), span)

    def first_slots(self, kind: int, node: int, moment: float) -> tuple[int, ...]:
        """Return what the first alarm of a type at a node and moment needs, as slots."""
        return self.first_alarm(kind, node, moment).slots


def _greatest(a: Crews, b: Crews) -> Crews:
    """Return the greater number of units of each capability, and unit by unit the greater crew."""
    result: Crews = {}
    for number in {*a, *b}:
        mine, theirs = a.get(number, ()), b.get(number, ())
        length = max(len(mine), len(theirs))
        padded = ((*each, *[0] * (length - len(each))) for each in (mine, theirs))
        result[number] = tuple(max(pair) for pair in zip(*padded, strict=True))
    return result


def resolve_plans(
    file: ScenarioFile,
    merged: Merged,
    gazetteer: Gazetteer,
    capabilities: tuple[str, ...],
    document: YamlDocument,
    problems: Problems,
) -> Plans:
    """Return a scenario's plans with every name resolved; problems are noted."""
    spots, spot_of = _spots(merged, gazetteer, document, problems)

    def extent(plan: KnownPlan) -> int:
        return sum(at.nodes for at in spots if covers(plan, at.key_unit, at.zones, at.area_classes))

    library = build(merged, problems, gazetteer.zones, extent)
    stands_in = merged.library.unmatched == "run_card"
    types = tuple(sorted(file.incident_types.items()))
    days = _days(library, file)
    zone = file.start.tzinfo
    begins = [(datetime.combine(day, time(0), tzinfo=zone) - file.start).total_seconds() for day in days]
    return Plans(
        library=library,
        words=merged.words,
        origin=merged,
        types=types,
        classes=tuple(
            name if (name := kind.classed_as or key) in library.paths else None for key, kind in types
        ),
        run_cards=tuple(slots_of_card(kind, capabilities) if stands_in else () for _, kind in types),
        capability_of=_capabilities(merged, capabilities, document, problems),
        spots=spots,
        spot_of=spot_of,
        days=days,
        begins=(0.0, *begins[1:]),
        start=file.start,
        areas=_areas(merged, gazetteer),
    )


def _areas(merged: Merged, gazetteer: Gazetteer) -> dict[Place, int]:
    """Return the nodes of staging areas; those that are not in the network are noted."""
    found: dict[Place, int] = {}
    for name, plan in sorted(merged.library.own.items()):
        for level, card in sorted(plan.cards.items()):
            if card.staging is not None and card.staging.at is not None:
                where = merged.place("plans", name, "cards", str(level), "staging", "at")
                node = gazetteer.node(card.staging.at, where)
                if node is not None:
                    found[card.staging.at] = node
    return found


def _days(library: Library, file: ScenarioFile) -> tuple[date, ...]:
    """Return the start's day, and the days until the horizon on which some plan begins or ceases to hold."""
    first = file.start.date()
    last = (file.start + timedelta(seconds=file.horizon)).date()
    found = {plan.valid_from for plan in library.plans.values()}
    found |= {plan.valid_until + timedelta(days=1) for plan in library.plans.values() if plan.valid_until}
    return (first, *sorted(day for day in found if day is not None and first < day <= last))


def _capabilities(
    merged: Merged, capabilities: tuple[str, ...], document: YamlDocument, problems: Problems
) -> dict[str, int | None]:
    """Return numbers of capabilities by the plans' words, None for what is not simulated."""
    plans = merged.library.own.values()
    words = {word for plan in plans for card in plan.cards.values() for word in card.units or {}}
    words |= {plan.reinforced_with or REINFORCEMENT for plan in plans}
    found: dict[str, int | None] = {name: i for i, name in enumerate(capabilities)}
    for word, name in merged.library.capabilities.items():
        where = document.place("plans", "capabilities", word)
        if word not in words:
            problems.add(where, f"no plan asks for '{word}'", did_you_mean(word, words))
        if name is not None and name not in capabilities:
            fact = f"no unit type has the capability '{name}'"
            problems.add(where, fact, did_you_mean(name, capabilities))
        found[word] = capabilities.index(name) if name in capabilities else None
    return found


def _spots(
    merged: Merged, gazetteer: Gazetteer, document: YamlDocument, problems: Problems
) -> tuple[tuple[Spot, ...], NDArray[np.int32]]:
    """Return the different kinds of nodes, in order of key unit and zone, and the kind of each node [N]."""
    names = sorted(merged.library.key_units)
    unit_of = _key_unit_of(merged, names, gazetteer, problems)
    for name, zones in sorted(merged.library.area_classes.items()):
        for i, zone in enumerate(zones):
            if zone not in gazetteer.zones:
                where = document.place("plans", "area_classes", name, i)
                problems.add(where, f"no zone '{zone}'", did_you_mean(zone, gazetteer.zones))
    pairs = np.stack([unit_of, gazetteer.zone_of])
    distinct, spot_of, counts = np.unique(pairs, axis=1, return_inverse=True, return_counts=True)
    spots = []
    for (unit, zone), count in zip(distinct.T.tolist(), counts.tolist(), strict=True):
        within = merged.library.key_units[names[unit]].within if unit >= 0 else None
        zones = tuple(dict.fromkeys([*([within] if within else []),
                                     *([gazetteer.zones[zone]] if zone >= 0 else [])]))  # fmt: skip
        classes = tuple(name for name, members in sorted(merged.library.area_classes.items())
                        if set(members) & set(zones))  # fmt: skip
        spots.append(Spot(names[unit] if unit >= 0 else "", zones, classes, count))
    return tuple(spots), np.asarray(spot_of, dtype=np.int32).ravel()


def _key_unit_of(
    merged: Merged, names: list[str], gazetteer: Gazetteer, problems: Problems
) -> NDArray[np.int32]:
    """Return the number of the key unit that each node belongs to, −1 for none [N]."""
    result = np.full(len(gazetteer.network.node_ids), -1, dtype=np.int32)
    for number, name in enumerate(names):
        unit = merged.library.key_units[name]
        for i, place in enumerate(unit.nodes):
            where = merged.place("key_units", name, "nodes", i)
            node = gazetteer.node(place, where)
            if node is not None and result[node] not in (-1, number):
                fact = (
                    f"node '{gazetteer.network.node_ids[node]}' is also in key unit '{names[result[node]]}'"
                )
                problems.add(where, fact, "Let key units not overlap.")
            elif node is not None:
                result[node] = number
        if unit.within is not None and unit.within not in gazetteer.zones:
            where = merged.place("key_units", name, "within")
            problems.add(where, f"no zone '{unit.within}'", did_you_mean(unit.within, gazetteer.zones))
    return result
