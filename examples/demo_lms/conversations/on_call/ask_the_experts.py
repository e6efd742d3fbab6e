from __future__ import annotations

from examples.demo_lms.conversations.kinds import Expert, Question, Setup, post

SETUP = Setup(
    prompt=(
        "Ask what the units do not answer. Your colleagues have **four hours**; then an expert gets it. If an answer "
        "helped you, say so: it finds the next one who asks."
    ),
    topic="Incident command",
    experts=(
        Expert(
            key="chen",
            weekdays="1234567",
            capacity=3,
            about=(
                "Databases, alerting, and eleven years on call. Ask me what to look at first, and how to stop looking."
            ),
        ),
        Expert(
            key="noor",
            capacity=2,
            about="Has led some forty incidents. In the office on two days a week: if it burns, ask Chen.",
        ),
    ),
    ladder={
        "peer_hours": 4,
        "expert_hours": 16,
        "author_hours": 16,
        # Weekends too, or whoever opens the demo on a Saturday sees nobody get a question until Monday.
        "working_days": "1234567",
        "day_begins": 7,
        "day_ends": 22,
        "time_zone": "UTC",
    },
)

_WHO_LEADS = Question(
    title="Who leads an incident when nobody has said so?",
    tags=("Roles",),
    opening=post(
        "grace",
        23.4,
        """
        In our last exercise five of us were in the channel within three minutes. Everybody was busy, everybody was
        friendly, and after a quarter of an hour it turned out that two of us had restarted the same service.

        The unit says "name one person who leads". But who does, if nobody has? The first one there? The most senior?
        """,
        post(
            "chen",
            23.1,
            """
            Whoever declared leads, until somebody writes **"I lead now"**. Not the most senior, not the one who knows
            the system best: those two are needed for something else.

            If you come in and cannot tell who leads, nobody does, whatever people believe. Ask it as a question that
            has an answer: "Who leads? If I hear nothing within a minute, I do." Then start your watch. I have typed
            that sentence perhaps thirty times, and in about twenty of them it was me a minute later.

            To lead you need not understand the fault. You need to know three things: who is doing what, since when,
            and when you all look up again.
            """,
            post(
                "grace",
                22.8,
                """
                The one-minute sentence would have saved us. Tried it in yesterday's exercise: two people answered "me"
                at once, which is also something one would like to know.
                """,
            ),
            helped="ana mateus sione aiko luca",
            endorsed_by="ben",
            accepted=True,
            holds_days=120,
        ),
    ),
)

_TWO_PAGES = Question(
    title="Two pages within a minute: which one do I take first?",
    tags=("Pagers",),
    opening=post(
        "mateus",
        19.6,
        """
        Test night, 03:12. *Checkout latency* and *label printer queue* rang twenty seconds apart. I acknowledged both,
        because otherwise the thing keeps buzzing, and then sat there with two tabs open and did nothing for four
        minutes.

        Is there an order? And was it wrong to acknowledge both?
        """,
        post(
            "luca",
            19.4,
            "I take the one with customers in it. Parcels can wait till seven, a card that is refused cannot.",
        ),
        post(
            "noor",
            18.9,
            """
            Luca has the order: people outside first, then data, then everything that can wait for the morning. If both
            are the same, take the one that is **newer**: of two pages within a minute, the second is more often the
            cause of the first than you would think, because slow alerts ring late.

            Acknowledging both is the thing I would change. It says "somebody is on it" to the second on call and to
            the escalation, and for one of the two that was not true. Let the other one ring through. That is what the
            second on call is for, and nobody has ever complained to me about a page at 03:17 that said: *I have
            checkout, please take the printers.*
            """,
            post(
                "mateus",
                18.7,
                "So the buzzing is not my enemy. It is the only one who is still looking for help. Accepted!",
            ),
            helped="luca tomas priya",
            endorsed_by="chen",
            accepted=True,
        ),
    ),
)

_TAKE_OVER = Question(
    title="How do I take the lead from somebody far more senior?",
    tags=("Roles", "Handover"),
    opening=post(
        "sione",
        14.8,
        """
        He had led for three hours, in the middle of the night, and he was not making sense any more. He asked for the
        same graph twice. Everybody in the channel saw it and nobody said a word, I was the newest, and I certainly did
        not.

        He is very good. He was just tired. What should I have written?
        """,
        post(
            "noor",
            14.2,
            """
            You would have done him a favour, and he would have been grateful, if perhaps not at 04:30. I have been him.

            Do not offer ("shall I take over?"), because a tired person says no. Do not judge either. **Tell the time
            and take a job away**: "You have led for three hours. I take the lead at 04:40, you tell me what is open
            until then." It has a moment, it has a task for him, and it does not ask whether he can still do it.

            And if that feels too large: page the second on call and say that you want a fresh lead. That you may do on
            your first day, for anybody, without a reason. Since last year we hand over after two hours anyway, so that
            nobody has to notice anything. Ben, that rule would be worth a line in the unit.
            """,
            post("ben", 13.9, "It is, and it is in it since this morning. Thank you both."),
            helped="grace zainab oksana noname",
            accepted=True,
        ),
        anonymous=True,
    ),
)

_STATUS_PAGE = Question(
    title="Who may write on the status page when nobody from communications is up?",
    tags=("Status page",),
    opening=post(
        "priya",
        12.7,
        """
        The runbook says "communications updates the status page". At half past one in the morning communications is
        asleep, as it should be. I have an account that could. Am I allowed to?
        """,
        post(
            "zainab",
            12.5,
            "From the support side: please do. An old status page costs us forty calls an hour.",
        ),
        post(
            "chen",
            12.1,
            """
            Yes. Whoever leads may, and whoever the lead asks to. Since March that is written down: *incidents* →
            bookmarks → "Night rules", third line. Communications wrote that line themselves; they prefer plain words
            at 01:35 to good ones at 08:00.

            Two limits. Write what people notice and when you write again, nothing about the cause (there is a whole
            unit on that). And do not set the light to green at night on your own: the person who closes it should be
            somebody who has slept.

            If the account asks for a second factor that is on somebody else's phone, you have found a bug in our
            rota. Tell me and I get you one.
            """,
            helped="zainab jonas ana",
            accepted=True,
            holds_days=45,
        ),
    ),
    too=("jonas", "tomas"),
)

_GREEN = Question(
    title="Do I close it when the graph is green, or when we know why?",
    tags=("Closing",),
    opening=post(
        "tomas",
        9.4,
        """
        Errors were back to normal at 23:10 after a restart. Nobody knew what the restart had repaired. I kept the
        incident open until two because "we do not know the cause yet", and at two somebody asked me quite politely
        what I was waiting for.

        I did not have a good answer. What are you supposed to wait for?
        """,
        post(
            "oksana",
            9.2,
            """
            For me it is over when I would go to bed *without setting an alarm*. If I would set one, it is still open,
            we only have a quiet phase.

            The cause is a different thing with its own ticket. At the ferries we closed with a sentence like: "It is
            stable since 23:10, we do not know why it broke, we look at it tomorrow at ten, wake Oksana if the queue
            is above 500." The last part is the important one: what would make it an incident again, and whom that
            wakes.
            """,
            post("tomas", 9.0, "The alarm test is going on the wall."),
            helped="tomas grace",
            endorsed_by="noor",
        ),
    ),
)

_SILENT = Question(
    title="I slept through a page. Whom do I have to tell?",
    tags=("Pagers",),
    private=True,
    opening=post(
        "jonas",
        6.3,
        """
        Tuesday, 04:50. The phone was on silent because I had been at my daughter's school concert and forgot. The
        second on call took it after ten minutes, nothing was lost, she did not even mention it.

        Nobody knows but her and me. Do I have to report that somewhere? I would rather ask you before I ask my boss.
        """,
        post(
            "chen",
            5.9,
            """
            Thank you for asking. You have to tell one person, and you have told her already by not being there: say
            thank you to the second on call. The rota worked. It is built for exactly this, because everybody sleeps
            through a page once. Mine was a wedding, and it was my own.

            Then write it down as what it is, a fault of the set-up and not of yours: the pager app can ring through
            silent mode (Settings → *Critical alerts*), and on half of our phones that is switched off. I would like to
            put that on the list for the next rota meeting, without a name. Is that all right with you?
            """,
            post("jonas", 5.8, "It is, and thank you. Mine is switched on now, I have tested it twice."),
        ),
    ),
)

_DIRECTOR = Question(
    title="What do I say to a director who joins the call and asks for the cause?",
    tags=("Status page", "Roles"),
    opening=post(
        "zainab",
        4.2,
        """
        He is a nice man, and he means well. But he asks the person who is typing, and that person then stops typing
        and explains things for six minutes. As the lead I did not dare to say anything.

        Are there words for this that do not sound like "please leave"?
        """,
        post(
            "ben",
            3.8,
            """
            There are. "Hello Martin, good that you are here. I lead; Aiko repairs, and I keep her free. You get what we
            know from me at 14:20 and every twenty minutes after that. **Is there something that you need before
            14:20?**"

            The last question is not politeness. Quite often there is something: a journalist on the phone, a customer
            who is about to cancel. Then you have learned it, and he has been useful. If there is not, he has an
            appointment now, and people with an appointment do not ask.

            Say it once, in the first minute. After ten minutes it does sound like "please leave".
            """,
            helped="priya ana",
            endorsed_by="chen",
        ),
    ),
    too=("priya",),
)

_SLOW_PAGER = Question(
    title="My pager rang half an hour after it had begun. Where do I look?",
    tags=("Pagers", "Alerting"),
    opening=post(
        "noname",
        2.3,
        """
        Begin 01:40, page 02:10. In the alert it says "for: 25m". Is that on purpose? May I change it?
        """,
        post(
            "chen",
            2.0,
            """
            On purpose once, and wrong now. The 25 minutes are from the time when the nightly import made that graph
            jump every night at 01:30. The import moved in spring, the number stayed.

            Change it: the file is `alerts/checkout.yml`, put 5m, and ask anybody on the rota for the review. Before
            you do, look at the last thirty nights with the new value (there is a "replay" button beside the rule). If
            it would have rung more than twice, talk to me first.
            """,
            accepted=True,
        ),
    ),
)

_SHIFT_CHANGE = Question(
    title="Who has the lead while the old lead is on the train home?",
    tags=("Handover",),
    too=("priya", "sione", "mateus"),
    taken_by="chen",
    taken_days_ago=0.12,
    opening=post(
        "aiko",
        0.4,
        """
        Our shifts change on Monday at ten. Last Monday there was an incident from nine to half past eleven. At ten
        Tomáš wrote "handing over to Aiko", shut his laptop and got on the train, and I was still reading what had
        happened since nine.

        So for about twelve minutes there was a lead by name and none in fact. I do not want that again. How do you do
        it: does the old one stay until it is over? Is there a minimum that has to be said?
        """,
        post(
            "tomas",
            0.3,
            """
            I was the one on the train. I would have stayed, had I known that you had not read it yet. That is not an
            answer, I know, I only want to say that it was not the train's fault.
            """,
        ),
    ),
)

_WRITES_REVIEW = Question(
    title="Does whoever led also write the review?",
    tags=("The review",),
    opening=post(
        "oksana",
        0.04,
        """
        I led on Thursday and I have half a page of notes. But I was *in* it: what I did not see is not in my notes,
        and it will not be in the review either, if I write it.

        On the other hand, anybody else has to ask me everything. How do you do it?
        """,
    ),
)

CONVERSATIONS = (
    _WHO_LEADS,
    _TWO_PAGES,
    _TAKE_OVER,
    _STATUS_PAGE,
    _GREEN,
    _SILENT,
    _DIRECTOR,
    _SLOW_PAGER,
    _SHIFT_CHANGE,
    _WRITES_REVIEW,
)
