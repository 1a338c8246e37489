"""YAML files as plain data, with the line of every value kept for error messages.

Only maps, lists, text, numbers, booleans and null are read. Tags, duplicate keys, endless or exploding
aliases and non-finite numbers are refused, so that a scenario file can neither run code nor exhaust memory.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch.errors import Problems

Path_ = tuple[str | int, ...]

MAX_BYTES = 1024 * 1024
MAX_VALUES = 200_000
MAX_DEPTH = 40
_CORE = "tag:yaml.org,2002:"
_TEXT_KINDS = ("str", "timestamp", "merge", "value")
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = ("", "~", "null", "Null", "NULL")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(slots=True)
class YamlDocument:
    """Plain data read from a file and the line on which each value stands."""

    file: str
    data: Any
    lines: dict[Path_, int] = field(default_factory=dict)
    kept: dict[Path_, list[int]] = field(default_factory=dict)
    """Lists from which items were left out, by written path: the written numbers of those that stayed."""
    stand_ins: set[str] = field(default_factory=set)
    """Places of values that others stand in for, because they are wrong and that is told."""
    added: dict[Path_, str] = field(default_factory=dict)
    """Values that were appended to lists and stand in no file, by path: where they are from instead."""

    def append(self, key: str, value: Any, place: str) -> None:
        """Append a value to a list of the file, made where there is none; its problems are told at ``place``.

        Nothing happens where something else than a list is written there, which is told of the file.
        """
        values = self.data.setdefault(key, []) if isinstance(self.data, dict) else None
        if isinstance(values, list):
            self.added[key, len(values)] = place
            values.append(value)

    def put(self, key: str, name: str, value: Any, place: str) -> None:
        """Put a value under a name into a map of the file, as ``append`` does into a list."""
        values = self.data.setdefault(key, {}) if isinstance(self.data, dict) else None
        if isinstance(values, dict):
            self.added[key, name] = place
            values[name] = value

    def written(self, path: Path_) -> Path_:
        """Return the path at which a value was written, for one that counts only the items that stayed."""
        found: Path_ = ()
        for part in path:
            kept = self.kept.get(found, [])
            found = (*found, kept[part] if isinstance(part, int) and 0 <= part < len(kept) else part)
        return found

    def place(self, *path: str | int) -> str:
        """Return ``file:line a.b[2]`` for a value, or for the nearest enclosing value that was written."""
        path = self.written(path)
        source = next((i for i in range(1, len(path) + 1) if path[:i] in self.added), 0)
        if source:
            dotted = dotted_path(path[source:])
            return f"{self.added[path[:source]]} {dotted}" if dotted else self.added[path[:source]]
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        line = self.lines.get(known, 1)
        dotted = dotted_path(path)
        return f"{self.file}:{line} {dotted}" if dotted else f"{self.file}:{line}"


def dotted_path(path: Path_) -> str:
    """Write a path of keys and indices as ``units[12].station``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def read_bytes(path: Path, problems: Problems, limit: int = MAX_BYTES) -> bytes | None:
    """Return a file's bytes, or note why they cannot be had."""
    try:
        if path.exists() and not path.is_file():
            problems.add(f"{path.name}:1", "is not a file", "Name a plain file.")
            return None
        size = path.stat().st_size
        if size > limit:
            problems.add(
                f"{path.name}:1", f"the file has {size:,} bytes", f"At most {limit:,} are read; split it."
            )
            return None
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        problems.add(path.name.replace("\0", "?"), f"cannot be read ({reason})", "Check the path.")
        return None


def read_text(path: Path, problems: Problems, limit: int = MAX_BYTES) -> str | None:
    """Return a UTF-8 file as text without byte-order mark, or note why it is not one."""
    raw = read_bytes(path, problems, limit)
    if raw is None:
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        problems.add(
            f"{path.name}:{line}", f"byte {raw[error.start]:#04x} is not UTF-8", "Save the file as UTF-8."
        )
        return None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        problems.add(f"{path.name}:{line}", "a NUL character", "Save the file as plain UTF-8 text.")
        return None
    return text


def read_yaml(path: Path, problems: Problems) -> YamlDocument | None:
    """Read one YAML file; on any problem note it and return None."""
    text = read_text(path, problems)
    if text is None:
        return None
    return parse_yaml(text, path.name, problems)


def parse_yaml(text: str, file: str, problems: Problems) -> YamlDocument | None:
    """Read YAML text; ``file`` is the name used in messages."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        fact = (error.problem or error.context or "not valid YAML").strip()
        problems.add(f"{file}:{line}", f"not valid YAML: {fact}", "Check indentation, quotes and colons.")
        return None
    except RecursionError:
        problems.add(f"{file}:1", "values nested too deeply", f"At most {MAX_DEPTH} levels are read.")
        return None
    except (YAMLError, ValueError, AttributeError, TypeError, IndexError) as error:
        fact = str(error).splitlines()[0] if str(error) else type(error).__name__
        problems.add(f"{file}:1", f"not valid YAML: {fact}", "Check the file's syntax and characters.")
        return None
    document = YamlDocument(file, None)
    before = len(problems.found)
    if node is not None:
        document.data = _Builder(document, problems).build(node, (), ())
    return document if len(problems.found) == before else None


class _TooLarge(Exception):
    """Raised to leave a file whose aliases expand without measure."""


@dataclass(slots=True)
class _Builder:
    """Turns composed YAML nodes into plain data, noting lines and problems."""

    document: YamlDocument
    problems: Problems
    count: int = 0

    def build(self, node: Any, path: Path_, parents: tuple[int, ...]) -> Any:
        try:
            return self._value(node, path, parents)
        except _TooLarge as error:
            self.problems.add(
                self.document.place(*path), str(error), "Write the values out, without aliases."
            )
            return None

    def _value(self, node: Any, path: Path_, parents: tuple[int, ...]) -> Any:
        self.count += 1
        if self.count > MAX_VALUES:
            message = f"more than {MAX_VALUES:,} values"
            raise _TooLarge(message)
        if id(node) in parents or len(parents) > MAX_DEPTH:
            message = "values nested in themselves or too deeply"
            raise _TooLarge(message)
        self.document.lines.setdefault(path, node.start_mark.line + 1)
        inner = (*parents, id(node))
        if node.id == "mapping" and node.tag == f"{_CORE}map":
            return self._mapping(node, path, inner)
        if node.id == "sequence" and node.tag == f"{_CORE}seq":
            return [self._value(item, (*path, i), inner) for i, item in enumerate(node.value)]
        if node.id == "scalar":
            return self._scalar(node, path)
        self._refuse_tag(node, path)
        return None

    def _mapping(self, node: Any, path: Path_, parents: tuple[int, ...]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.id != "scalar" or not self._is_plain(key_node):
                self.problems.add(
                    self.document.place(*path), "a key that is not plain text", "Use a plain name."
                )
                continue
            key = str(key_node.value)  # ids such as 010 or no stay the text that was written
            here = (*path, key)
            self.document.lines[here] = key_node.start_mark.line + 1
            if key in result:
                self.problems.add(self.document.place(*here), "the key stands twice", "Remove or rename one.")
                continue
            result[key] = self._value(value_node, here, parents)
        return result

    def _scalar(self, node: Any, path: Path_) -> Any:
        text, kind = str(node.value), node.tag.removeprefix(_CORE)
        if _UNPRINTABLE.search(text):
            self.problems.add(self.document.place(*path), "a control character in the text", "Remove it.")
        elif kind in _TEXT_KINDS:
            return text
        elif kind == "null" and text in _NULLS:
            return None
        elif kind == "bool" and text in _BOOLEANS:
            return _BOOLEANS[text]
        elif kind in ("int", "float"):
            return self._number(text, kind, path)
        elif kind in ("null", "bool"):
            fact = f"{text[:40]!r} is neither true, false nor null"
            self.problems.add(self.document.place(*path), fact, "Write true or false.")
        else:
            self._refuse_tag(node, path)
        return None

    def _number(self, text: str, kind: str, path: Path_) -> float | None:
        try:
            return _integer(text) if kind == "int" else self._float(text, path)
        except ValueError:
            fact = f"'{text[:40]}' is not a usable number"
            self.problems.add(self.document.place(*path), fact, "Put text into quotes.")
            return None

    def _is_plain(self, node: Any) -> bool:
        """Whether a key has a tag that every plain text may have, and only characters that can be shown."""
        kind = node.tag.removeprefix(_CORE)
        known = kind in (*_TEXT_KINDS, "null", "bool", "int", "float")
        return known and not _UNPRINTABLE.search(str(node.value))

    def _float(self, text: str, path: Path_) -> float | None:
        value = float(
            text.replace("_", "").replace(".inf", "inf").replace(".Inf", "inf").replace(".nan", "nan")
        )
        if not math.isfinite(value):
            self.problems.add(
                self.document.place(*path), f"'{text[:40]}' is not a finite number", "Give a number."
            )
            return None
        return value

    def _refuse_tag(self, node: Any, path: Path_) -> None:
        self.problems.add(self.document.place(*path), f"the YAML tag {node.tag} is not allowed", "Remove it.")


class WrittenInt(int):
    """A whole number that remembers how it was written, so that 07 can be an id."""

    text: str


def _integer(text: str) -> int:
    plain = text.replace("_", "")
    sign = -1 if plain.startswith("-") else 1
    digits = plain.lstrip("+-")
    base = {"0x": 16, "0o": 8, "0b": 2}.get(digits[:2].lower(), 10)
    value = WrittenInt(sign * int(digits[2:] if base != 10 else digits, base))
    value.text = text
    return value
