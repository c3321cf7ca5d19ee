"""The document of a check of an evaluator (`nascli evaluator check`), read again for the records of a search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nas.errors import FileError
from nas.evaluators.score import About
from nas.files import check_schema, parse_json, read_text
from nas.space import Space

CHECK = "nascli.evaluator_check/1"
FOREIGN = ("schema", "nascli_version", "evaluator", "space", "seconds", "reasons")  # what is not the quality itself


def quality_in(path: str | Path, about: About, space: Space) -> dict[str, Any]:
    """The quality in the document of `nascli evaluator check`; raises FileError where it checked something else."""
    told = parse_json(read_text(path), str(path))
    check_schema(told, CHECK, where=str(path))
    try:
        checked = (told["evaluator"]["name"], told["evaluator"]["fingerprint"], told["space"])
        quality = {key: value for key, value in told.items() if key not in FOREIGN}
        _ = quality["n"], quality["spearman"], quality["verdict"]
    except (KeyError, TypeError):
        raise FileError(f"{path}: not a whole check; is it cut off?") from None
    wanted = (about.name, about.fingerprint, space.name)
    for what, one, other in zip(("evaluator", "evaluator's fingerprint", "space"), checked, wanted, strict=True):
        if one != other:
            raise FileError(f"{path}: checked another {what}: {str(one)[:60]!r}, and this search has {other[:60]!r}")
    return quality
