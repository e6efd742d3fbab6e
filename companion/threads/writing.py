"""The verbs of people who write: start a thread, reply."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Min
from django.utils.translation import gettext

from companion import clock, conf, limits
from companion.errors import Conflict, InvalidInput, NotAllowed, TooMany
from companion.events import PostAdded, ThreadStarted, announce
from companion.markdown import PICTURE
from companion.spaces import api as spaces
from companion.spaces.api import Activity, get_activity
from companion.spaces.kinds import Anonymity, Groups
from companion.spaces.permissions import can_read_activity
from companion.threads import permissions
from companion.threads.announcing import forget_announced
from companion.threads.following import follow_by_taking_part
from companion.threads.gates import is_mine, must_write_first
from companion.threads.locks import get_locked_thread, last_pseudonym
from companion.threads.mentions import NOBODY, closed_group
from companion.threads.models import AnonymousAuthor, Kind, Post, ReadState, Thread
from companion.threads.paths import MOST_POSTS, child_path
from companion.threads.texts import checked_body, checked_second, checked_texts, read_text
from companion.viewer import Viewer

WINDOW = timedelta(minutes=10)


@transaction.atomic
def start_thread(
    *,
    viewer: Viewer,
    activity_uid: UUID,
    title: str,
    body: str,
    kind: Kind = Kind.DISCUSSION,
    second: int | None = None,
    group_id: int | None = None,
    to_space: bool = False,
    is_private: bool = False,
    anonymous: bool = False,
    submission: str = "",
) -> Thread:
    """A new thread with its opening post.

    A question may be private: only its author and the staff see it, and those whom a gate above opens it to.
    `second` is a place in the activity's video; `group_id` a group of the viewer's (needed where they have several;
    for the staff None is everybody); `to_space` shows an announcement in every activity of the course.
    `submission` is the random id of the form: the same form with the same words again gives the thread it made.
    Raises NotFound, NotAllowed (closed, muted, only the staff starts threads here), InvalidInput, TooMany.
    """
    activity = get_activity(viewer=viewer, uid=activity_uid)
    must_be_able_to_start(viewer=viewer, activity=activity)
    title, body = checked_texts(title, body)
    digest = _digest(submission, viewer, activity.pk, title, body)
    earlier = _already_sent(digest)
    if earlier is not None:
        return earlier.thread
    spaces.must_not_be_muted(viewer=viewer)
    settings = activity.discussion
    anonymous = _checked_anonymity(anonymous, settings.anonymity)
    kind = _checked_kind(viewer, kind, to_space=to_space, is_private=is_private)
    group_id = _checked_group(viewer, settings.groups, group_id)
    second = checked_second(second, video=settings.video)
    _count_post(viewer)
    alone = NOBODY if is_private else group_id if settings.groups is Groups.SEPARATE else None
    text = read_text(body, viewer=viewer, activity_id=activity.pk, group_id=alone)
    author = _author_fields(viewer, pseudonym=1 if anonymous else None)
    now = clock.now()
    try:
        with transaction.atomic():
            thread = Thread.objects.create(
                activity=activity,
                space_id=activity.space_id,
                title=title,
                kind=kind,
                second=second,
                group_id=group_id,
                to_space=to_space,
                is_private=is_private,
                created_at=now,
                last_at=now,
                **author,
            )
            post = Post(
                thread=thread,
                number=1,
                path=child_path("", 1),
                second=second,
                created_at=now,
                submission=digest,
                **text.fields,
                **author,
            )
            post.save(force_insert=True)
    except IntegrityError:
        return _sent_meanwhile(digest).thread
    text.save_with(viewer=viewer, thread=thread, post=post, is_new=True)
    if anonymous:
        AnonymousAuthor.objects.create(thread=thread, number=1, person_id=viewer.person_id)
    ReadState.objects.create(person_id=viewer.person_id, thread=thread, seen_number=1)
    follow_by_taking_part(viewer=viewer, thread=thread, is_new=True)
    if to_space:
        forget_announced(activity.space_id)
    announce(ThreadStarted(**thread.place(viewer), person_id=post.author_id))
    return thread


def must_be_able_to_start(*, viewer: Viewer, activity: Activity) -> None:
    """Raises NotAllowed, saying why, where the viewer cannot start a thread in this activity now."""
    if permissions.can_start_thread(viewer, activity):
        return
    if activity.asks_back:
        raise NotAllowed(gettext("A series of prompts holds no threads."))
    if not can_read_activity(viewer, activity):
        raise NotAllowed(gettext("This discussion has not opened yet."))
    if activity.has_closed():
        raise NotAllowed(gettext("This discussion is closed: you can read it, but not write any more."))
    raise NotAllowed(gettext("Here the course staff starts the threads; you can reply to them."))


@transaction.atomic
def add_reply(
    *,
    viewer: Viewer,
    thread_id: int,
    parent_number: int = 1,
    body: str,
    second: int | None = None,
    anonymous: bool = False,
    submission: str = "",
) -> Post:
    """A reply to the post `parent_number` of a thread.

    Numbers have no gaps and no doubles: the thread's row is locked while one is given out. The same form with the
    same words again gives the reply it made. Raises NotFound, NotAllowed (locked, closed, muted, moved), Conflict
    (the post was deleted or hidden meanwhile), InvalidInput, TooMany.
    """
    body = checked_body(body)
    thread = get_locked_thread(viewer=viewer, thread_id=thread_id)
    digest = _digest(submission, viewer, thread.pk, parent_number, body)
    if digest is None:
        return _add(viewer, thread, parent_number, body, digest, second=second, anonymous=anonymous)
    try:
        with transaction.atomic():
            return _add(viewer, thread, parent_number, body, digest, second=second, anonymous=anonymous)
    except (IntegrityError, NotAllowed, Conflict, TooMany):
        # Sent before: then it is there, whatever would be said to a new one.
        earlier = _already_sent(digest)
        if earlier is None:
            raise
        if earlier.thread_id == thread.pk:
            earlier.thread = thread
        return earlier


def _add(
    viewer: Viewer,
    thread: Thread,
    parent_number: int,
    body: str,
    digest: str | None,
    *,
    second: int | None,
    anonymous: bool,
) -> Post:
    if not permissions.can_reply(viewer, thread):
        raise NotAllowed(_why_not_reply(viewer, thread))
    parent = _answered(viewer, thread, parent_number)
    if thread.last_number >= MOST_POSTS:
        raise NotAllowed(gettext("This thread is full. Please start a new one."))
    spaces.refuse_muted(thread.muted_reason)  # type: ignore[attr-defined]
    settings = thread.activity.discussion
    anonymous = _checked_anonymity(anonymous, settings.anonymity)
    second = checked_second(second, video=settings.video)
    _count_post(viewer)
    text = read_text(body, viewer=viewer, activity_id=thread.activity_id, group_id=closed_group(thread))
    number, now = thread.last_number + 1, clock.now()
    post = Post(
        thread=thread,
        number=number,
        parent=parent,
        path=child_path(parent.path, number),
        second=second,
        created_at=now,
        changed=thread.version + 1,
        submission=digest,
        **text.fields,
        **_author_fields(viewer, pseudonym=_pseudonym(viewer, thread) if anonymous else None),
    )
    post.save(force_insert=True)
    Thread.objects.filter(pk=thread.pk).update(
        last_number=number, reply_count=F("reply_count") + 1, last_at=now, version=F("version") + 1
    )
    if not parent.has_replies:
        Post.objects.filter(pk=parent.pk).update(has_replies=True)
    text.save_with(viewer=viewer, thread=thread, post=post, is_new=True)
    _see_own(viewer, thread, number)
    follow_by_taking_part(viewer=viewer, thread=thread)
    thread.last_number = number
    announce(
        PostAdded(
            **thread.place(viewer),
            post_id=post.pk,
            number=number,
            parent_number=parent_number,
            person_id=post.author_id,
        )
    )
    return post


def _answered(viewer: Viewer, thread: Thread, number: int) -> Post:
    """The post that is replied to. Raises Conflict where it is gone, or may not be read yet."""
    parent = Post.objects.filter(thread_id=thread.pk, number=number).defer("body", "html").first()
    if parent is not None and parent.is_shown:
        parent.thread = thread
        if number == 1 or is_mine(viewer, parent) or not must_write_first(viewer, thread):
            return parent
    raise Conflict(gettext("The post that you answer is no longer there. Your text is kept below."))


def _count_post(viewer: Viewer) -> None:
    """So many posts in ten minutes, five times as many for the staff. Raises TooMany."""
    most = int(conf.get("COMPANION_MOST_POSTS")) * (5 if viewer.is_staff else 1)
    limits.take(person_id=viewer.person_id, what="posts", most=most, window=WINDOW)


def _pseudonym(viewer: Viewer, thread: Thread) -> int:
    """The viewer's number among the anonymous authors of this thread, a new one at their first anonymous post.

    Asked again behind the lock: the same person may post from two windows at once.
    """
    mine = AnonymousAuthor.objects.filter(thread_id=thread.pk, person_id=viewer.person_id)
    number: int | None = mine.aggregate(number=Min("number"))["number"]
    if number is None:
        number = last_pseudonym(thread) + 1
        AnonymousAuthor.objects.create(thread_id=thread.pk, person_id=viewer.person_id, number=number)
    thread.my_pseudonym = number  # type: ignore[attr-defined]
    return number


def _author_fields(viewer: Viewer, *, pseudonym: int | None) -> dict[str, object]:
    """What a post keeps of its author: name and role as they are now, or nothing but the pseudonym."""
    if pseudonym is not None:
        return {"pseudonym": pseudonym}
    return {"author_id": viewer.person_id, "author_name": viewer.name, "author_role": viewer.role.value}


def _see_own(viewer: Viewer, thread: Thread, number: int) -> None:
    """Somebody up to date stays so by writing; unread posts of others are not skipped over."""
    ReadState.objects.filter(person_id=viewer.person_id, thread_id=thread.pk, seen_number=number - 1).update(
        seen_number=number
    )


def _already_sent(digest: str | None) -> Post | None:
    return Post.objects.filter(submission=digest).select_related("thread").first() if digest else None


def _sent_meanwhile(digest: str | None) -> Post:
    earlier = _already_sent(digest)
    if earlier is None:
        raise Conflict(gettext("That did not work. Please send it again."))
    return earlier


def _digest(submission: str, viewer: Viewer, *parts: object) -> str | None:
    """The person is part of it and cannot be read from it: the form's random id is stored nowhere else."""
    if not submission:
        return None
    told = "\x1f".join([submission, str(viewer.person_id), *map(str, parts)])
    # A picture that comes with the form gets a new random name each time: two sent forms are one post all the same.
    return sha256(PICTURE.sub("", told).encode()).hexdigest()


def _checked_anonymity(wanted: bool, policy: Anonymity) -> bool:
    if wanted and not permissions.may_be_anonymous(policy):
        raise InvalidInput(
            {"anonymous": gettext("Posts show names here. Nothing was posted; your text is kept below.")}
        )
    return wanted


def _checked_kind(viewer: Viewer, kind: Kind, *, to_space: bool, is_private: bool) -> Kind:
    if not permissions.can_start_kind(viewer, kind):
        raise InvalidInput({"kind": gettext("Only the course staff announces.")})
    if to_space and kind is not Kind.ANNOUNCEMENT:
        raise InvalidInput({"to_space": gettext("Only an announcement goes to the whole course.")})
    if is_private and kind is not Kind.QUESTION:
        raise InvalidInput({"is_private": gettext("Only a question is asked of the experts alone.")})
    return kind


def _checked_group(viewer: Viewer, groups: Groups, group_id: int | None) -> int | None:
    """The group that a thread is for: the only one that somebody has, the one they chose, or (staff) everybody."""
    if groups is Groups.NONE:
        return None
    own = [pk for pk, _name in spaces.list_groups(viewer=viewer)]
    if group_id is None and viewer.is_staff:
        return None
    if group_id is None and len(own) == 1:
        return own[0]
    if group_id in own:
        return group_id
    if not own:
        raise InvalidInput(
            {"group": gettext("Threads belong to groups here, and you are in none. Please ask the course staff.")}
        )
    raise InvalidInput({"group": gettext("Choose the group that this is for.")})


def _why_not_reply(viewer: Viewer, thread: Thread) -> str:
    if thread.moved_to_id is not None:
        return gettext("This thread has moved. Your text is kept below.")
    if thread.is_locked:
        return gettext("This thread is locked: you can read it, but not reply.")
    if thread.hidden_at is not None:
        return gettext("This thread is hidden, so nobody can reply to it.")
    if not permissions.is_of_own_group(viewer, thread) and not thread.activity.has_closed():
        return gettext("This thread is another group's: you can read it, but not reply.")
    return gettext("This discussion is closed: you can read it, but not write any more.")
