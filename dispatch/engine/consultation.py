"""Asking the policy, and refusing answers that the rules do not allow."""

from __future__ import annotations

from bisect import bisect_left
from operator import index
from typing import TYPE_CHECKING, NoReturn

from dispatch.engine.protocols import Need
from dispatch.errors import DispatchError, PolicyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatch.engine.board import LiveBoard
    from dispatch.engine.protocols import DispatchPolicy
    from dispatch.scenario.scenario import Scenario


def _need(value: object) -> Need:
    """Return what should be a need, or raise TypeError."""
    if not isinstance(value, Need):
        message = f"{value!r:.60} is not a need"
        raise TypeError(message)
    return value


class Consultation:
    """A policy with the board that it is shown."""

    def __init__(self, policy: DispatchPolicy, board: LiveBoard, scenario: Scenario) -> None:
        self._policy, self._board, self._scenario = policy, board, scenario

    def choices(self, backlog: Sequence[Need]) -> list[tuple[Need, int]]:
        """Ask the policy; a policy that fails is named."""
        try:
            answer = self._policy.choose(tuple(backlog), self._board)
            return [(_need(need), index(unit)) for need, unit in answer]
        except DispatchError:
            raise
        except Exception as error:
            message = (
                f"policy '{self._policy.name}' at {self._board.now:.3f} s: {type(error).__name__}: {error}."
            )
            raise PolicyError(message, hint="This is a fault of the policy, not of the scenario.") from error

    def checked(self, backlog: Sequence[Need], need: Need, unit: int) -> int:
        """Return the place of a need in the backlog; refuse an answer that the rules do not allow."""
        board, fleet = self._board, self._board.fleet
        place = bisect_left(backlog, need)
        if place == len(backlog) or backlog[place] != need:
            fact = "a need that is not open"
        elif not 0 <= unit < len(fleet):
            fact = f"unit number {unit}, which does not exist"
        elif need.capability not in fleet.capabilities[unit]:
            wanted = self._scenario.capabilities[need.capability]
            fact = f"unit {fleet.ids[unit]} for '{wanted}', which it cannot do"
        elif unit in board.gone(need):
            fact = f"unit {fleet.ids[unit]} for a call that it has been sent to already"
        elif not board.idle[unit] and unit not in board.on_the_road(need):
            fact = f"unit {fleet.ids[unit]}, which is not free"
        else:
            return place
        return self._refuse(fact)

    def no_way(self, need: Need, unit: int) -> NoReturn:
        """Refuse a unit that cannot get to the call at all; raises PolicyError."""
        node = self._scenario.network.node_ids[need.node]
        self._refuse(f"unit {self._board.fleet.ids[unit]}, which has no way to '{node}'")

    def _refuse(self, fact: str) -> NoReturn:
        message = f"policy '{self._policy.name}' at {self._board.now:.3f} s chose {fact}."
        raise PolicyError(message, hint="This is a fault of the policy, not of the scenario.")
