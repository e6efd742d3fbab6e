"""Who is where: people known by (issuer, subject), spaces, memberships, groups, rosters, activities."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from companion import clock, events
from companion.errors import InvalidInput, NotAllowed, NotFound
from companion.models import Activity, Group, Membership, Person
from companion.spaces import api as spaces
from companion.spaces.kinds import Anonymity, DiscussionSettings, Starters, read_settings, write_settings
from companion.viewer import Role
from tests.people import ISSUER, join, outsider
from tests.people import course as make_course


def member(subject: str, role: Role = Role.LEARNER, **facts) -> spaces.RosterMember:
    return spaces.RosterMember(subject=subject, role=role, **facts)


def active_names(course) -> set[str]:
    return set(
        Person.objects.filter(pk__in=spaces.active_people(space_id=course.space.pk)).values_list("subject", flat=True)
    )


def test_it_works(course):
    assert active_names(course) == {"ana", "ben", "chen", "17"}
    assert [activity.title for activity in spaces.list_activities(viewer=course.ana)] == ["Discuss the unit"]


def test_a_person_is_refreshed_at_each_launch_and_a_withheld_name_is_forgotten(course):
    facts = {"organization_id": course.space.organization_id, "issuer": ISSUER, "subject": "ana"}
    again = spaces.admit_person(**facts, name="Ana  Ruiz\u200b", email="a@example.test", picture_url="https://x/p.png")
    assert (again.pk, again.name, again.email) == (course.ana.person_id, "Ana Ruiz", "a@example.test")
    assert spaces.admit_person(**facts, picture_url="javascript:x").picture_url == ""
    assert Person.objects.get(pk=again.pk).name == ""


def test_the_same_subject_elsewhere_is_somebody_else(course):
    other = make_course(organization="Elsewhere")
    third = make_course(issuer="https://lms.example platform 2")
    assert len({course.ana.person_id, other.ana.person_id, third.ana.person_id}) == 3
    assert len({course.space.pk, other.space.pk, third.space.pk}) == 3


def test_ids_that_differ_by_case_accent_or_space_are_different_people(db):
    owner = spaces.ensure_organization(name="Northwind")
    people = {
        spaces.admit_person(organization_id=owner.pk, issuer="i", subject=subject).pk
        for subject in ("a", "A", "á", "a ", "x" * 255, "x" * 254 + "y")
    }
    assert len(people) == 6


def test_an_organization_needs_a_name(db):
    assert spaces.ensure_organization(name="Northwind").pk == spaces.ensure_organization(name=" northwind ").pk
    assert spaces.ensure_organization(name="北風").slug
    with pytest.raises(InvalidInput):
        spaces.ensure_organization(name=" ")


def test_a_space_follows_the_platforms_title_but_does_not_lose_it(course):
    facts = {"organization_id": course.space.organization_id, "issuer": ISSUER, "external_id": "c1"}
    assert spaces.ensure_space(**facts, title="Renamed").title == "Renamed"
    assert spaces.ensure_space(**facts).title == "Renamed"


def test_a_role_is_what_the_last_launch_said(course):
    for role in (Role.INSTRUCTOR, Role.LEARNER):
        spaces.record_membership(space_id=course.space.pk, person_id=course.ana.person_id, role=role)
        assert Membership.objects.get(person_id=course.ana.person_id).role == role


def test_a_roster_adds_reactivates_and_lets_go(course, heard):
    with heard() as facts:
        counts = spaces.sync_roster(
            space_id=course.space.pk,
            issuer=ISSUER,
            members=[
                member("ana"),
                member("ben"),
                member("eve", Role.ASSISTANT, name="Eve"),
                member("gone", active=False),
            ],
        )
    # Chen and the nameless one were launched and never listed, so this first roster says nothing about them.
    assert counts == (3, 0)
    assert active_names(course) == {"ana", "ben", "eve", "chen", "17"}
    everybody = [member(subject) for subject in ("ana", "ben", "chen", "17")]
    assert spaces.sync_roster(space_id=course.space.pk, issuer=ISSUER, members=everybody) == (4, 1)
    rest = [*everybody[:2], member("chen", active=False)]
    assert spaces.sync_roster(space_id=course.space.pk, issuer=ISSUER, members=rest) == (2, 2)
    assert active_names(course) == {"ana", "ben"}
    assert facts == [
        events.RosterSynced(organization_id=course.space.organization_id, space_id=course.space.pk, active=3, left=0)
    ]
    spaces.record_membership(space_id=course.space.pk, person_id=course.chen.person_id, role=Role.LEARNER)
    assert "chen" in active_names(course)


def test_a_launch_knows_a_role_better_than_a_roster(course):
    """Moodle's roster calls a non-editing teacher a learner; the launch does not."""
    listed = [member("ben", Role.LEARNER), member("new", Role.LEARNER)]
    spaces.sync_roster(space_id=course.space.pk, issuer=ISSUER, members=listed)
    spaces.sync_roster(space_id=course.space.pk, issuer=ISSUER, members=[listed[0], member("new", Role.INSTRUCTOR)])
    roles = dict(Membership.objects.values_list("person__subject", "role"))
    assert (roles["ben"], roles["new"]) == ("instructor", "instructor")


def test_a_roster_of_two_thousand_takes_few_queries(course, django_assert_max_num_queries):
    members = [member(f"m{number}", name=f"Member {number}") for number in range(2_000)]
    with django_assert_max_num_queries(60):
        spaces.sync_roster(space_id=course.space.pk, issuer=ISSUER, members=members)
    assert len(spaces.active_people(space_id=course.space.pk)) == 2_004


def test_groups_are_exactly_what_was_said(course):
    def groups(*names: str) -> set[str]:
        ids = spaces.set_groups(space_id=course.space.pk, person_id=course.ana.person_id, external_ids=names)
        return set(Group.objects.filter(pk__in=ids).values_list("external_id", flat=True))

    assert groups("1", "2", "", "2") == {"1", "2"}
    assert groups("2", "3") == {"2", "3"}
    assert set(Group.objects.filter(people__pk=course.ana.person_id).values_list("external_id", flat=True)) == {
        "2",
        "3",
    }
    assert Group.objects.count() == 3


# -- activities ------------------------------------------------------------------------------------------------


def test_an_activity_is_created_once_for_its_link(course, heard):
    with heard() as facts:
        made = [
            spaces.create_activity(viewer=course.ben, title=title, external_id="second") for title in ("One", "Two")
        ]
    assert made[0].pk == made[1].pk
    assert [type(fact) for fact in facts] == [events.ActivityConfigured]


def test_only_instructors_place_and_change_activities(course):
    tia = join(course.space, "tia", "Tia", Role.ASSISTANT)
    for viewer in (course.ana, tia):
        with pytest.raises(NotAllowed):
            spaces.create_activity(viewer=viewer, title="T", external_id="x")
        with pytest.raises(NotAllowed):
            spaces.configure_activity(viewer=viewer, uid=course.activity.uid, title="T", settings={})
    with pytest.raises(NotFound):
        spaces.configure_activity(viewer=outsider(), uid=course.activity.uid, title="T", settings={})


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"title": " "}, {"title"}),
        ({"title": "x" * 201}, {"title"}),
        ({"settings": {"anonymity": "maybe", "starters": ""}}, {"anonymity", "starters"}),
        ({"settings": {"prompt": "x" * 5_001}}, {"prompt"}),
        ({"settings": {"prompt": 7}}, {"prompt"}),
        ({"closes_at": clock.now() - timedelta(days=1), "opens_at": clock.now()}, {"closes_at"}),
    ],
)
def test_settings_that_make_no_sense_are_refused_in_words(course, changes, fields):
    facts = {"title": "T", "settings": {}} | changes
    with pytest.raises(InvalidInput) as refused:
        spaces.configure_activity(viewer=course.ben, uid=course.activity.uid, **facts)
    assert set(refused.value.errors) == fields


def test_settings_come_back_as_they_were_written():
    settings = DiscussionSettings(prompt="Why?", anonymity=Anonymity.DEFAULT, starters=Starters.STAFF)
    assert read_settings("discussion", write_settings(settings)) == settings
    assert read_settings("discussion", {"from_a_later_version": 1}) == DiscussionSettings()
    for kind, raw in (("nonsense", {}), ("discussion", [])):
        with pytest.raises(InvalidInput):
            read_settings(kind, raw)


def test_a_copy_takes_the_settings_and_nothing_else(course):
    spaces.configure_activity(
        viewer=course.ben, uid=course.activity.uid, title="T", settings={"prompt": "**Why?**", "anonymity": "off"}
    )
    original = spaces.get_activity(viewer=course.ben, uid=course.activity.uid)
    copy = spaces.ensure_activity(space_id=course.space.pk, external_id="copied", title="Copy", like=original)
    assert (copy.discussion, copy.prompt_html, copy.title) == (original.discussion, original.prompt_html, "Copy")
    assert copy.pk != original.pk


def test_an_activity_is_found_within_its_organization_only(course):
    owner = course.space.organization_id
    assert spaces.find_activity(organization_id=owner, uid=course.activity.uid) == course.activity
    assert spaces.find_activity(organization_id=owner + 99, uid=course.activity.uid) is None


@pytest.mark.parametrize(
    "changes", [{"kind": "nonsense"}, {"opens_at": clock.now(), "closes_at": clock.now() - timedelta(days=1)}]
)
def test_the_database_keeps_the_promise_too(course, changes):
    with pytest.raises(IntegrityError), transaction.atomic():
        Activity.objects.filter(pk=course.activity.pk).update(**changes)
