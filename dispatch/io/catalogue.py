"""Data that ship with the package."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, TypeVar

from dispatch.errors import InvariantError, Problems
from dispatch.io.validating import validate
from dispatch.io.yaml_source import parse_yaml

if TYPE_CHECKING:
    from pydantic import BaseModel

M = TypeVar("M", bound="BaseModel")


def shipped_texts(kind: str) -> dict[str, str]:
    """Return the texts of the YAML files in a folder of the catalogue by name, in order of name."""
    folder = files("dispatch") / "catalogue" / kind
    found = sorted(folder.iterdir(), key=lambda entry: entry.name)
    return {
        entry.name.removesuffix(".yaml"): entry.read_text(encoding="utf-8")
        for entry in found
        if entry.name.endswith(".yaml")
    }


def shipped(kind: str, name: str, model: type[M]) -> M:
    """Return a file of the catalogue as what it says; a fault in it is ours."""
    problems = Problems()
    document = parse_yaml(shipped_texts(kind)[name], f"{name}.yaml", problems)
    file = None if document is None else validate(model, document, problems)[0]
    if file is None or problems:
        message = f"the catalogue's {kind}/{name}.yaml cannot be read: {problems.found}"
        raise InvariantError(message)
    return file
