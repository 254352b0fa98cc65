"""The thesaurus: what people in the public sector call the same thing, in several languages."""

import importlib.resources
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.index.analysis import family, stem, words

LANGUAGES = ("en", "nl", "de", "fr", "es", "it", "no")

Name = tuple[str, ...]
"""One way to call a thing: its words, folded."""

LONGEST_NAME = 4


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing and its names, by language."""

    names: dict[str, tuple[Name, ...]]

    @property
    def label(self) -> str:
        """Its first name in English."""
        return " ".join(self.names["en"][0])


class Thesaurus:
    """Finds the concepts that words name."""

    def __init__(self, text: str) -> None:
        self._concepts: dict[str, dict[Name, list[Concept]]] = {language: {} for language in LANGUAGES}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                self._add(_concept(line))

    def named_by(self, name: Sequence[str], language: str) -> Sequence[Concept]:
        """The concepts that folded words name in a language; in English where the language is not known here."""
        kept = family(language) if family(language) in self._concepts else "en"
        return self._concepts[kept].get(tuple(stem(word, kept) for word in name), ())

    def _add(self, concept: Concept) -> None:
        for language, names in concept.names.items():
            for name in names:
                key = tuple(stem(word, language) for word in name)
                known = self._concepts[language].setdefault(key, [])
                if concept not in known:
                    known.append(concept)


def _concept(line: str) -> Concept:
    names = {
        language: tuple(filter(None, (tuple(words(name)) for name in column.split(","))))
        for language, column in zip(LANGUAGES, line.split("|"), strict=True)
    }
    return Concept(names)


def load_thesaurus() -> Thesaurus:
    """The one that ships along."""
    return Thesaurus(importlib.resources.files(__package__).joinpath("thesaurus.txt").read_text("utf-8"))
