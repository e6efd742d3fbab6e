from __future__ import annotations

from examples.demo_lms.conversations.kinds import Conversation, Setup, post

SETUP = Setup(
    prompt=(
        "Before game day: ask the one question that you would like answered. Afterwards: what you "
        "expected, what happened, what you will try first. Ben opens the threads, you reply."
    ),
    starters="staff",
    before_prompt=(
        "What do you expect to be hard on game day, and what would you like to have tried once by the end of it? "
        "One or two sentences; we read them before we choose the scenario."
    ),
    after_prompt=(
        "What did you **expect**, what **happened**, and what will you **try first** at your next real page?"
    ),
)

CONVERSATIONS = (
    Conversation(
        title="After the last game day: expected, happened, will try first",
        opening=post(
            "ben",
            24.0,
            """
            Thank you all for three good rounds. Please reply here with three lines, while you still remember:

            - **expected**
            - **happened**
            - **will try first**, when your own pager rings

            The recording of the last talk is on the page.
            """,
            post(
                "luca",
                23.4,
                """
                - expected: that I know all this
                - happened: as the lead I was typing commands after ninety seconds. The watcher has it in
                  writing
                - will try first: hands off the keyboard. I shall hold a cup
                """,
            ),
            post(
                "tomas",
                23.0,
                """
                - expected: the alert rings within two minutes
                - happened: for six minutes **no** payment went through, and the error alert stayed green
                - will try first: look at the number of payments, not only at the errors

                I still don't understand the second line. Everything failed, so should the ratio not have been
                100 %?
                """,
                post(
                    "chen",
                    22.6,
                    """
                    In that round the requests never reached the service. No requests, no errors: the ratio is
                    $0/0$, which is not a number, and "not a number > 0.01" is false. Hence green, with a gap
                    in the graph that nobody looks at.

                    So you need a second alert for things that do *not* happen. For example less than a fifth
                    of the same time last week:

                    ```promql
                      sum(rate(checkout_requests_total[5m]))
                    < 0.2 * sum(rate(checkout_requests_total[5m] offset 1w))
                    ```

                    It will ring on public holidays. Still cheaper than six green minutes.
                    """,
                    post(
                        "tomas",
                        22.3,
                        """
                        0/0, of course. I teach that to others. Thank you, it goes into our rules this week.
                        """,
                    ),
                ),
            ),
            post(
                "aiko",
                21.8,
                """
                - expected: to be bored as the watcher
                - happened: best seat in the room. You see two people typing the same command
                - will try first: say aloud what I'm about to type
                """,
            ),
        ),
    ),
    Conversation(
        title="Your questions for the next game day",
        opening=post(
            "ben",
            19.5,
            """
            One question per reply, please. I build a round around as many as I can, and won't tell you which.
            """,
            post(
                "ana",
                19.1,
                """
                How do I notice that I'm looking for the cause instead of stopping the harm? In the exercise
                it felt like the same thing until somebody asked me.
                """,
            ),
            post(
                "jonas",
                18.0,
                "What if the lead is wrong, everybody can see it, and nobody says so?",
                post(
                    "oksana",
                    17.7,
                    """
                    We had that. The watcher's notes say "10:12 nobody agrees", and not one of us had opened
                    their mouth. I'd take this round too.
                    """,
                ),
            ),
            post(
                "zainab",
                12.6,
                """
                May I say no to leading? I freeze when people look at me, and I'd rather not explain that in
                the room.
                """,
                post(
                    "ben",
                    12.4,
                    """
                    Yes, and you need not explain. "I'd like to write" is enough when the roles are given out.

                    If you want to try it one day: a lead mostly reads questions from a checklist and looks at
                    the clock. One group turned all chairs to the screen, so that nobody was looked at. That
                    worked rather well.
                    """,
                ),
                anonymous=True,
            ),
        ),
    ),
    Conversation(
        title="Practice system: please try it the day before",
        kind="announcement",
        to_course=True,
        opening=post(
            "ben",
            17.4,
            """
            Two minutes, from the laptop that you will bring:

            ```console
            $ curl -sI https://practice.demo.example/health
            HTTP/2 200
            ```

            If you see anything but 200, write it here, with the whole first line.
            """,
            post(
                "grace",
                16.8,
                "`HTTP/2 403` for me, from home. The dashboards work.",
                post(
                    "ben",
                    16.6,
                    """
                    You were missing from the group *practice*. I have added you; please log out and in once.
                    """,
                    post("grace", 16.5, "200. Thanks for the quick fix."),
                ),
            ),
            post(
                "noname",
                1.1,
                "Is the VPN needed?",
                post(
                    "oksana",
                    0.9,
                    "Yes. Without it you don't get a 403 but nothing at all, it just hangs.",
                ),
            ),
        ),
    ),
    Conversation(
        title="Watching by video: what did not work?",
        opening=post(
            "ben",
            5.1,
            """
            Some of you will join by video again. What did not work last time? I know about the microphone. I
            do not know about the cake.
            """,
            post(
                "grace",
                4.8,
                """
                When two groups talk in the same room, one hears neither. Could each group have one laptop in
                the call, close by? And the notes sheet came at 10:30, after the first round.
                """,
                post(
                    "ben",
                    4.6,
                    """
                    One laptop per group: yes. The sheet is under the heading *Please bring* the evening
                    before.
                    """,
                ),
            ),
        ),
    ),
)
