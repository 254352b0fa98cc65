"""People from the command line: who looks after a community, and what they thought of answers."""

import csv
import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from adapters.sql import open_database
from bot.answers import GivenAnswer, Rating
from bot.members import Member, Role
from deploy.settings import Settings
from deploy.wiring import prepare_folder
from knowledge.catalogues.own_form import safe_cell
from knowledge.errors import PilotlightError

# Slack's are capitals and digits, few without a digit; Entra's are longer in the Playground; and Teams has its own.
_ID = re.compile(
    r"[A-Z0-9]*\d[A-Z0-9]*|[UW][A-Z0-9]{8,}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12,}|\d+:[\w.-]+|you",
    re.ASCII,
)
_ONCE_TAKEN = re.compile(r"[\w.:-]+")


async def appoint(settings: Settings, person: str, community: str, role: Role) -> str:
    """Give a person a role in a community, whose name is returned. Who was named by less than an id can be removed."""
    if not (_ID if role.may_moderate else _ONCE_TAKEN).fullmatch(person):
        raise PilotlightError(
            f"“{person}” is no person's id. In Slack it looks like U012ABCDEF: their picture, Profile, ⋮, Copy member "
            "ID. In Teams it is the Object ID in Entra: https://entra.microsoft.com, Users, the person, Overview."
        )
    prepare_folder(settings)
    named = community or settings.community
    async with open_database(settings.database) as database:
        await database.members.appoint(named, await database.people.person(named, person), role)
    return named


async def moderators(settings: Settings, community: str) -> Sequence[Member]:
    prepare_folder(settings)
    async with open_database(settings.database) as database:
        return await database.members.moderators(community or settings.community)


async def export_feedback(settings: Settings, path: Path, community: str) -> int:
    """Of one community, or of all where none is named; how many opinions were written."""
    if path.suffix not in (".csv", ".json", ".jsonl"):
        raise PilotlightError(f"{path.name} should end in .csv, .json or .jsonl.")
    prepare_folder(settings)
    async with open_database(settings.database) as database:
        records = [_record(*each) for each in await database.answers.ratings(community or None)]
    try:
        with tempfile.TemporaryDirectory(prefix=".export-", dir=path.parent) as folder:
            new = Path(folder) / path.name
            _write(new, records)
            new.replace(path)  # in one step, so that it is never there in part
    except OSError as error:
        raise PilotlightError(f"{path} cannot be written ({error.strerror}): name another file.") from None
    return len(records)


_BEGINS_A_FORMULA = re.compile(r"([;|\t\r\n]\s*)([=+\-@＝＋－＠])")
_COLUMNS = ("at", "community", "is_good", "reason", "asked", "verdict", "pilots", "person", "answer_id")


def _record(answer: GivenAnswer, rating: Rating) -> dict[str, Any]:
    return {
        "at": rating.at.isoformat(),
        "community": answer.community,
        "is_good": rating.is_good,
        "reason": rating.reason,
        "asked": list(answer.asked),
        "verdict": answer.verdict,
        "pilots": list(answer.pilots),
        "person": rating.person,
        "answer_id": answer.id,
    }


def _write(path: Path, records: Sequence[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        if path.suffix == ".csv":
            writer = csv.DictWriter(file, _COLUMNS)
            writer.writeheader()
            writer.writerows({name: _cell(value) for name, value in record.items()} for record in records)
        elif path.suffix == ".json":
            json.dump(records, file, ensure_ascii=False, indent=2)
        else:
            file.writelines(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records)


def _cell(value: object) -> str:
    """Some spreadsheets split at a semicolon or at the end of a line too: what follows may be no formula either."""
    text = " | ".join(value) if isinstance(value, list) else str(value)
    return safe_cell(_BEGINS_A_FORMULA.sub(r"\1'\2", text))
