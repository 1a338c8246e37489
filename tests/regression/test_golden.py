"""Golden logs, and what ``update`` writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import load, simulate
from dispatch.errors import Problems
from dispatch.regression.cases import select
from dispatch.regression.checking import check
from dispatch.regression.events import WORDS, Event, events_of
from dispatch.regression.golden import Golden, golden_text, read_golden, rounded
from dispatch.regression.outcomes import Status
from dispatch.regression.reading import collect
from tests.regression.worlds import checked, expect, only, outcomes, write_case

if TYPE_CHECKING:
    from pathlib import Path

GOLDEN = {"golden": [{"file": "scenario.golden", "layout": "one"}]}
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
EVENTS = st.lists(
    st.builds(
        Event,
        st.floats(0, 1e9).map(lambda seconds: round(seconds, 3)),
        st.integers(0, len(WORDS) - 1),
        TEXTS,
        TEXTS,
        TEXTS,
    )
)


@given(EVENTS, st.booleans())
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, events: Any, reviewed: Any
) -> None:
    path = tmp_path_factory.mktemp("golden") / "x.golden"
    golden = Golden(sorted(events), {"network": "ab", "scenario.demand": "cd"}, reviewed)
    path.write_text(golden_text(golden, {"scenario": "a\nb: c"}), encoding="utf-8", newline="")
    problems = Problems()
    assert read_golden(path, problems) == golden
    assert not problems


def test_a_golden_log_is_text_that_people_can_read(tmp_path: Path) -> None:
    path = write_case(tmp_path)
    events = rounded(events_of(simulate(load(path), "one")))
    lines = golden_text(Golden(events), {"layout": "one"}).splitlines()
    assert lines[:3] == ["# golden log of dispatch, version 1", "# layout: one", "# reviewed: true"]
    assert lines[3].startswith("# digest: ")
    assert lines[4] == "time\twhat\tincident\tunit\tdetail"
    told = [line.split("\t") for line in lines[5:]]
    reached = [(float(row[0]), row[2], row[3]) for row in told if row[1] == "on scene"]
    assert reached == [(60.0, "x", "W1"), (660.0, "y", "W1"), (5240.0, "z", "W1")]


def test_a_golden_log_that_was_edited_is_told(tmp_path: Path) -> None:
    path = _golden(tmp_path)
    text = path.read_text(encoding="utf-8")
    for edited in (text.replace("60.000\ton scene", "61.000\ton scene"), text[: text.index("660.000")]):
        path.write_text(edited, encoding="utf-8")
        (found,) = only(checked(tmp_path)).outcomes
        assert found.difference is not None
        assert found.difference.inputs == ("file scenario.golden",)


def test_a_first_golden_log_is_written_and_has_to_be_reviewed(tmp_path: Path) -> None:
    write_case(tmp_path)
    (found,) = outcomes(tmp_path, **GOLDEN)
    assert found.status is Status.FAILED
    assert "there was no scenario.golden; it is written" in found.message
    path = tmp_path / "scenario.golden"
    text = path.read_text(encoding="utf-8")
    assert "# reviewed: false\n" in text
    assert "# input network: " in text
    assert "# seed: 1\n" in text
    for update in (False, True):
        (found,) = only(checked(tmp_path, update=update)).outcomes
        assert (found.status, found.difference) == (Status.FAILED, None)
        assert "has not been reviewed" in found.message
    path.write_text(text.replace("# reviewed: false", "# reviewed: true"), encoding="utf-8")
    assert checked(tmp_path).exit_code == 0


def _golden(tmp_path: Path, **changes: Any) -> Path:
    """Write a case with a golden log that has been reviewed."""
    write_case(tmp_path, **changes)
    outcomes(tmp_path, **GOLDEN)
    path = tmp_path / "scenario.golden"
    path.write_text(path.read_text(encoding="utf-8").replace("reviewed: false", "reviewed: true"), "utf-8")
    assert checked(tmp_path).exit_code == 0
    return path


def test_where_a_log_parts_and_what_has_changed(tmp_path: Path) -> None:
    """With 61 s of driving a link, W1 is a second late at x: the first event to differ."""
    _golden(tmp_path)
    network = tmp_path / "networks" / "line" / "network.yaml"
    network.write_text(network.read_text().replace("road: 36", "road: 35"), encoding="utf-8")
    (found,) = only(checked(tmp_path)).outcomes
    assert found.status is Status.FAILED
    assert found.message == "the log parts from scenario.golden at event 5"
    assert found.difference is not None
    divergence = found.difference.divergence
    assert divergence.first == Event(60.0, WORDS.index("on scene"), "x", "W1", "engine")
    assert divergence.second == Event(61.714, WORDS.index("on scene"), "x", "W1", "engine")
    assert divergence.before.units == {"W1": "en route for x"}
    assert divergence.boards[0].units == {"W1": "on scene for x"}
    assert divergence.boards[1].units == {"W1": "en route for x"}
    assert found.difference.inputs == ("network",)


def test_other_inputs_alone_break_nothing(tmp_path: Path) -> None:
    _golden(tmp_path)
    write_case(tmp_path, horizon="2 d")
    assert checked(tmp_path).exit_code == 0


def test_update_writes_a_golden_log_anew(tmp_path: Path) -> None:
    path = _golden(tmp_path)
    before = path.read_text(encoding="utf-8")
    write_case(tmp_path, call_processing=5)
    (found,) = only(checked(tmp_path, update=True)).outcomes
    assert found.status is Status.UPDATED
    assert found.change == ("scenario.golden with 26 events", "26 events")
    after = path.read_text(encoding="utf-8")
    assert "# reviewed: true" in after
    assert after != before
    assert checked(tmp_path).exit_code == 0


@pytest.mark.parametrize("damage", ["head", "columns", "cells", "time", "word", "bytes"])
def test_a_file_that_is_no_golden_log_is_refused(tmp_path: Path, damage: str) -> None:
    path = _golden(tmp_path)
    text = path.read_text(encoding="utf-8")
    changes = {
        "head": ("# golden log of dispatch, version 1", "# golden log of dispatch, version 9"),
        "columns": ("time\twhat", "when\twhat"),
        "cells": ("60.000\ton scene", "60.000 on scene"),
        "time": ("60.000\ton scene", "soon\ton scene"),
        "word": ("60.000\ton scene", "60.000\tlost"),
        "bytes": ("", ""),
    }
    path.write_text(text.replace(*changes[damage]) if damage != "bytes" else "", encoding="utf-8")
    if damage == "bytes":
        path.write_bytes(b"\xff\xfe")
    expect(tmp_path, golden=GOLDEN["golden"], log=[{"no_double_assignment": True}])
    result = checked(tmp_path)
    first, second, broken = only(result).outcomes
    assert (first.status, second.status, broken.status) == (Status.PASSED, Status.PASSED, Status.ERROR)
    assert broken.message.startswith("scenario.golden:")
    assert result.exit_code == 2


def test_what_cannot_be_written_is_told_and_nothing_is_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dispatch.errors import UsageError
    from dispatch.regression import updating

    def full(path: Path, text: str) -> None:
        message = f"{path.name}: cannot be written (No space left on device)."
        raise UsageError(message)

    write_case(tmp_path)
    expect(tmp_path, assertions=[{"layout": "one", "measure": "total.first.max", "value": 500}])
    monkeypatch.setattr(updating, "write_text_whole", full)
    case = only(checked(tmp_path, update=True))
    assert "No space left" in str(case.error)
    assert [each.status for each in case.outcomes] == [Status.FAILED]
    assert case.notes == []


TEXT = """\
# What we expect. 我们的期望
schema_version: 1   # the format

assertions:
  - {layout: one, measure: total.first.max, value: 500}     # too low
  - layout: one
    measure: "total.first.mean"
    value: 4 min    # a duration
    why: because
  - {layout: one, measure: incidents.n, value: 3}
  - {layout: one, measure: total.first.max, op: "<=", value: 480}
"""


def test_update_rewrites_only_what_changed(tmp_path: Path) -> None:
    write_case(tmp_path)
    path = expect(tmp_path, TEXT)
    result = checked(tmp_path, update=True)
    assert [(each.status, each.change) for each in only(result).outcomes] == [
        (Status.UPDATED, ("500", "560")),
        (Status.UPDATED, ("4 min", "286.66667 s")),
        (Status.PASSED, None),
        (Status.FAILED, None),
    ]
    expected = TEXT.replace("value: 500", "value: 560").replace("value: 4 min", "value: 286.66667 s")
    assert path.read_text(encoding="utf-8") == expected
    assert any("leaves them alone" in note for note in only(result).notes)
    assert [each.status for each in only(checked(tmp_path)).outcomes] == [
        Status.PASSED, Status.PASSED, Status.PASSED, Status.FAILED,
    ]  # fmt: skip


def test_one_value_for_several_cells_moves_only_where_it_suits_all(tmp_path: Path) -> None:
    write_case(tmp_path)
    keys = {"measure": "total.first.max", "value": 100}
    path = expect(tmp_path, assertions=[keys, {**keys, "tolerance": {"relative": 0.6}}])
    result = checked(tmp_path, update=True)
    assert [each.status for each in only(result).outcomes] == [
        Status.FAILED,
        Status.FAILED,
        Status.UPDATED,
        Status.UPDATED,
    ]
    (note,) = [note for note in only(result).notes if "no one value" in note]
    assert "(baseline 180, one 560)" in note
    assert "value: 370" in path.read_text(encoding="utf-8")
    assert [each.status for each in only(checked(tmp_path)).outcomes][2:] == [Status.PASSED, Status.PASSED]


def test_a_value_behind_an_alias_is_left_alone_and_the_others_are_updated(tmp_path: Path) -> None:
    write_case(tmp_path)
    text = (
        "assertions:\n"
        "  - {layout: one, measure: total.first.max, value: &limit 500}\n"
        "  - {layout: one, measure: total.first.p90, value: *limit}\n"
        "  - {layout: baseline, measure: total.first.max, value: 170}\n"
    )
    path = expect(tmp_path, text)
    result = checked(tmp_path, update=True)
    assert [each.status for each in only(result).outcomes] == [Status.FAILED, Status.FAILED, Status.UPDATED]
    assert sum(note.startswith("Not updated: ") for note in only(result).notes) == 2
    assert path.read_text(encoding="utf-8") == text.replace("value: 170", "value: 180")


def test_a_value_of_several_cells_is_not_moved_by_a_look_at_one(tmp_path: Path) -> None:
    write_case(tmp_path)
    path = expect(tmp_path, assertions=[{"measure": "total.first.max", "value": 180}])
    before = path.read_text(encoding="utf-8")
    chosen, _ = select(collect([str(tmp_path)]), lambda name: "one" in name)
    result = check(chosen, update=True)
    assert result.exit_code == 1
    assert any("only 1 of its 2 cells" in note for note in only(result).notes)
    assert path.read_text(encoding="utf-8") == before


def test_update_does_not_review(tmp_path: Path) -> None:
    write_case(tmp_path)
    outcomes(tmp_path, **GOLDEN)
    write_case(tmp_path, call_processing=5)
    assert only(checked(tmp_path, update=True)).outcomes[0].status is Status.UPDATED
    assert "# reviewed: false" in (tmp_path / "scenario.golden").read_text(encoding="utf-8")
    assert checked(tmp_path).exit_code == 1


def test_another_layout_is_an_input_that_differs(tmp_path: Path) -> None:
    _golden(tmp_path)
    (found,) = outcomes(tmp_path, golden=[{"file": "scenario.golden", "layout": "baseline"}])
    assert found.difference is not None
    assert found.difference.inputs == ("layout",)


def test_warnings_are_updated_too(tmp_path: Path) -> None:
    write_case(tmp_path)
    value = {"layout": "one", "measure": "total.first.max", "value": 500, "severity": "warning"}
    expect(tmp_path, assertions=[value])
    assert only(checked(tmp_path, update=True)).outcomes[0].change == ("500", "560")
