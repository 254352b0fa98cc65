"""The app package and the check of Teams, by the command line as people use it."""

import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from deploy.checking import check_house
from deploy.cli import run
from deploy.settings import Settings
from deploy.teams_manifest import TeamsApp, teams_package
from tests.teams_connector import APP_ID as BOT
from tests.teams_connector import APP_PASSWORD, TENANT, StandIn, hangs_up, running_stand_in

APP_ID = "6f1c9d3e-52a4-4c0b-9f8e-0b7d2a1c4e55"
URL = "https://pilots.example.org"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def _settings(tmp_path: Path) -> None:
    _env(TEAMS_APP_ID=APP_ID, PUBLIC_URL=URL)


def _env(**settings: str) -> None:
    Path(".env").write_text("".join(f"PILOTLIGHT_{name}={value}\n" for name, value in settings.items()))


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(list(arguments)) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(list(arguments)) in (1, 2)
    return capsys.readouterr().err


def _files() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def packed(path: str = "pilotlight.zip") -> dict[str, Any]:
    with zipfile.ZipFile(path) as package:
        manifest: dict[str, Any] = json.loads(package.read("manifest.json"))
    return manifest


# The package


@pytest.mark.shows("described")
@pytest.mark.usefixtures("_settings")
def test_the_package_is_made_from_the_settings_and_it_is_said_what_comes_next(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = printed(capsys, "teams-package", "pilotlight.zip")
    assert Path("pilotlight.zip").read_bytes() == teams_package(TeamsApp(app_id=APP_ID, url=URL))
    assert told.startswith("pilotlight.zip is ready: upload it at https://admin.teams.microsoft.com")
    assert "Upload new app" in told
    assert told.splitlines()[1:] == [
        f"Without --privacy and --terms people are sent to {URL}, where there may be no such page."
    ]
    assert _files() == [".env", "pilotlight.zip"]


def test_without_settings_everything_can_be_said(capsys: pytest.CaptureFixture[str]) -> None:
    printed(
        capsys,
        *("teams-package", "out.ZIP", "--app-id", APP_ID, "--url", URL, "--app-version", "2.0.1", "--overhear"),
        *("--publisher", "City of Example", "--website", "https://example.org/pilots"),
        *("--privacy", "https://example.org/privacy", "--terms", "https://example.org/terms"),
    )
    app = TeamsApp(
        app_id=APP_ID,
        url=URL,
        version="2.0.1",
        overhears=True,
        publisher="City of Example",
        website="https://example.org/pilots",
        privacy="https://example.org/privacy",
        terms="https://example.org/terms",
    )
    assert Path("out.ZIP").read_bytes() == teams_package(app)


@pytest.mark.usefixtures("_settings")
def test_a_newer_version_is_an_update_of_the_app_that_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    ours = ("--privacy", "https://example.org/privacy", "--terms", "https://example.org/terms")
    told = printed(capsys, "teams-package", "pilotlight.zip", "--app-version", "1.0.1", *ours)
    assert "open Pilotlight there and press Update" in told
    assert "Upload new app" not in told
    assert len(told.splitlines()) == 1


@pytest.mark.usefixtures("_settings")
@pytest.mark.parametrize(("given", "lacks"), [("--privacy", "--terms"), ("--terms", "--privacy")])
def test_only_the_page_that_is_missing_is_named(capsys: pytest.CaptureFixture[str], given: str, lacks: str) -> None:
    told = printed(capsys, "teams-package", "pilotlight.zip", given, "https://example.org/page")
    assert told.splitlines()[1].startswith(f"Without {lacks} people are sent to {URL},")


@pytest.mark.usefixtures("_settings")
def test_what_is_said_comes_before_the_settings(capsys: pytest.CaptureFixture[str]) -> None:
    another = "00000000-1111-2222-3333-444444444444"
    printed(capsys, "teams-package", "pilotlight.zip", "--app-id", another, "--url", "https://other.example.org")
    manifest = packed()
    assert (manifest["id"], manifest["validDomains"]) == (another, ["other.example.org"])


@pytest.mark.usefixtures("_settings")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "OUT.zip"),
        (("pilotlight.tar",), "should end in .zip"),
        (("pilotlight",), "should end in .zip"),
        ((".",), "should end in .zip"),
        (("nowhere/pilotlight.zip",), "name another file"),
        (("folder.zip",), "name another file"),
        (("pilotlight.zip", "--app-id", "pilotlight"), "PILOTLIGHT_TEAMS_APP_ID"),
        (("pilotlight.zip", "--url", "http://pilots.example.org"), "PILOTLIGHT_PUBLIC_URL"),
        (("pilotlight.zip", "--app-version", "2"), "--app-version 1.0.1"),
        (("pilotlight.zip", "--publisher", "P" * 33), "--publisher"),
        (("pilotlight.zip", "--terms", "example.org"), "--terms https://"),
    ],
)
def test_what_teams_would_not_take_is_refused_and_nothing_is_written(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    Path("folder.zip").mkdir()
    told = refused(capsys, "teams-package", *arguments)
    assert says in told
    assert "Traceback" not in told
    assert _files() == [".env", "folder.zip"]


def test_without_an_id_or_an_address_the_setting_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "PILOTLIGHT_TEAMS_APP_ID" in refused(capsys, "teams-package", "pilotlight.zip", "--url", URL)
    assert "PILOTLIGHT_PUBLIC_URL" in refused(capsys, "teams-package", "pilotlight.zip", "--app-id", APP_ID)


@pytest.mark.usefixtures("_settings")
def test_a_package_that_could_not_be_written_leaves_the_last_one_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    printed(capsys, "teams-package", "pilotlight.zip")
    before = Path("pilotlight.zip").read_bytes()

    def full(path: Path, content: bytes) -> None:
        with path.open("wb") as file:
            file.write(content[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert "No space left on device" in refused(capsys, "teams-package", "pilotlight.zip", "--app-version", "1.0.1")
    assert Path("pilotlight.zip").read_bytes() == before
    assert _files() == [".env", "pilotlight.zip"]


# The check


@pytest.mark.parametrize(
    ("settings", "code", "says"),
    [
        ({}, 0, "– Teams: off. docs/how-to/teams.md brings Pilotlight there."),
        ({"TEAMS_APP_ID": APP_ID}, 1, "PILOTLIGHT_TEAMS_APP_PASSWORD: what proves to Microsoft"),
        ({"TEAMS_INSECURE_DEV": "1"}, 0, "✓ Teams: the Agents Playground alone"),
        ({"TEAMS_INSECURE_DEV": "1", "TEAMS_APP_ID": APP_ID}, 1, "✗ Teams needs more settings"),
    ],
)
def test_the_check_says_how_teams_is_set_up(
    capsys: pytest.CaptureFixture[str], settings: dict[str, str], code: int, says: str
) -> None:
    _env(**settings)
    assert run(["check"]) == code
    assert says in capsys.readouterr().out


@pytest.fixture
async def microsoft() -> AsyncIterator[StandIn]:
    async with running_stand_in(rsa.generate_private_key(public_exponent=65537, key_size=2048)) as stand_in:
        yield stand_in


async def checked(
    capsys: pytest.CaptureFixture[str], microsoft: StandIn, password: str = APP_PASSWORD, **more: str
) -> tuple[bool, str]:
    """Whether all is well, and the line on Teams."""
    settings = Settings(
        teams_app_id=BOT,
        teams_app_password=password,
        teams_tenant_id=TENANT,
        teams_login_url=microsoft.identity.address,
        teams_allowed_tenants=more.get("further", ""),
    )
    fine = await check_house(settings)
    told = capsys.readouterr().out
    assert password not in told
    (line,) = (line for line in told.splitlines() if "Teams:" in line)
    return fine, line


async def test_the_check_says_as_whom_microsoft_knows_it(
    capsys: pytest.CaptureFixture[str], microsoft: StandIn
) -> None:
    assert await checked(capsys, microsoft) == (True, f"✓ Teams: as the app {BOT}, in the tenant {TENANT}.")
    fine, line = await checked(capsys, microsoft, further=APP_ID)
    assert fine
    assert line.endswith(f"{TENANT} and 1 more.")
    assert microsoft.heard == []


async def test_the_check_says_that_microsoft_does_not_know_the_secret(
    capsys: pytest.CaptureFixture[str], microsoft: StandIn
) -> None:
    fine, line = await checked(capsys, microsoft, password="the-secret-id")
    assert not fine
    assert line.startswith("✗ Teams: Teams refused to give the bot a token")
    assert "401 invalid_client" in line
    assert "PILOTLIGHT_TEAMS_APP_PASSWORD (the Value, not the Secret ID)." in line


async def test_the_check_says_that_microsoft_does_not_answer(
    capsys: pytest.CaptureFixture[str], microsoft: StandIn
) -> None:
    microsoft.login_answers.append(hangs_up)
    fine, line = await checked(capsys, microsoft)
    assert not fine
    assert line.startswith("✗ Teams: Teams did not give the bot a token")
    assert line.endswith(f"Can this machine reach {microsoft.identity.address}?")
