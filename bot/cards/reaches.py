"""What is said where the bot writes first, and of those whom it cannot write to."""

from collections.abc import Sequence

from bot.messages import Block, Facts, Heading, Message, Text
from bot.reaches import No, Unreached
from bot.voice import phrase, say, say_count
from knowledge.text import shorten

UNREACHED_SHOWN = 8

_NOES = {
    No.BLOCKED: phrase("blocked me"),
    No.REMOVED: phrase("removed me"),
    No.ABSENT: phrase("does not have me"),
    No.FORBIDDEN: phrase("whoever administers it there switched me off"),
    No.GONE: phrase("is not there any more"),
}


def hello() -> Message:
    """To whoever is written to only to see that it arrives."""
    tried = say("Hello! Whoever runs Pilotlight here tried whether it reaches you. It does, and you need do nothing.")
    return Message((Text(tried),))


def unreached(people: Sequence[Unreached]) -> list[Block]:
    """For whoever looks after the community; nothing where everybody can be written to."""
    if not people:
        return []
    blocks: list[Block] = [
        Heading(say("People I cannot write to")),
        Facts(tuple((_who(each), _why(each)) for each in people[:UNREACHED_SHOWN])),
    ]
    if len(people) > UNREACHED_SHOWN:
        more = say_count("And {count} more.", "And {count} more.", len(people) - UNREACHED_SHOWN)
        blocks.append(Text(more, is_quiet=True))
    return blocks


def _who(unreached: Unreached) -> str:
    names = (pilot.owner.name for pilot in unreached.owned if pilot.owner)
    return shorten(next(names, unreached.reach.account), 80)


def _why(unreached: Unreached) -> str:
    because = unreached.reach.closed_because
    reason = say(_NOES[because]) if because else ""
    parts = [f"{reason} ({unreached.reach.platform_name})".strip()]
    if unreached.instead:
        parts.append(say("I write in {platform}", platform=unreached.instead))
    return " · ".join([*parts, *(shorten(pilot.title, 80) for pilot in unreached.owned)])
