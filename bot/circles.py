"""Learning circles: pilots on one topic that are asked on the same days, and read what came of it from each other."""

from dataclasses import dataclass
from datetime import date, timedelta

from bot.check_ins import CheckInPlan, PlanState
from knowledge.learnings import Learning, LearningKind
from knowledge.pilots import Pilot

INVITATION = "circle invitation"
"""The kind of the delivery that asks an owner to join; it is about the pilot, and the payload's "circle" is the id."""
SUMMARY = "circle summary"
"""Of the delivery that tells a member of a round; it is about the circle, and the payload's "on" is the round's day."""

BEGINS_AFTER = timedelta(days=7)  # so that whoever is invited can join before the first round
TOLD = (LearningKind.WORKED, LearningKind.DID_NOT_WORK, LearningKind.NOTE)
"""What a summary tells, in this order; a note is what somebody answered in their own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """`rhythm` is as the calendar writes it; its days are counted from `started_on`, for all members alike."""

    id: str
    community: str
    topic: str
    rhythm: str
    started_on: date

    def keeps(self, plan: CheckInPlan) -> bool:
        """Whether who joined with that pilot is a member still.

        To leave is to be asked on other days: a rhythm of one's own begins anew on a day of its own, so nothing has to
        be told to the circle, and nothing that was noted can differ from what is so.
        """
        is_in_step = (plan.rhythm, plan.started_on) == (self.rhythm, self.started_on)
        return is_in_step and plan.community == self.community and plan.state is not PlanState.STOPPED


@dataclass(frozen=True, slots=True)
class Told:
    """What one reader may see of what a pilot's people told in a round."""

    pilot: Pilot
    learnings: tuple[Learning, ...]
