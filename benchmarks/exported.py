"""Exported networks in onnxruntime against torchvision's eager ones, and against what torch.onnx makes of those.

OMP_NUM_THREADS=1 python benchmarks/exported.py > results/exported.md     # needs torchvision, as CONTRIBUTING.md says

Needs a machine that does nothing else; 4 minutes.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn

from nas import zoo
from nas.export.onnx import write
from nas.graph import cost
from nas.latency.measuring import busy, measure, timer_of
from nas.report.tables import markdown
from nas.runtimes import runtime_named
from nas.runtimes.onnxruntime import OnnxSession
from nas.runtimes.torch import TorchSession

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from oracles import import_torchvision

JUDGED, BAR = "efficientnet_b0", 0.40  # its file / torchvision's eager one
NAMES = (JUDGED, "mobilenet_v2", "mobilenet_v3_large", "regnet_y_800mf", "resnet50", "convnext_tiny")
PASSES, SECONDS = 5, 8.0  # measurements of a network, a few seconds apart, and the seconds of each
RUNS = 40  # of a profile
SIZE = 224
COUNTED = ("Conv", "Gemm", "MatMul")  # operators that macs are counted of


def from_torch(model: nn.Module) -> bytes:
    """What torch.onnx writes of a module."""
    written = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its other exporter needs one more package
        torch.onnx.export(model, (torch.randn(1, 3, SIZE, SIZE),), written, dynamo=False, opset_version=17)
    return written.getvalue()


@dataclass(frozen=True)
class Compared:
    """A network: our file's time over that of eager torchvision and of torch.onnx's file, one a pass; its ms; the
    share of operators with macs in it, by onnxruntime's own profile, and their macs a second."""

    name: str
    eager: NDArray[np.float64]
    torch_onnx: NDArray[np.float64]
    ms: float
    counted: float
    macs_a_second: float

    @property
    def row(self) -> tuple[str, ...]:
        """As the page shows it."""
        middle, low, high = np.median(self.eager), self.eager.min(), self.eager.max()
        return (
            self.name,
            f"{middle:.3f}",
            f"{low:.3f} to {high:.3f}",
            f"{np.median(self.torch_onnx):.3f}",
            f"{self.ms:.2f}",
            f"{self.counted:.0%}",
            f"{self.macs_a_second / 1e9:.0f}",
        )


def compared(name: str) -> Compared:
    """Both files and the eager module in turns, PASSES times; then the profile."""
    theirs = getattr(import_torchvision().models, name)(weights=None).eval()
    weights = {key: tensor.numpy() for key, tensor in theirs.state_dict().items()}
    graph = zoo.build(name)
    ours = write(graph, weights).SerializeToString()
    rng = np.random.default_rng(0)
    timers = {
        "ours": timer_of(OnnxSession(ours, 1, "cpu"), rng),
        "eager": timer_of(TorchSession(theirs, graph.input_shape, 1, "cpu"), rng),
        "torch.onnx": timer_of(OnnxSession(from_torch(theirs), 1, "cpu"), rng),
    }
    found = [measure(timers, rng, SECONDS) for _ in range(PASSES)]
    for word in filter(None, (busy(1, one.interrupted) for one in found)):
        print(f"{name}: {word}", file=sys.stderr)
    mine, eagers, others = np.array([[one.nanoseconds(key) for key in timers] for one in found], dtype=np.float64).T
    spent = profile(ours)
    counted = sum(spent[op] for op in COUNTED)
    pace = cost(graph).macs / counted * 1e6
    return Compared(name, mine / eagers, mine / others, np.median(mine) / 1e6, counted / spent.total(), pace)


def profile(model: bytes) -> Counter[str]:
    """Microseconds of a run by operator, as onnxruntime itself counts them; a FusedConv is a Conv."""
    spent: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.enable_profiling = 1, True
        options.profile_file_prefix = str(Path(folder) / "profile")
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        image = np.random.default_rng(0).standard_normal((1, 3, SIZE, SIZE), dtype=np.float32)
        for _ in range(RUNS):
            session.run(None, {session.get_inputs()[0].name: image})
        for event in json.loads(Path(session.end_profiling()).read_text()):
            if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
                spent[event["args"]["op_name"].removeprefix("Fused")] += event["dur"] / RUNS
    return spent


HEAD = """# Exported networks in onnxruntime against eager torchvision

Written by `python benchmarks/exported.py > results/exported.md`. The same weights, one image of {0} px, one thread,
float32; our ONNX file in onnxruntime, torchvision's eager module, and the file that `torch.onnx.export` makes of that
module in onnxruntime, in turns and in random order; the median of {1} passes, and the range. In macs: the share of
convolutions and matrix products in our file's time, by onnxruntime's profile, and how fast they run.

{2}
"""
HEADER = "network|ours / eager torchvision>|range>|ours / torch.onnx>|ours (ms)>|in macs>|Gmacs per second of it>"


def main() -> None:
    rows = []
    for name in NAMES:
        rows.append(compared(name))
        print(*rows[-1].row, file=sys.stderr)
    on = runtime_named("onnxruntime").fingerprint(1, "cpu")
    print(HEAD.format(SIZE, PASSES, f"{on}; torch {torch.__version__}"))
    print(markdown(HEADER, [one.row for one in rows]))
    judged = rows[NAMES.index(JUDGED)]
    ratio = float(np.median(judged.eager))
    met = "met" if ratio <= BAR else "missed"
    print(
        f"\nThe bar for {JUDGED} is {BAR:.3f}: {met}. Its convolutions and its classifier alone take "
        f"{ratio * judged.counted:.3f} of eager torchvision's time."
    )


if __name__ == "__main__":
    main()
