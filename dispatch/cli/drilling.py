"""Commands about exercises: new, play, review."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatch.cli import drill_playing, drill_reviewing
from dispatch.cli.options import AsJson, RunScenario, Seed
from dispatch.cli.reporting import Language
from dispatch.errors import UsageError

if TYPE_CHECKING:
    from dispatch.drills.drill import Drill
    from dispatch.drills.proving import Proof
    from dispatch.report.words import Words

app = typer.Typer(name="drill", no_args_is_help=True)


@app.callback()
def drill() -> None:
    """Make exercises out of briefs, play them, and look back on them.

    Example: dispatch drill new brief.yaml -o out/exercise
    """


@app.command("new")
def drill_new(
    brief: Annotated[
        Path | None,
        typer.Argument(
            metavar="[BRIEF]", help="Brief, or an exercise that is to be made again.", show_default=False
        ),
    ] = None,
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Write the package here.", show_default=False)
    ],
    lang: Annotated[Language, typer.Option("--lang", help="Language of the papers.")] = Language.EN,
    seed: Seed = None,
    msel: Annotated[
        Path | None,
        typer.Option(
            "--msel", metavar="FILE", help="Read back an edited script, xlsx or csv.", show_default=False
        ),
    ] = None,
    from_run: Annotated[
        Path | None,
        typer.Option(
            "--from-run",
            metavar="RUN",
            help="Instead of a brief: take the most stressful stretch of a run that 'dispatch run -o' wrote.",
            show_default=False,
        ),
    ] = None,
    replication: Annotated[
        int, typer.Option("--replication", min=0, metavar="N", help="Replication of the run, from 0.")
    ] = 0,
    scenario: RunScenario = None,
    as_json: AsJson = False,
) -> None:
    """Make the package of an exercise: plan, script, role cards, forms, calendar, alerts.

    The model plays it first, so that it can be played, and its difficulty is measured.

    Example: dispatch drill new brief.yaml -o out/exercise --lang zh
    """
    if (brief is None) == (from_run is None):
        message = "drill new: takes either a BRIEF or --from-run."
        raise UsageError(message, hint="Name one of them.")
    if from_run is None and (replication or scenario is not None):
        message = "--replication and --scenario belong to --from-run."
        raise UsageError(message, hint="Leave them out, or name a run.")
    from dispatch.drills.drawing import drawn_and_proven
    from dispatch.drills.drill import read_drill
    from dispatch.drills.editing import in_order
    from dispatch.report.drill_package import check_package, package, write_package
    from dispatch.report.words import Words

    spared = tuple(path for path in (brief, msel) if path is not None)
    check_package(out, spared=spared)
    read = read_drill(brief) if brief is not None else _taken(from_run, replication, scenario, lang.value)
    if seed is not None:
        read = replace(read, file=read.file.model_copy(update={"seed": seed}))
    made, proof = drawn_and_proven(read, lang.value)
    made = replace(made, file=in_order(made))
    notes: tuple[str, ...] = ()
    if msel is not None:
        made, proof, notes = _edited(made, proof, msel)
    files = package(made, proof, lang.value, out)
    write_package(out, files, spared=spared)
    words = Words(lang.value)
    for note in (*notes, *map(words.say, proof.notes)):
        typer.echo(f"note: {note}", err=True)
    _tell(made, proof, sorted(files), words, as_json=as_json)
    typer.echo(f"wrote {out}", err=True)


def _taken(run: Path | None, replication: int, scenario: Path | None, lang: Any) -> Drill:
    """Return the most stressful stretch of a run as an exercise."""
    from dispatch.drills.drill import resolved
    from dispatch.drills.from_run import NAME, from_run
    from dispatch.errors import Problems
    from dispatch.io.yaml_source import dotted_path
    from dispatch.regression.folders import read_run
    from dispatch.regression.rerunning import find_scenario

    assert run is not None
    folder = read_run(run)
    file = from_run(folder, replication, scenario=scenario, language=lang)
    path = find_scenario(folder, scenario)
    return resolved(NAME, file, path, Problems(), lambda *keys: f"{run} {dotted_path(keys)}")


def _edited(made: Drill, proof: Proof, msel: Path) -> tuple[Drill, Proof, tuple[str, ...]]:
    """Return an exercise with an edited script, and the model's play of it."""
    from dispatch.drills.editing import edited, in_order
    from dispatch.drills.proving import prove
    from dispatch.report.script_sheet import read_sheet, vocabulary

    changed, notes = edited(made, read_sheet(msel), vocabulary())
    changed = replace(changed, file=in_order(changed))
    return changed, proof if changed.file == made.file else prove(changed), notes


def _tell(made: Drill, proof: Proof, files: list[str], words: Words, *, as_json: bool) -> None:
    """Print what was made."""
    from dispatch.report.drill_package import statements

    if as_json:
        from dispatch.io.run_folder import json_text

        sys.stdout.write(json_text(_summary(made, proof, files, words)))
    else:
        typer.echo(words.show(made.file.title))
        for statement in statements(made, proof):
            typer.echo(words.say(statement))
    sys.stdout.flush()


def _summary(made: Drill, proof: Proof, files: list[str], words: Words) -> dict[str, Any]:
    from math import isnan

    d = proof.difficulty
    return {
        "title": made.file.title,
        "entries": len(made.lines),
        "objectives": len(made.file.objectives),
        "expected_actions": sum(len(line.entry.expects) for line in made.lines),
        "shown_by_log": sum(not isnan(moment) for moment in proof.seen.values()),
        "met_by_model": len(proof.met),
        "difficulty": {
            "grade": d.grade,
            "calls": d.calls,
            "committed": d.committed,
            "open_at_once": d.open_at_once,
            "cover": d.cover,
            "waiting": d.waiting,
            "mean_wait": d.mean_wait,
        },
        "notes": [words.say(note) for note in proof.notes],
        "files": files,
    }


app.command("play")(drill_playing.play)
app.command("review")(drill_reviewing.review)
