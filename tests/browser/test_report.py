"""Whole reports, made by the command and opened from their files with the network off."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dispatch import load, simulate
from dispatch.cli import run_cli
from dispatch.engine.board import Board
from dispatch.engine.whereabouts import whereabouts

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.conftest import Opened

ROOT = Path(__file__).resolve().parents[2]


def command(*words: object) -> None:
    """Run a command that must succeed."""
    with pytest.raises(SystemExit) as end:
        run_cli([str(word) for word in words])
    assert end.value.code == 0


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of the Lanzhou New Area and its report in English."""
    folder = tmp_path_factory.mktemp("report")
    scenario = ROOT / "scenarios" / "lanzhou-plan-2020.yaml"
    command("compare", scenario, "baseline", "plan-2020", "-r", 3, "-o", folder / "study")
    command("report", folder / "study", "--scenario", scenario, "-o", folder / "report.html", "--day", 100)
    return folder


@pytest.fixture(scope="session")
def tank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the tank fire, with trucks, and its report in Chinese."""
    folder = tmp_path_factory.mktemp("tank")
    scenario = ROOT / "scenarios" / "lz-petro-tank.yaml"
    command("run", scenario, "-r", 2, "-o", folder / "run")
    command("report", folder / "run", "--scenario", scenario, "-o", folder / "report.html", "--lang", "zh")
    return folder


@pytest.mark.parametrize("width", [1280, 390])
def test_a_report_opens_without_network_errors_or_overflow(
    study: Path, open_page: Callable[..., Opened], width: int
) -> None:
    opened = open_page(study / "report.html", width=width)
    assert opened.requests == []
    assert opened.complaints == []
    assert opened.js("document.documentElement.scrollWidth") <= width
    ink = opened.js(
        """() => { const c = document.querySelector(".viewer-canvas"), g = c.getContext("2d");
        const d = g.getImageData(0, 0, c.width, c.height).data, seen = new Set();
        for (let i = 0; i < d.length; i += 4) seen.add(d[i] << 16 | d[i + 1] << 8 | d[i + 2]);
        return seen.size; }"""
    )
    assert ink > 20  # roads, stations and names in their colours


def visible(opened: Opened) -> str:
    return str(
        opened.js("[...document.querySelectorAll('main')].filter(m => !m.hidden).map(m => m.lang).join()")
    )


def test_the_language_can_be_switched(study: Path, tank: Path, open_page: Callable[..., Opened]) -> None:
    opened = open_page(study / "report.html")
    assert visible(opened) == "en"
    opened.page.get_by_role("button", name="中文").first.click()
    assert visible(opened) == "zh-CN"
    assert opened.js("document.querySelector('main[lang=\"zh-CN\"] .viewer-canvas') !== null")
    assert visible(open_page(tank / "report.html")) == "zh-CN"


@pytest.mark.parametrize("name", ["study", "tank"])
def test_units_are_where_the_log_says_at_five_instants(
    name: str, study: Path, tank: Path, open_page: Callable[..., Opened]
) -> None:
    folder = study if name == "study" else tank
    case = "lanzhou-plan-2020" if name == "study" else "lz-petro-tank"
    scenario = load(ROOT / "scenarios" / f"{case}.yaml")
    log = simulate(scenario, "baseline", 0)
    opened = open_page(folder / "report.html")
    begin, end = played(folder)
    moving = 0
    for share in (0.04, 0.21, 0.43, 0.6, 0.87):
        moment = begin + share * (end - begin)
        opened.js("t => window.dispatchReport.seek(t)", moment)
        board = Board.at(log, moment)
        for where in whereabouts(log, moment):
            shown: dict[str, Any] = opened.js("id => window.dispatchReport.position(id)", where.unit)
            assert shown["x"] == pytest.approx(where.x, abs=1e-5)  # about a metre
            assert shown["y"] == pytest.approx(where.y, abs=1e-5)
            assert shown["status"] == str(board.units[where.unit])
            moving += where.status in ("en route", "returning")
        assert opened.js("window.dispatchReport.clock()") == pytest.approx(moment)
    assert moving > 0 or name == "study"


def played(folder: Path) -> tuple[float, float]:
    """Return begin and end of the playback of a report, unpacked as the page does."""
    import base64
    import zlib

    html = (folder / "report.html").read_text(encoding="utf-8")
    packed = re.search(r'id="dispatch-map">([^<]*)<', html)
    assert packed is not None
    payload = json.loads(zlib.decompress(base64.b64decode(packed[1])))
    first = payload["playbacks"][0]
    return first["begin"], first["end"]


def test_play_moves_units_and_pause_stops_them(tank: Path, open_page: Callable[..., Opened]) -> None:
    opened = open_page(tank / "report.html")
    begin = opened.js("window.dispatchReport.clock()")
    opened.js("window.dispatchReport.play()")
    opened.until(f"window.dispatchReport.clock() > {begin} + 1")
    opened.js("window.dispatchReport.pause()")
    stopped = opened.js("window.dispatchReport.clock()")
    opened.page.wait_for_timeout(150)
    assert opened.js("window.dispatchReport.clock()") == stopped


def test_numbers_are_those_of_the_study(study: Path, open_page: Callable[..., Opened]) -> None:
    """The headline table shows what study.json holds, rounded as people write it."""
    document = json.loads((study / "study" / "study.json").read_text(encoding="utf-8"))
    opened = open_page(study / "report.html")
    table = opened.js(
        """() => [...document.querySelector('main[lang="en"] table').rows].map(
        row => [...row.cells].map(cell => cell.innerText.replace(/\\s+/g, " ").trim()))"""
    )
    rows = {row[0]: row[1:] for row in table}
    assert len(rows) > 10
    for layout, column in (("baseline", 0), ("plan-2020", 1)):
        measures = document["layouts"][layout]["measures"]
        shown = rows["calls"][column]
        assert shown.startswith(f"{measures['incidents.n']['mean']:,.1f} ±")
        share = measures["coverage.static.within_300s"]["mean"]
        assert rows["demand ≤ 5 min of travel"][column].startswith(f"{100 * share:.1f} %")
        seconds = round(measures["total.first.mean"]["mean"])
        told = f"{seconds // 60} min {seconds % 60:02d} s"
        assert rows["first unit, from call: mean"][column].startswith(told)
