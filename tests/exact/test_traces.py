"""Recorded calls with all luck given: every moment is known beforehand, to a microsecond."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import dispatch

from .worlds import PUMPER, responses, scenario

if TYPE_CHECKING:
    from pathlib import Path

HEADER = (
    "incident,received,type,node,priority,call_processing,turnout,on_scene,transport,hand_over,cancelled\n"
)

# c1 takes the only unit; c2 waits for it; c3 finds it on its way home; c4 is cancelled on the way, c5 during
# turnout, c6 at the very moment of arrival (too late); c7 is ready when c6's unit is released; c8 and c9 come
# together, the later id being the more urgent.
CALLS = (
    HEADER
    + """\
c1,10,fire,C,2,20,30,300,60,40,
c2,400,fire,B,2,10,15,100,0,0,
c3,900,fire,D,2,50,25,40,0,0,
c4,3000,fire,E,2,0,30,70,0,0,50
c5,5000,fire,B,2,0,60,70,0,0,45
c6,6000,fire,B,2,0,0,50,0,0,100
c7,6150,fire,A,2,0,40,10,0,0,
c8,8000,fire,B,2,0,10,20,0,0,
c9,8000,fire,C,1,0,10,30,0,0,
"""
)

Moments = dict[str, float]
Rows = list[tuple[str, str, Moments]]


def _check(log: dispatch.Log, expected: Rows) -> None:
    found = responses(log)
    assert [(call, unit) for call, unit, _ in found] == [(call, unit) for call, unit, _ in expected]
    for (call, _, moments), (_, _, wanted) in zip(found, expected, strict=True):
        assert moments == pytest.approx(wanted, rel=0, abs=1e-6), call


def _row(times: str) -> Moments:
    """Return moments from 'alerted en_route on_scene clear at_hospital available in_quarters', - for none."""
    names = ("alerted", "en_route", "on_scene", "clear", "at_hospital", "available", "in_quarters")
    pairs = zip(names, times.split(), strict=True)
    return {name: float(text) for name, text in pairs if text != "-"}


def test_queueing_on_roads(tmp_path: Path) -> None:
    log = dispatch.simulate(scenario(tmp_path, CALLS))
    _check(log, [
        # ready 10+20; +30 turnout; A to C 200; 300 on scene; 60 transport; 40 hand-over; sent on at once
        ("c1", "P1", _row("30 60 260 560 620 660 -")),
        # waits from 410 till 660; from C to B 100, no turnout; 100 on scene; home 1000 m / 5 m/s = 200, at
        # 1060, but at 950 it is sent on
        ("c2", "P1", _row("660 660 760 860 860 860 -")),
        # at 950 it is 90 s (450 m) from B on the way to A, which it reaches in 110 s; then A to D 300:
        # 950 + 410; 40 on scene; home 3000 m / 5 m/s = 600
        ("c3", "P1", _row("950 950 1360 1400 1400 1400 2000")),
        # off at 3030; called back at 3050, 200 m from A; it turns at B (80 s on) and drives home in 200 s
        ("c4", "P1", _row("3000 3030 - - - 3050 3330")),
        # called back while still turning out: it never left
        ("c5", "P1", _row("5000 - - - - 5045 5045")),
        # called back at 6100, which is when it arrives: too late; 50 on scene; would be home at 6350
        ("c6", "P1", _row("6000 6000 6100 6150 6150 6150 -")),
        # released at 6150 before the call of that moment comes in; from B to A 100; 10 on scene; already home
        ("c7", "P1", _row("6150 6150 6250 6260 6260 6260 6260")),
        # waits for c9's unit: from C to B 100; 20 on scene; home 200
        ("c8", "P1", _row("8240 8240 8340 8360 8360 8360 8560")),
        # more urgent, so first: 10 turnout, A to C 200, 30 on scene
        ("c9", "P1", _row("8000 8010 8210 8240 8240 8240 -")),
    ])  # fmt: skip
    ends = dict(zip("123456789", log.responses.ending.tolist(), strict=True))
    assert {call for call, ending in ends.items() if ending == 1} == {"4", "5"}


def test_queueing_on_a_matrix(tmp_path: Path) -> None:
    log = dispatch.simulate(scenario(tmp_path, CALLS, network="table"))
    _check(log, [
        ("c1", "P1", _row("30 60 260 560 620 660 -")),
        ("c2", "P1", _row("660 660 760 860 860 860 -")),  # home would take 100, till 960
        # at 950, 90 of 100 s are driven: a tenth of B (200 s to D) and nine tenths of A (300 s) make 290 s
        ("c3", "P1", _row("950 950 1240 1280 1280 1280 1580")),  # home D to A 300
        # at 3050, 20 of 400 s are driven: 0.95 of A (0 s) and 0.05 of E (400 s) make 20 s home
        ("c4", "P1", _row("3000 3030 - - - 3050 3070")),
        ("c5", "P1", _row("5000 - - - - 5045 5045")),
        ("c6", "P1", _row("6000 6000 6100 6150 6150 6150 -")),
        ("c7", "P1", _row("6150 6150 6250 6260 6260 6260 6260")),
        ("c8", "P1", _row("8240 8240 8340 8360 8360 8360 8460")),  # home B to A 100
        ("c9", "P1", _row("8000 8010 8210 8240 8240 8240 -")),
    ])  # fmt: skip


FEW = (
    HEADER
    + """\
c1,10,fire,C,2,20,30,300,60,40,
c2,400,fire,B,2,10,15,100,0,0,
"""
)


def test_lost_when_nobody_is_free(tmp_path: Path) -> None:
    log = dispatch.simulate(scenario(tmp_path, FEW, dispatching={"when_none_free": "lost"}))
    # c1 as above, then home C to A 2000 m / 5 m/s = 400 from 660 on
    _check(log, [("c1", "P1", _row("30 60 260 560 620 660 1060"))])
    assert log.incidents.status().tolist() == ["served", "lost"]


@pytest.mark.parametrize(
    ("terms", "times"),
    [
        # asked for at 410, leaves E at 530, E to B 300, 100 on scene
        ({"delay": "2 min", "at": "E"}, "410 530 830 930 930 930 -"),
        # without a place of departure the delay lasts until arrival
        ({"delay": "2 min"}, "410 530 530 630 630 630 -"),
    ],
)
def test_mutual_aid(tmp_path: Path, terms: dict[str, Any], times: str) -> None:
    rules = {"when_none_free": "mutual_aid", "mutual_aid": terms}
    log = dispatch.simulate(scenario(tmp_path, FEW, dispatching=rules))
    _check(log, [("c1", "P1", _row("30 60 260 560 620 660 1060")), ("c2", "aid", _row(times))])


def test_units_that_must_come_home_first(tmp_path: Path) -> None:
    log = dispatch.simulate(scenario(tmp_path, FEW, dispatching={"returning": False}))
    _check(log, [
        # available only at home: 660 + 400
        ("c1", "P1", _row("30 60 260 560 620 1060 1060")),
        # 15 turnout, A to B 100, 100 on scene, home 200
        ("c2", "P1", _row("1060 1075 1175 1275 1275 1475 1475")),
    ])  # fmt: skip


DIVERTED = (
    HEADER
    + """\
low,0,fire,E,3,0,{turnout},100,0,0,
top,{top},fire,B,1,0,5,60,0,0,
"""
)


def test_diversion_on_the_road(tmp_path: Path) -> None:
    calls = DIVERTED.format(turnout=0, top=150)
    log = dispatch.simulate(scenario(tmp_path, calls, dispatching={"diversion": True}))
    _check(log, [
        ("low", "P1", _row("0 0 - - - 150 -")),
        # free again at 360 in B: B to E 300, 100 on scene, home 4000 m / 5 m/s = 800
        ("low", "P1", _row("360 360 660 760 760 760 1560")),
        # at 150 it is half-way between B and C: 50 s on to C, back to B 100; 60 on scene
        ("top", "P1", _row("150 150 300 360 360 360 -")),
    ])  # fmt: skip
    assert log.responses.ending.tolist() == [2, 0, 0]


def test_diversion_during_turnout(tmp_path: Path) -> None:
    calls = DIVERTED.format(turnout=60, top=20)
    log = dispatch.simulate(scenario(tmp_path, calls, dispatching={"diversion": True}))
    _check(log, [
        ("low", "P1", _row("0 - - - - 20 -")),
        ("low", "P1", _row("220 220 520 620 620 620 1420")),  # from B: 300, 100, 800
        # the crew still needs 40 of its 60 s; A to B 100; 60 on scene
        ("top", "P1", _row("20 60 160 220 220 220 -")),
    ])  # fmt: skip


def test_no_diversion_between_equals_nor_unasked(tmp_path: Path) -> None:
    calls = DIVERTED.format(turnout=0, top=150)
    expected: Rows = [
        ("low", "P1", _row("0 0 400 500 500 500 -")),
        ("top", "P1", _row("500 500 800 860 860 860 1060")),  # from E to B 300, 60, home 200
    ]
    _check(dispatch.simulate(scenario(tmp_path, calls)), expected)
    equal = calls.replace(",E,3,", ",E,1,")
    _check(dispatch.simulate(scenario(tmp_path, equal, dispatching={"diversion": True})), expected)


TWO: dict[str, Any] = {
    "unit_types": {"pumper": PUMPER, "ladder": {"capabilities": ["ladder"], "turnout": 0}},
    "stations": {"S1": {"at": "A"}, "S2": {"at": "E"}},
    "units": {
        "P1": {"type": "pumper", "station": "S1"},
        "P2": {"type": "pumper", "station": "S2"},
        "L1": {"type": "ladder", "station": "S2"},
    },
}


def test_each_unit_has_its_own_row(tmp_path: Path) -> None:
    """Rows of one capability are taken by turnout, not by place in the file: 30 s for the nearer unit."""
    calls = """\
incident,received,type,node,call_processing,capability,turnout,on_scene
x,0,fire,B,0,pumper,100,100
x,0,fire,B,0,pumper,30,200
x,0,fire,B,0,ladder,20,50
"""
    log = dispatch.simulate(scenario(tmp_path, calls, **TWO))
    _check(log, [
        ("x", "L1", _row("0 20 320 370 370 370 970")),  # E to B 300; 50; home 600
        ("x", "P1", _row("0 30 130 330 330 330 530")),  # the nearer one; A to B 100; 200; home 200
        ("x", "P2", _row("0 100 400 500 500 500 1100")),  # E to B 300; 100; home 600
    ])  # fmt: skip
    assert float(log.incidents.first_on_scene[0]) == pytest.approx(130, abs=1e-6)
    assert float(log.incidents.erf[0]) == pytest.approx(
        400, abs=1e-6
    )  # the second pumper is the last of three
    assert float(log.incidents.closed[0]) == pytest.approx(500, abs=1e-6)


def test_units_column_and_hold_of_the_rest(tmp_path: Path) -> None:
    """Two calls want three pumpers of two: the missing one is held until somebody is free."""
    calls = """\
incident,received,type,node,priority,call_processing,units,turnout,on_scene
x,0,fire,B,2,0,pumper:2,10,100
y,50,fire,D,2,0,1,10,100
"""
    log = dispatch.simulate(scenario(tmp_path, calls, **TWO))
    _check(log, [
        ("x", "P1", _row("0 10 110 210 210 210 -")),
        ("x", "P2", _row("0 10 310 410 410 410 1010")),
        ("y", "P1", _row("210 210 410 510 510 510 1110")),  # from B to D 200; 100; home 600
    ])  # fmt: skip


def test_partial_loss(tmp_path: Path) -> None:
    calls = "incident,received,node,call_processing,units,turnout,on_scene\nx,0,B,0,pumper:3,10,100\n"
    log = dispatch.simulate(scenario(tmp_path, calls, dispatching={"when_none_free": "lost"}, **TWO))
    assert [row[1] for row in responses(log)] == ["P1", "P2"]
    assert log.incidents.status().tolist() == ["partial"]
    assert log.incidents.erf.tolist() != log.incidents.erf.tolist()  # NaN: never complete


@pytest.mark.parametrize(
    ("policy", "arrivals"),
    [
        # x is as near to both (200 s) and takes the first, P1; y is left P2, 300 s away
        ("nearest", {"x": ("P1", 200.0), "y": ("P2", 300.0)}),
        # together: 200 + 100 is less than 200 + 300
        ("assignment", {"x": ("P2", 200.0), "y": ("P1", 100.0)}),
    ],
)
def test_simultaneous_calls(tmp_path: Path, policy: str, arrivals: dict[str, tuple[str, float]]) -> None:
    calls = "incident,received,node,turnout,on_scene\nx,0,C,0,100\ny,0,B,0,100\n"
    log = dispatch.simulate(scenario(tmp_path, calls, dispatching={"policy": policy}, **TWO))
    found = {call: (unit, moments["on_scene"]) for call, unit, moments in responses(log)}
    assert found == arrivals


def test_explicit_order_beats_nearness(tmp_path: Path) -> None:
    calls = "incident,received,node,turnout,on_scene\nx,0,B,5,100\ny,10,A,5,100\nz,20,D,5,100\n"
    rules = {"policy": "run_card_order", "first_due": {"west": ["P2", "P1"]}}
    log = dispatch.simulate(scenario(tmp_path, calls, dispatching=rules, **TWO))
    _check(log, [
        ("x", "P2", _row("0 5 305 405 405 405 1005")),  # first in the west, though 300 s away; home 600
        ("y", "P1", _row("10 15 15 115 115 115 115")),
        # z: no list in the east; at 20 P1 is on scene until 115 and P2 until 405; P1 from A to D 300
        ("z", "P1", _row("115 120 420 520 520 520 1120")),
    ])  # fmt: skip
