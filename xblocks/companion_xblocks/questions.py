"""Questions to experts in a unit."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils.translation import gettext_noop
from xblock.fields import Boolean, Integer, Scope, String

from companion import clock
from companion.spaces.kinds import Kind, QuestionSettings
from companion_xblocks.base import CompanionBlock
from companion_xblocks.forms import QuestionsBlockForm

_USUAL: Final = QuestionSettings()


class QuestionsBlock(CompanionBlock):
    """`companion_questions`. Who placed it is not known here, so that step of the ladder has nobody on it."""

    kind = Kind.QUESTIONS
    settings_form = QuestionsBlockForm
    icon_class = "discussion"

    display_name = String(
        default=gettext_noop("Companion questions"), scope=Scope.settings, help="The title above the questions."
    )
    peer_hours = Integer(
        default=_USUAL.peer_hours, scope=Scope.content, help="For how many working hours everybody answers first."
    )
    expert_hours = Integer(
        default=_USUAL.expert_hours, scope=Scope.content, help="For how many working hours an expert has it then."
    )
    author_hours = Integer(
        default=_USUAL.author_hours,
        scope=Scope.content,
        help="For how many working hours whoever placed it has it then; nobody is known to have placed a block.",
    )
    working_days = String(
        default=_USUAL.working_days, scope=Scope.content, help="Working days: 1 is Monday, 7 is Sunday."
    )
    day_begins = Integer(
        default=_USUAL.day_begins, scope=Scope.content, help="The full hour at which the working day begins."
    )
    day_ends = Integer(
        default=_USUAL.day_ends, scope=Scope.content, help="The full hour at which the working day ends."
    )
    time_zone = String(
        default=_USUAL.time_zone, scope=Scope.content, help="The time zone of these hours, such as Europe/Berlin."
    )
    allows_private = Boolean(
        default=_USUAL.allows_private, scope=Scope.content, help="Whether learners may ask the experts alone."
    )
    is_shared = Boolean(
        default=_USUAL.is_shared,
        scope=Scope.content,
        help="Whether answered questions are found in every course of the organization.",
    )
    gather_days = Integer(
        default=_USUAL.gather_days,
        scope=Scope.content,
        help="For how many days before an event questions for it are gathered.",
    )

    @staticmethod
    def workbench_scenarios() -> list[tuple[str, str]]:
        soon = (clock.now() + timedelta(days=3)).replace(minute=0, second=0, microsecond=0)
        # The workbench knows no working hours: what is asked at night is to be seen at night.
        always = 'working_days="1234567" day_begins="0" day_ends="24"'
        return [
            (
                "Companion: questions about one topic, for its experts at once",
                f"""<vertical_demo>
                      <html_demo><h2>Who is in command?</h2>
                        <p>As Ben, name Chen Wei an expert: "Experts", beside the topic. Then ask, as Ana.</p>
                      </html_demo>
                      <companion_questions display_name="Ask about incident command"
                        prompt="What would you have done, and what stopped you?" topic="Incident command"
                        peer_hours="0" {always} credit_replies="1" credit_words="3"/>
                    </vertical_demo>""",
            ),
            (
                "Companion: ask the expert, an event with a date",
                f"""<companion_questions display_name="Ask Chen" topic="Incident command" gather_days="7"
                     event_at="{soon.isoformat()}" event_ends_at="{(soon + timedelta(hours=1)).isoformat()}"
                     prompt="An hour with Chen. Ask now, and say which questions are yours, too." {always}/>""",
            ),
            (
                "Companion: questions with a field that an import broke",
                """<companion_questions display_name="Broken" time_zone="Europe/Atlantis"/>""",
            ),
        ]
