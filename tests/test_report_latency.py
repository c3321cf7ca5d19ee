"""The report of a search by latency: what was predicted and measured on which device, and what a tenth more buys."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from pretended import analytic_table
from test_report import Reader, edited, folder, no_family, page_of, searched
from test_report_figures import Judge

from nas.errors import FileError
from nas.latency.reading import write_table
from nas.report.folder import LATENCIES
from nas.report.page import Page, made, read_search
from nas.report.page.layout import laid_out
from nas.report.page.nudges import SIZES, climbed

__all__ = ["folder"]  # the fixture of another file


@pytest.fixture
def copy(folder, tmp_path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


LATENCY = {
    "table": "0123456789abcdef",
    "held_out_error": 0.031,
    "runtime": "onnxruntime",
    "version": "1.31.1",
    "device": "cpu",
    "processor": "<A processor>",
    "threads": 1,
    "finalists": [{"name": "best", "predicted_ns": 7_900_000, "measured_ns": 8_300_000}],
}


def test_latencies_stand_beside_each_other(copy):
    budgets = ["60M-flops", "8ms-latency@table.json"]
    text, lacking = laid_out(made(read_search(edited(copy, latency=LATENCY, budgets=budgets)), no_family))
    assert "latency" not in lacking
    told = Reader(text).text
    for figure_ in ("7.9 ms", "8.3 ms", "\N{MINUS SIGN}4.8 %", "over 8ms-latency@table.json", "<A processor>"):
        assert figure_ in told
    assert "the record does not say on what" in told


def test_a_record_of_latencies_that_is_none_is_one_line(copy):
    broken = LATENCY | {"finalists": [{"name": "best", "predicted_ns": 1, "measured_ns": 0}]}
    with pytest.raises(FileError, match="measured_ns"):
        read_search(edited(copy, latency=broken))


@pytest.mark.parametrize(("processor", "told"), [("<A processor>", "on the same"), ("<Another>", "on another")])
def test_a_page_names_what_finalists_were_measured_on(copy, processor, told):
    on = {key: LATENCY[key] for key in ("runtime", "version", "device", "processor", "threads")}
    measured = LATENCY | {"measured_on": on | {"processor": processor}}
    text = Reader(page_of(edited(copy, latency=measured, budgets=["60M-flops", "8ms-latency@table.json"]))).text
    assert told in text
    assert processor in text


def test_a_remark_that_the_section_on_latency_has_is_told_once(copy):
    line = "best: 7.9 ms predicted, 8.3 ms measured (-4.8%); over 8ms-latency@table.json"
    text = Reader(page_of(edited(copy, latency=LATENCY, remarks=[line, "a remark of its own"]))).text
    assert line not in text
    assert "A remark of its own" in text


@pytest.fixture(scope="module")
def timed(tmp_path_factory) -> Path:
    """A search under 1 ms by a table that lies outside its folder."""
    folder = tmp_path_factory.mktemp("timed")
    write_table(analytic_table(space="nasbench_macro"), folder / "table.json")
    return searched(folder / "run", budgets=[f"1ms-latency@{folder}/table.json"])


def test_a_search_leaves_its_latency_table_and_a_page_reads_no_other(timed, tmp_path):
    copy = Path(shutil.copytree(timed, tmp_path / "copy"))
    (timed.parent / "table.json").unlink(missing_ok=True)
    page = Page(read_search(copy), "")
    assert page.study.space.latencies.digest == page.record.latency.table
    assert not page.untimed
    assert "are within" in page_of(copy)
    (copy / LATENCIES).write_text(json.dumps(json.loads((copy / LATENCIES).read_text()) | {"space": "x" * 300}))
    with pytest.raises(FileError, match="latency table: space"):
        read_search(copy)
    (copy / LATENCIES).unlink()
    page = Page(read_search(copy), "")
    assert page.untimed
    assert f"{LATENCIES} is not in the folder" in page_of(copy)
    assert "front" in laid_out(page)[1]


def test_the_latency_table_of_another_search_is_one_line(timed, tmp_path):
    copy = Path(shutil.copytree(timed, tmp_path / "copy"))
    write_table(analytic_table(space="nasbench_macro", blocks={f"{16 * '0'}@8x4x4": 1}), copy / LATENCIES)
    with pytest.raises(FileError, match=r"latency\.json beside it is another table") as error:
        read_search(copy)
    assert "\n" not in str(error.value)


def test_a_nudged_latency_budget_is_climbed_by_the_table_in_the_folder(timed):
    found = climbed(Page(read_search(timed), "").study, Judge(), 300)
    times = [nudge.best.costs["latency"] for nudge in found]
    assert all(one <= size * 1e6 for one, size in zip(times, SIZES, strict=True))
    assert times[2] > 1e6


def test_a_page_says_what_it_takes_to_know_what_a_tenth_more_buys(copy):
    command = "nascli search --space nasbench_macro --budget=60M-flops --trials 60 --out run --seed 3"
    text = Reader(page_of(edited(copy, command=command))).text
    assert "60 more evaluations" in text
    again = "nascli search --space nasbench_macro --budget 66M-macs --trials 60 --out run-110 --seed 3"
    assert again in text
    assert again not in Reader(page_of(edited(copy, command="python 'mine.py"))).text
