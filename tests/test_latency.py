"""Latency is a cost like the others: measured in blocks, summed over networks, kept within budgets."""

from __future__ import annotations

import json
import logging
import pickle

import numpy as np
import pytest
from pretended import Pretended, analytic_table, exact

import nas
import search_spaces
from nas.budget import Budget
from nas.errors import BudgetError, FileError, InfeasibleError, LatencyError, SpaceError, StudyError
from nas.graph import cost
from nas.latency import measuring, read_table
from nas.latency.blocks import blocks_of, most_used
from nas.latency.calibrating import Settings, calibrate
from nas.latency.features import FEATURES
from nas.latency.finalists import measured_finalists
from nas.latency.predicting import predict
from nas.latency.reading import stranger, write_table
from nas.lowering import lower
from nas.networks import Network, load_network
from nas.report.folder import write_folder
from nas.report.outcome import search_document, search_tables
from nas.runtimes import RUNTIMES, Member
from nas.study.finalists import chosen

QUICK = Settings(seconds=0.01, networks=6, held_out=5)
LARGE = ("efficientnet_wide", "efficientnetv2", "regnet", "mobilenetv3")  # seconds to fill


@pytest.fixture
def pretended(monkeypatch):
    monkeypatch.setattr(measuring, "_INTERRUPTIONS", lambda: 0)  # whatever else this machine does
    runtime = Pretended()
    monkeypatch.setitem(RUNTIMES, "pretended", Member("nothing", lambda: runtime))
    return runtime


@pytest.fixture(scope="module")
def calibration():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measuring, "_INTERRUPTIONS", lambda: 0)
        return calibrate(search_spaces.load("efficientnet"), Pretended(), QUICK)


@pytest.fixture
def table_file(tmp_path, calibration):
    write_table(calibration.table, tmp_path / "table.json")
    return tmp_path / "table.json"


def network_of(space, genome):
    table = space.decode(genome)
    return Network.of(table, space.num_classes, space.in_chans, lower(table, space.num_classes, space.in_chans))


# -- calibrating ------------------------------------------------------------------------------------------


def test_where_networks_are_sums_of_their_blocks_the_table_knows_every_network(calibration):
    space, table = search_spaces.load("efficientnet"), calibration.table
    assert calibration.good
    assert len(table.blocks) == table.blocks_in_space == len(blocks_of(space)) == 170  # 168 blocks, stem and head
    assert table.fit.kind == "blocks"
    assert table.quality.held_out_error < 1e-3
    assert table.quality.spearman == pytest.approx(1)
    assert table.quality.noise_floor == pytest.approx(0, abs=1e-9)
    for genome in space.sample(5, rng=np.random.default_rng(3)):
        network = network_of(space, genome)
        found = predict(network, table)
        assert found.ns == pytest.approx(exact(network.graph), rel=1e-3)
        assert found.outside == 0
        assert found.note == ""


def test_held_out_networks_are_not_those_of_the_fit(calibration):
    networks = calibration.table.networks
    assert len({row.digest for row in networks}) == len(networks) == QUICK.networks + QUICK.held_out
    assert sum(row.held_out for row in networks) == QUICK.held_out


def test_a_space_with_more_blocks_than_are_measured_takes_those_used_most():
    space = search_spaces.load("efficientnet")
    found = calibrate(space, Pretended(), Settings(seconds=0.01, networks=5, held_out=3, blocks=40))
    assert len(found.table.blocks) == 40
    assert "40 of 170" in " ".join(found.remarks)
    kept = most_used(space, list(blocks_of(space)), 2, np.random.default_rng(0))
    assert kept == [key for key in blocks_of(space) if key in kept]  # the stem and the head are in every network
    outside = predict(network_of(space, space.sample(1, rng=np.random.default_rng(0))[0]), found.table)
    assert 0 < outside.outside < outside.blocks
    assert "follow from features" in outside.note


def test_a_device_of_whims_makes_a_table_that_is_not_good():
    found = calibrate(search_spaces.load("efficientnet"), Pretended(whims=3.0), QUICK)
    assert found.table.quality.held_out_error > 0.15
    assert not found.good


def test_a_table_comes_back_from_its_file_as_it_was(table_file, calibration):
    assert read_table(table_file) == calibration.table
    assert json.loads(table_file.read_text())["schema"] == "nascli.latency/1"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "nascli.latency/9"}, "not known here"),
        ({"blocks": {"zz": 1}}, "blocks"),
        ({"blocks": {"0123456789abcdef@3x4x4": -1}}, "blocks"),
        ({"blocks": {"0123456789abcdef@3x4x4": 1.5}}, "blocks"),
        ({"more": 1}, "more"),
        (
            {"networks": [{"digest": "0", "macs": 1, "measured_ns": 0, "predicted_ns": 1, "held_out": True}]},
            "measured_ns",
        ),
        ({"fit": {}}, "fit"),
        ({"quality": None}, "no latency table: quality.*calibrate again"),
        ({"space": None}, "space"),
    ],
)
def test_a_damaged_table_is_refused_in_one_line(table_file, change, message):
    table_file.write_text(json.dumps(json.loads(table_file.read_text()) | change))
    with pytest.raises(FileError, match=message) as refusal:
        read_table(table_file)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("part", [{"scale": 1e300}, {"coefficients_ns": dict.fromkeys(FEATURES, 1e13)}])
def test_a_table_of_impossible_times_is_refused_where_it_is_read(calibration, part):
    fit = calibration.table.fit.model_copy(update={"kind": "features", **part})
    with pytest.raises(LatencyError, match="it is damaged; calibrate again"):
        predict(load_network("lenet5"), calibration.table.model_copy(update={"fit": fit}))


def test_a_table_that_was_cut_off_or_has_no_finite_number_is_refused_in_one_line(table_file):
    whole = table_file.read_text()
    for spoilt in (whole[: len(whole) // 2], whole.replace('"scale": ', '"scale": NaN, "was": ')):
        table_file.write_text(spoilt)
        with pytest.raises(FileError, match=r"is it cut off|finite number") as refusal:
            read_table(table_file)
        assert "\n" not in str(refusal.value)


def test_a_table_of_another_machine_names_both(pretended, calibration):
    assert stranger(calibration.table) == ""
    pretended.processor = "slide rule"
    word = stranger(calibration.table)
    assert "abacus" in word
    assert "slide rule" in word


def test_a_table_of_a_runtime_that_is_not_here_says_so(calibration):
    assert "no runtime 'pretended'" in stranger(calibration.table)


# -- a cost like the others --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "of_blocks", [pytest.param(n, marks=[pytest.mark.slow] if n in LARGE else []) for n in search_spaces.names()]
)
def test_the_links_of_a_space_sum_up_to_what_is_predicted_of_its_networks(of_blocks):
    space, table = search_spaces.load(of_blocks), analytic_table()
    timed = space.timed(table)
    genomes = space.sample(6, rng=np.random.default_rng(5))
    latencies = timed.costs(genomes)["latency"]
    for genome, latency in zip(genomes, latencies, strict=True):
        assert latency == timed.cost(genome)["latency"] == predict(network_of(space, genome), table).ns
    assert "latency" not in space.costs(genomes)
    for metric, values in space.costs(genomes).items():
        assert (timed.costs(genomes)[metric] == values).all()


def test_draws_within_a_latency_budget_are_within_it_and_uniform(table_file):
    space = search_spaces.load("nasbench_macro")
    timed = space.within([Budget.parse(f"1s-latency@{table_file}")])
    everything = timed.costs(timed.genomes(_listed(timed)))["latency"]
    cap = int(np.median(everything))
    text = f"{cap}ns-latency@{table_file}"
    assert int(space.count([text])) == (everything <= cap).sum()
    drawn = space.sample(4000, [text], rng=np.random.default_rng(0))
    assert timed.costs(drawn)["latency"].max() <= cap
    assert len(np.unique(drawn, axis=0)) > 0.8 * (everything <= cap).sum()  # of 4000 uniform draws 86 %


def _listed(space):
    from nas.space.counting import listed

    return listed(space)


def test_a_table_is_warned_of_once_however_often_a_space_reads_it(pretended, table_file, caplog):
    space, budget = search_spaces.load("nasbench_macro"), f"1s-latency@{table_file}"
    with caplog.at_level(logging.WARNING, "nascli"):
        space.count([budget])
        space.sample(2, [budget], rng=np.random.default_rng(0))
    (record,) = caplog.records
    assert "blocks are those of space efficientnet; any other block of nasbench_macro" in record.message


def test_a_table_of_this_machine_and_space_is_read_in_silence(pretended, table_file, caplog):
    with caplog.at_level(logging.WARNING, "nascli"):
        search_spaces.load("efficientnet").within([Budget.parse(f"8ms-latency@{table_file}")])
    assert not caplog.records


def test_a_budget_below_the_fastest_network_names_the_nearest_reachable(table_file):
    space = search_spaces.load("efficientnet")
    with pytest.raises(InfeasibleError, match=r"the least that it reaches is [\d.]+ ms"):
        space.sample(1, [f"10us-latency@{table_file}"], rng=np.random.default_rng(0))


def test_two_tables_in_one_search_are_refused(table_file, tmp_path):
    other = tmp_path / "other.json"
    other.write_text(table_file.read_text())
    with pytest.raises(LatencyError, match="one table"):
        search_spaces.load("efficientnet").sample(
            1, [f"20ms-latency@{table_file}", f"30ms-latency@{other}"], rng=np.random.default_rng(0)
        )


def test_a_space_without_a_table_says_so():
    with pytest.raises(SpaceError, match="name its table"):
        search_spaces.load("efficientnet").check_metric("latency")


def test_a_timed_space_travels_with_its_table(calibration):
    timed = search_spaces.load("efficientnet").timed(calibration.table)
    back = pickle.loads(pickle.dumps(timed))
    genomes = timed.sample(3, rng=np.random.default_rng(0))
    assert (back.costs(genomes)["latency"] == timed.costs(genomes)["latency"]).all()


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("8ms-latency@t.json", 0, 8_000_000),
        ("1.5s-latency@a-b/t.json", 0, 1_500_000_000),
        ("500us..2ms-latency@t.json", 500_000, 2_000_000),
        ("10ms-latency~5%@t.json", 9_500_000, 10_500_000),
        ("900ns-latency@t.json", 0, 900),
    ],
)
def test_a_latency_budget_is_read(text, low, high):
    budget = Budget.parse(text)
    assert (budget.metric, budget.low, budget.high) == ("latency", low, high)
    assert str(budget) == text
    bare = Budget("latency", low, high, table=budget.table)
    assert Budget.parse(str(bare)).high == high


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("8ms-latency", "of a device"),
        ("8-latency@t.json", "no unit ''"),
        ("8M-latency@t.json", "no unit 'M'"),
        ("400M-flops@t.json", "only latency"),
    ],
)
def test_a_latency_budget_that_cannot_be_read_is_refused(text, message):
    with pytest.raises(BudgetError, match=message):
        Budget.parse(text)


# -- searching ---------------------------------------------------------------------------------------------


def by_macs(architecture) -> float:
    return float(cost(lower(architecture)).macs)


def test_a_search_under_latency_measures_its_finalists(pretended, table_file, tmp_path):
    space = search_spaces.load("efficientnet")
    budget = f"12ms-latency@{table_file}"
    study = nas.search(space, [budget], by_macs, trials=6, out=tmp_path / "run")
    assert all(trial.costs["latency"] <= 12_000_000 for trial in study.trials)
    rows = study.finalists.rows
    assert (rows[0].name, rows[-1].name) == ("best", "efficientnet_b0")
    assert all(abs(one.off) < 1e-3 for one in rows)
    remarks = search_document(study)["remarks"]
    assert len(remarks) == len([line for line in remarks if "predicted" in line and "measured" in line]) == len(rows)
    again = nas.search(space, [budget], by_macs, trials=7, out=tmp_path / "run")
    assert again.resumed
    document = json.loads(table_file.read_text())
    document["fit"]["offset_ns"] += 1
    table_file.write_text(json.dumps(document))
    with pytest.raises(StudyError, match="latency table"):
        nas.search(space, [budget], by_macs, trials=8, out=tmp_path / "run")


@pytest.mark.parametrize(("trials", "told"), [(6, "the best of those within"), (1, "search again under")])
def test_a_winner_over_its_budget_comes_with_a_way_out(pretended, table_file, tmp_path, trials, told):
    pretended.slow = 1.5
    space, out = search_spaces.load("efficientnet"), tmp_path / "run"
    study = nas.search(space, [f"12ms-latency@{table_file}"], by_macs, trials=trials, out=out)
    remarks = search_document(study)["remarks"]
    assert any("all finalists measured 1.50 times slower than predicted" in line for line in remarks)
    (line,) = [line for line in remarks if told in line]
    assert "measure again on a quiet machine" in line
    if trials == 1:
        less = Budget.parse(line.partition("search again under ")[2].partition(",")[0])
        assert less.high == pytest.approx(8e6, rel=0.005)
    else:
        within = {one.name for one in study.finalists.rows if one.measured_ns <= 12_000_000}
        assert (name := line.partition("take ")[2].partition(" (")[0]) in within
        write_folder(study, out, "nascli search", search_document(study))
        taken = load_network(line.partition("; ")[2].partition(")")[0])
        assert taken.graph.digest() == study.graph(chosen(study)[name]).digest()


def test_a_table_of_another_machine_is_warned_of_before_the_first_trial_and_told_with_the_finalists(
    pretended, table_file, caplog
):
    pretended.processor = "slide rule"
    warned: list[int] = []

    def judged(architecture) -> float:
        warned.append(len(caplog.records))
        return by_macs(architecture)

    with caplog.at_level(logging.WARNING, "nascli"):
        study = nas.search(search_spaces.load("efficientnet"), [f"12ms-latency@{table_file}"], judged, trials=3)
    assert set(warned) == {len(caplog.records)} == {1}
    assert f"{table_file}: the latency table is of pretended 1.0 on abacus" in caplog.text
    told = search_document(study)
    assert told["latency"]["processor"] == "abacus"
    assert told["latency"]["measured_on"]["processor"] == "slide rule"
    assert "slide rule" in told["remarks"][-1]
    assert not any("slide rule" in str(part) for part in search_tables(study, told))


def test_latency_is_an_objective(pretended, table_file):
    space = search_spaces.load("efficientnet")
    study = nas.search(space, (), by_macs, trials=6, objectives=("score", f"latency@{table_file}"))
    assert study.objectives == ("score", "latency")
    front = [(trial.score.value, trial.costs["latency"]) for trial in study.front]
    assert sorted(front) == sorted(front, key=lambda row: row[1])
    with pytest.raises(SpaceError, match="name its table"):
        nas.search(space, (), by_macs, trials=1, objectives=("score", "latency"))


def test_finalists_of_a_runtime_that_is_gone_are_not_measured(calibration):
    graph = load_network("b0").graph
    found = measured_finalists({"best": (graph, 1)}, calibration.table)
    assert (found.rows, found.measured_on) == ((), None)
    assert "no runtime 'pretended'" in found.why


def test_a_scaled_network_meets_a_latency(table_file):
    from scaling import Caps, rule_named
    from scaling.report import Scaler

    scaler = Scaler(load_network("b0"), rule_named("efficientnet"), Caps())
    told = scaler.to(Budget.parse(f"50ms-latency@{table_file}"))
    assert told.latency.ns == pytest.approx(50e6, rel=0.05)  # a block more or less is a step
    assert any("follows from features" in line for line in told.remarks())
    assert told.document()["latency"] == told.latency.ns
    assert "/" not in told.network.name


def test_a_bare_graph_is_predicted_from_features_and_says_so(calibration):
    found = predict(load_network("inception_v3"), calibration.table)
    assert (found.blocks, found.outside) == (1, 1)
    assert "not from measured blocks" in found.note
