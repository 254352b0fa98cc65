"""What the tests of the Slack adapter share: what was recorded, and what Slack's models refuse."""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from adapters.slack.inbound import Workspace
from tests.hostile import everything_in, utf16

Json = dict[str, Any]

PAYLOADS = Path(__file__).parent / "adapters/slack_payloads"
WORKSPACE = Workspace(team="T01TEST", bot_user="U0BOT", community="example")


def payload(name: str) -> Json:
    """A recorded request body, new each time."""
    read: Json = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    return read


def check_blocks(blocks: list[Json]) -> None:
    """Slack's own models take them as they are, and so does what its models do not check."""
    for block in blocks:
        with warnings.catch_warnings(record=True) as unknown:
            warnings.simplefilter("always")
            parsed = Block.parse(block)
            assert parsed is not None
            parsed.validate_json()
            assert parsed.to_dict() == block
            for each in everything_in(parsed.to_dict().get("elements", [])):
                assert each
        assert not unknown
        ids = [each["action_id"] for each in everything_in(block) if "action_id" in each]
        assert len(ids) == len(set(ids))
        assert block["type"] in ("input", "divider") or block.get("elements") or block["text"]
    names = [block["block_id"] for block in blocks if "block_id" in block]
    assert len(names) == len(set(names))
    for each in everything_in(blocks):
        _check_object(each)
    json.dumps(blocks, ensure_ascii=False).encode()


def _check_object(each: Mapping[str, Any]) -> None:
    assert each.get("type") != "mrkdwn"
    assert each.get("text") != ""
    assert each.get("type") not in ("text", "plain_text") or each["text"]
    assert each.get("type") not in ("user", "usergroup", "broadcast", "channel")
    if "url" in each:
        assert each["url"].startswith(("https://", "http://"))
        assert len(each["url"]) <= 3_000
    if "value" in each and each.get("type") != "plain_text_input":
        assert 0 < len(each["value"]) <= 2_000
    if each.get("type") == "button":
        assert len(each.get("accessibility_label", "")) <= 75


def check_view(view: Json) -> None:
    View(**view).validate_json()
    check_blocks(view["blocks"])
    assert 1 <= len(view["blocks"]) <= 100
    for part in ("title", "submit", "close"):
        assert part not in view or 1 <= utf16(view[part]["text"]) <= 24
    assert utf16(view.get("private_metadata", "")) <= 3_000
