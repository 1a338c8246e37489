"""``dispatch grade``: class, response and level in words and as JSON, and what it refuses."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from dispatch.cli.grading import SCENES
from dispatch.scenario.grading import scale
from tests.cli.test_output import _terminal, _width
from tests.cli.world import dispatch


def grade(words: str, code: int = 0) -> str:
    """Return what the command prints."""
    done = dispatch("grade", *shlex.split(words), code=code)
    assert not done.stderr
    return done.stdout


def refused(words: str) -> str:
    """Return why the command does nothing."""
    done = dispatch("grade", *shlex.split(words), code=2)
    assert not done.stdout
    return done.stderr.rstrip("\n")


def test_an_accident_in_words() -> None:
    assert grade("--dead 3 --injured 12 --loss '10 M'") == (
        "accident class: relatively major (较大)\n"
        "  3 dead, 3 or more\n"
        "  12 seriously injured, 10 or more\n"
        "  10,000,000 yuan of direct loss, 10,000,000 or more\n"
        "government response: III, led by city (市级), colour yellow (黄色)\n"
    )


def test_a_fire_in_words() -> None:
    assert grade("--fire --trapped 3 --scene high-rise --level 2 --night --key-unit") == (
        "alarm level: 4, level 4 fire (四级火警), colour orange (橙色)\n"
        "  stated for the type: level 2\n"
        "  3 trapped: level 3\n"
        "  scene high-rise (small fire in a high-rise building): level 3\n"
        "  at night: +1\n"
        "  at a key unit: +1\n"
        "  uplifts come to 2, of which 1 may count\n"
        "command: city command, duty headquarters of the detachment (市级指挥部、支队全勤指挥部)\n"
    )


def test_a_rescue_and_an_accident_at_once() -> None:
    assert grade("--rescue --dead 1 --loss 9999999.99") == (
        "accident class: ordinary (一般)\n"
        "  1 dead\n"
        "  9,999,999.99 yuan of direct loss\n"
        "government response: IV, led by county or district (县(区)级), colour blue (蓝色)\n"
        "alarm level: 2, level 2 rescue (二级应急救援), colour yellow (黄色)\n"
        "  nothing else said: level 1\n"
        "  1 dead or seriously injured: level 2\n"
        "command: duty chief of the brigade (大队值班领导)\n"
    )


def test_without_harm_there_is_neither_class_nor_response() -> None:
    assert grade("--dead 0 --loss 0").startswith("accident class: none, and no government response\n")
    assert "accident class" not in grade("--fire")


def test_a_class_as_json() -> None:
    text = grade("--dead 10 --injured 2 --json")
    found = json.loads(text)
    assert text == json.dumps(found, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    assert grade("--dead 10 --injured 2 --json") == text
    assert found["alarm"] is None
    assert found["reported"] == {
        "dead": 10, "seriously_injured": 2, "loss": None, "trapped": None, "scene": None,
    }  # fmt: skip
    accident = found["accident"]
    assert "Order 493" in accident.pop("source")
    assert accident == {
        "class": "major",
        "title": {"en": "major", "zh": "重大"},
        "decided_by": [{"figure": "dead", "value": 10, "at_least": 10}],
        "response": {
            "level": "II",
            "led_by": {"en": "province", "zh": "省级"},
            "colour": {"en": "orange", "zh": "橙色"},
        },
    }


def test_a_level_as_json() -> None:
    found = json.loads(grade("--fire --trapped 30 --weather --json"))
    assert found["accident"] is None
    alarm = found["alarm"]
    assert "1340" in alarm.pop("source")
    assert alarm.pop("command")["en"] == "province"
    reasons = alarm.pop("reasons")
    assert alarm == {
        "scale": "fire", "level": 5, "title": {"en": "level 5 fire", "zh": "五级火警"},
        "colour": {"en": "red", "zh": "红色"},
    }  # fmt: skip
    assert reasons == [
        {"code": "lowest", "words": "nothing else said: level 1", "level": 1, "adds": 0, "values": {}},
        {"code": "trapped", "words": "30 trapped: level 5", "level": 5, "adds": 0, "values": {"trapped": 30}},
        {"code": "weather", "words": "bad weather: +1", "level": None, "adds": 1, "values": {}},
        {"code": "top", "words": "the scale ends at 5", "level": None, "adds": 0, "values": {"top": 5}},
    ]


@pytest.mark.parametrize("flag", ["--night", "--high-risk", "--dry-hydrants", "--key-unit", "--weather"])
def test_each_uplift_adds_one(flag: str) -> None:
    assert json.loads(grade("--fire --json"))["alarm"]["level"] == 1
    assert json.loads(grade(f"--fire {flag} --json"))["alarm"]["level"] == 2
    assert json.loads(grade(f"--fire {flag} --most-uplift 0 --json"))["alarm"]["level"] == 1


def test_uplifts_add_up_if_they_may() -> None:
    flags = "--night --high-risk --dry-hydrants"
    for most, level in ((0, 1), (1, 2), (2, 3), (3, 4), (4, 4)):
        words = f"--fire {flags} --most-uplift {most} --json"
        assert json.loads(grade(words))["alarm"]["level"] == level
    assert json.loads(grade(f"--fire {flags} --json"))["alarm"]["level"] == 2


@pytest.mark.parametrize("loss", ["1000万", "0.1亿", "10 M", "10000000", "10,000,000", "1e7"])
def test_losses_are_read(loss: str) -> None:
    if loss == "1e7":
        assert "--loss: '1e7' is not an amount of money. Write yuan as a number" in refused("--loss 1e7")
    else:
        assert json.loads(grade(f"--loss '{loss}' --json"))["accident"]["class"] == "relatively-major"


@pytest.mark.parametrize(
    ("words", "message"),
    [("", "nothing to grade. Give --dead, --injured or --loss, or ask with --fire or --rescue."),
     ("--json", "nothing to grade. Give --dead, --injured or --loss, or ask with --fire or --rescue."),
     ("--trapped 3", "--trapped says something of an alarm level only. Add --fire or --rescue."),
     ("--dead 3 --night --most-uplift 0",
      "--night, --most-uplift say something of an alarm level only. Add --fire or --rescue."),
     ("--fire --rescue", "--fire and --rescue cannot be asked for both. Choose one."),
     ("--rescue --level 5", "--level 5: the scale ends at 4. Give a level from 1 to 4."),
     ("--fire --scene highrise",
      "no class of scenes 'highrise' on the scale 'fire'. Did you mean 'high-rise'?"),
     ("--loss 3.001", "--loss: '3.001' is finer than a fen. Round it to two decimals."),
     ("--loss ''", "--loss: '' is not an amount of money. Write yuan as a number, or a text such as "
                   "'1000万', '0.1亿' or '10 M'.")],
)  # fmt: skip
def test_what_cannot_be_graded_is_refused(words: str, message: str) -> None:
    assert refused(words) == message


@pytest.mark.parametrize(
    "words", ["--dead -1", "--dead 1.5", "--injured many", "--fire --level 6", "--dead 99999999"]
)
def test_numbers_that_cannot_be_are_refused(words: str) -> None:
    assert "Invalid value for" in refused(words)


def test_the_help_names_every_scene_and_its_example_runs() -> None:
    named = set(re.findall(r"[a-z]+(?:-[a-z]+)*(?=[,.])", SCENES.partition(".")[2]))
    assert named == set(scale("fire").file.scenes) | set(scale("rescue").file.scenes)
    shown = dispatch("grade", "--help", COLUMNS="200").stdout
    example = re.search(r"Example: dispatch grade (.*)", shown)
    assert example
    assert "level 5 fire" in grade(example[1].strip(" │"))


@pytest.mark.parametrize("columns", [40, 72])
def test_no_terminal_cuts_it(columns: int) -> None:
    words = ("grade", "--fire", "--scene", "larger", "--dead", "3", "--loss", "1000万", "--night")
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", _terminal(columns, *words))
    assert all(_width(line) <= columns for line in shown.splitlines())
    flat = " ".join(shown.split())
    for text in ("10,000,000", "红色", "level 4", "at night: +1"):
        assert text.replace(" ", "") in flat.replace(" ", "")
