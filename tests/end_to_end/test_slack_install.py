"""Pilotlight is installed in a workspace by its pages, and answers there with the token that it got."""

import re
import socket
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.encryption import new_key
from adapters.slack.installations import Installations
from adapters.sql import open_database
from bot.members import Role
from deploy.server import serving
from tests.end_to_end.slack_oauth_peer import CLIENT_ID, CLIENT_SECRET, running_oauth_peer
from tests.slack_api import Json, SlackApi, eventually, fill, mention, sending_to, settings_for

pytestmark = [
    pytest.mark.usefixtures("node_is_here"),
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated"),  # slack_sdk still uses what aiohttp will drop
]


@pytest.mark.shows("installed")
async def test_installed_by_its_pages_it_answers_with_the_token_it_got(tmp_path: Path) -> None:
    port, key = _free_port(), new_key()
    address = f"http://127.0.0.1:{port}"
    url = f"sqlite:///{tmp_path / 'pilotlight.sqlite'}"
    await fill(url)
    async with running_oauth_peer(tmp_path, f"{address}/slack/oauth_redirect") as slack:
        settings = settings_for(
            SlackApi(slack.api_url.removesuffix("/api/")),
            tmp_path,
            database_url=url,
            slack_bot_token="",
            slack_client_id=CLIENT_ID,
            slack_client_secret=CLIENT_SECRET,
            encryption_keys=key,
            public_url=address,
        )
        async with serving(settings, "127.0.0.1", port), sending_to(address) as sender:
            asked, cookie = await _begins(sender.session, address)
            assert urlsplit(asked).netloc == urlsplit(slack.authorize_url).netloc

            # Who cancels is told so, and nothing is installed.
            async with sender.session.get(slack.declines(asked), headers=cookie) as declined:
                assert "Nothing was installed" in await declined.text()
            asked, cookie = await _begins(sender.session, address)
            back = await slack.approves(asked, "alice")
            async with sender.session.get(back, headers=cookie) as done:
                text = await done.text()
                assert done.status == 200, text
                assert "Pilotlight is installed" in text
            async with sender.session.get(back, headers=cookie) as again:
                assert again.status == 400  # a code buys once

            async with open_database(url) as database:
                transactions = database.connections.turn_taking_engine
                store = Installations(client_id=CLIENT_ID, transactions=transactions, keys=[key])
                team = re.findall(r"team=(T\w+)", text)[0]
                bot = await store.find_bot_of_team(team)
                assert bot is not None
                (administrator,) = await database.members.moderators(f"slack-{team}")
                assert administrator.role is Role.ADMINISTRATOR
            peer = AsyncWebClient(bot.bot_token, base_url=slack.api_url)
            known = await peer.auth_test()
            assert known["team_id"] == team
            channel = (await peer.api_call("conversations.list"))["channels"][0]["id"]
            body = mention(channel=channel, user=administrator.person) | {"team_id": team}
            body["authorizations"] = [{**body["authorizations"][0], "team_id": team}]
            body["event"]["text"] = f"<@{known['user_id']}> who tried driverless shuttles?"
            assert (await sender.event(body)).status == 200

            async def answers() -> list[Json]:
                history = await peer.api_call("conversations.history", data={"channel": channel})
                replies = await peer.api_call(
                    "conversations.replies", data={"channel": channel, "ts": body["event"]["ts"]}
                )
                said = [*history["messages"], *(replies.get("messages") or [])]
                return [message for message in said if "Driverless shuttle" in str(message)]

            answered = await eventually(answers)
            assert answered[0]["user"] == known["user_id"]


async def _begins(session: aiohttp.ClientSession, address: str) -> tuple[str, dict[str, str]]:
    """Where the button leads, and the cookie, which is for https only and so handed over by hand."""
    async with session.get(f"{address}/slack/install") as page:
        assert page.status == 200
        link = re.search(r'href="([^"]*authorize[^"]*)"', await page.text())
        assert link
        name = "slack-app-oauth-state"
        return unescape(link[1]), {"Cookie": f"{name}={page.cookies[name].value}"}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
