"""What Slack would refuse, and the peer, which takes everything, does not."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

Json = dict[str, Any]

_BLOCKS_OF_A_MESSAGE: Final = 50
_CHARACTERS_OF_A_MESSAGE: Final = 40_000
_CHARACTERS_OF_ITS_BLOCKS: Final = 12_000
"""Seen, not documented: past about this many, `msg_blocks_too_long`."""
_CHARACTERS_OF_AN_OPTION: Final = 75


def faults_of_message(message: Json) -> list[str]:
    """Why Slack would refuse or cut this message, in sentences."""
    blocks = message.get("blocks") or []
    found = list(_faults_of_blocks(blocks))
    if not message.get("text"):
        found.append("There is no text, which notifications and screen readers need.")
    if len(message.get("text") or "") > _CHARACTERS_OF_A_MESSAGE:
        found.append("The text is too long.")
    if len(blocks) > _BLOCKS_OF_A_MESSAGE:
        found.append(f"There are {len(blocks)} blocks.")
    if sum(len(text) for text in _texts(blocks)) > _CHARACTERS_OF_ITS_BLOCKS:
        found.append("The blocks are too long together.")
    return found


def faults_of_view(view: Json) -> list[str]:
    """Why Slack would refuse this modal or Home tab, in sentences."""
    found = list(_faults_of_blocks(view.get("blocks") or []))
    try:
        View(**view).to_dict()
    except SlackObjectFormationError as problem:
        found.append(f"The view: {problem}.")
    if view["type"] == "modal" and "submit" not in view and any(one["type"] == "input" for one in view["blocks"]):
        found.append("A modal with inputs has no submit.")
    return found


def _faults_of_blocks(blocks: list[Json]) -> Iterator[str]:
    names = [block["block_id"] for block in blocks if "block_id" in block]
    if len(names) != len(set(names)):
        yield "Two blocks have the same block_id."
    for block in blocks:
        try:
            known = Block.parse(block)
            if known is None:
                yield f"There is no block of type {block.get('type')!r}."
            else:
                known.to_dict()
        except SlackObjectFormationError as problem:
            yield f"A block of type {block['type']!r}: {problem}."
        actions = [one["action_id"] for one in block.get("elements", ()) if "action_id" in one]
        if len(actions) != len(set(actions)):
            yield f"Two elements of a block have the same action_id: {', '.join(actions)}."
        if any(not text for text in _texts(block)):
            yield f"A text in a block of type {block['type']!r} is empty."
        if any(len(option["text"]["text"]) > _CHARACTERS_OF_AN_OPTION for option in _options(block)):
            yield "An option's text is too long."


def _texts(thing: object) -> Iterator[str]:
    if isinstance(thing, Mapping):
        for key, inner in thing.items():
            if key == "text" and isinstance(inner, str):
                yield inner
            else:
                yield from _texts(inner)
    elif isinstance(thing, list):
        for inner in thing:
            yield from _texts(inner)


def _options(thing: object) -> Iterator[Json]:
    if isinstance(thing, Mapping):
        for key, inner in thing.items():
            if key == "options" and isinstance(inner, list):
                yield from inner
            else:
                yield from _options(inner)
    elif isinstance(thing, list):
        for inner in thing:
            yield from _options(inner)
