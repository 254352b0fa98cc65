"""The list of what people can do in Slack and Teams, the tests that show it, and the page agree."""

import pytest

from tests.parity import AWAITED, FEATURES, PAGE, page
from tests.proofs import Awaited, Feature, Platform, Proof, faults, proofs_in, read_proofs

SLACK, TEAMS = Platform.SLACK, Platform.TEAMS
BOTH = Feature(key="ask", people_can="ask")
ONE = Feature(key="compose", people_can="search", forbids={SLACK: "Slack has nothing of the kind"})
IN_SLACK = "tests/end_to_end/test_slack.py"
IN_TEAMS = "tests/adapters/test_teams_door.py"


def marked(mark: str, path: str = IN_SLACK, body: str = "assert True", before: str = "") -> list[Proof]:
    return list(
        proofs_in(f"import pytest\n{before}\n\n@pytest.mark.{mark}\nasync def test_it() -> None: {body}\n", path)
    )


def told(*proofs: Proof, awaited: Awaited | None = None) -> list[str]:
    return list(faults([BOTH, ONE], proofs, awaited or {}))


def test_every_feature_is_shown_on_each_platform_or_says_why_not() -> None:
    assert list(faults(FEATURES, read_proofs(), AWAITED)) == []


def test_the_page_says_what_the_tests_show() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(read_proofs()), "Out of date: run make docs and commit it."


def test_nothing_is_awaited_any_more() -> None:
    waits = [f"{platform}: {', '.join(keys)}" for platform, keys in AWAITED.items() if keys]
    if waits:
        pytest.xfail("These have no test yet. " + "; ".join(waits))


def test_the_page_tells_what_was_tried_and_how_and_why_there_is_no_such_thing() -> None:
    slack, teams = marked('shows("follow_up", "home_search")')[0], marked('shows("follow_up", "compose")', IN_TEAMS)[0]
    told = page([slack, teams])
    assert "in Norway?” | ✓ | ✓ by stand-in: where the team lets it hear the channel; else with a mention |" in told
    assert "into their message | Slack has nothing of the kind | ✓ by stand-in |" in told
    assert "| see all commands | not tested yet | not tested yet |" in told
    assert "  - Teams: `test_it` in `adapters/test_teams_door.py`" in told


# The reading of marks


def test_a_mark_is_of_the_platform_in_the_files_name_or_of_those_it_names() -> None:
    (proof,) = marked('shows("ask", "compose")')
    assert (proof.test, proof.keys, proof.platforms) == ("test_it", ("ask", "compose"), ("slack",))
    assert proof.is_end_to_end
    assert not marked('shows("ask")', IN_TEAMS)[0].is_end_to_end
    assert marked('shows("ask", on="teams")')[0].platforms == ("teams",)
    assert marked('shows("ask", on=("slack", "teams"))', "tests/end_to_end/test_people.py")[0].platforms == (
        SLACK,
        TEAMS,
    )
    assert marked('shows("ask")', "tests/end_to_end/test_slack_and_teams.py")[0].platforms == (SLACK, TEAMS)
    assert list(proofs_in("def test_it() -> None: ...", IN_SLACK)) == []


@pytest.mark.parametrize(
    ("mark", "body", "before"),
    [
        ('shows("ask")\n@pytest.mark.skip', "assert True", ""),
        ('shows("ask")\n@pytest.mark.xfail(reason="Not yet.")', "assert True", ""),
        ('shows("ask")\n@pytest.mark.parametrize("n", [pytest.param(1, marks=pytest.mark.skip)])', "assert n", ""),
        ('shows("ask")', 'pytest.skip("Not here.")', ""),
        ('shows("ask")', "assert True", 'pytestmark = pytest.mark.skipif(True, reason="Not here.")'),
    ],
)
def test_a_test_that_may_be_skipped_or_fail_shows_nothing(mark: str, body: str, before: str) -> None:
    assert told(*marked(mark, body=body, before=before))[0] == "test_it shows nothing while it may be skipped or fail."


@pytest.mark.parametrize(
    "source",
    [
        "@pytest.mark.shows(KEY)\ndef test_it() -> None: ...",
        '@pytest.mark.shows("ask", on="irc")\ndef test_it() -> None: ...',
        '@pytest.mark.shows("ask")\ndef it() -> None: ...',
        'pytestmark = pytest.mark.shows("ask")',
        'class TestIt:\n    @pytest.mark.shows("ask")\n    def test_it(self) -> None: ...',
    ],
)
def test_a_mark_that_cannot_be_read_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="test_slack"):
        list(proofs_in(source, IN_SLACK))


# What the list and the marks must hold to


def test_what_lacks_a_test_must_be_awaited_and_what_has_one_must_not() -> None:
    slack, teams = marked('shows("ask")')[0], marked('shows("ask", "compose")', IN_TEAMS)[0]
    assert told(slack, teams) == []
    assert told(slack) == ["No test shows “ask” in Teams.", "No test shows “compose” in Teams."]
    assert told(slack, awaited={TEAMS: ["ask", "compose"]}) == []
    assert told(slack, teams, awaited={TEAMS: ["ask"]}) == ["Take “ask” out of AWAITED of Teams."]


def test_a_mark_names_a_feature_that_its_platform_allows() -> None:
    rest = marked('shows("ask", "compose")', IN_TEAMS)[0], marked('shows("ask")')[0]
    assert told(*rest, *marked('shows("fly")')) == ["test_it shows “fly”, which is no feature."]
    assert told(*rest, *marked('shows("compose")')) == ["test_it shows “compose”, which Slack is said to forbid."]
    assert "names no feature" in told(*rest, *marked("shows()"))[0]
    assert "no platform" in told(*rest, *marked('shows("ask")', "tests/end_to_end/test_people.py"))[0]
    assert next(iter(faults([BOTH, BOTH], rest[:0], {}))) == "Two features have one key."
