"""Messages as adaptive cards: whatever people and files said, Teams takes it, and reads no order in it."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.lengths import length
from adapters.teams.cards import (
    ACTION,
    ADAPTIVE,
    CARD_LIMIT,
    SUMMARY_LIMIT,
    activity,
    answer_id,
    data_of,
    fallback,
    in_one_line,
    is_written,
    markdown,
    render,
    shown,
    weight,
)
from adapters.teams.extension import inserted, results, told
from bot import cards
from bot.actions import Action, NotNow, OldAction, OpenSettings, RateAnswer, ShowPilot, TellPilot, decode, encode
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
from knowledge.writing import Claim
from tests.base import sample_pilots
from tests.end_to_end.teams_cards import words_of
from tests.end_to_end.teams_rules import faults_of_message
from tests.hostile import (
    ADDRESSES,
    HOSTILE,
    actions,
    addresses,
    everything_in,
    hostile_texts,
    messages,
    one_of_these,
    small_messages,
)
from tests.strategies import pilots

Json = dict[str, Any]

MORE = "There is more to this than fits here."
SPACING = {"spacing", "separator"}
# What version 1.5 knows of the elements that we use; ours and no other, so that a slip is seen.
KNOWN: dict[str, set[str]] = {
    "AdaptiveCard": {"type", "$schema", "version", "body", "actions"},
    "TextBlock": {"type", "style", "text", "wrap", *SPACING},
    "RichTextBlock": {"type", "inlines", *SPACING},
    "TextRun": {"type", "text", "weight", "size", "italic", "isSubtle", "color", "selectAction"},
    "Container": {"type", "items", *SPACING},
    "ActionSet": {"type", "actions"},
    "Action.OpenUrl": {"type", "url"},
    "Action.Execute": {"type", "title", "tooltip", "verb", "data", "fallback"},
    "Action.Submit": {"type", "title", "tooltip", "data"},
    "Input.Text": {
        *("type", "id", "label", "isRequired", "errorMessage"),
        *("isMultiline", "maxLength", "placeholder", "value"),
    },
    "Input.ChoiceSet": {
        *("type", "id", "label", "isRequired", "errorMessage"),
        *("style", "isMultiSelect", "choices", "value"),
    },
}
REQUIRED: dict[str, set[str]] = {
    "AdaptiveCard": {"version", "body"},
    "TextBlock": {"text"},
    "RichTextBlock": {"inlines"},
    "TextRun": {"text"},
    "Container": {"items"},
    "ActionSet": {"actions"},
    "Action.OpenUrl": {"url"},
    "Action.Execute": {"title", "verb", "data"},
    "Action.Submit": {"title", "data"},
    "Input.Text": {"id", "label"},
    "Input.ChoiceSet": {"id", "label", "choices"},
}


def check_card(card: Json) -> None:
    """It holds what Adaptive Cards 1.5 know, as they know it, and no text of people where markup is read."""
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.5")
    assert card["body"]
    for each in elements_of(card):
        kind = each["type"]
        assert set(each) <= KNOWN[kind], each
        assert REQUIRED[kind] <= set(each), each
        _check_element(each)
    assert not faults_of_message({"attachments": [{"contentType": ADAPTIVE, "content": card}]})
    json.dumps(card, ensure_ascii=False).encode()


def elements_of(made: object) -> list[Mapping[str, Any]]:
    """Every element of a card; what buttons send back is none."""
    if isinstance(made, Mapping):
        inside = [each for name, value in made.items() if name != "data" for each in elements_of(value)]
        return [made, *inside] if "type" in made else inside
    return [each for inner in made for each in elements_of(inner)] if isinstance(made, list) else []


def _check_element(each: Mapping[str, Any]) -> None:
    match each["type"]:
        case "TextBlock":
            assert re.fullmatch(r"[^\W\d_](?:[^\W_]|[ ,;?!’“”–…().:])*", each["text"])
        case "RichTextBlock":
            assert each["inlines"]
            assert all(inline["type"] == "TextRun" for inline in each["inlines"])
        case "TextRun":
            assert each["text"]
            assert "\n" not in each["text"]
            assert "{{" not in each["text"]
        case "Action.OpenUrl":
            assert each["url"].startswith(("https://", "http://"))
            assert len(each["url"]) <= 2_000
        case "Action.Execute" | "Action.Submit":
            assert 0 < length(each["title"]) <= 75
            assert length(each.get("tooltip", "")) <= 75
        case "Container":
            assert each["items"]
        case "ActionSet":
            assert 1 <= len(each["actions"]) <= 6


def values_of(made: object) -> list[str]:
    """What every button means, in order."""
    pressed = [each for each in elements_of(made) if each["type"].startswith("Action.") and "data" in each]
    return [each["data"][ACTION] for each in pressed if not _is_fallback(each, made)]


def _is_fallback(action: Mapping[str, Any], made: object) -> bool:
    return any(each.get("fallback") is action for each in elements_of(made))


def last_words(card: Json) -> str:
    return words_of({"attachments": [{"contentType": ADAPTIVE, "content": {**card, "body": card["body"][-1:]}}]})


def card_words(card: Json) -> str:
    return words_of({"attachments": [{"contentType": ADAPTIVE, "content": card}]})


@pytest.mark.shows("limits")
@given(messages(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_teams_takes_every_message(message: Message, has_loop: bool) -> None:  # noqa: FBT001 - drawn
    made = activity(message, has_loop=has_loop)
    attachments = made.get("attachments", [])
    for attached in attachments:
        check_card(attached["content"])
        assert weight(attached["content"]) <= CARD_LIMIT
    assert len(attachments) == 1 or (made["text"] and not attachments)
    assert not faults_of_message(made)
    assert len(json.dumps(made, ensure_ascii=False).encode("utf-16-le")) < 75 * 1024
    assert ("text" in made) <= is_written(message)
    json.dumps(made, ensure_ascii=False).encode()


@pytest.mark.shows("notified")
@given(messages())
@settings(max_examples=40, deadline=None)
def test_a_notification_has_words_and_nothing_else(message: Message) -> None:
    summary = activity(message)["summary"]
    assert summary == fallback(message)
    assert 0 < length(summary) <= SUMMARY_LIMIT
    assert summary == clean(summary)


@given(st.lists(actions(hostile_texts()), min_size=1, max_size=15), one_of_these(HOSTILE), st.integers(0, 40))
@settings(max_examples=40, deadline=None)
def test_every_button_is_there_however_long_the_texts(meant: list[Action], text: str, before: int) -> None:
    buttons = tuple(Button(text, action) for action in meant)
    card = render(Message((*[Text(text)] * before, Buttons(buttons))))
    check_card(card)
    assert len(values_of(card)) == len(meant)
    assert [value for value in values_of(card) if not value.startswith("tell")] == [
        encode(action) for action in meant if not isinstance(action, TellPilot)
    ]


@given(st.integers(1, 60), one_of_these(HOSTILE), st.integers(0, 10))
@settings(max_examples=40, deadline=None)
def test_every_source_that_is_shown_has_its_button(count: int, text: str, before: int) -> None:
    sources = tuple(Source(title=f"Title {n}", excerpt=text, action=ShowPilot(str(n))) for n in range(1, count + 1))
    card = render(Message((*[Text("Hello.")] * before, Sources(sources))))
    containers = [each for each in card["body"] if each["type"] == "Container"]
    numbers = [each["items"][0]["inlines"][0]["text"].strip() for each in containers]
    assert values_of(card) == [f"show {number}" for number in numbers]
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
    is_cut = len(numbers) < count or length(clean(text)) > 800
    # The last ones that are shown may be shown without what is said of them.
    assert last_words(card) == MORE or not is_cut
    assert last_words(card) != MORE or is_cut or count > 10


@given(small_messages())
@settings(max_examples=100, deadline=None)
def test_a_message_that_fits_loses_no_word(message: Message) -> None:
    card = render(message)
    there = f"{card_words(card)} {json.dumps(card, ensure_ascii=False)}".replace("\u2060", "")
    assert MORE not in there
    for word in clean(plain(Message(tuple(_without_links(block) for block in message.blocks)))).split():
        quoted = json.dumps(word, ensure_ascii=False)[1:-1]
        assert word in there or quoted in there or re.fullmatch(r"\d+\.|·|.*:|of|-?\d+", word)


def _without_links(block: Block) -> Block:
    """A source's link that is none stands nowhere: its title is what was to be read."""
    match block:
        case Sources(sources):
            return Sources(tuple(replace(source, link=None) for source in sources))
    return block


def test_what_does_not_fit_is_told() -> None:
    long = Text("A sentence of some length. " * 100)
    assert last_words(render(Message((long,)))) != MORE
    card = render(Message((long,) * 12))
    assert last_words(card) == MORE
    assert card["body"][-2]["inlines"][0]["text"].endswith("A sentence of some length.")


@pytest.mark.parametrize(
    "block",
    [
        Facts((("a", "b"),) * 9_000),
        Facts((("a", 'say "\\" ' * 90),) * 900),
        Meters((("a", 1, 2),) * 9_000),
        Links((("a", "https://a.b"),) * 9_000),
        Links((("a", f"https://example.org/{'x' * 900}"),) * 60),
        Sources((Source(title="a", link=f"https://example.org/{'x' * 900}", action=NotNow()),) * 60),
        Sources((Source(title="a" * 300, note="b" * 30, excerpt="c" * 30, action=NotNow()),) * 60),
        Sources((Source(title="😀" * 300, meters=(("a", 1, 2),) * 200),) * 60),
        Buttons((Button("x" * 75, ShowPilot("y" * 200)),) * 90),
        Text("a\n" * 9_000),
    ],
)
def test_a_message_is_never_longer_than_teams_takes(block: Block) -> None:
    card = render(Message((block, block, block, block)))
    check_card(card)
    assert CARD_LIMIT // 3 < weight(card) <= CARD_LIMIT
    assert last_words(card) == MORE


def test_ten_sources_with_all_they_hold_fit() -> None:
    source = Source(
        title="A title of many words " * 4,
        link="https://example.org/a-link-of-some-length/and-more",
        details=("Example Organisation", "Netherlands", "2024", "stopped", "mixed results"),
        excerpt="What the pilot found out. " * 15,
        note="Stopped: the insurer withdrew.",
        contact="Ask Alice Anderson (Example)",
        action=ShowPilot("a" * 36),
    )
    buttons = Buttons((Button("Share to channel", OldAction()), Button("Tell us of one", TellPilot())))
    card = render(Message((Text("Yes: 10 pilots tried this."), Sources((source,) * 10), buttons)))
    check_card(card)
    assert last_words(card) != MORE
    assert len(values_of(card)) == 12


@pytest.mark.parametrize("done_of", [(0, 0), (0, 5), (5, 5), (9, 5), (-1, 5), (3, -1)])
def test_a_meter_is_always_as_wide(done_of: tuple[int, int]) -> None:
    words = card_words(render(Message((Meters((("Anchoring", *done_of),)),))))
    assert words.count("■") + words.count("□") == 8


@pytest.mark.parametrize("address", ADDRESSES)
def test_only_web_addresses_are_links(address: str) -> None:
    card = render(Message((Links((("Read more", address),)), Sources((Source(title="A title", link=address),)))))
    check_card(card)
    links = [each["url"] for each in everything_in(card) if each.get("type") == "Action.OpenUrl"]
    is_link = re.match(r"https?://example\.org", address) and "\ud800" not in address and "<" not in address
    assert links == ([address] * 2 if is_link and len(address) <= 2_000 else [])
    assert "A title" in card_words(card)


@given(hostile_texts() | addresses())
@settings(max_examples=100, deadline=None)
def test_what_people_wrote_is_shown_as_it_is(text: str) -> None:
    card = render(Message((Heading(text), Text(text), Facts(((text, text),)))))
    check_card(card)
    runs = [each["text"] for each in elements_of(card) if each["type"] in ("TextRun", "TextBlock")]
    lines = {line for line in shown(text).split("\n") if line} | ({in_one_line(text)} - {""})
    assert MORE in card_words(card) or lines <= set(runs)


@pytest.mark.parametrize(
    ("text", "is_heading_block"),
    [
        ("Your pilots", True),
        ("Questions nobody could answer yet: these", True),
        ("**Bold**", False),
        ("- a list", False),
        ("1. a list", False),
        ("Go to https://example.org", False),
        ("example.org", False),
        ("A_b_c", False),
        ("{{DATE(2026-11-22T12:00:00Z)}}", False),
        ("R&amp;D", False),
    ],
)
def test_a_heading_is_one_for_screen_readers_where_it_holds_no_markup(text: str, is_heading_block: bool) -> None:  # noqa: FBT001 - a parameter of the table
    (block,) = render(Message((Heading(text),)))["body"]
    assert (block["type"] == "TextBlock") is is_heading_block
    assert is_heading_block is (block.get("style") == "heading")


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("Two did so [1][2].", "Two did so [1][2]."),
        ("*b* _i_ ~s~ `c` # h | t", r"\*b\* \_i\_ \~s\~ \`c\` \# h \| t"),
        ("[click](https://example.org)", "\\[click\\](https:\u2060//example.org)"),
        ("[1](https://example.org)", "[1]\u2060(https:\u2060//example.org)"),
        ("[1]: https://example.org", "[1]\u2060: https:\u2060//example.org"),
        ("<b>R&amp;D</b> <at>Bob</at>", "&lt;b&gt;R&amp;amp;D&lt;/b&gt; &lt;at&gt;Bob&lt;/at&gt;"),
        ("- one\n+ two\n3. three\n=== \n4) four", "\\- one\n\\+ two\n3\\. three\n\\===\n4\\) four"),
        ("see www.example.org", "see www\u2060.example.org"),
        ("\\*", "\\\\\\*"),
        ("[ 1 ] [x] [1234]", r"\[ 1 \] \[x\] \[1234\]"),
    ],
)
def test_nothing_in_a_text_is_markdown_but_the_numbers_of_sources(text: str, marked: str) -> None:
    assert markdown(text) == marked


@given(hostile_texts())
@settings(max_examples=100, deadline=None)
def test_a_text_never_holds_an_open_mark(text: str) -> None:
    marked = markdown(text)
    without = re.sub(r"\[\d{1,3}\]", "", re.sub(r"\\[\W_]|&(?:amp|lt|gt);", "", marked))
    assert not re.search(r"[*_`~\[\]<>&|#]|://", without)


def written_answer(count: int = 2) -> Message:
    shuttle, other, *_ = sample_pilots()
    cited = tuple(Citation(pilot=(shuttle, other)[n % 2], excerpt=f"Excerpt {n}. " * 30, score=1) for n in range(count))
    claims = (Claim(text="Two tried it.", citations=(1, 2)), Claim(text="One *stopped*.", citations=(1,)))
    found = Answer(
        question=Question(text="Has anyone tried driverless shuttles?", topic="driverless shuttles"),
        verdict=Verdict.TRIED,
        citations=cited,
        claims=claims,
        pilots=count,
        countries=1,
        stopped=1,
    )
    return cards.answer(found, "a1", can_share=True)


def test_what_a_model_wrote_has_the_label_and_its_sources() -> None:
    message = written_answer(4)
    made = activity(message)
    assert not faults_of_message(made)
    assert made["textFormat"] == "markdown"
    assert made["text"] == ("Yes: 4 pilots tried this; 1 was stopped.\n\nTwo tried it [1][2]. One \\*stopped\\* [1].")
    (entity,) = made["entities"]
    assert {name: value for name, value in entity.items() if name != "citation"} == {
        "type": "https://schema.org/Message",
        "@type": "Message",
        "@context": "https://schema.org",
        "@id": "",
        "additionalType": ["AIGeneratedContent"],
    }
    assert [cited["position"] for cited in entity["citation"]] == [1, 2]
    shuttle = entity["citation"][0]
    assert shuttle["appearance"]["name"] == "Driverless shuttle to the harbour"
    assert shuttle["appearance"]["url"] == "https://example.org/shuttle"
    assert 0 < len(shuttle["appearance"]["abstract"]) <= 160
    words = card_words(made["attachments"][0]["content"])
    assert "Two tried it" not in words
    assert "More on 1" in words
    assert "Helpful" in words
    assert answer_id(message) == "a1"
    assert is_written(message)


def test_with_thumbs_of_teams_own_there_are_no_buttons_for_it() -> None:
    made = activity(written_answer(), has_loop=True)
    words = card_words(made["attachments"][0]["content"])
    assert "elpful" not in words
    assert "Share to channel" in words


def test_an_overheard_or_shared_answer_says_first_what_it_is() -> None:
    lead = Text("I overheard this and happen to know something.", is_quiet=True)
    made = activity(Message((lead, *written_answer().blocks)))
    assert made["text"].startswith("I overheard this and happen to know something.\n\nYes: 2 pilots")


def test_at_most_twenty_sources_are_cited_and_named() -> None:
    sources = Sources(tuple(Source(title="😀" * 300, excerpt="é" * 900) for _ in range(60)))
    numbers = "".join(f"[{number}]" for number in range(1, 61))
    made = activity(Message((Text(f"All of them {numbers}.", is_written=True), sources)))
    assert not faults_of_message(made)
    (entity,) = made["entities"]
    assert 5 < len(entity["citation"]) <= 20


def test_a_text_too_long_to_be_said_loses_whole_sentences_and_the_card_says_so() -> None:
    made = activity(Message((Text("A sentence of some *length*. " * 900, is_written=True),)))
    assert not faults_of_message(made)
    assert made["text"].endswith("A sentence of some \\*length\\*.")
    assert card_words(made["attachments"][0]["content"]) == MORE


def test_where_nothing_is_left_to_show_there_is_no_card() -> None:
    made = activity(Message((Text("Nobody did.", is_written=True),)))
    assert made["text"] == made["summary"] == "Nobody did."
    assert "attachments" not in made


def test_what_no_model_wrote_stands_in_the_card_alone() -> None:
    made = activity(cards.help_())
    assert set(made) == {"type", "summary", "attachments"}
    assert answer_id(cards.help_()) == ""
    assert not is_written(cards.help_())


def test_an_answer_is_one_card() -> None:
    (shuttle, *_) = sample_pilots()
    source = Source(
        title="Driverless shuttle",
        link="https://example.org/shuttle",
        details=("Example Port", "2019"),
        note="Stopped.",
        excerpt="It took commuters.",
        action=ShowPilot(shuttle.id),
    )
    rated = Feedback(
        good=Button("Helpful", RateAnswer("a1", is_good=True)),
        bad=Button("Not helpful", RateAnswer("a1", is_good=False)),
    )
    message = Message((Text("Yes."), Sources((source,)), Buttons((Button("Tell us of one", TellPilot()),)), rated))
    card = render(message)
    check_card(card)
    more = execute("More on 1", f"show {shuttle.id}")
    assert card == {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "body": [
            rich({"text": "Yes."}),
            {
                "type": "Container",
                "separator": True,
                "items": [
                    rich(
                        {"text": "1  ", "weight": "Bolder"},
                        {
                            "text": "Driverless shuttle",
                            "weight": "Bolder",
                            "selectAction": {"type": "Action.OpenUrl", "url": "https://example.org/shuttle"},
                        },
                    ),
                    rich({"text": "Example Port · 2019", "isSubtle": True, "size": "Small"}) | {"spacing": "Small"},
                    rich({"text": "Stopped.", "italic": True}) | {"spacing": "Small"},
                    rich({"text": "It took commuters."}) | {"spacing": "Small"},
                    {"type": "ActionSet", "actions": [more | {"tooltip": "More on 1: Driverless shuttle"}]},
                ],
            },
            {
                "type": "ActionSet",
                "actions": [opener("Tell us of one", "tell ")],
            },
            {"type": "ActionSet", "actions": [execute("Helpful", "good a1"), opener("Not helpful", "bad a1")]},
        ],
    }


@pytest.mark.shows("limits")
@pytest.mark.parametrize("number", range(8))
def test_every_pilot_can_be_shown_whole(number: int) -> None:
    pilot = sample_pilots()[number]
    card = render(cards.pilot(pilot, (), (), {}))
    check_card(card)
    assert pilot.title in card_words(card)
    assert MORE not in card_words(card)


@given(actions(hostile_texts()))
def test_what_a_button_means_comes_back(action: Action) -> None:
    meant = TellPilot(clean(action.title)) if isinstance(action, TellPilot) else action
    assert decode(data_of(action)[ACTION]) == decode(encode(meant))


@pytest.mark.parametrize("action", [TellPilot("Shuttles"), OpenSettings()])
def test_what_opens_a_form_asks_for_a_dialog(action: Action) -> None:
    (row,) = render(Message((Buttons((Button("Open", action),)),)))["body"]
    assert row["actions"][0]["data"] == {"msteams": {"type": "task/fetch"}, ACTION: encode(action)}


def test_a_message_of_nothing_has_a_card_and_words() -> None:
    empty = Message((Heading(" "), Text(""), Facts(()), Sources(()), Buttons(())))
    check_card(render(empty))
    assert fallback(Message(())) == "…"


@given(pilots())
@settings(max_examples=60, deadline=None)
def test_what_is_found_can_be_put_into_a_message_and_names_nobody(pilot: Any) -> None:
    made = results([pilot] * 3)["composeExtension"]
    assert (made["type"], made["attachmentLayout"], len(made["attachments"])) == ("result", "list", 3)
    for attached in made["attachments"]:
        check_card(attached["content"])
        assert attached["preview"]["contentType"] == "application/vnd.microsoft.card.thumbnail"
        assert not re.search("[<>]", "".join(attached["preview"]["content"].values()))
        assert 0 < length(attached["preview"]["content"]["title"]) <= 150
        assert not values_of(attached["content"])
    shown_texts = [block.text for block in inserted(pilot).blocks if isinstance(block, Heading | Text)]
    assert set(shown_texts) <= {
        pilot.title,
        " · ".join(cards.details(pilot)),
        *([pilot.summary] if pilot.summary else []),
    }


def test_of_many_found_a_page_is_shown_and_of_none_a_sentence() -> None:
    assert len(results(sample_pilots() * 30)["composeExtension"]["attachments"]) == 25
    assert not faults_of_message({"value": results(sample_pilots() * 30)})
    assert told(Message((Text("Nobody <b>yet</b>."),))) == {
        "composeExtension": {"type": "message", "text": "Nobody <b>yet</b>."}
    }


def rich(*runs: Json) -> Json:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", **run} for run in runs]}


def opener(title: str, action: str) -> Json:
    """A button whose press opens a dialog."""
    return {"type": "Action.Submit", "title": title, "data": {"msteams": {"type": "task/fetch"}, "pilotlight": action}}


def execute(title: str, value: str) -> Json:
    common = {"title": title, "data": {"pilotlight": value}}
    return {
        "type": "Action.Execute",
        "verb": "press",
        **common,
        "fallback": {"type": "Action.Submit", **common},
    }
