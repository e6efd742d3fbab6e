"""The blocks: who sees what, how they follow their fields, and what they tell the platform."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import crum
import pytest
from companion_xblocks.host import WORKBENCH_COURSE
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from opaque_keys.edx.locator import LibraryLocatorV2
from workbench.runtime import WorkbenchRuntime
from xblock.django.request import django_to_webob_request

from companion import clock
from companion.openedx import people
from companion.openedx.people import LmsUser
from companion.spaces.models import Activity, Membership, Space
from companion.threads.models import Post, Thread
from companion.topics import api as topics
from companion.web.embedding import script_urls
from tests.xblocks.blocks import BLOCKS, DISCUSSION, QUESTIONS, START, TITLE, call, each_block, text_of, write


@each_block
def test_it_works(place, seen_by, tag):
    usage_id = place(display_name="Discuss the unit", prompt="What would **you** do?")
    write("ana", usage_id)
    fragment = seen_by("chen", usage_id).render("student_view", {})
    for told in ("Discuss the unit", "<strong>you</strong>", "When?", START[tag], 'shadowrootmode="open"'):
        assert told in fragment.content
    # The same scripts however many blocks there are: the runtime names a resource once.
    scripts = [resource.data for resource in fragment.resources if "companion" in resource.data]
    assert scripts == script_urls()
    assert scripts[-1] == "/static/companion/companion.js"
    assert "data-init='CompanionBlock'" in fragment.content


def test_a_unit_names_the_script_once(db, seen_by):
    runtime = WorkbenchRuntime("ana")
    runtime.id_generator.set_scenario("ten")
    usage_id = runtime.parse_xml_string("<vertical_demo>" + "<companion_discussion/>" * 10 + "</vertical_demo>")
    page = WorkbenchRuntime("ana").get_block(usage_id).render("student_view", {})
    assert page.content.count("companion-host") == 10
    assert (page.head_html() + page.foot_html()).count("companion/companion.js") == 1


# Questions say besides who answers them, and how many wait for whoever looks.
@pytest.mark.parametrize(("tag", "most"), [(DISCUSSION, 3), (QUESTIONS, 7)])
def test_ten_blocks_ask_few_queries_each(place, tag, most):
    ben, chen = (
        people.viewer_of(user, WORKBENCH_COURSE) for user in (LmsUser(id="ben", is_staff=True), LmsUser(id="chen"))
    )
    topics.grant_expertise(viewer=ben, topic="Incidents", person_id=chen.person_id)
    one, *ten = [place(credit_replies=2, topic="Incidents") for _number in range(11)]

    def queries(usages: list[str]) -> int:
        page = WorkbenchRuntime("ana")
        blocks = [page.get_block(usage) for usage in usages]
        with CaptureQueriesContext(connection) as asked:
            for block in blocks:
                block.render("student_view", {})
        # The workbench reads each field of a block by itself; a platform has them all before it renders.
        ours = [
            query["sql"] for query in asked if "xblockstate" not in query["sql"] and "SAVEPOINT" not in query["sql"]
        ]
        return len([sql for sql in ours if sql.split()[0] in ("SELECT", "INSERT", "UPDATE")])

    for usages in ([one], ten):
        queries(usages)
    assert (queries(ten) - queries([one])) / 9 <= most


@each_block
@pytest.mark.parametrize(("person", "told"), [("dee", "Enrol to read"), ("stranger", "Sign in and enrol")])
def test_who_is_not_in_the_course_is_told_so_and_sees_nothing(place, seen_by, person, told):
    usage_id = place(display_name="Discuss")
    write("ana", usage_id, title="A secret matter")
    thread = Thread.objects.get()
    block = seen_by(person, usage_id)
    assert told in text_of(block)
    for path in ("", f"threads/{thread.pk}/", f"threads/{thread.pk}/posts/1/", "preview/"):
        for method in ("GET", "POST"):
            answer = call(block, path, method=method)
            assert (answer.status_code, "A secret matter" in answer.text) == (403, False)
    assert not Membership.objects.filter(person__subject=person).exists()


def test_nobody_signed_in_reads_that_there_is_something(place, seen_by):
    usage_id = place(display_name="Discuss")
    write("ana", usage_id, title="A secret matter")
    page = text_of(seen_by("", usage_id), "public_view")
    assert ("Discuss" in page, "A secret matter" in page) == (True, False)


def test_an_instructor_who_looks_as_somebody_else_sees_and_writes_nothing(place, seen_by):
    """The platform gives the block the other person's state; the request is still the instructor's."""
    usage_id = place()
    write("ana", usage_id, title="Ana's own", anonymous=True)
    ben = SimpleNamespace(pk="ben", is_staff=False, is_authenticated=True)
    with crum.impersonate(ben):
        block = seen_by("ana", usage_id)
        assert "somebody else" in text_of(block)
        assert call(block, "", method="GET").status_code == 403
        assert "Anonymous (you)" not in call(block, "").text


@each_block
def test_an_instructor_who_looks_as_a_learner_has_a_learners_rights(place, seen_by, monkeypatch, tag):
    usage_id = place(starters="staff")
    assert START[tag] in text_of(seen_by("ben", usage_id))
    monkeypatch.setattr(
        "tests.workbench_people.TestUsers.get_current_user",
        lambda self: _user("ben", staff=False),
    )
    assert START[tag] not in text_of(seen_by("ben", usage_id))


def _user(user_id: str, *, staff: bool) -> Any:
    facts = {"user_id": user_id, "username": user_id, "is_authenticated": True, "user_is_staff": staff}
    return SimpleNamespace(
        full_name="", emails=[], opt_attrs={f"edx-platform.{name}": value for name, value in facts.items()}
    )


@pytest.mark.parametrize(
    ("tag", "attributes", "sentence"),
    [
        *(
            (block, attributes, sentence)
            for block in BLOCKS
            for attributes, sentence in (
                ({"anonymity": "sometimes"}, "Choose one of the options."),
                ({"starters": "aliens"}, "Choose one of the options."),
                ({"credit_words": 100_000}, "At most 1000, please."),
                ({"display_name": "x" * 201}, "At most 200 characters"),
                ({"prompt": "x" * 5_001}, "At most 5000 characters"),
                ({"opens_at": "2026-02-01T00:00:00Z", "closes_at": "2026-01-01T00:00:00Z"}, "after the opening date"),
            )
        ),
        (QUESTIONS, {"peer_hours": 5_000}, "At most 336, please."),
        (QUESTIONS, {"working_days": "129"}, "Choose at least one day."),
        (QUESTIONS, {"working_days": ""}, "Choose at least one day."),
        (QUESTIONS, {"day_begins": 18, "day_ends": 9}, "must end after it begins"),
        (QUESTIONS, {"time_zone": "Europe/Atlantis"}, "no time zone of this name"),
        (QUESTIONS, {"gather_days": 61}, "At most 60, please."),
    ],
)
def test_a_broken_field_is_told_in_words_to_those_who_can_mend_it(place, seen_by, attributes, sentence):
    usage_id = place(**attributes)
    assert sentence in text_of(seen_by("ben", usage_id))
    assert sentence in text_of(seen_by("ben", usage_id), "author_view")
    assert [message.text for message in seen_by("ben", usage_id).validate().messages if sentence in message.text]
    learners = text_of(seen_by("ana", usage_id))
    assert ("not set up right" in learners, sentence in learners) == (True, False)
    assert not Activity.objects.exists()


@pytest.mark.parametrize(
    ("tag", "field", "value"),
    [
        *(
            (block, field, value)
            for block in BLOCKS
            for field, value in (("opens_at", "yesterday"), ("credit_replies", "two"), ("weight", "x"))
        ),
        (QUESTIONS, "peer_hours", "long"),
        (QUESTIONS, "working_days", 12345),
        (QUESTIONS, "time_zone", ["UTC"]),
    ],
)
def test_a_field_that_cannot_be_read_breaks_nothing_else(place, seen_by, field, value):
    """A course archive made by hand, or by a version of ours that is not this one."""
    usage_id = place()
    block = seen_by("ben", usage_id)
    block._field_data.set(block, field, value)
    broken = seen_by("ben", usage_id)
    assert "studio-form" in text_of(broken, "studio_view")
    assert (broken.has_custom_completion, broken.has_score) == (False, False)
    if field != "weight":
        assert f"This cannot be read: {field}" in text_of(broken)
        assert "not set up right" in text_of(seen_by("ana", usage_id))


@pytest.mark.parametrize("suffix", ["../", "../../admin/", "threads/../../x", "%2e%2e/", "threads/9999999999/"])
def test_a_suffix_that_leads_nowhere_is_a_page_in_words(place, seen_by, suffix):
    answer = call(seen_by("ana", place()), suffix)
    assert (answer.status_code, "There is nothing here" in answer.text) == (404, True)


def test_a_deleted_activity_is_like_one_that_never_was(place, seen_by):
    usage_id = place()
    write("ana", usage_id, title="Gone")
    thread = Thread.objects.get()
    Activity.objects.all().delete()
    assert call(seen_by("ana", usage_id), f"threads/{thread.pk}/").status_code == 404
    assert "Nobody has written yet" in text_of(seen_by("ana", usage_id))


def test_another_courses_thread_is_like_none(place, seen_by, monkeypatch):
    usage_id = place()
    write("ana", usage_id, title="Ours")
    thread = Thread.objects.get()
    monkeypatch.setattr("companion_xblocks.host.Host.course_id", "course-v1:Other+Course+1")
    answer = call(seen_by("ana", usage_id), f"threads/{thread.pk}/")
    assert (answer.status_code, "Ours" in answer.text) == (404, False)


def test_who_is_looking_is_never_read_from_the_address(place):
    """`?student=` is the workbench's own; a block asks the platform's user service alone."""
    usage_id = place()
    write("ana", usage_id, title="Mine", anonymous=True)
    block = WorkbenchRuntime("chen").get_block(usage_id)
    request = RequestFactory().get("/handler/?student=ana")
    answer = block.runtime.handle(block, "ui", django_to_webob_request(request), f"threads/{Thread.objects.get().pk}/")
    assert ("Learner 1" in answer.text, "Anonymous (you)" in answer.text) == (True, False)


def test_the_platforms_check_of_forms_lets_ours_through_and_others_not(place, seen_by):
    usage_id = place()
    text_of(seen_by("ana", usage_id))
    uid = Activity.objects.get().uid
    client = Client(enforce_csrf_checks=True)
    url = f"/workbench/handler/{usage_id}/ui/activities/{uid}/new/?student=ana"
    form = client.get(url)
    token = form.content.decode().split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    fields = {"title": "By form", "body": "Sent without a script.", "submission": "one"}
    assert client.post(url, fields).status_code == 403
    assert client.post(url, {**fields, "csrfmiddlewaretoken": token}).status_code == 303
    assert Thread.objects.get().title == "By form"


def test_in_a_library_there_is_a_preview_and_nothing_to_open(place, seen_by, monkeypatch):
    usage_id = place(prompt="See **this**")
    library = LibraryLocatorV2.from_string("lib:Northwind:Blocks")
    monkeypatch.setattr("companion_xblocks.host.Host.is_in_course", library.is_course)
    page = text_of(seen_by("ben", usage_id))
    assert ("<strong>this</strong>" in page, " inert" in page) == (True, True)
    answer = call(seen_by("ben", usage_id), "")
    assert (answer.status_code, "stands in a course" in answer.text) == (403, True)
    assert not Activity.objects.exists()


@each_block
def test_a_rerun_keeps_the_blocks_id_and_begins_empty(place, seen_by, monkeypatch):
    usage_id = place(prompt="Kept")
    write("ana", usage_id, title="Last year's")
    monkeypatch.setattr("companion_xblocks.host.Host.course_id", "course-v1:Workbench+Demo+2027")
    page = text_of(seen_by("ana", usage_id))
    assert ("Kept" in page, "Last year" in page) == (True, False)
    assert Activity.objects.count() == 2


@each_block
def test_a_copy_within_the_course_begins_empty(place, seen_by):
    write("ana", place(), title="The first's")
    assert "The first" not in text_of(seen_by("ana", place()))


# -- fields ----------------------------------------------------------------------------------------------------


def test_the_activity_follows_the_fields(place, seen_by):
    usage_id = place(display_name="Old")
    text_of(seen_by("ana", usage_id))
    block = seen_by("ben", usage_id)
    block.display_name, block.anonymity = "New", "off"
    block.save()
    assert "New" in text_of(seen_by("ana", usage_id))
    assert Activity.objects.get().discussion.anonymity == "off"


def test_before_it_opens_learners_read_the_date(place, seen_by):
    soon = (clock.now() + timezone.timedelta(days=3)).isoformat()
    usage_id = place(opens_at=soon)
    assert "This discussion opens on" in text_of(seen_by("ana", usage_id))
    assert "New thread" in text_of(seen_by("ben", usage_id))


@each_block
def test_a_preview_in_studio_writes_nothing(place, seen_by, tag):
    usage_id = place(prompt="See **this**", topic="Incidents", credit_replies=2, event_at="2030-05-01T09:00:00Z")
    page = text_of(seen_by("ben", usage_id), "author_view")
    for told in ("<strong>this</strong>", "For credit: 2 replies", "Incidents", START[tag], "May 1, 2030", " inert"):
        assert told in page
    assert not Space.objects.exists()
    text_of(seen_by("ana", usage_id))
    block = seen_by("ben", usage_id)
    block.display_name = "Draft"
    assert "Draft" in text_of(block, "author_view")
    assert Activity.objects.get().title == TITLE[tag]


@each_block
def test_apps_and_search_hear_what_the_author_wrote_and_nothing_else(place, seen_by):
    usage_id = place(display_name="Discuss", prompt="Why **so**?", topic="Incidents")
    write("ana", usage_id, title="A post of Ana's")
    data = seen_by("chen", usage_id).student_view_data()
    assert data["kind"] == Activity.objects.get().kind
    assert (data["title"], "<strong>so</strong>" in data["prompt"], data["topic"]) == ("Discuss", True, "Incidents")
    index = seen_by("chen", usage_id).index_dictionary()
    assert index["content"]["display_name"] == "Discuss"
    assert "Ana's" not in json.dumps([data, index])


# -- credit ----------------------------------------------------------------------------------------------------


def test_a_block_tells_the_platform_of_its_own_credit_alone(place, seen_by, published):
    other, here = place(display_name="Other", credit_threads=1), place(display_name="Here")
    write("ana", other)
    uid = Activity.objects.get(title="Other").uid
    request = RequestFactory().get("/handler/")
    block = seen_by("ana", here)
    answer = block.runtime.handle(block, "ui", django_to_webob_request(request), suffix=f"activities/{uid}/")
    assert answer.status_code == 200
    assert "You have it." in answer.text
    assert published == []


@each_block
def test_credit_goes_to_the_platform_as_it_is_earned(place, seen_by, published):
    usage_id = place(credit_threads=1, credit_replies=1, credit_words=5, graded_credit="true", weight="2")
    assert "So far: 0 of 2" in text_of(seen_by("ana", usage_id))
    assert published == []
    write("ana", usage_id)
    assert "So far: 1 of 2" in text_of(seen_by("ana", usage_id))
    assert [(event, data.get("completion", data.get("value"))) for event, data in published][:1] == [
        ("completion", 0.5)
    ]
    assert published[1][0] == "grade"


@each_block
def test_a_reply_counts_in_the_same_request(place, seen_by, published):
    usage_id = place(credit_replies=1, credit_words=3)
    write("chen", usage_id)
    block = seen_by("ana", usage_id)
    thread = Thread.objects.get()
    answer = call(block, f"threads/{thread.pk}/posts/1/reply/", method="POST", body="Three good words", submission="s")
    assert (answer.status_code, published) == (303, [("completion", {"completion": 1.0})])
    block.save()
    assert "You have it." in text_of(seen_by("ana", usage_id))
    assert len(published) == 1


def test_an_anonymous_post_says_nothing_to_the_platform(place, seen_by, published):
    usage_id = place(credit_threads=1)
    write("ana", usage_id, anonymous=True)
    for hours in (0, 200):
        with clock.at(clock.now() + timezone.timedelta(hours=hours)):
            text_of(seen_by("ana", usage_id))
    assert published == []


def test_credit_that_was_told_is_not_taken_back(place, seen_by, published):
    usage_id = place(credit_threads=1)
    write("ana", usage_id)
    block = seen_by("ana", usage_id)
    text_of(block)
    block.save()
    Post.objects.update(hidden_at=clock.now())
    text_of(seen_by("ana", usage_id))
    assert published == [("completion", {"completion": 1.0})]


@each_block
def test_without_a_rule_the_platform_completes_it_by_itself(place, seen_by, published):
    block = seen_by("ana", place())
    assert (block.has_custom_completion, block.has_score, block.max_score()) == (False, False, None)
    text_of(block)
    assert published == []
    graded = seen_by("ana", place(credit_threads=1, graded_credit="true"))
    assert (graded.has_custom_completion, graded.has_score, graded.max_score()) == (True, True, 1.0)


def test_the_staff_gets_no_credit(place, seen_by, published):
    usage_id = place(credit_threads=1)
    page = text_of(seen_by("ben", usage_id))
    assert ("For credit: 1 thread" in page, "So far" in page) == (True, False)
    assert published == []


@each_block
def test_a_rescore_counts_anew(place, seen_by, published):
    usage_id = place(credit_threads=2, graded_credit="true")
    write("ana", usage_id)
    block = seen_by("ana", usage_id)
    assert block.calculate_score() == (0.5, 1.0)
    block.set_score(block.calculate_score())
    assert (block.has_submitted_answer(), block.get_score()) == (True, (0.5, 1.0))


@each_block
def test_the_report_counts_anonymous_posts_for_nobody(place, seen_by):
    usage_id = place()
    write("ana", usage_id, body="five words of her own")
    write("ana", usage_id, title="Without my name", anonymous=True)
    states = [SimpleNamespace(username=name) for name in ("ana", "chen", "nobody")]
    rows = dict(seen_by("ben", usage_id).generate_report_data(iter(states)))
    assert rows == {"ana": {"Threads": 1, "Replies": 0, "Words": 5}}
    assert list(seen_by("ben", usage_id).generate_report_data(iter(states), 0)) == []
