"""The verbs of people who write: start, reply, edit, take back."""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Max, Q
from django.utils.translation import gettext

from companion import clock, markdown
from companion.errors import Conflict, InvalidInput, NotAllowed
from companion.events import PostAdded, PostDeleted, PostEdited, ThreadStarted, announce
from companion.spaces.api import Activity, get_activity
from companion.spaces.kinds import Anonymity
from companion.spaces.permissions import can_read_activity
from companion.text import clean, clean_line, count_words, is_blank
from companion.threads import permissions
from companion.threads.locks import get_locked_post, get_locked_thread
from companion.threads.models import BODY_LIMIT, TITLE_LIMIT, AnonymousAuthor, Post, ReadState, Thread
from companion.threads.paths import MOST_POSTS, child_path
from companion.threads.reading import must_be_mine
from companion.viewer import Viewer


@transaction.atomic
def start_thread(
    *,
    viewer: Viewer,
    activity_uid: UUID,
    title: str,
    body: str,
    anonymous: bool = False,
    submission: str = "",
) -> Thread:
    """A new thread with its opening post.

    `submission` is the random id of the form: the same form with the same words again gives the thread it made.
    Raises NotFound, NotAllowed (closed, or only the staff starts threads here), InvalidInput.
    """
    activity = get_activity(viewer=viewer, uid=activity_uid)
    must_be_able_to_start(viewer=viewer, activity=activity)
    title, body = _checked_texts(title, body)
    digest = _digest(submission, viewer, activity.pk, title, body)
    earlier = _already_sent(digest)
    if earlier is not None:
        return earlier.thread
    anonymous = _checked_anonymity(anonymous, activity.discussion.anonymity)
    author = _author_fields(viewer, pseudonym=1 if anonymous else None)
    now = clock.now()
    try:
        with transaction.atomic():
            thread = Thread.objects.create(
                activity=activity, space_id=activity.space_id, title=title, created_at=now, last_at=now, **author
            )
            post = Post.objects.create(
                thread=thread,
                number=1,
                path=child_path("", 1),
                body=body,
                html=markdown.render(body),
                words=count_words(body),
                created_at=now,
                submission=digest,
                **author,
            )
    except IntegrityError:
        return _sent_meanwhile(digest).thread
    if anonymous:
        AnonymousAuthor.objects.create(thread=thread, number=1, person_id=viewer.person_id)
    ReadState.objects.create(person_id=viewer.person_id, thread=thread, seen_number=1)
    announce(ThreadStarted(**thread.place(viewer), person_id=post.author_id))
    return thread


def must_be_able_to_start(*, viewer: Viewer, activity: Activity) -> None:
    """Raises NotAllowed, saying why, where the viewer cannot start a thread in this activity now."""
    if permissions.can_start_thread(viewer, activity):
        return
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
    anonymous: bool = False,
    submission: str = "",
) -> Post:
    """A reply to the post `parent_number` of a thread.

    Numbers have no gaps and no doubles: the thread's row is locked while one is given out. The same form with the
    same words again gives the reply it made. Raises NotFound, NotAllowed (locked, closed), Conflict (the post was
    deleted or hidden meanwhile), InvalidInput.
    """
    body = _checked_body(body)
    thread = get_locked_thread(viewer=viewer, thread_id=thread_id)
    digest = _digest(submission, viewer, thread.pk, parent_number, body)
    earlier = _already_sent(digest)
    if earlier is not None:
        return earlier
    if not permissions.can_reply(viewer, thread):
        raise NotAllowed(_why_not_reply(thread))
    parent = Post.objects.filter(thread_id=thread.pk, number=parent_number).defer("body", "html").first()
    if parent is None or not parent.is_shown:
        raise Conflict(gettext("The post that you answer is no longer there. Your text is kept below."))
    if thread.last_number >= MOST_POSTS:
        raise NotAllowed(gettext("This thread is full. Please start a new one."))
    anonymous = _checked_anonymity(anonymous, thread.activity.discussion.anonymity)
    number, now = thread.last_number + 1, clock.now()
    post = Post(
        thread=thread,
        number=number,
        parent=parent,
        path=child_path(parent.path, number),
        body=body,
        html=markdown.render(body),
        words=count_words(body),
        created_at=now,
        submission=digest,
        **_author_fields(viewer, pseudonym=_pseudonym(viewer, thread) if anonymous else None),
    )
    post.save(force_insert=True)
    Thread.objects.filter(pk=thread.pk).update(
        last_number=number, reply_count=F("reply_count") + 1, last_at=now, version=F("version") + 1
    )
    _see_own(viewer, thread, number)
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


@transaction.atomic
def edit_post(
    *, viewer: Viewer, thread_id: int, number: int, body: str, title: str = "", version: int | None = None
) -> Post:
    """Change one's own words (of the opening post, its title too).

    `version` is the one the form was made from. Raises NotFound, NotAllowed, InvalidInput, and Conflict where the
    post was changed in between.
    """
    post = get_locked_post(viewer=viewer, thread_id=thread_id, number=number)
    must_be_mine(viewer=viewer, post=post)
    if not permissions.can_edit(viewer, post, is_mine=True):
        raise NotAllowed(gettext("This post can no longer be changed: the discussion is closed or locked."))
    if version is not None and version != post.version:
        raise Conflict(gettext("This post was changed in another window meanwhile. Your text is kept below."))
    if post.is_opening:
        title, body = _checked_texts(title, body)
    else:
        body = _checked_body(body)
    if body == post.body and (not post.is_opening or title == post.thread.title):
        return post
    post.body, post.html, post.words = body, markdown.render(body), count_words(body)
    post.edited_at, post.version = clock.now(), post.version + 1
    post.save(update_fields=["body", "html", "words", "edited_at", "version"])
    changes = {"title": title} if post.is_opening else {}
    Thread.objects.filter(pk=post.thread_id).update(version=F("version") + 1, **changes)
    announce(PostEdited(**post.thread.place(viewer), post_id=post.pk, number=number))
    return post


@transaction.atomic
def delete_post(*, viewer: Viewer, thread_id: int, number: int) -> None:
    """Take one's own post back. Where others have answered, a tombstone keeps the place.

    Deleting twice is deleting once. Raises NotFound, NotAllowed.
    """
    post = get_locked_post(viewer=viewer, thread_id=thread_id, number=number)
    must_be_mine(viewer=viewer, post=post)
    if post.deleted_at is not None:
        return
    was_shown = post.hidden_at is None
    post.deleted_at = clock.now()
    post.save(update_fields=["deleted_at"])
    thread = post.thread
    if post.is_opening:
        has_replies = thread.last_number > 1 and thread.posts.filter(number__gt=1, deleted_at=None).exists()
        thread.is_withdrawn = True
        thread.deleted_at = None if has_replies else post.deleted_at
    elif was_shown:
        thread.reply_count -= 1
    thread.version += 1
    thread.save(update_fields=["is_withdrawn", "deleted_at", "reply_count", "version"])
    announce(PostDeleted(**thread.place(viewer), post_id=post.pk, number=number))


def _pseudonym(viewer: Viewer, thread: Thread) -> int:
    """The viewer's number among the anonymous authors of this thread, a new one at their first anonymous post.

    Asked again behind the lock: the same person may post from two windows at once.
    """
    mine = Max("number", filter=Q(person_id=viewer.person_id))
    used = AnonymousAuthor.objects.filter(thread_id=thread.pk).aggregate(mine=mine, last=Max("number"))
    number: int = used["mine"] or (used["last"] or 0) + 1
    if not used["mine"]:
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
    return sha256("\x1f".join([submission, str(viewer.person_id), *map(str, parts)]).encode()).hexdigest()


def _checked_anonymity(wanted: bool, policy: Anonymity) -> bool:
    if wanted and not permissions.may_be_anonymous(policy):
        raise InvalidInput(
            {"anonymous": gettext("Posts show names here. Nothing was posted; your text is kept below.")}
        )
    return wanted


def _checked_texts(title: str, body: str) -> tuple[str, str]:
    errors: dict[str, str] = {}
    title = clean_line(title)
    if is_blank(title):
        errors["title"] = gettext("Give it a title, so that others see what it is about.")
    elif len(title) > TITLE_LIMIT:
        errors["title"] = gettext("At most %(limit)d characters, please.") % {"limit": TITLE_LIMIT}
    try:
        body = _checked_body(body)
    except InvalidInput as invalid:
        errors |= invalid.errors
    if errors:
        raise InvalidInput(errors)
    return title, body


def _checked_body(body: str) -> str:
    if len(body) > BODY_LIMIT:
        raise InvalidInput(
            {
                "body": gettext("At most %(limit)d characters, please; this has %(length)d.")
                % {"limit": BODY_LIMIT, "length": len(body)}
            }
        )
    body = clean(body).strip("\n")
    if is_blank(body):
        raise InvalidInput({"body": gettext("Write something first.")})
    return body


def _why_not_reply(thread: Thread) -> str:
    if thread.is_locked:
        return gettext("This thread is locked: you can read it, but not reply.")
    if thread.hidden_at is not None:
        return gettext("This thread is hidden, so nobody can reply to it.")
    return gettext("This discussion is closed: you can read it, but not write any more.")
