"""What Teams sends, as events: pure translation. Whatever it is, it is something of ours or None."""

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from math import inf
from typing import Any

from adapters.teams.cards import ACTION
from adapters.teams.dialogs import read_opener, read_values
from bot.actions import RateAnswer, decode
from bot.commands import typed_command
from bot.events import Commanded, Event, Opened, Pressed, Said, Submitted
from bot.people import Person
from bot.places import Place
from bot.skills import rate
from knowledge.text import clean

PLATFORM = "teams"
SEARCH_COMMAND = "search"
"""The message extension's search, in the manifest."""
ASK_COMMAND = "similar"
"""The message action "Has anyone tried this?", in the manifest."""

PAGE = 25
"""So many of what is found are shown at once."""

_ID_LIMIT = 500
_TEXT_LIMIT = 50_000
_ENTITIES_LIMIT = 200  # nobody mentions more in one message
_THREAD = ";messageid="
_SHARED_ROOMS = "19:"  # before the id of every conversation of people, also of two
_BOTS = "28:"  # before the id of every bot
_NAMED = re.compile(r"</?at(?: [^<>]*)?>", re.IGNORECASE)
_LINE_END = re.compile(r"<(?:br|/p|/div|/li|/tr|/h\d|/blockquote)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_COMMAND = re.compile(r"/pilot(?:light)?(?!\S)", re.IGNORECASE)


class Surface(StrEnum):
    """Where in Teams it happened, which decides how a reply is shown."""

    PERSONAL = "personal"
    GROUP = "group"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """The tenant that an installation of ours is in. `bot` is the bot's own id in Teams: 28: and its app id."""

    id: str
    bot: str
    community: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """How to answer: what Teams gave along. `bot` is who the bot is there.

    `conversation` is the whole id, with the thread; `user` is the person's id on the wire; `activity` is what was
    said or pressed, and `reply_to` the message it hangs on: the pressed card, the rated answer. `invoke` is the name
    of what waits for an answer in its response, or "". `is_targeted` where nobody else sees what was said.
    """

    surface: Surface
    service_url: str
    tenant: str
    conversation: str
    user: str
    activity: str = ""
    reply_to: str = ""
    invoke: str = ""
    team: str = ""
    locale: str = ""
    time_zone: str = ""
    bot: str = ""
    is_targeted: bool = False

    @property
    def room(self) -> str:
        """The conversation without its thread."""
        return self.conversation.partition(_THREAD)[0]

    @property
    def open_to_all(self) -> str:
        """Where the whole room reads along: not in a thread that hangs on what perhaps one person alone sees.

        Teams does not tell whether a pressed card was shown to one person; where a thread hangs on the card, a new
        post is seen by all in either case.
        """
        thread = self.conversation.partition(_THREAD)[2]
        is_begun_aside = thread == (self.activity if self.is_targeted else self.reply_to)
        return self.room if thread and is_begun_aside else self.conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    event: Event
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Somebody searches pilots from where they write; `skip` and `count` say which page of what is found."""

    person: Person
    place: Place
    text: str
    origin: Origin
    skip: int = 0
    count: int = PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """Teams' own thumbs under an answer. Which answer that was, the app knows by `origin.reply_to`."""

    person: Person
    place: Place
    is_good: bool
    reason: str
    origin: Origin
    key: str = ""

    def event(self, answer_id: str) -> Event:
        """Words are kept of what was not good: a rating that is good has no reason."""
        if self.is_good or not self.reason:
            action = RateAnswer(answer_id, self.is_good)
            return Pressed(person=self.person, place=self.place, action=action, key=self.key)
        return Submitted(
            person=self.person,
            place=self.place,
            form=rate.FORM,
            values={"reason": self.reason},
            context=answer_id,
            key=self.key,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """The bot was taken out of a conversation: nothing may be written there any more.

    `person` is whose own conversation with the bot it was, or "".
    """

    conversation: str
    tenant: str
    person: str = ""


Told = Incoming | Query | Rated | Removed


def from_activity(activity: Mapping[str, Any], tenant: Tenant) -> Told | None:
    match activity.get("type"), activity.get("name"):
        case "message", _:
            return _from_message(activity, tenant)
        case "invoke", str(name):
            return _from_invoke(name, activity, tenant)
        case (("installationUpdate" | "conversationUpdate"), _):
            return _from_installation(activity, tenant)
    return None


def origin_of(activity: Mapping[str, Any], tenant: Tenant) -> Origin | None:
    """Where an activity came from, whatever it says; None of one that names no conversation or nobody."""
    conversation, sender = _mapping(activity.get("conversation")), _mapping(activity.get("from"))
    room, user = _room(conversation), _id(sender, "id")
    if not (room and user):
        return None
    invoke = _id(activity, "name") if activity.get("type") == "invoke" else ""
    # Teams calls a chat of two people personal, too, and there the bot is no more than a button beside the box.
    is_beside = invoke.startswith("composeExtension/") and _surface(conversation) is Surface.PERSONAL
    surface, thread = Surface.GROUP if is_beside else _surface(conversation), _thread(activity)
    channel_data = _mapping(activity.get("channelData"))
    is_in_thread = surface is Surface.CHANNEL and thread
    client = next((each for each in _entities(activity) if each.get("type") == "clientInfo"), {})
    return Origin(
        surface=surface,
        service_url=_id(activity, "serviceUrl"),
        tenant=tenant.id,
        conversation=f"{room}{_THREAD}{thread}" if is_in_thread else room,
        user=user,
        activity=_id(activity, "id"),
        reply_to=_id(activity, "replyToId"),
        invoke=invoke,
        team=_id(_mapping(channel_data.get("team")), "id"),
        locale=_id(activity, "locale") or _id(client, "locale"),
        time_zone=_id(activity, "localTimezone") or _id(client, "timezone"),
        bot=tenant.bot or _id(_mapping(activity.get("recipient")), "id"),
        is_targeted=_is_targeted(activity),
    )


def is_elsewhere(member: Mapping[str, Any], tenant: Tenant) -> bool:
    """Whether the roster's entry is of somebody of another tenant; an activity does not always tell."""
    home = _tenant_id(member, "tenantId")
    return bool(home) and home != tenant.id


def is_guest(member: Mapping[str, Any]) -> bool:
    """Whether the roster's entry is of somebody whom the tenant let in, and who is at home elsewhere."""
    is_named_so = "#ext#" in _word(member, "userPrincipalName").casefold()
    is_member = _word(member, "userRole").casefold() in {"", "user", "owner", "member"}
    return is_named_so or not is_member


def _from_message(activity: Mapping[str, Any], tenant: Tenant) -> Incoming | None:
    origin, person = origin_of(activity, tenant), _person(activity)
    if origin is None or not origin.activity or _is_of_a_bot(activity):
        return None
    if isinstance(data := activity.get("value"), Mapping):
        return _from_data(data, activity, origin, tenant)
    text, is_mentioned = _said(activity, tenant)
    key = _key(origin, tenant)
    if origin.is_targeted or _COMMAND.match(text):
        place = _aside(activity, origin, tenant)
        # Nobody else sees a post of which this is the first message: there is no thread to share anything in.
        is_alone = origin.is_targeted and place.thread == origin.activity
        name, rest = _typed(text)
        commanded = Commanded(
            person=person, place=replace(place, thread="") if is_alone else place, command=name, rest=rest, key=key
        )
        return Incoming(event=commanded, origin=origin)
    said = Said(
        person=person,
        place=_place(activity, origin, tenant),
        text=text,
        is_addressed=is_mentioned or origin.surface is Surface.PERSONAL,
        key=key,
    )
    return Incoming(event=said, origin=origin)


def _from_invoke(name: str, activity: Mapping[str, Any], tenant: Tenant) -> Told | None:
    origin, value = origin_of(activity, tenant), _mapping(activity.get("value"))
    if origin is None or _is_of_a_bot(activity):
        return None
    match name:
        case "adaptiveCard/action" if value.get("trigger") != "automatic":
            return _from_data(_mapping(_mapping(value.get("action")).get("data")), activity, origin, tenant)
        case "task/fetch" | "task/submit":
            return _from_data(_mapping(value.get("data")), activity, origin, tenant)
        case "composeExtension/query" if value.get("commandId") == SEARCH_COMMAND:
            return _query(value, activity, origin, tenant)
        case "composeExtension/fetchTask" | "composeExtension/submitAction":
            return _from_message_action(value, activity, origin, tenant)
        case "message/submitAction" if value.get("actionName") == "feedback":
            return _rated(_mapping(value.get("actionValue")), activity, origin, tenant)
    return None


def _from_data(data: Mapping[str, Any], activity: Mapping[str, Any], origin: Origin, tenant: Tenant) -> Incoming:
    """A press, or a form that came back; of one that no version of ours made nothing is known any more."""
    person, place, key = _person(activity), _aside(activity, origin, tenant), _key(origin, tenant)
    opener = read_opener(data)
    if opener is None:
        action = decode(clean(_word(data, ACTION)))
        return Incoming(event=Pressed(person=person, place=place, action=action, key=key), origin=origin)
    room, _, thread = opener.conversation.partition(_THREAD)
    # What a card holds its reader could have changed: it may say which thread of the room it is in, and no other room.
    if origin.surface is Surface.CHANNEL and room == place.room and not place.thread:
        place = replace(place, thread=thread)
    submitted = Submitted(
        person=person,
        place=place,
        form=opener.form,
        values={field: clean(typed) for field, typed in read_values(data).items()},
        context=opener.context,
        key=key,
    )
    return Incoming(event=submitted, origin=origin)


def _from_message_action(
    value: Mapping[str, Any], activity: Mapping[str, Any], origin: Origin, tenant: Tenant
) -> Incoming | None:
    """A message that somebody asks the bot about, or what they pressed in what it showed them."""
    data, message = _mapping(value.get("data")), _mapping(value.get("messagePayload"))
    if ACTION in data or read_opener(data):
        return _from_data(data, activity, origin, tenant)
    if value.get("commandId") != ASK_COMMAND or not message:
        return None
    place = _aside(activity, origin, tenant)
    if origin.surface is Surface.CHANNEL:
        place = replace(place, thread=place.thread or _id(message, "replyToId") or _id(message, "id"))
    commanded = Commanded(
        person=_person(activity),
        place=place,
        command="ask",
        rest=clean(_without_markup(_word(_mapping(message.get("body")), "content"))),
        key=_key(origin, tenant),
    )
    return Incoming(event=commanded, origin=origin)


def _query(value: Mapping[str, Any], activity: Mapping[str, Any], origin: Origin, tenant: Tenant) -> Query:
    parameters = [_mapping(each) for each in _list(value.get("parameters"))[:10]]
    # What is asked for before anything was typed is called initialRun.
    text = next((_word(each, "value") for each in parameters if each.get("name") != "initialRun"), "")
    options = _mapping(value.get("queryOptions"))
    return Query(
        person=_person(activity),
        place=_aside(activity, origin, tenant),
        text=clean(text[:_TEXT_LIMIT]),
        origin=origin,
        skip=_number(options.get("skip"), 0, most=inf),
        count=_number(options.get("count"), PAGE, most=PAGE),
    )


def _rated(value: Mapping[str, Any], activity: Mapping[str, Any], origin: Origin, tenant: Tenant) -> Rated | None:
    reaction = value.get("reaction")
    if reaction not in ("like", "dislike") or not origin.reply_to:
        return None
    return Rated(
        person=_person(activity),
        place=_aside(activity, origin, tenant),
        is_good=reaction == "like",
        reason=clean(_feedback(value.get("feedback"))),
        origin=origin,
        key=_key(origin, tenant),
    )


def _from_installation(activity: Mapping[str, Any], tenant: Tenant) -> Incoming | Removed | None:
    """A bot that is added is told so twice, and greets once."""
    room = _room(_mapping(activity.get("conversation")))
    if room and _is_changed(activity, "remove", "membersRemoved", tenant):
        is_personal = _surface(_mapping(activity.get("conversation"))) is Surface.PERSONAL
        return Removed(
            conversation=room,
            tenant=tenant.id,
            person=_person(activity).id if is_personal and not _is_of_a_bot(activity) else "",
        )
    origin = origin_of(activity, tenant)
    if origin is None or not _is_changed(activity, "add", "membersAdded", tenant):
        return None
    if origin.surface is not Surface.PERSONAL or _is_of_a_bot(activity):
        return None
    day = _id(activity, "timestamp")[: len("2026-11-22")]
    opened = Opened(
        person=_person(activity),
        place=_place(activity, origin, tenant),
        key=f"{tenant.id} {room} added {day}" if day else "",
    )
    return Incoming(event=opened, origin=origin)


def _is_changed(activity: Mapping[str, Any], action: str, members: str, tenant: Tenant) -> bool:
    if activity.get("type") == "installationUpdate":
        return activity.get("action") == action
    ours = _our_ids(activity, tenant)
    return any(_id(_mapping(each), "id") in ours for each in _list(activity.get(members))[:_ENTITIES_LIMIT])


def _place(activity: Mapping[str, Any], origin: Origin, tenant: Tenant) -> Place:
    return Place(
        PLATFORM,
        tenant.community,
        _room(_mapping(activity.get("conversation"))),
        _thread(activity) if origin.surface is Surface.CHANNEL else "",
        is_private=origin.surface is Surface.PERSONAL,
        is_outside=_is_outside(activity, origin, tenant),
    )


def _aside(activity: Mapping[str, Any], origin: Origin, tenant: Tenant) -> Place:
    """Where only the person reads the reply."""
    is_shareable = _surface(_mapping(activity.get("conversation"))) is not Surface.PERSONAL
    return replace(_place(activity, origin, tenant), is_private=True, is_shareable=is_shareable)


def _is_outside(activity: Mapping[str, Any], origin: Origin, tenant: Tenant) -> bool:
    """Whether somebody of elsewhere speaks or reads along, as far as an activity tells; the roster knows more."""
    channel_data, sender = _mapping(activity.get("channelData")), _mapping(activity.get("from"))
    homes = {
        _tenant_id(_mapping(activity.get("conversation")), "tenantId"),
        _tenant_id(_mapping(channel_data.get("tenant")), "id"),
        _tenant_id(sender, "tenantId"),
    }
    is_shared = _word(_mapping(channel_data.get("channel")), "type").casefold() == "shared"
    is_nobody = not _id(sender, "aadObjectId") and origin.surface is not Surface.PERSONAL
    return bool(homes - {"", tenant.id}) or is_shared or is_nobody


def _surface(conversation: Mapping[str, Any]) -> Surface:
    """What is not known to be between the person and the bot is read by others."""
    match conversation.get("conversationType"):
        case "personal" if not _room(conversation).startswith(_SHARED_ROOMS):
            return Surface.PERSONAL
        case "channel":
            return Surface.CHANNEL
    return Surface.GROUP


def _room(conversation: Mapping[str, Any]) -> str:
    return _id(conversation, "id").partition(_THREAD)[0]


def _thread(activity: Mapping[str, Any]) -> str:
    """The message that the thread hangs on; the first one of a thread hangs on itself."""
    _, _, thread = _id(_mapping(activity.get("conversation")), "id").partition(_THREAD)
    if thread or activity.get("type") != "message" or isinstance(activity.get("value"), Mapping):
        return thread
    # Where nobody else sees it, nothing can hang on it, unless Teams itself says so.
    return _id(activity, "replyToId") or ("" if _is_targeted(activity) else _id(activity, "id"))


def _key(origin: Origin, tenant: Tenant) -> str:
    return f"{tenant.id} {origin.conversation} {origin.activity}" if origin.activity else ""


def _person(activity: Mapping[str, Any]) -> Person:
    sender = _mapping(activity.get("from"))
    return Person(_id(sender, "aadObjectId") or _id(sender, "id"), clean(_word(sender, "name")))


def _is_of_a_bot(activity: Mapping[str, Any]) -> bool:
    sender = _mapping(activity.get("from"))
    return _word(sender, "role") == "bot" or _word(sender, "id").startswith(_BOTS)


def _is_targeted(activity: Mapping[str, Any]) -> bool:
    return _mapping(activity.get("recipient")).get("isTargeted") is True


def _our_ids(activity: Mapping[str, Any], tenant: Tenant) -> set[str]:
    return {tenant.bot, _id(_mapping(activity.get("recipient")), "id")} - {""}


def _typed(text: str) -> tuple[str, str]:
    """The command, with or without the bot's own name for it before it."""
    return typed_command(_COMMAND.sub("", text, count=1).strip().removeprefix("/"))


def _said(activity: Mapping[str, Any], tenant: Tenant) -> tuple[str, bool]:
    """The words as people read them, without the bot's mentions, and whether there were any.

    A mention is what its entity says, where it says it: the bot's name in any other place is a word like others.
    """
    text, ours = _word(activity, "text"), _our_ids(activity, tenant)
    words, is_mentioned = [], False
    for entity in _entities(activity):
        marked, mentioned = _word(entity, "text"), _mapping(entity.get("mentioned"))
        if entity.get("type") != "mention" or not marked:
            continue
        is_ours = _id(mentioned, "id") in ours
        is_mentioned = is_mentioned or is_ours
        before, found, after = text.partition(marked)
        if found:
            words += [_plain(before, activity), "" if is_ours else f"@{_name(marked)}"]
            text = after
    return clean("".join([*words, _plain(text, activity)])), is_mentioned


def _plain(text: str, activity: Mapping[str, Any]) -> str:
    if activity.get("textFormat") in ("xml", "html"):
        return _without_markup(text)
    return html.unescape(_NAMED.sub("", text))


def _name(marked: str) -> str:
    return html.unescape(_TAG.sub("", marked))


def _without_markup(text: str) -> str:
    return html.unescape(_TAG.sub("", _LINE_END.sub("\n", text[:_TEXT_LIMIT])))


def _feedback(value: object) -> str:
    """What was written with it: a JSON text within the JSON, or plain words."""
    if not isinstance(value, str):
        return ""
    try:
        read = json.loads(value)
    except (ValueError, RecursionError):
        return value[:_TEXT_LIMIT]
    return _word(read, "feedbackText") if isinstance(read, Mapping) else value[:_TEXT_LIMIT]


def _entities(activity: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (_mapping(each) for each in _list(activity.get("entities"))[:_ENTITIES_LIMIT])


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(value: object, otherwise: int, *, most: float) -> int:
    is_number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most
    return value if isinstance(value, int) and is_number else otherwise


def _word(mapping: Mapping[str, Any], name: str) -> str:
    value = mapping.get(name)
    return value[:_TEXT_LIMIT] if isinstance(value, str) else ""


def _tenant_id(mapping: Mapping[str, Any], name: str) -> str:
    return _id(mapping, name).lower()


def _id(mapping: Mapping[str, Any], name: str) -> str:
    """A name of the platform's own, which holds nothing that a database or an address could stumble over."""
    value = _word(mapping, name)
    return value if value.isprintable() and len(value) <= _ID_LIMIT else ""
