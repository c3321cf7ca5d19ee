"""Short training: resumed to the bit, promoted from checkpoints, and honest about failures."""

from __future__ import annotations

import resource
import shutil

import pytest
import torch
from quarters import GRAPH, IMAGES, PLAIN, huge, network, quarters

from nas.blocks import ConvStem
from nas.errors import FileError, TrainingError
from nas.lowering import lower
from nas.threads import one_thread
from nas.training import process
from nas.training.checkpoint import read_place, read_tensors, save_checkpoint
from nas.training.halving import Rung, halve, rungs_of
from nas.training.images import Images
from nas.training.recipe import VERSION, Recipe
from nas.training.training import Run, train


def weights(graph, recipe, folder, seed=0):
    train(graph, IMAGES, recipe, seed, folder=folder)
    (path,) = folder.glob(f"*-seed{seed}-{recipe.epochs}.safetensors")
    return read_tensors(path)


def equal(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    "more",
    [{}, {"ema": 0.9}, {"optimiser": "adamw", "rate": 0.01}, {"schedule": "trapezoid"}, {"mixup": 0.2, "erasing": 0.1}],
    ids=lambda more: next(iter(more), "plain"),
)
def test_a_resumed_training_ends_with_the_same_weights_to_the_bit(more, tmp_path, monkeypatch):
    recipe = Recipe(epochs=4, **PLAIN | more)
    whole = weights(GRAPH, recipe, tmp_path / "whole")
    kept, calls = Run.train_epoch, []

    def interrupted(run, epoch):
        calls.append(epoch)
        if len(calls) == 3:
            raise KeyboardInterrupt
        kept(run, epoch)

    monkeypatch.setattr(Run, "train_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(GRAPH, IMAGES, recipe, folder=tmp_path / "cut")
    assert equal(weights(GRAPH, recipe, tmp_path / "cut"), whole)
    assert calls == [0, 1, 2, 2, 3]
    train(GRAPH, IMAGES, recipe, folder=tmp_path / "cut")
    assert len(calls) == 5  # what is finished is not trained again


def test_training_learns_and_follows_its_seed():
    recipe = Recipe(epochs=6, **PLAIN)
    first, again, other = (train(GRAPH, IMAGES, recipe, seed) for seed in (0, 0, 1))
    assert first.top1 > 80  # chance is 25
    assert first.top1 == again.top1
    assert other.top1 > 80


def test_training_leaves_the_threads_and_the_random_state_as_they_were():
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    train(GRAPH, IMAGES, Recipe(epochs=1, **PLAIN))
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)
    with one_thread():
        assert torch.get_num_threads() == 1


def test_a_promoted_network_ends_with_the_weights_of_one_trained_long_from_the_start(tmp_path):
    long = Recipe(epochs=8, **PLAIN, schedule="trapezoid")
    steps = rungs_of(long, 2)
    assert [(one.epochs, one.trunk) for one in steps] == [(4, 3), (8, 6)]
    halves = [weights(GRAPH, recipe, tmp_path / "halves") for recipe in steps]
    assert equal(halves[1], weights(GRAPH, long, tmp_path / "long"))
    assert equal(halves[0], weights(GRAPH, steps[0], tmp_path / "halves"))  # and the short end is still there


def test_halving_promotes_the_better_half_and_drops_what_fails():
    asked = []

    def worth(number, recipe):
        asked.append((number, recipe.epochs))
        return None if number == 3 else float(number % 3)

    steps = rungs_of(Recipe(epochs=16, schedule="trapezoid"), 3)
    found = halve(6, steps, worth)
    assert asked == [*((n, 4) for n in range(6)), (2, 8), (5, 8), (1, 8), (2, 16), (5, 16)]
    assert found[3] == Rung(None, 4)
    assert found[2] == Rung(2.0, 16)
    assert found[1] == Rung(1.0, 8)


def test_rungs_that_cannot_continue_one_another_are_refused():
    with pytest.raises(TrainingError, match="a cosine depends on the end from its first step on; write schedule=trap"):
        rungs_of(Recipe(epochs=16), 2)
    with pytest.raises(TrainingError, match="rungs=9: 16 epochs can be halved to 1 at most"):
        rungs_of(Recipe(epochs=16, schedule="trapezoid"), 9)


def test_a_checkpoint_of_something_else_is_refused_in_one_line(tmp_path, monkeypatch):
    recipe = Recipe(epochs=1, **PLAIN)
    train(GRAPH, IMAGES, recipe, folder=tmp_path)
    (path,) = tmp_path.iterdir()
    with pytest.raises(FileError, match=r"a checkpoint of another recipe \(rate=0.1, now 0.2\); choose another folder"):
        train(GRAPH, IMAGES, Recipe(epochs=1, **PLAIN, rate=0.2), folder=tmp_path)
    with pytest.raises(FileError, match=r"another recipe \(epochs=1, now 2\)"):  # a cosine cannot be continued
        train(GRAPH, IMAGES, Recipe(epochs=2, **PLAIN), folder=tmp_path)
    other = lower(network(16), 4, 1)
    shutil.copy(path, path.with_name(path.name.replace(GRAPH.digest()[:16], other.digest()[:16])))
    with pytest.raises(FileError, match=f"of another architecture \\(graph {GRAPH.digest()[:12]}, now"):
        train(other, IMAGES, recipe, folder=tmp_path)
    with pytest.raises(FileError, match="of another data"):
        train(GRAPH, Images("", quarters(160, 2), IMAGES.val, 4), recipe, folder=tmp_path)
    monkeypatch.setattr("nas.training.training.VERSION", VERSION + 1)
    with pytest.raises(FileError, match=f"of another version of the training \\({VERSION}, now {VERSION + 1}\\)"):
        train(GRAPH, IMAGES, recipe, folder=tmp_path)


def test_a_checkpoint_that_is_damaged_is_refused_in_one_line(tmp_path):
    recipe = Recipe(epochs=1, **PLAIN)
    train(GRAPH, IMAGES, recipe, folder=tmp_path)
    (path,) = tmp_path.iterdir()
    place, tensors = read_place(path), read_tensors(path)
    missing = {name: tensor for name, tensor in tensors.items() if "head" not in name}
    for wrong in (missing, {**tensors, "colour.red": torch.ones(1)}, {"model.stem.conv.weight": torch.ones(1)}):
        save_checkpoint(path, place, wrong)
        with pytest.raises(FileError, match="its tensors are not those of its header") as told:
            train(GRAPH, IMAGES, recipe, folder=tmp_path)
        assert "\n" not in str(told.value)
    save_checkpoint(path, place, tensors)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(FileError, match="not a checkpoint"):
        train(GRAPH, IMAGES, recipe, folder=tmp_path)


ENDS = {1: (55.3807, 105.4387)}
"""By version of the training, of two recipes the norms of all weights after two epochs, summed."""


def test_a_training_that_ends_elsewhere_has_another_version():
    """Labels and checkpoints are kept by the version; whoever changes what is trained raises it and adds a line."""
    rich = {"mixup": 0.2, "erasing": 0.1, "flip": 1, "crop": 0.1, "optimiser": "adamw", "rate": 0.01, "ema": 0.9}
    for more, wanted in zip(({}, {**rich, "schedule": "trapezoid"}), ENDS[VERSION], strict=True):
        run = Run(GRAPH, IMAGES, Recipe(epochs=2, **PLAIN | more), 3)
        run.train_epoch(0)
        run.train_epoch(1)
        found = [t for name, t in run.tensors().items() if not name.startswith("optimiser") and t.is_floating_point()]
        assert sum(float(tensor.double().norm()) for tensor in found) == pytest.approx(wanted, rel=1e-3)


def test_a_loss_that_is_no_number_is_told():
    with pytest.raises(TrainingError, match=r"the loss is no number any more in epoch \d; take a lower rate=…"):
        train(lower(network().model_copy(update={"norm": network().norm.model_copy(update={"kind": "none"})}), 4, 1),
              IMAGES, Recipe(epochs=4, **PLAIN, rate=100.0))  # fmt: skip


def test_a_network_that_memory_does_not_hold_is_told():
    with pytest.raises(TrainingError, match="out of memory at batch=16, 512 pixels; take a smaller batch"):
        train(lower(huge(), 4, 1), IMAGES, Recipe(epochs=1, **PLAIN))


def test_memory_that_the_machine_only_promises_is_refused_too(monkeypatch):
    monkeypatch.setattr(process, "free_memory", lambda: 2**25)
    limits = resource.getrlimit(resource.RLIMIT_AS)
    wide = huge().model_copy(update={"resolution": 128, "stem": ConvStem(channels=2**13)})  # 2 GB a map
    with pytest.raises(TrainingError, match="out of memory at batch=16, 128 pixels"):
        train(lower(wide, 4, 1), IMAGES, Recipe(epochs=1, **PLAIN))
    assert resource.getrlimit(resource.RLIMIT_AS) == limits
