import ast
import asyncio
import gettext
import io
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo

from adapters.sql import open_database
from bot import cards, voice
from bot.actions import MuteThread, OpenSettings, ShareAnswer
from bot.answers import Found
from bot.app import Bot
from bot.cards.channels import MODE_LABELS
from bot.events import Commanded, Event, Opened, Pressed, Said, Submitted, Visited
from bot.forms import Form
from bot.members import Preferences
from bot.messages import Message as Card
from bot.messages import Reply, plain
from bot.people import Person
from bot.places import Place
from bot.voice import ENGLISH, LANGUAGES, say, say_count, speaking, spoken
from deploy.settings import InvalidSettingsError, read_settings
from knowledge.dates import written
from knowledge.errors import UnavailableError
from tests.base import NOW, sample_bot
from tests.bot.catalogues import LOCALE, ROOT, TRANSLATED, po_file, read_catalogue, said_in, template
from tests.fakes import MemoryDatabase

ANN, BOB = Person("ann", "Ann"), Person("bob", "Bob")
ROOM = Place("test", "example", "room", "thread")
HOME = Place("test", "example", "home ann", is_private=True)
ASKED = "has anyone tried self-driving shuttle buses?"
REMEDY = "Run `make translations`, then translate what is empty or marked as fuzzy in the .po file, and run it again."

# What a platform can show: Slack's, which are the shortest.
TITLE_LIMIT, BUTTON_LIMIT = 24, 75


# --- the catalogues


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated(language: str) -> None:
    there = {_key(each): each for each in _sentences(read_catalogue(language))}
    said = [_key(each) for each in _sentences(template())]
    missing = [key for key in said if key not in there or there[key].fuzzy or not all(_strings(there[key]))]
    assert not missing, f"{LANGUAGES[language]} lacks {missing}. {REMEDY}"
    assert list(there) == said, f"{po_file(language)} holds sentences that are no longer said. {REMEDY}"


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_fields_and_the_edges_of_its_sentence(language: str) -> None:
    for message in _sentences(read_catalogue(language)):
        english = message.id if isinstance(message.id, str) else message.id[-1]
        for string in _strings(message):
            assert _fields(string) == _fields(english), f"{language}: {string!r} has other fields than {english!r}"
            edges = [(text[:1].isspace(), text[-1:] == " ") for text in (string.replace("\xa0", ""), english)]
            assert edges[0] == edges[1], f"{language}: {string!r} begins or ends otherwise than {english!r}"


@pytest.mark.parametrize("language", TRANSLATED)
def test_each_language_has_its_own_plural_forms(language: str) -> None:
    catalogue, expected = read_catalogue(language), Catalog(locale=language)
    assert catalogue.plural_forms == expected.plural_forms
    for message in _sentences(catalogue):
        assert len(_strings(message)) == (expected.num_plurals if message.pluralizable else 1), message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_is_compiled_is_what_is_written(language: str) -> None:
    made = io.BytesIO()
    write_mo(made, read_catalogue(language))
    made.seek(0)
    with po_file(language).with_suffix(".mo").open("rb") as file:
        assert _messages(gettext.GNUTranslations(file)) == _messages(gettext.GNUTranslations(made)), REMEDY


def test_there_is_a_catalogue_for_each_language_and_no_other() -> None:
    assert {path.name for path in LOCALE.iterdir()} == set(TRANSLATED)


def test_what_is_shown_is_said() -> None:
    """No block, button or field has a text of its own: it would be English to everybody."""
    for path in (ROOT / "bot").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                for text in _shown(call):
                    where = f"{path.relative_to(ROOT)}:{call.lineno}"
                    assert not re.search(r"[^\W\d_]{2}", text), f"{where} shows {text!r} without say(…)"


def test_a_sentence_put_together_before_it_is_said_is_refused() -> None:
    assert list(said_in('say("One {x}", x=say("Two")); say_count("a", "b", 2); phrase("c"); say(names[0])', "x")) == [
        "One {x}",
        "Two",
        ("a", "b"),
        "c",
    ]
    with pytest.raises(AssertionError, match="no f-string"):
        list(said_in('say(f"Hello {name}")', "x"))


# --- speaking


def test_what_people_wrote_is_never_a_template() -> None:
    for language in LANGUAGES:
        with speaking(language):
            assert "{count} {0} {x.__class__} %s" in say("Stopped: {reason}", reason="{count} {0} {x.__class__} %s")
            assert plain(cards.sorry("{oops} {0} {")) == "{oops} {0} {"
            assert plain(cards.sorry("")) == ""


def test_an_unknown_language_is_english() -> None:
    for language in ("", "xx", "../../etc", "DE", "de\0"):
        with speaking(language):
            assert spoken() == ENGLISH
            assert say("Kept.") == "Kept."
    with speaking("de"):
        assert say("Nobody has translated this: {it}", it=7) == "Nobody has translated this: 7"


@pytest.mark.parametrize("held", [None, b"", b"no catalogue", b"\xde\x12\x04\x95", b"\xde\x12\x04\x95" + b"\xff" * 40])
def test_a_catalogue_that_is_not_there_or_broken_is_english(
    held: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.mo"
    if held is not None:
        path.write_bytes(held)
    monkeypatch.setattr(voice, "_compiled", lambda _language: path)
    voice._catalogue.cache_clear()
    try:
        with speaking("de"):
            assert say("Kept.") == "Kept."
            assert say_count("; {count} was stopped", "; {count} were stopped", 2) == "; 2 were stopped"
    finally:
        voice._catalogue.cache_clear()


def test_a_translation_with_a_wrong_field_is_english() -> None:
    for wrong in ("{raison}", "{", "{0}", "{reason.x}", "{reason[x]}"):
        assert voice._filled(wrong, "Stopped: {reason}", {"reason": "rain"}) == "Stopped: rain"


def test_numbers_and_days_are_written_as_in_each_language() -> None:
    told = {}
    for language in LANGUAGES:
        with speaking(language):
            told[language] = (
                say_count(" in {count} country", " in {count} countries", 1_234),
                written(date(2026, 3, 1), spoken()),
            )
    assert told == {
        "en": (" in 1,234 countries", "1 March 2026"),
        "de": (" in 1.234 Ländern", "1. März 2026"),
        "fr": (" dans 1\N{NARROW NO-BREAK SPACE}234 pays", "1 mars 2026"),
        "nl": (" in 1.234 landen", "1 maart 2026"),
    }


@pytest.mark.parametrize("language", LANGUAGES)
async def test_titles_and_buttons_fit_in_every_language(language: str, tmp_path: Path) -> None:
    async with sample_bot(tmp_path) as (bot, database, _):
        await database.members.keep_preferences("example", ANN.id, Preferences(language=language))
        titles = [
            form(await bot.handle(Commanded(person=ANN, place=HOME, command=each))) for each in ("tell", "settings")
        ]
        assert all(len(each.title) <= TITLE_LIMIT and len(each.send) <= TITLE_LIMIT for each in titles)
    with speaking(language):
        assert all(len(say(each)) <= BUTTON_LIMIT for each in MODE_LABELS.values())
        assert len(say("Thank you")) <= TITLE_LIMIT


# --- which language


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[tuple[Bot, MemoryDatabase]]:
    async with sample_bot(tmp_path) as (bot, database, _):
        await database.members.keep_preferences("example", ANN.id, Preferences(language="de"))
        yield bot, database


async def test_one_person_reads_their_own_language_and_a_room_the_communitys(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, _ = house
    alone, room = Said(person=ANN, place=HOME, text=ASKED), Said(person=ANN, place=ROOM, text=ASKED)
    assert text(await bot.handle(alone)).startswith("Ja: 2 Pilotprojekte in 2 Ländern haben das ausprobiert")
    assert text(await bot.handle(room)).startswith("Yes: 2 pilots in 2 countries tried this")
    assert text(await bot.handle(replace(alone, person=BOB))).startswith("Yes: 2 pilots")
    assert spoken() == ENGLISH


async def test_a_community_has_a_language_of_its_own(tmp_path: Path) -> None:
    async with sample_bot(tmp_path) as (_, database, search):
        bot = Bot(database, search, now=lambda: NOW, new_id=lambda: "id", language="fr")
        await database.members.keep_preferences("example", ANN.id, Preferences(language="nl"))
        await database.members.keep_preferences("example", BOB.id, Preferences(language="tlh"))
        assert text(await bot.handle(Said(person=ANN, place=ROOM, text=ASKED))).startswith("Oui\xa0: 2 projets pilotes")
        assert text(await bot.handle(Said(person=ANN, place=HOME, text=ASKED))).startswith("Ja: 2 pilots in 2 landen")
        assert text(await bot.handle(Said(person=BOB, place=HOME, text=ASKED))).startswith("Oui")
        opened = form(await bot.handle(Pressed(person=BOB, place=HOME, action=OpenSettings())))
        language = opened.fields[0]
        assert (language.value, language.choices[0]) == ("", ("", "comme dans cette communauté\xa0: Français"))
        assert "Langue: Français" in text(await bot.handle(Visited(person=BOB, place=HOME)))
        unknown = Bot(database, search, now=lambda: NOW, new_id=lambda: "id", language="tlh")
        assert text(await unknown.handle(Visited(person=BOB, place=HOME))).startswith("Your pilots")


async def test_an_answer_shared_is_in_the_rooms_language(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, database = house
    aside = replace(ROOM, is_private=True, is_shareable=True)
    assert "Ja: 2" in text(await bot.handle(Commanded(person=ANN, place=aside, command="ask", rest=ASKED)))
    answer_id = next(iter(database.answers._answers))
    shown = await bot.handle(Pressed(person=ANN, place=aside, action=ShareAnswer(answer_id)))
    assert "Ann asked me:" in text(shown)
    assert "Yes: 2 pilots" in text(shown)
    assert "Muted by Ann" in text(await bot.handle(Pressed(person=ANN, place=ROOM, action=MuteThread())))


async def test_a_page_asked_for_in_a_room_is_in_its_readers_language(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, _ = house
    assert "Ihre Pilotprojekte" in text(await bot.handle(Said(person=ANN, place=ROOM, text="home")))


async def test_settings_are_answered_in_the_language_just_chosen(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, database = house
    opened = form(await bot.handle(Pressed(person=ANN, place=HOME, action=OpenSettings())))
    assert (opened.title, opened.fields[0].value) == ("Ihre Einstellungen", "de")
    assert opened.fields[0].choices[1:] == tuple(LANGUAGES.items())
    wrong = form(await bot.handle(submitted(language="tlh")))
    assert (wrong.errors or {}).keys() == {"language"}
    assert text(await bot.handle(submitted(language="fr"))).startswith("Enregistré.")
    assert (await database.members.member("example", ANN.id)).preferences.language == "fr"
    assert text(await bot.handle(submitted(language=""))).startswith("Kept.")


async def test_two_conversations_at_once_keep_their_languages(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, database = house
    people = [Person(code) for code in LANGUAGES] * 5
    for code in LANGUAGES:
        await database.members.keep_preferences("example", code, Preferences(language=code))
    pages = await asyncio.gather(*(bot.handle(Visited(person=each, place=HOME)) for each in people))
    starts = {"en": "Your pilots", "de": "Ihre Pilot", "fr": "Vos projets", "nl": "Uw pilots"}
    assert all(text(page).startswith(starts[person.id]) for person, page in zip(people, pages, strict=True))


async def test_with_the_database_away_the_apology_is_in_the_communitys_language(
    house: tuple[Bot, MemoryDatabase], monkeypatch: pytest.MonkeyPatch
) -> None:
    bot, database = house

    async def away(*_: object) -> None:
        raise UnavailableError("The database is away.")

    async def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(database.members, "member", away)
    assert text(await bot.handle(Opened(person=ANN, place=HOME))).startswith("Has anyone tried it?")
    assert "try again in a few minutes" in text(await bot.handle(Visited(person=ANN, place=HOME)))
    monkeypatch.setattr(database.members, "member", broken)
    assert "Something went wrong" in text(await bot.handle(Opened(person=ANN, place=HOME)))


async def test_trouble_is_told_in_the_readers_language(
    house: tuple[Bot, MemoryDatabase], monkeypatch: pytest.MonkeyPatch
) -> None:
    bot, database = house
    assert text(await bot.handle(Said(person=ANN, place=HOME, text="???"))).startswith("Hier steht keine Frage.")

    async def away(*_: object) -> None:
        raise UnavailableError("The database is away.")

    monkeypatch.setattr(database.pilots, "owned_by", away)
    assert "ein paar Minuten" in text(await bot.handle(Visited(person=ANN, place=HOME)))


async def test_pilots_to_choose_from_are_in_the_rooms_language_and_trouble_in_the_readers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sample_bot(tmp_path) as (_, database, search):
        bot = Bot(database, search, now=lambda: NOW, new_id=lambda: "id", language="fr")
        await database.members.keep_preferences("example", ANN.id, Preferences(language="de"))
        # Whoever reads that conversation reads the one that is chosen, also where its writer begins it alone.
        for place in (ROOM, HOME):
            found = await bot.find("self-driving shuttle buses", ANN, place)
            assert isinstance(found, Found)
            assert (found.language, len(found.pilots)) == ("fr", 2)
        for person, language, start in ((ANN, "de", "Einen solchen Versuch hat"), (BOB, "fr", "Aucun essai")):
            nobody = await bot.find("zeppelins for the post", person, ROOM)
            assert isinstance(nobody, Reply)
            assert (nobody.language, nobody.is_private) == (language, True)
            assert text(nobody).startswith(start)

        async def away(*_: object, **__: object) -> None:
            raise UnavailableError("The database is away.")

        monkeypatch.setattr(search, "find", away)
        trouble = await bot.find("self-driving shuttle buses", ANN, ROOM)
        assert isinstance(trouble, Reply)
        assert "ein paar Minuten" in text(trouble)
        assert trouble.language == "de"


@pytest.mark.parametrize("language", TRANSLATED)
async def test_pages_forms_and_pilots_are_in_one_language(language: str, tmp_path: Path) -> None:
    async with sample_bot(tmp_path) as (bot, database, _):
        await database.members.keep_preferences("example", ANN.id, Preferences(language=language))
        events: Sequence[Event] = (
            Opened(person=ANN, place=HOME),
            Visited(person=ANN, place=HOME),
            Commanded(person=ANN, place=HOME, command="help"),
            Commanded(person=ANN, place=HOME, command="show", rest="invoices software robots"),
            Commanded(person=ANN, place=HOME, command="tell"),
            Commanded(person=ANN, place=HOME, command="settings"),
        )
        seen = "\n".join([_words(await bot.handle(event)) for event in events])
    assert not re.search(r"\b(the|and|your|whom|which|not|with)\b", _without_data(seen))


async def test_a_language_outlives_the_process_and_rows_from_before_it_still_load(tmp_path: Path) -> None:
    file = tmp_path / "x.sqlite"
    async with open_database(f"sqlite:///{file}") as database:
        await database.members.keep_preferences("example", ANN.id, Preferences(language="nl"))
        await database.members.keep_preferences("example", BOB.id, Preferences())
    with sqlite3.connect(file) as connection:
        kept = dict(connection.execute("SELECT person, preferences FROM members"))
    connection.close()
    assert {person: json.loads(said) for person, said in kept.items()} == {"ann": {"language": "nl"}, "bob": {}}
    async with open_database(f"sqlite:///{file}") as database:
        assert (await database.members.member("example", ANN.id)).preferences == Preferences(language="nl")
        assert (await database.members.member("example", BOB.id)).preferences == Preferences()


def test_a_language_that_the_bot_does_not_speak_is_no_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PILOTLIGHT_LANGUAGE", "nl")
    assert read_settings().language == "nl"
    monkeypatch.setenv("PILOTLIGHT_LANGUAGE", "Klingon")
    with pytest.raises(InvalidSettingsError, match="PILOTLIGHT_LANGUAGE: must be one of en, de, fr, nl"):
        read_settings()


def text(reply: Reply | None) -> str:
    assert reply is not None
    assert isinstance(reply.content, Card)
    with speaking(ENGLISH):
        return plain(reply.content)


def form(reply: Reply | None) -> Form:
    assert reply is not None
    assert isinstance(reply.content, Form)
    return reply.content


def submitted(**values: str) -> Submitted:
    return Submitted(person=ANN, place=HOME, form="settings", values=values)


def _words(reply: Reply | None) -> str:
    assert reply is not None
    if isinstance(reply.content, Card):
        return plain(reply.content)
    labels = [
        f"{each.label} {each.hint} {' '.join(label for _, label in each.choices)}" for each in reply.content.fields
    ]
    return " ".join((reply.content.title, reply.content.send, *labels))


def _without_data(seen: str) -> str:
    """Without what is shown as it was told: the pilot's own sentences, and what one says to the bot."""
    return re.sub(r"Invoices read.*|Robotic process.*|^(ask|show|tell|channel) [<\[].*?:", "", seen, flags=re.MULTILINE)


def _sentences(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _strings(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def _messages(catalogue: gettext.GNUTranslations) -> dict[object, str]:
    held: dict[object, str] = catalogue._catalog  # type: ignore[attr-defined]
    return {key: value for key, value in held.items() if key}


def _fields(text: str) -> set[str]:
    return set(re.findall(r"\{(\w*)", text))


def _shown(call: ast.Call) -> list[str]:
    """The texts that stand in a call which makes something to be shown."""
    assert isinstance(call.func, ast.Name)
    named = {"Text": (), "Heading": (), "Button": (), "Field": ("label", "hint"), "Form": ("title", "send")}
    if call.func.id not in named:
        return []
    values = [each.value for each in call.keywords if each.arg in named[call.func.id]]
    values += call.args[:1] if call.func.id in ("Text", "Heading", "Button") else []
    parts = [part for value in values for part in (value.values if isinstance(value, ast.JoinedStr) else [value])]
    texts = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return [text for text in texts if not text.startswith("https://")]
