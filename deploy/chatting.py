"""The demo: a chat about the starter catalogue, or a tour of it where nobody can type."""

import asyncio
import sys
from datetime import timedelta

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from adapters.terminal.app import Chat
from bot.people import Person
from bot.places import Place
from deploy.carrying import import_starter
from deploy.printing import console
from deploy.settings import Settings
from deploy.wiring import open_house
from jobs import clock

TOUR = (
    "hi all, has anyone tried a basic income?",
    "did any country stop an algorithm against welfare fraud, and what went wrong?",
    "has anyone swapped mowers for goats in public parks?",
)

FOLLOW_EVERY = timedelta(seconds=1)


async def run_demo(settings: Settings) -> None:
    """On a database of its own in the data folder, so that nothing of the real one is touched."""
    own = settings.model_copy(update={"data_dir": settings.data_dir / "demo", "database_url": "", "community": "demo"})
    screen = console()
    async with open_house(own) as house:
        report = await import_starter(house.database.pilots)
        chat = Chat(
            handle=house.bot.handle,
            console=screen,
            read_line=lambda prompt: _read_line(screen, prompt),
            person=Person("you", "you"),
            place=Place("terminal", own.community, "demo", is_private=True),
        )
        await house.search.refresh()
        screen.print(Text(f"Pilotlight knows {report.rows} pilots of its starter catalogue here.", style="dim"))
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            await _tour(chat, screen)
            return
        async with clock.running({house.search.refresh: FOLLOW_EVERY}):
            await chat.run()


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
    try:
        return await asyncio.to_thread(lambda: screen.input(Text(prompt, style="cyan")))
    except EOFError:
        screen.print()
        return None
