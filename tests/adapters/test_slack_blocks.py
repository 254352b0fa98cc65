"""Messages as blocks: whatever people and files said, Slack takes it, and reads no order in it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.lengths import at_word, length, whole_sentences
from adapters.slack.blocks import (
    BLOCKS_LIMIT,
    CHARACTERS_LIMIT,
    FALLBACK_LIMIT,
    escape,
    fallback,
    plain_text,
    render,
    size,
)
from bot import cards
from bot.actions import (
    Action,
    NotNow,
    OldAction,
    ShowPilot,
    TellPilot,
    decode,
    encode,
)
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
    plain,
)
from knowledge.answers import Answer, Citation, Verdict
from knowledge.questions import Question
from knowledge.text import clean
from tests.base import sample_pilots
from tests.hostile import (
    ADDRESSES,
    HOSTILE,
    actions,
    everything_in,
    hostile_texts,
    messages,
    one_of_these,
    small_messages,
    utf16,
)
from tests.slack import Json, check_blocks

MORE = "There is more to this than fits here."


def words_of(made: object) -> str:
    return " ".join(
        each[name] for each in everything_in(made) for name in ("text", "url") if isinstance(each.get(name), str)
    )


def values_of(made: object) -> list[str]:
    return [each["value"] for each in everything_in(made) if "value" in each]


@given(message=messages(), in_view=st.booleans())
@settings(max_examples=60, deadline=None)
@pytest.mark.shows("limits")
def test_slack_takes_every_message(message: Message, *, in_view: bool) -> None:
    blocks = render(message, in_view=in_view)
    check_blocks(blocks)
    assert len(blocks) <= BLOCKS_LIMIT
    assert size(blocks) <= CHARACTERS_LIMIT < 11_000
    assert sum(utf16(text) for text in _counted_texts(blocks)) <= size(blocks)
    assert not in_view or all(block["type"] != "context_actions" for block in blocks)


def _counted_texts(made: object) -> list[str]:
    return [each["text"] for each in everything_in(made) if isinstance(each.get("text"), str)]


@pytest.mark.shows("notified")
@given(messages())
@settings(max_examples=40, deadline=None)
def test_the_words_for_notifications_ring_nobody(message: Message) -> None:
    told = fallback(message)
    assert told
    assert "<" not in told
    assert ">" not in told
    assert re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt);)*", told, re.DOTALL)
    assert utf16(re.sub("&[a-z]+;", "&", told)) <= FALLBACK_LIMIT


@given(message=messages(), in_view=st.booleans())
@settings(max_examples=40, deadline=None)
def test_every_button_is_there_however_long_the_texts(message: Message, *, in_view: bool) -> None:
    meant: list[Action] = []
    for block in message.blocks:
        match block:
            case Buttons(buttons):
                meant += [button.action for button in buttons]
            case Feedback(good, bad):
                meant += [good.action, bad.action]
    shown = values_of(render(message, in_view=in_view))
    assert not {encode(action) for action in meant if not isinstance(action, TellPilot)} - set(shown)
    assert len(shown) >= len(meant)


@given(st.integers(1, 200), one_of_these(HOSTILE), st.integers(0, 20))
@settings(max_examples=50, deadline=None)
def test_every_source_that_is_shown_has_its_button(count: int, text: str, before: int) -> None:
    sources = tuple(Source(title=f"Title {n}", excerpt=text, action=ShowPilot(str(n))) for n in range(1, count + 1))
    blocks = render(Message((*[Text("Hello.")] * before, Sources(sources))))
    numbers = [block["elements"][0]["elements"][0]["text"].strip() for block in blocks if block["type"] == "rich_text"]
    assert values_of(blocks) == [f"show {number}" for number in numbers if number.isdecimal()]
    assert (words_of(blocks[-1:]) == MORE) == (len(values_of(blocks)) < count or length(clean(text)) > 800)


@given(message=small_messages(), in_view=st.booleans())
@settings(max_examples=100, deadline=None)
def test_a_message_that_fits_loses_no_word(message: Message, *, in_view: bool) -> None:
    shown = words_of(render(message, in_view=in_view))
    told = plain(Message(tuple(_without_links(block) for block in message.blocks)))
    assert MORE not in shown
    for word in clean(told).split():
        assert word in shown or re.fullmatch(r"\d+\.|·|.*:|of|-?\d+", word)


def _without_links(block: Block) -> Block:
    """A source's link that is none stands nowhere: its title is what was to be read."""
    match block:
        case Sources(sources):
            return Sources(tuple(replace(source, link=None) for source in sources))
    return block


def test_what_does_not_fit_is_told() -> None:
    long = Text("A sentence of some length. " * 100)
    assert words_of(render(Message((long,)))[-1:]) == words_of(render(Message((long,))))
    blocks = render(Message((long,) * 4))
    assert words_of(blocks[-1:]) == MORE
    assert blocks[-2]["elements"][0]["elements"][0]["text"].endswith("A sentence of some length.")


@pytest.mark.parametrize("text", ["One.", "A sentence of some length. " * 100])
def test_buttons_have_their_room_under_texts_that_fill_the_message(text: str) -> None:
    labels = [f"Number {number} {'x' * 60}" for number in range(60)]
    buttons = Buttons(tuple(Button(each, ShowPilot(str(number))) for number, each in enumerate(labels)))
    rated = Feedback(good=Button("Helpful", OldAction()), bad=Button("Not helpful", NotNow()))
    blocks = render(Message((*[Text(text)] * 60, buttons, rated)))
    check_blocks(blocks)
    assert len(blocks) <= BLOCKS_LIMIT
    assert size(blocks) <= CHARACTERS_LIMIT
    assert values_of(blocks) == [*(f"show {number}" for number in range(60)), "old", "not-now"]
    assert words_of(blocks[-1:]) == MORE


@pytest.mark.parametrize(
    "block",
    [
        Facts((("a", "b"),) * 9_000),
        Meters((("a", 1, 2),) * 9_000),
        Links((("a", "https://a.b"),) * 9_000),
        Links((("a", f"https://example.org/{'x' * 900}"),) * 20),
        Sources((Source(title="a", link=f"https://example.org/{'x' * 900}", action=NotNow()),) * 40),
        Sources((Source(title="a" * 300, note="b" * 30, excerpt="c" * 30, action=NotNow()),) * 60),
        Sources((Source(title="😀" * 300, meters=(("a", 1, 2),) * 200),) * 60),
    ],
)
def test_a_message_is_never_longer_than_slack_takes(block: Block) -> None:
    blocks = render(Message((block,)))
    check_blocks(blocks)
    assert CHARACTERS_LIMIT // 2 < size(blocks) <= CHARACTERS_LIMIT
    assert words_of(blocks[-1:]) == MORE


def test_controls_of_fifty_blocks_are_cut_with_a_word_about_it() -> None:
    blocks = render(Message((Buttons((Button("On", NotNow()),)),) * 60))
    assert len(blocks) == BLOCKS_LIMIT
    assert words_of(blocks[-1:]) == MORE


@pytest.mark.parametrize("done_of", [(0, 0), (0, 5), (5, 5), (9, 5), (-1, 5), (3, -1)])
def test_a_meter_is_always_as_wide(done_of: tuple[int, int]) -> None:
    shown = words_of(render(Message((Meters((("Anchoring", *done_of),)),))))
    assert shown.count("■") + shown.count("□") == 8


@pytest.mark.parametrize("address", ADDRESSES)
def test_only_web_addresses_are_links(address: str) -> None:
    blocks = render(Message((Links((("Read more", address),)), Sources((Source(title="A title", link=address),)))))
    check_blocks(blocks)
    links = [each["url"] for each in everything_in(blocks) if each.get("type") == "link"]
    is_link = re.match(r"https?://example\.org", address) and "\ud800" not in address and "<" not in address
    assert links == ([address] * 2 if is_link and len(address) <= 3_000 else [])
    assert "A title" in words_of(blocks)


def test_rich_text_and_plain_text_are_shown_as_they_are() -> None:
    blocks = render(Message((Heading("*a* <!here> &lt;"), Text("<@U01> `b`"), Text("<!channel>", is_quiet=True))))
    assert [each["text"] for each in everything_in(blocks) if isinstance(each.get("text"), str)] == [
        "*a* <!here> &lt;",
        "<@U01> `b`",
        "<!channel>",
    ]
    assert escape("<!here> & &lt;") == "&lt;!here&gt; &amp; &amp;lt;"
    assert fallback(Message((Text("<!channel>"),))) == "&lt;!channel&gt;"


def test_a_message_of_nothing_has_no_blocks_and_yet_words() -> None:
    assert render(Message((Heading(" "), Text(""), Facts(()), Sources(()), Buttons(())))) == []
    assert fallback(Message(())) == "…"
    assert plain_text("\u200b", 10) == {"type": "plain_text", "text": "…", "emoji": False}


@given(hostile_texts().map(clean), st.integers(1, 300))
@settings(max_examples=300, deadline=None)
def test_a_text_is_cut_where_a_sentence_ends(text: str, limit: int) -> None:
    kept = whole_sentences(text, limit)
    assert length(kept) <= limit
    if length(text) <= limit:
        assert kept == text
    elif kept.endswith("…") and not text.startswith(kept):
        # Not even the first sentence fits.
        first = re.match(r".*?[.!?…][\"”’)]*(?=\s)|.*?(?=\n)|.*", text, re.DOTALL)
        assert first is not None
        assert length(first[0]) > limit
        assert text.startswith(kept[:-1])
    elif kept:
        assert text.startswith(kept)
        assert re.search(r"[.!?…][\"”’)]*$", kept) or text[len(kept)] == "\n"
        assert text[len(kept)].isspace()
        following = re.match(r"\s+.*?(?:[.!?…][\"”’)]*(?=\s)|(?=\n)|$)", text[len(kept) :], re.DOTALL)
        assert following is not None
        assert length(kept + following[0]) > limit
    else:
        assert limit < 3 or not re.match(rf"\S{{1,{limit - 1}}}\s", text)


@given(hostile_texts().map(clean), st.integers(0, 100))
@settings(max_examples=200, deadline=None)
def test_a_text_cut_at_a_word_fits_and_says_that_it_is_cut(text: str, limit: int) -> None:
    kept = at_word(text, limit)
    assert length(kept) <= max(limit, 0)
    assert kept == text or not kept or (kept.endswith("…") and text.startswith(kept[:-1]))
    assert len(kept) > limit // 3 or kept == text or limit < 10 or text[: limit // 2].isspace() or length(text[0]) > 1


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        ("One. Two. Three.", 9, "One. Two."),
        ("One. Two. Three.", 8, "One."),
        ("One. Two. Three.", 16, "One. Two. Three."),
        ("He said “no.” And left.", 14, "He said “no.”"),
        ("A title\nA line that is longer", 20, "A title"),
        ("A sentence that does not end", 15, "A sentence…"),
        ("Donaudampfschifffahrt", 10, "Donaudamp…"),
        ("😀😀😀", 5, "😀😀…"),
        ("Version 3.5 is out. And then?", 20, "Version 3.5 is out."),
    ],
)
def test_sentences_stay_whole(text: str, limit: int, kept: str) -> None:
    assert whole_sentences(text, limit) == kept


def test_an_answer_is_one_card() -> None:
    shuttle, *_ = sample_pilots()
    cited = Citation(pilot=shuttle, excerpt="A self-driving shuttle bus took commuters to the harbour.", score=1)
    found = Answer(
        question=Question(text="Has anyone tried driverless shuttles?", topic="driverless shuttles"),
        verdict=Verdict.TRIED,
        citations=(cited,),
        pilots=1,
        countries=1,
        stopped=1,
    )
    message = cards.answer(found, "a1", can_share=True)
    blocks = render(message)
    check_blocks(blocks)
    bold = {"bold": True}
    assert blocks == [
        rich({"type": "text", "text": "Yes: 1 pilot tried this; it was stopped."}),
        rich(
            {"type": "text", "text": "1  ", "style": bold},
            {
                "type": "link",
                "text": "Driverless shuttle to the harbour",
                "style": bold,
                "url": "https://example.org/shuttle",
            },
            {"type": "text", "text": "\n"},
            {"type": "text", "text": "Example Port · Finland · 2019 · stopped · mixed results"},
            {"type": "text", "text": "\n"},
            {
                "type": "text",
                "text": "Stopped: The insurer withdrew after a collision.",
                "style": {"italic": True},
            },
            {"type": "text", "text": "\n"},
            {"type": "text", "text": "A self-driving shuttle bus took commuters to the harbour."},
        ),
        {
            "type": "actions",
            "elements": [
                button(1, "More on 1", f"show {shuttle.id}")
                | {"accessibility_label": "More on 1: Driverless shuttle to the harbour"}
            ],
        },
        {"type": "actions", "elements": [button(1, "Share to channel", "share a1")]},
        {
            "type": "context_actions",
            "elements": [
                {
                    "type": "feedback_buttons",
                    "action_id": "feedback",
                    "positive_button": {"text": label("Helpful"), "value": "good a1"},
                    "negative_button": {"text": label("Not helpful"), "value": "bad a1"},
                }
            ],
        },
    ]
    assert fallback(message).startswith("Yes: 1 pilot tried this; it was stopped.\n\n1. Driverless shuttle")
    assert render(message, in_view=True)[-1] == {
        "type": "actions",
        "elements": [button(1, "Helpful", "good a1"), button(2, "Not helpful", "bad a1")],
    }


@pytest.mark.shows("limits")
@pytest.mark.parametrize("number", range(8))
def test_every_pilot_can_be_shown_whole(number: int, tmp_path: Path) -> None:
    pilot = sample_pilots()[number]
    message = cards.pilot(pilot, (), (), {})
    blocks = render(message)
    check_blocks(blocks)
    assert blocks[0] == {"type": "header", "text": label(pilot.title)}
    assert MORE not in words_of(blocks)


@given(actions(hostile_texts()))
def test_what_a_button_means_comes_back(action: Action) -> None:
    (block,) = render(Message((Buttons((Button("Press", action),)),)))
    meant = TellPilot(clean(action.title)) if isinstance(action, TellPilot) else action
    assert decode(values_of(block)[0]) == decode(encode(meant))


def rich(*parts: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(parts)}]}


def label(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": False}


def button(number: int, text: str, value: str) -> Json:
    return {"type": "button", "action_id": f"press-{number}", "text": label(text), "value": value}
