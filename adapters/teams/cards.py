"""Messages as Teams shows them: pure translation to Adaptive Cards 1.5, within every limit.

What people or files said stands in runs of rich text only, where Teams reads no markup: it cannot ring, link or break
a card. A text that is too long loses whole sentences at its end, and the card says so.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, assert_never

from adapters.lengths import at_word, length, whole_sentences
from bot import cards
from bot.actions import Action, OpenSettings, RateAnswer, TellPilot, encode
from bot.messages import (
    Block,
    Button,
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

ADAPTIVE = "application/vnd.microsoft.card.adaptive"
ACTION = "pilotlight"
"""What a pressed button means stands under this name in its data."""
PRESS = "press"

# In UTF-16, and as JSON: 80 KB are safe for all that is sent, which is 40,960 of these.
CARD_LIMIT = 22_000
SPOKEN_LIMIT = 5_000
SUMMARY_LIMIT = 1_000
LABEL_LIMIT = 5_000
TEXT_LIMIT = 3_000
HEADING_LIMIT = 150
LINK_LIMIT = 2_000
BUTTON_LIMIT = 75
BUTTONS_LIMIT = 6  # Teams shows no more in a row
CITATIONS_LIMIT = 20
CITATION_NAME_LIMIT = 80
CITATION_ABSTRACT_LIMIT = 160
METER_WIDTH = 8

_MORE_SIZE = 400  # at most: the line that says so
_ADDRESS = re.compile(r"https?://[\w\[][^\s<>\"]*")
_HEADING = re.compile(r"[^\W\d_](?:[^\W_]|[ ,;?!’“”…–()]|[.:](?: |$))*")
_MARKUP = re.compile(r"[\\`*_~\[\]#|]")
_LINE_SIGN = re.compile(r"^(\s*)(?:([-+=])|(\d+)([.)]))", re.MULTILINE)
_NUMBER = re.compile(r"\[(\d{1,3})\]")


def activity(message: Message, *, has_loop: bool = False) -> Json:
    """The message as it is posted: a card, and words that stand alone in a notification.

    What a model wrote is said beside the card, where Teams shows its label and the numbers of its sources. Where the
    message `has_loop`, Teams' own thumbs, the card does without buttons for that.
    """
    said, rest = _spoken(message)
    blocks = tuple(block for block in rest.blocks if not (has_loop and isinstance(block, Feedback)))
    text, is_cut = _fitting(said)
    made: Json = {"type": "message", "summary": fallback(message)}
    if blocks or is_cut or not text:
        made["attachments"] = [attachment(render(Message(blocks), is_cut=is_cut))]
    if text:
        made |= {"text": text, "textFormat": "markdown", "entities": [label(message, text)]}
    return made


def attachment(card: Json) -> Json:
    return {"contentType": ADAPTIVE, "content": card}


def render(message: Message, *, is_cut: bool = False) -> Json:
    """The card. Its buttons have their room first; texts share what is left, the first ones first."""
    room = _Room(CARD_LIMIT - _MORE_SIZE, is_cut=is_cut)
    controls = [list(_controls(block, room)) for block in message.blocks]
    made = [each for block, row in zip(message.blocks, controls, strict=True) for each in row or _told(block, room)]
    return card_of([*made, *([line(cards.more_than_fits(), is_quiet=True)] if room.is_cut else [])])


def card_of(body: Sequence[Json]) -> Json:
    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "body": list(body) or [line("…")],
    }


def fallback(message: Message) -> str:
    """For notifications and screen readers: words alone, which are shown as they are."""
    return whole_sentences(clean(plain(message)), SUMMARY_LIMIT) or "…"


def answer_id(message: Message) -> str:
    """Which answer can be rated under this message, or ""."""
    rated = (block.good.action for block in message.blocks if isinstance(block, Feedback))
    return next((action.answer_id for action in rated if isinstance(action, RateAnswer)), "")


def is_written(message: Message) -> bool:
    """Whether a model wrote something of it."""
    return any(isinstance(block, Text) and block.is_written for block in message.blocks)


def label(message: Message, text: str) -> Json:
    """Teams' label of what a model wrote, and the sources whose numbers stand in the text."""
    named = {int(number) for number in _NUMBER.findall(text)}
    sources = [source for block in message.blocks if isinstance(block, Sources) for source in block.sources]
    citations: list[Json] = []
    for number, source in enumerate(sources, 1):
        cited = _citation(number, source)
        if number in named and weight([*citations, cited]) <= LABEL_LIMIT and len(citations) < CITATIONS_LIMIT:
            citations.append(cited)
    made = {
        "type": "https://schema.org/Message",
        "@type": "Message",
        "@context": "https://schema.org",
        "@id": "",
        "additionalType": ["AIGeneratedContent"],
    }
    return made | ({"citation": citations} if citations else {})


def markdown(text: str) -> str:
    """The text of a message, where Teams reads Markdown and some HTML: nothing of it is read as either.

    A number in brackets stays as it is: with its citation Teams makes a reference of it.
    """
    parts = _NUMBER.split(shown(text))
    return "".join(f"[{part}]" if place % 2 else _unmarked(part) for place, part in enumerate(parts))


def shown(text: str) -> str:
    """Cleaned, and without the sign that begins a function of Adaptive Cards."""
    return clean(text).replace("{{", "{\u2060{")


def in_one_line(text: str) -> str:
    return " ".join(shown(text).split())


def weight(made: object) -> int:
    """How long it is on the wire."""
    return length(json.dumps(made, ensure_ascii=False))


def line(text: str, *, is_quiet: bool = False, **style: object) -> Json:
    """One line of words, which are shown as they are."""
    return _rich([_run(text, **({"isSubtle": True, "size": "Small"} if is_quiet else {}), **style)])


def data_of(action: Action) -> Json:
    # A title is what somebody wrote.
    return {ACTION: encode(TellPilot(clean(action.title)) if isinstance(action, TellPilot) else action)}


def execute(title: str, verb: str, data: Mapping[str, Any]) -> Json:
    """A button that is answered in its place; clients that know no such one send the same as a message."""
    common = {"title": at_word(in_one_line(title) or "…", BUTTON_LIMIT), "data": dict(data)}
    fallback_action = {"type": "Action.Submit", **common}
    return {"type": "Action.Execute", "verb": verb, **common, "fallback": fallback_action}


def is_address(text: str) -> bool:
    return bool(_ADDRESS.fullmatch(text)) and text == clean(text) and length(text) <= LINK_LIMIT


def _spoken(message: Message) -> tuple[Sequence[Text], Message]:
    """What is said beside the card, where a model wrote some of it: all texts as far as that. And the rest."""
    blocks, texts = message.blocks, []
    for number, block in enumerate(blocks):
        if not isinstance(block, Text):
            break
        texts.append(block)
        if block.is_written:
            return texts, Message(blocks[number + 1 :])
    return (), message


def _fitting(texts: Sequence[Text]) -> tuple[str, bool]:
    """So much of it as fits, and whether that is not all."""
    full = "\n\n".join(filter(None, (clean(each.text) for each in texts)))
    kept = full
    while weight(markdown(kept)) > SPOKEN_LIMIT:
        kept = whole_sentences(kept, length(kept) * 3 // 4)
    return markdown(kept), kept != full


def _citation(number: int, source: Source) -> Json:
    excerpt = clean(source.excerpt) or clean(" · ".join(source.details)) or clean(source.title) or "…"
    appearance = {
        "@type": "DigitalDocument",
        "name": at_word(in_one_line(source.title) or "…", CITATION_NAME_LIMIT),
        "abstract": at_word(excerpt, CITATION_ABSTRACT_LIMIT),
    }
    address = {"url": source.link} if source.link and is_address(source.link) else {}
    return {"@type": "Claim", "position": number, "appearance": appearance | address}


def _unmarked(text: str) -> str:
    # After a number in brackets these would make a link of it.
    safe = f"\u2060{text}" if text.startswith(("(", ":")) else text
    safe = safe.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = _MARKUP.sub(lambda found: f"\\{found[0]}", safe)
    safe = _LINE_SIGN.sub(_unlisted, safe)
    # Else Teams would make a link of every address.
    return safe.replace("://", ":\u2060//").replace("www.", "www\u2060.")


def _unlisted(found: re.Match[str]) -> str:
    space, sign, number, end = found.groups()
    return f"{space}\\{sign}" if sign else f"{space}{number}\\{end}"


class _Room:
    """How much a card still holds, and whether something had to stay outside."""

    def __init__(self, size: int, *, is_cut: bool) -> None:
        self._size = size
        self.is_cut = is_cut

    def takes(self, made: object) -> bool:
        """Whether there is room for it, which is shown whole or not at all."""
        needed = weight(made) + len(", ")
        fits = needed <= self._size
        self._size -= needed if fits else 0
        self.is_cut = self.is_cut or not fits
        return fits

    def sentences(self, text: str, limit: int) -> str:
        text = shown(text)
        # A letter may need two on the wire.
        left = max(self._size // 2 - 200, 0)
        kept = whole_sentences(text, min(limit, left))
        # Where it is the card that is full, half a sentence says less than none.
        is_half = left < limit and not text.startswith(kept)
        kept = "" if is_half else kept
        self.is_cut = self.is_cut or kept != text
        return kept

    def name(self, text: str, limit: int) -> str:
        text = in_one_line(text)
        kept = at_word(text, limit)
        self.is_cut = self.is_cut or kept != text
        return kept


def _told(block: Block, room: _Room) -> Iterator[Json]:
    match block:
        case Heading(text):
            if name := room.name(text, HEADING_LIMIT):
                yield from _fit([_heading(name)], room)
        case Text(text, is_quiet):
            yield from _fit(_lines(room.sentences(text, TEXT_LIMIT), is_quiet=is_quiet), room)
        case Sources(sources):
            yield from _sources(sources, room)
        case Facts(facts):
            # Each as it is reached, for its value to have what the ones before it left.
            for number, (name, value) in enumerate(facts):
                row = _row(room.name(name, 200), room.sentences(value, 1_000))
                yield from _fit(_close(row) if number else row, room)
        case Meters(meters):
            rows = [_meter(room, *meter) for meter in meters]
            yield from _fit([*rows[:1], *_close(rows[1:])], room)
        case Links(links):
            yield from _fit([made for link in links for made in _link(room, *link)], room)
        case Buttons() | Feedback():
            return
        case _:
            assert_never(block)


def _fit(elements: Sequence[Json], room: _Room) -> Iterator[Json]:
    for element in elements:
        if not room.takes(element):
            return
        yield element


def _heading(text: str) -> Json:
    """Read aloud as a heading where it holds nothing that could be Markdown, which only such a block reads."""
    if _HEADING.fullmatch(text):
        return {"type": "TextBlock", "style": "heading", "text": text, "wrap": True}
    return line(text, size="Large", weight="Bolder")


def _lines(text: str, **style: Any) -> list[Json]:
    """Each line by itself: a run of text holds no end of one."""
    lines = [line(each, **style) for each in text.split("\n") if each]
    return [*lines[:1], *_close(lines[1:])]


def _close(elements: Sequence[Json]) -> list[Json]:
    """The same, near to what stands before them."""
    return [{**each, "spacing": "Small"} for each in elements]


def _sources(sources: Sequence[Source], room: _Room) -> Iterator[Json]:
    """Numbered, each with the button that opens it."""
    for number, source in enumerate(sources, 1):
        made = _source(number, source, room)
        if not room.takes(made):
            # Without what is said of it, it may still fit.
            made = _container(number, [_title(number, source, room)], source)
            if not room.takes(made):
                return
        yield made


def _source(number: int, source: Source, room: _Room) -> Json:
    under = (
        line(room.name(" · ".join(source.details), 300), is_quiet=True),
        *_lines(room.sentences(source.note, 500), italic=True),
        *_lines(room.sentences(source.excerpt, 800)),
        line(room.name(source.contact, 300), weight="Bolder"),
        *(_meter(room, *meter) for meter in source.meters),
    )
    told = [each for each in under if each["inlines"][0]["text"]]
    return _container(number, [_title(number, source, room), *_close(told)], source)


def _container(number: int, items: Sequence[Json], source: Source) -> Json:
    items = [*items]
    if source.action:
        more, title = cards.more_on(number), in_one_line(source.title)
        # Read aloud, "More on 1" alone says little.
        button = _button(Button(more, source.action)) | {"tooltip": at_word(f"{more}: {title}", BUTTON_LIMIT)}
        items.append(_row_of_buttons([button]))
    return {"type": "Container", "separator": True, "items": items}


def _title(number: int, source: Source, room: _Room) -> Json:
    title = _run(room.name(source.title, 300) or "…", weight="Bolder")
    if source.link and is_address(source.link):
        title |= {"selectAction": {"type": "Action.OpenUrl", "url": source.link}}
    return _rich([_run(f"{number}  ", weight="Bolder"), title])


def _row(name: str, value: str) -> list[Json]:
    """A label and its value; what the value has of further lines stands under it."""
    lines = _lines(value)
    label_runs = [_run(name, weight="Bolder")] if name else []
    if not lines:
        return [_rich(label_runs)] if name else []
    between = [_run("  ")] if name else []
    return [_rich([*label_runs, *between, *lines[0]["inlines"]]), *lines[1:]]


def _meter(room: _Room, name: str, done: int, of: int) -> Json:
    filled = min(max(round(METER_WIDTH * done / of), 0), METER_WIDTH) if of else 0
    bar = f"{'■' * filled}{'□' * (METER_WIDTH - filled)}  {how_many(done, of)}"
    label_runs = [_run(f"{shown_name}  ", weight="Bolder")] if (shown_name := room.name(name, 200)) else []
    return _rich([*label_runs, _run(bar)])


def _link(room: _Room, name: str, address: str) -> list[Json]:
    """A link where it is an address; else, what it was to say."""
    if not is_address(address):
        return _row(room.name(name, 200), room.sentences(address, 1_000))
    opened = {"type": "Action.OpenUrl", "url": address}
    return [_rich([_run(room.name(name, 200) or address, selectAction=opened)])]


def _controls(block: Block, room: _Room) -> Iterator[Json]:
    match block:
        case Buttons(buttons):
            yield from _rows_of_buttons(buttons, room)
        case Feedback(good, bad):
            yield from _rows_of_buttons((good, bad), room)


def _rows_of_buttons(buttons: Sequence[Button], room: _Room) -> Iterator[Json]:
    made = [_button(each) for each in buttons]
    for start in range(0, len(made), BUTTONS_LIMIT):
        row = made[start : start + BUTTONS_LIMIT]
        while row and not room.takes(_row_of_buttons(row)):
            row.pop()
        if row:
            yield _row_of_buttons(row)


def _row_of_buttons(buttons: Sequence[Json]) -> Json:
    return {"type": "ActionSet", "actions": list(buttons)}


def _button(button: Button) -> Json:
    data = data_of(button.action)
    if _opens_a_form(button.action):
        # Only such a button opens one.
        title = at_word(in_one_line(button.label) or "…", BUTTON_LIMIT)
        return {"type": "Action.Submit", "title": title, "data": {"msteams": {"type": "task/fetch"}, **data}}
    return execute(button.label, PRESS, data)


def _opens_a_form(action: Action) -> bool:
    match action:
        case TellPilot() | OpenSettings() | RateAnswer(is_good=False):
            return True
    return False


def _rich(runs: Sequence[Json]) -> Json:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _run(text: str, **style: object) -> Json:
    return {"type": "TextRun", "text": text} | style
