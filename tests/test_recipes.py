"""What a recipe decides: rates by hand, images cut, turned, mixed and erased, and figures that were measured."""

from __future__ import annotations

import json
from math import cos, pi, sqrt
from pathlib import Path

import numpy as np
import pytest
import torch
from quarters import IMAGES, PLAIN, RECIPE, RESOLUTION
from scipy.stats import spearmanr

from nas.errors import TrainingError
from nas.evaluators import About
from nas.report.standing import standing
from nas.training.batches import Batches, Sized, erased
from nas.training.readers import Split
from nas.training.recipe import RECIPES, Recipe
from nas.training.schedules import SCHEDULES, rate_share

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


# -- recipes --------------------------------------------------------------------------------------------------


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
