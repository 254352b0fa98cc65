"""What can go wrong, as people should hear it: every message says what is wrong and what to do."""


class PilotlightError(Exception):
    """Trouble that has a sentence for the person in front of it; the sentence is the message."""


class InvalidRecordError(PilotlightError):
    """A value that no pilot may have. `field` is its dotted path, such as ``exit_plan.payer``; may be empty."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field
        self.reason = message


class InvalidFileError(PilotlightError):
    """A file that is not what it says, found before anything was written."""


class UnavailableError(PilotlightError):
    """Something outside (database, model, disk) did not answer; trying later may help.

    `is_in_doubt` where what was asked may have been done all the same.
    """

    is_in_doubt: bool = False


class InvalidQuestionError(PilotlightError):
    """A question with nothing in it to search for."""
