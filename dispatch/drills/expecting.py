"""What is expected of the players for a call: what the model does, by when the plan wants it."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from dispatch.drills.seeing import call_of, first_seen
from dispatch.drills.wording import WORDS
from dispatch.model.amounts import Amount
from dispatch.model.briefs import Action, Entry, Force, LevelReached
from dispatch.model.expectations import Delivery

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dispatch.drills.drill import Drill
    from dispatch.drills.wording import Language
    from dispatch.engine.log import Log

ALLOWANCE = 1.2
"""What the model's own time is multiplied by where no plan states one (chosen here)."""

MINUTE = 60.0


def expected_of(
    drill: Drill, log: Log, delivered: Mapping[str, float], name: str, language: Language
) -> Entry:
    """Return the entry of a call with what is expected; ``log`` is the model's play without failures."""
    entry = drill.line(name).entry
    since = drill.begins + delivered[name]
    call = call_of(log, name)
    if call < 0:
        return entry
    expects = tuple(
        action.model_copy(update={"by": by})
        for action, limit in _wanted(log, call, name, language)
        for by in [_by(first_seen(log, action, since) - since, limit)]
        if delivered[name] + by <= drill.file.lasts
    )
    plan = _plan(log, call, language)
    text = f"{entry.text} {plan}" if plan else entry.text
    return entry.model_copy(update={"expects": expects, "text": text})


def _by(seen: float, limit: float) -> float:
    """Return the time that is allowed: that of the plan, or else the model's with an allowance."""
    if limit < math.inf:
        return limit
    return max(math.ceil(seen * ALLOWANCE / MINUTE - 1e-9), 1) * MINUTE if math.isfinite(seen) else math.inf


def _wanted(log: Log, call: int, name: str, language: Language) -> Iterator[tuple[Action, float]]:
    """Yield what could be expected for a call, each with the seconds that a plan or type allows for it."""
    words, scenario = WORDS[language], log.scenario
    for capability, count in _first_alarm(log, call).items():
        most = _most(log, name, capability, count)
        if most:
            text = words["on_scene"].format(count=most, capability=capability)
            force = Force(incident=name, capability=capability, count=most)
            yield Action(text=text, by=1.0, on_scene=force), math.inf
    raised = [each.after for each in log.raises if each.incident == call]
    if raised:
        reached = LevelReached(incident=name, at_least=max(raised))
        yield Action(text=words["level"].format(level=max(raised)), by=1.0, level=reached), math.inf
    kind = scenario.kinds[log.timeline.kind[call]].type
    if kind.alarm is not None and kind.alarm.control_within is not None:
        within = kind.alarm.control_within
        level = int(log.level[call])
        limit = within if isinstance(within, float) else within.get(level, math.inf)
        limit += float(log.timeline.ready[call] - log.timeline.received[call])
        yield Action(text=words["control"], by=1.0, under_control=name), limit
    numbers = {each.agreement for each in log.asks if log.responses.incident[each.response] == call}
    for terms in (scenario.agreements[number] for number in sorted(numbers)):
        text = words["asked"].format(agreement=terms.terms.title or terms.id)
        yield Action(text=text, by=1.0, asked=terms.id), math.inf
    yield from _supplies(log, call, name, language)


def _supplies(log: Log, call: int, name: str, language: Language) -> Iterator[tuple[Action, float]]:
    """Yield the deliveries that a call has deadlines for."""
    supplies, book = log.supplies, log.scenario.supplies
    if supplies is None or book is None:
        return
    for need in supplies.needs:
        if need.incident == call and need.deadline < math.inf and need.order == 0 and need.amount > 0:
            item = book.items[need.item]
            shown = item.shown(need.amount)
            text = WORDS[language]["delivered"].format(amount=shown, item=item.title or item.id)
            amount = Amount(item.units(need.amount), item.unit)
            wanted = Delivery(incident=name, item=item.id, amount=amount)
            limit = need.deadline - float(log.timeline.received[call])
            yield Action(text=text, by=1.0, delivered=wanted), limit


def _first_alarm(log: Log, call: int) -> Counter[str]:
    """Return who the first alarm of a call asks for, by capability."""
    t, names = log.timeline, log.scenario.capabilities
    slots = range(int(t.first_slot[call]), int(t.first_slot[call + 1]))
    return Counter(names[t.capability[slot]] for slot in slots if t.first_alarm[slot])


def _most(log: Log, name: str, capability: str, count: int) -> int:
    """Return how many units of those that are wanted the model ever has on scene at once."""
    for number in range(count, 0, -1):
        force = Force(incident=name, capability=capability, count=number)
        if first_seen(log, Action(text="-", by=1.0, on_scene=force), 0.0) < math.inf:
            return number
    return 0


def _plan(log: Log, call: int, language: Language) -> str:
    """Return which plan holds for a call, in words; empty for none."""
    t, plans = log.timeline, log.scenario.plans
    if plans is None:
        return ""
    level = int(t.level[call]) or plans.first_level(
        int(t.kind[call]), int(t.node[call]), float(t.received[call])
    )
    card = plans.card(int(t.kind[call]), int(t.node[call]), level, float(t.received[call]))
    if not card.plan:
        return ""
    title = str(plans.library.plans[card.plan].title or card.plan)
    return WORDS[language]["by_plan"].format(plan=title, level=level)
