"""A few labels, chosen well, make an evaluator: what it asks for, what it says, and what it refuses."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from labellers import Changed, Labeller, fitted
from scipy.linalg import cho_solve, cholesky
from scipy.stats import multivariate_t, spearmanr

import search_spaces
from nas.calibration import LabelCache, Terms, calibrate, calibration
from nas.calibration.choosing import spread_out
from nas.calibration.features import FeatureMap
from nas.calibration.gaussian import FREEDOM, Belief, Kernels, Posterior, Shares
from nas.calibration.models import FAMILIES, settled, significant
from nas.errors import EvaluatorError, NasError
from nas.evaluators import Failure, Score, Task, named_evaluator

MACRO = search_spaces.load("nasbench_macro")
WIDE = search_spaces.load("efficientnet")
BAND = "370M-macs~5%"


@pytest.fixture(scope="module")
def wide():
    """A fit on 20 labels within a band, its labeller, and networks of the band that it has not seen."""
    labeller = Labeller(WIDE)
    made = calibrate(WIDE, labeller, [BAND], 20, rng=np.random.default_rng(1), top=0, proxies=False)
    return made, labeller, WIDE.sample(400, [BAND], rng=np.random.default_rng(2))


def test_twenty_labels_rank_a_synthetic_band_better_than_any_cost(wide):
    made, labeller, genomes = wide
    scores = made.evaluate([WIDE.decode(genome) for genome in genomes])
    truth = labeller.truth(genomes)
    ours = spearmanr([score.value for score in scores], truth)[0]
    costs = [abs(spearmanr(cost, truth)[0]) for cost in WIDE.costs(genomes).values()]
    assert ours > 0.7
    assert ours > max(costs) + 0.1


def test_intervals_cover_nine_labels_in_ten():
    covered = []
    for seed in range(4):
        labeller = Labeller(WIDE, truth_seed=seed)
        _, low, high = fitted(labeller, seed=seed).predict(genomes := WIDE.sample(300, rng=np.random.default_rng(seed)))
        labels = labeller.truth(genomes) + labeller.noise * np.random.default_rng(seed).normal(size=300)
        covered.append(np.mean((low <= labels) & (labels <= high)))
    assert 0.8 <= np.mean(covered) <= 0.99


def test_as_many_labels_are_asked_for_as_were_said_and_the_best_again_with_other_seeds():
    labeller = Labeller(MACRO)
    assert fitted(labeller, n=12).asked == len(labeller.asked) == 12
    assert {seed for _, seed in labeller.asked} == {0}
    labeller.asked.clear()
    found = fitted(labeller, n=12, top=5, seeds=2)
    assert len(labeller.asked) == found.asked == 12 + 5 * 2
    assert [seed for _, seed in labeller.asked[12:]] == [1] * 5 + [2] * 5
    assert len(set(labeller.asked)) == len(labeller.asked)


def test_a_label_is_paid_for_once(tmp_path):
    path, labeller = tmp_path / "labels.jsonl", Labeller(MACRO)
    first = fitted(labeller, n=8, cache=path)
    assert len(labeller.asked) == 8 == len(LabelCache(path))
    again = fitted(labeller, n=8, cache=path)
    assert len(labeller.asked) == 8
    assert np.array_equal(first.labels, again.labels)
    fitted(Labeller(MACRO, truth_seed=1), n=8, cache=path)  # another evaluator's labels are others
    assert len(LabelCache(path)) == 16


def test_a_line_that_was_cut_off_costs_one_label(tmp_path):
    path, labeller = tmp_path / "labels.jsonl", Labeller(MACRO)
    fitted(labeller, n=8, cache=path)
    path.write_bytes(path.read_bytes()[:-30])
    assert len(LabelCache(path)) == 7
    fitted(labeller, n=8, cache=path)
    assert len(labeller.asked) == 9
    assert len(LabelCache(path)) == 8


def test_another_schema_in_the_cache_is_one_line(tmp_path):
    path = tmp_path / "labels.jsonl"
    path.write_text('{"schema": "nascli.label/9"}\n')
    with pytest.raises(NasError, match=r"holds 'nascli\.label/9'"):
        LabelCache(path)


def test_the_same_seed_makes_the_same_evaluator_and_another_another():
    genomes = MACRO.sample(50, rng=np.random.default_rng(0))
    one, same, other = (fitted(Labeller(MACRO), n=10, seed=seed) for seed in (3, 3, 4))
    assert all(map(np.array_equal, one.predict(genomes), same.predict(genomes)))
    assert not np.array_equal(one.labelled, other.labelled)


def test_networks_outside_the_pool_are_scored_and_those_outside_the_space_are_not(wide):
    made = wide[0]
    answers = made.evaluate([WIDE.reference, search_spaces.load("resnet").reference], seed=9)
    assert isinstance(answers[0], Score)
    assert answers[0].low < answers[0].value < answers[0].high
    assert (answers[0].seed, answers[0].calibrated) == (9, True)
    assert isinstance(answers[1], Failure)


def test_it_says_what_stands_behind_it(wide):
    made = wide[0]
    assert made.about.unit == "points"
    assert made.about.quality["n"] == 20
    assert -1 <= made.about.quality["spearman"] <= 1
    assert made.about.quality["rmse"] > 0
    labelled = made.calibration.labelled
    assert made.fitted_on([WIDE.decode(labelled[0]), WIDE.reference]) == [True, False]


def test_a_fit_travels_to_other_processes_with_its_labels(wide):
    made, labeller, genomes = wide
    asked = len(labeller.asked)
    networks = [WIDE.decode(genome) for genome in genomes[:3]]
    assert pickle.loads(pickle.dumps(made)).evaluate(networks) == made.evaluate(networks)
    assert len(labeller.asked) == asked


BAD = {
    "all the same": (lambda score: Score(10.0), "are 10, so there is nothing to rank"),
    "NaN": (lambda score: Score(float("nan")), "0 labels of .* the last reason: returned nan"),
    "failing": (lambda score: Failure("out of memory"), "0 labels of .* the last reason: out of memory"),
}


@pytest.mark.parametrize("bad", BAD)
def test_labels_that_bear_no_fit_are_one_line(bad):
    change, told = BAD[bad]
    with pytest.raises(EvaluatorError, match=told):
        fitted(Changed(MACRO, change), n=10)
    lazy = named_evaluator("calibrated:labels=params,n=10,top=0,pool=40", Task.of(MACRO))
    lazy.terms = Terms(MACRO, Changed(MACRO, change), n=10, top=0, pool=40)
    answer = lazy.evaluate([MACRO.reference])[0]
    assert isinstance(answer, Failure)
    assert "\n" not in answer.reason


def test_a_label_that_fails_is_replaced():
    labeller = Changed(MACRO, lambda score: score if round(score.value * 1e6) % 3 else Failure("diverged"))
    found = fitted(labeller, n=12)
    assert len(found.labels) == 12
    assert found.failed == found.asked - 12 > 0


def test_a_labeller_that_cannot_work_is_asked_five_times_before_anything_is_measured(monkeypatch):
    labeller = Changed(MACRO, lambda score: Failure("no such device"))
    monkeypatch.setattr("nas.calibration.zero_cost.features", None)  # which would be called
    with pytest.raises(EvaluatorError, match=r"0 labels of 5 asked for.* reason: no such device"):
        fitted(labeller, n=20, proxies=True)
    assert len(labeller.asked) == 5


def test_three_labels_are_refused_before_one_is_asked_for():
    labeller = Labeller(MACRO)
    with pytest.raises(EvaluatorError, match="n=3: no fit has fewer than 5 labels"):
        calibrate(MACRO, labeller, n=3, rng=np.random.default_rng(0))
    assert not labeller.asked


def test_a_pool_smaller_than_n_is_labelled_whole():
    labeller = Labeller(MACRO)
    terms = Terms(MACRO, labeller, n=20, top=0)
    pool = MACRO.sample(8, rng=np.random.default_rng(0))
    assert calibration(terms, pool=pool).asked == len(pool)


# -- the parts ----------------------------------------------------------------------------------------


def test_one_network_of_each_stratum_of_macs_is_chosen():
    rng = np.random.default_rng(0)
    found = spread_out(np.eye(60), np.arange(60.0), 12, rng)
    assert sorted(i // 5 for i in found) == list(range(12))


def test_of_equals_the_network_that_tells_most_of_others_is_chosen():
    between = np.eye(5)
    between[0, 3] = between[3, 0] = between[1, 3] = between[3, 1] = 0.6
    assert spread_out(between, np.zeros(5), 1, np.random.default_rng(0)) == [3]


QUICK = ("efficientnet", "mobilenetv4", "nasbench_macro", "resnet")  # their cost tables are filled in a second


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in search_spaces.names()]
)
def test_groups_of_features_have_length_one_on_average_over_the_pool(name):
    space = search_spaces.load(name)
    pool = space.sample(60, rng=np.random.default_rng(0))
    for group, values in FeatureMap(space, pool)(pool).items():
        assert (values**2).sum(axis=1).mean() == pytest.approx(1), group
        assert np.abs(values.mean(axis=0)).max() < 1e-9


def test_the_posterior_of_one_draw_is_the_textbook_student_process():
    """Against the explicit formulas with a mean under a nearly flat prior, and scipy's density for the weights."""
    rng = np.random.default_rng(0)
    x, asked, y = rng.normal(size=(9, 3)), rng.normal(size=(4, 3)), rng.normal(size=9)
    kernels = Kernels(("costs",), smooth=False)
    noises = np.array([0.1, 0.25])
    shares = Shares(np.ones((2, 1)), noises)
    belief = Posterior(kernels, shares, {"costs": x}, y, np.ones(9))({"costs": asked})
    z, flat = (y - y.mean()) / y.std(), 1e7
    means, variances, densities = [], [], []
    for noise in noises:
        k = x @ x.T + noise * np.eye(9) + flat
        chol = cholesky(k, lower=True), True
        across = asked @ x.T + flat
        freedom = FREEDOM + 8  # one degree goes into the mean
        spread = (FREEDOM + z @ cho_solve(chol, z)) / freedom
        means.append(across @ cho_solve(chol, z))
        left = np.diag(asked @ asked.T) + flat - np.sum(across * cho_solve(chol, across.T).T, axis=1)
        variances.append(spread * left)
        contrast = np.linalg.svd(np.ones((1, 9)))[2][1:]  # the labels without their mean
        t = multivariate_t(np.zeros(8), contrast @ (x @ x.T + noise * np.eye(9)) @ contrast.T, df=FREEDOM)
        densities.append(t.pdf(contrast @ z))
    weight = np.array(densities) / np.sum(densities)
    mean = weight @ np.array(means)
    variance = weight @ (np.array(means) ** 2 + np.array(variances)) - mean**2
    assert belief.mean == pytest.approx(y.mean() + y.std() * mean, rel=1e-4, abs=1e-4)
    assert belief.sd == pytest.approx(y.std() * np.sqrt(variance), rel=1e-3)


@pytest.mark.parametrize(("errors", "family"), [(2.0, "gaussian"), (2.6, "trees")])
def test_another_model_wins_only_by_more_than_chance(errors, family):
    """With 10 labels by more than 2.262 standard errors: Student's t, 9 degrees of freedom, 2.5 % in the tail."""
    assert significant(10) == pytest.approx(2.262, abs=5e-4)
    rng = np.random.default_rng(0)
    labels, known = rng.normal(size=10), {"costs": rng.normal(size=(10, 2))}
    lead = rng.normal(size=10)
    lead += errors * lead.std(ddof=1) / np.sqrt(10) - lead.mean()
    held = {name: Belief(labels + np.sqrt(10 - lead * (name == "trees")), *np.ones((2, 10))) for name in FAMILIES}
    assert settled(held, known, labels, np.ones(10), significant(10)).family == family
