"""How records name what they say: the names people write, other spellings of them, and what bare text stands for."""

from collections.abc import Mapping
from typing import Any

PILOT_NAMES = {"lang": "language", "tags": "topics"}
PROVENANCE_NAMES = {
    "id": "source_id",
    "source": "source",
    "url": "link",
    "licence": "licence",
    "attribution": "attribution",
}
"""The plain names of fields of Pilot and of Provenance, in the order of writing, and ours."""

PLAIN_NAMES = {ours: theirs for theirs, ours in (PILOT_NAMES | PROVENANCE_NAMES).items()}
"""How the plain form calls fields that the pilot itself calls otherwise."""

SPELLINGS: Mapping[str, Mapping[str, str]] = {
    "": {
        "link": "url",
        "language": "lang",
        "topics": "tags",
        "source_id": "id",
        "license": "licence",
        "organization": "organisation",
    },
    "dates": {
        "start": "started", "initiated": "started", "development": "started",
        "implemented": "operational", "end": "ended", "retired": "ended",
        "updated": "recorded", "registered": "recorded", "published": "recorded", "inventory": "recorded",
    },
}  # fmt: skip
"""What else a record may write, by the part where it stands, and the plain name that is meant."""

BARE = {
    "outcome": "summary", "owner": "name", "deputy": "name", "funding": "source", "visibility": "audience",
    "assets": "name", "barriers": "description",
}  # fmt: skip
"""A part given as bare text is its most telling field."""

_EMPTY: tuple[Any, ...] = (None, "", [], {})


def is_said(value: Any) -> bool:
    return value not in _EMPTY


def plain_path(path: str) -> str:
    """The path of a field by its plain name, however it is spelt: ``topics`` is ``tags``."""
    part, _, name = path.rpartition(".")
    plain = SPELLINGS.get(part, {}).get(name, name)
    return f"{part}.{plain}" if part else plain


def key_of(part: Mapping[str, Any], path: str, name: str) -> str | None:
    """The key that says the field `name` in the part at `path`: its plain name, else the first of its spellings."""
    spellings = (each for each, plain in SPELLINGS.get(path, {}).items() if plain == name)
    said = next((each for each in (name, *spellings) if is_said(part.get(each))), None)
    return said or (name if name in part else None)


def with_plain_names(part: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The part at `path` with every field under its plain name."""
    spellings = SPELLINGS.get(path, {})
    plain = {name: value for name, value in part.items() if name not in spellings}
    for name in dict.fromkeys(spellings.values()):
        if key := key_of(part, path, name):
            plain[name] = part[key]
    return plain
