"""How to have all of this again."""

from __future__ import annotations

import hashlib
import shlex

from nas.report.folder import LATENCIES
from nas.report.page.html import Html, command, facts, folded, note
from nas.report.page.page import Page


def tell(page: Page) -> list[Html]:
    """The commands, and what they ran on."""
    record, folder = page.record, shlex.quote(str(page.search.folder))
    commands = [
        f"# in a checkout of nascli {record.nascli_version}, with Python 3.11 or newer",
        f"python3 -m venv .venv && . .venv/bin/activate && pip install -q -c constraints.txt {_parts(page)}",
        record.command,
        f"nascli report {folder} -o report.html",
        f"nascli zoo show {folder}",
    ]
    table = page.study.space.to_json()
    packages = [("python", record.python), *sorted(record.packages.items())]
    if (latency := record.latency) is not None:
        packages.append((latency.runtime, latency.version))
    rows: list[tuple[str, object]] = [
        ("nascli", record.nascli_version),
        ("packages", ", ".join(f"{name} {version}" for name, version in packages)),
        ("evaluator", f"{record.evaluator.name}, fingerprint {record.evaluator.fingerprint or 'none'}"),
        ("table of the space", f"sha256 {hashlib.sha256(table.encode()).hexdigest()[:16]}"),
        ("winner", f"digest {record.best.digest}"),
    ]
    if latency is not None:
        kept = "" if page.study.space.latencies is None else f", in this search's folder as {LATENCIES}"
        rows.append(("latency table", f"digest {latency.table}{kept}"))
    if page.study.space.citation:
        rows.append(("space after", page.study.space.citation))
    return [
        command("\n".join(commands)),
        facts(rows),
        note(
            "The search's folder must be a new one: the command would otherwise find this search and evaluate nothing. "
            "The same seed, versions and number of workers give the same winner."
        ),
        folded("The space, as JSON", command(table)),
    ]


def _parts(page: Page) -> str:
    """What pip installs of the checkout: with what onnxruntime needs where latencies were measured."""
    return "'.[export]'" if page.record.latency is not None and page.record.latency.runtime == "onnxruntime" else "."
