from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from deploy.settings import InvalidSettingsError, Settings, read_settings

APP = "11111111-2222-3333-4444-bbbbbbbbbbbb"
EXAMPLES_OF_THE_PAGE = ("11111111-2222-3333-4444-555555555555", "66666666-7777-8888-9999-000000000000")
TENANT = "66666666-7777-8888-9999-aaaaaaaaaaaa"
OTHER = "77777777-7777-8888-9999-aaaaaaaaaaaa"
SECRET = "a~value-that-Entra-shows-once"


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
        ("PILOTLIGHT_TIME_ZONE", "Helsinki"),
        ("PILOTLIGHT_TIME_ZONE", "../../etc/passwd"),
        ("PILOTLIGHT_COUNTRY", "Finland"),
        ("PILOTLIGHT_COUNTRY", "ZZ"),
        ("PILOTLIGHT_PUBLIC_URL", "pilotlight.example.org"),
        ("PILOTLIGHT_PUBLIC_URL", "http://pilotlight.example.org"),
        ("PILOTLIGHT_PUBLIC_URL", "https://pilotlight.example.org/?a=b"),
        ("PILOTLIGHT_TEAMS_APP_ID", "pilotlight"),
        ("PILOTLIGHT_TEAMS_APP_ID", "11111111-2222-3333-4444-55555555555"),
        ("PILOTLIGHT_TEAMS_APP_ID", "11111111-2222-3333-4444-5555555555555"),
        ("PILOTLIGHT_TEAMS_APP_ID", "1l111111-2222-3333-4444-555555555555"),
        ("PILOTLIGHT_TEAMS_APP_ID", "28:11111111-2222-3333-4444-555555555555"),
        ("PILOTLIGHT_TEAMS_APP_PASSWORD", "11111111-2222-3333-4444-555555555555"),
        ("PILOTLIGHT_TEAMS_TENANT_ID", "example.onmicrosoft.com"),
        ("PILOTLIGHT_TEAMS_TENANT_ID", "common"),
        ("PILOTLIGHT_TEAMS_ALLOWED_TENANTS", "*"),
        ("PILOTLIGHT_TEAMS_ALLOWED_TENANTS", f"{TENANT} {OTHER}"),
        ("PILOTLIGHT_TEAMS_ALLOWED_TENANTS", f"{TENANT},common"),
        ("PILOTLIGHT_TEAMS_GUESTS", "everybody"),
        ("PILOTLIGHT_TEAMS_INSECURE_DEV", "perhaps"),
        ("PILOTLIGHT_TEAMS_OPEN_ID_URL", "http://login.botframework.com/"),
        ("PILOTLIGHT_TEAMS_LOGIN_URL", "login.microsoftonline.com"),
        ("PILOTLIGHT_TEAMS_LOGIN_URL", "http://127.0.0.1.evil.example/"),
        ("PILOTLIGHT_COMMUNITIES", "city-innovators"),
        ("PILOTLIGHT_COMMUNITIES", "T012="),
        ("PILOTLIGHT_COMMUNITIES", "=city-innovators"),
        ("PILOTLIGHT_COMMUNITIES", "T012=a=b"),
        ("PILOTLIGHT_COMMUNITIES", "T012=a;T013=b"),
        ("PILOTLIGHT_COMMUNITIES", "acme=a"),
        ("PILOTLIGHT_COMMUNITIES", f"{TENANT[:-1]}=a"),
        ("PILOTLIGHT_COMMUNITIES", "T012=a,t012=b"),
        ("PILOTLIGHT_COMMUNITIES", f"T012={'a' * 101}"),
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


def teams(**more: Any) -> Settings:
    complete = {"teams_app_id": APP, "teams_app_password": SECRET, "teams_tenant_id": TENANT}
    return Settings(_env_file=None, **{**complete, **more})  # type: ignore[call-arg]  # pydantic-settings has it


@pytest.mark.parametrize(
    ("name", "example"),
    [
        ("TEAMS_APP_PASSWORD", "…"),
        ("TEAMS_APP_PASSWORD", " ... "),
        *((name, each) for name in ("TEAMS_APP_ID", "TEAMS_TENANT_ID") for each in EXAMPLES_OF_THE_PAGE),
    ],
)
def test_the_examples_of_the_page_are_not_taken_for_settings(
    name: str, example: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"PILOTLIGHT_{name}", example)
    with pytest.raises(InvalidSettingsError, match=rf"^PILOTLIGHT_{name}: is still the example of the page") as raised:
        read_settings()
    assert "Example:" not in str(raised.value)


def test_the_examples_are_those_of_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/teams.md").read_text(encoding="utf-8")
    app, tenant = EXAMPLES_OF_THE_PAGE
    for line in (f"TEAMS_APP_ID={app}", "TEAMS_APP_PASSWORD=…", f"TEAMS_TENANT_ID={tenant}"):
        assert f"    PILOTLIGHT_{line}\n" in page


def test_ids_of_teams_are_taken_in_capitals_and_with_spaces_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PILOTLIGHT_TEAMS_APP_ID", f" {APP.upper()} ")
    monkeypatch.setenv("PILOTLIGHT_TEAMS_APP_PASSWORD", f" {SECRET}\n")
    monkeypatch.setenv("PILOTLIGHT_TEAMS_TENANT_ID", TENANT.upper())
    monkeypatch.setenv("PILOTLIGHT_TEAMS_ALLOWED_TENANTS", f" {OTHER.upper()} ,, ")
    settings = read_settings()
    assert (settings.teams_app_id, settings.teams_app_password) == (APP, SECRET)
    assert settings.tenants == (TENANT, OTHER)
    settings.require_platform()


def test_communities_are_named_by_ids_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PILOTLIGHT_COMMUNITIES", f" T012ABC = City innovators , {TENANT.upper()}=Ports,E1=Ports,")
    assert read_settings().community_names == {"t012abc": "City innovators", TENANT: "Ports", "e1": "Ports"}


@pytest.mark.parametrize(
    ("more", "missing"),
    [
        ({}, set()),
        ({"teams_app_id": ""}, {"TEAMS_APP_ID"}),
        ({"teams_app_password": " "}, {"TEAMS_APP_PASSWORD"}),
        ({"teams_tenant_id": ""}, {"TEAMS_TENANT_ID"}),
        ({"teams_tenant_id": "", "teams_allowed_tenants": OTHER}, {"TEAMS_TENANT_ID"}),
        ({"teams_app_id": "", "teams_tenant_id": ""}, {"TEAMS_APP_ID", "TEAMS_TENANT_ID"}),
        ({"teams_insecure_dev": True}, set()),
        ({"teams_insecure_dev": True, "teams_app_password": ""}, {"TEAMS_APP_PASSWORD"}),
        ({"teams_insecure_dev": True, "teams_tenant_id": ""}, {"TEAMS_TENANT_ID"}),
        ({"teams_insecure_dev": True, "teams_app_id": ""}, set()),
        (
            {"teams_insecure_dev": True, "teams_app_id": "", "teams_app_password": "", "teams_tenant_id": ""},
            set(),
        ),
    ],
)
def test_settings_of_teams_that_are_missing_are_named(more: dict[str, Any], missing: set[str]) -> None:
    settings = teams(**more)
    assert settings.has_teams
    if not missing:
        settings.require_platform()
        return
    with pytest.raises(InvalidSettingsError) as raised:
        settings.require_platform()
    lines = str(raised.value).splitlines()[1:]
    assert {line.partition(":")[0].removeprefix("PILOTLIGHT_") for line in lines} == missing
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("name", ["app_id", "app_password", "tenant_id", "allowed_tenants", "insecure_dev"])
def test_any_setting_of_teams_asks_for_the_others(name: str) -> None:
    one = {"app_id": APP, "app_password": SECRET, "tenant_id": TENANT, "allowed_tenants": OTHER, "insecure_dev": True}
    nothing = {"teams_app_id": "", "teams_app_password": "", "teams_tenant_id": ""}
    assert not teams(**nothing).has_teams
    settings = teams(**{**nothing, f"teams_{name}": one[name]})
    assert settings.has_teams
    assert not settings.has_slack


def test_a_secret_of_teams_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert SECRET not in repr(teams())
    monkeypatch.setenv("PILOTLIGHT_TEAMS_APP_PASSWORD", OTHER)
    with pytest.raises(InvalidSettingsError, match="not its Secret ID") as raised:
        read_settings()
    assert OTHER not in str(raised.value)


def test_a_misspelt_setting_of_teams_is_refused_with_the_one_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PILOTLIGHT_TEAMS_ALOWED_TENANTS", TENANT)
    with pytest.raises(InvalidSettingsError, match="Did you mean PILOTLIGHT_TEAMS_ALLOWED_TENANTS"):
        read_settings()
