"""What people said here outlives the catalogue it came in by: an import never undoes an answer or a removal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from knowledge.catalogues.own_form import record_of_row, row_of_record
from knowledge.errors import InvalidRecordError
from knowledge.pilots import Pilot, pilot_id
from knowledge.ports import History, PilotStore, Revision
from knowledge.records import pilot_from_record, pilot_to_record

# How the authors of imports are called; every other author is a person, or something that acts for one.
IMPORT = "import "


_PUBLIC = (
    "{} is public here already, and would stay so beside this copy for fewer people; "
    "have the public copy removed first, then import again"
)


@dataclass(frozen=True, slots=True)
class News:
    """What an import has to say that the store does not have already."""

    pilots: tuple[Pilot, ...]
    refused: tuple[tuple[Pilot, str], ...]
    """News that an import does not bring, and why."""


async def news_among(pilots: Sequence[Pilot], store: PilotStore) -> News:
    """What to keep of the pilots that a catalogue brings: its word, but for the fields that people changed since."""
    histories = await store.histories([each for pilot in pilots for each in {pilot.id, public_id(pilot)}])
    news: list[Pilot] = []
    refused: list[tuple[Pilot, str]] = []
    for pilot in pilots:
        if _is_public_elsewhere(pilot, histories):
            refused.append((pilot, _PUBLIC.format(repr(pilot.source_id))))
            continue
        history = histories.get(pilot.id)
        if history is None:
            news.append(pilot)
            continue
        current = history.revisions[-1].pilot
        if current == pilot:
            continue
        if history.is_removed:
            refused.append((pilot, f"{pilot.source_id!r} was removed here, and an import does not bring it back"))
            continue
        if theirs := _changed_by_people(history.revisions):
            pilot = _with_fields_of(current, pilot, theirs)  # noqa: PLW2901 - what is left of the catalogue's word
        if pilot != current:
            news.append(pilot)
    return News(tuple(news), tuple(refused))


def public_id(pilot: Pilot) -> str:
    """The id of the same pilot where it belongs to no community, and so is open to all."""
    return pilot_id(pilot.provenance.source, pilot.source_id, None)


def _is_public_elsewhere(pilot: Pilot, histories: Mapping[str, History]) -> bool:
    """Whether a copy stands here that restricting this one would leave in everyone's sight."""
    public = histories.get(public_id(pilot))
    return pilot.id != public_id(pilot) and public is not None and not public.is_removed


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
