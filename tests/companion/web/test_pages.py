"""The pages as their readers meet them, under every mount: reading and writing, with htmx and without."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from companion import clock
from companion.models import Activity
from companion.spaces import api as spaces
from companion.threads import api as threads
from tests.people import course as make_course
from tests.people import outsider

pytestmark = pytest.mark.every_database


@pytest.fixture
def thread(course):
    thread = threads.start_thread(
        viewer=course.ana, activity_uid=course.activity.uid, title="Who declares?", body="Is it **me**?"
    )
    threads.add_reply(viewer=course.ben, thread_id=thread.pk, body="Yes, you.")
    return thread


def text_of(response) -> str:
    return response.content.decode()


def test_it_works(course, reader):
    ana, ben = reader(course.ana), reader(course.ben)
    made = ana.post("thread-new", course.activity.uid, title="Who declares?", body="Is it **me**?", submission="s1")
    assert made.status_code == 303
    listed = text_of(ben.get("thread-list", course.activity.uid))
    assert "Who declares?" in listed
    assert "Ana Torres" in listed
    thread_id = threads.list_threads(viewer=course.ben, activity=course.activity).rows[0].id
    page = text_of(ben.get("thread-detail", thread_id))
    assert "<strong>me</strong>" in page
    reply = ben.post("post-reply", thread_id, 1, body="Yes, you.", submission="s2")
    assert (reply.status_code, reply["Location"].endswith("post=2#post-2")) == (303, True)
    news = ana.get("thread-news", thread_id, htmx=True)
    assert "Yes, you." in text_of(news)
    assert "Ben Okafor" in text_of(news)


# -- what each page says ---------------------------------------------------------------------------------------


def test_an_empty_discussion_says_what_to_do(course, reader):
    page = text_of(reader(course.ana).get("thread-list", course.activity.uid))
    assert "Start the first thread" in page
    page = text_of(reader(course.ana).get("thread-list", course.activity.uid, only="mine"))
    assert "No threads here" in page


def test_where_only_the_staff_starts_learners_are_told(reader, db):
    course = make_course(starters="staff")
    page = text_of(reader(course.ana).get("thread-list", course.activity.uid))
    assert "New thread" not in page
    assert "The course staff starts the threads here" in page
    refused = reader(course.ana).get("thread-new", course.activity.uid)
    assert (refused.status_code, "course staff starts the threads" in text_of(refused)) == (403, True)
    assert reader(course.ben).get("thread-new", course.activity.uid).status_code == 200


def test_before_it_opens_a_learner_reads_the_date(course, reader):
    Activity.objects.update(opens_at=clock.now() + timedelta(days=3))
    page = text_of(reader(course.ana).get("thread-list", course.activity.uid))
    assert "This discussion opens on" in page
    assert "New thread" in text_of(reader(course.ben).get("thread-list", course.activity.uid))


def test_a_closed_discussion_says_so_and_shows_no_composer(course, thread, reader):
    Activity.objects.update(closes_at=clock.now() - timedelta(days=3))
    ana = reader(course.ana)
    assert "Closed since" in text_of(ana.get("thread-list", course.activity.uid))
    page = text_of(ana.get("thread-detail", thread.pk))
    assert "This discussion is closed" in page
    assert "<textarea" not in page


def test_the_composer_says_who_sees_the_name(course, thread, reader):
    page = text_of(reader(course.ana).get("thread-detail", thread.pk))
    assert "Everyone in this course sees your name, <bdi>Ana Torres</bdi>." in page
    assert "Nobody sees your name, the course staff included" in page
    page = text_of(reader(course.nameless).get("thread-new", course.activity.uid))
    assert f"you appear as Participant {course.nameless.person_id}" in page


@pytest.mark.parametrize(("policy", "box"), [("off", None), ("allowed", False), ("default", True)])
def test_the_box_for_anonymity_follows_the_policy(reader, db, policy, box):
    course = make_course(anonymity=policy)
    page = text_of(reader(course.ana).get("thread-new", course.activity.uid))
    found = re.search(r'<input type="checkbox" name="anonymous"[^>]*>', page)
    assert (found and "checked" in found[0]) is box


def test_the_list_marks_what_is_new(course, thread, reader):
    chen = reader(course.chen)
    assert '<span class="mark new">New</span>' in text_of(chen.get("thread-list", course.activity.uid))
    chen.get("thread-detail", thread.pk)
    assert "mark new" not in text_of(chen.get("thread-list", course.activity.uid))
    threads.add_reply(viewer=course.ana, thread_id=thread.pk, body="And now?")
    assert "1 new" in text_of(chen.get("thread-list", course.activity.uid))


def test_the_front_page_of_the_space_lists_its_discussions(course, reader):
    page = reader(course.ana).get("space-home")
    assert "Discuss the unit" in text_of(page)
    Activity.objects.all().delete()
    assert "There are no discussions in this course yet" in text_of(reader(course.ana).get("space-home"))


# -- writing ---------------------------------------------------------------------------------------------------


def test_errors_stand_beside_their_fields_and_nothing_typed_is_lost(course, reader):
    answer = reader(course.ana).post("thread-new", course.activity.uid, title="", body="My long text")
    page = text_of(answer)
    assert answer.status_code == 422
    assert "Give it a title" in page
    assert "My long text" in page
    assert 'aria-invalid="true"' in page


@pytest.mark.parametrize("htmx", [False, True])
def test_a_reply_that_is_refused_keeps_its_text(course, thread, reader, htmx):
    threads.lock_thread(viewer=course.ben, thread_id=thread.pk, locked=True)
    answer = reader(course.ana).post("post-reply", thread.pk, 1, body="My long reply", htmx=htmx)
    assert answer.status_code == 403
    assert "This thread is locked" in text_of(answer)
    assert "My long reply" in text_of(answer)


def test_a_reply_by_htmx_gives_a_fresh_composer_and_word_of_the_post(course, thread, reader):
    answer = reader(course.ana).post("post-reply", thread.pk, 1, body="Thanks", submission="s", htmx=True)
    assert (answer.status_code, answer["HX-Trigger"]) == (200, '{"companion:posted": 3}')
    page = text_of(answer)
    assert "<html" not in page
    assert "Thanks" not in page
    again = reader(course.ana).post("post-reply", thread.pk, 1, body="Thanks", submission="s", htmx=True)
    assert again["HX-Trigger"] == '{"companion:posted": 3}'


def test_the_preview_shows_and_stores_nothing(course, reader):
    ana = reader(course.ana)
    piece = text_of(ana.post("preview", body="**bold**<script>", htmx=True))
    assert "<strong>bold</strong>&lt;script&gt;" in piece
    page = text_of(ana.post("thread-new", course.activity.uid, title="T", body="**bold**", preview="1"))
    assert "<strong>bold</strong>" in page
    assert 'value="T"' in page
    assert "Nothing to preview yet" in text_of(ana.post("preview", body=" "))
    assert threads.list_threads(viewer=course.ana, activity=course.activity).rows == []


def test_editing_without_and_with_htmx(course, thread, reader):
    ana, ben = reader(course.ana), reader(course.ben)
    form = text_of(ana.get("post-edit", thread.pk, 1))
    assert 'value="Who declares?"' in form
    assert "Is it **me**?" in form
    done = ana.post("post-edit", thread.pk, 1, title="Who may?", body="Me?", version=1)
    assert done.status_code == 303
    piece = ben.get("post-edit", thread.pk, 2, htmx=True)
    assert "<html" not in text_of(piece)
    done = ben.post("post-edit", thread.pk, 2, body="Yes, anyone.", version=1, htmx=True)
    assert (done.status_code, done["Location"].split("?")[0].endswith("/posts/2/")) == (303, True)
    shown = text_of(ben.get("post-detail", thread.pk, 2, htmx=True))
    assert "Yes, anyone." in shown
    assert "edited" in shown


def test_an_edit_from_an_old_window_is_refused_with_its_text(course, thread, reader):
    ben = reader(course.ben)
    ben.post("post-edit", thread.pk, 2, body="second", version=1)
    answer = ben.post("post-edit", thread.pk, 2, body="third", version=1)
    assert answer.status_code == 409
    assert "changed meanwhile" in text_of(answer)
    assert "third" in text_of(answer)


def test_deleting_asks_first(course, thread, reader):
    ben, ana = reader(course.ben), reader(course.ana)
    assert "keeps its place" in text_of(ben.get("post-delete", thread.pk, 2, htmx=True))
    assert ben.post("post-delete", thread.pk, 2, htmx=True).status_code == 303
    # Nobody had answered it: it is gone, but for its author, who may bring it back.
    assert 'id="post-2"' not in text_of(ana.get("thread-detail", thread.pk))
    assert "Deleted by its author" in text_of(ben.get("thread-detail", thread.pk))
    assert ben.post("post-restore", thread.pk, 2, htmx=True).status_code == 303
    assert "Yes, you." in text_of(ana.get("thread-detail", thread.pk))
    ben.post("post-delete", thread.pk, 2, htmx=True)
    gone = ana.post("post-delete", thread.pk, 1)
    assert gone["Location"].split("?")[0].endswith(f"/activities/{course.activity.uid}/")
    assert ana.get("thread-detail", thread.pk).status_code == 404


def test_the_staff_pins_locks_hides_and_restores(course, thread, reader):
    ana, ben = reader(course.ana), reader(course.ben)
    for name, field in (("thread-pin", "pinned"), ("thread-lock", "locked")):
        assert ben.post(name, thread.pk, **{field: "1"}).status_code == 303
        assert ana.post(name, thread.pk, **{field: "0"}).status_code == 403
    page = text_of(ana.get("thread-list", course.activity.uid))
    assert "Pinned" in page
    assert "Locked" in page
    assert ana.get("post-hide", thread.pk, 2).status_code == 403
    assert ben.post("post-hide", thread.pk, 2, reason="").status_code == 422
    assert ben.post("post-hide", thread.pk, 2, reason="Off topic").status_code == 303
    assert "Off topic" in text_of(ben.get("thread-detail", thread.pk))
    learners = text_of(ana.get("thread-detail", thread.pk))
    assert "Hidden by the course staff" in learners
    assert "Off topic" not in learners
    assert "Yes, you." not in learners
    assert ben.post("post-restore", thread.pk, 2).status_code == 303
    assert "Yes, you." in text_of(ana.get("thread-detail", thread.pk))


def test_learners_see_no_tools_of_the_staff(course, thread, reader):
    page = text_of(reader(course.ana).get("thread-detail", thread.pk))
    for tool in ("Unpin", ">Pin<", ">Lock<", "/hide/", "/posts/2/edit/"):
        assert tool not in page
    assert "/posts/1/edit/" in page


def test_in_open_edx_the_settings_are_in_studio(course, openedx_reader):
    ben = openedx_reader(course.ben)
    answer = ben.get("activity-settings", course.activity.uid)
    assert (answer.status_code, "set in Studio" in text_of(answer)) == (403, True)
    assert ben.post("activity-settings", course.activity.uid, title="Mine").status_code == 403
    assert "/settings/" not in text_of(ben.get("thread-list", course.activity.uid))


def test_ben_sets_title_prompt_policy_and_starters(course, lti_reader):
    ben, ana = lti_reader(course.ben), lti_reader(course.ana)
    assert "Discuss the unit" in text_of(ben.get("activity-settings", course.activity.uid))
    saved = ben.post(
        "activity-settings",
        course.activity.uid,
        title="New title",
        prompt="What would **you** do?",
        anonymity="default",
        starters="staff",
        opens_at="2026-01-01T08:00",
        closes_at="",
    )
    assert saved.status_code == 303
    page = text_of(ana.get("thread-list", course.activity.uid))
    assert "New title" in page
    assert "What would <strong>you</strong> do?" in page
    wrong = ben.post(
        "activity-settings", course.activity.uid, title="", prompt="kept", anonymity="maybe", starters="staff"
    )
    assert wrong.status_code == 422
    assert "kept" in text_of(wrong)
    assert ana.get("activity-settings", course.activity.uid).status_code == 403


def test_dates_in_the_wrong_order_are_refused_beside_the_field(course, lti_reader):
    answer = lti_reader(course.ben).post(
        "activity-settings",
        course.activity.uid,
        title="T",
        prompt="",
        anonymity="off",
        starters="staff",
        opens_at="2026-02-01T08:00",
        closes_at="2026-01-01T08:00",
    )
    assert "The closing date must be after the opening date" in text_of(answer)


# -- refusals --------------------------------------------------------------------------------------------------


def test_anothers_thread_looks_like_one_that_does_not_exist(course, thread, reader):
    dee = reader(outsider())
    pages = [
        text_of(dee.get(name, *args))
        for name, *args in (
            ("thread-detail", thread.pk),
            ("thread-detail", 10**9),
            ("post-edit", thread.pk, 1),
            ("thread-news", thread.pk),
            ("thread-list", course.activity.uid),
            ("thread-list", "00000000-0000-0000-0000-000000000000"),
        )
    ]
    # Forms' tokens differ from page to page.
    told_apart = re.compile(r"/lti/s/\w+/|\b[0-9a-f]{64}\b|\b\w{64}\b")
    assert len({told_apart.sub("", page) for page in pages}) == 1
    assert "There is nothing here" in pages[0]
    assert "Who declares" not in pages[0]


@pytest.mark.parametrize("query", [{"after": "!"}, {"after": "zz"}, {"before": "A" * 49}])
def test_a_broken_link_is_a_page_in_words(course, thread, reader, query):
    answer = reader(course.ana).get("thread-detail", thread.pk, **query)
    assert (answer.status_code, "This link does not work" in text_of(answer)) == (400, True)
    assert reader(course.ana).get("thread-list", course.activity.uid, after="!").status_code == 400


@pytest.mark.parametrize("query", [{"post": "x"}, {"post": "9" * 30}, {"since": "-1"}, {"sort": "x", "only": "y"}])
def test_other_nonsense_in_a_link_is_passed_over(course, thread, reader, query):
    assert reader(course.ana).get("thread-detail", thread.pk, **query).status_code == 200
    assert reader(course.ana).get("thread-list", course.activity.uid, **query).status_code == 200


def test_names_and_titles_are_text_not_markup(db, reader):
    course = make_course()
    eve = spaces.admit_person(
        organization_id=course.space.organization_id,
        issuer=course.space.issuer,
        subject="eve",
        name='<b onmouseover="x">Eve</b> {{ 7|add:7 }} $User.id',
    )
    from dataclasses import replace

    viewer = replace(course.ana, person_id=eve.pk, name=eve.name)
    thread = threads.start_thread(
        viewer=viewer, activity_uid=course.activity.uid, title="<script>alert(1)</script>", body="x"
    )
    for page in (
        reader(course.ben).get("thread-list", course.activity.uid),
        reader(viewer).get("thread-detail", thread.pk),
        reader(course.ben).get("post-reply", thread.pk, 1),
    ):
        assert b"<script>alert" not in page.content
        assert b"<b onmouseover" not in page.content


# -- news ------------------------------------------------------------------------------------------------------


def test_news_of_a_thread_are_304_until_there_are_some(course, thread, reader):
    ana = reader(course.ana)
    shown = re.search(r'data-live-posts="[^"]*since=([^"&]+)', text_of(ana.get("thread-detail", thread.pk)))[1]
    assert ana.get("thread-news", thread.pk, since=shown, htmx=True).status_code == 304
    threads.add_reply(viewer=course.chen, thread_id=thread.pk, parent_number=2, body="Agreed")
    news = ana.get("thread-news", thread.pk, since=shown, htmx=True)
    assert news.status_code == 200
    assert "Agreed" in text_of(news)
    assert "Yes, you." not in text_of(news)
    since = news["X-Companion-Version"]
    assert ana.get("thread-news", thread.pk, since=since, htmx=True).status_code == 304


def test_news_are_edits_marks_and_deletions_as_well(course, thread, reader):
    ana = reader(course.ana)
    since = ana.get("thread-news", thread.pk, htmx=True)["X-Companion-Version"]
    for act, sign in (
        (lambda: threads.edit_post(viewer=course.ben, thread_id=thread.pk, number=2, body="Changed"), "Changed"),
        (lambda: threads.mark_helpful(viewer=course.chen, thread_id=thread.pk, number=2, helpful=True), '"count">1<'),
        (lambda: threads.lock_thread(viewer=course.ben, thread_id=thread.pk, locked=True), "Locked"),
        (lambda: threads.delete_post(viewer=course.ben, thread_id=thread.pk, number=2), 'class="post gone"'),
    ):
        act()
        news = ana.get("thread-news", thread.pk, since=since, htmx=True)
        assert sign in text_of(news)
        since = news["X-Companion-Version"]
    assert ana.get("thread-news", thread.pk, since=since, htmx=True).status_code == 304


@pytest.mark.parametrize("forged", ["", "1", "2.", "2.0123456789abcdef0123", "-1.x", "9" * 30, "²"])
def test_a_version_that_nobody_gave_out_proves_nothing(course, thread, reader, forged):
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=1, reason="r")
    assert reader(course.chen).get("thread-news", thread.pk, since=forged, htmx=True).status_code == 404
    assert reader(course.ana).get("thread-news", thread.pk, since=forged, htmx=True).status_code == 200


def test_a_version_that_somebody_else_was_given_proves_nothing(course, thread, reader):
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=1, reason="r")
    anas = reader(course.ana).get("thread-news", thread.pk, htmx=True)["X-Companion-Version"]
    assert reader(course.chen).get("thread-news", thread.pk, since=anas, htmx=True).status_code == 404


def test_news_of_a_list(course, thread, reader):
    chen = reader(course.chen)
    page = text_of(chen.get("thread-list", course.activity.uid))
    since = re.search(r"since=([^\"&]+)", page)[1]
    from urllib.parse import unquote

    assert chen.get("list-news", course.activity.uid, since=unquote(since)).status_code == 304
    threads.add_reply(viewer=course.ana, thread_id=thread.pk, body="More")
    news = chen.get("list-news", course.activity.uid, since=unquote(since))
    assert (news.status_code, "something new" in text_of(news)) == (200, True)


def test_after_a_conflict_a_second_save_replaces_the_other_change(course, thread, reader):
    ben = reader(course.ben)
    form = {"body": "Mine", "version": "1"}
    threads.edit_post(viewer=course.ben, thread_id=thread.pk, number=2, body="From another window")
    refused = ben.post("post-edit", thread.pk, 2, **form)
    assert (refused.status_code, "changed meanwhile" in text_of(refused)) == (409, True)
    version = re.search(r'name="version" value="(\d+)"', text_of(refused))[1]
    assert ben.post("post-edit", thread.pk, 2, body="Mine", version=version).status_code == 303
    changes = threads.get_history(viewer=course.ana, thread_id=thread.pk, number=2)
    assert "From another window" in str(changes[0].lines)


def test_a_refusal_of_a_button_is_a_sentence_above_the_page(course, thread, reader):
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=2, reason="r")
    answer = reader(course.ana).post("post-helpful", thread.pk, 2, helpful="1", htmx=True)
    assert (answer.status_code, answer["HX-Retarget"], answer["HX-Reswap"]) == (409, "#alerts", "innerHTML")
    assert "no longer there" in text_of(answer)
    assert "<main" not in text_of(answer)
