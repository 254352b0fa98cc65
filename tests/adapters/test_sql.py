"""What the contract tests cannot see: several processes on one database, and a database in trouble."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event

from adapters.sql import Database, connections, open_database
from bot.members import Role
from knowledge.errors import InvalidRecordError, PilotlightError, UnavailableError
from knowledge.pilots import Pilot, Provenance
from knowledge.ports import Author
from tests.fakes import revisions_of
from tests.postgres import PostgresServer

NOON = datetime(2026, 5, 17, 12, tzinfo=UTC)
ANNA = Author("anna")
WRITER = """
import asyncio, sys
from datetime import UTC, datetime
from adapters.sql import open_database
from knowledge.pilots import Pilot, Provenance
from knowledge.ports import Author

async def main(url, writer):
    async with open_database(url) as database:
        for number in range(25):
            shared, own = (
                Pilot(provenance=Provenance(source="ours", source_id=name), title=f"{writer} {number}")
                for name in ("shared", f"{writer} {number}")
            )
            await database.pilots.save([shared, own], Author(writer), datetime.now(UTC))

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/pilotlight.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    with postgres_server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "empty_postgres_url"))


def pilot(name: str, title: str = "Drones") -> Pilot:
    return Pilot(provenance=Provenance(source="ours", source_id=name), title=title)


async def read_feed(database: Database) -> dict[int, str]:
    return {change.number: change.pilot_id for change in await database.pilots.changes(0, 10_000)}


async def trouble_of_opening(url: str) -> str:
    with pytest.raises(PilotlightError) as refused:
        async with open_database(url):
            pass
    return str(refused.value)


async def test_what_was_saved_is_there_when_opened_again(url: str) -> None:
    async with open_database(url) as database:
        name = await database.pilots.identity()
        await database.pilots.save([pilot("a")], ANNA, NOON)
    async with open_database(url) as database:
        assert await database.pilots.identity() == name
        assert await database.pilots.get(pilot("a").id) == pilot("a")


async def test_two_databases_have_two_names(tmp_path: Path) -> None:
    names = set()
    for file in ("a.db", "b.db"):
        async with open_database(f"sqlite:///{tmp_path}/{file}") as database:
            names.add(await database.pilots.identity())
    assert len(names) == 2


async def test_the_folder_of_a_new_file_is_made(tmp_path: Path) -> None:
    async with open_database(f"sqlite:///{tmp_path}/some/where/50% & more.db"):
        pass
    assert (tmp_path / "some" / "where" / "50% & more.db").is_file()


async def test_a_new_database_may_be_opened_by_many_at_once(new_url: str) -> None:
    async with AsyncExitStack() as stack:
        databases = await asyncio.gather(*(stack.enter_async_context(open_database(new_url)) for _ in range(4)))
        assert len({await database.pilots.identity() for database in databases}) == 1


def test_two_processes_save_into_one_new_database_and_lose_nothing(new_url: str) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, new_url, name]) for name in ("one", "two")]
    assert [writer.wait(60) for writer in writers] == [0, 0]

    async def check() -> None:
        async with open_database(new_url) as database:
            revisions = await revisions_of(database.pilots, pilot("shared").id)
            assert [each.number for each in revisions] == list(range(1, 51))
            for name in ("one", "two"):
                titles = [each.pilot.title for each in revisions if each.by.name == name]
                assert titles == [f"{name} {number}" for number in range(25)]
            assert len([each async for each in database.pilots.all()]) == 51
            assert max(await read_feed(database)) == 100

    asyncio.run(check())


async def test_a_follower_misses_nothing_that_others_write_from_several_processes(url: str) -> None:
    """Each open database stands for a process: they share nothing but the address."""
    async with AsyncExitStack() as stack:
        writers = [await stack.enter_async_context(open_database(url)) for _ in range(3)]
        reader = await stack.enter_async_context(open_database(url))

        async def write(writer: Database, name: str) -> None:
            for number in range(20):
                some = [pilot(f"{name} {number} {place}") for place in range(number % 4 + 1)]
                await writer.pilots.save(some, ANNA, NOON)

        writing = asyncio.gather(*(write(writer, str(name)) for name, writer in enumerate(writers)))
        seen: list[int] = []
        while not writing.done():
            seen += [change.number for change in await reader.pilots.changes(max(seen, default=0), 5)]
        await writing
        while step := await reader.pilots.changes(max(seen, default=0)):
            seen += [change.number for change in step]
        assert seen == list(range(1, 151))


async def test_a_save_that_fails_keeps_nothing(url: str) -> None:
    async with open_database(url) as database:
        await database.pilots.save([pilot("a")], ANNA, NOON)
        with pytest.raises(InvalidRecordError, match="cannot keep"):
            await database.pilots.save([pilot("a", "New"), pilot("b")], Author("\ud800"), NOON)
        assert await database.pilots.get(pilot("a").id) == pilot("a")
        assert await read_feed(database) == {1: pilot("a").id}
        assert await database.pilots.save([pilot("b")], ANNA, NOON) == 1
        assert await read_feed(database) == {1: pilot("a").id, 2: pilot("b").id}


@pytest.mark.parametrize("milliseconds", [0, 1, 2, 5, 10, 20, 50])
async def test_a_cancelled_save_is_kept_whole_or_not_at_all_and_lets_others_write(url: str, milliseconds: int) -> None:
    async with open_database(url) as database:
        savings = [
            asyncio.create_task(database.pilots.save([pilot(f"{name} {n}") for n in range(900)], ANNA, NOON))
            for name in ("first", "waiting")
        ]
        await asyncio.sleep(milliseconds / 1000)
        for saving in savings:
            saving.cancel()
        await asyncio.gather(*savings, return_exceptions=True)
        assert len(await read_feed(database)) in {0, 900, 1800}
        assert await database.pilots.save([pilot("a")], ANNA, NOON) == 1


async def test_the_pilots_of_a_person_are_found_by_an_index(url: str) -> None:
    asked = []
    async with open_database(url) as database:

        @event.listens_for(database.connections.engine.sync_engine, "before_cursor_execute", retval=False)
        def listen(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
            asked.append((statement, parameters))

        await database.pilots.owned_by("slack:T1", "U1")
        ((statement, parameters),) = [each for each in asked if "revisions" in each[0]]
        async with database.connections.reading() as connection:
            is_sqlite = connection.dialect.name == "sqlite"
            if not is_sqlite:  # which scans a table as small as this one, unless told not to
                await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
            plan = str((await connection.exec_driver_sql(f"{explain} {statement}", parameters)).all())  # type: ignore[arg-type]  # as the driver got them
        assert "ix_pilots_owner" in plan
        assert "SCAN" not in plan


async def test_of_several_processes_one_claims_each_key_and_one_is_the_first_administrator(new_url: str) -> None:
    """Each open database stands for a process: they share nothing but the address."""
    async with AsyncExitStack() as stack:
        databases = [await stack.enter_async_context(open_database(new_url)) for _ in range(4)]
        claims = await asyncio.gather(
            *(database.seen.claim(f"slack:Ev{number}", NOON) for number in range(25) for database in databases)
        )
        assert [sum(claims[start : start + 4]) for start in range(0, 100, 4)] == [1] * 25
        appointed = await asyncio.gather(
            *(
                database.members.appoint("slack:T1", f"U{number}", Role.ADMINISTRATOR, if_first=number != 2)
                for number, database in enumerate(databases)
            )
        )
        administrators = [each.person for each in await databases[0].members.moderators("slack:T1")]
        assert administrators == [f"U{number}" for number, was in enumerate(appointed) if was]
        assert "U2" in administrators
        assert len(administrators) <= 2


async def test_a_lost_connection_is_made_anew(postgres_url: str) -> None:
    async with open_database(postgres_url) as database, open_database(postgres_url) as other:
        await database.pilots.save([pilot("a")], ANNA, NOON)
        async with other.connections.reading() as connection:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            await connection.exec_driver_sql(f"{others} AND pid <> pg_backend_pid()")
        assert await database.pilots.get(pilot("a").id) == pilot("a")


async def test_a_file_that_another_program_writes_is_busy(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_WAIT_SECONDS", 0.05)
    async with open_database(sqlite_url) as database:
        with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(UnavailableError, match="busy with another program's writing: try again"):
                await database.pilots.save([pilot("a")], ANNA, NOON)
            assert await database.pilots.get(pilot("a").id) is None
            other.execute("ROLLBACK")
        assert await database.pilots.save([pilot("a")], ANNA, NOON) == 1


async def test_a_full_disk_is_said_and_loses_nothing(sqlite_url: str) -> None:
    async with open_database(sqlite_url) as database:
        await database.pilots.save([pilot("a")], ANNA, NOON)

        @event.listens_for(database.connections.engine.sync_engine, "begin")
        def no_room(connection: object) -> None:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")  # type: ignore[attr-defined]  # a Connection

        with pytest.raises(UnavailableError, match="the disk is full: make room"):
            await database.pilots.save([pilot(f"n{number}", "Long" * 50) for number in range(500)], ANNA, NOON)
        assert await read_feed(database) == {1: pilot("a").id}


async def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear all,\n" * 500)
    assert "is no SQLite database: name another file" in await trouble_of_opening(f"sqlite:///{letter}")
    assert letter.read_text() == "Dear all,\n" * 500


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    sentence = await trouble_of_opening(f"sqlite:///{tmp_path}/file/pilotlight.db")
    assert f"cannot write in {tmp_path}/file" in sentence


async def test_a_server_that_is_away_is_named_without_its_password() -> None:
    sentence = await trouble_of_opening("postgresql://bot:s3cret@127.0.0.1:1/pilots")
    assert "database pilots on 127.0.0.1 does not answer" in sentence
    assert "s3cret" not in sentence


async def test_a_database_that_is_not_on_the_server_is_named(postgres_url: str) -> None:
    missing = postgres_url.replace(postgres_url.partition("?")[0].rpartition("/")[2], "nowhere")
    assert "database nowhere on" in (sentence := await trouble_of_opening(missing))
    assert "does not exist: create it" in sentence


async def test_a_user_that_the_server_does_not_know_is_refused_without_the_password(postgres_url: str) -> None:
    sentence = await trouble_of_opening(postgres_url.replace("postgres:@", "stranger:s3cret@"))
    assert "refuses this user" in sentence
    assert "s3cret" not in sentence


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg", "postgresql+psycopg2"])
async def test_postgresql_addresses_are_read_as_people_write_them(postgres_url: str, scheme: str) -> None:
    async with open_database(postgres_url.replace("postgresql", scheme, 1) + "&sslmode=prefer") as database:
        assert await database.pilots.identity()


@pytest.mark.parametrize(
    "address",
    [
        "", "pilots.db", "mysql://bot:s3cret@host/pilots", "sqlite://", "sqlite:///:memory:", "postgresql://h:s3cret/x",
        "postgresql://bot:s3cret@s3cret@host/pilots", "sqlite:///a.db?mode=ro",
    ],
)  # fmt: skip
async def test_an_address_that_cannot_be_used_is_refused_without_its_password(address: str) -> None:
    sentence = await trouble_of_opening(address)
    assert "write " in sentence
    assert "s3cret" not in sentence
