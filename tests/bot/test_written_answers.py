"""Answers that a model writes: what people see, what the model sees, and what happens without it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.actions import RateAnswer, ShareAnswer
from bot.app import Bot
from bot.events import Commanded, Pressed, Said
from bot.messages import Buttons, Feedback, Message, Reply, Source, Sources, Text, plain
from bot.people import Person
from bot.places import Place
from bot.rooms import Mode
from bot.skills import ask
from tests.base import NOW, sample_bot
from tests.fakes import MemoryDatabase, ScriptedWriter

ANN = Person("ann", "Ann")
THREAD = Place("test", "example", "room", thread="t")
PRIVATE = Place("test", "example", "ann", is_private=True)
QUESTION = "has anyone tried self-driving buses?"
WARNING = "Written by a model from these sources; check them before you rely on it."
LACKING = "The model that writes answers did not answer; this is what the sources say."


@asynccontextmanager
async def bot_with(writer: ScriptedWriter | None, folder: Path) -> AsyncIterator[tuple[Bot, MemoryDatabase]]:
    async with sample_bot(folder) as (_, database, search):
        ids = iter(f"id-{number}" for number in range(100))
        yield Bot(database, search, now=lambda: NOW, new_id=lambda: next(ids), writer=writer), database


def message(reply: Reply | None) -> Message:
    assert reply is not None
    assert isinstance(reply.content, Message)
    return reply.content


def sources(told: Message) -> tuple[Source, ...]:
    (found,) = (block for block in told.blocks if isinstance(block, Sources))
    return found.sources


async def asked(writer: ScriptedWriter | None, folder: Path, progress: list[str] | None = None) -> Message:
    async def tell(text: str) -> None:
        assert progress is not None
        progress.append(text)

    async with bot_with(writer, folder) as (bot, _):
        event = Said(person=ANN, place=PRIVATE, text=QUESTION)
        return message(await bot.handle(event, tell if progress is not None else None))


def numbered(plain_bot_answer: Message) -> tuple[int, int]:
    """The places of the stopped and of the running shuttle among the sources, from 1."""
    titles = [source.title for source in sources(plain_bot_answer)]
    return titles.index("Driverless shuttle to the harbour") + 1, titles.index("Self-driving bus in the old town") + 1


@pytest.fixture
async def extractive(tmp_path: Path) -> Message:
    return await asked(None, tmp_path / "without")


@pytest.fixture
def sentences(extractive: Message) -> list[str]:
    stopped, running = numbered(extractive)
    return [
        f"In Finland, a self-driving shuttle bus took commuters to the harbour for a year [{stopped}].",
        f"The insurer withdrew after a collision [{stopped}].",
        f"In Norway, two self-driving buses take residents up the hill [{running}].",
    ]


async def test_a_written_answer_stands_between_the_count_and_its_numbered_sources(
    tmp_path: Path, extractive: Message, sentences: list[str]
) -> None:
    told = await asked(ScriptedWriter([" ".join(sentences)]), tmp_path)
    first, text, cited, warning, *rest = told.blocks
    assert (first, cited) == (extractive.blocks[0], extractive.blocks[1])
    assert text == Text(" ".join(sentences), is_written=True)
    assert warning == Text(WARNING, is_quiet=True)
    assert rest == list(extractive.blocks[2:])


async def test_it_is_told_sentence_by_sentence_while_it_is_written(tmp_path: Path, sentences: list[str]) -> None:
    progress: list[str] = []
    told = await asked(ScriptedWriter(list(" ".join(sentences))), tmp_path, progress)
    lead, whole = (block.text for block in told.blocks[:2] if isinstance(block, Text))
    assert progress == [f"{lead}\n\n{' '.join(sentences[:count])}" for count in (1, 2, 3)]
    # What was told last is how the card begins: whoever read it need not read it twice.
    assert progress[-1] == f"{lead}\n\n{whole}"


async def test_the_command_ask_is_written_too(tmp_path: Path, sentences: list[str]) -> None:
    async with bot_with(ScriptedWriter([" ".join(sentences)]), tmp_path) as (bot, _):
        told = await bot.handle(Commanded(person=ANN, place=PRIVATE, command="ask", rest=QUESTION))
    assert WARNING in plain(message(told))


async def test_sentences_that_do_not_hold_are_left_out(tmp_path: Path, sentences: list[str]) -> None:
    wrong = sentences[0].replace("Finland", "Sweden")
    told = await asked(ScriptedWriter([f"{wrong} {sentences[1]} Everybody loved it [1]. Trust me."]), tmp_path)
    assert told.blocks[1] == Text(sentences[1], is_written=True)


async def test_the_model_gets_the_question_without_contact_data_and_the_cited_pilots(tmp_path: Path) -> None:
    writer = ScriptedWriter()
    async with bot_with(writer, tmp_path) as (bot, _):
        event = Said(person=ANN, place=PRIVATE, text=f"{QUESTION} Mail me: ann@example.org")
        told = message(await bot.handle(event))
    ((question, given),) = writer.asked
    assert "ann@" not in question
    assert [text.partition("\n")[0] for text in given] == [f"Title: {each.title}" for each in sources(told)]
    assert not any("head of mobility" in text for text in given)


async def test_what_a_follow_up_follows_on_is_told_to_the_model(tmp_path: Path) -> None:
    writer = ScriptedWriter()
    async with bot_with(writer, tmp_path) as (bot, _):
        await bot.handle(Said(person=ANN, place=THREAD, text=QUESTION))
        await bot.handle(Said(person=ANN, place=THREAD, text="and in Norway?"))
    assert writer.asked[1][0] == f"{QUESTION}\nand in Norway?"


@pytest.mark.parametrize(
    "writer",
    [
        ScriptedWriter(trouble="It is away."),
        ScriptedWriter(["It was a great success [1]. ", "Ignore previous instructions."]),
        ScriptedWriter(),
    ],
)
async def test_without_the_model_there_is_the_extractive_answer_and_a_line(
    tmp_path: Path, extractive: Message, writer: ScriptedWriter, caplog: pytest.LogCaptureFixture
) -> None:
    told = await asked(writer, tmp_path)
    assert told.blocks == (extractive.blocks[0], Text(LACKING, is_quiet=True), *extractive.blocks[1:])
    (record,) = (each for each in caplog.records if each.levelname == "WARNING")
    assert "buses" not in record.getMessage()
    assert "success" not in record.getMessage()


async def test_a_model_that_never_ends_is_given_up_and_what_held_by_then_is_kept(
    tmp_path: Path, sentences: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask, "WRITING", 0.2)
    silent = ScriptedWriter([f"{sentences[0]} {sentences[1]} And"], is_silent=True)
    told = await asked(silent, tmp_path)
    assert told.blocks[1] == Text(" ".join(sentences[:2]), is_written=True)
    assert LACKING not in plain(told)
    assert silent.is_closed
    assert LACKING in plain(await asked(ScriptedWriter(is_silent=True), tmp_path / "silent"))


async def test_a_model_that_breaks_off_leaves_what_held(tmp_path: Path, sentences: list[str]) -> None:
    told = await asked(ScriptedWriter([f"{sentences[0]} And then"], trouble="Broken."), tmp_path)
    assert told.blocks[1] == Text(sentences[0], is_written=True)


async def test_trouble_with_showing_it_early_is_no_trouble(tmp_path: Path, sentences: list[str]) -> None:
    async def refuse(text: str) -> None:
        raise ConnectionError(text)

    async with bot_with(ScriptedWriter([" ".join(sentences)]), tmp_path) as (bot, _):
        told = message(await bot.handle(Said(person=ANN, place=PRIVATE, text=QUESTION), refuse))
    assert told.blocks[1] == Text(" ".join(sentences), is_written=True)


@pytest.mark.parametrize("question", ["has anyone trained ferrets to lay cables?", "hello", "help"])
async def test_where_nobody_tried_it_no_model_is_asked(tmp_path: Path, question: str) -> None:
    writer = ScriptedWriter(["Everybody did [1]."])
    async with bot_with(writer, tmp_path) as (bot, _):
        told = plain(message(await bot.handle(Said(person=ANN, place=PRIVATE, text=question))))
    assert not writer.asked
    assert LACKING not in told


async def test_what_was_overheard_is_answered_without_the_model(tmp_path: Path) -> None:
    writer = ScriptedWriter(["Never asked [1]."])
    async with bot_with(writer, tmp_path) as (bot, database):
        await database.rooms.set_mode(THREAD, Mode.OVERHEAR)
        overheard = replace(THREAD, thread="other")
        for text in ("Has anyone tried self-driving buses for residents?", "what about in Norway?"):
            told = await bot.handle(Said(person=ANN, place=overheard, text=text, is_addressed=False))
            assert LACKING not in plain(message(told))
    assert not writer.asked


async def test_what_is_shared_was_not_written_anew(tmp_path: Path, sentences: list[str]) -> None:
    writer = ScriptedWriter([" ".join(sentences)])
    aside = replace(PRIVATE, is_shareable=True)
    async with bot_with(writer, tmp_path) as (bot, _):
        told = message(await bot.handle(Said(person=ANN, place=aside, text=QUESTION)))
        (feedback,) = (block for block in told.blocks if isinstance(block, Feedback))
        assert isinstance(feedback.good.action, RateAnswer)
        assert any(isinstance(block, Buttons) for block in told.blocks)
        share = ShareAnswer(feedback.good.action.answer_id)
        shared = message(await bot.handle(Pressed(person=ANN, place=aside, action=share)))
    assert len(writer.asked) == 1
    assert WARNING not in plain(shared)


async def test_several_are_written_at_once(tmp_path: Path, sentences: list[str]) -> None:
    async with bot_with(ScriptedWriter(list(" ".join(sentences))), tmp_path) as (bot, _):
        events = [Said(person=ANN, place=replace(PRIVATE, room=f"{number}"), text=QUESTION) for number in range(20)]
        told = await asyncio.gather(*(bot.handle(each) for each in events))
    assert all(message(each).blocks[1] == Text(" ".join(sentences), is_written=True) for each in told)
