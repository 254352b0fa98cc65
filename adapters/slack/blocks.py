"""Messages as Slack shows them: pure translation to Block Kit, within every limit.

What people or files said stands in rich text and plain text only, where Slack reads no markup: it cannot ring, link or
break a block. A text that is too long loses whole sentences at its end, and the message says so.
"""

from collections.abc import Iterator, Sequence
from typing import Any, assert_never

from adapters.slack.lengths import at_word, length, whole_sentences
from bot.actions import Action, encode
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

_MORE = "There is more to this than fits here."
_FEEDBACK = ("Helpful", "Not helpful")


def render(message: Message) -> list[Json]:
    """The message as blocks. Buttons always have their room; texts share what is left, the first ones first."""
    controls = [block for block in message.blocks if isinstance(block, Buttons | Feedback)]
    room = _Room(CHARACTERS_LIMIT, BLOCKS_LIMIT - 1 - sum(len(list(_controls(each))) for each in controls))
    blocks: list[Json] = []
    for block in message.blocks:
        if isinstance(block, Buttons | Feedback):
            blocks += _controls(block)
        else:
            blocks += _told(block, room)
    blocks = blocks[: BLOCKS_LIMIT - 1]
    return [*blocks, _quiet(_MORE)] if room.is_cut else blocks


def fallback(message: Message) -> str:
    """For notifications and screen readers. Slack reads markup here, so the three signs of it are escaped."""
    return escape(whole_sentences(clean(plain(message)), FALLBACK_LIMIT)) or "…"


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain_text(text: str, limit: int) -> Json:
    """Slack reads no mention, no link and no emoji in it; it may not be empty."""
    return {"type": "plain_text", "text": at_word(clean(text), limit) or "…", "emoji": False}


class _Room:
    """How much a message still holds, and whether something had to stay outside."""

    def __init__(self, characters: int, blocks: int) -> None:
        self._characters = characters
        self._blocks = blocks
        self.is_cut = False

    def block(self) -> bool:
        self._blocks -= 1
        self.is_cut = self.is_cut or self._blocks < 0
        return self._blocks >= 0

    def sentences(self, text: str, limit: int = CHARACTERS_LIMIT) -> str:
        return self._kept(clean(text), whole_sentences(clean(text), min(limit, self._characters)))

    def label(self, text: str, limit: int) -> str:
        return self._kept(clean(text), at_word(clean(text), min(limit, self._characters)))

    def address(self, address: str) -> bool:
        """Whether there is room for a link, which counts though nobody reads it."""
        fits = length(address) <= self._characters
        self._characters -= length(address) if fits else 0
        self.is_cut = self.is_cut or not fits
        return fits

    def _kept(self, text: str, kept: str) -> str:
        self.is_cut = self.is_cut or kept != text
        self._characters -= length(kept)
        return kept


def _told(block: Block, room: _Room) -> Iterator[Json]:
    match block:
        case Heading(text):
            if (shown := room.label(text, HEADER_LIMIT)) and room.block():
                yield {"type": "header", "text": plain_text(shown, HEADER_LIMIT)}
        case Text(text, is_quiet):
            shown = room.sentences(text, CONTEXT_LIMIT if is_quiet else TEXT_LIMIT)
            if shown and room.block():
                yield _quiet(shown) if is_quiet else _rich([_text(shown)])
        case Sources(sources):
            yield from _sources(sources, room)
        case Facts(facts):
            yield from _rows(
                [[_label(label, room), _text(room.sentences(value, 1_000))] for label, value in facts], room
            )
        case Meters(meters):
            yield from _rows([[_label(label, room), _text(_meter(done, of))] for label, done, of in meters], room)
        case Links(links):
            yield from _rows([[_label(label, room), _link(address, address, room)] for label, address in links], room)
        case Buttons() | Feedback():
            yield from _controls(block)
        case _:
            assert_never(block)


def _sources(sources: Sequence[Source], room: _Room) -> Iterator[Json]:
    """Numbered, each a block of its own, and under all of them one row of buttons that open them."""
    opened: list[Json] = []
    for number, source in enumerate(sources, 1):
        title = room.label(source.title, 300)
        if not (title and room.block()):
            room.is_cut = True
            break
        yield _rich(_source(number, title, source, room))
        if source.action and len(opened) < BUTTONS_LIMIT:
            shown = _button(number, f"More on {number}", source.action)
            opened.append(shown | {"accessibility_label": at_word(f"More on {number}: {title}", BUTTON_LIMIT)})
    if opened and room.block():
        yield {"type": "actions", "elements": opened}


def _source(number: int, title: str, source: Source, room: _Room) -> list[Json]:
    head = _link(source.link, title, room, bold=True) if source.link else _text(title, bold=True)
    under = (
        _text(room.label(" · ".join(source.details), 300)),
        _text(room.sentences(source.note, 500), italic=True),
        _text(room.sentences(source.excerpt, 800)),
        _text(room.label(source.contact, 300), bold=True),
    )
    lines = (part for line in under if line["text"] for part in (_text("\n"), line))
    return [_text(f"{number}  ", bold=True), head, *lines]


def _rows(rows: Sequence[Sequence[Json]], room: _Room) -> Iterator[Json]:
    """One line for each row that has both its label and its value."""
    whole = [row for row in rows if all(part["text"] for part in row)]
    lines = [part for row in whole for part in (row[0], _text("  "), *row[1:], _text("\n"))]
    if lines and room.block():
        yield _rich(lines[:-1])


def _controls(block: Buttons | Feedback) -> Iterator[Json]:
    match block:
        case Buttons(buttons):
            numbered = [_button(number, each.label, each.action) for number, each in enumerate(buttons, 1)]
            for start in range(0, len(numbered), BUTTONS_LIMIT):
                yield {"type": "actions", "elements": numbered[start : start + BUTTONS_LIMIT]}
        case Feedback(good, bad):
            sides = {"positive_button": (_FEEDBACK[0], good), "negative_button": (_FEEDBACK[1], bad)}
            made = {
                side: {"text": plain_text(label, BUTTON_LIMIT), "value": encode(action)}
                for side, (label, action) in sides.items()
            }
            yield {
                "type": "context_actions",
                "elements": [{"type": "feedback_buttons", "action_id": "feedback", **made}],
            }
        case _:
            assert_never(block)


def _button(number: int, label: str, action: Action) -> Json:
    """A block may not hold an id twice; what the button means stands in its value."""
    return {
        "type": "button",
        "action_id": f"press-{number}",
        "text": plain_text(label, BUTTON_LIMIT),
        "value": encode(action),
    }


def _quiet(text: str) -> Json:
    return {"type": "context", "elements": [plain_text(text, CONTEXT_LIMIT)]}


def _rich(parts: Sequence[Json]) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(parts)}]}


def _text(text: str, *, bold: bool = False, italic: bool = False) -> Json:
    style = {name: True for name, wanted in (("bold", bold), ("italic", italic)) if wanted}
    return {"type": "text", "text": text} | ({"style": style} if style else {})


def _label(text: str, room: _Room) -> Json:
    return _text(room.label(text, 200), bold=True)


def _link(address: str, text: str, room: _Room, *, bold: bool = False) -> Json:
    """A link where the address is one; else, what it was to say."""
    if not address.startswith(("https://", "http://")) or length(address) > LINK_LIMIT:
        return _text(text if len(text) < LINK_LIMIT else "", bold=bold)
    if not room.address(address):
        return _text(text if text != address else "", bold=bold)
    return {**_text(text, bold=bold), "type": "link", "url": address}


def _meter(done: int, of: int) -> str:
    filled = round(METER_WIDTH * done / of) if of else 0
    return f"{'■' * filled}{'□' * (METER_WIDTH - filled)}  {done} of {of}"
