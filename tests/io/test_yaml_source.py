"""YAML as plain data with lines; nothing that runs code, repeats keys or grows without end."""

from __future__ import annotations

from typing import Any

import pytest

from dispatch.errors import Problems
from dispatch.io.yaml_source import parse_yaml


def read(text: str) -> tuple[Any, list[str]]:
    problems = Problems()
    document = parse_yaml(text, "x.yaml", problems)
    return None if document is None else document.data, [str(problem) for problem in problems.found]


def test_scalars_are_what_yaml_1_2_says() -> None:
    data, problems = read(
        "{a: 1, b: 2.5, c: true, d: null, e: no, f: 08:30, g: 2020-01-01, h: '1', i: 0x10, j: 1e3}"
    )
    assert not problems
    expected = {
        "a": 1,
        "b": 2.5,
        "c": True,
        "d": None,
        "e": "no",
        "f": "08:30",
        "g": "2020-01-01",
        "h": "1",
        "i": 16,
    }
    assert data == {**expected, "j": 1000.0}


def test_keys_stay_the_text_that_was_written() -> None:
    data, _ = read("010: x\nno: y\n1.0: z\n")
    assert list(data) == ["010", "no", "1.0"]


def test_places_name_the_line_of_a_value_or_of_what_encloses_it() -> None:
    document = parse_yaml("a:\n  - x\n  - b: 1\n    c: 2\n", "x.yaml", Problems())
    assert document is not None
    assert document.place("a", 1, "c") == "x.yaml:4 a[1].c"
    assert document.place("a", 1, "missing") == "x.yaml:3 a[1].missing"
    assert document.place() == "x.yaml:1"


def test_aliases_are_read_where_they_are_harmless() -> None:
    assert read("a: &x {p: 1}\nb: *x\n")[0] == {"a": {"p": 1}, "b": {"p": 1}}


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)
)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("a: 1\na: 2\n", "x.yaml:2 a: the key stands twice"),
        ("a: !!python/object:os.system {}\n", "x.yaml:1 a: the YAML tag"),
        ("a: !foo 3\n", "the YAML tag !foo is not allowed"),
        ("a: &x [*x]\n", "nested in themselves"),
        (BOMB, "more than 200,000 values"),
        ("a: .inf\n", "not a finite number"),
        ("a: .nan\n", "not a finite number"),
        ("a: [1, 2\nb: 3\n", "not valid YAML"),
        ("a: *nowhere\n", "not valid YAML"),
        ("[" * 3000, "nested too deeply"),
        ("? [a]\n: 1\n", "a key that is not plain text"),
        ("a: " + "9" * 5000 + "\n", "not a usable number"),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_refused(text: str, fact: str) -> None:
    data, problems = read(text)
    assert data is None
    assert any(fact in problem for problem in problems), problems


def test_all_problems_come_at_once() -> None:
    _, problems = read("a: .inf\nb: 1\nb: 2\nc: !x y\n")
    assert [problem.split(" ")[0] for problem in problems] == ["x.yaml:1", "x.yaml:3", "x.yaml:4"]
