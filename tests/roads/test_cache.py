"""Caches: they hit, they miss when anything changes, and they never do harm."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dispatch.errors import NetworkError
from dispatch.roads import cache as files
from dispatch.roads import network as network_module
from dispatch.roads import saved, tables
from dispatch.roads.network import RoadNetwork, load_network
from dispatch.roads.travel import RoadTravel, travel_for

from .worlds import LINKS, NODES, YAML, town, write

ARRAYS: dict[str, Any] = {
    "a": np.arange(7.0),
    "b": np.arange(6, dtype=np.int32).reshape(2, 3),
    "c": np.empty(0),
}
DATA: dict[str, Any] = {"text": "兰州\ud800", "list": [1, 2.5, None]}


@pytest.fixture(autouse=True)
def _cache_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "WORTHWHILE", 0)
    monkeypatch.setattr(tables, "WORTHWHILE", 0)


def entries(cache: Path) -> list[Path]:
    return sorted((cache / "roads").glob("*.npy"))


def same(one: RoadNetwork, other: RoadNetwork) -> bool:
    texts = (
        "meta",
        "node_ids",
        "names",
        "zone",
        "facility_names",
        "link_ids",
        "geometry",
        "digest",
        "notes",
        "dropped",
    )
    arrays = ("x", "y", "tail", "head", "length_m", "facility", "link")
    return (
        all(getattr(one, name) == getattr(other, name) for name in texts)
        and all(np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays)
        and all(np.array_equal(one.seconds[mode], other.seconds[mode]) for mode in one.seconds)
        and all(
            np.array_equal(one.columns[name], other.columns[name], equal_nan=True) for name in one.columns
        )
        and one.summary() == other.summary()
    )


def never(*_: object, **__: object) -> None:
    raise AssertionError("read although it was cached")


# ---------------------------------------------------------------------------------------------------- files


def test_an_entry_gives_back_what_was_stored(tmp_path: Path) -> None:
    files.store(tmp_path, "key", ARRAYS, DATA)
    entry = files.load(tmp_path, "key")
    assert entry is not None
    assert entry.data == DATA
    assert sorted(entry.arrays) == ["a", "b", "c"]
    for name, values in ARRAYS.items():
        np.testing.assert_array_equal(entry.arrays[name], values)
        assert not entry.arrays[name].flags.writeable
        assert entry.arrays[name].flags.aligned
    assert entry.fits({"a": ((7,), np.float64), "b": ((2, 3), np.int32), "c": ((0,), np.float64)})
    assert not entry.fits({"a": ((7,), np.float64), "b": ((3, 2), np.int32), "c": ((0,), np.float64)})
    assert not entry.fits({"a": ((7,), np.float64)})
    assert files.load(tmp_path, "other") is None


def test_arrays_are_mapped_not_read(tmp_path: Path) -> None:
    files.store(tmp_path, "key", ARRAYS, DATA)
    entry = files.load(tmp_path, "key")
    assert entry is not None
    base: Any = entry.arrays["a"]
    while not isinstance(base, np.memmap):
        base = base.base
    assert base.mode == "r"


def test_every_truncation_and_every_changed_byte_is_noticed(tmp_path: Path) -> None:
    files.store(tmp_path, "key", ARRAYS, DATA)
    path = tmp_path / "key.npy"
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        assert files.load(tmp_path, "key") is None
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x15]) + whole[at + 1 :])
        assert files.load(tmp_path, "key") is None
    path.write_bytes(b"PK\x03\x04" + whole)
    assert files.load(tmp_path, "key") is None
    path.write_bytes(whole)
    assert files.load(tmp_path, "key") is not None
    assert np.load(path).dtype == np.uint8  # and it is what its name says


def test_pickles_are_never_executed(tmp_path: Path) -> None:
    np.save(tmp_path / "key.npy", np.array([{"a": print}], dtype=object), allow_pickle=True)
    assert files.load(tmp_path, "key") is None


def test_keys_change_with_every_part() -> None:
    keys = [
        files.key_of("a", "bc"),
        files.key_of("ab", "c"),
        files.key_of("abc"),
        files.key_of(np.arange(3)),
        files.key_of(np.arange(4)),
    ]
    assert len(set(keys)) == len(keys)


def test_keys_change_with_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = files.key_of("a")
    monkeypatch.setattr(files, "_release", lambda: "another")
    assert files.key_of("a") != before


def test_the_folder_is_chosen_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DISPATCH_CACHE", str(tmp_path))
    assert files.cache_dir() == tmp_path
    monkeypatch.setenv("DISPATCH_CACHE", "off")
    assert files.cache_dir() is None
    monkeypatch.delenv("DISPATCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert files.cache_dir() == Path("/x/dispatch")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/someone")
    assert files.cache_dir() == Path("/home/someone/.cache/dispatch")


def test_the_oldest_entries_go_when_the_folder_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        files.store(tmp_path, f"key{number}", ARRAYS, DATA)
        os.utime(tmp_path / f"key{number}.npy", (number, number))
    size = (tmp_path / "key0.npy").stat().st_size
    (tmp_path / "old.tmp").write_bytes(b"left over")
    os.utime(tmp_path / "old.tmp", (9, 9))
    (tmp_path / "new.tmp").write_bytes(b"")
    monkeypatch.setattr(files, "LIMIT", 3 * size + 20)
    files.store(tmp_path, "last", ARRAYS, DATA)
    files.prune(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key3.npy", "key4.npy", "last.npy", "new.tmp"]


# ------------------------------------------------------------------------------------------------- networks


def test_a_network_is_parsed_once(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = NODES + "e,5000,0,,south,\n"  # dropped, and its population is blank
    links = LINKS.replace("link_id,", "geometry,link_id,").replace("\n", "\nLINESTRING EMPTY,", 4)
    folder = write(tmp_path / "town", YAML, nodes, links)
    first = load_network(folder)
    assert len(entries(cache)) == 1
    monkeypatch.setattr(network_module, "read_yaml", never)
    second = load_network(folder)
    assert isinstance(first, RoadNetwork)
    assert isinstance(second, RoadNetwork)
    assert same(first, second)
    assert second.dropped == {"e"}
    with pytest.raises(ValueError, match="read-only"):
        second.x[0] = 1.0


@pytest.mark.parametrize(
    ("name", "change"),
    [("link.csv", ("1200", "1300")), ("node.csv", (",40", ",41")), ("network.yaml", ("36", "37"))],
)
def test_changed_files_are_read_anew(tmp_path: Path, cache: Path, name: str, change: tuple[str, str]) -> None:
    folder = tmp_path / "town"
    first = town(folder)
    (folder / name).write_text((folder / name).read_text().replace(*change))
    second = load_network(folder)
    assert second.digest != first.digest
    assert len(entries(cache)) == 2


def test_a_copy_under_another_name_does_not_take_over_the_name(tmp_path: Path) -> None:
    yaml = YAML.replace("name: town\n", "")
    assert [town(tmp_path / name, yaml).name for name in ("one", "two", "one")] == ["one", "two", "one"]


def test_faults_are_found_every_time(tmp_path: Path, cache: Path) -> None:
    folder = write(tmp_path / "town", links=LINKS.replace("1200", "-1"))
    for _ in range(2):
        with pytest.raises(NetworkError, match="-1 is not above 0"):
            load_network(folder)
    assert entries(cache) == []


def test_a_file_that_changes_while_it_is_read_is_not_cached(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "town")
    whole = network_module.road_network

    def slow(*args: Any, **kwargs: Any) -> RoadNetwork:
        (folder / "link.csv").write_text(LINKS.replace("1200", "1300"))
        return whole(*args, **kwargs)

    monkeypatch.setattr(network_module, "road_network", slow)
    load_network(folder)
    assert entries(cache) == []


def test_small_networks_and_no_cache_leave_no_trace(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "WORTHWHILE", 10**9)
    monkeypatch.setattr(tables, "WORTHWHILE", 10**9)
    travel_for(town(tmp_path / "town"), [0])
    assert not cache.exists()
    monkeypatch.setattr(saved, "WORTHWHILE", 0)
    monkeypatch.setattr(tables, "WORTHWHILE", 0)
    monkeypatch.setenv("DISPATCH_CACHE", "off")
    travel_for(town(tmp_path / "town"), [0])
    assert not cache.exists()
    assert not Path("off").exists()


# ---------------------------------------------------------------------------------------------------- travel


def times(travel: Any) -> list[Any]:
    size = len(travel.network.node_ids)
    found = [travel.outbound(node).tolist() for node in range(size)] + [
        travel.homebound(node).tolist() for node in range(size)
    ]
    found += [
        [travel.along(travel.at(start), end, mode, 33.0) for start in range(size) for end in range(size)]
        for mode in ("emergency", "normal")
    ]
    return found


def test_tables_are_worked_out_once(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = town(tmp_path / "town")
    first = times(travel_for(network, [0, 2]))
    assert len(entries(cache)) == 4  # the network, its contraction, two sites
    with monkeypatch.context() as patch:
        patch.setattr(tables, "contract", never)
        patch.setattr(tables, "spread", never)
        travel = travel_for(town(tmp_path / "town"), [2, 0])
        assert isinstance(travel, RoadTravel)
        assert travel.sites == (2, 0)
    assert times(travel) == first
    travel_for(network, [0, 2, 3])
    assert len(entries(cache)) == 5  # one more site is one more entry


def test_other_times_have_other_tables(tmp_path: Path, cache: Path) -> None:
    slow, fast = town(tmp_path / "slow"), town(tmp_path / "fast", YAML.replace("36", "90"))
    assert times(travel_for(slow, [0])) != times(travel_for(fast, [0]))
    assert len(entries(cache)) == 6


@pytest.mark.parametrize("damage", ["truncate", "empty", "flip", "text", "folder"])
def test_damaged_entries_are_worked_out_again(tmp_path: Path, cache: Path, damage: str) -> None:
    network = town(tmp_path / "town")
    first = times(travel_for(network, [0, 2]))
    for path in entries(cache):
        whole = path.read_bytes()
        path.unlink()
        match damage:
            case "truncate":
                path.write_bytes(whole[:-64])
            case "empty":
                path.write_bytes(b"")
            case "flip":
                path.write_bytes(whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:])
            case "text":
                path.write_text("no arrays here")
            case "folder":
                path.mkdir()
    again = town(tmp_path / "town")
    assert times(travel_for(again, [0, 2])) == first
    assert same(again, network)
    if damage != "folder":
        assert all(files.load(cache / "roads", path.stem) is not None for path in entries(cache))


def test_entries_of_the_wrong_shape_are_worked_out_again(tmp_path: Path, cache: Path) -> None:
    network = town(tmp_path / "town")
    first = times(travel_for(network, [0]))
    for path in entries(cache):
        entry = files.load(cache / "roads", path.stem)
        assert entry is not None
        shorter = {name: values[:-1] for name, values in entry.arrays.items()}
        files.store(cache / "roads", path.stem, shorter, entry.data)
    again = town(tmp_path / "town")
    assert times(travel_for(again, [0])) == first
    assert same(again, network)


def test_entries_of_the_wrong_content_are_worked_out_again(tmp_path: Path, cache: Path) -> None:
    network = town(tmp_path / "town")
    for path in entries(cache):
        entry = files.load(cache / "roads", path.stem)
        assert entry is not None
        for data in ({}, {**entry.data, "meta": {"kind": 3}}, {**entry.data, "node_ids": None}):
            files.store(cache / "roads", path.stem, entry.arrays, data)
            assert same(town(tmp_path / "town"), network)


def test_where_nothing_can_be_written_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    for target in (blocked, blocked / "below"):
        monkeypatch.setenv("DISPATCH_CACHE", str(target))
        first = times(travel_for(town(tmp_path / "town"), [0, 2]))
        assert times(travel_for(town(tmp_path / "town"), [0, 2])) == first
    assert blocked.read_text() == "in the way"


def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "_npy_header", full)
    assert times(travel_for(town(tmp_path / "town"), [0]))
    assert list((cache / "roads").iterdir()) == []


WRITER = """
import sys, time
from pathlib import Path
from dispatch.roads import saved, tables
from dispatch.roads.network import load_network
from dispatch.roads.travel import travel_for
saved.WORTHWHILE = tables.WORTHWHILE = 0
folder, ready, start = map(Path, sys.argv[1:])
ready.touch()
while not start.exists():
    time.sleep(0.001)
for _ in range(30):
    network = load_network(folder)
    travel = travel_for(network, [0, 2])
    assert travel.outbound(0).tolist() == [0.0, 100.0, 150.0, 200.0], travel.outbound(0)
    for path in Path(sys.argv[3]).parent.glob("cache/roads/*.npy"):
        path.unlink(missing_ok=True)
"""


def test_processes_may_write_and_remove_at_once(tmp_path: Path, cache: Path) -> None:
    folder, start = write(tmp_path / "town"), tmp_path / "start"
    ready = [tmp_path / f"ready{number}" for number in range(3)]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder), str(mark), str(start)], stderr=subprocess.PIPE
        )
        for mark in ready
    ]
    deadline = time.monotonic() + 120
    while not all(mark.exists() for mark in ready) and time.monotonic() < deadline:
        time.sleep(0.01)
    start.touch()
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
    assert [path for path in (cache / "roads").iterdir() if path.suffix == ".tmp"] == []
