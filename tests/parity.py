"""What people can do in Slack and in Teams, feature by feature, and the page about it: `python -m tests.parity`.

To add a feature, add it here and mark the tests that show it (tests/proofs.py says how). tests/test_parity.py holds
the list, the marks and the page together.
"""

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from tests.proofs import Awaited, Feature, Platform, Proof, faults, read_proofs

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "parity.md"
SLACK, TEAMS = Platform.SLACK, Platform.TEAMS

AWAITED: Awaited = {
    SLACK: (),
    TEAMS: (),
}
"""Temporary, and empty before Teams is called done: what has no test yet. The test run reports it."""

GROUPS: Mapping[str, Sequence[Feature]] = {
    "Asking": (
        Feature(key="mention", people_can="mention it in a channel, and get one answer, in the thread"),
        Feature(key="mention_in_thread", people_can="mention it in the middle of a thread, and be answered there"),
        Feature(key="group_chat", people_can="mention it in a group chat"),
        Feature(key="direct", people_can="write to it in a chat of their own, and ask on"),
        Feature(
            key="follow_up",
            people_can="ask on in its thread without a mention: “what about in Norway?”",
            limits={TEAMS: "where the team lets it hear the channel; else with a mention"},
        ),
        Feature(key="talk", people_can="talk with each other in its thread, without being answered"),
        Feature(
            key="command",
            people_can="ask with `/pilot` in a channel, seen by nobody else",
            limits={TEAMS: "Teams takes such an answer away after 24 hours"},
        ),
        Feature(key="help", people_can="see all commands"),
        Feature(key="share", people_can="show a private answer to the channel, as far as the channel may see it"),
        Feature(key="about_message", people_can="point at a message: “Has anyone tried this?”"),
        Feature(
            key="compose",
            people_can="search beside the box where they write, and put a pilot into their message",
            forbids={SLACK: "Slack has nothing of the kind"},
        ),
        Feature(key="more", people_can="open more on a pilot, for themselves alone"),
        Feature(key="suggested", people_can="begin with a suggested question"),
        Feature(key="dialogues", people_can="have the conversations of the terminal, word for word"),
    ),
    "While it answers": (
        Feature(key="working", people_can="see that it is at work, where that takes a while"),
        Feature(
            key="streaming",
            people_can="see an answer grow that a model writes",
            limits={TEAMS: "in a chat of one's own; Teams lets none grow elsewhere"},
        ),
        Feature(key="stop", people_can="stop it while it works"),
        Feature(key="written", people_can="see that a model wrote it, and which pilot each sentence is from"),
        Feature(key="notified", people_can="read in a notification what it says, without the card"),
        Feature(key="limits", people_can="read it whole: no message is longer than the platform takes"),
    ),
    "Telling of a pilot": (
        Feature(key="tell", people_can="tell of a pilot in a form, so that others find it"),
        Feature(key="errors", people_can="see what is wrong at its field, with nothing lost that they typed"),
        Feature(key="offered", people_can="be offered the form where nobody has tried it yet"),
        Feature(key="titled", people_can="give the title with the command"),
        Feature(key="old", people_can="press an old card or send an old form, and be told that it is old"),
    ),
    "Their own page and settings": (
        Feature(
            key="home",
            people_can="see their own pilots and settings on a page of their own",
            limits={TEAMS: "as a card, when they write `home`"},
        ),
        Feature(key="home_opens", people_can="open a pilot, tell of one and change settings from there"),
        Feature(
            key="home_search",
            people_can="search there",
            forbids={TEAMS: "not needed: the card stands in the chat, where whatever they write is searched for"},
        ),
        Feature(key="settings", people_can="choose a language, quiet hours and pauses"),
        Feature(key="language", people_can="be spoken to in their language"),
        Feature(key="unanswered", people_can="as moderators, see what nobody could answer"),
    ),
    "Unasked": (
        Feature(
            key="overheard",
            people_can="ask the room, and be helped unasked: once, in the thread",
            limits={TEAMS: "where the team or chat lets it hear them"},
        ),
        Feature(key="silence", people_can="be left in peace with everything else"),
        Feature(key="not_now", people_can="say “Not now”, and the answer is gone for everybody"),
        Feature(key="mute", people_can="mute a thread until they mention it again"),
        Feature(key="modes", people_can="as moderators, choose for each channel when it speaks"),
        Feature(key="off", people_can="be told in private that it is switched off in a channel"),
    ),
    "What people think of answers": (Feature(key="feedback", people_can="say whether an answer helped, and why not"),),
    "Who sees what": (
        Feature(key="private", people_can="get in private what only they may see; a room never gets it"),
        Feature(key="outsiders", people_can="rely on it: where outsiders read along, it names public pilots only"),
        Feature(key="rings", people_can="tell anything: no stored word rings anybody or links anywhere"),
        Feature(key="apart", people_can="share one server with other organisations, and read nothing of theirs"),
        Feature(key="forged", people_can="rely on it: nobody but the platform can speak to it"),
    ),
    "When things go wrong": (
        Feature(key="redelivered", people_can="be answered once, though the platform delivers twice"),
        Feature(key="restarted", people_can="go on in a thread after a restart"),
        Feature(key="replicas", people_can="be answered once, though two servers run"),
        Feature(key="at_once", people_can="ask at the same time as others, each getting their own answer"),
        Feature(key="away", people_can="be told kindly, with a reference, when the database is away"),
        Feature(key="slow", people_can="wait out a slow or overloaded platform without losing an answer"),
        Feature(key="refused", people_can="still be reached where it may not write"),
        Feature(key="nonsense", people_can="rely on it: nonsense at its door does no harm"),
    ),
    "Both together": (
        Feature(key="one_community", people_can="tell of a pilot on one platform, and find it on the other"),
        Feature(key="linked", people_can="link their accounts on both, and be one person"),
        Feature(key="prompts", people_can="be asked by it how their pilot goes"),
        Feature(key="oversight", people_can="as moderators, see how the check-ins go, and ask about some at once"),
        Feature(key="digest", people_can="be told each week in a channel what is new, and nothing where nothing is"),
        Feature(
            key="circle",
            people_can="join a learning circle, and read what the others in it learned",
        ),
        Feature(key="opt_out", people_can="block it, and get no more of that; somebody else is asked"),
    ),
    "Setting it up": (
        Feature(key="described", people_can="get from a command what the platform wants to be told of the app"),
        Feature(
            key="installed",
            people_can="install it in a workspace by a button",
            forbids={TEAMS: "an administrator uploads the package; Teams has no such button"},
        ),
        Feature(key="removed", people_can="take it out, and the way back in is forgotten"),
    ),
}
FEATURES = tuple(feature for group in GROUPS.values() for feature in group)

_HEAD = """\
<!-- Made by `make docs` from the tests; edit tests/parity.py or the marks of the tests instead. -->
# Slack and Teams, side by side

**Nothing here was tried in a real workspace or tenant.**

What people can do in each. Every tick stands for tests that run with each change; they are named under each table.

- **✓** tried out from end to end: the real server, beside a program that plays the platform (`local-slack`, Microsoft's
  Agents Playground). What that program does not send by itself the tests send, as the platform's pages describe it.
- **✓ by stand-in** tried out with made-up requests, a small server of our own in the platform's place, or on the part
  alone.
- A sentence without a tick says why a platform has no such thing.
"""


def page(proofs: Sequence[Proof]) -> str:
    parts = [_HEAD]
    for title, group in GROUPS.items():
        rows = (f"| {each.people_can} | {_cells(each, proofs)} |" for each in group)
        table = "\n".join(("| People can | Slack | Teams |", "| --- | --- | --- |", *rows))
        names = "\n".join(_named(group, proofs))
        details = f"<details><summary>The tests</summary>\n\n{names}\n\n</details>"
        parts.append(f"## {title}\n\n{table}\n\n{details}\n")
    return "\n".join(parts)


def _cells(feature: Feature, proofs: Sequence[Proof]) -> str:
    return " | ".join(_cell(feature, platform, _of(feature, platform, proofs)) for platform in Platform)


def _cell(feature: Feature, platform: Platform, shown: Collection[Proof]) -> str:
    if platform in feature.forbids:
        return feature.forbids[platform]
    if not shown:
        return "not tested yet"
    tick = "✓" if any(proof.is_end_to_end for proof in shown) else "✓ by stand-in"
    return f"{tick}: {feature.limits[platform]}" if platform in feature.limits else tick


def _named(group: Sequence[Feature], proofs: Sequence[Proof]) -> Iterator[str]:
    for feature in group:
        yield f"- *{feature.people_can}*"
        for platform in Platform:
            for proof in _of(feature, platform, proofs):
                yield f"  - {platform.title()}: `{proof.test}` in `{proof.path.removeprefix('tests/')}`"


def _of(feature: Feature, platform: Platform, proofs: Sequence[Proof]) -> Sequence[Proof]:
    return [proof for proof in proofs if feature.key in proof.keys and platform in proof.platforms]


if __name__ == "__main__":
    found = read_proofs()
    PAGE.write_text(page(found), encoding="utf-8")
    sys.exit("\n".join(faults(FEATURES, found, AWAITED)) or None)
