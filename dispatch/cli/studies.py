"""Commands about scenarios: validate, run, compare, schema."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatch import interrupts
from dispatch.cli.ending import EXIT_STOPPED, complain
from dispatch.cli.options import (
    AsCsv,
    AsJson,
    Format,
    Jobs,
    Measures,
    Options,
    Out,
    Replications,
    ScenarioPath,
    Seed,
    Speeds,
    TableFormat,
)
from dispatch.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from dispatch.errors import DispatchError
    from dispatch.study.compare import Study


def validate(
    scenarios: Annotated[
        list[Path], typer.Argument(metavar="SCENARIO...", help="Scenario files.", show_default=False)
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Check scenario files and everything they cite; tell all problems at once.

    Example: dispatch validate scenarios/lanzhou-plan-2020.yaml
    """
    from dispatch.errors import InputError
    from dispatch.io.run_folder import json_text

    documents: dict[str, Any] = {}
    failed: list[DispatchError] = []
    twice = len({path.name for path in scenarios}) < len(scenarios)
    for path in scenarios:
        name = str(path) if twice else path.name
        try:
            documents[name] = {"valid": True, **_validated(path)}
        except InputError as error:
            failed.append(error)
            problems = [{"place": p.place, "fact": p.fact, "remedy": p.remedy} for p in error.problems]
            documents[name] = {"valid": False, "problems": problems}
    if as_json:
        sys.stdout.write(json_text(documents))
    for name, document in documents.items():
        if document["valid"] and not as_json:
            _say_valid(name, document)
    for failure in failed:
        complain(failure)
    if failed:
        raise typer.Exit(max(failure.exit_code for failure in failed))


def _validated(path: Path) -> dict[str, Any]:
    """Load a scenario and return what it holds."""
    from dispatch.scenario.injects import described
    from dispatch.study.opening import load

    scenario = load(path)
    return {
        "scenario": scenario.name,
        "network": scenario.network.name,
        "nodes": len(scenario.network.node_ids),
        "zones": len(scenario.zones),
        "incident_types": len(scenario.kinds),
        "closures": {
            closure.id: scenario.roads.extent(closure)
            for closure in scenario.roads.closures
            if closure.id in scenario.file.closures  # weather stands among the injects
        },
        "injects": described(scenario),
        "layouts": {
            name: {"stations": len(layout.sites), "units": len(layout.units)}
            for name, layout in scenario.layouts.items()
        },
        "notes": list(scenario.notes),
    }


def _say_valid(name: str, document: dict[str, Any]) -> None:
    from dispatch.report.speak import inject_line

    layouts = ", ".join(
        f"{k} (stations: {v['stations']}, units: {v['units']})" for k, v in document["layouts"].items()
    )
    typer.echo(
        f"{name}: valid. Network {document['network']} with {document['nodes']:,} nodes; layouts: {layouts}."
    )
    for closure, extent in document["closures"].items():
        ids = ", ".join(extent["such_as"]) + (", …" if extent["links"] > len(extent["such_as"]) else "")
        typer.echo(f"  closure {closure}: {extent['links']} links, {extent['km']:g} km ({ids})")
    for inject in sorted(document["injects"], key=lambda inject: float(inject["at"])):
        typer.echo(f"  inject {inject_line(inject)}")
    for note in document["notes"]:
        typer.echo(f"  note: {note}")


def run(
    scenario: ScenarioPath,
    *,
    layout: Annotated[str, typer.Option("--layout", "-l", help="Layout to simulate.")] = "baseline",
    replications: Replications = None,
    seed: Seed = None,
    measure: Measures = None,
    speeds: Speeds = None,
    jobs: Jobs = 1,
    out: Out = None,
    table_format: Format = TableFormat.CSV,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Simulate one layout and print its measures.

    Example: dispatch run scenarios/lanzhou-plan-2020.yaml --layout plan-2020 -r 5 --json
    """
    options = Options(replications, seed, measure, speeds, jobs, out, table_format, as_json, as_csv)
    options.check()
    from dispatch.report import results

    study = _study(scenario, [layout], options, tables=out is not None, zones=False)
    _show(study, results.run_document, "print_run", options)
    if out is not None:
        manifest = results.manifest(study, "run", options.arguments(study))
        documents = {
            "manifest": manifest,
            "measures": results.run_document(study),
            "details": results.details_text(study),
        }
        _write(out, documents, results.run_tables(study), table_format)
    _end(study)


def compare(
    scenario: ScenarioPath,
    layouts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[LAYOUT]...",
            help="Layouts; the first is the reference. One alone is compared with the baseline.",
        ),
    ] = None,
    *,
    replications: Replications = None,
    seed: Seed = None,
    measure: Measures = None,
    speeds: Speeds = None,
    jobs: Jobs = 1,
    out: Out = None,
    table_format: Format = TableFormat.CSV,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Simulate several layouts on equal luck and print what each changes and how sure that is.

    Example: dispatch compare scenarios/lanzhou-plan-2020.yaml baseline plan-2020 -r 10
    """
    options = Options(replications, seed, measure, speeds, jobs, out, table_format, as_json, as_csv)
    options.check()
    from dispatch.report import results

    named = list(dict.fromkeys(layouts or []))
    if len(named) == 1 and named != ["baseline"]:
        named = ["baseline", *named]
    study = _study(scenario, named, options, tables=False, zones=True)
    _show(study, results.study_document, "print_study", options)
    if out is not None:
        manifest = results.manifest(study, "compare", options.arguments(study))
        documents = {
            "manifest": manifest,
            "study": results.study_document(study),
            "details": results.details_text(study),
        }
        _write(out, documents, results.study_tables(study), table_format)
    _end(study)


class Schema(StrEnum):
    """Kind of file."""

    SCENARIO = "scenario"
    EXPECTATIONS = "expectations"
    DRILL = "drill"


def schema(
    kind: Annotated[
        Schema, typer.Argument(metavar="[scenario|expectations|drill]", help="Kind of file.")
    ] = Schema.SCENARIO,
) -> None:
    """Print the JSON schema of a kind of file, for editors that complete and check while one types.

    Example: dispatch schema > scenario.schema.json
    """
    from dispatch.io.run_folder import json_text
    from dispatch.model.base import json_schema
    from dispatch.model.briefs import DrillFile
    from dispatch.model.expectations import ExpectedFile
    from dispatch.model.scenario import ScenarioFile

    models: dict[Schema, type[BaseModel]] = {
        Schema.SCENARIO: ScenarioFile,
        Schema.EXPECTATIONS: ExpectedFile,
        Schema.DRILL: DrillFile,
    }
    sys.stdout.write(json_text(json_schema(models[kind])))


def _study(path: Path, layouts: list[str], options: Options, *, tables: bool, zones: bool) -> Study:
    """Load a scenario and simulate layouts, with a progress bar on a terminal."""
    from dispatch.report.terminal import progress_bar
    from dispatch.study.compare import compare as simulate_all
    from dispatch.study.opening import load

    scenario = load(path, speeds=options.speeds)
    if options.seed is not None:
        scenario = scenario.with_seed(options.seed)
    for note in scenario.notes:
        typer.echo(f"note: {note}", err=True)
    if zones and len(layouts or scenario.layouts) < 2:
        message = f"only the layout '{(layouts or list(scenario.layouts))[0]}' to compare."
        raise UsageError(
            message, hint=f"{did_you_mean('', scenario.layouts)} Name two, or use 'dispatch run'."
        )
    bar = progress_bar()

    def tell(done: int, of: int) -> None:
        with interrupts.held_back():  # torn out of the bar, it would leave a lock behind
            bar.update(task, completed=done, total=of)

    with bar:
        task = bar.add_task(scenario.name, total=None)
        return simulate_all(
            scenario,
            layouts,
            options.replications,
            measures=options.measures or (),
            jobs=options.jobs,
            by_zone=zones,
            tables=tables,
            details=options.out is not None,
            progress=tell,
        )


def _write(out: Path, documents: dict[str, Any], tables: dict[str, Any], table_format: str) -> None:
    from dispatch.io.run_folder import write_folder

    write_folder(out, documents, tables, table_format)
    typer.echo(f"wrote {out}", err=True)


def _show(study: Study, document: Callable[[Study], dict[str, Any]], printer: str, options: Options) -> None:
    """Print a study in the form asked for."""
    if options.replications is None:
        for line in study.stopping():
            typer.echo(f"note: {line}", err=True)
    if options.as_json:
        from dispatch.io.run_folder import json_text

        sys.stdout.write(json_text(document(study)))
    elif options.as_csv:
        from dispatch.io.tables import csv_text
        from dispatch.report.results import estimates_table

        sys.stdout.write(csv_text(estimates_table(study)))
    else:
        from dispatch.report import terminal

        getattr(terminal, printer)(terminal.console(), study)
    sys.stdout.flush()


def _end(study: Study) -> None:
    """Exit with a code of its own when the study was stopped by hand."""
    if study.interrupted:
        typer.echo(
            f"stopped: {study.replications} replications were finished, the rest were not made.", err=True
        )
        raise typer.Exit(EXIT_STOPPED)
