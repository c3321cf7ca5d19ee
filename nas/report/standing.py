"""What is known of how well an evaluator ranks, in one line."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from nas.evaluators.score import About

DOUBTFUL = 0.3  # cross-validated Spearman of 10 to 20 labels that chance alone may reach


def standing(about: About, space: str) -> str:
    """How well a score ranks, in one line, or how to find out."""
    quality = about.quality
    if "model" in quality:  # a fit on labels of its own
        found = quality.get("spearman")
        told = "unknown" if found is None else f"Spearman {found:.2f}"
        doubt = "; do not trust it" if found is None or found < DOUBTFUL else ""
        return (
            f"how well this score ranks: {told}, cross-validated over the {quality['n']:,} labels that it was fitted on"
            f", some of which were chosen as promising{doubt}"
        )
    if quality.get("spearman") is not None:
        parts = [f"Spearman {quality['spearman']:.2f}"]
        if (inside := _in_band(quality)) is not None:
            parts.append(f"{inside:.2f} at a fixed budget")
        held = "" if not quality.get("used_in_fit") else ", on networks that it was fitted on"
        word = f" ({quality['verdict']})" if "verdict" in quality else ""
        return f"how well this score ranks: {', '.join(parts)} over {quality['n']:,} labelled networks{held}{word}"
    if (agreed := quality.get("seed_to_seed")) is not None:
        low, high = quality["seed_to_seed_interval"]
        return (
            f"two seeds of this training agree at Spearman {agreed:.2f} ({low:.2f} to {high:.2f}) on {quality['n']:,} "
            "networks of one budget; how it ranks beside longer trainings is unknown"
        )
    if (noise := quality.get("noise")) is not None:
        return f"labels of {quality['n']:,} networks; a run differs from its network's mean by {noise['sd']:.2g}"
    if "noise" in quality:
        return f"labels of {quality['n']:,} networks, one run each: how far another run would differ is unknown"
    name = about.name if len(about.name) < 60 else "EVALUATOR"
    return (
        f"how well this score ranks is unknown: nascli evaluator check {name} --space {space} --labels FILE measures it"
    )


def _in_band(quality: Mapping[str, Any]) -> float | None:
    """The median Spearman over bands of macs."""
    if isinstance(told := quality.get("in_band"), dict):
        return float(told["spearman"])
    found = [band["spearman"] for band in quality.get("bands", ()) if band.get("spearman") is not None]
    return float(median(found)) if found else None
