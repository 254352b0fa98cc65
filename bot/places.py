"""Where a conversation happens."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A thread of a room of a community on a platform.

    `room` is the adapter's own and opaque here. `is_private` where nobody but the person reads along.
    """

    platform: str
    community: str
    room: str
    thread: str = ""
    is_private: bool = False
