"""An ONNX model, written by `nas.export.onnx` from the graph; onnxruntime opens it."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch

from nas.errors import ExportError
from nas.export.exporter import Run, Source
from nas.export.onnx import write as model_of
from nas.export.onnx.writing import check_expressible
from nas.networks import Network
from nas.runtimes.onnxruntime import OnnxSession

LARGEST = 2**31 - 2**24  # bytes: what one protobuf file holds, less room for the nodes


def check(network: Network) -> None:
    """Any network whose ops all have ONNX operators, and whose weights one file holds."""
    check_expressible(network.graph)
    if (size := 4 * network.graph.params) > LARGEST:
        raise ExportError(f"onnx: {network.name} has {size / 2**30:.1f} GiB of weights; one ONNX file holds 2")


def write(source: Source, folder: Path) -> list[Path]:
    """NAME.onnx."""
    path = folder / f"{source.name}.onnx"
    weights = {key: tensor.numpy() for key, tensor in source.model.state_dict().items()}
    model = model_of(source.network.graph, weights, fold=source.options.get("fold", "yes") == "yes", dynamic_batch=True)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return [path]


def reopen(source: Source, folder: Path) -> Run:
    """A session of onnxruntime on one core."""
    session = OnnxSession(str(folder / f"{source.name}.onnx"), threads=1, device="cpu")
    return lambda x: [torch.from_numpy(found) for found in session.run(x.numpy())]
