"""One readable Python file that needs torch alone: blocks as classes, the stages as a table; and the weights."""

from __future__ import annotations

from pathlib import Path

from nas.errors import ExportError
from nas.export.code import code_of
from nas.export.comparing import executed, module_run
from nas.export.exporter import Run, Source
from nas.files import write_text
from nas.networks import Network
from nas.weights import save_weights


def check(network: Network) -> None:
    """A network that a table of stages describes."""
    code_of(network)


def write(source: Source, folder: Path) -> list[Path]:
    """NAME.py and NAME.safetensors."""
    code, weights = folder / f"{source.name}.py", folder / f"{source.name}.safetensors"
    write_text(code, code_of(source.network))
    save_weights(source.model, weights)
    return [code, weights]


def reopen(source: Source, folder: Path) -> Run:
    """The network of the file that was just written, with its weights."""
    try:
        with executed(folder / f"{source.name}.py") as module:
            model = getattr(module, source.name)(folder / f"{source.name}.safetensors")
    except RuntimeError as error:  # its tensors have other names or shapes
        raise ExportError(f"code: {source.name}.py does not load the network's weights: {str(error)[:200]}") from None
    return module_run(model.eval())
