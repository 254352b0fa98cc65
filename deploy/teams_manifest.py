"""What an administrator gives to Teams so that it knows the bot: a package made from the code, so that both agree."""

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from adapters.teams.inbound import ASK_COMMAND, SEARCH_COMMAND
from bot.commands import COMMANDS
from deploy.manifests import EXAMPLE_URL, is_plain_https
from deploy.teams.icons import BACKGROUND, FOLDER
from knowledge.errors import PilotlightError

SCHEMA_VERSION = "1.29"
"""The first one that knows slash commands: what is newer, fewer tenants take."""
EXAMPLE_APP_ID = "00000000-0000-0000-0000-000000000000"
FIRST_VERSION = "1.0.0"
SEARCH_PARAMETER = "query"

SCOPES: Mapping[str, str] = {
    "personal": "answer in a chat of one's own",
    "team": "answer where it is mentioned in a channel of a team that it was added to",
    "groupChat": "the same in group chats and meeting chats that it was added to",
}
OVERHEARING: Mapping[str, str] = {
    "ChannelMessage.Read.Group": (
        "receive the messages in the standard channels of a team, so that it can help unasked and follow up in its "
        "threads without a mention; an owner of the team consents when adding it"
    ),
    "ChatMessage.Read.Chat": "the same in a group chat; whoever adds it there consents",
}
"""Asked only with --overhear."""
EXTENSION: Mapping[str, str] = {
    SEARCH_COMMAND: "search pilots beside the box where a message is written, and put one into it",
    ASK_COMMAND: "ask Pilotlight about somebody's message; Teams sends the words of that one message",
}

Json = dict[str, Any]

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_VERSION = re.compile(r"(0|[1-9]\d{0,4})(\.(0|[1-9]\d{0,4})){2}", re.ASCII)
_LONGEST_PUBLISHER = 32
_LONGEST_ADDRESS = 2_048
_STAMP = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can tell: the same app is the same bytes, whenever made
_SHORT = "Has anyone tried it? Answers from public-sector pilots, with sources."
_FULL = (
    "Good public-sector pilots succeed in one place and die there. Pilotlight keeps what was learned, the stopped "
    "ones too, and answers from it, with sources and the person to talk to where one is known.\n\nAsk it in a chat of "
    "your own, mention it in a channel or a group chat, or type /pilot there: then only you see the answer. Search "
    "pilots beside the box where you write a message, or ask about somebody's message.\n\n"
)
_HEARS_MENTIONS = "It reads what is said to it, and nothing else."
_HEARS_MORE = (
    "It receives the messages of the teams and chats that it was added to. Those that it does not answer are "
    "forgotten at once, and it speaks unasked only where somebody who looks after the community has switched that on."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamsApp:
    """One organisation's own app. Raises PilotlightError where Teams would not take it.

    `url` is where people reach the server; the publisher's pages are there unless others are named.
    """

    app_id: str
    url: str
    version: str = FIRST_VERSION
    overhears: bool = False
    publisher: str = "Pilotlight"
    website: str = ""
    privacy: str = ""
    terms: str = ""

    def __post_init__(self) -> None:
        if not _GUID.fullmatch(self.app_id):
            raise PilotlightError(
                "Teams needs the app's id, such as 11111111-2222-3333-4444-555555555555: set PILOTLIGHT_TEAMS_APP_ID "
                "or say --app-id. docs/how-to/teams.md says where to find it."
            )
        if not _is_reachable(self.url):
            raise PilotlightError(
                "Teams must reach this server by https: set PILOTLIGHT_PUBLIC_URL or say "
                f"pilotlight teams-package pilotlight.zip --url {EXAMPLE_URL}"
            )
        for option in ("website", "privacy", "terms"):
            if (given := getattr(self, option)) and not _is_reachable(given):
                raise PilotlightError(f"A page of the publisher begins with https://: --{option} {EXAMPLE_URL}/page")
        if not _VERSION.fullmatch(self.version):
            raise PilotlightError("A version is three numbers with dots between: --app-version 1.0.1")
        if not (self.publisher.isprintable() and 0 < len(self.publisher.strip()) <= _LONGEST_PUBLISHER):
            raise PilotlightError(f"The publisher's name has at most {_LONGEST_PUBLISHER} letters: --publisher Pilots")


def teams_package(app: TeamsApp) -> bytes:
    """The zip file that Teams takes: the manifest and two icons, at its top. Always the same for the same app."""
    files = {
        "manifest.json": written_manifest(app).encode(),
        "color.png": (FOLDER / "color.png").read_bytes(),
        "outline.png": (FOLDER / "outline.png").read_bytes(),
    }
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_STORED) as package:
        for name, content in files.items():
            entry = ZipInfo(name, _STAMP)
            entry.create_system = 3  # else it is the system's that makes it
            entry.external_attr = 0o644 << 16
            package.writestr(entry, content)
    return packed.getvalue()


def write_package(app: TeamsApp, path: Path) -> None:
    if path.suffix.lower() != ".zip":
        raise PilotlightError(f"{path.name or path} should end in .zip: pilotlight teams-package pilotlight.zip")
    try:
        with tempfile.TemporaryDirectory(prefix=".package-", dir=path.parent) as folder:
            new = Path(folder) / path.name
            new.write_bytes(teams_package(app))
            new.replace(path)  # in one step, so that it is never there in part
    except OSError as error:
        raise PilotlightError(f"{path} cannot be written ({error.strerror}): name another file.") from None


def written_manifest(app: TeamsApp) -> str:
    return json.dumps(teams_manifest(app), indent=2, ensure_ascii=False) + "\n"


def teams_manifest(app: TeamsApp) -> Json:
    """The app manifest by Teams' own schema."""
    return {
        "$schema": (f"https://developer.microsoft.com/json-schemas/teams/v{SCHEMA_VERSION}/MicrosoftTeams.schema.json"),
        "manifestVersion": SCHEMA_VERSION,
        "version": app.version,
        "id": app.app_id.lower(),
        "localizationInfo": {"defaultLanguageTag": "en"},
        "developer": {
            "name": app.publisher.strip(),
            "websiteUrl": app.website or app.url,
            "privacyUrl": app.privacy or app.url,
            "termsOfUseUrl": app.terms or app.url,
        },
        "name": {"short": "Pilotlight", "full": "Pilotlight: has anyone tried it?"},
        "description": {"short": _SHORT, "full": _FULL + (_HEARS_MORE if app.overhears else _HEARS_MENTIONS)},
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": BACKGROUND,
        "defaultInstallScope": "personal",
        "bots": [
            {
                "botId": app.app_id.lower(),
                "scopes": list(SCOPES),
                "supportsTargetedMessages": True,
                "supportsFiles": False,
                "commandLists": [
                    {"scopes": ["personal"], "triggers": ["mention"], "commands": _commands()},
                    {"scopes": ["team", "groupChat"], "triggers": ["mention", "slash"], "commands": _commands()},
                ],
            }
        ],
        "composeExtensions": [{"botId": app.app_id.lower(), "commands": _extension_commands()}],
        "validDomains": [urlsplit(app.url).hostname],
        **(_overhearing(app) if app.overhears else {}),
    }


def _commands() -> list[Json]:
    """A command's title is what Teams writes into the box for people, so it is the very word that they say.

    It lists ten at most; those for moderators can be said all the same.
    """
    return [{"title": each.name, "description": each.does} for each in COMMANDS if not each.is_for_moderators]


def _extension_commands() -> list[Json]:
    return [
        {
            "id": SEARCH_COMMAND,
            "type": "query",
            "title": "Search pilots",
            "description": "Find out who has tried something, and share it here.",
            "context": ["compose", "commandBox"],
            "initialRun": False,
            "parameters": [
                {
                    "name": SEARCH_PARAMETER,
                    "title": "What was tried",
                    "description": "A few words, or a whole question.",
                    "inputType": "text",
                }
            ],
        },
        {
            "id": ASK_COMMAND,
            "type": "action",
            "title": "Has anyone tried this?",
            "description": "Ask Pilotlight about this message; only you see the answer.",
            "context": ["message"],
            "fetchTask": True,
        },
    ]


def _overhearing(app: TeamsApp) -> Json:
    return {
        # Of the two, Teams reads only the id; without a resource it refuses the package all the same.
        "webApplicationInfo": {"id": app.app_id.lower(), "resource": f"api://{app.app_id.lower()}"},
        "authorization": {
            "permissions": {"resourceSpecific": [{"name": name, "type": "Application"} for name in OVERHEARING]}
        },
    }


def _is_reachable(url: str) -> bool:
    if not is_plain_https(url) or len(url) > _LONGEST_ADDRESS:
        return False
    try:
        parts = urlsplit(url)
        is_port = parts.port != 0
    except ValueError:
        return False
    host = parts.hostname or ""
    return is_port and "." in host and ":" not in host
