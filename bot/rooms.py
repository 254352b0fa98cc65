"""Rooms and their threads, and how the bot behaves there."""

from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """When the bot speaks in a room."""

    MENTION = "mention"  # when it is addressed
    OVERHEAR = "overhear"  # also when it knows who tried what somebody asks the room about
    OFF = "off"  # not at all; it says so to the one who addresses it


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A thread that the bot takes part in: what it was asked there, oldest first, and whether it may go on."""

    asked: tuple[str, ...] = ()
    is_muted: bool = False
