import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.actions import (
    LENGTH_LIMIT,
    Action,
    AnswerInvitation,
    AnswerOffer,
    ChangeCheckIns,
    FollowUp,
    KeepWords,
    LinkAccount,
    MuteThread,
    NothingNew,
    NotNow,
    OldAction,
    OpenCheckIn,
    OpenSettings,
    PutOff,
    RateAnswer,
    SetMode,
    SetRhythm,
    ShareAnswer,
    ShowPilot,
    SkipCheckIn,
    StopPilot,
    TellPilot,
    Unblock,
    decode,
    encode,
)
from bot.rooms import Mode


@given(st.text(max_size=2_000))
def test_any_string_is_an_action_or_an_old_one(text: str) -> None:
    assert isinstance(decode(text), Action)


@given(st.text(min_size=1, max_size=200))
def test_an_action_survives_the_button_it_stands_on(text: str) -> None:
    assert decode(encode(ShowPilot(text))) == ShowPilot(text)
    assert decode(encode(TellPilot(text))) == TellPilot(text)
    assert decode(encode(ShareAnswer(text))) == ShareAnswer(text)
    assert decode(encode(LinkAccount(text))) == LinkAccount(text)
    assert decode(encode(RateAnswer(text, False))) == RateAnswer(text, False)


@pytest.mark.parametrize("action", [MuteThread(), NotNow(), OpenSettings(), *map(SetMode, Mode)])
def test_an_action_without_words_survives_too(action: Action) -> None:
    assert decode(encode(action)) == action


@given(st.text(max_size=2_000))
def test_an_action_fits_every_platforms_button(text: str) -> None:
    assert len(encode(TellPilot(text))) <= LENGTH_LIMIT


@pytest.mark.parametrize(
    "action",
    [
        OpenCheckIn("p0123456789abcdef"),
        OpenCheckIn("p0123456789abcdef@2026-11-22"),
        NothingNew("p0123456789abcdef@2026-11-22"),
        SkipCheckIn("p0123456789abcdef@2026-11-22"),
        PutOff("p0123456789abcdef@2026-11-22", 7),
        ChangeCheckIns("p0123456789abcdef"),
        SetRhythm("p0123456789abcdef", "last Friday every quarter"),
        KeepWords("p0123456789abcdef@2026-11-22", "0123456789ab"),
        FollowUp("p0123456789abcdef@2026-11-22"),
        AnswerOffer("p0123456789abcdef", True),
        AnswerOffer("p0123456789abcdef", False),
        AnswerInvitation("0b6a3a52-5a6e-4d1c-9a53-2f5f6f0c3d11", "p0123456789abcdef", True),
        AnswerInvitation("c1", "p0123456789abcdef", False),
        StopPilot("p0123456789abcdef"),
        Unblock("p0123456789abcdef@2026-11-22/who_could_remove_it"),
    ],
)
def test_what_check_ins_ask_survives_its_button_and_fits_it(action: Action) -> None:
    assert decode(encode(action)) == action
    assert len(encode(action)) <= LENGTH_LIMIT


@pytest.mark.parametrize("text", ["put-off 0 p1", "put-off -1 p1", "put-off x p1", "put-off 7", "rhythm p1", "join c1"])
def test_half_a_button_is_an_old_one(text: str) -> None:
    assert decode(text) == OldAction()


def test_a_button_that_nothing_here_has_written_is_old() -> None:
    assert decode("snooze 3d") == OldAction()
    assert decode(encode(OldAction())) == OldAction()
    assert decode("") == OldAction()
