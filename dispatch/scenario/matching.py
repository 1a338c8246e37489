"""Which plan fits an incident, and why: pure functions over a library of plans.

A plan is a candidate where nothing contradicts: the incident's class is one of its classes or lies below one,
and level, place and date are covered. Candidates are ordered criterion by criterion:

1. place: made for the key unit, for the zone (park), for the class of area, or for everywhere;
2. class: made for the incident's class itself, or for a class so many steps above it;
3. level: names the level, or holds at all levels;
4. date: its validity is limited and holds now, or it has no dates.

Place comes before class, so that a plan of the site always beats one of the park and that one beats one of
the district among all whose type matches: who wrote a plan for this site knew what burns there. Ties go to
the most specific: fewest nodes covered, then the plan that refines the other, then the smaller id.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from math import ceil
from operator import attrgetter
from typing import TYPE_CHECKING

from dispatch.model.plans import USUAL_CREW, UnitNeed
from dispatch.scenario.grading import scale

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from dispatch.model.alarms import ScaleName
    from dispatch.model.plans import Card, Force, Staging

REINFORCEMENT = "pumper"
"""Capability that is added to reach a minimum force, where a plan names none."""

CRITERIA = ("place", "class", "level", "date")
"""What candidates are compared by, the weightiest first."""


@dataclass(frozen=True, slots=True)
class KnownPlan:
    """A plan with everything that its parents give it."""

    id: str
    title: str
    origin: str
    """Where it was written: the catalogue, a file, the scenario."""
    assumed: bool
    classes: tuple[str, ...]
    levels: tuple[int, ...]
    """Alarm levels, sorted; empty for all."""
    key_units: tuple[str, ...]
    zones: tuple[str, ...]
    area_classes: tuple[str, ...]
    valid_from: date | None
    valid_until: date | None
    cards: tuple[Mapping[int, Card], ...]
    """Cards by level: the plan's own, its parent's, and so on."""
    reinforced_with: str
    lineage: tuple[str, ...]
    """Ids of the plan, its parent, and so on."""
    extent: int = 0
    """Number of nodes that it covers."""

    @property
    def everywhere(self) -> bool:
        """Whether it names no place."""
        return not (self.key_units or self.zones or self.area_classes)


@dataclass(frozen=True, slots=True)
class Library:
    """Plans and the tree of incident classes, checked."""

    plans: Mapping[str, KnownPlan]
    paths: Mapping[str, tuple[str, ...]]
    """Class → the class itself, the one above, and so on to the root."""
    scales: Mapping[str, ScaleName]
    """Class → scale of its alarm levels."""
    minimum_force: Mapping[ScaleName, Mapping[int, Force]]

    def top(self, name: str) -> int:
        """Return the highest alarm level of a class."""
        return scale(self.scales[name]).top

    def least(self, name: str, level: int) -> Force | None:
        """Return the minimum force of a level: its own, or that of the next lower level that has one."""
        table = self.minimum_force.get(self.scales[name], {})
        known = [each for each in table if each <= level]
        return table[max(known)] if known else None


@dataclass(frozen=True, slots=True)
class Question:
    """What a plan is looked for."""

    name: str
    """The incident's class."""
    level: int
    on: date
    key_unit: str = ""
    zones: tuple[str, ...] = ()
    """Zones that the place belongs to: its node's, and the one that its key unit is said to be in."""
    area_classes: tuple[str, ...] = ()
    """Classes of those zones."""


@dataclass(frozen=True, slots=True)
class Score:
    """How well a plan fits by one criterion; more points are better."""

    criterion: str
    points: int
    words: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plan that could be taken."""

    plan: KnownPlan
    scores: tuple[Score, ...]
    behind: str = ""
    """Why it is not the chosen one; empty for that one."""


@dataclass(frozen=True, slots=True)
class Raised:
    """What a card asks for of one capability only because the card of a lower level does.

    Units are told by their smallest crews, the largest first, 0 where none is stated.
    """

    word: str
    """The capability, or a plan's word for it."""
    has: tuple[int, ...]
    """Units that the card itself asks for."""
    sent: tuple[int, ...]
    """Units that the level gets."""
    level: int
    """The lower level."""
    plan: str
    """Plan of that level; empty for a type's run card."""

    def says(self, crews: tuple[int, ...]) -> str:
        """Return units in words: their number, and their crews where only these are raised."""
        if len(self.has) != len(self.sent):
            return f"{len(crews)} {self.word}"
        return f"{len(crews)} {self.word} with crews of {', '.join(str(crew or 'any') for crew in crews)}"


@dataclass(frozen=True, slots=True)
class LevelCard:
    """What a plan asks for at one level, with everything that it inherits."""

    level: int
    units: Mapping[str, UnitNeed]
    """Word of the plan → need, in order of the words."""
    written: tuple[str, int]
    """Plan and level of the card whose units these are."""
    reinforced: int
    """Units added to reach the minimum force."""
    least: Force | None
    """The minimum force of the level, None where the scale has none."""
    staging: Staging | None
    supplies: Mapping[str, str]
    notify: tuple[str, ...]
    command: str
    raised: tuple[Raised, ...]
    """What the plan's own cards of lower levels add."""

    @property
    def vehicles(self) -> int:
        """Number of units."""
        return sum(need.units for need in self.units.values())

    @property
    def crew(self) -> int:
        """Number of people: units times their smallest crews, 6 where none is stated."""
        return sum(need.people for need in self.units.values())


@dataclass(frozen=True, slots=True)
class Match:
    """The plan for a question, and why."""

    question: Question
    chosen: Candidate | None
    card: LevelCard | None
    runners_up: tuple[Candidate, ...]
    """Other candidates, the best first."""
    rejected: tuple[tuple[KnownPlan, tuple[str, ...]], ...]
    """Plans that contradict, in order of id, with what contradicts."""


def match(library: Library, question: Question) -> Match:
    """Return the plan that fits best, its card, and what became of all others."""
    rejected: list[tuple[KnownPlan, tuple[str, ...]]] = []
    found: list[Candidate] = []
    for _, plan in sorted(library.plans.items()):
        against = contradictions(library, plan, question)
        if against:
            rejected.append((plan, against))
        else:
            found.append(Candidate(plan, scores(library, plan, question)))
    found.sort(key=_rank)
    if not found:
        return Match(question, None, None, (), tuple(rejected))
    best, *others = found
    told = tuple(Candidate(each.plan, each.scores, _behind(best, each)) for each in others)
    return Match(question, best, card_at(library, best.plan, question), told, tuple(rejected))


def contradictions(library: Library, plan: KnownPlan, question: Question) -> tuple[str, ...]:
    """Return in words what speaks against a plan; nothing for a candidate."""
    found = []
    if not set(plan.classes) & set(library.paths[question.name]):
        found.append(f"class: '{question.name}' is not {_either(plan.classes)}, nor below")
    if plan.levels and question.level not in plan.levels:
        found.append(f"level: made for {_levels(plan.levels)}, not {question.level}")
    if not plan.everywhere and _place(plan, question).points == 0:
        found.append(f"place: made for {_made_for(plan)}")
    if plan.valid_from is not None and question.on < plan.valid_from:
        found.append(f"date: valid from {plan.valid_from}, after {question.on}")
    if plan.valid_until is not None and question.on > plan.valid_until:
        found.append(f"date: valid until {plan.valid_until}, before {question.on}")
    return tuple(found)


def covers(plan: KnownPlan, key_unit: str, zones: tuple[str, ...], area_classes: tuple[str, ...]) -> bool:
    """Return whether a plan holds at a place."""
    return (
        plan.everywhere
        or key_unit in plan.key_units
        or bool(set(zones) & set(plan.zones))
        or bool(set(area_classes) & set(plan.area_classes))
    )


def scores(library: Library, plan: KnownPlan, question: Question) -> tuple[Score, ...]:
    """Return how well a candidate fits, in order of the criteria."""
    path = library.paths[question.name]
    steps = next(i for i, name in enumerate(path) if name in plan.classes)
    above = f"made for '{path[steps]}', {steps} class{'es' if steps > 1 else ''} above"
    limits = [
        f"{word} {day}"
        for word, day in (("from", plan.valid_from), ("until", plan.valid_until))
        if day is not None
    ]
    return (
        _place(plan, question),
        Score("class", -steps, above if steps else f"made for '{path[0]}' itself"),
        Score("level", 1, f"names level {question.level}")
        if plan.levels
        else Score("level", 0, "holds at all levels"),
        Score("date", 1, f"valid {' '.join(limits)}") if limits else Score("date", 0, "has no dates"),
    )


def _place(plan: KnownPlan, question: Question) -> Score:
    if question.key_unit and question.key_unit in plan.key_units:
        return Score("place", 3, f"made for key unit '{question.key_unit}'")
    for zone in question.zones:
        if zone in plan.zones:
            return Score("place", 2, f"made for zone '{zone}'")
    for name in question.area_classes:
        if name in plan.area_classes:
            return Score("place", 1, f"made for area class '{name}'")
    return Score("place", 0, "holds everywhere")


def _rank(candidate: Candidate) -> tuple[object, ...]:
    """Return what candidates are sorted by, the best first."""
    plan = candidate.plan
    return (*(-score.points for score in candidate.scores), plan.extent, -len(plan.lineage), plan.id)


def _behind(best: Candidate, other: Candidate) -> str:
    """Return what decided between the chosen plan and another."""
    for mine, theirs in zip(best.scores, other.scores, strict=True):
        if mine.points != theirs.points:
            return mine.criterion
    a, b = best.plan, other.plan
    if a.extent != b.extent:
        return f"tie, covers {b.extent:,} nodes rather than {a.extent:,}"
    if len(a.lineage) != len(b.lineage):
        return f"tie, '{a.id}' refines more plans"
    return f"tie, '{a.id}' comes first by id"


def card_at(library: Library, plan: KnownPlan, question: Question) -> LevelCard:
    """Return what a plan asks for at a level: never less of anything than at the levels below."""
    level = question.level
    own, written, reinforced = _units_at(library, plan, question.name, level)
    lower = {each: _units_at(library, plan, question.name, each)[0]
             for each in range(1, level) if not plan.levels or each in plan.levels}  # fmt: skip
    units = reduce(greater, lower.values(), own)
    below = [card for _, card in _cards(plan, level)]
    return LevelCard(
        level=level,
        units=dict(sorted(units.items())),
        written=written,
        reinforced=reinforced,
        least=library.least(question.name, level),
        staging=next((card.staging for card in below if card.staging is not None), None),
        supplies=next((card.supplies for card in below if card.supplies is not None), {}),
        notify=next((card.notify for card in below if card.notify is not None), ()),
        command=next((card.command for card in below if card.command is not None), ""),
        raised=tuple(_raised(plan.id, own, units, lower)),
    )


def _raised(
    plan: str,
    own: Mapping[str, UnitNeed],
    units: Mapping[str, UnitNeed],
    lower: Mapping[int, Mapping[str, UnitNeed]],
) -> Iterator[Raised]:
    """Yield what lower levels of the same plan add to a card."""
    for word, need in sorted(units.items()):
        has = own.get(word)
        if has != need:
            part = attrgetter("units" if has is None or has.units < need.units else "crew")
            level = next(n for n, card in lower.items() if word in card and part(card[word]) == part(need))
            yield Raised(word, () if has is None else has.crews, need.crews, level, plan)


def _cards(plan: KnownPlan, level: int) -> list[tuple[tuple[str, int], Card]]:
    """Return the cards that a level is read from, the first to ask first, with the plans they stand in.

    Those at the level or below, the highest first, of the plan, then of its parents; if none of them names
    units, those above, the lowest first, whoever of them wrote it.
    """
    rows = list(zip(plan.lineage, plan.cards, strict=True))
    low = [((name, n), cards[n]) for name, cards in rows for n in sorted(cards, reverse=True) if n <= level]
    high = [((name, n), cards[n]) for name, cards in rows for n in cards if n > level]
    high.sort(key=lambda found: found[0][1])
    return low if any(card.units for _, card in low) else low + high


def _units_at(
    library: Library, plan: KnownPlan, name: str, level: int
) -> tuple[dict[str, UnitNeed], tuple[str, int], int]:
    """Return needs by word, where they are written, and how many units reinforce a card of another level."""
    where, card = next(found for found in _cards(plan, level) if found[1].units)
    units = dict(card.units or {})
    least = library.least(name, level)
    if where[1] == level or least is None:
        return units, where, 0
    word = plan.reinforced_with
    has = units.get(word)
    crew = has.crew if has is not None else None
    missing = least.crew - sum(need.people for need in units.values())
    extra = max(
        least.vehicles - sum(need.units for need in units.values()), ceil(missing / (crew or USUAL_CREW)), 0
    )
    if extra:
        units[word] = UnitNeed(units=(0 if has is None else has.units) + extra, crew=crew)
    return units, where, extra


def first_level(library: Library, plan: KnownPlan, name: str) -> int | None:
    """Return the lowest level of a class for which a plan or its parents have a card with units."""
    known = [
        level
        for cards in plan.cards
        for level, card in cards.items()
        if card.units and level <= library.top(name) and (not plan.levels or level in plan.levels)
    ]
    return min(known, default=None)


def greater(a: Mapping[str, UnitNeed], b: Mapping[str, UnitNeed]) -> dict[str, UnitNeed]:
    """Return needs with the greater number and the greater crew of both, word by word."""
    return {
        word: UnitNeed(
            units=max(each[word].units for each in (a, b) if word in each),
            crew=max(each[word].crew or 0 for each in (a, b) if word in each) or None,
        )
        for word in sorted({*a, *b})
    }


def _either(names: tuple[str, ...]) -> str:
    return " or ".join(f"'{name}'" for name in names)


def _levels(levels: tuple[int, ...]) -> str:
    return f"level{'s' if len(levels) > 1 else ''} {', '.join(map(str, levels))}"


def _made_for(plan: KnownPlan) -> str:
    parts = (("key unit", plan.key_units), ("zone", plan.zones), ("area class", plan.area_classes))
    return ", ".join(f"{what} {_either(names)}" for what, names in parts if names)
