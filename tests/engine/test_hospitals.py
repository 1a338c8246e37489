"""Patients on their way to hospital, every moment by hand. On the way a link takes 200 s, to a call 100 s."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import dispatch
from dispatch.engine.board import Board
from dispatch.engine.hospitals import choose
from dispatch.engine.notices import notices
from dispatch.engine.whereabouts import whereabouts
from dispatch.errors import ScenarioError, UsageError
from dispatch.report.explaining import taken_words
from dispatch.scenario.hospitals import HospitalSite
from dispatch.study.explaining import explain

from .towns import LINKS, SPOTS, call, lives, play, scenario, served

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Log
    from dispatch.engine.log import Admission

MEDIC = {"medic": {"capabilities": ["medic"], "turnout": 0}}
FIRE = {"run_card": {"medic": 1}, "on_scene": 100, "hand_over": 300, "to_hospital": {}}
UNITS = {f"M{i}": {"type": "medic", "station": "west"} for i in range(1, 4)}


def medics(**changes: Any) -> dict[str, Any]:
    """Three medics at a, patients of every call; hand-over 300 s."""
    written: dict[str, Any] = {"unit_types": MEDIC, "units": UNITS, "incident_types": {"fire": FIRE}}
    return written | changes


def stays(log: Log) -> list[tuple[str, str, float, float, float, float, str]]:
    """Return (call, hospital, left, arrived, began, ended, why) of all patients in order of leaving."""
    names = [site.id for site in log.scenario.hospitals]
    ids = log.timeline.incident_ids(log.scenario.kinds)
    return [
        (ids[log.responses.incident[each.response]], names[each.hospital], *each[2:7])
        for each in log.admissions
    ]


def test_a_patient_is_taken_and_the_way_home_starts_at_the_hospital(tmp_path: Path) -> None:
    log = play(tmp_path, call("x", 0, "c"), **medics(hospitals={"H": {"at": "d"}}))
    ((_, unit, ending, moments),) = lives(log)
    assert (unit, ending) == ("M1", "served")
    # clear at 300, at d 500, hand-over to 800, home by three links
    assert moments == {
        "alerted": 0, "en_route": 0, "on_scene": 200, "clear": 300, "returning": 800, "available": 800,
        "in_quarters": 1400,
    }  # fmt: skip
    assert log.responses.at_hospital.tolist() == [500]
    assert stays(log) == [("x", "H", 300, 500, 500, 800, "nearest")]
    assert log.incidents.closed.tolist() == [300]


def test_where_it_is_on_the_way(tmp_path: Path) -> None:
    log = play(tmp_path, call("x", 0, "c"), **medics(hospitals={"H": {"at": "d"}}))
    seen = {time: next(w for w in whereabouts(log, time) if w.unit == "M1") for time in (299, 350, 600, 900)}
    assert [(w.status, w.incident, w.link, w.node) for w in seen.values()] == [
        ("on scene", "x", "", "c"),
        ("transporting", "x", "cd", "d"),
        ("transporting", "x", "", "d"),
        ("returning", "", "cd", "c"),
    ]
    assert (seen[350].share, seen[900].share) == pytest.approx((0.25, 0.5))
    assert Board.at(log, 600.0).assigned == {"M1": "x"}


def test_a_unit_is_met_on_its_way_home_from_the_hospital(tmp_path: Path) -> None:
    """At 900 it is half-way from d to c: the next node is c, 100 s ahead without siren, where the call is."""
    one = {"M1": UNITS["M1"]}
    log = play(
        tmp_path, call("x", 0, "c"), call("y", 900, "c"), **medics(hospitals={"H": {"at": "d"}}, units=one)
    )
    assert [moments["on_scene"] for *_, moments in lives(log)] == [200, 1000]
    assert "in_quarters" not in lives(log)[0][3]


def test_first_come_first_served_with_turnover(tmp_path: Path) -> None:
    """Three patients, one place of 300 s and 50 s of turnover."""
    hospitals = {"H": {"at": "d", "beds": 1, "turnover": 50}}
    calls = [call("x", 0, "c"), call("y", 10, "b"), call("z", 20, "d")]
    log = play(tmp_path, *calls, **medics(hospitals=hospitals))
    # z is at d at 320, clear at 420 and there at once; x comes at 500, y at 610, who left before them
    assert stays(log) == [
        ("y", "H", 210, 610, 1120, 1420, "nearest"),
        ("x", "H", 300, 500, 770, 1070, "all_full"),
        ("z", "H", 420, 420, 420, 720, "all_full"),
    ]
    # each goes home when it has handed over, not when its place is clean again
    assert {who: moments["returning"] for who, _, _, moments in lives(log)} == {
        "x": 1070,
        "y": 1420,
        "z": 720,
    }
    waits = [
        ("to hospital", "y"),
        ("to hospital", "x"),
        ("to hospital", "z"),
        ("hand-over", "x"),
        ("hand-over", "y"),
    ]
    assert [(each.what, each.incident) for each in notices(log)] == waits
    assert notices(log)[-1].detail == "H, after a wait of 510.0 s"


def test_a_bed_that_is_free_at_this_very_moment_is_free(tmp_path: Path) -> None:
    """x hands over from 500 to 800; y arrives at 800: clear at 600, one link."""
    calls = [call("x", 0, "c"), call("y", 300, "c")]
    log = play(tmp_path, *calls, **medics(hospitals={"H": {"at": "d", "beds": 1}}))
    assert [stay[3:6] for stay in stays(log)] == [(500, 500, 800), (800, 800, 1100)]


def test_units_on_their_way_count_as_there(tmp_path: Path) -> None:
    """Both are clear at c; the second sees that the only place of the near one is spoken for."""
    hospitals = {"near": {"at": "d", "beds": 1}, "far": {"at": "e", "beds": 1}}
    calls = [call("x", 0, "c"), call("y", 10, "c"), call("z", 20, "c")]
    log = play(tmp_path, *calls, **medics(hospitals=hospitals))
    # from c: d is one link, e two
    assert stays(log) == [
        ("x", "near", 300, 500, 500, 800, "nearest"),
        ("y", "far", 310, 710, 710, 1010, "nearest_free"),
        ("z", "near", 320, 520, 800, 1100, "all_full"),
    ]
    assert notices(log)[1].detail == "far, the nearest with a free place; nearer, but near is full"


def test_diversion_is_heeded_until_all_divert(tmp_path: Path) -> None:
    hospitals = {
        "near": {"at": "d", "diverting": [{"begins": 0, "ends": 320}, {"begins": 500}]},
        "far": {"at": "e"},
    }
    injects = [{"at": 1000, "divert": {"hospital": "far", "for": 100}}]
    times = {"x": 0, "y": 20, "z": 300, "v": 720, "w": 800}  # clear 300 later, 400 later when from d or e
    units = {f"M{i}": {"type": "medic", "station": "west"} for i in range(1, 6)}
    calls = [call(name, at, "c") for name, at in times.items()]
    log = play(tmp_path, *calls, **medics(hospitals=hospitals, injects=injects, units=units))
    assert [(who, where, left, why) for who, where, left, *_, why in stays(log)] == [
        ("x", "far", 300, "nearest_open"),
        ("y", "near", 320, "nearest"),  # its diversion has just ended
        ("z", "far", 600, "nearest_open"),
        ("v", "near", 1020, "all_diverting"),
        ("w", "far", 1100, "nearest_open"),  # the injected one has just ended
    ]


def test_only_suitable_hospitals(tmp_path: Path) -> None:
    hospitals = {
        "near": {"at": "d", "suitable_for": ["trauma"]},
        "far": {"at": "a", "suitable_for": ["cardiac"]},
    }
    cardiac = FIRE | {"to_hospital": {"needs": "cardiac"}}
    types = {"fire": FIRE, "cardiac": cardiac}
    calls = [call("x", 0, "c"), call("y", 0, "c", type="cardiac")]
    log = play(tmp_path, *calls, **medics(hospitals=hospitals, incident_types=types))
    assert [stay[:2] for stay in stays(log)] == [("x", "near"), ("y", "far")]


def test_who_takes_patients(tmp_path: Path) -> None:
    """An engine and a medic come; only medics take patients, and the engine's hand-over is not asked for."""
    types = {**MEDIC, "engine": {"capabilities": ["engine"], "turnout": 0}}
    units = {"M1": UNITS["M1"], "W1": {"type": "engine", "station": "west"}}
    fire = FIRE | {"run_card": {"engine": 1, "medic": 1}, "to_hospital": {"from": ["medic"]}}
    log = play(
        tmp_path, call("x", 0, "c", units="engine:1+medic:1"),
        unit_types=types, units=units, incident_types={"fire": fire}, hospitals={"H": {"at": "d"}},
    )  # fmt: skip
    returning = {unit: moments["returning"] for _, unit, _, moments in lives(log)}
    assert returning == {"W1": 300, "M1": 800}
    assert log.responses.at_hospital.tolist() == [300, 500]


def test_what_is_recorded_rules(tmp_path: Path) -> None:
    """A given transport or busy time is used as it stands; a given hand-over, too, at a chosen hospital."""
    calls = [call("x", 0, "c", transport=50, hand_over=60), call("y", 2000, "c", hand_over=60),
             call("z", 4000, "c", busy=700)]  # fmt: skip
    share = FIRE | {"to_hospital": {"share": 1e-9}}
    log = play(tmp_path, *calls, **medics(hospitals={"H": {"at": "d"}}, incident_types={"fire": share}))
    assert stays(log) == [("y", "H", 2300, 2500, 2500, 2560, "nearest")]
    assert [moments["returning"] for *_, moments in lives(log)] == [410, 2560, 4700]


def test_called_off_takes_nobody(tmp_path: Path) -> None:
    log = play(tmp_path, call("x", 0, "c", cancelled=50), **medics(hospitals={"H": {"at": "d"}}))
    assert log.admissions == ()
    assert [ending for _, _, ending, _ in lives(log)] == ["cancelled"]


def test_units_in_quarters_only(tmp_path: Path) -> None:
    """With returning: false it is released at home, from the hospital."""
    changes = medics(hospitals={"H": {"at": "d"}}, dispatching={"returning": False})
    log = play(tmp_path, call("x", 0, "c"), **changes)
    assert lives(log)[0][3]["available"] == lives(log)[0][3]["in_quarters"] == 1400


def test_turnaround_comes_after_the_hospital(tmp_path: Path) -> None:
    rested = {"medic": MEDIC["medic"] | {"turnaround": 600}}
    log = play(tmp_path, call("x", 0, "c"), **medics(hospitals={"H": {"at": "d"}}, unit_types=rested))
    moments = lives(log)[0][3]
    assert (moments["returning"], moments["in_quarters"], moments["available"]) == (800, 1400, 2000)


def test_help_from_outside_is_not_followed_to_hospital(tmp_path: Path) -> None:
    """The only medic is out; whoever comes instead takes no place, and is done when clear."""
    aid = {"when_none_free": "mutual_aid", "mutual_aid": {"delay": 500}}
    changes = medics(hospitals={"H": {"at": "d", "beds": 1}}, units={"M1": UNITS["M1"]}, dispatching=aid)
    log = play(tmp_path, call("x", 0, "c"), call("y", 10, "c"), **changes)
    assert [stay[:2] for stay in stays(log)] == [("x", "H")]
    assert lives(log)[1][1:] == ("aid", "served", served(10, 510, None, en_route=510))
    assert [(each.what, each.incident) for each in notices(log)] == [("to hospital", "x")]


def test_a_slow_vehicle_has_its_own_times(tmp_path: Path) -> None:
    slow = {"medic": MEDIC["medic"] | {"speed_factor": 0.5}}
    log = play(tmp_path, call("x", 0, "c"), **medics(hospitals={"H": {"at": "d"}}, unit_types=slow))
    assert stays(log) == [("x", "H", 500, 900, 900, 1200, "nearest")]  # 400 s out, 100 on scene, 400 on


# roads that close while a patient is on the way


def test_a_closure_on_the_way_leads_round(tmp_path: Path) -> None:
    """From a by b to c; at 600 it is half-way from a to b when bc closes: b, e, f, c instead."""
    closures = {"street": {"links": ["bc"], "begins": 600}}
    log = play(tmp_path, call("x", 300, "a"), **medics(hospitals={"H": {"at": "c"}}, closures=closures))
    # clear at 400, at b at 600 — and from there 600 s by e and f
    assert stays(log) == [("x", "H", 400, 1200, 1200, 1500, "nearest")]
    seen = next(w for w in whereabouts(log, 700) if w.unit == "M1")
    assert (seen.link, seen.status) == ("be", "transporting")
    assert seen.share == pytest.approx(0.5)


def test_cut_off_from_its_hospital_it_takes_another(tmp_path: Path) -> None:
    """Clear at b at 300 and bound for d, as e diverts until 400; at c at 500, when cd closes."""
    closures = {"street": {"links": ["cd"], "begins": 500}}
    hospitals = {
        "H": {"at": "d", "beds": 1},
        "G": {"at": "a", "suitable_for": ["rest"]},
        "K": {"at": "e", "diverting": [{"ends": 400}]},
    }
    fire = FIRE | {"to_hospital": {"needs": "burns"}}
    changes = medics(hospitals=hospitals, closures=closures, incident_types={"fire": fire})
    log = play(tmp_path, call("x", 100, "b"), **changes)
    assert stays(log) == [("x", "K", 500, 900, 900, 1200, "nearest")]  # two links
    assert len(log.transports) == 3
    assert log.responses.at_hospital.tolist() == [900]
    seen = next(w for w in whereabouts(log, 450) if w.unit == "M1")
    assert (seen.link, seen.node) == ("bc", "c")


def test_without_any_way_it_waits_until_roads_open(tmp_path: Path) -> None:
    """All roads to d close while it is on scene at c, and again on the way; it goes on when they open."""
    closures = {"street": {"links": ["cd"], "begins": 250, "ends": 1000},
                "again": {"links": ["cd"], "begins": 1100, "ends": 2000}}  # fmt: skip
    log = play(tmp_path, call("x", 0, "c"), **medics(hospitals={"H": {"at": "d"}}, closures=closures))
    ((who, where, left, arrived, began, ended, why),) = stays(log)
    assert (who, where, left, why) == ("x", "H", 1000, "nearest")
    # at 1100 it is on the closed link already and drives on, as units do
    assert (arrived, began, ended) == (1200, 1200, 1500)
    waiting = next(w for w in whereabouts(log, 700) if w.unit == "M1")
    assert (waiting.status, waiting.node) == ("transporting", "c")
    stays_away = {"street": {"links": ["cd"], "begins": 250}}
    log = play(tmp_path, call("x", 0, "c"), **medics(hospitals={"H": {"at": "d"}}, closures=stays_away))
    assert log.admissions == ()
    assert np.isnan(log.responses.available).all()
    assert dispatch.measure(log, ["hospital.n"]) == {"hospital.n": 0}


def test_cut_off_on_the_way_it_waits_there(tmp_path: Path) -> None:
    """Half-way from b to c at 400, when cd closes; it goes on at 1000, and another may have its bed."""
    closures = {"street": {"links": ["cd"], "begins": 400, "ends": 1000}}
    hospitals = {"H": {"at": "d", "beds": 1}}
    calls = [call("x", 100, "b"), call("y", 0, "d")]
    log = play(tmp_path, *calls, **medics(hospitals=hospitals, closures=closures))
    assert stays(log) == [
        ("y", "H", 400, 400, 400, 700, "nearest"),  # x, who set out before it, is bound nowhere any more
        ("x", "H", 1000, 1300, 1300, 1600, "nearest"),
    ]
    seen = [next(w for w in whereabouts(log, time) if w.unit == "M2") for time in (450, 999, 1050)]
    assert [w.link for w in seen] == ["bc"] * 3
    assert [w.share for w in seen] == pytest.approx([0.5, 0.5, 0.75])


# choosing, as such


def _site(name: str, node: int, beds: float = np.inf, diverting: tuple[tuple[float, float], ...] = ()) -> Any:
    return HospitalSite(name, "", node, frozenset(), beds, 0.0, diverting)


def test_choosing_agrees_with_its_definition() -> None:
    """Against the rule written down in another way, over every state of three hospitals."""
    always = ((0.0, np.inf),)
    states = [(taken, diverts) for taken in (0, 1) for diverts in (False, True)]
    for first in states:
        for second in states:
            for third in states:
                state = (first, second, third)
                sites = [_site(name, 9 - i, 1, always if state[i][1] else ()) for i, name in enumerate("pqr")]
                seconds = (20.0, 10.0, 10.0)  # r before q: its node comes first
                options = list(zip(seconds, range(3), strict=True))
                made = choose(sites, options, [taken for taken, _ in state], 5.0)
                assert made is not None
                all_divert = all(diverts for _, diverts in state)
                badness = {
                    i: (diverts and not all_divert, taken, (2, 1, 0)[i])
                    for i, (taken, diverts) in enumerate(state)
                }
                # diverting weighs more than full, full more than far
                assert made.hospital == min(badness, key=lambda i: badness[i])
                assert {i for i, _ in made.passed} == {
                    i for i in range(3) if (2, 1, 0)[i] < (2, 1, 0)[made.hospital]
                }
    assert choose([_site("p", 0)], [(np.inf, 0)], [0], 0.0) is None


@pytest.mark.parametrize(
    ("detour", "where", "why", "began"),
    [
        (None, "far", "nearest_free", 710),
        (200, "far", "nearest_free", 710),  # e is just 200 s farther from c than d
        (199, "near", "too_far", 800),  # when x has handed over
        (0, "near", "too_far", 800),
    ],
)
def test_a_longer_drive_is_taken_up_to_the_detour(
    tmp_path: Path, detour: float | None, where: str, why: str, began: float
) -> None:
    """x has the only place near c; y goes to the far hospital, or waits for that place."""
    near = {"at": "d", "beds": 1} | ({} if detour is None else {"most_detour": detour})
    hospitals = {"near": near, "far": {"at": "e", "beds": 1}}
    log = play(tmp_path, call("x", 0, "c"), call("y", 10, "c"), **medics(hospitals=hospitals))
    arrived = 710 if where == "far" else 510
    assert stays(log) == [
        ("x", "near", 300, 500, 500, 800, "nearest"),
        ("y", where, 310, arrived, began, began + 300, why),
    ]
    if why == "too_far":
        told = [each.detail for each in notices(log) if each.incident == "y"]
        assert told[0] == "near, the nearest, as those with a free place are too far"


def test_the_detour_counts_from_the_nearest_that_does_not_divert(tmp_path: Path) -> None:
    """The one at c diverts; that at d, 200 s away, is full and accepts 200 s more: just those to a."""
    hospitals = {
        "off": {"at": "c", "beds": 1, "diverting": [{}], "most_detour": 0},
        "near": {"at": "d", "beds": 1, "most_detour": 200},
        "far": {"at": "a"},
    }
    found = {}
    for name, more in (("a", {}), ("b", {"far": {"at": "a", "suitable_for": ["eyes"]}})):
        fire = FIRE | {"to_hospital": {"needs": "burns"}}
        changes = medics(hospitals=hospitals | more, incident_types={"fire": fire})
        log = play(tmp_path / name, call("x", 0, "c"), call("y", 10, "c"), **changes)
        found[name] = [(who, where, why) for who, where, *_, why in stays(log)]
    assert found["a"] == [("x", "near", "nearest_open"), ("y", "far", "nearest_free")]
    assert found["b"] == [("x", "near", "nearest_open"), ("y", "near", "all_full")]


def test_choices_with_detours_by_another_reckoning() -> None:
    """Of those that accept: the nearest with a place within the detour of the very nearest, else that one."""
    for full in product((False, True), repeat=3):
        for diverts in product((False, True), repeat=3):
            for detours in product((None, 0.0, 10.0, 11.0), repeat=3):
                sites = [
                    replace(
                        _site(name, i, 1, ((0.0, 9.0),) if diverts[i] else ()),
                        most_detour=np.inf if detours[i] is None else detours[i],
                    )
                    for i, name in enumerate("pqr")
                ]
                options = [(10.0, 0), (20.0, 1), (21.0, 2)]
                made = choose(sites, options, [int(each) for each in full], 5.0)
                assert made is not None
                asked = [i for i in range(3) if not diverts[i]] or [0, 1, 2]
                longest = options[asked[0]][0] + sites[asked[0]].most_detour
                good = [i for i in asked if not full[i] and options[i][0] <= longest]
                assert made.hospital == (good or asked)[0]
                somewhere = any(not full[i] for i in asked)
                assert (made.why == "too_far") == (not good and somewhere and not all(diverts))
                assert (made.why == "all_full") == (not somewhere and not all(diverts))


# what is told


def test_explain_says_why_this_hospital(tmp_path: Path) -> None:
    hospitals = {
        "near": {"at": "d", "beds": 1},
        "off": {"at": "c", "diverting": [{}]},
        "far": {"at": "a"},
        "farther": {"at": "e"},  # as far from c, but its node comes later
        "eyes": {"at": "c", "suitable_for": ["eyes"]},
    }
    fire = FIRE | {"to_hospital": {"needs": "burns"}}
    changes = medics(hospitals=hospitals, incident_types={"fire": fire})
    loaded = scenario(tmp_path, call("x", 0, "c"), call("y", 10, "c"), call("z", 20, "c"), **changes)
    told, log = explain(loaded, incident="y")
    taken = told.responses[0].taken
    assert taken is not None
    assert (taken.hospital, taken.why, taken.left, taken.arrived, taken.began, taken.ended) == (
        "far", "nearest_free", 310, 710, 710, 1010,
    )  # fmt: skip
    assert [(one.hospital, one.seconds, one.why) for one in taken.others] == [
        ("eyes", 0, "unsuitable"),
        ("off", 0, "diverting"),
        ("near", 200, "full"),
        ("farther", 400, "farther"),
    ]
    assert taken_words(taken) == (
        "takes a patient to far: the nearest with a free place (not eyes, which is not suitable; "
        "off, diverting, 0.0 s away; near, full, 3 min 20 s away; farther, farther, 6 min 40 s away)"
    )
    assert stays(log) == stays(dispatch.simulate(loaded))


def test_measures_by_hand(tmp_path: Path) -> None:
    """x goes 200 s and waits 270, y 400 s and 510 s, z 0 s and 0 s, see above; w before the warm-up."""
    hospitals = {
        "H": {"at": "d", "beds": 1, "turnover": 50, "suitable_for": ["wounds"]},
        "K": {"at": "a", "suitable_for": ["burns"]},
    }
    burns = FIRE | {"to_hospital": {"needs": "burns"}, "priority": 3}
    wounds = FIRE | {"to_hospital": {"needs": "wounds"}}
    calls = [call("w", 0, "a", type="burns"), call("x", 10_000, "c"), call("y", 10_010, "b"),
             call("z", 10_020, "d"), call("v", 15_000, "b", type="burns")]  # fmt: skip
    changes = medics(hospitals=hospitals, incident_types={"fire": wounds, "burns": burns}, warm_up=5000)
    log = play(tmp_path, *calls, **changes)
    by_hand = {
        "hospital.n": 4,
        "hospital.n[hospital=H]": 3,
        "hospital.n[hospital=K]": 1,  # v; w is not measured
        "hospital.n[hospital=H,type=burns]": 0,
        "hospital.n[station=west]": 4,
        "hospital.n[unit=M1]": 2,  # x and v
        "hospital.n[priority=3]": 1,
        "hospital.wait.mean": (270 + 510 + 0 + 0) / 4,
        "hospital.wait.mean[hospital=H]": 260,
        "hospital.wait.mean[hospital=K]": 0,
        "hospital.wait.mean[hospital=K,type=fire]": np.nan,
        "hospital.travel.mean": (200 + 400 + 0 + 200) / 4,
        "hospital.travel.mean[type=fire]": 200,
    }
    assert dispatch.measure(log, by_hand) == pytest.approx(by_hand, nan_ok=True)
    with pytest.raises(UsageError, match="no hospital 'L'"):
        dispatch.measure(log, ["hospital.n[hospital=L]"])
    with pytest.raises(UsageError, match="cannot be filtered by hospital"):
        dispatch.measure(log, ["responses.n[hospital=H]"])


# what is refused


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"hospitals": {}}, ["incident_types.fire.to_hospital", "the scenario has no hospitals"]),
        ({"hospitals": {"H": {"at": "q"}}}, ["hospitals.H.at", "no node 'q'"]),
        ({"hospitals": {"H": {"at": "d", "suitable_for": ["trauma"]}},
          "incident_types": {"fire": FIRE | {"to_hospital": {"needs": "truama"}}}},
         ["to_hospital.needs", "no hospital is suitable for 'truama'", "trauma"]),
        ({"incident_types": {"fire": FIRE | {"to_hospital": {"from": ["medics"]}}}},
         ["to_hospital.from", "no unit type has the capability 'medics'", "medic"]),
        ({"incident_types": {"fire": FIRE | {"transport": 100}}},
         ["'transport' and 'to_hospital' contradict"]),
        ({"incident_types": {"fire": {"run_card": {"medic": 1}, "busy": 100, "to_hospital": {}}}},
         ["'busy' and 'to_hospital' contradict"]),
        ({"hospitals": {"H": {"at": "d", "diverting": [{"begins": 20, "ends": 10}]}}},
         ["hospitals.H.diverting", "it ends before it begins"]),
        ({"injects": [{"at": 0, "divert": {"hospital": "G"}}]}, ["injects", "no hospital 'G'"]),
        ({"hospitals": {"H": {"at": "d", "beds": 0}}}, ["hospitals.H.beds"]),
    ],
)  # fmt: skip
def test_what_cannot_be(tmp_path: Path, changes: dict[str, Any], found: list[str]) -> None:
    with pytest.raises(ScenarioError) as caught:
        scenario(tmp_path, call("x", 0, "c"), **(medics(hospitals={"H": {"at": "d"}}) | changes))
    for text in found:
        assert text in str(caught.value)


def test_an_unused_hospital_is_noted(tmp_path: Path) -> None:
    hospitals = {"H": {"at": "d", "suitable_for": ["burns"]}, "K": {"at": "a", "suitable_for": ["trauma"]}}
    fire = FIRE | {"to_hospital": {"needs": "burns"}}
    loaded = scenario(
        tmp_path, call("x", 0, "c"), **medics(hospitals=hospitals, incident_types={"fire": fire})
    )
    assert [note for note in loaded.notes if "hospital" in note] == [
        "no incident type has patients for hospital 'K' (see 'to_hospital')."
    ]


def test_a_detour_past_a_hospital_that_is_never_full_is_noted(tmp_path: Path) -> None:
    for beds, told in (({}, True), ({"beds": 1}, False)):
        hospitals = {"H": {"at": "d", "most_detour": "10 min", **beds}}
        loaded = scenario(tmp_path, call("x", 0, "c"), **medics(hospitals=hospitals))
        note = "hospital 'H' is never full, since it has no 'beds': 'most_detour' means nothing."
        assert (note in loaded.notes) == told


MATRIX = """\
network: x
horizon: 1000
call_processing: 0
unit_types: {medic: {capabilities: [medic], turnout: 0}}
stations: {S: {at: P}}
units: {M: {type: medic, station: S}}
hospitals: {H: {at: H}}
incident_types: {fire: {run_card: {medic: 1}, on_scene: 60, to_hospital: {}}}
demand: {poisson: {fire: {rate: 1/h, places: {P: 1, Q: 1}}}}
"""


@pytest.mark.parametrize(
    ("missing", "told"),
    [("", ""), ("Q,H", "hospital 'H' from Q"), ("H,P", "hospital 'H' to P"), ("H,Q", "hospital 'H' to Q")],
)
def test_ways_that_a_matrix_lacks(tmp_path: Path, missing: str, told: str) -> None:
    home = tmp_path / "networks" / "x"
    home.mkdir(parents=True)
    (home / "network.yaml").write_text("kind: matrix\nfile: times.csv\nunit: s\n")
    ways = [f"{a},{b},{0 if a == b else 60}" for a in "PQH" for b in "PQH" if f"{a},{b}" != missing]
    (home / "times.csv").write_text("\n".join(["from,to,time", *ways]) + "\n")
    (tmp_path / "world.yaml").write_text(MATRIX)
    if not told:
        assert dispatch.load(tmp_path / "world.yaml").hospitals[0].id == "H"
        return
    with pytest.raises(ScenarioError, match=told):
        dispatch.load(tmp_path / "world.yaml")


# laws


def test_a_hospital_on_the_spot_changes_nothing(tmp_path: Path) -> None:
    """One hospital at the only place, no hand-over: as if nobody were taken anywhere."""
    demand = {"poisson": {"fire": {"rate": "20/h", "places": {"c": 1}}}}
    fire = {"run_card": {"medic": 1}, "on_scene": {"exponential": {"mean": 600}}}
    with_one = medics(
        incident_types={"fire": fire | {"to_hospital": {}}}, hospitals={"H": {"at": "c", "beds": 1}}
    )
    loaded = [
        scenario(tmp_path, call("x", 0, "c"), **{**each, "demand": demand})
        for each in (with_one, medics(incident_types={"fire": fire}))
    ]
    taken, plain = map(dispatch.simulate, loaded)
    assert len(taken.admissions) == len(taken.responses) > 50
    for name in taken.responses.__slots__:
        assert np.array_equal(
            getattr(taken.responses, name), getattr(plain.responses, name), equal_nan=True
        ), name
    assert taken.scheduled == plain.scheduled
    whole = [{w.unit: w for w in whereabouts(log, 9999.0)} for log in (taken, plain)]
    for unit, seen in whole[0].items():
        status = whole[1][unit]
        assert (seen.link, seen.node, seen.status) == (status.link, status.node, status.status)


def test_without_patients_hospitals_change_nothing(tmp_path: Path) -> None:
    demand = {"poisson": {"fire": {"rate": "20/h"}}}
    fire = {"run_card": {"medic": 1}, "on_scene": {"exponential": {"mean": 600}}}
    changes = medics(incident_types={"fire": fire}, demand=demand)
    plain = dispatch.simulate(scenario(tmp_path, **changes))
    beside = dispatch.simulate(scenario(tmp_path, **changes, hospitals={"H": {"at": "c", "beds": 1}}))
    for name in plain.responses.__slots__:
        assert np.array_equal(getattr(plain.responses, name), getattr(beside.responses, name), equal_nan=True)


def test_other_luck_stays_and_a_greater_share_only_adds_patients(tmp_path: Path) -> None:
    demand = {"poisson": {"fire": {"rate": "20/h"}}}
    drawn = []
    for share in (None, 0.3, 0.7, 1.0):
        fire = FIRE | {"on_scene": {"exponential": {"mean": 600}}}
        fire["to_hospital"] = {"share": share}
        if share is None:
            del fire["to_hospital"]
        changes = medics(incident_types={"fire": fire}, demand=demand, hospitals={"H": {"at": "c"}})
        drawn.append(dispatch.draw(scenario(tmp_path, **changes), 0))
    none, *others = drawn
    patients = [set(np.flatnonzero(np.isnan(each.transport)).tolist()) for each in others]
    assert patients[0] < patients[1] < patients[2] == set(range(len(none.transport)))
    for each in others:
        for name in ("received", "node", "on_scene", "turnout_share"):
            assert np.array_equal(getattr(each, name), getattr(none, name))


@pytest.mark.parametrize("seed", range(6))
def test_an_extra_bed_never_makes_waits_longer_in_sum(tmp_path: Path, seed: int) -> None:
    """One hospital and a unit for every call, so that arrivals are the same; the mean falls bed by bed."""
    fire = FIRE | {"hand_over": {"gamma": {"mean": 900, "shape": 0.5}}}
    units = {f"M{i}": {"type": "medic", "station": "west"} for i in range(120)}
    demand = {"poisson": {"fire": {"rate": "20/h"}}}
    waits = []
    for beds in (1, 2, 3, 4, 7, None):
        hospital = {"at": "d", "turnover": 120, **({"beds": beds} if beds else {})}
        changes = medics(incident_types={"fire": fire}, units=units, demand=demand, hospitals={"H": hospital})
        log = dispatch.simulate(scenario(tmp_path, **changes, seed=seed))
        assert (log.incidents.dispatched == log.timeline.ready).all()
        found = sorted(log.admissions, key=lambda each: each.arrived)
        began = [each.began for each in found]
        assert began == sorted(began)  # first come, first served
        if beds:
            _never_more_than(found, beds, 120.0)
        waits.append(sum(each.began - each.arrived for each in found))
    assert waits == sorted(waits, reverse=True)
    assert waits[0] > waits[1] > waits[-1] == 0.0


def _never_more_than(found: list[Admission], beds: int, turnover: float) -> None:
    """No more places are taken than there are, and nobody waits while one is free."""
    edges = sorted({e for each in found for e in (each.began, each.ended + turnover)})
    taken = [sum(each.began <= edge < each.ended + turnover for each in found) for edge in edges]
    assert max(taken) <= beds
    for each in found:
        if each.began > each.arrived:
            before = np.nextafter(each.began, 0.0)
            assert sum(other.began <= before < other.ended + turnover for other in found) == beds


# worlds drawn at random, against another reckoning


def _random_world(folder: Path, seed: int, **changes: Any) -> dispatch.Scenario:
    """Four hospitals with random places, diversions and suitability; two kinds of patients; eight medics."""
    luck = np.random.default_rng(seed)
    hospitals = {}
    for name in "hijk":
        begins = float(luck.integers(0, 15_000))
        hospitals[name] = {
            "at": str(luck.choice(list(SPOTS))),
            "beds": int(luck.integers(1, 4)),
            "turnover": float(luck.integers(0, 900)),
            "suitable_for": [["burns"], ["trauma"], []][luck.integers(0, 3)],
            "diverting": [{"begins": begins, "ends": begins + float(luck.integers(1, 9_000))}],
        }
    hospitals["h"]["suitable_for"] = []
    kinds = {
        need: FIRE
        | {
            "on_scene": {"exponential": {"mean": 300}},
            "hand_over": {"gamma": {"mean": 1500, "shape": 0.7}},
            "to_hospital": {"needs": need, "share": 0.8},
        }
        for need in ("burns", "trauma")
    }
    places = {spot: float(luck.integers(0, 5)) for spot in SPOTS}
    written = {
        "unit_types": {"medic": MEDIC["medic"] | {"turnout": {"exponential": {"mean": 60}}}},
        "units": {f"M{i}": {"type": "medic", "station": ("west", "east")[i % 2]} for i in range(10)},
        "incident_types": kinds,
        "hospitals": hospitals,
        "demand": {"poisson": {kind: {"rate": "12/h", "places": places} for kind in kinds}},
        "seed": seed,
    }
    return scenario(folder, **(written | changes))


def _links_between(start: str, end: str) -> int:
    ways = [(link[0], link[1]) for link in LINKS] + [(link[1], link[0]) for link in LINKS]
    reached, links = {start}, 0
    while end not in reached:
        reached |= {there for here, there in ways if here in reached}
        links += 1
    return links


@pytest.mark.parametrize("seed", range(8))
def test_every_choice_and_every_wait_by_another_reckoning(tmp_path: Path, seed: int) -> None:
    loaded = _random_world(tmp_path, seed)
    log = dispatch.simulate(loaded)
    spots, r = loaded.network.node_ids, log.responses
    whys = set()
    for number, each in enumerate(log.admissions):
        call = int(r.incident[each.response])
        need = loaded.kinds[log.timeline.kind[call]].id
        suitable = [
            (h, site)
            for h, site in enumerate(loaded.hospitals)
            if not site.suitable_for or need in site.suitable_for
        ]
        before = log.admissions[:number]
        diverts = {
            h: any(begins <= each.left < ends for begins, ends in site.diverting) for h, site in suitable
        }
        key = {
            h: (
                diverts[h] and not all(diverts.values()),
                sum(b.hospital == h and b.ended + site.turnover > each.left for b in before) >= site.beds,
                _links_between(spots[log.timeline.node[call]], spots[site.node]),
                site.node,
                h,
            )
            for h, site in suitable
        }
        assert each.hospital == min(key, key=lambda h: key[h])
        assert each.left == r.clear[each.response]
        assert each.arrived == pytest.approx(each.left + 200 * key[each.hospital][2])
        assert r.returning[each.response] == each.ended
        whys.add(each.why)
    for h, site in enumerate(loaded.hospitals):
        free = [0.0] * int(site.beds)
        order = [each for each in log.admissions if each.hospital == h]
        for each in sorted(order, key=lambda each: each.arrived):
            began = max(each.arrived, free.pop(0))
            assert each.began == began
            slot = r.slot[each.response]
            assert each.ended == began + log.timeline.hand_over[slot]
            free = sorted([*free, each.ended + site.turnover])
    assert len(log.admissions) > 60
    assert len(whys) >= 2


@pytest.mark.parametrize("seed", range(8))
def test_lives_with_closures_hang_together(tmp_path: Path, seed: int) -> None:
    """Roads that close and open all the time: moments in order, nobody jumps, everybody gets in somewhere."""
    luck = np.random.default_rng(100 + seed)
    closures = {}
    for i in range(40):
        begins = float(luck.integers(0, 18_000))
        ends = begins + float(luck.integers(50, 2_000))
        closures[f"c{i}"] = {"links": [str(luck.choice(LINKS))], "begins": begins, "ends": ends}
    log = dispatch.simulate(_random_world(tmp_path, seed, closures=closures))
    r, sites = log.responses, log.scenario.hospitals
    admitted = [each.response for each in log.admissions]
    assert len(set(admitted)) == len(admitted)
    patients = (r.ending == 0) & np.isnan(log.timeline.transport[r.slot])
    assert set(admitted) == set(np.flatnonzero(patients).tolist())
    for each in log.admissions:
        row = each.response
        moments = [
            r.on_scene[row],
            r.clear[row],
            each.left,
            each.arrived,
            each.began,
            each.ended,
            r.returning[row],
        ]
        assert moments == sorted(moments)
        assert r.at_hospital[row] == each.arrived
        unit = log.fleet.ids[r.unit[row]]
        node = log.scenario.network.node_ids[sites[each.hospital].node]
        for moment in (each.arrived, (each.arrived + each.ended) / 2):
            assert next(w.node for w in whereabouts(log, moment) if w.unit == unit) == node
    for site in sites:
        found = [each for each in log.admissions if sites[each.hospital] is site]
        _never_more_than(sorted(found, key=lambda each: each.arrived), int(site.beds), site.turnover)
    for unit in range(len(log.fleet)):
        rows = np.flatnonzero(r.unit == unit)
        assert (r.alerted[rows][1:] >= r.available[rows][:-1]).all()
    assert len(log.transports) > len(log.admissions) > 60
    _nobody_jumps(log)


def _nobody_jumps(log: Log, step: float = 60.0) -> None:
    """Nobody moves faster than 10 m/s from one look at the board to the next."""
    before: dict[str, tuple[float, float]] = {}
    for moment in np.arange(0.0, 20_000.0, step):
        now = {w.unit: (w.x, w.y) for w in whereabouts(log, float(moment))}
        for unit, (x, y) in before.items():
            assert np.hypot(now[unit][0] - x, now[unit][1] - y) <= 10.0 * step + 1e-3, (unit, moment)
        before = now


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (150, "left the scene"),
        (210, "no longer on scene"),
        (500, "no longer on scene"),
        (990, "not on a call"),
    ],
)
def test_a_recall_on_the_way_to_hospital_does_nothing(tmp_path: Path, moment: float, told: str) -> None:
    """M1 leaves b at 200, is at d at 600 and free there at 900: until then it is on a call."""
    recall = {"at": moment, "recall": {"unit": "M1"}}
    world = medics(hospitals={"H": {"at": "d"}}, injects=[recall])
    log = play(tmp_path, call("x", 0, "b", on_scene=100), **world)
    assert [(each.incident, each.outcome) for each in log.orders] == [(-1 if moment == 990 else 0, told)]
    assert log.responses.available.tolist() == [150 if moment == 150 else 900]
