from __future__ import annotations

from examples.demo_lms.conversations.kinds import Conversation, Expert, Setup, post

SETUP = Setup(
    prompt=(
        "Tell us about a time when you **waited too long, or declared too soon**. What would have helped you "
        "decide? You may leave your name out, and please leave out everybody else's."
    ),
    topic="Incident response",
    experts=(Expert(key="chen"),),
)

_WAITED = Conversation(
    title="I watched it for 25 minutes because it looked only a little odd",
    opening=post(
        "oksana",
        16.2,
        """
        From my previous job, a booking site for ferries. Evening, errors on the booking form 2 %, usually 0.3
        %. I thought: a bot, or somebody's old phone. In the log there was this, about once a minute, not
        more:

        ```
        19:42:10 ERROR booking-7 POST /book 502 upstream=tariff rt=10.001
        ```

        I watched it for twenty-five minutes before I wrote to anybody. It was everybody who wanted to take a
        car *and* a trailer. They got the error every single time.

        What would have helped me: somebody saying that **2 % of all can be 100 % of some.**
        """,
        post(
            "zainab",
            16.0,
            """
            I came here from customer support, so from the other side: two people with the same complaint
            within a quarter of an hour, on a quiet evening, is never nothing. Did anybody ask support that
            night?
            """,
            post(
                "oksana",
                15.9,
                """
                No. They were in another building and another chat, and to be honest I didn't think of them.
                They had four mails by eight. I read those the next day.
                """,
                post(
                    "zainab",
                    15.8,
                    """
                    Same with us, until somebody made it a rule:

                    > Same complaint twice in fifteen minutes: write it in *incidents*. You need not know
                    > whether it is important.

                    About one in five was something. Nobody minded the other four.
                    """,
                    post(
                        "ana",
                        15.1,
                        """
                        I'd like to take this to my team. Does support only write, or may they page as well? I
                        think some of ours would be afraid to wake somebody.
                        """,
                        post(
                            "zainab",
                            14.9,
                            """
                            Page. At first they could only write, and then a real one sat in the channel from
                            two to six in the morning with a thumbs-up on it. After that they got the button.
                            It was pressed three times in a year, right each time.
                            """,
                        ),
                    ),
                ),
            ),
        ),
        post(
            "tomas",
            15.7,
            r"""
            Let me do the numbers, because it is a pretty case. Once a minute at 2 % means 50 bookings a
            minute. On an ordinary evening you would expect $\lambda = 50 \cdot 5 \cdot 0.003 = 0.75$ errors
            in five minutes. You had 5. If nothing was wrong, the chance of that is

            $$P(X \ge 5) = 1 - \sum_{k=0}^{4} \frac{\lambda^k e^{-\lambda}}{k!} \approx 0.001$$

            After ten minutes, 10 where 1.5 are expected, it is four in a million. So at 19:52 it was not "a
            little odd" any more. It only looked like that because the graph went up to 100 %.
            """,
            post(
                "sione",
                15.6,
                "Sorry, what is λ here? I stopped maths at school.",
                post(
                    "tomas",
                    15.5,
                    """
                    Just the number of errors you would see on an ordinary evening: traffic × usual error rate
                    × minutes. Here that is less than one. If you expect less than one and see five, you know
                    everything, the formula only says it in Greek.
                    """,
                ),
            ),
            post(
                "jonas",
                15.4,
                """
                With respect, nobody works out a Poisson tail at three in the morning in pyjamas. Give me a
                rule of thumb, or it doesn't exist.
                """,
                post(
                    "chen",
                    15.2,
                    r"""
                    Agreed. So let the alert do it, once, in daylight. Two conditions, and both must hold:

                    ```promql
                      sum(rate(booking_errors_total[5m]))
                        / sum(rate(booking_requests_total[5m])) > 0.01
                    and
                      sum(increase(booking_errors_total[5m])) >= 5
                    ```

                    The first is the ratio. The second is a minimum count, for the quiet hours.

                    A warning about the popular rule of thumb, "page above $\lambda + 3\sqrt{\lambda}$". It is
                    fine where you expect twenty errors and bad where you expect one. With $\lambda = 0.75$ it
                    rings at 4, and 4 happen by chance in 0.7 % of all windows. A day has 288 windows of five
                    minutes: two false pages a day, and by week three nobody gets up any more.
                    """,
                    post(
                        "oksana",
                        12.9,
                        """
                        Tried it today on thirty days of our own checkout:

                        | Rule | Pages | Of these real |
                        |---|---:|---:|
                        | ratio above 1 % | 31 | 2 |
                        | ratio, and at least 5 errors | 3 | 2 |

                        Almost all of the 31 were between two and five at night, when a single refused card is
                        already 4 %. The third one below was a load test.
                        """,
                        post("jonas", 12.7, "31 to 3, and none missed. Fine, I take the pyjamas back."),
                    ),
                ),
            ),
        ),
        post(
            "ben",
            14.2,
            """
            I like all of this, and want to take one thing apart. The arithmetic decides **when the phone
            rings**. Once it has rung, the table in the unit decides, and its first row doesn't ask for a
            percentage: some people could not book. That is enough, with five errors or with one.

            Oksana's last sentence I shall steal for the game day.
            """,
        ),
    ),
)

_AGREEMENTS = Conversation(
    title="Please read first: how we tell stories here",
    pinned=True,
    opening=post(
        "ben",
        25.0,
        """
        The best part of this unit is what you have lived through yourselves. Three agreements, so that people
        keep telling it:

        1. **Roles, no names.** "The second on call", "a colleague from billing". Also when it is a nice
           story.
        2. **What you knew then**, not what you know now. "I thought it was a bot" teaches more than "I should
           have seen it".
        3. **Shorten what you paste.** No customers' data, no passwords, no amounts of money.

        You may post without your name. Nobody is told who it was, not even I. And if you answer somebody who
        did: be as kind as you would be across a table.
        """,
        post(
            "aiko",
            24.6,
            'Are ratios all right? Without "from 0.2 to 4 %" most stories make no sense.',
            post("ben", 24.5, 'Ratios and times, yes please. Just not "it cost us so many thousand".'),
        ),
    ),
)

_STUPID_QUESTION = Conversation(
    title="Stupid question: what happens after I have typed it?",
    kind="question",
    opening=post(
        "sione",
        21.3,
        """
        I have read the unit twice and am too embarrassed to ask my team. I type *I am declaring an incident*
        into the channel, press Enter, and then? Does it set something off? Does somebody have to approve it?
        What if I'm not allowed to?
        """,
        post(
            "grace",
            21.1,
            "Not stupid. On my first day I searched for the *button*. I was sure there had to be one.",
        ),
        post(
            "luca",
            20.9,
            """
            Nothing goes off. A few people turn up and write "here". That is all, and at two in the morning it
            is surprisingly nice.
            """,
        ),
        post(
            "ben",
            20.6,
            """
            Good that you ask before, not during. In this order:

            1. The channel wakes nobody, but everybody on the rota who is up sees it. Nobody approves
               anything, and **everybody may do it**, on their first day too.
            2. You lead until somebody writes "I lead now", in these words.
            3. You open the incident notes (link at the top of the channel) and put the time and your sentence
               in.
            4. At the time you have named, you write again. "Nothing new" is fine.

            If it turns out to be nothing, you write "closed, thank you all", and that was it.
            """,
            post(
                "sione",
                20.2,
                """
                Thank you, I hadn't understood that I lead just because I typed it. One more, then: what if it
                is three in the morning and nobody turns up?
                """,
                post(
                    "chen",
                    20.0,
                    """
                    Then page the second on call. Give it five minutes, not more, and don't write into the
                    channel a second time first: people who sleep don't read channels.

                    Silence means *asleep*. It does not mean *they think it is unimportant*. I had that wrong
                    for a year.
                    """,
                    post(
                        "sione",
                        19.7,
                        "The last two sentences are on a sticky note on my laptop now.",
                        anonymous=True,
                    ),
                    helped="ana grace jonas",
                ),
                anonymous=True,
            ),
            helped="grace luca zainab oksana",
            endorsed_by="chen",
        ),
        anonymous=True,
    ),
)

_SEVERITY = Conversation(
    title="Which severity do I put, SEV2 or SEV3?",
    kind="question",
    locked=True,
    opening=post(
        "jonas",
        24.2,
        """
        Checkout slow, but working. The runbook has a table from SEV1 to SEV4. I have read it three times and
        it could be either. Which one?
        """,
        post(
            "priya",
            24.0,
            """
            By that table SEV3: "degraded, workaround exists". If it hits more than 10 % of the customers,
            SEV2.
            """,
            post("jonas", 23.9, "Took me eleven minutes to find that out. By then it was over."),
        ),
        post(
            "ben",
            9.2,
            """
            **Outdated.** The numbers are gone from the runbook, not least because of Jonas's eleven minutes.
            The three questions of this unit decide whether it is an incident, and in the first half hour
            nothing else needs deciding.

            I leave the thread for those who come across SEV numbers in older notes, and lock it so that
            nobody learns the table by mistake.
            """,
        ),
    ),
)

_LOAD_TEST = Conversation(
    title="Declared too soon: it was our own load test",
    opening=post(
        "mateus",
        8.8,
        """
        Last week in my team. Labels in the warehouse were printing 40 seconds late, the parcels were piling
        up. I declared after six minutes, very proud, with the four things and everything. Five people came.

        It was a load test. Announced in a channel that I am not in.

        So now I am the guy with the load test. Would I do it again? I say yes, but with red ears.
        """,
        post(
            "ben",
            8.6,
            """
            "Labels print 40 seconds late since 14:10" was true, load test or not. You did not declare too
            soon. The announcement was in the wrong place.
            """,
        ),
        post(
            "luca",
            8.5,
            """
            I'll be the grump. Three of those in a month, and people stop coming. Look at the release calendar
            before you declare, it takes thirty seconds.
            """,
            post(
                "oksana",
                8.3,
                """
                Thirty seconds, if the calendar is complete. The load test wasn't in it, I looked. He would
                have checked and then declared, half a minute later.
                """,
            ),
        ),
        post(
            "mateus",
            6.4,
            """
            Follow-up: load tests now write to *incidents* when they start and when they end. It took one
            mail. Ears are normal again.
            """,
        ),
    ),
)

_TOO_EARLY = Conversation(
    title="At 22:04 I would not have declared",
    opening=post(
        "jonas",
        6.2,
        """
        Two mails and an odd graph. I'd have looked for ten minutes first. Declare at once and you have five
        people staring at the same graph, and none of them knows more than I do. Convince me.
        """,
        post(
            "ana",
            6.0,
            """
            I would probably have waited too, but for a worse reason: I'd have been afraid to look silly.
            Isn't that in your ten minutes as well, a little?
            """,
            post("jonas", 5.9, "A little. OK."),
        ),
        post(
            "chen",
            5.8,
            """
            Another way to ask it: what could you learn in those ten minutes that would change the decision?
            For me the honest answer is usually *nothing, but I would feel better about it*. 4 % against 0.2 %
            is twenty times the usual. That is not going to turn out to be chance.

            And the two mistakes don't cost the same:

            - **declared for nothing**: five people, ten minutes each
            - **ten minutes late**: every customer of those ten minutes, plus whatever somebody else has
              quietly begun to repair meanwhile
            """,
        ),
        post(
            "aiko",
            5.5,
            """
            Halfway with Jonas. Declare, yes, but nobody says that five people must come. I'd add whom I need:
            "looking for somebody who knows the card service". The others can go back to bed.
            """,
            post(
                "ben",
                5.2,
                """
                A good fifth line, *if you know it*. At 22:04 you often don't, and then leave it out rather
                than think about it.
                """,
            ),
        ),
    ),
)

_SAID_NOTHING = Conversation(
    title="I saw it at half past four and said nothing",
    opening=post(
        "ana",
        3.4,
        """
        A product was in the shop for a hundredth of its price. I saw it and thought: it is on the front page,
        surely somebody has noticed. As it turned out, everybody in the room had noticed. Everybody had
        thought the same. It stayed there until eight.

        I still don't know what I should have declared. Nothing was *broken*.
        """,
        post(
            "zainab",
            3.3,
            """
            Second row of the table, I'd say: data wrong. And "surely somebody has" is the most expensive
            sentence I know. I've said it too.
            """,
        ),
        post(
            "luca",
            3.1,
            """
            Same here, with a certificate. Eleven people got the reminder that it would expire. I was one of
            them.
            """,
            anonymous=True,
        ),
        post(
            "ben",
            2.8,
            """
            Thank you for telling it. What would have been easier for you at half past four: to *declare*, or
            to write "does anybody have the wrong price on the front page"?

            If it is the second, do the second. **Does anybody have this?** is a small declaration. And if
            nobody says yes within five minutes, then it is you.
            """,
            post("ana", 2.5, "The second, by far. I'm going to use exactly that sentence.", anonymous=True),
        ),
        anonymous=True,
    ),
)

_OTHER_TEAM = Conversation(
    title="May I declare for a system that isn't ours?",
    kind="question",
    opening=post(
        "grace",
        0.7,
        """
        I noticed that suppliers could not log in to their portal. It belongs to another team with its own
        rota, nine hours away from me, so for them it was the middle of the night. Our shop was fine.

        Do I declare in our channel, page their on call, or both? I wrote them a message and felt bad about it
        until somebody woke up.
        """,
    ),
)

_ON_A_PHONE = Conversation(
    title="Saved text for the four things?",
    opening=post(
        "noname",
        0.1,
        """
        Typing the declaration on the phone with one thumb took me six minutes in the test. Can the pager app
        keep a text to copy?
        """,
    ),
)

CONVERSATIONS = (
    _AGREEMENTS,
    _SEVERITY,
    _STUPID_QUESTION,
    _WAITED,
    _LOAD_TEST,
    _TOO_EARLY,
    _SAID_NOTHING,
    _OTHER_TEAM,
    _ON_A_PHONE,
)
