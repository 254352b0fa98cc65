from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.end_to_end.slack_oauth_peer import CLIENT_ID, CLIENT_SECRET, running_oauth_peer

_BACK = "http://127.0.0.1:43010/slack/oauth_redirect"


@pytest.mark.usefixtures("node_is_here")
@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated")  # slack_sdk still uses what aiohttp will drop
async def test_an_approved_code_buys_a_token_once(tmp_path: Path) -> None:
    async with running_oauth_peer(tmp_path, _BACK) as slack:
        asked = {"client_id": CLIENT_ID, "scope": "chat:write,commands", "state": "s & t", "redirect_uri": _BACK}
        url = f"{slack.authorize_url}?{urlencode(asked)}"
        back = await slack.approves(url, "bob")
        assert back.startswith(_BACK)
        query = parse_qs(urlsplit(back).query)
        assert query["state"] == ["s & t"]
        client = AsyncWebClient(base_url=slack.api_url)
        said = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "redirect_uri": _BACK}
        bought = await client.oauth_v2_access(code=query["code"][0], **said)
        assert bought["token_type"] == "bot"
        assert bought["scope"] == "chat:write,commands"
        known = await AsyncWebClient(bought["access_token"], base_url=slack.api_url).auth_test()
        assert known["team_id"] == bought["team"]["id"]
        with pytest.raises(SlackApiError, match="invalid_code"):
            await client.oauth_v2_access(code=query["code"][0], **said)
        assert parse_qs(urlsplit(slack.declines(url)).query)["error"] == ["access_denied"]
