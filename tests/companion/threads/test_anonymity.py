"""Nobody learns who wrote an anonymous post: not by name, number, order, badge or link."""

from __future__ import annotations

import pytest

from companion import models
from companion.errors import InvalidInput, NotAllowed
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.topics import api as topics
from tests.companion.threads.stories import another_activity, png, reply, start
from tests.people import Course
from tests.people import course as make_course


def ask(course: Course, viewer=None, **changes):
    facts = {"title": "A stupid question", "body": "What is SEV?", "anonymous": True} | changes
    return threads.start_thread(viewer=viewer or course.ana, activity_uid=course.activity.uid, **facts)


def names(course: Course, thread, viewer) -> list[str]:
    found = threads.get_thread(viewer=viewer, thread_id=thread.pk)
    return [post.author.name for post in threads.read_thread(viewer=viewer, thread=found).posts]


def test_it_works(course):
    thread = ask(course)
    threads.add_reply(viewer=course.ben, thread_id=thread.pk, body="A very good one.")
    threads.add_reply(viewer=course.chen, thread_id=thread.pk, body="I wondered too.", anonymous=True)
    threads.add_reply(viewer=course.ana, thread_id=thread.pk, body="Thanks!", anonymous=True)
    assert names(course, thread, course.ben) == ["Learner 1", "Ben Okafor (you)", "Learner 2", "Learner 1"]
    assert names(course, thread, course.ana) == ["Anonymous (you)", "Ben Okafor", "Learner 2", "Anonymous (you)"]
    assert names(course, thread, course.chen)[2] == "Anonymous (you)"


def test_a_pseudonym_belongs_to_one_thread_only(course):
    first = ask(course, course.chen)
    second = ask(course, course.ana)
    threads.add_reply(viewer=course.chen, thread_id=second.pk, body="Me too.", anonymous=True)
    assert names(course, first, course.ben) == ["Learner 1"]
    assert names(course, second, course.ben) == ["Learner 1", "Learner 2"]


def test_signing_one_post_does_not_sign_the_others(course):
    thread = ask(course)
    threads.add_reply(viewer=course.ana, thread_id=thread.pk, body="Signed now.")
    assert names(course, thread, course.ben) == ["Learner 1", "Ana Torres"]


def test_the_row_of_an_anonymous_post_does_not_know_its_author(course):
    thread = ask(course)
    threads.add_reply(viewer=course.ben, thread_id=thread.pk, body="As staff", anonymous=True)
    for row in (thread, *thread.posts.all()):
        row.refresh_from_db()
        assert (row.author_id, row.author_name, row.author_role) == (None, "", "")


def test_staff_who_write_anonymously_carry_no_badge(course):
    thread = ask(course, course.ben)
    found = threads.get_thread(viewer=course.ana, thread_id=thread.pk)
    label = threads.read_thread(viewer=course.ana, thread=found).posts[0].author
    assert (label.name, label.badge, label.is_you) == ("Learner 1", "", False)


def test_events_carry_no_author(course, heard):
    with heard() as facts:
        thread = ask(course)
        threads.add_reply(viewer=course.chen, thread_id=thread.pk, body="Same", anonymous=True)
    assert [fact.person_id for fact in facts] == [None, None]
    assert f"person_id={course.ana.person_id}" not in repr(facts)


def test_an_anonymous_author_edits_and_deletes_their_own(course):
    thread = ask(course)
    threads.edit_post(viewer=course.ana, thread_id=thread.pk, number=1, title="T", body="Edited")
    assert names(course, thread, course.ben) == ["Learner 1"]
    threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=1)


def test_where_names_are_shown_a_wish_to_hide_is_refused_not_ignored(db):
    course = make_course(anonymity="off")
    with pytest.raises(InvalidInput) as refused:
        ask(course)
    assert "Posts show names here" in refused.value.errors["anonymous"]
    assert threads.list_threads(viewer=course.ben, activity=course.activity).rows == []


def test_a_stricter_policy_does_not_unmask_what_is_there(course):
    thread = ask(course)
    spaces.configure_activity(viewer=course.ben, uid=course.activity.uid, title="x", settings={"anonymity": "off"})
    assert names(course, thread, course.ben) == ["Learner 1"]
    with pytest.raises(InvalidInput):
        threads.add_reply(viewer=course.ana, thread_id=thread.pk, body="More", anonymous=True)


def test_mine_finds_ones_own_anonymous_threads_and_nobody_elses(course):
    mine = ask(course)
    ask(course, course.chen)
    listed = threads.list_threads(viewer=course.ana, activity=course.activity, only=threads.Only.MINE)
    assert [row.id for row in listed.rows] == [mine.pk]
    assert listed.rows[0].author.name == "Anonymous (you)"


def test_a_hidden_anonymous_thread_is_seen_by_its_author_and_the_staff_alone(course):
    thread = ask(course)
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=1, reason="Belongs elsewhere")
    lists = {
        who: [row.id for row in threads.list_threads(viewer=viewer, activity=course.activity).rows]
        for who, viewer in {"ana": course.ana, "ben": course.ben, "chen": course.chen}.items()
    }
    assert lists == {"ana": [thread.pk], "ben": [thread.pk], "chen": []}


# -- what is done with an anonymous post ---------------------------------------------------------------------------


def do_everything(course: Course) -> threads.Thread:
    """Ana writes without her name, and everything that there is happens to it."""
    picture = threads.add_picture(viewer=course.ana, activity_uid=course.activity.uid, file=png(), size=100)
    thread = ask(course, body=f"What is SEV, @Chen Wei? ![it]({picture.markdown})")
    reply(course.ana, thread, "Mine, too", anonymous=True)
    mine = {"viewer": course.ana, "thread_id": thread.pk, "number": 2}
    theirs = mine | {"viewer": course.ben}
    threads.edit_post(**mine, body="Mine as well")
    threads.edit_post(**theirs, body="Mine as well.", reason="A full stop")
    threads.delete_post(**mine)
    threads.undelete_post(**mine)
    threads.mark_helpful(**mine | {"viewer": course.chen}, helpful=True)
    threads.endorse_post(**theirs, endorsed=True)
    threads.hide_post(**theirs, reason="r")
    threads.restore_post(**theirs)
    threads.return_post(**theirs, reason="r")
    threads.edit_post(**mine, body="Mine again")
    part = threads.split_thread(viewer=course.ben, thread_id=thread.pk, number=2, title="Part")
    threads.merge_threads(viewer=course.ben, thread_id=part.pk, into_id=start(course, course.chen).pk)
    threads.move_thread(viewer=course.ben, thread_id=thread.pk, to_uid=another_activity(course).uid)
    threads.mark_seen(viewer=course.ana, thread=threads.get_thread(viewer=course.ana, thread_id=thread.pk))
    return thread


def test_no_fact_and_no_line_of_the_record_names_an_author(course, heard):
    with heard() as facts:
        do_everything(course)
    assert {type(fact).__name__ for fact in facts} == {
        *("ThreadStarted", "PostAdded", "PostEdited", "PostDeleted", "PostRestored", "PostMarkedHelpful"),
        *("PostEndorsed", "PostHidden", "PostReturned", "ThreadSplit", "ThreadMerged", "ThreadMoved"),
        *("PersonMentioned", "ActivityConfigured"),
    }
    assert f"person_id={course.ana.person_id}" not in repr(facts)
    acts = spaces.list_acts(viewer=course.ben)
    assert {(act.actor, act.person) for act in acts} == {("Ben Okafor", "")}
    assert "Ana" not in repr(acts)


def test_her_id_is_in_no_table_but_those_that_the_docs_name(course):
    """docs/concepts/anonymity.md: what is stored where."""
    do_everything(course)
    found = set()
    for model in vars(models).values():
        for field in getattr(getattr(model, "_meta", None), "fields", ()):
            is_person = field.related_model is models.Person
            if is_person and model.objects.filter(**{field.name: course.ana.person_id}).exists():
                found.add(model.__name__)
    assert found == {"AnonymousAuthor", "ReadState", "ThreadFollow", "Membership"}


def test_nobody_is_muted_for_what_they_wrote_without_a_name(course):
    thread = ask(course)
    threads.add_reply(viewer=course.chen, thread_id=thread.pk, body="Signed")
    found = threads.get_thread(viewer=course.ben, thread_id=thread.pk)
    assert [post.can_mute for post in threads.read_thread(viewer=course.ben, thread=found).posts] == [False, True]
    with pytest.raises(NotAllowed, match="would show who it is"):
        threads.mute_author(viewer=course.ben, thread_id=thread.pk, number=1, days=1, reason="r")
    threads.mute_author(viewer=course.ben, thread_id=thread.pk, number=2, days=1, reason="r")
    assert [muted.name for muted in spaces.list_muted(viewer=course.ben)] == ["Chen Wei"]


def test_an_expert_without_a_name_shows_no_badge_and_endorses_under_theirs(db):
    course = make_course(topic="SEV")
    topics.grant_expertise(viewer=course.ben, topic="SEV", person_id=course.chen.person_id)
    thread = ask(course, course.chen)
    reply(course.ana, thread)
    threads.endorse_post(viewer=course.chen, thread_id=thread.pk, number=2, endorsed=True)
    found = threads.get_thread(viewer=course.ana, thread_id=thread.pk)
    first, second = threads.read_thread(viewer=course.ana, thread=found).posts
    assert (first.author.name, first.author.badge, second.endorsed_by) == ("Learner 1", "", "Chen Wei")
