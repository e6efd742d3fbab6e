"""The small values and helpers that everything stands on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from companion import clock, conf, events, keyset, text
from companion.spaces import api as spaces
from companion.spaces.keys import external_key
from companion.threads import api as threads
from companion.threads.paths import MOST_POSTS, branch_of, child_path, is_path
from companion.viewer import Role, Viewer
from companion.web.page import with_query

one_database = pytest.mark.one_database


@one_database
def test_the_clock_can_be_moved_and_moves_back():
    moment = datetime(2030, 1, 2, tzinfo=UTC)
    with clock.at(moment):
        assert clock.now() == moment
    assert clock.now() != moment


@one_database
@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  a \t b\n", "a b"),
        ("\u200bAna\u200b", "Ana"),
        ("e\u0301", "é"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\u202egnp.exe", "gnp.exe"),
        ("a\ud800b", "ab"),
    ],
)
def test_a_line_is_one_line_and_shows_what_it_holds(raw, clean):
    assert text.clean_line(raw) == clean


@one_database
@given(st.text())
def test_cleaning_twice_is_cleaning_once(raw):
    assert text.clean(text.clean(raw)) == text.clean(raw)
    assert text.clean_line(text.clean_line(raw)) == text.clean_line(raw)
    text.clean(raw).encode()


@one_database
@pytest.mark.parametrize("blank", ["", " \n", "\u200b", "\u2060\u200d", "\u0301"])
def test_what_shows_nothing_is_blank(blank):
    assert text.is_blank(blank)


@one_database
@pytest.mark.parametrize("shown", ["a", "?", "👍", "١", "…"])
def test_a_sign_is_enough(shown):
    assert not text.is_blank(shown)


@one_database
@given(st.lists(st.text(), min_size=1, max_size=4), st.lists(st.text(), min_size=1, max_size=4))
def test_keys_differ_where_ids_do(left, right):
    assert (external_key(*left) == external_key(*right)) is (left == right)


@one_database
@given(st.datetimes(timezones=st.just(UTC)), st.integers(0, 2**62))
def test_a_cursor_comes_back_as_it_went(moment, number):
    assert keyset.decode_moment(keyset.encode(moment, number)) == (moment, number)


@one_database
@given(st.text(max_size=40))
def test_any_other_text_is_an_invalid_cursor(cursor):
    try:
        keyset.decode_moment(cursor)
    except keyset.InvalidCursor:
        return
    raise AssertionError(cursor)


@one_database
@given(st.lists(st.integers(2, MOST_POSTS), max_size=30))
def test_paths_sort_as_the_tree_reads(numbers):
    parent = child_path("", 1)
    for number in numbers:
        path = child_path(parent, number)
        assert path > parent or len(parent) == len(path)
        assert is_path(path)
        assert branch_of(path) == path[:8]
        parent = path


@one_database
@pytest.mark.parametrize("number", [0, -1, MOST_POSTS + 1])
def test_a_number_outside_a_thread_has_no_path(number):
    with pytest.raises(ValueError, match="A thread holds"):
        child_path("", number)


@one_database
def test_roles_and_rights():
    viewers = {role: Viewer(organization_id=1, space_id=1, person_id=1, role=role) for role in Role}
    assert [viewer.is_staff for viewer in viewers.values()] == [False, True, True, True]
    assert [viewer.can_configure for viewer in viewers.values()] == [False, False, True, True]


@one_database
def test_a_query_joins_one_that_the_mount_has():
    assert with_query("/a?student=1", {"post": 3, "since": None, "x": ""}, fragment="p") == "/a?student=1&post=3#p"
    assert with_query("/a", {}) == "/a"


@one_database
def test_a_setting_has_a_default_and_an_unknown_one_is_an_error(settings):
    assert conf.get("COMPANION_LTI_ROSTER_HOURS") == 12
    settings.COMPANION_LTI_ROSTER_HOURS = 3
    assert conf.get("COMPANION_LTI_ROSTER_HOURS") == 3
    with pytest.raises(KeyError):
        conf.get("COMPANION_NO_SUCH_SETTING")


def test_a_handler_that_fails_is_logged_and_stops_nobody(db, caplog, django_capture_on_commit_callbacks):
    heard = []

    def fails(event):
        raise RuntimeError("no")

    fact = events.RosterSynced(organization_id=1, space_id=2, active=3, left=0)
    for handler in (fails, heard.append):
        events.subscribe(events.RosterSynced, handler)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            events.announce(fact)
    finally:
        for handler in (fails, heard.append):
            events.unsubscribe(events.RosterSynced, handler)
    assert heard == [fact]
    assert "A handler of RosterSynced failed" in caplog.text


def test_a_promise_is_part_of_the_transaction(db):
    fact = events.RosterSynced(organization_id=1, space_id=2, active=3, left=0)
    inside = []
    events.promise(events.RosterSynced, inside.append)
    events.promise(events.RosterSynced, inside.append)
    try:
        with transaction.atomic():
            events.announce(fact)
            assert inside == [fact]
    finally:
        events.unsubscribe(events.RosterSynced, inside.append)


def test_nothing_is_sent_for_what_was_rolled_back(transactional_db):
    heard = []
    events.subscribe(events.RosterSynced, heard.append)
    try:
        with transaction.atomic():
            events.announce(events.RosterSynced(organization_id=1, space_id=2, active=3, left=0))
            transaction.set_rollback(True)
    finally:
        events.unsubscribe(events.RosterSynced, heard.append)
    assert heard == []


@one_database
def test_every_fact_is_logged_with_ids_only(caplog):
    from companion.subscriptions import SUBSCRIPTIONS, log_fact

    kinds = {kind for kind, _handler in SUBSCRIPTIONS}
    announced = {
        kind
        for kind in vars(events).values()
        if isinstance(kind, type)
        and kind.__doc__
        and kind.__module__ == events.__name__
        # Ids side by side would tell whose posts they were: it is in no log on purpose.
        and kind.__name__ not in {"Event", "PostsRewritten"}
    } - {events.ThreadEvent, events.PostEvent}
    assert announced <= kinds
    with caplog.at_level("INFO", logger="companion.facts"):
        log_fact(events.RosterSynced(organization_id=1, space_id=2, active=3, left=0))
    assert "RosterSynced(organization_id=1, space_id=2, active=3, left=0)" in caplog.text


@pytest.mark.parametrize(("name", "value"), [("COMPANION_RETIRED_POSTS", "remove"), ("COMPANION_NAMES", "nickname")])
def test_a_misspelt_setting_is_said_and_not_passed_over(settings, name, value):
    setattr(settings, name, value)
    with pytest.raises(ImproperlyConfigured, match=f"{name} is '{value}'; it takes '"):
        conf.get(name)
    assert [error.id for error in run_checks() if name in error.msg] == ["companion.E001"]


@pytest.mark.parametrize("name", ["\u3164", "\u2800\u2800", "\u200e", "\u0301", "\u00ad"])
def test_a_name_that_cannot_be_seen_is_none(course, name):
    facts = {"organization_id": course.space.organization_id, "issuer": course.space.issuer, "subject": "blank"}
    assert spaces.admit_person(**facts, name=name).name == ""


def test_the_admin_site_lists_nothing_of_a_person_that_it_deletes(course, admin_client):
    threads.start_thread(viewer=course.ana, activity_uid=course.activity.uid, title="Shy", body="B", anonymous=True)
    page = admin_client.get(f"/admin/companion/person/{course.ana.person_id}/delete/")
    assert (page.status_code, "nonymous" in page.content.decode()) == (200, False)
    asked = {"action": "delete_selected", "_selected_action": [course.ana.person_id]}
    assert "nonymous" not in admin_client.post("/admin/companion/person/", asked).content.decode()
