"""The calendar of check-ins: rhythms as people type them, in everybody's own working time."""

from dataclasses import dataclass
from datetime import date, datetime

from bot.check_ins import CheckInPlan, Due, PlanState
from bot.members import Preferences
from jobs.rhythms import rhythm_from_text
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
        is_paused_for_good = plan.state is PlanState.PAUSED and plan.paused_until is None
        if not plan.rhythm or plan.state is PlanState.STOPPED or is_paused_for_good:
            return None
        schedule = self.schedule(plan, preferences)
        if plan.snoozed_until and (at := schedule.working_time.due_at(plan.snoozed_until)) and at > after:
            due = schedule.due_now(plan.asked_on, at)
            return Due(due.on if due else plan.asked_on or plan.snoozed_until, at)
        found = schedule.next_due(plan.asked_on, after)
        return Due(found.on, found.at) if found else None

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
