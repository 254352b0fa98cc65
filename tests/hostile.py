"""The worst that people and files may say, and every message and form that can hold it: for all platforms."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st

from bot.actions import (
    Action,
    MuteThread,
    NotNow,
    OldAction,
    OpenSettings,
    RateAnswer,
    SetMode,
    ShareAnswer,
    ShowPilot,
    TellPilot,
)
from bot.forms import Field, Form
from bot.messages import (
    Block,
    Button,
    Buttons,
    Facts,
    Feedback,
    Heading,
    Links,
    Message,
    Meters,
    Source,
    Sources,
    Text,
)
from bot.rooms import Mode

T = TypeVar("T")

HOSTILE = (
    "",
    " ",
    "\n",
    "<!channel> <!here> <!everyone>",
    "<@U01> <@U0BOT|bob> <#C01|general> <!subteam^S01|@team>",
    "<https://example.org|click here>",
    "&lt;!channel&gt; &amp;amp; &",
    "*bold* _italic_ ~gone~ `code` ```block```",
    "a | b > c\n> quoted\n\n\n\n- listed",
    ":tada: @here #general",
    "😀👩‍👩‍👧‍👦🇪🇺 é",
    "שלום \u202eevil\u202c مرحبا",
    "\x00\x07\x1b[31mred\x1b[0m\x7f\u200b\ufeff\uffff",
    "\ud800 lone \udfff",
    "One sentence. Another one! A third? “Quoted.” And on…",
    "Whole sentences, many of them. " * 400,
    "long" * 2_000,
    "😀" * 2_000,
    "\n" * 5_000,
)
ADDRESSES = (
    "https://example.org/a?b=c&d=é",
    "http://example.org",
    "javascript:alert(1)",
    "data:text/html,<b>",
    "example.org/no-scheme",
    "HTTPS://EXAMPLE.ORG",
    "https://",
    "https:// example.org",
    "https://example.org/\ud800",
    "https://example.org/<!channel>",
    "mailto:a@example.org",
    "",
    f"https://example.org/{'x' * 4_000}",
    f"https://example.org/{'x' * 2_900}",
)
IDS = st.text("abcdef0123456789-", min_size=1, max_size=60)
NAMES = st.text("abcdefghijklmnop_-", min_size=1, max_size=30)


def hostile_texts() -> st.SearchStrategy[str]:
    everything = st.characters(exclude_categories=())
    return one_of_these(HOSTILE) | st.text(everything, max_size=40) | st.lists(one_of_these(HOSTILE)).map("".join)


def addresses() -> st.SearchStrategy[str]:
    return one_of_these(ADDRESSES) | hostile_texts()


def one_of_these(texts: Sequence[str]) -> st.SearchStrategy[str]:
    """As sampled_from, but without the long texts in what hypothesis prints."""
    return st.integers(0, len(texts) - 1).map(lambda number: texts[number])


def actions(titles: st.SearchStrategy[str]) -> st.SearchStrategy[Action]:
    return st.one_of(
        st.builds(ShowPilot, IDS),
        st.builds(TellPilot, titles),
        st.builds(RateAnswer, IDS, st.booleans()),
        st.builds(ShareAnswer, IDS),
        st.builds(SetMode, st.sampled_from(Mode)),
        st.sampled_from([MuteThread(), NotNow(), OpenSettings(), OldAction()]),
    )


def several(one: st.SearchStrategy[T], *counts: int) -> st.SearchStrategy[tuple[T, ...]]:
    """A few, or so many of the same."""
    few = st.lists(one, max_size=4).map(tuple)
    return few | st.tuples(one, st.sampled_from(counts)).map(lambda pair: pair[:1] * pair[1]) if counts else few


def blocks_of(texts: st.SearchStrategy[str], links: st.SearchStrategy[str], *counts: int) -> st.SearchStrategy[Block]:
    """Every block there is; `counts` are how many there may be in one, beside a few."""
    presses = actions(texts)
    buttons = st.builds(Button, texts, presses)
    numbers = st.integers(-3, 12)
    sources = st.builds(
        Source,
        title=texts,
        link=st.none() | links,
        details=st.lists(texts, max_size=4).map(tuple),
        excerpt=texts,
        note=texts,
        contact=texts,
        meters=st.lists(st.tuples(texts, numbers, numbers), max_size=6).map(tuple),
        action=st.none() | presses,
    )
    return st.one_of(
        st.builds(Heading, texts),
        st.builds(Text, texts, st.booleans(), st.booleans()),
        st.builds(Sources, several(sources, *counts)),
        st.builds(Facts, several(st.tuples(texts, texts), *counts)),
        st.builds(Meters, several(st.tuples(texts, numbers, numbers), *counts)),
        st.builds(Links, several(st.tuples(texts, links), *counts)),
        st.builds(Buttons, several(buttons, *(count for count in counts if count <= 60))),
        st.builds(Feedback, buttons, buttons),
    )


def messages() -> st.SearchStrategy[Message]:
    hostile = blocks_of(hostile_texts(), addresses(), 30, 60, 200)
    # At most 60 long labels in one message, as no card has more.
    return st.lists(hostile, max_size=8).filter(_has_few_buttons).map(tuple).map(Message)


def small_messages() -> st.SearchStrategy[Message]:
    texts = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=20)
    links = one_of_these([each for each in ADDRESSES if len(each) < 100])
    return st.lists(blocks_of(texts, links), max_size=5).map(tuple).map(Message)


def _has_few_buttons(blocks: list[Block]) -> bool:
    return sum(len(block.buttons) for block in blocks if isinstance(block, Buttons)) <= 90


def fields(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Field]:
    # What choices are called by is ours; what they say may come from people.
    values = st.text("abcdefgh-", max_size=8) | st.just("long" * 37)
    choices = st.lists(st.tuples(values, texts), max_size=4, unique_by=lambda choice: choice[0])
    many = st.integers(90, 120).map(lambda count: [(f"value {n}", f"Label {n}") for n in range(count)])
    return st.builds(
        Field,
        name=NAMES,
        label=texts,
        hint=texts,
        value=texts | values,
        is_required=st.booleans(),
        is_long=st.booleans(),
        choices=(choices | many).map(tuple),
    )


@st.composite
def forms(draw: st.DrawFn, texts: st.SearchStrategy[str], most: int = 8) -> Form:
    asked = draw(st.lists(fields(texts), min_size=1, max_size=most, unique_by=lambda field: field.name))
    names = st.sampled_from([field.name for field in asked]) | NAMES
    return Form(
        name=draw(NAMES),
        title=draw(texts),
        fields=tuple(asked),
        send=draw(texts),
        errors=draw(st.none() | st.dictionaries(names, texts, max_size=4)),
        context=draw(texts),
    )


def everything_in(made: object) -> Iterator[Mapping[str, Any]]:
    """Every object in what is sent, however deep."""
    if isinstance(made, Mapping):
        yield made
        for each in made.values():
            yield from everything_in(each)
    elif isinstance(made, list):
        for each in made:
            yield from everything_in(each)


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
