"""YAML that is written reads back as the same values, whatever the texts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import Problems
from dispatch.io.yaml_source import parse_yaml
from dispatch.io.yaml_writing import as_written, duration_text, yaml_text
from dispatch.model.base import parse_duration
from dispatch.model.injects import Inject

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=30),
    st.sampled_from(
        ["yes", "No", "null", "~", "1e3", "0x1f", "12 min", "a: b", "a #b", "- x", "", " x", "x ", "x:",
         "两行\n文字", "one\n\nthree\n", "one\n two\n", "\nx", "x\n\n", "x \ny",
         "{a}", "[b", "!t", "&a", "*a", "2024-01-05",
         "%x", "@x", "`x", '"q"', "'q'", "a,b", "？", "…", "---", "...\nx", "a\\b"]
    ),
)  # fmt: skip
NUMBERS = st.one_of(
    st.integers(-(10**9), 10**9), st.floats(-1e12, 1e12, allow_nan=False), st.booleans(), st.none()
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(TEXTS, NUMBERS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=15,
)


@settings(max_examples=400)
@given(st.dictionaries(TEXTS, VALUES, max_size=5))
def test_what_is_written_reads_back(value: dict[str, Any]) -> None:
    problems = Problems()
    document = parse_yaml(yaml_text(value), "x.yaml", problems)
    assert not problems.found
    assert document is not None
    assert document.data == value


@given(st.one_of(st.integers(0, 10**8), st.floats(0, 1e6)))
def test_durations_read_back(seconds: float) -> None:
    assert parse_duration(duration_text(seconds)) == seconds


def test_durations_are_written_as_people_do() -> None:
    assert duration_text(5400.0) == "1 h 30 min"
    assert duration_text(86405.0) == "24 h 5 s"
    assert duration_text(0.0) == "0 s"
    assert duration_text(1.5) == 1.5


@pytest.mark.parametrize(
    "written",
    [
        {"at": "1 h", "weather": {"title": "雾", "for": "90 s", "speed_factor": 0.5}},
        {"at": "2024-01-05T08:00:00+08:00", "message": {"from": "甲", "text": "x"}},
        {"at": "0 s", "surge": {"factor": 2, "for": "3 h", "zones": ["a"]}},
        {
            "at": "12.5 s",
            "incident": {
                "type": "t", "node": [1.5, 2], "units": {"a": 2}, "report": {"trapped": 3},
                "supplies": {"foam-6": {"amount": "20 t", "within": "1 h"},
                             "water": {"rate": "40 l/s", "for": "30 min"}},
            },
        },
        {"at": "1 min", "outage": {"comms": True, "slower_by": "1 min", "for": "2 h"}},
    ],
)  # fmt: skip
def test_models_read_back_as_the_same(written: dict[str, Any]) -> None:
    model = Inject.model_validate(written)
    text = yaml_text(as_written(model))
    document = parse_yaml(text, "x.yaml", Problems())
    assert document is not None
    assert Inject.model_validate(document.data) == model
    assert not {"null", "None"} & set(text.split())  # nothing that was not said
