"""Some hundred acts of four people on a few threads, and everything that is kept equals what is counted."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from companion.errors import CompanionError, NotFound
from companion.models import Post, Thread
from companion.threads import api as threads
from companion.topics import api as topics
from tests.companion.threads.stories import check_counts, read, reply, start, texts
from tests.people import Course
from tests.people import course as make_course

ACTS = 350


class Story:
    """Whoever is drawn does what is drawn with a post that is drawn; a refusal is an answer, too."""

    def __init__(self, course: Course, seed: int) -> None:
        self.random = Random(seed)
        self.course = course
        self.people = [course.ana, course.ben, course.chen, course.nameless]
        self.done: Counter[str] = Counter()

    def act(self) -> None:
        verbs = [self.reply] * 8 + [self.mark] * 5 + [self.edit, self.delete, self.undelete, self.restore] * 3
        verbs += [self.hide, self.endorse] * 2 + [self.send_back, self.lock, self.split, self.merge]
        verb = self.random.choice(verbs)
        posts = Post.objects.filter(thread__moved_to=None).select_related("thread").order_by("pk")
        post = posts[self.random.randrange(posts.count())]
        try:
            verb({"thread_id": post.thread_id, "number": post.number}, post)
        except CompanionError:
            return
        self.done[verb.__name__] += 1

    def anybody(self):
        return {"viewer": self.random.choice(self.people)}

    def author(self, post):
        """Whoever wrote it, as far as they may see it."""
        for viewer in self.people:
            try:
                found = threads.get_post(viewer=viewer, thread_id=post.thread_id, number=post.number)
            except NotFound:
                continue
            if threads.is_mine(viewer, found):
                return {"viewer": viewer}
        return self.anybody()

    @property
    def ben(self):
        return {"viewer": self.course.ben}

    def rarely(self) -> bool:
        return self.random.random() < 0.2

    def reply(self, place, post):
        threads.add_reply(
            **self.anybody(), thread_id=post.thread_id, parent_number=post.number, body="R", anonymous=self.rarely()
        )

    def mark(self, place, post):
        threads.mark_helpful(**self.anybody(), **place, helpful=not self.rarely())

    def endorse(self, place, post):
        threads.endorse_post(**self.anybody(), **place, endorsed=not self.rarely())

    def edit(self, place, post):
        body = f"Edited {self.random.random()}"
        threads.edit_post(**self.author(post), **place, title="Edited", body=body, reason="r")

    def delete(self, place, post):
        threads.delete_post(**(self.anybody() if self.rarely() else self.author(post)), **place)

    def undelete(self, place, post):
        threads.undelete_post(**self.author(post), **place)

    def hide(self, place, post):
        if not post.is_opening or self.rarely():
            threads.hide_post(**self.ben, **place, reason="r")

    def send_back(self, place, post):
        threads.return_post(**self.ben, **place, reason="r")

    def restore(self, place, post):
        threads.restore_post(**self.ben, **place)

    def lock(self, place, post):
        threads.lock_thread(**self.ben, thread_id=post.thread_id, locked=self.rarely())

    def split(self, place, post):
        threads.split_thread(**self.ben, **place, title="Part")

    def merge(self, place, post):
        if self.rarely():
            into = self.random.choice(Thread.objects.order_by("pk").values_list("pk", flat=True))
            threads.merge_threads(**self.ben, thread_id=post.thread_id, into_id=into)


@pytest.mark.parametrize("seed", range(4))
def test_it_works(db, seed):
    course = make_course(topic="Command")
    topics.grant_expertise(viewer=course.ben, topic="Command", person_id=course.chen.person_id)
    for viewer in (course.ana, course.chen):
        reply(course.nameless, start(course, viewer, anonymous=viewer is course.chen))
    story = Story(course, seed)
    for _act in range(ACTS):
        story.act()
    # Otherwise this would say little.
    assert min(story.done[verb] for verb in ("reply", "mark", "edit", "delete", "undelete", "hide", "restore")) > 5
    assert {"split", "endorse", "send_back"} <= story.done.keys()
    everything = list(Thread.objects.all())
    check_counts(*everything)
    for thread in everything:
        may_see = thread.deleted_at is None and thread.hidden_at is None
        for viewer in story.people if may_see else ():
            assert read(viewer, thread).posts or thread.moved_to_id
            assert "None" not in texts(viewer, thread)
    for author in (course.ana, course.chen):
        threads.retire_authors(person_ids=[author.person_id], delete_posts=author is course.ana)
        check_counts(*everything)
    assert not Post.objects.filter(author_id__in=[course.ana.person_id, course.chen.person_id]).exists()
