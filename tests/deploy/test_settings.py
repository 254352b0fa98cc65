from pathlib import Path

import pytest
from pydantic import ValidationError

from deploy.settings import InvalidSettingsError, read_settings


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_any_setting_everything_is_in_the_data_folder() -> None:
    settings = read_settings()
    assert settings.database == "sqlite:///data/pilotlight.sqlite"
    assert settings.model_folder is None


def test_settings_come_from_the_environment_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("PILOTLIGHT_COMMUNITY=from-file\nPILOTLIGHT_DATA_DIR=/srv/file\nUNRELATED=1\n")
    monkeypatch.setenv("PILOTLIGHT_COMMUNITY", "from-environment")
    settings = read_settings()
    assert settings.community == "from-environment"
    assert settings.data_dir == Path("/srv/file")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("PILOTLIGHT_DATABASE_URL", "mysql://localhost/pilots"),
        ("PILOTLIGHT_EMBEDDINGS", "minilm"),
        ("PILOTLIGHT_EMBEDDINGS", "onnx:"),
        ("PILOTLIGHT_DATA_DIR", "what?"),
        ("PILOTLIGHT_DATA_DIR", "lost\udcff"),
        ("PILOTLIGHT_COMMUNITY", ""),
        ("PILOTLIGHT_PUBLIC_URL", "pilotlight.example.org"),
        ("PILOTLIGHT_PUBLIC_URL", "http://pilotlight.example.org"),
        ("PILOTLIGHT_PUBLIC_URL", "https://pilotlight.example.org/?a=b"),
    ],
)
def test_a_wrong_setting_is_named_with_its_purpose_and_an_example(
    name: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, wrong)
    with pytest.raises(InvalidSettingsError, match=rf"(?s)^{name}: .+ It is .+ Example: {name}=.+"):
        read_settings()


def test_a_secret_in_a_wrong_database_address_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PILOTLIGHT_DATABASE_URL", "mysql://root:hunter2@localhost/pilots")
    with pytest.raises(InvalidSettingsError) as caught:
        read_settings()
    assert "hunter2" not in str(caught.value)


def test_a_misspelt_setting_is_refused_with_the_one_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PILOTLIGHT_DATABSE_URL", "sqlite:///x.sqlite")
    with pytest.raises(InvalidSettingsError, match="Did you mean PILOTLIGHT_DATABASE_URL"):
        read_settings()
    monkeypatch.delenv("PILOTLIGHT_DATABSE_URL")
    (tmp_path / ".env").write_text("PILOTLIGHT_EMBEDDING=off\n")
    with pytest.raises(InvalidSettingsError, match="Did you mean PILOTLIGHT_EMBEDDINGS"):
        read_settings()


def test_a_file_of_settings_that_is_no_text_is_said_to_be_that(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"PILOTLIGHT_COMMUNITY=\xff\xfe\n")
    with pytest.raises(InvalidSettingsError, match="UTF-8"):
        read_settings()


def test_settings_do_not_change_once_read() -> None:
    with pytest.raises(ValidationError):
        read_settings().community = "another"


@pytest.mark.parametrize("address", ["https://pilotlight.example.org", "http://localhost:3000", ""])
def test_the_address_of_this_server_is_https_or_on_this_machine(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PILOTLIGHT_PUBLIC_URL", address)
    assert read_settings().public_url == address
