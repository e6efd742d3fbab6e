"""Who knows about a topic: by grant and by answers that people relied on, and never by what was written nameless."""

from __future__ import annotations

import pytest

from companion import clock
from companion.errors import NotFound
from companion.models import Organization
from companion.questions import api as questions
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.topics import api as topics
from tests import people
from tests.companion.questions import stories
from tests.companion.questions.stories import DAY, MONDAY, TOPIC, ask, expert, reply

pytestmark = pytest.mark.django_db


def who(asked: stories.Asked, viewer=None, moment=MONDAY, topic: str = TOPIC) -> list[str]:
    viewer = viewer or asked.ana
    [found] = topics.find_topics(organization_id=asked.space.organization_id, names=[topic])
    with clock.at(moment):
        return [knower.name for knower in questions.who_knows(viewer=viewer, topic_id=found.id)]


def answer(asked: stories.Asked, viewer, moment=MONDAY, **facts) -> threads.Post:
    """An answer of somebody that Ana accepts."""
    with clock.at(moment):
        thread = ask(asked)
        post = reply(viewer, thread, **facts)
        threads.accept_answer(viewer=asked.ana, thread_id=thread.pk, number=post.number)
    return post


def test_it_works(asked):
    answer(asked, asked.eve)
    [topic] = topics.find_topics(organization_id=asked.space.organization_id, names=[TOPIC])
    with clock.at(MONDAY):
        chen, eve = questions.who_knows(viewer=asked.ana, topic_id=topic.id)
    assert (chen.name, chen.is_expert, chen.is_on_call, chen.answers) == ("Chen Wei", True, False, 0)
    assert (eve.name, eve.is_expert, eve.answers, eve.room.left) == ("Eve Larsen", False, 1, 3)


def test_on_call_first_then_experts_then_answers(asked):
    fay, gil = expert(asked, "Fay Ito"), expert(asked, "Gil Bo")
    for viewer in (asked.eve, asked.eve, gil):
        answer(asked, viewer)
    topics.add_turn(viewer=asked.ben, topic=TOPIC, person_id=fay.person_id, weekdays="1")
    assert who(asked) == ["Fay Ito", "Gil Bo", "Chen Wei", "Eve Larsen"]
    assert who(asked, moment=MONDAY + DAY) == ["Gil Bo", "Chen Wei", "Fay Ito", "Eve Larsen"]


def test_a_turn_does_not_count_without_the_topic(asked):
    with clock.at(MONDAY):
        until = MONDAY + DAY
        topics.grant_expertise(viewer=asked.ben, topic=TOPIC, person_id=asked.eve.person_id, expires_at=until)
        topics.add_turn(viewer=asked.ben, topic=TOPIC, person_id=asked.eve.person_id, weekdays="1234567")
    answer(asked, asked.eve)
    assert who(asked) == ["Eve Larsen", "Chen Wei"]
    assert who(asked, moment=MONDAY + DAY) == ["Chen Wei", "Eve Larsen"]


def test_evidence_decays(asked):
    for days in (0, 1):
        answer(asked, asked.eve, MONDAY - (720 + days) * DAY)
    answer(asked, asked.nameless, MONDAY - 100 * DAY)
    nobody = f"Participant {asked.nameless.person_id}"
    # Two answers four half-lives old weigh an eighth together; one of half a half-life weighs more.
    assert who(asked) == ["Chen Wei", nobody, "Eve Larsen"]
    for _number in range(5):
        answer(asked, asked.eve, MONDAY - 100 * DAY)
    assert who(asked) == ["Chen Wei", "Eve Larsen", nobody]


def test_what_was_endorsed_counts_once_and_what_was_taken_back_does_not(asked):
    post = answer(asked, asked.eve)
    place = {"thread_id": post.thread_id, "number": post.number}
    threads.endorse_post(viewer=asked.chen, **place, endorsed=True)
    [topic] = topics.find_topics(organization_id=asked.space.organization_id, names=[TOPIC])
    found = questions.who_knows(viewer=asked.ana, topic_id=topic.id)
    assert {knower.name: knower.answers for knower in found} == {"Chen Wei": 0, "Eve Larsen": 1}
    threads.accept_answer(viewer=asked.ana, **place, accepted=False)
    assert who(asked) == ["Chen Wei", "Eve Larsen"]
    threads.endorse_post(viewer=asked.chen, **place, endorsed=False)
    assert who(asked) == ["Chen Wei"]


@pytest.mark.parametrize("how", ["anonymous", "one's own", "hidden", "deleted", "private", "other topic"])
def test_what_is_no_evidence(asked, how):
    if how == "one's own":
        answer(asked, asked.ana)
    elif how == "private":
        thread = ask(asked, is_private=True)
        gil = expert(asked, "Gil Bo")
        post = threads.add_reply(viewer=questions.lend(viewer=gil, thread_id=thread.pk), thread_id=thread.pk, body="B")
        threads.accept_answer(viewer=asked.ana, thread_id=thread.pk, number=post.number)
        topics.withdraw_expertise(viewer=asked.ben, topic=TOPIC, person_id=gil.person_id)
    elif how == "other topic":
        thread = threads.start_thread(
            viewer=asked.ana, activity_uid=people.course().activity.uid, title="T", body="B", kind=threads.Kind.QUESTION
        )
        post = reply(asked.eve, thread)
        threads.accept_answer(viewer=asked.ana, thread_id=thread.pk, number=post.number)
    else:
        post = answer(asked, asked.eve, anonymous=how == "anonymous")
        if how == "hidden":
            threads.hide_post(viewer=asked.ben, thread_id=post.thread_id, number=post.number, reason="r")
        elif how == "deleted":
            threads.delete_post(viewer=asked.eve, thread_id=post.thread_id, number=post.number)
    assert who(asked) == ["Chen Wei"]


def test_who_wants_no_page_or_has_left_is_not_among_them(asked):
    answer(asked, asked.eve)
    for viewer in (asked.chen, asked.eve):
        topics.save_profile(viewer=viewer, capacity=3, is_listed=False)
    assert who(asked) == []
    topics.save_profile(viewer=asked.chen, capacity=3)
    space = asked.space
    place = {"issuer": space.issuer, "external_id": space.external_id, "organization_id": space.organization_id}
    spaces.leave_space(**place, subject="chen")
    assert who(asked) == []


def test_an_organization_may_show_nobody(asked):
    answer(asked, asked.eve)
    Organization.objects.filter(pk=asked.space.organization_id).update(shows_people=False)
    assert who(asked) == []
    for viewer in (asked.chen, asked.eve):
        with pytest.raises(NotFound):
            questions.get_person(viewer=asked.ana, person_id=viewer.person_id)
        assert questions.get_person(viewer=viewer, person_id=viewer.person_id).is_me


def test_the_whole_organization_and_no_other_one(asked):
    answer(asked, asked.eve)
    assert who(asked, viewer=stories.elsewhere(asked)) == ["Chen Wei", "Eve Larsen"]
    dee = people.outsider()
    with pytest.raises(NotFound):
        who(asked, viewer=dee)
    topics.ensure_topics(organization_id=dee.organization_id, names=[TOPIC])
    [theirs] = topics.find_topics(organization_id=dee.organization_id, names=[TOPIC])
    assert questions.who_knows(viewer=dee, topic_id=theirs.id) == []


# -- the page of a person ------------------------------------------------------------------------------------------


def test_a_page_tells_what_somebody_holds_and_answered(asked):
    post = answer(asked, asked.chen)
    topics.save_profile(viewer=asked.chen, capacity=2, about="I built the pagers.")
    questions.make_tip(viewer=asked.chen, thread_id=post.thread_id, number=post.number)
    page = questions.get_person(viewer=asked.ana, person_id=asked.chen.person_id)
    assert (page.profile.name, page.profile.about, page.is_me, page.tips) == (
        "Chen Wei",
        "I built the pagers.",
        False,
        1,
    )
    assert [name for _id, name in page.topics] == [TOPIC]
    [known] = page.answers
    assert (known.thread_id, known.number, known.is_accepted) == (post.thread_id, post.number, True)
    assert known.title == "Who declares an incident?"
    # From another course: that they hold it, and not what was asked here.
    other = questions.get_person(viewer=stories.elsewhere(asked), person_id=asked.chen.person_id)
    assert (other.answers, other.tips, [name for _id, name in other.topics]) == ([], 0, [TOPIC])


def test_a_title_that_was_taken_back_is_not_told(asked):
    post = answer(asked, asked.chen)
    threads.delete_post(viewer=asked.ana, thread_id=post.thread_id, number=1)
    [known] = questions.get_person(viewer=asked.eve, person_id=asked.chen.person_id).answers
    assert known.title == "(taken back by its author)"


def test_who_has_no_page(asked):
    elsewhere = people.course(organization="Elsewhere", context="c9", issuer="https://other.example x 1")
    topics.grant_expertise(viewer=elsewhere.ben, topic=TOPIC, person_id=elsewhere.chen.person_id)
    answer(asked, asked.eve, anonymous=True)
    hidden = expert(asked, "Gil Bo", is_listed=False)
    for viewer in (asked.eve, asked.ben, hidden, elsewhere.chen):
        with pytest.raises(NotFound):
            questions.get_person(viewer=asked.ana, person_id=viewer.person_id)
    with pytest.raises(NotFound):
        questions.get_person(viewer=asked.ana, person_id=0)
    # One's own is there all the same, and does not tell what was written without a name.
    mine = questions.get_person(viewer=asked.eve, person_id=asked.eve.person_id)
    assert (mine.is_me, mine.answers, mine.topics) == (True, [], [])


def test_an_expert_without_answers_has_one_until_the_grant_ends(asked):
    with clock.at(MONDAY):
        until = MONDAY + DAY
        topics.grant_expertise(viewer=asked.ben, topic="Pagers", person_id=asked.eve.person_id, expires_at=until)
        assert [name for _id, name in questions.get_person(viewer=asked.ana, person_id=asked.eve.person_id).topics] == [
            "Pagers"
        ]
    with clock.at(MONDAY + DAY), pytest.raises(NotFound):
        questions.get_person(viewer=asked.ana, person_id=asked.eve.person_id)
