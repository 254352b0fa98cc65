"""What a question is made of: the things it asks for, each with its other names."""

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.index.analysis import stop_words, words
from knowledge.index.thesaurus import LONGEST_NAME, Concept, Name, Thesaurus
from knowledge.questions import Question


@dataclass(frozen=True, slots=True)
class Part:
    """One thing asked for: the words it was asked in, and what else it is called, in whatever language."""

    name: Name
    others: tuple[Name, ...] = ()
    label: str = ""


def parts_of(question: Question, thesaurus: Thesaurus) -> tuple[Part, ...]:
    """The parts of a question's topic in their order; a word asked for twice is two parts, and so counts twice."""
    language = question.language
    parts = _topic_parts(question.topic, language, thesaurus)
    parts = _with_expansions(parts, question.expansions, language, thesaurus)
    named = named_part(question.text, question.topic, question.organisations)
    return (*parts, named) if parts and named else tuple(parts)


def _topic_parts(topic: str, language: str, thesaurus: Thesaurus) -> list[Part]:
    said, stops = words(topic), stop_words(language or "en") | stop_words("en")
    parts: list[Part] = []
    place = 0
    while place < len(said):
        length, concepts = _longest_name(said, place, language, thesaurus)
        name = tuple(said[place : place + length])
        if length > 1 or name[0] not in stops:
            parts.append(_part(name, concepts))
        place += length
    return parts


def named_part(text: str, topic: str, organisations: Sequence[str]) -> Part | None:
    """What the question said of organisations, which its topic leaves out: they stand in texts, too."""
    names = {word for organisation in organisations for word in words(organisation)}
    said = tuple(dict.fromkeys(word for word in words(text) if word in names and word not in stop_words("en")))
    left = tuple(word for word in said if word not in set(words(topic)))
    return Part(left) if left else None


def names_of(parts: Sequence[Part]) -> tuple[Name, ...]:
    """What a text may hold to answer: any word of what a part was called, all words of another name."""
    own = ((word,) for part in parts for word in part.name)
    others = (other for part in parts for other in part.others)
    return tuple(dict.fromkeys((*own, *others)))


def gloss(parts: Sequence[Part]) -> str:
    """The topic in English as far as the thesaurus goes."""
    return " ".join(part.label or " ".join(part.name) for part in parts)


def _longest_name(
    said: Sequence[str], place: int, language: str, thesaurus: Thesaurus
) -> tuple[int, Sequence[Concept]]:
    """How many words from here name a thing, and which; one word names itself."""
    for length in range(min(LONGEST_NAME, len(said) - place), 0, -1):
        name = said[place : place + length]
        concepts = thesaurus.named_by(name, language)
        if not concepts and length == 1:
            # Questions in other languages borrow English words: "chatbot", "AI".
            concepts = thesaurus.named_by(name, "en")
        if concepts:
            return length, concepts
    return 1, ()


def _part(name: Name, concepts: Sequence[Concept]) -> Part:
    others = (other for concept in concepts for names in concept.names.values() for other in names)
    unlike = tuple(dict.fromkeys(other for other in others if other != name))
    return Part(name, unlike, concepts[0].label if concepts else "")


def _with_expansions(parts: list[Part], expansions: Sequence[str], language: str, thesaurus: Thesaurus) -> list[Part]:
    """An acronym's spelling is another name of its part, found by the first letters; any other is a part itself."""
    for expansion in expansions:
        name = tuple(words(expansion))
        if not name:
            continue
        letters = "".join(word[0] for word in name)
        place = next((place for place, part in enumerate(parts) if part.name == (letters,)), None)
        if place is None:
            parts.append(_part(name, thesaurus.named_by(name, language)))
        else:
            part = parts[place]
            parts[place] = Part(part.name, (*part.others, name), part.label)
    return parts
