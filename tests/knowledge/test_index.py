import asyncio
import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import pytest
import tantivy

from knowledge.errors import UnavailableError
from knowledge.index.analysis import stop_words, terms, words
from knowledge.index.index import Index
from knowledge.index.parts import parts_of
from knowledge.index.thesaurus import LANGUAGES, Thesaurus, load_thesaurus
from knowledge.index.vectors import VectorLog, VectorTable, quantise
from knowledge.index.words import WordIndex
from knowledge.learnings import Learning, LearningKind, Origin
from knowledge.pilots import Pilot
from knowledge.ports import Author, Change
from knowledge.questions import Question
from knowledge.records import pilot_from_record
from knowledge.visibility import Audience, Viewer, Visibility
from tests.base import NOW, sample_pilots
from tests.fakes import AwayEmbedder, MemoryPilotStore, WordEmbedder

BY = Author("test")


def a_pilot(number: int, **record: object) -> Pilot:
    return pilot_from_record({"source": "test", "id": str(number), "title": f"Pilot {number}", **record})


async def a_store(*pilots: Pilot) -> MemoryPilotStore:
    store = MemoryPilotStore()
    await store.save(pilots or sample_pilots(), BY, NOW)
    return store


async def opened(folder: Path, store: MemoryPilotStore, embedder: WordEmbedder | None = None) -> Index:
    index = Index(folder, store, embedder)
    await index.refresh()
    return index


def found(index: Index, text: str, viewer: Viewer | None = None) -> list[str]:
    """Ids of the pilots that hold these words, best first."""
    question = Question(text=text, topic=text, language="en")
    query = index.queries_for(viewer or Viewer(), NOW.date()).query(parts_of(question, Thesaurus("")))
    return [] if query is None else index.pilot_ids(index.words.search(query, 100)[0])


async def test_what_is_in_the_database_is_found(tmp_path: Path) -> None:
    index = await opened(tmp_path, await a_store())
    assert found(index, "chatbot") == [sample_pilots()[2].id]


async def test_a_saved_pilot_is_found_within_a_second(tmp_path: Path) -> None:
    store = await a_store()
    index = await opened(tmp_path, store)
    await store.save([a_pilot(1, summary="Wolves in the valley")], BY, NOW)
    loop = asyncio.get_running_loop()
    started = loop.time()
    await index.refresh()
    assert loop.time() - started < 1.0
    assert found(index, "wolves") == [a_pilot(1).id]


async def test_a_changed_pilot_is_found_by_its_new_words_only(tmp_path: Path) -> None:
    store = await a_store(a_pilot(1, summary="Wolves"), a_pilot(2, summary="Bears"))
    index = await opened(tmp_path, store)
    await store.save([a_pilot(1, summary="Lynxes")], BY, NOW)
    await index.refresh()
    assert found(index, "wolves") == []
    assert found(index, "lynxes") == [a_pilot(1).id]
    assert index.rows.count == 2


async def test_a_removed_pilot_is_not_found(tmp_path: Path) -> None:
    store = await a_store()
    index = await opened(tmp_path, store)
    await store.remove(sample_pilots()[2].id, BY, NOW)
    await index.refresh()
    assert found(index, "chatbot") == []
    assert index.rows.position == 9
    again = await opened(tmp_path, store)
    assert again.rows.position == 9


def a_learning(pilot_id: str, visibility: Visibility) -> Learning:
    return Learning(
        id="l1",
        pilot_id=pilot_id,
        text="The ferrymen protested.",
        kind=LearningKind.NOTE,
        origin=Origin.THREAD,
        author="somebody",
        told_at=NOW,
        visibility=visibility,
    )


async def test_a_learning_makes_its_pilot_findable(tmp_path: Path) -> None:
    store = await a_store()
    index = await opened(tmp_path, store)
    pilot = sample_pilots()[0]
    await store.keep_learning(a_learning(pilot.id, Visibility()))
    await index.refresh()
    assert found(index, "ferrymen") == [pilot.id]


async def test_what_was_learned_in_a_community_is_a_way_to_find_a_public_pilot_there_alone(tmp_path: Path) -> None:
    store = await a_store()
    index = await opened(tmp_path, store)
    told_here = Visibility(audience=Audience.COMMUNITY, community="ours")
    await store.keep_learning(a_learning(sample_pilots()[0].id, told_here))
    await index.refresh()
    for index_of_it in (index, await opened(tmp_path, store)):
        assert found(index_of_it, "ferrymen") == []
        assert found(index_of_it, "ferrymen", Viewer("theirs", "ann")) == []
        assert found(index_of_it, "ferrymen", Viewer("ours")) == [sample_pilots()[0].id]


async def test_a_learning_of_few_has_no_document_and_no_vector_of_its_own(tmp_path: Path) -> None:
    store, embedder = await a_store(), WordEmbedder()
    index = await opened(tmp_path, store, embedder)
    await index.embed()
    before = (index.rows.count, index.words.documents, len(embedder.given))
    told_here = Visibility(audience=Audience.COMMUNITY, community="ours")
    await store.keep_learning(a_learning(sample_pilots()[0].id, told_here))
    await index.refresh()
    await index.embed()
    assert (index.rows.count, index.words.documents - index.words.gone, len(embedder.given)) == before


async def test_a_restart_reads_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await a_store()
    await opened(tmp_path, store)
    state = (tmp_path / "state.json").read_bytes()
    index = await opened(tmp_path, store)
    assert found(index, "chatbot")
    assert (tmp_path / "state.json").read_bytes() == state


async def test_a_deleted_index_is_made_anew(tmp_path: Path) -> None:
    store = await a_store()
    index = await opened(tmp_path / "index", store)
    for path in sorted((tmp_path / "index").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    await index.refresh()
    assert found(index, "chatbot")
    assert found(await opened(tmp_path / "index", store), "chatbot")


async def test_an_index_of_another_database_is_made_anew(tmp_path: Path) -> None:
    await opened(tmp_path, await a_store())
    index = await opened(tmp_path, await a_store(a_pilot(1, summary="Wolves")))
    assert found(index, "chatbot") == []
    assert found(index, "wolves")


async def test_an_index_of_another_version_is_made_anew(tmp_path: Path) -> None:
    store = await a_store()
    await opened(tmp_path, store)
    state = json.loads((tmp_path / "state.json").read_text())
    (tmp_path / "state.json").write_text(json.dumps({**state, "schema": "of long ago"}))
    assert found(await opened(tmp_path, store), "chatbot")
    assert json.loads((tmp_path / "state.json").read_text())["edition"] != state["edition"]


def _truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _scramble(path: Path) -> None:
    path.write_bytes(bytes(byte ^ 0x5A for byte in path.read_bytes()))


def _flip_one_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def _damage(folder: Path, damage: Callable[[Path], None], kind: str) -> None:
    damaged = list(folder.rglob(kind))
    assert damaged
    for path in damaged:
        damage(path)


@pytest.mark.parametrize("damage", [_truncate, _empty, _scramble, _flip_one_bit, Path.unlink])
@pytest.mark.parametrize(
    "kind", ["*.store", "*.term", "*.idx", "*.fast", "meta.json", ".managed.json", "../state.json"]
)
async def test_a_damaged_index_is_noticed_and_made_anew(tmp_path: Path, damage: object, kind: str) -> None:
    store = await a_store()
    await opened(tmp_path, store)
    for path in (tmp_path / "words").glob(kind) if "/" not in kind else [tmp_path / "state.json"]:
        damage(path)  # type: ignore[operator]  # a list of functions of one path each
    index = await opened(tmp_path, store)
    assert found(index, "chatbot") == [sample_pilots()[2].id]
    assert index.rows.count == 8


@pytest.mark.parametrize("reason", ["a file of it", "of another version"])
async def test_a_damaged_index_is_told_and_one_of_another_version_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, reason: str
) -> None:
    store = await a_store()
    await opened(tmp_path, store)
    if reason == "a file of it":
        _damage(tmp_path, _flip_one_bit, "*.store")
    else:
        (tmp_path / "state.json").unlink()
    await opened(tmp_path, store)
    # An empty log would make a slow start or a lost disk a riddle; a new version is no trouble.
    told = {line.partition("will be made anew: ")[2] for line in caplog.messages}
    assert told == ({"a file of it is not as it was written."} if reason == "a file of it" else set())


async def test_an_index_that_breaks_while_it_is_open_is_told_and_opened_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await a_store()
    index = await opened(tmp_path, store)
    broken = iter([True])
    reload = WordIndex.reload

    def reload_once_broken(words: WordIndex) -> None:
        if next(broken, False):
            raise ValueError("a segment vanished")
        reload(words)

    monkeypatch.setattr(WordIndex, "reload", reload_once_broken)
    await store.save([a_pilot(1, summary="Wolves")], BY, NOW)
    await index.refresh()
    assert found(index, "wolves")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "a segment vanished" in caplog.text


async def test_trouble_that_is_not_the_index_is_not_taken_for_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(MemoryPilotStore):
        async def changes(self, after: int, limit: int = 1000) -> Sequence[Change]:
            raise ValueError("a bug of the store")

    with pytest.raises(ValueError, match="a bug of the store"):
        await Index(tmp_path, Broken(), None).refresh()
    assert not caplog.records


def full(*_args: object, **_options: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


async def test_while_the_disk_is_full_what_is_there_is_searched_and_that_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = await a_store()
    index = await opened(tmp_path, store)
    for word in ("wolves", "lynxes"):  # one full disk after another
        await store.save([a_pilot(1, summary=word)], BY, NOW)
        with monkeypatch.context() as patch:
            patch.setattr(WordIndex, "write", full)
            for _ in range(3):
                await index.refresh()
                assert found(index, "chatbot")
        assert "No space left on device" in caplog.messages[0]
        assert "See that the disk has room" in caplog.messages[0]
        assert "what is there is searched" in caplog.messages[1]
        assert len(caplog.messages) == 2
        caplog.clear()
        await index.refresh()
        assert found(index, word)


async def test_one_full_moment_does_not_break_a_running_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await a_store()
    index = await opened(tmp_path, store, WordEmbedder())
    await store.save([a_pilot(1, summary="Wolves")], BY, NOW)
    with monkeypatch.context() as patch:
        patch.setattr(WordIndex, "write", full)
        patch.setattr(Path, "mkdir", full)
        with pytest.raises(UnavailableError, match=r"No space left on device.*See that the disk has room"):
            await index.refresh()
    await index.embed()  # looks at the files, too, so that they seem to be open
    await index.refresh()
    assert found(index, "wolves")


@pytest.fixture
def unwritable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file below the folder may be written, nor a lock be taken: the tests may run as root, who may do all."""
    access, acquire, opening = os.access, filelock.BaseFileLock.acquire, tantivy.Index

    def refused(path: Any, mode: int, **options: Any) -> bool:
        inside = Path(path).is_relative_to(tmp_path)
        return False if inside and mode & os.W_OK else access(path, mode, **options)

    def no_lock(lock: filelock.BaseFileLock, *args: Any, **options: Any) -> Any:
        if Path(lock.lock_file).is_relative_to(tmp_path):
            raise OSError(errno.EROFS, "Read-only file system")
        return acquire(lock, *args, **options)

    def read_only(schema: Any, path: str) -> Any:
        if Path(path).is_relative_to(tmp_path):
            raise ValueError("Failed to acquire Lockfile: Read-only file system")
        return opening(schema, path=path)

    monkeypatch.setattr(os, "access", refused)
    monkeypatch.setattr(filelock.BaseFileLock, "acquire", no_lock)
    monkeypatch.setattr("tantivy.Index", read_only)


async def test_a_whole_index_that_may_not_be_written_is_searched(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    store = await a_store()
    await (await opened(tmp_path, store, WordEmbedder())).embed()
    request.getfixturevalue("unwritable")
    index = await opened(tmp_path, store, WordEmbedder())
    await index.embed()
    assert (found(index, "chatbot"), index.missing) == ([sample_pilots()[2].id], 0)
    await store.save([a_pilot(1, summary="Wolves")], BY, NOW)
    for _ in range(2):
        await index.refresh()
        assert found(index, "chatbot")


async def test_what_others_write_to_an_index_that_may_only_be_read_here_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await a_store()
    writer = await opened(tmp_path, store)
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda *_args: False)
        reader = await opened(tmp_path, store)
        await store.save([a_pilot(1, summary="Wolves")], BY, NOW)
        await writer.refresh()
        await reader.refresh()
        assert found(reader, "wolves")


@pytest.mark.usefixtures("unwritable")
async def test_where_nothing_is_there_and_nothing_may_be_written_a_sentence_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"Read-only file system.*See that .* may be written"):
        await opened(tmp_path, await a_store())


@pytest.mark.parametrize("place", ["index", "index/state.json"])
async def test_a_file_or_folder_in_the_way_of_the_index_is_told_in_a_sentence(tmp_path: Path, place: str) -> None:
    if place == "index":
        (tmp_path / place).write_text("mine")
    else:
        (tmp_path / place).mkdir(parents=True)
    for _ in range(2):
        with pytest.raises(UnavailableError, match="the index can always be deleted"):
            await opened(tmp_path / "index", await a_store())


async def test_two_that_share_a_folder_see_each_others_changes(tmp_path: Path) -> None:
    store = await a_store()
    one, other = Index(tmp_path, store, None), Index(tmp_path, store, None)
    await asyncio.gather(one.refresh(), other.refresh())
    await store.save([a_pilot(1, summary="Wolves")], BY, NOW)
    await asyncio.gather(one.refresh(), other.refresh())
    await store.save([a_pilot(2, summary="Lynxes")], BY, NOW)
    await one.refresh()
    await other.refresh()
    for index in (one, other):
        assert found(index, "wolves") == [a_pilot(1).id]
        assert found(index, "lynxes") == [a_pilot(2).id]
        assert index.rows.count == 10


async def test_who_cannot_write_searches_what_is_there_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("knowledge.index.index._WAIT", 0.2)
    store = await a_store()
    index = await opened(tmp_path, store)
    await store.save([a_pilot(1, summary="Wolves")], BY, NOW)
    with filelock.FileLock(tmp_path / "writing.lock"):
        await index.refresh()
        assert found(index, "chatbot")
        with pytest.raises(UnavailableError, match="Another process"):
            await Index(tmp_path, await a_store(), None).refresh()
    await index.refresh()
    assert found(index, "wolves")


_OTHER_PROCESS = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from adapters.sql import open_database
from knowledge.index.index import Index
async def main():
    async with open_database({url!r}) as database:
        for _ in range(20):
            index = Index(Path({folder!r}), database.pilots, None)
            await index.refresh()
            print(index.rows.count)
asyncio.run(main())
"""


async def test_two_processes_on_one_folder_do_not_break_each_other(tmp_path: Path) -> None:
    from adapters.sql import open_database  # noqa: PLC0415  # only this test has a database on disk

    url, folder = f"sqlite:///{tmp_path}/pilots.sqlite", tmp_path / "index"
    async with open_database(url) as database:
        await database.pilots.save(sample_pilots(), BY, NOW)
        root = str(Path(__file__).parents[2])
        code = _OTHER_PROCESS.format(root=root, url=url, folder=str(folder))
        others = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", code, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            for _ in range(2)
        ]
        index = Index(folder, database.pilots, None)
        for number in range(20):
            await database.pilots.save([a_pilot(number, summary="Wolves")], BY, NOW + timedelta(seconds=number))
            await index.refresh()
            assert index.rows.count == 9 + number
        for other in others:
            output, trouble = await other.communicate()
            assert other.returncode == 0, trouble.decode()
            assert [int(line) for line in output.split()] == sorted(int(line) for line in output.split())
        assert len(found(index, "wolves")) == 20


async def test_vectors_are_made_once_for_each_text(tmp_path: Path) -> None:
    store, embedder = await a_store(), WordEmbedder()
    index = await opened(tmp_path, store, embedder)
    told: list[tuple[int, int | None]] = []
    await index.embed(lambda done, of: told.append((done, of)))
    assert len(embedder.given) == 8
    assert told == [(8, 8)]
    assert index.missing == 0
    again = WordEmbedder()
    await (await opened(tmp_path, store, again)).embed()
    assert again.given == []


async def test_only_a_changed_text_is_embedded_again(tmp_path: Path) -> None:
    store, embedder = await a_store(), WordEmbedder()
    index = await opened(tmp_path, store, embedder)
    await index.embed()
    embedder.given.clear()
    first, second, *_ = sample_pilots()
    await store.save([pilot_from_record({"source": "sample", "id": "1", "title": "Wolves"})], BY, NOW)
    await store.save([_without_organisation(second)], BY, NOW)
    await index.refresh()
    assert index.missing == 1
    await index.embed()
    assert embedder.given == ["Wolves. "]
    assert first.id in index.pilot_ids(range(index.rows.count))


def _without_organisation(pilot: Pilot) -> Pilot:
    return Pilot(provenance=pilot.provenance, title=pilot.title, summary=pilot.summary)


async def test_another_model_has_vectors_of_its_own(tmp_path: Path) -> None:
    store = await a_store()
    await (await opened(tmp_path, store, WordEmbedder())).embed()
    other = WordEmbedder("another")
    await (await opened(tmp_path, store, other)).embed()
    assert len(other.given) == 8


async def test_vectors_outlast_an_index_that_is_made_anew(tmp_path: Path) -> None:
    store = await a_store()
    await (await opened(tmp_path, store, WordEmbedder())).embed()
    (tmp_path / "state.json").unlink()
    again = WordEmbedder()
    index = await opened(tmp_path, store, again)
    assert index.missing == 0


@pytest.mark.parametrize("damage", [_truncate, _scramble, _flip_one_bit, _empty])
async def test_damaged_vectors_are_made_again(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    store = await a_store()
    index = await opened(tmp_path, store, WordEmbedder())
    await index.embed()
    assert index.table is not None
    query = (await WordEmbedder().embed(["chatbot tax"]))[0]
    right = index.table.nearness(query, None)
    _damage(tmp_path, damage, "vectors-*.bin")
    again = await opened(tmp_path, store, WordEmbedder())
    assert again.missing > 0
    await again.embed()
    assert again.missing == 0
    assert again.table is not None
    np.testing.assert_array_equal(again.table.nearness(query, None), right)


async def test_one_process_embeds_and_the_other_reads(tmp_path: Path) -> None:
    store, embedder = await a_store(), WordEmbedder()
    index = await opened(tmp_path, store, embedder)
    other = await opened(tmp_path, store, WordEmbedder())
    with filelock.FileLock(tmp_path / "vectors.lock"):
        await index.embed()
        assert embedder.given == []
    await index.embed()
    await other.refresh()
    assert other.missing == 0


async def test_without_its_model_the_words_are_still_there(tmp_path: Path) -> None:
    index = await opened(tmp_path, await a_store(), AwayEmbedder())
    with pytest.raises(UnavailableError):
        await index.embed()
    assert found(index, "chatbot")


def test_eight_bits_come_near_to_the_cosine(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    vectors = chance.standard_normal((500, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    log, table = VectorLog(tmp_path / "v.bin", 384), VectorTable(384)
    hashes, alive = np.arange(500, dtype=np.uint64), np.ones(500, np.bool_)
    log.add(hashes.tolist(), vectors)
    log.refresh()
    table.fill(hashes, alive, log)
    np.testing.assert_allclose(table.nearness(vectors[7], None), vectors @ vectors[7], atol=5e-3)
    few, many = np.zeros(500, np.bool_), np.ones(500, np.bool_)
    few[[3, 7]] = True
    many[[3, 7]] = False
    assert np.isnan(table.nearness(vectors[7], few)).sum() == 498
    assert np.isnan(table.nearness(vectors[7], many)).sum() == 2


def test_a_vector_of_nothing_is_no_trouble() -> None:
    small, scales = quantise(np.zeros((1, 4), np.float32))
    assert not small.any()
    assert np.isfinite(scales).all()


def test_words_are_folded_and_stemmed_by_their_language() -> None:
    assert words("Zürich's Bürger-Anfragen 2023, straße") == ["zurich", "s", "burger", "anfragen", "2023", "strasse"]
    assert terms("The buses of the cities", "en") == ["buse", "citi"]
    assert terms("De gemeenten gebruiken algoritmes", "nl") == terms("gemeente algoritme", "nl")
    assert terms("whatever it is", "xx") == terms("whatever it is", "xx")
    assert "the" in stop_words("en")
    assert stop_words("xx") == frozenset()


def test_every_line_of_the_thesaurus_has_a_name_in_every_language() -> None:
    thesaurus = load_thesaurus()
    for language in LANGUAGES:
        for concepts in thesaurus._concepts[language].values():
            for concept in concepts:
                assert all(concept.names[each] for each in LANGUAGES), concept.label


def test_a_question_is_taken_apart_into_the_things_it_asks_for() -> None:
    thesaurus = Thesaurus("number plate, ANPR | kenteken | Kennzeichen | plaque | matrícula | targa | skilt")
    question = Question(text="", topic="a number plate and an owl", language="en")
    plate, owl = parts_of(question, thesaurus)
    assert plate.name == ("number", "plate")
    assert ("kenteken",) in plate.others
    assert owl.name == ("owl",)
    dutch = Question(text="", topic="het kenteken", language="nl")
    assert parts_of(dutch, thesaurus)[0].label == "number plate"


def test_an_acronym_spelt_out_is_another_name_of_the_same_thing() -> None:
    question = Question(
        text="", topic="RPA for invoices", language="en", expansions=("robotic process automation", "flanders")
    )
    rpa, invoices, flanders = parts_of(question, Thesaurus(""))
    assert rpa.others == (("robotic", "process", "automation"),)
    assert (invoices.name, flanders.name) == (("invoices",), ("flanders",))
