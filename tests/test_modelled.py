"""The sampler `model` learns from what was evaluated, whatever that was."""

from __future__ import annotations

import numpy as np
import optuna
import pytest
from scipy.integrate import quad
from scipy.stats import multivariate_normal, norm

import nas
import search_spaces
from nas import Budget
from nas.acquisition import improvement
from nas.errors import StudyError
from nas.evaluators import About, Score
from nas.evaluators.score import Failure
from nas.study import modelled
from nas.study.modelled import STEADY, leg_of, served, served_from
from nas.study.samplers import SAMPLERS, FeasibleSampler, genome_of
from nas.study.surrogate import Kernel, Process, Reader, warped

MACRO, WIDE, CELLS = (search_spaces.load(name) for name in ("nasbench_macro", "efficientnet", "nasnet"))
CAP, WIDE_CAP = [Budget.parse("60M-flops")], [Budget.parse("300M-flops")]


def additive(space, seed=0):
    """A truth that sums what each slot is worth; the sum of the best choices is 1."""
    rng = np.random.default_rng(seed)
    worth = [rng.random(size) for size in space.slots.values()]
    return lambda genome: float(sum(w[c] for w, c in zip(worth, genome, strict=True)) / sum(w.max() for w in worth))


def proposed(space, budgets, score, trials, *, seed=0, pending=1, kind="model"):
    """Genomes and scores of a plain Optuna study, `pending` of them asked before any is told; None is a failure."""
    sampler = FeasibleSampler(space, budgets, SAMPLERS[kind], seed=seed)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    found = []
    while len(found) < trials:
        asked = [study.ask(sampler.distributions) for _ in range(pending)]
        for trial in asked:
            genome = genome_of(trial.params, space)
            value = score(genome)
            study.tell(trial, value, state=optuna.trial.TrialState.FAIL if value is None else None)
            found.append((genome, value))
    return found


# -- the search -------------------------------------------------------------------------------------------------


PLACES = [
    pytest.param(MACRO, CAP, id="macro"),
    pytest.param(WIDE, [Budget.parse("300M-flops~1%")], id="narrow band"),
    pytest.param(CELLS, [], id="cells"),
]


@pytest.mark.parametrize("pending", [1, 4])
@pytest.mark.parametrize(("space", "budgets"), PLACES)
def test_every_proposal_is_feasible_and_new(space, budgets, pending):
    found = proposed(space, budgets, additive(space), 16, pending=pending)
    genomes = np.array([genome for genome, _ in found])
    assert len(np.unique(genomes, axis=0)) == len(genomes)
    assert all(space.cost(genome)["macs"] <= budget.high for genome in genomes for budget in budgets)
    assert (space.genomes(space.canonical(space.codes(genomes))) == genomes).all()


@pytest.mark.parametrize("space", [MACRO, WIDE], ids=lambda space: space.name)
def test_a_sum_over_slots_is_learnt_in_few_trials(space):
    rng = np.random.default_rng(0)
    truth = additive(space)
    best = max(score for _, score in proposed(space, [], truth, 35))
    assert best > max(max(map(truth, space.sample(35, rng=rng))) for _ in range(20))


def test_a_search_that_stops_ends_as_if_it_had_not(tmp_path, monkeypatch):
    monkeypatch.setattr(modelled, "STEADY", 20)
    monkeypatch.setattr(modelled, "SHARE", 5)
    monkeypatch.setattr(modelled, "STALL", 4)
    straight = nas.search(WIDE, WIDE_CAP, Noisy(), trials=32)
    assert leg_of([trial.score.value if trial.score else -1.0 for trial in straight.trials]) > 0
    for stop in (7, 15, 26):  # among the first, where each trial has a model, and within the trials of one model
        folder = tmp_path / str(stop)
        nas.search(WIDE, WIDE_CAP, Noisy(), trials=stop, out=folder)
        resumed = nas.search(WIDE, WIDE_CAP, Noisy(), trials=32, out=folder)
        assert [t.genome.tolist() for t in resumed.trials] == [t.genome.tolist() for t in straight.trials]


def test_a_batch_that_is_cut_short_is_proposed_again():
    truth, done = additive(MACRO), 16
    study = optuna.create_study(sampler=FeasibleSampler(MACRO, CAP, SAMPLERS["model"], seed=3))
    asked = [study.ask(study.sampler.distributions) for _ in range(done)]
    for trial in asked:
        study.tell(trial, truth(genome_of(trial.params, MACRO)))
    again = optuna.create_study(sampler=FeasibleSampler(MACRO, CAP, SAMPLERS["model"], seed=3))
    again.add_trials(study.trials)
    batches = [[s.ask(s.sampler.distributions).params for _ in range(4)] for s in (study, again)]
    assert batches[0] == batches[1]


class Noisy:
    """Parameters with a disturbance and some failures; needs no graph."""

    about, cheap = About("noisy"), True

    def evaluate(self, architectures, seed=0):
        genomes = np.array([WIDE.encode(architecture) for architecture in architectures])
        params = WIDE.costs(genomes, ("params",))["params"]
        noise = [int(genome.astype(int) @ np.arange(28)) % 7 for genome in genomes]
        return [Failure("unlucky") if n == 3 else Score(float(p) + 1e5 * n) for p, n in zip(params, noise, strict=True)]


@pytest.mark.parametrize("leg", [0, 1234])
def test_a_model_serves_the_trials_up_to_the_next(leg):
    starts = [served_from(number, leg) for number in range(leg, 4000)]
    assert starts[: max(0, STEADY - leg)] == list(range(leg, STEADY))
    for number, start in enumerate(starts, start=leg):
        assert leg <= start <= number < start + served(start)
    assert len(set(starts)) < 1000


def test_a_leg_ends_where_nothing_better_comes():
    rising, flat = [float(n) for n in range(30)], [0.0] * modelled.STALL
    assert leg_of(rising) == leg_of([*rising, *flat[:-1]]) == 0
    assert leg_of([*rising, *flat]) == leg_of([*rising, *flat, *rising]) == len(rising) + len(flat)
    assert leg_of([float("nan")] * 30) == 0


@pytest.mark.parametrize(
    "score",
    [
        lambda genome: 1.0,
        lambda genome: None,
        lambda genome: float(genome[0] == 0),
        lambda genome: None if genome[0] else float(genome.sum()),
        lambda genome: 1e300 * (int(genome.sum()) - 8),
        lambda genome: -1e9 if genome[1] else 1e-9 * float(genome.sum()),
    ],
    ids=["constant", "all fail", "two values", "many fail", "huge", "far outliers"],
)
@pytest.mark.filterwarnings("error")
def test_scores_of_any_kind_are_borne(score):
    assert len({genome.tobytes() for genome, _ in proposed(MACRO, CAP, score, 30)}) == 30


def test_what_fails_is_avoided():
    found = proposed(MACRO, [], lambda genome: None if genome[0] == 2 else float(genome.sum()), 40)
    assert np.mean([value is None for _, value in found[20:]]) < 0.2


def test_a_small_feasible_set_is_searched_whole():
    budget = [Budget.parse("10M-flops")]
    study = nas.search(MACRO, budget, lambda architecture: 0.0, trials=500)
    assert study.exhausted
    assert len(study.trials) == MACRO.count(budget)


def test_the_default_is_the_model_for_one_objective_and_nsga2_for_several(tmp_path):
    for objectives, sampler in ((("score",), "model"), (("score", "macs"), "nsga2")):
        folder = tmp_path / sampler
        nas.search(MACRO, CAP, lambda architecture: 0.0, trials=3, objectives=objectives, out=folder)
        assert f'"sampler":"{sampler}"' in (folder / "study.journal").read_text()
    with pytest.raises(StudyError, match=r"model has one objective.*nsga2"):
        nas.search(MACRO, CAP, lambda architecture: 0.0, trials=3, objectives=("score", "macs"), sampler="model")


# -- the process ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows():
    genomes = MACRO.sample(12, rng=np.random.default_rng(0))
    return Reader(MACRO, genomes).read(genomes)


def test_improvement_is_the_integral_of_what_exceeds_the_best():
    for mean, sd, best in ((0.0, 1.0, 0.5), (2.0, 0.3, 1.0), (-1.0, 0.5, 0.3)):
        expected = quad(lambda y, m=mean, s=sd, b=best: (y - b) * norm.pdf(y, m, s), best, mean + 12 * sd)[0]
        assert improvement(np.array([mean]), np.array([sd**2]), best)[0] == pytest.approx(np.log(expected), rel=1e-6)


def test_hopeless_candidates_keep_their_order():
    merit = improvement(-np.logspace(-1, 4, 200), np.ones(200), 0.0)
    assert np.isfinite(merit).all()
    assert (np.diff(merit) < 0).all()


def test_the_likelihood_is_that_of_a_normal_distribution(rows):
    values = np.random.default_rng(1).normal(size=12)
    kernel = Kernel(0.6, 1.0, 0.1)
    process = Process.of(kernel, rows, values)
    covariance = process.scale * (kernel.between(rows, rows) + 0.1 * np.eye(12))
    # Constants apart: at its best scale the quadratic form is n.
    expected = multivariate_normal(np.zeros(12), covariance).logpdf(values) + 6 * np.log(2 * np.pi) + 6
    assert process.log_likelihood == pytest.approx(expected, rel=1e-4)


def test_a_kernel_is_a_covariance(rows):
    for kernel in (Kernel(0.3, 0.0, 0.1), Kernel(1.2, 3.0, 0.1)):
        matrix = kernel.between(rows, rows)
        assert np.linalg.eigvalsh(matrix).min() > -1e-5
        np.testing.assert_allclose(np.diag(matrix), kernel.own(rows), rtol=1e-5)


def test_belief_changes_no_expectation_and_lowers_the_variance(rows):
    values = np.random.default_rng(2).normal(size=8)
    process = Process.of(Kernel(0.6, 1.0, 1e-3), rows.take(slice(8)), values)
    believing = process.believing(rows.take(slice(8, 10)))
    before, after = (p.predict(rows.take(slice(8, None))) for p in (process, believing))
    np.testing.assert_allclose(before[0], after[0], atol=1e-4)
    assert (after[1] < before[1]).all()


def test_a_queue_is_what_belief_after_belief_would_choose(rows):
    process = Process.of(Kernel(0.6, 1.0, 1e-2), rows.take(slice(6)), np.linspace(0, 1, 6))
    pool = rows.take(slice(6, None))
    queue = process.queue(pool, 1.0, 4)
    for place, row in enumerate(queue):
        mean, variance, _ = process.believing(pool.take(queue[:place])).predict(pool)
        merit = improvement(mean, variance, 1.0)
        merit[queue[:place]] = -np.inf
        assert row == merit.argmax()


def test_warping_keeps_the_order_and_hears_no_outlier():
    scores = np.array([90.0, 91.0, 92.0, 92.5, 92.6, -1e6])
    order = np.argsort(warped(scores))
    assert order.tolist() == np.argsort(scores).tolist()
    assert warped(scores)[0] - warped(scores)[-1] < 8
    assert (warped(np.ones(3)) == 0).all()
