"""What a question asks about how pilots ended, or how far they are, told from topics that use the same words."""

import functools
import operator

from knowledge.pilots import Stage
from knowledge.questions.tokens import JOINS, Draft, phrase_words
from knowledge.questions.words import NOUN_FIRST, Part, Words

# Words that "that were stopped" begins with.
_LEADS = Part.LINK | Part.AUXILIARY | Part.ASKED | Part.ADVERB
_DOERS = Part.ASKED | Part.AUXILIARY | Part.ACTOR | Part.ADVERB
_RELATIVES = JOINS | set(
    phrase_words("that which who but die dat der das welche welches qui que che som joka jotka have has")
)
_OPENINGS = Part.ASKED | Part.AUXILIARY | Part.ACTOR | Part.ADVERB | Part.ARTICLE | Part.OPENER | Part.ADJECTIVE
# What is stopped may have so many words; what follows it begins with these.
_OBJECT_LIMIT = 6
_AFTER_OBJECT = frozenset({"because", "after", "following", "due", "despite", "during"})
_OBJECT_ENDS = Part.LINK | Part.TAIL | Part.ADVERB | Part.AUXILIARY

_STAGES = {
    Part.PLANNED: (Stage.PLANNED,),
    Part.DEVELOPMENT: (Stage.DEVELOPMENT,),
    Part.PILOTING: (Stage.PILOT,),
    Part.IMPLEMENTED: (Stage.IMPLEMENTED,),
    Part.RUNNING: (Stage.PILOT, Stage.IMPLEMENTED),
    Part.COMPLETED: (Stage.COMPLETED,),
}
_STAGE_PARTS = functools.reduce(operator.or_, _STAGES)


def read_stopped(draft: Draft, words: Words) -> bool:
    """Whether the asker wants what was stopped or failed; spends the words that say so."""
    found = False
    index = 0
    while index < len(draft.tokens):
        end = _stopped_at(draft, words, index)
        if end:
            _spend_with_leads(draft, words, index, end)
            found = True
        index = end or index + 1
    return found


def read_stages(draft: Draft, words: Words) -> tuple[Stage, ...]:
    """The stages that the asker keeps to; spends the words that say so."""
    stages: list[Stage] = []
    for index in range(len(draft.tokens)):
        length = words.length(draft.words, index, _STAGE_PARTS)
        if not length or not draft.is_free(index, index + length):
            continue
        part = words.parts[tuple(draft.words[index : index + length])]
        stages.extend(stage for each, those in _STAGES.items() if part & each for stage in those)
        start = index
        while start > 0 and (words.has(draft.words[start - 1], _LEADS) or draft.words[start - 1] in ("only", "ones")):
            start -= 1
        draft.spend(start, index + length)
    return tuple(dict.fromkeys(stages))


def _stopped_at(draft: Draft, words: Words, index: int) -> int:
    """Where words that ask for what was stopped end, if they begin here; else 0."""
    for length, part in words.phrases.at(draft.words, index):
        end = index + length
        if not draft.is_free(index, end):
            continue
        if part & Part.STOPPED and not _is_of_unfit(draft, words, index, end):
            return _with_own(draft, words, end)
        if part & Part.STOPPED_OWN and _is_done_by_someone(draft, words, index):
            if own := _own(draft, words, end):
                return own
            if _is_done_to_tool(draft, words, index, end):
                return end
        if (
            part & Part.STOPPED_DONE
            and words.has(draft.word_at(index - 1), _DOERS)
            and not _is_of_unfit(draft, words, index, end)
        ):
            return end
        if part & Part.STOPPED_BEFORE and _describes_pilots(draft, words, end):
            return end
        if part & Part.STOPPED_AFTER and _follows_pilots(draft, words, index, end):
            return end
    return 0


def _own(draft: Draft, words: Words, index: int) -> int:
    length = words.length(draft.words, index, Part.OWN) if index < len(draft.words) else 0
    return index + length if length else 0


def _with_own(draft: Draft, words: Words, end: int) -> int:
    return _own(draft, words, end) or end


def _is_of_unfit(draft: Draft, words: Words, start: int, end: int) -> bool:
    """Whether something other than a pilot stopped: "payments that did not work", "abandoned vehicles"."""
    head = start - 1
    while head >= 0 and words.has(draft.words[head], _LEADS):
        head -= 1
    before = draft.words[head] if head >= 0 and head >= start - 4 else ""
    return words.has(before, Part.UNFIT) or words.has(draft.word_at(end), Part.UNFIT)


def _describes_pilots(draft: Draft, words: Words, end: int) -> bool:
    """Whether "failed" or "stopped" stands before a word for pilots, with at most two words between."""
    for index in range(end, min(end + 3, len(draft.tokens))):
        word = draft.words[index]
        if words.has(word, Part.UNFIT) or not draft.tokens[index].is_word:
            return False
        if words.has(word, Part.KIND | Part.TOOL):
            return not words.has(draft.word_at(index + 1), Part.UNFIT)
        if words.has(word, Part.LINK) and not words.has(draft.word_at(index + 1), Part.STOPPED_BEFORE):
            return False
    return False


def _follows_pilots(draft: Draft, words: Words, start: int, end: int) -> bool:
    """Whether "failed" ends what is said of a pilot: "chatbots that failed", "which ones failed?"."""
    after = draft.word_at(end)
    if after[:1].isalnum() and not words.has(after, Part.LINK | Part.TAIL | Part.ADVERB):
        return False
    if after in ("to", "in", "by", "at", "from", "on", "of", "out", "med", "för"):
        return False
    leads = 0
    head = start - 1
    while head >= 0 and words.has(draft.words[head], _LEADS):
        leads += 1
        head -= 1
    if head >= 0 and words.has(draft.words[head], Part.UNFIT):
        return False
    if leads or _ends_a_question(draft, words, end):
        return True
    if words.language in NOUN_FIRST:  # "des projets de vidéosurveillance arrêtés"
        before = draft.words[draft.clause_of(start).start : start]
        return any(words.has(word, Part.KIND | Part.TOOL) for word in before)
    if head >= 0 and words.has(draft.words[head], Part.TOOL):  # "which chatbots failed?"
        return words.has(draft.words[draft.clause_of(start).start], Part.ASKED)
    return head >= 0 and (words.has(draft.words[head], Part.KIND | Part.ACTOR) or draft.words[head] in ("ones", "one"))


def _ends_a_question(draft: Draft, words: Words, end: int) -> bool:
    """Whether it is the end of "which tools did the agency retire", of nothing else that stops or fails."""
    clause = draft.clause_of(end - 1)
    said = [draft.words[index] for index in clause]
    is_asked = words.has(said[0], Part.ASKED) and any(words.has(word, Part.AUXILIARY) for word in said)
    return end == clause.stop and is_asked and not any(words.has(word, Part.UNFIT) for word in said)


def _is_done_by_someone(draft: Draft, words: Words, start: int) -> bool:
    """Whether the clause begins by asking who did it: "has any council stopped its …"."""
    clause = draft.clause_of(start)
    return start == clause.start or any(
        words.has(draft.words[index], _OPENINGS) for index in range(clause.start, start)
    )


def _is_done_to_tool(draft: Draft, words: Words, start: int, end: int) -> bool:
    """Whether someone stopped what pilots make: "did any country stop an algorithm", not "how do we stop a chatbot"."""
    clause = draft.clause_of(start)
    before = draft.words[clause.start : start]
    if not _follows_doer(draft, words, start) or any(words.has(word, Part.SOUGHT) for word in before):
        return False
    object_end = end
    while object_end < min(clause.stop, end + _OBJECT_LIMIT):
        if draft.words[object_end] in _AFTER_OBJECT or words.has(draft.words[object_end], _OBJECT_ENDS):
            break
        object_end += 1
    said = draft.words[end:object_end]
    if not said or any(words.has(word, Part.UNFIT) for word in said):
        return False
    is_kept_from = draft.word_at(object_end) in ("from", "being")  # "stop chatbots from lying"
    return words.has(said[-1], Part.KIND | Part.TOOL) and not is_kept_from


def _follows_doer(draft: Draft, words: Words, start: int) -> bool:
    """Whether whoever did it stands right before, so that "end" and "drop" are verbs: not in "an end user chatbot"."""
    before = draft.word_at(start - 1)
    is_doer = words.has(before, _DOERS | Part.STOPPED_BY) and not words.has(before, Part.ARTICLE)
    return is_doer or (start > 0 and draft.tokens[start - 1].spent)


def _spend_with_leads(draft: Draft, words: Words, start: int, end: int) -> None:
    if start > 0 and words.has(draft.words[start - 1], Part.STOPPED_BY):
        start -= 1
    while start > 0 and not draft.tokens[start - 1].spent and words.has(draft.words[start - 1], _LEADS):
        if words.has(draft.words[start - 1], Part.LINK) and draft.words[start - 1] not in _RELATIVES:
            break
        start -= 1
    draft.spend(start, end)
