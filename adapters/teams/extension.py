"""What the message extension finds: pilots to choose from, each with the card that is put into what one writes.

Whoever reads that conversation reads the card, and nobody knows here who that is: it holds what a pilot is, where it
ran and what became of it, and neither contacts nor money. Give it only pilots that the one who searches may see.
"""

from collections.abc import Sequence

from adapters.lengths import at_word
from adapters.teams.cards import Json, attachment, fallback, in_one_line, render
from bot import cards
from bot.messages import Heading, Links, Message, Text
from knowledge.pilots import Pilot
from knowledge.text import shorten

FOUND_LIMIT = 25
TITLE_LIMIT = 150
DETAILS_LIMIT = 200
SUMMARY_LIMIT = 600

_SIGNS = str.maketrans({"<": "‹", ">": "›"})


def results(pilots: Sequence[Pilot]) -> Json:
    """The answer to a search, best first."""
    found = [_result(pilot) for pilot in pilots[:FOUND_LIMIT]]
    return {"composeExtension": {"type": "result", "attachmentLayout": "list", "attachments": found}}


def told(message: Message) -> Json:
    """A sentence in the place of results."""
    return {"composeExtension": {"type": "message", "text": fallback(message)}}


def inserted(pilot: Pilot) -> Message:
    """The card that is put into what one writes."""
    blocks = (
        Heading(pilot.title),
        Text(" · ".join(cards.details(pilot)), is_quiet=True),
        Text(shorten(pilot.summary, SUMMARY_LIMIT)) if pilot.summary else None,
        Links(((cards.read_more(), pilot.link),)) if pilot.link else None,
    )
    return Message(tuple(block for block in blocks if block))


def _result(pilot: Pilot) -> Json:
    preview = {
        "title": _previewed(pilot.title, TITLE_LIMIT),
        "text": _previewed(" · ".join(cards.details(pilot)), DETAILS_LIMIT),
    }
    shown_first = {"contentType": "application/vnd.microsoft.card.thumbnail", "content": preview}
    return attachment(render(inserted(pilot))) | {"preview": shown_first}


def _previewed(text: str, limit: int) -> str:
    """A preview reads some HTML, and has no way to say that something is none."""
    return at_word(in_one_line(text), limit).translate(_SIGNS)
