"""Reading a question: what it is about, and what it asks of the answer (where, when, by whom, stopped or not)."""

from knowledge.questions.follow_up import follow, is_follow_up, read_following
from knowledge.questions.lessons import lesson
from knowledge.questions.overheard import is_asking
from knowledge.questions.question import Question
from knowledge.questions.reading import QUESTION_LIMIT, read
from knowledge.questions.vocabulary import PilotVocabulary, Vocabulary

__all__ = [
    "QUESTION_LIMIT",
    "PilotVocabulary",
    "Question",
    "Vocabulary",
    "follow",
    "is_asking",
    "is_follow_up",
    "lesson",
    "read",
    "read_following",
]
