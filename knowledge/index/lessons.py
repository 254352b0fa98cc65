"""When the vocabulary of an index is made anew, and from what."""

from collections.abc import Callable, Mapping

from knowledge.index.rows import Rows
from knowledge.index.vocabulary import read_vocabulary
from knowledge.questions import PilotVocabulary

_MORE = 100  # the vocabulary is made anew when one pilot in so many is new to it

Teaching = tuple[Rows, int, int]
"""Which rows teach, how often one of them took back a lesson, and how many teach one."""


def teaching(rows: Rows) -> Teaching:
    return rows, rows.lessons_lost, rows.lessons


class Lessons:
    """The vocabulary, and what it was learned from."""

    def __init__(self) -> None:
        self.vocabulary = PilotVocabulary()
        self._learned: Teaching | None = None

    def has_news(self, rows: Rows) -> bool:
        """Whether `learn` would make another vocabulary.

        At once where a pilot no longer teaches what it did (it was hidden, removed, reworded), so that nothing outlasts
        its pilot; only now and then where pilots were added.
        """
        if self._learned is None:
            return True
        learned, lost, taught = self._learned
        return learned is not rows or rows.lessons_lost != lost or (rows.lessons - taught) * _MORE > rows.lessons

    def learn(self, taught: Teaching, counts: Callable[[str], Mapping[str, int]]) -> None:
        self.vocabulary = read_vocabulary(counts)
        self._learned = taught
