"""Exports: a network as a file that something else opens. One file a kind (`nas.export.formats`), one line here.

Importing this loads no torch; exporting does.
"""

from __future__ import annotations

from nas.errors import ExportError, unknown
from nas.export.exporter import Exporter, Format, Source, checked_options, format_of
from nas.options import parse_option

EXPORTERS: dict[str, Exporter] = {
    "onnx": Exporter(
        "an ONNX model for any number of images, batch norms folded",
        ("onnx", "onnxruntime"),
        "onnx onnxruntime",
        {"fold": ("yes", "no")},
    ),
    "torch-export": Exporter("a torch.export program (.pt2) for any number of images"),
    "code": Exporter("one Python file that needs torch alone, and the weights"),
    "timm": Exporter(
        "a definition that timm builds, and the weights with a table of its names", ("timm",), "'timm>=1.0.8'"
    ),
    "safetensors": Exporter("the weights, and the network as JSON", tolerance=0.0),
}


def read_targets(text: str) -> dict[str, dict[str, str]]:
    """The exporters of a list such as "onnx:fold=no,code" and the values of their keys; NasError for an unknown one."""
    options: list[str] = []
    for item in text.split(","):
        if "=" in item and ":" not in item and options:  # another key of the exporter before
            options[-1] += f",{item}"
        else:
            options.append(item)
    found: dict[str, dict[str, str]] = {}
    for option in options:
        name, values = parse_option(option)
        if name not in EXPORTERS:
            raise ExportError(unknown("exporter", name, EXPORTERS))
        if name in found:
            raise ExportError(f"exporter {name} stands twice in {text!r}")
        found[name] = checked_options(name, EXPORTERS[name], values)
    return found


__all__ = ["EXPORTERS", "Exporter", "Format", "Source", "format_of", "read_targets"]
