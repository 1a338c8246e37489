"""What is written can be loaded: ids of links are their own, and what no scenario could cite is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dispatch.errors import NetworkError
from dispatch.importing.importer import import_network
from dispatch.importing.writing import write_network
from dispatch.roads import cache
from dispatch.roads.network import RoadNetwork, load_network
from tests.cli.world import dispatch
from tests.importing.maps import Map, links

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NODES = "node_id,x_coord,y_coord\n1,20.0,10.0\n2,20.0,10.001\n3,20.001,10.001\n"
HEAD = "link_id,from_node_id,to_node_id,directed,length,facility_type,free_speed\n"
KEYS = "".join(f'<key id="{key}" for="node" attr.name="{key}" attr.type="string"/>' for key in "xy")
KEYS += '<key id="l" for="edge" attr.name="length" attr.type="string"/>'


def gmns(folder: Path, text: str, nodes: str = NODES) -> Path:
    home = folder / "street net"
    home.mkdir()
    (home / "node.csv").write_text(nodes, encoding="utf-8")
    (home / "link.csv").write_text(text, encoding="utf-8")
    return home


def graphml(
    folder: Path, nodes: dict[str, tuple[float, float]], edges: Sequence[tuple[str, str, str]]
) -> Path:
    """Write a graph; an edge is its two ends and its length, and goes both ways."""
    body = "".join(
        f'<node id="{id_}"><data key="x">{x}</data><data key="y">{y}</data></node>'
        for id_, (x, y) in nodes.items()
    )
    for a, b, length in edges:
        for tail, head in ((a, b), (b, a)):
            body += f'<edge source="{tail}" target="{head}"><data key="l">{length}</data></edge>'
    graph = f'{KEYS}<graph edgedefault="directed">{body}</graph>'
    path = folder / "town.graphml"
    path.write_text(f'<graphml xmlns="http://graphml.graphdrawing.org/xmlns">{graph}</graphml>')
    return path


CORNERS = {"1": (20.0, 10.0), "2": (20.001, 10.0), "3": (20.001, 10.001), "4": (20.0, 10.001)}
SQUARE = [("1", "2"), ("2", "3"), ("3", "4"), ("4", "1")]


def loaded(folder: Path, source: Path) -> RoadNetwork:
    found = import_network(source)
    write_network(folder / "net", found.files, found.source)
    network = load_network(folder / "net")
    assert isinstance(network, RoadNetwork)
    return network


def refusal(folder: Path, source: Path) -> list[str]:
    """Return the lines of the command's refusal, which leaves nothing behind."""
    before = sorted(path.name for path in folder.iterdir())
    done = dispatch("network", "import", source.name, "-o", "networks/net", cwd=folder, code=2)
    assert sorted(path.name for path in folder.iterdir()) == before, "nothing is written, no folder made"
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_parallel_links_without_ids_get_ids_of_their_own(tmp_path: Path) -> None:
    rows = [",1,2,false,111,b,30", ",1,2,false,150,a,30", "1-2-2,2,3,false,109,c,30", ",1,2,true,130,d,30"]
    source = gmns(tmp_path, HEAD + "\n".join(rows) + "\n")
    found = import_network(source)
    lengths = {id_: row["length"] for id_, row in links(found).items()}
    assert lengths == {"1-2": "150", "1-2-2": "109", "1-2-3": "111", "1-2-4": "130"}
    (source / "link.csv").write_text(HEAD + "\n".join(reversed(rows)) + "\n", encoding="utf-8")
    assert import_network(source).files == found.files
    assert len(set(loaded(tmp_path, source).link_ids)) == 4


def test_an_id_that_somebody_gave_is_never_changed(tmp_path: Path) -> None:
    source = gmns(tmp_path, f"{HEAD},1,2,false,111,a,30\n1-2,2,3,false,109,b,30\n")
    assert {id_: row["length"] for id_, row in links(import_network(source)).items()} == {
        "1-2": "109",
        "1-2-2": "111",
    }


def test_a_thousand_parallel_links(tmp_path: Path) -> None:
    rows = "".join(f",1,2,false,{111 + n / 10},a,30\n" for n in range(1000))
    ids = set(links(import_network(gmns(tmp_path, f"{HEAD}{rows},2,3,false,109,a,30\n"))))
    assert ids == {"2-3", "1-2", *(f"1-2-{n}" for n in range(2, 1001))}


def test_edges_whose_made_up_ids_are_equal(tmp_path: Path) -> None:
    nodes = {"1": CORNERS["1"], "2-3": CORNERS["2"], "1-2": CORNERS["4"], "3": CORNERS["3"]}
    source = graphml(tmp_path, nodes, [("1", "2-3", "109"), ("1-2", "3", "110"), ("1", "1-2", "111")])
    found = {id_: row["length"] for id_, row in links(import_network(source)).items()}
    assert found == {"1-1-2": "111", "1-2-3": "109", "1-2-3-2": "110"}
    assert set(loaded(tmp_path, source).link_ids) == set(found)


def test_speeds_that_nobody_drives_are_dropped_and_counted(tmp_path: Path) -> None:
    speeds = ["0.02", "5000", "0.9", "200.1", "200", "1", "30"]
    rows = "".join(f"L{n},1,2,false,111,x,{speed}\n" for n, speed in enumerate(speeds))
    source = gmns(tmp_path, f"{HEAD}{rows}M,2,3,false,109,y,\n")
    found = import_network(source)
    kept = {id_: row["free_speed"] for id_, row in links(found).items()}
    assert [kept[f"L{n}"] for n in range(len(speeds))] == ["", "", "", "", "200", "1", "30"]
    assert found.report["found"] == {"links with a speed that is not believed": 4}
    assert any("links with a speed that is not believed 4" in note for note in found.report["notes"])
    assert loaded(tmp_path, source).meta.speeds["x"].normal == 77.0


@pytest.mark.parametrize("speed", ["0.02", "5000"])
def test_a_network_of_speeds_that_nobody_drives_loads(tmp_path: Path, speed: str) -> None:
    source = gmns(tmp_path, f"{HEAD}A,1,2,false,111,x,{speed}\nB,2,3,false,109,x,{speed}\n")
    network = loaded(tmp_path, source)
    as_if_unknown = 111 / (30 / 3.6)
    assert network.seconds["normal"].max() == pytest.approx(as_if_unknown, abs=1e-5)


def test_a_table_without_links_is_told(tmp_path: Path) -> None:
    said = refusal(tmp_path, gmns(tmp_path, HEAD))
    assert said == ["link.csv:1: the table has no links. Give at least one way there and back."]


def test_an_unknown_encoding_is_told(tmp_path: Path) -> None:
    source = graphml(tmp_path, CORNERS, [(a, b, "110") for a, b in SQUARE])
    source.write_text(f'<?xml version="1.0" encoding="foo"?>{source.read_text()}')
    said = refusal(tmp_path, source)
    assert len(said) == 1
    assert said[0].startswith("town.graphml: is no usable GraphML (unknown encoding: foo).")


def test_attributes_without_a_declared_type_are_passed_over(tmp_path: Path) -> None:
    source = graphml(tmp_path, CORNERS, [(a, b, "110") for a, b in SQUARE])
    expected = import_network(source).files
    key = '<key id="q" for="node" attr.name="q"/><graph '
    text = source.read_text().replace("<graph ", key).replace("</node>", '<data key="q">x</data></node>')
    source.write_text(text)
    assert import_network(source).files == expected


@pytest.mark.parametrize(
    ("lengths", "said"),
    [
        (["110", "110", "2.5e7", "110"],
         ["town.graphml: link '3-4', length: 25,000 km is longer than half-way round the earth. "
          "A network with that could not be used: correct it there."]),
        (["0.0011"] * 4,
         ["town.graphml: links, length: lengths are 9.1e-05 times the straight line between their ends "
          "(median). A network with that could not be used: correct it there."]),
    ],
    ids=["one too long", "all too short"],
)  # fmt: skip
def test_lengths_that_cannot_be_are_refused(tmp_path: Path, lengths: list[str], said: list[str]) -> None:
    edges = [(*ends, length) for ends, length in zip(SQUARE, lengths, strict=True)]
    assert refusal(tmp_path, graphml(tmp_path, CORNERS, edges)) == said


def test_a_road_over_half_the_globe_is_refused(tmp_path: Path) -> None:
    nodes = {1: (-179.0, 0.0), 2: (0.0, 0.5), 3: (179.0, 0.0), 4: (179.001, 0.0)}
    roads = {7: ([1, 2, 3], {"highway": "primary"}), 8: ([3, 4], {"highway": "primary"})}
    Map(nodes, ways=roads).write(tmp_path / "globe.osm")
    assert refusal(tmp_path, tmp_path / "globe.osm") == [
        "globe.osm: link '7', length: 39,782 km is longer than half-way round the earth. "
        "A network with that could not be used: correct it there."
    ]


def test_nodes_that_would_become_one_are_refused(tmp_path: Path) -> None:
    nodes = {**CORNERS, "4 ": (20.002, 10.0), " ": (20.003, 10.0)}
    source = graphml(tmp_path, nodes, [*((a, b, "110") for a, b in SQUARE), ("2", "4 ", "110")])
    assert [line.split(".")[1] for line in refusal(tmp_path, source)] == [
        "graphml: 2 nodes have the id '4'",
        "graphml: a node without an id",
    ]


def test_a_refused_network_leaves_the_earlier_one(tmp_path: Path) -> None:
    good = import_network(graphml(tmp_path, CORNERS, [(a, b, "110") for a, b in SQUARE]))
    write_network(tmp_path / "net", good.files, good.source)
    before = {path.name: path.read_bytes() for path in (tmp_path / "net").iterdir()}
    bad = import_network(graphml(tmp_path, CORNERS, [(a, b, "1e30") for a, b in SQUARE]))
    with pytest.raises(NetworkError, match=r"^town\.graphml: "):
        write_network(tmp_path / "net", bad.files, bad.source)
    assert {path.name: path.read_bytes() for path in (tmp_path / "net").iterdir()} == before
    assert {path.name for path in tmp_path.iterdir()} == {"net", "town.graphml"}


def test_reading_it_once_more_leaves_nothing_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPATCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("dispatch.roads.saved.WORTHWHILE", 0)
    assert cache.cache_dir() is not None
    found = import_network(graphml(tmp_path, CORNERS, [(a, b, "110") for a, b in SQUARE]))
    write_network(tmp_path / "net", found.files, found.source)
    assert not list(tmp_path.glob("cache/**/*.npy"))
    load_network(tmp_path / "net")
    assert len(list(tmp_path.glob("cache/**/*.npy"))) == 1


@pytest.mark.parametrize("title", ["a\ufeffb", "a\ufffeb", "a\uffffb", "a\x00\x85\u2028b", "a: [b] # c"])
def test_no_title_spoils_the_description(tmp_path: Path, title: str) -> None:
    found = import_network(graphml(tmp_path, CORNERS, [(a, b, "110") for a, b in SQUARE]), title)
    write_network(tmp_path / "net", found.files, found.source)
    expected = title if title.startswith("a:") else "a b"
    assert load_network(tmp_path / "net").meta.title == expected
