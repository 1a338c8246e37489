"""Every key of a scenario file with every kind of bad value."""

from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

import dispatch
from dispatch.errors import PolicyError

from .worlds import EVERYTHING, changed, dump, try_load, without, write_scenario, write_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dispatch import Scenario

Key = tuple[str | int, ...]


def _keys(value: Any, path: Key = ()) -> Iterator[Key]:
    """Yield the path of every value, of long lists only the first and the last."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _keys(item, (*path, key))
    elif isinstance(value, list):
        for index in sorted({0, len(value) - 1}):
            yield from _keys(value[index], (*path, index))


REPEATED = {"E2", "T1", "T3", "s3", "ladder", "even", "south"}
KEYS = [key for key in _keys(EVERYTHING) if not REPEATED & set(map(str, key))]
AT_ONCE = len(KEYS) if os.environ.get("DISPATCH_FUZZ") == "all" else 4
"""Bad values tried on each key: every key and every value has its turn, every pair with DISPATCH_FUZZ=all."""
RAW = "@raw@"

# written as they stand: what JSON cannot say, and YAML can
BAD: list[str] = [
    "null", "true", "0", "-1", "1.5", "-0.0", "1e400", "-1e400", ".nan", ".inf", "-.inf", "1e308", "5e-324",
    "9" * 40, "9" * 5000, "0x7fffffffffffffffffff", "[]", "{}", "[[]]", '[{"": null}]', '{"": {}}', '""',
    '" "', '"x"', '"-5 s"', '"1 parsec"', '"١٢ s"', '"٣/d"', '"1e9/s"', '"nan/d"', '"1/0"', '"../../x"',
    '"/etc/passwd"', '"a\\u0000b"', '"\\u202e"', '"\\ud800"', '"2020-13-45T00:00:00Z"',
    '"2020-01-01T00:00:00"',
    '"[bold]x[/bold]"', '"{x}"', "!foo x", "!!python/object:os.system x", "!!python/name:os.system x",
    "!!binary aGVsbG8=", "!!set {x: null}", "!!omap [x: 1]", "*nowhere", "2020-01-01", '"%s%n"',
    '"' + "x" * 150 + '"', '"' + "x" * 30_000 + '"', "[" * 60 + "]" * 60,
]  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    write_world(folder)
    return folder


def _play(scenario: Scenario) -> dict[str, dict[str, float]]:
    """Simulate one short replication; only a refusal is allowed to come of it."""
    horizon = min(scenario.file.horizon, max(9000.0, scenario.file.warm_up * 1.01))
    short = replace(scenario, file=scenario.file.model_copy(update={"horizon": horizon}))
    study = dispatch.compare(short, list(scenario.layouts)[::2], replications=1, by_zone=False)
    return {
        layout: {name: float(values[0]) for name, values in columns.items()}
        for layout, columns in study.values.items()
    }


def _dumped(path: Key, raw: str) -> tuple[str, int]:
    """Return the scenario with a value written raw, and its line."""
    text = dump(changed(EVERYTHING, path, RAW))
    assert text.count(json.dumps(RAW)) == 1
    line = text[: text.index(RAW)].count("\n") + 1
    return text.replace(json.dumps(RAW), raw), line


def _meaning(raw: str) -> object:
    """Return what a harmless value says, or a token that equals nothing."""
    try:
        value: object = int(raw, 16) if raw.startswith("0x") else json.loads(raw)
    except ValueError:
        return object()
    return value


ALIASES = {"for": "lasts", "from": "sender"}
"""Keys that Python keeps for itself, and what they are called in the model."""


def _reads_as_written(scenario: Scenario, path: Key, raw: str) -> bool:
    """Whether an accepted value arrived in the model as the number or text that was written."""
    inner: Any = scenario.file
    for part in path:
        keyed: Any = isinstance(inner, dict | tuple)
        inner = inner[part] if keyed else getattr(inner, ALIASES.get(str(part), str(part)))
    written = _meaning(raw)
    if isinstance(written, bool) or written is None:
        return inner is written
    if isinstance(written, int | float) and isinstance(inner, str):
        return inner == raw  # an id
    if isinstance(written, int | float):
        seconds = getattr(inner, "fixed", inner)  # a plain number is a fixed duration
        return isinstance(seconds, int | float) and float(seconds) == float(written)
    if isinstance(written, str):
        return str(inner) == written.strip() or str(inner) == written
    if isinstance(written, list | dict):
        return len(inner) == len(written) if hasattr(inner, "__len__") else written == {}
    return path[:1] in (("title",), ("description",)) or raw.startswith("2020-01-01")


@pytest.mark.parametrize("path", KEYS, ids=lambda path: ".".join(map(str, path)))
def test_bad_values(world: Path, path: Key) -> None:
    faults = []
    turn = KEYS.index(path) * AT_ONCE
    for raw in [BAD[(turn + i) % len(BAD)] for i in range(min(AT_ONCE, len(BAD)))]:
        text, line = _dumped(path, raw)
        file = write_scenario(world, text)
        try:
            result = try_load(file)
            if isinstance(result, list):
                # what is taken away, or how far is near, shows where it is needed
                elsewhere = raw in ("null", "{}", "[]") or path == ("snap",)
                if not elsewhere and not any(
                    int(told.split(":")[1].split(" ")[0]) <= line for told in result
                ):
                    faults.append(f"{raw:.40}: told only behind line {line}: {result[:3]}")
            elif not _reads_as_written(result, path, raw):
                faults.append(f"{raw:.40}: accepted, but not as written")
            else:
                _check_played(_play(result))
        except dispatch.DispatchError as error:
            if error.exit_code != 2 or isinstance(error, PolicyError):
                faults.append(f"{raw:.40}: {type(error).__name__}: {error}")
        except Exception as error:  # noqa: BLE001 - any traceback is what this test is looking for
            faults.append(f"{raw:.40}: {type(error).__name__}: {error!s:.160}")
    assert not faults, "\n".join(faults)


def _check_played(values: dict[str, dict[str, float]]) -> None:
    """A workload is a share, a mean is not infinite: else a number was swallowed that breaks the sums."""
    for columns in values.values():
        workload = columns.get("workload[unit=E1]")
        if workload is not None:
            assert math.isnan(workload) is False, "the workload is not a number"
            assert 0 <= workload <= 1.0 + 1e-9, f"a workload of {workload}"
        assert not math.isinf(columns.get("total.first.mean", 0.0)), "an infinite mean"


REQUIRED = {
    ("network",), ("horizon",), ("unit_types",), ("stations",), ("units",), ("incident_types",), ("demand",),
    ("unit_types", "engine", "capabilities"), ("unit_types", "engine", "turnout"), ("stations", "s1", "at"),
    ("units", "E1", "type"), ("units", "E1", "station"), ("incident_types", "fire", "run_card"),
    ("demand", "poisson", "fire", "rate"), ("dispatching", "mutual_aid", "delay"), ("stop", "measure"),
    ("stop", "half_width"),
}  # fmt: skip


@pytest.mark.parametrize(
    "path", [k for k in KEYS if isinstance(k[-1], str)], ids=lambda p: ".".join(map(str, p))
)
def test_missing_keys(world: Path, path: Key) -> None:
    result = try_load(write_scenario(world, without(EVERYTHING, path)))
    if path in REQUIRED:
        assert isinstance(result, list), "accepted without a required key"
        assert any(f"'{path[-1]}' is missing" in line for line in result), result
    elif not isinstance(result, list):
        _check_played(_play(result))


@pytest.mark.parametrize(
    "path", [k for k in KEYS if isinstance(k[-1], str)], ids=lambda p: ".".join(map(str, p))
)
def test_misspelt_and_doubled_keys(world: Path, path: Key) -> None:
    """A key with a letter too many is told as unknown, a doubled one as such."""
    value = EVERYTHING
    for part in path:
        value = value[part]  # type: ignore[index]
    name = str(path[-1])
    text = dump(changed(EVERYTHING, (*path[:-1], RAW), 0))
    assert text.count(RAW) == 1
    line = text[: text.index(RAW)].count("\n") + 1
    twin = text.replace(f'"{RAW}": 0', f'"{name}": {json.dumps(value)}')
    result = try_load(write_scenario(world, twin))
    assert isinstance(result, list), "a doubled key was accepted"
    assert any("twice" in told and f"m.yaml:{line} " in told for told in result), result
    known_as = {"unit_types", "stations", "units", "incident_types", "zones", "profiles", "layouts",
                "poisson",
                "places", "first_due", "add_stations", "add_units", "move_stations", "move_units",
                "run_card"}  # fmt: skip
    if len(path) < 2 or path[-2] not in known_as:
        extra = changed(EVERYTHING, (*path[:-1], name + "x"), value)
        told = try_load(write_scenario(world, extra))
        assert isinstance(told, list), "an unknown key was accepted"
        assert any(f"unknown key '{name}x'" in text for text in told), told


@pytest.mark.parametrize(
    "path",
    [
        ("horizon",),
        ("demand", "recorded"),
        ("stations", "s1", "owner"),
        ("layouts", "less", "close_stations"),
    ],
)
def test_misspelt_keys_get_a_suggestion(world: Path, path: Key) -> None:
    told = try_load(write_scenario(world, changed(EVERYTHING, (*path[:-1], f"{path[-1]}x"), 0)))
    assert isinstance(told, list)
    assert any(f"Did you mean '{path[-1]}'?" in text for text in told), told


def test_the_good_scenario_is_good(world: Path) -> None:
    """Else every refusal above would prove nothing."""
    scenario = try_load(write_scenario(world, EVERYTHING))
    assert not isinstance(scenario, list)
    values = _play(scenario)
    assert set(values) == {"baseline", "more"}
    assert values["baseline"]["total.first.mean"] > 0


def test_file_form_does_not_matter(world: Path) -> None:
    """A byte-order mark and CRLF line ends change no result."""
    plain = dump(EVERYTHING)
    wanted = _play(dispatch.load(write_scenario(world, plain)))
    for variant in ("\ufeff" + plain, plain.replace("\n", "\r\n"), plain.replace("\n", "\n\n")):
        assert _play(dispatch.load(write_scenario(world, variant))) == wanted
