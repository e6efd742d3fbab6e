"""A question to the experts alone: who sees it, where it is not, and who may show it to everybody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from companion import clock, events
from companion.errors import Conflict, InvalidInput, NotAllowed, NotFound
from companion.models import Thread
from companion.questions import api as questions
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.threads.gates import is_mine
from companion.threads.permissions import can_see_thread
from companion.topics import api as topics
from companion.viewer import Role, Viewer
from tests import people
from tests.companion.questions import stories
from tests.companion.questions.stories import MONDAY, TOPIC, ask, reply, row

pytestmark = pytest.mark.django_db
SECRET = "My pager is broken and nobody may know"


@pytest.fixture
def asked() -> stories.Asked:
    return stories.course(video="https://videos.example/a.mp4")


@pytest.fixture
def secret(asked) -> threads.Thread:
    return ask(asked, title=SECRET, is_private=True, second=42)


def sees(viewer: Viewer, thread: threads.Thread) -> bool:
    try:
        threads.get_thread(viewer=viewer, thread_id=thread.pk)
    except NotFound:
        return False
    return True


def lent(viewer: Viewer, thread: threads.Thread) -> Viewer:
    found = questions.lend(viewer=viewer, thread_id=thread.pk)
    assert found is not None
    return found


def told(asked: stories.Asked, viewer: Viewer, thread: threads.Thread) -> str:
    """All that lists tell somebody of the questions of a course."""
    how = {"viewer": viewer, "activity": asked.activity}
    facts = [threads.list_threads(**how, sort=sort) for sort in threads.Sort]
    facts += [threads.list_threads(**how, only=only) for only in threads.Only]
    facts += [threads.list_threads(**how, kind=threads.Kind.QUESTION)]
    facts += [threads.list_recent(viewer=viewer), threads.list_recent(viewer=viewer, unanswered=True)]
    facts += [threads.list_announcements(viewer=viewer), threads.titles_of(viewer=viewer, thread_ids=[thread.pk])]
    facts += [questions.list_queue(viewer=viewer, tab=tab) for tab in questions.Tab]
    return repr(facts)


def test_it_works(asked, secret):
    assert [name for name in ("ana", "ben", "chen", "eve", "nameless") if sees(getattr(asked, name), secret)] == [
        "ana",
        "ben",
    ]
    for viewer in (asked.eve, asked.nameless, asked.ana, asked.ben, people.outsider(), stories.elsewhere(asked)):
        assert questions.lend(viewer=viewer, thread_id=secret.pk) is None
    chen = lent(asked.chen, secret)
    assert sees(chen, secret)
    answer = threads.add_reply(viewer=chen, thread_id=secret.pk, body="Take mine.")
    assert row(secret).state == "answered"
    other = threads.add_reply(viewer=asked.ana, thread_id=secret.pk, body="Thank you.")
    assert threads.endorse_post(viewer=chen, thread_id=secret.pk, number=other.number, endorsed=True).endorsed_at
    threads.accept_answer(viewer=asked.ana, thread_id=secret.pk, number=answer.number)
    assert row(secret).state == "accepted"


def test_it_is_in_no_list_of_others(asked, secret):
    reply(lent(asked.chen, secret), secret, "Take mine.")
    for viewer in (asked.ana, asked.ben):
        assert SECRET in told(asked, viewer, secret)
        assert threads.latest_change(viewer=viewer, activity=asked.activity)
    for viewer in (asked.eve, asked.nameless):
        assert SECRET not in told(asked, viewer, secret)
        assert threads.latest_change(viewer=viewer, activity=asked.activity) == ""
        with pytest.raises(NotFound):
            threads.export_thread(viewer=viewer, thread_id=secret.pk)
        with pytest.raises(NotFound):
            threads.get_post(viewer=viewer, thread_id=secret.pk, number=2)
        with pytest.raises(NotFound):
            questions.get_question(viewer=viewer, thread_id=secret.pk)
    # What was lent opens the thread and no list: the queue alone tells of it.
    told_chen = [threads.list_threads(viewer=lent(asked.chen, secret), activity=asked.activity)]
    assert SECRET not in repr([told_chen, threads.list_recent(viewer=lent(asked.chen, secret))])


@pytest.mark.parametrize("first", ["ana", "ben", "eve"])
def test_it_hangs_on_no_video_that_others_watch(asked, secret, first):
    """Whoever looks first: the strip is kept for all learners."""
    threads.list_seconds(viewer=getattr(asked, first), activity=asked.activity)
    assert threads.list_seconds(viewer=asked.eve, activity=asked.activity) == []


def test_whoever_is_named_in_it_may_see_it(asked, secret, heard):
    seen = threads.get_thread(viewer=asked.ana, thread_id=secret.pk)
    assert threads.suggest_people(viewer=asked.ana, start="e", thread=seen) == []
    assert [name for _text, name in threads.suggest_people(viewer=asked.ana, start="b", thread=seen)] == ["Ben Okafor"]
    with heard() as facts:
        threads.add_reply(viewer=asked.ana, thread_id=secret.pk, body="@Eve Larsen, @Ben Okafor?")
    named = [fact.person_id for fact in facts if isinstance(fact, events.PersonMentioned)]
    assert named == [asked.ben.person_id]


def test_its_answers_are_no_evidence_until_it_is_published(asked, secret):
    answer = reply(lent(asked.chen, secret), secret)
    threads.accept_answer(viewer=asked.ana, thread_id=secret.pk, number=answer.number)
    [topic] = threads.topics_of_threads([secret.pk])[secret.pk]
    place = {"organization_id": asked.ana.organization_id, "topic_ids": [topic.id]}
    for viewer in (asked.ana, asked.ben, asked.eve):
        assert threads.list_relied_on(viewer=viewer, person_id=asked.chen.person_id) == []
    assert list(threads.relied_on(**place)) == []
    questions.publish_question(viewer=asked.ana, thread_id=secret.pk)
    assert [person for person, _at in threads.relied_on(**place)] == [asked.chen.person_id]


# -- who is called -------------------------------------------------------------------------------------------------


def test_an_expert_in_another_course_comes_as_a_learner(asked, secret):
    gus = stories.elsewhere(asked, Role.INSTRUCTOR, "Gus Orr")
    assert questions.lend(viewer=gus, thread_id=secret.pk) is None
    topics.grant_expertise(viewer=gus, topic=TOPIC.upper(), person_id=gus.person_id)
    found = lent(gus, secret)
    assert (found.role, found.space_id, found.opened_to) == (Role.LEARNER, asked.space.pk, frozenset({secret.pk}))
    assert reply(gus, secret).author_id == gus.person_id
    assert row(secret).state == "answered"
    # It opens that one thread: nothing else that is private, and nothing that the staff alone may do.
    assert not sees(found, ask(asked, title="Another one", is_private=True))
    with pytest.raises(NotAllowed):
        threads.hide_post(viewer=found, thread_id=secret.pk, number=1, reason="r")
    assert questions.lend(viewer=found, thread_id=secret.pk) is None


def test_an_expert_of_another_organization_is_never_called(asked, secret):
    elsewhere = people.course(organization="Elsewhere", context="c9", issuer="https://other.example x 1")
    topics.grant_expertise(viewer=elsewhere.ben, topic=TOPIC, person_id=elsewhere.chen.person_id)
    assert questions.lend(viewer=elsewhere.chen, thread_id=secret.pk) is None
    assert questions.list_queue(viewer=elsewhere.chen, tab=questions.Tab.COULD_HELP).rows == []


@pytest.mark.parametrize("how", ["expired", "withdrawn", "only asked for"])
def test_who_holds_the_topic_no_longer_is_not_called(asked, how):
    fay = people.join(asked.space, "fay", "Fay Ito")
    person = {"topic": TOPIC, "person_id": fay.person_id}
    for viewer in (asked.chen, asked.ben):
        topics.save_profile(viewer=viewer, capacity=0)
    with clock.at(MONDAY):
        thread = ask(asked, title=SECRET, is_private=True)
        if how == "only asked for":
            topics.request_expertise(viewer=fay, topic=TOPIC)
        else:
            topics.grant_expertise(viewer=asked.ben, **person, expires_at=MONDAY + stories.DAY)
            topics.add_turn(viewer=asked.ben, **person, weekdays="1234567")
            assert sees(lent(fay, thread), thread)
            assert SECRET in told(asked, fay, thread)
    if how == "withdrawn":
        topics.withdraw_expertise(viewer=asked.ben, **person)
    with clock.at(MONDAY + stories.DAY if how == "expired" else MONDAY):
        assert questions.lend(viewer=fay, thread_id=thread.pk) is None
        assert SECRET not in told(asked, fay, thread)


def test_who_has_it_is_called_until_somebody_else_has_it(asked):
    with clock.at(MONDAY):
        thread = ask(asked, title="Handed", is_private=True)
        topics.withdraw_expertise(viewer=asked.ben, topic=TOPIC, person_id=asked.chen.person_id)
        assert sees(lent(asked.chen, thread), thread)
    stories.tick(MONDAY)
    assert stories.holder(thread) == asked.ben.person_id
    assert questions.lend(viewer=asked.chen, thread_id=thread.pk) is None


def test_what_is_hidden_or_gone_is_lent_to_nobody_in_effect(asked, secret):
    threads.hide_post(viewer=asked.ben, thread_id=secret.pk, number=1, reason="Not here")
    assert not sees(lent(asked.chen, secret), secret)


def test_both_forms_of_the_rule_agree(asked, secret):
    plain = ask(asked, title="For all")
    hidden = ask(asked, title="Nameless", is_private=True, anonymous=True)
    seen = {secret.pk: {"ana", "ben"}, hidden.pk: {"ana", "ben"}, plain.pk: {"ana", "ben", "chen", "eve"}}
    for thread in (secret, plain, hidden):
        for name in ("ana", "ben", "chen", "eve"):
            viewer = getattr(asked, name)
            in_sql = Thread.objects.visible_to(viewer).filter(pk=thread.pk).exists()
            found = Thread.objects.select_related("activity").get(pk=thread.pk)
            found.my_pseudonym = 1 if name == "ana" and found.is_anonymous else None
            in_hand = can_see_thread(viewer, found, is_mine=is_mine(viewer, found))
            assert (thread.title, name, in_sql, in_hand) == (thread.title, name, *[name in seen[thread.pk]] * 2)
            opened = replace(viewer, opened_to=frozenset({thread.pk}))
            assert can_see_thread(opened, found, is_mine=False)


# -- published -----------------------------------------------------------------------------------------------------


def test_only_the_asker_publishes_and_the_moment_is_kept(asked, secret, heard):
    for viewer in (asked.ben, lent(asked.chen, secret)):
        with pytest.raises(NotAllowed, match="Only whoever asked"):
            questions.publish_question(viewer=viewer, thread_id=secret.pk)
    with pytest.raises(NotFound):
        questions.publish_question(viewer=asked.eve, thread_id=secret.pk)
    with heard() as facts:
        for hours in range(2):
            with clock.at(MONDAY + hours * stories.HOUR):
                questions.publish_question(viewer=asked.ana, thread_id=secret.pk)
    assert [type(fact) for fact in facts] == [events.ThreadPublished]
    assert (row(secret).consent_at, sees(asked.eve, secret)) == (MONDAY, True)
    assert SECRET in told(asked, asked.eve, secret)


def test_an_anonymous_asker_stays_so(asked, heard):
    with heard() as facts:
        thread = ask(asked, title=SECRET, is_private=True, anonymous=True)
        answer = reply(lent(asked.chen, thread), thread)
        threads.add_reply(viewer=asked.ana, thread_id=thread.pk, body="Thanks", anonymous=True)
        questions.say_unhelpful(viewer=asked.ana, thread_id=thread.pk, number=answer.number, why="No.")
        threads.accept_answer(viewer=asked.ana, thread_id=thread.pk, number=answer.number)
        threads.edit_post(viewer=asked.ana, thread_id=thread.pk, number=1, body="B", title=SECRET)
        questions.publish_question(viewer=asked.ana, thread_id=thread.pk)
    assert facts
    assert [fact for fact in facts if asked.ana.person_id in vars_of(fact).values()] == []
    shown = [threads.export_thread(viewer=viewer, thread_id=thread.pk) for viewer in (asked.eve, asked.ben, asked.chen)]
    shown = [(threads.as_json(export), threads.as_markdown(export)) for export in shown]
    seen = threads.get_thread(viewer=asked.eve, thread_id=thread.pk)
    rest = [threads.list_threads(viewer=asked.ben, activity=asked.activity), spaces.list_acts(viewer=asked.ben)]
    assert "Ana" not in repr([shown, rest, questions.view_question(viewer=asked.eve, thread=seen), facts])
    assert (row(thread).thread.author_id, threads.signed_author(thread_id=thread.pk)) == (None, None)


def vars_of(fact: object) -> dict:
    """The persons of an event."""
    return {name: getattr(fact, name) for name in fact.__slots__ if "person" in name}


# -- reshaped ------------------------------------------------------------------------------------------------------


def test_where_the_author_wants_none_there_are_none():
    asked = stories.course(allows_private=False)
    with pytest.raises(InvalidInput) as refused:
        ask(asked, is_private=True)
    assert list(refused.value.errors) == ["is_private"]
    assert Thread.objects.filter(activity=asked.activity).count() == 0


def test_it_is_merged_with_nothing(asked, secret):
    plain = ask(asked, title="For all")
    for one, two in ((secret, plain), (plain, secret), (secret, ask(asked, title="Two", is_private=True))):
        with pytest.raises(Conflict, match="experts alone"):
            threads.merge_threads(viewer=asked.ben, thread_id=one.pk, into_id=two.pk)


def test_what_is_split_from_it_stays_private(asked, secret):
    answer = reply(lent(asked.chen, secret), secret)
    part = threads.split_thread(viewer=asked.ben, thread_id=secret.pk, number=answer.number, title="A part")
    assert part.is_private
    assert not sees(asked.eve, part)


@pytest.mark.parametrize("anonymous", [False, True])
def test_where_it_was_moved_from_only_its_readers_learn(asked, anonymous):
    thread = ask(asked, title=SECRET, is_private=True, anonymous=anonymous)
    other = spaces.create_activity(viewer=asked.ben, title="Elsewhere", kind="questions", external_id="second")
    threads.move_thread(viewer=asked.ben, thread_id=thread.pk, to_uid=other.uid)
    pointer = Thread.objects.get(moved_to=thread)
    assert (pointer.is_private, sees(asked.ben, pointer), sees(asked.eve, pointer)) == (True, True, False)
    assert SECRET not in told(asked, asked.eve, thread)
    questions.publish_question(viewer=asked.ana, thread_id=thread.pk)
    assert sees(asked.eve, pointer)


def test_it_makes_no_topic_that_everybody_reads(asked, secret):
    names = ["Telling nobody"]
    with pytest.raises(InvalidInput) as refused:
        ask(asked, title="Another", is_private=True, topic_names=names)
    assert set(refused.value.errors) == {"topics"}
    with pytest.raises(InvalidInput):
        threads.tag_thread(viewer=asked.ana, thread_id=secret.pk, names=names)
    assert [topic.name for topic in topics.list_topics(viewer=asked.eve)] == [TOPIC]
    assert not Thread.objects.filter(title="Another").exists()
    topics.ensure_topics(organization_id=asked.ana.organization_id, names=names)
    assert threads.tag_thread(viewer=asked.ana, thread_id=secret.pk, names=names)


def test_a_called_expert_sees_nothing_else_of_a_course(asked):
    fay = stories.elsewhere(asked)
    gus = stories.elsewhere(asked, Role.INSTRUCTOR, "Gus Orr")
    topics.grant_expertise(viewer=gus, topic=TOPIC, person_id=fay.person_id)
    called = lent(fay, ask(asked, title="Called to"))
    plain = threads.start_thread(viewer=asked.ben, activity_uid=asked.activity.uid, title="Among us", body="B")
    with pytest.raises(NotFound):
        threads.get_thread(viewer=called, thread_id=plain.pk)
    assert "Among us" not in told(asked, called, plain)
    [thread_id] = called.opened_to
    answer = threads.add_reply(viewer=called, thread_id=thread_id, body="As @Eve Larsen says.")
    # Whether an Eve is in the course is nothing to a guest; to its members it is.
    assert "mention" not in answer.html
    with pytest.raises(InvalidInput):
        questions.close_as_duplicate(viewer=called, thread_id=thread_id, of_thread_id=plain.pk)
    assert "mention" in reply(asked.ana, plain, "As @Eve Larsen says.").html
