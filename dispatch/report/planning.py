"""Plans and their matching: documents for JSON, and lines for people on terminals of any width."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.padding import Padding
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rich.console import Console

    from dispatch.model.plans import Card, Staging, UnitNeed
    from dispatch.scenario.matching import Candidate, KnownPlan, LevelCard, Library, Match, Raised
    from dispatch.scenario.plans import ResolvedCard

    Line = tuple[int, str]
    """Indent and text."""
    Simulated = Callable[[str, str], bool]
    """Whether an entry of a card's supplies, a name and an amount in words, is simulated."""


def never(_name: str, _amount: str) -> bool:
    """Say of all supplies that they are told only, as where there is no scenario."""
    return False


def library_document(
    library: Library, words: Mapping[str, str], simulated: Simulated = never
) -> dict[str, Any]:
    """Return a library for JSON: plans with what their parents give them, classes, minimum forces."""
    supplies = (card.supplies or {} for plan in library.plans.values() for card in plan.cards[0].values())
    entries = {entry for each in supplies for entry in each.items()}
    return {
        "simulated_supplies": sorted({name for name, amount in entries if simulated(name, amount)}),
        "plans": {name: _plan_document(plan) for name, plan in library.plans.items()},
        "classes": {
            name: {"path": list(path), "scale": library.scales[name]} for name, path in library.paths.items()
        },
        "minimum_force": {
            scale: {str(level): force.model_dump() for level, force in table.items()}
            for scale, table in library.minimum_force.items()
        },
        "words": dict(words),
    }


def _plan_document(plan: KnownPlan) -> dict[str, Any]:
    return {
        "title": plan.title,
        "origin": plan.origin,
        "assumed": plan.assumed,
        "parents": list(plan.lineage[1:]),
        "classes": list(plan.classes),
        "levels": list(plan.levels),
        "key_units": list(plan.key_units),
        "zones": list(plan.zones),
        "area_classes": list(plan.area_classes),
        "valid_from": None if plan.valid_from is None else plan.valid_from.isoformat(),
        "valid_until": None if plan.valid_until is None else plan.valid_until.isoformat(),
        "nodes": plan.extent,
        "cards": {str(level): _written_document(card) for level, card in sorted(plan.cards[0].items())},
    }


def _written_document(card: Card) -> dict[str, Any]:
    """Return a card as it is written, without what it leaves out."""
    found: dict[str, Any] = {
        "units": None if card.units is None else _units_document(card.units),
        "staging": _staging_document(card.staging),
        "supplies": card.supplies,
        "notify": None if card.notify is None else list(card.notify),
        "command": card.command,
    }
    return {key: value for key, value in found.items() if value is not None}


def _units_document(units: Mapping[str, UnitNeed]) -> dict[str, Any]:
    return {word: {"units": need.units, "crew": need.crew} for word, need in sorted(units.items())}


def _staging_document(staging: Staging | None) -> dict[str, Any] | None:
    return None if staging is None else staging.model_dump(mode="json", by_alias=True)


def match_document(
    found: Match | None,
    sent: ResolvedCard,
    raised: Sequence[Raised],
    asked: Mapping[str, Any],
    capabilities: tuple[str, ...],
    simulated: Simulated = never,
) -> dict[str, Any]:
    """Return a match for JSON: ``asked`` tells type, node, level and date, ``sent`` who comes.

    ``raised`` is what plans of lower levels add.
    """
    crews: dict[str, list[int]] = {}
    for number, crew in zip(sent.slots, sent.crew, strict=True):
        crews.setdefault(capabilities[number], []).append(crew)
    document: dict[str, Any] = {
        "asked": dict(asked),
        "chosen": None,
        "card": None,
        "runners_up": [],
        "rejected": {},
        "sent": {name: {"units": len(crew), "crew": crew} for name, crew in crews.items()},
        "raised": [_raised_document(each) for each in raised],
        "simulated_supplies": [name for name, amount in sent.supplies if simulated(name, amount)],
    }
    if found is not None:
        document |= {
            "chosen": None if found.chosen is None else _candidate_document(found.chosen),
            "card": None if found.card is None else _card_document(found.card),
            "runners_up": [_candidate_document(each) for each in found.runners_up],
            "rejected": {plan.id: list(reasons) for plan, reasons in found.rejected},
        }
    return document


def _candidate_document(candidate: Candidate) -> dict[str, Any]:
    return {
        "plan": candidate.plan.id,
        "title": candidate.plan.title,
        "scores": [
            {"criterion": each.criterion, "points": each.points, "words": each.words}
            for each in candidate.scores
        ],
        "behind_by": candidate.behind or None,
    }


def _card_document(card: LevelCard) -> dict[str, Any]:
    return {
        "level": card.level,
        "units": _units_document(card.units),
        "written_in": {"plan": card.written[0], "level": card.written[1]},
        "reinforced_by": card.reinforced,
        "vehicles": card.vehicles,
        "people": card.crew,
        "minimum_force": None if card.least is None else card.least.model_dump(),
        "staging": _staging_document(card.staging),
        "supplies": dict(card.supplies),
        "notify": list(card.notify),
        "command": card.command,
        "raised": [_raised_document(each) for each in card.raised],
    }


def _raised_document(raised: Raised) -> dict[str, Any]:
    return {
        "word": raised.word,
        "own": {"units": len(raised.has), "crew": list(raised.has)},
        "sent": {"units": len(raised.sent), "crew": list(raised.sent)},
        "by": {"plan": raised.plan or None, "level": raised.level},
    }


def print_library(out: Console, library: Library, simulated: Simulated = never) -> None:
    """Print plans one after the other, each with its cards as written."""
    for name, plan in library.plans.items():
        _print(out, [(0, name)], style="bold")
        _print(out, _plan_lines(plan, simulated))
    count = len(library.plans)
    _print(out, [(0, f"{count} plan{'s' if count != 1 else ''}. {_forces(library)}")])
    if any(plan.assumed for plan in library.plans.values()):
        _print(out, [(0, "Illustrative plans have no source that prescribes their figures; check them.")])


def _forces(library: Library) -> str:
    """Return the minimum forces in a sentence."""
    parts = [
        f"{scale} {level}: {force.vehicles} units, {force.crew} people, {force.stations} station"
        + ("s" if force.stations != 1 else "")
        for scale, table in sorted(library.minimum_force.items())
        for level, force in sorted(table.items())
    ]
    return f"Minimum force at {'; '.join(parts)}." if parts else "No minimum forces."


def _plan_lines(plan: KnownPlan, simulated: Simulated) -> Iterator[Line]:
    if plan.title:
        yield 2, plan.title
    yield 2, f"for {', '.join(plan.classes)}; {_where(plan)}; {_when(plan)}"
    kind = ", illustrative" if plan.assumed else ""
    refines = f"; refines {' and '.join(plan.lineage[1:])}" if len(plan.lineage) > 1 else ""
    yield 2, f"from {plan.origin}{kind}{refines}"
    for level, card in sorted(plan.cards[0].items()):
        units = "units as below" if card.units is None else _units(card.units)
        yield 2, f"level {level}: {units}"
        supplies = _supplies(card.supplies or {}, simulated)
        yield from _extras(card.staging, supplies, card.notify or (), card.command or "")


def _where(plan: KnownPlan) -> str:
    parts = [("key unit", plan.key_units), ("zone", plan.zones), ("area class", plan.area_classes)]
    named = [f"{what} {', '.join(names)}" for what, names in parts if names]
    return "at " + "; ".join(named) if named else "everywhere"


def _when(plan: KnownPlan) -> str:
    levels = f"levels {', '.join(map(str, plan.levels))}" if plan.levels else "all levels"
    since = f", from {plan.valid_from}" if plan.valid_from is not None else ""
    until = f", until {plan.valid_until}" if plan.valid_until is not None else ""
    return f"{levels}{since}{until}"


def _units(units: Mapping[str, UnitNeed]) -> str:
    return ", ".join(
        f"{word} {need.units}" + (f" (crew {need.crew})" if need.crew is not None else "")
        for word, need in units.items()
    )


def _supplies(supplies: Mapping[str, str], simulated: Simulated) -> str:
    return ", ".join(
        f"{name} ({amount}{', simulated' if simulated(name, amount) else ''})"
        for name, amount in supplies.items()
    )


def _extras(staging: Staging | None, supplies: str, notify: tuple[str, ...], command: str) -> Iterator[Line]:
    if staging is not None:
        where = "" if staging.at is None else f" at {staging.at}"
        first = f", until the first has been on scene for {staging.size_up:g} s" if staging.size_up else ""
        yield 4, f"staging: from unit {staging.from_unit} on{where}{first}"
    if supplies:
        yield 4, f"supplies: {supplies}"
    if notify:
        yield 4, f"notify: {', '.join(notify)}"
    if command:
        yield 4, f"command: {command}"


def print_match(
    out: Console,
    found: Match | None,
    sent: ResolvedCard,
    raised: Sequence[Raised],
    head: str,
    capabilities: tuple[str, ...],
    simulated: Simulated = never,
) -> None:
    """Print which plan is taken and why, its card, who comes, and what became of the other plans."""
    _print(out, [(0, head)], style="bold")
    if found is None or found.chosen is None or found.card is None:
        _print(out, [(0, "no plan matches")])
    else:
        _print(out, [(0, f"plan {_named(found.chosen.plan)}")], style="bold")
        _print(out, ((2, f"{each.criterion}: {each.words} ({each.points})") for each in found.chosen.scores))
        _print(out, _card_lines(found.card, found.chosen.plan.id, simulated))
    _print(out, [(0, f"sent in this scenario: {_sent(sent, capabilities)}")])
    _print(out, _raised_lines(raised))
    if found is not None:
        _print(out, _other_lines(found))


def _named(plan: KnownPlan) -> str:
    return f"{plan.id}: {plan.title}" if plan.title else plan.id


def _card_lines(card: LevelCard, plan: str, simulated: Simulated) -> Iterator[Line]:
    name, level = card.written
    origin = [f"of plan {name}"] if name != plan else []
    origin += [f"written for level {level}"] if level != card.level else []
    origin += [f"reinforced by {card.reinforced}"] if card.reinforced else []
    yield 0, f"card of level {card.level}" + (f" ({', '.join(origin)})" if origin else "")
    yield 2, f"units: {_units(card.units)}"
    yield from _raised_lines(card.raised)
    force = f"force: {card.vehicles} units, {card.crew} people"
    if card.least is not None:
        least = card.least
        verdict = "enough" if card.vehicles >= least.vehicles and card.crew >= least.crew else "below"
        force += f"; {verdict}: the level's least is {least.vehicles} units and {least.crew} people"
        force += (
            f" from {least.stations} station{'s' if least.stations != 1 else ''} (stations not simulated)"
        )
    yield 2, force
    for _, text in _extras(card.staging, _supplies(card.supplies, simulated), card.notify, card.command):
        yield 2, text


def _raised_lines(raised: Sequence[Raised]) -> Iterator[Line]:
    """Yield what a card asks for only because a lower level does."""
    for each in raised:
        by = f"level {each.level} of {f'plan {each.plan}' if each.plan else 'the run card'}"
        yield 2, f"raised by {by}: {each.says(each.sent)}, where the card itself says {each.says(each.has)}"


def _sent(sent: ResolvedCard, capabilities: tuple[str, ...]) -> str:
    names = [capabilities[number] for number in sent.slots]
    return ", ".join(f"{name} {names.count(name)}" for name in dict.fromkeys(names)) or "nobody"


def _other_lines(found: Match) -> Iterator[Line]:
    if found.runners_up:
        yield 0, "runners-up"
    for each in found.runners_up:
        points = ", ".join(f"{score.criterion} {score.points}" for score in each.scores)
        yield 2, f"{_named(each.plan)}; behind by {each.behind} ({points})"
    of_class = [(plan, why) for plan, why in found.rejected if not why[0].startswith("class:")]
    if of_class:
        yield 0, "rejected"
    for plan, reasons in of_class:
        yield 2, f"{_named(plan)}; {'; '.join(reasons)}"
    others = len(found.rejected) - len(of_class)
    if others:
        yield 0, f"{others} plan{'s are' if others != 1 else ' is'} for other classes of incidents"


def _print(out: Console, lines: Iterator[Line] | list[Line], style: str = "") -> None:
    """Print lines, folded under their indent on a terminal and uncut elsewhere."""
    for indent, text in lines:
        if out.is_terminal:
            out.print(Padding(Text(text, style=style), (0, 0, 0, indent), expand=False))
        else:
            out.print(Text(" " * indent + text), soft_wrap=True)
