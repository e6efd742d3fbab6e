"""The one function that names an author. Pages, feeds, exports and logs never touch the person behind a post."""

from dataclasses import dataclass

from django.utils.translation import gettext

from companion.threads.models import Post, Thread
from companion.viewer import Role, Viewer

# Stands where a person's role would: nobody wrote this one.
COURSE = "course"
# Nobody wrote this either: it leads to a post that stands in another thread now.
MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorLabel:
    """What may be shown of an author to one viewer.

    `badge` is a word for staff, else empty. `initials` and `hue` (0-11) draw the avatar; both are made of what
    `name` already says.
    """

    name: str
    badge: str = ""
    is_you: bool = False
    is_anonymous: bool = False
    initials: str = ""
    hue: int = 0


def author_label(post: Post | Thread, viewer: Viewer, *, is_mine: bool) -> AuthorLabel:
    """Name the author of a post for this viewer: as they were called when they wrote, or by their pseudonym.

    An anonymous author is named to nobody, the staff included; to themselves it says "Anonymous (you)".
    """
    if post.pseudonym is not None:
        if is_mine:
            name = gettext("Anonymous (you)")
        else:
            name = gettext("Learner %(number)d") % {"number": post.pseudonym}
        return AuthorLabel(name=name, is_you=is_mine, is_anonymous=True, initials="?", hue=post.pseudonym % 12)
    if post.author_name:
        name, initials, hue = post.author_name, _initials(post.author_name), sum(map(ord, post.author_name))
    elif post.author_role == COURSE:
        # A thread that the activity itself keeps around its training event.
        name, initials, hue = gettext("Course team"), "✦", 0
    elif post.author_id is not None:
        # A platform that withholds names sends only an id; a number keeps two nameless people apart.
        name, hue = gettext("Participant %(number)d") % {"number": post.author_id}, post.author_id
        initials = str(post.author_id % 100)
    else:
        name, initials, hue = gettext("Former participant"), "–", 0
    return AuthorLabel(
        name=gettext("%(name)s (you)") % {"name": name} if is_mine else name,
        badge=_badge(post.author_role),
        is_you=is_mine,
        initials=initials,
        hue=hue % 12,
    )


def endorser_label(post: Post) -> str:
    """The name of whoever endorsed a post, as they were called then; "" where nobody did."""
    if post.endorsed_at is None:
        return ""
    return post.endorsed_name or gettext("Former participant")


def _initials(name: str) -> str:
    words = [word for word in name.split() if word[0].isalnum()] or [name]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def _badge(role: str) -> str:
    if role == Role.ASSISTANT:
        return gettext("Assistant")
    if role in (Role.INSTRUCTOR, Role.ADMINISTRATOR):
        return gettext("Instructor")
    return ""
