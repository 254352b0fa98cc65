"""What one pilot teaches about reading questions asked of a base that holds it."""

import re
from dataclasses import dataclass

from knowledge.pilots import Pilot
from knowledge.questions.acronyms import spelt_out

_WORDS = re.compile(r"[^\W\d_]{2,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What one pilot teaches: its words, casefolded; those it only writes with a capital; acronyms with meanings."""

    words: frozenset[str]
    capitalised: frozenset[str]
    organisation: str | None
    acronyms: tuple[tuple[str, str], ...]


def lesson(pilot: Pilot) -> Lesson:
    outcome = pilot.outcome
    texts = (pilot.title, pilot.summary, pilot.challenge, outcome.summary, outcome.stopped_because, pilot.organisation)
    text = "\n".join(filter(None, (*texts, *pilot.topics)))
    written = set(_WORDS.findall(text))
    words = frozenset(word.casefold() for word in written)
    return Lesson(
        words=words,
        capitalised=words - {word for word in written if word.islower()},
        organisation=pilot.organisation,
        acronyms=tuple(dict.fromkeys(spelt_out(text))),
    )
