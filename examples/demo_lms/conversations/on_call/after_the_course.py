from __future__ import annotations

from examples.demo_lms.conversations.kinds import FollowUp, Said, Setup

SETUP = Setup(
    prompt=(
        "A few small questions in the weeks after the course: what you plan, what you remember, how it went. What you"
        " answer is **yours alone** unless you share it."
    ),
    topic="Incident command",
    # At any hour, or whoever opens the demo at night sees no mail before the morning.
    ladder={"working_days": "1234567", "day_begins": 0, "day_ends": 24, "time_zone": "UTC"},
)

_PLANS = (
    "write down who leads, before anything else",
    "say out loud what I do not know",
    "post an update every fifteen minutes, also when nothing has changed",
)

FOLLOW_UP = FollowUp(
    prompts=(
        {
            "key": "sure",
            "format": "rating",
            "title": "How sure are you today?",
            "text": "If your pager rang tonight. **0**: I would not know where to begin. **10**: I could teach it.",
            "anchor": "course",
        },
        {
            "key": "plan",
            "format": "commitment",
            "title": "What will you do differently?",
            "text": "One small thing, tied to a moment that comes by itself.",
            "options": _PLANS,
            "anchor": "course",
            "days": 2,
        },
        {
            "key": "recall",
            "format": "retrieval",
            "title": "Who leads when nobody has said so?",
            "text": "Without looking.",
            "options": (
                "The most senior one in the channel",
                "Whoever declared the incident, until somebody else says so",
                "Whoever knows the system best",
            ),
            "right": 1,
            "feedback": "Whoever declared leads, until somebody writes *“I lead now”*.",
            "anchor": "course",
            "days": 7,
        },
        {
            "key": "how",
            "format": "follow_up",
            "title": "How did it go?",
            "text": "Not yet is an answer, too. If you are stuck, somebody who knows can help.",
            "anchor": "course",
            "days": 21,
            "pairs_with": "plan",
        },
        {
            "key": "surer",
            "format": "rating",
            "title": "How sure are you now?",
            "text": "**0**: I would not know where to begin. **10**: I could teach it.",
            "anchor": "course",
            "days": 23,
            "pairs_with": "sure",
        },
        {
            "key": "still",
            "format": "follow_up",
            "title": "Two months later: what has become of it?",
            "anchor": "course",
            "days": 60,
            "pairs_with": "plan",
        },
    ),
    finished_days_ago=33,
    said=(
        Said("jonas", sure=4, cue="the next page comes in", plan=0, recalls=1, outcome="done", surer=7),
        Said("priya", sure=6, cue="I open the channel", plan=1, recalls=1, outcome="partly", surer=7),
        Said("mateus", sure=3, cue="I lead the next one", plan=2, recalls=0, outcome="not_yet", surer=4),
        Said("aiko", sure=5, cue="an alert lasts five minutes", plan=0, recalls=1, outcome="done", surer=8),
        Said(
            "zainab", sure=2, cue="I am asked how it is going", plan=2, recalls=1, outcome="done", surer=6, shares=True
        ),
        Said("luca", sure=7, cue="two of us work on one thing", plan=0, recalls=1, outcome="partly", surer=8),
        Said("grace", sure=5, cue="nobody leads", plan=0, recalls=1, outcome="done", surer=9, shares=True),
        Said("oksana", sure=4, cue="", plan=1, recalls=2),
        Said("tomas", sure=6),
    ),
)

CONVERSATIONS = ()
