"""The search spaces: tables only, one file a space, one line here. The machinery is `nas.space`."""

from __future__ import annotations

import logging
from importlib import import_module
from pathlib import Path

from nas.errors import SpaceError, unknown
from nas.files import parse_json, parse_yaml, read_text
from nas.space import SearchSpace, Space, read_space
from nas.space.distinct import ambiguity

MOST_PAIRS = 20_000  # of runs compared while loading: some 0.1 s; `nascli space lint` compares all

logger = logging.getLogger("nascli")

SPACES = (
    "convnext",
    "efficientnet",
    "efficientnet_wide",
    "efficientnetv2",
    "mobilenetv2",
    "mobilenetv3",
    "mobilenetv4",
    "nasbench_macro",
    "nasnet",
    "regnet",
    "resnet",
)


def names() -> tuple[str, ...]:
    """The names of the built-in spaces."""
    return SPACES


def load(name: str | Path) -> Space:
    """A built-in space by name, or a user's by the path of its .yaml, .yml or .json file.

    Raises SpaceError or FileError in one line. Logs a warning where networks have more than one genome.
    """
    if str(name) in SPACES:
        space: Space = import_module(f"search_spaces.{name}").SPACE
        return space
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        space = read_space(parse_yaml(read_text(path), str(path)), str(path))
    elif path.suffix == ".json":
        space = read_space(parse_json(read_text(path), str(path)), str(path))
    else:
        raise SpaceError(f"{unknown('space', str(name), SPACES)}; or give the path of a .yaml or .json file")
    if isinstance(space, SearchSpace) and (told := ambiguity(space, MOST_PAIRS)) is not None:
        logger.warning("%s: %s; sizes, counts and draws take each genome for a network of its own", path, told)
    return space
