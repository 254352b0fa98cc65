import io
import re
from collections import deque
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from adapters.terminal.app import Chat
from bot.app import Bot
from bot.events import Event
from bot.forms import Field, Form
from bot.messages import Reply
from bot.people import Person
from bot.places import Place
from tests.base import sample_bot
from tests.dialogue import SCRIPTS, play


class Terminal:
    """A Platform: what would be typed, and what would be on the screen."""

    def __init__(self, bot: Bot) -> None:
        self._out = io.StringIO()
        self._typed: deque[str] = deque()
        self._seen = ""
        self._bot = bot
        self._line = ""
        self._fields: tuple[Field, ...] = ()
        self.chat = Chat(
            handle=self._handle,
            console=Console(file=self._out, width=100),
            read_line=self._read_line,
            person=Person("tester"),
            place=Place("terminal", "example", "here", is_private=True),
        )

    async def say(self, text: str) -> str:
        return await self._type(text)

    async def press(self, label: str) -> str:
        number = label if label.isdecimal() else re.search(rf"(\d+)  {re.escape(label)}", self._seen)
        assert number, f"{label!r} is not on the screen:\n{self._seen}"
        return await self._type(number if isinstance(number, str) else number[1])

    async def send(self, values: dict[str, str]) -> str:
        """Open the last form again and fill it: here a form is asked at once, and left where nothing is typed."""
        return await self._type(self._line, [values.get(field.name, "") for field in self._fields])

    async def _type(self, line: str, fields: Sequence[str] = ()) -> str:
        """Say a line; a form that opens gets these answers, and one that comes back is left."""
        self._line = line
        self._typed = deque(fields)
        self._out.truncate(0)
        self._out.seek(0)
        await self.chat.say(line)
        self._seen = self._out.getvalue()
        return self._seen

    async def _handle(self, event: Event) -> Reply | None:
        reply = await self._bot.handle(event)
        if reply and isinstance(reply.content, Form) and not reply.content.errors:
            self._fields = reply.content.fields
        return reply

    async def _read_line(self, prompt: str) -> str | None:
        return self._typed.popleft() if self._typed else None


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with sample_bot(tmp_path) as (bot, _, _):
        yield bot


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
async def test_the_dialogue_plays_in_the_terminal(script: Path, bot: Bot) -> None:
    await play(script, Terminal(bot))


async def test_a_chat_ends_with_its_input_and_greets_first(bot: Bot) -> None:
    terminal = Terminal(bot)
    await terminal.chat.run()
    assert "Has anyone tried it?" in terminal._out.getvalue()


async def test_a_number_with_nothing_at_it_says_so(bot: Bot) -> None:
    assert "nothing at 7" in await Terminal(bot).say("7")
    terminal = Terminal(bot)
    await terminal.say("has anyone tried self-driving shuttle buses?")
    for number in ("9" * 5_000, "0000000019", "0", "³", "٣"):
        seen = await terminal.say(number)
        assert "went wrong" not in seen
    assert "nothing at 0" in await terminal.say("0")


async def test_what_stands_in_a_pilot_is_shown_and_not_run(bot: Bot) -> None:
    terminal = Terminal(bot)
    title = "[red]Paint[/red] \x1b[31mit\x1b[0m"
    await terminal.say("/tell")
    await terminal.send({"title": title, "summary": "Walls of the town hall painted by [link=x]pupils[/link]."})
    seen = await terminal.say("has anyone let pupils paint the walls of the town hall?")
    assert "[red]Paint[/red]" in seen
    assert "\x1b" not in seen
