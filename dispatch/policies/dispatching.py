"""One need after the other: nearest unit, or an explicit order of units."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from dispatch.engine.fleet import Fleet
    from dispatch.engine.protocols import Need, StatusBoard
    from dispatch.scenario.scenario import Scenario


class Nearest:
    """Send the unit with the least expected turnout plus travel, also from the road."""

    name = "nearest"

    def choose(self, needs: Sequence[Need], board: StatusBoard) -> list[tuple[Need, int]]:
        """Return a unit for each need in turn, as long as there are any."""
        chosen: list[tuple[Need, int]] = []
        taken: set[int] = set()
        for need in needs:
            if len(taken) >= board.idle_count and not board.diversion:
                break
            unit = self.pick(need, board, taken)
            if unit is not None:
                chosen.append((need, unit))
                taken.add(unit)
        return chosen

    def pick(self, need: Need, board: StatusBoard, taken: Collection[int]) -> int | None:
        """Return the unit for one need, or None."""
        return nearest_unit(need, board, taken)


def nearest_unit(need: Need, board: StatusBoard, taken: Collection[int]) -> int | None:
    """Return the capable unit that is expected to reach a need first; of equals the lower number."""
    idle, home_at, now = board.idle, board.home_at, board.now
    best, found = float("inf"), None
    for seconds, unit in board.fleet.ranking(need.node, need.capability):
        if idle[unit] and home_at[unit] <= now and unit not in taken:
            best, found = seconds, unit
            break
    for unit in board.on_the_road(need):
        if unit not in taken and need.capability in board.fleet.capabilities[unit]:
            seconds = board.seconds_from_road(unit, need.node, best)
            if seconds < best or (seconds == best and found is not None and unit < found):
                best, found = seconds, unit
    return found


class RunCardOrder(Nearest):
    """Send the first free unit of the list for the place; when the list is exhausted, the nearest."""

    name = "run_card_order"

    def __init__(self, scenario: Scenario, fleet: Fleet) -> None:
        number = {name: unit for unit, name in enumerate(fleet.ids)}
        self.order_at: dict[int, tuple[int, ...]] = {}
        """Units in order by node; units that the layout lacks are left out."""
        for nodes, names in scenario.orders:
            order = tuple(number[name] for name in names if name in number)
            self.order_at.update(dict.fromkeys(nodes.tolist(), order))

    def pick(self, need: Need, board: StatusBoard, taken: Collection[int]) -> int | None:
        """Return the first free and capable unit of the list, or the nearest beyond it."""
        for unit in self.order_at.get(need.node, ()):
            if board.idle[unit] and unit not in taken and need.capability in board.fleet.capabilities[unit]:
                return unit
        return nearest_unit(need, board, taken)
