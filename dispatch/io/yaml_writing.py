"""YAML as people write it: what a model says, without defaults, with durations in words.

What is written reads back as the same values: texts that could be taken for something else are quoted.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import cache
from typing import Any

from dispatch.model.base import Frozen

WIDTH = 110
"""Characters to which maps and lists of plain values may stand on one line."""

PARTS = (("h", 3600), ("min", 60), ("s", 1))
"""Units of time that durations are written in, the largest first."""

_PLAIN = re.compile(r"[A-Za-z_\u4e00-\u9fff][A-Za-z0-9_\u4e00-\u9fff ./()+（）、。，·–-]*")
_DURATION = re.compile(r"[0-9]+ (?:h|min|s)(?: [0-9]+ (?:min|s))*")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_BLOCK = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff][^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]*")  # fmt: skip  # noqa: E501


def duration_text(seconds: float) -> str | float:
    """Return a duration as ``1 h 30 min``; whole seconds only, others as a number of seconds."""
    if seconds != int(seconds):
        return seconds
    found, rest = [], int(seconds)
    for unit, size in PARTS:
        number, rest = divmod(rest, size)
        if number:
            found.append(f"{number} {unit}")
    return " ".join(found) or "0 s"


def as_written(model: Frozen) -> dict[str, Any]:
    """Return what a model says as plain values that read back as the same; what is left at its default is
    left out.
    """  # noqa: D205
    plain = model.model_dump(mode="json", by_alias=True)
    found: dict[str, Any] = {}
    for name, field in type(model).model_fields.items():
        value, key = getattr(model, name), field.alias or name
        if field.is_required() or value != field.get_default(call_default_factory=True):
            is_duration = isinstance(value, float) and key in durations_of(type(model))
            found[key] = duration_text(value) if is_duration else _inner(value, plain[key])
    return found


def _inner(value: Any, plain: Any) -> Any:
    """Return a value with the models in it as they are written; ``plain`` is what it is in JSON."""
    if isinstance(value, Frozen):
        return as_written(value)
    if isinstance(value, dict):
        return {key: _inner(inner, plain[str(key)]) for key, inner in value.items()}
    if isinstance(value, list | tuple) and isinstance(plain, list):
        return [_inner(inner, each) for inner, each in zip(value, plain, strict=True)]
    return value.isoformat() if isinstance(value, datetime) else plain


@cache
def durations_of(model: type[Frozen]) -> frozenset[str]:
    """Return the keys of a model that are durations, as they are written."""
    keys = model.model_json_schema()["properties"]

    def quantities(schema: dict[str, Any]) -> list[str]:
        inner = [text for option in schema.get("anyOf", ()) for text in quantities(option)]
        return [str(schema.get("x-quantity", "")), *inner]

    return frozenset(
        key for key, schema in keys.items() if any(text.startswith("duration") for text in quantities(schema))
    )


def yaml_text(value: dict[str, Any]) -> str:
    """Return plain values as YAML, in their order."""
    return "\n".join(_block(value, 0) or ["{}"]) + "\n"


def _block(value: Any, indent: int) -> list[str]:
    """Return the lines of a map or a list."""
    space, lines = " " * indent, []
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        head = f"{space}{_scalar(str(key))}:" if isinstance(value, dict) else f"{space}-"
        flow = _flow(inner)
        if not isinstance(inner, dict | list) or not inner:
            lines += _with_scalar(head, inner, indent)
        elif flow is not None and len(head) + 1 + len(flow) <= WIDTH:
            lines.append(f"{head} {flow}")
        elif isinstance(value, dict):
            lines += [head, *_block(inner, indent + 2)]
        else:  # the first line of an item stands behind its dash
            first, *rest = _block(inner, indent + 2)
            lines += [f"{head} {first.lstrip()}", *rest]
    return lines


def _with_scalar(head: str, value: Any, indent: int) -> list[str]:
    """Return a key with its value, texts of several lines as a block."""
    if isinstance(value, str) and "\n" in value and _is_block(value):
        body = value.removesuffix("\n")
        sign = "|" if value.endswith("\n") else "|-"
        space = " " * (indent + 2)
        return [f"{head} {sign}", *(f"{space}{line}" if line else "" for line in body.split("\n"))]
    return [f"{head} {_scalar(value)}"]


def _is_block(text: str) -> bool:
    """Whether a text can stand as a block: no line of blanks, none at its begin, one end at most."""
    lines = text.removesuffix("\n").split("\n")
    whole = _BLOCK.fullmatch(text) is not None and not text.endswith("\n\n")
    return whole and bool(lines[-1]) and all(line == line.rstrip() for line in lines)


def _flow(value: Any) -> str | None:
    """Return a map or a list on one line, where it holds plain values only, or maps of such; else None."""
    if isinstance(value, dict):
        inner = {key: _flow(each) for key, each in value.items()}
        if any(text is None for text in inner.values()):
            return None
        return "{" + ", ".join(f"{_scalar(str(key))}: {text}" for key, text in inner.items()) + "}"
    if isinstance(value, list):
        texts = [_flow(each) for each in value]
        return None if any(text is None for text in texts) else f"[{', '.join(map(str, texts))}]"
    return None if isinstance(value, str) and "\n" in value else _scalar(value)


def _scalar(value: Any) -> str:
    """Return a plain value."""
    if isinstance(value, str):
        return value if _is_plain(value) else _quoted(value)
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, list):
        return "[]"
    if isinstance(value, float) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return json.dumps(value)


def _is_plain(text: str) -> bool:
    """Whether a text can stand without quotes, also within brackets."""
    if text.lower() in _WORDS or text.endswith((" ", ":")):
        return False
    return _PLAIN.fullmatch(text) is not None or _DURATION.fullmatch(text) is not None


def _quoted(text: str) -> str:
    """Return a text in double quotes; what has no shape of its own is written as its number."""
    quoted = json.dumps(text, ensure_ascii=False)
    return re.sub(
        "[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]", lambda m: f"\\u{ord(m[0]):04x}", quoted
    )
