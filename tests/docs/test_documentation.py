"""Examples are tests: files and commands of the README and the documentation are written and run."""

from __future__ import annotations

import io
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import dispatch
from dispatch import composition, load, simulate
from dispatch.cli import run_cli
from dispatch.io.yaml_source import parse_yaml
from dispatch.model.expectations import ExpectedFile
from dispatch.model.scenario import ScenarioFile
from dispatch.scenario import alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
BLOCK = re.compile(r"(?:Save as `(?P<save>[^`]+)`:\n\n)?```(?P<kind>\w*)\n(?P<text>.*?)```", re.DOTALL)
FILE = re.compile(r"# file: (\S+)\n")
EXITS = re.compile(r"# exits with ([0-9]+)")


def blocks(page: Path) -> Iterator[tuple[str, str, str | None]]:
    """Yield kind, text and, where the page tells it, file name of each block of a page."""
    for match in BLOCK.finditer(page.read_text(encoding="utf-8")):
        text, name = match["text"], match["save"]
        marked = FILE.match(text)
        if marked is not None:
            name, text = marked[1], text[marked.end() :]
        yield match["kind"], text, name


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the shipped networks and scenarios, as the current one."""
    for name in ("networks", "scenarios"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_command(line: str) -> str:
    """Run one documented command and return what it printed, replications cut to keep the test short."""
    code = int(found[1]) if (found := EXITS.search(line)) else 0
    line, _, target = line.partition(" > ")
    words = [word for word in shlex.split(line, comments=True) if word != ""]
    assert words[0] == "dispatch", line
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(io.StringIO()), pytest.raises(SystemExit) as stopped:
        run_cli(words[1:])
    assert (stopped.value.code or 0) == code, f"{line}: {out.getvalue()}"
    if target:
        Path(target.strip()).parent.mkdir(parents=True, exist_ok=True)
        Path(target.strip()).write_text(out.getvalue(), encoding="utf-8")
    return out.getvalue()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_of_a_page_run(page: Path, workspace: Path) -> None:
    commands = 0
    for kind, text, name in blocks(page):
        if name is not None:
            (workspace / name).parent.mkdir(parents=True, exist_ok=True)
            (workspace / name).write_text(text, encoding="utf-8")
        if kind != "sh":
            continue
        for line in text.splitlines():
            if line.startswith("dispatch "):
                assert run_command(line)
                commands += 1
    if page.name in ("README.md", "first-comparison.md", "network.md"):
        assert commands, "the page has lost its commands"


def test_the_tutorial_says_what_comes_out(workspace: Path) -> None:
    page = ROOT / "docs/tutorial/first-comparison.md"
    for _, text, name in blocks(page):
        if name is not None:
            (workspace / name).parent.mkdir(parents=True, exist_ok=True)
            (workspace / name).write_text(text, encoding="utf-8")
    shown = run_command('dispatch compare scenarios/town.yaml --csv -m "total.second.mean[zone=town]"')
    town = next(line for line in shown.splitlines() if line.startswith("valley-station - baseline"))
    assert float(town.split(",")[-5]) > 0, "the town waits longer for its second unit"


def test_a_matrix_of_the_documentation_loads(workspace: Path) -> None:
    for _, text, name in blocks(ROOT / "docs/how-to/network.md"):
        if name is not None:
            (workspace / name).parent.mkdir(parents=True, exist_ok=True)
            (workspace / name).write_text(text, encoding="utf-8")
    assert "agency" in run_command("dispatch network info networks/agency")


def test_yaml_parts_are_what_the_model_reads() -> None:
    kinds: dict[str, type[BaseModel]] = {
        "# part of a scenario": ScenarioFile,
        "# part of expectations": ExpectedFile,
    }
    for page in PAGES:
        for kind, text, _ in blocks(page):
            model = next((model for head, model in kinds.items() if text.startswith(head)), None)
            if kind == "yaml" and model is not None:
                document = parse_yaml(text, page.name, dispatch.errors.Problems())
                assert document is not None
                assert set(document.data) <= set(model.model_fields)
                if model is ExpectedFile:
                    ExpectedFile.model_validate(document.data)


def test_the_policy_of_the_documentation_works(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = next(text for kind, text, _ in blocks(ROOT / "docs/how-to/policy.md") if kind == "python")
    names: dict[str, Any] = {}
    exec(compile(code, "policy.md", "exec"), names)
    monkeypatch.setitem(composition.BUILT_IN, "fewest_responses", names["FewestResponses"])
    monkeypatch.setattr(alternatives, "BUILT_IN_POLICIES", tuple(composition.BUILT_IN))
    path = workspace / "scenarios" / "lanzhou-plan-2020.yaml"
    text = path.read_text(encoding="utf-8").replace("policy: nearest", "policy: fewest_responses")
    path.write_text(text.replace("horizon: 365 d", "horizon: 60 d"), encoding="utf-8")
    log = simulate(load(path), "plan-2020")
    assert len(log.responses) > 0
    assert (log.incidents.arrived >= log.incidents.needed).all()


def test_generated_pages_are_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "docs/generate.py"), "--check"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def test_links_between_pages_lead_somewhere() -> None:
    for page in [*PAGES, ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert "://" in target or (page.parent / target).exists(), f"{page.name}: {target}"


def test_make_demo_runs_a_documented_command() -> None:
    recipe = next(line for line in (ROOT / "Makefile").read_text().splitlines() if "dispatch compare" in line)
    command = recipe.split("bin/")[-1].split("$(BIN)/")[-1].strip()
    assert command in (ROOT / "README.md").read_text(encoding="utf-8")
