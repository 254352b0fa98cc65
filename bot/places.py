"""Where a conversation happens."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A thread of a room of a community on a platform.

    `room` is the adapter's own and opaque here. `is_private` where nobody but the person reads along; then
    `is_shareable` where that is in the middle of a room, which could be shown it. `is_outside` where people of other
    communities read along, who may see what is public only.
    """

    platform: str
    community: str
    room: str
    thread: str = ""
    is_private: bool = False
    is_shareable: bool = False
    is_outside: bool = False
