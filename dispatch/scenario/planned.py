"""Incident types with the cards of a scenario's plans: what they need, and what no plan matches."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import astuple, replace
from typing import TYPE_CHECKING

import numpy as np

from dispatch.errors import did_you_mean
from dispatch.scenario.grading import initial_level, scale

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dispatch.errors import Problems
    from dispatch.io.yaml_source import YamlDocument
    from dispatch.scenario.injects import AuthoredCall
    from dispatch.scenario.matching import Raised
    from dispatch.scenario.plans import Plans
    from dispatch.scenario.scenario import Scenario

    Cell = tuple[int, int]
    """A spot and a span of time."""
    FirstAlarm = tuple[int, int, int]
    """A spot, a level and a span of time."""

SHOWN = 6
"""Places named before the rest is only counted."""


def with_planned_cards(scenario: Scenario, document: YamlDocument, problems: Problems) -> Scenario:
    """Return a scenario whose types need what its plans say; notes what no plan matches."""
    plans = scenario.plans
    if plans is None:
        return scenario
    notes = [*plans.origin.notes]
    needed: dict[str, set[str]] = defaultdict(set)
    kinds = []
    for number, kind in enumerate(scenario.kinds):
        cells, slots = _cells(scenario, plans, number), kind.slots
        if _usable(plans, number, document, problems):
            notes += _unmatched(scenario, plans, number, cells, document, problems)
            notes += _raised(scenario, plans, number, cells)
            _collect(plans, number, cells, needed)
            slots = _slots(plans, number, cells)
            if not problems and not _waiting(plans, needed):
                _check_sent(scenario, plans, number, document, problems)
        kinds.append(replace(kind, slots=slots))
    _check_words(scenario, plans, needed, document, problems)
    notes += [*_told(scenario, plans, needed), *_short_of_stations(scenario, plans)]
    return replace(scenario, kinds=tuple(kinds), notes=(*scenario.notes, *notes))


def _cells(scenario: Scenario, plans: Plans, number: int) -> set[Cell]:
    """Return where and when calls of a type can come in."""
    nodes = {node for stream in scenario.streams if stream.kind == number
             for node in np.flatnonzero(stream.weights).tolist()}  # fmt: skip
    if scenario.recorded is not None:
        nodes |= set(scenario.recorded.node[scenario.recorded.type == number].tolist())
    nodes |= {call.node for call in scenario.authored if call.kind == number}
    spots = set(plans.spot_of[sorted(nodes)].tolist()) if nodes else set()
    return {(spot, span) for spot in spots for span in range(len(plans.days))}


def _usable(plans: Plans, number: int, document: YamlDocument, problems: Problems) -> bool:
    """Whether a type has a class and a level of its scale; notes where not, unless its run card stands in."""
    name, written = plans.types[number]
    wanted = written.classed_as or name
    stands_in = plans.origin.library.unmatched == "run_card"
    if stands_in and written.run_card is None:
        fact = "'run_card' is missing, which plans.unmatched names"
        problems.add(document.place("incident_types", name), fact, "Add it, or set plans.unmatched: error.")
    if plans.classes[number] is None and (written.classed_as is not None or not stands_in):
        path = ("classed_as",) if written.classed_as is not None else ()
        meant = did_you_mean(wanted, plans.library.paths)
        own = "Or add a class of your own under plans.classes, with its 'scale'."
        meant = meant if path else f"Give 'classed_as'. {meant}"
        remedy = f"{meant} {own}".lstrip()
        problems.add(document.place("incident_types", name, *path), f"no incident class '{wanted}'", remedy)
        return False
    stated, top = plans.stated_level(number), plans.top(number)
    scale = plans.library.scales[wanted] if plans.classes[number] is not None else None
    if written.alarm is not None and scale is not None and written.alarm.scale != scale:
        fact = f"the scale '{written.alarm.scale}', where incident class '{wanted}' has '{scale}'"
        problems.add(document.place("incident_types", name, "alarm"), fact, f"Set 'scale: {scale}'.")
        return False
    if stated is not None and stated > top:
        fact = f"level {stated} of incident class '{wanted}', whose scale ends at {top}"
        problems.add(document.place("incident_types", name, "level"), fact, f"Give 1 to {top}.")
        return False
    return True


def _unmatched(
    scenario: Scenario,
    plans: Plans,
    number: int,
    cells: set[Cell],
    document: YamlDocument,
    problems: Problems,
) -> Iterator[str]:
    """Note where no plan matches a type, or yield that its run card stands in."""
    missing: dict[str, set[int]] = defaultdict(set)
    injected = [call.level for call in scenario.authored if call.kind == number and call.level]
    for spot, span in sorted(cells):
        first = min([plans.first_level_at(number, spot, span), *injected])
        for level in range(first, plans.top(number) + 1):
            found = plans.match_at(number, spot, level, span)
            if found is None or found.chosen is None:
                since = f" from {plans.days[span]}" if span else ""
                missing[f"{plans.spots[spot]}{since}"].add(level)
    if not missing:
        return
    by_levels: dict[str, list[str]] = defaultdict(list)
    for place, levels in missing.items():
        by_levels[_spoken(levels)].append(place)
    everywhere = sum(map(len, by_levels.values())) == len(cells)
    shown = "; ".join(
        f"{levels}: {'everywhere it occurs' if everywhere and len(by_levels) == 1 else _listed(places)}"
        for levels, places in sorted(by_levels.items())
    )
    name, kind = plans.types[number][0], plans.classes[number]
    of_class = f" of class '{kind}'" if kind not in (None, name) else ""
    if plans.origin.library.unmatched == "run_card":
        yield f"no plan matches incident type '{name}'{of_class} at {shown}; its run card is used there."
        return
    fact = f"no plan matches incident type '{name}'{of_class} at {shown}"
    below = _with_plans_below(plans, kind)
    narrower = f"Name a narrower class ({', '.join(below[:SHOWN])}), add" if below else "Add"
    remedy = f"{narrower} a plan for it, or set plans.unmatched: run_card."
    problems.add(document.place("incident_types", name), fact, remedy)


def _raised(scenario: Scenario, plans: Plans, number: int, cells: set[Cell]) -> Iterator[str]:
    """Yield notes on cards that ask for less than those of other plans at lower levels."""
    levels: dict[tuple[str, Raised], dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for spot, span in sorted(cells):
        since = f" from {plans.days[span]}" if span else ""
        for level in range(plans.first_level_at(number, spot, span), plans.top(number) + 1):
            plan = plans.card_at(number, spot, level, span).plan
            for each in plans.raised_at(number, spot, level, span, scenario.capabilities):
                levels[plan, each][f"{plans.spots[spot]}{since}"].add(level)
    for (plan, each), found in sorted(levels.items(), key=lambda item: (item[0][0], astuple(item[0][1]))):
        by_levels: dict[str, list[str]] = defaultdict(list)
        for place, asked in found.items():
            by_levels[_spoken(asked)].append(place)
        for spoken, places in by_levels.items():
            where = "" if len(places) == len(cells) else f" ({_listed(places)})"
            yield (
                f"incident type '{plans.types[number][0]}': {spoken} of {plan_words(plan)} "
                f"say{'' if ',' in spoken or '–' in spoken else 's'} {each.says(each.has)}, "
                f"level {each.level} of {plan_words(each.plan)} says {each.says(each.sent)}; "
                f"{'they' if len(each.has) == len(each.sent) else len(each.sent)} are sent, "
                f"since a higher level only adds{where}."
            )


def plan_words(plan: str) -> str:
    """Return a plan in words; an empty id stands for a type's run card."""
    return f"plan '{plan}'" if plan else "its run card"


def _with_plans_below(plans: Plans, kind: str | None) -> list[str]:
    """Return the classes below one that plans are made for."""
    made_for = {name for plan in plans.library.plans.values() for name in plan.classes}
    return sorted(name for name in made_for if kind in plans.library.paths.get(name, ())[1:])


def _spoken(levels: Iterable[int]) -> str:
    found = sorted(levels)
    if len(found) > 2 and found[-1] - found[0] == len(found) - 1:
        return f"levels {found[0]}–{found[-1]}"
    return f"level{'s' if len(found) > 1 else ''} {', '.join(map(str, found))}"


def _listed(places: list[str]) -> str:
    more = f", … ({len(places)} in all)" if len(places) > SHOWN else ""
    return ", ".join(places[:SHOWN]) + more


def _collect(plans: Plans, number: int, cells: set[Cell], needed: dict[str, set[str]]) -> None:
    """Add the words that the plans matched for a type ask for."""
    for spot, span in cells:
        for level in range(plans.first_level_at(number, spot, span), plans.top(number) + 1):
            found = plans.match_at(number, spot, level, span)
            if found is not None and found.card is not None and found.chosen is not None:
                for word in found.card.units:
                    needed[word].add(found.chosen.plan.id)


def _waiting(plans: Plans, needed: dict[str, set[str]]) -> bool:
    """Whether some word is tied to nothing, which is a problem of its own."""
    return any(word not in plans.capability_of for word in needed)


def _check_sent(
    scenario: Scenario, plans: Plans, number: int, document: YamlDocument, problems: Problems
) -> None:
    """Note calls of a type for which nothing that their plan sends first is simulated."""
    found = set(_first_alarms(scenario, plans, number))
    empty = sorted(alarm for alarm, served in found if not served)
    if not empty:
        return
    name, where = plans.types[number][0], ""
    if len(empty) < len(found):
        places = [f"{plans.spots[spot]} ({_plan_of(plans, number, spot, level, span)})"
                  for spot, level, span in empty]  # fmt: skip
        where = f" at {_listed(list(dict.fromkeys(places)))}"
    fact = f"nothing that the plans send to '{name}' is simulated{where}"
    remedy = "Tie one of their words to a capability in plans.capabilities."
    problems.add(document.place("incident_types", name), fact, remedy)


def _first_alarms(scenario: Scenario, plans: Plans, number: int) -> Iterator[tuple[FirstAlarm, bool]]:
    """Yield the first alarms that calls of a type can have, and whether somebody is sent to them.

    Uplifts of the level, which may only add to it, are left aside.
    """
    random = {int(spot) for stream in scenario.streams if stream.kind == number and stream.rate > 0.0
              for spot in plans.spot_of[np.flatnonzero(stream.weights)]}  # fmt: skip
    for spot in sorted(random):
        for span in range(len(plans.days)):
            level = plans.first_level_at(number, spot, span)
            yield (spot, level, span), bool(plans.card_at(number, spot, level, span).slots)
    for call in scenario.authored:
        if call.kind == number and not call.slots:
            level = _level_of(plans, call)
            spot, span = plans.place(call.node, call.received)
            yield (spot, level, span), bool(plans.card_at(number, spot, level, span).slots)
    recorded = scenario.recorded
    if recorded is not None:
        mine = recorded.type == number
        spots = plans.spot_of[recorded.node[mine]].tolist()
        spans = (np.searchsorted(plans.begins, recorded.received[mine], side="right") - 1).clip(0).tolist()
        served = (np.diff(recorded.first_slot)[mine] > 0).tolist()  # slots of its own, or of its plan
        for spot, span, some in set(zip(spots, spans, served, strict=True)):
            yield (spot, plans.first_level_at(number, spot, span), span), some


def _level_of(plans: Plans, call: AuthoredCall) -> int:
    """Return the level of an injected call's first alarm."""
    alarm = plans.types[call.kind][1].alarm
    if alarm is None:
        return plans.first_level(call.kind, call.node, call.received)
    return initial_level(scale(alarm.scale), call.report, call.level or alarm.level).level


def _plan_of(plans: Plans, number: int, spot: int, level: int, span: int) -> str:
    """Return the plan of a first alarm in words, with the day from which it is the one."""
    since = f" from {plans.days[span]}" if span else ""
    return plan_words(plans.card_at(number, spot, level, span).plan) + since


def _check_words(
    scenario: Scenario, plans: Plans, needed: dict[str, set[str]], document: YamlDocument, problems: Problems
) -> None:
    """Note words that are tied to no capability."""
    for word, users in sorted(needed.items()):
        if word not in plans.capability_of:
            fact = f"no unit type has the capability '{word}', which plans ask for ({_listed(sorted(users))})"
            meant = did_you_mean(word, scenario.capabilities)
            remedy = f"Write '{word}: <capability>' here, or '{word}: null' not to simulate it. {meant}"
            problems.add(document.place("plans", "capabilities"), fact, remedy.rstrip())


def _slots(plans: Plans, number: int, cells: set[Cell]) -> tuple[int, ...]:
    """Return the most that a type's first alarms need of each capability, wherever and whenever."""
    most: Counter[int] = Counter()
    for spot, span in cells:
        most |= Counter(plans.card_at(number, spot, plans.first_level_at(number, spot, span), span).slots)
    return tuple(sorted(most.elements()))


def _told(scenario: Scenario, plans: Plans, needed: dict[str, set[str]]) -> Iterator[str]:
    """Yield notes on what plans ask for and is not simulated, and on run cards that are not used."""
    left_out = sorted(word for word in needed if plans.capability_of.get(word, 0) is None)
    if left_out:
        yield f"plans ask for what is not simulated (plans.capabilities): {', '.join(left_out)}."
    if plans.origin.library.unmatched == "error":
        idle = [kind.id for kind in scenario.kinds if kind.type.run_card is not None]
        if idle:
            yield f"run cards are not used, since plans say who comes: {', '.join(idle)}."


def _short_of_stations(scenario: Scenario, plans: Plans) -> Iterator[str]:
    """Yield a note for each layout with fewer stations with units than a first alarm is to be sent from."""
    asked: list[tuple[int, int, str]] = []
    for number, kind in enumerate(scenario.kinds):
        for spot, span in _cells(scenario, plans, number):
            card = plans.card_at(number, spot, plans.first_level_at(number, spot, span), span)
            if card.least is not None:
                asked.append((card.least.stations, card.level, kind.id))
    if not asked:
        return
    stations, level, name = max(asked)
    for layout in scenario.layouts.values():
        manned = len({unit.station for _, unit in layout.units})
        if manned < stations:
            yield (
                f"layout '{layout.name}' has units at {manned} station{'s' if manned != 1 else ''}; "
                f"level {level} of '{name}' is to be sent from at least {stations} (checked, not simulated)."
            )
