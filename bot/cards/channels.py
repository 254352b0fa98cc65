"""What the bot says of how it behaves in a channel."""

from bot.actions import SetMode
from bot.cards.labels import any_of
from bot.messages import Button, Buttons, Message, Text
from bot.rooms import Mode
from bot.voice import phrase, say

_MODES = {
    Mode.MENTION: phrase("I speak in this channel when somebody mentions me."),
    Mode.OVERHEAR: phrase(
        "I speak in this channel when somebody mentions me, and when I know who tried what is asked here."
    ),
    Mode.OFF: phrase("I do not speak in this channel."),
}


MODE_LABELS = {
    Mode.MENTION: phrase("Only when mentioned"),
    Mode.OVERHEAR: phrase("Also when I can help"),
    Mode.OFF: phrase("Never"),
}


def mode(current: Mode, *, may_choose: bool) -> Message:
    """When the bot speaks in this room, and the choice for those who may make it."""
    said = Text(say(_MODES[current]))
    if not may_choose:
        return Message((said, Text(say("Moderators can change that."), is_quiet=True)))
    choices = tuple(Button(say(label), SetMode(each)) for each, label in MODE_LABELS.items() if each is not current)
    return Message((said, Buttons(choices)))


def mode_chosen(chosen: Mode, *, by: str) -> Message:
    """For the whole room: everybody should know when they are overheard."""
    told = (
        say("I read what is said here for that, where I am let, and forget at once what I do not answer.")
        if chosen is Mode.OVERHEAR
        else "",
        say("Chosen by {name}.", name=by) if by else "",
    )
    said, quiet = Text(say("From now on: {mode}", mode=say(_MODES[chosen]))), " ".join(each for each in told if each)
    return Message((said, *((Text(quiet, is_quiet=True),) if quiet else ())))


def unknown_mode() -> Message:
    ways = any_of(f"channel {each}" for each in Mode)
    none = say("I know three ways in a channel. Say {choices}.", choices=ways)
    return Message((Text(none),))


def only_moderators(*, has_any: bool) -> Message:
    """Who may, and where nobody may yet, how somebody can."""
    if has_any:
        return Message((Text(say("Only moderators of this community can do that. Please ask one of them.")),))
    nobody = say(
        "Only moderators can do that, and this community has none yet. Please ask whoever runs me to name one."
    )
    return Message((Text(nobody),))


def no_room_here() -> Message:
    return Message((Text(say("This is a conversation between the two of us. Say that in a channel, please.")),))


def off_here() -> Message:
    return Message((Text(say("I am switched off in this channel. Ask me in a direct message; I will answer there.")),))


def not_in_channel(invitation: str) -> Message:
    """The `invitation` is what one writes there, on this platform."""
    may_not = say("I may not write there. Invite me, and ask again: {invitation}", invitation=invitation)
    return Message((Text(may_not),))


def shared_already() -> Message:
    return Message((Text(say("That is shared here already.")),))


def outsider() -> Message:
    return Message((Text(say("That is for members of this community; here people from outside read along.")),))


def muted(by: str) -> Message:
    if by:
        said = say("Muted by {name}: I keep out of this thread unless you mention me.", name=by)
    else:
        said = say("Muted: I keep out of this thread unless you mention me.")
    return Message((Text(said, is_quiet=True),))


def not_now(by: str) -> Message:
    if by:
        said = say("{name} said “not now”: I took my answer back. Mention me whenever you want it.", name=by)
    else:
        said = say("“Not now”, then: I took my answer back. Mention me whenever you want it.")
    return Message((Text(said, is_quiet=True),))
