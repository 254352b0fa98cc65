from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.actions import OldAction, ShowPilot
from bot.app import Bot
from bot.events import Commanded, Event, Opened, Pressed, Said, Submitted
from bot.forms import Form
from bot.messages import Message, Reply, plain
from bot.people import Person
from bot.places import Place
from knowledge.errors import UnavailableError
from knowledge.pilots import Pilot
from knowledge.ports import Author
from knowledge.records import pilot_from_record
from tests.base import NOW, sample_bot
from tests.fakes import MemoryDemandStore, MemoryPilotStore

ANN = Person("ann", "Ann")
ROOM = Place("test", "example", "room")
PRIVATE = replace(ROOM, is_private=True)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[tuple[Bot, MemoryPilotStore, MemoryDemandStore]]:
    async with sample_bot(tmp_path) as (bot, database, _):
        yield bot, database.pilots, database.demands


def text(reply: Reply | None) -> str:
    assert reply is not None
    assert isinstance(reply.content, Message)
    return plain(reply.content)


def secret(**visibility: object) -> Pilot:
    return pilot_from_record(
        {
            "source": "test",
            "id": "s",
            "title": "Zeppelins for parcels",
            "visibility": {"community": "example", **visibility},
        }
    )


async def test_a_question_nobody_can_answer_is_kept_for_its_community(
    house: tuple[Bot, MemoryPilotStore, MemoryDemandStore],
) -> None:
    bot, _, demands = house
    await bot.handle(Said(person=ANN, place=ROOM, text="hi, has anyone trained ferrets to lay cables?"))
    (kept,) = await demands.demands("example")
    assert (kept.topic, kept.asked_at) == ("trained ferrets to lay cables", NOW)
    assert kept.person is None  # nothing needs to know who asked
    assert not await demands.demands("another")


async def test_words_that_ask_nothing_are_no_unmet_demand(
    house: tuple[Bot, MemoryPilotStore, MemoryDemandStore],
) -> None:
    bot, _, demands = house
    for words in ("you are useless", "dog", "hello, my name is Anna"):
        assert "keep" not in text(await bot.handle(Said(person=ANN, place=ROOM, text=words)))
    assert not await demands.demands("example")


async def test_an_answered_question_is_no_unmet_demand(
    house: tuple[Bot, MemoryPilotStore, MemoryDemandStore],
) -> None:
    bot, _, demands = house
    await bot.handle(Said(person=ANN, place=ROOM, text="has anyone tried self-driving shuttle buses?"))
    assert not await demands.demands("example")


async def test_in_a_room_nobody_sees_what_only_the_asker_may(
    house: tuple[Bot, MemoryPilotStore, MemoryDemandStore],
) -> None:
    bot, pilots, _ = house
    pilot = secret(audience="restricted", people=["ann"])
    await pilots.save([pilot], Author("test"), NOW)
    question = "has anyone tried zeppelins for parcels?"
    assert "Zeppelins" in text(await bot.handle(Said(person=ANN, place=PRIVATE, text=question)))
    assert "Zeppelins" not in text(await bot.handle(Said(person=ANN, place=ROOM, text=question)))
    assert "Zeppelins" not in text(await bot.handle(Said(person=Person("bob"), place=PRIVATE, text=question)))
    press = Pressed(person=ANN, place=PRIVATE, action=ShowPilot(pilot.id))
    assert "Zeppelins" in text(await bot.handle(press))
    assert "Zeppelins" not in text(await bot.handle(replace(press, place=ROOM)))


async def test_one_community_cannot_read_anothers_pilots(
    house: tuple[Bot, MemoryPilotStore, MemoryDemandStore],
) -> None:
    bot, pilots, _ = house
    pilot = secret(audience="community")
    await pilots.save([pilot], Author("test"), NOW)
    elsewhere = replace(PRIVATE, community="another")
    for event in (
        Said(person=ANN, place=elsewhere, text="has anyone tried zeppelins for parcels?"),
        Pressed(person=ANN, place=elsewhere, action=ShowPilot(pilot.id)),
        Commanded(person=ANN, place=elsewhere, command="show", rest=pilot.id),
    ):
        assert "Zeppelins" not in text(await bot.handle(event))
        assert "Zeppelins" in text(await bot.handle(replace(event, place=ROOM)))


async def test_a_press_on_an_old_card_says_so(house: tuple[Bot, MemoryPilotStore, MemoryDemandStore]) -> None:
    bot, _, _ = house
    assert "earlier version" in text(await bot.handle(Pressed(person=ANN, place=ROOM, action=OldAction())))
    assert "earlier version" in text(await bot.handle(Submitted(person=ANN, place=ROOM, form="gone", values={})))


async def test_trouble_outside_is_said_kindly_with_a_reference_and_its_reason_is_in_the_log(
    house: tuple[Bot, MemoryPilotStore, MemoryDemandStore],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    bot, pilots, _ = house

    async def away(pilot_id: str) -> Pilot | None:
        raise UnavailableError("The database does not answer; please try again in a minute.")

    monkeypatch.setattr(pilots, "get", away)
    reply = await bot.handle(Pressed(person=ANN, place=ROOM, action=ShowPilot("p1")))
    assert "cannot get at what I know" in text(reply)
    assert "database" not in text(reply)
    assert text(reply).rpartition(" ")[2] in caplog.text
    assert "The database does not answer" in caplog.text
    assert reply is not None
    assert reply.is_private


async def test_a_fault_of_ours_is_answered_with_a_reference_that_is_in_the_log_without_the_words(
    house: tuple[Bot, MemoryPilotStore, MemoryDemandStore],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    bot, pilots, _ = house

    async def broken(pilot_id: str) -> Pilot | None:
        raise ZeroDivisionError

    monkeypatch.setattr(pilots, "get", broken)
    said = text(await bot.handle(Commanded(person=ANN, place=ROOM, command="show", rest="my secret words")))
    reference = said.rpartition(" ")[2]
    assert reference in caplog.text
    assert "secret" not in caplog.text


_TEXTS = st.text(max_size=300)
_EVENTS = st.one_of(
    st.builds(Said, person=st.just(ANN), place=st.just(ROOM), text=_TEXTS),
    st.builds(
        Commanded,
        person=st.just(ANN),
        place=st.just(ROOM),
        command=st.sampled_from(["ask", "show", "tell", "help", "ASK ", ""]) | _TEXTS,
        rest=_TEXTS,
    ),
    st.builds(Pressed, person=st.just(ANN), place=st.just(ROOM), action=st.builds(ShowPilot, _TEXTS)),
    st.builds(
        Submitted,
        person=st.just(ANN),
        place=st.just(ROOM),
        form=st.just("tell") | _TEXTS,
        values=st.dictionaries(st.sampled_from(["title", "summary", "country", "stage", "url", "direction"]), _TEXTS),
    ),
    st.just(Opened(person=ANN, place=ROOM)),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(event=_EVENTS)
async def test_whatever_happens_there_is_an_answer_and_no_fault(
    event: Event, house: tuple[Bot, MemoryPilotStore, MemoryDemandStore]
) -> None:
    reply = await house[0].handle(event)
    assert reply is not None
    assert isinstance(reply.content, Form) or "went wrong" not in plain(reply.content)


async def test_what_was_just_hidden_is_not_read_into_the_next_question(
    house: tuple[Bot, MemoryPilotStore, MemoryDemandStore],
) -> None:
    bot, pilots, _ = house
    record = {
        "source": "test",
        "id": "z",
        "title": "Drones at night",
        "organisation": "Zebra Surveillance Bureau (ZSB)",
    }
    await pilots.save([pilot_from_record(record)], Author("test"), NOW)
    question = Said(person=ANN, place=ROOM, text="what has ZSB tried with drones?")
    assert "Zebra" in text(await bot.handle(question))
    await pilots.remove(pilot_from_record(record).id, Author("test"), NOW)
    assert "Zebra" not in text(await bot.handle(question))


@pytest.mark.parametrize("named", ["🚲", "!!!", "…"])
async def test_what_is_no_word_names_no_pilot(
    named: str, house: tuple[Bot, MemoryPilotStore, MemoryDemandStore]
) -> None:
    bot, _, _ = house
    shown = text(await bot.handle(Commanded(person=ANN, place=PRIVATE, command="show", rest=named)))
    assert f"I know no pilot called “{named}”." in shown
