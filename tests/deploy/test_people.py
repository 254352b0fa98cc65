import asyncio
import csv
import json
from pathlib import Path

import pytest
from slack_sdk.oauth.installation_store import Bot

from adapters.slack.encryption import new_key
from adapters.slack.installations import Installations
from adapters.sql import open_database
from bot.answers import GivenAnswer, Rating
from bot.members import Role
from deploy.cli import run
from deploy.people import _cell
from tests.base import NOW


@pytest.fixture(autouse=True)
def database_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PILOTLIGHT_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return f"sqlite:///{tmp_path / 'data' / 'pilotlight.sqlite'}"


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(list(arguments)) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_somebody_is_made_a_moderator_and_a_member_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert "U01ALICE looks after local now." in printed(capsys, "moderators", "add", "U01ALICE")
    printed(capsys, "moderators", "add", "U02BOB", "--administrator")
    assert printed(capsys, "moderators", "list").splitlines() == ["U01ALICE: moderator", "U02BOB: administrator"]
    assert printed(capsys, "moderators", "list", "--community", "another") == ""
    printed(capsys, "moderators", "remove", "U01ALICE")
    assert "U01ALICE" not in printed(capsys, "moderators", "list")


@pytest.mark.parametrize(
    "person",
    ["U012ABCDEF", "UABCDEFGHI", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "3F2504E0-4F89-11D3-9A0C-0305E82C3301", "you"],
)
def test_an_id_of_slack_of_entra_and_of_the_terminal_is_taken(person: str, capsys: pytest.CaptureFixture[str]) -> None:
    printed(capsys, "moderators", "add", person)
    assert printed(capsys, "moderators", "list").splitlines() == [f"{person}: moderator"]


@pytest.mark.parametrize("person", ["alice", "Alice", "ALICE", "@alice", "alice@example.org", "Alice Smith", ""])
def test_a_name_or_an_address_is_refused_with_where_the_id_is_found(
    person: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["moderators", "add", person]) == 1
    told = capsys.readouterr().err
    assert "is no person's id" in told
    assert "U012ABCDEF" in told
    assert "Copy member ID" in told
    assert "Object ID in Entra" in told
    assert printed(capsys, "moderators", "list") == ""


def test_whoever_was_added_by_a_name_can_still_be_removed(
    capsys: pytest.CaptureFixture[str], database_url: str
) -> None:
    asyncio.run(_appoint(database_url, "alice"))
    printed(capsys, "moderators", "remove", "alice")
    assert printed(capsys, "moderators", "list") == ""


def test_a_linked_account_stands_for_its_person(capsys: pytest.CaptureFixture[str], database_url: str) -> None:
    asyncio.run(_link(database_url, "T1", "U01ALICE"))
    printed(capsys, "moderators", "add", "T1")
    assert printed(capsys, "moderators", "list").splitlines() == ["U01ALICE: moderator"]
    printed(capsys, "moderators", "remove", "T1")
    assert printed(capsys, "moderators", "list") == ""


@pytest.mark.parametrize("ending", ["csv", "json", "jsonl"])
def test_opinions_are_written_to_a_file(
    ending: str, capsys: pytest.CaptureFixture[str], database_url: str, tmp_path: Path
) -> None:
    asyncio.run(_keep_opinion(database_url))
    path = tmp_path / f"opinions.{ending}"
    assert printed(capsys, "feedback", "export", str(path)).startswith("1 opinions written")
    text = path.read_text(encoding="utf-8")
    match ending:
        case "csv":
            (row,) = csv.DictReader(text.splitlines())
            # What a spreadsheet would run is quoted.
            assert (row["reason"], row["is_good"], row["asked"]) == ("'=HYPERLINK(1)", "False", "a week | in Norway?")
        case "json":
            assert json.loads(text)[0]["reason"] == "=HYPERLINK(1)"
        case _:
            assert json.loads(text)["asked"] == ["a week", "in Norway?"]
    assert printed(capsys, "feedback", "export", str(path), "--community", "another").startswith("0 opinions")


def test_a_file_of_another_kind_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["feedback", "export", "opinions.pdf"]) == 1
    assert "should end in .csv, .json or .jsonl" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["feedback", "export", "nowhere/opinions.csv"]) == 1
    assert "nowhere/opinions.csv cannot be written" in capsys.readouterr().err


def test_tokens_are_encrypted_with_the_first_key_and_the_older_one_can_go(
    capsys: pytest.CaptureFixture[str], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = printed(capsys, "keys", "new").strip(), new_key()
    asyncio.run(_install(database_url, old))
    monkeypatch.setenv("PILOTLIGHT_SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("PILOTLIGHT_ENCRYPTION_KEYS", f"{new},{old}")
    assert "first key now: 1" in printed(capsys, "keys", "rotate")
    assert asyncio.run(_token(database_url, new)) == "xoxb-secret"


def test_without_a_key_there_is_nothing_to_rotate(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "rotate"]) == 1
    assert "PILOTLIGHT_ENCRYPTION_KEYS is empty" in capsys.readouterr().err


async def _keep_opinion(database_url: str) -> None:
    async with open_database(database_url) as database:
        answer = GivenAnswer(
            id="a",
            at=NOW,
            community="local",
            person="U01ALICE",
            asked=("a week", "in Norway?"),
            verdict="tried",
            pilots=("p",),
        )
        await database.answers.keep_answer(answer)
        rating = Rating(answer_id="a", person="U01ALICE", at=NOW, is_good=False, reason="=HYPERLINK(1)")
        await database.answers.rate(rating)


async def _appoint(database_url: str, person: str) -> None:
    async with open_database(database_url) as database:
        await database.members.appoint("local", person, Role.MODERATOR)


async def _link(database_url: str, account: str, person: str) -> None:
    async with open_database(database_url) as database:
        await database.people.link("local", account, person, NOW)


async def _install(database_url: str, key: str) -> None:
    async with open_database(database_url) as database:
        transactions = database.connections.turn_taking_engine
        bot = Bot(
            app_id="A1",
            team_id="T1",
            bot_token="xoxb-secret",
            bot_id="B1",
            bot_user_id="U1",
            installed_at=NOW.timestamp(),
        )
        await Installations(client_id="1.2", transactions=transactions, keys=[key]).async_save_bot(bot)


async def _token(database_url: str, key: str) -> str | None:
    async with open_database(database_url) as database:
        transactions = database.connections.turn_taking_engine
        bot = await Installations(client_id="1.2", transactions=transactions, keys=[key]).find_bot_of_team("T1")
        return bot.bot_token if bot else None


@pytest.mark.parametrize("between", [";", "; ", "\n", "\t", " | "])
def test_no_part_of_an_opinion_is_run_by_a_spreadsheet_that_splits_elsewhere(between: str) -> None:
    assert _cell(f"bad{between}=HYPERLINK(1)") == f"bad{between}'=HYPERLINK(1)"
