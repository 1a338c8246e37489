"""What the commands print: JSON, CSV, tables in pipes and on terminals, help, version, schema."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from .world import COMMAND, ROOT, dispatch, environment, write

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = "scenarios/lanzhou-plan-2020.yaml"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("cli"))


def test_run_json(small: Path) -> None:
    first = dispatch("run", small, "--json")
    document = json.loads(first.stdout)
    assert {"scenario", "seed", "replications", "layout", "measures"} <= set(document)
    assert first.stdout == json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    assert all(set(values) == {"mean", "half_width", "n"} for values in document["measures"].values())
    assert str(small.parent) not in first.stdout
    assert "NaN" not in first.stdout
    assert dispatch("run", small, "--json").stdout == first.stdout
    assert dispatch("run", small, "--json", "-j", "2").stdout == first.stdout
    assert dispatch("run", small, "--json", "--seed", "9").stdout != first.stdout


def test_compare_json(small: Path) -> None:
    first = dispatch("compare", small, "--json", "-r", "4")
    document = json.loads(first.stdout)
    assert set(document["layouts"]) == {"baseline", "two"}
    assert set(document["differences"]) == {"two - baseline"}
    for values in document["differences"]["two - baseline"].values():
        assert set(values) == {"mean", "half_width", "p_value"}
    assert first.stdout == json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    assert dispatch("compare", small, "--json", "-r", "4", "-j", "2").stdout == first.stdout
    assert dispatch("compare", small, "two", "baseline", "--json", "-r", "2").stdout != first.stdout


def test_json_does_not_depend_on_where_it_runs(small: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "elsewhere")
    assert (
        dispatch("run", other, "--json").stdout
        == dispatch("run", small.name, "--json", cwd=small.parent).stdout
    )


@pytest.mark.parametrize("command", ["run", "compare"])
def test_csv(small: Path, command: str) -> None:
    rows = list(csv.DictReader(io.StringIO(dispatch(command, small, "--csv").stdout)))
    document = json.loads(dispatch(command, small, "--json").stdout)
    measures = document["measures"] if command == "run" else document["layouts"]["two"]["measures"]
    layout = "baseline" if command == "run" else "two"
    found = {row["measure"]: float(row["mean"]) for row in rows if row["layout"] == layout}
    assert found == pytest.approx({name: values["mean"] for name, values in measures.items()}, rel=1e-12)


def test_piped_tables_are_plain_and_uncut(small: Path) -> None:
    done = dispatch("compare", small, "-r", "3", "-m", "total.first.p90[type=fire,zone=north]", COLUMNS="30")
    assert "\x1b" not in done.stdout + done.stderr
    assert "…" not in done.stdout
    assert "total.first.p90[type=fire,zone=north]" in done.stdout
    assert "two" in done.stdout
    assert not done.stderr


def test_notes_go_to_stderr() -> None:
    done = dispatch("run", SHIPPED, "-r", "1", "--json")
    json.loads(done.stdout)
    assert done.stderr.startswith("note: ")


def _terminal(columns: int, *arguments: str, **env: str) -> str:
    """Run on a pseudo-terminal of some width and return what it showed."""
    main, side = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, *arguments], stdin=side, stdout=side, stderr=side, cwd=ROOT, close_fds=True,
        env=environment(COLUMNS=str(columns), **env),
    )  # fmt: skip
    os.close(side)
    shown = b""
    while True:
        try:
            part = os.read(main, 65536)
        except OSError:  # the terminal closes with the process
            break
        if not part:
            break
        shown += part
    os.close(main)
    text = shown.decode("utf-8")
    assert process.wait(30) == 0, text[-2000:]
    return text


def _width(line: str) -> int:
    from rich.cells import cell_len

    return cell_len(line)


@pytest.mark.parametrize("columns", [60, 80])
def test_tables_on_a_terminal(columns: int) -> None:
    shown = _terminal(columns, "compare", SHIPPED, "baseline", "plan-2020", "-r", "2")
    final = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).replace("\r\n", "\n")
    lines = [line.rsplit("\r", 1)[-1].rstrip() for line in final.split("\n")]
    too_wide = [line for line in lines if _width(line) > columns and "note: " not in line]
    assert not too_wide
    rows = [line for line in lines if re.search(r"\d+ (min|s)\b|%| pp", line) and "─" not in line]
    assert len(rows) > 20
    assert not [line for line in lines if re.fullmatch(r"\s*(s|min|h|%|pp)\s*", line)], "a number was broken"
    assert "…" not in "".join(lines), "a table was cut"


@pytest.mark.parametrize("name", ["a{b}", "[red]x", "[/x]", "100%"])
def test_file_names_that_look_like_markup(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "markup")
    odd = path.with_name("odd" + name.replace("/", "\\") + ".yaml")
    path.rename(odd)
    shown = _terminal(80, "run", str(odd), "-r", "2")
    assert odd.stem in shown


def test_a_terminal_is_not_commanded_by_a_title(tmp_path: Path) -> None:
    path = write(tmp_path, title="x\x1b[2J\x1b]0;owned\x07y")
    done = dispatch("run", path, "-r", "1", code=2)
    assert "a control character" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_version() -> None:
    from importlib.metadata import version

    assert dispatch("--version").stdout == f"dispatch {version('dispatch')}\n"


COMMANDS: list[list[str]] = [
    ["validate"], ["run"], ["compare"], ["board"], ["grade"], ["plans", "list"], ["plans", "match"],
    ["supplies", "items"], ["supplies", "rates"], ["supplies", "need"], ["supplies", "list"],
    ["schema"], ["network", "info"], ["network", "isochrone"], ["network", "coverage"],
    ["network", "standards"],
]  # fmt: skip


@pytest.mark.parametrize("command", [[], *COMMANDS, ["network"], ["supplies"]], ids=" ".join)
def test_every_help_ends_in_an_example_that_runs(command: list[str]) -> None:
    text = dispatch(*command, "--help", COLUMNS="200").stdout
    example = re.search(r"Example:\s*(dispatch [^\n]*)", text)
    assert example, f"no example in the help of dispatch {' '.join(command)}"
    words = shlex.split(example[1].strip(" │"))[1:]
    if ">" in words:
        words = words[: words.index(">")]
    if "-r" in words:
        words[words.index("-r") + 1] = "1"
    assert dispatch(*words).stdout


def test_three_ways_to_start() -> None:
    wanted = dispatch("--version").stdout
    for start in (["cli.py"], ["-m", "dispatch"]):
        done = subprocess.run(
            [sys.executable, *start, "--version"], capture_output=True, text=True, cwd=ROOT, check=True,
            env=environment(), timeout=60,
        )  # fmt: skip
        assert done.stdout == wanted


def _imported(code: str, *heavy: str) -> list[str]:
    program = f"import sys\n{code}\nprint([n for n in {heavy!r} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60,
        env=environment(),
    )  # fmt: skip
    found: list[str] = json.loads(done.stdout.splitlines()[-1].replace("'", '"'))
    return found


def test_importing_is_light() -> None:
    heavy = (
        "numpy",
        "pydantic",
        "typer",
        "simpy",
        "ortools",
        "scipy",
        "networkx",
        "rich",
        "ruamel.yaml",
        "duckdb",
    )
    assert _imported("import dispatch", *heavy) == []
    # else an empty list would prove nothing
    assert "numpy" in _imported("import dispatch; dispatch.draw", *heavy)


def test_help_is_light() -> None:
    code = "from dispatch.cli import run_cli\ntry:\n    run_cli(['--help'])\nexcept SystemExit:\n    pass"
    assert _imported(code, "numpy", "scipy", "simpy", "ortools", "networkx") == []


def test_schema_fits_the_shipped_scenario() -> None:
    from ruamel.yaml import YAML

    schema = json.loads(dispatch("schema").stdout)
    assert schema["$schema"].endswith("2020-12/schema")
    scenario = YAML(typ="safe", pure=True).load((ROOT / SHIPPED).read_text(encoding="utf-8"))
    assert not list(_misfits(schema, schema, scenario | {"start": str(scenario["start"])}, "$"))
    assert list(_misfits(schema, schema, scenario | {"horizn": 1}, "$"))
    assert list(_misfits(schema, schema, scenario | {"units": {"x": {"typ": "pumper", "station": "s"}}}, "$"))


def _misfits(root: dict[str, object], schema: object, value: object, at: str) -> list[str]:
    """Return where a value breaks a schema: references, types, required and unknown keys, alternatives."""
    assert isinstance(schema, dict)
    if "$ref" in schema:
        definitions = root["$defs"]
        assert isinstance(definitions, dict)
        return _misfits(root, definitions[str(schema["$ref"]).rsplit("/", 1)[-1]], value, at)
    for key in ("anyOf", "oneOf"):
        if key in schema:
            tried = [_misfits(root, option, value, at) for option in schema[key]]
            return [] if any(not misfits for misfits in tried) else min(tried, key=len)
    kinds: dict[str, type | tuple[type, ...]] = {"object": dict, "array": list, "string": str, "integer": int,
             "number": (int, float),
             "boolean": bool, "null": type(None)}  # fmt: skip
    kind = schema.get("type")
    if kind is not None and not isinstance(value, kinds[str(kind)]):
        return [f"{at}: not a {kind}"]
    found: list[str] = []
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found += [f"{at}: no {key}" for key in schema.get("required", ()) if key not in value]
        more = schema.get("additionalProperties", True)
        for key, item in value.items():
            inner = known.get(key, more)
            found += [f"{at}: {key}"] if inner is False else []
            found += _misfits(root, inner, item, f"{at}.{key}") if isinstance(inner, dict) else []
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        for item in value:
            found += _misfits(root, schema["items"], item, at)
    return found
