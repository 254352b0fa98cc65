import asyncio
import errno
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import filelock
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.dates import Period
from knowledge.errors import UnavailableError
from knowledge.index.vocabulary import read_vocabulary
from knowledge.learnings import Learning, LearningKind, Origin
from knowledge.pilots import Pilot, Provenance, Stage
from knowledge.ports import Author, Change, Vectors
from knowledge.questions import PilotVocabulary, Question
from knowledge.records import pilot_from_record
from knowledge.search import FLOOR, Hits, Level, Search, open_search
from knowledge.visibility import Audience, Viewer, Visibility
from tests.base import NOW
from tests.fakes import AwayEmbedder, MemoryPilotStore, WordEmbedder
from tests.knowledge.test_index import a_pilot, a_store

RECORDS: tuple[dict[str, object], ...] = (
    {
        "title": "Driverless shuttle to the harbour",
        "summary": "A self-driving shuttle bus took commuters from the station to the harbour on a public road.",
        "country": "Finland",
        "stage": "stopped",
        "dates": {"started": "2019"},
    },
    {
        "title": "Self-driving bus in the old town",
        "summary": "Two autonomous shuttle buses, a driverless bus each, drive themselves on a public road.",
        "country": "Norway",
        "stage": "pilot",
        "dates": {"started": "2023"},
    },
    {"title": "Chatbot for tax questions", "summary": "Citizens ask a chatbot about their tax.", "country": "Ireland"},
    {"title": "Participatory budget", "summary": "Residents vote on the district's budget.", "country": "Portugal"},
    {"title": "Drones over the wetlands", "summary": "Rangers count birds with drones.", "country": "Netherlands"},
    {"title": "Sensors in care homes", "summary": "Sensors call a nurse when one falls.", "country": "Germany"},
    {"title": "Invoices read by robots", "summary": "Software reads and books invoices.", "country": "Denmark"},
    {"title": "Four-day week", "summary": "Staff worked four days for the same pay.", "country": "Iceland"},
)
TODAY = date(2026, 11, 22)
ANYONE = Viewer()
BY = Author("test")


def pilots_to_find() -> list[Pilot]:
    return [a_pilot(100 + number, **record) for number, record in enumerate(RECORDS)]


async def a_base() -> MemoryPilotStore:
    return await a_store(*pilots_to_find())


@asynccontextmanager
async def searching(store: MemoryPilotStore, embedder: WordEmbedder | None = None) -> AsyncIterator[Search]:
    with tempfile.TemporaryDirectory() as folder:
        async with open_search(Path(folder), store, embedder) as search:
            if not isinstance(embedder, AwayEmbedder):
                await search.embed()
            yield search


async def ask(search: Search, text: str, viewer: Viewer = ANYONE, limit: int = 10) -> Hits:
    return await search.find(search.read(text, TODAY), viewer, today=TODAY, limit=limit)


def titles(hits: Hits) -> list[str]:
    return [hit.pilot.title for hit in hits.hits]


async def test_what_was_tried_is_found_and_counted() -> None:
    async with searching(await a_base()) as search:
        hits = await ask(search, "who has run a self-driving shuttle bus on a public road?")
    assert hits.answered
    assert set(titles(hits)[:2]) == {"Driverless shuttle to the harbour", "Self-driving bus in the old town"}
    assert (hits.pilots, hits.countries, hits.stopped) == (2, 2, 1)
    assert hits.hits[0].level is Level.REALLY
    assert not hits.hits[0].is_close
    assert hits.hits[0].score >= FLOOR


@pytest.mark.parametrize("text", ["has anyone bred toads in the cellar?", "a museum of umbrellas for teenagers"])
async def test_what_nobody_tried_is_below_the_floor(text: str) -> None:
    async with searching(await a_base()) as search:
        hits = await ask(search, text)
    assert not hits.answered
    assert hits.confidence < FLOOR
    assert (hits.pilots, hits.countries, hits.stopped) == (0, 0, 0)
    assert all(hit.is_close for hit in hits.hits)


async def test_half_of_a_name_is_not_the_thing_where_the_base_has_never_heard_of_the_other_half() -> None:
    starts = a_pilot(1, title="School start times", summary="An algorithm set when each school starts; school buses.")
    async with searching(await a_store(starts, *pilots_to_find())) as search:
        assert (await ask(search, "when does school start?")).answered
        assert not (await ask(search, "school meals")).answered


async def test_an_empty_base_has_no_answer() -> None:
    async with searching(MemoryPilotStore(), WordEmbedder()) as search:
        hits = await ask(search, "has anyone tried a chatbot?")
    assert (hits.hits, hits.answered, hits.confidence) == ((), False, 0.0)


async def test_another_word_for_the_same_thing_finds_it() -> None:
    async with searching(await a_base()) as search:
        assert titles(await ask(search, "virtual assistant for taxpayers"))[0] == "Chatbot for tax questions"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Heeft iemand drones gebruikt om vogels te tellen?", "Drones over the wetlands"),
        ("Wer hat Sensoren im Pflegeheim ausprobiert?", "Sensors in care homes"),
        ("Qui a essayé un budget participatif ?", "Participatory budget"),
        ("Har noen prøvd selvkjørende busser?", "Self-driving bus in the old town"),
    ],
)
async def test_a_question_in_another_language_finds_what_the_thesaurus_translates(text: str, title: str) -> None:
    async with searching(await a_base()) as search:
        assert titles(await ask(search, text))[0] == title


async def test_those_of_the_country_asked_for_come_first_and_others_are_close() -> None:
    async with searching(await a_base()) as search:
        hits = await ask(search, "any driverless shuttle in Finland?")
    assert titles(hits)[0] == "Driverless shuttle to the harbour"
    assert hits.pilots == 1
    assert all(hit.is_close for hit in hits.hits if hit.pilot.country != "FI")


async def test_where_nobody_of_the_country_tried_it_nobody_did() -> None:
    async with searching(await a_base()) as search:
        hits = await ask(search, "any driverless bus in Kenya?")
    assert not hits.answered
    assert hits.pilots == 0
    assert {"Self-driving bus in the old town", "Driverless shuttle to the harbour"} <= set(titles(hits))


async def test_a_country_is_asked_for_inside_the_search_however_many_others_are_better() -> None:
    pilots = [a_pilot(number, summary="Goats goats goats mow the park", country="Norway") for number in range(600)]
    quiet = a_pilot(1000, summary="Some goats in a long text about other things in this park", country="Malta")
    async with searching(await a_store(*pilots, quiet)) as search:
        assert (await ask(search, "goats in parks in Malta?")).hits[0].pilot == quiet


async def test_where_no_pilot_says_its_country_the_place_is_searched_for_in_words() -> None:
    pilots = (
        a_pilot(1, summary="Goats mow the park of Oslo, Norway"),
        a_pilot(2, summary="Goats mow the park of Rome"),
    )
    async with searching(await a_store(*pilots)) as search:
        hits = await ask(search, "has anyone in Norway had goats mow a park in 2019?")
    assert titles(hits) == ["Pilot 1", "Pilot 2"]
    assert hits.answered


async def test_stopped_ones_come_first_where_they_are_asked_for() -> None:
    async with searching(await a_base()) as search:
        question = Question(text="", topic="autonomous shuttle bus", language="en")
        stopped = Question(text="", topic="autonomous shuttle bus", language="en", wants_stopped=True)
        assert titles(await search.find(question, ANYONE, today=TODAY))[0] == "Self-driving bus in the old town"
        assert titles(await search.find(stopped, ANYONE, today=TODAY))[0] == "Driverless shuttle to the harbour"


async def test_a_stage_and_a_period_are_filters() -> None:
    async with searching(await a_base()) as search:
        by_stage = Question(text="", topic="self-driving bus", language="en", stages=(Stage.PILOT,))
        hits = await search.find(by_stage, ANYONE, today=TODAY)
        assert [hit.pilot.stage for hit in hits.hits if not hit.is_close] == [Stage.PILOT]
        period = Period(date(2019, 1, 1), date(2019, 12, 31))
        in_2019 = Question(text="", topic="driverless shuttle", language="en", period=period)
        hits = await search.find(in_2019, ANYONE, today=TODAY)
        assert [hit.pilot.year for hit in hits.hits if not hit.is_close] == [2019]


async def test_a_question_of_nothing_but_filters_finds_all_that_fit() -> None:
    async with searching(await a_base()) as search:
        hits = await search.find(Question(text="", topic="", countries=("NO", "FI")), ANYONE, today=TODAY, limit=1)
        assert titles(hits) == ["Self-driving bus in the old town"]
        assert (hits.answered, hits.pilots, hits.countries, hits.stopped) == (True, 2, 2, 1)
        nowhere = await search.find(Question(text="", topic="", countries=("KE",)), ANYONE, today=TODAY)
        assert (nowhere.hits, nowhere.answered) == ((), False)


async def test_meaning_finds_what_words_do_not() -> None:
    class Knowing(WordEmbedder):
        """Knows that a cob is a horse."""

        async def embed(self, texts: Sequence[str]) -> Vectors:
            return await super().embed([text.replace("cobs", "horses horses horses") for text in texts])

    store = await a_store(a_pilot(1, summary="Horses horses horses"), a_pilot(2, summary="Bicycles for carers"))
    question = Question(text="", topic="cobs", language="en")
    async with searching(store) as search:
        assert (await search.find(question, ANYONE, today=TODAY)).hits == ()
    async with searching(store, Knowing()) as search:
        assert titles(await search.find(question, ANYONE, today=TODAY))[0] == "Pilot 1"


async def test_a_pilot_without_its_vector_is_found_by_its_words() -> None:
    store = await a_base()
    with tempfile.TemporaryDirectory() as folder:
        async with open_search(Path(folder), store, AwayEmbedder()) as search:
            assert titles(await ask(search, "chatbot for tax questions"))[0] == "Chatbot for tax questions"


async def test_vectors_are_made_in_the_background() -> None:
    embedder = WordEmbedder()
    with tempfile.TemporaryDirectory() as folder:
        async with open_search(Path(folder), await a_base(), embedder):
            for _ in range(100):
                await asyncio.sleep(0.02)
                if len(embedder.given) == 8:
                    break
    assert len(embedder.given) == 8


async def test_a_pilot_saved_is_found_by_the_next_question() -> None:
    store = await a_base()
    async with searching(store) as search:
        await store.save([a_pilot(1, title="Toads in the cellar")], BY, NOW)
        loop = asyncio.get_running_loop()
        started = loop.time()
        hits = await ask(search, "toads in the cellar")
        assert loop.time() - started < 1.0
    assert titles(hits)[0] == "Toads in the cellar"


async def test_what_was_hidden_a_moment_ago_is_not_shown() -> None:
    class Late(MemoryPilotStore):
        """Whose change feed tells nothing new."""

        is_late = False

        async def changes(self, after: int, limit: int = 1000) -> Sequence[Change]:
            return [] if self.is_late else await super().changes(after, limit)

    store = Late()
    pilot = a_pilot(1, title="Toads in the cellar")
    hidden = Pilot(
        provenance=pilot.provenance,
        title=pilot.title,
        visibility=Visibility(embargo_until=TODAY + timedelta(days=1)),
    )
    await store.save([pilot], BY, NOW)
    async with searching(store) as search:
        store.is_late = True
        assert (await ask(search, "toads in the cellar")).hits
        await store.save([hidden], BY, NOW)
        assert not (await ask(search, "toads in the cellar")).hits
        await store.remove(pilot.id, BY, NOW)
        assert not (await ask(search, "toads in the cellar")).hits


@pytest.mark.parametrize("change", ["restricted", "removed"])
async def test_what_was_hidden_is_not_counted_while_another_process_writes_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    monkeypatch.setattr("knowledge.search._PATIENCE", 0.1)
    pilots = [
        Pilot(
            provenance=Provenance(source="test", source_id=str(number)),
            title="Toads in the cellar",
            country=country,
            visibility=SHOWN,
        )
        for number, country in enumerate(("NO", "SE", "DK"))
    ]
    store = await a_store(*pilots)
    async with open_search(tmp_path, store, None) as search:
        assert (await ask(search, "toads in the cellar")).pilots == 3
        with filelock.FileLock(tmp_path / "writing.lock"):
            await store.save([a_pilot(9)], BY, NOW)
            await search.catch_up()  # now one refresh waits that knows nothing of what follows
            for pilot in pilots[:2]:
                if change == "removed":
                    await store.remove(pilot.id, BY, NOW)
                else:
                    await store.save([replace(pilot, visibility=HIDDEN)], BY, NOW)
            hits = await ask(search, "toads in the cellar")
            assert (hits.pilots, hits.countries, len(hits.hits)) == (1, 1, 1)
            await store.remove(pilots[2].id, BY, NOW)
            hits = await ask(search, "toads in the cellar")
            assert (hits.answered, hits.pilots, hits.confidence) == (False, 0, 0.0)
        if change == "restricted":
            assert (await ask(search, "toads in the cellar", Viewer("north", "ann"))).pilots == 2


async def test_an_index_that_is_current_asks_for_no_changes_twice() -> None:
    class Counting(MemoryPilotStore):
        reads = 0

        async def changes(self, after: int, limit: int = 1000) -> Sequence[Change]:
            self.reads += 1
            return await super().changes(after, limit)

    store = Counting()
    await store.save(pilots_to_find(), BY, NOW)
    async with searching(store) as search:
        store.reads = 0
        await ask(search, "chatbot")
    assert store.reads == 1


async def test_a_base_of_which_everything_was_removed_is_empty() -> None:
    store = await a_store(a_pilot(1))
    async with searching(store) as search:
        assert not search.is_empty
        await store.remove(a_pilot(1).id, BY, NOW)
        await search.catch_up()
        assert search.is_empty


async def test_a_database_that_is_away_is_said_to_be() -> None:
    class Away(MemoryPilotStore):
        is_away = False

        async def changes(self, after: int, limit: int = 1000) -> Sequence[Change]:
            if self.is_away:
                raise UnavailableError("The database does not answer.")
            return await super().changes(after, limit)

    store = Away()
    with tempfile.TemporaryDirectory() as folder:
        async with open_search(Path(folder), store, None) as search:
            await store.save(pilots_to_find(), BY, NOW)
            await search.refresh()
            store.is_away = True
            with pytest.raises(UnavailableError, match="does not answer"):
                await ask(search, "chatbot")


async def test_only_public_pilots_teach_the_vocabulary() -> None:
    def told_in(audience: Audience, number: int, organisation: str) -> Pilot:
        community = None if audience is Audience.PUBLIC else "theirs"
        return Pilot(
            provenance=Provenance(source="test", source_id=str(number)),
            title=f"The Weather Balloon Programme (WBP) of {organisation}",
            organisation=organisation,
            visibility=Visibility(audience=audience, community=community),
        )

    hidden = told_in(Audience.COMMUNITY, 1, "Secret Squirrel Office")
    async with searching(await a_store(hidden, *pilots_to_find())) as search:
        question = search.read("has the Secret Squirrel Office tried WBP?", TODAY)
        assert question.organisations == ()
        assert question.expansions == ()
    async with searching(await a_store(told_in(Audience.PUBLIC, 1, "Secret Squirrel Office"))) as search:
        question = search.read("has the Secret Squirrel Office tried WBP?", TODAY)
        assert question.organisations == ("Secret Squirrel Office",)
        assert "weather balloon programme" in question.expansions


SHOWN = Visibility(community="north")
HIDDEN = Visibility(audience=Audience.RESTRICTED, community="north", people=frozenset({"ann"}))


def a_zeppelin(
    visibility: Visibility, title: str = "The Weather Balloon Programme (WBP) of the Zeppelin Agency"
) -> Pilot:
    return Pilot(
        provenance=Provenance(source="test", source_id="z"),
        title=title,
        organisation="Zeppelin Agency",
        visibility=visibility,
    )


@pytest.mark.parametrize("is_reopened", [False, True])
async def test_what_a_pilot_taught_is_forgotten_once_it_is_hidden(
    tmp_path: Path,
    is_reopened: bool,  # noqa: FBT001  # pytest gives it
) -> None:
    store = await a_base()
    text = "has the Zeppelin Agency tried WBP or zepelin?"
    async with open_search(tmp_path, store, None) as search:
        # Changed often enough, a word seems common to whoever counts the states that are no more. They stay on disk for
        # as long as they share a segment with others.
        for number, word in enumerate(("red", "green", "blue", "white")):
            neighbours = [a_pilot(10 * number + each) for each in range(5)]
            await store.save([a_zeppelin(SHOWN, f"Weather Balloon Programme (WBP) {word}"), *neighbours], BY, NOW)
            await search.refresh()
        assert search._index.words._searcher.doc_freq("named", "Zeppelin Agency") == 4
        assert search.read(text, TODAY).organisations == ("Zeppelin Agency",)
        await store.save([a_zeppelin(HIDDEN)], BY, NOW)
        await search.refresh()
        if not is_reopened:
            _check_that_nothing_is_known(search, text)
    async with open_search(tmp_path, store, None) as search:
        _check_that_nothing_is_known(search, text)


def _check_that_nothing_is_known(search: Search, text: str) -> None:
    question = search.read(text, TODAY)
    assert question.organisations == ()
    assert question.expansions == ()
    assert "zepelin" in question.topic
    vocabulary = search._index.vocabulary
    assert [vocabulary.frequency(word) for word in ("zeppelin", "balloon", "chatbot")] == [0, 0, 1]
    assert vocabulary.spelt_out("WBP") is None
    assert vocabulary.nearest("zepelin") is None


@pytest.mark.parametrize("change", ["removed", "reworded", "embargoed"])
async def test_what_a_pilot_taught_is_forgotten_once_it_is_gone(change: str) -> None:
    store = await a_base()
    await store.save([a_zeppelin(SHOWN)], BY, NOW)
    async with searching(store) as search:
        assert search.read("has the Zeppelin Agency tried it?", TODAY).organisations
        match change:
            case "removed":
                await store.remove(a_zeppelin(SHOWN).id, BY, NOW)
            case "reworded":
                await store.save([replace(a_zeppelin(SHOWN), title="Kites", organisation=None)], BY, NOW)
            case _:
                await store.save([a_zeppelin(replace(SHOWN, embargo_until=TODAY + timedelta(days=1)))], BY, NOW)
        await search.catch_up()
        assert search.read("has the Zeppelin Agency tried it?", TODAY).organisations == ()


async def test_a_vocabulary_is_made_anew_only_where_it_would_be_another() -> None:
    store = await a_store(*(a_pilot(number, summary="Goats mow the park") for number in range(300)))
    async with searching(store) as search:
        first = search._index.vocabulary
        await search.refresh()
        await store.keep_learning(_a_secret(1, a_pilot(1), Visibility()))
        await store.save([a_pilot(1000)], BY, NOW)
        await search.refresh()
        assert search._index.vocabulary is first
        await store.save([a_pilot(number) for number in range(1001, 1010)], BY, NOW)
        await search.refresh()
        assert search._index.vocabulary is not first


async def test_a_question_is_read_while_the_vocabulary_is_made_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    made_by: list[str] = []

    def noted(counts: Callable[[str], Mapping[str, int]]) -> PilotVocabulary:
        made_by.append(threading.current_thread().name)
        time.sleep(0.3)
        return read_vocabulary(counts)

    monkeypatch.setattr("knowledge.index.lessons.read_vocabulary", noted)
    monkeypatch.setattr("knowledge.search._PATIENCE", 0.05)
    store = await a_base()
    async with searching(store) as search:
        loop = asyncio.get_running_loop()
        started = loop.time()
        assert search.read("has anyone tried a chatbot?", TODAY).topic == "chatbot"
        assert loop.time() - started < 0.1
    assert made_by
    assert threading.main_thread().name not in made_by


async def test_the_pilots_of_an_answer_are_read_at_once() -> None:
    class Counting(MemoryPilotStore):
        reads = 0

        async def get(self, pilot_id: str) -> Pilot | None:
            raise AssertionError("one by one")

        async def pilots(self, ids: Sequence[str]) -> Mapping[str, Pilot]:
            self.reads += 1
            return await super().pilots(ids)

    store = Counting()
    await store.save([a_pilot(number, summary="Goats mow the park") for number in range(30)], BY, NOW)
    async with searching(store) as search:
        assert len((await ask(search, "goats that mow parks", limit=20)).hits) == 20
    assert store.reads == 1


class FailingEmbedder(WordEmbedder):
    """Fails as told, until it is mended."""

    def __init__(self, trouble: Exception) -> None:
        super().__init__()
        self.trouble: Exception | None = trouble

    async def embed(self, texts: Sequence[str]) -> Vectors:
        if self.trouble:
            raise self.trouble
        return await super().embed(texts)


def warnings(log: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in log.records if record.name == "knowledge.search"]


@pytest.mark.parametrize("trouble", [UnavailableError("The model is away."), ValueError("a bug")])
async def test_an_outage_of_the_model_is_logged_once_and_ends_quietly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, trouble: Exception
) -> None:
    embedder = FailingEmbedder(trouble)
    store = await a_base()
    async with open_search(tmp_path, store, embedder) as search:
        for _ in range(5):
            await search.refresh()
            await asyncio.sleep(0.05)
        (warning,) = warnings(caplog)
        assert warning.startswith("New pilots are found by their words alone")
        embedder.trouble = None
        await search.embed()
        await store.save([a_pilot(1)], BY, NOW)
        await search.refresh()
        await asyncio.sleep(0.1)
        embedder.trouble = trouble
        await store.save([a_pilot(2)], BY, NOW)
        await search.refresh()
        await asyncio.sleep(0.1)
        assert len(warnings(caplog)) == 2


async def test_a_question_without_its_vector_is_logged_once_an_outage_and_never_quoted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_search(tmp_path, await a_base(), WordEmbedder()) as search:
        await search.embed()
        embedder = FailingEmbedder(UnavailableError("No vector for 'chatbot of my neighbour Ann'"))
        search._embedder = embedder
        for _ in range(3):
            assert (await ask(search, "chatbot for tax questions")).hits
        assert len(warnings(caplog)) == 1
        assert "Ann" not in caplog.text
        assert "chatbot" not in caplog.text
        trouble, embedder.trouble = embedder.trouble, None
        await ask(search, "chatbot for tax questions")
        embedder.trouble = trouble
        await ask(search, "chatbot for tax questions")
        assert len(warnings(caplog)) == 2


async def test_a_full_disk_is_said_and_does_not_spoil_the_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_really = Path.open

    def open_unless_full(path: Path, *args: Any, **options: Any) -> Any:
        if path.name.startswith("vectors-"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return open_really(path, *args, **options)

    monkeypatch.setattr(Path, "open", open_unless_full)
    async with open_search(tmp_path, await a_base(), WordEmbedder()) as search:
        with pytest.raises(UnavailableError, match=r"cannot be kept \(No space left on device\): make room"):
            await search.embed()
        assert (await ask(search, "chatbot for tax questions")).hits
    (warning,) = warnings(caplog)
    assert "make room" in warning


PEOPLE, COMMUNITIES = ["ann", "bob", "cleo"], ["north", "south"]

visibilities = st.builds(
    lambda audience, community, people, embargo: Visibility(
        audience=audience, community=community, people=people, embargo_until=embargo
    ),
    st.sampled_from(Audience),
    st.sampled_from(COMMUNITIES),
    st.frozensets(st.sampled_from(PEOPLE), max_size=2),
    st.none() | st.sampled_from([TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=1)]),
)
viewers = st.builds(Viewer, st.none() | st.sampled_from(COMMUNITIES), st.none() | st.sampled_from(PEOPLE))


@pytest.mark.parametrize("by_meaning", [False, True])
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(visibilities, min_size=1, max_size=8), st.lists(viewers, min_size=1, max_size=6, unique=True), st.data()
)
def test_nothing_leaks_to_who_may_not_see_it(
    by_meaning: bool,  # noqa: FBT001  # pytest gives it
    seen_by: list[Visibility],
    asking: list[Viewer],
    data: st.DataObject,
) -> None:
    pilots = [
        Pilot(
            provenance=Provenance(source="test", source_id=str(number)),
            title=f"Toads in cellar {number}",
            country="NO",
            visibility=visibility,
        )
        for number, visibility in enumerate(seen_by)
    ]
    told = data.draw(st.lists(st.tuples(st.sampled_from(pilots), visibilities), max_size=3))
    moved = data.draw(st.none() | st.tuples(st.sampled_from(pilots), visibilities))

    async def check() -> None:
        store = MemoryPilotStore()
        await store.save(pilots, BY, NOW)
        for number, (pilot, visibility) in enumerate(told):
            await store.keep_learning(_a_secret(number, pilot, visibility))
        async with searching(store, WordEmbedder() if by_meaning else None) as search:
            await _check_all(search, store, asking, told)
            if moved is not None and moved[0].visibility.community == moved[1].community:
                changed = Pilot(provenance=moved[0].provenance, title=moved[0].title, visibility=moved[1])
                await store.save([changed], BY, NOW)
                await _check_all(search, store, asking, told)

    asyncio.run(check())


@pytest.mark.parametrize("elsewhere", [HIDDEN, Visibility(audience=Audience.COMMUNITY, community="south")])
async def test_a_word_that_only_a_hidden_pilot_holds_scores_as_a_made_up_one(elsewhere: Visibility) -> None:
    secret = a_zeppelin(elsewhere, "A chatbot by the firm of Dupont")
    async with searching(await a_store(secret, *pilots_to_find())) as search:
        for viewer in (ANYONE, Viewer("north", "bob"), Viewer("west", "ann")):
            held = await ask(search, "has anyone tried a chatbot Dupont?", viewer)
            made_up = await ask(search, "has anyone tried a chatbot Qwertz?", viewer)
            assert held.confidence == pytest.approx(made_up.confidence, abs=1e-9)
            assert [hit.score for hit in held.hits] == [hit.score for hit in made_up.hits]


async def test_those_who_share_a_pilot_find_it_by_a_word_that_nothing_else_holds() -> None:
    async with searching(await a_store(a_zeppelin(HIDDEN), *pilots_to_find())) as search:
        assert titles(await ask(search, "zeppelin", Viewer("north", "ann"))) == [a_zeppelin(HIDDEN).title]
        assert titles(await ask(search, "zeppelin", Viewer("north", "bob"))) == []


async def test_what_was_taken_back_leaves_no_trace_in_a_score() -> None:
    store = await a_store(a_zeppelin(SHOWN, "Chatbot of Dupont and Dupond"), *pilots_to_find())
    async with searching(store) as search:
        await store.save([a_zeppelin(HIDDEN, "Chatbot of Dupont")], BY, NOW)
        held, made_up = [await ask(search, f"has anyone tried a chatbot {name}?") for name in ("Dupond", "Qwertz")]
        assert search._index.words.gone
        assert held.confidence == pytest.approx(made_up.confidence, abs=1e-9)


async def test_a_hidden_pilot_says_nothing_of_countries_and_languages() -> None:
    store = MemoryPilotStore()
    shown = a_pilot(1, summary="Goats mow the park of Oslo in Norway")
    await store.save([shown], BY, NOW)
    async with searching(store) as search:
        before = await ask(search, "has anyone in Norway had goats mow a park in 2019?")
        hidden = pilot_from_record(
            {
                "source": "test",
                "id": "h",
                "title": "Kecske gondozó",
                "summary": "Juhok legelnek budapesti parkban nyáron",
                "country": "Hungary",
                "language": "hu",
                "dates": {"started": "2019"},
                "visibility": {"audience": "restricted", "community": "north", "people": ["ann"]},
            }
        )
        await store.save([hidden], BY, NOW)
        after = await ask(search, "has anyone in Norway had goats mow a park in 2019?")
        assert search._index.rows.count == 2
        assert (after.answered, after.pilots, len(after.hits)) == (before.answered, before.pilots, len(before.hits))
        assert search._index.queries_for(ANYONE, TODAY)._seen.languages == ("en",)


WORDS = ["chatbot", "tax", "drones", "toads", "cellar", "budget"]
texts = st.lists(st.sampled_from(WORDS), min_size=4, max_size=4).map(" ".join)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(texts, min_size=1, max_size=6),
    st.lists(st.tuples(texts, visibilities), min_size=1, max_size=6),
    viewers,
    st.lists(texts, min_size=1, max_size=3),
)
def test_scores_are_the_same_with_and_without_what_may_not_be_seen(
    shown: list[str], others: list[tuple[str, Visibility]], viewer: Viewer, asked: list[str]
) -> None:
    """All texts have one length: the average length is all that tantivy takes from the whole base."""
    everything = [
        Pilot(provenance=Provenance(source="test", source_id=str(number)), title=title, visibility=visibility)
        for number, (title, visibility) in enumerate([*((each, Visibility()) for each in shown), *others])
    ]
    visible = [pilot for pilot in everything if pilot.visibility.is_open_to(viewer, TODAY)]

    async def scores(pilots: list[Pilot]) -> list[tuple[float, dict[str, float]]]:
        store = MemoryPilotStore()
        await store.save(pilots, BY, NOW)
        async with searching(store) as search:
            questions = [Question(text=each, topic=each, language="en") for each in asked]
            found = [await search.find(each, viewer, today=TODAY, limit=100) for each in questions]
        return [(hits.confidence, {hit.pilot.id: hit.score for hit in hits.hits}) for hits in found]

    with_all, without = asyncio.run(scores(everything)), asyncio.run(scores(visible))
    for (sure, scored), (sure_without, scored_without) in zip(with_all, without, strict=True):
        assert sure == pytest.approx(sure_without, abs=1e-4)
        assert scored == pytest.approx(scored_without, abs=2e-4)


narrow = visibilities.filter(lambda each: each.audience is not Audience.PUBLIC or each.embargo_until is not None)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(texts, min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(0, 4), texts, narrow), min_size=1, max_size=6),
    viewers,
    st.lists(texts | st.sampled_from(WORDS), min_size=1, max_size=3),
)
def test_nothing_at_all_tells_of_a_learning_that_may_not_be_seen(
    shown: list[str], told: list[tuple[int, str, Visibility]], viewer: Viewer, asked: list[str]
) -> None:
    """Not only the scores: hits, counts, confidence and what is shown are the same to the last bit."""
    pilots = [a_pilot(number, title=title, country="NO") for number, title in enumerate(shown)]
    learnings = [
        _a_secret(number, pilots[place % len(pilots)], visibility, text)
        for number, (place, text, visibility) in enumerate(told)
    ]

    async def found(learnings: Sequence[Learning]) -> tuple[list[Hits], bool]:
        store = MemoryPilotStore()
        await store.save(pilots, BY, NOW)
        for each in learnings:
            await store.keep_learning(each)
        async with searching(store) as search:
            questions = [Question(text=each, topic=each, language="en") for each in asked]
            return [await search.find(each, viewer, today=TODAY, limit=100) for each in questions], search.is_empty

    visible = [each for each in learnings if each.visibility.is_open_to(viewer, TODAY)]
    # The same pilots in the same order of change, whoever told of them: only the order breaks ties.
    assert _by_pilot(asyncio.run(found(learnings))) == _by_pilot(asyncio.run(found(visible)))


def _by_pilot(found: tuple[list[Hits], bool]) -> object:
    hits, is_empty = found
    return [(replace(each, hits=()), {hit.pilot.id: hit for hit in each.hits}) for each in hits], is_empty


SECRET = "The ferrymen went on strike."
US, OWNER, MODERATOR = Viewer("north"), Viewer("north", "ann"), Viewer("north", "mod")
FOR_US = Visibility(audience=Audience.COMMUNITY, community="north")
FOR_MODERATORS = Visibility(audience=Audience.RESTRICTED, community="north", people=frozenset({"ann", "mod"}))


@pytest.mark.parametrize(
    ("visibility", "seeing", "not_seeing"),
    [
        (FOR_US, [US, OWNER, MODERATOR], [ANYONE, Viewer("south", "ann")]),
        (FOR_MODERATORS, [OWNER, MODERATOR], [US, ANYONE, Viewer("north", "bob"), Viewer("south", "mod")]),
    ],
)
async def test_a_learning_is_found_by_those_it_was_told_to_and_shown_to_them(
    visibility: Visibility, seeing: list[Viewer], not_seeing: list[Viewer]
) -> None:
    store = await a_base()
    drones = pilots_to_find()[4]
    await store.keep_learning(_a_secret(1, drones, visibility, SECRET))
    async with searching(store) as search:
        for viewer in seeing:
            hits = await ask(search, "has anyone had ferrymen on strike?", viewer)
            assert (titles(hits), hits.answered, hits.pilots) == ([drones.title], True, 1)
            assert [each.text for each in hits.hits[0].learnings] == [SECRET]
        for viewer in not_seeing:
            hits = await ask(search, "has anyone had ferrymen on strike?", viewer)
            assert (titles(hits), hits.answered, hits.pilots, hits.confidence) == ([], False, 0, 0.0)
            hits = await ask(search, "drones over wetlands", viewer)
            assert hits.hits[0].pilot == drones
            assert hits.hits[0].learnings == ()


async def test_an_embargo_passes_without_the_index_being_written() -> None:
    store = await a_base()
    drones = pilots_to_find()[4]
    tomorrow = TODAY + timedelta(days=1)
    later = Visibility(community="north", people=frozenset({"ann"}), embargo_until=tomorrow)
    await store.keep_learning(_a_secret(1, drones, later, SECRET))
    question = Question(text="", topic="ferrymen on strike", language="en")
    async with searching(store) as search:
        written = search._index._folder.signature()
        for today, viewer, is_found in (
            (TODAY, ANYONE, False), (TODAY, US, False), (TODAY, OWNER, True), (tomorrow, ANYONE, True)
        ):  # fmt: skip
            assert bool((await search.find(question, viewer, today=today)).hits) is is_found
        assert search._index._folder.signature() == written


async def test_what_the_pilot_says_and_what_was_learned_are_found_as_one_text() -> None:
    store = await a_base()
    await store.keep_learning(_a_secret(1, pilots_to_find()[4], FOR_US, SECRET))
    await store.keep_learning(_a_secret(2, pilots_to_find()[0], FOR_US, "The ferrymen liked it."))
    async with searching(store) as search:
        assert titles(await ask(search, "drones and ferrymen", US))[0] == "Drones over the wetlands"
        there = Question(text="", topic="ferrymen liked", language="en", countries=("FI",))
        hits = await search.find(there, US, today=TODAY)
        assert [(hit.pilot.country, hit.is_close) for hit in hits.hits if not hit.is_close] == [("FI", False)]


async def test_a_learning_told_otherwise_is_found_by_its_new_words_and_a_removed_one_by_none() -> None:
    store = await a_base()
    drones = pilots_to_find()[4]
    async with searching(store) as search:
        loop = asyncio.get_running_loop()
        for text, found in ((SECRET, "ferrymen"), ("Herons attacked.", "herons")):
            await store.keep_learning(_a_secret(1, drones, FOR_US, text))
            started = loop.time()
            assert titles(await ask(search, found, US)) == [drones.title]
            assert loop.time() - started < 1.0
        assert titles(await ask(search, "ferrymen", US)) == []
        await store.remove_learning("1")
        assert titles(await ask(search, "herons", US)) == []


@pytest.mark.parametrize("before", [FOR_US, Visibility()])
@pytest.mark.parametrize("change", ["narrowed", "removed"])
async def test_what_was_learned_is_no_way_to_a_pilot_once_it_is_hidden_though_another_process_writes_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, before: Visibility
) -> None:
    monkeypatch.setattr("knowledge.search._PATIENCE", 0.1)
    store = await a_base()
    drones, chatbot = pilots_to_find()[4], pilots_to_find()[2]
    await store.keep_learning(_a_secret(1, drones, before, SECRET))
    await store.keep_learning(_a_secret(2, chatbot, FOR_MODERATORS, "secret"))
    async with open_search(tmp_path, store, None) as search:
        assert titles(await ask(search, "ferrymen", US)) == [drones.title]
        with filelock.FileLock(tmp_path / "writing.lock"):
            await store.save([a_pilot(9)], BY, NOW)
            await search.catch_up()
            if change == "removed":
                await store.remove_learning("1")
            else:
                await store.keep_learning(_a_secret(1, drones, FOR_MODERATORS, SECRET))
            await store.remove_learning("2")
            hits = await ask(search, "ferrymen", US)
            assert (hits.hits, hits.pilots, hits.confidence) == ((), 0, 0.0)
            # What these could not see before is no reason to leave the pilot out now.
            assert titles(await ask(search, "chatbot", US)) == [chatbot.title]


async def test_a_moderator_finds_what_each_of_many_owners_told_and_an_owner_their_own() -> None:
    store = await a_store(*(a_pilot(number, title=f"Pilot of area {number}") for number in range(300)))
    for number in range(300):
        people = frozenset({f"owner{number}", "mod"})
        visibility = Visibility(audience=Audience.RESTRICTED, community="north", people=people)
        await store.keep_learning(_a_secret(number, a_pilot(number), visibility, SECRET))
    question = Question(text="", topic="ferrymen on strike", language="en")
    async with searching(store) as search:
        seen = await search.find(question, MODERATOR, today=TODAY, limit=1_000)
        assert len(seen.hits) == 300
        (own,) = (await search.find(question, Viewer("north", "owner7"), today=TODAY, limit=1_000)).hits
        assert own.pilot.id == a_pilot(7).id
        assert (await search.find(question, US, today=TODAY)).hits == ()


async def _check_all(
    search: Search, store: MemoryPilotStore, asking: list[Viewer], told: list[tuple[Pilot, Visibility]]
) -> None:
    everything = [pilot async for pilot in store.all()]
    for viewer in asking:
        allowed = {pilot.id for pilot in everything if pilot.visibility.is_open_to(viewer, TODAY)}
        for topic, countries in (("toads in the cellar", ()), ("toads", ("NO",)), ("", ("NO",)), ("toads", ("SE",))):
            question = Question(text=topic, topic=topic, language="en", countries=countries)
            hits = await search.find(question, viewer, today=TODAY, limit=100)
            found = {hit.pilot.id for hit in hits.hits}
            assert found <= allowed
            assert hits.pilots <= len(allowed)
            if topic and not countries:
                assert found == allowed
        await _check_secrets(search, viewer, store, told)


async def _check_secrets(
    search: Search, viewer: Viewer, store: MemoryPilotStore, told: list[tuple[Pilot, Visibility]]
) -> None:
    """A word that stands in a learning alone finds its pilot for those who may read the learning, and for no others."""
    by_meaning = search._embedder is not None
    made_up = await search.find(Question(text="", topic="qwertzword", language="en"), viewer, today=TODAY, limit=100)
    for number, (pilot, visibility) in enumerate(told):
        question = Question(text="", topic=f"secret{number}word", language="en")
        hits = await search.find(question, viewer, today=TODAY, limit=100)
        now = await store.get(pilot.id)
        assert now is not None
        if visibility.is_open_to(viewer, TODAY) and now.visibility.is_open_to(viewer, TODAY):
            found = {hit.pilot.id: [each.id for each in hit.learnings] for hit in hits.hits}
            assert str(number) in found[pilot.id]
            assert by_meaning or set(found) == {pilot.id}
        else:
            assert by_meaning or replace(hits, names=made_up.names) == made_up  # but for what was asked
            assert not hits.answered
            assert all(str(number) != each.id for hit in hits.hits for each in hit.learnings)


def _a_secret(number: int, pilot: Pilot, visibility: Visibility, text: str = "") -> Learning:
    return Learning(
        id=str(number),
        pilot_id=pilot.id,
        text=text or f"secret{number}word",
        kind=LearningKind.NOTE,
        origin=Origin.THREAD,
        author="ann",
        told_at=NOW,
        visibility=visibility,
    )


async def test_a_hidden_pilot_is_not_counted() -> None:
    hidden = pilot_from_record(
        {
            "source": "test",
            "id": "h",
            "title": "Chatbot for tax questions",
            "visibility": {"audience": "restricted", "community": "north", "people": ["ann"]},
        }
    )
    async with searching(await a_store(hidden, *pilots_to_find())) as search:
        question = "has anyone tried a chatbot for tax questions?"
        assert (await ask(search, question)).pilots == 1
        assert (await ask(search, question, Viewer("north"))).pilots == 1
        assert (await ask(search, question, Viewer("south", "ann"))).pilots == 1
        assert (await ask(search, question, Viewer("north", "ann"))).pilots == 2
