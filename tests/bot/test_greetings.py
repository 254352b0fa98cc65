"""Words that are no question about a practice get a kind word: no search, no promise."""

from pathlib import Path

import pytest

from bot.actions import TellPilot
from bot.events import Said
from bot.messages import Buttons, Message, plain
from bot.people import Person
from bot.places import Place
from bot.skills.greet import greeting
from bot.voice import speaking
from tests.base import sample_bot

PRIVATE = Place("test", "example", "d", is_private=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("who made you?", "I am Pilotlight"),
        ("Is this private?", "for 90 days"),
        ("what do you do with my data?", "for 90 days"),
        ("delete my data", "ask whoever runs me"),
        ("what do you keep?", "for 90 days"),
        ("what do you keep?", "how I can write to you"),
        ("how many pilots do you know?", "which pilots were stopped?"),
        ("I need help", "Just ask: has anyone tried"),
        ("thank you, that was not helpful", "Press “Not helpful” under the answer"),
        ("you got that wrong", "I am sorry."),
        ("2", "Press “More on 2” under the answer."),
        ("more about 2", "Press “More on 2” under the answer."),
        ("Tell me more about 2.", "Press “More on 2” under the answer."),
        ("more on number 3", "Press “More on 3” under the answer."),
        ("who can I talk to?", "Open a pilot for that"),
        ("what did it cost?", "Open a pilot for that"),
        ("why was it stopped?", "Open a pilot for that"),
        ("Wer hat dich gemacht?", "I am Pilotlight"),
        ("Was passiert mit meinen Daten?", "for 90 days"),
        ("Ich brauche Hilfe", "Just ask"),
        ("Danke, das war nicht hilfreich", "I am sorry."),
        ("Mehr zu 2", "More on 2"),
        ("Que faites-vous de mes données ?", "for 90 days"),
        ("J'ai besoin d'aide", "Just ask"),
        ("Qui vous a créé ?", "I am Pilotlight"),
        ("plus sur 2", "More on 2"),
        ("Verwijder mijn gegevens", "for 90 days"),
        ("Ik heb hulp nodig", "Just ask"),
        ("meer over 2", "More on 2"),
    ],
)
def test_words_about_the_bot_or_its_answer_get_a_kind_word(text: str, said: str) -> None:
    shown = greeting(text)
    assert shown is not None
    assert said in plain(shown)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("We tried a four-day week last year and it failed", "A four-day week"),
        ("we have tested chatbots, it was a mess.", "Chatbots"),
        ("we tried it last year", ""),
        ("Wir haben eine Viertagewoche ausprobiert und es hat nicht geklappt", "Eine Viertagewoche"),
        ("Nous avons testé la semaine de quatre jours, mais cela a échoué", "La semaine de quatre jours"),
        ("We hebben een vierdaagse werkweek geprobeerd, zonder succes", "Een vierdaagse werkweek"),
    ],
)
def test_who_says_what_they_tried_is_offered_the_form_with_its_title(text: str, title: str) -> None:
    shown = greeting(text)
    assert shown is not None
    assert "worth keeping" in plain(shown)
    (buttons,) = (block for block in shown.blocks if isinstance(block, Buttons))
    assert [each.action for each in buttons.buttons] == [TellPilot(title)]


@pytest.mark.parametrize(
    "text",
    [
        "which pilots were stopped?",
        "has anyone tried data protection training?",
        "We tried chatbots and it failed, has anyone done better?",
        "we tried drones, looking for others who did",
        "how many pilots do you know in Norway?",
        "why were chatbots stopped?",
        "what did the four-day week cost?",
        "2 day week",
        "we have a problem with drones",
    ],
)
def test_what_can_be_searched_for_is_searched_for(text: str) -> None:
    assert greeting(text) is None


async def test_a_word_aside_leaves_the_topic_and_is_no_unmet_demand(tmp_path: Path) -> None:
    async with sample_bot(tmp_path) as (bot, database, _):

        async def say(text: str) -> str:
            reply = await bot.handle(Said(person=Person("ann"), place=PRIVATE, text=text))
            assert reply is not None
            assert isinstance(reply.content, Message)
            return plain(reply.content)

        await say("has anyone tried self-driving shuttle buses?")
        for aside in (
            "2",
            "more about 2",
            "who can I talk to?",
            "why was it stopped?",
            "is this private?",
            "you are useless",
        ):
            await say(aside)
        assert "Self-driving bus in the old town" in await say("what about in Norway?")
        assert not await database.demands.demands("example")


def test_a_kind_word_is_said_in_the_readers_language() -> None:
    with speaking("de"):
        shown = greeting("thank you, that was not helpful")
        assert shown is not None
        assert "„Nicht hilfreich“" in plain(shown)
