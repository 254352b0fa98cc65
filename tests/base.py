"""A small base of pilots to ask, and the bot over it."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot.app import Bot
from jobs.calendars import WorkingCalendar
from knowledge.pilots import Pilot
from knowledge.ports import Author
from knowledge.records import pilot_from_record
from knowledge.search import Search, open_search
from tests.fakes import MemoryDatabase

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

_RECORDS: tuple[dict[str, object], ...] = (
    {
        "title": "Driverless shuttle to the harbour",
        "summary": "A self-driving shuttle bus took commuters from the station to the harbour for a year.",
        "organisation": "Example Port",
        "country": "Finland",
        "stage": "stopped",
        "dates": {"started": "2019"},
        "outcome": {"direction": "mixed", "stopped_because": "The insurer withdrew after a collision."},
        "url": "https://example.org/shuttle",
    },
    {
        "title": "Self-driving bus in the old town",
        "summary": "Two self-driving shuttle buses take residents up the hill on a public road.",
        "organisation": "Example Transport",
        "country": "Norway",
        "stage": "pilot",
        "dates": {"started": "2023"},
        "owner": {"name": "The head of mobility", "organisation": "Example Transport"},
    },
    {
        "title": "Chatbot for tax questions",
        "summary": "Citizens ask a chatbot about their income tax at night. Half of them did not call again.",
        "organisation": "Example Revenue",
        "country": "Ireland",
        "stage": "implemented",
        "dates": {"started": "2021"},
        "outcome": {"summary": "Fewer calls.", "direction": "positive"},
    },
    {
        "title": "Participatory budget of the district",
        "summary": "Residents propose projects and vote on how a part of the district's budget is spent.",
        "organisation": "Example District",
        "country": "Portugal",
        "stage": "completed",
        "dates": {"started": "2015"},
    },
    {
        "title": "Four-day week at the town hall",
        "summary": "Staff worked four days for the same pay for half a year; sick leave fell.",
        "organisation": "Example Town",
        "country": "Iceland",
        "stage": "completed",
        "dates": {"started": "2018"},
    },
    {
        "title": "Drones over the wetlands",
        "summary": "Volunteers and rangers count nesting birds on pictures taken by drones.",
        "organisation": "Example Park",
        "country": "Netherlands",
        "stage": "pilot",
        "dates": {"started": "2024"},
    },
    {
        "title": "Sensors that notice falls in care homes",
        "summary": "Radar sensors in the rooms of care homes call a nurse when a resident falls.",
        "organisation": "Example Care",
        "country": "Germany",
        "stage": "development",
        "dates": {"started": "2025"},
    },
    {
        "title": "Invoices read by software robots",
        "summary": "Robotic process automation (RPA) reads invoices and books them; two clerks check the rest.",
        "organisation": "Example Finance",
        "country": "Denmark",
        "stage": "implemented",
        "dates": {"started": "2020"},
    },
)


def sample_pilots() -> list[Pilot]:
    """Eight pilots of eight countries; one of them stopped."""
    return [
        pilot_from_record({"source": "sample", "id": str(number), **record})
        for number, record in enumerate(_RECORDS, 1)
    ]


@asynccontextmanager
async def sample_bot(folder: Path) -> AsyncIterator[tuple[Bot, MemoryDatabase, Search]]:
    """A bot over the sample pilots, at a fixed time and with ids that count."""
    database = MemoryDatabase()
    await database.pilots.save(sample_pilots(), Author("test"), NOW)
    count = itertools.count(1)

    def new_id() -> str:
        return f"id-{next(count)}"

    async with open_search(folder, database.pilots, None) as search:
        bot = Bot(database, search, now=lambda: NOW, new_id=new_id, calendar=WorkingCalendar())
        yield bot, database, search
