"""The models of all areas, where Django looks for them."""

from companion.spaces.models import Activity, Group, GroupMembership, Membership, Organization, Person, Space
from companion.threads.models import AnonymousAuthor, Post, ReadMark, ReadState, Thread

__all__ = [
    "Activity",
    "AnonymousAuthor",
    "Group",
    "GroupMembership",
    "Membership",
    "Organization",
    "Person",
    "Post",
    "ReadMark",
    "ReadState",
    "Space",
    "Thread",
]
