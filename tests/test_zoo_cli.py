"""`nascli zoo` lists the published networks and holds them against their oracles."""

from __future__ import annotations

import pytest
from test_cli import document, nascli

from nas import zoo
from nas.graph import cost
from nas.report.zoo import NONE, checked, listed, verify_page
from nas.zoo.published import rows


def test_the_list_holds_every_network_with_what_it_costs():
    told = {row["name"]: row for row in document("zoo", "list")["networks"]}
    assert list(told) == zoo.names()
    for name in ("efficientnet_b0", "resnet50", "regnetx_002"):
        total = cost(zoo.build(name), told[name]["input_shape"])
        assert (told[name]["params"], told[name]["macs"]) == (total.params, total.macs)


def test_a_family_is_listed_alone_and_an_unknown_one_is_told():
    assert {row["family"] for row in listed("resnet")} == {"resnet"}
    run = nascli("zoo", "list", "--family", "resnett")
    assert (run.returncode, run.stdout) == (2, "")
    assert "no family 'resnett'; did you mean 'resnet'?" in run.stderr


def test_verify_prints_brief_oracle_and_ours_and_writes_where_it_is_told(tmp_path):
    told = document("zoo", "verify", "--family", "mobilenetv2", "--out", tmp_path / "zoo.md", cwd=tmp_path)
    row = next(row for row in told["networks"] if row["name"] == "mobilenet_v2")
    assert (row["brief_params"], row["oracle_params"], row["params"]) == (3_504_872, 3_504_872, 3_504_872)
    assert (row["oracle_macs"], row["macs"], row["equal"]) == (300_774_272, 300_774_272, True)
    assert "| mobilenet_v2 | torchvision mobilenet_v2 | 224 | 3,504,872 |" in (tmp_path / "zoo.md").read_text()


def test_one_family_is_verified_without_writing(tmp_path):
    run = nascli("zoo", "verify", "--family", "resnet", cwd=tmp_path)
    assert run.returncode == 0
    assert "equal to their oracle in parameters and macs" in run.stdout
    assert not list(tmp_path.iterdir())


def test_a_network_that_differs_from_its_oracle_shows():
    row = checked("resnet")[0]._replace(oracle_params=1)
    assert not row.equal
    assert f"+{row.params - 1:,}" in verify_page([row])
    assert "0 of 1 equal" in verify_page([row])


@pytest.mark.parametrize("name", zoo.names())
def test_an_entry_without_an_oracle_says_what_it_follows(name):
    entry = zoo.entry(name)
    assert entry.oracle or entry.follows
    if entry.follows:
        title, _, description = entry.follows.partition(": ")
        assert description
        assert title in {NONE.title, name, *(row.title for row in rows())}
