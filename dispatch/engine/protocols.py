"""What the engine asks of a policy, and what it shows to one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from dispatch.engine.fleet import Fleet


class Need(NamedTuple):
    """One unit that an open incident still lacks; sorts by priority, then time ready, then id."""

    priority: int
    ready: float
    incident: int
    slot: int
    """Row in the timeline's slot arrays."""
    capability: int
    node: int
    raised: bool = False
    """Whether a higher alarm level asked for it, and the first alarm did not."""


class StatusBoard(Protocol):
    """The dispatcher's view of the fleet at one moment; units are indices into ``fleet``."""

    now: float
    """Seconds from the scenario's start."""

    @property
    def fleet(self) -> Fleet:
        """Units, stations and their travel times."""

    @property
    def idle(self) -> Sequence[bool]:
        """Whether each unit can be dispatched as it stands, in quarters or on its way there [U]."""

    @property
    def home_at(self) -> Sequence[float]:
        """When each unit is or was back in quarters; not later than ``now`` for one in quarters [U].

        Infinite for one that has moved up to another station: it is asked about as one on the road.
        """

    @property
    def base(self) -> Sequence[int]:
        """Node where each unit stands or is bound for while it is on no call: quarters, or moved up [U]."""

    @property
    def idle_count(self) -> int:
        """Number of idle units."""

    @property
    def diversion(self) -> bool:
        """Whether units on their way to a less urgent incident may be chosen."""

    def gone(self, need: Need) -> Collection[int]:
        """Return units that cannot fill a need: sent to the same call already, or not to be asked for it.

        Having been sent already does not count when no other unit could fill it.
        """

    def on_the_road(self, need: Need) -> Sequence[int]:
        """Return units that could turn to a need from the road: returning ones, and divertible ones."""

    def seconds_from_road(self, unit: int, node: int, limit: float = ...) -> float:
        """Return seconds that a unit on the road needs to reach a node; ``inf`` if surely over ``limit``."""


class DispatchPolicy(Protocol):
    """Decides who goes. Third parties register theirs under the entry-point group ``dispatch.policies``."""

    name: str

    def choose(self, needs: Sequence[Need], board: StatusBoard) -> Iterable[tuple[Need, int]]:
        """Return units for needs, each at most once; needs left out wait or meet the scenario's fallback.

        ``needs`` are ordered by priority, then time ready. Chosen units must be idle (or divertible for the
        need), have the capability, and not be gone to the same call; anything else raises PolicyError.
        """
