"""Documents checked against a model, with every problem told at the line where it stands."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from dispatch.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dispatch.errors import Problems
    from dispatch.io.yaml_source import Path_, YamlDocument

M = TypeVar("M", bound=BaseModel)

PAIR = 2
"""Coordinates of a point; no other list has a limit so low."""

LEAST = 1e-5
"""A least value below this stands for what must only be above zero."""

MISSING = ("missing", "missing_part")
"""Types of errors for what is not there."""

BOUNDS = {"greater_than_equal": "ge", "less_than_equal": "le"}
"""Types of errors for numbers beyond a bound that they may reach, and what they call the bound."""

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
    bounds: dict[Path_, Any] = {}
    document.kept.clear()
    for _ in range(MOST_CUTS):
        try:
            return model.model_validate(data), cut
        except ValidationError as error:
            items = error.errors(include_url=False)
            paths = {_written_path(data, tuple(item["loc"])) for item in items}
            for item in items:
                place, fact, remedy = _explain(model, document, data, item)
                if not _our_doing(_written_path(data, tuple(item["loc"])), item["type"], paths, cut):
                    _note_once(problems, seen, place, fact, remedy)
            paths -= _bounded(data, document, items, bounds)
            if not all(_cut_out(data, path, cut, document) for path in _innermost(paths) if path):
                return None, cut
            missing = {key: value for key, value in (stand_ins or {}).items() if key not in data}
            if not missing and () in paths:
                return None, cut
            data.update(missing)
    return None, cut


def _our_doing(path: Path_, kind: str, paths: set[Path_], cut: set[str]) -> bool:
    """Whether something is missing only because what was written is wrong, which is told already."""
    if kind == "too_short":
        return bool(cut) or any(len(other) > len(path) == _shared(path, other) for other in paths)
    return bool(cut) and kind in MISSING


def _shared(a: Path_, b: Path_) -> int:
    """Return how many parts two paths have in common at their beginning."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _innermost(paths: set[Path_]) -> list[Path_]:
    """Return the paths that do not enclose others, items of lists from the last to the first."""
    inner = [
        path for path in paths
        if not any(len(other) > len(path) == _shared(path, other) for other in paths)
    ]  # fmt: skip
    return sorted(inner, key=_in_order, reverse=True)


def _in_order(path: Path_) -> list[tuple[int, str]]:
    """Return what paths are sorted by: names, and numbers of items."""
    return [(part, "") if isinstance(part, int) else (-1, part) for part in path]


def _bounded(
    data: Any, document: YamlDocument, items: Iterable[Mapping[str, Any]], bounds: dict[Path_, Any]
) -> set[Path_]:
    """Put the bound in for needed numbers that were cut out for being beyond it; return where that was done.

    The rest of what they stand in can then be read, too. ``bounds`` by written path, each used once.
    """
    done: set[Path_] = set()
    for item in items:
        path = _written_path(data, tuple(item["loc"]))
        if item["type"] in BOUNDS:
            bounds[document.written(path)] = item["ctx"][BOUNDS[item["type"]]]
            continue
        key = item["loc"][-1] if item["loc"] else ""
        bound = bounds.pop((*document.written(path), key), None) if item["type"] == "missing" else None
        holder = data
        for part in path:
            holder = holder[part]
        if bound is not None and isinstance(holder, dict):
            holder[str(key)] = bound
            document.stand_ins.add(document.place(*path, key))
            done.add(path)
    return done


def _note_once(problems: Problems, seen: set[str], place: str, fact: str, remedy: str) -> None:
    if f"{place} {fact}" not in seen:
        seen.add(f"{place} {fact}")
        problems.add(place, fact, remedy)


def _cut_out(data: Any, path: Path_, cut: set[str], document: YamlDocument) -> bool:
    """Remove the value at a path and what is empty without it; False where nothing is left to remove."""
    removed = False
    while path:
        holder = data
        for part in path[:-1]:
            holder = holder[part] if _has(holder, part) else None
        if _has(holder, path[-1]):
            cut.add(str(path[-1]))
            if isinstance(holder, list):
                written = document.written(path[:-1])
                document.kept.setdefault(written, list(range(len(holder)))).pop(int(path[-1]))
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
    if kind == "missing" and isinstance(item["loc"][-1], str):
        return place, f"'{item['loc'][-1]}' is missing", "Add it."
    told = _in_other_words(kind, item.get("ctx", {}))
    if told is not None:
        return place, *told
    message = message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    fact, _, remedy = message.partition(" | ")
    if kind in _PLAIN_WORDS:
        fact, remedy = _PLAIN_WORDS[kind]
    fact = fact.replace("Input should be", "must be").replace("String should", "the text must").rstrip(".")
    value = item.get("input")
    shown = isinstance(value, str | int | float | bool) and repr(value) not in fact
    return place, f"{fact} (got {value!r:.60})" if shown else fact, remedy or "Correct the value."


def _in_other_words(kind: str, context: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return fact and remedy of an error whose own words speak of Python; None of another one."""
    if kind == "missing" or (kind == "too_long" and context.get("max_length") == PAIR):
        return "a point needs two numbers", "Write [x, y]; of degrees the longitude comes first."
    if kind in ("too_short", "too_long"):
        least, most = context.get("min_length"), context.get("max_length")
        fact = f"{f'at least {least}' if kind == 'too_short' else f'at most {most}'} needed here"
        return f"{fact}, not {context.get('actual_length')}", "Correct the list."
    if kind == "greater_than_equal" and 0.0 < context["ge"] < LEAST:
        return "must be above 0", "Give a longer time."
    if kind == "literal_error" and context.get("expected") == "True":
        return "must be true", "Write 'true', or leave it out."
    return None


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
