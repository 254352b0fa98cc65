"""The check: what is configured, what is missing, and how to get it."""

from collections.abc import Awaitable, Callable

from rich.text import Text

from deploy.printing import console
from deploy.settings import Settings, variable
from deploy.wiring import open_embedder, prepare_folder
from knowledge.errors import PilotlightError
from knowledge.text import clean

Finding = tuple[bool | None, str]
"""Whether it works (None: it is merely off), and what to tell."""


async def check_house(settings: Settings) -> bool:
    """Print a line for each part; whether all that is switched on works."""
    checks: tuple[Callable[[Settings], Awaitable[Finding]], ...] = (_folder, _database, _embeddings)
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
