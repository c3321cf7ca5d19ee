"""Short training as an evaluator: what its score says, what it refuses, and what fails a candidate only."""

from __future__ import annotations

import pickle
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from quarters import GRAPH, IMAGES, huge, network
from scipy.stats import t as student

import nas
import search_spaces
from nas.blocks import ConvStem
from nas.calibration.cache import name_of
from nas.errors import EvaluatorError, FileError, NasError
from nas.evaluators import Failure, Score, Task, named_evaluator
from nas.space.lint import lint
from nas.training import process
from nas.training.training import train


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data" / "quarters.npz"
    path.parent.mkdir()
    arrays = {"images": IMAGES.train.images, "labels": IMAGES.train.labels}
    np.savez(path, **arrays, val_images=IMAGES.val.images, val_labels=IMAGES.val.labels)
    return path


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


@pytest.mark.parametrize("rungs", ["", ",schedule=trapezoid,rungs=2"])
def test_a_checkpoint_that_cannot_be_used_ends_a_search_and_fails_no_trial(data, tmp_path, rungs):
    folder, option = tmp_path / "kept", OPTION.format(data).replace("epochs=2", "epochs=4")
    judge = named_evaluator(f"{option},folder={folder}{rungs}", Task(4, 1))
    judge.evaluate([network()])
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(FileError, match="; delete it or choose another folder"):
        judge.evaluate([network()])
    assert isinstance(judge.evaluate([network(16)])[0], Score)  # another network's are none of its business


def test_labels_are_kept_by_images_recipe_and_version_and_not_by_where_the_images_lie(data, tmp_path, monkeypatch):
    moved = tmp_path / "moved.npz"
    moved.write_bytes(data.read_bytes())
    key = name_of(named_evaluator(OPTION.format(data), Task(4, 1)).about)
    assert name_of(named_evaluator(OPTION.format(moved), Task(4, 1)).about) == key
    for more in (",rate=0.05", ",seeds=2", ",resolution=8", ",device=cuda"):
        assert name_of(named_evaluator(OPTION.format(data) + more, Task(4, 1)).about) != key
    monkeypatch.setattr("nas.evaluators.trained.VERSION", "another")
    assert name_of(named_evaluator(OPTION.format(data), Task(4, 1)).about) != key


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
