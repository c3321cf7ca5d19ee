"""A Python file that registers the network with timm, and the weights; timm builds it."""

from __future__ import annotations

import logging
import re
import sys
import warnings
from pathlib import Path
from types import ModuleType

import torch

from nas.errors import ExportError
from nas.export.comparing import executed, module_run
from nas.export.exporter import Run, Source
from nas.export.timm import LEAST, definition_of, registered, text_of
from nas.files import write_text
from nas.networks import Network
from nas.weights import save_weights

log = logging.getLogger(__name__)

# timm imports torchvision, of which this uses nothing. A torchvision built for CUDA beside a torch that is not finds
# its operators undeclared, and does not import. The declarations live as long as their library.
_OPERATORS = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]  # torch's own gap


def _timm() -> ModuleType:
    """timm, imported; ExportError for one that is too old."""
    try:
        import timm
    except ImportError as error:
        raise ExportError(f"timm: it is installed, but does not import: {str(error)[:200]}") from None
    except RuntimeError:
        for operator in ("nms", "qnms"):
            _OPERATORS.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")  # type: ignore[no-untyped-call]
        sys.modules.pop("torchvision", None)
        try:
            import timm
        except (ImportError, RuntimeError) as error:
            raise ExportError(f"timm: it is installed, but does not import: {str(error)[:200]}") from None
        log.warning("`import timm` fails outside nascli: torchvision is here for another build of torch")
    found: ModuleType = timm
    if _numbers(found.__version__) < _numbers(LEAST):
        raise ExportError(
            f"timm: {LEAST} or newer is needed, and {found.__version__} is installed: pip install 'timm>={LEAST}'"
        )
    return found


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)[:3]]


def check(network: Network) -> None:
    """A network of blocks that timm knows, and a timm that knows them."""
    definition_of(network)
    _timm()


def write(source: Source, folder: Path) -> list[Path]:
    """NAME_timm.py and NAME.safetensors."""
    code, weights = folder / f"{source.name}_timm.py", folder / f"{source.name}.safetensors"
    write_text(code, text_of(source.network))
    save_weights(source.model, weights)
    return [code, weights]


def reopen(source: Source, folder: Path) -> Run:
    """The model that timm builds from the file that was just written, with its weights."""
    timm = _timm()
    try:
        with (
            warnings.catch_warnings(action="ignore", category=UserWarning),  # that it replaces one written before
            executed(folder / f"{source.name}_timm.py") as module,  # timm looks in sys.modules for what it registers
        ):
            model = timm.create_model(registered(source.name))
            module.load_weights(model, folder / f"{source.name}.safetensors")
    except (RuntimeError, KeyError, AssertionError) as error:
        raise ExportError(f"timm: what timm builds is another network: {' '.join(str(error).split())[:200]}") from None
    return module_run(model.eval())
