"""Draw the picture of the README, the output of the demo: ``python docs/picture.py``."""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console

from dispatch import compare, load
from dispatch.report.terminal import print_study

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Simulate what ``make demo`` does, with one of its two plans, and save it without outside fonts."""
    scenario = load(ROOT / "scenarios/lanzhou-plan-2020.yaml")
    study = compare(scenario, ["baseline", "plan-2020"], 30)
    console = Console(record=True, width=92, force_terminal=True, file=io.StringIO())
    print_study(console, study)
    picture = console.export_svg(title="dispatch compare", unique_id="demo")
    picture = re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL)
    picture = re.sub(r"<!--.*?-->", "", picture, flags=re.DOTALL)
    target = ROOT / "docs/img/compare.svg"
    target.write_text(re.sub(r"[ \t]+\n", "\n", picture), encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
