"""Who finds what: the index narrows, and a gate stands behind it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from companion import clock
from companion.errors import NotFound
from companion.models import Activity, Membership, Post, SearchDocument, Thread
from companion.search import api as search
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.viewer import Role
from tests.companion.search.stories import finds, in_an_index, titles
from tests.companion.threads.stories import another_activity, configure, reply
from tests.people import course as make_course
from tests.people import join, outsider

pytestmark = in_an_index


@pytest.fixture
def passport(course, start):
    thread = start("Passport", "Where is the passport?")
    reply(course.chen, thread, "The passport is in the drawer")
    return thread


@pytest.fixture
def guest(course):
    """Somebody who learns in this course and opens another one of the same organization."""
    other = make_course(context="c2")
    person = join(other.space, "gus", "Gus")
    join(course.space, "gus", "Gus")
    return person


def test_it_works(course, passport):
    for viewer in (course.ana, course.ben, course.nameless):
        assert titles(viewer, "passport") == ["Passport"]
        assert finds(viewer, "passport")


def test_another_organization_finds_nothing(course, passport):
    dee = outsider()
    assert not finds(dee, "passport")
    assert not finds(replace(dee, role=Role.ADMINISTRATOR), "passport")


def test_another_course_is_found_by_its_members_alone(course, passport, guest):
    [hit] = search.search(viewer=guest, text="passport").hits
    assert (hit.is_elsewhere, hit.space_title, hit.title) == (True, "Course c1", "Passport")
    assert search.search(viewer=guest, text="passport", here_only=True).hits == []
    stranger = join(make_course(context="c2").space, "sia", role=Role.INSTRUCTOR)
    assert not finds(stranger, "passport")
    Membership.objects.filter(space_id=course.space.pk, person_id=guest.person_id).update(left_at=clock.now())
    assert not finds(guest, "passport")


def test_what_is_found_elsewhere_is_read_there(course, passport, guest):
    threads.mark_helpful(viewer=course.ana, thread_id=passport.pk, number=2, helpful=True)
    [hit] = search.search(viewer=guest, text="drawer").hits
    found = search.get_found(viewer=guest, document_id=hit.document_id)
    assert (found.thread_id, found.number, found.thread.title) == (passport.pk, 2, "Passport")
    assert found.thread.opening.author.name == "Ana Torres"
    assert [(answer.author.name, answer.html) for answer in found.thread.answers] == [
        ("Chen Wei", "<p>The passport is in the drawer</p>\n")
    ]
    own = search.get_found(viewer=course.ben, document_id=hit.document_id)
    assert (own.thread_id, own.number, own.thread) == (passport.pk, 2, None)
    for viewer in (join(make_course(context="c2").space, "sia"), outsider()):
        for document_id in (hit.document_id, 10**9):
            with pytest.raises(NotFound):
                search.get_found(viewer=viewer, document_id=document_id)


def test_the_answers_that_somebody_stands_by_come_first(course, start, guest):
    thread = start("Passport", "Where?")
    for number, text in enumerate(("Nowhere", "There", "Here", "In the drawer"), start=2):
        reply(course.chen, thread, text)
        threads.mark_helpful(viewer=course.ana, thread_id=thread.pk, number=number, helpful=number < 4)
    [hit] = search.search(viewer=guest, text="passport").hits

    def answers() -> list[int]:
        thread = search.get_found(viewer=guest, document_id=hit.document_id).thread
        return [answer.number for answer in thread.answers]

    assert answers() == [2, 3]
    threads.endorse_post(viewer=course.ben, thread_id=thread.pk, number=4, endorsed=True)
    assert answers() == [4]
    threads.endorse_post(viewer=course.ben, thread_id=thread.pk, number=5, endorsed=True)
    Thread.objects.filter(pk=thread.pk).update(accepted_number=5)
    assert answers() == [5, 4]


def test_a_picture_elsewhere_is_told_in_words(course, start, guest):
    thread = start("Passport", "See")
    token = "0" * 32
    html = f'<p><img src="companion-picture:{token}" alt="a &lt;drawer&gt;" width="8" height="6" loading="lazy"></p>'
    Post.objects.filter(thread=thread).update(html=html)
    [hit] = search.search(viewer=guest, text="passport").hits
    found = search.get_found(viewer=guest, document_id=hit.document_id)
    assert found.thread.opening.html == "<p><em>[a &lt;drawer&gt;]</em></p>"


def test_hidden_and_deleted_is_found_by_nobody(course, passport):
    threads.hide_post(viewer=course.ben, thread_id=passport.pk, number=2, reason="r")
    for viewer in (course.ana, course.ben, course.chen):
        assert not finds(viewer, "drawer")
        assert finds(viewer, "passport")
    threads.hide_post(viewer=course.ben, thread_id=passport.pk, number=1, reason="r")
    for viewer in (course.ana, course.ben):
        assert not finds(viewer, "passport")


def test_groups_that_are_separate_find_their_own(course):
    configure(course, groups="separate")
    spaces.set_groups(space_id=course.space.pk, person_id=course.ana.person_id, external_ids=["Reds"])
    reds = spaces.set_groups(space_id=course.space.pk, person_id=course.chen.person_id, external_ids=["Reds"])
    ana, chen = (replace(viewer, group_ids=reds) for viewer in (course.ana, course.chen))
    threads.start_thread(viewer=ana, activity_uid=course.activity.uid, title="Passport", body="The passport?")
    assert finds(chen, "passport")
    assert finds(course.ben, "passport")
    assert not finds(course.nameless, "passport")
    # Also somebody of that group who looks from another course.
    gus = join(make_course(context="c2").space, "gus")
    join(course.space, "gus")
    assert not finds(replace(gus, group_ids=reds), "passport")


def test_what_has_not_opened_is_found_by_the_staff_alone(course, passport, guest):
    tomorrow = clock.now() + timedelta(days=1)
    configure(course, opens_at=tomorrow)
    Thread.objects.update(opens_at=None)
    search.index_thread(passport.pk)
    assert finds(course.ben, "passport")
    assert not finds(course.ana, "passport")
    assert not finds(guest, "passport")
    with clock.at(tomorrow + timedelta(hours=1)):
        assert finds(course.ana, "passport")
        assert finds(guest, "passport")


def test_staff_of_one_course_are_learners_in_another(course, passport):
    """Whoever teaches here reads there what learners read."""
    tia = join(make_course(context="c2").space, "tia", "Tia", Role.INSTRUCTOR)
    join(course.space, "tia", "Tia", Role.INSTRUCTOR)
    assert finds(tia, "passport")
    configure(course, opens_at=clock.now() + timedelta(days=1))
    search.index_thread(passport.pk)
    assert not finds(tia, "passport")


def test_replies_are_not_found_where_learners_write_first(course, start):
    configure(course, post_first=True)
    thread = start("Passport", "Where?")
    reply(course.chen, thread, "In the drawer")
    for viewer in (course.ana, course.ben, course.chen):
        assert finds(viewer, "passport")
        assert not finds(viewer, "drawer")


def test_what_is_asked_of_experts_alone_is_found_by_nobody(course, passport):
    Thread.objects.filter(pk=passport.pk).update(is_private=True)
    search.index_thread(passport.pk)
    for viewer in (course.ana, course.ben, course.chen):
        assert not finds(viewer, "passport")
    Thread.objects.filter(pk=passport.pk).update(is_private=False)
    assert not finds(course.ana, "passport")


def test_what_is_shared_is_found_in_the_whole_organization(course):
    activity = spaces.create_activity(
        viewer=course.ben, title="Ask", kind="questions", settings={"is_shared": True}, external_id="ask"
    )
    thread = threads.start_thread(
        viewer=course.ana, activity_uid=activity.uid, title="Passport", body="Where?", kind=threads.Kind.QUESTION
    )
    reply(course.chen, thread, "In the drawer")
    stranger = join(make_course(context="c2").space, "sia")
    assert not finds(stranger, "passport")
    threads.accept_answer(viewer=course.ana, thread_id=thread.pk, number=2)
    [hit] = search.search(viewer=stranger, text="drawer").hits
    assert (hit.is_elsewhere, hit.standing) == (True, 3)
    found = search.get_found(viewer=stranger, document_id=hit.document_id).thread
    assert ([answer.number for answer in found.answers], found.answers[0].standing) == ([2], 3)
    assert not finds(outsider(), "passport")
    threads.accept_answer(viewer=course.ana, thread_id=thread.pk, number=2, accepted=False)
    assert not finds(stranger, "passport")


STALE = {
    "hidden": lambda thread: Thread.objects.filter(pk=thread.pk).update(hidden_at=clock.now()),
    "deleted": lambda thread: Thread.objects.filter(pk=thread.pk).update(deleted_at=clock.now()),
    "private": lambda thread: Thread.objects.filter(pk=thread.pk).update(is_private=True),
    "a pointer": lambda thread: Thread.objects.filter(pk=thread.pk).update(moved_to=thread),
    "posts hidden": lambda thread: Post.objects.filter(thread=thread).update(hidden_at=clock.now()),
    "posts deleted": lambda thread: Post.objects.filter(thread=thread).update(deleted_at=clock.now()),
    "unopened": lambda thread: Thread.objects.filter(pk=thread.pk).update(opens_at=clock.now() + timedelta(days=1)),
    "activity unopened": lambda thread: Activity.objects.update(opens_at=clock.now() + timedelta(days=1)),
    "gone": lambda thread: [post.delete() for post in Post.objects.filter(thread=thread).order_by("-number")],
}


@pytest.mark.parametrize("change", STALE)
def test_an_index_that_is_behind_leaks_nothing(course, passport, guest, change):
    documents = list(SearchDocument.objects.values_list("pk", flat=True))
    STALE[change](passport)
    for viewer in (course.ana, course.chen, guest):
        assert titles(viewer, "passport") == []
        assert search.suggest_answers(viewer=viewer, text="Where is the passport?") == []
        for pk in documents:
            with pytest.raises(NotFound):
                search.get_found(viewer=viewer, document_id=pk)


def test_groups_and_writing_first_are_asked_of_the_activity(course, passport, guest):
    Activity.objects.update(settings={**course.activity.settings, "post_first": True})
    assert not finds(course.ana, "drawer")
    assert not finds(guest, "drawer")
    assert [hit.number for hit in search.search(viewer=guest, text="passport").hits] == [1]
    found = search.search(viewer=guest, text="passport").hits[0]
    assert search.get_found(viewer=guest, document_id=found.document_id).thread.answers == []
    [suggestion] = search.suggest_answers(viewer=course.ana, text="Where is the passport?")
    assert (suggestion.answer, suggestion.number) == ("", None)


def test_a_changed_activity_is_looked_at_again(course, passport, run_tasks):
    other = another_activity(course)
    threads.start_thread(viewer=course.ana, activity_uid=other.uid, title="Other", body="Another passport")
    configure(course, post_first=True)
    assert SearchDocument.objects.filter(number=2).exists()
    run_tasks()
    assert not SearchDocument.objects.filter(number=2).exists()
    configure(course)
    run_tasks()
    assert finds(course.ana, "drawer")
    assert SearchDocument.objects.count() == 3


def test_settings_that_the_platform_holds(course, run_tasks):
    """As Open edX does: the activity follows at the next visit."""

    def follow(**settings) -> spaces.Activity:
        return spaces.follow_activity(space_id=course.space.pk, external_id="block", title="Block", settings=settings)

    activity = follow()
    thread = threads.start_thread(viewer=course.ana, activity_uid=activity.uid, title="Passport", body="Where?")
    reply(course.chen, thread, "In the drawer")
    follow(post_first=True)
    assert run_tasks() == 1
    assert SearchDocument.objects.count() == 1
    follow()
    run_tasks()
    assert finds(course.ana, "drawer")
