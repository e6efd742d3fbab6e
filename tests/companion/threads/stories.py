"""What the stories of threads have in common: short verbs, what somebody sees, and counts counted again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import Barrier
from typing import Any

from django.db import connection
from PIL import Image

from companion.errors import CompanionError
from companion.models import HelpfulMark, MovedPost, Post, Thread
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.threads.authors import MOVED
from companion.threads.paths import child_path
from companion.viewer import Viewer
from tests.people import Course


def start(course: Course, viewer: Viewer | None = None, **changes: Any) -> threads.Thread:
    facts = {"title": "Who declares?", "body": "Is it me?"} | changes
    return threads.start_thread(viewer=viewer or course.ana, activity_uid=course.activity.uid, **facts)


def reply(viewer: Viewer, thread: threads.Thread, body: str = "Reply", *, to: int = 1, **changes: Any) -> threads.Post:
    return threads.add_reply(viewer=viewer, thread_id=thread.pk, parent_number=to, body=body, **changes)


def read(viewer: Viewer, thread: threads.Thread, **how: Any) -> threads.PostPage:
    found = threads.get_thread(viewer=viewer, thread_id=thread.pk)
    return threads.read_thread(viewer=viewer, thread=found, **how)


def numbers(viewer: Viewer, thread: threads.Thread, **how: Any) -> list[int]:
    return [post.number for post in read(viewer, thread, **how).posts]


def names(viewer: Viewer, thread: threads.Thread) -> list[str]:
    return [post.author.name for post in read(viewer, thread).posts]


def texts(viewer: Viewer, thread: threads.Thread) -> str:
    """All that a page of a thread shows."""
    return " ".join(post.html for post in read(viewer, thread).posts)


def view(viewer: Viewer, thread: threads.Thread, number: int) -> threads.PostView:
    post = threads.get_post(viewer=viewer, thread_id=thread.pk, number=number)
    return threads.view_post(viewer, post.thread, post)


def rows(
    course: Course, viewer: Viewer, activity: spaces.Activity | None = None, **how: Any
) -> list[threads.ThreadRow]:
    listed = threads.list_threads(viewer=viewer, activity=activity or course.activity, **how)
    return listed.pinned + listed.rows


def configure(course: Course, **settings: Any) -> spaces.Activity:
    """Other settings for the course's discussion; its dates, too, by their names."""
    dates = {name: settings.pop(name) for name in list(settings) if name.endswith("_at")}
    changed = spaces.configure_activity(
        viewer=course.ben, uid=course.activity.uid, title="Discuss the unit", settings=settings, **dates
    )
    course.activity.refresh_from_db()
    return changed


def another_activity(course: Course, name: str = "second", **settings: Any) -> spaces.Activity:
    return spaces.create_activity(viewer=course.ben, title=f"The {name}", settings=settings, external_id=name)


def see(viewer: Viewer, thread: threads.Thread) -> None:
    """Open a thread and read it to its end."""
    threads.mark_seen(viewer=viewer, thread=threads.get_thread(viewer=viewer, thread_id=thread.pk))


def png(colour: str = "red", size: tuple[int, int] = (8, 6)) -> BytesIO:
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    file.seek(0)
    return file


def grow(thread: threads.Thread, viewer: Viewer, count: int) -> None:
    """Give a thread this many more replies to its opening post, all at once."""
    thread.refresh_from_db()
    opening = thread.posts.get(number=1)
    first = thread.last_number + 1
    Post.objects.bulk_create(
        [
            Post(
                thread=thread,
                number=number,
                parent=opening,
                path=child_path(opening.path, number),
                author_id=viewer.person_id,
                author_name=viewer.name,
                author_role=viewer.role.value,
                body=f"Reply {number}",
                html=f"<p>Reply {number}</p>",
                created_at=thread.last_at,
            )
            for number in range(first, first + count)
        ]
    )
    Post.objects.filter(pk=opening.pk).update(has_replies=True)
    Thread.objects.filter(pk=thread.pk).update(last_number=first + count - 1, reply_count=thread.reply_count + count)


def check_counts(*found: threads.Thread) -> None:
    """What a thread keeps is what counting its posts gives, and its tree hangs together."""
    for thread in Thread.objects.filter(pk__in=[thread.pk for thread in found]):
        posts = {post.pk: post for post in Post.objects.filter(thread=thread)}
        moved = set(MovedPost.objects.filter(thread=thread).values_list("number", flat=True))
        marked = Counter(HelpfulMark.objects.filter(post__thread=thread).values_list("post_id", flat=True))
        marks = {pk: marked[pk] for pk in posts}
        shown = [post for post in posts.values() if post.deleted_at is None and post.hidden_at is None]
        kept = {
            "replies": thread.reply_count,
            "helpful": thread.helpful_count,
            "endorsed": thread.endorsed_count,
            "numbers": set(range(1, thread.last_number + 1)),
            "marks": {pk: post.helpful_count for pk, post in posts.items()},
            "answered": {post.number for post in posts.values() if post.has_replies},
        }
        parents = {posts[post.parent_id].number for post in posts.values() if post.parent_id is not None}
        assert kept == {
            "replies": sum(post.number > 1 for post in shown),
            "helpful": sum(marks[post.pk] for post in shown),
            "endorsed": sum(post.endorsed_at is not None for post in shown),
            "numbers": {post.number for post in posts.values()} | moved,
            "marks": marks,
            "answered": parents | {post.number for post in posts.values() if post.author_role == MOVED},
        }
        if posts:
            assert thread.last_at == max(post.created_at for post in posts.values())
        for post in posts.values():
            parent = posts[post.parent_id] if post.parent_id is not None else None
            assert (parent is None) == (post.number == 1)
            assert parent is None or parent.number < post.number
            assert post.path == child_path(parent.path if parent else "", post.number)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls in threads that start together; gives results, or what was refused."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            barrier.wait()
            return call()
        except CompanionError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
