"""The check: what is configured, what is missing, and how to get it."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from rich.text import Text

from bot.skills.ask import WRITING
from deploy.printing import console
from deploy.settings import Settings, variable
from deploy.wiring import now, open_embedder, open_writer, prepare_folder
from knowledge.errors import PilotlightError, UnavailableError
from knowledge.text import clean

Finding = tuple[bool | None, str]
"""Whether it works (None: it is merely off), and what to tell."""


async def check_house(settings: Settings) -> bool:
    """Print a line for each part; whether all that is switched on works."""
    checks: tuple[Callable[[Settings], Awaitable[Finding]], ...] = (
        _folder, _database, _embeddings, _writer, _slack, _teams,
    )  # fmt: skip
    screen = console()
    fine = True
    for check in checks:
        try:
            works, told = await check(settings)
        except PilotlightError as error:
            works, told = False, str(error)
        mark, style = {True: ("✓", "green"), None: ("–", "dim"), False: ("✗", "red")}[works]
        screen.print(Text.assemble((f"{mark} ", style), clean(told)), soft_wrap=True)
        fine = fine and works is not False
        if check is _folder and not fine:
            break  # nothing else can work without it
    return fine


async def _folder(settings: Settings) -> Finding:
    prepare_folder(settings)
    return True, f"Data folder: {settings.data_dir.absolute()}"


async def _database(settings: Settings) -> Finding:
    from adapters.sql import open_database

    kind = "PostgreSQL" if settings.database.startswith("postgres") else "SQLite"
    async with open_database(settings.database) as database:
        count = await database.pilots.count()
    if not count:
        return True, f"Database: {kind}, empty. Fill it with pilotlight import --starter, or with a file of yours."
    return True, f"Database: {kind}, {count:,} pilots."


async def _embeddings(settings: Settings) -> Finding:
    if settings.model_folder is None:
        return None, (
            "Embeddings: off, so search goes by words. To search by meaning too: pilotlight model fetch, "
            f"then set {variable('embeddings')}."
        )
    embedder = open_embedder(settings)
    assert embedder is not None
    (vector,) = await embedder.embed(["has anyone tried it?"])
    return True, f"Embeddings: {embedder.name}, {len(vector)} dimensions."


async def _writer(settings: Settings) -> Finding:
    if settings.writing_model is None:
        return (
            None,
            f"Writer: off, so answers are sentences of the sources. To have them written: {variable('writer')}.",
        )
    address, model = settings.writing_model
    source = "Title: A check\nWhat it was: Somebody checked whether this model answers."
    try:
        async with asyncio.timeout(WRITING), open_writer(settings) as writer:
            assert writer is not None
            said = [piece async for piece in writer.write("Has anyone checked it?", [source])]
    except (UnavailableError, TimeoutError) as error:
        told = str(error) or f"The model did not end within {WRITING} seconds."
        return False, f"Writer: {told} See {variable('writer')} and {variable('writer_key')}."
    return bool(said), f"Writer: {model} at {address} {'answers' if said else 'answers nothing'}."


async def _slack(settings: Settings) -> Finding:
    if not settings.has_slack:
        return None, "Slack: off. docs/how-to/slack.md brings Pilotlight there."
    settings.require_slack()
    way = "by Socket Mode" if settings.slack_app_token else "by HTTP"
    if not settings.slack_bot_token:
        return True, f"Slack: {way}, for every workspace that installs it."
    from adapters.slack.outbox import web_client
    from adapters.slack.tokens import OneWorkspace

    client = web_client(None, base_url=settings.slack_api_url)
    bot = await OneWorkspace(token=settings.slack_bot_token, client=client, now=now).bot()
    return True, f"Slack: {way}, in the workspace {bot.team_name or bot.team_id}."


async def _teams(settings: Settings) -> Finding:
    if not settings.has_teams:
        return None, "Teams: off. docs/how-to/teams.md brings Pilotlight there."
    settings.require_teams()
    if not settings.teams_app_id:
        return True, "Teams: the Agents Playground alone, on this machine, where nobody is asked who they are."
    from adapters.teams.connector import TeamsRefusedError
    from adapters.teams.door import connector_of
    from deploy.server import teams_settings

    connector = connector_of(teams_settings(settings), time.monotonic)
    try:
        await connector.sign_in()
    except TeamsRefusedError as error:
        secret = f"{variable('teams_app_password')} (the Value, not the Secret ID)"
        return False, f"Teams: {error} See {variable('teams_app_id')}, {variable('teams_tenant_id')} and {secret}."
    except UnavailableError as error:
        return False, f"Teams: {error} Can this machine reach {settings.teams_login_url}?"
    finally:
        await connector.close()
    further = len(settings.tenants) - 1
    others = f" and {further} more" if further else ""
    return True, f"Teams: as the app {settings.teams_app_id}, in the tenant {settings.teams_tenant_id}{others}."
