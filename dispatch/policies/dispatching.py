"""One need after the other: nearest unit, or first-due lists."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from dispatch.engine.protocols import DispatchPolicy, Need, StatusBoard


class Nearest:
    """Send the unit with the least expected turnout plus travel, also from the road."""

    name = "nearest"

    def choose(self, needs: Sequence[Need], board: StatusBoard) -> list[tuple[Need, int]]:
        """Return a unit for each need in turn, as long as there are any."""
        chosen: list[tuple[Need, int]] = []
        taken: set[int] = set()
        hopeless: set[int] = set()
        for need in needs:
            if len(taken) >= board.idle_count and not board.diversion:
                break
            if need.capability in hopeless:
                continue
            unit = self.pick(need, board, taken)
            if unit is not None:
                chosen.append((need, unit))
                taken.add(unit)
            elif not board.diversion and need.capability not in idle_capabilities(board, taken):
                hopeless.add(need.capability)
        return chosen

    def pick(self, need: Need, board: StatusBoard, taken: Collection[int]) -> int | None:
        """Return the unit for one need, or None."""
        return nearest_unit(need, board, taken)


def nearest_unit(need: Need, board: StatusBoard, taken: Collection[int]) -> int | None:
    """Return the capable unit that is expected to reach a need first; of equals the lower number."""
    idle, home_at, now, gone = board.idle, board.home_at, board.now, board.gone(need)
    best, found = float("inf"), None
    for seconds, unit in board.fleet.ranking(need.node, need.capability):
        if idle[unit] and home_at[unit] <= now and unit not in taken and unit not in gone:
            best, found = seconds, unit
            break
    for unit in board.on_the_road(need):
        if unit not in taken and is_fit(unit, need, board):
            seconds = board.seconds_from_road(unit, need.node, best)
            if seconds < best or (seconds == best and found is not None and unit < found):
                best, found = seconds, unit
    return found


def idle_capabilities(board: StatusBoard, taken: Collection[int]) -> set[int]:
    """Return what idle units that are not taken can do."""
    able: set[int] = set()
    for unit, has in enumerate(board.fleet.capabilities):
        if board.idle[unit] and unit not in taken:
            able |= has
    return able


def is_fit(unit: int, need: Need, board: StatusBoard) -> bool:
    """Whether a unit has the capability and has not been sent to the same call already."""
    return need.capability in board.fleet.capabilities[unit] and unit not in board.gone(need)


class RunCardOrder(Nearest):
    """Send the first free unit of the place's first-due list; when the list is exhausted, the nearest."""

    name = "run_card_order"

    def pick(self, need: Need, board: StatusBoard, taken: Collection[int]) -> int | None:
        """Return the first free and capable unit of the list, or the nearest beyond it."""
        for unit in board.fleet.first_due.get(need.node, ()):
            free = board.idle[unit] and unit not in taken and is_fit(unit, need, board)
            if free and has_way(unit, need, board):
                return unit
        return nearest_unit(need, board, taken)


class ByOrder:
    """Send nobody: units go where an inject orders them."""

    name = "by_order"

    def choose(self, needs: Sequence[Need], board: StatusBoard) -> list[tuple[Need, int]]:  # noqa: ARG002
        """Return nothing."""
        return []


class UntilOrdered:
    """Leave the choice to another policy up to a moment; from then on send nobody but by order."""

    def __init__(self, policy: DispatchPolicy, until: float) -> None:
        self.name = policy.name
        self._policy, self._until = policy, until

    def choose(self, needs: Sequence[Need], board: StatusBoard) -> Iterable[tuple[Need, int]]:
        """Return what the policy chooses, or nothing."""
        return self._policy.choose(needs, board) if board.now < self._until else []


def has_way(unit: int, need: Need, board: StatusBoard) -> bool:
    """Whether an idle unit can get to a need at all; closures may cut it off."""
    if not board.fleet.conditions.closures:
        return True
    if board.home_at[unit] <= board.now:
        return board.fleet.outbound[unit][need.node] < inf
    return board.seconds_from_road(unit, need.node) < inf
