"""Questions: asked, given to somebody who knows, answered, kept. The thread of a question is read and written through
`companion.threads.api`; here is who answers for it.
"""

from companion.questions.agenda import AgendaRow, can_ask, gathers_from, list_agenda, must_be_able_to_ask
from companion.questions.answering import (
    can_answer_for,
    claim_question,
    close_as_duplicate,
    decline_question,
    hand_over,
    list_possible,
    make_tip,
    must_be_asker,
    must_know,
    my_room,
    reopen_duplicate,
    verify_answer,
)
from companion.questions.asking import (
    ask_question,
    count_save,
    forget_people,
    publish_question,
    say_me_too,
    say_unhelpful,
)
from companion.questions.assigning import next_due, route, route_due
from companion.questions.figures import Figures, list_figures
from companion.questions.gates import get_question, lend
from companion.questions.knowing import Knower, PersonPage, get_person, who_knows
from companion.questions.models import Outcome, State, Step
from companion.questions.queue import Queue, QueueRow, Tab, count_mine, list_queue
from companion.questions.viewing import (
    QuestionView,
    Standing,
    hear_corrections,
    list_corrections,
    list_standings,
    must_be_able,
    view_question,
)

__all__ = [
    "AgendaRow",
    "Figures",
    "Knower",
    "Outcome",
    "PersonPage",
    "QuestionView",
    "Queue",
    "QueueRow",
    "Standing",
    "State",
    "Step",
    "Tab",
    "ask_question",
    "can_answer_for",
    "can_ask",
    "claim_question",
    "close_as_duplicate",
    "count_mine",
    "count_save",
    "decline_question",
    "forget_people",
    "gathers_from",
    "get_person",
    "get_question",
    "hand_over",
    "hear_corrections",
    "lend",
    "list_agenda",
    "list_corrections",
    "list_figures",
    "list_possible",
    "list_queue",
    "list_standings",
    "make_tip",
    "must_be_able",
    "must_be_able_to_ask",
    "must_be_asker",
    "must_know",
    "my_room",
    "next_due",
    "publish_question",
    "reopen_duplicate",
    "route",
    "route_due",
    "say_me_too",
    "say_unhelpful",
    "verify_answer",
    "view_question",
    "who_knows",
]
