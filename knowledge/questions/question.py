"""A question as read: what it is about, and what it asks of the answer (where, when, by whom, stopped or not)."""

from dataclasses import dataclass

from knowledge.dates import Period
from knowledge.pilots import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question as read.

    `text` is what was said, cleaned. `topic` is what to search for: without greeting, chatter and what became a
    filter; "" where the question only filters. Several `countries` (codes), `organisations` (as the base spells
    them) or `stages` mean any of them; none means all. `wants_stopped` puts stopped pilots first without leaving
    out the rest. `expansions` are further words for the topic: an acronym spelt out, an organisation's name.
    `language` is a code (Norwegian is "no"), or "" where it cannot be told. `where` is the place in the asker's
    words ("outside the US", "Europe"), for saying it back where `countries` would be a long list. `is_asked` says
    that it was put as a question, rather than as bare words or as a statement.
    """

    text: str
    topic: str
    countries: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    period: Period | None = None
    wants_stopped: bool = False
    expansions: tuple[str, ...] = ()
    language: str = ""
    where: str = ""
    is_asked: bool = True

    @property
    def is_filtered(self) -> bool:
        return bool(self.countries or self.organisations or self.stages or self.period or self.wants_stopped)
