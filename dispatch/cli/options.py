"""The options of the command line, as types that several commands share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatch.errors import UsageError

if TYPE_CHECKING:
    from dispatch.study.compare import Study


class TableFormat(StrEnum):
    """File format of the tables in a run folder."""

    CSV = "csv"
    PARQUET = "parquet"


ScenarioPath = Annotated[
    Path, typer.Argument(metavar="SCENARIO", help="Scenario file (YAML).", show_default=False)
]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, help="Seed of all luck, instead of the scenario's.")
]
Replications = Annotated[
    int | None,
    typer.Option(
        "--replications", "-r", min=1, max=1_000_000, help="Replications, instead of the scenario's."
    ),
]
Measures = Annotated[
    list[str] | None,
    typer.Option(
        "--measure",
        "-m",
        metavar="NAME",
        help="Measure to compute, such as total.first.p90[zone=north]. Repeatable.",
    ),
]
Jobs = Annotated[
    int, typer.Option("--jobs", "-j", min=1, max=1024, help="Processes to use; the result is the same.")
]
Speeds = Annotated[
    str | None,
    typer.Option(
        "--speeds", metavar="SET", help="Speed set, such as planning or observed, instead of the scenario's."
    ),
]
Out = Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR", help="Write a run folder here.")]
Format = Annotated[TableFormat, typer.Option("--format", help="Format of the tables in the run folder.")]
RunScenario = Annotated[
    Path | None,
    typer.Option("--scenario", metavar="FILE", help="Its scenario, where it is no longer found."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV.")]


def refuse_both(*, as_json: bool, as_csv: bool) -> None:
    """Raise UsageError where two forms of output are asked for at once."""
    if as_json and as_csv:
        message = "--json and --csv cannot be printed both."
        raise UsageError(message, hint="Choose one.")


@dataclass(frozen=True, slots=True)
class Options:
    """The options that ``run`` and ``compare`` share."""

    replications: int | None
    seed: int | None
    measures: list[str] | None
    speeds: str | None
    jobs: int
    out: Path | None
    table_format: TableFormat
    as_json: bool
    as_csv: bool

    def check(self) -> None:
        """Refuse what cannot be done before anything is computed."""
        from dispatch.io.run_folder import check_format, check_target

        refuse_both(as_json=self.as_json, as_csv=self.as_csv)
        if self.out is not None:
            check_format(self.table_format)
            check_target(self.out)

    def arguments(self, study: Study) -> dict[str, Any]:
        """Return what a manifest keeps of the command line."""
        return {
            "layouts": list(study.layouts),
            "measures": self.measures,
            "replications": self.replications,
            "speeds": self.speeds,
        }
