"""What a person sees and does in an adaptive card, as the Teams client does it."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.end_to_end.peers import PeerError

Json = dict[str, Any]
ADAPTIVE = "application/vnd.microsoft.card.adaptive"
_SHOWN = frozenset({"text", "title", "label", "placeholder", "errorMessage", "altText", "subtitle"})
_TYPED_IN = frozenset({"Input.Text", "Input.Number", "Input.Date", "Input.Time"})
_NOT_SHOWN = frozenset(
    {"data", "entities", "channelData", "conversation", "from", "recipient", "fallback", "refresh", "msteams"}
)


def cards_of(activity: Json) -> list[Json]:
    """The adaptive cards of a message, or of the answer to an invoke."""
    if activity.get("type") == "AdaptiveCard":
        return [activity]
    attached = [one["content"] for one in activity.get("attachments") or () if one.get("contentType") == ADAPTIVE]
    told = activity.get("value")
    return [*attached, told] if isinstance(told, dict) and told.get("type") == "AdaptiveCard" else attached


def with_card(activity: Json, card: Json) -> Json:
    """The message as the person sees it whose press was answered with this card."""
    return {**activity, "attachments": [{"contentType": ADAPTIVE, "content": card}]}


def words_of(activity: Json) -> str:
    """All text that a message, a card or a dialog shows, in order."""
    return "\n".join(_words(activity, is_fact=False))


def _words(thing: object, *, is_fact: bool) -> Iterator[str]:
    if isinstance(thing, Mapping):
        if thing.get("isVisible") is False:
            return
        for key, inner in thing.items():
            if isinstance(inner, str):
                if key in _SHOWN or (key == "value" and (is_fact or thing.get("type") in _TYPED_IN)):
                    yield inner
            elif key not in _NOT_SHOWN:
                yield from _words(inner, is_fact=key == "facts")
    elif isinstance(thing, list):
        for inner in thing:
            yield from _words(inner, is_fact=is_fact)


def action_in(activity: Json, title: str, data: Mapping[str, object] | None) -> Json:
    """The one action with this title, or with at least this data."""
    there = [action for card in cards_of(activity) for action in actions_in(card)]
    fitting = [
        action
        for action in there
        if title in {"", action.get("title", "")} and (data is None or _holds(action.get("data"), data))
    ]
    if len(fitting) != 1:
        titles = ", ".join(repr(action.get("title", action["type"])) for action in there)
        raise PeerError(f"{len(fitting)} actions fit {title!r} {dict(data or {})}. There are: {titles or 'none'}.")
    return fitting[0]


def inputs_in(activity: Json) -> dict[str, object]:
    """What every input holds before anybody types."""
    found: dict[str, object] = {}
    for card in cards_of(activity):
        for element in _elements(card):
            if str(element.get("type", "")).startswith("Input."):
                plain = "false" if element["type"] == "Input.Toggle" else ""
                found[element["id"]] = element.get("value", plain)
    return found


def filled(activity: Json, action: Json, typed: Mapping[str, object]) -> Json:
    """What an action sends: its data, and what stands in the inputs, unless it takes none."""
    held = inputs_in(activity)
    unknown = sorted(set(typed) - set(held))
    if unknown:
        raise PeerError(f"The card has no input {', '.join(unknown)}. There are: {', '.join(held) or 'none'}.")
    data = action.get("data")
    own = dict(data) if isinstance(data, Mapping) else {}
    if action.get("associatedInputs", "auto").lower() == "none":
        return own
    values = {**held, **typed}
    for card in cards_of(activity):
        for element in _elements(card):
            if element.get("isRequired") and not values.get(element["id"]):
                raise PeerError(f"Teams would not let this be sent: {element['id']!r} is empty.")
    return {**own, **values}


def actions_in(thing: object) -> Iterator[Json]:
    """Every button of a card, in order."""
    for element in _elements(thing):
        if str(element.get("type", "")).startswith("Action."):
            yield element


def _elements(thing: object) -> Iterator[Json]:
    if isinstance(thing, dict):
        if "type" in thing:
            yield thing
        for key, inner in thing.items():
            if key not in {"data", "fallback", "refresh"}:
                yield from _elements(inner)
    elif isinstance(thing, list):
        for inner in thing:
            yield from _elements(inner)


def _holds(there: object, wanted: Mapping[str, object]) -> bool:
    return isinstance(there, Mapping) and all(there.get(name) == value for name, value in wanted.items())
