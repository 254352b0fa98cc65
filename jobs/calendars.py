"""The calendar of check-ins: rhythms as people type them, in everybody's own working time."""

from dataclasses import dataclass
from datetime import date, datetime

from bot.check_ins import CheckInPlan, Due, PlanState
from bot.members import Preferences
from jobs import schedules
from jobs.rhythms import halved, rhythm_from_text
from jobs.schedules import Schedule
from jobs.working_time import WorkingTime


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingCalendar:
    """A Calendar. `zone` and `country` are of whoever has not said theirs; the country's holidays are theirs then."""

    zone: str = "UTC"
    country: str = ""

    def rhythm(self, text: str) -> str:
        return str(rhythm_from_text(text))

    def next_due(self, plan: CheckInPlan, preferences: Preferences, after: datetime) -> Due | None:
        if not _is_asked(plan):
            return None
        schedule = self.schedule(plan, preferences)
        if plan.snoozed_until and (at := schedule.working_time.due_at(plan.snoozed_until)) and at > after:
            due = schedule.due_now(plan.asked_on, at)
            return Due(due.on if due else plan.asked_on or plan.snoozed_until, at)
        found = schedule.next_due(plan.asked_on, after)
        return Due(found.on, found.at) if found else None

    def due_now(self, plan: CheckInPlan, preferences: Preferences, now: datetime) -> Due | None:
        """What has come by now: one for all that were missed, and what was put off not before its day."""
        if not _is_asked(plan):
            return None
        schedule = self.schedule(plan, preferences)
        due = schedule.due_now(plan.asked_on, now)
        if plan.snoozed_until is None:
            return Due(due.on, due.at) if due else None
        at = schedule.working_time.due_at(plan.snoozed_until)
        if at is None or at > now:
            return None
        return Due(due.on, max(due.at, at)) if due else Due(plan.asked_on or plan.snoozed_until, at)

    def stale_after(self, plan: CheckInPlan, preferences: Preferences, due: Due) -> datetime | None:
        """Until when that may be asked late; None where nothing follows it."""
        return self.schedule(plan, preferences).stale_after(schedules.Due(due.on, due.at))

    def opens_at(self, preferences: Preferences, at: datetime) -> datetime | None:
        """The first moment from then on at which they may be written to; None if there is none within a year."""
        return self.working_time(preferences).next_at(at)

    def halved(self, rhythm: str) -> str:
        """Half as often."""
        return str(halved(rhythm_from_text(rhythm)))

    def schedule(self, plan: CheckInPlan, preferences: Preferences) -> Schedule:
        """When the person of that plan is asked. PilotlightError where its rhythm is none."""
        return Schedule(
            rhythm=rhythm_from_text(plan.rhythm),
            start=plan.started_on,
            working_time=self.working_time(preferences, plan.paused_until),
        )

    def working_time(self, preferences: Preferences, paused_until: date | None = None) -> WorkingTime:
        """A person's own, with a pause of what they are asked about."""
        pauses = [each for each in (preferences.paused_until, paused_until) if each]
        # Of who moved to another country, the region is another one's.
        return WorkingTime(
            zone=preferences.time_zone or self.zone,
            country=preferences.country or self.country,
            region=preferences.region if preferences.country else "",
            quiet_from=preferences.quiet_from,
            quiet_until=preferences.quiet_until,
            paused_until=max(pauses, default=None),
            away=preferences.away,
        )


def _is_asked(plan: CheckInPlan) -> bool:
    is_paused_for_good = plan.state is PlanState.PAUSED and plan.paused_until is None
    return bool(plan.rhythm) and plan.state is not PlanState.STOPPED and not is_paused_for_good
