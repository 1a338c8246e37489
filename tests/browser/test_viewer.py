"""The map and its playbacks, drawn from payloads made by hand in a browser without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dispatch.briefing.colours import FIRST_DUE
from tests.browser.harness import ROOT, call, from_network, mover, page, payload, playback, station

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from dispatch.briefing.payload import MapPayload
    from tests.browser.conftest import Opened

    Open = Callable[..., Opened]

# E1 stands for a minute, drives 800 m south in 100 s, stands for 200 s, and drives 500 m east in 50 s
E1 = mover(
    "E1",
    [(60_000, 0, 8000), (160_000, 0, 0), (360_000, 0, 0), (410_000, 5000, 0)],
    [(0, 0, -1), (30_000, 1, 0), (60_000, 2, 0), (160_000, 4, 0), (360_000, 6, -1), (410_000, 0, -1)],
)
E2 = mover("E2", [(0, 3000, 3000)], [(0, 3, 0)])
C1 = call("C1", (0, 0), (3610, 3620, 3630, 3760, 3760, 3960), levels=[(3620, 1), (3800, 3)])
TRUCK = mover("W1", [(0, 0, 0), (3_600_000, 7200, 0)], [(0, 6, -1)], home="d1")
ZH = {
    "truck {status}": "运输车{status}",
    "Play": "播放",
    "Pause": "暂停",
    "Status board": "状态板",
    "en route": "途中",
    "handed over": "已移交上级",
    "{what}: {who}": "{what}：{who}",
    "Map": "地图",
}


def played(**more: Any) -> MapPayload:
    notices = [(3610.0, "handed over", "E1 · C1", "to city"), (3760.0, "staged", "<b>E1</b>", "")]
    told = playback([E1, E2], [C1], trucks=[TRUCK], notices=notices, all_notices=40, all_calls=9)
    return payload(playbacks=[told], **more)


def picture(page: Page) -> str:
    """Return what the canvas shows, once it is at rest."""
    page.wait_for_timeout(200)
    return str(page.evaluate("document.querySelector('.viewer-canvas').toDataURL()"))


def colours_of(page: Page) -> set[int]:
    page.wait_for_timeout(200)
    found = page.evaluate(
        """() => { const c = document.querySelector(".viewer-canvas"), n = new Map();
        const g = new OffscreenCanvas(c.width, c.height).getContext("2d", { willReadFrequently: true });
        g.drawImage(c, 0, 0);
        const d = g.getImageData(0, 0, c.width, c.height).data;
        for (let i = 0; i < d.length; i += 4) { const k = d[i] << 16 | d[i + 1] << 8 | d[i + 2];
          n.set(k, (n.get(k) ?? 0) + 1); }
        return [...n].filter(([, count]) => count > 30).map(([k]) => k); }"""
    )
    return set(found)


def clean(opened: Opened) -> bool:
    return opened.requests == [] and opened.complaints == []


def cells(page: Page, heading: str) -> list[list[str]]:
    """Return the rows of one of the tables beside the map."""
    section = page.locator("section").filter(has=page.get_by_role("heading", name=heading))
    rows = section.locator("tbody tr").all()
    return [[cell.inner_text().strip() for cell in row.locator("td").all()] for row in rows]


def test_every_layer_has_its_colours(open_page: Open) -> None:
    opened = open_page(page(payload()))
    base = colours_of(opened.page)
    assert 0x6F7A85 in base  # a primary road
    opened.js("dispatchReport.layer('first_due', 'base')")
    hues = {int(colour[1:], 16) for limit, colour in FIRST_DUE if limit in (240, 480)}
    assert hues <= colours_of(opened.page)  # means of 60 and 200, of 60 and 700
    opened.js("dispatchReport.layer('change', 'new')")
    # the streets are as they were, 150 s sooner, 150 s later, and reached to their end only now
    assert colours_of(opened.page) >= {0xB5BBC1, 0x2166AC, 0xC4561D, 0x08306B}
    opened.js("dispatchReport.layer('risk')")
    assert opened.page.get_by_text("red: highest").is_visible()
    assert opened.js("dispatchReport.view().theme") == "risk"
    assert clean(opened)


def test_dragging_zooming_and_keys_move_the_picture(open_page: Open) -> None:
    opened = open_page(page(payload()))
    frame = opened.page.locator(".viewer-frame")
    box = frame.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def centre() -> list[float]:
        return [*opened.js("dispatchReport.view().centre")]

    pictures = [picture(opened.page)]
    assert centre() == pytest.approx([500_000, 4_000_000])
    zoom = opened.js("dispatchReport.view().zoom")
    opened.page.mouse.move(x, y)
    opened.page.mouse.down()
    opened.page.mouse.move(x + 100, y - 60, steps=4)
    opened.page.mouse.up()
    pictures.append(picture(opened.page))
    assert centre() == pytest.approx([500_000 - 100 / zoom, 4_000_000 - 60 / zoom])
    opened.page.mouse.wheel(0, -200)
    opened.until(f"dispatchReport.view().zoom > {zoom} * 1.3")
    pictures.append(picture(opened.page))
    for key, change in (("ArrowRight", 0), ("ArrowUp", 1)):
        before = centre()
        opened.page.keyboard.press(key)
        assert centre()[change] > before[change]
    pictures.append(picture(opened.page))
    opened.page.keyboard.press("0")
    assert opened.js("dispatchReport.view().zoom") == pytest.approx(zoom)
    opened.page.keyboard.press("+")
    assert opened.js("dispatchReport.view().zoom") == pytest.approx(1.5 * zoom)
    assert len(set(pictures)) == len(pictures)
    assert clean(opened)


def test_the_wheel_leaves_the_page_alone_until_the_map_is_chosen(open_page: Open) -> None:
    opened = open_page(page(payload()))
    zoom = opened.js("dispatchReport.view().zoom")
    opened.page.locator(".viewer-canvas").hover()
    opened.page.mouse.wheel(0, -200)
    opened.page.get_by_text("Click the map first").wait_for(state="visible")
    assert opened.js("dispatchReport.view().zoom") == zoom


@pytest.mark.parametrize(
    ("moment", "x", "y", "status", "incident"),
    [
        (3600, 0, 8000, "in quarters", ""),
        (3660, 0, 8000, "en route", "C1"),
        (3670, 0, 7200, "en route", "C1"),
        (3685.5, 0, 5960, "en route", "C1"),
        (3760, 0, 0, "on scene", "C1"),
        (3959.999, 0, 0, "on scene", "C1"),
        (3960, 0, 0, "returning", ""),
        (3985, 2500, 0, "returning", ""),
        (7200, 5000, 0, "in quarters", ""),
    ],
)
def test_units_are_where_the_tracks_say(
    open_page: Open, moment: float, x: int, y: int, status: str, incident: str
) -> None:
    opened = open_page(page(played()))
    opened.js("t => dispatchReport.seek(t)", moment)
    found = opened.js("dispatchReport.position('E1')")
    assert (found["status"], found["incident"]) == (status, incident)
    assert (found["x"], found["y"]) == pytest.approx((500_000 + x / 10, 4_000_000 + y / 10), abs=1e-6)
    assert opened.js("dispatchReport.position('E2')")["status"] == "staged"
    assert opened.js("dispatchReport.position('nobody')") is None


def test_the_boards_tell_a_moment(open_page: Open) -> None:
    opened = open_page(page(played()))
    opened.js("dispatchReport.seek(3810)")
    assert cells(opened.page, "Status board") == [
        ["E1", "north", "on scene", "C1"], ["E2", "north", "staged", "C1"], ["W1", "Depot", "returning", ""],
    ]  # fmt: skip
    assert cells(opened.page, "Open calls") == [["C1", "fire", "centre", "3", "3 min 20 s", "2 min 30 s"]]
    notices = opened.page.locator(".viewer-notices li").all_inner_texts()
    # the scenario starts at 8:00 in China, whatever the clock of the reader says
    assert notices == ["09:02:40 staged: <b>E1</b>", "09:00:10 handed over: E1 · C1 (to city)"]
    assert opened.page.locator(".viewer-time").inner_text() == "09:03:30"
    slider = opened.page.get_by_label("Moment")
    assert "09:03:30" in str(slider.get_attribute("aria-valuetext"))
    assert opened.page.get_by_text("1 of 9 calls of this stretch").is_visible()
    assert opened.page.get_by_text("2 of 40 notices").is_visible()
    opened.js("dispatchReport.seek(3960)")
    assert cells(opened.page, "Open calls") == []
    opened.page.get_by_label("Only units that are out").check()
    assert [row[0] for row in cells(opened.page, "Status board")] == ["E1", "E2", "W1"]
    opened.js("dispatchReport.seek(4100)")
    assert [row[0] for row in cells(opened.page, "Status board")] == ["E2", "W1"]


def test_play_moves_and_pause_stops(open_page: Open) -> None:
    opened = open_page(page(played()))
    opened.js("dispatchReport.seek(3660)")
    before = picture(opened.page)
    opened.page.locator(".viewer-frame").focus()
    opened.page.keyboard.press("Space")
    opened.until("dispatchReport.position('E1').y < 4000750")
    opened.page.get_by_role("button", name="Pause").click()
    clock = opened.js("dispatchReport.clock()")
    stopped = picture(opened.page)
    assert stopped != before
    opened.page.wait_for_timeout(150)
    assert opened.js("dispatchReport.clock()") == clock
    assert picture(opened.page) == stopped
    assert clean(opened)


def test_playing_ends_at_the_end(open_page: Open) -> None:
    opened = open_page(page(played()))
    opened.page.get_by_label("Speed").select_option("1800")
    opened.js("dispatchReport.play()")
    opened.until("dispatchReport.clock() === 7200")
    assert opened.page.get_by_role("button", name="Play").is_visible()


def test_events_and_the_slider_are_at_hand(open_page: Open) -> None:
    opened = open_page(page(played()))
    seen = []
    for name in ("Next event", "Next event", "Next event", "Previous event"):
        opened.page.get_by_role("button", name=name).click()
        seen.append(opened.js("dispatchReport.clock()"))
    assert seen == [3610, 3630, 3660, 3630]
    opened.page.get_by_label("Moment").focus()
    opened.page.keyboard.press("ArrowRight")
    assert opened.js("dispatchReport.clock()") == 3631
    opened.page.keyboard.press("End")
    assert opened.js("dispatchReport.clock()") == 7200


def test_the_language_can_be_switched_and_the_view_stays(open_page: Open) -> None:
    opened = open_page(page(played(), {"en": {}, "zh": ZH}))
    opened.js("dispatchReport.seek(3700)")
    opened.js("dispatchReport.layer('first_due', 'base')")
    before = opened.js("[dispatchReport.clock(), dispatchReport.view()]")
    opened.js("dispatchReport.setLanguage('zh')")
    assert opened.page.locator("main[lang=zh-CN] .viewer").count() == 1
    assert opened.page.locator(".viewer").count() == 1
    assert opened.page.get_by_role("button", name="播放").is_visible()
    assert cells(opened.page, "状态板")[0] == ["E1", "north", "途中", "C1"]
    assert opened.page.get_by_text("已移交上级：E1 · C1").is_visible()
    assert opened.js("[dispatchReport.clock(), dispatchReport.view()]") == before
    opened.js("dispatchReport.setLanguage('en')")
    assert opened.page.get_by_role("button", name="Play").is_visible()
    assert clean(opened)


def test_layouts_without_a_playback_say_so(open_page: Open) -> None:
    opened = open_page(page(played()))
    opened.page.get_by_label("Layout", exact=True).select_option("new")
    assert opened.page.get_by_text("There is no playback of this layout.").is_visible()
    assert opened.js("dispatchReport.position('E1')") is None
    opened.js("dispatchReport.seek(3700); dispatchReport.play(); dispatchReport.pause()")
    opened.page.get_by_label("Playback").select_option("0")
    assert opened.js("dispatchReport.view().layout") == "base"
    assert opened.js("dispatchReport.position('E1')") is not None
    assert clean(opened)


def test_calls_are_sampled_openly(open_page: Open) -> None:
    opened = open_page(page(payload()))
    before = picture(opened.page)
    opened.page.get_by_label("Calls", exact=True).check()
    assert opened.page.get_by_text("3 of 100,234 calls of replication 0 are drawn").is_visible()
    assert picture(opened.page) != before


def test_what_is_pointed_at_is_told(open_page: Open) -> None:
    opened = open_page(page(played()))
    opened.js("dispatchReport.seek(3700)")
    opened.page.get_by_label("Find").select_option("old")
    box = opened.page.locator(".viewer-frame").bounding_box()
    assert box is not None
    facts = opened.page.locator(".viewer-info")
    assert "closed" in facts.inner_text()
    opened.page.locator(".viewer-frame").focus()
    opened.page.keyboard.press("Escape")
    assert facts.is_hidden()
    opened.page.keyboard.press("0")
    opened.page.get_by_role("button", name="E2").click()  # it now stands in the middle
    opened.page.keyboard.press("Escape")
    opened.page.get_by_role("button", name="Close").click()
    opened.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert "staged" in facts.inner_text()


def test_names_with_markup_are_inert(open_page: Open) -> None:
    bad = '<img src=x onerror="alert(1)"></script><script>alert(2)</script>\u202e'
    layouts = payload()["layouts"]
    layouts[0]["title"] = bad
    layouts[0]["stations"] = [station("north", (0, 8000), [bad], "added", title=bad)]
    units = [{**E1, "id": bad, "home": bad}, E2]
    calls = [call(bad, (0, 0), (3600, 3600, None, None, None, None), type=bad, zone=bad)]
    made = payload(
        layouts=layouts, named=[{"title": bad, "at": (0, 0)}], sources=[bad],
        zones=[{"name": bad, "risk": "red", "at": (0, 0)}] * 2,
        playbacks=[playback(units, calls, notices=[(3600.0, bad, bad, bad)], all_notices=1)],  # type: ignore[arg-type]
    )  # fmt: skip
    opened = open_page(page(made))
    opened.js("dispatchReport.seek(3700)")
    for theme in ("first_due", "change", "risk"):
        opened.js("theme => dispatchReport.layer(theme)", theme)
    for name in ("Status board", "Open calls"):
        section = opened.page.locator("section").filter(has=opened.page.get_by_role("heading", name=name))
        section.locator("tbody button").first.click()
    opened.page.get_by_label("Find").select_option("north")
    assert bad in str(opened.page.locator(".viewer-info").text_content())
    assert opened.page.locator(".viewer img, .viewer script").count() == 0
    assert clean(opened)


def odd(name: str) -> MapPayload:
    if name == "matrix":
        return played(roads=None)
    if name == "nothing":
        return payload(
            roads=None, node_dx=[], node_dy=[], zone_of=[], zones=[], named=[], layouts=[], sites=[],
            calls=None, box=(0, 0, 0, 0), reference="",
        )  # fmt: skip
    if name == "one node":
        return payload(roads=None, node_dx=[5], node_dy=[5], zone_of=[-1], box=(5, 5, 5, 5), zones=[])
    empty: dict[str, list[Any]] = {
        "classes": [],
        "class_of": [],
        "points": [],
        "dx": [],
        "dy": [],
        "tail": [],
        "head": [],
    }
    return payload(
        roads=empty,
        playbacks=[playback([], [])],
        calls={**(payload()["calls"] or {}), "dx": [], "dy": [], "first": [], "type_of": []},
    )


@pytest.mark.parametrize("name", ["matrix", "nothing", "one node", "empty"])
def test_odd_payloads_raise_nothing(open_page: Open, name: str) -> None:
    opened = open_page(page(odd(name)))
    for theme in ("first_due", "change", "risk", "roads"):
        opened.js("theme => dispatchReport.layer(theme)", theme)
        assert picture(opened.page)
    for code in (
        "seek(4000)",
        "play()",
        "pause()",
        "position('E1')",
        "setLanguage('zh')",
        "setLanguage('en')",
    ):
        opened.js(f"dispatchReport.{code}")
    opened.page.locator(".viewer-frame").click()
    assert opened.js("dispatchReport.view().zoom") > 0
    assert clean(opened)


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_screen(open_page: Open, width: int) -> None:
    opened = open_page(page(played()), width=width)
    opened.js("dispatchReport.seek(3800)")
    opened.page.get_by_label("Find").select_option("north")
    assert opened.js("document.documentElement.scrollWidth") <= width


def test_printing_draws_twice_as_sharp(open_page: Open) -> None:
    opened = open_page(page(payload()))
    code = "document.querySelector('.viewer-canvas').width"
    width = opened.js(code)
    opened.js("window.dispatchEvent(new Event('beforeprint'))")
    assert opened.js(code) == 2 * width
    opened.js("window.dispatchEvent(new Event('afterprint'))")
    assert opened.js(code) == width


def test_a_real_network_is_drawn(open_page: Open) -> None:
    opened = open_page(page(from_network(ROOT / "networks" / "lanzhou-new-area")))
    assert 0x3F5F8A in colours_of(opened.page)  # motorways
    assert opened.js("dispatchReport.view().centre") == pytest.approx([103.6, 36.4], abs=0.3)
    assert clean(opened)


def large(links: int) -> MapPayload:
    """A grid of streets with as many links."""
    side = int((links / 2) ** 0.5)
    x, y = (grid.ravel() * 1000 for grid in np.meshgrid(np.arange(side), np.arange(side)))
    node = np.arange(side * side).reshape(side, side)
    tail = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    head = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    ends = np.stack([tail, head], axis=1).ravel()
    roads = {
        "classes": ["primary", "local"], "class_of": (tail % 2).tolist(), "points": [2] * len(tail),
        "dx": np.diff(x[ends], prepend=0).tolist(), "dy": np.diff(y[ends], prepend=0).tolist(),
        "tail": tail.tolist(), "head": head.tolist(),
    }  # fmt: skip
    most = (side - 1) * 1000
    return payload(
        roads=roads, box=(0, 0, most, most), node_dx=np.diff(x, prepend=0).tolist(),
        node_dy=np.diff(y, prepend=0).tolist(), zone_of=[0] * len(x),
    )  # fmt: skip


def test_dragging_a_large_network_tells_its_frames(
    open_page: Open, record_property: Callable[[str, object], None]
) -> None:
    """Frames a second while 20,000 links are dragged, printed for those who watch speed."""
    opened = open_page(page(large(20_000)))
    box = opened.page.locator(".viewer-frame").bounding_box()
    assert box is not None
    opened.page.mouse.move(box["x"] + 300, box["y"] + 200)
    before = picture(opened.page)
    opened.js(
        """() => { window.frames_ = 0; window.began_ = performance.now();
        const count = () => { window.frames_ += 1; requestAnimationFrame(count); }; count(); }"""
    )
    opened.page.mouse.down()
    opened.page.mouse.move(box["x"] + 500, box["y"] + 320, steps=40)
    opened.page.mouse.up()
    rate = opened.js("1000 * window.frames_ / (performance.now() - window.began_)")
    record_property("frames a second while dragging 20,000 links", f"{rate:.0f}")
    assert picture(opened.page) != before
    assert clean(opened)
