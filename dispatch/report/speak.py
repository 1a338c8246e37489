"""Numbers the way people say them: ``4 min 30 s``, ``31.4 %``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def duration(seconds: float) -> str:
    """Return seconds as ``45.2 s``, ``4 min 30 s``, ``2 h 05 min`` or ``12 d``."""
    if math.isnan(seconds):
        return "–"
    sign, rest = ("−" if seconds < 0 else ""), abs(seconds)
    if rest < 59.95:
        return f"{sign}{rest:.1f} s"
    if rest < 3599.5:
        whole = round(rest)
        return f"{sign}{whole // 60} min {whole % 60:02d} s"
    if rest < 86_400:
        minutes = round(rest / 60)
        return f"{sign}{minutes // 60} h {minutes % 60:02d} min"
    return f"{sign}{rest / 86400:.4g} d"


def value(number: float, unit: str) -> str:
    """Return a measure's value in words; ``unit`` is the measure's, such as ``s``, ``share`` or ``kW``."""
    if math.isnan(number):
        return "–"
    if unit == "s":
        return duration(number)
    if unit == "share":
        return f"{100 * number:.1f} %".replace("-", "−")
    if unit in ("1", "h", ""):
        text = f"{number:,.1f}".replace("-", "−")
        return f"{text} h" if unit == "h" else text
    digits = ",.0f" if abs(number) >= 1000 else ".4g"  # people, kW, money: of any size
    return f"{number:{digits}} {unit}".replace("-", "−", 1 if number < 0 else 0)


def difference(number: float, unit: str) -> str:
    """Return a difference with its sign; shares differ by percentage points."""
    if math.isnan(number):
        return "–"
    sign = "+" if number > 0 else ""
    if unit == "share":
        return f"{sign}{100 * number:.1f} pp".replace("-", "−")
    return sign + value(number, unit)


def margin(half_width: float, unit: str) -> str:
    """Return half of a confidence interval as ``± 3.2 s``, nothing where there is none."""
    if math.isnan(half_width):
        return ""
    return f"± {difference(half_width, unit).lstrip('+')}"


def probability(p: float) -> str:
    """Return a p-value as people print it."""
    if math.isnan(p):
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def inject_line(inject: Mapping[str, Any]) -> str:
    """Return what an inject does in a line, such as ``at 2 h 00 min: call fire-inject-1 (fire at a)``."""
    does = inject["does"]
    if does == "incident":
        units = ", ".join(f"{name}: {count}" for name, count in inject["units"].items())
        call = f"{inject['type']} at {inject['node']}, priority {inject['priority']}; {units}"
        what = f"call {inject['id']} ({call})"
    elif does == "surge":
        where = f" in {', '.join(inject['zones'])}" if inject["zones"] else ""
        what = f"{', '.join(inject['types'])}{where} × {inject['factor']:g} until {duration(inject['until'])}"
    elif does == "message":
        ends = [f"{word} {inject[word]}" for word in ("from", "to") if inject[word]]
        what = " ".join(["message", *ends]) + f": {inject['text']}"
    elif does in ("outage", "restore"):
        lasting = f" for {duration(inject['for'])}" if "for" in inject else ""
        key = "unit" if "unit" in inject else "station"
        what = f"{does} of {key} {inject[key]}{lasting}"
    else:
        what = f"{does} {inject['closure']}"
    return f"at {duration(inject['at'])}: {what}"


TITLES = {
    "incidents.n": "calls",
    "total.first.mean": "first unit, from call: mean",
    "total.first.p90": "first unit, from call: 90 %",
    "response.first.mean": "first unit, from alert: mean",
    "response.first.p90": "first unit, from alert: 90 %",
    "response.first.within_300s": "first unit ≤ 5 min from alert",
    "response.first.within_480s": "first unit ≤ 8 min from alert",
    "total.erf.mean": "whole first alarm, from call: mean",
    "total.erf.p90": "whole first alarm, from call: 90 %",
    "queue.mean": "wait for a free unit: mean",
    "workload.max": "workload of the busiest unit",
    "reliability.first_due": "answered by first-due station",
    "coverage.static.within_300s": "demand ≤ 5 min of travel",
}
"""Headline measures in words."""
