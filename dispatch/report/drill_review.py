"""The after-action report as files: one page, Markdown, a workbook, or a folder with all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatch.briefing.contents import Said, Section
from dispatch.io.tables import csv_text
from dispatch.io.whole_files import write_text_whole
from dispatch.io.whole_folders import write_folder_whole
from dispatch.report.markdown import whole_document
from dispatch.report.page import page
from dispatch.report.workbook import workbook, write_workbook

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch.briefing.contents import Briefing
    from dispatch.report.words import Words

LIST = "files.csv"
"""Names every file of a folder."""


def write_review(out: Path, briefing: Briefing, words: Words) -> None:
    """Write an after-action report by the ending of its name; whole or not at all."""
    ending = out.suffix.lower()
    if ending == ".xlsx":
        write_workbook(out, briefing, words)
    elif ending in (".html", ".htm"):
        write_text_whole(out, page(briefing, words.lang))
    elif ending in (".md", ".markdown"):
        write_text_whole(out, review_text(briefing, words))
    else:
        files = {
            "aar.html": page(briefing, words.lang).encode(),
            "aar.md": review_text(briefing, words).encode(),
            "aar.xlsx": workbook(briefing, words),
        }
        write_folder_whole(out, LIST, {**files, LIST: csv_text({"file": sorted(files)}).encode()})


def review_text(briefing: Briefing, words: Words) -> str:
    """Return an after-action report as Markdown."""
    first = Section("ratings", Said("Overview"), briefing.statements, (briefing.headline,))
    return whole_document(briefing.title, briefing.marks, (first, *briefing.sections), words, briefing.kind)
