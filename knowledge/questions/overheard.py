"""Telling, in ordinary channel talk, who asks for others' experience with something; docs/explanation/overheard.md."""

import functools
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources

from knowledge.text import fold

# A question stands in a short message; what is longer is an announcement, whatever it asks on the way.
_LENGTH_LIMIT = 500
_SENTENCE_LIMIT = 8
_QUESTION_WORDS = 45  # in the sentence that asks
_PLAN_WORDS = 5  # a sentence that says what is planned has so many at least

_CODE = "`"
# What is aimed at one person, joked, voted on, or forwarded with a heading.
_AIMED = re.compile(
    r"<@[^>]{1,80}>|<at>|(?:^|\s)@(?!here\b|channel\b|everyone\b|all\b)\w"
    r"|(?:^|\s)/s\b|:(?:one|two|three|bar_chart|ballot_box|joy|rofl|eyes|eye_roll|face_with_rolling_eyes|upside_down\w*"
    r"|smirk|wink|stuck_out_tongue\w*):|[🙄😂🤣😉🙃😜👀📊]|1️⃣",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    r"^\s*(?:>|&gt;).*$|[\"“„«»][^\"“”„«»\n]{0,500}[\"“”«»]|(?<!\w)['‘][^'’\n]{5,300}['’](?!\w)", re.MULTILINE
)
_MARKUP = re.compile(
    r"<[!#][^>\s]{1,80}>|<?https?://\S*|www\.\S+|:[a-z0-9_+-]{2,40}:|@(?:here|channel|everyone|all)\b", re.IGNORECASE
)
_SENTENCE = re.compile(r"[^.!?…\n]*(?:(?<=\d)\.(?=\d)[^.!?…\n]*)*[.!?…\n]*")
_NAME_FIRST = re.compile(r"\s*(?:(?:hi|hey|hello|hoi|hallo|salut|hola|hei|hej)\s+)?([^\W\d_]\w+)\s*[,:]", re.IGNORECASE)
_PIECE = re.compile(r"\w+|[,;:()–—?]|(?<=\s)-(?=\s)")
_ITEM = re.compile(r"\S+")
_PAUSE = ","


def is_asking(text: str) -> bool:
    """Whether this message, which nobody addressed to the bot, asks who has experience with doing something.

    It would rather miss a question than take talk for one.
    """
    said = spoken(text)
    if not said or len(said) > _LENGTH_LIMIT:
        return False
    sentences = [match.group() for match in _SENTENCE.finditer(said) if match.group().strip()]
    if len(sentences) > _SENTENCE_LIMIT:
        return False
    rows = [row_of(sentence) for sentence in sentences]
    talk = guards()
    if any(talk["elsewhere"].search(row) for row in rows):
        return False
    is_in_trouble = any(talk["trouble"].search(row) for row in rows)
    return any(
        _asks(row, rows[:place], is_in_trouble=is_in_trouble)
        for place, (sentence, row) in enumerate(zip(sentences, rows, strict=True))
        if not is_to_one(sentence)
    )


def spoken(text: str) -> str:
    """What is said to everybody, without quotes, links and emoji; "" for code and what is aimed at one person."""
    if len(text) > _LENGTH_LIMIT * 2 or _CODE in text or _AIMED.search(text):
        return ""
    return _MARKUP.sub(" ", _QUOTED.sub(" … ", text)).strip()


def row_of(text: str) -> str:
    """The words for comparing, a space around each; any mark that ends a clause is a comma."""
    pieces = _PIECE.findall(fold(text))
    return " " + "".join(f"{piece if piece.isalnum() or piece in '?_' else _PAUSE} " for piece in pieces)


def is_to_one(sentence: str) -> bool:
    """Whether it begins with a name: "Carla, did anyone from your side …"."""
    name = _NAME_FIRST.match(sentence)
    return name is not None and name[1][0].isupper() and fold(name[1]) not in _leads()


def _asks(row: str, before: Sequence[str], *, is_in_trouble: bool) -> bool:
    """Whether this sentence, after those before, asks for experience."""
    talk = guards()
    if row.count(" ") > _QUESTION_WORDS or talk["local"].search(row):
        return False
    is_planned = any(each.count(" ") > _PLAN_WORDS and talk["plans"].search(each) for each in before)
    for start in _starts(row):
        if talk["reported"].search(row, 0, start):
            return False
        for frame in _frames().get(_word_at(row, start), ()):
            match = None if frame.asked is _Asked.PEOPLE and is_in_trouble else frame.pattern.match(row, start)
            if match:
                about = " " + row[match.end() if match["gap"] is None else match.start("gap") :]
                subject = " ".join((*before, about)) if is_planned else about
                return _is_of_interest(about, frame.asked, subject) if _says_something(about) else is_planned
    return False


def _says_something(about: str) -> bool:
    return any(word not in _empty() and len(word) > 1 for word in about.split())


def _is_of_interest(about: str, asked: "_Asked", subject: str) -> bool:
    """Whether what is asked about could be a pilot, as far as its words tell."""
    talk = guards()
    if about.startswith(f" {_PAUSE}") or talk["joke"].search(about):
        return False
    if asked is not _Asked.DOERS and not talk["matters"].search(subject):
        return False
    return not (asked is _Asked.PEOPLE and talk["opening"].match(about))


def _starts(row: str) -> Iterator[int]:
    """Where a question may begin: the sentence, a clause, and what follows "hi all", "and", "but"."""
    can_begin = True
    for match in _ITEM.finditer(row):
        if match.group() == _PAUSE:
            can_begin = True
        elif can_begin:
            yield match.start()
            can_begin = match.group() in _leads()


def _word_at(row: str, start: int) -> str:
    return row[start : row.index(" ", start)]


class _Asked(StrEnum):
    """Of whom a frame asks, or for what."""

    PEOPLE = "people"
    EXAMPLES = "examples"
    DOERS = "doers"


@dataclass(frozen=True, slots=True)
class _Frame:
    pattern: re.Pattern[str]
    asked: _Asked


@functools.cache
def _frames() -> dict[str, tuple[_Frame, ...]]:
    """The ways to ask, of all languages, by their first word."""
    frames: dict[str, list[_Frame]] = {}
    for language, table in _tables().items():
        if language == "guards":
            continue
        for asked in _Asked:
            for line in filter(str.strip, table[asked].splitlines()):
                items = line.split()
                frame = _Frame(re.compile("".join(_items(items, table))), asked)
                for first in dict.fromkeys(phrase.split()[0] for phrase in _phrases_of(items[0], table)):
                    frames.setdefault(first, []).append(frame)
    return {first: tuple(those) for first, those in frames.items()}


def _items(items: Sequence[str], table: dict[str, str]) -> Iterator[str]:
    has_gap = False
    for item in items:
        if item == "...":
            yield r"(?:[^ ?]+ ){1,12}?" if has_gap else r"(?P<gap>(?:[^ ?]+ ){1,12}?)"
            has_gap = True
        elif item == "..":
            yield r"(?:[^ ,?]+ ){0,3}?"
        elif item == "<ed>":
            yield rf"(?!(?:{'|'.join(listed_rows(_tables()['guards']['unlike']))}) )\w+ed "
        elif item == "?":
            yield r"\? "
        else:
            phrases = sorted(_phrases_of(item.rstrip("*?"), table), key=len, reverse=True)
            many = {"*": "{0,4}", "?": "?"}.get(item[-1], "")
            yield f"(?:(?:{'|'.join(map(re.escape, phrases))}) ){many}"
    if not has_gap:
        yield "(?P<gap>(?!))?"  # so that every frame has the group


def _phrases_of(item: str, table: dict[str, str]) -> list[str]:
    if item.startswith("<"):
        return list(listed_rows(table[item.strip("<>*?")]))
    return [_PAUSE] if item == _PAUSE else [fold(word) for word in item.split("|")]


def listed_rows(text: str) -> Iterator[str]:
    """The phrases of a list as rows, without the spaces around them."""
    for phrase in text.replace("\n", ",").split(","):
        if phrase.strip():
            yield row_of(phrase.strip()).strip() + ("*" if phrase.strip().endswith("*") else "")


def any_of(text: str) -> re.Pattern[str]:
    """A pattern for any of the listed phrases in a row, for the longest where several begin alike."""
    longest_first = sorted(listed_rows(text), key=len, reverse=True)
    phrases = (re.escape(each).replace(r"\*", r"\w*") for each in longest_first)
    return re.compile(f" (?:{'|'.join(phrases)})(?= )")


@functools.cache
def guards() -> dict[str, re.Pattern[str]]:
    """What tells office talk, jokes and the rest from a question; the data file says what each means."""
    return {name: any_of(text) for name, text in _tables()["guards"].items()}


@functools.cache
def _empty() -> frozenset[str]:
    return frozenset(listed_rows(_tables()["guards"]["empty"]))


@functools.cache
def _leads() -> frozenset[str]:
    return frozenset(word for phrase in listed_rows(_tables()["guards"]["leads"]) for word in phrase.split())


@functools.cache
def _tables() -> dict[str, dict[str, str]]:
    return tomllib.loads(resources.files(__package__).joinpath("overheard.toml").read_text("utf-8"))
