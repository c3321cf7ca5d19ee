"""What was asked, with which seeds, and what came of it."""

from __future__ import annotations

from nas.report.agreement import HEADER, compared
from nas.report.page.html import Html, command, facts, missing, note, paragraph, table
from nas.report.page.page import Page
from nas.report.page.sections.words import sentence


def tell(page: Page) -> list[Html]:
    """The command, its seeds, and the trials."""
    record, study, settings = page.record, page.study, page.search.settings
    trials = record.trials
    seed = settings.get("seed")
    rows: list[tuple[str, object]] = [
        ("space", f"{study.space.name}: {study.space.size:,} architectures, {len(study.space.slots)} slots"),
        ("objectives", ", ".join(record.objectives)),
        ("evaluator", f"{record.evaluator.name} (fingerprint {record.evaluator.fingerprint or 'none'})"),
        ("sampler", settings.get("sampler") or "not in this folder"),
        ("seed", "not in this folder" if seed is None else str(seed)),
        ("trials", f"{trials.run:,}, of which {trials.feasible:,} within the budgets and {trials.failed:,} failed"),
        ("took", f"{record.seconds:.1f} s in the last run" + (", which resumed earlier ones" * record.resumed)),
    ]
    body = [command(record.command), facts(rows)]
    if seed is not None:
        body.append(note("Trial n draws from (seed, n) and the trials before it, so the seed gives the whole search."))
    body += [paragraph(f"{count:,} failed: {why}") for why, count in list(trials.reasons.items())[:3]]
    body += [paragraph(sentence(remark)) for remark in study.remarks if not _of_latency(page, remark)]
    body += _agreed(page)
    if study.exhausted:
        body.append(paragraph("Every feasible architecture has been evaluated."))
    if page.search.later:
        later = f"{page.search.later:,} more trials stand in its journal: the search went on and has not ended since."
        body.append(missing(f"This page tells of the record. {later}"))
    if not page.search.whole:
        body.append(missing("The trials are not in this folder (a database has them): only front and ties are known."))
    return body


def _of_latency(page: Page, remark: str) -> bool:
    """Whether the section on latency has it: a finalist's times, or two devices."""
    if (told := page.record.latency) is None:
        return False
    of_finalist = any(remark.startswith(f"{one.name}: ") and " measured" in remark for one in told.finalists)
    return of_finalist or (told.measured_on is not None and remark.startswith("the latency table is of "))


def _agreed(page: Page) -> list[Html]:
    """How far scores without labels agree, where the record says it in a form that is known."""
    try:
        found = compared(page.record.agreement)
    except (KeyError, TypeError, ValueError, AttributeError):
        return []
    if found is None:
        return []
    shown = [table(HEADER, found.rows, sentence(found.title))] if found.rows else []
    return [*shown, *([paragraph(f"{sentence(found.told)}.")] if found.told else [])]
