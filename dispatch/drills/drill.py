"""An exercise as it is played: its script with moments, in the scenario that it changes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dispatch.drills.checking import check_names, check_references, told
from dispatch.errors import InputError, Problems
from dispatch.io.validating import validate
from dispatch.io.yaml_source import dotted_path, read_yaml
from dispatch.io.yaml_writing import as_written
from dispatch.model.briefs import DrillFile
from dispatch.scenario.injects import seconds_from_start
from dispatch.study.opening import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from dispatch.model.briefs import Entry
    from dispatch.scenario.scenario import Scenario

    Place = Callable[..., str]
    Overlay = list[tuple[str, Mapping[str, Any]]]


_KEYS = re.compile(r"\[[0-9]+\]|[^\s.\[\]]+")


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of the script with its moment."""

    id: str
    at: float
    """Seconds of play from STARTEX; the earliest moment of an entry with a condition."""
    entry: Entry

    @property
    def is_timed(self) -> bool:
        """Whether nothing but its moment, or a controller, delivers it."""
        return self.entry.trigger != "condition" and self.entry.contingency_of is None


@dataclass(frozen=True, slots=True, eq=False)
class Drill:
    """An exercise with its names checked."""

    path: Path
    """The file it was read from."""
    file: DrillFile
    scenario_path: Path
    begins: float
    """Moment of STARTEX, in seconds from the scenario's start."""
    lines: tuple[Line, ...]
    """The script in order of time, then as written."""
    base: Scenario
    """The scenario before anything of the script, as it is played."""

    @property
    def ends(self) -> float:
        """Moment of ENDEX, in seconds from the scenario's start."""
        return self.begins + self.file.lasts

    def line(self, name: str) -> Line:
        """Return the line of an entry by id; raises KeyError for an unknown one."""
        for line in self.lines:
            if line.id == name:
                return line
        raise KeyError(name)

    def scenario(
        self,
        delivered: Mapping[str, float],
        orders: Sequence[Mapping[str, Any]] = (),
        *,
        advised: bool | None = None,
    ) -> Scenario:
        """Return the scenario with what was delivered and ordered; raises InputError for what is refused.

        ``delivered`` gives the seconds of play by entry, ``orders`` are injects as they are written, whose
        ``at`` is in seconds of play. All goes by the model's advice where ``advised``, which the scenario's
        own orders are part of, or else from STARTEX on by order only, without those; as the file says when
        left out.
        """
        timed = [
            (moment, 0, number, self._inject(line, moment))
            for number, line in enumerate(self.lines)
            for moment in [delivered.get(line.id)]
            if moment is not None and line.entry.inject is not None
        ]
        timed += [
            (
                float(order["at"]),
                1,
                number,
                (f"order {number + 1}", {**order, "at": self.begins + order["at"]}),
            )
            for number, order in enumerate(orders)
        ]
        more = [inject for *_, inject in sorted(timed, key=lambda one: one[:3])]
        silent = self.file.silent == "nothing" if advised is None else not advised
        return load(
            self.scenario_path,
            more=more,
            closures=tuple(self._closed(more)),
            ordered_from=self.begins if silent else inf,
            quiet=self.file.without_random,
        )

    def _inject(self, line: Line, moment: float) -> tuple[str, Mapping[str, Any]]:
        return f"{self.path.name} entries.{line.id}.inject", inject_of(line, self.begins + moment)

    def _closed(self, more: Overlay) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Yield the exercise's own closures that something begins."""
        for name in sorted({str(inject["close"]) for _, inject in more if inject.get("close") is not None}):
            if name in self.file.closures:
                place = f"{self.path.name} closures.{name}"
                yield place, name, as_written(self.file.closures[name])


def inject_of(line: Line, moment: float) -> dict[str, Any]:
    """Return what an entry changes, as an inject at a moment; a call gets the id of its entry."""
    assert line.entry.inject is not None
    written = as_written(line.entry.inject)
    if "incident" in written:
        written["incident"] = {"id": line.id, **written["incident"]}
    return {"at": moment, **written}


def read_drill(path: Path) -> Drill:
    """Read a brief or a finished exercise; raises InputError with every problem found."""
    problems = Problems()
    document = read_yaml(path, problems)
    file = None if document is None else validate(DrillFile, document, problems)[0]
    if document is None or file is None:
        raise InputError(problems.found)
    found = find_scenario(path, file.scenario)
    if found is None:
        fact = f"no scenario '{file.scenario}' beside this file, or from a folder that holds 'networks/'"
        problems.add(document.place("scenario"), fact, "Correct the path.")
        check_references(file, document.place, problems)
        raise InputError(problems.found)
    return resolved(path, file, found, problems, document.place)


def resolved(path: Path, file: DrillFile, scenario_path: Path, problems: Problems, place: Place) -> Drill:
    """Return an exercise with all its names checked; raises InputError with every problem found.

    ``place`` tells where the value of a path of keys was written.
    """
    try:
        base = load(scenario_path, quiet=file.without_random)
    except InputError as error:
        problems.found += error.problems
        check_references(file, place, problems)
        raise InputError(problems.found) from None
    drill = _in_scenario(path, file, scenario_path, base, problems, place)
    _check_injects(drill, place, problems)
    problems.raise_if_any(InputError)
    return drill


def remade(drill: Drill, file: DrillFile, *, is_finished: bool = False) -> Drill:
    """Return an exercise with another content of its file, in the same scenario.

    Raises InputError for names that lead nowhere, and where it is finished for what would be refused when it
    is read; what its injects do is not looked at else before it is played.
    """

    def place(*keys: str | int) -> str:
        return f"{drill.path.name} {dotted_path(keys)}"

    problems = Problems()
    made = _in_scenario(drill.path, file, drill.scenario_path, drill.base, problems, place)
    if is_finished:
        _check_injects(made, place, problems)
    problems.raise_if_any(InputError)
    return made


def _in_scenario(
    path: Path, file: DrillFile, scenario_path: Path, base: Scenario, problems: Problems, place: Place
) -> Drill:
    """Return an exercise with its moments resolved and its names checked; problems are noted."""
    begins = seconds_from_start(file.begins, base.file, place("begins"), problems)
    if begins + file.lasts > base.file.horizon:
        fact = f"the exercise ends after the scenario's horizon ({told(base.file.horizon)})"
        problems.add(place("lasts"), fact, "Shorten it, begin earlier, or lengthen the horizon.")
    lines = tuple(_lines(file, base, begins, place, problems))
    check_references(file, place, problems)
    check_names(file, base, begins, place, problems)
    return Drill(path, file, scenario_path, begins, lines, base)


def _lines(
    file: DrillFile, base: Scenario, begins: float, place: Place, problems: Problems
) -> Iterator[Line]:
    """Yield the script in order of time, noting moments outside the exercise."""
    found = []
    for name, entry in file.entries.items():
        at = entry.at
        if isinstance(at, datetime):
            at = (at - base.file.start).total_seconds() - begins
        if not 0.0 <= at < file.lasts:
            side = "before" if at < 0.0 else "from"
            fact = f"{told(abs(at))} {side} the start of the exercise, which lasts {told(file.lasts)}"
            problems.add(place("entries", name, "at"), fact, "Give a moment within it.")
        found.append(Line(name, at, entry))
    yield from sorted(found, key=lambda line: line.at)


def _check_injects(drill: Drill, place: Place, problems: Problems) -> None:
    """Note everything that the scenario refuses of what the script changes."""
    known = {f"{drill.path.name} entries.{line.id}.inject": line.id for line in drill.lines}
    _check_order(drill, place, problems)
    # Moments outside of the exercise have been noted; what is wrong beside them is looked for within it.
    last = max(min(drill.file.lasts, drill.base.file.horizon - drill.begins), 0.0)
    try:
        drill.scenario({line.id: min(max(line.at, 0.0), last) for line in drill.lines})
    except InputError as error:
        for problem in error.problems:
            where = next((key for key in known if problem.place in (key, *_below(problem.place, key))), None)
            if where is None:
                problems.found.append(problem)
            else:
                inner = _KEYS.findall(problem.place.removeprefix(where))
                keys = [int(key[1:-1]) if key.startswith("[") else key for key in inner]
                whole = place("entries", known[where], "inject", *keys)
                problems.found.append(replace(problem, place=whole))


def _check_order(drill: Drill, place: Place, problems: Problems) -> None:
    """Note entries that change something about a call that another entry only brings after them."""
    brought = {inject_of(line, line.at)["incident"]["id"]: line for line in drill.lines if _brings(line)}
    come: set[str] = set()
    for line in drill.lines:
        come.add(line.id)
        if not line.is_timed:
            continue  # it may wait for the call
        for kind, body in ({} if line.entry.inject is None else as_written(line.entry.inject)).items():
            cited = body.get("incident") if isinstance(body, dict) else None
            bringer = brought.get(cited) if isinstance(cited, str) else None
            if bringer is not None and bringer.id not in come:
                fact = f"entry '{bringer.id}' only brings call '{cited}' later"
                where = place("entries", line.id, "inject", kind, "incident")
                problems.add(where, fact, "Let it come after that entry.")


def _brings(line: Line) -> bool:
    return line.entry.inject is not None and line.entry.inject.incident is not None


def _below(place: str, key: str) -> tuple[str, ...]:
    """Return a place if it is a part of what a key stands for."""
    return (place,) if place.startswith(f"{key} ") else ()


def find_scenario(path: Path, cited: str) -> Path | None:
    """Return the scenario that a file cites, or None.

    It is looked for beside the file, which is none itself, then from the nearest folder above that holds
    ``networks/``, then from where the program runs and the folders above that do; ``.yaml`` may be left out.
    """
    here = path.absolute().parent
    holding = [up for up in (here, *here.parents) if (up / "networks").is_dir()]
    now = Path.cwd()
    elsewhere = [now, *(up for up in now.parents if (up / "networks").is_dir())]
    for folder in (here, *holding, *elsewhere):
        for name in (cited, f"{cited}.yaml"):
            try:
                if (folder / name).is_file() and folder / name != here / path.name:
                    return folder / name
            except (OSError, ValueError):
                return None
    return None
