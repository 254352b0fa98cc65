"""Small talk around a question: whole clauses of greeting, thanks and asking, in whatever language each is said."""

from collections.abc import Sequence

from knowledge.questions.tokens import Draft
from knowledge.questions.words import LANGUAGES, Part, Words, language_of, words_of

# Whatever is made of these alone says nothing to search for.
_EMPTY = (
    Part.GREETING | Part.CHATTER | Part.OPENER | Part.ASKED | Part.AUXILIARY | Part.ADVERB | Part.ARTICLE
    | Part.ADJECTIVE | Part.ACTOR | Part.KIND | Part.VERB | Part.THING | Part.LINK | Part.TAIL
)  # fmt: skip
# Of these, what is nothing else even where the language is not known.
_POLITE = Part.GREETING | Part.CHATTER


def spoken_language(draft: Draft) -> str:
    """The language of what is not small talk: a Dutch question may stand between "Hi all" and "thanks"."""
    said: list[str] = []
    for clause in draft.clauses:
        free = draft.free_words(clause)
        if free and not is_small_talk(draft, words_of(""), free):
            said.extend(draft.words[index] for index in free)
    return language_of(said) or language_of(draft.words)


def is_small_talk(draft: Draft, words: Words, free: Sequence[int]) -> bool:
    """Whether these words of a clause say nothing of a topic, in the question's language or in their own."""
    row = [draft.words[index] for index in free]
    if covers(words, row) or _is_address(draft, words, free):
        return True
    own = language_of(row)
    if own and own != words.language and covers(words_of(own), row):
        return True
    return any(covers(words_of(language), row, _POLITE) for language in LANGUAGES)


def covers(words: Words, row: Sequence[str], kinds: Part = _EMPTY) -> bool:
    """Whether phrases that say nothing of a topic make up all of these words."""
    reached = {0}
    for start in range(len(row)):
        if start in reached:
            reached |= {start + length for length, part in words.phrases.at(row, start) if part & kinds}
    return len(row) in reached


def _is_address(draft: Draft, words: Words, free: Sequence[int]) -> bool:
    """Whether it is a greeting and whom it greets: "Dear City Librarian"."""
    greeted = words.length(draft.words, free[0], Part.GREETING)
    rest = free[greeted:]
    return bool(greeted) and len(rest) <= 3 and all(
        draft.tokens[index].is_capitalised or words.has(draft.words[index], Part.LINK | Part.GREETING)
        for index in rest
    )  # fmt: skip
