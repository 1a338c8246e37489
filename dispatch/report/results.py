"""Studies as documents and tables: JSON, CSV and run folders. Nothing is computed here but the layout."""

from __future__ import annotations

import math
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dispatch.engine.supply_tables import SUPPLY_TABLES
from dispatch.io.run_folder import compact_json_text
from dispatch.regression.provenance import fingerprints
from dispatch.scenario.files import workspace
from dispatch.study.compare import zone_verdicts
from dispatch.study.details import left_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dispatch.engine.log import Columns
    from dispatch.scenario.scenario import Scenario
    from dispatch.study.compare import Study
    from dispatch.study.estimates import Difference, Estimate

WHERE_THERE_IS_ANY = ("notices", "moveups", *SUPPLY_TABLES)
"""Tables that are left out where they have no rows."""


def run_document(study: Study) -> dict[str, Any]:
    """Return the JSON document of ``dispatch run``: one layout."""
    layout = study.layouts[0]
    return {
        **_head(study),
        "layout": layout,
        "left_out": study.left_out(layout),
        "measures": _measures(study, layout),
    }


def study_document(study: Study) -> dict[str, Any]:
    """Return the JSON document of ``dispatch compare``."""
    others = study.layouts[1:]
    return {
        **_head(study),
        "layouts": {
            layout: {"left_out": study.left_out(layout), "measures": _measures(study, layout)}
            for layout in study.layouts
        },
        "differences": {_pair(study, layout): _differences(study, layout) for layout in others},
        "zones": {_pair(study, layout): _zones(study, layout) for layout in others},
    }


def details_text(study: Study) -> str:
    """Return the JSON text of all measures that a report needs, one a line, for there are thousands."""
    names, others = study.details, study.layouts[1:]
    layouts = {
        layout: {name: _estimate(e) for name, e in study.estimates(layout, names).items()}
        for layout in study.layouts
    }
    differences = {
        _pair(study, layout): {
            name: {**_difference(d), "n": d.n} for name, d in study.differences(layout, names).items()
        }
        for layout in others
    }
    document = {
        "layouts": layouts, "differences": differences, "left_out": left_out(study.scenario)
    }  # fmt: skip
    return compact_json_text(document, 3)


def _head(study: Study) -> dict[str, Any]:
    head: dict[str, Any] = {
        "scenario": study.scenario.name,
        "seed": study.scenario.file.seed,
        "replications": study.replications,
        "notes": list(study.scenario.notes),
        "speeds": speeds_document(study.scenario),
    }
    if study.interrupted:
        head["interrupted"] = True
    return head


def speeds_document(scenario: Scenario) -> dict[str, Any]:
    """Return which speeds a result rests on, for it may flatter every plan."""
    speeds = scenario.roads.speeds
    return {
        "set": speeds.name,
        "description": scenario.roads.describe(),
        "source": speeds.source,
        "time_of_day": speeds.varies,
    }


def _pair(study: Study, layout: str) -> str:
    return f"{layout} - {study.reference}"


def _measures(study: Study, layout: str) -> dict[str, Any]:
    return {name: _estimate(study.estimate(layout, name)) for name in study.measures}


def _estimate(e: Estimate) -> dict[str, Any]:
    return {"mean": e.mean, "half_width": e.half_width, "n": e.n}


def _differences(study: Study, layout: str) -> dict[str, Any]:
    return {name: _difference(study.difference(layout, name)) for name in study.measures}


def _difference(d: Difference) -> dict[str, Any]:
    return {"mean": d.mean, "half_width": d.half_width, "p_value": d.p_value}


def _zones(study: Study, layout: str) -> dict[str, Any]:
    return {
        row.zone: {
            "mean": row.difference.mean,
            "half_width": row.difference.half_width,
            "p_value": row.adjusted_p,
            "verdict": row.verdict,
        }
        for row in zone_verdicts(study, layout)
    }


def manifest(study: Study, command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is needed to make the same results again, and to see what changed if they differ."""
    scenario = study.scenario
    packages = ("simpy", "numpy", "scipy", "ortools", "networkx", "pydantic")
    return {
        "format": 1,
        "command": command,
        "arguments": dict(arguments),
        "scenario": scenario.name,
        "scenario_digest": scenario.digest,
        "scenario_file": scenario_file(scenario),
        **_from_here(scenario),
        "inputs": fingerprints(scenario),
        "network": scenario.network.name,
        "network_digest": scenario.network.digest,
        "layouts": list(study.layouts),
        "seed": scenario.file.seed,
        "replications": study.replications,
        "interrupted": study.interrupted,
        "measures": list(study.measures),
        "notes": list(scenario.notes),
        "speeds": speeds_document(scenario),
        "versions": {
            "dispatch": version("dispatch"),
            "python": platform.python_version(),
            **{name: version(name) for name in packages},
        },
    }


def scenario_file(scenario: Scenario) -> str:
    """Return the path of a scenario's file from the folder that holds ``networks/``."""
    path = Path(os.path.normpath(scenario.path.absolute()))
    return path.relative_to(workspace(path.parent)).as_posix()


def _from_here(scenario: Scenario) -> dict[str, str]:
    """Return the path of a scenario's file from the current folder; nothing where it is not below that.

    Only where it is another than that from the folder that holds ``networks/``; a path as it was given stays,
    if it was relative.
    """
    path, here = scenario.path, Path.cwd()
    if path.is_absolute():
        path = Path(os.path.normpath(path))
        if not path.is_relative_to(here):
            return {}
        path = path.relative_to(here)
    found = Path(os.path.normpath(path)).as_posix()
    return {} if found == scenario_file(scenario) else {"scenario_from_here": found}


def run_tables(study: Study) -> dict[str, Columns]:
    """Return the tables of all replications, each row with its replication; some only if they have any."""
    result: dict[str, Columns] = {}
    for name, parts in study.tables.items():
        columns: Columns = {"replication": []}
        for number, part in enumerate(parts):
            rows = [list(column) if isinstance(column, list) else column.tolist() for column in part.values()]
            _as_list(columns, "replication").extend([number] * len(rows[0]))
            for key, column in zip(part, rows, strict=True):
                _as_list(columns, key).extend(column)
        if columns["replication"] or name not in WHERE_THERE_IS_ANY:
            result[name] = columns
    return result


def _as_list(columns: Columns, key: str) -> list[object]:
    column = columns.setdefault(key, [])
    assert isinstance(column, list)
    return column


def study_tables(study: Study) -> dict[str, Columns]:
    """Return the tables of a study's folder by name."""
    return {
        "values": values_table(study),
        "estimates": estimates_table(study),
        "zones": zones_table(study),
    }


def values_table(study: Study) -> Columns:
    """Return every measure of every layout and replication, one a row."""
    rows: list[tuple[object, ...]] = [
        (layout, name, number, float(value))
        for layout in study.layouts
        for name in study.measures
        for number, value in enumerate(study.values[layout][name])
    ]
    return _columns(("layout", "measure", "replication", "value"), rows)


def estimates_table(study: Study) -> Columns:
    """Return means of layouts and differences between them, one a row."""
    rows: list[tuple[object, ...]] = []
    for layout in study.layouts:
        for name in study.measures:
            e = study.estimate(layout, name)
            rows.append((layout, name, e.mean, e.half_width, e.n, math.nan))
    for layout in study.layouts[1:]:
        for name in study.measures:
            d = study.difference(layout, name)
            rows.append((_pair(study, layout), name, d.mean, d.half_width, d.n, d.p_value))
    columns = _columns(("layout", "measure", "mean", "half_width", "n", "p_value"), rows)
    return columns | {"speeds": [study.scenario.roads.speeds.name] * len(rows)}


def zones_table(study: Study) -> Columns:
    """Return winners and losers among zones, one a row."""
    rows: list[tuple[object, ...]] = []
    for layout in study.layouts[1:]:
        for row in zone_verdicts(study, layout):
            d = row.difference
            rows.append((_pair(study, layout), row.zone, d.mean, d.half_width, row.adjusted_p, row.verdict))
    return _columns(("difference", "zone", "mean", "half_width", "p_value", "verdict"), rows)


def _columns(names: tuple[str, ...], rows: list[tuple[object, ...]]) -> Columns:
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}
