"""Statements about supplies, judged against a simulation that was reckoned by hand, and ledgers that break.

The line of five nodes, a minute apart; a call at c at 100 s needs 250 bags. Depot d at e has 300, 20 of them
in reserve, and two trucks for 100 each, which load for 30 min, drive for 2 and unload for 10. They bring 100
each at 2620 s; the first is back at 2740 s and brings 50 at 5260 s. Layout ``without`` has no depot.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from dispatch.engine.simulator import Simulator
from dispatch.regression.outcomes import Status
from tests.regression.worlds import outcomes, refused, write_case

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Log

WORLD: dict[str, Any] = {
    "demand": {"poisson": {"fire": {"rate": "0/d"}}},
    "incident_types": {
        "fire": {"run_card": {"engine": 1}, "on_scene": 600, "supplies": {"sandbags": "250 bags"}},
        "small": {"run_card": {"engine": 1}, "on_scene": 600},
    },
    "depots": {
        "d": {
            "at": "e",
            "load_out": "30 min",
            "stock": {"sandbags": {"amount": "300 bags", "reserve": "20 bags"}},
            "trucks": {"t": {"number": 2, "payload": "4 t", "unload": "10 min"}},
        }
    },
    "injects": [
        {"at": 100, "incident": {"type": "fire", "node": "c", "id": "x"}},
        {"at": 200, "incident": {"type": "small", "node": "a", "id": "y"}},
    ],
    "layouts": {"without": {"close_depots": ["d"]}},
}


def delivered(amount: str, by: Any, incident: str = "x", item: str = "sandbags") -> dict[str, Any]:
    return {"delivered": {"incident": incident, "item": item, "amount": amount}, "by": by}


def kept(amount: str, depot: str = "d", item: str = "sandbags") -> dict[str, Any]:
    return {"stock_never_below": {"depot": depot, "item": item, "amount": amount}}


@pytest.mark.parametrize(
    ("statement", "status", "message"),
    [
        (kept("50 bags"), Status.PASSED, ""),
        (kept("51 bags"), Status.FAILED, "expected ≥ 51 bags of sandbags at d, got 50 bags at 2620 s"),
        (delivered("200 bags", 2520), Status.PASSED, ""),
        (delivered("200 bags", "41 min"), Status.FAILED,
         "expected ≥ 200 bags of sandbags by 2460 s, got 0 bags; all of it came after 2520 s (incident x)"),
        (delivered("250 bags", "2 h"), Status.PASSED, ""),
        (delivered("250 bags", "1 h"), Status.FAILED,
         "expected ≥ 250 bags of sandbags by 3600 s, got 200 bags; all of it came after 5160 s (incident x)"),
        (delivered("1 bag", "2 h", incident="xx"), Status.ERROR,
         "there is no incident 'xx' in it. Did you mean 'x'?"),
        ({"mass_balance": True}, Status.PASSED, ""),
        ({"stock_never_negative": True}, Status.PASSED, ""),
    ],
)  # fmt: skip
def test_statements_about_supplies(tmp_path: Path, statement: Any, status: Status, message: str) -> None:
    write_case(tmp_path, **WORLD)
    (found,) = outcomes(tmp_path, log=[{"layout": "baseline", **statement}])
    assert (found.status, found.message) == (status, message)


def test_what_never_came(tmp_path: Path) -> None:
    """Without a depot nothing comes."""
    write_case(tmp_path, **WORLD)
    (found,) = outcomes(tmp_path, log=[{"layout": "without", **delivered("250 bags", "2 h")}])
    expected = "expected ≥ 250 bags of sandbags by 7200 s, got 0 bags; all of it never came (incident x)"
    assert (found.status, found.message) == (Status.FAILED, expected)


def test_a_call_that_is_not_injected_and_asked_for_nothing(tmp_path: Path) -> None:
    """Calls that are drawn or recorded are known when they have been simulated."""
    calls = "incident,received,type,node\nr1,2024-01-01T01:00:00+00:00,small,a\n"
    (tmp_path / "calls.csv").write_text(calls, encoding="utf-8")
    write_case(tmp_path, **{**WORLD, "demand": {"recorded": "calls.csv"}})
    (found,) = outcomes(tmp_path, log=[{"layout": "baseline", **delivered("1 bag", "2 h", incident="r1")}])
    fact = "incident r1 asked for no sandbags, so that it cannot be judged"
    assert (found.status, found.message) == (Status.ERROR, fact)


def test_what_statements_are_called(tmp_path: Path) -> None:
    write_case(tmp_path, **WORLD)
    log = [kept("50 bags"), delivered("1 bag", "2 h"), {"mass_balance": True}]
    found = outcomes(tmp_path, log=[{"layout": "baseline", **each} for each in log])
    assert [each.what for each in found] == [
        "stock of sandbags at d never below",
        "sandbags delivered to x",
        "mass balance",
    ]


def test_a_broken_ledger_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bag falls off the second truck; one more trip takes more than there is."""
    write_case(tmp_path, **WORLD)
    original = Simulator.run

    def loses_a_bag(self: Simulator) -> Log:
        log = original(self)
        assert log.supplies is not None
        brought, changes = list(log.supplies.brought), list(log.supplies.changes)
        brought[1] = brought[1]._replace(amount=99)
        changes[-1] = changes[-1]._replace(amount=-150)
        return replace(log, supplies=replace(log.supplies, brought=tuple(brought), changes=tuple(changes)))

    monkeypatch.setattr(Simulator, "run", loses_a_bag)
    statements: list[Any] = [{"mass_balance": True}, {"stock_never_negative": True}]
    found = outcomes(tmp_path, log=[{"layout": "baseline", **each} for each in statements])
    assert [each.status for each in found] == [Status.FAILED] * 2
    assert found[0].message == "d, sandbags: a stock is below zero (−50 bags at 2620 s); 2 more"
    assert found[1].message == "d, sandbags: a stock is below zero (−50 bags at 2620 s)"


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (kept("50 bags", depot="dd"), "layout 'baseline' has no depot 'dd'. Did you mean 'd'?"),
        (kept("50 bags", item="sandbag"), "no item 'sandbag'. Did you mean 'sandbags'?"),
        (kept("2 t"), "item 'sandbags' is counted in bag, and this has 'kg'. Write '… bag'."),
        (kept("0 bags"), "an amount of nothing, so that it cannot fail"),
        (kept("301 bags"), "the stock at the start (300 bags) is below it already"),
        (kept("1 t", item="foam-6"), "depot 'd' lists no foam-6. It lists sandbags."),
        (delivered("0 bags", "2 h"), "an amount of nothing, so that it cannot fail"),
        (delivered("5 t", "2 h"), "counted in bag"),
        (
            delivered("251 bags", "2 h"),
            "incident 'x' needs 250 bags of sandbags at most, so that 251 bags cannot come. Expect no more",
        ),
        (delivered("1 bag", "2 h", incident="y"), "incident 'y' never needs any sandbags."),
        (delivered("1 t", "2 h", item="lime"), "incident 'x' never needs any lime."),
        ({"delivered": {"incident": "x", "item": "sandbags", "amount": "5 bags"}}, "not one whole statement"),
        ({**kept("1 bag"), "by": "2 h"}, "not one whole statement"),
        ({"by": "2 h"}, "not one whole statement"),
        ({"mass_balance": True, "no_double_assignment": True}, "not one whole statement"),
        ({"mass_balance": False}, "must be true"),
        (kept("-1 bag"), "below zero"),
    ],
)
def test_statements_that_cannot_be_used(tmp_path: Path, statement: Any, message: str) -> None:
    write_case(tmp_path, **WORLD)
    told = refused(tmp_path, log=[{"layout": "baseline", **statement}])
    assert message in told[-1]


@pytest.mark.parametrize("key", ["mass_balance", "stock_never_below", "delivered"])
def test_there_has_to_be_something_to_say_it_of(tmp_path: Path, key: str) -> None:
    """Without supplies at all, and in a layout without depots."""
    statement = {
        "mass_balance": {"mass_balance": True},
        "stock_never_below": kept("1 bag"),
        "delivered": delivered("1 bag", 9),
    }[key]
    write_case(tmp_path)
    (told,) = refused(tmp_path, log=[{"layout": "baseline", **statement}])
    assert ("no supplies" if key == "delivered" else "no stock, so that it cannot fail") in told
    if key == "stock_never_below":
        write_case(tmp_path, **WORLD)
        (told,) = refused(tmp_path, log=[{"layout": "without", **statement}])
        assert "no stock, so that it cannot fail" in told
