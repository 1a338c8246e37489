"""Single values of a YAML text replaced where they stand, with everything around them left as it was."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dispatch.errors import Problems
from dispatch.io.yaml_source import Path_, YamlDocument, dotted_path, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

_BYTE_ORDER_MARK = "\ufeff"
_BLOCK_STYLES = ("|", ">")


def with_scalars(text: str, changes: Mapping[Path_, str], file: str, problems: Problems) -> str:
    """Return the text with the scalars at some paths replaced, every other character being kept.

    ``changes`` gives the new scalars as they are to be written, such as ``512.3`` or ``true``. A path that
    cannot be changed is noted as a problem and left alone. What comes out is read again: unless it holds
    the old values with the new ones at their paths and nothing else, the text is returned unchanged.
    ``file`` is the name used in messages.
    """
    before = parse_yaml(text, file, problems)
    if before is None:
        return text
    mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
    layout = _Written.of(text.removeprefix(mark))
    spans = {}
    for path in changes:
        span = layout.span(path)
        if isinstance(span, str):
            problems.add(before.place(*path), span, f"Write {changes[path]} there by hand.")
        else:
            spans[path] = span
    edited = mark + layout.replaced({spans[path]: changes[path] for path in spans})
    if _holds(edited, before, {path: changes[path] for path in spans}):
        return edited
    names = ", ".join(f"{dotted_path(path) or 'the value'}: {changes[path]}" for path in spans)
    fact = "the new values do not fit the way the file is written, and none was changed"
    problems.add(before.place(*min(spans, key=spans.__getitem__)), fact, f"Write them by hand: {names}.")
    return text


@dataclass(frozen=True, slots=True)
class _Written:
    """The composed nodes of a text, which of them are shared, and where scalars stand in it."""

    text: str
    root: Any
    uses: Counter[int] = field(default_factory=Counter)
    """Places that hold a node, by its identity: more than one where there are aliases."""
    starts: dict[int, int] = field(default_factory=dict)
    """Where a scalar begins, tag and anchor left out, by where it ends."""

    @classmethod
    def of(cls, text: str) -> _Written:
        """Compose a text that is known to be good."""
        from ruamel.yaml import YAML
        from ruamel.yaml.tokens import ScalarToken

        written = cls(text, YAML(typ="safe", pure=True).compose(text))
        for token in YAML(typ="safe", pure=True).scan(text):
            if isinstance(token, ScalarToken):
                written.starts[token.end_mark.index] = token.start_mark.index
        written._count(written.root)
        return written

    def _count(self, node: Any) -> None:
        """Count the uses of a node; what an alias repeats is counted once."""
        if node is None:
            return
        self.uses[id(node)] += 1
        if node.id != "scalar" and self.uses[id(node)] == 1:
            for child in node.value:
                for part in child if isinstance(child, tuple) else (child,):
                    self._count(part)

    def span(self, path: Path_) -> tuple[int, int] | str:
        """Return where the scalar at a path begins and ends, or why it cannot be replaced."""
        node, shared = self.root, False
        for part in path:
            node = _child(node, part)
            shared = shared or self.uses[id(node)] > 1
        if node is None:
            return "there is no such value"
        if shared:
            return "the value is shared with other places by an alias"
        if node.id != "scalar" or node.style in _BLOCK_STYLES:
            return "is not a value on one line"
        end = node.end_mark.index
        start = self.starts.get(end, -1)
        return (start, end) if start >= node.start_mark.index else "no value is written here"

    def replaced(self, pieces: Mapping[tuple[int, int], str]) -> str:
        """Return the text with some spans of it replaced."""
        parts, done = [], 0
        for (start, end), new in sorted(pieces.items()):
            parts += [self.text[done:start], new]
            done = end
        return "".join([*parts, self.text[done:]])


def _child(node: Any, part: str | int) -> Any:
    """Return the node that a mapping or a sequence holds under a key or an index, or None."""
    if node is not None and node.id == "mapping":
        return next((value for key, value in node.value if key.value == part), None)
    if node is not None and node.id == "sequence" and isinstance(part, int):
        return node.value[part] if 0 <= part < len(node.value) else None
    return None


def _holds(edited: str, before: YamlDocument, changes: Mapping[Path_, str]) -> bool:
    """Whether a text holds the old data with new values at some paths; types and order count, too."""
    wanted = {"root": deepcopy(before.data)}
    for path, new in changes.items():
        value = parse_yaml(new, before.file, Problems())
        holder: Any = wanted
        *way, last = ("root", *path)
        for part in way:
            holder = holder[part]
        if value is None or _Written.of(new).span(()) != (0, len(new)):
            return False  # it is no scalar, or there is more than one
        holder[last] = value.data
    after = parse_yaml(edited, before.file, Problems())
    return after is not None and repr(after.data) == repr(wanted["root"])
