"""Values replaced in a YAML text: what was written beside them stays, character by character."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import Problems
from dispatch.io.yaml_editing import with_scalars
from dispatch.io.yaml_source import Path_, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

EXPECTATIONS = """\
# 兰州新区：复核于 2024 年
schema_version: 1   # the format

assertions:
  - measure: "total.first.p90[zone=north]"  # 北区
    op: <=
    value: 480   # s, was 8 min
    tolerance: {absolute: 5, relative: 0.05}
    why: '规范要求 8 分钟'

  -   {measure: lost, value: 0.250,severity: warning}   # one line
reviewed: false # look at it
"""


def edited(text: str, changes: Mapping[Path_, str]) -> str:
    problems = Problems()
    new = with_scalars(text, changes, "town.expected.yaml", problems)
    assert not problems, [str(problem) for problem in problems.found]
    return new


def refused(text: str, changes: Mapping[Path_, str]) -> list[str]:
    """Return the problems of changes that must leave the text as it was."""
    problems = Problems()
    assert with_scalars(text, changes, "town.expected.yaml", problems) == text
    return [str(problem) for problem in problems.found]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_only_the_values_are_replaced(line_end: str, mark: str) -> None:
    text = mark + EXPECTATIONS.replace("\n", line_end)
    changes: dict[Path_, str] = {
        ("reviewed",): "true",
        ("assertions", 0, "value"): "512.3",
        ("assertions", 1, "value"): "0.375",
        ("assertions", 0, "tolerance", "absolute"): "7.5",
    }
    assert edited(text, changes) == (
        text.replace("reviewed: false #", "reviewed: true #")
        .replace("value: 480   #", "value: 512.3   #")
        .replace("value: 0.250,", "value: 0.375,")
        .replace("{absolute: 5,", "{absolute: 7.5,")
    )


def test_without_changes_the_text_stays() -> None:
    assert edited(EXPECTATIONS, {}) == EXPECTATIONS


@pytest.mark.parametrize(
    ("text", "path", "new", "expected"),
    [
        ("a: 1", ("a",), "2", "a: 2"),
        ("a: 1\n", ("a",), "long text", "a: long text\n"),
        ("a: '1' # c\n", ("a",), "2", "a: 2 # c\n"),
        ('a: "1"\nb: "1"\n', ("b",), "2", 'a: "1"\nb: 2\n'),
        ("a: one\n  two\nb: 1\n", ("a",), "2", "a: 2\nb: 1\n"),
        ("- 1\n- 1\n- 1\n", (1,), "2", "- 1\n- 2\n- 1\n"),
        ("- - 1\n  - 2\n- [3,4]\n", (1, 0), "9", "- - 1\n  - 2\n- [9,4]\n"),
        ('{"a":1,"b":[1,2]}', ("b", 1), "5.5", '{"a":1,"b":[1,5.5]}'),
        ("a: &once 1 # anchored\n", ("a",), "2", "a: &once 2 # anchored\n"),
        ("a: ! 1\n", ("a",), "2", "a: ! 2\n"),
        ("a:\n  1\n", ("a",), "2", "a:\n  2\n"),
        ("? a\n: 1\n", ("a",), "2", "? a\n: 2\n"),
        ("[a: 1]", (0, "a"), "2", "[a: 2]"),
        ("010: 1\n", ("010",), "2", "010: 2\n"),
        ("😀: 七\n区: 1\n", ("区",), "2", "😀: 七\n区: 2\n"),
        ("--- # start\na: 1\n...\n", ("a",), "2", "--- # start\na: 2\n...\n"),
        ("7 # alone\n", (), "8", "8 # alone\n"),
        ("a: &x {v: 1}\nb: 2\nc: *x\n", ("b",), "3", "a: &x {v: 1}\nb: 3\nc: *x\n"),
    ],
)
def test_ways_to_write_a_value(text: str, path: Path_, new: str, expected: str) -> None:
    assert edited(text, {path: new}) == expected


SHARED = "the value is shared with other places by an alias"
ABSENT = "there is no such value"
LONGER = "is not a value on one line"
EMPTY = "no value is written here"


@pytest.mark.parametrize(
    ("text", "path", "place", "fact"),
    [
        ("a: &x 1\nb: *x\n", ("a",), "1 a", SHARED),
        ("a: &x 1\nb: *x\n", ("b",), "2 b", SHARED),
        ("a: &x {v: 1}\nb: *x\n", ("a", "v"), "1 a.v", SHARED),
        ("a: &x [{v: 1}]\nb: *x\n", ("b", 0, "v"), "1 b[0].v", SHARED),
        ("a: 1\n", ("b",), "1 b", ABSENT),
        ("a: [1]\n", ("a", 1), "1 a[1]", ABSENT),
        ("a: [1]\n", ("a", -1), "1 a[-1]", ABSENT),
        ("a: [1]\n", ("a", "0"), "1 a.0", ABSENT),
        ("a: 1\n", ("a", "b"), "1 a.b", ABSENT),
        ("", ("a",), "1 a", ABSENT),
        ("a: [1]\n", ("a",), "1 a", LONGER),
        ("a: {}\n", ("a",), "1 a", LONGER),
        ("a: |\n  x\n", ("a",), "1 a", LONGER),
        ("b: 1\na: >\n  x\n", ("a",), "2 a", LONGER),
        ("a: # soon\nb: 1\n", ("a",), "1 a", EMPTY),
        ("{a, b}", ("a",), "1 a", EMPTY),
        ("b: 1\na: &x\n", ("a",), "2 a", EMPTY),
    ],
)
def test_what_cannot_be_replaced_is_told_and_left(text: str, path: Path_, place: str, fact: str) -> None:
    assert refused(text, {path: "2"}) == [f"town.expected.yaml:{place}: {fact}. Write 2 there by hand."]


def test_a_tag_that_the_new_value_does_not_fit_changes_nothing() -> None:
    assert refused("b: 1\na: !!str 1\n", {("a",): "2", ("b",): "3"}) == [
        "town.expected.yaml:1 b: the new values do not fit the way the file is written, "
        "and none was changed. Write them by hand: a: 2, b: 3."
    ]


def test_a_file_that_cannot_be_read_is_left() -> None:
    (problem,) = refused("b: 1\na: [1\n", {("a",): "2"})
    assert problem.startswith("town.expected.yaml:3: not valid YAML")
    assert refused("a: 1\na: 1\n", {("a",): "2"}) == [
        "town.expected.yaml:2 a: the key stands twice. Remove or rename one."
    ]


@pytest.mark.parametrize(
    "new", ["[1]", "{a: 1}", "- 1", "1\nb: 2", "1, b: 2", "'open", "x: y", "*b", "", "1 #", " 1"]
)
@pytest.mark.parametrize("text", ["a: {v: 1}\n", "a:\n  v: 1\n"])
def test_new_text_that_is_no_scalar_changes_nothing(text: str, new: str) -> None:
    (problem,) = refused(text, {("a", "v"): new})
    assert "a.v: the new values do not fit the way the file is written, and none was changed." in problem


def test_what_can_be_replaced_is_replaced_beside_what_cannot() -> None:
    problems = Problems()
    changes: dict[Path_, str] = {("a",): "2", ("b",): "3", ("c",): "4", ("d",): "5"}
    assert with_scalars("a: 1\nb: &x 1\nc: *x\n", changes, "f", problems) == "a: 2\nb: &x 1\nc: *x\n"
    assert [problem.place for problem in problems.found] == ["f:2 b", "f:3 c", "f:1 d"]


def test_equal_values_of_other_kinds_are_not_taken_for_equal() -> None:
    """1, 1.0 and true compare equal in Python; the check of what was written must not be fooled by that."""
    assert edited("a: 1\n", {("a",): "1.0"}) == "a: 1.0\n"
    assert edited("a: 1\n", {("a",): "true"}) == "a: true\n"
    assert refused("a: !!float 1\n", {("a",): "2"}) != []


def test_aliases_that_repeat_without_measure_are_not_followed() -> None:
    levels = "".join(f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]\n" for i in range(1, 20))
    (problem,) = refused(f"a: 1\nl0: &l0 [1]\n{levels}", {("a",): "2"})
    assert "more than 200,000 values" in problem


Piece = str | tuple[Path_, str]
"""A part of a document: text between values, or a value with its path."""

SCALARS = (
    "5", "-3", "0.250", "1e3", "+1_000", "0x1F", "true", "~", "null", "plain", "two words", "8 min", "<=",
    "'single ''quotes'", '"double \\"quotes\\" # no comment"', "平均响应时间", "'北区 # 不是注释'", "'5'",
    "😀",     '"a: b"', "''", "no", "2020-01-01", "a:b", "x#y", "07", "-", "'- 5'",
)  # fmt: skip
KEYS = {
    "a": "a",
    "value": "value",
    '"b c"': "b c",
    "区": "区",
    "010": "010",
    "'it''s'": "it's",
    "no": "no",
    "<<": "<<",
}
COMMENTS = ("", "", " # 5", "   # value: 480, '\"[{", " #")
NEW = ("512.3", "true", "-0.5", "0", "新 value", "1e-9", "'quoted # text'", '"q"', "null")


@st.composite
def documents(draw: st.DrawFn) -> list[Piece]:
    """Draw a document as pieces: nested block and flow style with comments, blank lines and anchors."""
    anchors = iter(range(10**6))

    def comment(indent: str) -> str:
        lines = draw(
            st.lists(st.sampled_from(("\n", f"{indent}# a: 1\n", "#\n", f"{indent}  # - 七\n")), max_size=2)
        )
        return "".join(lines)

    def scalar(path: Path_) -> list[Piece]:
        anchor = f"&n{next(anchors)} " if draw(st.integers(0, 9)) == 0 else ""
        text = draw(st.sampled_from(SCALARS))
        return [anchor, (path, "'-'" if text == "-" else text)]

    def flow(path: Path_, depth: int) -> list[Piece]:
        kind = draw(st.sampled_from(("scalar", "map", "list"))) if depth < 3 else "scalar"
        if kind == "scalar":
            return scalar(path)
        keys = draw(st.lists(st.sampled_from(sorted(KEYS)), unique=True, max_size=3))
        pieces: list[Piece] = ["{" if kind == "map" else "[", draw(st.sampled_from(("", " ")))]
        for i, key in enumerate(keys):
            pieces += [", " if i else "", f"{key}: " if kind == "map" else ""]
            pieces += flow((*path, KEYS[key] if kind == "map" else i), depth + 1)
        return [*pieces, " }" if kind == "map" else "]"]

    def block(path: Path_, depth: int, *, begun: bool) -> list[Piece]:
        """Return whole lines; the first has its indentation already where it is ``begun``."""
        indent = "  " * depth
        is_map = draw(st.booleans())
        keys = draw(st.lists(st.sampled_from(sorted(KEYS)), unique=True, min_size=1, max_size=3))
        pieces: list[Piece] = []
        for i, key in enumerate(keys):
            pieces += [] if begun and i == 0 else [comment(indent), indent]
            pieces.append(f"{key}:" if is_map else "-")
            here = (*path, KEYS[key] if is_map else i)
            kind = (
                draw(st.sampled_from(("scalar", "scalar", "flow", "block", "compact")))
                if depth < 4
                else "scalar"
            )
            if kind == "block" or (kind == "compact" and is_map):
                pieces += [draw(st.sampled_from(COMMENTS)), "\n", *block(here, depth + 1, begun=False)]
            elif kind == "compact":
                pieces += [" ", *block(here, depth + 1, begun=True)]
            else:
                value = scalar(here) if kind == "scalar" else flow(here, 0)
                blanks = draw(st.sampled_from((" ", "   ")))
                pieces += [blanks, *value, draw(st.sampled_from(COMMENTS)), "\n"]
        return pieces

    return ["\ufeff" if draw(st.booleans()) else "", *block((), 0, begun=False), comment("")]


@given(documents(), st.sampled_from(("\n", "\r\n")), st.data())
def test_random_documents(pieces: list[Piece], line_end: str, data: st.DataObject) -> None:
    """The pieces between the values and the values that were not meant come out as they went in."""
    pieces = [piece.replace("\n", line_end) if isinstance(piece, str) else piece for piece in pieces]
    text = "".join(piece if isinstance(piece, str) else piece[1] for piece in pieces)
    paths = [piece[0] for piece in pieces if not isinstance(piece, str)]
    chosen = data.draw(st.lists(st.sampled_from(paths), unique=True)) if paths else []
    changes = {path: data.draw(st.sampled_from(NEW)) for path in chosen}
    wanted = "".join(p if isinstance(p, str) else changes.get(p[0], p[1]) for p in pieces)
    assert edited(text, changes) == wanted
    before, after = (values(piece) for piece in (text, wanted))
    assert {path for path in before if repr(before[path]) != repr(after[path])} <= set(changes)


def values(text: str) -> dict[Path_, Any]:
    """Return the scalars of a text by path."""
    document = parse_yaml(text, "f", Problems())
    assert document is not None
    found: dict[Path_, Any] = {}

    def visit(value: Any, path: Path_) -> None:
        if isinstance(value, dict | list):
            for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
                visit(inner, (*path, key))
        else:
            found[path] = value

    visit(document.data, ())
    return found
