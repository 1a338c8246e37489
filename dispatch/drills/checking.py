"""What is wrong with the names that an exercise cites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatch.errors import did_you_mean
from dispatch.io.yaml_writing import duration_text
from dispatch.roads.network import RoadNetwork
from dispatch.scenario.injects import random_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from dispatch.errors import Problems
    from dispatch.model.briefs import Action, Condition, DrawnCalls, DrillFile, Force, Stress
    from dispatch.scenario.layout import Layout
    from dispatch.scenario.scenario import Scenario

    Place = Callable[..., str]
    Cited = tuple[tuple[str, ...], str, str]
    """The keys below an action or a condition, what kind of thing is named, and its id."""


def told(seconds: float) -> str:
    """Return a duration as people write it, such as ``1 h 30 min``."""
    written = duration_text(seconds)
    return written if isinstance(written, str) else f"{written:g} s"


def check_references(file: DrillFile, place: Place, problems: Problems) -> None:
    """Note what does not fit within the file itself: entries, objectives, roles, triggers, closures."""
    for name, entry in file.entries.items():
        where = ("entries", name)
        for key, known in (
            ("objective", file.objectives),
            ("controller", file.roles),
            ("evaluator", file.roles),
        ):
            cited = getattr(entry, key)
            if cited is not None and cited not in known and (known or key == "objective"):
                what = "objective" if key == "objective" else "role"
                fact = f"no {what} '{cited}'"
                problems.add(place(*where, key), fact, did_you_mean(cited, known) or f"Add it to '{what}s'.")
        if entry.contingency_of is not None:
            _check_contingency(file, name, place, problems)
        if (entry.when is None) == (entry.trigger == "condition"):
            fact = (
                "a condition that nothing looks at"
                if entry.when
                else "'trigger: condition' without a condition"
            )
            remedy = "Set 'trigger: condition'." if entry.when else "Give 'when'."
            problems.add(place(*where, "when" if entry.when else "trigger"), fact, remedy)
        if entry.when is not None and entry.when.missed is not None:
            _check_entry(file, entry.when.missed, place(*where, "when", "missed"), problems)
            if entry.when.missed == name:
                problems.add(place(*where, "when", "missed"), "an entry waits for itself", "Name another.")
    _check_drawn_objectives(file, place, problems)
    for name, closure in file.closures.items():
        if closure.begins is not None or closure.ends is not None:
            fact = "a closure with times of its own"
            problems.add(place("closures", name), fact, "Let entries 'close' and 'reopen' it.")


def _check_drawn_objectives(file: DrillFile, place: Place, problems: Problems) -> None:
    """Note what is drawn for an objective that is not there, or for any of several."""
    if file.draw is None:
        return
    drawn: list[tuple[tuple[str | int, ...], str | None]] = [
        (("calls", number), calls.objective) for number, calls in enumerate(file.draw.calls)
    ]
    drawn += [(("stress",), file.draw.stress.objective)] if file.draw.stress.is_any else []
    for keys, cited in drawn:
        where = place("draw", *keys, "objective")
        if cited is not None and cited not in file.objectives:
            remedy = did_you_mean(cited, file.objectives) or "Add it to 'objectives'."
            problems.add(where, f"no objective '{cited}'", remedy)
        elif cited is None and len(file.objectives) > 1:
            fact = f"which of the {len(file.objectives)} objectives it is for is not said"
            problems.add(where, fact, f"Name one of {', '.join(map(repr, file.objectives))}.")


def _check_entry(file: DrillFile, cited: str, where: str, problems: Problems) -> bool:
    """Note an entry that does not exist, or of which nothing is expected."""
    if cited not in file.entries:
        problems.add(where, f"no entry '{cited}'", did_you_mean(cited, file.entries))
        return False
    if not file.entries[cited].expects:
        problems.add(where, f"nothing is expected after entry '{cited}'", "Give it 'expects'.")
    return True


def _check_contingency(file: DrillFile, name: str, place: Place, problems: Problems) -> None:
    """Note a contingency of what does not exist, or of itself through others."""
    cited, where = file.entries[name].contingency_of, place("entries", name, "contingency_of")
    assert cited is not None
    if not _check_entry(file, cited, where, problems):
        return
    seen = [name]
    while cited is not None and cited in file.entries and cited not in seen:
        seen.append(cited)
        cited = file.entries[cited].contingency_of
    if cited == name:
        problems.add(where, f"contingencies in a circle: {' → '.join((*seen, name))}", "Break it.")


def check_names(file: DrillFile, base: Scenario, begins: float, place: Place, problems: Problems) -> None:
    """Note names that the scenario does not know, and draws that it has no room for.

    ``begins`` is the moment of STARTEX, in seconds from the scenario's start. Without its layout, units and
    stations are looked for in all layouts.
    """
    if file.layout not in base.layouts:
        fact = f"no layout '{file.layout}' in the scenario"
        problems.add(place("layout"), fact, did_you_mean(file.layout, base.layouts))
    names = Names(file, base)
    for name, entry in file.entries.items():
        for number, action in enumerate(entry.expects):
            for keys, what, cited in _of_action(action):
                names.check(what, cited, place("entries", name, "expects", number, *keys), problems)
            _check_amount(action, base, place("entries", name, "expects", number, "delivered"), problems)
        for keys, what, cited in _of_condition(entry.when) if entry.when is not None else ():
            names.check(what, cited, place("entries", name, "when", *keys), problems)
    for name in file.closures:
        if name in base.file.closures:
            problems.add(place("closures", name), "the scenario has a closure of this id", "Rename it.")
    if file.draw is not None:
        _check_drawing(file, base, begins, names, place, problems)


def _check_drawing(
    file: DrillFile, base: Scenario, begins: float, names: Names, place: Place, problems: Problems
) -> None:
    """Note what cannot be drawn."""
    assert file.draw is not None
    for number, calls in enumerate(file.draw.calls):
        where = ("draw", "calls", number)
        names.check("incident type", calls.type, place(*where, "type"), problems)
        for i, zone in enumerate(calls.zones):
            names.check("zone", zone, place(*where, "zones", i), problems)
        _check_window(calls, file.lasts, where, place, problems)
    before = len(problems.found)
    for i, cited in enumerate(file.draw.stress.of):
        names.check("unit or unit type", cited, place("draw", "stress", "of", i), problems)
    layout = base.layouts.get(file.layout)
    if layout is not None and len(problems.found) == before:
        _check_failing(file, base, layout, begins, place, problems)
    _check_stress(file, base, place, problems)


def _check_window(
    calls: DrawnCalls, lasts: float, where: tuple[str | int, ...], place: Place, problems: Problems
) -> None:
    """Note drawn calls for which no time is left in an exercise that lasts some seconds."""
    first, last = calls.window(lasts)
    if first <= last:
        return
    key, within = "earliest", calls.sent_within
    remedy = "Let the calls come earlier, or the exercise last longer."
    if within is not None and within > lasts:
        key, fact = "sent_within", f"{told(within)} is longer than the exercise ({told(lasts)})"
        remedy = "Shorten it, or let the exercise last longer."
    elif first >= lasts:
        fact = f"{told(first)} is not before the end of the exercise ({told(lasts)})"
    elif calls.latest is not None and calls.latest < first:
        key, fact = "latest", f"{told(calls.latest)} is before 'earliest' ({told(first)})"
        remedy = "Give a later moment."
    elif calls.latest is None and first > lasts * 2.0 / 3.0:
        fact = f"{told(first)} is after two thirds of the exercise, when the last drawn calls come"
        remedy = "Say until when with 'latest', or let them come earlier."
    else:
        fact = f"from {told(first)} on there is no time left to send units until the end ({told(lasts)})"
    problems.add(place(*where, key), fact, remedy)


def _check_stress(file: DrillFile, base: Scenario, place: Place, problems: Problems) -> None:
    """Note failures that cannot be drawn, whatever units there are."""
    assert file.draw is not None
    stress: Stress = file.draw.stress
    if stress.of and not stress.units:
        fact, remedy = (
            "no units fail, so there is nothing to draw among these",
            "Give 'units', or leave it out.",
        )
        problems.add(place("draw", "stress", "of"), fact, remedy)
    if stress.hydrants > len(base.zones):
        fact = f"{stress.hydrants} zones have dry hydrants, of {len(base.zones)}"
        problems.add(place("draw", "stress", "hydrants"), fact, "Take fewer.")
    if stress.roads and not isinstance(base.network, RoadNetwork):
        fact = "the scenario's network has no roads: it is a matrix of travel times"
        problems.add(place("draw", "stress", "roads"), fact, "Take none, or a scenario with roads.")
    elif stress.roads and not file.draw.calls:
        fact = "roads are closed near drawn calls, of which there are none"
        problems.add(place("draw", "stress", "roads"), fact, "Draw calls, or close no roads.")


def _check_failing(
    file: DrillFile, base: Scenario, layout: Layout, begins: float, place: Place, problems: Problems
) -> None:
    """Note more failing units than there are."""
    assert file.draw is not None
    wanted, among = file.draw.stress.units, len(may_fail(file, base, layout, begins))
    if wanted > among:
        fact = f"{wanted} units fail, of {among} that nothing else takes out of service"
        problems.add(place("draw", "stress", "units"), fact, "Let fewer fail.")


def may_fail(file: DrillFile, base: Scenario, layout: Layout, begins: float) -> list[str]:
    """Return the ids of the units among which failing ones are drawn, in their order.

    They are those of the brief's choice that nothing else takes out of service from STARTEX on: a failure
    lasts to the end.
    """
    assert file.draw is not None
    of = file.draw.stress.of
    outages = [each for each in base.outages if each.ends > begins]
    written = [entry.inject.outage for entry in file.entries.values() if entry.inject is not None]
    units = {outage.unit for outage in written if outage is not None}
    stations = {outage.station for outage in written if outage is not None}
    return [
        name
        for name, unit in layout.units
        if (not of or name in of or unit.type in of)
        and name not in units
        and unit.station not in stations
        and not any(each.holds_for(name, unit.station) for each in outages)
    ]


def _check_amount(action: Action, base: Scenario, where: str, problems: Problems) -> None:
    """Note an amount that an item is not counted in."""
    wanted, book = action.delivered, base.supplies
    if wanted is None or book is None or wanted.item not in book.number:
        return
    try:
        book.items[book.number[wanted.item]].quanta(wanted.amount, up=True)
    except ValueError as error:
        fact, _, remedy = str(error).partition(" | ")
        problems.add(f"{where}.amount", fact, remedy)


class Names:
    """What may be cited of a scenario and of the calls that the script adds."""

    def __init__(self, file: DrillFile, base: Scenario) -> None:
        layouts = [layout for name, layout in base.layouts.items() if name == file.layout]
        layouts = layouts or list(base.layouts.values())
        units = {name for layout in layouts for name, _ in layout.units}
        calls = {call.id for call in base.authored}
        calls |= set() if base.recorded is None else set(base.recorded.ids)
        calls |= {
            entry.inject.incident.id or name
            for name, entry in file.entries.items()
            if entry.inject is not None and entry.inject.incident is not None
        }
        self._random = random_ids(base)
        self._known: dict[str, Collection[str]] = {
            "call": calls,
            "unit": units,
            "capability": base.capabilities,
            "station": {site.id for layout in layouts for site in layout.sites},
            "agreement": base.file.agreements,
            "incident type": base.file.incident_types,
            "zone": base.zones,
            "item": () if base.supplies is None else base.supplies.number,
            "unit or unit type": {*units, *base.file.unit_types},
        }

    def check(self, what: str, cited: str, where: str, problems: Problems) -> None:
        """Note a name that leads nowhere."""
        known = self._known[what]
        if cited in known or (what == "call" and self._random.fullmatch(cited)):
            return
        problems.add(where, f"no {what} '{cited}'", did_you_mean(cited, known))


def _of_force(key: str, force: Force | None) -> Iterator[Cited]:
    if force is not None:
        yield (key, "incident"), "call", force.incident
        if force.capability is not None:
            yield (key, "capability"), "capability", force.capability
        if force.unit is not None:
            yield (key, "unit"), "unit", force.unit


def _of_action(action: Action) -> Iterator[Cited]:
    """Yield what an action names."""
    for key in ("sent", "on_scene", "staged"):
        yield from _of_force(key, getattr(action, key))
    if action.level is not None:
        yield ("level", "incident"), "call", action.level.incident
    if action.delivered is not None:
        yield ("delivered", "incident"), "call", action.delivered.incident
        yield ("delivered", "item"), "item", action.delivered.item
    if action.asked is not None:
        yield ("asked", "agreement"), "agreement", action.asked.agreement
        yield ("asked", "incident"), "call", action.asked.incident
    kinds = {"under_control": "call", "moved_up": "station", "recalled": "unit"}
    for key, what in kinds.items():
        cited = getattr(action, key)
        if cited is not None:
            yield (key,), what, cited


def _of_condition(when: Condition) -> Iterator[Cited]:
    """Yield what a condition names of the scenario."""
    yield from _of_force("on_scene", when.on_scene)
    if when.level is not None:
        yield ("level", "incident"), "call", when.level.incident
