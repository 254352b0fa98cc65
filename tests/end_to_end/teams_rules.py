"""What real Teams refuses, or shows otherwise, and the peer takes as it is."""

import json
from collections.abc import Iterator
from typing import Final

from tests.end_to_end.teams_cards import Json, cards_of

MOST_BYTES: Final = 80 * 1024
"""Teams says 100 KB, in UTF-16 and with what it adds."""
MOST_ACTIONS: Final = 6
_MOST_CITATIONS: Final = 20
_MOST_CITATION_NAME: Final = 80
_MOST_ABSTRACT: Final = 160
_NEWEST_CARD: Final = (1, 5)


def faults_of_message(activity: Json) -> list[str]:
    """Each as a sentence."""
    return list(_faults(activity))


def _faults(activity: Json) -> Iterator[str]:
    size = len(json.dumps(activity, ensure_ascii=False).encode("utf-16-le"))
    if size > MOST_BYTES:
        yield f"The message has {size} bytes in UTF-16, and {MOST_BYTES} are safe."
    text = activity.get("text") or ""
    for entity in activity.get("entities") or ():
        if entity.get("type") == "mention" and entity.get("text", "") not in text:
            yield f"The mention {entity.get('text')!r} is not in the text."
        if entity.get("type") == "https://schema.org/Message":
            yield from _faults_of_label(entity, text)
    for card in cards_of(activity):
        yield from _faults_of_card(card)


def _faults_of_label(entity: Json, text: str) -> Iterator[str]:
    if entity.get("@type") != "Message":
        yield "The AI label has no @type, and is not shown."
    citations = entity.get("citation") or []
    if len(citations) > _MOST_CITATIONS:
        yield f"There are {len(citations)} citations, and {_MOST_CITATIONS} are allowed."
    for citation in citations:
        shown = citation["appearance"]
        if len(shown["name"]) > _MOST_CITATION_NAME:
            yield f"The citation {shown['name'][:20]!r}… has a name of {len(shown['name'])} letters."
        if len(shown["abstract"]) > _MOST_ABSTRACT:
            yield f"The citation {shown['name'][:20]!r} has an abstract of {len(shown['abstract'])} letters."
        if f"[{citation['position']}]" not in text:
            yield f"The citation {citation['position']} is not in the text, and is not shown."


def _faults_of_card(card: Json) -> Iterator[str]:
    if tuple(int(part) for part in card["version"].split(".")) > _NEWEST_CARD:
        yield f"A card is of version {card['version']}, and Teams knows 1.5."
    for actions in _rows(card):
        if len(actions) > MOST_ACTIONS:
            yield f"A row has {len(actions)} actions, and {MOST_ACTIONS} are shown."
    names = list(_input_names(card))
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"Two inputs are called {name!r}."


def _rows(thing: object) -> Iterator[list[Json]]:
    if isinstance(thing, dict):
        if isinstance(thing.get("actions"), list):
            yield thing["actions"]
        for inner in thing.values():
            yield from _rows(inner)
    elif isinstance(thing, list):
        for inner in thing:
            yield from _rows(inner)


def _input_names(thing: object) -> Iterator[str]:
    if isinstance(thing, dict):
        if str(thing.get("type", "")).startswith("Input."):
            yield thing.get("id", "")
        for inner in thing.values():
            yield from _input_names(inner)
    elif isinstance(thing, list):
        for inner in thing:
            yield from _input_names(inner)
