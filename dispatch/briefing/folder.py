"""What a run or a study left in its folder, read back for a report; damage is told, and never passed on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dispatch.errors import InputError, Problems
from dispatch.io.run_folder import MANIFEST
from dispatch.regression.folders import read_json, read_manifest
from dispatch.study.compare import ZoneVerdict
from dispatch.study.estimates import Difference, Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

DETAILS = "details.json"
AGAIN = "Write it again with 'dispatch run … -o' or 'dispatch compare … -o'."
DOCUMENTS = {"run": "measures.json", "compare": "study.json"}
"""The document that holds what was asked for, by command."""
VERDICTS = ("faster", "slower", "unclear")


@dataclass(frozen=True, slots=True, eq=False)
class StudyFolder:
    """A folder that ``dispatch run -o`` or ``dispatch compare -o`` wrote."""

    path: Path
    manifest: dict[str, Any]
    estimates: Mapping[str, Mapping[str, Estimate]]
    """By layout and measure."""
    differences: Mapping[str, Mapping[str, Difference]]
    """From the reference, by layout but the reference, and measure."""
    zones: Mapping[str, tuple[ZoneVerdict, ...]]
    """Who gains and who loses, by layout but the reference; p-values that are not adjusted are not kept."""
    left_out: Mapping[str, tuple[int, int]]
    """What was too many to be told one by one: how many there are, and the most that is told."""

    @property
    def command(self) -> str:
        """``run`` or ``compare``."""
        return str(self.manifest["command"])

    @property
    def layouts(self) -> tuple[str, ...]:
        """The layouts that were simulated, the reference first."""
        return tuple(self.manifest["layouts"])

    @property
    def reference(self) -> str:
        """The layout the others are compared with."""
        return self.layouts[0]

    @property
    def replications(self) -> int:
        """Replications that were finished."""
        return int(self.manifest["replications"])

    @property
    def seed(self) -> int:
        """The seed of all luck."""
        return int(self.manifest["seed"])

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures that were asked for, in order."""
        return tuple(self.manifest["measures"])

    @property
    def inputs(self) -> dict[str, str]:
        """Fingerprints of what the study depended on."""
        return {str(name): str(value) for name, value in self.manifest["inputs"].items()}

    @property
    def interrupted(self) -> bool:
        """Whether a person stopped it before it was finished."""
        return self.manifest.get("interrupted") is True

    def estimate(self, layout: str, measure: str) -> Estimate | None:
        """Return a measure of a layout; None where it was not taken."""
        return self.estimates.get(layout, {}).get(measure)

    def difference(self, layout: str, measure: str) -> Difference | None:
        """Return a measure's paired difference ``layout − reference``; None where it was not taken."""
        return self.differences.get(layout, {}).get(measure)

    def zone_verdicts(self, layout: str) -> tuple[ZoneVerdict, ...]:
        """Return who gains and who loses by a layout; nothing for the reference."""
        return self.zones.get(layout, ())


def read_study(path: Path) -> StudyFolder:
    """Return the folder of a run or a study; raises InputError with every problem found."""
    problems = Problems()
    if not path.is_dir():
        problems.add(
            str(path), "no such folder", "Name one that 'dispatch run … -o' or 'compare … -o' wrote."
        )
        raise InputError(problems.found)
    manifest = read_manifest(path, problems, again=AGAIN)
    if manifest is not None and manifest["command"] not in DOCUMENTS:
        fact = f"is of 'dispatch {manifest['command']}', which is neither a run nor a study"
        problems.add(f"{path.name}/{MANIFEST}", fact, AGAIN)
    problems.raise_if_any(InputError)
    assert manifest is not None
    reader = _Reader(path, manifest, problems)
    estimates, differences, left_out = reader.details()
    zones = reader.zones() if manifest["command"] == "compare" else {}
    problems.raise_if_any(InputError)
    return StudyFolder(path, manifest, estimates, differences, zones, left_out)


class _Wrong(Exception):
    """Something in a document is not what it must be: its place and what is wrong with it."""


class _Reader:
    """Reads the documents of a folder, and notes what is wrong with each."""

    def __init__(self, path: Path, manifest: dict[str, Any], problems: Problems) -> None:
        self.path, self.problems = path, problems
        self.layouts: list[str] = manifest["layouts"]
        self.pairs = {layout: f"{layout} - {self.layouts[0]}" for layout in self.layouts[1:]}
        self.study = DOCUMENTS[manifest["command"]]

    def details(
        self,
    ) -> tuple[dict[str, dict[str, Estimate]], dict[str, dict[str, Difference]], dict[str, tuple[int, int]]]:
        """Return estimates and differences by layout, and what was left out."""
        document = self._document(DETAILS)
        try:
            if document is None:
                return {}, {}, {}
            layouts, pairs = _map(document, "layouts"), _map(document, "differences")
            estimates = {
                layout: {name: _estimate(row, name) for name, row in _rows(layouts, layout)}
                for layout in self.layouts
            }
            differences = {
                layout: {name: _difference(row, name) for name, row in _rows(pairs, pair)}
                for layout, pair in self.pairs.items()
            }
            left_out = {
                name: (_count(row, "count", name), _count(row, "most", name))
                for name, row in _rows(document, "left_out")
            }
        except _Wrong as wrong:
            self._damaged(DETAILS, str(wrong))
            return {}, {}, {}
        return estimates, differences, left_out

    def zones(self) -> dict[str, tuple[ZoneVerdict, ...]]:
        """Return who gains and who loses, by layout."""
        document = self._document(self.study)
        try:
            zones = {} if document is None else _map(document, "zones")
            return {
                layout: tuple(_zone(row, zone) for zone, row in _rows(zones, pair))
                for layout, pair in self.pairs.items()
                if document is not None
            }
        except _Wrong as wrong:
            self._damaged(self.study, str(wrong))
            return {}

    def _document(self, name: str) -> dict[str, Any] | None:
        """Return a document of the folder; None with the problem noted."""
        file = self.path / name
        if name == DETAILS and not file.exists():
            fact = f"has no {DETAILS}: it was written by an earlier version"
            self.problems.add(str(self.path), fact, AGAIN)
            return None
        try:
            read = read_json(file)
        except (OSError, ValueError):
            self._damaged(name, "cannot be read")
            return None
        if not isinstance(read, dict):
            self._damaged(name, "is no object")
            return None
        return read

    def _damaged(self, name: str, fact: str) -> None:
        self.problems.add(f"{self.path.name}/{name}", f"{fact}: it is damaged", AGAIN)


def _map(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = document.get(key)
    if not isinstance(found, dict):
        message = f"there is no '{key}'"
        raise _Wrong(message)
    return found


def _rows(document: Mapping[str, Any], key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of a table by name, each an object."""
    for name, row in _map(document, key).items():
        if not isinstance(row, dict):
            message = f"'{name}' of '{key}' is no object"
            raise _Wrong(message)
        yield name, row


def _number(row: Mapping[str, Any], key: str, name: str) -> float:
    """Return a number, NaN for null."""
    found = row.get(key, "")
    if found is None:
        return math.nan
    try:
        value = math.inf if isinstance(found, bool | str) else float(found)
    except (TypeError, OverflowError):
        value = math.inf
    if not math.isfinite(value):
        message = f"'{key}' of '{name}' is no number"
        raise _Wrong(message)
    return value


def _count(row: Mapping[str, Any], key: str, name: str) -> int:
    found = row.get(key)
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        message = f"'{key}' of '{name}' is no count"
        raise _Wrong(message)
    return found


def _estimate(row: Mapping[str, Any], name: str) -> Estimate:
    return Estimate(_number(row, "mean", name), _number(row, "half_width", name), _count(row, "n", name))


def _difference(row: Mapping[str, Any], name: str) -> Difference:
    mean, width, p_value = (_number(row, key, name) for key in ("mean", "half_width", "p_value"))
    return Difference(mean, width, p_value, _count(row, "n", name))


def _zone(row: Mapping[str, Any], zone: str) -> ZoneVerdict:
    mean, width, adjusted = (_number(row, key, zone) for key in ("mean", "half_width", "p_value"))
    verdict = row.get("verdict")
    if verdict not in VERDICTS:
        message = f"'verdict' of '{zone}' is none of {', '.join(VERDICTS)}"
        raise _Wrong(message)
    return ZoneVerdict(zone, Difference(mean, width, math.nan, 0), adjusted, str(verdict))
