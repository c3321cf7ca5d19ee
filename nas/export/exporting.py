"""Exporting: write every artefact, open it again, compare, and only then put the folder in its place."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

import torch

from nas.compiler import compile_graph
from nas.errors import ExportError, FileError, NasError
from nas.export import EXPORTERS, Format, Source, format_of
from nas.export.comparing import Difference, compare, randomise
from nas.files import document, write_text
from nas.networks import Network
from nas.weights import load_weights

RECORD = "export.json"
Progress: TypeAlias = Callable[[str, float], None]  # what is being written, and the share of all that is done
SCHEMA = "nascli.export/1"


@dataclass(frozen=True)
class Artefact:
    """What one exporter left: its files, and its differences under random weights and under its own."""

    exporter: str
    options: Mapping[str, str]
    files: Mapping[str, int]  # name -> bytes
    randomised: tuple[Difference, ...]
    written: tuple[Difference, ...]


@dataclass(frozen=True)
class Exported:
    """All artefacts of one network, in one folder."""

    network: Network
    folder: Path
    weights: str  # the file, or how they were drawn
    artefacts: tuple[Artefact, ...]

    def document(self) -> dict[str, Any]:
        """Everything, as one JSON document."""
        rows = [
            {
                "exporter": one.exporter,
                "options": dict(one.options),
                "files": dict(one.files),
                "tolerance": EXPORTERS[one.exporter].tolerance,
                "randomised": [asdict(difference) for difference in one.randomised],
                "written": [asdict(difference) for difference in one.written],
            }
            for one in self.artefacts
        ]
        return document(
            SCHEMA,
            {
                "name": self.network.name,
                "folder": str(self.folder),
                "weights": self.weights,
                "params": self.network.graph.params,
                "artefacts": rows,
            },
        )


def export(
    network: Network,
    targets: Mapping[str, Mapping[str, str]],
    folder: Path,
    *,
    weights: Path | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Exported:
    """Write `network` by each exporter of `targets` (name -> options, `nas.export.read_targets`) into a new `folder`.

    Without `weights` they are the family's first ones, drawn by `seed`. Each exporter is also tried on random weights
    and statistics, since norms at rest hide mistakes. Raises a NasError, and leaves nothing, where anything cannot be
    expressed or written, or differs from the source module by more than the exporter's tolerance.
    """
    step = progress or (lambda what, share: None)
    formats = {name: format_of(name, EXPORTERS[name]) for name in targets}
    with _whole(folder) as work:
        for file_format in formats.values():
            file_format.check(network)
        model = compile_graph(network.graph, init="family", generator=torch.Generator().manual_seed(seed)).eval()
        tried: dict[str, tuple[Difference, ...]] = {}
        if weights is not None:
            load_weights(model, weights)
        start = {key: tensor.clone() for key, tensor in model.state_dict().items()}
        randomise(model, network.graph, seed)
        for done, (name, file_format) in enumerate(formats.items()):
            step(f"{name}, on random weights", done / len(formats) / 2)
            with tempfile.TemporaryDirectory(prefix="nascli-export-") as scratch:
                source = Source(network, model, targets[name])
                tried[name] = _artefact(name, file_format, source, Path(scratch), seed).written
        model.load_state_dict(start)
        artefacts = []
        for done, (name, file_format) in enumerate(formats.items()):
            step(name, 0.5 + done / len(formats) / 2)
            made = _artefact(name, file_format, Source(network, model, targets[name]), work, seed)
            artefacts.append(Artefact(name, targets[name], made.files, tried[name], made.written))
        told = f"untrained, drawn as the family's first ones by seed {seed}" if weights is None else str(weights)
        exported = Exported(network, folder, told, tuple(artefacts))
        write_text(work / RECORD, json.dumps(exported.document(), indent=1))
    return exported


def _artefact(name: str, file_format: Format, source: Source, folder: Path, seed: int) -> Artefact:
    """Write it, open it again, compare; ExportError where it differs."""
    try:
        files = file_format.write(source, folder)
        found = compare(source.model, file_format.reopen(source, folder), source.network.graph, seed)
    except ExportError as error:
        told = str(error)
        raise ExportError(told if told.startswith(f"{name}: ") else f"{name}: {told}") from None
    except (NasError, OSError):
        raise
    except Exception as error:  # of a package that writes or reads: its own kinds are many
        told = " ".join(str(error).split())[:200]
        raise ExportError(f"{name}: {type(error).__name__}: {told}; nothing was written") from None
    tolerance = EXPORTERS[name].tolerance
    for one in found:
        if one.relative > tolerance:
            raise ExportError(
                f"{name}: outputs of {one.batch} images differ from the source module's by {one.largest:.3g} "
                f"({one.relative:.3g} of the largest, more than {tolerance:g}); nothing was written"
            )
    sizes = {path.name: path.stat().st_size for path in files}
    return Artefact(name, source.options, sizes, (), tuple(found))


def _umask() -> int:
    """What the process takes off the permissions of new files; it can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """A neighbour of `folder` to write into, put in its place when the block ends well: all or nothing.

    Raises FileError for a target that is there and not an empty folder, and for one that cannot be written.
    """
    work: Path | None = None
    made: list[Path] = []  # folders above, made here
    try:
        target = folder.resolve()
        if target.exists() and not target.is_dir():
            raise FileError(f"{folder}: a file; name a new folder")
        if target.is_dir() and any(target.iterdir()):
            raise FileError(f"{folder}: not empty; name a new folder")
        made = [one for one in (target.parent, *target.parent.parents) if not one.exists()]
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
        yield work
        if target.is_dir():  # it keeps its permissions, and whoever stands in it
            for path in work.iterdir():
                path.rename(target / path.name)
        else:
            work.chmod(0o777 & ~_umask())
            work.rename(target)
        made = []
    except (FileExistsError, NotADirectoryError):
        raise FileError(f"{folder}: a file stands where a folder must be; name a new folder") from None
    except OSError as error:
        raise FileError(f"{folder}: {error.strerror or error}") from None
    finally:
        if work is not None and work.exists():
            shutil.rmtree(work, ignore_errors=True)
        for one in made:
            if one.is_dir() and not any(os.scandir(one)):
                one.rmdir()
