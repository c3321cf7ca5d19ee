"""The predictor that ships: fitted on Accel-NASBench's 16-epoch ImageNet trainings."""

from __future__ import annotations

from typing import Any

from nas.predictor.checking import cross_check
from nas.predictor.data import Rows
from nas.predictor.fitting import fit
from nas.space import SearchSpace

ABOUT = {
    "name": "accel_nasbench",
    "unit": "predicted ImageNet top-1 (%) after 16 epochs",
    "note": "Predicted, not measured: ImageNet top-1 of Accel-NASBench's 16-epoch recipe (160 to 192 px, ReLU, one "
    "run), with a 90 % interval for one such run. The space decodes to SiLU, and a full training reaches more; on 117 "
    "networks of the benchmark the 16-epoch figure ranks like a 5.6 times longer training (Spearman 0.989).",
    "source": "github.com/afzalxo/Accel-NASBench at 42603572 (Apache-2.0), one row a network",
    "licence": "Apache-2.0 data; see NOTICE",
}


def fitted(space: SearchSpace, rows: Rows, *, folds: int, seed: int = 0) -> dict[str, Any]:
    """The coefficient document with its measured quality: figures of `folds` refits, each on rows not seen."""
    told = fit(space, rows, seed=seed, **ABOUT)
    quality = cross_check(space, rows, folds, seed=seed)
    told["quality"] = {key: value for key, value in quality.items() if key not in ("schema", "nascli_version")}
    return told
