"""A question while it is read: its words, which of them are spent, and what is left as its topic."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from knowledge.text import fold

# Elided articles stand apart ("l'Italie", "dell'acqua"); abbreviations keep their points ("U.S.").
_TOKEN = re.compile(
    r"(?P<elided>\b(?:[ldjcsnmt]|qu|jusqu|dell|all|nell|dall|sull|un|quest|quell)['’](?=\w\w))"
    r"|(?:[^\W\d_]\.){2,}|\w+(?:['’&+-]\w+)*|\S",
    re.IGNORECASE,
)
# What joins two names, in any of the languages read.
JOINS = frozenset({
    "and", "or", "/", ",", "&", "en", "of", "und", "oder", "et", "ou", "y", "o", "e", "og", "eller", "och", "ja", "tai",
})  # fmt: skip
_CLAUSE_END = frozenset(".!?;:,–—()¿¡\n…|")
_OUTER_MARKS = " \t\n,.;:!?¿¡–—-…/|\"'“”„«»‘’`*_~<>=#"


@dataclass(slots=True)
class Token:
    """`word` is the text for comparing: casefolded, apostrophes straight; `plain` has no accents either."""

    text: str
    start: int
    end: int
    word: str = ""
    plain: str = ""
    spent: bool = False

    def __post_init__(self) -> None:
        self.reword(self.text)

    def reword(self, text: str) -> None:
        self.text = text
        self.word = text.casefold().replace("’", "'")
        self.plain = fold(self.word)

    @property
    def is_word(self) -> bool:
        return self.word[:1].isalnum()

    @property
    def is_capitalised(self) -> bool:
        return self.text[:1].isupper()


@dataclass(slots=True)
class Draft:
    """The tokens of a question; reading spends those that are understood."""

    text: str
    tokens: list[Token]
    words: list[str] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)
    clauses: list[range] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.refresh()
        self.clauses = list(_clauses(self.text, self.tokens))

    @classmethod
    def of(cls, text: str) -> "Draft":
        return cls(text, tokens(text))

    def refresh(self) -> None:
        """Follow tokens that were reworded."""
        self.words = [token.word for token in self.tokens]
        self.plain = [token.plain for token in self.tokens]

    def spend(self, start: int, end: int) -> None:
        for token in self.tokens[start:end]:
            token.spent = True

    def is_free(self, start: int, end: int) -> bool:
        return end <= len(self.tokens) and not any(token.spent for token in self.tokens[start:end])

    def free_words(self, clause: range) -> list[int]:
        """Where the words of a clause stand that are not spent."""
        return [index for index in clause if self.tokens[index].is_word and not self.tokens[index].spent]

    def word_at(self, index: int) -> str:
        return self.words[index] if 0 <= index < len(self.words) else ""

    def clause_of(self, index: int) -> range:
        return next((clause for clause in self.clauses if index in clause), range(index, index + 1))

    def said(self, indices: Sequence[int]) -> str:
        """The text of these tokens, with their spacing where they are neighbours."""
        parts: list[str] = []
        last: Token | None = None
        for token in (self.tokens[index] for index in indices):
            if last is not None:
                between = self.text[last.end : token.start]
                parts.append(between if not between.strip() else " ")
            parts.append(token.text)
            last = token
        return "".join(parts)

    def topic(self) -> str:
        """What is left, without the marks that nothing is left to separate."""
        kept: list[int] = []
        for index, token in enumerate(self.tokens):
            if token.spent or (not token.is_word and self._is_idle(index)):
                continue
            kept.append(index)
        text = " ".join(self.said(kept).split())
        return re.sub(r"\s+([,;:.!?)])", r"\1", text).strip(_OUTER_MARKS)

    def _is_idle(self, index: int) -> bool:
        """Whether a mark has lost the word before it or the word after it."""
        if self.tokens[index].text in "(?!¿¡":
            return True
        before = next((token for token in reversed(self.tokens[:index]) if token.is_word), None)
        after = next((token for token in self.tokens[index + 1 :] if token.is_word), None)
        return before is None or after is None or before.spent or after.spent


def tokens(text: str) -> list[Token]:
    return [Token(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(text)]


def phrase_words(phrase: str) -> tuple[str, ...]:
    """A phrase cut as questions are."""
    return tuple(token.word for token in tokens(phrase))


def _clauses(text: str, every: Sequence[Token]) -> Iterator[range]:
    """The runs of tokens between marks that end a clause, and between lines."""
    start = 0
    for index, token in enumerate(every):
        is_dash = token.text == "-" and text[token.start - 1 : token.start].isspace()
        if token.text in _CLAUSE_END or is_dash:
            yield range(start, index)
            start = index + 1
        elif index > start and "\n" in text[every[index - 1].end : token.start]:
            yield range(start, index)
            start = index
    yield range(start, len(every))
