"""The report of a search: one file that says what the record knows, and what it does not, and believes nothing."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from test_cli import document
from test_study import CAP, MACRO, toward_two_million

import cli
import nas
import search_spaces
from nas.errors import FileError, ScaleError
from nas.networks import load_network
from nas.report.folder import write_folder
from nas.report.front_files import write_front
from nas.report.outcome import search_document
from nas.report.page import made, read_search, write_report
from nas.report.page.inline import figure
from nas.report.page.layout import laid_out, style
from nas.report.page.nudges import climbed
from nas.report.page.page import Page
from nas.report.page.sections import SECTIONS

VOID = {"meta", "br"}
HOSTILE = """</style><script>alert("1")</script> & 'x' <img src=http://example.org/a.png onerror=x>"""


def evaluated(architecture):
    score = toward_two_million(architecture)
    return score, score - 0.1, score + 0.1


def searched(folder: Path, *, trials: int = 60, budgets=CAP, **more) -> Path:
    """A folder as `nascli search --out` leaves it."""
    study = nas.search(MACRO, budgets, evaluated, trials=trials, out=folder, **more)
    write_folder(study, folder, "nascli search --space nasbench_macro", search_document(study))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return searched(tmp_path_factory.mktemp("search") / "run")


@pytest.fixture
def copy(folder, tmp_path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def no_family(network):
    raise ScaleError("nothing scales here")


def page_of(folder: Path) -> str:
    return laid_out(made(read_search(folder), no_family))[0]


def edited(folder: Path, **changes) -> Path:
    path = folder / "record.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return folder


class Reader(HTMLParser):
    """What a browser would see: elements that close, attributes, and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.names: set[str] = set()
        self.events: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.names.add(tag)
        told = dict(attributes)
        self.ids += [told["id"]] if "id" in told else []
        self.links += [told[key] for key in ("href", "src", "xlink:href", "action", "data") if told.get(key)]
        self.links += re.findall(r"url\(([^)]*)\)", " ".join(str(value) for value in told.values()))
        self.events += [key for key in told if key.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data if "style" not in self.open else ""


@pytest.fixture(scope="module")
def read(folder) -> Reader:
    return Reader(page_of(folder))


# -- the page -------------------------------------------------------------------------------------------------


def test_the_page_is_whole_and_has_every_section(read):
    assert not read.open
    assert set(SECTIONS) <= set(read.ids)
    assert len(read.ids) == len(set(read.ids))
    assert {f"#{name}" for name in SECTIONS} <= set(read.links)


def test_the_page_needs_nothing_else(read):
    assert all(link.startswith("#") and link[1:] in read.ids for link in read.links)
    assert not read.events
    assert not read.names & {"script", "link", "iframe", "object", "embed", "form", "base"}
    assert "url(" not in style()
    assert "@import" not in style()


def test_equal_folders_make_equal_bytes(folder):
    assert page_of(folder) == page_of(folder)


def test_a_report_writes_nothing_into_the_folder(copy, tmp_path):
    def fingerprint():
        files = (path for path in copy.rglob("*") if path.is_file())
        return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    before = fingerprint()
    told = write_report(made(read_search(copy), no_family), tmp_path / "out" / "page.html")
    assert fingerprint() == before
    assert told["bytes"] == (tmp_path / "out" / "page.html").stat().st_size


def test_the_page_tells_the_result_and_how_to_have_it_again(folder, read):
    record = json.loads((folder / "record.json").read_text())
    for told in (record["command"], record["best"]["digest"], f"{record['best']['macs']:,}", "seed", "60M-flops"):
        assert told in read.text


@pytest.mark.parametrize(
    ("name", "told"), [("front", "best score up to that cost"), ("winner", "depthwise or separable")]
)
def test_text_in_pictures_is_text(folder, name, told):
    section = page_of(folder).partition(f'id="{name}"')[2].partition("</section>")[0]
    picture = section[section.index("<svg") : section.index("</svg>")]
    assert told in "".join(re.findall(r"<text[^>]*>([^<]*)", picture))


def test_every_colour_of_a_picture_has_its_twin_in_the_dark(folder):
    dark = style().partition("prefers-color-scheme: dark")[2]
    assert set(re.findall(r"var\((--c\w+)", page_of(folder))) <= set(re.findall(r"(--c[0-9a-f]{6}):", dark))


def test_a_picture_brings_no_style_of_its_own_and_keeps_its_ids_apart():
    svg = b'<svg xmlns="x" viewBox="0 0 9 9"><defs><style>*{x}</style></defs><g id="a"><use xlink:href="#a"/></g></svg>'
    one, other = (figure(svg, name, "a <picture>") for name in ("one", "other"))
    assert "<style" not in one
    assert 'id="one-a"' in one
    assert 'href="#other-a"' in other
    assert "a &lt;picture&gt;" in one


# -- what others wrote ----------------------------------------------------------------------------------------


def test_what_a_record_says_is_text_and_never_markup(copy):
    record = json.loads((copy / "record.json").read_text())
    more = {
        "command": HOSTILE,
        "python": HOSTILE,
        "packages": {HOSTILE: HOSTILE},
        "remarks": [HOSTILE],
        "evaluator": record["evaluator"] | {"name": HOSTILE, "quality": {"n": 9, HOSTILE: HOSTILE, "verdict": HOSTILE}},
        "score": {"unit": HOSTILE, "note": HOSTILE},
        "baselines": [row | {"name": HOSTILE, "note": HOSTILE} for row in record["baselines"]],
        "trials": record["trials"] | {"reasons": {HOSTILE: 3}},
    }
    read = Reader(page_of(edited(copy, **more)))
    assert not read.names & {"script", "img"}
    assert not read.events
    assert read.text.count('<script>alert("1")</script>') >= 8


def best_of(folder: Path, **changes) -> dict:
    return json.loads((folder / "record.json").read_text())["best"] | changes


def truncated(folder: Path) -> None:
    text = (folder / "record.json").read_text()
    (folder / "record.json").write_text(text[: len(text) // 2])


def alone(folder: Path) -> None:
    for name in ("study.journal", "front.csv", "ties.csv"):
        (folder / name).unlink()


def garbled(folder: Path) -> None:
    (folder / "study.journal").write_text('{"op_code": 99}\n')


def listed(folder: Path) -> None:
    (folder / "study.journal").unlink()
    (folder / "front.csv").write_text("score,low\nnan,1\n")


SPOILT = {
    "an unfinished search": (lambda folder: (folder / "record.json").unlink(), "has not ended"),
    "a torn record": (truncated, "not JSON"),
    "another schema": (lambda folder: edited(folder, schema="nascli.record/99"), "not known here"),
    "a list": (lambda folder: (folder / "record.json").write_text("[]"), "expected a JSON object"),
    "bytes": (lambda folder: (folder / "record.json").write_bytes(b"\xff\xfe"), "not a text file"),
    "a record without a winner": (lambda folder: edited(folder, best=None), r"record\.json: best: .*; run the search"),
    "a winner without a digest": (lambda folder: edited(folder, best=best_of(folder, digest="")), r"best\.digest: "),
    "a time that is no number": (lambda folder: edited(folder, seconds="soon"), r"record\.json: seconds: "),
    "a score that is NaN": (lambda folder: edited(folder, best=best_of(folder, score=float("nan"))), r"best\.score: "),
    "a budget that is none": (lambda folder: edited(folder, budgets=["lots"]), "names no metric"),
    "a space that is none": (lambda folder: edited(folder, space_table={}), "names no schema"),
    "a journal that is none": (garbled, "is damaged"),
    "a table that is none": (listed, "front.csv is damaged"),
    "another search's journal": (
        lambda folder: edited(folder, best=best_of(folder, digest="0")),
        "different searches",
    ),
    "a record without trials": (alone, "holds no scored trial, neither in study.journal nor in front.csv and ties.csv"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_a_spoilt_folder_is_one_line(copy, what):
    spoil, told = SPOILT[what]
    spoil(copy)
    with pytest.raises(FileError, match=told) as error:
        read_search(copy)
    assert "\n" not in str(error.value)


def test_a_folder_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(FileError, match="no such folder"):
        read_search(tmp_path / "nowhere")
    with pytest.raises(FileError, match=r"holds no record\.json of a search; a report needs"):
        read_search(tmp_path)


@pytest.mark.parametrize(
    ("name", "command"), [("check.json", "nascli evaluator check"), ("fit.json", "nascli scale fit")]
)
def test_the_folder_of_another_command_is_named(tmp_path, name, command):
    (tmp_path / name).write_text("{}")
    with pytest.raises(FileError, match=f"the files of `{command}`") as error:
        read_search(tmp_path)
    assert "\n" not in str(error.value)


def test_a_line_that_is_being_written_is_left_out(copy):
    with (copy / "study.journal").open("a") as file:
        file.write('{"op_code": 4, "study')
    assert len(read_search(copy).study.trials) == 60


def test_trials_beyond_the_record_are_left_out_and_told(copy):
    nas.search(MACRO, CAP, evaluated, trials=70, out=copy)
    run = read_search(copy)
    assert (len(run.study.trials), run.later) == (60, 10)
    assert "10 more trials" in page_of(copy)


@pytest.mark.parametrize("name", ["python:function=os.getcwd", "train", "table", "accel_nasbench", "nothing"])
def test_a_record_has_no_code_run_and_no_file_read(copy, name):
    record = json.loads((copy / "record.json").read_text())
    edited(copy, evaluator=record["evaluator"] | {"name": name})
    assert made(read_search(copy), no_family).judge is None


def test_figures_that_are_no_numbers_are_not_shown(copy):
    record = json.loads((copy / "record.json").read_text())
    quality = {"n": 9, "spearman": float("nan"), "bands": [{"center_macs": 9, "n": 3, "coverage90": float("nan")}]}
    assert "nan" not in re.findall(
        r"[a-z]+", Reader(page_of(edited(copy, evaluator=record["evaluator"] | {"quality": quality}))).text
    )


# -- what a record lacks --------------------------------------------------------------------------------------


def test_what_is_missing_is_said(folder):
    text, lacking = laid_out(made(read_search(folder), no_family))
    assert {"front", "nudged", "evaluator", "latency", "family"} <= set(lacking)
    assert "nothing scales here" in text


def test_without_a_journal_the_page_shows_front_and_ties(copy):
    whole = read_search(copy)
    (copy / "study.journal").unlink()
    run = read_search(copy)
    assert not run.whole
    assert {trial.genome.tobytes() for trial in run.study.front} == {t.genome.tobytes() for t in whole.study.front}
    assert run.best.costs == whole.best.costs
    _, lacking = laid_out(made(run, no_family))
    assert {"search", "front", "choices"} <= set(lacking)


def test_a_search_without_budgets_says_so(tmp_path):
    _, lacking = laid_out(made(read_search(searched(tmp_path / "run", trials=12, budgets=())), no_family))
    assert {"budgets", "nudged"} <= set(lacking)


def test_files_of_an_earlier_front_do_not_outlive_it(folder, tmp_path):
    study = read_search(folder).study
    write_front(study, tmp_path)
    assert len(list((tmp_path / "front").iterdir())) == len(study.front) > 1
    (tmp_path / "front" / "900.json").write_text("behind a gap")
    (tmp_path / "front" / "mine.json").write_text("a user's own")
    shorter = replace(study, trials=study.front[:1])
    write_front(shorter, tmp_path)
    assert {path.name for path in (tmp_path / "front").iterdir()} == {"001.json", "mine.json"}
    front = load_network(str(tmp_path / "front" / "001.json"))
    assert front.name == study.network(study.front[0]).name


def test_a_folder_that_was_cut_off_in_the_middle_is_written_again(tmp_path, monkeypatch):
    folder = searched(tmp_path / "run", trials=20)
    study = nas.search(MACRO, CAP, evaluated, trials=24, out=folder)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("nas.report.folder.write_front", killed)
        with pytest.raises(KeyboardInterrupt):
            write_folder(study, folder, "nascli search", search_document(study))
    with pytest.raises(FileError, match="no record"):
        read_search(folder)
    again = nas.search(MACRO, CAP, evaluated, trials=24, out=folder)
    assert not again.evaluated
    assert write_folder(again, folder, "nascli search", search_document(again))
    rows = (folder / "front.csv").read_text().count("\n") - 1
    assert len(list((folder / "front").iterdir())) == rows == len(read_search(folder).study.front)
    (folder / "front" / "001.json").unlink()
    assert write_folder(again, folder, "nascli search", search_document(again))
    assert (folder / "front" / "001.json").is_file()
    assert not write_folder(again, folder, "nascli search", search_document(again))


def test_a_file_where_the_folder_of_the_front_goes_is_told_before_the_search(tmp_path, capsys):
    (tmp_path / "front").write_text("mine")
    with pytest.raises(SystemExit) as end:
        cli.app(["search", "--space", "efficientnet", "--trials", "5", "--out", str(tmp_path)])
    assert end.value.code == 2
    assert "front: no folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["front"]


# -- the command ----------------------------------------------------------------------------------------------


def test_the_command_writes_a_page(copy, tmp_path):
    told = document("report", copy, "-o", "page.html", "--family", "60M,80M-macs", cwd=tmp_path)
    text = (tmp_path / "page.html").read_text()
    assert told["schema"] == "nascli.report/1"
    assert "family" not in told["lacking"]
    assert "80M-macs" in Reader(text).text


REFUSED = [["nowhere"], ["DIR", "--family", "many"], ["DIR", "--rule", "fsat"], ["DIR", "-o", "/proc/no/page.html"]]


@pytest.mark.parametrize("arguments", REFUSED)
def test_the_command_refuses_in_one_line(folder, capsys, arguments):
    with pytest.raises(SystemExit) as end:
        cli.app(["report", *(str(folder) if part == "DIR" else part for part in arguments)])
    assert end.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("error: ")
    assert told.count("\n") == 1


@pytest.mark.slow
def test_the_page_of_the_default_search_lacks_latency_alone(tmp_path):
    space = search_spaces.load("efficientnet")
    study = nas.search(space, ["400M-flops"], trials=150, out=tmp_path / "run")
    write_folder(study, tmp_path / "run", "nascli search", search_document(study))
    told = document("report", tmp_path / "run", cwd=tmp_path)
    assert told["lacking"] == ["latency"]
    text = Reader((tmp_path / "run" / "report.html").read_text())
    assert "efficientnet_b0" in text.text
    assert "mobilenetv3" in text.text  # published networks behind the front
    page = Page(read_search(tmp_path / "run"), "")
    scores = [nudge.best.score.value for nudge in climbed(page.study, page.judge, page.asks)]
    assert scores[1] >= study.top.score.value
    assert scores == sorted(scores)
