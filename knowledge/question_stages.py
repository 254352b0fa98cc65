"""What a question asks about how pilots ended, or how far they are, told from topics that use the same words."""

import functools

from knowledge.pilots import Stage
from knowledge.question_tokens import Draft
from knowledge.question_words import Part, Phrases, Words, listed

# Words that "that were stopped" begins with.
_LEADS = Part.LINK | Part.AUXILIARY | Part.ASKED | Part.ADVERB
_OPENINGS = Part.ASKED | Part.AUXILIARY | Part.ACTOR | Part.ADVERB | Part.ARTICLE | Part.OPENER | Part.ADJECTIVE

_STAGES = {
    Stage.PLANNED: """planned pilots, planned projects, planned trials, that are planned, which are planned, still planned, still being planned,
        in the planning stage, in the planning phase, only planned ones, not started yet, upcoming pilots, upcoming projects""",
    Stage.DEVELOPMENT: """currently in development, still in development, under development right now, being developed right now, that are in development,
        still being developed, currently being developed, still under development, currently under development, in the development stage""",
    Stage.COMPLETED: """only completed ones, completed pilots, completed projects, completed trials, that are completed, that were completed,
        which were completed, that have been completed, finished pilots, finished projects, that are finished, that have finished, only finished ones,
        afgeronde pilots, afgeronde projecten, abgeschlossene projekte, abgeschlossene pilotprojekte, projets terminés, proyectos terminados,
        proyectos finalizados, progetti conclusi, projetos concluídos, fullførte prosjekter, afsluttede projekter, avslutade projekt""",
    Stage.PILOT: """in the pilot stage, in the pilot phase, in pilot stage, in pilot phase, still in pilot, still being piloted, still piloting""",
    Stage.IMPLEMENTED: """that are live, which are live, already live, now live, gone live, went live, live now, that are operational, in production now,
        already in production, that is in production, that are in production, running in production, that made it to production, in daily use, in operational use, that are in use, which are in use, currently in use,
        fully operational, fully rolled out, that were rolled out, that scaled, made it past the pilot stage, made it past the pilot, made it beyond the pilot, beyond the pilot stage""",
}  # fmt: skip
_RUNNING = """still running, still going, still active, still live, still in use, still in operation, that are running, that is running, which are running, currently running ones, currently active, currently running, that are active, up and running,
    nog actief, nog lopende, die nog lopen, noch laufen, noch aktiv, noch laufende, toujours en cours, encore en cours, toujours actifs, todavía activos, todavía en marcha, aún activos, ancora attivi, ancora in corso, ainda ativos, ainda em curso, fortsatt i drift, stadig i drift, fortfarande igång, fortfarande i drift"""


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


def read_stages(draft: Draft) -> tuple[Stage, ...]:
    """The stages that the asker keeps to; spends the words that say so."""
    stages: list[Stage] = []
    for index in range(len(draft.tokens)):
        length, those = next(_stage_phrases().at(draft.words, index), (0, ()))
        if length and draft.is_free(index, index + length):
            stages.extend(those)
            start = index
            while start > 0 and draft.words[start - 1] in ("that", "which", "are", "is", "only", "ones", "die"):
                start -= 1
            draft.spend(start, index + length)
    return tuple(dict.fromkeys(stages))


@functools.cache
def _stage_phrases() -> Phrases[tuple[Stage, ...]]:
    entries: dict[tuple[str, ...], tuple[Stage, ...]] = {}
    for stage, text in _STAGES.items():
        entries |= dict.fromkeys(listed(text), (stage,))
    entries |= dict.fromkeys(listed(_RUNNING), (Stage.PILOT, Stage.IMPLEMENTED))
    return Phrases(entries.items())


def _stopped_at(draft: Draft, words: Words, index: int) -> int:
    """Where words that ask for what was stopped end, if they begin here; else 0."""
    for length, part in words.phrases.at(draft.words, index):
        end = index + length
        if not draft.is_free(index, end):
            continue
        if part & Part.STOPPED and not _is_of_unfit(draft, words, index, end):
            return _with_own(draft, words, end)
        if part & Part.STOPPED_BEFORE and _describes_pilots(draft, words, end):
            return end
        if part & Part.STOPPED_AFTER and _follows_pilots(draft, words, index, end):
            return end
        if part & Part.STOPPED_OWN and (own := _own(draft, words, end)) and _is_done_by_someone(draft, words, index):
            return own
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
        if words.has(word, Part.KIND):
            return not words.has(draft.word_at(index + 1), Part.UNFIT)
        if words.has(word, Part.LINK):
            return False
    return False


def _follows_pilots(draft: Draft, words: Words, start: int, end: int) -> bool:
    """Whether "failed" ends what is said of a pilot: "chatbots that failed", "which ones failed?", "why did it fail"."""
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
    if leads:
        return True
    return head >= 0 and words.has(draft.words[head], Part.KIND | Part.ACTOR) or draft.word_at(head) in ("ones", "one")


def _is_done_by_someone(draft: Draft, words: Words, start: int) -> bool:
    """Whether the clause begins by asking who did it: "has any council stopped its …"."""
    clause = draft.clause_of(start)
    return start == clause.start or any(
        words.has(draft.words[index], _OPENINGS) for index in range(clause.start, start)
    )


def _spend_with_leads(draft: Draft, words: Words, start: int, end: int) -> None:
    while start > 0 and not draft.tokens[start - 1].spent and words.has(draft.words[start - 1], _LEADS):
        start -= 1
    draft.spend(start, end)
