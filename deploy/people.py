"""People from the command line: who looks after a community, what they thought of answers, whose tokens are kept."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adapters.slack.installations import Installations, encrypt_anew
from adapters.sql import open_database
from bot.ports import GivenAnswer, Member, Rating, Role
from deploy.settings import InvalidSettingsError, Settings, variable
from deploy.wiring import prepare_folder
from knowledge.errors import PilotlightError


async def appoint(
    settings: Settings, person: str, community: str, *, is_moderator: bool, is_administrator: bool = False
) -> str:
    """Give a person a role in a community, whose name is returned."""
    prepare_folder(settings)
    role = Role.MODERATOR if is_moderator else Role.MEMBER
    named = community or settings.community
    async with open_database(settings.database) as database:
        await database.members.appoint(named, person, Role.ADMINISTRATOR if is_administrator else role)
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
        with path.open("w", encoding="utf-8", newline="") as file:
            if path.suffix == ".csv":
                writer = csv.DictWriter(file, _COLUMNS)
                writer.writeheader()
                writer.writerows({name: _cell(value) for name, value in record.items()} for record in records)
            elif path.suffix == ".json":
                json.dump(records, file, ensure_ascii=False, indent=2)
            else:
                file.writelines(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records)
    except OSError as error:
        raise PilotlightError(f"{path} cannot be written ({error.strerror}): name another file.") from None
    return len(records)


async def rotate_keys(settings: Settings) -> int:
    if not settings.keys:
        raise InvalidSettingsError(f"{variable('encryption_keys')} is empty: put the new key first, then the old ones.")
    prepare_folder(settings)
    async with open_database(settings.database) as database:
        store = Installations(
            client_id=settings.slack_client_id,
            transactions=database.connections.turn_taking_engine,
            keys=settings.keys,
        )
        return await encrypt_anew(store)


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


def _cell(value: object) -> object:
    """A spreadsheet takes a cell that begins so for a formula, and runs it."""
    text = " | ".join(value) if isinstance(value, list) else value
    return f"'{text}" if isinstance(text, str) and text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
