"""The data set: one activity with all threads in it, which is the hard case.

The rows are what the verbs would have left: numbers without gaps, paths of the tree, kept counts, names as they were
when somebody wrote, pseudonyms with their authors, read states. The same size gives the same threads every time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random

from companion_lti.models import Deployment, ResourceLink
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Max

from companion import clock
from companion.spaces import api as spaces
from companion.spaces.keys import external_key
from companion.spaces.models import Membership, Person
from companion.threads.models import AnonymousAuthor, HelpfulMark, Kind, Post, ReadState, Thread, ThreadFollow
from companion.threads.paths import child_path
from companion.viewer import Role, Viewer
from tests import http
from tests.benchmarks import texts

PEOPLE = 2_000
TEACHERS = 10
ISSUER = "https://lms.example"
LINK = "benchmark"
# Beyond this many threads, threads get 3 posts on average instead of 20: two million posts take too long to make.
MANY_THREADS = 20_000
LONG, SHORT, HUGE = 1_001, 20, 5_000
# Everything that an author can switch on and that costs a reader something.
SETTINGS = {
    "prompt": "What happened at **your** place?",
    "topic": "Incident response",
    "video": "https://example.com/talk.mp4",
    "edit_minutes": "60",
    "credit_threads": "1",
}
PINNED = 5
SPAN = timedelta(days=120)
BATCH = 4_000


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """What the figures need to know. `long` and `short` hold ids of threads: with 1,000 replies, with 20 posts;
    `huge` is one of 5,000 posts.
    """

    activity: spaces.Activity
    deployment: Deployment
    reader: Viewer
    teacher: Viewer
    long: list[int]
    short: list[int]
    huge: int
    threads: int
    posts: int


def data_set(threads: int, people: int = PEOPLE) -> DataSet:
    """The data set of this many threads, made where the database has none. Several sizes can stand side by side."""
    organization = spaces.ensure_organization(name="Benchmark")
    deployment = http.deployment(organization.pk, ISSUER)
    space = spaces.ensure_space(
        organization_id=organization.pk, issuer=deployment.identity, external_id=f"{threads} threads"
    )
    activity = spaces.ensure_activity(space_id=space.pk, external_id=LINK, title=f"{threads} threads")
    if not Thread.objects.filter(activity=activity).exists():
        with transaction.atomic():
            crowd = _people(space, people)
            teacher = _viewer(space, deployment, 0)
            spaces.configure_activity(viewer=teacher, uid=activity.uid, title=activity.title, settings=SETTINGS)
            Maker(activity=activity, crowd=crowd, rng=Random(threads)).make(threads)
            ResourceLink.objects.create(
                deployment=deployment, space=space, link_id=LINK, key=external_key(LINK), activity=activity
            )
        _gather_statistics()
    return _find(activity, deployment)


def subject(number: int) -> str:
    return f"person {number}"


def _find(activity: spaces.Activity, deployment: Deployment) -> DataSet:
    plain = Thread.objects.filter(activity=activity, is_locked=False, is_pinned=False, hidden_at=None).order_by("id")
    posts = Thread.objects.filter(activity=activity).values_list("last_number", flat=True)
    return DataSet(
        activity=activity,
        deployment=deployment,
        reader=_viewer(activity.space, deployment, TEACHERS),
        teacher=_viewer(activity.space, deployment, 0),
        long=list(plain.filter(last_number=LONG).values_list("pk", flat=True)),
        short=list(plain.filter(last_number=SHORT).values_list("pk", flat=True)[:5]),
        huge=plain.filter(last_number=HUGE).values_list("pk", flat=True)[0],
        threads=len(posts),
        posts=sum(posts),
    )


def _viewer(space: spaces.Space, deployment: Deployment, number: int) -> Viewer:
    key = external_key(deployment.identity, subject(number))
    membership = Membership.objects.select_related("person").get(space=space, person__key=key)
    return Viewer(
        organization_id=space.organization_id,
        space_id=space.pk,
        person_id=membership.person_id,
        role=Role(membership.role),
        name=membership.person.name,
    )


def _people(space: spaces.Space, number: int) -> list[Person]:
    """The same people in every size's course; the first ones teach, one in twenty has no name."""
    rng = Random(number)
    keys = [external_key(space.issuer, subject(person)) for person in range(number)]
    Person.objects.bulk_create(
        [
            Person(
                organization_id=space.organization_id,
                issuer=space.issuer,
                subject=subject(person),
                key=key,
                name="" if person % 20 == 19 else f"{rng.choice(texts.FIRST_NAMES)} {rng.choice(texts.LAST_NAMES)}",
            )
            for person, key in enumerate(keys)
        ],
        ignore_conflicts=True,
        batch_size=500,
    )
    people = sorted(Person.objects.filter(organization_id=space.organization_id), key=lambda person: person.pk)
    roles = [Role.INSTRUCTOR if number < TEACHERS else Role.LEARNER for number in range(len(people))]
    Membership.objects.bulk_create(
        [
            Membership(space=space, person=person, role=role.value, launched_at=clock.now())
            for person, role in zip(people, roles, strict=True)
        ],
        batch_size=500,
    )
    return people


@dataclass(kw_only=True)
class Maker:
    """Makes the threads of one activity, in the order in which they began, and writes them in batches."""

    activity: spaces.Activity
    crowd: list[Person]
    rng: Random
    threads: list[Thread] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    pseudonyms: list[AnonymousAuthor] = field(default_factory=list)
    states: list[ReadState] = field(default_factory=list)
    marks: list[HelpfulMark] = field(default_factory=list)
    follows: list[ThreadFollow] = field(default_factory=list)

    def make(self, threads: int) -> None:
        rng = self.rng
        self.bodies = texts.bodies(rng)
        # Few write much: the weights of the authors fall off as 1/rank.
        self.weights = list(accumulate(1 / (rank + 5) for rank in range(len(self.crowd))))
        self.thread_pk = (Thread.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
        self.post_pk = (Post.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
        end = clock.now() - timedelta(hours=1)
        step = SPAN / threads
        # The same number at every size, because they are on the first page.
        pinned = 0
        for index, (size, is_plain) in enumerate(_sizes(rng, threads)):
            started = end - SPAN + step * index
            is_pinned = not is_plain and pinned < PINNED
            pinned += is_pinned
            self._add_thread(size, started, end, is_plain=is_plain, is_pinned=is_pinned)
            if len(self.posts) >= BATCH:
                self._write()
        self._write()
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), [Thread, Post]):
                cursor.execute(statement)

    def _add_thread(self, size: int, started: datetime, end: datetime, *, is_plain: bool, is_pinned: bool) -> None:
        rng = self.rng
        thread = Thread(
            pk=self.thread_pk,
            activity=self.activity,
            space_id=self.activity.space_id,
            title=texts.sentence(rng, 10),
            created_at=started,
            last_number=size,
            is_pinned=is_pinned,
            is_locked=not is_plain and rng.random() < 0.01,
            version=size,
        )
        self.thread_pk += 1
        # A conversation takes a few days, a long one as many as there are.
        lasts = min(end - started, timedelta(hours=rng.expovariate(1 / 30)) * (1 + size / 100))
        posts = list(self._posts_of(thread, size, started, lasts, is_plain=is_plain or is_pinned))
        opening = posts[0]
        thread.author_id, thread.author_name, thread.author_role, thread.pseudonym = (
            opening.author_id,
            opening.author_name,
            opening.author_role,
            opening.pseudonym,
        )
        thread.hidden_at = opening.hidden_at
        thread.last_at = posts[-1].created_at
        thread.reply_count = sum(post.is_shown for post in posts[1:])
        thread.helpful_count = sum(post.helpful_count for post in posts if post.is_shown)
        thread.endorsed_count = sum(post.endorsed_at is not None for post in posts if post.is_shown)
        thread.kind = rng.choices(list(Kind), weights=(60, 25, 12, 3))[0]
        thread.second = rng.randrange(1_200) if rng.random() < 0.2 else None
        self.threads.append(thread)
        self.posts += posts

    def _posts_of(
        self, thread: Thread, size: int, started: datetime, lasts: timedelta, *, is_plain: bool
    ) -> Iterator[Post]:
        rng = self.rng
        authors = rng.choices(range(len(self.crowd)), cum_weights=self.weights, k=size)
        hidden_names: dict[int, int] = {}
        written: dict[int, int] = {}
        made: list[Post] = []
        for number, author in enumerate(authors, start=1):
            source, html = rng.choice(self.bodies)
            parent = None if number == 1 else made[0] if rng.random() < 0.6 else rng.choice(made[-20:])
            post = Post(
                pk=self.post_pk,
                thread=thread,
                number=number,
                parent=parent,
                path=child_path(parent.path if parent else "", number),
                body=source,
                html=html,
                created_at=started + lasts * ((number - 1) / size),
            )
            self.post_pk += 1
            self._sign(post, author, hidden_names)
            self._mark(post)
            if parent is not None:
                parent.has_replies = True
            if not is_plain or number > 1:
                self._take_away(post)
            written[author] = number
            made.append(post)
            yield post
        people = self.crowd
        self.pseudonyms += [
            AnonymousAuthor(thread=thread, number=number, person=people[author])
            for author, number in hidden_names.items()
        ]
        self.states += self._read_states(thread, size, written)

    def _sign(self, post: Post, author: int, hidden_names: dict[int, int]) -> None:
        person = self.crowd[author]
        if author >= TEACHERS and self.rng.random() < 0.05:
            post.pseudonym = hidden_names.setdefault(author, len(hidden_names) + 1)
        else:
            post.author, post.author_name = person, person.name
            post.author_role = (Role.INSTRUCTOR if author < TEACHERS else Role.LEARNER).value

    def _mark(self, post: Post) -> None:
        """One post in ten helped somebody, one in fifty is endorsed by a teacher."""
        if self.rng.random() < 0.1:
            # The reader of the figures among them, so that pages ask which marks are theirs.
            people = {TEACHERS, *self.rng.choices(range(len(self.crowd)), k=self.rng.randrange(3))}
            post.helpful_count = len(people)
            self.marks += [HelpfulMark(post=post, person=self.crowd[number]) for number in people]
        if self.rng.random() < 0.02:
            post.endorsed_at, post.endorsed_by, post.endorsed_name = post.created_at, self.crowd[0], self.crowd[0].name

    def _take_away(self, post: Post) -> None:
        """One post in 250 is hidden by a teacher; as many replies are taken back by their authors."""
        chance = self.rng.random()
        if chance < 0.004:
            post.hidden_at, post.hidden_by, post.hidden_reason = post.created_at, self.crowd[0], "Off topic"
        elif chance < 0.008 and post.number > 1:
            post.deleted_at = post.created_at

    def _read_states(self, thread: Thread, size: int, written: dict[int, int]) -> Iterator[ReadState]:
        """Whoever wrote has read up to there, mostly to the end; the first learner has opened every second thread."""
        seen = {author: size if self.rng.random() < 0.6 else number for author, number in written.items()}
        if thread.pk % 2:
            seen[TEACHERS] = size if self.rng.random() < 0.7 else self.rng.randint(seen.get(TEACHERS, 1), size)
        self.follows += [ThreadFollow(person=self.crowd[author], thread=thread) for author in written]
        for author, number in seen.items():
            yield ReadState(person=self.crowd[author], thread=thread, seen_number=number)

    def _write(self) -> None:
        for model, rows in (
            (Thread, self.threads),
            (Post, self.posts),
            (AnonymousAuthor, self.pseudonyms),
            (ReadState, self.states),
            (HelpfulMark, self.marks),
            (ThreadFollow, self.follows),
        ):
            model.objects.bulk_create(rows, batch_size=1_000)
            rows.clear()


def _sizes(rng: Random, threads: int) -> Iterator[tuple[int, bool]]:
    """How many posts each thread has, and whether it must stay plain (no mark), because a figure is about it.

    One in a thousand has 1,000 replies (two at least), one has 5,000 posts, five have 20, one in eight has no reply;
    what remains is spread with a long tail.
    """
    total = threads * (20 if threads <= MANY_THREADS else 3)
    fixed = [LONG] * max(2, min(threads // 1_000, 20)) + [SHORT] * 5 + [HUGE]
    places = dict(zip(rng.sample(range(threads), len(fixed)), fixed, strict=True))
    weights = [
        0 if place in places or rng.random() < 0.125 else min(rng.paretovariate(1.1), 60) for place in range(threads)
    ]
    replies = max(0, total - sum(fixed) - (threads - len(fixed)))
    spread = Counter(rng.choices(range(threads), cum_weights=list(accumulate(weights)), k=replies))
    for place in range(threads):
        yield (places[place], True) if place in places else (1 + spread[place], False)


def _gather_statistics() -> None:
    """What a server's own housekeeping does within minutes; SQLite in the service has none."""
    statements = {
        "postgresql": ["VACUUM ANALYZE"],
        "mysql": [
            "ANALYZE TABLE companion_thread, companion_post, companion_readstate, companion_anonymousauthor",
            "ANALYZE TABLE companion_helpfulmark, companion_threadfollow",
        ],
    }
    if not connection.in_atomic_block:
        with connection.cursor() as cursor:
            for statement in statements.get(connection.vendor, []):
                cursor.execute(statement)
