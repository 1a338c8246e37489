"""Documents checked against a model, with every problem told at the line where it stands."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from dispatch.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dispatch.errors import Problems
    from dispatch.io.yaml_source import Path_, YamlDocument

M = TypeVar("M", bound=BaseModel)

MISSING = ("missing", "missing_part")
"""Types of errors for what is not there."""

MOST_CUTS = 50
"""Rounds of cutting out what is wrong to see what else is."""


def validate(
    model: type[M], document: YamlDocument, problems: Problems, stand_ins: Mapping[str, Any] | None = None
) -> tuple[M | None, set[str]]:
    """Validate a document as ``model``, noting every problem at its line.

    To find what else is wrong, unusable parts are cut out and the rest is read. Returned are the model of
    what remains, None if that is no model, and the names of the parts that were cut out. ``stand_ins`` are
    values for required keys whose own had to be cut out.
    """
    if not isinstance(document.data, dict):
        fact = "the file holds no mapping of names to values"
        problems.add(document.place(), fact, "See the documentation.")
        return None, set()
    data, cut, seen = deepcopy(document.data), set[str](), set[str]()
    for _ in range(MOST_CUTS):
        try:
            return model.model_validate(data), cut
        except ValidationError as error:
            for item in error.errors(include_url=False):
                place, fact, remedy = _explain(model, document, data, item)
                if not cut or item["type"] not in MISSING:  # what was cut out is missing by our own doing
                    _note_once(problems, seen, place, fact, remedy)
            paths = {_written_path(data, tuple(item["loc"])) for item in error.errors(include_url=False)}
            if not all(_cut_out(data, path, cut) for path in paths if path):
                return None, cut
            missing = {key: value for key, value in (stand_ins or {}).items() if key not in data}
            if not missing and () in paths:
                return None, cut
            data.update(missing)
    return None, cut


def _note_once(problems: Problems, seen: set[str], place: str, fact: str, remedy: str) -> None:
    if f"{place} {fact}" not in seen:
        seen.add(f"{place} {fact}")
        problems.add(place, fact, remedy)


def _cut_out(data: Any, path: Path_, cut: set[str]) -> bool:
    """Remove the value at a path and what is empty without it; False where nothing is left to remove."""
    removed = False
    while path:
        holder = data
        for part in path[:-1]:
            holder = holder[part] if _has(holder, part) else None
        if _has(holder, path[-1]):
            cut.add(str(path[-1]))
            del holder[path[-1]]
            removed = True
        if removed and holder:
            return True
        path = path[:-1]
    return removed


def _has(holder: Any, part: str | int) -> bool:
    if isinstance(holder, list):
        return isinstance(part, int) and part < len(holder)
    return isinstance(holder, dict) and part in holder


_PLAIN_WORDS = {
    "tuple_type": ("a list is needed here", "Write [a, b], or one item a line after '- '."),
    "dict_type": (
        "names with values are needed here",
        "Write 'name: value' lines under it, or remove the key.",
    ),
    "model_type": (
        "names with values are needed here",
        "Write 'key: value' lines under it, or {key: value}.",
    ),
    "string_type": ("a text is needed here", "Write a text."),
    "bool_type": ("true or false is needed here", "Write true or false."),
    "bool_parsing": ("true or false is needed here", "Write true or false."),
    "timezone_aware": ("the time zone is missing", "Add it, as in 2020-01-01T00:00:00+08:00."),
    "datetime_from_date_parsing": ("not a date and time", "Write 2020-01-01T00:00:00+08:00."),
    "datetime_parsing": ("not a date and time", "Write 2020-01-01T00:00:00+08:00."),
}
"""Facts and remedies for what pydantic says in words of its own."""


def _explain(
    model: type[BaseModel], document: YamlDocument, data: Any, item: Mapping[str, Any]
) -> tuple[str, str, str]:
    """Return place, fact and remedy of one pydantic error."""
    path = _written_path(data, tuple(item["loc"]))
    place = document.place(*path)
    kind, message = item["type"], str(item["msg"])
    if kind == "extra_forbidden":
        key = str(path[-1])
        return place, f"unknown key '{key}'", did_you_mean(key, _siblings(model, path))
    if kind == "missing":
        return place, f"'{item['loc'][-1]}' is missing", "Add it."
    message = message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    fact, _, remedy = message.partition(" | ")
    if kind in _PLAIN_WORDS:
        fact, remedy = _PLAIN_WORDS[kind]
    fact = fact.replace("Input should be", "must be").replace("String should", "the text must").rstrip(".")
    value = item.get("input")
    shown = isinstance(value, str | int | float | bool) and repr(value) not in fact
    return place, f"{fact} (got {value!r:.60})" if shown else fact, remedy or "Correct the value."


def _written_path(data: Any, loc: Path_) -> Path_:
    """Drop the parts of a pydantic location that name union members rather than written keys."""
    path: list[str | int] = []
    part: Any
    for part in loc:
        if _has(data, part):
            path.append(part)
            data = data[part]
    return tuple(path)


def _siblings(model: type[BaseModel], path: Path_) -> set[str]:
    """Return the keys that would have been allowed beside the last part of ``path``."""
    annotation: Any = model
    for part in path[:-1]:
        here = _inner_model(annotation)
        if _is_map(annotation) or here is None:
            annotation = here  # the part is a name in a map; its value is what the map holds
        elif part in here.model_fields:
            annotation = here.model_fields[part].annotation
    here = _inner_model(annotation)
    return (
        set()
        if here is None or _is_map(annotation)
        else {field.alias or name for name, field in here.model_fields.items()}
    )


def _is_map(annotation: Any) -> bool:
    """Whether an annotation is ``dict[…]``, also as a part of a union."""
    arguments = getattr(annotation, "__args__", ())
    return getattr(annotation, "__origin__", None) is dict or any(
        getattr(argument, "__origin__", None) is dict for argument in arguments
    )


def _inner_model(annotation: Any) -> Any:
    """Return the first model found inside an annotation such as ``dict[str, Station] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in reversed(getattr(annotation, "__args__", ())):
        found = _inner_model(argument)
        if found is not None:
            return found
    return None
