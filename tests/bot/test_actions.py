import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.actions import (
    LENGTH_LIMIT,
    Action,
    LinkAccount,
    MuteThread,
    NotNow,
    OldAction,
    OpenSettings,
    RateAnswer,
    SetMode,
    ShareAnswer,
    ShowPilot,
    TellPilot,
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


def test_a_button_that_nothing_here_has_written_is_old() -> None:
    assert decode("snooze 3d") == OldAction()
    assert decode(encode(OldAction())) == OldAction()
    assert decode("") == OldAction()
