"""One measurement: everything is asked and answered, then typed again in other words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from random import Random
from typing import Any

from django.db import connection

from companion.questions import api as asking
from companion.search import api as search
from companion.spaces import api as spaces
from companion.spaces.kinds import Kind
from companion.text import plain_text
from companion.threads import api as threads
from companion.viewer import Viewer
from tests import people
from tests.benchmarks.relevance.stock import Question, near, questions, unheard

SHOWN = 5
# How much of a title somebody has typed when we look.
BEGUN = 0.6


@dataclass(frozen=True, kw_only=True)
class Try:
    """What somebody typed, and at which place (1 is the first, 0 nowhere) the question was that they meant.
    `shown` is what they read of its answer.
    """

    question: Question
    text: str
    place: int
    shown: str
    is_right: bool
    first: str

    @property
    def miss(self) -> str:
        """What is wrong, in a line; "" for a question in first place with the right paragraph."""
        asked = f"[{self.question.language}] {self.text!r}"
        if self.place == 0:
            return f"{asked} does not find {self.question.title!r} but {self.first!r}"
        if self.place > 1:
            return f"{asked} finds {self.question.title!r} in place {self.place} behind {self.first!r}"
        return "" if self.is_right else f"{asked} shows of {self.question.title!r} {self.shown!r}"


def run(part: float = 1) -> tuple[dict[str, Any], list[str]]:
    """The figures, and a line for each miss; with `part` less than 1 on so much of the stock."""
    wanted, others = questions(part), near(part)
    reader, answers = _ask_everything(wanted, others)
    typed = [_try(reader, answers, question, text) for question in wanted for text in question.typed]
    begun = [_try(reader, answers, question, _beginning(question.title)) for question in wanted]
    loud = [text for text in unheard() if search.suggest_answers(viewer=reader, text=text, limit=1)]
    languages = sorted({question.language for question in wanted})
    report = {
        "name": "relevance",
        "database": connection.vendor,
        "questions": len(wanted),
        "near": len(others),
        **_figures(typed),
        "quiet": round(1 - len(loud) / len(unheard()), 3),
        "titles_begun": _figures(begun),
        "languages": {name: _figures([each for each in typed if each.question.language == name]) for name in languages},
    }
    misses = [line for each in (*typed, *begun) if (line := each.miss)]
    return report, [*misses, *(f"{text!r} was never asked, but something is suggested" for text in loud)]


def _ask_everything(
    wanted: Sequence[Question], others: Sequence[Question]
) -> tuple[Viewer, Mapping[str, tuple[int, str]]]:
    """Ana asks, Chen answers; gives somebody else, who reads, and by title the thread and the paragraph that is right.

    Every question that is looked for has an accepted answer, and three of four of the others.
    """
    course = people.course()
    activity = spaces.create_activity(
        viewer=course.ben, title="Ask the experts", kind=Kind.QUESTIONS, external_id="relevance"
    )
    asked = [*((question, True) for question in wanted), *((other, n % 4 > 0) for n, other in enumerate(others))]
    # Which is newer must not say which is looked for.
    Random(1).shuffle(asked)
    answers = {}
    for question, is_accepted in asked:
        thread = asking.ask_question(
            viewer=course.ana, activity_uid=activity.uid, title=question.title, body=question.body
        )
        answer = threads.add_reply(viewer=course.chen, thread_id=thread.pk, body="\n\n".join(question.answer))
        if is_accepted:
            threads.accept_answer(viewer=course.ana, thread_id=thread.pk, number=answer.number)
        answers[question.title] = (thread.pk, _one_line(plain_text(answer.html).split("\n\n")[question.right]))
    while search.learn():
        pass
    return course.nameless, answers


def _try(reader: Viewer, answers: Mapping[str, tuple[int, str]], question: Question, text: str) -> Try:
    thread_id, right = answers[question.title]
    found = search.suggest_answers(viewer=reader, text=text, limit=SHOWN)
    ids = [suggestion.thread_id for suggestion in found]
    place = ids.index(thread_id) + 1 if thread_id in ids else 0
    shown = _read(found[place - 1].answer) if place else ""
    return Try(
        question=question,
        text=text,
        place=place,
        shown=shown,
        is_right=bool(shown) and shown in right,
        first=found[0].title if found else "",
    )


def _figures(tries: Sequence[Try]) -> dict[str, Any]:
    """Shares of what was typed; `paragraph` is that of the questions found whose right paragraph was shown."""
    found = [each for each in tries if each.place]
    return {
        "tries": len(tries),
        "recall_1": _share(tries, lambda each: each.place == 1),
        f"recall_{SHOWN}": _share(tries, lambda each: each.place > 0),
        "mrr": round(sum(1 / each.place for each in found) / len(tries), 3),
        "paragraph": _share(found, lambda each: each.is_right),
    }


def _share(tries: Sequence[Try], holds: Callable[[Try], bool]) -> float:
    return round(sum(map(holds, tries)) / max(len(tries), 1), 3)


def _beginning(title: str) -> str:
    return title[: round(BEGUN * len(title))]


def _read(answer: str) -> str:
    """What stands on the screen, without the dots where it was cut."""
    return _one_line(unescape(re.sub(r"</?mark>", "", answer)).strip("…"))


def _one_line(text: str) -> str:
    return " ".join(text.split())
