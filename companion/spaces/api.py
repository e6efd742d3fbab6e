"""Verbs and readings of organizations, people, spaces and activities.

The hosts (LTI, XBlock) call the first half at each launch; every other area gets its activities through
`get_activity`. `Person`, `Space` and `Activity` rows may be read by callers, never written.
"""

from companion.spaces.activities import (
    configure_activity,
    create_activity,
    ensure_activity,
    find_activity,
    follow_activity,
    get_activity,
    list_activities,
    must_configure,
    preview_activity,
)
from companion.spaces.models import Activity, Organization, Person, Space
from companion.spaces.people import (
    admit_person,
    enrol,
    ensure_organization,
    ensure_space,
    find_organization,
    find_person,
    find_space,
    forget_person,
    leave_space,
    note_visit,
    record_membership,
    set_groups,
)
from companion.spaces.roster import (
    RosterMember,
    active_people,
    sync_roster,
)

__all__ = [
    "Activity",
    "Organization",
    "Person",
    "RosterMember",
    "Space",
    "active_people",
    "admit_person",
    "configure_activity",
    "create_activity",
    "enrol",
    "ensure_activity",
    "ensure_organization",
    "ensure_space",
    "find_activity",
    "find_organization",
    "find_person",
    "find_space",
    "follow_activity",
    "forget_person",
    "get_activity",
    "leave_space",
    "list_activities",
    "must_configure",
    "note_visit",
    "preview_activity",
    "record_membership",
    "set_groups",
    "sync_roster",
]
