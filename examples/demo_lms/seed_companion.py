"""Put the demo's conversations into the Companion, through its own verbs, as the people of the demo LMS.

Idempotent: an activity that has threads is left alone, so what somebody wrote in the demo stays.
"""

from __future__ import annotations

import os
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "companion.standalone.settings")
django.setup()

from companion_lti.models import Deployment, ResourceLink  # noqa: E402

from companion import clock  # noqa: E402
from companion.spaces import api as spaces  # noqa: E402
from companion.spaces.keys import external_key  # noqa: E402
from companion.threads import api as threads  # noqa: E402
from companion.viewer import Role, Viewer  # noqa: E402
from examples.demo_lms import course  # noqa: E402
from examples.demo_lms.conversations import (  # noqa: E402
    CONVERSATIONS,
    MEMBERS,
    SETUPS,
    Conversation,
    Message,
)


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
        activity = spaces.ensure_activity(space_id=self.space.pk, external_id=f"link {link_id}", title=unit.link_title)
        ResourceLink.objects.get_or_create(
            deployment=self.deployment,
            space=self.space,
            key=external_key(link_id),
            defaults={"link_id": link_id, "activity": activity},
        )
        author = next(viewer for viewer in self.viewers.values() if viewer.can_configure)
        if threads.latest_change(viewer=author, activity=activity):
            return
        setup = SETUPS[link_id]
        spaces.configure_activity(
            viewer=author,
            uid=activity.uid,
            title=unit.link_title,
            settings={"prompt": setup.prompt, "anonymity": setup.anonymity, "starters": setup.starters},
        )
        talk = sorted(CONVERSATIONS[link_id], key=lambda talk: -talk.opening.days_ago)
        for conversation in talk:
            self._tell(activity, conversation, author)

    def _tell(self, activity: spaces.Activity, conversation: Conversation, author: Viewer) -> None:
        opening = conversation.opening
        with clock.at(clock.now() - timedelta(days=opening.days_ago)):
            thread = threads.start_thread(
                viewer=self.viewers[opening.by],
                activity_uid=activity.uid,
                title=conversation.title,
                body=opening.text,
                anonymous=opening.anonymous,
            )
        # In the order of time, as people write; a reply waits until the post it answers is there.
        waiting = [(reply, 1) for reply in opening.replies]
        while waiting:
            waiting.sort(key=lambda item: -item[0].days_ago)
            message, parent = waiting.pop(0)
            number = self._reply(thread.pk, message, parent)
            waiting += [(reply, number) for reply in message.replies]
        if conversation.pinned:
            threads.pin_thread(viewer=author, thread_id=thread.pk, pinned=True)
        if conversation.locked:
            threads.lock_thread(viewer=author, thread_id=thread.pk, locked=True)

    def _reply(self, thread_id: int, message: Message, parent: int) -> int:
        with clock.at(clock.now() - timedelta(days=message.days_ago)):
            return threads.add_reply(
                viewer=self.viewers[message.by],
                thread_id=thread_id,
                parent_number=parent,
                body=message.text,
                anonymous=message.anonymous,
            ).number


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
