"""The bot: one event in, at most one reply out."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from bot import actions, cards
from bot.commands import find
from bot.events import Commanded, Event, Opened, Pressed, Said, Submitted
from bot.forms import Form
from bot.messages import Message, Reply
from bot.people import Person
from bot.places import Place
from bot.skills import tell
from bot.skills.ask import Ask
from bot.skills.greet import greeting
from bot.skills.show import Show
from bot.skills.tell import Tell
from knowledge.errors import PilotlightError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    ask: Ask
    show: Show
    tell: Tell
    new_id: Callable[[], str]

    async def handle(self, event: Event) -> Reply | None:
        """What to say to an event. It never raises: trouble becomes a sentence, with a reference that is in the log."""
        try:
            return Reply(content=await self._reply(event))
        except PilotlightError as error:
            return Reply(content=cards.sorry(str(error)), is_private=True)
        except Exception:  # noqa: BLE001 - the one place where whatever went wrong becomes an answer
            reference = self.new_id()[:8]
            # The event itself is not logged: it holds what people said.
            _log.exception("Could not answer; reference %s", reference)
            return Reply(content=cards.broken(reference), is_private=True)

    async def _reply(self, event: Event) -> Message | Form:
        person, place = event.person, event.place
        match event:
            case Said(text=text):
                return greeting(text) or await self.ask(text, person, place)
            case Commanded(command=command, rest=rest):
                return await self._command(command, rest, person, place)
            case Pressed(action=action):
                return await self._press(action, person, place)
            case Submitted(form=tell.FORM, values=values):
                return await self.tell.take(values, person, place)
            case Submitted():
                return cards.old_card()
            case Opened():
                return cards.welcome()
            case _:
                assert_never(event)

    async def _command(self, name: str, rest: str, person: Person, place: Place) -> Message | Form:
        command = find(name)
        match command.name if command else None:
            case "ask":
                return await self.ask(rest, person, place)
            case "show":
                return await self.show(rest, person, place)
            case "tell":
                return self.tell.form(rest)
            case "help":
                return cards.help_()
            case _:
                return cards.unknown_command(name)

    async def _press(self, action: actions.Action, person: Person, place: Place) -> Message | Form:
        match action:
            case actions.ShowPilot(pilot_id):
                return await self.show(pilot_id, person, place)
            case actions.TellPilot(title):
                return self.tell.form(title)
            case actions.OldAction():
                return cards.old_card()
            case _:
                assert_never(action)
