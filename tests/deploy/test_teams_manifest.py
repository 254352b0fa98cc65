import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, FormatChecker

from adapters.teams.inbound import ASK_COMMAND, SEARCH_COMMAND
from bot.commands import COMMANDS
from deploy.manifests import EXAMPLE_URL
from deploy.teams.icons import draw
from deploy.teams_manifest import (
    EXAMPLE_APP_ID,
    EXTENSION,
    OVERHEARING,
    SCHEMA_VERSION,
    SCOPES,
    SEARCH_PARAMETER,
    TeamsApp,
    teams_manifest,
    teams_package,
    written_manifest,
)
from knowledge.errors import PilotlightError

PROJECT = Path(__file__).parents[2]
COMMITTED = PROJECT / "deploy" / "teams"
SCHEMAS = PROJECT / ".peers/node_modules/@microsoft/app-manifest/build/json-schemas/teams"

APP_ID = "6f1c9d3e-52a4-4c0b-9f8e-0b7d2a1c4e55"
OURS = TeamsApp(app_id=APP_ID, url="https://pilots.example.org")
OVERHEARS = TeamsApp(app_id=APP_ID, url="https://pilots.example.org", overhears=True)
EVERYTHING = TeamsApp(
    app_id=APP_ID.upper(),
    url="https://pilots.example.org:8443/teams",
    version="2.10.3",
    overhears=True,
    publisher="Office for Pilots",
    website="https://example.org/pilots",
    privacy="https://example.org/privacy",
    terms="https://example.org/terms",
)


def test_the_committed_manifest_is_what_the_code_makes() -> None:
    made = written_manifest(TeamsApp(app_id=EXAMPLE_APP_ID, url=EXAMPLE_URL))
    assert (COMMITTED / "manifest.json").read_text(encoding="utf-8") == made, (
        "pilotlight teams-package /tmp/teams.zip --app-id 00000000-0000-0000-0000-000000000000 "
        f"--url {EXAMPLE_URL} && unzip -o /tmp/teams.zip manifest.json -d deploy/teams"
    )


@pytest.mark.parametrize("app", [OURS, OVERHEARS, EVERYTHING], ids=["plain", "overhears", "everything"])
def test_the_published_schema_takes_it(app: TeamsApp) -> None:
    manifest = teams_manifest(app)
    validator = _validator(manifest["manifestVersion"])
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(manifest)] == []


def test_the_published_schema_would_say_what_is_wrong() -> None:
    manifest = teams_manifest(OURS)
    manifest["bots"][0]["commandLists"][1]["triggers"] = ["slashes"]
    manifest["name"]["short"] = "Pilotlight" * 4
    manifest["surprise"] = True
    assert len(list(_validator(SCHEMA_VERSION).iter_errors(manifest))) == 3


def test_the_schema_is_one_that_knows_slash_commands() -> None:
    manifest = teams_manifest(OURS)
    assert tuple(int(part) for part in SCHEMA_VERSION.split(".")) >= (1, 29)
    assert manifest["manifestVersion"] == SCHEMA_VERSION
    assert f"/v{SCHEMA_VERSION}/" in manifest["$schema"]


def test_the_bot_and_its_extension_are_the_one_app() -> None:
    manifest = teams_manifest(EVERYTHING)
    (bot,) = manifest["bots"]
    (extension,) = manifest["composeExtensions"]
    ids = {manifest["id"], bot["botId"], extension["botId"], manifest["webApplicationInfo"]["id"]}
    assert ids == {APP_ID}
    assert APP_ID in manifest["webApplicationInfo"]["resource"]


def test_commands_are_those_of_the_code_everywhere_and_with_a_slash_where_others_read_along() -> None:
    (bot,) = teams_manifest(OURS)["bots"]
    assert bot["scopes"] == list(SCOPES) == ["personal", "team", "groupChat"]
    assert bot["supportsTargetedMessages"] is True
    triggers = {tuple(each["scopes"]): each["triggers"] for each in bot["commandLists"]}
    assert triggers == {("personal",): ["mention"], ("team", "groupChat"): ["mention", "slash"]}
    for commands in bot["commandLists"]:
        told = [(each["title"], each["description"]) for each in commands["commands"]]
        assert told == [(each.name, each.does) for each in COMMANDS if not each.is_for_moderators]
        assert len(told) <= 10


def test_the_extension_searches_and_asks_about_a_message_as_the_adapter_knows_it() -> None:
    search, ask = teams_manifest(OURS)["composeExtensions"][0]["commands"]
    assert [search["id"], ask["id"]] == [SEARCH_COMMAND, ASK_COMMAND] == list(EXTENSION)
    assert (search["type"], search["context"]) == ("query", ["compose", "commandBox"])
    assert [each["name"] for each in search["parameters"]] == [SEARCH_PARAMETER]
    assert (ask["type"], ask["context"], ask["fetchTask"]) == ("action", ["message"], True)
    assert ask["title"] == "Has anyone tried this?"


def test_nothing_is_asked_for_unless_it_overhears() -> None:
    assert not {"permissions", "devicePermissions", "authorization", "webApplicationInfo"} & teams_manifest(OURS).keys()
    asked = teams_manifest(OVERHEARS)["authorization"]["permissions"]
    assert asked == {"resourceSpecific": [{"name": name, "type": "Application"} for name in OVERHEARING]}
    assert set(OVERHEARING) == {"ChannelMessage.Read.Group", "ChatMessage.Read.Chat"}


def test_people_are_told_what_it_hears() -> None:
    assert "nothing else" in teams_manifest(OURS)["description"]["full"]
    assert "forgotten at once" in teams_manifest(OVERHEARS)["description"]["full"]


def test_there_are_no_tabs_and_no_place_but_the_servers() -> None:
    manifest = teams_manifest(EVERYTHING)
    assert not {"staticTabs", "configurableTabs", "connectors", "extensions"} & manifest.keys()
    assert manifest["validDomains"] == ["pilots.example.org"]


def test_the_publishers_pages_are_the_servers_unless_others_are_named() -> None:
    assert teams_manifest(OURS)["developer"] == {
        "name": "Pilotlight",
        "websiteUrl": "https://pilots.example.org",
        "privacyUrl": "https://pilots.example.org",
        "termsOfUseUrl": "https://pilots.example.org",
    }
    assert teams_manifest(EVERYTHING)["developer"] == {
        "name": "Office for Pilots",
        "websiteUrl": "https://example.org/pilots",
        "privacyUrl": "https://example.org/privacy",
        "termsOfUseUrl": "https://example.org/terms",
    }
    assert teams_manifest(EVERYTHING)["version"] == "2.10.3"


def test_nothing_is_longer_than_teams_shows() -> None:
    manifest = teams_manifest(OVERHEARS)
    longest = {"name.short": 30, "name.full": 100, "description.short": 80, "description.full": 4_000}
    for path, limit in longest.items():
        section, name = path.split(".")
        assert 0 < len(manifest[section][name]) <= limit, path
    for command in manifest["composeExtensions"][0]["commands"]:
        for each in (command, *command.get("parameters", ())):
            assert len(each["title"]) <= 32
            assert len(each["description"]) <= 128


@pytest.mark.parametrize("app_id", ["", "pilotlight", f"{APP_ID} ", f"{{{APP_ID}}}", f"{APP_ID}\n", "٣" * 36])
def test_without_the_apps_id_it_says_which_setting_has_it(app_id: str) -> None:
    with pytest.raises(PilotlightError, match=r"PILOTLIGHT_TEAMS_APP_ID .*docs/how-to/teams\.md"):
        TeamsApp(app_id=app_id, url=EXAMPLE_URL)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://pilots.example.org",
        "pilots.example.org",
        "https://",
        "https://localhost",
        "https://[::1]",
        "https://a.org:0",
        "https://a.org:99999",
        "https://a b.org",
        "https://a.org/?x",
        "https://a@b.org",
        "https://a.org\n",
        "https://[",
        f"https://a.org/{'a' * 2_100}",
    ],
)
def test_an_address_that_teams_would_not_take_is_told_with_one_that_it_does(url: str) -> None:
    with pytest.raises(PilotlightError, match=r"PILOTLIGHT_PUBLIC_URL .*--url https://pilotlight\.example\.org"):
        TeamsApp(app_id=APP_ID, url=url)


@pytest.mark.parametrize("version", ["", "1", "1.0", "1.0.0.0", "1.0.x", "01.0.0", "v1.0.0", "1.0.0\n", "1.0.100000"])
def test_a_version_that_teams_would_not_take_is_told_with_one_that_it_does(version: str) -> None:
    with pytest.raises(PilotlightError, match=r"--app-version 1\.0\.1"):
        TeamsApp(app_id=APP_ID, url=EXAMPLE_URL, version=version)


def test_a_publisher_that_teams_would_not_take_is_told() -> None:
    for publisher in ("", "  ", "P" * 33, "Pi\nlots"):
        with pytest.raises(PilotlightError, match="--publisher"):
            TeamsApp(app_id=APP_ID, url=EXAMPLE_URL, publisher=publisher)
    with pytest.raises(PilotlightError, match="--privacy https"):
        TeamsApp(app_id=APP_ID, url=EXAMPLE_URL, privacy="http://example.org")


def test_the_package_holds_the_manifest_and_its_icons_at_the_top_and_nothing_else() -> None:
    package = zipfile.ZipFile(io.BytesIO(teams_package(OVERHEARS)))
    manifest = json.loads(package.read("manifest.json"))
    assert manifest == teams_manifest(OVERHEARS)
    assert package.namelist() == ["manifest.json", "color.png", "outline.png"]
    assert set(manifest["icons"].values()) <= set(package.namelist())
    for name in manifest["icons"].values():
        assert package.read(name) == (COMMITTED / name).read_bytes()
    assert package.testzip() is None


def test_the_same_app_is_the_same_bytes() -> None:
    assert teams_package(EVERYTHING) == teams_package(EVERYTHING)
    assert teams_package(OURS) != teams_package(OVERHEARS)
    stamps = {entry.date_time for entry in zipfile.ZipFile(io.BytesIO(teams_package(OURS))).infolist()}
    assert stamps == {(1980, 1, 1, 0, 0, 0)}


def test_the_committed_icons_are_what_the_code_draws(tmp_path: Path) -> None:
    draw(tmp_path)
    for name in ("color.png", "outline.png"):
        # Pixel by pixel: another zlib packs them otherwise.
        drawn, committed = ((folder / name).read_bytes() for folder in (tmp_path, COMMITTED))
        assert _pixels(committed) == _pixels(drawn), "python -m deploy.teams.icons"


def test_the_colour_icon_fills_its_square_and_keeps_the_picture_in_the_middle() -> None:
    size, pixels = _pixels((COMMITTED / "color.png").read_bytes())
    assert size == (192, 192)
    assert {opacity for *_, opacity in pixels} == {255}
    ground = pixels[0]
    drawn = [divmod(place, 192) for place, pixel in enumerate(pixels) if pixel != ground]
    assert len(drawn) > 2_000
    assert all(48 <= y < 144 and 48 <= x < 144 for y, x in drawn)


def test_the_outline_icon_is_white_on_nothing_and_has_no_padding() -> None:
    size, pixels = _pixels((COMMITTED / "outline.png").read_bytes())
    assert size == (32, 32)
    assert {pixel[:3] for pixel in pixels} == {(255, 255, 255)}
    shown = [place // 32 for place, pixel in enumerate(pixels) if pixel[3]]
    assert (min(shown), max(shown)) == (0, 31)
    assert 0.2 < sum(pixel[3] == 255 for pixel in pixels) / len(pixels) < 0.6
    assert sum(pixel[3] == 0 for pixel in pixels) / len(pixels) > 0.3


def _validator(version: str) -> Any:
    path = SCHEMAS / f"v{version}" / "MicrosoftTeams.schema.json"
    if not path.exists():
        reason = "The schemas of Teams are not here: make peers"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    schema = json.loads(path.read_text(encoding="utf-8"))
    return Draft4Validator(schema, format_checker=FormatChecker())


def _pixels(png: bytes) -> tuple[tuple[int, int], list[tuple[int, ...]]]:
    """Of a picture in which no row leans on another, which is how ours are written."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    parts = dict(_parts(png))
    width, height, depth, colours = struct.unpack(">IIBB", parts[b"IHDR"][:10])
    assert (depth, colours) == (8, 6)
    raw = zlib.decompress(parts[b"IDAT"])
    pixels = []
    for y in range(height):
        row = raw[y * (width * 4 + 1) : (y + 1) * (width * 4 + 1)]
        assert row[0] == 0
        pixels += [tuple(row[1 + x * 4 : 5 + x * 4]) for x in range(width)]
    return (width, height), pixels


def _parts(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        kind, data = png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        assert struct.unpack(">I", png[place + 8 + length : place + 12 + length]) == (zlib.crc32(kind + data),)
        yield kind, data
        place += 12 + length
