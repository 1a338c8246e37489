"""Road networks, matrices and recorded calls, spoilt one way at a time and several at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import dispatch
from dispatch.errors import InputError
from dispatch.roads.network import load_network

from .worlds import (
    CALLS,
    EVERYTHING,
    LINKS,
    MATRIX_YAML,
    NODES,
    TIMES,
    YAML,
    changed,
    check_lines,
    write_world,
)

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"network.yaml": YAML, "node.csv": NODES, "link.csv": LINKS}
MATRIX = {"network.yaml": MATRIX_YAML, "times.csv": TIMES}


def _load(folder: Path, files: dict[str, str | bytes | None]) -> list[str] | str:
    """Load a network of these files; return its digest, or the lines of its refusal."""
    for name, text in files.items():
        (folder / name).unlink(missing_ok=True)
        if text is not None:
            (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    try:
        return load_network(folder).digest
    except InputError as error:
        lines = [str(problem) for problem in error.problems]
        check_lines(lines)
        return lines


def _spoilt(file: str, old: str, new: str) -> dict[str, str | bytes | None]:
    source = FILES if file in ("node.csv", "link.csv") or old in YAML else MATRIX
    assert source[file].count(old) >= 1, (file, old)
    return {**source, file: source[file].replace(old, new, 1)}


SPOILT: list[tuple[str, str, str, str]] = [
    # file, what stands there, what then stands there, what the message must hold
    ("node.csv", "c,2000,0", "b,2000,0", "node.csv:4 node_id: 'b' stands twice"),
    ("node.csv", "c,2000,0", ",2000,0", "node.csv:4 node_id: no id"),
    ("node.csv", "c,2000,0", "c,nan,0", "node.csv:4 x_coord"),
    ("node.csv", "c,2000,0", "c,inf,0", "node.csv:4 x_coord"),
    ("node.csv", "c,2000,0", "c,,0", "node.csv:4 x_coord: no value"),
    ("node.csv", "c,2000,0", "c,far,0", "node.csv:4 x_coord"),
    ("node.csv", "c,2000,0", "c,1e12,0", "node.csv:4 x_coord"),
    ("node.csv", "c,2000,0,,south,30", "c,2000,0,,south", "node.csv:4"),
    ("node.csv", "c,2000,0,,south,30", "c,2000,0,,south,30,1", "node.csv:4"),
    ("node.csv", "Beta", '"Beta', "CSV"),
    ("node.csv", "x_coord", "xcoord", "'x_coord' is missing. Did you mean 'xcoord'?"),
    ("node.csv", "people", "x_coord", "twice"),
    ("node.csv", "Beta", "B\0eta", "NUL"),
    ("node.csv", "Beta", "B" * 200_000, "node.csv:3"),
    ("link.csv", "ab,a,b", "ab,a,z", "link.csv:2 to_node_id: no node 'z'"),
    ("link.csv", "ab,a,b", "ab,,b", "link.csv:2 from_node_id: no node id"),
    ("link.csv", "bc,b,c", "ab,b,c", "link.csv:3 link_id: 'ab' stands twice"),
    ("link.csv", "false,1000", "false,0", "link.csv:2 length: 0 is not above 0"),
    ("link.csv", "false,1000", "false,-5", "link.csv:2 length"),
    ("link.csv", "false,1000", "false,nan", "link.csv:2 length"),
    ("link.csv", "false,1000", "false,1e300", "link.csv:2 length"),
    ("link.csv", "false,1000", "maybe,1000", "link.csv:2 directed"),
    ("link.csv", ",54", ",0", "link.csv:5 free_speed"),
    ("link.csv", ",54", ",-3", "link.csv:5 free_speed"),
    ("link.csv", ",54", ",9999", "link.csv:5 free_speed"),
    ("link.csv", ",54", ",", "link.csv:5 facility_type"),
    ("link.csv", "500,street", "500,stret", "link.csv:4 facility_type"),
    ("link.csv", "from_node_id", "from", "'from_node_id' is missing"),
    ("network.yaml", "crs: local", "crs: EPSG:4326", "degrees"),
    ("network.yaml", "crs: local", "kind: rods", "network.yaml:2 kind"),
    ("network.yaml", "crs: local", "crs: local\nspeed_unit: knots", "network.yaml:3 speed_unit"),
    ("network.yaml", "emergency: 36", "emergency: -36", "network.yaml:3 speeds.street"),
    ("network.yaml", "emergency: 36", "emergency: .nan", "network.yaml:3 speeds.street"),
    ("network.yaml", "emergency: 36", "emergency: 1e400", "network.yaml:3 speeds.street"),
    ("network.yaml", "emergency: 36", "emergncy: 36", "emergncy"),
    ("network.yaml", "speeds:", "speed:", "Did you mean 'speeds'?"),
    ("network.yaml", "crs: local", "crs: local\nfile: x.csv", "network.yaml:3 file"),
    ("network.yaml", "crs: local", "crs: local\nlength_unit: km", "link.csv:1 length"),
    ("times.csv", "a,b,2", "a,b,-2", "times.csv:2 time"),
    ("times.csv", "a,b,2", "a,b,nan", "times.csv:2 time"),
    ("times.csv", "a,b,2", "a,b,soon", "times.csv:2 time"),
    ("times.csv", "a,b,2", "a,b,1e300", "times.csv"),
    ("times.csv", "a,b,2", "a,b,1.7e308", "times.csv"),
    ("times.csv", "a,b,2", ",b,2", "times.csv:2"),
    ("times.csv", "a,c,3", "a,b,3", "times.csv:3: 'a' to 'b' stands twice"),
    ("times.csv", "a,b,2", "a,b", "times.csv:2"),
    ("network.yaml", "unit: min", "unit: minutes", "network.yaml:4 unit"),
    ("network.yaml", "unit: min", "symmetric: true", "unit"),
    ("network.yaml", "file: times.csv", "file: ../town/node.csv", "network.yaml:3 file"),
    ("network.yaml", "file: times.csv", "file: /etc/passwd", "network.yaml:3 file"),
    ("network.yaml", "file: times.csv", 'file: "a\\0b"', "network.yaml:3 file"),
    ("network.yaml", "file: times.csv", "file: " + "x" * 300, "network.yaml:3 file"),
    ("network.yaml", "file: times.csv", "file: nothing.csv", "network.yaml:3 file"),
    ("network.yaml", "file: times.csv", "file: .", "network.yaml:3 file"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "old", "new", "word"), SPOILT, ids=lambda text: text[:25].replace("\0", "0")
)
def test_spoilt_networks(tmp_path: Path, file: str, old: str, new: str, word: str) -> None:
    lines = _load(tmp_path, _spoilt(file, old, new))
    assert isinstance(lines, list), "accepted"
    assert any(word in line for line in lines), lines


@pytest.mark.parametrize("file", ["network.yaml", "node.csv", "link.csv"])
@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00", b"\x7fELF" + bytes(range(256)), b"\n\n\n"])
def test_missing_empty_and_binary_files(tmp_path: Path, file: str, content: bytes | None) -> None:
    lines = _load(tmp_path, {**FILES, file: content})
    assert isinstance(lines, list), "accepted"
    assert any(file in line for line in lines), lines


@pytest.mark.parametrize("file", ["network.yaml", "node.csv", "link.csv"])
def test_file_form_does_not_matter(tmp_path: Path, file: str) -> None:
    """A byte-order mark, CRLF, blank lines and quotes leave the network the same."""
    wanted = _load(tmp_path, {**FILES})
    assert isinstance(wanted, str)
    text = FILES[file]
    for variant in ("\ufeff" + text, text.replace("\n", "\r\n"), text + "\n\n"):
        assert _load(tmp_path, {**FILES, file: variant}) == wanted


def test_columns_deleted_one_by_one(tmp_path: Path) -> None:
    """What is not needed may be missing; what is needed is named."""
    needed = {"node_id", "x_coord", "y_coord", "from_node_id", "to_node_id", "facility_type"}
    for file in ("node.csv", "link.csv"):
        rows = [row.split(",") for row in FILES[file].splitlines()]
        for i, name in enumerate(rows[0]):
            text = "\n".join(",".join(row[:i] + row[i + 1 :]) for row in rows) + "\n"
            result = _load(tmp_path, {**FILES, file: text})
            if name in needed or name == "free_speed":
                assert isinstance(result, list), f"accepted without {name}"
                assert any(name in line for line in result), (name, result)
            else:
                assert isinstance(result, str), (name, result)


def test_duplicated_rows(tmp_path: Path) -> None:
    for file in ("node.csv", "link.csv"):
        first = FILES[file].splitlines()[1]
        lines = _load(tmp_path, {**FILES, file: FILES[file] + first + "\n"})
        assert isinstance(lines, list), "accepted"
        assert any("twice" in line for line in lines)


def test_parts_and_loops_are_told(tmp_path: Path) -> None:
    """A part that nothing joins and a link to itself change nothing, and are told in the notes."""
    _load(tmp_path, {**FILES})
    plain = load_network(tmp_path)
    nodes = NODES + "y,9000,9000,,,1\nz,9100,9000,,,1\n"
    links = LINKS + "yz,y,z,false,100,street,\naa,a,a,false,10,street,\n"
    _load(tmp_path, {**FILES, "node.csv": nodes, "link.csv": links})
    odd = load_network(tmp_path)
    assert odd.node_ids == plain.node_ids
    told = " ".join(odd.notes)
    assert "2 of 7 nodes" in told
    assert "from a node to itself" in told


def test_km_for_m_and_swapped_axes(tmp_path: Path) -> None:
    metres = LINKS.replace(",1000,", ",1.0,").replace(",500,", ",0.5,").replace(",1200,", ",1.2,")
    metres = metres.replace(",1010,", ",1.01,")
    lines = _load(tmp_path, {**FILES, "link.csv": metres})
    assert isinstance(lines, list)
    assert "kilometres given as metres" in lines[0]
    links = "from_node_id,to_node_id,facility_type\na,b,s\nb,a,s\n"
    degrees = "node_id,x_coord,y_coord\na,36.5,103.6\nb,36.51,103.6\n"  # latitude first: 103.6 is none
    lines = _load(tmp_path, {"network.yaml": "speeds: {s: 30}\n", "node.csv": degrees,
                             "link.csv": links})  # fmt: skip
    assert isinstance(lines, list)
    assert any("node.csv:2 y_coord" in line and "latitude" in line for line in lines)


def test_five_mistakes_at_once(tmp_path: Path) -> None:
    nodes = NODES.replace("c,2000,0", "c,nan,0").replace("d,2000,500", "b,2000,500")
    links = (
        LINKS.replace("ab,a,b", "ab,a,q").replace("1200,,54", "-1200,,54").replace("500,street", "500,stret")
    )
    lines = _load(tmp_path, {**FILES, "node.csv": nodes, "link.csv": links})
    assert isinstance(lines, list)
    told = "\n".join(lines)
    for place in ("node.csv:4 x_coord", "node.csv:5 node_id", "link.csv:2 to_node_id", "link.csv:5 length",
                  "link.csv:4 facility_type"):  # fmt: skip
        assert place in told, (place, lines)


@pytest.mark.parametrize(
    "zone", ["north,east", "a]b", "x=y", "[bold]", "north\neast", " ", "zone:north", "𠜎"]
)
def test_zones_of_any_name(tmp_path: Path, zone: str) -> None:
    """A zone name from a node table that no filter can hold is refused when loading, not while comparing."""
    scenario = {**EVERYTHING, "zones": {}, "measures": [], "layouts": {}}
    for path in (("demand", "poisson", "fire", "places"), ("dispatching", "first_due")):
        value: object = {"a": 1} if path[-1] == "places" else {"a": ["E1"]}
        scenario = changed(scenario, path, value)
    file = write_world(tmp_path, scenario)
    quoted = '"' + zone + '"'
    (tmp_path / "networks/town/node.csv").write_text(NODES.replace("north", quoted), encoding="utf-8")
    try:
        loaded = dispatch.load(file)
    except InputError as error:
        check_lines([str(problem) for problem in error.problems])
        return
    study = dispatch.compare(loaded, replications=1)
    assert study.replications == 1


CALLS_SPOILT: list[tuple[str, str, str]] = [
    ("received,", "recieved,", "'received' is missing"),
    ("r2,5400", "r1,5400", "stands in 2 rows"),
    ("r2,5400", ",5400", "calls.csv:3 incident"),
    ("r2,5400", "r2,noon", "calls.csv:3 received"),
    ("r2,5400", "r2,", "calls.csv:3 received"),
    ("r2,5400", "r2,nan", "calls.csv:3 received"),
    ("medical", "medicle", "Did you mean 'medical'?"),
    (",b,2", ",bb,2", "calls.csv:3 node"),
    (",b,2", ",b,0", "calls.csv:3 priority"),
    (",b,2", ",b,-1", "calls.csv:3 priority"),
    (",b,2", ",b,1.5", "calls.csv:3 priority"),
    (",b,2", ",b,1e10", "calls.csv:3 priority"),
    (",b,2", ",b,urgent", "calls.csv:3 priority"),
    ("pumper:1;", "pumpr:1;", "Did you mean 'pumper'?"),
    ("pumper:1;", "pumper:0;", "calls.csv:2 units"),
    ("pumper:1;", "pumper:1000;", "calls.csv:2 units"),
    ("pumper:1;", "pumper:" + "9" * 5000 + ";", "calls.csv:2 units"),
    ("pumper:1;ladder:1", "9" * 5000, "calls.csv:2 units"),
    ("pumper:1;ladder:1", "2", "calls.csv:2 units"),
    ("pumper:1;ladder:1", ";;", "calls.csv:2 units"),
    (",30,600", ",-30,600", "calls.csv:2 turnout"),
    (",30,600", ",30,inf", "calls.csv:2 on_scene"),
    (",30,600", ",30,1e300", "calls.csv:2 on_scene"),
    (",30,600", ",30,10 min", "calls.csv:2 on_scene"),
    ("2,,,,,60,30,", "2,1e308,,,,60,30,", "calls.csv:3 call_processing"),
    ("2,,,,,60,30,", "2,,,,,60,30", "calls.csv:3"),
    ("2,,,,,60,30,", '2,,,,"60,30,', "CSV"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "word"), CALLS_SPOILT, ids=lambda text: text[:25])
def test_spoilt_calls(tmp_path: Path, old: str, new: str, word: str) -> None:
    file = write_world(tmp_path)
    assert CALLS.count(old) == 1
    (tmp_path / "calls.csv").write_text(CALLS.replace(old, new))
    with pytest.raises(InputError) as caught:
        dispatch.load(file)
    lines = [str(problem) for problem in caught.value.problems]
    check_lines(lines)
    assert any(word in line for line in lines), lines


@pytest.mark.parametrize(
    ("second", "column"),
    [("r1,99,fire,b,pumper", "received"), ("r1,10,odd,b,pumper", "type"), ("r1,10,fire,e,pumper", "node")],
)
def test_rows_of_one_call_that_contradict_each_other(tmp_path: Path, second: str, column: str) -> None:
    """One call cannot come twice, be of two kinds or lie in two places; silence would drop one of them."""
    file = write_world(tmp_path)
    rows = f"incident,received,type,node,capability\nr1,10,fire,b,ladder\n{second}\n"
    (tmp_path / "calls.csv").write_text(rows)
    with pytest.raises(InputError) as caught:
        dispatch.load(file)
    assert f"calls.csv:3 {column}" in str(caught.value)


def test_unicode_digits_mean_the_same_or_nothing(tmp_path: Path) -> None:
    file = write_world(tmp_path)
    wanted = dispatch.draw(dispatch.load(file), 0)
    (tmp_path / "calls.csv").write_text(CALLS.replace("r2,5400", "r2,٥٤٠٠"), encoding="utf-8")
    try:
        found = dispatch.draw(dispatch.load(file), 0)
    except InputError as error:
        check_lines([str(problem) for problem in error.problems])
    else:
        assert np.array_equal(found.received, wanted.received)


def test_calls_left_out_are_told(tmp_path: Path) -> None:
    file = write_world(tmp_path)
    (tmp_path / "calls.csv").write_text(CALLS.replace("r2,5400", "r2,-5400").replace("r3,6000", "r3,1e300"))
    scenario = dispatch.load(file)
    assert any("2 of 3 calls" in note for note in scenario.notes)
    (tmp_path / "calls.csv").write_text(CALLS.splitlines()[0] + "\n")
    with pytest.raises(InputError):
        dispatch.load(file)


def test_a_matrix_that_leaves_somebody_unreached(tmp_path: Path) -> None:
    scenario = changed(EVERYTHING, ("network",), "table")
    for key in ("zones", "layouts"):
        scenario[key] = {}
    scenario = changed(scenario, ("stations", "s2", "at"), "c")
    scenario = changed(scenario, ("injects", 2, "surge", "zones"), None)
    scenario = changed(scenario, ("dispatching", "first_due"), {"a": ["E1"]})
    scenario = changed(scenario, ("demand", "poisson", "fire"), {"rate": "1/d"})
    file = write_world(tmp_path, scenario)
    assert dispatch.load(file).network.name == "table"
    (tmp_path / "networks/table/times.csv").write_text(TIMES.replace("a,e,5\n", "a,e,\n"))
    with pytest.raises(InputError) as caught:
        dispatch.load(file)
    assert "'s1' to e" in str(caught.value)
