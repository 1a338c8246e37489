"""Random damage to good files: whatever happens, it is a refusal with a place, or a scenario that runs."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dispatch
from dispatch.errors import InputError, UsageError

from .worlds import EVERYTHING, check_lines, dump, write_world

if TYPE_CHECKING:
    import pytest

SCENARIO = "m.yaml"
FILES = [
    SCENARIO,
    "calls.csv",
    "networks/town/network.yaml",
    "networks/town/node.csv",
    "networks/town/link.csv",
]
SHIPPED = Path(__file__).parents[2]
TOKENS = ["", "0", "-1", "1e999", "nan", ".inf", "null", "[]", "{}", "\x00", "\ufeff", '"', "'", ",", ":",
          "\n", "\t",
          "&a", "*a", "<<", "!x", "- ", "#", "|", ">", "%", "9" * 30, "١", "\ud7ff",
          "\\", "a", "true", "b,c"]  # fmt: skip

DAMAGE = settings(
    max_examples=120, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


def _survives(folder: Path, file: str, content: bytes) -> None:
    """Load and play; anything but a clean refusal or a clean run raises."""
    (folder / file).write_bytes(content)
    try:
        scenario = dispatch.load(folder / SCENARIO)
        horizon = min(scenario.file.horizon, max(7200.0, scenario.file.warm_up * 1.01))
        busiest = max((stream.rate for stream in scenario.streams), default=0.0)
        if busiest * horizon < 10_000:
            shorter = scenario.file.model_copy(update={"horizon": horizon})
            dispatch.compare(replace(scenario, file=shorter), replications=1)
    except InputError as error:
        check_lines([str(problem) for problem in error.problems])
    except UsageError:
        pass  # a measure or policy that is not there, told without file and line


@DAMAGE
@given(st.sampled_from(FILES), st.data())
def test_tokens(tmp_path: Path, file: str, data: st.DataObject) -> None:
    write_world(tmp_path)
    text = (tmp_path / file).read_text(encoding="utf-8")
    parts = re.split(r"(\W+)", text)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(parts) - 1))
        parts[at] = data.draw(st.sampled_from(TOKENS))
    _survives(tmp_path, file, "".join(parts).encode("utf-8", "surrogatepass"))


@DAMAGE
@given(st.sampled_from(FILES), st.data())
def test_lines(tmp_path: Path, file: str, data: st.DataObject) -> None:
    """Lines go missing, come twice, or change places."""
    write_world(tmp_path)
    lines = (tmp_path / file).read_bytes().splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 3))):
        at, to = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        match data.draw(st.sampled_from(["drop", "double", "swap"])):
            case "drop" if len(lines) > 1:
                del lines[at]
            case "double":
                lines.insert(to, lines[at])
            case _:
                lines[at], lines[to] = lines[to], lines[at]
    _survives(tmp_path, file, b"".join(lines))


@DAMAGE
@given(st.sampled_from(FILES), st.data())
def test_bytes(tmp_path: Path, file: str, data: st.DataObject) -> None:
    write_world(tmp_path)
    raw = bytearray((tmp_path / file).read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    _survives(tmp_path, file, bytes(raw))


@settings(DAMAGE, max_examples=40)
@given(st.data())
def test_shipped_scenario(tmp_path: Path, data: st.DataObject) -> None:
    """The scenario that ships, on a copy of nothing but links to its network."""
    networks = tmp_path / "networks"
    networks.mkdir(exist_ok=True)
    home = networks / "lanzhou-new-area"
    if not home.exists():
        home.symlink_to(SHIPPED / "networks" / "lanzhou-new-area")
    text = (SHIPPED / "scenarios" / "lanzhou-plan-2020.yaml").read_text(encoding="utf-8")
    parts = re.split(r"(\W+)", text)
    for _ in range(data.draw(st.integers(1, 3))):
        parts[data.draw(st.integers(0, len(parts) - 1))] = data.draw(st.sampled_from(TOKENS))
    _survives(tmp_path, SCENARIO, "".join(parts).encode())


def test_undamaged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The files that are damaged above are good to begin with, and loading them says nothing."""
    path = write_world(tmp_path)
    assert path.read_text(encoding="utf-8") == dump(EVERYTHING)
    assert dispatch.compare(dispatch.load(path), replications=1).replications == 1
    assert capsys.readouterr() == ("", "")
