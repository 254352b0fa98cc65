"""What a pressed button means, as one short string that fits every platform's button."""

from dataclasses import dataclass
from typing import assert_never

from bot.rooms import Mode

LENGTH_LIMIT = 255
_DAYS = tuple(str(days) for days in range(1, 100))  # that one may put something off


@dataclass(frozen=True, slots=True)
class ShowPilot:
    """Show everything about one pilot."""

    pilot_id: str


@dataclass(frozen=True, slots=True)
class TellPilot:
    """Open the form that tells the community of a pilot."""

    title: str = ""


@dataclass(frozen=True, slots=True)
class RateAnswer:
    """Say whether an answer was any good."""

    answer_id: str
    is_good: bool


@dataclass(frozen=True, slots=True)
class ShareAnswer:
    """Show an answer that one person got to the whole room."""

    answer_id: str


@dataclass(frozen=True, slots=True)
class MuteThread:
    """Keep the bot out of this thread until it is mentioned."""


@dataclass(frozen=True, slots=True)
class NotNow:
    """Take away an answer that nobody had asked the bot for."""


@dataclass(frozen=True, slots=True)
class SetMode:
    """Choose when the bot speaks in this room."""

    mode: Mode


@dataclass(frozen=True, slots=True)
class OpenSettings:
    """Open the form with a person's own settings."""


@dataclass(frozen=True, slots=True)
class LinkAccount:
    """Say that one is the person whom a code was given to."""

    code: str


@dataclass(frozen=True, slots=True)
class OpenCheckIn:
    """Open the form in which somebody tells what is new, of a pilot or in a check-in, by its id."""

    named: str


@dataclass(frozen=True, slots=True)
class NothingNew:
    """Answer a check-in with that."""

    check_in_id: str


@dataclass(frozen=True, slots=True)
class SkipCheckIn:
    """Leave a check-in out; the next one comes when it would."""

    check_in_id: str


@dataclass(frozen=True, slots=True)
class PutOff:
    """Be asked again in so many days."""

    check_in_id: str
    days: int


@dataclass(frozen=True, slots=True)
class ChangeCheckIns:
    """Open the form that says when, whether and whom to ask about a pilot."""

    pilot_id: str


@dataclass(frozen=True, slots=True)
class SetRhythm:
    """Be asked about a pilot in that rhythm."""

    pilot_id: str
    rhythm: str


@dataclass(frozen=True, slots=True)
class KeepWords:
    """Take what was said for the answer to a check-in; `mark` tells those words from others."""

    check_in_id: str
    mark: str


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Open the form with what an answer leads to."""

    check_in_id: str


@dataclass(frozen=True, slots=True)
class AnswerOffer:
    """Take the check-ins of a pilot over from a colleague, or rather not."""

    pilot_id: str
    is_yes: bool


@dataclass(frozen=True, slots=True)
class AnswerInvitation:
    """Join a learning circle with a pilot, or rather not."""

    circle_id: str
    pilot_id: str
    is_yes: bool


@dataclass(frozen=True, slots=True)
class StopPilot:
    """Open the form that ends a pilot."""

    pilot_id: str


@dataclass(frozen=True, slots=True)
class Unblock:
    """Open the form that says how one got past what was in the way."""

    learning_id: str


@dataclass(frozen=True, slots=True)
class OverseePilots:
    """Show how the check-ins of some pilots go: of one, by its id, or of those that have these words."""

    wanted: str = ""


@dataclass(frozen=True, slots=True)
class AskNow:
    """Ask about those pilots now, whatever their rhythm."""

    wanted: str


@dataclass(frozen=True, slots=True)
class PauseAsking:
    """Ask nobody about those pilots until somebody says so."""

    wanted: str


@dataclass(frozen=True, slots=True)
class ResumeAsking:
    """Ask about those pilots again."""

    wanted: str


@dataclass(frozen=True, slots=True)
class PlanAsking:
    """Open the form with the rhythm and the questions of those pilots."""

    wanted: str


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Send once more what could not be sent, by the mark of its key."""

    mark: str


@dataclass(frozen=True, slots=True)
class OldAction:
    """A button this version no longer knows: it stands on an old card."""


OfCheckIns = (
    OpenCheckIn
    | NothingNew
    | SkipCheckIn
    | PutOff
    | ChangeCheckIns
    | SetRhythm
    | KeepWords
    | FollowUp
    | AnswerOffer
    | AnswerInvitation
    | StopPilot
    | Unblock
)

OfModerators = OverseePilots | AskNow | PauseAsking | ResumeAsking | PlanAsking | TryAgain

Action = (
    ShowPilot
    | TellPilot
    | RateAnswer
    | ShareAnswer
    | MuteThread
    | NotNow
    | SetMode
    | OpenSettings
    | LinkAccount
    | OfCheckIns
    | OfModerators
    | OldAction
)


def encode(action: Action) -> str:
    match action:
        case ShowPilot(pilot_id):
            return f"show {pilot_id}"
        case TellPilot(title):
            return f"tell {title}"[:LENGTH_LIMIT]
        case RateAnswer(answer_id, is_good):
            return f"{'good' if is_good else 'bad'} {answer_id}"
        case ShareAnswer(answer_id):
            return f"share {answer_id}"
        case MuteThread():
            return "mute"
        case NotNow():
            return "not-now"
        case SetMode(mode):
            return f"mode {mode}"
        case OpenSettings():
            return "settings"
        case LinkAccount(code):
            return f"link {code}"
        case OpenCheckIn(named):
            return f"check-in {named}"
        case NothingNew(check_in_id):
            return f"nothing-new {check_in_id}"
        case SkipCheckIn(check_in_id):
            return f"skip {check_in_id}"
        case PutOff(check_in_id, days):
            return f"put-off {days} {check_in_id}"
        case ChangeCheckIns(pilot_id):
            return f"check-ins {pilot_id}"
        case SetRhythm(pilot_id, rhythm):
            return f"rhythm {pilot_id} {rhythm}"
        case KeepWords(check_in_id, mark):
            return f"keep {mark} {check_in_id}"
        case FollowUp(check_in_id):
            return f"follow-up {check_in_id}"
        case AnswerOffer(pilot_id, is_yes):
            return f"{'accept' if is_yes else 'decline'} {pilot_id}"
        case AnswerInvitation(circle_id, pilot_id, is_yes):
            return f"{'join' if is_yes else 'join-not'} {circle_id} {pilot_id}"
        case StopPilot(pilot_id):
            return f"stop {pilot_id}"
        case Unblock(learning_id):
            return f"unblock {learning_id}"
        case OverseePilots(wanted):
            return f"oversee {wanted}".strip()
        case AskNow(wanted):
            return f"ask-now {wanted}"
        case PauseAsking(wanted):
            return f"pause {wanted}"
        case ResumeAsking(wanted):
            return f"resume {wanted}"
        case PlanAsking(wanted):
            return f"plan {wanted}"
        case TryAgain(mark):
            return f"try-again {mark}"
        case OldAction():
            return "old"
        case _:
            assert_never(action)


def decode(text: str) -> Action:
    """Any string is an action; one that nothing here has written is an OldAction."""
    match text.split(" ", maxsplit=1):
        case ["show", pilot_id] if pilot_id:
            return ShowPilot(pilot_id)
        case ["tell"]:
            return TellPilot()
        case ["tell", title]:
            return TellPilot(title)
        case ["good" | "bad" as word, answer_id] if answer_id:
            return RateAnswer(answer_id, word == "good")
        case ["share", answer_id] if answer_id:
            return ShareAnswer(answer_id)
        case ["mute"]:
            return MuteThread()
        case ["not-now"]:
            return NotNow()
        case ["mode", mode] if mode in tuple(Mode):
            return SetMode(Mode(mode))
        case ["settings"]:
            return OpenSettings()
        case ["link", code] if code:
            return LinkAccount(code)
        case ["oversee"]:
            return OverseePilots()
        case [word, rest] if rest:
            return _of_moderators(word, rest) or _of_check_ins(word, rest)
    return OldAction()


def _of_moderators(word: str, rest: str) -> Action | None:
    match word:
        case "oversee":
            return OverseePilots(rest)
        case "ask-now":
            return AskNow(rest)
        case "pause":
            return PauseAsking(rest)
        case "resume":
            return ResumeAsking(rest)
        case "plan":
            return PlanAsking(rest)
        case "try-again":
            return TryAgain(rest)
    return None


def _of_check_ins(word: str, rest: str) -> Action:
    first, _, second = rest.partition(" ")
    match word:
        case "check-in":
            return OpenCheckIn(rest)
        case "nothing-new":
            return NothingNew(rest)
        case "skip":
            return SkipCheckIn(rest)
        case "put-off" if second and first in _DAYS:
            return PutOff(second, int(first))
        case "check-ins":
            return ChangeCheckIns(rest)
        case "rhythm" if first and second:
            return SetRhythm(first, second)
        case "keep" if first and second:
            return KeepWords(second, first)
        case "follow-up":
            return FollowUp(rest)
        case "accept" | "decline":
            return AnswerOffer(rest, word == "accept")
        case "join" | "join-not" if first and second:
            return AnswerInvitation(first, second, word == "join")
        case "stop":
            return StopPilot(rest)
        case "unblock":
            return Unblock(rest)
    return OldAction()
