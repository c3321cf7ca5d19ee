"""Training one network by a recipe: from a graph, images and a seed to its validation top-1 in percent."""

from __future__ import annotations

import math
import re
import time
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from nas.compiler import compile_graph
from nas.errors import FileError, TrainingError
from nas.graph import Graph
from nas.threads import one_thread
from nas.training.batches import Batch, Batches
from nas.training.checkpoint import Place, read_place, read_tensors, save_checkpoint
from nas.training.images import Images
from nas.training.process import bounded_memory, keep_memory
from nas.training.recipe import VERSION, Recipe
from nas.training.schedules import rate_share


@dataclass(frozen=True)
class Trained:
    """The end of a training: validation top-1 in percent, epochs of it, seconds spent in this and earlier calls."""

    top1: float
    epochs: int
    seconds: float


def train(
    graph: Graph,
    images: Images,
    recipe: Recipe,
    seed: int = 0,
    *,
    folder: str | Path | None = None,
    device: str = "cpu",
) -> Trained:
    """Train `graph` from its initial weights at its own input size, and judge it.

    With `folder` every epoch ends in a checkpoint there, and the same call goes on from it: it ends with the weights
    that an undisturbed one ends with, to the bit. Raises TrainingError for a loss that is no number and for memory
    that does not suffice, FileError for a checkpoint of something else.
    """
    try:
        with one_thread(), bounded_memory() if device == "cpu" else nullcontext():
            return Run(graph, images, recipe, seed, device).go(None if folder is None else Path(folder))
    except (MemoryError, RuntimeError) as error:
        # torch has a class of its own for a full GPU, none for a full machine.
        if isinstance(error, RuntimeError) and not re.search(r"can't allocate memory|out of memory", str(error)):
            raise
        raise TrainingError(
            f"out of memory at batch={recipe.batch}, {graph.input_shape[-1]} pixels; take a smaller batch"
        ) from None


class Run:
    """A training in progress: a network, its optimiser and their average, after `place.epoch` epochs."""

    def __init__(self, graph: Graph, images: Images, recipe: Recipe, seed: int, device: str = "cpu") -> None:
        keep_memory()
        channels, height, width = graph.input_shape
        if channels != images.channels or height != width:
            raise TrainingError(
                f"a network for {channels}×{height}×{width} cannot be trained on images of {images.channels} channels"
            )
        self.recipe, self.device = recipe, torch.device(device)
        self.place = Place(graph.digest(), height, images.fingerprint, seed, recipe, VERSION)
        self.batches = Batches(images, recipe, height)
        self.model: nn.Module = compile_graph(graph, generator=torch.Generator().manual_seed(seed))
        self.model = self.model.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # no stub
        self.optimiser = _optimiser(self.model, recipe)
        self.average = _average(self.model, recipe)
        self.amp = recipe.amp == "on" or (recipe.amp == "auto" and self.device.type == "cuda")

    def go(self, folder: Path | None) -> Trained:
        """Train to the recipe's end, from the latest checkpoint of the folder that belongs to it, and judge."""
        if folder is not None:
            self._resume(folder)
        while self.place.epoch < self.recipe.epochs:
            self.train_epoch(self.place.epoch)
            self._keep(folder)
        if self.place.top1 is None:
            self.place = replace(self.place, top1=self.top1())
            self._keep(folder)
        assert self.place.top1 is not None
        return Trained(self.place.top1, self.place.epoch, self.place.seconds)

    def train_epoch(self, epoch: int) -> None:
        """One pass over the images; every draw of it follows from the seed and the number of the epoch."""
        started, recipe, steps = time.perf_counter(), self.recipe, self.batches.steps
        numbers = np.random.SeedSequence((self.place.seed, epoch))
        warm, trunk, total = round(recipe.warmup * steps), recipe.trunk * steps, recipe.epochs * steps
        losses = torch.zeros((), device=self.device)
        self.model.train()
        with torch.random.fork_rng([self.device] if self.device.type == "cuda" else []):
            _seed(int(numbers.generate_state(1)[0]), self.device)  # dropout and stochastic depth draw from torch
            for step, batch in enumerate(self.batches.epoch(np.random.default_rng(numbers)), start=epoch * steps):
                for group in self.optimiser.param_groups:
                    group["lr"] = recipe.rate * rate_share(recipe.schedule, step, warm, trunk, total)
                loss = self._loss(batch)
                self.optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]  # torch has no type for it
                self.optimiser.step()
                losses += loss.detach()
                if self.average is not None and step >= warm:
                    self.average.update_parameters(self.model)
        if not math.isfinite(losses.item()):
            raise TrainingError(f"the loss is no number any more in epoch {epoch + 1}; take a lower rate=…")
        seconds = self.place.seconds + time.perf_counter() - started
        self.place = replace(self.place, epoch=epoch + 1, seconds=seconds)

    def _loss(self, batch: Batch) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.amp):
            scores = self.model(batch.images.to(self.device, memory_format=torch.channels_last))
        if not isinstance(scores, Tensor):
            raise TrainingError("a network with several outputs; a recipe trains those with one")
        smoothing, scores = self.recipe.smoothing, scores.float()
        loss = functional.cross_entropy(scores, batch.labels.to(self.device), label_smoothing=smoothing)
        if batch.share == 1:
            return loss
        other = functional.cross_entropy(scores, batch.others.to(self.device), label_smoothing=smoothing)
        return batch.share * loss + (1 - batch.share) * other

    def top1(self) -> float:
        """Percent of the validation images whose class has the highest score, by the averaged weights if there are."""
        judged: nn.Module = self.model if self.average is None else self.average
        judged.eval()
        right = 0
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, enabled=self.amp):
            for batch in self.batches.judged():
                scores = judged(batch.images.to(self.device, memory_format=torch.channels_last))
                right += int((scores.argmax(1).cpu() == batch.labels).sum())
        return 100 * right / len(self.batches.val.labels)

    # -- what a checkpoint keeps --------------------------------------------------------------------------

    @property
    def _stem(self) -> str:
        return f"{self.place.graph[:16]}-{self.place.resolution}px-seed{self.place.seed}"

    def _keep(self, folder: Path | None) -> None:
        """Write the state; the one that a longer training can go on from stays beside the latest."""
        if folder is not None:
            stays = self.recipe.extensible and self.place.epoch == self.recipe.trunk
            name = f"{self._stem}-{self.recipe.epochs}{'-trunk' if stays else ''}.safetensors"
            save_checkpoint(folder / name, self.place, self.tensors())

    def _resume(self, folder: Path) -> None:
        """Take over the furthest checkpoint that belongs to this training; FileError where all belong to another."""
        found = {path: read_place(path) for path in sorted(folder.glob(f"{self._stem}-*.safetensors"))}
        refused = {path: reason for path, place in found.items() if (reason := place.refuses(self.place))}
        ours = [path for path in found if path not in refused]
        if found and not ours:
            path, reason = next(iter(refused.items()))
            raise FileError(f"{path}: a checkpoint {reason}; choose another folder")
        if ours:
            path = max(ours, key=lambda one: (found[one].epoch, found[one].top1 is not None))
            try:
                self.load(found[path], read_tensors(path))
            except (RuntimeError, KeyError, ValueError) as error:  # torch's own words for what does not fit
                told = " ".join(str(error).split())[:200]
                raise FileError(f"{path}: its tensors are not those of its header ({told}); delete it") from None

    def tensors(self) -> dict[str, Tensor]:
        """Weights, what the optimiser remembers of each, and their average."""
        found = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        for number, kept in self.optimiser.state_dict()["state"].items():
            found |= {f"optimiser.{number}.{name}": value for name, value in kept.items() if value is not None}
        if self.average is not None:
            found |= {f"average.{name}": tensor for name, tensor in self.average.state_dict().items()}
        return found

    def load(self, place: Place, tensors: dict[str, Tensor]) -> None:
        """Go on from the state that `tensors` told."""
        told: dict[str, dict[str, Tensor]] = {"model": {}, "optimiser": {}, "average": {}}
        for name, tensor in tensors.items():
            part, _, rest = name.partition(".")
            told[part][rest] = tensor
        self.model.load_state_dict(told["model"])
        if self.average is not None:
            self.average.load_state_dict(told["average"])
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in told["optimiser"].items():
            number, _, key = name.partition(".")
            state.setdefault(int(number), {})[key] = tensor
        self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": state})
        self.place = replace(place, recipe=self.recipe)


def _optimiser(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's optimiser; weight decay spares vectors: biases, norms and gains."""
    matrices = [weight for weight in model.parameters() if weight.ndim > 1]
    vectors = [weight for weight in model.parameters() if weight.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": recipe.decay}, {"params": vectors, "weight_decay": 0.0}]
    if recipe.optimiser == "adamw":
        return torch.optim.AdamW(groups, lr=recipe.rate)
    return torch.optim.SGD(groups, lr=recipe.rate, momentum=recipe.momentum, nesterov=recipe.momentum > 0)


def _average(model: nn.Module, recipe: Recipe) -> AveragedModel | None:
    if not recipe.ema:
        return None
    average = get_ema_multi_avg_fn(recipe.ema)  # type: ignore[no-untyped-call]  # torch has no type for it
    return AveragedModel(model, multi_avg_fn=average, use_buffers=True)


def _seed(seed: int, device: torch.device) -> None:
    """Seed torch's draws on the processor and on `device`; torch.manual_seed would touch every other device too."""
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)
