import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from slack_sdk.web.async_client import AsyncWebClient

import adapters.slack
from adapters.slack.inbound import ASK_SHORTCUT
from adapters.slack.scopes import EMAIL_SCOPES, EVENTS, SCOPES
from bot.cards import SUGGESTED_QUESTIONS
from bot.commands import COMMANDS
from deploy.manifests import EXAMPLE_URL, SLACK_COMMAND, slack_manifest
from knowledge.errors import PilotlightError

COMMITTED = Path(__file__).parents[2] / "deploy" / "slack" / "manifest.yaml"
ADAPTER = Path(adapters.slack.__path__[0])

# As docs.slack.dev has them, event by event.
SCOPE_OF_EVENT = {
    "agent_session_stopped": "chat:write",  # the page's list is empty in the copy read; sessions are made with this one
    "app_home_opened": "",
    "app_mention": "app_mentions:read",
    "app_uninstalled": "",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "team_access_granted": "",
    "tokens_revoked": "",
}
# Of any one kind of conversation its own scope is enough.
SCOPES_OF_METHOD = {
    "agents_sessions_setStatus": {"chat:write"},
    "assistant_threads_setSuggestedPrompts": {"assistant:write"},
    "auth_test": set[str](),
    "chat_appendStream": {"chat:write"},
    "chat_postEphemeral": {"chat:write"},
    "chat_postMessage": {"chat:write"},
    "chat_startStream": {"chat:write"},
    "chat_stopStream": {"chat:write"},
    "chat_update": {"chat:write"},
    # Of direct messages, in which the bot looks for what it may have said.
    "conversations_history": {"im:history"},
    "conversations_info": {"channels:read", "groups:read"},
    "users_info": {"users:read", "users:read.email"},
    "views_open": set[str](),
    "views_publish": set[str](),
    "views_push": set[str](),
    "views_update": set[str](),
}
SCOPES_OF_FEATURE = {"agent_view": "assistant:write", "shortcuts": "commands", "slash_commands": "commands"}

# What Slack knows, from its reference of manifests; "agent_view" only since 2026.
KEYS = {
    "": {"display_information", "features", "oauth_config", "settings"},
    "display_information": {"name", "description", "long_description"},
    "features": {"app_home", "agent_view", "bot_user", "shortcuts", "slash_commands"},
    "features.app_home": {"home_tab_enabled", "messages_tab_enabled", "messages_tab_read_only_enabled"},
    "features.agent_view": {"agent_description", "suggested_prompts"},
    "features.agent_view.suggested_prompts": {"title", "message"},
    "features.bot_user": {"display_name", "always_online"},
    "features.shortcuts": {"name", "type", "callback_id", "description"},
    "features.slash_commands": {"command", "url", "description", "usage_hint", "should_escape"},
    "oauth_config": {"redirect_urls", "scopes"},
    "oauth_config.scopes": {"bot"},
    "settings": {
        "event_subscriptions",
        "interactivity",
        "org_deploy_enabled",
        "socket_mode_enabled",
        "token_rotation_enabled",
    },
    "settings.event_subscriptions": {"request_url", "bot_events"},
    "settings.interactivity": {"is_enabled", "request_url"},
}
LONGEST = {
    "display_information.name": 35,
    "display_information.description": 140,
    "display_information.long_description": 4_000,
    "features.agent_view.agent_description": 300,
    "features.bot_user.display_name": 80,
    "features.shortcuts.name": 24,
    "features.shortcuts.callback_id": 255,
    "features.shortcuts.description": 150,
    "features.slash_commands.command": 32,
    "features.slash_commands.description": 2_000,
    "features.slash_commands.usage_hint": 1_000,
}


def test_the_committed_manifest_is_what_the_code_makes() -> None:
    made = slack_manifest(EXAMPLE_URL, is_socket_mode=False)
    assert COMMITTED.read_text(encoding="utf-8") == made, (
        f"pilotlight slack-manifest --url {EXAMPLE_URL} > deploy/slack/manifest.yaml"
    )


@pytest.mark.shows("described")
@pytest.mark.parametrize("manifest", ["http", "socket"], indirect=True)
def test_slack_knows_every_key_and_takes_every_length(manifest: dict[str, Any]) -> None:
    for path, value in _walk(manifest):
        if isinstance(value, dict):
            assert value.keys() <= KEYS[path], path
        if isinstance(value, str) and path in LONGEST:
            assert 0 < len(value) <= LONGEST[path], path
    assert len(manifest["display_information"]["long_description"]) >= 174


@pytest.mark.parametrize("manifest", ["http", "socket"], indirect=True)
def test_scopes_and_events_are_those_of_the_adapter(manifest: dict[str, Any]) -> None:
    assert manifest["oauth_config"]["scopes"] == {"bot": list(SCOPES)}
    assert manifest["settings"]["event_subscriptions"]["bot_events"] == list(EVENTS)


@pytest.mark.parametrize("manifest", ["http", "socket"], indirect=True)
def test_commands_shortcut_and_first_questions_are_those_of_the_code(manifest: dict[str, Any]) -> None:
    features = manifest["features"]
    (shortcut,) = features["shortcuts"]
    (command,) = features["slash_commands"]
    assert (shortcut["callback_id"], shortcut["type"]) == (ASK_SHORTCUT, "message")
    assert command["command"] == SLACK_COMMAND
    assert re.fullmatch(r"/[a-z0-9_-]+", SLACK_COMMAND)
    said = [each.split()[0] for each in re.sub(r"\[([^][]|\[[^][]*\])*\]", "", command["usage_hint"]).split("|")]
    assert said == [each.name for each in COMMANDS]
    assert [each["message"] for each in features["agent_view"]["suggested_prompts"]] == list(SUGGESTED_QUESTIONS)
    assert len(SUGGESTED_QUESTIONS) <= 4
    assert features["app_home"]["messages_tab_read_only_enabled"] is False


def test_by_http_everything_comes_to_the_one_address() -> None:
    manifest = yaml.safe_load(slack_manifest("https://pilots.example.org/", is_socket_mode=False))
    settings = manifest["settings"]
    assert settings["event_subscriptions"]["request_url"] == "https://pilots.example.org/slack/events"
    assert settings["interactivity"]["request_url"] == "https://pilots.example.org/slack/events"
    assert manifest["features"]["slash_commands"][0]["url"] == "https://pilots.example.org/slack/events"
    assert manifest["oauth_config"]["redirect_urls"] == ["https://pilots.example.org/slack/oauth_redirect"]
    assert settings["socket_mode_enabled"] is False


def test_socket_mode_names_no_address() -> None:
    written = slack_manifest("", is_socket_mode=True)
    manifest = yaml.safe_load(written)
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert manifest["settings"]["interactivity"] == {"is_enabled": True}
    assert "example.org" not in written
    assert "redirect_urls" not in manifest["oauth_config"]


def test_socket_mode_with_an_address_has_it_for_installations_alone() -> None:
    manifest = yaml.safe_load(slack_manifest(EXAMPLE_URL, is_socket_mode=True))
    assert manifest["oauth_config"]["redirect_urls"] == [f"{EXAMPLE_URL}/slack/oauth_redirect"]
    assert "request_url" not in manifest["settings"]["event_subscriptions"]
    assert "url" not in manifest["features"]["slash_commands"][0]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://pilots.example.org",
        "pilots.example.org",
        "https://",
        "https://a b.org",
        "https://a.org/?x",
        "https://a\nb",
        "https://[",
    ],
)
def test_an_address_that_slack_would_not_take_is_told_with_one_that_it_does(url: str) -> None:
    with pytest.raises(PilotlightError, match=r"--url https://pilotlight\.example\.org"):
        slack_manifest(url, is_socket_mode=False)


def test_behind_each_scope_and_event_stands_its_reason() -> None:
    lines = slack_manifest(EXAMPLE_URL, is_socket_mode=False).splitlines()
    for name, reason in {**SCOPES, **EVENTS}.items():
        assert f"    - {name}  # {reason}" in lines


def test_addresses_are_asked_for_only_where_accounts_are_linked_by_them() -> None:
    assert "users:read" not in slack_manifest(EXAMPLE_URL, is_socket_mode=False)
    written = slack_manifest(EXAMPLE_URL, is_socket_mode=False, links_by_email=True)
    assert yaml.safe_load(written)["oauth_config"]["scopes"] == {"bot": [*SCOPES, *EMAIL_SCOPES]}
    for name, reason in EMAIL_SCOPES.items():
        assert f"    - {name}  # {reason}" in written.splitlines()
    assert f"slack-manifest --url {EXAMPLE_URL} --link-by-email`" in written


def test_every_event_has_its_scope() -> None:
    for event in EVENTS:
        assert SCOPE_OF_EVENT[event] in {"", *SCOPES}, event


def test_every_method_that_is_called_has_its_scopes() -> None:
    assert _methods() <= SCOPES_OF_METHOD.keys(), "say in SCOPES_OF_METHOD which scopes the new one needs"
    for method in _methods():
        assert SCOPES_OF_METHOD[method] <= {*SCOPES, *EMAIL_SCOPES}, method


def test_no_scope_is_asked_for_nothing() -> None:
    of_events = {SCOPE_OF_EVENT[event] for event in EVENTS}
    of_methods = set[str]().union(*(SCOPES_OF_METHOD[method] for method in _methods()))
    of_features = {SCOPES_OF_FEATURE.get(name, "") for name in _read("http")["features"]}
    assert {*SCOPES, *EMAIL_SCOPES} == (of_events | of_methods | of_features) - {""}
    assert not SCOPES.keys() & EMAIL_SCOPES.keys()


def test_every_event_is_listened_to_somewhere() -> None:
    said = set(_strings())
    for event in EVENTS:
        assert event.partition(".")[0] in said, event


@pytest.fixture
def manifest(request: pytest.FixtureRequest) -> dict[str, Any]:
    return _read(request.param)


def _read(mode: str) -> dict[str, Any]:
    is_socket_mode = mode == "socket"
    read: dict[str, Any] = yaml.safe_load(
        slack_manifest("" if is_socket_mode else EXAMPLE_URL, is_socket_mode=is_socket_mode)
    )
    return read


def _walk(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every value with the names that lead to it; the members of a list have the list's."""
    yield path, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _walk(inner, f"{path}.{name}".removeprefix("."))
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, path)


def _nodes() -> Iterator[ast.AST]:
    for path in ADAPTER.glob("*.py"):
        # One lists what may be asked for, the other the pace of methods, called or not.
        if path.name not in ("scopes.py", "pacing.py"):
            yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def _strings() -> Iterator[str]:
    for node in _nodes():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _methods() -> set[str]:
    """The methods of the Web API that the adapter names."""
    attributes = {node.attr for node in _nodes() if isinstance(node, ast.Attribute)}
    return {
        name
        for name in attributes | set(_strings())
        if re.fullmatch(r"[a-z]+(_[a-zA-Z]+)+", name) and name != "api_call" and hasattr(AsyncWebClient, name)
    }
