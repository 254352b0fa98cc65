"""Our bot as its server runs it, with a Slack beside it that is not ours."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from unittest.mock import patch

from adapters.sql import open_database
from bot.members import Role
from deploy import wiring
from deploy.server import serving
from deploy.settings import Settings
from knowledge.pilots import Pilot
from knowledge.ports import Author
from tests.base import NOW, sample_pilots
from tests.end_to_end.slack_workspace import (
    APP_TOKEN,
    BOT,
    BOT_TOKEN,
    DIRECT,
    SIGNING_SECRET,
    Json,
    Mode,
    Workspace,
    running_workspace,
    words_of,
)

COMMUNITY = "example"


@asynccontextmanager
async def running_bot(
    folder: Path,
    mode: Mode = "events",
    pilots: Sequence[Pilot] = (),
    moderators: Sequence[str] = (),
    database_url: str = "",
) -> AsyncIterator[Workspace]:
    """A workspace with the bot in it, which knows these pilots, or the sample ones."""
    await furnish(folder, pilots, moderators, database_url)
    async with running_workspace(folder, mode=mode) as workspace, running_server(workspace, folder, database_url):
        yield workspace


async def furnish(
    folder: Path, pilots: Sequence[Pilot] = (), moderators: Sequence[str] = (), database_url: str = ""
) -> None:
    """The base before the server starts."""
    async with open_database(bot_settings(folder, database_url).database) as database:
        await database.pilots.save(pilots or sample_pilots(), Author("test"), NOW)
        for person in moderators:
            await database.members.appoint(COMMUNITY, person, Role.MODERATOR)


@asynccontextmanager
async def running_server(workspace: Workspace, folder: Path, database_url: str = "") -> AsyncIterator[str]:
    """A server of the bot, from now on the one that the workspace sends to; where it takes events."""
    settings = bot_settings(folder, database_url).model_copy(
        update={
            "slack_api_url": workspace.api_url,
            "slack_app_token": APP_TOKEN if workspace.mode == "socket" else "",
        }
    )
    # The dialogues name days, so it is the same day here as on every platform.
    with patch.object(wiring, "now", lambda: NOW):
        async with serving(settings, "127.0.0.1", 0) as address:
            workspace.request_url = f"{address}/slack/events"
            if workspace.mode == "socket":
                await workspace.wait_until_connected()
            yield workspace.request_url


def bot_settings(folder: Path, database_url: str = "") -> Settings:
    return Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings has it, mypy does not know
        data_dir=folder,
        database_url=database_url,
        community=COMMUNITY,
        slack_bot_token=BOT_TOKEN,
        slack_signing_secret=SIGNING_SECRET,
    )


async def said_before_answering(workspace: Workspace, user: str, channel: str) -> list[Json]:
    """All that the bot said in a channel until it answered one question more: what came before that stays silent."""
    last = await workspace.mention(user, channel, "has anyone tried a chatbot for tax questions?")
    await workspace.wait_for_answer(channel, "Chatbot for tax questions", thread_ts=last)
    found = await workspace.messages(channel)
    return [each for each in found if each["user"] == BOT and each.get("thread_ts") != last]


class DirectMessages:
    """A Platform: one person's direct messages with the bot, their slash commands and their modals."""

    def __init__(self, workspace: Workspace, user: str) -> None:
        self._workspace = workspace
        self._user = user

    async def say(self, text: str) -> str:
        before = await self._answers(), await self._workspace.modal(self._user)
        if text.startswith("/"):
            await self._workspace.command(self._user, DIRECT[self._user], "/pilot", text.removeprefix("/"))
        else:
            await self._workspace.direct_message(self._user, text)
        return await self._seen_after(*before)

    async def press(self, label: str) -> str:
        """Presses it on the newest card that has it."""
        wanted = f"More on {label}" if label.isdecimal() else label
        before = await self._answers(), await self._workspace.modal(self._user)
        card = next((each for each in reversed(before[0]) if wanted in _controls(each)), {})
        await self._workspace.press(self._user, card, label=wanted)
        return await self._seen_after(*before)

    async def send(self, values: dict[str, str]) -> str:
        view = await self._workspace.modal(self._user) or {}
        sent = await self._workspace.submit(self._user, _filled(view, values))
        return "\n".join(sent.errors.values()) if sent.errors else words_of(sent.view or {})

    async def _seen_after(self, answers: list[Json], modal: Json | None) -> str:
        async def look() -> Json | None:
            now = await self._answers()
            if len(now) > len(answers):
                return now[-1]
            opened = await self._workspace.modal(self._user)
            return opened if opened and opened != modal else None

        seen = await self._workspace.wait_for(look)
        return re.sub(r"\n+", "\n", words_of({"blocks": seen.get("blocks") or [], "title": seen.get("title") or ""}))

    async def _answers(self) -> list[Json]:
        return await self._workspace.answers(DIRECT[self._user])


def _controls(card: Json) -> list[str]:
    rows = [block for block in card.get("blocks") or () if block["type"] in {"actions", "context_actions"}]
    return words_of({"blocks": rows}).split("\n")


def _filled(view: Json, values: Mapping[str, str]) -> dict[str, object]:
    """What a script fills in, as far as this modal asks for it; of a choice a script says the value."""
    elements = {block["block_id"]: block["element"] for block in view.get("blocks", ()) if "element" in block}
    given = {f"field {name}": value for name, value in values.items()}
    return {
        block_id: f"={given[block_id]}" if "options" in element else given[block_id]
        for block_id, element in elements.items()
        if block_id in given
    }
