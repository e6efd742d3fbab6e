"""What people do in a simulated term. What somebody does depends on the seed, on who they are and on the question:
another decision elsewhere changes nothing of it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from math import log
from random import Random

from companion import events
from companion.questions import api as questions
from companion.questions.models import Question, State
from companion.spaces import api as spaces
from companion.spaces.hours import WorkingHours, zone_of
from companion.threads import api as threads
from companion.topics import api as topics
from companion.viewer import Viewer
from tests import people
from tests.benchmarks.cast import BEGINS, TOPICS, Actor, Cast, Course, Expert, Place
from tests.benchmarks.stage import Stage
from tests.benchmarks.texts import paragraph, sentence

HOUR = timedelta(hours=1)
# What whoever has a question does with it: the shares of a hundred.
EXPERTS = {"answer": 66, "endorse": 6, "decline": 8, "hand over": 6, "lapse": 10, "answer late": 4}
STAFF = {"answer": 90, "decline": 5, "hand over": 5}
# What whoever asked does with an answer: by somebody who knows, and by another learner.
OF_EXPERTS = {"accept": 62, "not helped": 8, "never come back": 30}
OF_PEERS = {"accept": 35, "not helped": 10, "never come back": 55}


@dataclass(frozen=True, kw_only=True)
class Asked:
    number: int
    by: Actor
    place: Place
    is_private: bool


class Term:
    """Everybody's plans; `knew` has when somebody who knows first answered each question, by thread."""

    def __init__(self, cast: Cast, stage: Stage, *, weeks: int, seed: int) -> None:
        self.cast, self.stage, self.weeks, self.seed = cast, stage, weeks, seed
        self.asked: dict[int, Asked] = {}
        self.knew: dict[int, datetime] = {}
        self._given: Counter[tuple[int, int]] = Counter()

    def prepare(self, number: int) -> None:
        for index in range(number):
            self._plan_question(index)
        for expert in self.cast.experts:
            self._plan_expert(expert)
        for course in self.cast.courses:
            self._plan_course(course)
        self._plan_leavers()

    def hear(self, fact: events.QuestionAssigned | events.QuestionAnswered) -> None:
        if isinstance(fact, events.QuestionAssigned):
            self._plan_answer(fact.thread_id, fact.person_id)
        else:
            self.knew.setdefault(fact.thread_id, self.stage.now)
            self._plan_verdict(fact.thread_id, fact.number, OF_EXPERTS)

    # -- plans -------------------------------------------------------------------------------------------------

    def _plan_question(self, number: int) -> None:
        dice = self._dice("asks", number)
        place = dice.choice(self.cast.places)
        moment = self._some_moment(dice, place.course.zone)
        if place.opens_at is not None and moment < place.opens_at:
            place = self.cast.places[0]
        self.stage.plan(moment, partial(self._ask, number, place))

    def _some_moment(self, dice: Random, zone: str) -> datetime:
        """Mostly in working hours, also at night and on Sundays; in the middle week there is a rush."""
        week = self.weeks // 2 if dice.random() < 0.08 else dice.randrange(self.weeks)
        kind = dice.random()
        day = dice.randrange(5) if kind < 0.7 else dice.randrange(7)
        hours = dice.uniform(8, 18) if kind < 0.7 else dice.uniform(18, 32)
        date = (BEGINS + timedelta(weeks=week, days=day)).date()
        midnight = datetime.combine(date, time(), tzinfo=zone_of(zone)).astimezone(BEGINS.tzinfo)
        return max(BEGINS, midnight + timedelta(seconds=round(hours * 3600)))

    def _plan_expert(self, expert: Expert) -> None:
        """When they say that they are away, and when they look for something to do."""
        dice = self._dice("looks", expert.actor.subject)
        for said_at, begins, ends in expert.absences:
            self.stage.plan(said_at, partial(self._save, expert, begins, ends))
            self.stage.plan(begins, partial(self.stage.plan_tick, begins))
            if ends is None:
                self.stage.plan(begins + dice.randint(24, 240) * HOUR, partial(self._save, expert, None, None))
        for week in range(self.weeks):
            moment = self._awake(BEGINS + timedelta(weeks=week, hours=dice.uniform(0, 120)), expert.actor.awake, dice)
            self.stage.plan(moment, partial(self._claim, expert))

    def _plan_course(self, course: Course) -> None:
        """Each week the roster is read; one in twelve learners leaves some day, and is missing in the next one."""
        for week in range(1, self.weeks + 1):
            self.stage.plan(BEGINS + timedelta(weeks=week, hours=2), partial(self._read_roster, course))
        dice = self._dice("leaves", course.zone)
        for subject in course.learners:
            if dice.random() < 1 / 12:
                moment = BEGINS + timedelta(weeks=dice.uniform(0, self.weeks))
                self.stage.plan(moment.replace(microsecond=0), partial(course.roster.pop, subject))

    def _plan_leavers(self) -> None:
        """Of the experts, one is missing in a roster, one is unenrolled, as is an instructor, and one loses a topic."""
        half = BEGINS + timedelta(weeks=self.weeks / 2, hours=10)
        if len(self.cast.experts) < 5:
            return
        missing, unenrolled, loses = self.cast.experts[-3:]
        self.stage.plan(half, partial(missing.course.roster.pop, missing.actor.subject))
        self.stage.plan(half + HOUR, partial(self._unenrol, unenrolled.course, unenrolled.actor))
        instructor = self.cast.courses[1].staff[1]
        self.stage.plan(half + 50 * HOUR, partial(self._unenrol, self.cast.courses[1], instructor))
        self.stage.plan(half + 2 * HOUR, partial(self._withdraw, loses))

    def _plan_answer(self, thread_id: int, person_id: int) -> None:
        asked, (actor, course) = self.asked[thread_id], self.cast.called[person_id]
        nth = self._given[thread_id, person_id]
        self._given[thread_id, person_id] += 1
        dice = self._dice("has", asked.number, actor.subject, nth)
        what = _roll(dice, STAFF if actor in course.staff else EXPERTS)
        median = 40 if what == "answer late" else 8 if actor in course.staff else 5
        if what != "lapse":
            moment = self._later(dice, median, actor.awake)
            self.stage.plan(moment, partial(self._deal_with, what, thread_id, actor, course, dice))

    def _plan_verdict(self, thread_id: int, number: int, shares: dict[str, int]) -> None:
        asked = self.asked[thread_id]
        dice = self._dice("judges", asked.number, number)
        what = _roll(dice, shares)
        if what != "never come back":
            moment = self._later(dice, 9, asked.by.awake)
            self.stage.plan(moment, partial(self._judge, what, thread_id, number, dice))

    # -- learners ----------------------------------------------------------------------------------------------

    def _ask(self, number: int, place: Place) -> None:
        dice = self._dice("writes", number)
        by, is_private = place.course.somebody(dice), dice.random() < 0.1
        thread = questions.ask_question(
            viewer=by.viewer,
            activity_uid=place.activity.uid,
            title=sentence(dice, 8),
            body=paragraph(dice, 3),
            topic_names=[dice.choice(TOPICS)] if dice.random() < 0.25 else [],
            is_private=is_private,
            anonymous=dice.random() < 0.15,
        )
        self.asked[thread.pk] = Asked(number=number, by=by, place=place, is_private=is_private)
        if dice.random() < 0.01:
            take_back = partial(threads.delete_post, viewer=by.viewer, thread_id=thread.pk, number=1)
            self.stage.plan(self._later(dice, 2), take_back)
        if is_private:
            return
        for _turn in range(min(int(dice.expovariate(0.7)), 12)):
            self.stage.plan(self._later(dice, 24), partial(self._say_me_too, thread.pk, dice))
        for _turn in range(dice.choice((0, 0, 0, 1, 2))):
            self.stage.plan(self._later(dice, 6, by.awake), partial(self._reply_as_peer, thread.pk, dice))
        if dice.random() < 0.03:
            self.stage.plan(self._later(dice, 6), partial(self._close_as_duplicate, thread.pk, dice))

    def _say_me_too(self, thread_id: int, dice: Random) -> None:
        asked = self.asked[thread_id]
        other = asked.place.course.somebody(dice)
        if other is not asked.by:
            questions.say_me_too(viewer=other.viewer, thread_id=thread_id)

    def _reply_as_peer(self, thread_id: int, dice: Random) -> None:
        asked = self.asked[thread_id]
        other = asked.place.course.somebody(dice)
        if other is asked.by or _state(thread_id) == State.CLOSED:
            return
        post = threads.add_reply(
            viewer=other.viewer, thread_id=thread_id, body=paragraph(dice, 2), anonymous=dice.random() < 0.1
        )
        self._plan_verdict(thread_id, post.number, OF_PEERS)

    def _judge(self, what: str, thread_id: int, number: int, dice: Random) -> None:
        asked = self.asked[thread_id]
        if not asked.place.course.is_here(asked.by) or _state(thread_id) not in (State.OPEN, State.ANSWERED):
            return
        viewer = asked.by.viewer
        if what == "not helped":
            questions.say_unhelpful(viewer=viewer, thread_id=thread_id, number=number, why=sentence(dice))
            return
        threads.accept_answer(viewer=viewer, thread_id=thread_id, number=number)
        if asked.is_private and dice.random() < 0.4:
            questions.publish_question(viewer=viewer, thread_id=thread_id)

    # -- those who are called ----------------------------------------------------------------------------------

    def _deal_with(self, what: str, thread_id: int, actor: Actor, course: Course, dice: Random) -> None:
        question = Question.objects.select_related("assignment").get(pk=thread_id)
        has_it = question.assignment is not None and question.assignment.person_id == actor.person_id
        is_away = bool(topics.away_among([actor.person_id]))
        if is_away or not course.is_here(actor) or not question.is_open or not (has_it or what == "answer late"):
            return
        viewer = self._called(actor, thread_id)
        possible = questions.list_possible(viewer=viewer, thread_id=thread_id) if what == "hand over" else []
        if what == "decline" or (what == "hand over" and not possible):
            questions.decline_question(viewer=viewer, thread_id=thread_id, reason=sentence(dice))
        elif what == "hand over":
            person_id = dice.choice(sorted(possible))[0]
            questions.hand_over(viewer=viewer, thread_id=thread_id, person_id=person_id, note=sentence(dice))
        elif what == "endorse" and question.first_answer_at is not None:
            threads.endorse_post(viewer=viewer, thread_id=thread_id, number=2, endorsed=True)
        else:
            threads.add_reply(viewer=viewer, thread_id=thread_id, body=paragraph(dice, 4))

    def _claim(self, expert: Expert) -> None:
        """Take the first that waits in one's queue."""
        viewer = expert.actor.viewer
        if not expert.course.is_here(expert.actor) or topics.away_among([viewer.person_id]):
            return
        rows = [
            row
            for tab in (questions.Tab.ON_CALL, questions.Tab.COULD_HELP)
            for row in questions.list_queue(viewer=viewer, tab=tab).rows
        ]
        if rows:
            questions.claim_question(viewer=self._called(expert.actor, rows[0].thread_id), thread_id=rows[0].thread_id)

    def _close_as_duplicate(self, thread_id: int, dice: Random) -> None:
        """A question is pointed to an older one; sometimes whoever asked says that this does not answer it."""
        asked = self.asked[thread_id]
        older = [
            pk
            for pk, other in self.asked.items()
            if pk < thread_id and other.place.course is asked.place.course and not other.is_private
        ]
        if not older or _state(thread_id) == State.CLOSED:
            return
        staff = asked.place.course.staff[0].viewer
        questions.close_as_duplicate(viewer=staff, thread_id=thread_id, of_thread_id=dice.choice(older))
        if dice.random() < 0.3:
            again = partial(questions.reopen_duplicate, viewer=asked.by.viewer, thread_id=thread_id)
            self.stage.plan(self._later(dice, 10, asked.by.awake), again)

    def _save(self, expert: Expert, begins: datetime | None, ends: datetime | None) -> None:
        facts = {"capacity": expert.capacity, "time_zone": expert.actor.awake.zone}
        topics.save_profile(viewer=expert.actor.viewer, away_from=begins, away_until=ends, **facts)

    def _called(self, actor: Actor, thread_id: int) -> Viewer:
        return questions.lend(viewer=actor.viewer, thread_id=thread_id) or actor.viewer

    # -- who comes and goes ------------------------------------------------------------------------------------

    def _read_roster(self, course: Course) -> None:
        course.read_roster()
        self.stage.plan_tick(self.stage.now)

    def _unenrol(self, course: Course, actor: Actor) -> None:
        course.roster.pop(actor.subject)
        spaces.leave_space(
            issuer=people.ISSUER,
            external_id=course.space.external_id,
            organization_id=course.space.organization_id,
            subject=actor.subject,
        )

    def _withdraw(self, expert: Expert) -> None:
        granting = expert.course.staff[0].viewer
        topics.withdraw_expertise(viewer=granting, topic=expert.topics[0], person_id=expert.actor.person_id)

    # -- chance ------------------------------------------------------------------------------------------------

    def _dice(self, *what: object) -> Random:
        return Random(f"{self.seed} {what}")

    def _later(self, dice: Random, median: float, awake: WorkingHours | None = None) -> datetime:
        """In so many hours, or much later; in hours in which somebody does something."""
        seconds = round(dice.lognormvariate(log(median), 0.9) * 3600)
        moment = self.stage.now + timedelta(seconds=seconds)
        return self._awake(moment, awake, dice) if awake is not None else moment

    def _awake(self, moment: datetime, awake: WorkingHours, dice: Random) -> datetime:
        opens = awake.next_open(moment).replace(microsecond=0)
        return opens if awake.is_open(moment) else opens + timedelta(seconds=dice.randint(0, 7_200))


def _roll(dice: Random, shares: dict[str, int]) -> str:
    return dice.choices(list(shares), weights=list(shares.values()))[0]


def _state(thread_id: int) -> str:
    return Question.objects.values_list("state", flat=True).get(pk=thread_id)
