"""The package as a whole: public names, what importing costs, and what a file of the project may not hold."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import dispatch
from dispatch.composition import BUILT_IN
from dispatch.model.scenario import BUILT_IN_POLICIES

ROOT = Path(__file__).resolve().parents[1]


def loaded_after(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after running some code."""
    program = f"{code}\nimport sys\nprint(' '.join(sys.modules))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(found.stdout.split("\n")[-2].split())


def test_public_names_are_these() -> None:
    assert dispatch.__all__ == [
        "Board",
        "DispatchError",
        "Layout",
        "Log",
        "Scenario",
        "Study",
        "Timeline",
        "Whereabouts",
        "compare",
        "draw",
        "load",
        "measure",
        "simulate",
        "whereabouts",
    ]
    assert all(getattr(dispatch, name).__name__ == name for name in dispatch.__all__)


def test_the_policies_that_a_file_may_name_are_those_that_ship() -> None:
    assert tuple(BUILT_IN) == BUILT_IN_POLICIES


def test_unknown_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        dispatch.nonsense  # noqa: B018


def test_importing_loads_nothing_heavy() -> None:
    heavy = {"numpy", "scipy", "pydantic", "simpy", "ortools", "networkx", "typer", "rich", "ruamel"}
    assert not heavy & loaded_after("import dispatch")


def test_help_loads_nothing_that_computes() -> None:
    code = "from dispatch.cli import app\nfrom typer.main import get_command\nget_command(app)"
    assert not {"numpy", "scipy", "simpy", "ortools", "networkx", "pandas"} & loaded_after(code)


def tracked_files() -> list[Path]:
    """Return the project's own text files."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\n") if name and (ROOT / name).is_file()]


def test_no_file_names_a_machine_or_a_registry() -> None:
    forbidden = re.compile(
        "/" + "work/|/" + "root/|pypi" + r"\.org|files\.python" + r"hosted|registry\.npm" + "js"
    )
    for path in tracked_files():
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not forbidden.search(text), path


def test_a_module_stays_readable() -> None:
    for path in (ROOT / "dispatch").rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path
