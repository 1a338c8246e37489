"""What an incident needs of supplies by its physics: foam, cooling water, dykes, people.

Rate times size times duration, as in the design of fixed systems (GB 50151-2021, NFPA 11). Rates are stated
by whoever uses these functions; none of them is assumed here.
"""

from __future__ import annotations

from math import pi
from typing import NamedTuple


def circle(diameter: float) -> float:
    """Return the area of a circle in m², for the full surface of a tank of a diameter in metres."""
    return pi * diameter**2 / 4.0


def circumference(diameter: float) -> float:
    """Return the length of the shell of a tank in metres, for cooling."""
    return pi * diameter


def solution_flow(area: float, application: float) -> float:
    """Return the flow of foam solution in l/s for a burning area in m², at l/(s·m²)."""
    return area * application


def solution(area: float, application: float, seconds: float) -> float:
    """Return litres of foam solution, concentrate and water together, for an attack of some seconds."""
    return solution_flow(area, application) * seconds


def concentrate(solution_litres: float, concentration: float) -> float:
    """Return litres of foam concentrate in a solution of a concentration (share)."""
    return solution_litres * concentration


def neighbour_shell(diameter: float) -> float:
    """Return the length in metres of the half of a neighbour's shell that faces a burning tank."""
    return circumference(diameter) / 2.0


def cooling_flow(length: float, application: float) -> float:
    """Return the flow of cooling water in l/s for metres of wall, at l/(s·m)."""
    return length * application


class FoamNeed(NamedTuple):
    """What a foam attack takes."""

    area: float
    """Burning surface in m²."""
    seconds: float
    flow: float
    """Solution, in l/s."""
    solution: float
    """Litres of solution."""
    concentrate: float
    """Litres of concentrate in it."""
    kilograms: float
    """Weight of the concentrate."""

    @property
    def water(self) -> float:
        """Litres of water in the solution."""
        return self.solution - self.concentrate


def foam_need(
    area: float, application: float, concentration: float, seconds: float, density: float = 1.0
) -> FoamNeed:
    """Return what an attack on a surface in m² takes, at l/(s·m²) and a share of concentrate in kg/l."""
    litres = solution(area, application, seconds)
    foam = concentrate(litres, concentration)
    return FoamNeed(area, seconds, solution_flow(area, application), litres, foam, foam * density)


class CoolingNeed(NamedTuple):
    """Cooling water in l/s."""

    burning: float
    """For the whole shell of the burning tank."""
    neighbour: float
    """For the facing half of the shell of one neighbour."""
    neighbours: int
    """How many neighbours there are."""

    @property
    def flow(self) -> float:
        """For all of them."""
        return self.burning + self.neighbours * self.neighbour


def cooling_need(diameter: float, application: float, neighbours: int, theirs: float) -> CoolingNeed:
    """Return the cooling of a tank of a diameter in metres and of neighbours as large, at l/(s·m) each."""
    return CoolingNeed(
        cooling_flow(circumference(diameter), application),
        cooling_flow(neighbour_shell(diameter), theirs),
        neighbours,
    )
