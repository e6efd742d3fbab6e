"""Every address that there is, with what is asked of it. One that is missing here fails the audit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from companion.anonymity_audit.asking import Sample
from companion.anonymity_audit.course import ASKED, Course
from companion.anonymity_audit.people import AUTHORS, QUILLA, picture
from companion.anonymity_audit.story import WORDS
from companion.reflections import api as reflections
from companion.search import api as search
from companion.threads import api as threads
from companion.topics import api as topics

# Those that name members of the course by design, whatever they wrote.
NAMING_PEOPLE: Final = (
    *("people", "person-posts", "expert-list", "moderation-muted"),
    *("series-detail", "series-people"),
)


def _home(course: Course) -> Iterable[Sample]:
    return [Sample(), Sample(block=True)]


def _lists(course: Course) -> Iterable[Sample]:
    for activity in course.activities:
        yield Sample(args=(activity.uid,))
    # The first of each is what a list shows anyway.
    for sort in list(threads.Sort)[1:]:
        yield Sample(args=(course.main.uid,), query={"sort": sort})
    for only in list(threads.Only)[1:]:
        yield Sample(args=(course.main.uid,), query={"only": only})
    yield Sample(args=(course.main.uid,), query={"kind": "question"})
    yield Sample(args=(course.main.uid,), block=True)


def _activities(course: Course) -> Iterable[Sample]:
    return [Sample(args=(activity.uid,)) for activity in course.activities]


def _main(**fields: object) -> Callable[[Course], Iterable[Sample]]:
    """A form of the main discussion."""
    return lambda course: [Sample(args=(course.main.uid,), fields=fields)]


def _new(course: Course) -> Iterable[Sample]:
    form = {"title": "A thread", "body": "A text", "anonymous": "on"}
    yield from _activities(course)
    yield Sample(args=(course.main.uid,), fields=form)
    yield Sample(args=(course.main.uid,), fields=form | {"preview": "1"})


def _people(course: Course) -> Iterable[Sample]:
    """Whom one may name: each of the two who may be the author, and both, in the order in which they come."""
    both = AUTHORS[0].last[0]
    for start in (*(author.first for author in AUTHORS), both):
        yield Sample(args=(course.main.uid,), query={"q": start})
    yield Sample(args=(course.main.uid,), query={"q": both, "thread": course.threads["asked"]})


def _signed(course: Course) -> Iterable[Sample]:
    """What each of the two who may be the author wrote under their name."""
    for activity in course.activities:
        for viewer in course.authors.values():
            yield Sample(args=(activity.uid, viewer.person_id))


def _experts(course: Course) -> Iterable[Sample]:
    yield Sample(args=(course.main.uid,))
    yield Sample(args=(course.main.uid,), fields={"person": "Nobody"})
    yield Sample(args=(course.main.uid,), fields={"remove": course.chen.person_id})


def _threads(course: Course) -> Iterable[Sample]:
    return [Sample(args=(thread,)) for thread in course.threads.values()]


def _thread_pages(course: Course) -> Iterable[Sample]:
    yield from _threads(course)
    asked, host = course.threads["asked"], course.threads["host"]
    for order in list(threads.Order)[1:]:
        yield Sample(args=(asked,), query={"order": order})
    for query in ({"post": 6}, {"last": 1}, {"since": 1}):
        yield Sample(args=(host,), query=query)
    yield Sample(args=(asked,), block=True)


def _thread_exports(course: Course) -> Iterable[Sample]:
    for thread in course.threads.values():
        yield Sample(args=(thread,), fields={"format": "json"})
    for name in ("shy", "asked", "host"):
        yield Sample(args=(course.threads[name],), fields={"format": "markdown"})


def _thread_form(**fields: object) -> Callable[[Course], Iterable[Sample]]:
    """A form that is sent about an anonymous thread and about one that was split off."""
    return lambda course: [Sample(args=(course.threads[name],), fields=fields) for name in ("shy", "split")]


def _merge(course: Course) -> Iterable[Sample]:
    yield Sample(args=(course.threads["shy"],))
    yield Sample(args=(course.threads["shy"],), fields={"into": course.threads["host"]})


def _move(course: Course) -> Iterable[Sample]:
    yield Sample(args=(course.threads["shy"],))
    yield Sample(args=(course.threads["shy"],), fields={"to": str(course.event.uid)})


def _detail(course: Course) -> Iterable[Sample]:
    for place in course.posts.values():
        yield Sample(args=place, piece=True)
    yield Sample(args=course.posts["reply"])
    yield Sample(args=course.posts["stub"])


def _post_page(**fields: object) -> Callable[[Course], Iterable[Sample]]:
    """The small page of an act, for posts in several states, and as a piece; the act itself where there are fields."""

    def of(course: Course) -> Iterable[Sample]:
        for name in ("opening", "changed", "hidden", "signed"):
            yield Sample(args=course.posts[name])
        yield Sample(args=course.posts["reply"], piece=True)
        if fields:
            yield from _post_form(**fields)(course)

    return of


def _post_form(**fields: object) -> Callable[[Course], Iterable[Sample]]:
    """An act on a post, as htmx does it and without."""

    def of(course: Course) -> Iterable[Sample]:
        for name in ("opening", "hidden"):
            yield Sample(args=course.posts[name], fields=fields)
        yield Sample(args=course.posts["reply"], fields=fields, piece=True)

    return of


def _history(course: Course) -> Iterable[Sample]:
    return [Sample(args=place) for place in course.posts.values()]


def _delete(course: Course) -> Iterable[Sample]:
    yield from _post_page()(course)
    # One's own, which the author alone may delete: the learner who looks wrote it.
    yield Sample(args=course.posts["signed question"])
    yield Sample(args=course.posts["signed question"], fields={})


def _queue(course: Course) -> Iterable[Sample]:
    return [Sample(), Sample(query={"show": "closed"})]


def _cases(course: Course) -> Iterable[Sample]:
    for case in course.cases:
        yield Sample(args=(case,))
    yield Sample(args=(course.cases[0],), fields={"outcome": "dismiss"})


def _search(course: Course) -> Iterable[Sample]:
    yield Sample()
    yield Sample(query={"q": WORDS})
    yield Sample(query={"q": WORDS, "here": "1"}, block=True)
    yield Sample(query={"q": WORDS[:-3]}, piece=True)


def _found(course: Course) -> Iterable[Sample]:
    # By their ids: InnoDB's index does not know yet what the same transaction has written.
    names = ("shy", "question", "private", "asked")
    found = search.list_documents(thread_ids=[course.threads[name] for name in names])
    return [Sample(args=(document,)) for document in found[:12]]


def _question_form(name: str = "signed", **fields: object) -> Callable[[Course], Iterable[Sample]]:
    """A page about an anonymous private question, and about one by name; the act where somebody may do it."""

    def of(course: Course) -> Iterable[Sample]:
        yield Sample(args=(course.threads["private"],))
        place = (course.asked.get(name, course.threads["private"]),)
        yield Sample(args=place)
        yield Sample(args=place, fields=fields)

    return of


def _answer_form(**fields: object) -> Callable[[Course], Iterable[Sample]]:
    def of(course: Course) -> Iterable[Sample]:
        for name in ("answer", "signed reply"):
            yield Sample(args=course.posts[name])
            yield Sample(args=course.posts[name], fields=fields)

    return of


def _asking(course: Course) -> Iterable[Sample]:
    uid = course.questions.uid
    yield Sample(args=(uid,))
    yield Sample(args=(uid,), query={"title": "How does it work"})
    yield Sample(args=(uid,), fields={"title": "A question", "body": "A text", "anonymous": "on", "is_private": "on"})


def _similar(course: Course) -> Iterable[Sample]:
    return [Sample(args=(course.questions.uid,), query={"title": text}, piece=True) for text in ("how", "between us")]


def _saved(course: Course) -> Iterable[Sample]:
    return [Sample(args=(course.questions.uid,), fields={"saved": f"{course.threads['question']}.2"})]


def _tabs(course: Course) -> Iterable[Sample]:
    return [Sample(query={"tab": tab}) for tab in ("mine", "on-call", "could-help")]


def _topics(**fields: object) -> Callable[[Course], Iterable[Sample]]:
    def of(course: Course) -> Iterable[Sample]:
        [topic] = topics.find_topics(organization_id=course.ben.organization_id, names=[ASKED])
        return [Sample(args=(topic.id,)), Sample(args=(topic.id,), fields=fields)]

    return of


def _persons(course: Course) -> Iterable[Sample]:
    return [Sample(args=(viewer.person_id,)) for viewer in (course.chen, course.ana)]


def _profile(course: Course) -> Iterable[Sample]:
    return [Sample(), Sample(fields={"capacity": "2", "is_listed": "on"})]


def _preview(course: Course) -> Iterable[Sample]:
    return [Sample(fields={"body": f"A *text* ![](companion-picture:{course.picture})"})]


def _series(**fields: object) -> Callable[[Course], Iterable[Sample]]:
    """A page of the follow-up series, and the act where there are fields."""

    def of(course: Course) -> Iterable[Sample]:
        yield Sample(args=(course.followup.uid,))
        if fields:
            yield Sample(args=(course.followup.uid,), fields=fields)

    return of


def _prompt_of_series(**fields: object) -> Callable[[Course], Iterable[Sample]]:
    def of(course: Course) -> Iterable[Sample]:
        yield Sample(args=(course.followup.uid, "how"))
        yield Sample(args=(course.followup.uid, "how"), fields=fields)

    return of


def _prompts(**fields: object) -> Callable[[Course], Iterable[Sample]]:
    """Prompts of somebody who has answered and of somebody who has not, which nobody else finds."""

    def of(course: Course) -> Iterable[Sample]:
        for viewer in (course.ana, course.nameless):
            for prompt in reflections.list_open(viewer=viewer, activity=course.followup):
                yield Sample(args=(prompt.delivery_id,))
                yield Sample(args=(prompt.delivery_id,), fields=fields)

    return of


def _entries(course: Course) -> Iterable[Sample]:
    for entry in reflections.list_shared(viewer=course.ben, activity=course.followup)[0]:
        yield Sample(args=(entry.id,))
        yield Sample(args=(entry.id,), fields={"body": "A text"})


SAMPLES: Final[Mapping[str, Callable[[Course], Iterable[Sample]]]] = MappingProxyType(
    {
        "space-home": _home,
        "thread-list": _lists,
        "thread-new": _new,
        "list-news": _activities,
        "list-seen": _main(),
        "list-follow": _main(following="1"),
        "people": _people,
        "picture-add": _main(picture=picture(QUILLA)),
        "activity-settings": _activities,
        "person-posts": _signed,
        "expert-list": _experts,
        "thread-detail": _thread_pages,
        "thread-news": _threads,
        "thread-pin": _thread_form(pinned="1"),
        "thread-lock": _thread_form(locked="1"),
        "thread-follow": _thread_form(following="1"),
        "thread-move": _move,
        "thread-merge": _merge,
        "thread-print": _threads,
        "thread-export": _thread_exports,
        "post-detail": _detail,
        "post-reply": _post_page(body="An answer", anonymous="on"),
        "post-edit": _post_page(body="Other words", title="A title", reason="Better so", version="1"),
        "post-delete": _delete,
        "post-hide": _post_page(reason="Off topic"),
        "post-restore": _post_form(),
        "post-helpful": _post_form(helpful="1"),
        "post-endorse": _post_form(endorsed="1"),
        "post-report": _post_page(reason="Is this allowed?"),
        "post-split": _post_page(title="A thread of its own"),
        "post-history": _history,
        "post-mute": _post_page(days="7", reason="Too loud"),
        "moderation": _queue,
        "moderation-record": lambda course: [Sample()],
        "moderation-muted": lambda course: [Sample()],
        "moderation-case": _cases,
        "question-new": _asking,
        "question-similar": _similar,
        "question-saved": _saved,
        "question-agenda": lambda course: [Sample(args=(course.questions.uid,))],
        "thread-topics": _question_form(topics="Another topic"),
        "question-me-too": _question_form(me_too="1"),
        "question-claim": _question_form("waiting"),
        "question-decline": _question_form(reason="No idea"),
        "question-hand-over": _question_form(person="0"),
        "question-duplicate": _question_form(of="0"),
        "question-reopen": _question_form(),
        "question-publish": _question_form("private"),
        "question-heard": _question_form(),
        "post-accept": _answer_form(accepted="1"),
        "post-unhelpful": _answer_form(body="It did not help"),
        "post-verify": _answer_form(until="2099-01-01"),
        "post-tip": _answer_form(),
        "queue": _tabs,
        "question-figures": lambda course: [Sample()],
        "topic-list": lambda course: [Sample()],
        "topic-detail": _topics(synonym="Another name"),
        "topic-follow": _topics(following="1"),
        "topic-request": _topics(holding="1"),
        "topic-approve": lambda course: [
            Sample(args=sample.args, fields={"person": course.nameless.person_id, "approved": "1"})
            for sample in _topics()(course)
        ],
        "person-detail": _persons,
        "profile": _profile,
        "series-stop": _series(stopped="1"),
        "series-detail": _series(),
        "series-publish": lambda course: [Sample(args=(course.followup.uid,), fields={})],
        "series-template": _series(template="unit"),
        "series-people": _series(),
        "series-report": _series(),
        "series-muddiest": _series(),
        "series-shared": _series(),
        "prompt-edit": _prompt_of_series(title="How did it go?", format="follow_up", anchor="event_start"),
        "prompt-remove": _prompt_of_series(),
        "prompt-move": _prompt_of_series(up="0"),
        "prompt-answer": _prompts(outcome="done"),
        "prompt-skip": _prompts(),
        "prompt-snooze": _prompts(days="1"),
        "prompt-share": _prompts(privacy="private"),
        "prompt-stuck": _prompts(),
        "prompt-tell": _prompts(address="nobody", consents="on"),
        "entry-reply": _entries,
        "journal": lambda course: [Sample(), Sample(query={"q": WORDS})],
        "journal-print": lambda course: [Sample()],
        "journal-export": lambda course: [Sample(fields={"format": how}) for how in ("json", "markdown")],
        "reminders": lambda course: [Sample(), Sample(fields={"wants_mail": "on"})],
        "picture": lambda course: [Sample(args=(course.picture,))],
        "search": _search,
        "found": _found,
        "preview": _preview,
    }
)
