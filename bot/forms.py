"""Forms: a modal in Slack, a dialog in Teams, prompts in a terminal."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.actions import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing asked. With `choices` (value, label) one of them is picked; `value` is what stands there at first."""

    name: str
    label: str
    hint: str = ""
    value: str = ""
    is_required: bool = False
    is_long: bool = False
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """`errors` (field name -> sentence) stand at their fields, and nothing that was typed is lost.

    `lead` is what to know before one begins. `context` comes back with what was typed. `action` opens the form where it
    cannot open by itself.
    """

    name: str
    title: str
    fields: tuple[Field, ...]
    send: str = "Send"
    lead: str = ""
    errors: Mapping[str, str] | None = None
    context: str = ""
    action: Action | None = None
