"""Catalogues in and out of the base, as the command line asks for it."""

from dataclasses import dataclass
from pathlib import Path

from adapters.sql import open_database
from deploy.settings import Settings
from deploy.wiring import now, open_house, prepare_folder
from knowledge.catalogues.exporting import export_pilots
from knowledge.catalogues.importing import ImportReport, import_catalogue, import_pilots
from knowledge.errors import PilotlightError
from knowledge.ports import Author, PilotStore, Progress
from knowledge.starter import starter_pilots


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What to import and how; without a path, the starter catalogue."""

    path: Path | None
    catalogue: str = ""
    mapping: Path | None = None
    dry_run: bool = False
    mask_personal_data: bool = True


async def import_file(settings: Settings, request: ImportRequest, progressed: Progress) -> ImportReport:
    prepare_folder(settings)
    async with open_database(settings.database) as database:
        if request.path is None:
            return await import_starter(database.pilots, dry_run=request.dry_run)
        return await import_catalogue(
            request.path,
            database.pilots,
            at=now(),
            name=request.catalogue or None,
            mapping_file=request.mapping,
            mask_personal_data=request.mask_personal_data,
            dry_run=request.dry_run,
            progress=progressed,
        )


async def make_findable(settings: Settings, progressed: Progress) -> None:
    """Bring the index up to date, with vectors where a model is on, so that the next question need not wait."""
    async with open_house(settings) as house:
        await house.search.embed(progressed)


async def import_starter(store: PilotStore, *, dry_run: bool = False) -> ImportReport:
    return await import_pilots(
        "starter", starter_pilots(), store, at=now(), reason="the catalogue that ships along", dry_run=dry_run
    )


async def remove_pilot(settings: Settings, pilot_id: str, reason: str) -> str:
    """Take a pilot out of sight, and give its title; its history stays. PilotlightError where there is none."""
    prepare_folder(settings)
    async with open_database(settings.database) as database:
        pilot = await database.pilots.get(pilot_id)
        if pilot is None:
            raise PilotlightError(f"There is no pilot {pilot_id!r} here. Ids stand in pilotlight ask … --json.")
        await database.pilots.remove(pilot_id, Author("command line", reason), now())
        return pilot.title


async def export_file(settings: Settings, path: Path, progressed: Progress) -> int:
    prepare_folder(settings)
    async with open_database(settings.database) as database:
        return await export_pilots(path, database.pilots.all(), progress=progressed)
