"""The bot: one event in, at most one reply out."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from bot import actions, cards
from bot.answers import Found
from bot.commands import find, said_command
from bot.events import Commanded, Event, Opened, Pressed, Said, Submitted, Visited, is_for_the_bot
from bot.forms import Form
from bot.messages import Message, Reply
from bot.people import Person
from bot.places import Place
from bot.ports import Calendar, Progress, Stores
from bot.question_sets import QuestionSets, shipped
from bot.rooms import Mode
from bot.skills import check_in_forms, home, oversee, rate, replan, stop, tell, unblock
from bot.skills.ask import Ask
from bot.skills.check_in import Answering
from bot.skills.check_in_forms import CheckInForms
from bot.skills.check_in_keeping import Keeping
from bot.skills.digest import Digest
from bot.skills.first_words import FirstWords
from bot.skills.gather import Gather
from bot.skills.greet import greeting
from bot.skills.home import Home
from bot.skills.link import Link
from bot.skills.moderate import Moderate
from bot.skills.overhear import Overhear, concerns
from bot.skills.oversee import Oversee
from bot.skills.rate import Rate
from bot.skills.replan import Replan
from bot.skills.share import Share
from bot.skills.show import Show
from bot.skills.stop import Stop
from bot.skills.tell import Tell
from bot.skills.tend import Tend
from bot.skills.unblock import Unblock
from bot.voice import ENGLISH, LANGUAGES, speaking
from knowledge.errors import PilotlightError, UnavailableError
from knowledge.ports import Writer
from knowledge.search import Search

FOUND_LIMIT = 25  # pilots to choose from
PATIENCE = 45  # seconds for one reply: whoever asked is told when it takes longer

_log = logging.getLogger(__name__)

Answered = Message | Form | Reply | None


class Bot:
    """Made by wiring from the stores and the search; `now` and `new_id` are the only clock and dice.

    `language` is what rooms read, and whoever has not chosen another. Without a `calendar` nobody is asked anything.
    """

    def __init__(
        self,
        stores: Stores,
        search: Search,
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        writer: Writer | None = None,
        language: str = ENGLISH,
        calendar: Calendar | None = None,
        questions: QuestionSets | None = None,
    ) -> None:
        language = language if language in LANGUAGES else ENGLISH
        self.ask = Ask(
            search=search,
            demands=stores.demands,
            threads=stores.threads,
            answers=stores.answers,
            now=now,
            new_id=new_id,
            writer=writer,
        )
        self._overhear = Overhear(ask=self.ask, rooms=stores.rooms, threads=stores.threads, seen=stores.seen, now=now)
        self._share = Share(
            ask=self.ask, answers=stores.answers, rooms=stores.rooms, seen=stores.seen, now=now, language=language
        )
        self._show = Show(pilots=stores.pilots, search=search, now=now)
        self._tell = Tell(pilots=stores.pilots, now=now, new_id=new_id)
        self._rate = Rate(answers=stores.answers, now=now)
        self._moderate = Moderate(rooms=stores.rooms, members=stores.members)
        self._link = Link(people=stores.people, pilots=stores.pilots, members=stores.members, now=now, new_id=new_id)
        tend = Tend(
            pilots=stores.pilots,
            plans=stores.check_in_plans,
            members=stores.members,
            people=stores.people,
            deliveries=stores.deliveries,
            search=search,
            calendar=calendar,
            now=now,
        )
        forms = CheckInForms(questions=questions or shipped(), now=now)
        self._unblock = Unblock(tend=tend, blockers=stores.blockers, now=now)
        keeping = Keeping(tend=tend, check_ins=stores.check_ins, forms=forms, unblock=self._unblock, now=now)
        self._answering = Answering(tend=tend, check_ins=stores.check_ins, forms=forms, keeping=keeping, now=now)
        self._replan = Replan(tend=tend, check_ins=stores.check_ins, reaches=stores.reaches, now=now)
        self._stop = Stop(tend=tend, now=now)
        self.first_words = FirstWords(tend=tend, check_ins=stores.check_ins, language=language)
        self._oversee = Oversee(tend=tend, check_ins=stores.check_ins, questions=questions or shipped(), now=now)
        self.gather = Gather(
            tend=tend, oversee=self._oversee, circles=stores.circles, now=now, new_id=new_id, language=language
        )
        self._home = Home(
            pilots=stores.pilots,
            demands=stores.demands,
            members=stores.members,
            people=stores.people,
            reaches=stores.reaches,
            tend=tend,
            unblock=self._unblock,
            oversee=self._oversee,
            now=now,
            language=language,
        )
        self.digest = Digest(
            boards=stores.boards,
            members=stores.members,
            people=stores.people,
            reaches=stores.reaches,
            deliveries=stores.deliveries,
            pilots=stores.pilots,
            news=stores.news,
            demands=stores.demands,
            now=now,
            language=language,
        )
        self._rooms = stores.rooms
        self._members = stores.members
        self._seen = stores.seen
        self._now = now
        self._new_id = new_id
        self._language = language

    async def handle(self, event: Event, progress: Progress | None = None) -> Reply | None:
        """What to say to an event, if anything; `progress` is told of an answer while it is written.

        It never raises: trouble becomes a sentence for the person alone, with a reference that is in the log.
        Where nobody addressed the bot it keeps silent about its troubles too.
        """
        is_overheard = not is_for_the_bot(event)
        language = self._language
        try:
            if isinstance(event, Said) and is_overheard and not concerns(event.text):
                return None
            async with asyncio.timeout(PATIENCE):
                if not await self._is_first(event):
                    return None
                # Nobody's accounts are linked because they talked with others.
                account = event.person if is_for_the_bot(event) else replace(event.person, email="")
                event = replace(event, person=await self._link.recognise(account, event.place))
                language = await self._language_of(event)
                with speaking(language):
                    said = await self._reply(event, progress)
        except Exception as error:  # noqa: BLE001 - the one place where whatever went wrong becomes an answer
            with speaking(language):
                trouble = self._explain(error)
            return None if is_overheard else Reply(content=trouble, is_private=True, language=language)
        if said is None:
            return None
        reply = Reply(content=said, is_private=event.place.is_private) if isinstance(said, Message | Form) else said
        return replace(reply, language=language)

    async def find(self, text: str, person: Person, place: Place) -> Found | Reply:
        """Pilots that all who read in a place may see; without any, or in trouble, what to say to the person instead.

        It is no question: nothing is kept of it. It never raises.
        """
        language = self._language
        try:
            async with asyncio.timeout(PATIENCE):
                person = await self._link.recognise(person, place)
                member = await self._members.member(place.community, person.id)
                language = member.preferences.language_or(language)
                with speaking(language):
                    answer = await self.ask.look((text,), person, replace(place, is_private=False), FOUND_LIMIT)
                    nobody = cards.answer(answer)
        except Exception as error:  # noqa: BLE001 - as in handle
            with speaking(language):
                return Reply(content=self._explain(error), is_private=True, language=language)
        if not answer.citations:
            return Reply(content=nobody, is_private=True, language=language)
        return Found(pilots=tuple(each.pilot for each in answer.citations), language=self._language)

    async def _is_first(self, event: Event) -> bool:
        """Whether this was not handled before. With the database away it counts as new: it gets its apology."""
        if not event.key:
            return True
        try:
            return await self._seen.claim(f"event {event.place.platform} {event.key}", self._now())
        except UnavailableError:
            return True

    async def _language_of(self, event: Event) -> str:
        """What one person alone reads is in their language, what a room reads in the community's."""
        if not event.place.is_private or _is_in_rooms_language(event):
            return self._language
        try:
            member = await self._members.member(event.place.community, event.person.id)
        except UnavailableError:
            return self._language
        return member.preferences.language_or(self._language)

    def _explain(self, error: Exception) -> Message:
        if isinstance(error, PilotlightError) and not isinstance(error, UnavailableError):
            return cards.sorry(str(error))
        reference = self._new_id()[:8]
        # The event itself is not logged: it holds what people said.
        if isinstance(error, UnavailableError):
            _log.error("Could not answer: %s Reference %s", error, reference)
            return cards.unavailable(reference)
        _log.error("Could not answer; reference %s", reference, exc_info=error)
        return cards.broken(reference)

    async def _reply(self, event: Event, progress: Progress | None) -> Answered:
        person, place = event.person, event.place
        match event:
            case Said(text=text, is_addressed=False):
                return await self._overhear(text, person, place)
            case Said(text=text):
                return await self._answer(text, person, place, progress)
            case Commanded(command=command, rest=rest):
                return await self._command(command, rest, person, place, progress)
            case Pressed(action=action):
                return await self._press(action, person, place)
            case Submitted(form=form, values=values, context=context):
                return await self._take(form, values, context, person, place)
            case Opened():
                return cards.welcome()
            case Visited():
                return await self._home(person, place)
            case _:
                assert_never(event)

    async def _answer(self, text: str, person: Person, place: Place, progress: Progress | None) -> Answered:
        """Addressed there is always an answer, or the reason why there is none."""
        if not place.is_private and await self._rooms.mode(place) is Mode.OFF:
            command = said_command(text)
            if command is None or command[0] != "channel":
                return Reply(content=cards.off_here(), is_private=True)
        if not text.strip():
            return cards.welcome()
        if said_command(text) is None and (offered := await self._answering.words(text, person, place)) is not None:
            return offered
        if (kind_word := greeting(text)) is not None:
            return kind_word
        if (command := said_command(text)) is not None:
            return await self._command(*command, person, place, progress)
        return await self.ask(text, person, place, progress)

    async def _command(self, name: str, rest: str, person: Person, place: Place, progress: Progress | None) -> Answered:
        command = find(name)
        match command.name if command else None:
            case "ask":
                return await self.ask(rest, person, place, progress)
            case "show":
                return await self._show(rest, person, place)
            case "tell":
                return cards.outsider() if place.is_outside else self._tell.form(rest)
            case "home":
                return Reply(content=await self._home(person, place), is_private=True)
            case "settings":
                return cards.outsider() if place.is_outside else await self._home.form(person, place)
            case "checkin":
                return _for_one(await self._answering(rest, person, place))
            case "rhythm":
                return _for_one(await self._replan.rhythm(rest, person, place))
            case "link":
                return await self._link(rest, person, place)
            case "channel":
                return await self._moderate.channel(rest, person, place)
            case "checkins":
                return _for_one(await self._oversee(rest, person, place))
            case "digest":
                return await self.digest(rest, person, place)
            case "circle":
                return _for_one(await self.gather(rest, person, place))
            case "help":
                return cards.help_()
            case _:
                return cards.unknown_command(name)

    async def _press(self, action: actions.Action, person: Person, place: Place) -> Answered:
        match action:
            case actions.ShowPilot(pilot_id):
                return await self._show(pilot_id, person, place)
            case actions.RateAnswer(answer_id, is_good):
                return await self._rate(answer_id, person, place, is_good=is_good)
            case actions.ShareAnswer(answer_id):
                return await self._share(answer_id, person, place)
            case actions.MuteThread():
                return await self._overhear.mute(person, place)
            case actions.NotNow():
                return await self._overhear.not_now(person, place)
            case actions.SetMode(mode):
                return await self._moderate.choose(mode, person, place)
            case actions.TellPilot(title):
                return cards.outsider() if place.is_outside else self._tell.form(title)
            case actions.OpenSettings():
                return cards.outsider() if place.is_outside else await self._home.form(person, place)
            case actions.LinkAccount(code):
                return await self._link.confirm(code, person, place)
            case actions.OldAction():
                return cards.old_card()
            case (
                actions.OverseePilots()
                | actions.AskNow()
                | actions.PauseAsking()
                | actions.ResumeAsking()
                | actions.PlanAsking()
                | actions.TryAgain()
            ):
                return _for_one(await self._press_as_moderator(action, person, place))
            case _:
                return _for_one(await self._press_check_in(action, person, place))

    async def _press_as_moderator(self, action: actions.OfModerators, person: Person, place: Place) -> Message | Form:
        match action:
            case actions.OverseePilots(wanted):
                return await self._oversee(wanted, person, place)
            case actions.AskNow(wanted):
                return await self._oversee.ask_now(wanted, person, place)
            case actions.PauseAsking(wanted):
                return await self._oversee.pause(wanted, person, place, is_paused=True)
            case actions.ResumeAsking(wanted):
                return await self._oversee.pause(wanted, person, place, is_paused=False)
            case actions.PlanAsking(wanted):
                return await self._oversee.form(wanted, person, place)
            case actions.TryAgain(mark):
                return await self._oversee.try_again(mark, person, place)
            case _:
                assert_never(action)

    async def _press_check_in(self, action: actions.OfCheckIns, person: Person, place: Place) -> Message | Form:
        match action:
            case actions.OpenCheckIn(named):
                return await self._answering.open(named, person, place)
            case actions.NothingNew(check_in_id):
                return await self._answering.nothing_new(check_in_id, person, place)
            case actions.SkipCheckIn(check_in_id):
                return await self._answering.skip(check_in_id, person, place)
            case actions.KeepWords(check_in_id, mark):
                return await self._answering.keep_words(check_in_id, mark, person, place)
            case actions.FollowUp(check_in_id):
                return await self._answering.more(check_in_id, person, place)
            case actions.PutOff(check_in_id, days):
                return await self._replan.put_off(check_in_id, days, person, place)
            case actions.ChangeCheckIns(pilot_id):
                return await self._replan.form(pilot_id, person, place)
            case actions.SetRhythm(pilot_id, rhythm):
                return await self._replan.set_rhythm(pilot_id, rhythm, person, place)
            case actions.AnswerOffer(pilot_id, is_yes):
                return await self._replan.answer_offer(pilot_id, person, place, is_yes=is_yes)
            case actions.AnswerInvitation(circle_id, pilot_id, is_yes):
                return await self.gather.answer(circle_id, pilot_id, person, place, is_yes=is_yes)
            case actions.StopPilot(pilot_id):
                return await self._stop.form(pilot_id, person, place)
            case actions.Unblock(learning_id):
                return await self._unblock.form(learning_id, person, place)
            case _:
                assert_never(action)

    async def _take(self, form: str, values: Mapping[str, str], context: str, person: Person, place: Place) -> Answered:
        if place.is_outside and form != rate.FORM:
            return cards.outsider()
        match form:
            case tell.FORM:
                return _changing_home(await self._tell.take(values, person, place), place)
            case rate.FORM:
                return await self._rate.take(context, values, person, place)
            case home.FORM:
                return _changing_home(await self._home.take(values, person, place), place)
            case check_in_forms.FORM:
                return _for_one(await self._answering.take(context, values, person, place))
            case check_in_forms.FOLLOW_UP:
                return _for_one(await self._answering.take_more(context, values, person, place))
            case replan.FORM:
                return _for_one(await self._replan.take(context, values, person, place))
            case stop.FORM:
                return _for_one(await self._stop.take(context, values, person, place))
            case oversee.FORM:
                return _for_one(await self._oversee.take(context, values, person, place))
            case unblock.FORM:
                return _for_one(await self._unblock.take(context, values, person, place))
            case _:
                return cards.old_card()


def _is_in_rooms_language(event: Event) -> bool:
    """Whether the whole room reads what comes of it, though one person pressed or said it aside."""
    match event:
        case (
            Pressed(action=actions.MuteThread() | actions.NotNow() | actions.SetMode())
            | Commanded(command="channel" | "digest")
        ):
            return event.place.is_shareable
    return False


def _for_one(said: Message | Form) -> Reply:
    """What is between the bot and those who look after a pilot, wherever it was begun."""
    return Reply(content=said, is_private=True, changes_home=isinstance(said, Message))


def _changing_home(taken: Message | Form | Reply, place: Place) -> Answered:
    """What was kept of a form shows on the person's own page."""
    match taken:
        case Message():
            return Reply(content=taken, is_private=place.is_private, changes_home=True)
        case Reply():
            return replace(taken, changes_home=True)
    return taken
