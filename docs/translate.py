"""Keep the catalogues of messages up to date with the code: ``python docs/translate.py [--check]``.

Without ``--check`` messages that are new come into ``dispatch/report/locales/zh.po`` with empty translations,
and those that nothing says any more leave it. With ``--check`` it tells what is missing, left over or wrong.
"""

from __future__ import annotations

import ast
import re
import sys
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from dispatch.briefing.contents import Verdict
from dispatch.report import speak
from dispatch.report.words import LOCALES, TEMPLATES, viewer_messages
from dispatch.study.measures import INTERVALS
from dispatch.study.outcomes import CAUTION

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
PATH = LOCALES / "zh.po"
HEAD = "# Chinese messages of reports; `python docs/translate.py` keeps them up to date with the code."

SINGLE = {"Said", "tell", "text"}
"""Calls whose first argument is a message."""
DOUBLE = {"counted"}
"""Calls whose first two arguments are a message for one and for many."""

_IN_TEMPLATE = re.compile(r'\b_\(\s*"((?:[^"\\]|\\.)*)"')
_BRACES = re.compile(r"\{\w*\}")

Messages = dict[str, str]
"""Message → its form for many, empty where nothing is counted."""


def messages() -> Messages:
    """Return every message that a report may say."""
    found: Messages = dict.fromkeys([*_elsewhere(), *viewer_messages()], "")
    for path in sorted(TEMPLATES.glob("report*.html")):
        found |= dict.fromkeys(_IN_TEMPLATE.findall(path.read_text(encoding="utf-8")), "")
    for folder in ("briefing", "drills", "report"):
        for path in sorted((ROOT / "dispatch" / folder).glob("*.py")):
            for one, many in in_python(path.read_text(encoding="utf-8")):
                found[one] = many or found.get(one, "")
    return found


def _elsewhere() -> Iterator[str]:
    """Yield messages that the program keeps elsewhere."""
    yield from get_args(get_type_hints(Verdict)["kind"])
    yield from ("better", "worse")
    yield from speak.KNOWN_UNITS.values()
    yield from (text.replace("``", "") for text in INTERVALS.values())
    yield CAUTION


def in_python(source: str) -> Iterator[tuple[str, str]]:
    """Yield messages in a module with their forms for many."""
    tree = ast.parse(source)
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in SINGLE and node.args:
            many = next((k.value for k in node.keywords if k.arg == "many"), None)
            form = many.value if isinstance(many, ast.Constant) else ""
            yield from ((text, str(form)) for text in _texts(node.args[0], constants))
        elif name in DOUBLE and len(node.args) > 1:
            ones, manies = (list(_texts(arg, constants)) for arg in node.args[:2])
            yield from zip(ones, manies, strict=True)


def _texts(node: Any, constants: dict[str, Any]) -> Iterator[str]:
    """Yield the texts that an expression may be: literals, choices between them, constants of the module."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if node.value:
            yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body, constants)
        yield from _texts(node.orelse, constants)
    elif isinstance(node, ast.Name) and node.id in constants:
        yield from _texts(constants[node.id], {})
    elif isinstance(node, ast.Subscript):
        yield from _texts(node.value, constants)
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from _texts(value, constants)
    elif isinstance(node, ast.Tuple | ast.List):
        for value in node.elts:
            yield from _texts(value, constants)


def read() -> Catalog:
    """Return the Chinese catalogue as it is."""
    if not PATH.exists():
        return Catalog(locale="zh_Hans_CN")
    with PATH.open("rb") as file:
        return read_po(file, locale="zh_Hans_CN")


def faults(wanted: Messages, catalogue: Catalog) -> list[str]:
    """Return what is wrong with a catalogue, a line each."""
    entries = {
        entry.id if isinstance(entry.id, str) else entry.id[0]: entry for entry in catalogue if entry.id
    }
    told = [f"missing: {text}" for text in wanted if text not in entries]
    told += [f"nothing says: {text}" for text in entries if text not in wanted]
    for text, entry in entries.items():
        forms = [entry.string] if isinstance(entry.string, str) else list(entry.string)
        many = "" if isinstance(entry.id, str) else entry.id[1]
        if text in wanted and wanted[text] != many:
            told.append(f"has another form for many: {text}")
        if not all(forms):
            told.append(f"not translated: {text}")
        elif any(set(_BRACES.findall(form)) != set(_BRACES.findall(many or text)) for form in forms):
            told.append(f"other names in braces: {text}")
        if entry.fuzzy:
            told.append(f"fuzzy: {text}")
    return sorted(told)


def updated(wanted: Messages, catalogue: Catalog, more: dict[str, str] | None = None) -> str:
    """Return a catalogue's text with the wanted messages, translated as before or as given in addition."""
    known = {
        entry.id if isinstance(entry.id, str) else entry.id[0]: entry.string
        for entry in catalogue
        if entry.id
    }
    new = Catalog(locale="zh_Hans_CN", fuzzy=False, header_comment=HEAD)
    for text in sorted(wanted):
        before = (more or {}).get(text) or known.get(text) or ""
        form = before if isinstance(before, str) else (before or ("",))[0]
        new.add((text, wanted[text]) if wanted[text] else text, (form,) if wanted[text] else form)
    out = BytesIO()
    write_po(out, new, width=100, omit_header=True, sort_output=True)
    head = [HEAD, 'msgid ""', 'msgstr ""', *(f'"{line}\\n"' for line in _HEADERS), "", ""]
    return "\n".join(head) + out.getvalue().decode("utf-8").strip() + "\n"


_HEADERS = (
    "Language: zh_Hans_CN",
    "Plural-Forms: nplurals=1; plural=0;",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
)


def main() -> int:
    """Write the catalogue, and tell what is to be translated."""
    wanted = messages()
    if "--check" not in sys.argv:
        PATH.write_text(updated(wanted, read()), encoding="utf-8", newline="")
    told = faults(wanted, read())
    print("\n".join(told))
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
