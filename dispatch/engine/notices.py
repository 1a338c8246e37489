"""What a log has to tell beside calls and responses, in one form: rises of level, orders, and the like."""

from __future__ import annotations

from itertools import chain
from math import inf
from typing import TYPE_CHECKING

from dispatch.engine.control import WITHDRAWN
from dispatch.engine.hospitals import WORDS
from dispatch.engine.levels import REASONS
from dispatch.engine.notice import Notice
from dispatch.engine.supply_notices import DELIVERED, SUPPLY_WORDS, supply_notices
from dispatch.engine.tiers import ask_words
from dispatch.scenario.layout import AID_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.engine.log import Columns, Log


MOVE_REASONS = {
    "table": "by the compliance table",
    "cover": "where it adds most to the expected cover",
    "fill": "nobody is free there",
    "home": "back to its own station, since it can be spared",
    "off duty": "back to its own station, since its crew goes off duty",
    "order": "by order",
}
"""Why units move, by the word in the log."""


STAGED, WENT_FORWARD = "staged", "went forward"
"""What units do at staging areas."""

WORDS_NOTED = (
    "level raised", "recall", "order", "stage", "ask", "level", "supply", "to hospital", "hand-over",
    "broken down", "to the workshop", "unit asked for", "hand-over decided", "handed over", "moves up",
    "moved up", STAGED, WENT_FORWARD, "relief asked for", "relieved", "no relief", "need withdrawn",
    *SUPPLY_WORDS,
)  # fmt: skip
"""Everything that ``what`` of a notice may be; of orders it is what they do."""


def notices(log: Log) -> list[Notice]:
    """Return everything that was noted, in order of time."""
    found = chain(
        _raises(log),
        _orders(log),
        _admissions(log),
        _repairs(log),
        _downtimes(log),
        _asks(log),
        _hand_overs(log),
        _move_ups(log),
        _stagings(log),
        _reliefs(log),
        _withdrawals(log),
        supply_notices(log),
    )
    return sorted(found, key=lambda each: (each.moment, each.what != DELIVERED, each))


def notice_table(log: Log) -> Columns:
    """Return what was noted as columns with names; all of them empty where there is nothing."""
    found = notices(log)
    return {name: [getattr(each, name) for each in found] for name in Notice._fields}


def _incident(log: Log, call: int) -> str:
    return "" if call < 0 else log.timeline.incident_id(call, log.scenario.kinds)


def _raises(log: Log) -> Iterator[Notice]:
    for each in log.raises:
        detail = f"from {each.before} to {each.after}, {REASONS[each.reason]}"
        yield Notice(each.moment, "level raised", _incident(log, each.incident), "", detail)


def _orders(log: Log) -> Iterator[Notice]:
    for each in log.orders:
        yield Notice(each.moment, each.does, _incident(log, each.incident), each.unit, each.outcome)


def _admissions(log: Log) -> Iterator[Notice]:
    sites, names = log.scenario.hospitals, log.fleet.ids
    for each in log.admissions:
        row = each.response
        who = _incident(log, int(log.responses.incident[row])), names[log.responses.unit[row]]
        passed = ", ".join(f"{sites[hospital].id} is {why}" for hospital, why in each.passed)
        chosen = f"{sites[each.hospital].id}, {WORDS[each.why]}"
        yield Notice(each.left, "to hospital", *who, f"{chosen}; nearer, but {passed}" if passed else chosen)
        if each.began > each.arrived:
            waited = f"{sites[each.hospital].id}, after a wait of {each.began - each.arrived:.1f} s"
            yield Notice(each.began, "hand-over", *who, waited)


def _repairs(log: Log) -> Iterator[Notice]:
    for each in log.repairs:
        call, unit = log.responses.incident[each.response], log.fleet.ids[each.unit]
        lasts = f"for {each.ends - each.begins:.1f} s" if each.ends < inf else "to the end: no way leads home"
        detail = f"out of service {lasts}"
        yield Notice(each.begins, "broken down", _incident(log, int(call)), unit, detail)


def _downtimes(log: Log) -> Iterator[Notice]:
    for unit in zip(log.fleet.ids, log.fleet.types, strict=True):
        for begins, ends in log.timeline.downtimes.get(unit, ()):
            yield Notice(begins, "to the workshop", "", unit[0], f"for {ends - begins:.1f} s")


def _asks(log: Log) -> Iterator[Notice]:
    for each in log.asks:
        call, unit = log.responses.incident[each.response], log.fleet.ids[log.responses.unit[each.response]]
        detail = f"under agreement '{log.scenario.agreements[each.agreement].id}': {ask_words(each)}"
        yield Notice(each.moment, "unit asked for", _incident(log, int(call)), unit, detail)


def _hand_overs(log: Log) -> Iterator[Notice]:
    ladder = log.scenario.file.ladder
    for each in log.hand_overs:
        why = (
            f"level {each.value:.0f} of at least {each.limit:.0f}"
            if each.reason == "from_level"
            else f"a need open for {each.value:.1f} s"
        )
        detail = f"from {ladder[each.before].tier} to {ladder[each.after].tier}: {why}"
        incident = _incident(log, each.incident)
        yield Notice(each.decided, "hand-over decided", incident, "", detail)
        yield Notice(each.done, "handed over", incident, "", f"to {ladder[each.after].tier}")


def _move_ups(log: Log) -> Iterator[Notice]:
    names, sites = log.fleet.ids, [*(site.id for site in log.fleet.layout.sites), "the road"]
    for each in log.move_ups:
        goal = sites[each.site]
        detail = f"from {sites[each.origin]} to {goal}: {MOVE_REASONS[each.reason]}"
        yield Notice(each.left, "moves up", "", names[each.unit], detail)
        if each.arrives == each.arrives:
            yield Notice(each.arrives, "moved up", "", names[each.unit], f"to {goal}")


def _stagings(log: Log) -> Iterator[Notice]:
    r, nodes = log.responses, log.scenario.network.node_ids
    for each in log.stagings:
        who = _incident(log, int(r.incident[each.response])), log.fleet.ids[r.unit[each.response]]
        got_there = each.arrived == each.arrived
        if got_there:
            yield Notice(each.arrived, STAGED, *who, f"at {nodes[each.node]}")
        if each.forward == each.forward:
            after = f"after a wait of {each.forward - each.arrived:.1f} s"
            straight = f"straight to the scene, since no way leads to {nodes[each.node]}"
            yield Notice(each.forward, WENT_FORWARD, *who, after if got_there else straight)


def _reliefs(log: Log) -> Iterator[Notice]:
    r, names = log.responses, [*log.fleet.ids, AID_NAME]
    for each in log.reliefs:
        who = _incident(log, int(r.incident[each.response])), names[r.unit[each.response]]
        after = f"after {each.asked - r.on_scene[each.response]:.1f} s on scene"
        yield Notice(each.asked, "relief asked for", *who, after)
        if each.relief >= 0:
            yield Notice(each.taken_over, "relieved", *who, f"by {names[r.unit[each.relief]]}")
        if each.withdrawn == each.withdrawn:
            yield Notice(each.withdrawn, "no relief", *who, "nobody was on the way when the work was over")


def _withdrawals(log: Log) -> Iterator[Notice]:
    needed = log.scenario.capabilities
    for each in log.withdrawals:
        what = needed[log.timeline.capability[each.slot]]
        yield Notice(
            each.moment,
            "need withdrawn",
            _incident(log, each.incident),
            "",
            f"{what}: {WITHDRAWN[each.reason]}",
        )
