"""Every evaluator keeps one contract: a member of the registry is tested by being there."""

from __future__ import annotations

import pickle
import random

import numpy as np
import pytest
import torch
from members import FILES, member, three
from rich.console import Console
from scipy.stats import spearmanr
from test_cli import document, nascli

import nas
import search_spaces
from nas.errors import NasError
from nas.evaluators import EVALUATORS, Failure, Score, Task, named_evaluator
from nas.evaluators.score import PROXY_SCORE, checked
from nas.options import parse_option
from nas.proxies import PROXIES

SPACE = search_spaces.load("efficientnet")
THREE = [SPACE.decode(genome) for genome in three(SPACE)]
STRANGER = nas.zoo.architecture("mobilenet_v3_small")


def made(example: str, space=SPACE):
    return named_evaluator(example, Task() if space is None else Task.of(space))


@pytest.fixture(scope="module", params=EVALUATORS)
def case(request, tmp_path_factory):
    return member(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def judge(case):
    return made(*case)


@pytest.fixture(scope="module")
def scores(judge, case):
    return judge.evaluate(case.three, 7)


def test_what_is_made_from_files_has_no_example_and_all_else_has_one():
    assert {name for name, member in EVALUATORS.items() if not member.example} == set(FILES)


def test_a_score_tells_its_seconds_its_seed_and_how_much_was_spent(scores):
    assert all(isinstance(score, Score) for score in scores), scores
    for score in scores:
        assert np.isfinite(score.value)
        assert score.seconds > 0
        assert score.seed == 7
        assert 0 < score.fidelity <= 1
        assert isinstance(score.calibrated, bool)
        assert (score.low is None) == (score.high is None)
        assert score.low is None or score.low <= score.value <= score.high


def test_the_same_seed_gives_the_same_scores_and_no_global_state_is_touched(case, scores):
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate(), torch.get_num_threads()
    assert made(*case).evaluate(case.three[:1], 7) == scores[:1]
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])
    assert (random.getstate(), torch.get_num_threads()) == before[2:]


def test_an_answer_belongs_to_its_architecture_alone(judge, scores, case):
    values = [score.value for score in judge.evaluate(case.three[::-1], 7)][::-1]
    assert values == pytest.approx([score.value for score in scores], rel=1e-12)
    assert len(set(values)) > 1  # a count of few images may be equal
    assert judge.evaluate([], 7) == []


def test_what_cannot_be_scored_is_a_failure_with_a_reason_and_no_exception(judge, case):
    answers = judge.evaluate([STRANGER.model_copy(update={"resolution": 4096}), case.three[0]], 7)
    assert isinstance(answers[1], Score)
    assert isinstance(answers[0], Score) or (answers[0].reason and "\n" not in answers[0].reason)


def test_an_evaluator_says_what_its_score_is(case, judge):
    name, _ = parse_option(case.option)
    assert judge.about.name.startswith(name)
    assert judge.about.fingerprint
    # one that asks another for labels has the unit of those, and a table that of its column
    assert EVALUATORS[name].nests or name == "table" or judge.about.unit == EVALUATORS[name].unit
    assert judge.about.note or judge.about.unit == "score"
    again = made(*case).about  # what is measured of it may be known later
    assert (again.name, again.unit, again.fingerprint) == (judge.about.name, judge.about.unit, judge.about.fingerprint)


def test_an_evaluator_goes_to_other_processes(judge, scores, case):
    there = pickle.loads(pickle.dumps(judge))
    assert there.evaluate(case.three[:1], 7) == scores[:1]


def test_a_member_says_in_one_line_what_it_does_not_take(case):
    with pytest.raises(NasError, match="nonsense") as error:
        made(f"{parse_option(case.option)[0]}:nonsense=1")
    assert "\n" not in str(error.value)


def test_every_member_says_what_it_is_and_how_long_it_takes():
    assert all(member.summary and member.speed for member in EVALUATORS.values())
    assert not [name for name, member in EVALUATORS.items() if "accuracy" in member.unit and name in PROXIES]


def test_a_users_function_may_return_a_score_with_its_own_seconds():
    told = checked(Score(1.0, seconds=5, fidelity=0.5))
    assert isinstance(told, Score)
    assert told.fidelity == 0.5
    assert checked(Score(1.0, fidelity=0)) == Failure("returned a fidelity of 0; it lies in (0, 1]")


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("zen:batch=1", "evaluator zen: batch=1 is out of bounds; it must lie in 2 to 1,024"),
        ("zen:batch=many", "evaluator zen: batch=many is not a whole number"),
        ("zico:repeats=1", "evaluator zico: repeats=1 is out of bounds; it must lie in 2 to 1,024"),
        ("snip:resolution=100000", "evaluator snip: resolution=100000 is out of bounds; it must lie in 0 to 2,048"),
        ("snip:repeats=2", "evaluator snip: no key 'repeats'; known: batch, resolution"),
        ("synflo", "no evaluator 'synflo'; did you mean 'synflow'?"),
        ("params:batch=2", "evaluator params takes no 'batch'"),
    ],
)
def test_an_option_out_of_bounds_is_told(option, said):
    with pytest.raises(NasError) as error:
        made(option)
    assert str(error.value).startswith(said)


def test_ranks_need_a_space_to_rank_in():
    with pytest.raises(NasError, match="az_nas: it ranks among networks of a space"):
        made("az_nas", None)


def test_more_memory_than_there_may_be_is_a_failure_before_anything_is_allocated():
    answer = made("snip:batch=1024,resolution=2048").evaluate(THREE[:1])[0]
    assert isinstance(answer, Failure)
    assert "give a smaller batch or resolution" in answer.reason


def test_an_image_that_does_not_fit_the_network_is_a_failure():
    answer = made("naswot:resolution=1").evaluate([nas.zoo.architecture("vgg11")])[0]
    assert isinstance(answer, Failure)
    assert "does not fit" in answer.reason


@pytest.mark.parametrize(("name", "expected"), [("params", 11_689_512), ("macs", 1_814_073_344), ("depth", 18)])
def test_costs_are_those_of_resnet18(name, expected):
    assert (
        made(name, None).evaluate([nas.zoo.architecture("resnet18")])[0].value == expected
    )  # torchvision's; depth in its name


def by_hand(study, metric):
    return spearmanr([t.score.value for t in study.scored], [t.costs[metric] for t in study.scored]).statistic


def printed(lines) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        for line in lines:
            console.print(line)
    return capture.get()


def test_a_search_without_labels_calls_its_score_so_and_says_how_far_proxies_disagree(tmp_path, capsys):
    space = search_spaces.load("nasbench_macro")
    study = nas.search(space, ["16M-flops"], "depth", trials=6, out=tmp_path / "run")
    from nas.report.outcome import search_document, search_tables

    told = search_document(study)
    assert told["score"]["unit"] == PROXY_SCORE
    agreement, said = told["agreement"], capsys.readouterr().err
    assert "no label stands behind this score: measuring 8 other zero-cost scores of 6 networks" in said
    assert agreement["networks"] == 6
    assert {"params", "macs", "activations", "synflow", "naswot"} <= set(agreement["spearman"])
    assert "depth" not in agreement["spearman"]
    assert agreement["spearman"]["macs"] == pytest.approx(by_hand(study, "macs"), abs=0.001)
    assert -1 <= agreement["between"]["params macs"] <= 1
    assert all(1 <= place <= 6 for place in agreement["rank"].values() if place is not None)
    text = printed(search_tables(study, told))
    assert "how far proxies disagree, over 6 of the networks" in text
    assert "among each other they agree at a Spearman from" in text
    assert "accuracy" not in text.replace("no accuracy", "").replace("with accuracy", "")


def test_a_search_with_a_labelled_score_has_no_such_lines():
    from nas.report.outcome import search_document

    study = nas.search(SPACE, ["200M-flops"], trials=3)
    assert search_document(study)["agreement"] is None


def test_the_list_names_every_evaluator_and_show_its_keys():
    told = document("evaluator", "list")
    assert told["schema"] == "nascli.evaluators/1"
    assert [row["name"] for row in told["evaluators"]] == list(EVALUATORS)
    run = nascli("evaluator", "show", "zenn")
    assert (run.returncode, run.stdout) == (2, "")
    assert "no evaluator 'zenn'; did you mean 'zen'?" in run.stderr


@pytest.mark.parametrize("name", EVALUATORS)
def test_each_evaluator_can_be_shown(name):
    from nas.report.evaluators import evaluator_document, evaluator_tables

    told = evaluator_document(name)
    assert told["schema"] == "nascli.evaluator/1"
    assert set(told["keys"]) == set(EVALUATORS[name].keys)
    assert told["summary"] in str(evaluator_tables(name)[0])
    if EVALUATORS[name].example:
        assert told["example"] == EVALUATORS[name].example


def test_an_evaluator_with_keys_is_shown_as_they_make_it():
    told = document("evaluator", "show", "zen:batch=4")
    assert (told["name"], told["values"], told["example"]) == ("zen", {"batch": "4"}, "zen:batch=4,repeats=4")
    run = nascli("evaluator", "show", "zen:btch=4")
    assert (run.returncode, run.stdout) == (2, "")
    assert "no key 'btch'; did you mean 'batch'" in run.stderr
    assert document("evaluator", "show", "az_nas:among=9")["values"] == {"among": "9"}  # though no space is there


def test_ranks_among_networks_of_a_space_are_others_once_the_space_is_edited():
    edited = SPACE.model_copy(update={"num_classes": SPACE.num_classes + 1})
    one, again, other = (made("az_nas", space).about.fingerprint for space in (SPACE, SPACE, edited))
    assert one == again != other
