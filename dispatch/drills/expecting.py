"""What is expected of the players for a call: what the model does, by when the plan wants it."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from dispatch.drills.seeing import call_of, first_seen
from dispatch.drills.wording import WORDS
from dispatch.model.amounts import Amount
from dispatch.model.briefs import Action, Asked, Entry, Force, LevelReached
from dispatch.model.expectations import Delivery

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dispatch.drills.drill import Drill
    from dispatch.drills.wording import Language
    from dispatch.engine.log import Log

ALLOWANCE = 1.2
"""What the model's own time is multiplied by where no plan states one (chosen here)."""

MINUTE = 60.0


class Within(NamedTuple):
    """Times from a call in which plans want its first alarm [s]; infinite for the model's own."""

    sent: float = math.inf
    on_scene: float = math.inf


def expected_of(
    drill: Drill,
    log: Log,
    delivered: Mapping[str, float],
    name: str,
    language: Language,
    within: Within | None = None,
) -> Entry:
    """Return the entry of a call with what is expected; ``log`` is the model's play without failures.

    Where a plan gives the time its whole first alarm is expected, or else as much as the model manages. What
    is due after ENDEX is left out, but for units that are sent: they are expected by then.
    """
    entry = drill.line(name).entry
    since, left = drill.begins + delivered[name], drill.file.lasts - delivered[name]
    call = call_of(log, name)
    expects = []
    for action, limit in _wanted(log, call, name, language, within or Within()):
        by = _by(first_seen(log, action, since) - since, limit)
        by = by if action.sent is None else min(by, left)
        expects += [action.model_copy(update={"by": by})] if by <= left else []
    if expects:  # the plan is for those who judge: which one holds is for the players to know
        told = {"text": expects[0].text + _plan(log, call, language)}
        expects[0] = expects[0].model_copy(update=told)
    return entry.model_copy(update={"expects": tuple(expects)})


def _by(seen: float, limit: float) -> float:
    """Return the time that is allowed: that of the plan, or else the model's with an allowance."""
    if limit < math.inf:
        return limit
    return max(math.ceil(seen * ALLOWANCE / MINUTE - 1e-9), 1) * MINUTE if math.isfinite(seen) else math.inf


def _wanted(
    log: Log, call: int, name: str, language: Language, within: Within
) -> Iterator[tuple[Action, float]]:
    """Yield what could be expected for a call, each with the seconds that a plan or type allows for it."""
    words, scenario = WORDS[language], log.scenario
    for key, limit in within._asdict().items():
        for capability, count in _first_alarm(log, call).items():
            most = count if limit < math.inf else _most(log, name, key, capability, count)
            if most:
                text = words[key].format(count=most, capability=capability)
                yield _of_force(key, text, name, capability, most), limit
    raised = [each.after for each in log.raises if each.incident == call]
    if raised:
        reached = LevelReached(incident=name, at_least=max(raised))
        yield Action(text=words["level"].format(level=max(raised)), by=1.0, level=reached), math.inf
    kind = scenario.kinds[log.timeline.kind[call]].type
    if kind.alarm is not None and kind.alarm.control_within is not None:
        allowed = kind.alarm.control_within
        level = int(log.level[call])
        limit = allowed if isinstance(allowed, float) else allowed.get(level, math.inf)
        limit += float(log.timeline.ready[call] - log.timeline.received[call])
        yield Action(text=words["control"], by=1.0, under_control=name), limit
    numbers = {each.agreement for each in log.asks if log.responses.incident[each.response] == call}
    for terms in (scenario.agreements[number] for number in sorted(numbers)):
        text = words["asked"].format(agreement=terms.terms.title or terms.id)
        yield Action(text=text, by=1.0, asked=Asked(agreement=terms.id, incident=name)), math.inf
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


def _most(log: Log, name: str, key: str, capability: str, count: int) -> int:
    """Return how many units of those that are wanted the model ever has sent, or on scene, at once."""
    numbers = range(count, 0, -1)
    return next(
        (n for n in numbers if first_seen(log, _of_force(key, "-", name, capability, n), 0.0) < math.inf), 0
    )


def _of_force(key: str, text: str, name: str, capability: str, count: int) -> Action:
    """Return an action that is seen by units with a capability: ``sent`` or ``on_scene``."""
    force = Force(incident=name, capability=capability, count=count)
    return Action.model_validate({"text": text, "by": 1.0, key: force})


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
