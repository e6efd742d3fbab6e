"""A discussion under a unit that has none of its own, added by the platform's own filter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import crum
import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from opaque_keys.edx.keys import UsageKey
from openedx_filters.learning.filters import VerticalBlockRenderCompleted
from web_fragments.fragment import Fragment

from companion.models import Activity, Person, Space
from companion.openedx.settings import common
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.web.embedding import script_urls
from tests.openedx.conftest import COURSE, OTHER_COURSE

UNIT = "block-v1:Northwind+Incidents+2026+type@vertical+block@week1"

Show = Callable[..., Fragment]


@pytest.fixture(autouse=True)
def _configured(settings: Any) -> None:
    """As the plugin's settings leave it, but what fails is heard of."""
    made = SimpleNamespace(INSTALLED_APPS=[])
    common.plugin_settings(made)
    made.OPEN_EDX_FILTERS_CONFIG[common.UNIT_FILTER]["fail_silently"] = False
    settings.OPEN_EDX_FILTERS_CONFIG = made.OPEN_EDX_FILTERS_CONFIG


@pytest.fixture(autouse=True)
def _switched_on(lms: Any) -> None:
    lms.switch_on("unit_discussion")


@pytest.fixture(autouse=True)
def _no_request() -> Iterator[None]:
    with crum.impersonate(None):
        yield


@pytest.fixture
def show() -> Show:
    """`show(ana)`: a unit as the platform renders it for somebody."""

    def render(
        user: Any,
        *,
        unit: str = UNIT,
        children: tuple[str, ...] = ("video", "html"),
        view: str = "student_view",
        title: str | None = "Week 1",
    ) -> Fragment:
        key = UsageKey.from_string(unit)
        blocks = [key.course_key.make_usage_key(block_type, "x") for block_type in children]
        block = SimpleNamespace(
            scope_ids=SimpleNamespace(usage_id=key, block_type="vertical"), children=blocks, display_name=title
        )
        with crum.impersonate(user):
            made = VerticalBlockRenderCompleted.run_filter(
                block=block, fragment=Fragment("<p>The unit</p>"), context={"a": 1}, view=view
            )
        assert made[0] is block
        assert made[2:] == ({"a": 1}, view)
        return made[1]

    return render


def scripts(fragment: Fragment) -> list[str]:
    return [resource.data for resource in fragment.resources]


def test_it_works(ana, chen, visit, show):
    fragment = show(ana)
    activity = Activity.objects.get()
    assert (activity.title, activity.space.external_id) == ("Week 1", COURSE)
    assert fragment.content.startswith("<p>The unit</p>")
    assert fragment.content.count('class="companion-host"') == 1
    assert f'href="/companion/courses/{COURSE}/activities/{activity.uid}/new/"' in fragment.content
    assert scripts(fragment) == script_urls()
    threads.start_thread(viewer=visit(chen), activity_uid=activity.uid, title="Who is called first?", body="?")
    again = show(ana).content
    assert ("Who is called first?" in again, again.count('class="companion-host"')) == (True, 1)
    assert Activity.objects.get() == activity


def test_its_links_lead_to_pages(ana, show):
    show(ana)
    client = Client()
    client.force_login(ana)
    page = client.get(f"/companion/courses/{COURSE}/activities/{Activity.objects.get().uid}/")
    assert (page.status_code, "Week 1" in page.content.decode()) == (200, True)


def test_every_unit_has_its_own(ana, chen, show):
    for unit in (UNIT, UNIT.replace("week1", "week2"), UNIT):
        for user in (ana, chen):
            show(user, unit=unit)
    assert Activity.objects.count() == 2


def test_a_unit_without_a_title_has_one_all_the_same(ana, show):
    show(ana, title=None)
    assert Activity.objects.get().title == "Discussion"


def test_who_is_looking_is_whoever_sends_the_request(ana, chen, visit, show):
    show(ana)
    activity = Activity.objects.get()
    threads.start_thread(viewer=visit(ana), activity_uid=activity.uid, title="T", body="B", anonymous=True)
    assert "Anonymous (you)" in show(ana).content
    assert "Anonymous (you)" not in show(chen).content


def nothing_added(fragment: Fragment) -> bool:
    return (fragment.content, scripts(fragment)) == ("<p>The unit</p>", [])


def test_where_the_switch_is_off_nothing_is_added(lms, ana, show):
    lms.switches.clear()
    assert nothing_added(show(ana))
    assert not Space.objects.exists()


def test_the_switch_is_that_of_the_course(lms, ana, dee, show):
    assert nothing_added(show(dee, unit=UNIT.replace("Incidents", "Kitchen")))
    lms.switch_on("unit_discussion", OTHER_COURSE)
    assert not nothing_added(show(dee, unit=UNIT.replace("Incidents", "Kitchen")))


@pytest.mark.parametrize("own", ["companion_discussion", "companion_questions", "companion_of_next_year"])
def test_a_unit_with_a_block_of_ours_keeps_that_alone(ana, show, own):
    assert nothing_added(show(ana, children=("video", own)))
    assert not Activity.objects.exists()


@pytest.mark.parametrize("children", [(), ("video",), ("discussion",)])
def test_a_unit_with_other_blocks_or_none_gets_it(ana, show, children):
    assert not nothing_added(show(ana, children=children))


@pytest.mark.parametrize("view", ["public_view", "author_view", "studio_view"])
def test_other_views_stay_as_they_are(ana, show, view):
    assert nothing_added(show(ana, view=view))
    assert not Activity.objects.exists()


@pytest.mark.parametrize("user", [None, AnonymousUser()])
def test_who_is_not_signed_in_sees_the_unit_alone(lms, db, show, user):
    assert nothing_added(show(user))
    assert not Space.objects.exists()


def test_who_is_not_enrolled_sees_the_unit_alone_and_leaves_no_trace(dee, show):
    assert nothing_added(show(dee))
    assert not Person.objects.exists()
    assert not Activity.objects.exists()


def test_an_instructor_sees_it_with_the_rights_of_one(ben, visit, show):
    show(ben)
    thread = threads.start_thread(viewer=visit(ben), activity_uid=Activity.objects.get().uid, title="T", body="B")
    threads.hide_post(viewer=visit(ben), thread_id=thread.pk, number=1, reason="An example")
    assert f"/threads/{thread.pk}/" in show(ben).content


def test_a_discussion_that_has_not_opened_shows_its_date(ana, ben, visit, show):
    show(ana)
    uid = Activity.objects.get().uid
    soon = Activity.objects.get().created_at.replace(year=2199)
    spaces.configure_activity(viewer=visit(ben), uid=uid, title="Week 1", settings={}, opens_at=soon)
    assert "2199" in show(ana).content


def test_a_unit_that_was_seen_before_is_read_and_not_written(ana, show):
    show(ana)
    with CaptureQueriesContext(connection) as captured:
        show(ana)
    verbs = [query["sql"].split()[0] for query in captured]
    assert set(verbs) == {"SELECT"}
    # One of them for the cohorts.
    assert len(verbs) <= 8


def test_where_it_fails_the_unit_is_shown_without_it(ana, show, monkeypatch, settings, caplog):
    """As it is configured: `fail_silently`."""
    settings.OPEN_EDX_FILTERS_CONFIG[common.UNIT_FILTER]["fail_silently"] = True
    monkeypatch.setattr("companion.openedx.filters.first_view", lambda *_args, **_kwargs: 1 / 0)
    assert nothing_added(show(ana))
    assert "division by zero" in caplog.text
