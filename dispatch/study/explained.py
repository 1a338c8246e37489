"""What there is to tell about one call: the decisions, the reasons, the responses, the course of events."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dispatch.engine.notice import Notice
    from dispatch.study.rungs import Rung
    from dispatch.study.supplied import Supplied

MOMENTS = (
    "received", "ready", "level", "noted", "diverted", "cut off", "broken down", "decision", "alerted",
    "en route", "cancelled", "on scene", "clear", "at hospital", "lost", "closed",
)  # fmt: skip
"""What a call's story is made of; at equal times in this order."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit that has what a need asks for, at one decision."""

    unit: str
    station: str
    status: str
    """What it is doing."""
    incident: str
    """For which call, or from which call it returns; empty in quarters."""
    seconds: float
    """Expected time until it gets there: mean turnout and travel, or travel from the road; NaN for none."""
    why: str
    """Empty for a candidate; else ``busy``, ``under_way`` (nobody is diverted), ``as_urgent`` (under way to a
    call that is as urgent or more so), ``already_sent``, ``no_way``, ``off_duty``, ``out_of_service``,
    ``not_handed`` (of a tier that does not have the call yet), ``no_crew`` (its people are out with another
    unit), ``not_home`` (it was on scene of this call), ``was_there`` (it has done its work there and left),
    ``recalled`` (it was called back from this call) or ``barred`` otherwise. Of a unit under an agreement
    the term that stops it: ``not_there`` (not at this place: ``only_at``), ``expired``, ``none_out``
    (``most: 0``), which come before all that it may be doing elsewhere; ``share_out`` (as many are out as
    ``most`` allows), ``not_asked`` (the condition for asking does not hold), ``asked_before`` (for another
    call, from which it is not diverted)."""
    until: float
    """When it could be dispatched again [s]; NaN where it is free, never was again, or never goes there."""
    sent_to: str
    """The call to which this decision sent it; empty for none."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A unit that would have come before the chosen one, and why it was not sent."""

    unit: str
    why: str
    """As of a candidate, or ``sent`` to another call by the same decision, ``unable``, or ``not_free``:
    it could be diverted, but a first-due list counts units that are free."""
    incident: str
    """The call that it was sent to, or is on; empty for none."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a policy that weighs cover reckoned for one unit; the least ``cost`` goes."""

    unit: str
    seconds: float
    """Expected time until it gets there."""
    lost: float
    """Share of calls that lose cover when it goes."""
    penalty: float
    """What that counts for [s]."""
    cost: float
    """Both together [s]."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a need got this unit, or none."""

    code: str
    """Sent: ``nearest``, ``only_one``, ``first_due``, ``beyond_list``, ``matching``, ``cover`` (the least of
    seconds and penalty for lost cover), ``urgent`` (the nearest, since cover does not count for such a call),
    ``policy``. Not sent: ``nobody_able``, ``nobody_free``, ``no_way``, ``taken``, ``policy``,
    ``asked_again``."""
    other: str = ""
    """The unit it is compared with: the next that was left, for a matching the nearest candidate. For
    ``cover`` the nearest that was left, or the one of the next least cost where the chosen one is nearest."""
    margin: float = nan
    """Seconds by which the chosen unit is expected sooner than the other; negative for later."""
    passed: tuple[Passed, ...] = ()
    """Who would have come before."""
    place: int = 0
    """Place of the chosen unit in the first-due list, from 1; 0 for none."""
    needs: int = 0
    """Number of needs that were matched at once; 0 for none."""
    weighed: tuple[Weighed, ...] = ()
    """Of ``cover``: who could go and was not sent before it, the least cost first."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a decision gave to one need."""

    need: int
    """Which of the call's units it is, from 1."""
    capability: str
    unit: str
    """Who was sent; empty for nobody, ``mutual-aid`` for outside units."""
    outcome: str
    """``sent``, ``waiting``, ``lost``, ``mutual_aid``, or ``asked_again`` after a diversion came first."""
    seconds: float
    """Expected time until the unit gets there; NaN for none."""
    reason: Reason


@dataclass(frozen=True, slots=True)
class Group:
    """Needs of one decision to which the same units could go."""

    capability: str
    crew: int
    """The smallest crew that they take; 0 for any."""
    needs: tuple[int, ...]
    """Which of the call's units, from 1."""
    candidates: tuple[Candidate, ...]
    """Who has the capability; those who could go first, in the order in which they get there."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """A moment at which needs of the call were open and something could be decided."""

    time: float
    asked: bool
    """Whether the policy was asked; it is not when no unit is free and none may be diverted."""
    groups: tuple[Group, ...]
    """The open needs, together where they ask for the same and nobody may go to one and not to another."""
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class OtherHospital:
    """A hospital to which a patient was not taken."""

    hospital: str
    seconds: float
    """Travel to it when the choice was made."""
    why: str
    """Why not: ``unsuitable``, ``no_way``, ``diverting``, ``full`` or ``farther``."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Where a unit took its patient; moments in seconds from the start."""

    hospital: str
    why: str
    """``nearest``, ``nearest_open``, ``nearest_free``, ``all_full``, ``too_far`` or ``all_diverting``."""
    left: float
    arrived: float
    began: float
    """When a place was free and the hand-over began."""
    ended: float
    others: tuple[OtherHospital, ...]
    """In order of their travel."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One unit's response to the call; moments in seconds from the start, NaN where they did not come."""

    need: int
    capability: str
    unit: str
    station: str
    alerted: float
    estimated_arrival: float
    """As the decision saw it; NaN for mutual aid, which has no estimate."""
    expected_turnout: float
    """Mean turnout that is part of the estimate; NaN for one that was dispatched from the road."""
    en_route: float
    on_scene: float
    clear: float
    at_hospital: float
    returning: float
    available: float
    in_quarters: float
    ending: str
    came_from: str
    """The call that it was diverted from, or was returning from; empty from quarters."""
    diverted_from: bool
    went_to: str
    """The call that it was diverted to; empty for none."""
    taken: Taken | None = None
    """Where it took a patient; None if it did not, or if its type only says how long that lasts."""
    moved_up_to: str = ""
    """The station that it had moved up to, or was moving to; empty where it was sent otherwise."""
    staged_at: str = ""
    """Node of the staging area that it was sent to; empty where it was to drive up."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry of the story of a call."""

    time: float
    what: str
    """One of MOMENTS."""
    unit: str = ""
    number: int = -1
    """Which decision, response, level or notice it is of; for ``lost``, which need; −1 for the whole call."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The story of one call, with every decision about it."""

    incident: str
    type: str
    node: str
    zone: str
    priority: int
    needs: tuple[str, ...]
    """What each of the call's units has to be able to do."""
    status: str
    received: float
    ready: float
    closed: float
    """NaN where it was still open at the end."""
    layout: str
    replication: int
    policy: str
    first_due: tuple[str, ...]
    """The first-due list that holds at the place."""
    epochs: tuple[Epoch, ...]
    responses: tuple[Sent, ...]
    levels: tuple[Rung, ...]
    """Alarm levels, or the plan alone; empty without both."""
    severity: int
    """Alarm level whose force the call really needed; 0 without alarm levels."""
    notices: tuple[Notice, ...]
    """What else was noted about the call, in order of time."""
    course: tuple[Moment, ...]
    """Everything in order of time."""
    supplies: Supplied | None = None
    """Supplies that the call needed; None where it needed none."""
