"""A chat in the terminal, about the base or the starter catalogue; or a tour of it where nobody can type."""

import asyncio
import importlib
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from adapters.terminal.app import Chat
from bot.check_ins import ASK
from bot.deliveries import Delivery
from bot.messages import Message
from bot.people import Person
from bot.places import Place
from deploy.carrying import import_starter
from deploy.printing import console
from deploy.settings import Settings
from deploy.sweeps import ask_sweep
from deploy.wiring import House, open_house
from jobs import clock
from jobs.check_ins import key_of_day

TOUR = (
    "hi all, has anyone tried a basic income?",
    "did any country stop an algorithm against welfare fraud, and what went wrong?",
    "has anyone swapped mowers for goats in public parks?",
)

FOLLOW_EVERY = timedelta(seconds=1)
YOU = "you"  # whoever sits at this terminal


async def chat_about_base(settings: Settings) -> None:
    screen = console()
    async with open_house(settings) as house, clock.running({house.search.refresh: FOLLOW_EVERY}):
        await _chat(house, settings.community, screen).run(await _asked(house, settings.community))


async def run_demo(settings: Settings) -> None:
    """On a base of its own that goes away afterwards, so that nothing of the real one is touched."""
    screen = console()
    async with _starter_house(settings) as (house, count):
        chat = _chat(house, "demo", screen)
        screen.print(Text(f"Pilotlight knows {count} pilots of its starter catalogue here.", style="dim"))
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            await _tour(chat, screen)
            return
        screen.print(Text("What you tell it here is gone when you leave.", style="dim"))
        async with clock.running({house.search.refresh: FOLLOW_EVERY}):
            await chat.run()


@asynccontextmanager
async def _starter_house(settings: Settings) -> AsyncIterator[tuple[House, int]]:
    """A house that holds the starter catalogue alone, and how many pilots that is."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        own = {"data_dir": Path(folder), "database_url": "", "community": "demo"}
        async with open_house(settings.model_copy(update=own)) as house:
            report = await import_starter(house.database.pilots)
            await house.search.refresh()
            yield house, report.rows


async def _asked(house: House, community: str) -> Sequence[Message]:
    """The check-in that is due for whoever sits here; shown here, it is sent nowhere else."""
    database, at = house.database, house.now()
    await ask_sweep(house)(at)
    for check_in in await database.check_ins.open(community, YOU):
        key, about = key_of_day(check_in.pilot_id, check_in.on), check_in.pilot_id
        asked = Delivery(key=key, kind=ASK, community=community, person=YOU, about=about, due_at=at)
        reply = await house.bot.first_words(asked, YOU)
        if reply is not None and isinstance(reply.content, Message):
            note = "It was asked in the terminal."
            await database.deliveries.cancel(community, at, note, kind=ASK, person=YOU, about=about)
            return [reply.content]
    return ()


def _chat(house: House, community: str, screen: Console) -> Chat:
    return Chat(
        handle=house.bot.handle,
        console=screen,
        read_line=lambda prompt: _read_line(screen, prompt),
        person=Person(YOU, YOU),
        place=Place("terminal", community, "chat", is_private=True),
    )


async def _tour(chat: Chat, screen: Console) -> None:
    for question in TOUR:
        screen.print()
        screen.print(Rule(style="dim"))
        screen.print(Text(f"› {question}", style="bold cyan"))
        await chat.say(question)
    screen.print()
    screen.print(Rule(style="dim"))
    screen.print(Text("Your turn: run `make demo` in a terminal to chat, or", style="dim"))
    screen.print(Text(".venv/bin/pilotlight import --starter", style="dim"))
    screen.print(Text('.venv/bin/pilotlight ask "has anyone tried …?"', style="dim"))


async def _read_line(screen: Console, prompt: str) -> str | None:
    """Typed while the clock goes on; None at the end of the input (Ctrl-D)."""
    with suppress(ImportError):  # not on every platform
        # Once imported it gives input() its arrow keys and history.
        importlib.import_module("readline")
    try:
        return await asyncio.to_thread(lambda: screen.input(Text(prompt, style="cyan")))
    except EOFError:
        screen.print()
        return None
