"""Our bot as its server runs it, with a Teams beside it that is not ours."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from unittest.mock import patch

from deploy import wiring
from deploy.server import serving
from deploy.settings import Settings
from knowledge.pilots import Pilot
from tests.base import NOW
from tests.end_to_end.slack_bot import COMMUNITY, furnish
from tests.end_to_end.teams_cards import actions_in, inputs_in
from tests.end_to_end.teams_client import (
    APP_ID,
    APP_PASSWORD,
    PEOPLE,
    TENANT,
    Delivery,
    Json,
    Teams,
    cards_of,
    running_teams,
    top_of,
    with_card,
    words_of,
)

BELOW = "You find it below."
"""What Teams shows at a button whose reply is a message of its own."""


@asynccontextmanager
async def running_bot(
    folder: Path,
    pilots: Sequence[Pilot] = (),
    moderators: Sequence[str] = (),
    *,
    signed: bool = True,
    overhears: bool = False,
    **settings: object,
) -> AsyncIterator[Teams]:
    """A tenant with the bot in it, which knows these pilots, or the sample ones."""
    await furnish(folder, pilots, [account_of(each) for each in moderators], str(settings.get("database_url", "")))
    async with (
        running_teams(folder, signed=signed, overhears=overhears) as teams,
        running_server(teams, folder, **settings),
    ):
        yield teams


@asynccontextmanager
async def running_server(teams: Teams, folder: Path, **settings: object) -> AsyncIterator[str]:
    """A server of the bot, from now on the one that the tenant sends to; where it takes activities."""
    with patch.object(wiring, "now", lambda: NOW):
        async with serving(bot_settings(teams, folder, **settings), "127.0.0.1", 0) as address:
            teams.bot_url = f"{address}/api/messages"
            yield teams.bot_url


def bot_settings(teams: Teams, folder: Path, **settings: object) -> Settings:
    """The peer is on this machine and has no https, which takes the flag for development; it signs all the same."""
    known: dict[str, object] = {"data_dir": folder, "community": COMMUNITY, "teams_insecure_dev": True}
    if teams.identity is not None:
        known |= {
            "teams_app_id": APP_ID,
            "teams_app_password": APP_PASSWORD,
            "teams_tenant_id": TENANT,
            "teams_open_id_url": teams.identity.open_id_url,
            "teams_login_url": teams.identity.login_url,
        }
    return Settings(_env_file=None, **{**known, **settings})  # type: ignore[arg-type,call-arg]


def account_of(user: str) -> str:
    """Who that is to the bot."""
    return PEOPLE[user].object_id


async def posts(teams: Teams, room: str, seen_by: str | None = None) -> list[Json]:
    """All that the bot said in a chat or channel, whichever thread; of one person, what they see of it."""
    return [
        each
        for each in teams._posted
        if top_of(each["conversation"]["id"]) == room
        and (seen_by is None or not each["_targeted"] or each["recipient"]["id"] == seen_by)
    ]


async def wait_for_post(teams: Teams, room: str, containing: str = "") -> Json:
    """The latest of that with these words."""

    async def look() -> Json | None:
        return next((each for each in reversed(await posts(teams, room)) if containing in words_of(each)), None)

    return await teams.wait_for(look)


async def whispered(teams: Teams, user: str, room: str, containing: str = "") -> Json:
    """The latest with these words that one person alone was shown there."""

    async def look() -> Json | None:
        aside = (each for each in reversed(await posts(teams, room)) if each["_targeted"])
        return next((one for one in aside if one["recipient"]["id"] == user and containing in words_of(one)), None)

    return await teams.wait_for(look)


async def said_before_answering(teams: Teams, user: str, room: str) -> list[Json]:
    """All that the bot said in a room until it answered one question more: what came before that stays silent."""
    last = await teams.say(user, room, "has anyone tried a chatbot for tax questions?", mention=True)
    answer = await teams.wait_for_answer(last.conversation, "Chatbot for tax questions")
    return [each for each in await posts(teams, room) if each != answer]


class PersonalChat:
    """A Platform: one person's chat with the bot, with its cards and dialogs."""

    def __init__(self, teams: Teams, user: str) -> None:
        self._teams = teams
        self._user = user
        self._chat = teams.personal[user]
        self._dialog: Json = {}
        self._form: Json = {}

    async def say(self, text: str) -> str:
        before = len(await self._answers())
        await self._teams.say(self._user, self._chat, text)
        return await self._seen_after(before)

    async def press(self, label: str) -> str:
        """Presses it on the newest card that has it."""
        wanted = f"More on {label}" if label.isdecimal() else label
        answers = await self._answers()
        card = next((each for each in reversed(answers) if wanted in titles(each)), {})
        delivery = await self._teams.press(self._user, card, wanted)
        if delivery.kind == "task/fetch":
            return self._opened(delivery)
        if (said := delivery.answer.get("value")) and said != BELOW:
            return str(said)
        return await self._seen_after(len(answers))

    async def send(self, values: dict[str, str]) -> str:
        """Sends the dialog that is open, or else the form in the chat."""
        if self._dialog:
            inputs = filled_in(self._dialog["task"]["value"]["card"]["content"], values)
            return self._opened(await self._teams.submit(self._user, self._dialog, inputs, self._chat))
        (card,) = cards_of(self._form)
        title = card["actions"][0]["title"]
        sent = await self._teams.press(self._user, self._form, title, inputs=filled_in(card, values))
        self._form = with_card(self._form, sent.answer["value"])
        return _words(self._form)

    def _opened(self, delivery: Delivery) -> str:
        self._dialog = delivery.answer
        return f"{delivery.answer['task']['value']['title']}\n{_words(dialog_of(delivery))}"

    async def _seen_after(self, before: int) -> str:
        async def look() -> Json | None:
            now = await self._answers()
            return now[-1] if len(now) > before else None

        self._dialog, self._form = {}, await self._teams.wait_for(look)
        return _words(self._form)

    async def _answers(self) -> list[Json]:
        return await self._teams.messages(self._chat)


def titles(message: Json) -> list[str]:
    """What stands on the buttons of a message."""
    return [str(action.get("title", "")) for card in cards_of(message) for action in actions_in(card)]


def dialog_of(delivery: Delivery) -> Json:
    """The card of the dialog that an invoke was answered with."""
    card: Json = delivery.answer["task"]["value"]["card"]["content"]
    return card


def filled_in(card: Json, values: Mapping[str, str]) -> dict[str, object]:
    """What a script fills in, as far as this form asks for it; of a choice a script says the value."""
    inputs = inputs_in(card)
    return {
        **{f"field-{name}": value for name, value in values.items() if f"field-{name}" in inputs},
        **{f"choice-{name}": f"={value}" for name, value in values.items() if f"choice-{name}" in inputs},
    }


def _words(shown: Json) -> str:
    return re.sub(r"\n+", "\n", words_of(shown))
