"""Wiring: every part is made and joined here, in one place that can be read from top to bottom."""

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.sql import Database, open_database
from bot.app import Bot
from bot.question_sets import question_sets
from deploy.logs import logging_to
from deploy.settings import Settings
from jobs.calendars import WorkingCalendar
from knowledge.errors import PilotlightError
from knowledge.ports import Embedder, Writer
from knowledge.search import Search, open_search


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """All five floors, open."""

    database: Database
    search: Search
    bot: Bot
    calendar: WorkingCalendar
    now: Callable[[], datetime]


@asynccontextmanager
async def open_house(settings: Settings, at: datetime | None = None) -> AsyncIterator[House]:
    """The house with its doors open; they are closed in turn at the end. Raises PilotlightError.

    With `at` it is always that moment in it.
    """
    clock = now if at is None else lambda: at
    prepare_folder(settings)
    async with AsyncExitStack() as open_parts:
        open_parts.enter_context(logging_to(settings.data_dir))
        embedder = open_embedder(settings)
        database = await open_parts.enter_async_context(open_database(settings.database))
        search = await open_parts.enter_async_context(
            open_search(settings.data_dir / "index", database.pilots, embedder)
        )
        writer = await open_parts.enter_async_context(open_writer(settings))
        calendar = WorkingCalendar(zone=settings.time_zone, country=settings.country)
        bot = Bot(
            database,
            search,
            now=clock,
            new_id=new_id,
            writer=writer,
            language=settings.language,
            calendar=calendar,
            questions=question_sets(settings.data_dir / "questions"),
        )
        yield House(database=database, search=search, bot=bot, calendar=calendar, now=clock)


def open_embedder(settings: Settings) -> Embedder | None:
    """The model that PILOTLIGHT_EMBEDDINGS names; None where search goes by words alone."""
    folder = settings.model_folder
    if folder is None:
        return None
    from adapters.llm.onnx import OnnxEmbedder

    return OnnxEmbedder(folder)


@asynccontextmanager
async def open_writer(settings: Settings) -> AsyncIterator[Writer | None]:
    """The model that PILOTLIGHT_WRITER names; None where answers are not written."""
    if settings.writing_model is None:
        yield None
        return
    from adapters.llm.chat import ChatWriter

    async with ChatWriter(*settings.writing_model, settings.writer_key) as writer:
        yield writer


def prepare_folder(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise PilotlightError(
            f"The data folder {settings.data_dir} cannot be made ({error.strerror}). "
            "Name another with PILOTLIGHT_DATA_DIR=/path/to/folder."
        ) from None


def now() -> datetime:
    """The wall clock; nothing else reads it."""
    return datetime.now(UTC)


def new_id() -> str:
    return uuid.uuid4().hex
