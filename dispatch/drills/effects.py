"""What an entry of the script changes, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatch.briefing.contents import Number, Said
from dispatch.io.yaml_writing import as_written, durations_of
from dispatch.model.base import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dispatch.briefing.contents import Cell
    from dispatch.drills.drill import Line

EFFECTS: Mapping[str, Said] = {
    "close": Said("Closure begins"),
    "reopen": Said("Closure ends"),
    "incident": Said("Call comes in"),
    "surge": Said("Other rate of random calls"),
    "message": Said("Words only"),
    "outage": Said("Out of service"),
    "restore": Said("Back in service"),
    "weather": Said("Weather sets in"),
    "level": Said("Alarm level rises"),
    "recall": Said("Unit called back"),
    "order": Said("Unit sent by order"),
    "stage": Said("Unit sent to wait"),
    "ask": Said("Help is asked for"),
    "supply": Said("Supplies are ordered"),
    "divert": Said("Hospital diverts"),
}
"""What an entry does to the scenario."""

DETAILS: Mapping[str, Said] = {
    "type": Said("type {value}"),
    "node": Said("at {value}"),
    "id": Said("call {value}"),
    "incident": Said("call {value}"),
    "priority": Said("priority {value}"),
    "units": Said("units: {value}"),
    "report": Said("reported: {value}"),
    "level": Said("alarm level {value}"),
    "supplies": Said("needs {value}"),
    "dead": Said("dead: {value}"),
    "seriously_injured": Said("seriously injured: {value}"),
    "trapped": Said("trapped: {value}"),
    "loss": Said("direct loss: {value} yuan"),
    "scene": Said("scene {value}"),
    "factor": Said("{value} × the usual rate"),
    "for": Said("for {value}"),
    "types": Said("types {value}"),
    "zones": Said("zones {value}"),
    "from": Said("from {value}"),
    "to": Said("to {value}"),
    "text": Said("“{value}”"),
    "unit": Said("unit {value}"),
    "station": Said("station {value}"),
    "hydrants": Said("hydrants of {value}"),
    "comms": Said("communications"),
    "slower_by": Said("calls taken later by {value}"),
    "title": Said("{value}"),
    "speed_factor": Said("speed on the roads: {value} of the usual"),
    "uplift": Said("alarm levels go up for weather"),
    "replace": Said("to be replaced"),
    "agreement": Said("agreement {value}"),
    "item": Said("item {value}"),
    "amount": Said("amount {value}"),
    "depot": Said("from depot {value}"),
    "hospital": Said("hospital {value}"),
    "rate": Said("{value}"),
    "foam": Said("foam ({value})"),
    "cooling": Said("cooling ({value})"),
    "dyke": Said("dyke ({value})"),
    "people": Said("for people ({value})"),
    "diameter": Said("diameter {value} m"),
    "area": Said("area {value} m²"),
    "application": Said("application {value}"),
    "concentration": Said("concentration {value}"),
    "length": Said("length {value} m"),
    "per_metre": Said("{value} for each metre"),
    "number": Said("number {value}"),
    "each": Said("{value} for each"),
    "within": Said("within {value}"),
    "asked_after": Said("asked for after {value}"),
    "wanted_for": Said("wanted for {value}"),
    "stock_up": Said("applied once all of it is there"),
}
"""How the keys of an inject are told."""

SHARES = ("speed_factor", "concentration")
"""Keys of shares."""


def effect(line: Line) -> Said | None:
    """Return what an entry changes, in words; None for words only."""
    inject = line.entry.inject
    if inject is None:
        return None
    (kind,) = inject.kinds
    body = getattr(inject, kind)
    details = _all(_details(body)) if isinstance(body, Frozen) else body
    return Said("{what}: {details}", {"what": EFFECTS[kind], "details": details})


def _details(model: Frozen) -> Iterator[Said]:
    """Yield what a model says beside its defaults, in words."""
    written = as_written(model)
    for name, field in type(model).model_fields.items():
        key, value = field.alias or name, getattr(model, name)
        if key not in written or value is False:
            continue
        if key in durations_of(type(model)):
            shown: Cell = Number(value, "s")
        elif key in SHARES:
            shown = Number(value, "share")
        else:
            shown = _shown(value, written[key])
        yield Said(DETAILS[key].text, {"value": shown})


def _shown(value: object, written: object) -> Cell:
    """Return a value as a cell; ``written`` is what stands for it in a file."""
    if isinstance(value, Frozen):
        return _all(_details(value))
    if isinstance(value, dict):
        return _all(_of_map(value))
    if isinstance(written, list | tuple):
        return ", ".join(map(str, written))
    return str(written)


def _of_map(value: Mapping[str, object]) -> Iterator[Said]:
    """Yield how many units of each capability, or how much of each item."""
    for name, each in value.items():
        if isinstance(each, Frozen):
            yield Said("{item} ({details})", {"item": name, "details": _all(_details(each))})
        else:
            yield Said("{n} × {who}", {"n": str(each), "who": name})


def _all(parts: Iterable[Said]) -> Said:
    """Return several texts as one."""
    first, *rest = parts
    for part in rest:
        first = Said("{one}, {more}", {"one": first, "more": part})
    return first
