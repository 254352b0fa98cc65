"""The setting of the model that writes answers, and what the check says of it."""

from pathlib import Path

import pytest

from deploy import checking
from deploy.checking import check_house
from deploy.settings import InvalidSettingsError, Settings, read_settings
from deploy.wiring import open_house
from tests.adapters.test_chat import DONE, Script, chat_server, event, sending


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_the_setting_no_model_writes() -> None:
    assert read_settings().writing_model is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("openai:https://api.example.org/v1#gpt-5", ("https://api.example.org/v1", "gpt-5")),
        ("openai:http://localhost:11434/v1#llama3.1:8b", ("http://localhost:11434/v1", "llama3.1:8b")),
        ("openai:http://[::1]:8000/v1#org/model#2", ("http://[::1]:8000/v1", "org/model#2")),
    ],
)
def test_a_model_is_named_by_its_server_and_its_name(
    value: str, expected: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PILOTLIGHT_WRITER", value)
    assert read_settings().writing_model == expected


@pytest.mark.parametrize(
    "value",
    [
        "on", "", "openai:", "openai:#gpt", "openai:https://api.example.org/v1", "openai:https://api.example.org/v1# ",
        "openai:http://api.example.org/v1#gpt", "openai:http://localhost.example.org/v1#gpt", "https://a.example/v1#gpt",
        "openai:https://user:hunter2@api.example.org/v1#gpt", "openai:https://a.example/v1?key=hunter2#gpt",
        "openai:http://localhost:99999/v1#gpt", "openai:http://[::1/v1#gpt", "openai:ftp://localhost/v1#gpt",
    ],
)  # fmt: skip
def test_another_address_is_refused_and_no_secret_in_it_is_repeated(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PILOTLIGHT_WRITER", value)
    with pytest.raises(InvalidSettingsError, match=r"^PILOTLIGHT_WRITER: must be off or openai:https://") as caught:
        read_settings()
    assert "hunter2" not in str(caught.value)


def test_the_key_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PILOTLIGHT_WRITER_KEY", " sk-hunter2 ")
    assert read_settings().writer_key == "sk-hunter2"
    assert "hunter2" not in repr(read_settings())
    monkeypatch.setenv("PILOTLIGHT_WRITER_KEY", "sk-hünter2")
    with pytest.raises(InvalidSettingsError, match=r"^PILOTLIGHT_WRITER_KEY: ") as caught:
        read_settings()
    assert "hünter2" not in str(caught.value)


async def checked(capsys: pytest.CaptureFixture[str], *scripts: Script) -> tuple[bool, str]:
    """Whether all is well, and the line on the writer."""
    async with chat_server(*scripts) as server:
        fine = await check_house(Settings(writer=f"openai:{server.url}#tiny", writer_key="sk-hunter2"))
    told = capsys.readouterr().out
    assert "hunter2" not in told
    (line,) = (line for line in told.splitlines() if "Writer:" in line)
    return fine, line


async def test_the_check_says_that_it_is_off(capsys: pytest.CaptureFixture[str]) -> None:
    assert await check_house(Settings())
    assert "– Writer: off" in capsys.readouterr().out


async def test_the_check_says_that_it_answers(capsys: pytest.CaptureFixture[str]) -> None:
    fine, line = await checked(capsys, sending(event("Somebody did [1]."), DONE))
    assert fine
    assert line.startswith("✓ Writer: tiny at http://127.0.0.1:")


async def test_the_check_says_that_it_does_not_answer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fine, line = await checked(capsys, sending(b"no", status=401))
    assert not fine
    assert "The model refused with status 401. See PILOTLIGHT_WRITER and PILOTLIGHT_WRITER_KEY." in line
    assert "answers nothing" in (await checked(capsys, sending(DONE)))[1]
    monkeypatch.setattr(checking, "WRITING", 0.2)
    assert "did not end" in (await checked(capsys, sending(event("One."), 5.0)))[1]


async def test_the_house_has_the_writer_that_is_set() -> None:
    async with open_house(Settings()) as house:
        assert house.bot.ask.writer is None
    async with open_house(Settings(writer="openai:http://localhost:1/v1#tiny")) as house:
        assert house.bot.ask.writer is not None
