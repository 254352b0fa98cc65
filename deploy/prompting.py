"""Writing first from here: the platforms that are set up, and a hello that tries whether it arrives."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from adapters.slack import door as slack
from adapters.sql import Database, open_database
from adapters.teams import door as teams
from bot.cards import hello
from bot.messages import Reply
from bot.ports import Correspondent
from bot.voice import speaking
from deploy.server import slack_settings, teams_settings
from deploy.settings import Settings
from deploy.wiring import now, prepare_folder
from jobs.prompts import Delivered, Outcome, Prompt, Prompted
from knowledge.errors import PilotlightError


async def say_hello(settings: Settings, person: str, community: str) -> str:
    """Where it arrived, as a sentence. PilotlightError says why it did not, and what to do."""
    settings.require_platform()
    prepare_folder(settings)
    named = community or settings.community
    async with AsyncExitStack() as opened:
        database = await opened.enter_async_context(open_database(settings.database))
        prompters = await opened.enter_async_context(open_prompters(settings, database))

        async def reply_for(person: str) -> Reply:
            language = (await database.members.member(named, person)).preferences.language_or(settings.language)
            with speaking(language):
                return Reply(content=hello(), language=language)

        prompt = Prompt(people=database.people, reaches=database.reaches, prompters=prompters, now=now)
        whose = await database.people.person(named, person)
        return _told(await prompt(Prompted(community=named, person=whose), reply_for), person, named)


@asynccontextmanager
async def open_prompters(settings: Settings, database: Database) -> AsyncIterator[Mapping[str, Correspondent]]:
    """By platform, for a program that only writes; a server's doors have their own."""
    prompters: dict[str, Correspondent] = {}
    async with AsyncExitStack() as opened:
        if settings.has_slack:
            transactions = database.connections.turn_taking_engine
            in_slack = slack.open_prompter(slack_settings(settings), transactions, now=now, clock=time.monotonic)
            prompters["slack"] = await opened.enter_async_context(in_slack)
        if settings.has_teams:
            in_teams = teams.open_prompter(teams_settings(settings), clock=time.monotonic)
            prompters["teams"] = await opened.enter_async_context(in_teams)
        yield prompters


def _told(delivered: Delivered, person: str, community: str) -> str:
    where = delivered.platform.capitalize()
    troubles = "".join(f"\n- {each}" for each in delivered.troubles)
    match delivered.outcome:
        case Outcome.REACHED:
            return f"{person} was written to in {where}.{troubles}"
        case Outcome.IN_DOUBT:
            raise PilotlightError(f"{where} may have taken it, or not: ask {person} before you try again.")
        case Outcome.LATER:
            raise PilotlightError(f"{person} was not written to, though nobody said no: try again later.{troubles}")
        case Outcome.NOBODY if troubles:
            raise PilotlightError(f"{person} cannot be written to.{troubles}")
    raise PilotlightError(
        f"Nobody with the id {person} has spoken with Pilotlight in {community} yet, so it does not write to them: "
        "ask them to say hello to it. In Slack an id looks like U012ABCDEF (Copy member ID), in Teams it is the "
        "Object ID in Entra."
    )
