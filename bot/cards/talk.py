"""Small words: greetings, help, trouble, and what stands on buttons and boxes."""

from bot.actions import TellPilot
from bot.commands import COMMANDS
from bot.forms import Form
from bot.messages import Button, Buttons, Facts, Heading, Message, Text
from bot.voice import say
from knowledge.text import shorten


def welcome() -> Message:
    """The first words to someone who opened the conversation."""
    return Message(
        (
            Heading(say("Has anyone tried it?")),
            Text(
                say(
                    "Ask me about anything the public sector may have piloted. I answer from recorded pilots, with "
                    "sources, the stopped ones too, and with the person to talk to where one is known."
                )
            ),
            Text(say("Try: has anyone tried a four-day week?")),
        )
    )


def you_are_welcome() -> Message:
    return Message((Text(say("You are welcome. If you try it yourself, tell me how it went: good or bad.")),))


def about_me() -> Message:
    """Who made it, and what it knows."""
    me = say(
        "I am Pilotlight, a piece of software that somebody in this community runs. "
        "All I know are the pilots that are recorded with me, each with its source."
    )
    return Message((Text(me),))


def privacy() -> Message:
    """What is kept of whoever asks, and how to be rid of it."""
    kept = say(
        "I keep each question and who asked it for 90 days; e-mail addresses and phone numbers are masked before. "
        "To have yours deleted, ask whoever runs me. What people say to each other I do not keep."
    )
    address = say("I also keep how I can write to you, and leave you alone where you block or remove me.")
    return Message((Text(kept), Text(address)))


def how_many() -> Message:
    ask = say("Ask me by topic, place or outcome, and I say how many I know. For example: which pilots were stopped?")
    return Message((Text(ask),))


def not_helpful() -> Message:
    regret = say("I am sorry. Press “{button}” under the answer and tell me what was wrong.", button=say("Not helpful"))
    return Message((Text(regret),))


def worth_telling(title: str) -> Message:
    """Somebody says what they tried: the form, begun for them."""
    more = Text(say("That is worth keeping: tell me a little more."))
    return Message((more, Buttons((Button(say("Tell of a pilot"), TellPilot(title)),))))


def press_for_more(number: int) -> Message:
    """Which pilot was meant is known under the answer that numbered it, and nowhere else."""
    return Message((Text(say("Press “{button}” under the answer.", button=more_on(number))),))


def open_a_pilot() -> Message:
    """Whom to ask, what it cost, why it stopped: that is told of one pilot."""
    return Message((Text(say("Open a pilot for that: press “More on …” under the answer.")),))


def more_on(number: int) -> str:
    """The button under a numbered source."""
    return say("More on {number}", number=number)


def more_than_fits() -> str:
    return say("There is more to this than fits here.")


def cancel() -> str:
    return say("Cancel")


def close() -> str:
    return say("Close")


def read_more() -> str:
    return say("Read more")


def fill_in() -> str:
    """What stands at a field that may not be empty."""
    return say("Please fill this in.")


def search_box() -> tuple[str, str]:
    """What stands at a box to search in, and in it."""
    return say("Has anyone tried …?"), say("a four-day week")


def form_button(form: Form, *, was_too_late: bool) -> Message:
    """Where a form does not open by itself, or not any more: a button that opens it."""
    too_late = say("That took me too long; please press again.")
    said = Text(too_late if was_too_late else say("Press here, and I open the form."))
    button = Buttons((Button(form.title, form.action),)) if form.action else None
    return Message((said, *((button,) if button else ())))


def one_moment() -> Message:
    return Message((Text(say("One moment, I am still at it …")),))


def below() -> Message:
    """Where something was pressed, of what it led to."""
    return Message((Text(say("You find it below.")),))


def stopped() -> Message:
    return Message((Text(say("Stopped.")),))


def glad() -> Message:
    return Message((Text(say("Thank you, good to know.")),))


def noted() -> Message:
    return Message((Text(say("Thank you. I keep that for whoever looks after me.")),))


def help_() -> Message:
    """What one can say, from the table of commands."""
    facts = tuple((f"{each.name} {each.arguments}".strip(), say(each.does)) for each in COMMANDS)
    return Message((Text(say("Just ask: has anyone tried …? Or say one of these:")), Facts(facts)))


def unknown_command(said: str) -> Message:
    none = say("I have no command “{name}”.", name=shorten(said, 40))
    return Message((Text(none), *help_().blocks))


def old_card() -> Message:
    return Message((Text(say("This card is from an earlier version and no longer works. Please ask again.")),))


def sorry(reason: str) -> Message:
    """Something is in the way; the reason is already a sentence for people, which the catalogues may hold."""
    return Message((Text(say(reason)),))


def unavailable(reference: str) -> Message:
    """Something outside is away; the log says what."""
    away = say(
        "I cannot get at what I know just now. Please try again in a few minutes; if it stays, tell whoever "
        "runs me this reference: {reference}",
        reference=reference,
    )
    return Message((Text(away),))


def broken(reference: str) -> Message:
    wrong = say(
        "Something went wrong on my side. Please try again; if it stays, tell whoever runs me "
        "this reference: {reference}",
        reference=reference,
    )
    return Message((Text(wrong),))
