"""Our bot as its server runs it, with a Slack beside it that is not ours."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.sql import open_database
from bot.ports import Role
from deploy.server import serving
from deploy.settings import Settings
from knowledge.pilots import Pilot
from knowledge.ports import Author
from tests.base import NOW, sample_pilots
from tests.end_to_end.slack_workspace import (
    APP_TOKEN,
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
) -> AsyncIterator[Workspace]:
    """A workspace with the bot in it, which knows these pilots, or the sample ones."""
    database_url = f"sqlite:///{folder / 'pilotlight.sqlite'}"
    async with open_database(database_url) as database:
        await database.pilots.save(pilots or sample_pilots(), Author("test"), NOW)
        for person in moderators:
            await database.members.appoint(COMMUNITY, person, Role.MODERATOR)
    async with running_workspace(folder, mode=mode) as workspace:
        settings = Settings(
            _env_file=None,  # type: ignore[call-arg]  # pydantic-settings has it, mypy does not know
            data_dir=folder,
            community=COMMUNITY,
            slack_api_url=workspace.api_url,
            slack_bot_token=BOT_TOKEN,
            slack_signing_secret=SIGNING_SECRET,
            slack_app_token=APP_TOKEN if mode == "socket" else "",
        )
        async with serving(settings, "127.0.0.1", 0) as address:
            workspace.request_url = f"{address}/slack/events"
            if mode == "socket":
                await workspace.wait_until_connected()
            yield workspace


class DirectMessages:
    """A Platform: one person's direct messages with the bot, their slash commands and their modals."""

    def __init__(self, workspace: Workspace, user: str) -> None:
        self._workspace = workspace
        self._user = user
        self._card: Json = {}

    async def say(self, text: str) -> str:
        if text.startswith("/"):
            return await self._answer_to("command", text)
        return await self._answer_to("message", text)

    async def press(self, label: str) -> str:
        wanted = f"More on {label}" if label.isdecimal() else label
        before = await self._answers(), await self._workspace.modal(self._user)
        await self._workspace.press(self._user, self._card, label=wanted)
        return await self._seen_after(*before)

    async def send(self, values: dict[str, str]) -> str:
        sent = await self._workspace.submit(self._user, {f"field {name}": value for name, value in values.items()})
        return "\n".join(sent.errors.values()) if sent.errors else words_of(sent.view or {})

    async def _answer_to(self, kind: str, text: str) -> str:
        before = await self._answers(), await self._workspace.modal(self._user)
        if kind == "command":
            await self._workspace.command(self._user, DIRECT[self._user], "/pilot", text.removeprefix("/"))
        else:
            await self._workspace.direct_message(self._user, text)
        return await self._seen_after(*before)

    async def _seen_after(self, answers: list[Json], modal: Json | None) -> str:
        async def look() -> Json | None:
            now = await self._answers()
            if len(now) > len(answers):
                self._card = now[-1]
                return now[-1]
            opened = await self._workspace.modal(self._user)
            return opened if opened and opened != modal else None

        seen = await self._workspace.wait_for(look)
        return re.sub(r"\n+", "\n", words_of({"blocks": seen.get("blocks") or [], "title": seen.get("title") or ""}))

    async def _answers(self) -> list[Json]:
        return await self._workspace.answers(DIRECT[self._user])
