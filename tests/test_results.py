"""The pages of results/ are what their commands write, and within the tolerance that they state."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

RESULTS = Path(__file__).parent.parent / "results"


def script(name: str):
    spec = importlib.util.spec_from_file_location(f"results_{name}", RESULTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", sorted(path.stem for path in RESULTS.glob("*.py")))
def test_a_page_is_what_its_command_writes(page):
    assert (RESULTS / f"{page}.md").read_text() == script(page).render()


def test_the_page_of_the_zoo_is_what_verify_writes():
    from nas.report.zoo import checked, verify_page

    found = checked()
    assert all(row.equal is not False for row in found)
    assert (RESULTS / "zoo.md").read_text() == verify_page(found)


def test_ours_are_within_the_stated_tolerance_of_the_published_figures():
    from nas import zoo
    from nas.graph import cost

    page = script("efficientnet")
    compared = 0
    for name, row in page.rows():
        total = cost(zoo.build(name))
        said = row.get("published_readme") or (row.get("published_params"), row.get("published_flops"))
        for ours, text, tolerance in zip(
            (total.params, total.macs), said, (page.PARAMS_TOLERANCE, page.MACS_TOLERANCE), strict=True
        ):
            if (figure := page.published(text)) is not None:
                assert ours == pytest.approx(figure, rel=tolerance), name
                compared += 1
    assert compared == 31
