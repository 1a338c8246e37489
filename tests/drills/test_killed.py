"""Play that is killed at random moments: no acknowledged order is lost, and the log is that of quiet play."""

from __future__ import annotations

import json
import random
import socket
from typing import TYPE_CHECKING

from dispatch.cli.drill_playing import log_text
from dispatch.drills.drill import read_drill
from dispatch.drills.session import folded, read_session
from tests.drills.exercises import RICH, begun, write_exercise
from tests.drills.test_play_command import answer_to, listening, run

if TYPE_CHECKING:
    from pathlib import Path

IN_FILE = (
    "T+2:10 raise f1 to 2",
    "T+2:20 send E1 to f1",
    "T+4:00 recall E1",
    "T+6:00 send E2 to f1",
    "T+20:30 supply 30 bags sandbags to f2",
    "T+25:00 send W2 to f2",
    "T+40:00 recall W2",
    "T+45:00 raise f2 to 3",
)
SAID = (
    "send S1 to f1", "recall S1", "supply 20 bags sandbags to f1", "ask help for f1", "raise f1 to 3",
    "stage E1 for f1 at c", "recall E2", "move E2 to west",
)  # fmt: skip
"""Said over the socket, again and again; what changes nothing at its moment is refused."""


def life(folder: Path, resumed: list[str], start: int, luck: random.Random) -> dict[int, str]:
    """Play for some orders over the socket and be killed; return what was acknowledged, by record."""
    file = str(folder / "orders.txt")
    process, port = listening(folder, "--scale", "4", "--orders", file, *resumed)
    acknowledged: dict[int, str] = {}
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as link, link.makefile() as lines:
            if not resumed:
                assert answer_to(lines, link, {"clock": {"jump": 125}, "ref": "jump"})
            end = luck.randrange(3, 9)
            for number in range(start, start + end + 20):
                said = SAID[number % len(SAID)]
                if number == start + end:
                    link.sendall((json.dumps({"say": said}) + "\n").encode())
                    process.kill()
                answer = answer_to(lines, link, {"say": said, "ref": number})
                if answer is None:
                    break
                if answer["ok"]:
                    acknowledged[answer["seq"]] = said
                answer_to(lines, link, {"clock": {"jump": answer["at"] + 20}, "ref": f"jump {number}"})
    finally:
        process.kill()
        process.communicate()
    return acknowledged


def test_killed_at_any_moment_it_loses_nothing_and_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    path, luck = write_exercise(tmp_path, RICH), random.Random(8)
    (tmp_path / "orders.txt").write_text("\n".join(IN_FILE) + "\n", encoding="utf-8")
    acknowledged: dict[int, str] = {}
    for number in range(3):
        acknowledged |= life(tmp_path, ["--resume"] if number else [], 3 * number, luck)
    options = ("--headless", "--scale", "max", "--resume", "--orders", tmp_path / "orders.txt")
    run(tmp_path, *options, "-o", tmp_path / "killed.log")

    records, _ = read_session(tmp_path / "session.jsonl")
    kept = {record["seq"]: record for record in records}
    verbs = {"send": "order", "move": "order", "raise": "level"}
    for seq, said in acknowledged.items():
        verb, unit = said.split()[:2]
        ((kind, body),) = kept[seq]["order"].items()
        assert kind == verbs.get(verb, verb)
        assert body.get("unit", unit) == unit
    assert {said.split(maxsplit=1)[0] for said in acknowledged.values()} >= {
        "send",
        "recall",
        "supply",
        "ask",
    }
    of_file = [record["source"] for record in records if "source" in record]
    assert of_file == sorted(set(of_file), key=of_file.index), "each order of the file once"
    assert {f"orders.txt:{number}" for number in (1, 2, 5, 8)} <= set(of_file)

    drill = read_drill(path)
    quiet = begun(drill, tmp_path, "quiet", attended=False)
    for record in records:
        if record["what"] == "order":
            quiet.schedule(record["at"], {"order": record["order"]}, str(record["seq"]))
    quiet.step(drill.file.lasts)
    quiet.session.close()
    assert quiet.over
    assert quiet.state.orders == folded(records).orders
    assert quiet.state.delivered == folded(records).delivered
    assert log_text(drill, quiet.log) == (tmp_path / "killed.log").read_text(encoding="utf-8")
