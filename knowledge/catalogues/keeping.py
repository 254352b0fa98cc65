"""What people said here outlives the catalogue it came in by: an import never undoes an answer or a removal."""

from collections.abc import Sequence
from typing import Any

from knowledge.catalogues.own_form import record_of_row, row_of_record
from knowledge.errors import InvalidRecordError, PilotlightError
from knowledge.pilots import Pilot
from knowledge.ports import PilotStore, Revision
from knowledge.records import pilot_from_record, pilot_to_record

# How the authors of imports are called; every other author is a person, or something that acts for one.
IMPORT = "import "


class RemovedHereError(PilotlightError):
    """Someone took the pilot out of sight, and an import does not bring it back."""


async def news_of(pilot: Pilot, store: PilotStore) -> Pilot | None:
    """What to keep of a pilot that a catalogue brings: its word, but for the fields that people changed since.

    None where the store has that already, in sight or removed. RemovedHereError where there is news of one removed.
    """
    revisions = await store.revisions(pilot.id)
    if not revisions:
        return pilot
    current = revisions[-1].pilot
    if current == pilot:
        return None
    if await store.get(pilot.id) is None:
        raise RemovedHereError(f"{pilot.source_id!r} was removed here, and an import does not bring it back")
    if theirs := _changed_by_people(revisions):
        pilot = _with_fields_of(current, pilot, theirs)
    return None if pilot == current else pilot


def _changed_by_people(revisions: Sequence[Revision]) -> set[str]:
    """The paths of the fields whose latest change was no import's."""
    changed: set[str] = set()
    before: dict[str, str] = {}
    for revision in revisions:
        cells = row_of_record(pilot_to_record(revision.pilot))
        differing = {path for path in before.keys() | cells.keys() if before.get(path) != cells.get(path)}
        changed = changed - differing if revision.by.name.startswith(IMPORT) else changed | differing
        before = cells
    return changed


def _with_fields_of(current: Pilot, pilot: Pilot, paths: set[str]) -> Pilot:
    """`pilot` with these fields as they are in `current`; all of `current` where the two do not go together."""
    cells: dict[str, Any] = row_of_record(pilot_to_record(pilot))
    kept = row_of_record(pilot_to_record(current))
    for path in paths:
        cells.pop(path, None)
        if path in kept:
            cells[path] = kept[path]
    try:
        return pilot_from_record(record_of_row(cells))
    except InvalidRecordError:
        return current
