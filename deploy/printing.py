"""What the command line prints, apart from the chat."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from adapters.terminal.render import WIDTH_LIMIT, render
from bot.cards import first_sentence
from bot.messages import Buttons, Message
from knowledge import ports
from knowledge.answers import Answer, Citation, Verdict
from knowledge.catalogues.importing import ImportReport
from knowledge.countries import country_name
from knowledge.questions import Question
from knowledge.text import clean

LINES_SHOWN = 20


def console() -> Console:
    """Lines as long as people like to read, on a wide terminal too; plain text where it is no terminal."""
    made = Console(highlight=False)
    made.width = min(made.width, WIDTH_LIMIT)
    return made


def message(shown: Message) -> None:
    """Once, with nobody there to press anything."""
    console().print(render(Message(tuple(block for block in shown.blocks if not isinstance(block, Buttons)))))


def as_json(record: Any) -> None:
    json.dump(record, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def answer_record(answer: Answer) -> dict[str, Any]:
    """The JSON of `pilotlight ask`; the reference page explains each field."""
    return {
        "question": answer.question.text,
        "topic": answer.question.topic,
        "filters": _filters(answer.question),
        "answered": answer.verdict is Verdict.TRIED,
        "answer": first_sentence(answer),
        "sources": [_source_record(each) for each in answer.citations],
    }


def figures(report: Mapping[str, Any]) -> None:
    """Measurements, one a line; what could not be measured is shown as a dash."""
    for name, value in report.items():
        shown = "–" if value is None else f"{value:.3f}" if isinstance(value, float) else f"{value:,}"
        print(f"{name:>10}  {shown}")


def import_report(report: ImportReport) -> None:
    """The first of what an import could not take as it stood, then what it did: what is printed last stays in sight."""
    out = console()
    skipped = [f"Row {each.row:,} left out: {each.reason}" for each in report.skipped]
    notes = [f"Row {each.row:,}, {each.field}: {each.reason}" if each.row else each.reason for each in report.notes]
    lines = [*skipped, *notes]
    for line in lines[:LINES_SHOWN]:
        out.print(Text(f"  {clean(line)}", style="dim"))
    if len(lines) > LINES_SHOWN:
        out.print(Text(f"  … and {len(lines) - LINES_SHOWN:,} more; --json prints them all.", style="dim"))
    masked = (f"{count:,} {kind.label}{'s' * (count > 1)}" for kind, count in report.masked.items() if count)
    if told := ", ".join(masked):
        out.print(Text(f"Contact data masked in texts: {told}."))
    would = "would be " if report.dry_run else ""
    parts = (
        f"{report.rows:,} rows of {report.catalogue}: {report.saved:,} {would}new or changed",
        f"{report.unchanged:,} unchanged" if report.unchanged else "",
        f"{report.empty:,} empty" if report.empty else "",
        f"{len(report.skipped):,} left out" if report.skipped else "",
    )
    out.print(Text(", ".join(part for part in parts if part) + "."))


@contextmanager
def progress(task: str, *, enabled: bool = True) -> Iterator[ports.Progress]:
    """A bar on a terminal, nothing elsewhere."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not (enabled and sys.stderr.isatty()),
    )
    with bar:
        shown = bar.add_task(task, total=None)
        yield lambda done, total: bar.update(shown, completed=done, total=total)


def _source_record(cited: Citation) -> dict[str, Any]:
    pilot = cited.pilot
    return {
        "id": pilot.id,
        "source_id": pilot.source_id,
        "title": pilot.title,
        "organisation": pilot.organisation,
        "country": country_name(pilot.country) if pilot.country else None,
        "stage": pilot.stage.value,
        "outcome": pilot.outcome.summary,
        "url": pilot.link,
        "score": round(cited.score, 4),
        "match": "elsewhere" if cited.is_elsewhere else "close" if cited.is_close else "full",
        "excerpt": cited.excerpt,
        "learned": [
            {"text": each.excerpt, "told_on": each.learning.told_at.date().isoformat()} for each in cited.learned
        ],
    }


def _filters(question: Question) -> dict[str, Any]:
    period = question.period
    return {
        "countries": [country_name(each) for each in question.countries],
        "organisations": list(question.organisations),
        "stages": [each.value for each in question.stages],
        "since": period.first.isoformat() if period and period.first else None,
        "until": period.last.isoformat() if period and period.last else None,
        "stopped_first": question.wants_stopped,
    }
