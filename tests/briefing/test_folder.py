"""Folders of runs and studies read back: every number, and every way in which they can be damaged."""

from __future__ import annotations

import json
import math
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.briefing.folder import read_study
from dispatch.errors import InputError
from dispatch.regression.rerunning import find_scenario, load_unchanged
from tests.cli.world import dispatch, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run and a study of one small scenario."""
    home = tmp_path_factory.mktemp("folders")
    path = write(home)
    dispatch("run", path, "-r", "2", "-o", home / "run")
    dispatch("compare", path, "-r", "3", "-o", home / "study")
    return home


def _json(path: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


def test_every_number_of_a_study_is_read_back(folders: Path) -> None:
    found, study = read_study(folders / "study"), _json(folders / "study" / "study.json")
    assert (found.command, found.replications, found.interrupted) == ("compare", 3, False)
    assert (set(found.layouts), found.seed) == (set(study["layouts"]), study["seed"])
    assert found.reference == found.layouts[0]
    count = 0
    for layout, part in study["layouts"].items():
        for name, row in part["measures"].items():
            estimate = found.estimate(layout, name)
            assert estimate is not None
            assert [estimate.mean, estimate.half_width, estimate.n] == pytest.approx(
                [math.nan if row[key] is None else row[key] for key in ("mean", "half_width", "n")],
                rel=0, abs=0, nan_ok=True,
            )  # fmt: skip
            count += 1
    for layout in found.layouts[1:]:
        pair = f"{layout} - {found.reference}"
        for name, row in study["differences"][pair].items():
            difference = found.difference(layout, name)
            assert difference is not None
            assert [difference.mean, difference.p_value] == pytest.approx(
                [math.nan if row[key] is None else row[key] for key in ("mean", "p_value")],
                rel=0, abs=0, nan_ok=True,
            )  # fmt: skip
            count += 1
        zones = {row.zone: row.verdict for row in found.zone_verdicts(layout)}
        assert zones == {zone: row["verdict"] for zone, row in study["zones"][pair].items()}
    assert count > 20
    assert found.estimate(found.reference, "no.such.measure") is None
    assert found.estimate("no layout", "incidents.n") is None
    assert found.difference(found.reference, "incidents.n") is None
    assert found.zone_verdicts(found.reference) == ()
    assert found.measures == tuple(_json(folders / "study" / "manifest.json")["measures"])


def test_a_run_has_no_differences(folders: Path) -> None:
    found = read_study(folders / "run")
    document = _json(folders / "run" / "measures.json")
    assert (found.command, found.layouts, found.replications) == ("run", (document["layout"],), 2)
    estimate = found.estimate(found.reference, "total.first.mean")
    assert estimate is not None
    assert estimate.mean == document["measures"]["total.first.mean"]["mean"]
    assert (dict(found.differences), dict(found.zones)) == ({}, {})
    assert found.estimate(found.reference, "concurrency.at_least_1") is not None


def test_a_scenario_is_found_from_where_its_study_was_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Networks lie beside it, so its path from their folder says nothing of the folder's name."""
    (tmp_path / "elsewhere").mkdir()
    path = write(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "networks").mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path)
    for number, given_path in enumerate((path.relative_to(tmp_path), path)):
        out = tmp_path / "out" / f"run{number}"
        dispatch("run", given_path, "-r", "1", "-o", out, cwd=tmp_path)
        manifest = _json(out / "manifest.json")
        assert manifest["scenario_file"] == path.name
        assert manifest["scenario_from_here"] == f"elsewhere/{path.name}"
        assert str(tmp_path) not in json.dumps(manifest)
        found = read_study(out)
        assert find_scenario(found, None).samefile(path)
        dispatch("rerun", out, cwd=tmp_path)
        (tmp_path / "away").mkdir(exist_ok=True)
        monkeypatch.chdir(tmp_path / "away")  # above the run is tried, too
        assert find_scenario(found, None).samefile(path)
        monkeypatch.chdir(tmp_path)


def test_a_damaged_path_is_told(folders: Path, tmp_path: Path) -> None:
    shutil.copytree(folders / "run", tmp_path / "run")
    manifest = _json(tmp_path / "run" / "manifest.json")
    (tmp_path / "run" / "manifest.json").write_text(json.dumps({**manifest, "scenario_from_here": 7}))
    with pytest.raises(InputError, match="written by another version"):
        read_study(tmp_path / "run")


def test_its_scenario_is_found_unchanged(folders: Path) -> None:
    found = read_study(folders / "study")
    scenario = load_unchanged(found, find_scenario(found, None))
    assert set(scenario.layouts) >= set(found.layouts)


def _refused(folder: Path) -> str:
    with pytest.raises(InputError) as refusal:
        read_study(folder)
    assert refusal.value.problems
    return str(refusal.value)


def _copy(folders: Path, tmp_path: Path, name: str = "study") -> Path:
    return shutil.copytree(folders / name, tmp_path / "copy")


def test_folders_that_are_none(folders: Path, tmp_path: Path) -> None:
    assert "no such folder" in _refused(tmp_path / "nowhere")
    assert "no readable manifest.json" in _refused(tmp_path)
    assert "no such folder" in _refused(folders / "study" / "study.json")


def test_a_folder_of_an_earlier_version(folders: Path, tmp_path: Path) -> None:
    copy = _copy(folders, tmp_path)
    (copy / "details.json").unlink()
    told = _refused(copy)
    assert "earlier version" in told
    assert "dispatch compare … -o" in told


def test_all_that_is_damaged_is_told_at_once(folders: Path, tmp_path: Path) -> None:
    copy = _copy(folders, tmp_path)
    (copy / "details.json").write_text("{", encoding="utf-8")
    (copy / "study.json").write_bytes(b"\xff\xfe")
    told = _refused(copy)
    assert "copy/details.json" in told
    assert "copy/study.json" in told


def test_a_command_that_is_no_study(folders: Path, tmp_path: Path) -> None:
    copy = _copy(folders, tmp_path, "run")
    manifest = _json(copy / "manifest.json") | {"command": "check"}
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert "'dispatch check'" in _refused(copy)


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("layouts", "two"), None, "'two'"),
        (("differences", "two - baseline"), None, "'two - baseline'"),
        (("layouts", "baseline", "incidents.n", "mean"), "many", "'mean' of 'incidents.n' is no number"),
        (("layouts", "baseline", "incidents.n", "mean"), True, "is no number"),
        (("layouts", "baseline", "incidents.n", "mean"), 10**400, "is no number"),
        (("layouts", "baseline", "incidents.n", "n"), 1.5, "is no count"),
        (("layouts", "baseline", "incidents.n", "n"), -1, "is no count"),
        (("layouts", "baseline", "incidents.n"), [], "is no object"),
        (("left_out",), [], "there is no 'left_out'"),
    ],
)
def test_damage_is_named(
    folders: Path, tmp_path: Path, path: tuple[str, ...], value: object, told: str
) -> None:
    copy = _copy(folders, tmp_path)
    document = _json(copy / "details.json")
    part = document
    for key in path[:-1]:
        part = part[key]
    assert path[-1] in part
    part[path[-1]] = value
    (copy / "details.json").write_text(json.dumps(document), encoding="utf-8")
    assert told in _refused(copy)


def test_null_is_no_number_but_no_damage(folders: Path, tmp_path: Path) -> None:
    copy = _copy(folders, tmp_path)
    document = _json(copy / "details.json")
    document["layouts"]["baseline"]["incidents.n"]["mean"] = None
    (copy / "details.json").write_text(json.dumps(document), encoding="utf-8")
    estimate = read_study(copy).estimate("baseline", "incidents.n")
    assert estimate is not None
    assert math.isnan(estimate.mean)


def test_nested_without_end(folders: Path, tmp_path: Path) -> None:
    copy = _copy(folders, tmp_path)
    (copy / "details.json").write_text("[" * 100_000, encoding="utf-8")
    assert "cannot be read" in _refused(copy)


JUNK: list[Any] = [None, True, -1, 1.5, "", "x", [], {}, [1], {"a": 1}, {"set": 1}, "\ud800", [["x"]]]


def _places(value: Any, depth: int = 4) -> Iterator[tuple[Any, Any]]:
    """Yield each container with each of its keys, some levels deep."""
    if depth and isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key], depth - 1)


@given(st.sampled_from(["manifest", "study", "details"]), st.data())
def test_any_damage_is_refused_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, folders: Path, name: str, data: st.DataObject
) -> None:
    """Junk in any place of any document: an InputError, or a folder of which every number can be read."""
    copy = _copy(folders, tmp_path_factory.mktemp("fuzz"))
    document = _json(copy / f"{name}.json")
    if name == "details":  # a few of the thousands of rows are as good as all
        for part in (*document["layouts"].values(), *document["differences"].values()):
            for key in list(part)[4:]:
                del part[key]
    places = list(_places(document))
    holder, key = places[data.draw(st.integers(0, len(places) - 1))]
    if data.draw(st.booleans()):
        del holder[key]
    else:
        holder[key] = data.draw(st.sampled_from(JUNK))
    text = json.dumps(document)
    if data.draw(st.integers(0, 9)) == 0:
        text = text[: data.draw(st.integers(0, len(text)))]
    (copy / f"{name}.json").write_text(text, encoding="utf-8")
    refused = ""
    try:
        found = read_study(copy)
    except InputError as refusal:
        refused = str(refusal)
    shutil.rmtree(copy)
    if refused:
        assert "copy" in refused
    else:
        assert (found.command, found.replications >= 0) in (("run", True), ("compare", True))
        rows = [row for part in found.estimates.values() for row in part.values()]
        assert all(type(row.mean) is float and type(row.n) is int for row in rows)
        assert json.dumps(found.inputs, ensure_ascii=False).encode("utf-8")
