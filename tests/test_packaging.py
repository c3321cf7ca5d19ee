"""The wheel holds what it should, and works where the checkout is not."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

CONSUMER = """
import nas
from nas import Graph, cost, lower, multiply, zoo
from nas.compiler import compile_graph

graph: Graph = zoo.build("efficientnet_b0", num_classes=10)
macs: int = cost(graph).macs
model = compile_graph(graph, init="none")
print(macs, sum(weight.numel() for weight in model.parameters()), nas.__file__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    pytest.importorskip("hatchling")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        check=True,
        capture_output=True,
        cwd=ROOT,
    )
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def unpacked(wheel, tmp_path_factory):
    """The wheel as an installed folder, with nothing of the checkout on the path."""
    folder = tmp_path_factory.mktemp("site")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def elsewhere(unpacked: Path, arguments: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=cwd, env=environment)


@pytest.mark.slow
def test_the_wheel_has_our_packages_and_nothing_else(wheel):
    names = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in names if not name.endswith(".dist-info")} == {"nas", "search_spaces", "scaling", "cli.py"}
    inside = zipfile.ZipFile(wheel).namelist()
    assert "nas/py.typed" in inside
    assert any(name.startswith("nas/predictor/") and name.endswith(".json") for name in inside)
    assert any(name.endswith("NOTICE") for name in inside)


@pytest.mark.slow
def test_the_command_line_works_from_outside_the_checkout(unpacked, tmp_path):
    told = elsewhere(unpacked, ["-m", "cli", "--version"], tmp_path)
    assert told.returncode == 0, told.stderr
    assert str(unpacked) in told.stdout
    cost = elsewhere(unpacked, ["-m", "cli", "cost", "b0", "--json"], tmp_path)
    assert '"macs": 385814752' in cost.stdout


@pytest.mark.slow
def test_a_consumer_imports_the_graph_compiler_and_type_checks(unpacked, tmp_path):
    (tmp_path / "consumer.py").write_text(CONSUMER)
    run = elsewhere(unpacked, ["consumer.py"], tmp_path)
    assert run.returncode == 0, run.stderr
    macs, params, where = run.stdout.split()
    assert int(macs) == 385_814_752 - 990 * 1280
    assert int(params) == 5_288_548 - 990 * 1281
    assert str(unpacked) in where
    pytest.importorskip("mypy")
    check = elsewhere(unpacked, ["-m", "mypy", "--strict", "consumer.py"], tmp_path)
    assert check.returncode == 0, check.stdout
