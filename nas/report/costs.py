"""The cost of a network as a document."""

from __future__ import annotations

from typing import Any

from nas.files import document
from nas.graph import Cost

COST = "nascli.cost/1"


def cost_document(name: str, total: Cost, by: str | None = None) -> dict[str, Any]:
    """The contract of `nascli cost --json`; with `by` also the shares of each "stage" or "node"."""
    body: dict[str, Any] = {
        "name": name,
        "input_shape": list(total.input_shape),
        "params": total.params,
        "macs": total.macs,
        "activations": total.activations,
        "peak_memory_bytes": total.peak_memory_bytes,
        "uncounted": list(total.uncounted),
    }
    if by is not None:
        shares = total.by_stage if by == "stage" else total.by_node
        body[f"by_{by}"] = {
            key: {"macs": share.macs, "params": share.params, "activations": share.activations}
            for key, share in shares.items()
        }
    return document(COST, body)
