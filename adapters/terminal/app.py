"""A chat in the terminal: lines in, cards out, as the bot would be in a channel."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from rich.console import Console
from rich.text import Text as Line

from adapters.terminal.render import pressable, render
from bot.actions import Action, ShowPilot
from bot.events import Commanded, Event, Opened, Pressed, Said, Submitted
from bot.forms import Field, Form
from bot.messages import Message, Reply
from bot.people import Person
from bot.places import Place
from bot.voice import speaking
from knowledge.text import clean, shorten

Handle = Callable[[Event], Awaitable[Reply | None]]
ReadLine = Callable[[str], Awaitable[str | None]]
"""Shows a prompt and gives what was typed; None at the end of the input."""

Chosen = TypeVar("Chosen")

GOODBYE = ("/quit", "/exit", "/bye", "quit", "exit", "bye")


class Chat:
    """One person's conversation. What the numbers on the screen mean is kept until the next card."""

    def __init__(self, *, handle: Handle, console: Console, read_line: ReadLine, person: Person, place: Place) -> None:
        self._handle = handle
        self._console = console
        self._read_line = read_line
        self._person = person
        self._place = place
        self._actions: Sequence[Action] = ()

    async def run(self, first: Sequence[Message] = ()) -> None:
        """Talk until the input ends or the person says goodbye; `first` is what the bot has to say by itself."""
        await self.take(Opened(person=self._person, place=self._place))
        self._note("help shows what you can say, a number opens what stands at it, quit ends.")
        for message in first:
            self._show(message)
        while (line := await self._read_line("\n› ")) is not None:
            said = clean(line)
            if said.casefold() in GOODBYE:
                break
            if said:
                await self.say(said)

    async def say(self, said: str) -> None:
        if said.isdecimal() and _choice(said, self._actions) is None:
            self._note(f"There is nothing at {shorten(said, 9)}.")
            return
        await self.take(self._event(said))

    async def take(self, event: Event) -> None:
        """Show the bot's reply to an event; a form is asked field by field until it is accepted."""
        reply = await self._handle(event)
        while reply and isinstance(reply.content, Form):
            values = await self._ask(reply.content)
            if values is None:
                self._note("Left out; nothing was sent.")
                return
            form = reply.content
            submitted = Submitted(
                person=self._person, place=self._place, form=form.name, values=values, context=form.context
            )
            reply = await self._handle(submitted)
        if reply and not isinstance(reply.content, Form):
            with speaking(reply.language):
                self._show(reply.content)

    def _show(self, message: Message) -> None:
        # A card with nothing to press leaves the numbers of the one before it.
        self._actions = pressable(message) or self._actions
        self._console.print()
        self._console.print(render(message))

    def _event(self, said: str) -> Event:
        if (action := _choice(said, self._actions)) is not None:
            return Pressed(person=self._person, place=self._place, action=action)
        command, _, rest = said.removeprefix("/").partition(" ")
        action = _choice(rest.strip(), self._actions)
        if command == "show" and isinstance(action, ShowPilot):
            return Pressed(person=self._person, place=self._place, action=action)
        if not said.startswith("/"):
            return Said(person=self._person, place=self._place, text=said)
        return Commanded(person=self._person, place=self._place, command=command, rest=rest.strip())

    async def _ask(self, form: Form) -> dict[str, str] | None:
        """What was typed into each field; None once the input ends or the person says goodbye.

        Of a form that came back only the fields with an error are asked again.
        """
        errors = form.errors or {}
        self._console.print()
        self._console.print(Line(form.title, style="bold"))
        if form.lead:
            self._console.print(Line(form.lead))
        self._note("Enter leaves a field as it is, - empties it, /quit leaves the form.")
        values = {field.name: field.value for field in form.fields}
        for field in form.fields:
            if errors and field.name not in errors:
                continue
            if field.name in errors:
                self._console.print()
                self._console.print(Line(errors[field.name], style="red"))
            typed = await self._read_field(field)
            if typed is None:
                return None
            values[field.name] = typed
        return values

    async def _read_field(self, field: Field) -> str | None:
        self._console.print()
        self._console.print(Line(f"{field.label}{' (needed)' if field.is_required else ''}"))
        for number, (_, label) in enumerate(field.choices, 1):
            self._note(f"  {number}  {label}")
        if field.hint:
            self._note(f"  {field.hint}")
        shown = next((label for value, label in field.choices if value == field.value), field.value)
        line = await self._read_line(f"[{shown}] " if shown else "  ")
        if line is None or clean(line).casefold() in GOODBYE:
            return None
        typed = clean(line) or field.value
        if typed == "-":
            return ""
        labelled = (choice for choice in field.choices if choice[1].casefold() == typed.casefold())
        choice = _choice(typed, field.choices) or next(labelled, None)
        return choice[0] if choice else typed

    def _note(self, text: str) -> None:
        self._console.print(Line(text, style="dim"))


def _choice(typed: str, of: Sequence[Chosen]) -> Chosen | None:
    """What stands at the number that was typed, from 1; None where nothing does, or it is no number."""
    if not (typed.isdecimal() and typed.isascii() and len(typed) < 10):
        return None
    number = int(typed)
    return of[number - 1] if 1 <= number <= len(of) else None
