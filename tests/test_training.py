"""Short training: schedules by hand, resumed to the bit, promoted from checkpoints, and honest about failures."""

from __future__ import annotations

import json
import pickle
import resource
import shutil
from math import cos, pi, sqrt
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from scipy.stats import t as student

import nas
import search_spaces
from nas.architecture import Architecture
from nas.blocks import ConvStem, PoolHead, stages
from nas.errors import EvaluatorError, FileError, NasError, TrainingError
from nas.evaluators import About, Failure, Score, Task, named_evaluator
from nas.lowering import lower
from nas.report.standing import standing
from nas.space.lint import lint
from nas.training import process
from nas.training.batches import Batches, Sized, erased
from nas.training.checkpoint import read_tensors
from nas.training.halving import Rung, halve, rungs_of
from nas.training.images import Images
from nas.training.process import one_thread
from nas.training.readers import Split
from nas.training.recipe import RECIPES, Recipe
from nas.training.schedules import SCHEDULES, rate_share
from nas.training.training import Run, train

RESOLUTION = 12


def network(width=8, resolution=RESOLUTION, dropout=0.1):
    return Architecture(
        resolution=resolution,
        stem=ConvStem(channels=width),
        stages=stages("block expand kernel stride channels repeats", ("inverted_residual", 2, 3, 2, width, 1)),
        head=PoolHead(channels=16, dropout=dropout),
    )


def quarters(count, seed, resolution=RESOLUTION):
    """Noisy images whose class is the quarter that is brighter."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 4
    images = rng.integers(0, 150, (count, 1, resolution, resolution), dtype=np.uint8)
    half = resolution // 2
    for image, label in zip(images, labels, strict=True):
        top, left = divmod(label, 2)
        image[0, top * half : (top + 1) * half, left * half : (left + 1) * half] += 60
    return Split(images, labels.astype(np.int64))


IMAGES = Images("quarters", quarters(160, 0), quarters(80, 1), 4)
GRAPH = lower(network(), 4, 1)
PLAIN = {"flip": 0, "crop": 0.0, "batch": 16, "warmup": 0.5}
RECIPE = Recipe(epochs=4, **PLAIN)


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data" / "quarters.npz"
    path.parent.mkdir()
    arrays = {"images": IMAGES.train.images, "labels": IMAGES.train.labels}
    np.savez(path, **arrays, val_images=IMAGES.val.images, val_labels=IMAGES.val.labels)
    return path


def weights(graph, recipe, folder, seed=0):
    train(graph, IMAGES, recipe, seed, folder=folder)
    (path,) = folder.glob(f"*-seed{seed}-{recipe.epochs}.safetensors")
    return read_tensors(path)


def equal(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


# -- schedules ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_rate_rises_linearly_and_ends_near_zero(name):
    shares = [rate_share(name, step, 4, 12, 16) for step in range(16)]
    assert shares[:4] == [0.2, 0.4, 0.6, 0.8]
    assert shares[4] == 1
    assert shares[4:] == sorted(shares[4:], reverse=True)
    assert 0 <= shares[-1] < 0.15


def test_rates_are_those_of_the_papers():
    assert rate_share("cosine", 7, 4, 16, 16) == pytest.approx((1 + cos(pi * 3 / 12)) / 2)  # arXiv:1608.03983 eq. 5
    assert rate_share("trapezoid", 11, 4, 12, 16) == 1
    assert rate_share("trapezoid", 14, 4, 12, 16) == pytest.approx(1 - sqrt(2 / 4))  # arXiv:2405.18392


def test_the_trunk_of_a_trapezoid_does_not_depend_on_its_end():
    short, long = Recipe(epochs=8, schedule="trapezoid"), Recipe(epochs=16, schedule="trapezoid")
    assert (short.trunk, long.trunk) == (6, 12)
    rates = [[rate_share("trapezoid", step, 1, one.trunk, one.epochs) for step in range(6)] for one in (short, long)]
    assert rates[0] == rates[1]


# -- augmentation ---------------------------------------------------------------------------------------------


def test_without_augmentation_an_epoch_is_the_images_in_another_order():
    batches = Batches(IMAGES, RECIPE, RESOLUTION)
    found = list(batches.epoch(np.random.default_rng(0)))
    assert len(found) == batches.steps == 10
    seen, plain = torch.cat([batch.images for batch in found]), batches._normal(batches.train.pixels)
    assert torch.equal(seen.flatten(1).sum(1).sort().values, plain.flatten(1).sum(1).sort().values)
    assert float(plain.mean()) == pytest.approx(0, abs=1e-5)
    assert float(plain.std()) == pytest.approx(1, abs=1e-3)
    assert all(batch.images.is_contiguous(memory_format=torch.channels_last) for batch in found)


def test_a_crop_is_a_window_of_the_image_with_a_margin_and_half_of_them_are_mirrored():
    recipe = Recipe(epochs=4, batch=160, crop=0.25, flip=1)
    batches = Batches(IMAGES, recipe, RESOLUTION)
    (batch,) = batches.epoch(np.random.default_rng(0))
    black = torch.nn.functional.pad(batches.train.pixels, (0, 0, 3, 3, 3, 3))
    windows = {}
    for mirrored, pixels in enumerate((black, black.flip(2))):
        for top in range(7):
            for left in range(7):
                for image in batches._normal(pixels[:, top : top + 12, left : left + 12]):
                    windows[image.contiguous().numpy().tobytes()] = mirrored
    kinds = [windows[image.contiguous().numpy().tobytes()] for image in batch.images]
    assert 50 < sum(kinds) < 110


def test_erasing_takes_a_rectangle_of_2_to_33_percent():
    images = erased(torch.ones(400, 1, 32, 32), 0.5, np.random.default_rng(0))
    lost = (images == 0).flatten(1).float().mean(1)
    assert 0.4 < float((lost > 0).float().mean()) < 0.6
    assert 0.015 < float(lost[lost > 0].min()) < float(lost.max()) < 0.35


def test_mixup_mixes_images_as_it_mixes_labels():
    recipe = Recipe(epochs=4, **{**PLAIN, "batch": 160}, mixup=1.0)
    (batch,) = Batches(IMAGES, recipe, RESOLUTION).epoch(np.random.default_rng(3))
    (whole,) = Batches(IMAGES, Recipe(epochs=4, **{**PLAIN, "batch": 160}), RESOLUTION).epoch(np.random.default_rng(3))
    assert 0 < batch.share < 1
    assert torch.equal(batch.labels, whole.labels)
    others = (batch.images - batch.share * whole.images) / (1 - batch.share)
    distances = torch.cdist(others.flatten(1), whole.images.flatten(1))
    assert torch.equal(whole.labels[distances.argmin(1)], batch.others)
    assert float(distances.min(1).values.max()) < 0.1


def test_images_are_cut_to_the_centre_square_and_resized():
    image = np.zeros((1, 1, 12, 24), np.uint8)
    image[..., 6:18] = 200
    sized = Sized.of(Split(image, np.zeros(1, np.int64)), 6)
    assert sized.pixels.shape == (1, 6, 6, 1)
    assert (sized.pixels == 200).all()


# -- training -------------------------------------------------------------------------------------------------


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


def test_a_checkpoint_of_something_else_is_refused_in_one_line(tmp_path):
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
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(FileError, match="not a checkpoint"):
        train(GRAPH, IMAGES, recipe, folder=tmp_path)


def test_a_loss_that_is_no_number_is_told():
    with pytest.raises(TrainingError, match=r"the loss is no number any more in epoch \d; take a lower rate=…"):
        train(lower(network().model_copy(update={"norm": network().norm.model_copy(update={"kind": "none"})}), 4, 1),
              IMAGES, Recipe(epochs=4, **PLAIN, rate=100.0))  # fmt: skip


def huge():
    """A network of few weights whose first map takes 275 GB a batch; the images themselves are small."""
    table = stages("block expand kernel stride channels repeats", ("inverted_residual", 1, 3, 2, 4, 1))
    return network(resolution=2**9).model_copy(update={"stem": ConvStem(channels=2**16), "stages": table})


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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": "0"}, "epochs=0 lies outside 1 to 10000"),
        ({"rate": "nan"}, "rate=nan lies outside"),
        ({"epochs": "many"}, "epochs='many' must be a whole number"),
        ({"schedule": "cosin"}, "no schedule 'cosin'; did you mean 'cosine'"),
        ({"warmup": "20"}, "a warm-up of 20 epochs leaves nothing of 16"),
    ],
)
def test_a_recipe_that_is_none_is_told(change, message):
    with pytest.raises(TrainingError, match=message):
        Recipe().changed(change)


def test_a_recipe_without_measured_figures_says_so():
    for named in RECIPES.values():
        assert named.summary
        assert not named.quality or {"seed_to_seed", "seed_to_seed_interval", "n", "data", "note"} == set(named.quality)


def test_the_figures_of_a_validated_recipe_are_those_that_were_measured():
    rows = json.loads((Path(__file__).parents[1] / "results" / "training.json").read_text())
    runs = {(row["network"], row["seed"]): row["top1"] for row in rows if row["try"] == "3 × 10k"}
    networks = sorted({network for network, _ in runs})
    agreed = spearmanr(*([runs[network, seed] for network in networks] for seed in (0, 1))).statistic
    quick = RECIPES["quick"].quality
    assert (quick["n"], quick["seed_to_seed"]) == (len(networks), round(agreed, 2))


def test_a_search_says_what_is_known_of_its_recipe():
    told = standing(About("train", quality=dict(RECIPES["quick"].quality)), "fashion")
    assert "two seeds of this training agree at Spearman 0.82" in told


# -- the evaluator --------------------------------------------------------------------------------------------

OPTION = "train:data={},epochs=2,batch=16,warmup=0.5,crop=0,flip=0"


def test_a_score_is_top_1_with_its_interval_and_its_cost(data):
    judge = named_evaluator(OPTION.format(data) + ",seeds=3", Task(4, 1))
    (score,) = judge.evaluate([network()])
    runs = [train(GRAPH, judge.images, judge.recipe, seed).top1 for seed in range(3)]
    assert score.value == pytest.approx(np.mean(runs))
    assert score.high - score.low == pytest.approx(2 * student.ppf(0.95, 2) * np.std(runs, ddof=1) / sqrt(3))
    assert (score.fidelity, score.seed, score.calibrated) == (1, 0, True)
    assert score.seconds > 0
    (other,) = judge.evaluate([network()], seed=1)  # seeds 3, 4, 5
    assert other.seed == 1
    assert "80 validation images" in judge.about.note
    assert "was not validated" in judge.about.note


def test_an_evaluator_goes_to_workers_and_names_what_it_scored_by(data, tmp_path):
    judge = named_evaluator(OPTION.format(data) + f",folder={tmp_path}", Task(4, 1))
    assert pickle.loads(pickle.dumps(judge)) == judge
    other = named_evaluator(OPTION.format(data) + ",rate=0.05", Task(4, 1))
    assert judge.about.fingerprint != other.about.fingerprint
    assert "folder" not in judge.about.name  # where checkpoints lie changes no score


def test_the_space_to_train_in_has_the_classes_of_fashion_mnist_and_no_network_twice():
    space = search_spaces.load(Path(__file__).parent.parent / "examples" / "fashion.yaml")
    assert (space.num_classes, space.in_chans, space.size) == (10, 1, 288 * 288 * 144)
    assert not lint(space, [])


def test_answers_stand_in_the_folder(data, tmp_path):
    judge = named_evaluator(OPTION.format(data) + f",folder={tmp_path / 'kept'}", Task(4, 1))
    assert judge.evaluate([network()]) == judge.evaluate([network()])  # the seconds too


def test_rungs_halve_what_is_asked_together(data):
    option = f"train:data={data},epochs=4,batch=16,warmup=0.5,crop=0,flip=0,schedule=trapezoid,rungs=2"
    judge = named_evaluator(option, Task(4, 1))
    found = judge.evaluate([network(width) for width in (2, 4, 8)])
    assert sorted(score.fidelity for score in found) == [0.5, 1, 1]


def test_images_are_sized_for_the_network_or_for_all(data):
    judge = named_evaluator(OPTION.format(data), Task(4, 1))
    small, large = judge.evaluate([network(resolution=8), network(resolution=16)])
    assert isinstance(small, Score)
    assert isinstance(large, Score)
    fixed = named_evaluator(OPTION.format(data) + ",resolution=8", Task(4, 1))
    assert fixed.evaluate([network(resolution=16)])[0].value == small.value
    assert "all images at 8 pixels, whatever the network's own resolution" in fixed.about.note


@pytest.mark.parametrize(
    ("task", "more", "message"),
    [
        (Task(10, 1), "", "has 4 classes, the networks 10; write num_classes: 4 in the space's YAML"),
        (Task(4, 3), "", "has 1 channels, the networks 3; write in_chans: 1"),
        (Task(4, 1), ",seeds=0", "seeds=0 is out of bounds; it must lie in 1 to 100"),
        (Task(4, 1), ",recipe=fulll", "no recipe 'fulll'; did you mean 'full'"),
        (Task(4, 1), ",rungs=2", "write schedule=trapezoid"),
        (Task(4, 1), ",colour=red", "no key 'colour'"),
    ],
)
def test_an_option_that_cannot_work_is_refused_before_anything_is_trained(task, more, message, data):
    with pytest.raises(NasError, match=message):
        named_evaluator(OPTION.format(data) + more, task)
    with pytest.raises(EvaluatorError, match="write train:data=FOLDER"):
        named_evaluator("train", task)


def test_a_search_goes_on_after_a_trial_that_memory_does_not_hold(data, monkeypatch):
    monkeypatch.setattr(process, "free_memory", lambda: 2**29)
    base = huge().model_copy(update={"stem": ConvStem(channels=2**12)}).model_dump(mode="json")
    space = search_spaces.read_space(
        {
            "schema": "nascli.space/1", "name": "tiny", "base": base, "num_classes": 4, "in_chans": 1,
            "resolutions": [12, 2**8],
            "stages": [{"block": "inverted_residual", "stride": 2, "channels": [4, 8], "repeats": 1, "expand": 1}],
        }
    )  # fmt: skip
    study = nas.search(space, [], f"train:data={data},epochs=1,images=16,batch=16,warmup=0.5", trials=4)
    reasons = [trial.reason for trial in study.trials]
    assert sum("out of memory" in reason for reason in reasons) == 2
    assert sum(trial.score is not None for trial in study.trials) == 2


def test_a_failure_is_an_answer_and_no_exception(data):
    (answer,) = named_evaluator(OPTION.format(data) + ",rate=100", Task(4, 1)).evaluate(
        [network().model_copy(update={"norm": network().norm.model_copy(update={"kind": "none"})})]
    )
    assert isinstance(answer, Failure)
    assert answer.reason.startswith("TrainingError: the loss is no number")
