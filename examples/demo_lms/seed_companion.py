"""Put the demo's conversations into the Companion, through its own verbs, as the people of the demo LMS.

Idempotent: an activity that has threads is left alone, so what somebody wrote in the demo stays.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "companion.standalone.settings")
django.setup()

from companion_lti.models import Deployment, ResourceLink  # noqa: E402

from companion import clock  # noqa: E402
from companion.questions import api as questions  # noqa: E402
from companion.reflections import api as reflections  # noqa: E402
from companion.spaces import api as spaces  # noqa: E402
from companion.spaces.keys import external_key  # noqa: E402
from companion.spaces.kinds import Kind  # noqa: E402
from companion.spaces.prompts import PromptSettings, read_prompt  # noqa: E402
from companion.threads import api as threads  # noqa: E402
from companion.topics import api as topics  # noqa: E402
from companion.viewer import Role, Viewer  # noqa: E402
from examples.demo_lms import course  # noqa: E402
from examples.demo_lms.conversations import (  # noqa: E402
    CONVERSATIONS,
    FOLLOW_UPS,
    MEMBERS,
    SETUPS,
    Conversation,
    Expert,
    FollowUp,
    Message,
    Question,
    Said,
)

# How long after an answer whoever asked says that it helped.
A_LITTLE_LATER = timedelta(hours=3)


class Seeder:
    """The people and the space of one course, as a launch would have made them."""

    def __init__(self, deployment: Deployment, lms_course: course.Course) -> None:
        self.deployment = deployment
        self.organization_id = deployment.registration.organization_id
        self.space = spaces.ensure_space(
            organization_id=self.organization_id,
            issuer=deployment.identity,
            external_id=lms_course.context_id,
            title=lms_course.title,
            label=lms_course.label,
        )
        self.viewers: dict[str, Viewer] = {}
        roles = lms_course.members
        for person in course.PEOPLE:
            if person.key in roles:
                role = Role.INSTRUCTOR if roles[person.key] == "instructor" else Role.LEARNER
                name = person.name if person.shares_name else ""
                self._admit(person.key, person.sub, name, person.email if person.shares_name else "", role)
        for member in MEMBERS:
            if member.context_id == lms_course.context_id:
                self._admit(member.key, member.sub, member.name, "", Role.LEARNER)

    def _admit(self, key: str, sub: str, name: str, email: str, role: Role) -> None:
        person = spaces.admit_person(
            organization_id=self.organization_id,
            issuer=self.deployment.identity,
            subject=sub,
            name=name,
            email=email,
        )
        spaces.record_membership(space_id=self.space.pk, person_id=person.pk, role=role)
        self.viewers[key] = Viewer(
            organization_id=self.organization_id,
            space_id=self.space.pk,
            person_id=person.pk,
            role=role,
            name=person.name,
        )

    def place(self, unit: course.Unit, link_id: str) -> None:
        """The activity behind a unit's link, with its author's settings and its threads."""
        author = next(viewer for viewer in self.viewers.values() if viewer.can_configure)
        activity = spaces.create_activity(
            viewer=author,
            title=unit.link_title,
            kind=_kind_of(unit),
            external_id=f"link {link_id}",
        )
        ResourceLink.objects.get_or_create(
            deployment=self.deployment,
            space=self.space,
            key=external_key(link_id),
            defaults={"link_id": link_id, "activity": activity},
        )
        if threads.latest_change(viewer=author, activity=activity) or reflections.find_series(activity):
            return
        setup = SETUPS[link_id]
        spaces.configure_activity(
            viewer=author,
            uid=activity.uid,
            title=unit.link_title,
            settings={
                "prompt": setup.prompt,
                "anonymity": setup.anonymity,
                "starters": setup.starters,
                "topic": setup.topic,
                "video": _address_of(unit.video) if setup.with_video else "",
                "before_prompt": setup.before_prompt,
                "after_prompt": setup.after_prompt,
                **setup.ladder,
            },
            **_dates_of(unit.event),
        )
        if link_id in FOLLOW_UPS:
            self._follow_up(activity, author, FOLLOW_UPS[link_id])
        for expert in setup.experts:
            self._name_expert(author, setup.topic, expert)
        talk = sorted(CONVERSATIONS[link_id], key=lambda talk: -talk.opening.days_ago)
        for conversation in talk:
            self._tell(activity, conversation, author)

    def _follow_up(self, activity: spaces.Activity, author: Viewer, told: FollowUp) -> None:
        """A series that has run for a month, with what its first learners answered, each on its day."""
        prompts = [read_prompt(prompt) for prompt in told.prompts]
        reflections.change_prompts(viewer=author, uid=activity.uid, prompts=prompts)
        finished = clock.now() - timedelta(days=told.finished_days_ago)
        with clock.at(finished - timedelta(days=1)):
            reflections.publish_series(viewer=author, uid=activity.uid)
        for said in told.said:
            viewer = self.viewers[said.by]
            reflections.note_completion(
                space_id=self.space.pk, person_id=viewer.person_id, unit=reflections.COURSE, at=finished
            )
        for day in range(told.finished_days_ago + 1):
            with clock.at(finished + timedelta(days=day)):
                reflections.deliver_due()
                for said in told.said:
                    self._answer_prompts(activity, said)

    def _answer_prompts(self, activity: spaces.Activity, said: Said) -> None:
        """What somebody has to say to what they can answer by now."""
        viewer = self.viewers[said.by]
        privacy = reflections.Privacy.INSTRUCTOR if said.shares else reflections.Privacy.PRIVATE
        for prompt in reflections.list_open(viewer=viewer, activity=activity):
            answer = _answer_to(prompt.settings, said)
            if answer is not None and not prompt.is_answered:
                reflections.answer_prompt(viewer=viewer, delivery_id=prompt.delivery_id, answer=answer, privacy=privacy)

    def _name_expert(self, author: Viewer, topic: str, expert: Expert) -> None:
        viewer = self.viewers[expert.key]
        topics.grant_expertise(viewer=author, topic=topic, person_id=viewer.person_id)
        if expert.weekdays:
            topics.add_turn(viewer=author, topic=topic, person_id=viewer.person_id, weekdays=expert.weekdays)
        if expert.capacity is not None:
            topics.save_profile(viewer=viewer, capacity=expert.capacity, time_zone="UTC", about=expert.about)

    def _tell(self, activity: spaces.Activity, conversation: Conversation, author: Viewer) -> None:
        opening = conversation.opening
        with clock.at(clock.now() - timedelta(days=opening.days_ago)):
            thread = self._open(activity, conversation)
        self._mark(thread.pk, 1, opening)
        # In the order of time, as people write; a reply waits until the post it answers is there.
        waiting = [(reply, 1) for reply in opening.replies]
        while waiting:
            waiting.sort(key=lambda item: -item[0].days_ago)
            message, parent = waiting.pop(0)
            number = self._reply(thread.pk, message, parent, opening.by)
            waiting += [(reply, number) for reply in message.replies]
        if isinstance(conversation, Question):
            self._answer_for(thread.pk, conversation)
        if conversation.pinned:
            threads.pin_thread(viewer=author, thread_id=thread.pk, pinned=True)
        if conversation.locked:
            threads.lock_thread(viewer=author, thread_id=thread.pk, locked=True)

    def _open(self, activity: spaces.Activity, conversation: Conversation) -> threads.Thread:
        opening = conversation.opening
        if isinstance(conversation, Question):
            return questions.ask_question(
                viewer=self.viewers[opening.by],
                activity_uid=activity.uid,
                title=conversation.title,
                body=opening.text,
                topic_names=conversation.tags,
                is_private=conversation.private,
                anonymous=opening.anonymous,
            )
        return threads.start_thread(
            viewer=self.viewers[opening.by],
            activity_uid=activity.uid,
            title=conversation.title,
            body=opening.text,
            kind=threads.Kind(conversation.kind),
            to_space=conversation.to_course,
            second=opening.second,
            anonymous=opening.anonymous,
        )

    def _answer_for(self, thread_id: int, question: Question) -> None:
        """Who has a question, too, which answer it was, and who took it or vouches for it."""
        for key in question.too:
            questions.say_me_too(viewer=self.viewers[key], thread_id=thread_id)
        if question.taken_by:
            with clock.at(clock.now() - timedelta(days=question.taken_days_ago)):
                questions.claim_question(viewer=self.viewers[question.taken_by], thread_id=thread_id)

    def _reply(self, thread_id: int, message: Message, parent: int, asker: str) -> int:
        with clock.at(clock.now() - timedelta(days=message.days_ago)):
            viewer = self.viewers[message.by]
            # An expert who answers what was asked of the experts alone.
            called = questions.lend(viewer=viewer, thread_id=thread_id)
            number = threads.add_reply(
                viewer=called or viewer,
                thread_id=thread_id,
                parent_number=parent,
                body=message.text,
                second=message.second,
                anonymous=message.anonymous,
            ).number
        self._mark(thread_id, number, message)
        if message.accepted:
            with clock.at(clock.now() - timedelta(days=message.days_ago) + A_LITTLE_LATER):
                threads.accept_answer(viewer=self.viewers[asker], thread_id=thread_id, number=number)
        if message.holds_days:
            until = clock.now() + timedelta(days=message.holds_days)
            by = self.viewers[message.by]
            questions.verify_answer(viewer=by, thread_id=thread_id, number=number, until=until)
        return number

    def _mark(self, thread_id: int, number: int, message: Message) -> None:
        for key in message.helped:
            threads.mark_helpful(viewer=self.viewers[key], thread_id=thread_id, number=number, helpful=True)
        if message.endorsed_by:
            by = self.viewers[message.endorsed_by]
            threads.endorse_post(viewer=by, thread_id=thread_id, number=number, endorsed=True)


def _kind_of(unit: course.Unit) -> Kind:
    if unit.follows_up:
        return Kind.REFLECTION
    return Kind.QUESTIONS if unit.asks else Kind.DISCUSSION


def _answer_to(prompt: PromptSettings, said: Said) -> reflections.Answer | None:
    """None where they have nothing to say to a prompt."""
    numbers = {"sure": said.sure, "surer": said.surer, "recall": said.recalls}
    number = numbers.get(prompt.key)
    if number is not None:
        return reflections.Answer(number=number)
    if prompt.key == "plan" and said.plan is not None:
        return reflections.Answer(cue=said.cue, action=prompt.options[said.plan], number=7)
    if prompt.key == "how" and said.outcome:
        return reflections.Answer(outcome=said.outcome)
    return None


def _address_of(video: course.Video | None) -> str:
    return f"{os.environ['DEMO_LMS_URL']}/static/{video.src}" if video else ""


def _dates_of(event: course.Event | None) -> dict[str, datetime]:
    if event is None:
        return {}
    starts = event.next_start(clock.now().date())
    return {"event_at": starts, "event_ends_at": starts + event.duration}


def main() -> None:
    deployment = Deployment.objects.select_related("registration").get(
        registration__issuer=os.environ["DEMO_LMS_URL"], deployment_id="1"
    )
    for lms_course in course.COURSES:
        seeder = Seeder(deployment, lms_course)
        for unit in lms_course.units:
            if unit.link_id:
                seeder.place(unit, unit.link_id)


if __name__ == "__main__":
    main()
