"""Numbers the way people say them: ``4 min 30 s``, ``31.4 %``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dispatch.briefing.titles import HEADLINE_TITLES

if TYPE_CHECKING:
    from collections.abc import Mapping


Tell = Callable[[str], str]
"""Translates a message; what stands in its braces is put in afterwards."""

KNOWN_UNITS = {
    "t": "{n} t", "t·h": "{n} t·h", "people": "{n} people", "km": "{n} km", "km2": "{n} km²",
}  # fmt: skip
"""How units are written that are not a user's."""


def duration(seconds: float, tell: Tell = str) -> str:
    """Return seconds as ``45.2 s``, ``4 min 30 s``, ``2 h 05 min`` or ``12 d``."""
    if math.isnan(seconds):
        return "–"
    sign, rest = ("−" if seconds < 0 else ""), abs(seconds)
    if math.isinf(rest):
        return f"{sign}∞"
    if rest < 59.95:
        return sign + tell("{s} s").format(s=f"{rest:.1f}")
    if rest < 3599.5:
        whole = round(rest)
        return sign + tell("{m} min {s} s").format(m=whole // 60, s=f"{whole % 60:02d}")
    if rest < 86_400:
        minutes = round(rest / 60)
        return sign + tell("{h} h {m} min").format(h=minutes // 60, m=f"{minutes % 60:02d}")
    days = rest / 86400
    return sign + tell("{d} d").format(d=f"{days:,.0f}" if days >= 1000 else f"{days:.4g}")


def value(number: float, unit: str, tell: Tell = str) -> str:
    """Return a measure's value in words; ``unit`` is the measure's, such as ``s``, ``share`` or ``kW``."""
    if math.isnan(number):
        return "–"
    if unit == "s":
        return duration(number, tell)
    sign = _minus(number)
    if unit == "share":
        return sign + tell("{n} %").format(n=f"{100 * abs(number):.1f}")
    if unit in ("1", ""):
        return f"{sign}{abs(number):,.1f}"
    if unit == "h":
        return sign + tell("{n} h").format(n=f"{abs(number):,.1f}")
    digits = ",.0f" if abs(number) >= 1000 else ".4g"  # people, kW, money: of any size
    shown = f"{abs(number):{digits}}"
    known = KNOWN_UNITS.get(unit)
    return sign + (tell(known).format(n=shown) if known else f"{shown} {unit}")


def difference(number: float, unit: str, tell: Tell = str) -> str:
    """Return a difference with its sign; shares differ by percentage points."""
    if math.isnan(number):
        return "–"
    sign = "+" if number > 0 else ""
    if unit == "share":
        sign = sign or _minus(number)
        return sign + tell("{n} pp").format(n=f"{100 * abs(number):.1f}")
    return sign + value(number, unit, tell)


def margin(half_width: float, unit: str, tell: Tell = str) -> str:
    """Return half of a confidence interval as ``± 3.2 s``, nothing where there is none."""
    if math.isnan(half_width):
        return ""
    return f"± {difference(half_width, unit, tell).lstrip('+')}"


def _minus(number: float) -> str:
    return "−" if math.copysign(1.0, number) < 0 else ""


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
    "stage": lambda inject: f"{inject['unit']} ordered to wait at {inject['node']} for {inject['incident']}",
    "ask": lambda inject: (
        f"{inject['units']} units asked for {inject['incident']} under {inject['agreement']}"
    ),
    "supply": lambda inject: (
        f"{inject['amount']} of {inject['item']} ordered for {inject['incident']}"
        f"{' from ' + inject['depot'] if 'depot' in inject else ''}"
    ),
}
"""How injects are told, by what they do."""


TITLES = {name: said.text for name, said in HEADLINE_TITLES.items()}
"""Headline measures in words."""
