"""Slack's side of an app's installation over OAuth v2, played by `emulate`.

It issues one-workspace bot tokens that do not expire; it knows no organisation-wide install and no token rotation.
"""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import yaml

from tests.end_to_end.isolated import Isolated, running_isolated
from tests.end_to_end.peers import EMULATE, PeerError, node

CLIENT_ID: Final = "1.1"
CLIENT_SECRET: Final = "test-client-secret"
APP: Final = "A01APP"
TEAM_NAME: Final = "Example Administration"
_BUTTON = re.compile(r"<form.*?</form>", re.DOTALL)
_FIELD = re.compile(r'name="([a-z_]+)"\s+value="([^"]*)"')


@dataclass(frozen=True)
class OAuthPeer:
    port: int
    session: aiohttp.ClientSession

    @property
    def api_url(self) -> str:
        """Where `oauth.v2.access`, `auth.test` and the rest of the Web API are."""
        return f"http://127.0.0.1:{self.port}/api/"

    @property
    def authorize_url(self) -> str:
        """Where the person is sent to, in place of slack.com/oauth/v2/authorize."""
        return f"http://127.0.0.1:{self.port}/oauth/v2/authorize"

    async def approves(self, url: str, name: str = "alice") -> str:
        """What the person's browser is sent back to, with a code, once they allowed what the address asks for."""
        asked = urlsplit(url)
        async with self.session.get(f"{asked.path}?{asked.query}") as page:
            text = await page.text()
        for form in _BUTTON.findall(text):
            if f"{name}@example.org" in form:
                fields = dict(_FIELD.findall(form))
                # Taken from the address, because the page has them escaped for HTML.
                for key in ("redirect_uri", "state", "scope", "user_scope", "client_id"):
                    fields[key] = parse_qs(asked.query).get(key, [""])[0]
                async with self.session.post(
                    "/oauth/v2/authorize/callback", data=fields, allow_redirects=False
                ) as answer:
                    return answer.headers["Location"]
        raise PeerError(f"Slack asked nobody called {name}: status {page.status}.")

    def declines(self, url: str) -> str:
        """What the browser is sent back to when the person cancels, as Slack documents it."""
        asked = parse_qs(urlsplit(url).query)
        return f"{asked['redirect_uri'][0]}?{urlencode({'error': 'access_denied', 'state': asked['state'][0]})}"


@asynccontextmanager
async def running_oauth_peer(folder: Path, redirect_uri: str) -> AsyncIterator[OAuthPeer]:
    """Slack, with one app that may be installed and sends people back to this address."""
    seed = folder / "oauth.yaml"

    def command(peer: Isolated) -> Sequence[str]:
        seed.write_text(yaml.safe_dump(_configuration(redirect_uri)), encoding="utf-8")
        port = str(peer.port)
        return [str(node()), str(EMULATE), "start", "--service", "slack", "--port", port, "--seed", str(seed)]

    async with running_isolated(command, folder / "emulate.txt") as peer:
        connector = aiohttp.UnixConnector(str(peer.socket))
        async with aiohttp.ClientSession(f"http://127.0.0.1:{peer.port}", connector=connector) as session:
            yield OAuthPeer(peer.port, session)


def _configuration(redirect_uri: str) -> dict[str, object]:
    people = ("alice", "bob", "carol")
    return {
        "slack": {
            "team": {"name": TEAM_NAME, "domain": "example"},
            "users": [{"name": name, "real_name": name.title(), "email": f"{name}@example.org"} for name in people],
            "channels": [{"name": "general"}],
            "oauth_apps": [
                {
                    "client_id": CLIENT_ID,
                    "client_secret": CLIENT_SECRET,
                    "app_id": APP,
                    "name": "Pilotlight",
                    "redirect_uris": [redirect_uri],
                }
            ],
        }
    }
