from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.dimensions import Dimension, gaps, progress, read_rules, rules
from knowledge.errors import InvalidFileError
from knowledge.pilots import Pilot, Stage, value_at
from knowledge.records import pilot_from_record

TODAY = date(2026, 11, 22)


def pilot(**fields: object) -> Pilot:
    return pilot_from_record({"source": "test", "id": "1", "title": "Bus on demand", **fields})


def names(of: Pilot, on: date = TODAY) -> list[str]:
    return [gap.rule for gap in gaps(of, on)]


def test_every_rule_names_a_real_field_and_stands_once() -> None:
    for rule in rules():
        value_at(pilot(), rule.field)
    assert len({rule.name for rule in rules()}) == len(rules())


def test_every_dimension_is_asked_about_of_a_running_pilot() -> None:
    assert {gap.dimension for gap in gaps(pilot(stage="pilot"), TODAY)} == set(Dimension)


def test_an_idea_is_asked_little_and_a_pilot_much() -> None:
    assert len(gaps(pilot(stage="planned"), TODAY)) < 4 < len(gaps(pilot(stage="pilot"), TODAY))


def test_a_stopped_pilot_is_asked_only_why() -> None:
    assert names(pilot(stage="stopped")) == ["stopped-because"]
    assert names(pilot(stage="stopped", outcome={"stopped_because": "A court forbade it."})) == []


def test_an_answer_closes_its_gap() -> None:
    assert "payer" in names(pilot(stage="pilot"))
    assert "payer" not in names(pilot(stage="pilot", exit_plan={"payer": "The city"}))


def test_a_promise_quiets_its_gap_until_the_day_and_is_urgent_after() -> None:
    promised = pilot(stage="pilot", exit_plan={"payer": {"planned_by": "2026-12-01"}})
    assert "payer" not in names(promised, date(2026, 12, 1))
    (gap, *_) = gaps(promised, date(2026, 12, 2))
    assert (gap.rule, gap.by) == ("payer", date(2026, 12, 1))


def test_what_is_unknown_for_a_reason_is_not_asked_again() -> None:
    assert "payer" not in names(pilot(stage="pilot", exit_plan={"payer": {"unknown_because": "The council decides."}}))


def test_the_end_of_the_funding_makes_the_exit_plan_urgent_at_any_stage() -> None:
    assert "next-step" not in names(pilot(stage="development", funding={"ends": "2028"}))
    soon = gaps(pilot(stage="development", funding={"ends": "2026-12"}), TODAY)
    assert soon[0].dimension is Dimension.EXIT_PLAN
    assert soon[0].by is not None


def test_overdue_gaps_come_by_their_weight_and_before_all_others() -> None:
    order = gaps(pilot(stage="pilot", funding={"ends": "2026-11-30"}), TODAY)
    weights = {rule.name: rule.weight for rule in rules()}
    overdue = [weights[gap.rule] for gap in order if gap.by and gap.by <= TODAY]
    assert overdue == sorted(overdue, reverse=True)
    assert all(gap.by is None or gap.by > TODAY for gap in order[len(overdue) :])


@pytest.mark.parametrize(
    ("stakeholders", "closed"),
    [
        ([{"name": "The director", "level": "top", "commitment": "committed"}], "top-commitment"),
        ([{"name": "The head of unit", "level": "middle", "commitment": "committed"}], "middle-commitment"),
        ([{"name": "Home carers", "level": "user"}], "users"),
        ([{"name": "The director", "level": "top", "last_contact": "2026-10-01"}], "recent-contact"),
        (
            [
                {"name": "The director", "level": "top", "commitment": "committed"},
                {"name": "The mayor", "level": "political", "commitment": "committed"},
            ],
            "more-than-one",
        ),
    ],
)
def test_anchoring_looks_at_who_is_committed(stakeholders: list[dict[str, str]], closed: str) -> None:
    assert closed in names(pilot(stage="pilot"))
    assert closed not in names(pilot(stage="pilot", stakeholders=stakeholders))


def test_a_colleague_who_merely_supports_is_not_commitment() -> None:
    lukewarm = pilot(stage="pilot", stakeholders=[{"name": "The director", "level": "top", "commitment": "supports"}])
    assert "top-commitment" in names(lukewarm)


def test_only_an_independent_evaluation_is_independent() -> None:
    assert "independent-evaluation" in names(pilot(stage="implemented", evaluations=[{"summary": "We liked it."}]))
    seen = pilot(stage="implemented", evaluations=[{"summary": "It halved the queue.", "independent": True}])
    assert "independent-evaluation" not in names(seen)


def test_progress_counts_what_can_be_said_of_what_is_asked() -> None:
    before = progress(pilot(stage="pilot"), TODAY)[Dimension.EXIT_PLAN]
    after = progress(pilot(stage="pilot", exit_plan={"payer": "The city"}), TODAY)[Dimension.EXIT_PLAN]
    assert (before.answered, after.answered) == (0, 1)
    assert before.asked == after.asked


@given(
    st.sampled_from(Stage), st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.dates(date(2020, 1, 1), date(2030, 1, 1))
)
def test_gaps_are_stable_and_each_has_a_reason_and_a_question(stage: Stage, ends: date, on: date) -> None:
    of = pilot(stage=stage, funding={"ends": ends.isoformat()})
    found = gaps(of, on)
    assert found == gaps(of, on)
    assert all(gap.reason.endswith(".") and gap.question.endswith("?") for gap in found)


@pytest.mark.parametrize(
    "wrong", ['field = "owner"', 'name = "x"\nfrom = "sometime"', 'name = "x"\nfrom = "pilot"\nneeds = "a miracle"']
)
def test_a_rule_that_cannot_be_is_named(wrong: str) -> None:
    with pytest.raises(InvalidFileError, match="Rule"):
        read_rules(f"[[rule]]\n{wrong}")
