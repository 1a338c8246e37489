"""Why a unit was sent, or nobody was, in words."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from dispatch.report import speak

if TYPE_CHECKING:
    from dispatch.study.explained import Explanation, Passed, Reason, Weighed

SLIGHT = 0.05
"""Seconds that round to nothing."""

NOT_SENT = {
    "nobody_able": "no unit of the layout is able to",
    "nobody_free": "nobody who is able is free to go",
    "no_way": "nobody who is free has a way there",
    "asked_again": "another unit is sent first, and the policy is asked again",
}
WHY = {
    "busy": "busy",
    "under_way": "under way, and not to be diverted",
    "as_urgent": "not diverted: its call is no less urgent",
    "already_sent": "sent to this call already",
    "no_way": "no way leads there",
    "off_duty": "off duty",
    "out_of_service": "out of service",
    "not_there": "under an agreement that does not hold at this place (only_at)",
    "expired": "under an agreement that has expired (until)",
    "none_out": "under an agreement that lets none of its units out (most: 0)",
    "share_out": "as many are out as its agreement allows (most)",
    "not_asked": "the condition of its agreement does not hold (asked_when)",
    "asked_before": "asked for another call under its agreement, and not diverted",
    "not_handed": "of a tier to which the call has not been handed",
    "no_crew": "without people: its crew is out with another unit",
    "not_home": "from the scene of this call, and not home yet",
    "was_there": "has done its work at this call, and left",
    "recalled": "called back from this call, and not ordered there again",
    "barred": "not to be sent to this need",
    "unable": "not able to",
    "not_free": "under way, so the list does not count it as free",
}


def later(seconds: float) -> str:
    """Return how much later, or sooner, something is."""
    return f"{speak.duration(abs(seconds))} {'later' if seconds > 0 else 'sooner'}"


def reason_words(reason: Reason, told: Explanation) -> str:
    """Return a reason in words."""
    if reason.code in NOT_SENT:
        return NOT_SENT[reason.code]
    before = ", ".join(_passed(one, told.incident) for one in reason.passed)
    if reason.code == "taken":
        jointly = f", by a joint matching of {reason.needs} needs" if reason.needs else ""
        return f"nobody is left of those who could go{jointly}: {before}"
    if reason.code == "policy":
        return _of_policy(reason, told.policy)
    if reason.code == "only_one":
        return f"the only one left; before it: {before}" if before else "the only one that could go"
    if reason.code == "first_due":
        place = "first" if reason.place == 1 else f"at place {reason.place}"
        return f"{place} in the first-due list" + (f"; before it: {before}" if before else "")
    if reason.code == "matching":
        return _of_matching(reason, before)
    if reason.code == "cover":
        return _of_cover(reason) + (f"; before it: {before}" if before else "")
    if reason.code == "beyond_list":
        listed = f" ({before})" if before else ""
        return f"nobody of the first-due list is free{listed}; {_nearest(reason)}"
    urgent = "cover does not count for so urgent a call; " if reason.code == "urgent" else ""
    return urgent + _nearest(reason) + (f"; before it: {before}" if before else "")


def _nearest(reason: Reason) -> str:
    if not reason.other:
        return "the only one that could go"
    return f"the nearest that could go: {_against(reason)}"


def _against(reason: Reason) -> str:
    """Return by how much the chosen unit is sooner or later than another."""
    if reason.margin == 0.0:
        return f"as soon as {reason.other}; such ties go by abilities, place, kind and id"
    if abs(reason.margin) < SLIGHT:
        return f"less than 0.1 s {'sooner' if reason.margin > 0 else 'later'} than {reason.other}"
    return f"{later(-reason.margin)} than {reason.other}"


def _of_matching(reason: Reason, before: str) -> str:
    head = f"by a joint matching of {reason.needs} needs in the least total time"
    if not reason.other:
        return f"{head}; it is also the nearest"
    left = f"; nearer, but sent elsewhere: {before}" if before else ""
    return f"{head}: {_against(reason)}, the nearest{left}"


def seconds_words(seconds: float) -> str:
    """Return seconds that are added to others, in no other unit, so that the sum can be followed."""
    return f"{seconds:,.1f} s"


def lost_words(one: Weighed) -> str:
    """Return the share of calls that lose cover when a unit goes."""
    return f"{100 * one.lost:.2f} %"


def _of_cover(reason: Reason) -> str:
    """Return what the chosen unit costs, and the one that it is compared with."""
    best, other = reason.weighed[0], next(one for one in reason.weighed if one.unit == reason.other)
    tied = "; of such ties the sooner goes, then by abilities, place, kind and id"
    told = (
        f"{seconds_words(one.seconds)} and {seconds_words(one.penalty)} for the cover of {lost_words(one)}"
        f" of calls, {seconds_words(one.cost)}" for one in (best, other)
    )  # fmt: skip
    against = "the nearest" if other.seconds < best.seconds else "next"
    words = f"the least of seconds and penalty: {next(told)}; {against}, {other.unit}: {next(told)}"
    return words + (tied if best.cost == other.cost else "")


def _of_policy(reason: Reason, policy: str) -> str:
    if isnan(reason.margin):
        return f"policy '{policy}' sent nobody, though {reason.other} could go" if reason.other else (
            f"chosen by policy '{policy}', the only one that could go"
        )  # fmt: skip
    return f"chosen by policy '{policy}': {_against(reason)}, the nearest of the others"


def _passed(one: Passed, incident: str) -> str:
    call = "this call" if one.incident == incident else one.incident
    if one.why == "sent":
        return f"{one.unit}, sent to {call}"
    on = f" ({call})" if call and one.why in ("busy", "under_way", "as_urgent", "not_free") else ""
    return f"{one.unit}, {WHY[one.why]}{on}"
