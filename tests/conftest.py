"""What several tests need: published figures, and the members of the registries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from representatives import REPRESENTATIVES

from nas import zoo

HERE = Path(__file__).parent
SHARED = HERE.parent.parent / "shared" / "data"


def parameters(names: list[str]) -> list[Any]:
    """Networks of the zoo as test parameters, marked slow where they do not stand for their family."""
    return [pytest.param(name, marks=() if name in REPRESENTATIVES else pytest.mark.slow) for name in names]


def _figures() -> dict[str, dict[str, Any]]:
    """Figures of EfficientNet and EfficientNetV2 by zoo name, from their own papers and code."""
    table = json.loads((HERE / "reference" / "efficientnet.json").read_text())
    figures = {}
    for size, row in table["v1"].items():
        figures[f"efficientnet_{size}"] = {**row, "params": row["params_timm"], "macs": row["macs_conv_linear"]}
    for size, row in table["v2"].items():
        name = f"efficientnetv2_{size}" if size == "xl" or size[0] == "b" else f"efficientnet_v2_{size}"
        row = {**row, "resolution": row["eval_size"]}
        figures[name] = {**row, "params": row["params_timm"], "macs": row["macs_conv_linear_at_eval_size"]}
    return figures


FIGURES = _figures()


@pytest.fixture(scope="session")
def figures() -> dict[str, dict[str, Any]]:
    return FIGURES


@pytest.fixture(scope="session")
def representatives() -> frozenset[str]:
    return REPRESENTATIVES


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of training results that are not part of the project."""
    if not SHARED.is_dir():
        pytest.skip(f"the training results are not part of the project, and {SHARED} is not here")
    return SHARED


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "published" in metafunc.fixturenames:
        metafunc.parametrize("published", list(FIGURES))
    if "network" in metafunc.fixturenames:
        metafunc.parametrize("network", parameters(zoo.names()))
    if "table_name" in metafunc.fixturenames:
        metafunc.parametrize("table_name", parameters(zoo.tables()))
    if "space_name" in metafunc.fixturenames:
        import search_spaces

        metafunc.parametrize("space_name", search_spaces.names())
