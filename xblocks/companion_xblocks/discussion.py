"""Discussion threads in a unit."""

from __future__ import annotations

from django.utils.translation import gettext_noop
from xblock.fields import Scope, String

from companion.spaces.kinds import Kind
from companion_xblocks.base import CompanionBlock


class DiscussionBlock(CompanionBlock):
    """`companion_discussion`."""

    kind = Kind.DISCUSSION
    icon_class = "discussion"

    display_name = String(
        default=gettext_noop("Companion discussion"), scope=Scope.settings, help="The title above the threads."
    )

    @staticmethod
    def workbench_scenarios() -> list[tuple[str, str]]:
        return [
            (
                "Companion: one discussion",
                """<vertical_demo>
                     <html_demo><h2>Declaring an incident</h2>
                       <p>It is Thursday, 22:04. Checkout errors are at 4 %, usually 0.2 %. Is this an incident?</p>
                     </html_demo>
                     <companion_discussion display_name="Discuss: declaring an incident"
                       prompt="Tell us about a time when you **waited too long**, or declared too soon."
                       topic="Incident response" credit_threads="1" credit_replies="2" credit_words="10"/>
                   </vertical_demo>""",
            ),
            (
                "Companion: only the staff starts threads, names hidden by default",
                """<companion_discussion display_name="What nobody dares to ask"
                     prompt="Ask under the thread that fits." anonymity="default" starters="staff"/>""",
            ),
            (
                "Companion: along a video and around a training event",
                """<companion_discussion display_name="Game day" topic="Incident response" post_first="true"
                     video="https://www.youtube.com/watch?v=aqz-KE-bpKQ" event_at="2030-05-01T09:00:00Z"
                     before_prompt="What do you expect to be hard?" after_prompt="What will you try first?"/>""",
            ),
            (
                "Companion: a field that an import broke",
                """<companion_discussion display_name="Broken" anonymity="sometimes"/>""",
            ),
            (
                "Companion: ten discussions in a unit",
                "<vertical_demo>"
                + "".join(f'<companion_discussion display_name="Discussion {number}"/>' for number in range(1, 11))
                + "</vertical_demo>",
            ),
        ]
