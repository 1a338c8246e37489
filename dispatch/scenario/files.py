"""The files that a scenario cites: where they may lie, and values that stand in tables."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dispatch.errors import did_you_mean
from dispatch.io.tables import read_table
from dispatch.model.base import LONGEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatch.errors import Problems
    from dispatch.io.yaml_source import YamlDocument
    from dispatch.model.distributions import Distribution
    from dispatch.model.resources import UnitType
    from dispatch.model.scenario import ScenarioFile

    Fill = Callable[..., Distribution | None]


def workspace(folder: Path) -> Path:
    """Return the nearest folder at or above this one that holds ``networks/``, or else this one."""
    here = Path(os.path.normpath(folder.absolute()))
    return next((up for up in (here, *here.parents) if (up / "networks").is_dir()), here)


@dataclass(frozen=True, slots=True)
class Folder:
    """Finds the files that a scenario cites, all of them below the folder that holds ``networks/``."""

    folder: Path
    document: YamlDocument
    problems: Problems

    @property
    def root(self) -> Path:
        """The nearest folder at or above the scenario with a ``networks`` folder, or the scenario's own."""
        return workspace(self.folder)

    def file(self, cited: str, *where: str | int) -> Path | None:
        """Return the path of a cited file that exists inside the root, or note the problem."""
        path = self._inside(cited, where)
        if path is not None and not path.is_file():
            beside = [p.name for p in path.parent.glob("*")] if path.parent.is_dir() else []
            self.problems.add(
                self.document.place(*where), f"no file '{cited}'", did_you_mean(path.name, beside)
            )
            return None
        return path

    def network(self, cited: str) -> Path | None:
        """Return the folder of a network given by name or path, or note the problem."""
        path = self._inside(cited, ("network",))
        if path is None:
            return None
        named = self.root / "networks" / cited
        found = next((p for p in (path, named) if (p / "network.yaml").is_file()), None)
        if found is None:
            known = [p.parent.name for p in (self.root / "networks").glob("*/network.yaml")]
            fact = f"no network '{cited}' (a folder with network.yaml)"
            self.problems.add(self.document.place("network"), fact, did_you_mean(cited, known))
        return found

    def _inside(self, cited: str, where: tuple[str | int, ...]) -> Path | None:
        try:
            path = Path(os.path.normpath(self.folder.absolute() / cited))
            path.exists()
        except (OSError, ValueError):
            self.problems.add(self.document.place(*where), f"'{cited[:60]!r}' is not a path", "Name a file.")
            return None
        if not path.is_relative_to(self.root):
            fact = f"'{cited}' leads out of the folder '{self.root.name}'"
            self.problems.add(self.document.place(*where), fact, "Keep files beside the scenario.")
            return None
        return path


def with_empirical_values(file: ScenarioFile, folder: Folder, problems: Problems) -> ScenarioFile:
    """Return the file with the values of empirical distributions that are given as CSV read in."""
    if '"empirical"' not in file.model_dump_json(exclude_unset=True):
        return file

    def fill(distribution: Distribution | None, *where: str | int) -> Distribution | None:
        if distribution is None or distribution.empirical is None or distribution.empirical.file is None:
            return distribution
        empirical = distribution.empirical
        path = folder.file(str(empirical.file), *where, "empirical", "file")
        table = None if path is None else read_table(path, problems, (empirical.column,))
        if table is None:
            return distribution
        values = table.numbers(
            empirical.column, problems, required=True, minimum=0.0, maximum=LONGEST, remedy="Give seconds."
        )
        if not len(values):
            problems.add(f"{table.file}:1", "no values", "Give at least one row.")
        filled = empirical.model_copy(update={"values": tuple(values.tolist()), "file": None})
        return distribution.model_copy(update={"empirical": filled})

    units = {name: _with_filled(kind, fill, "unit_types", name) for name, kind in file.unit_types.items()}
    durations = ("call_processing", "on_scene", "busy", "transport", "hand_over")
    types = {
        name: kind.model_copy(
            update={key: fill(getattr(kind, key), "incident_types", name, key) for key in durations}
        )
        for name, kind in file.incident_types.items()
    }
    agreements = {name: terms.model_copy(update={"delay": fill(terms.delay, "agreements", name, "delay")})
                  for name, terms in file.agreements.items()}  # fmt: skip
    everywhere = fill(file.call_processing, "call_processing")
    filled = {"unit_types": units, "incident_types": types, "agreements": agreements}
    return file.model_copy(update={**filled, "call_processing": everywhere})


def _with_filled(kind: UnitType, fill: Fill, *where: str | int) -> UnitType:
    """Return a unit type with all its durations filled in."""
    update: dict[str, object] = {
        key: fill(getattr(kind, key), *where, key) for key in ("turnout", "turnaround")
    }
    for key, parts in (("downtime", ("every", "lasts")), ("breaks_down", ("repair",))):
        whole = getattr(kind, key)
        if whole is not None:
            filled = {part: fill(getattr(whole, part), *where, key, part) for part in parts}
            update[key] = whole.model_copy(update=filled)
    return kind.model_copy(update=update)
