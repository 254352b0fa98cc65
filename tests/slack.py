"""What the tests of the Slack adapter share: texts that people and files may hold, and what Slack's models refuse."""

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from adapters.slack.inbound import Workspace

Json = dict[str, Any]

PAYLOADS = Path(__file__).parent / "adapters/slack_payloads"
WORKSPACE = Workspace(team="T01TEST", bot_user="U0BOT", community="example")

HOSTILE = (
    "",
    " ",
    "\n",
    "<!channel> <!here> <!everyone>",
    "<@U01> <@U0BOT|bob> <#C01|general> <!subteam^S01|@team>",
    "<https://example.org|click here>",
    "&lt;!channel&gt; &amp;amp; &",
    "*bold* _italic_ ~gone~ `code` ```block```",
    "a | b > c\n> quoted\n\n\n\n- listed",
    ":tada: @here #general",
    "😀👩‍👩‍👧‍👦🇪🇺 é",
    "שלום \u202eevil\u202c مرحبا",
    "\x00\x07\x1b[31mred\x1b[0m\x7f\u200b\ufeff\uffff",
    "\ud800 lone \udfff",
    "One sentence. Another one! A third? “Quoted.” And on…",
    "Whole sentences, many of them. " * 400,
    "long" * 2_000,
    "😀" * 2_000,
    "\n" * 5_000,
)
ADDRESSES = (
    "https://example.org/a?b=c&d=é",
    "http://example.org",
    "javascript:alert(1)",
    "data:text/html,<b>",
    "example.org/no-scheme",
    "HTTPS://EXAMPLE.ORG",
    "https://",
    "https:// example.org",
    "https://example.org/\ud800",
    "https://example.org/<!channel>",
    "mailto:a@example.org",
    "",
    f"https://example.org/{'x' * 4_000}",
    f"https://example.org/{'x' * 2_900}",
)


def hostile_texts() -> st.SearchStrategy[str]:
    everything = st.characters(exclude_categories=())
    return one_of_these(HOSTILE) | st.text(everything, max_size=40) | st.lists(one_of_these(HOSTILE)).map("".join)


def addresses() -> st.SearchStrategy[str]:
    return one_of_these(ADDRESSES) | hostile_texts()


def one_of_these(texts: Sequence[str]) -> st.SearchStrategy[str]:
    """As sampled_from, but without the long texts in what hypothesis prints."""
    return st.integers(0, len(texts) - 1).map(lambda number: texts[number])


def payload(name: str) -> Json:
    """A recorded request body, new each time."""
    read: Json = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    return read


def everything_in(made: object) -> Iterator[Mapping[str, Any]]:
    """Every object in what is sent, however deep."""
    if isinstance(made, Mapping):
        yield made
        for each in made.values():
            yield from everything_in(each)
    elif isinstance(made, list):
        for each in made:
            yield from everything_in(each)


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


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
