"""Command ``report``: what it writes, prints and refuses."""

from __future__ import annotations

import csv
import json
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dispatch.cli import run_cli
from tests.briefing.test_assemble import matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
SCENARIO = ROOT / "scenarios" / "lanzhou-plan-2020.yaml"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study") / "out"
    assert code("compare", SCENARIO, "baseline", "plan-2020", "-r", 2, "-o", folder) == 0
    return folder


def code(*words: object) -> object:
    """Run a command and return its exit code."""
    with pytest.raises(SystemExit) as end:
        run_cli([str(word) for word in words])
    return end.value.code


def report(study: Path, *words: object) -> object:
    return code("report", study, "--scenario", SCENARIO, *words)


def test_every_output_is_written_and_equal_runs_give_equal_bytes(study: Path, tmp_path: Path) -> None:
    targets = {
        "-o": "report.html", "--xlsx": "t.xlsx", "--markdown": "s.md", "--gpkg": "l.gpkg", "--csv": "tables",
        "--figures": "figures", "--geojson": "layers",
    }  # fmt: skip
    found: list[dict[str, bytes]] = []
    for number in (1, 2):
        folder = tmp_path / str(number)
        words = [word for option, name in targets.items() for word in (option, folder / name)]
        assert report(study, *words) == 0
        files = {
            str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()
        }
        found.append(files)
    assert found[0] == found[1]
    names = set(found[0])
    assert {"report.html", "t.xlsx", "s.md", "l.gpkg", "tables/tables.csv", "layers/layers.csv"} <= names
    assert b"<svg" in found[0]["report.html"]
    assert [n for n in names if n.endswith(".png")]
    assert {n[:-4] for n in names if n.endswith(".png")} <= {n[:-4] for n in names if n.endswith(".svg")}
    with sqlite3.connect(tmp_path / "1" / "l.gpkg") as database:
        styled = {name for (name,) in database.execute("SELECT f_table_name FROM layer_styles")}
    database.close()
    assert {"roads", "stations", "incidents"} <= styled


def test_writing_again_replaces_what_it_wrote(study: Path, tmp_path: Path) -> None:
    for _ in range(2):
        assert report(study, "--csv", tmp_path / "tables", "--markdown", tmp_path / "s.md") == 0


def test_tables_hold_the_numbers_of_the_study(study: Path, tmp_path: Path) -> None:
    assert report(study, "--csv", tmp_path / "tables") == 0
    document = json.loads((study / "study.json").read_text(encoding="utf-8"))
    with (tmp_path / "tables" / "headline.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["measure"]: row for row in csv.DictReader(file)}
    mean = document["layouts"]["plan-2020"]["measures"]["total.first.mean"]
    keys = [key for key in rows["first unit, from call: mean"] if "plan-2020" in key]
    values = {float(rows["first unit, from call: mean"][key]) for key in keys if not key.endswith("unit")}
    change = document["differences"]["plan-2020 - baseline"]["total.first.mean"]
    assert {mean["mean"], mean["half_width"], change["mean"], change["half_width"]} <= values


def test_without_files_the_summary_is_printed(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(study) == 0
    english = capsys.readouterr().out
    assert "Planning aid: not for live dispatch." in english
    assert "▁" in english
    assert report(study, "--lang", "zh") == 0
    chinese = capsys.readouterr().out
    assert "Planning aid" not in chinese
    assert "首" in chinese


def test_json_holds_no_number_that_is_not_finite(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(study, "--json") == 0
    text = capsys.readouterr().out
    document = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    assert document["statements"]
    assert str(ROOT) not in text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-o", "report.pdf"], "Let the name end in .html."),
        (["--xlsx", "t.csv"], "Let the name end in .xlsx."),
        (["-o", "x.html", "--markdown", "./x.html"], "is where --out writes, too"),
        (["--csv", "same", "--figures", "same"], "is where --csv writes, too"),
        (["--play", "plan-2200"], "plan-2020"),
        (["--standard", "nfpa"], "nfpa1710"),
        (["--day", "400"], "day"),
        (["--replication", "9"], "replication"),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_written(
    study: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: Sequence[str],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    outputs = [] if words[0] in ("-o", "--xlsx", "--csv") else ["-o", "report.html"]
    assert report(study, *words, *outputs) == 2
    assert told in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_folders_of_others_are_left_alone(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years", encoding="utf-8")
    for option in ("--csv", "--figures", "--geojson"):
        assert report(study, option, tmp_path / "mine") == 2
        assert "thesis.txt" in capsys.readouterr().err
    assert report(study, "-o", study / "report.html") == 2
    assert "Write it beside that folder." in capsys.readouterr().err
    assert not (study / "report.html").exists()


def test_a_changed_scenario_is_told(study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "networks").symlink_to(ROOT / "networks")
    changed = tmp_path / SCENARIO.name
    text = SCENARIO.read_text(encoding="utf-8")
    changed.write_text(f"{text}\nwarm_up: 1 d\n", encoding="utf-8")
    assert code("report", study, "--scenario", changed) == 2
    assert "warm_up" in capsys.readouterr().err
    assert code("report", tmp_path) == 2
    assert "manifest.json" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--gpkg", "--geojson"])
def test_layers_of_a_network_without_coordinates_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    scenario, out = matrix(tmp_path), tmp_path / "out"
    assert code("run", scenario, "-r", 1, "-o", out) == 0
    target, page = tmp_path / ("l.gpkg" if option == "--gpkg" else "layers"), tmp_path / "r.html"
    capsys.readouterr()
    words = ("report", out, "--scenario", scenario, "-o", page)
    assert code(*words, option, target) == 2
    said = capsys.readouterr()
    assert (said.out, page.exists(), target.exists()) == ("", False, False)
    assert f"{option} {target}: network 'table' has no coordinates" in " ".join(said.err.split())
    assert f"Leave out {option}" in " ".join(said.err.split())
    assert code(*words) == 0
    assert "This network has no coordinates" in page.read_text(encoding="utf-8")
