"""Follow-up: series of small prompts, asked at the right time, answered in a minute, and what came of it."""

from companion.reflections.answering import (
    answer_once,
    answer_prompt,
    can_answer,
    get_delivery,
    note_looked_at,
    settings_of,
    share_entry,
    skip_prompt,
    snooze_prompt,
    text_of,
)
from companion.reflections.blocked import context_of, note_question, sentence_of
from companion.reflections.calculating import recalculate
from companion.reflections.checking import Answer
from companion.reflections.contacts import (
    get_contact,
    learn_time_zone,
    note_bounce,
    set_time_zone,
    stop_reminders,
)
from companion.reflections.credit import get_credit, list_credit
from companion.reflections.delivering import deliver_due, next_due
from companion.reflections.drafting import change_prompts, move_prompt, remove_prompt, save_prompt
from companion.reflections.due_dates import tell_due_dates
from companion.reflections.entries import EntryView
from companion.reflections.links import read_answer_token, read_stop_token, tell_address
from companion.reflections.models import Delivery, Entry, Outcome, Privacy, Series
from companion.reflections.muddiest import UnclearUnit, list_unclear
from companion.reflections.previewing import (
    LearnerPlan,
    PlannedPrompt,
    Preview,
    list_deliveries,
    preview_series,
)
from companion.reflections.publishing import (
    find_series,
    get_series,
    is_draft,
    publish_series,
    title_of_series,
)
from companion.reflections.reading import (
    PromptView,
    get_prompt,
    get_shared_entry,
    list_all,
    list_coming,
    list_in_course,
    list_journal,
    list_open,
    list_shared,
    list_waiting,
    must_be_staff_of,
    reply_to_entry,
    view_shared,
)
from companion.reflections.reporting import Report, make_report
from companion.reflections.returned import note_returned
from companion.reflections.scheduling import Reason, State
from companion.reflections.templates import TEMPLATES, Template, from_template
from companion.reflections.tracking import (
    COURSE,
    finished_by,
    forget_people,
    has_stopped,
    note_completion,
    note_due_date,
    note_seen,
    recalculate_dated,
    stop_series,
    waited_for,
)
from companion.reflections.witnesses import WitnessView, get_plan, list_witnesses, tell_plan

__all__ = [
    "WitnessView",
    "get_plan",
    "list_witnesses",
    "tell_plan",
    "sentence_of",
    "view_shared",
    "title_of_series",
    "has_stopped",
    "text_of",
    "note_looked_at",
    "get_contact",
    "can_answer",
    "answer_once",
    "COURSE",
    "TEMPLATES",
    "Answer",
    "Delivery",
    "Entry",
    "EntryView",
    "LearnerPlan",
    "Outcome",
    "PlannedPrompt",
    "Preview",
    "Privacy",
    "PromptView",
    "Reason",
    "Report",
    "Series",
    "State",
    "Template",
    "answer_prompt",
    "change_prompts",
    "context_of",
    "deliver_due",
    "find_series",
    "finished_by",
    "forget_people",
    "from_template",
    "get_credit",
    "get_delivery",
    "get_prompt",
    "get_series",
    "get_shared_entry",
    "is_draft",
    "learn_time_zone",
    "list_all",
    "list_coming",
    "list_in_course",
    "list_credit",
    "list_deliveries",
    "list_journal",
    "list_open",
    "list_shared",
    "list_waiting",
    "list_unclear",
    "UnclearUnit",
    "make_report",
    "move_prompt",
    "must_be_staff_of",
    "next_due",
    "note_bounce",
    "note_returned",
    "note_completion",
    "note_seen",
    "note_question",
    "preview_series",
    "publish_series",
    "read_answer_token",
    "read_stop_token",
    "recalculate",
    "recalculate_dated",
    "remove_prompt",
    "reply_to_entry",
    "save_prompt",
    "set_time_zone",
    "settings_of",
    "share_entry",
    "skip_prompt",
    "snooze_prompt",
    "stop_reminders",
    "stop_series",
    "tell_address",
    "tell_due_dates",
    "note_due_date",
    "waited_for",
]
