"""The search spaces: tables only, one file a space, one line here. The machinery is `nas.space`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from nas.errors import SpaceError, unknown
from nas.files import parse_json, parse_yaml, read_text
from nas.space import SearchSpace

SPACES = (
    "efficientnet",
    "efficientnet_wide",
    "efficientnetv2",
    "mobilenetv2",
    "nasbench_macro",
    "resnet",
)


def names() -> tuple[str, ...]:
    """The names of the built-in spaces."""
    return SPACES


def load(name: str | Path) -> SearchSpace:
    """A built-in space by name, or a user's by the path of its .yaml, .yml or .json file.

    Raises SpaceError or FileError in one line.
    """
    if str(name) in SPACES:
        space: SearchSpace = import_module(f"search_spaces.{name}").SPACE
        return space
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        return SearchSpace.read(parse_yaml(read_text(path), str(path)), str(path))
    if path.suffix == ".json":
        return SearchSpace.read(parse_json(read_text(path), str(path)), str(path))
    raise SpaceError(f"{unknown('space', str(name), SPACES)}; or give the path of a .yaml or .json file")
