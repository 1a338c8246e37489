"""Supplies in the story of a call, on the terminal."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from dispatch.report import speak
from dispatch.report.moments import clock
from dispatch.report.rows import Column, print_rows
from dispatch.scenario.items import amount_text

if TYPE_CHECKING:
    from rich.console import Console

    from dispatch.study.supplied import Hindrance, Supplied, SupplyNeedTold, TripTold


def print_supplied(out: Console, told: Supplied) -> None:
    """Print what a call needed, what came of it, and the trucks that set out."""
    out.print()
    out.print(Text("Supplies", style="bold"))
    for need in told.needs:
        out.print(Padding(Text(need_words(need)), (0, 0, 0, 2), expand=False))
        for answer in need.answers:
            amount = f", {amount_text(answer.amount, need.unit)}" if answer.amount else ""
            why = f" ({answer.why})" if answer.why else ""
            line = f"{answer.depot} at {clock(answer.moment)}: {answer.answer}{amount}{why}"
            out.print(Padding(Text(line), (0, 0, 0, 4), expand=False))
    if told.trips:
        names = ("truck", "loads at", "load", "ordered", "loaded", "there", "home", "km")
        columns = [Column(name, wraps=name in ("truck", "load")) for name in names]
        print_rows(out, "  Trucks", columns, [_row(trip) for trip in told.trips])
    if isnan(told.controlled):
        why = f": {'; '.join(map(hindrance_words, told.hindrances))}" if told.hindrances else ""
        line = f"They never let the call come under control{why}."
    else:
        line = f"They let the call come under control at {clock(told.controlled)}."
    out.print(Padding(Text(line), (0, 0, 0, 2), expand=False))


def need_words(need: SupplyNeedTold) -> str:
    """Return a need and what came of it in a sentence."""
    level = f" for level {need.level}" if need.level else ""
    in_time = "all" if need.by_deadline >= need.amount else amount_text(need.by_deadline, need.unit)
    deadline = "" if isnan(need.deadline) else f", by {clock(need.deadline)} ({in_time} there by then)"
    flow = f", at {need.flow:.4g} l/s" if need.flow else ""
    lasts = f", for {speak.duration(need.lasts)}" if need.lasts else ""
    head = f"{amount_text(need.amount, need.unit)} of {need.item}{level}{flow}{lasts}"
    by: dict[str, float] = {}
    for each in need.came:
        by[each.by] = by.get(each.by, 0.0) + each.amount
    sources = ", ".join(f"{amount_text(amount, need.unit)} by {WORDS[who]}" for who, amount in by.items())
    end = f"all there at {clock(need.complete)}" if not isnan(need.complete) else "never all there"
    unwanted = f"; {amount_text(need.unwanted, need.unit)} unwanted in the end" if need.unwanted else ""
    asked = f"asked for at {clock(need.asked)}{deadline}"
    return f"{head}: {asked}; {end}{f' ({sources})' if sources else ''}{unwanted}"


def hindrance_words(why: Hindrance) -> str:
    """Return in words why supplies never let a call come under control."""
    if why.why == "pumps":
        needed = f"{why.needed:.4g} l/s have to be pumped"
        if not why.lacking:
            return f"{needed}, and units never did so for as long as it takes"
        return f"{needed}, and units on scene pump {why.needed - why.lacking:.4g} l/s at most"
    lacks = f"{amount_text(why.lacking, why.unit)} of {why.item}"
    ends = {"shortfall": "cannot be had", "unwanted": "not wanted any more", "end": "not there in the end"}
    return f"{lacks} {ends[why.why]}"


WORDS = {"truck": "truck", "unit": "units on scene", "hydrant": "hydrants", "order": "what was ordered"}
"""Who brings something, in words."""


def _row(trip: TripTold) -> list[Text]:
    load = ", ".join(f"{amount_text(amount, unit)} of {item}" for item, amount, unit in trip.loads)
    moments = (trip.committed, trip.loaded, trip.delivered, trip.returned)
    times = ["–" if isnan(moment) else clock(moment) for moment in moments]
    kilometres = "–" if isnan(trip.kilometres) else f"{trip.kilometres:.1f}"
    return [Text(cell) for cell in (trip.truck, trip.place, load, *times, kilometres)]
