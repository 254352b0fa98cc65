"""Messages as Slack shows them: pure translation to Block Kit, within every limit.

What people or files said stands in rich text and plain text only, where Slack reads no markup: it cannot ring, link or
break a block. A text that is too long loses whole sentences at its end, and the message says so.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, assert_never

from adapters.lengths import at_word, length, whole_sentences
from bot import cards
from bot.actions import Action, TellPilot, encode
from bot.messages import (
    Block,
    Buttons,
    Facts,
    Feedback,
    Heading,
    Links,
    Message,
    Meters,
    Source,
    Sources,
    Text,
    how_many,
    plain,
)
from knowledge.text import clean

Json = dict[str, Any]

BLOCKS_LIMIT = 50
# Slack refuses a message from about 11,000 characters over all its blocks; nobody reads that far anyhow.
CHARACTERS_LIMIT = 8_000
FALLBACK_LIMIT = 3_000
TEXT_LIMIT = 3_000
HEADER_LIMIT = 150
CONTEXT_LIMIT = 2_000
LINK_LIMIT = 3_000
BUTTON_LIMIT = 75
BUTTONS_LIMIT = 25
METER_WIDTH = 8

_MORE_SIZE = 100  # at most: the line that says so
_ADDRESS = re.compile(r"https?://[\w\[][^\s<>\"]*")
_COUNTED = ("text", "url", "accessibility_label")
_AROUND_A_ROW = length("  \n")
_AROUND_A_SOURCE = 100  # at most: its number, the ends of its lines, and its button


def render(message: Message, *, in_view: bool = False) -> list[Json]:
    """The message as blocks. Buttons always have their room; texts share what is left, the first ones first.

    `in_view`, a modal or the home page, Slack takes no feedback buttons of its own kind.
    """
    controls = [list(_controls(block, in_view=in_view)) for block in message.blocks]
    fixed = [made for each in controls for made in each]
    room = _Room(CHARACTERS_LIMIT - _MORE_SIZE - size(fixed), BLOCKS_LIMIT - 1 - len(fixed))
    blocks = [made for block, each in zip(message.blocks, controls, strict=True) for made in each or _told(block, room)]
    is_cut = room.is_cut or len(blocks) >= BLOCKS_LIMIT
    return [*blocks[: BLOCKS_LIMIT - 1], _quiet(cards.more_than_fits())] if is_cut else blocks


def size(made: object) -> int:
    """All characters that Slack may count of blocks: what is read, where it leads and what is read aloud."""
    match made:
        case str():
            return length(made)
        case Mapping():
            return sum(size(made[name]) for name in made if name in _COUNTED or not isinstance(made[name], str))
        case list():
            return sum(size(each) for each in made)
    return 0


def fallback(message: Message) -> str:
    """For notifications and screen readers. Slack reads markup here, so the three signs of it are escaped."""
    return escape(whole_sentences(clean(plain(message)), FALLBACK_LIMIT)) or "…"


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain_text(text: str, limit: int) -> Json:
    """Slack reads no mention, no link and no emoji in it; it may not be empty."""
    return {"type": "plain_text", "text": at_word(_or_mark(text), limit), "emoji": False}


def _or_mark(text: str) -> str:
    return clean(text) or "…"


class _Room:
    """How much a message still holds, and whether something had to stay outside."""

    def __init__(self, characters: int, blocks: int) -> None:
        self._characters = characters
        self._blocks = blocks
        self.is_cut = False

    def blocks(self, count: int = 1) -> bool:
        self._blocks -= count
        self.is_cut = self.is_cut or self._blocks < 0
        return self._blocks >= 0

    def sentences(self, text: str, limit: int) -> str:
        text = clean(text)
        kept = whole_sentences(text, min(limit, self._characters))
        # Where it is the message that is full, half a sentence says less than none.
        is_half = self._characters < limit and not text.startswith(kept)
        return self._kept(text, "" if is_half else kept)

    def label(self, text: str, limit: int) -> str:
        return self._kept(clean(text), at_word(clean(text), min(limit, self._characters)))

    def whole(self, characters: int) -> bool:
        """Whether there is room for so much, which is shown whole or not at all."""
        fits = characters <= self._characters
        self._characters -= characters if fits else 0
        self.is_cut = self.is_cut or not fits
        return fits

    def _kept(self, text: str, kept: str) -> str:
        self.is_cut = self.is_cut or kept != text
        self._characters -= length(kept)
        return kept


def _told(block: Block, room: _Room) -> Iterator[Json]:
    match block:
        case Heading(text):
            if (shown := room.label(text, HEADER_LIMIT)) and room.blocks():
                yield {"type": "header", "text": plain_text(shown, HEADER_LIMIT)}
        case Text(text, is_quiet):
            shown = room.sentences(text, CONTEXT_LIMIT if is_quiet else TEXT_LIMIT)
            if shown and room.blocks():
                yield _quiet(shown) if is_quiet else _rich([_text(shown)])
        case Sources(sources):
            yield from _sources(sources, room)
        case Facts(facts):
            yield from _rows([_row(label, _words(value, room), room) for label, value in facts], room)
        case Meters(meters):
            yield from _rows([_row(label, _meter(done, of, room), room) for label, done, of in meters], room)
        case Links(links):
            yield from _rows([_row(label, _address(address, room), room) for label, address in links], room)
        case Buttons() | Feedback():
            return
        case _:
            assert_never(block)


def _sources(sources: Sequence[Source], room: _Room) -> Iterator[Json]:
    """Numbered, each a block of its own, and under all of them the buttons that open them."""
    opened: list[Json] = []
    for number, source in enumerate(sources, 1):
        # The first button of a row needs a block for that row.
        needed = 2 if source.action and len(opened) % BUTTONS_LIMIT == 0 else 1
        if not (room.whole(_AROUND_A_SOURCE) and (title := room.label(_or_mark(source.title), 300))):
            break
        if not room.blocks(needed):
            break
        yield _rich(_source(number, title, source, room))
        if source.action:
            shown = _button(number, cards.more_on(number), source.action)
            opened.append(shown | {"accessibility_label": at_word(f"{cards.more_on(number)}: {title}", BUTTON_LIMIT)})
    yield from _rows_of_buttons(opened)


def _source(number: int, title: str, source: Source, room: _Room) -> list[Json]:
    head = _text(title, bold=True)
    if source.link and _is_address(source.link) and room.whole(length(source.link)):
        head |= {"type": "link", "url": source.link}
    under = (
        _text(room.label(" · ".join(source.details), 300)),
        _text(room.sentences(source.note, 500), italic=True),
        _text(room.sentences(source.excerpt, 800)),
        _text(room.label(source.contact, 300), bold=True),
    )
    meters = [_row(label, _meter(done, of, room), room) for label, done, of in source.meters]
    lines = [part for line in under if line["text"] for part in (_text("\n"), line)]
    lines += [part for row in meters if row for part in (_text("\n"), *row)]
    return [_text(f"{number}  ", bold=True), head, *lines]


def _rows(rows: Sequence[Sequence[Json]], room: _Room) -> Iterator[Json]:
    lines = [part for row in rows if row for part in (*row, _text("\n"))]
    if lines and room.blocks():
        yield _rich(lines[:-1])


def _row(label: str, value: Json | None, room: _Room) -> list[Json]:
    """A line, or nothing where there was no room for its value."""
    if value is None or not room.whole(_AROUND_A_ROW):
        return []
    parts = [part for part in (_text(room.label(label, 200), bold=True), value) if part.get("text") or "url" in part]
    return [parts[0], _text("  "), parts[1]] if len(parts) == 2 else parts


def _words(text: str, room: _Room) -> Json | None:
    shown = room.sentences(text, 1_000)
    return None if clean(text) and not shown else _text(shown)


def _meter(done: int, of: int, room: _Room) -> Json | None:
    filled = min(max(round(METER_WIDTH * done / of), 0), METER_WIDTH) if of else 0
    shown = f"{'■' * filled}{'□' * (METER_WIDTH - filled)}  {how_many(done, of)}"
    return _text(shown) if room.whole(length(shown)) else None


def _address(address: str, room: _Room) -> Json | None:
    """A link where it is an address; else, what it was to say."""
    if not _is_address(address):
        return _words(address, room)
    return {"type": "link", "url": address} if room.whole(length(address)) else None


def _is_address(text: str) -> bool:
    return bool(_ADDRESS.fullmatch(text)) and text == clean(text) and length(text) <= LINK_LIMIT


def _controls(block: Block, *, in_view: bool) -> Iterator[Json]:
    match block:
        case Buttons(buttons):
            yield from _rows_of_buttons(
                [_button(number, each.label, each.action) for number, each in enumerate(buttons, 1)]
            )
        case Feedback(good, bad) if in_view:
            yield from _controls(Buttons((good, bad)), in_view=in_view)
        case Feedback(good, bad):
            made = {
                side: {"text": plain_text(each.label, BUTTON_LIMIT), "value": _value(each.action)}
                for side, each in (("positive_button", good), ("negative_button", bad))
            }
            yield {
                "type": "context_actions",
                "elements": [{"type": "feedback_buttons", "action_id": "feedback", **made}],
            }


def _rows_of_buttons(buttons: Sequence[Json]) -> Iterator[Json]:
    for start in range(0, len(buttons), BUTTONS_LIMIT):
        yield {"type": "actions", "elements": list(buttons[start : start + BUTTONS_LIMIT])}


def _button(number: int, label: str, action: Action) -> Json:
    """A block may not hold an id twice; what the button means stands in its value."""
    return {
        "type": "button",
        "action_id": f"press-{number}",
        "text": plain_text(label, BUTTON_LIMIT),
        "value": _value(action),
    }


def _value(action: Action) -> str:
    # A title is what somebody wrote.
    return encode(TellPilot(clean(action.title)) if isinstance(action, TellPilot) else action)


def _quiet(text: str) -> Json:
    return {"type": "context", "elements": [plain_text(text, CONTEXT_LIMIT)]}


def _rich(parts: Sequence[Json]) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(parts)}]}


def _text(text: str, *, bold: bool = False, italic: bool = False) -> Json:
    style = {name: True for name, wanted in (("bold", bold), ("italic", italic)) if wanted}
    return {"type": "text", "text": text} | ({"style": style} if style else {})
