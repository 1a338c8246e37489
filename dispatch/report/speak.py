"""Numbers the way people say them: ``4 min 30 s``, ``31.4 %``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


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
    return f"at {duration(inject['at'])}: {_INJECTED[inject['does']](inject)}"


def _lasting(inject: Mapping[str, Any]) -> str:
    return f" for {duration(inject['for'])}" if inject.get("for") is not None else ""


def _call(inject: Mapping[str, Any]) -> str:
    needs = ", ".join(f"{name}: {count}" for name, count in inject["units"].items()) or "units by plan"
    level = f", level {inject['level']}" if inject.get("level") else ""
    report = "".join(f", {word.replace('_', ' ')} {said}" for word, said in inject.get("report", {}).items())
    where = f"{inject['type']} at {inject['node']}, priority {inject['priority']}{level}{report}"
    return f"call {inject['id']} ({where}; {needs})"


def _surge(inject: Mapping[str, Any]) -> str:
    where = f" in {', '.join(inject['zones'])}" if inject["zones"] else ""
    return f"{', '.join(inject['types'])}{where} × {inject['factor']:g} until {duration(inject['until'])}"


def _message(inject: Mapping[str, Any]) -> str:
    ends = [f"{word} {inject[word]}" for word in ("from", "to") if inject[word]]
    return " ".join(["message", *ends]) + f": {inject['text']}"


def _failure(inject: Mapping[str, Any]) -> str:
    slower = f", calls {duration(inject['slower_by'])} slower" if "slower_by" in inject else ""
    for key in ("unit", "station", "hydrants"):
        if key in inject:
            return f"{inject['does']} of {key} {inject[key]}{_lasting(inject)}"
    return f"{inject['does']} of communications{slower}{_lasting(inject)}"


def _weather(inject: Mapping[str, Any]) -> str:
    title = f" ({inject['title']})" if inject["title"] else ""
    slow = f", speeds × {inject['speed_factor']:g}" if "speed_factor" in inject else ""
    return f"weather{title}{slow}{', levels are raised' if inject['uplift'] else ''}{_lasting(inject)}"


_INJECTED: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "close": lambda inject: f"close {inject['closure']}",
    "reopen": lambda inject: f"reopen {inject['closure']}",
    "incident": _call,
    "surge": _surge,
    "message": _message,
    "outage": _failure,
    "restore": _failure,
    "weather": _weather,
    "level": lambda inject: f"level of {inject['incident']} to {inject['level']}",
    "recall": lambda inject: (
        f"recall of {inject['unit']}{', another goes instead' if inject['replace'] else ''}"
    ),
    "divert": lambda inject: f"hospital {inject['hospital']} on diversion{_lasting(inject)}",
    "order": lambda inject: f"{inject['unit']} ordered to {inject.get('incident') or inject['station']}",
}
"""How injects are told, by what they do."""


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
