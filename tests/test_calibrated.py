"""The evaluator calibrated: its option, what it tells of cost and progress, and what stands in a search's outcome."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from labellers import Changed, Labeller
from rich.table import Table

import search_spaces
from nas import cost, lower, search
from nas.budget import Budget
from nas.calibration import Terms, calibrate, calibration
from nas.errors import EvaluatorError, InfeasibleError, NasError
from nas.evaluators import EVALUATORS, Task, named_evaluator
from nas.report.outcome import search_document, search_tables

MACRO = search_spaces.load("nasbench_macro")
BAND = "58M-macs~5%"


def test_what_the_labels_cost_is_told_before_the_first(shared):
    told = []
    calibration(Terms(MACRO, Labeller(MACRO), n=12, pool=200), progress=told.append)
    assert told[0] == "22 labels: 12 networks, then the 5 best believed with 2 other seeds each"
    assert len(told) == 1 + 22
    thrice = Labeller(MACRO)
    thrice.seeds = 3
    assert Terms(MACRO, thrice, n=20, top=0).cost(500) == "20 labels: 20 networks; 60 runs, 3 a label"
    assert Terms(MACRO, thrice, n=20, top=5, seeds=1).cost(8).startswith("13 labels: 8 networks")
    table = named_evaluator(f"table:path={shared / 'nas-bench-macro_cifar10.json'}", Task.of(MACRO))
    told = "up to 25 labels: 20 networks, then the 5 best believed unless they have one"
    assert Terms(MACRO, table).cost(500) == told


def test_an_interrupted_calibration_says_what_it_keeps_and_goes_on(tmp_path):
    def interrupt(score):
        if len(labeller.asked) == 7:
            raise KeyboardInterrupt
        return score

    told, labeller = [], Changed(MACRO, interrupt)
    terms = Terms(MACRO, labeller, n=12, top=0, pool=200, cache=tmp_path / "labels.jsonl")
    with pytest.raises(KeyboardInterrupt):
        calibration(terms, progress=told.append)
    assert told[-1] == f"stopped; 6 labels kept in {terms.cache}; the same command goes on from there"
    assert calibration(terms).asked == 12
    assert len(labeller.asked) == 6 + 1 + 6
    labeller.asked.clear()
    with pytest.raises(KeyboardInterrupt):
        calibration(replace(terms, cache=None), progress=told.append)
    assert told[-1] == "stopped; no file keeps labels of synthetic 0"


def test_a_resumed_search_with_other_terms_is_another_before_a_label_is_bought():
    option, task = "calibrated:labels=zen,labels.batch=4,n=6,top=0", Task.of(MACRO, [Budget.parse(BAND)])
    abouts = [named_evaluator(option + more, task).about for more in ("", ",seed=1", ",pool=40", ",proxies=yes")]
    abouts.append(named_evaluator(option.replace("n=6", "n=7"), task).about)
    abouts.append(named_evaluator(option.replace("batch=4", "batch=5"), task).about)
    assert len({about.name for about in abouts}) == len({about.fingerprint for about in abouts}) == 6
    name = abouts[0].name
    assert name == "calibrated:labels=zen,labels.batch=4,labels.repeats=4,n=6,top=0"
    assert named_evaluator(name, task).about.name == name  # it is an option


def test_the_best_labelled_network_stands_beside_the_winner():
    labeller = Labeller(MACRO, noise=0.0)
    judge = calibrate(MACRO, labeller, [BAND], 8, rng=np.random.default_rng(0), top=2, seeds=1, proxies=False)
    study = search(MACRO, [BAND], judge, trials=12, sampler="random")
    document = search_document(study)
    told = document["evaluator"]["quality"]["best_labelled"]
    asked = np.array([np.frombuffer(genome, np.int8) for genome, _ in labeller.asked])
    best = asked[labeller.truth(asked).argmax()]
    assert told["label"] == pytest.approx(labeller.truth(asked).max())
    assert (told["digest"], told["runs"]) == (MACRO.graph(best).digest(), 2)  # one of the two that had another seed
    assert 55.1e6 <= told["macs"] <= 60.9e6
    table = next(part for part in search_tables(study, document) if isinstance(part, Table))
    row = [list(column.cells) for column in table.columns]
    at = row[0].index("best labelled")
    assert [column[at] for column in row[1:4]] == [f"{told['label']:.2f}", "", f"{told['macs']:,}"]


# -- the option ---------------------------------------------------------------------------------------


def test_keys_behind_a_dot_belong_to_the_evaluator_that_labels():
    made = named_evaluator("calibrated:labels=zen,labels.batch=4,n=6", Task.of(MACRO))
    assert "zen" in made.terms.labeller.about.name
    assert made.terms.n == 6
    with pytest.raises(NasError, match=r"evaluator zen: no key 'bach'"):
        named_evaluator("calibrated:labels=zen,labels.bach=4", Task.of(MACRO))
    with pytest.raises(NasError, match=r"evaluator calibrated: no key 'label\.batch'"):
        named_evaluator("calibrated:labels=zen,label.batch=4", Task.of(MACRO))


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("calibrated", "name who labels"),
        ("calibrated:labels=zenn", "no evaluator 'zenn'; did you mean 'zen'"),
        ("calibrated:labels=params,n=3", "n=3 is out of bounds"),
        ("calibrated:labels=params,n=many", "n=many is not a whole number"),
        ("calibrated:labels=calibrated", "labels=calibrated would fit a fit; name who measures"),
        ("calibrated:labels=params,proxies=2", "proxies=2 is none of auto, yes and no"),
    ],
)
def test_an_option_that_makes_no_sense_is_one_line(option, told):
    with pytest.raises(NasError, match=told):
        named_evaluator(option, Task.of(MACRO))


def test_a_fit_labels_no_other_fit():
    fit = named_evaluator(EVALUATORS["calibrated"].example, Task.of(MACRO))
    with pytest.raises(EvaluatorError, match="would fit a fit"):
        calibrate(MACRO, fit, n=6, rng=np.random.default_rng(0))


def test_it_needs_a_space():
    with pytest.raises(EvaluatorError, match="name one: --space"):
        named_evaluator(EVALUATORS["calibrated"].example, Task())


def test_labels_from_a_table_are_of_its_networks_within_the_budgets(shared):
    option = f"calibrated:labels=table,labels.path={shared / 'nas-bench-macro_cifar10.json'},n=10,top=0"
    made = named_evaluator(option, Task.of(MACRO, [Budget.parse("58M-macs~5%")]))
    macs = MACRO.costs(made.calibration.pool)["macs"]
    assert made.calibration.failed == 0
    assert 55.1e6 <= macs.min() <= macs.max() <= 60.9e6
    assert made.about.quality["spearman"] is not None
    again = named_evaluator(option.replace("top=0", "top=5"), Task.of(MACRO, made.terms.budgets)).calibration
    assert again.runs.max() == 1  # a table says the same for every seed
    assert 10 <= again.asked <= 15
    with pytest.raises(InfeasibleError, match="none of its 3,969 networks is within 1M-macs"):
        _ = named_evaluator(option, Task.of(MACRO, [Budget.parse("1M-macs")])).calibration


def test_a_function_and_a_name_may_label_too():
    for labeller in (lambda architecture: float(cost(lower(architecture)).params), "params"):
        made = calibrate(MACRO, labeller, ["58M-flops~5%"], n=6, rng=np.random.default_rng(0), top=0, proxies=False)
        assert made.remark(MACRO.reference) == ""
    with pytest.raises(EvaluatorError, match="did you mean 'params'"):
        calibrate(MACRO, "parms", n=6, rng=np.random.default_rng(0))
