"""What learners got, and what a teacher changes by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.demo_lms.conftest import AGS, COLUMNS, LTI, Lms

ANA, NO_NAME = "3", "7"


class Column:
    """A column of the gradebook of course 2, as its tool sees it."""

    def __init__(self, lms: Lms, maximum: float = 10) -> None:
        self.lms = lms
        self.headers = lms.bearer(COLUMNS)
        self.link = lms.place(lineItem={"scoreMaximum": maximum})
        found = requests.get(f"{lms.url}/ags/2/lineitems?resource_link_id={self.link}", headers=self.headers, timeout=5)
        self.address: str = found.json()[0]["id"]
        self.pk = self.address.partition("?")[0].split("/")[-2]

    def send(self, sub: str = ANA, *, seconds: int = -60, **changes: Any) -> int:
        score = {
            "userId": sub,
            "scoreGiven": 4,
            "scoreMaximum": 5,
            "comment": "From the tool",
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            "timestamp": (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(),
        }
        address = self.address.replace("/lineitem?", "/lineitem/scores?")
        return requests.post(address, json=score | changes, headers=self.headers, timeout=5).status_code

    def result(self, sub: str = ANA) -> dict[str, Any]:
        address = self.address.replace("/lineitem?", "/lineitem/results?")
        found: dict[str, Any] = requests.get(f"{address}&user_id={sub}", headers=self.headers, timeout=5).json()[0]
        return found


@pytest.fixture
def column(lms: Lms) -> Column:
    return Column(lms)


def change(lms: Lms, column: Column, person: str = "ben", sub: str = ANA, **fields: str) -> requests.Response:
    form = {"score": "6,5", "comment": "By hand"} | fields
    return lms.submit(lms.browser(person), f"grades/{column.pk}/{sub}/change", **form)


def test_it_works(lms: Lms, column: Column) -> None:
    assert column.send() == 200
    before = column.result()
    assert (before["resultScore"], before["comment"]) == (8, "From the tool")

    page = change(lms, column)

    assert page.url == f"{lms.url}/courses/2/gradebook"
    assert "by hand, Ben Okafor" in page.text
    after = column.result()
    assert (after["resultScore"], after["comment"]) == (6.5, "By hand")
    assert datetime.now(UTC) - datetime.fromisoformat(after["timestamp"]) < timedelta(seconds=30)


def test_a_later_score_of_the_tool_counts_again(lms: Lms, column: Column) -> None:
    change(lms, column)

    assert column.send(seconds=-60) == 409
    assert column.result()["resultScore"] == 6.5
    assert column.send(seconds=60) == 200
    assert column.result()["resultScore"] == 8
    assert "by hand" not in row(lms, "ben", column)


def row(lms: Lms, person: str, column: Column) -> str:
    """What the gradebook shows around Ana's cell in this column."""
    page = lms.get(lms.browser(person), "courses/2/gradebook").text
    end = page.index(f"/grades/{column.pk}/{ANA}/")
    return page[page.rindex("<td>", 0, end) : page.index("</td>", end)]


def test_a_learner_without_a_score_can_get_one(lms: Lms, column: Column) -> None:
    assert "Give a score" in row(lms, "ben", column)
    change(lms, column)
    assert column.result()["resultScore"] == 6.5
    assert "Change the score" in row(lms, "ben", column)


@pytest.mark.parametrize("score", ["", "many", "-1", "10.5", "nan", "inf"])
def test_what_is_no_score_is_said_in_words(lms: Lms, column: Column, score: str) -> None:
    column.send()
    answer = change(lms, column, score=score, comment="Kept <as> typed")
    assert answer.status_code == 422
    assert "Write a number from 0 to 10." in answer.text
    assert "Kept &lt;as&gt; typed" in answer.text
    assert column.result()["resultScore"] == 8


def test_learners_see_their_own_grades(lms: Lms, column: Column) -> None:
    column.send(comment="Well <done>")
    column.send(NO_NAME, comment="Somebody else's")

    page = lms.get(lms.browser("ana"), "courses/2/gradebook").text

    assert "My grades" in page
    assert "Well &lt;done&gt;" in page
    assert "Somebody else" not in page
    assert "Change the score" not in page


@pytest.mark.parametrize("person", ["ana", "dee", "farah"])
def test_only_those_who_teach_the_course_change_scores(lms: Lms, column: Column, person: str) -> None:
    column.send()
    assert change(lms, column, person).status_code == 403
    assert column.result()["resultScore"] == 8


@pytest.mark.parametrize("sub", ["4", "6", "99"])
def test_only_learners_of_the_course_have_scores(lms: Lms, column: Column, sub: str) -> None:
    assert change(lms, column, sub=sub).status_code == 404


def test_a_course_without_columns_says_so(lms: Lms) -> None:
    assert "No activity of this course is graded yet." in lms.get(lms.browser("farah"), "courses/3/gradebook").text


def test_the_work_behind_a_score(lms: Lms, column: Column) -> None:
    assert "Look at the work" not in row(lms, "ben", column)
    column.send()
    ben = lms.browser("ben")
    assert "Look at the work" in row(lms, "ben", column)
    assert f'src="/launch/review/{column.pk}/{ANA}/"' in lms.get(ben, f"grades/{column.pk}/{ANA}/work").text

    claims = lms.launch(ben, f"launch/review/{column.pk}/{ANA}/")

    assert claims[f"{LTI}/message_type"] == "LtiSubmissionReviewRequest"
    assert claims["sub"] == "4"
    assert claims[f"{LTI}/for_user"] == {
        "user_id": "3",
        "roles": ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"],
        "given_name": "Ana",
        "family_name": "Torres",
        "name": "Ana Torres",
        "email": "ana.torres@demo.example",
    }
    assert claims[f"{LTI}/resource_link"]["id"] == str(column.link)
    assert claims[f"{LTI}/target_link_uri"] == f"{lms.tool.url}/lti/launch"
    assert claims[f"{AGS}/claim/endpoint"]["lineitem"] == column.address
    assert claims[f"{LTI}/launch_presentation"]["return_url"].endswith("?to=gradebook")


def test_a_withheld_name_stays_withheld(lms: Lms, column: Column) -> None:
    column.send(NO_NAME)
    claims = lms.launch(lms.browser("ben"), f"launch/review/{column.pk}/{NO_NAME}/")
    assert set(claims[f"{LTI}/for_user"]) == {"user_id", "roles"}


def test_a_learner_looks_at_her_own_work_only(lms: Lms, column: Column) -> None:
    column.send()
    column.send(NO_NAME)
    ana = lms.browser("ana")
    claims = lms.launch(ana, f"launch/review/{column.pk}/{ANA}/")
    assert (claims["sub"], claims[f"{LTI}/for_user"]["user_id"]) == ("3", "3")
    for path in ("launch/review/{}/{}/", "grades/{}/{}/work"):
        assert lms.get(ana, path.format(column.pk, NO_NAME)).status_code == 403
        assert lms.get(lms.browser("dee"), path.format(column.pk, ANA)).status_code == 403


def test_where_there_is_no_work_there_is_nothing_to_look_at(lms: Lms, column: Column) -> None:
    ben = lms.browser("ben")
    assert lms.get(ben, f"launch/review/{column.pk}/{ANA}/").status_code == 404
    loose = requests.post(
        f"{lms.url}/ags/2/lineitems", json={"label": "Loose", "scoreMaximum": 1}, headers=column.headers, timeout=5
    )
    column.address, column.pk = loose.json()["id"], loose.json()["id"].partition("?")[0].split("/")[-2]
    assert column.send() == 200
    assert lms.get(ben, f"launch/review/{column.pk}/{ANA}/").status_code == 404
    assert "Look at the work" not in row(lms, "ben", column)


def test_the_tool_leads_back_to_the_gradebook(lms: Lms, column: Column) -> None:
    page = lms.get(requests.Session(), f"launch/{column.link}/return?to=gradebook").text
    assert 'href="/courses/2/gradebook"' in page
