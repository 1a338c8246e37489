"""Figures as pictures: SVG inside a page, and SVG and PNG files."""

from __future__ import annotations

import re
import warnings
from contextlib import contextmanager
from io import BytesIO, StringIO
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from dispatch.errors import UsageError
from dispatch.io.whole_folders import write_listed
from dispatch.report.plots import plot
from dispatch.report.scales import line
from dispatch.report.sheets import FULL, SIZE, compose

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from matplotlib.figure import Figure as Sheet

    from dispatch.briefing.contents import Briefing, Figure
    from dispatch.report.words import Words

DPI = 200
"""Of PNG files."""
FONTS = "'Noto Sans CJK SC','Microsoft YaHei','PingFang SC','Hiragino Sans GB',sans-serif"
CHINESE = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "Microsoft YaHei",
           "PingFang SC", "Hiragino Sans GB", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "SimHei",
           "Arial Unicode MS")  # fmt: skip
"""Fonts with Chinese glyphs, the best first."""

_GROUP = re.compile(r'<g id="([^"]*)"')
_ID = re.compile(r' id="([^"]*)"')
_PATH = re.compile(r' d="([^"]*)"')
_NUMBER = re.compile(r"-?\d+\.\d+")
_FONT = re.compile(r"""font: (?:(bold|[5-9]00) )?([\d.]+px) [^;"]*""")
_UNTURNED = re.compile(r' transform="rotate\(-?0 [^)]*\)"')
_TEXT_PLACE = re.compile(r' ([xy])="(-?\d+\.\d+)"')
_MISSING = re.compile(r"Glyph (\d+)")


def svg(figure: Figure, words: Words, prefix: str = "", *, has_table: bool = False) -> str:
    """Return a figure as an SVG element for a page; ``prefix`` begins its ids, so that all differ.

    ``has_table`` says whether the table of its numbers follows it, which its text for listeners then tells.
    """
    with _drawing(["DejaVu Sans"]):
        raw = _raw(compose(plot(figure, words), "", words))
    return _inline(raw, figure, words, prefix, has_table=has_table)


def write_figures(folder: Path, briefing: Briefing, words: Words) -> list[str]:
    """Write each figure as PNG and SVG with its title, and ``figures.csv`` with what they are.

    Returns what the reader must be told, such as that no font here has Chinese glyphs.
    """
    files: dict[str, bytes] = {}
    titles: dict[str, str] = {}
    missing: set[int] = set()
    for figure in briefing.figures:
        title = line(words.say(figure.title))
        with _drawing(["DejaVu Sans"]):
            raw = _raw(compose(plot(figure, words), title, words))
        files[f"{figure.id}.svg"] = _standing(raw, figure, words).encode()
        picture, lacking = _png(figure, title, words)
        files[f"{figure.id}.png"] = picture
        missing |= lacking
        titles |= dict.fromkeys((f"{figure.id}.svg", f"{figure.id}.png"), title)
    write_listed(folder, "figures.csv", files, {"title": titles})
    return [_note(missing, words)] if missing else []


def _note(missing: set[int], words: Words) -> str:
    if any(0x2E80 <= code <= 0x9FFF or 0x20000 <= code <= 0x3FFFF for code in missing):
        return words.text(
            "No font with Chinese glyphs is installed: PNG figures show boxes. Install Noto Sans CJK."
        )
    shown = " ".join(chr(code) for code in sorted(missing)[:10])
    return words.text("No font installed has these characters, PNG figures show boxes: {shown}", shown=shown)


def _png(figure: Figure, title: str, words: Words) -> tuple[bytes, set[int]]:
    """Return a figure as PNG, and the characters that no font here has."""
    out = BytesIO()
    with _drawing(_installed()) as told:
        compose(plot(figure, words), title, words).savefig(
            out, format="png", dpi=DPI, facecolor="white", metadata={"Software": None}
        )
    found = (_MISSING.search(str(warning.message)) for warning in told)
    return out.getvalue(), {int(match[1]) for match in found if match}


def _installed() -> list[str]:
    """Return fonts to write with: letters from the first, Chinese from the best that is installed."""
    from matplotlib.font_manager import fontManager

    have = {font.name for font in fontManager.ttflist}
    return ["DejaVu Sans", *[name for name in CHINESE if name in have][:1]]


@contextmanager
def _drawing(fonts: list[str]) -> Iterator[list[warnings.WarningMessage]]:
    """Draw by settings of our own, whatever those of the user are; yields what matplotlib warns of."""
    try:
        import matplotlib as mpl
    except ImportError:
        message = "figures need the package matplotlib."
        raise UsageError(message, hint="Install it with: pip install 'dispatch[report]'.") from None
    with mpl.rc_context(), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        mpl.rcParams.update(
            {
                **{k: v for k, v in mpl.rcParamsDefault.items() if k != "backend" and k in mpl.rcParams},
                "font.family": fonts,
                "font.size": SIZE,
                "text.parse_math": False,
                "svg.fonttype": "none",
                "svg.hashsalt": "dispatch",
                "hatch.linewidth": 1.1,
                "axes.unicode_minus": True,
            }
        )
        yield told


def _raw(sheet: Sheet) -> str:
    out = StringIO()
    sheet.patch.set_visible(False)
    sheet.savefig(out, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return out.getvalue()


def _body(raw: str) -> tuple[str, str]:
    """Return the size of a picture as ``width height``, and its content: small, and without global styles."""
    head, _, rest = raw[raw.index("<svg") :].partition(">")
    size = re.search(r'viewBox="0 0 ([\d.]+ [\d.]+)"', head)
    assert size is not None
    body = rest[: rest.rindex("</svg>")]
    body = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r"<style [^>]*>.*?</style>", "", body, flags=re.DOTALL)
    body = _FONT.sub(lambda m: f"font-size: {m[2]}" + ("; font-weight: bold" if m[1] else ""), body)
    body = _TEXT_PLACE.sub(lambda m: f' {m[1]}="{float(m[2]):.2f}"', _UNTURNED.sub("", body))
    body = _PATH.sub(lambda m: f' d="{_short(m[1])}"', body)
    body = re.sub(r"\n\s*", "\n", body).replace("\n<", "<").strip()
    return size[1], body.replace("xlink:href", "href").replace("</g><g", "</g>\n<g")


def _short(path: str) -> str:
    """Return a path with two decimals, and without blanks that say nothing."""
    path = _NUMBER.sub(lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), path)
    path = re.sub(r"\s*\n\s*", "", path)
    path = re.sub(r"M ([\d.-]+) ([\d.-]+) ?L ([\d.-]+) \2(?=M|$)", r"M\1 \2H\3", path)
    return re.sub(r" ?([MLQCHVz]) ?", r"\1", path).strip()


def _named(body: str, prefix: str) -> str:
    """Return a picture whose ids begin with a prefix; those that nothing refers to are gone."""
    used = set(re.findall(r'url\(#([^)]*)\)|href="#([^"]*)"', body))
    referred = {a or b for a, b in used}

    def group(match: re.Match[str]) -> str:
        if match[1].startswith(FULL):
            full = bytes.fromhex(match[1][len(FULL) :]).decode()
            return f"<g><title>{escape(full)}</title"
        return match[0]

    body = _GROUP.sub(group, body)
    short = {name: f"{prefix}{n}" for n, name in enumerate(sorted(referred))}
    body = _ID.sub(lambda m: f' id="{short[m[1]]}"' if m[1] in short else "", body)
    body = re.sub(r"url\(#([^)]*)\)", lambda m: f"url(#{short[m[1]]})", body)
    return re.sub(r'href="#([^"]*)"', lambda m: f'href="#{short[m[1]]}"', body)


def _inline(raw: str, figure: Figure, words: Words, prefix: str, *, has_table: bool) -> str:
    size, body = _body(raw)
    body = _named(body, f"{prefix}{figure.id}-p")
    return _element(f'viewBox="0 0 {size}"', body, _told(figure, words, has_table=has_table), words)


def _standing(raw: str, figure: Figure, words: Words) -> str:
    """Return a picture for a file of its own: with a size, and on white."""
    size, body = _body(raw)
    wide, high = size.split()
    white = f'<path d="M0 0H{wide}V{high}H0z" fill="#fff"/>'
    links = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
    attributes = f'{links} width="{wide}pt" height="{high}pt" viewBox="0 0 {size}"'
    body = _named(body, "p").replace(' href="#', ' xlink:href="#')
    picture = _element(attributes, white + body, _told(figure, words), words)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{picture}\n'


def _told(figure: Figure, words: Words, *, has_table: bool = False) -> str:
    """Return what a picture shows, for those who cannot see it."""
    title, summary = words.say(figure.title), words.say(figure.summary)
    told = words.text("{title}: {summary}", title=title, summary=summary) if summary else title
    return line(f"{told} {words.text('The numbers stand in the table below.')}" if has_table else told)


def _element(attributes: str, body: str, told: str, words: Words) -> str:
    label = quoteattr(told)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {attributes} role="img" aria-label={label} '
        f'lang="{words.tag}" font-family="{FONTS}" stroke-linejoin="round">{body}</svg>'
    )
