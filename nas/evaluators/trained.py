"""Short training as an evaluator: validation top-1 by a recipe, on the user's images."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from math import sqrt
from pathlib import Path
from statistics import fmean, stdev
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from nas.errors import EvaluatorError, FileError, NasError, unknown
from nas.evaluators.score import About, Evaluator, Failure, Member, Score, Task
from nas.graph import Graph
from nas.lowering import Description, lower
from nas.options import whole
from nas.training.halving import halve, rungs_of
from nas.training.recipe import KINDS, RECIPES, VERSION, Named, Recipe, named_recipe

if TYPE_CHECKING:
    from nas.training.images import Images

UNIT = "validation top-1 (%)"
NOT_VALIDATED = "this recipe was not validated: nobody measured whether it ranks networks the same with another seed"


@dataclass(frozen=True)
class TrainEvaluator:
    """Trains every network by `recipe` with each of `seeds` seeds; several make a 90 % interval.

    Images are resized to the network's own resolution, or all to `resolution` with the network left as it is. With
    `rungs` the networks that are asked for together are halved rung by rung. `folder` keeps checkpoints, and an answer
    that stands there is not computed again; one of them that cannot be read or belongs to something else is a
    FileError.
    """

    data: str
    recipe: Recipe
    task: Task
    quality: tuple[tuple[str, object], ...] = ()
    name: str = "train"
    seeds: int = 1
    rungs: int = 1
    resolution: int | None = None
    folder: str | None = None
    device: str = "cpu"

    cheap = False

    @property
    def about(self) -> About:
        """What the number is: of which images, after which recipe."""
        images, recipe = self.images, self.recipe
        used = recipe.images or len(images.train.labels)
        told = [
            f"top-1 in percent of {len(images.val.labels):,} validation images of {self.data} after {recipe.epochs} "
            f"epochs over {min(used, len(images.train.labels)):,} others"
        ]
        if self.resolution is not None:
            told.append(f"all images at {self.resolution} pixels, whatever the network's own resolution")
        told.append(self._validation(images.fingerprint))
        settings = (VERSION, recipe.digest, images.fingerprint, self.seeds, self.rungs, self.resolution, self.device)
        return About(
            name=self.name,
            unit=UNIT,
            note="; ".join(told),
            quality=dict(self.quality),
            fingerprint=" ".join(map(str, settings)),
        )

    def _validation(self, data: str) -> str:
        """What is known of the ranking; a recipe was validated on some images, and need not hold on others."""
        known = dict(self.quality)
        if not known:
            return NOT_VALIDATED
        elsewhere = "" if known["data"] == data else "; these are other images"
        return f"{known['note']}{elsewhere}"

    @property
    def images(self) -> Images:
        """The images, read once a process."""
        from nas.training.images import read_images

        return read_images(self.data, self.resolution)

    def evaluate(self, architectures: Sequence[Description], seed: int = 0) -> list[Score | Failure]:
        steps, count = rungs_of(self.recipe, self.rungs), len(architectures)
        answers: list[Score | Failure] = [Failure("not trained")] * count
        spent = [0.0] * count
        with self._folder() as folder:

            def train(number: int, recipe: Recipe) -> float | None:
                started = time.perf_counter()
                answer = self._trained(architectures[number], recipe, seed, folder)
                spent[number] += time.perf_counter() - started
                if isinstance(answer, Score):
                    answer = replace(answer, seconds=max(answer.seconds, spent[number]))
                answers[number] = answer
                return answer.value if isinstance(answer, Score) else None

            halve(count, steps, train)
        return answers

    def _folder(self) -> AbstractContextManager[str | None]:
        """Where checkpoints go: promotions need some place."""
        return nullcontext(self.folder) if self.folder is not None or self.rungs == 1 else TemporaryDirectory()

    def _trained(self, architecture: Description, recipe: Recipe, seed: int, folder: str | None) -> Score | Failure:
        from nas.training.training import train

        try:
            graph, seeds = self._graph(architecture), range(seed * self.seeds, (seed + 1) * self.seeds)
            runs = [train(graph, self.images, recipe, one, folder=folder, device=self.device) for one in seeds]
        except FileError:  # a checkpoint of something else, a full disk: the next candidate would meet it too
            raise
        except (NasError, RuntimeError) as error:  # torch's own errors fail this candidate only
            return Failure(f"{type(error).__name__}: {error}".splitlines()[0][:300])
        found = [run.top1 for run in runs]
        value, half = fmean(found), _half_width(found)
        return Score(
            value,
            low=None if half is None else value - half,
            high=None if half is None else value + half,
            fidelity=recipe.epochs / self.recipe.epochs,
            seconds=sum(run.seconds for run in runs),
            seed=seed,
            calibrated=True,
        )

    def _graph(self, architecture: Description) -> Graph:
        if self.resolution is not None:
            architecture = architecture.model_copy(update={"resolution": self.resolution})
        return lower(architecture, self.task.num_classes, self.task.in_chans)


def _half_width(values: Sequence[float]) -> float | None:
    """Half the 90 % interval of a mean of a few runs (Student's t); None of one run."""
    if len(values) < 2:
        return None
    from scipy.stats import t

    return float(t.ppf(0.95, len(values) - 1)) * stdev(values) / sqrt(len(values))


def _made(values: dict[str, str], task: Task) -> Evaluator:
    if "data" not in values:
        raise EvaluatorError("evaluator train: write train:data=FOLDER (or data=FILE.npz)")
    named = named_recipe(values.get("recipe", DEFAULT))
    recipe = named.recipe.changed({key: value for key, value in values.items() if key in KINDS})
    seeds, rungs = (whole(values, key, 1, 1, most, "evaluator train") for key, most in (("seeds", 100), ("rungs", 20)))
    resolution = whole(values, "resolution", 0, 8, 2**13, "evaluator train") if "resolution" in values else None
    device = values.get("device", "cpu")
    if device not in DEVICES:
        raise EvaluatorError(f"evaluator train: {unknown('device', device, DEVICES)}")
    made = TrainEvaluator(
        str(Path(values["data"])),
        recipe,
        task,
        quality=_quality(named, recipe),
        name="train:" + ",".join(f"{key}={value}" for key, value in sorted(values.items()) if key != "folder"),
        seeds=seeds,
        rungs=rungs,
        resolution=resolution,
        folder=values.get("folder"),
        device=device,
    )
    rungs_of(recipe, rungs)
    images = made.images
    for what, key, found, wanted in (
        ("classes", "num_classes", images.classes, task.num_classes),
        ("channels", "in_chans", images.channels, task.in_chans),
    ):
        if found != wanted:
            raise EvaluatorError(
                f"evaluator train: {made.data} has {found} {what}, the networks {wanted}; write {key}: {found} in the "
                "space's YAML (examples/fashion.yaml does) or in the network's JSON"
            )
    return made


def _quality(named: Named, recipe: Recipe) -> tuple[tuple[str, object], ...]:
    """What was measured of the recipe, where nothing of it was changed."""
    return tuple(named.quality.items()) if recipe == named.recipe else ()


DEFAULT, DEVICES = "full", ("cpu", "cuda")
TRAIN = Member(
    _made,
    "validation top-1 after a short training on images",
    {
        "data": "a folder of class folders, of IDX files or of images.npy and labels.npy, or a file .npz",
        "recipe": f"one of {', '.join(RECIPES)}; {DEFAULT} where none is named",
        "seeds": "trainings of each network; several make an interval (1)",
        "rungs": "rungs of halving among networks asked for together, whose scores then depend on each other (1)",
        "resolution": "pixels for all networks; left out: each network's own",
        "folder": "where checkpoints are kept and resumed from",
        "device": "cpu or cuda",
        **{key: f"instead of the recipe's ({getattr(RECIPES[DEFAULT].recipe, key)})" for key in KINDS},
    },
    speed="minutes to hours",
    unit=UNIT,
    note="a recipe that was not validated says so",
)
