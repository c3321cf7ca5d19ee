"""ONNX models as files: weights above what one protobuf file holds stand in a second file beside the first."""

from __future__ import annotations

from math import prod
from pathlib import Path

import onnx
from onnx import ModelProto

LARGEST = 2**31 - 2**24  # bytes: what one protobuf file holds, less room for the nodes


def save(model: ModelProto, path: Path) -> list[Path]:
    """Write the model to `path`, its weights to `path`.data where they are too large for one file; the files."""
    beside = [path.with_name(f"{path.name}.data")] if too_large(model) else []
    # The file names the one beside it without the folder, which may then be moved.
    onnx.save_model(model, path, save_as_external_data=bool(beside), location=beside[0].name if beside else None)
    return [path, *beside]


def too_large(model: ModelProto) -> bool:
    """Whether one file cannot hold the model (protobuf's own count would pack all of it first)."""
    types = onnx.helper.tensor_dtype_to_np_dtype
    size: int = sum(prod(one.dims) * types(one.data_type).itemsize for one in model.graph.initializer)
    return size > LARGEST
