"""What the examples show works as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import search_spaces
from nas.space.lint import lint

EXAMPLES = Path(__file__).parent.parent / "examples"
BLOCK = re.compile(r"```(python|sh)\n(.*?)```", re.DOTALL)


@pytest.mark.slow
def test_a_consumer_project_trains_a_compiled_backbone(tmp_path):
    script = EXAMPLES / "consumer" / "segmenter.py"
    run = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "macs at (3, 224, 224)" in run.stdout


@pytest.mark.slow
def test_the_page_on_evaluators_runs_as_written(tmp_path):
    module, command, use = BLOCK.findall((EXAMPLES / "evaluator.md").read_text())
    (tmp_path / "evaluators.py").write_text(module[1])
    (tmp_path / "use.py").write_text(use[1])
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path}
    shell = subprocess.run(command[1], shell=True, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert shell.returncode == 0, shell.stderr
    assert "uniform sampling" not in shell.stdout  # an evaluator that may be dear is asked for its trials only
    python = subprocess.run([sys.executable, "use.py"], capture_output=True, text=True, check=True, cwd=tmp_path)
    score, macs = python.stdout.split()
    assert float(score) > 0
    assert int(macs) <= 250_000_000


def test_the_space_in_yaml_is_sound():
    space = search_spaces.load(EXAMPLES / "space.yaml")
    assert space.size == 248_832  # 2 · 48 · 6 · 36 · 12: the product of the choices
    assert not lint(space, [])


@pytest.mark.slow
def test_the_python_of_the_readme_runs_as_written(tmp_path):
    readme = (EXAMPLES.parent / "README.md").read_text()
    (tmp_path / "readme.py").write_text("\n".join(text for kind, text in BLOCK.findall(readme) if kind == "python"))
    subprocess.run([sys.executable, "readme.py"], check=True, cwd=tmp_path)
