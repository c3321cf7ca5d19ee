"""A search that is interrupted, killed or shared goes on as if it had not been."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_cli import ROOT, document
from test_study import CAP, MACRO, same, toward_two_million

import nas
from nas.study.samplers import SAMPLERS

EVALUATOR = """
import time
from nas import cost, lower

def slow(architecture):
    time.sleep(0.2)
    return cost(lower(architecture, 10)).params / 1e6
"""


@pytest.mark.parametrize(
    ("sampler", "stop", "whole"),
    [*((sampler, 115, 140) for sampler in SAMPLERS), ("nsga2", 227, 300), ("nsga2", 260, 300)],
)
def test_a_study_that_stops_half_way_ends_as_if_it_had_not(tmp_path, sampler, stop, whole):
    arguments = {"evaluator": toward_two_million, "sampler": sampler}  # 100 trials are uniform, a generation is 80
    straight = nas.search(MACRO, CAP, trials=whole, **arguments)
    nas.search(MACRO, CAP, trials=stop, out=tmp_path / "run", **arguments)
    resumed = nas.search(MACRO, CAP, trials=whole, out=tmp_path / "run", **arguments)
    assert resumed.resumed
    assert resumed.evaluated == whole - stop
    assert same(straight, resumed)


def test_a_lock_that_a_killed_process_left_does_not_hold_up_the_next(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nas.search(MACRO, CAP, toward_two_million, trials=5, out="run")
    (tmp_path / "run" / "study.journal.lock").symlink_to("run/study.journal")  # as optuna's lock would dangle
    begin = time.perf_counter()
    assert len(nas.search(MACRO, CAP, toward_two_million, trials=8, out="run").trials) == 8
    assert time.perf_counter() - begin < 5


def test_a_reprint_leaves_the_record_as_it_is(tmp_path):
    search = ("search", "--space", "efficientnet", "--budget", "300M-flops", "--trials", 20, "--out", "run")
    first = document(*search, cwd=tmp_path)
    record = (tmp_path / "run" / "record.json").read_text()
    again = document(*search, cwd=tmp_path)
    assert again["best"] == first["best"]
    assert (tmp_path / "run" / "record.json").read_text() == record


def started(folder: Path, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, str(ROOT / "cli.py"), "search", "--space", "nasbench_macro", *map(str, arguments)]
    command += ["--evaluator", "python:function=judge.slow"]
    return subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background shell has it ignored
    )


@pytest.mark.slow
def test_two_processes_share_a_storage_and_the_default_folder(tmp_path):
    (tmp_path / "judge.py").write_text(EVALUATOR)
    both = [started(tmp_path, "--trials", 20, "--storage", "sqlite:///study.db") for _ in range(2)]
    for process in both:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors


@pytest.mark.slow
@pytest.mark.parametrize("gap", [0.0, 0.05, 0.3])
def test_an_impatient_interrupt_ends_the_search_with_the_way_to_go_on(tmp_path, gap):
    (tmp_path / "judge.py").write_text(EVALUATOR)
    process = started(tmp_path, "--trials", 500, "--workers", 2, "--out", "run")
    while not (tmp_path / "run" / "study.journal").exists():
        time.sleep(0.1)
    time.sleep(4)
    for _ in range(2):
        if process.poll() is None:
            os.kill(process.pid, signal.SIGINT)
        time.sleep(gap)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "to go on: nascli search" in errors
