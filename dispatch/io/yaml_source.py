"""YAML files as plain data, with the line of every value kept for error messages.

Only maps, lists, text, numbers, booleans and null are read. Tags, duplicate keys, endless or exploding
aliases and non-finite numbers are refused, so that a scenario file can neither run code nor exhaust memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from dispatch.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dispatch.errors import Problems

M = TypeVar("M", bound=BaseModel)
Path_ = tuple[str | int, ...]

MAX_BYTES = 32 * 1024 * 1024
MAX_VALUES = 2_000_000
MAX_DEPTH = 40
_CORE = "tag:yaml.org,2002:"


@dataclass(slots=True)
class YamlDocument:
    """Plain data read from a file and the line on which each value stands."""

    file: str
    data: Any
    lines: dict[Path_, int] = field(default_factory=dict)

    def place(self, *path: str | int) -> str:
        """Return ``file:line a.b[2]`` for a value, or for the nearest enclosing value that was written."""
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
        size = path.stat().st_size
        if size > limit:
            problems.add(path.name, f"the file has {size:,} bytes", f"At most {limit:,} are read; split it.")
            return None
        return path.read_bytes()
    except OSError as error:
        problems.add(str(path), f"cannot be read ({error.strerror or error})", "Check the path.")
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
    except (YAMLError, ValueError, RecursionError, AttributeError, TypeError, IndexError) as error:
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
            if key_node.id != "scalar" or not key_node.tag.startswith(_CORE):
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
        try:
            match kind:
                case "str" | "timestamp" | "merge" | "value":
                    return text
                case "null":
                    return None
                case "bool":
                    return text.lower() == "true"
                case "int":
                    return _integer(text)
                case "float":
                    return self._float(text, path)
        except ValueError:
            self.problems.add(
                self.document.place(*path), f"'{text[:40]}' is not a usable number", "Quote text."
            )
            return None
        self._refuse_tag(node, path)
        return None

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


def _integer(text: str) -> int:
    plain = text.replace("_", "")
    sign = -1 if plain.startswith("-") else 1
    digits = plain.lstrip("+-")
    base = {"0x": 16, "0o": 8, "0b": 2}.get(digits[:2].lower(), 10)
    return sign * int(digits, base)


def validate(model: type[M], document: YamlDocument, problems: Problems) -> M | None:
    """Validate a document as ``model``, noting every problem at its line; None if there was one."""
    if not isinstance(document.data, dict):
        problems.add(
            document.place(), "the file holds no mapping of names to values", "See the documentation."
        )
        return None
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        seen: set[tuple[str, str]] = set()
        for item in error.errors(include_url=False):
            place, fact, remedy = _explain(model, document, item)
            if (place, fact) not in seen:
                seen.add((place, fact))
                problems.add(place, fact, remedy)
        return None


def _explain(model: type[BaseModel], document: YamlDocument, item: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return place, fact and remedy of one pydantic error."""
    path = _written_path(document.data, tuple(item["loc"]))
    place = document.place(*path)
    kind = item["type"]
    if kind == "extra_forbidden":
        return (
            place,
            f"unknown key '{path[-1] if path else ''}'",
            did_you_mean(str(path[-1]), _siblings(model, path)),
        )
    if kind == "missing":
        return place, f"'{item['loc'][-1]}' is missing", "Add it."
    message = str(item["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    fact, _, remedy = message.partition(" | ")
    value = item.get("input")
    shown = (
        f" (got {value!r:.60})"
        if isinstance(value, str | int | float | bool) and repr(value) not in fact
        else ""
    )
    return place, fact.rstrip(".") + shown, remedy


def _written_path(data: Any, loc: Path_) -> Path_:
    """Drop the parts of a pydantic location that name union members rather than written keys."""
    path: list[str | int] = []
    part: Any
    for part in loc:
        if (isinstance(data, dict) and part in data) or (
            isinstance(data, list) and isinstance(part, int) and part < len(data)
        ):
            path.append(part)
            data = data[part]
        elif part == loc[-1] and isinstance(data, dict) and isinstance(part, str):
            path.append(part)
    return tuple(path)


def _siblings(model: type[BaseModel], path: Path_) -> set[str]:
    """Return the keys that would have been allowed beside the last part of ``path``."""
    here: Any = model
    for part in path[:-1]:
        fields = getattr(here, "model_fields", None)
        if fields is not None and part in fields:
            here = _inner_model(fields[part].annotation)
        elif fields is not None:
            return set()
    return set(getattr(here, "model_fields", {}))


def _inner_model(annotation: Any) -> Any:
    """Return the first model found inside an annotation such as ``dict[str, Station] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in reversed(getattr(annotation, "__args__", ())):
        found = _inner_model(argument)
        if found is not None:
            return found
    return None
