"""An ONNX model, written by `nas.export.onnx` from the graph, that says of which network; onnxruntime opens it."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch

from nas.export.exporter import Run, Source
from nas.export.onnx import write as model_of
from nas.export.onnx.saving import save
from nas.export.onnx.writing import check_expressible
from nas.networks import Network
from nas.runtimes.onnxruntime import OnnxSession


def check(network: Network) -> None:
    """Any network whose ops all have ONNX operators."""
    check_expressible(network.graph)


def write(source: Source, folder: Path) -> list[Path]:
    """NAME.onnx, and where the weights are more than one protobuf file holds NAME.onnx.data beside it."""
    path = folder / f"{source.name}.onnx"
    weights = {key: tensor.numpy() for key, tensor in source.model.state_dict().items()}
    model = model_of(source.network.graph, weights, fold=source.options.get("fold", "yes") == "yes", dynamic_batch=True)
    onnx.helper.set_model_props(model, {"network": source.network.name, "digest": source.network.graph.digest()})
    files = save(model, path)
    del model  # as large as the weights; the checker, and whoever opens the file, needs the room
    onnx.checker.check_model(path)
    return files


def reopen(source: Source, folder: Path) -> Run:
    """A session of onnxruntime on one core."""
    session = OnnxSession(str(folder / f"{source.name}.onnx"), threads=1, device="cpu")
    return lambda x: [torch.from_numpy(found) for found in session.run(x.numpy())]
