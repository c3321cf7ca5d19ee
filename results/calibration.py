"""Write results/calibration.md and .json: how well a fit on 10 or 20 labels ranks networks within ± 5 % macs.

python results/calibration.py nas-bench-macro_cifar10.json accel_nasbench.csv --proxies scores.jsonl

Some twenty minutes on one core, of which zero-cost scores (kept in scores.jsonl) take half. Without files the page is
written anew from the figures in results/calibration.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

import search_spaces
from nas.calibration import Terms, calibration
from nas.calibration.features import FeatureMap, Proxies
from nas.calibration.gaussian import rows
from nas.calibration.models import FAMILIES, fit
from nas.calibration.zero_cost import ZeroCost
from nas.evaluators.table import TableEvaluator
from nas.files import document, parse_json, read_text, write_text
from nas.labels import Labels, read_labels
from nas.quality.assessing import baseline_scores

HERE = Path(__file__).parent
KEPT = HERE / "calibration.json"
SEEDS = 50
LABELS = (10, 20)
MEASURED = 120  # networks of a band whose zero-cost scores are measured
Floats = NDArray[np.float64]

# (space, centre of the band in million macs, what the table was used for)
TABLES = (
    ("nasbench_macro", 58, "tuned on"),
    ("efficientnet", 370, "never used for choosing"),
)


def band_of(labels: Labels, centre: int) -> Labels:
    """The networks within ± 5 % of `centre` million macs."""
    whole = labels.networks
    macs = whole.space.costs(whole.genomes, ("macs",))["macs"] / 1e6
    return whole.take(np.abs(macs - centre) <= 0.05 * centre)


def chosen_by_us(band: Labels, n: int, seed: int) -> dict[str, float]:
    """One calibration on `n` labels of a band."""
    fit = calibration(Terms(band.space, TableEvaluator(band), n=n, top=0, seed=seed), pool=band.genomes)
    labelled = {genome.tobytes() for genome in fit.labelled}
    rows = np.flatnonzero([genome.tobytes() in labelled for genome in band.genomes])
    return judged(band.values, fit.predict(band.genomes), rows)


def chosen_at_random(band: Labels, n: int, seed: int) -> dict[str, float]:
    """The same fit on labels of networks drawn at random."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(band), n, replace=False)
    known = FeatureMap(band.space, band.genomes)(band.genomes)
    found = fit(rows(known, chosen), band.values[chosen], np.ones(n), rng)
    belief = found.model(known)
    half = found.width * belief.label_sd
    return judged(band.values, (belief.mean, belief.mean - half, belief.mean + half), chosen)


def judged(truth: Floats, told: tuple[Floats, Floats, Floats], labelled: NDArray[np.intp]) -> dict[str, float]:
    """Figures of a fit against all labels of a band; ranks and intervals on the networks that it has not seen."""
    mean, low, high = told
    held = np.setdiff1d(np.arange(len(truth)), labelled)
    return {
        "spearman": float(spearmanr(mean[held], truth[held])[0]),
        "best": _gain(truth, truth[labelled].max()),
        "pick": _gain(truth, truth[mean.argmax()]),
        "covered": float(((low <= truth) & (truth <= high))[held].mean()),
    }


def _gain(truth: Floats, value: float) -> float:
    """The share of the oracle's gain over the band's mean."""
    return float((value - truth.mean()) / (truth.max() - truth.mean()))


WAYS = {"ours": chosen_by_us, "at random": chosen_at_random}


def models_alone(band: Labels, proxies: Proxies | None = None) -> dict[str, dict[str, list[float]]]:
    """Spearman of each model without a choice among them, on the same random labels: model -> labels -> spread."""
    features = FeatureMap(band.space, band.genomes, proxies)(band.genomes)
    plain = {group: values for group, values in features.items() if group != "proxies"}
    hot = np.concatenate([np.eye(size)[band.genomes[:, i]] for i, size in enumerate(band.space.slots.values())], axis=1)
    asked: dict[str, tuple[str, dict[str, Floats]]] = {name: (name, plain) for name in FAMILIES}
    asked["ridge on one-hot slots"] = "ridge", {"stages": (hot - hot.mean(axis=0)) / np.sqrt(hot.var(axis=0).sum())}
    if proxies is not None:
        asked["gaussian with zero-cost scores"] = "gaussian", features
        asked["ridge on zero-cost scores"] = "ridge", {"proxies": features["proxies"]}
    told: dict[str, dict[str, list[float]]] = {}
    for name, (family, known) in asked.items():
        for n in LABELS:
            found = []
            for seed in range(SEEDS):
                chosen = np.random.default_rng(seed).choice(len(band), n, replace=False)
                held = np.setdiff1d(np.arange(len(band)), chosen)
                model = FAMILIES[family](rows(known, chosen), band.values[chosen], np.ones(n))
                found.append(float(spearmanr(model(rows(known, held)).mean, band.values[held])[0]))
            told.setdefault(name, {})[str(n)] = spread(found)
    return told


def measured(path: str, space_name: str, centre: int, purpose: str, scores: Path | None) -> dict[str, Any]:
    """All figures of one table."""
    space = search_spaces.load(space_name)
    labels = read_labels(path, space)
    band = band_of(labels, centre)
    told: dict[str, Any] = {
        "space": space_name,
        "table": Path(path).name,
        "column": labels.column,
        "purpose": purpose,
        "centre": centre,
        "networks": len(band),
        "labels_sd": round(float(band.values.std()), 4),
        "fits": [],
    }
    for n in LABELS:
        for way, session in WAYS.items():
            found = [session(band, n, seed) for seed in range(SEEDS)]
            figures = {key: spread([row[key] for row in found]) for key in found[0]}
            told["fits"].append({"n": n, "choice": way, "seeds": SEEDS, **figures})
            print(space_name, n, way, figures, flush=True)
    told["models"] = models_alone(band)
    told["alone"] = {name: rank(values, band.values) for name, values in baselines(band).items()}
    if scores is not None:
        some = band.take(np.random.default_rng(5).permutation(len(band))[:MEASURED])
        found = zero_cost(some, scores)
        told["zero_cost"] = {
            "networks": len(some),
            "alone": {name: rank(values, some.values) for name, values in found.items()},
            "models": models_alone(some, lambda genomes: found),
        }
    return told


def rank(one: Floats, other: Floats) -> float:
    """Spearman."""
    return round(float(spearmanr(one, other)[0]), 4)


def baselines(band: Labels) -> dict[str, Floats]:
    """Costs, which need no label."""
    return {**baseline_scores(band), "activations": band.space.costs(band.genomes, ("activations",))["activations"]}


def zero_cost(band: Labels, path: Path) -> dict[str, Floats]:
    """Zero-cost scores of networks: those of the file, the others measured and appended to it."""
    kept = {}
    if path.exists():
        for line in read_text(path).splitlines():
            row = json.loads(line)
            kept[row["space"], tuple(row["genome"])] = row["scores"]
    measure, found = ZeroCost(band.space), []
    for genome in band.genomes:
        key = band.space.name, tuple(genome.tolist())
        if key not in kept:
            kept[key] = {name: float(values[0]) for name, values in measure(genome[None]).items()}
            with path.open("a") as file:
                file.write(json.dumps({"space": key[0], "genome": key[1], "scores": kept[key]}) + "\n")
        found.append(kept[key])
    return {name: np.array([row[name] for row in found]) for name in found[0]}


def spread(values: list[float]) -> list[float]:
    """Median, 5 % and 95 % quantile over seeds."""
    return [round(float(q), 4) for q in np.quantile(values, [0.5, 0.05, 0.95])]


PAGE = """# Calibration: 10 or 20 labels, and what they are worth

Written by `python results/calibration.py MACRO.json ACCEL.csv --proxies scores.jsonl` from figures that it keeps in
`results/calibration.json`; `nas.calibration` is what is measured here.

A table's networks within ± 5 % of a number of macs (ours, at the space's resolution) are the pool. A fit sees the
labels of {labels} of them. Spearman and coverage are those on the networks of the pool that it has not seen. Each
figure is the median over {seeds} seeds, with the 5 % and 95 % quantiles of the seeds. A seed decides which networks are
labelled: *ours* takes one of each stratum of macs, the one that tells most of the others, in an order of strata that
the seed draws, and spends the last fifth of the labels on expected improvement; *at random* draws all. The further
labels of the five best believed are not used here: a table has no other seeds.

*Gain* is (label − mean of the band) / (best of the band − mean): *best labelled* of the best label that was asked for,
*pick* of the network that is believed best.

{tables}
## Bars

Spearman of at least .90 with 20 labels and .85 with 10, above params, macs, depth and every single zero-cost score;
gain of the best of 20 at least .7; on the table that was never used for choosing.

{bars}

## What was chosen on NAS-Bench-Macro, and how

Groups of features (costs, totals, trends, stages) and their Dirichlet weights, the smooth summands, and how many labels
go to expected improvement were chosen on its bands of 40, 45, 50, 58, 65 and 75 million macs. All labels spread gives
the best ranks, more of them to expected improvement the better network; a fifth is the compromise. Zero-cost scores
cost a second or more a network. With 20 labels they bring nothing there, with 10 a little, so they are left out here.
Costs of single stages as features made the fit slightly worse. The range of the noise was set beforehand.

The bars were measured once, with all of this settled, and nothing was changed afterwards. What that run shows besides:
{besides}

The fit is chosen among Gaussian process, ridge and trees by cross-validated error, and the first wins unless another is
better by more than one standard error.
"""

TABLE = """## {table}, {centre}M ± 5 %, {purpose}

{networks} networks, labels `{column}` with a standard deviation of {labels_sd:.2f}.

| labels | choice | Spearman | gain, best labelled | gain, pick | 90 % interval covers |
|---:|---|---:|---:|---:|---:|
{fits}

Models without a choice among them, on labels at random, Spearman:

| model | 10 labels | 20 labels |
|---|---:|---:|
{models}

Without labels, Spearman: {alone}.

{zero_cost}"""

ZERO_COST = """On {networks} networks of the band drawn at random, whose zero-cost scores were measured, Spearman
without labels: {alone}. With labels of these networks, at random:

| model | 10 labels | 20 labels |
|---|---:|---:|
{models}
"""


def shown(figure: list[float]) -> str:
    """Median and quantiles."""
    return "{:.3f} ({:.3f} to {:.3f})".format(*figure)


def listed(figures: dict[str, float]) -> str:
    """Figures by name, the strongest first."""
    return ", ".join(f"{name} {value:+.2f}" for name, value in sorted(figures.items(), key=lambda item: -abs(item[1])))


def models_rows(models: dict[str, dict[str, list[float]]]) -> str:
    """Rows of models."""
    return "\n".join(
        f"| {name} | " + " | ".join(shown(told[str(n)]) for n in LABELS) + " |" for name, told in models.items()
    )


def table_of(told: dict[str, Any]) -> str:
    """The section of a table."""
    fits = "\n".join(
        f"| {row['n']} | {row['choice']} | "
        + " | ".join(shown(row[key]) for key in ("spearman", "best", "pick", "covered"))
        + " |"
        for row in told["fits"]
    )
    zero_cost = told.get("zero_cost")
    besides = (
        ""
        if zero_cost is None
        else ZERO_COST.format(
            networks=zero_cost["networks"], alone=listed(zero_cost["alone"]), models=models_rows(zero_cost["models"])
        )
    )
    body = {**told, "fits": fits, "models": models_rows(told["models"]), "alone": listed(told["alone"])}
    return TABLE.format(**{**body, "zero_cost": besides})


def bars_of(told: dict[str, Any]) -> str:
    """The bars, met or missed."""
    ours = {row["n"]: row for row in told["fits"] if row["choice"] == "ours"}
    rivals = {**told["alone"], **told.get("zero_cost", {}).get("alone", {})}
    name, rival = max(rivals.items(), key=lambda item: abs(item[1]))
    whole = "" if name in told["alone"] else f", that one on {told['zero_cost']['networks']} of them"
    bars = [("Spearman with 20 labels", ours[20]["spearman"][0], 0.90)]
    bars += [("Spearman with 10 labels", ours[10]["spearman"][0], 0.85)]
    bars += [("gain of the best of 20 labelled", ours[20]["best"][0], 0.7)]
    for n in reversed(LABELS):
        what = f"Spearman with {n} labels above every cost and zero-cost score, the best being {name}{whole}"
        bars.append((what, ours[n]["spearman"][0], abs(rival)))
    return "\n".join(
        f"- {what}: {value:.3f}, wanted {bar:.3f}: {'met' if value >= bar else '**missed**'}"
        for what, value, bar in bars
    )


def besides_of(tables: list[dict[str, Any]]) -> str:
    """What zero-cost scores as features do to the Gaussian process, table by table."""
    told = []
    for table in tables:
        models = table.get("zero_cost", {}).get("models", {})
        for n in map(str, LABELS if models else ()):
            without, with_scores = (models[f"gaussian{more}"][n][0] for more in ("", " with zero-cost scores"))
            told.append(f"{without:.3f} to {with_scores:.3f} with {n} labels of {table['space']}")
    return f"zero-cost scores as features change the Gaussian process's median Spearman from {', '.join(told)}."


def render() -> str:
    """The page."""
    told = parse_json(read_text(KEPT), str(KEPT))["tables"]
    tables = "\n".join(map(table_of, told))
    labels = " or ".join(map(str, LABELS))
    return PAGE.format(tables=tables, bars=bars_of(told[-1]), besides=besides_of(told), seeds=SEEDS, labels=labels)


def main() -> None:
    """Measure where files are given, and write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("tables", nargs="*", help="the files of NAS-Bench-Macro and of Accel-NASBench")
    parser.add_argument("--proxies", type=Path, help="a file in which zero-cost scores are kept")
    asked = parser.parse_args()
    if asked.tables:
        told = [measured(path, *row, asked.proxies) for path, row in zip(asked.tables, TABLES, strict=True)]
        write_text(KEPT, json.dumps(document("nascli.results.calibration/1", {"tables": told}), indent=1) + "\n")
    write_text(HERE / "calibration.md", render())


if __name__ == "__main__":
    main()
