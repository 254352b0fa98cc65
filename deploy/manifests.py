"""What an administrator gives to a platform so that it knows the bot: made from the code, so that both agree."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import yaml

from adapters.slack.door import EVENTS_PATH
from adapters.slack.inbound import ASK_SHORTCUT
from adapters.slack.install_pages import REDIRECT_PATH
from adapters.slack.scopes import EVENTS, scopes
from bot.cards import SUGGESTED_QUESTIONS
from bot.commands import COMMANDS
from knowledge.errors import PilotlightError

EXAMPLE_URL = "https://pilotlight.example.org"
SLACK_COMMAND = "/pilot"

Json = dict[str, Any]

_WIDTH = 100
_DESCRIPTION = "Has anyone tried it? Answers from public-sector pilots, with sources and whom to ask."
_LONG_DESCRIPTION = (
    "Good public-sector pilots succeed in one place and die there. Pilotlight keeps what was learned, the stopped "
    "ones too, and answers from it, with sources and the person to talk to where one is known. Ask it in a direct "
    f"message, mention it in a channel, or say {SLACK_COMMAND}. It hears only channels it was invited to, and speaks "
    "unasked only where somebody who looks after the community has switched that on."
)
_AGENT_DESCRIPTION = (
    "Ask whether anyone has tried it: what the public sector has piloted, how that went, why some were stopped, "
    "and whom to talk to."
)


def slack_manifest(url: str, *, is_socket_mode: bool, links_by_email: bool = False) -> str:
    """Slack's app manifest in YAML. `url` is where Slack reaches the server; Socket Mode does without one.

    Raises PilotlightError where Slack would not take the address.
    """
    base = _checked(url, may_be_empty=is_socket_mode).rstrip("/")
    wanted = scopes(links_by_email=links_by_email)
    request_url = {} if is_socket_mode else {"request_url": f"{base}{EVENTS_PATH}"}
    written: str = yaml.safe_dump(
        {
            "display_information": {
                "name": "Pilotlight",
                "description": _DESCRIPTION,
                "long_description": _LONG_DESCRIPTION,
            },
            "features": _features({} if is_socket_mode else {"url": f"{base}{EVENTS_PATH}"}),
            "oauth_config": {
                **({"redirect_urls": [f"{base}{REDIRECT_PATH}"]} if base else {}),
                "scopes": {"bot": list(wanted)},
            },
            "settings": {
                "event_subscriptions": {**request_url, "bot_events": list(EVENTS)},
                "interactivity": {"is_enabled": True, **request_url},
                "org_deploy_enabled": False,
                "socket_mode_enabled": is_socket_mode,
                "token_rotation_enabled": False,
            },
        },
        sort_keys=False,
        allow_unicode=True,
        width=_WIDTH,
    )
    head = _head(base, is_socket_mode=is_socket_mode, links_by_email=links_by_email)
    return f"{head}\n{_with_reasons(written, {**wanted, **EVENTS})}"


def _features(url: Mapping[str, str]) -> Json:
    return {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "agent_view": {
            "agent_description": _AGENT_DESCRIPTION,
            "suggested_prompts": [{"title": each, "message": each} for each in SUGGESTED_QUESTIONS],
        },
        "bot_user": {"display_name": "Pilotlight", "always_online": True},
        "shortcuts": [
            {
                "name": "Has anyone tried this?",
                "type": "message",
                "callback_id": ASK_SHORTCUT,
                "description": "Ask Pilotlight about this message; only you see the answer.",
            }
        ],
        "slash_commands": [
            {
                "command": SLACK_COMMAND,
                **url,
                "description": "Find out who has tried something, and how it went.",
                "usage_hint": _usage_hint(),
                # People and channels come with their names then, as they do in messages.
                "should_escape": True,
            }
        ],
    }


def _usage_hint() -> str:
    """Slack writes every argument in brackets."""
    said = (f"{each.name} {each.arguments}".strip() for each in COMMANDS)
    return " | ".join(said).replace("<", "[").replace(">", "]")


def _head(base: str, *, is_socket_mode: bool, links_by_email: bool) -> str:
    arguments = [f"--url {base}"] if base else []
    arguments += ["--socket-mode"] if is_socket_mode else []
    arguments += ["--link-by-email"] if links_by_email else []
    return (
        f"# Slack's app manifest, made by `pilotlight slack-manifest {' '.join(arguments)}`.\n"
        "# Paste it at https://api.slack.com/apps: Create New App, From a manifest.\n"
        "# docs/how-to/slack.md has every step.\n"
    )


def _with_reasons(written: str, reasons: Mapping[str, str]) -> str:
    """Behind each scope and event stands what it is for: whoever approves the app reads it here."""
    lines = []
    for line in written.splitlines():
        reason = reasons.get(line.strip().removeprefix("- ")) if line.strip().startswith("- ") else None
        lines.append(f"{line}  # {reason}" if reason else line)
    return "\n".join(lines) + "\n"


def _checked(url: str, *, may_be_empty: bool) -> str:
    if not url and may_be_empty:
        return ""
    if not is_plain_https(url):
        raise PilotlightError(
            f"Slack must reach this server by https: pilotlight slack-manifest --url {EXAMPLE_URL}. "
            "Without an address of your own: pilotlight slack-manifest --socket-mode"
        )
    return url


def is_plain_https(url: str) -> bool:
    """Whether it can stand in a description as it is, with nothing but a path behind the server's name."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_plain = url.isascii() and url.isprintable() and not set(" ?#@\\") & set(url)
    return parts.scheme == "https" and bool(parts.hostname) and is_plain
