"""Repeating a run from its folder, or saying what has changed since."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dispatch.errors import UsageError
from dispatch.regression.divergence import Divergence, differing_inputs, first_divergence
from dispatch.regression.events import events_of_tables
from dispatch.regression.provenance import fingerprints
from dispatch.study.compare import compare
from dispatch.study.opening import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatch.regression.folders import RunFolder, Written
    from dispatch.scenario.scenario import Scenario
    from dispatch.study.compare import Study


def find_scenario(run: Written, given: Path | None) -> Path:
    """Return a run's scenario: as given, or where the manifest says, from here or above the run.

    Its path from where the run was made comes first; then that from the folder that holds ``networks/``.
    """
    if given is not None:
        return given
    cited = str(run.manifest["scenario_file"])
    for name in dict.fromkeys((str(run.manifest.get("scenario_from_here", cited)), cited)):
        for folder in (Path.cwd(), *run.path.absolute().parents):
            if (folder / name).is_file():
                return folder / name
    message = f"{run.path}: its scenario {cited} is neither here nor above the run."
    raise UsageError(message, hint="Name it with --scenario.")


def load_unchanged(run: Written, path: Path) -> Scenario:
    """Return the scenario of a run; raises UsageError naming every input that has changed since."""
    scenario = load(path, speeds=run.manifest["speeds"]["set"]).with_seed(int(run.manifest["seed"]))
    changed = differing_inputs(run.inputs, fingerprints(scenario))
    if changed:
        message = f"{run.path}: cannot be run again, these inputs have changed: {', '.join(changed)}."
        raise UsageError(message, hint="Restore them, or make a new run and compare the two: dispatch diff.")
    return scenario


def rerun(
    run: RunFolder, scenario: Scenario, jobs: int = 1, progress: Callable[[int, int], None] | None = None
) -> Study:
    """Simulate what a run folder holds again, with its tables."""
    measures, count = tuple(run.manifest["measures"]), int(run.manifest["replications"])
    return compare(
        scenario,
        [run.layout],
        count,
        measures=measures,
        jobs=jobs,
        by_zone=False,
        tables=True,
        progress=progress,
    )


def divergence_from(run: RunFolder, study: Study) -> tuple[int, Divergence] | None:
    """Return the first replication in which a study differs from a run, and where; None if it never does."""
    for number in range(study.replications):
        again = events_of_tables(
            *(study.tables[name][number] for name in ("incidents", "responses", "notices"))
        )
        found = first_divergence(run.events.get(number, []), again)
        if found is not None:
            return number, found
    return None
