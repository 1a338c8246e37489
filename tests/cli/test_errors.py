"""Exit codes, messages, run folders, and Ctrl-C."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import pty
import re
import signal
import subprocess
import threading
import time
from concurrent.futures import Future, ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from dispatch import cli, composition
from dispatch.errors import InvariantError
from dispatch.scenario import alternatives, loading
from dispatch.study.compare import compare

from .world import COMMAND, ROOT, SMALL, dispatch, environment, write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dispatch.engine.protocols import Need, StatusBoard


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def _table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


BROKEN = [
    {"network": "twon"},
    {"horizon": -1},
    {"units": {"E1": {"type": "engin", "station": "s1"}}},
    {"measures": ["total.frist.mean"]},
    {"dispatching": {"policy": "nearst"}},
    {"demand": {"recorded": "nothing.csv"}},
    {
        "unit_types": {
            "engine": {"capabilities": ["pumper"], "turnout": {"lognormal": {"median": 2, "p90": 1}}}
        }
    },
]


@pytest.mark.parametrize("change", BROKEN, ids=lambda change: next(iter(change)))
def test_nothing_is_written_on_failure(tmp_path: Path, change: dict[str, object]) -> None:
    good = write(tmp_path, "good.yaml", replications=1)
    dispatch("run", good, "-o", tmp_path / "old")
    before = _tree(tmp_path)
    bad = write(tmp_path, "bad.yaml", **change)
    for target in ("deeper/new", "old"):
        done = dispatch("run", bad, "-r", "1", "-o", tmp_path / target, code=2)
        assert not done.stdout
        assert done.stderr.strip()
    bad.unlink()
    assert _tree(tmp_path) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["good.yaml", "networks", "old"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["run", "SMALL", "--layout", "twoo"], "two"),
        (["run", "SMALL", "-m", "total.first.p9"], ""),
        (["run", "SMALL", "-m", "total.frist.mean"], "first"),
        (["compare", "SMALL", "baseline", "twoo"], "two"),
        (["run", "SMALL", "--jsn"], "--json"),
        (["run", "SMALL", "-r", "0"], "replications"),
        (["run", "SMALL", "-r", "many"], "replications"),
        (["run", "SMALL", "--seed", "-1"], "seed"),
        (["run", "SMALL", "-j", "0"], "jobs"),
        (["run", "SMALL", "--json", "--csv"], "--csv"),
        (["run", "SMALL", "--format", "xls"], "parquet"),
        (["runn", "SMALL"], "run"),
        (["run"], "SCENARIO"),
        (["run", "nothing.yaml"], "nothing.yaml"),
        (["network", "info", "nothing"], "nothing"),
        (["run", "SMALL", "-o", "SMALL"], "small.yaml"),
        (["run", "SMALL", "-o", "/proc/x"], "/proc/x"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_requests(tmp_path: Path, arguments: list[str], word: str) -> None:
    small = write(tmp_path, replications=1)
    done = subprocess.run(
        [COMMAND, *(str(small) if a == "SMALL" else a for a in arguments)], capture_output=True, text=True,
        timeout=60, cwd=ROOT, check=False, env=environment(),
    )  # fmt: skip
    if arguments[-1] == "total.first.p9":  # an unusual percentile, but one
        assert done.returncode == 0
        return
    assert done.returncode == 2, (done.returncode, done.stderr)
    assert not done.stdout
    assert word in done.stderr


def test_validate_several_files(tmp_path: Path) -> None:
    good = write(tmp_path, "good.yaml")
    worse = write(tmp_path, "worse.yaml", horizon=-1)
    done = dispatch("validate", good, worse, code=2)
    assert "good.yaml: valid" in done.stdout
    assert "worse.yaml:" in done.stderr
    documents = json.loads(dispatch("validate", good, worse, "--json", code=2).stdout)
    assert documents["good.yaml"]["valid"] is True
    assert documents["worse.yaml"]["problems"][0]["place"].startswith("worse.yaml:")


def test_validate_files_of_the_same_name(tmp_path: Path) -> None:
    """Two files called alike in two folders are two results."""
    first = write(tmp_path / "one", "same.yaml")
    second = write(tmp_path / "two", "same.yaml", horizon=-1)
    documents = json.loads(dispatch("validate", second, first, "--json", code=2).stdout)
    assert len(documents) == 2
    assert dispatch("validate", second, first, code=2).stdout.count(": valid") == 1


def test_a_folder_of_other_files_is_refused(tmp_path: Path) -> None:
    small = write(tmp_path, replications=1)
    other = tmp_path / "mine"
    other.mkdir()
    (other / "thesis.txt").write_text("years of work")
    done = dispatch("run", small, "-o", other, code=2)
    assert "mine" in done.stderr
    assert _tree(other) == {"thesis.txt": b"years of work"}


@pytest.mark.parametrize("manifest", [None, '{"name": "a web page"}'])
def test_other_files_in_a_run_folder_are_not_lost(tmp_path: Path, manifest: str | None) -> None:
    """A file that no run wrote stands beside an older run, or a manifest.json of something else: keep it."""
    small = write(tmp_path, replications=1)
    out = tmp_path / "out"
    if manifest is None:
        dispatch("run", small, "-o", out)
    else:
        out.mkdir()
        (out / "manifest.json").write_text(manifest)
    (out / "notes.txt").write_text("what I learned")
    subprocess.run([COMMAND, "run", small, "-o", out], capture_output=True, timeout=60, check=False)
    assert (out / "notes.txt").is_file(), "the user's file was deleted"


def test_run_folder(tmp_path: Path) -> None:
    small, out = write(tmp_path, replications=2), tmp_path / "out"
    dispatch("run", small, "-o", out)
    assert set(_tree(out)) == {
        "manifest.json", "measures.json", "details.json", "incidents.csv", "responses.csv", "units.csv",
    }  # fmt: skip
    manifest = json.loads((out / "manifest.json").read_text())
    assert {"scenario_digest", "network_digest", "seed", "replications", "versions", "arguments"} <= set(
        manifest
    )
    assert json.loads((out / "measures.json").read_text()) == json.loads(
        dispatch("run", small, "--json").stdout
    )
    incidents = _table(out / "incidents.csv")
    responses = _table(out / "responses.csv")
    units = _table(out / "units.csv")
    mean = json.loads((out / "measures.json").read_text())["measures"]["incidents.n"]["mean"]
    assert len(incidents) == pytest.approx(2 * mean)
    assert {row["replication"] for row in incidents} == {"0", "1"}
    assert sum(int(row["responses"]) for row in units) == len(responses)
    first = _tree(out)
    dispatch("run", small, "-o", out, "--seed", "77")
    second = _tree(out)
    assert set(second) == set(first)
    assert second["incidents.csv"] != first["incidents.csv"]
    dispatch("run", small, "-o", out, "-j", "2")
    assert _tree(out) == first
    assert sorted(p.name for p in tmp_path.iterdir()) == ["networks", "out", "small.yaml"]


def test_compare_folder(tmp_path: Path) -> None:
    small, out = write(tmp_path, replications=2), tmp_path / "out"
    dispatch("compare", small, "-o", out)
    assert {"manifest.json", "study.json", "values.csv", "estimates.csv", "zones.csv"} <= set(_tree(out))
    assert json.loads((out / "study.json").read_text()) == json.loads(
        dispatch("compare", small, "--json").stdout
    )


def test_parquet_is_the_same_table(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    small = write(tmp_path, replications=2)
    dispatch("run", small, "-o", tmp_path / "c")
    dispatch("run", small, "-o", tmp_path / "p", "--format", "parquet")
    for name in ("incidents", "responses", "units"):
        from_parquet = duckdb.sql(f"SELECT * FROM '{tmp_path}/p/{name}.parquet'")
        rows = list(csv.reader((tmp_path / "c" / f"{name}.csv").read_text().splitlines()))
        assert from_parquet.columns == rows[0]
        values = from_parquet.fetchall()
        assert len(values) == len(rows) - 1
        for row, written in zip(values, rows[1:], strict=True):
            assert [_plain(value) for value in row] == [_plain(value) for value in written], name


def _plain(value: object) -> object:
    """Return a value as both formats mean it."""
    if value is None or value == "" or value != value:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    try:
        return float(str(value))
    except ValueError:
        return str(value)


class Stubborn:
    """A policy that sends unit 7, which does not exist."""

    name = "stubborn"

    def choose(self, needs: Sequence[Need], board: StatusBoard) -> list[tuple[Need, int]]:
        return [(needs[0], 7)]


def _in_process(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int | str | None, str, str]:
    with pytest.raises(SystemExit) as caught:
        cli.run_cli(list(arguments))
    shown = capsys.readouterr()
    return caught.value.code, shown.out, shown.err


def test_a_broken_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(alternatives, "BUILT_IN_POLICIES", ("stubborn",))
    monkeypatch.setitem(composition.BUILT_IN, "stubborn", lambda _scenario, _fleet: Stubborn())
    small = write(tmp_path, dispatching={"policy": "stubborn"})
    code, out, err = _in_process(capsys, "run", str(small), "-r", "1", "-o", str(tmp_path / "out"))
    assert code == 4
    assert "stubborn" in err
    assert "unit number 7" in err
    assert not out
    assert not (tmp_path / "out").exists()


def test_a_policy_that_raises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fault inside somebody else's policy is the policy's (4), not a bug of dispatch (70)."""

    class Raising(Stubborn):
        def choose(self, needs: Sequence[Need], board: StatusBoard) -> list[tuple[Need, int]]:
            raise KeyError("E7")

    monkeypatch.setattr(alternatives, "BUILT_IN_POLICIES", ("stubborn",))
    monkeypatch.setitem(composition.BUILT_IN, "stubborn", lambda _scenario, _fleet: Raising())
    small = write(tmp_path, dispatching={"policy": "stubborn"})
    code, _, err = _in_process(capsys, "run", str(small), "-r", "1")
    assert code == 4
    assert "stubborn" in err


def test_a_bug_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = write(tmp_path)

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("dispatch.study.compare.simulate", broken)
    code, _, err = _in_process(capsys, "run", str(small), "-r", "1")
    assert code == 70
    assert "ZeroDivisionError" in err
    assert "Traceback" not in err
    with pytest.raises(ZeroDivisionError):
        cli.run_cli(["--debug", "run", str(small), "-r", "1"])

    def contradicted(*_: object, **__: object) -> None:
        raise InvariantError("two places at once", hint="Report it.")

    monkeypatch.setattr("dispatch.study.compare.simulate", contradicted)
    code, _, err = _in_process(capsys, "run", str(small), "-r", "1")
    assert code == 70
    assert "two places at once" in err


def test_a_reader_who_leaves(tmp_path: Path) -> None:
    """``dispatch … | head -1`` ends without complaint."""
    small = write(tmp_path)
    line = f"'{COMMAND}' compare '{small}' --json | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, timeout=60, check=False,
        env=environment(),
    )  # fmt: skip
    assert done.stdout == "{\n"
    assert not done.stderr


def _children(process: int) -> list[int]:
    """Return the living processes of a session."""
    found = []
    for entry in os.listdir("/proc"):  # noqa: PTH208
        if entry.isdigit() and int(entry) != process:
            try:
                with open(f"/proc/{entry}/stat") as file:  # noqa: PTH123
                    fields = file.read().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[3]) == process and fields[0] != "Z":
                found.append(int(entry))
    return found


def _cpu_seconds(process: int) -> float:
    with open(f"/proc/{process}/stat") as file:  # noqa: PTH123
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _until_busy(process: subprocess.Popen[str], cpu_seconds: float) -> None:
    """Wait until the process has worked so long: it is then loading and importing."""
    while process.poll() is None and _cpu_seconds(process.pid) < cpu_seconds:
        time.sleep(0.01)


def _until_replicating(process: subprocess.Popen[str], seen: bytearray) -> None:
    """Wait until the progress bar tells of finished replications."""
    while process.poll() is None and not re.search(rb"[^0-9][1-9][0-9]*/100000", seen):
        time.sleep(0.01)


def _read_on(terminal: int, seen: bytearray) -> None:
    """Read what a terminal shows until nobody writes to it any more."""
    with contextlib.suppress(OSError):
        while text := os.read(terminal, 4096):
            seen += text


@pytest.mark.parametrize(
    ("jobs", "to_group"), [("1", True), ("2", True), ("2", False)], ids=["serial", "two", "two-parent-only"]
)
@pytest.mark.parametrize(
    ("late", "times"), [(False, 1), (True, 1), (True, 3)], ids=["early", "late", "impatient"]
)
def test_ctrl_c(tmp_path: Path, jobs: str, to_group: bool, late: bool, times: int) -> None:
    """Ctrl-C at a terminal reaches the whole group; ``kill -INT`` only the parent."""
    small = write(tmp_path, horizon="60 d")
    terminal, its_end = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, "run", small, "-r", "100000", "-j", jobs, "--json", "-o", tmp_path / "out"],
        stdout=subprocess.PIPE, stderr=its_end, text=True, start_new_session=True,
        env={**environment(), "TERM": "xterm", "COLUMNS": "120"},
    )  # fmt: skip
    os.close(its_end)
    seen = bytearray()
    reader = threading.Thread(target=_read_on, args=(terminal, seen))
    reader.start()
    try:
        _until_replicating(process, seen) if late else _until_busy(process, 0.3)
        for _ in range(times):
            (os.killpg if to_group else os.kill)(process.pid, signal.SIGINT)
            time.sleep(0.02 if times > 1 else 0.0)
        begun = time.monotonic()
        out, _ = process.communicate(timeout=30)
        took = time.monotonic() - begun
        time.sleep(1.0)  # the resource tracker of multiprocessing, no worker, ends a moment after its parent
        left = _children(process.pid)
    finally:
        process.kill()
        process.communicate()
        reader.join(timeout=10)
        os.close(terminal)
    err = seen.decode()
    # a late one of several may meet an interpreter that is shutting down and no longer listens
    assert process.returncode in ((130,) if times == 1 else (130, -signal.SIGINT)), (process.returncode, err)
    assert took < 10
    assert not left, "worker processes live on"
    assert "Traceback" not in err
    assert "stopped" in err
    if times > 1:
        return  # a second one may stop the printing, too
    if late:
        document = json.loads(out)
        assert 0 < document["replications"] < 100_000
        assert f"{document['replications']} replications were finished" in err
        assert document["interrupted"] is True
        assert document["measures"]["total.first.mean"]["n"] == document["replications"]


def test_ctrl_c_while_workers_are_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is heard after the start, and the workers do not hear it at all."""
    scenario = loading.load(write(tmp_path))
    submit = ProcessPoolExecutor.submit

    def pressed(self: ProcessPoolExecutor, *work: Any) -> Future[Any]:
        os.kill(os.getpid(), signal.SIGINT)
        return submit(self, *work)

    monkeypatch.setattr(ProcessPoolExecutor, "submit", pressed)
    study = compare(scenario, ["baseline"], 1000, jobs=2)
    assert study.interrupted
    assert study.replications == 0


def test_small_is_what_the_tests_think() -> None:
    assert SMALL["layouts"]
    assert COMMAND.is_file()


@pytest.mark.parametrize("layouts", [["baseline"], ["baseline", "baseline"]])
def test_one_layout_is_no_comparison(tmp_path: Path, layouts: list[str]) -> None:
    done = dispatch("compare", write(tmp_path), *layouts, code=2)
    assert "only the layout 'baseline' to compare" in done.stderr
    assert "dispatch run" in done.stderr
