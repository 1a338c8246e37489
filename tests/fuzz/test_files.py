"""Files that are no good as files: bytes, YAML syntax, bombs, tags, paths."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import dispatch
from dispatch.errors import DispatchError

from .worlds import EVERYTHING, check_lines, dump, try_load, write_scenario, write_world

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 15
"""A refusal that takes longer is a hang; on an idle machine they take below 5."""
MEGABYTES = 1500


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    write_world(folder)
    return folder


def _refused(world: Path, content: str | bytes, *words: str) -> list[str]:
    lines = try_load(write_scenario(world, content))
    assert isinstance(lines, list), "accepted"
    for word in words:
        assert any(word in line for line in lines), (word, lines)
    return lines


TEXT = dump(EVERYTHING)
RAW_BYTES = TEXT.encode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["mapping"]),
        (b"\n\n# nothing\n", ["mapping"]),
        (b"- 1\n- 2\n", ["mapping"]),
        (b"just text", ["mapping"]),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), ["m.yaml:1", "UTF-8"]),
        (RAW_BYTES[:200] + b"\xe9" + RAW_BYTES[200:], ["UTF-8"]),
        (RAW_BYTES[:200] + b"\0" + RAW_BYTES[200:], ["NUL"]),
        (b"\x7fELF\x02\x01\x01" + bytes(range(256)), ["UTF-8"]),
        (RAW_BYTES[: len(RAW_BYTES) // 2], ["YAML"]),
        (TEXT.replace('"seed": 5', '"seed" 5'), ["YAML"]),
        (TEXT + "---\nseed: 5\n", ["document"]),
        ("a:\n\tb: 1\n", ["m.yaml:2"]),
        ("a: *nowhere\n", ["nowhere"]),
        ("a: \x01\n", ["YAML"]),
        ("? [1, 2]\n: 3\n", ["plain"]),
        ("a: &a [*a]\n", ["themselves"]),
        ("a: &a {b: *a}\n", ["themselves"]),
        ("a: " + "[" * 500 + "]" * 500, ["deep"]),
        ("a: " + "[" * 30_000, ["m.yaml:1"]),
        ("a: " + "{a: " * 60 + "1" + "}" * 60, ["deep"]),
        ("!!python/object/apply:os.system ['true']\n", ["python", "not allowed"]),
        ("a: !!python/object/apply:os.system ['true']\n", ["python", "not allowed"]),
        ("a: !foo 1\nb: !<tag:x.org,2000:y> {}\nc: !!binary aGk=\nd: !!set {x}\n",
         ["foo", "x.org", "binary"]),
        ("%YAML 9.9\n---\na: 1\n", ["version"]),
    ],
)  # fmt: skip
def test_broken_files(world: Path, content: str | bytes, words: list[str]) -> None:
    _refused(world, content, *words)


@pytest.mark.parametrize(
    "line",
    [
        '"diversion": !!bool maybe',
        '"diversion": !!null true',
        '"diversion": !!str true',
        '? !!python/object:os.system "diversion"\n: true',
    ],
)
def test_no_tag_changes_a_value(world: Path, line: str) -> None:
    """Design, 7: scenario files know no YAML tags. One that is swallowed must at least change nothing."""
    text = TEXT.replace('"diversion": true', line)
    assert text != TEXT
    result = try_load(write_scenario(world, text))
    if not isinstance(result, list):
        assert result.file.dispatching.diversion is True, "the tag was swallowed and the value changed"


def test_old_yaml_means_the_same_or_is_refused(world: Path) -> None:
    """In YAML 1.1, 'yes' is true and 010 is eight; reading them as false and ten would be silently wrong."""
    text = dump(EVERYTHING).replace('"diversion": true', '"diversion": yes')
    old = try_load(write_scenario(world, "%YAML 1.1\n---\n" + text))
    if not isinstance(old, list):
        assert old.file.dispatching.diversion is True


def test_merge_keys_are_refused(world: Path) -> None:
    text = TEXT.replace('"E2": {', '"E2": {"<<": {"title": "x"},')
    _refused(world, text, "<<")


def test_a_shared_alias_is_fine(world: Path) -> None:
    """An alias that does not contain itself is good YAML: the same as written out."""
    alias = TEXT.replace('"call_processing": {\n    "fixed": 15\n   }', '"call_processing": *c')
    alias = alias.replace('"call_processing": {\n  "uniform"', '"call_processing": &c {\n  "uniform"')
    assert alias.count("*c") == 1
    assert alias.count("&c") == 1
    result = try_load(write_scenario(world, alias))
    assert not isinstance(result, list), result
    fire = result.file.incident_types["fire"]
    assert fire.call_processing == result.file.call_processing


def _bomb(levels: int) -> str:
    rows = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    rows += [f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]" for i in range(1, levels)]
    return "\n".join(rows)


def _deep_bomb() -> str:
    """Aliases whose copies have long paths: what is kept of each costs most."""
    rows = ["a0: &a0 [x,x]"]
    rows += [f"a{i}: &a{i} [*a{i - 1},*a{i - 1}]" for i in range(1, 35)]
    return "\n".join(rows)


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES * 2**20, MEGABYTES * 2**20))


def _limited(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Validate or run in a process of little memory and time."""
    command = [sys.executable, "-m", "dispatch", *(options or ("validate",)), str(path)]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=SECONDS, preexec_fn=_limits, check=False,
        env=environment,
    )  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        _bomb(9),
        _bomb(200),
        _deep_bomb(),
        "title: " + "a b " * 400_000,
        'title: "' + "x" * 3_000_000 + '"',
        "".join(f"k{i}: {i}\n" for i in range(250_000)),  # 3 MB of keys, a tenth of what may be read
        "a: " + "- " * 20_000,
    ],
    ids=["bomb", "tall bomb", "deep bomb", "words", "scalar", "keys", "dashes"],
)
def test_no_hang_and_no_full_memory(world: Path, content: str) -> None:
    done = _limited(write_scenario(world, content))
    assert done.returncode == 2, done.stderr[-500:]
    check_lines(done.stderr.strip().splitlines())


@pytest.mark.parametrize(
    ("rate", "horizon"), [("1e9/s", "1 d"), ("999/s", "365 d"), ("1/s", "100 yr"), ("999/s", "100 yr")]
)
def test_rates_that_would_fill_the_memory(world: Path, rate: str, horizon: str) -> None:
    """A run of billions of calls is refused when it is loaded, not killed for want of memory."""
    text = dump(EVERYTHING | {"horizon": horizon}).replace('"4/d"', f'"{rate}"')
    path = write_scenario(world, text)
    lines = try_load(path)
    if not isinstance(lines, list):
        done = _limited(path, "run", "-r", "1", "--json")
        assert done.returncode == 2, (done.returncode, done.stderr[-300:])


OUTSIDE = ("../../../../etc/passwd", "/etc/passwd", "x/../../calls.csv", "a\\u0000b", "x" * 199, ".", "..",
           "networks", "~", "networks/town/..", "%2e%2e/x", "C:\\\\x", "//x/y")  # fmt: skip


def test_paths_out_of_the_folder(world: Path) -> None:
    (world.parent / "calls.csv").write_text("received,node\n1,a\n")
    for key, value in (("recorded", "calls.csv"), ("network", "town")):
        for cited in (f"../{value}", f"/{value}", *OUTSIDE):
            text = dump(EVERYTHING).replace(f'"{key}": "{value}"', f'"{key}": "{cited}"')
            lines = _refused(world, text)
            assert any("m.yaml:" in line and key in line for line in lines), (cited, lines)


def test_a_link_out_of_the_folder(world: Path) -> None:
    """As with matrices: a file that is a link to the outside is not read."""
    secret = world.parent / "elsewhere.csv"
    secret.write_text("received,node\n1,a\n")
    (world / "link.csv").symlink_to(secret)
    _refused(world, dump(EVERYTHING).replace('"recorded": "calls.csv"', '"recorded": "link.csv"'), "link.csv")


def test_odd_scenario_paths(world: Path) -> None:
    for path in (world, world / "nothing.yaml", world / ("x" * 300), world / "m.yaml" / "x", world / "a\0b"):
        with pytest.raises(DispatchError) as caught:
            dispatch.load(path)
        assert caught.value.exit_code == 2


def test_an_endless_file(world: Path) -> None:
    """A device has size 0 and no end."""
    done = _limited(world.__class__("/dev/zero"))
    assert done.returncode == 2, done.stderr[-300:]


def test_neighbours_with_odd_names(world: Path) -> None:
    """Suggestions come from the folder's file names, which need not be text."""
    odd = os.fsencode(world) + b"/call\xffs.csv"
    with open(odd, "wb"):  # noqa: PTH123 - a name that is no text has no Path literal
        pass
    path = write_scenario(world, dump(EVERYTHING).replace('"calls.csv"', '"callss.csv"'))
    done = _limited(path, "validate", "--json")
    os.remove(odd)  # noqa: PTH107
    assert done.returncode == 2, done.stderr[-300:]
