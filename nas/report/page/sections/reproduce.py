"""How to have all of this again."""

from __future__ import annotations

import hashlib
import shlex

from nas.report.page.html import Html, command, facts, folded, note
from nas.report.page.page import Page


def tell(page: Page) -> list[Html]:
    """The commands, and what they ran on."""
    record, folder = page.record, shlex.quote(str(page.run.folder))
    commands = [
        f"pip install nascli=={record.nascli_version}",
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
