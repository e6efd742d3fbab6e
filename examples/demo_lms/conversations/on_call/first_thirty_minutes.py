from __future__ import annotations

from dataclasses import replace

from examples.demo_lms.conversations.kinds import Conversation, Setup, post

SETUP = Setup(
    prompt=(
        "Which of the five moments would be hardest for you, and why? Bring what you are stuck on: "
        "rollbacks, roles, log lines (without customers' data)."
    ),
    topic="Incident response",
    with_video=True,
)

_CONVERSATIONS = (
    Conversation(
        title="Hand over after two hours. With six people?",
        opening=post(
            "luca",
            14.1,
            """
            Fine in a big company. We are six, two of them on holiday and one ill. To whom do I hand over at
            two in the morning?
            """,
            post(
                "jonas",
                13.9,
                """
                I did five hours alone once. In the fourth I restarted the wrong cluster, the healthy one. I
                had known both names for years. The shell history shows that I typed the right one first and
                then "corrected" it.
                """,
                anonymous=True,
            ),
            post(
                "priya",
                13.5,
                """
                At the bank it was part of the rota: a third name for every week, never paged except for this.
                It cost nothing for eleven months, and in the twelfth we were very glad.
                """,
            ),
            post(
                "ben",
                13.2,
                """
                A correction to my own checklist, which is too short here. Handing over does not mean finding
                somebody *better*. It means finding somebody *awake*. And if there really is nobody: get to a
                point that is stable, say so on the status page, and sleep four hours. A shop that takes no
                orders until six is a decision that a tired lead may take.
                """,
                post("luca", 12.9, "I'd like that last sentence in writing, signed by my manager."),
            ),
        ),
    ),
    Conversation(
        title="Roll back, but the release had a migration in it",
        opening=post(
            "aiko",
            11.5,
            """
            "It is cheap, it can be undone." Our last release came with this:

            ```sql
            ALTER TABLE orders RENAME COLUMN note TO customer_note;
            ```

            The old code would have failed on every single order. What does one do at 22:21 then?
            """,
            post(
                "chen",
                11.2,
                """
                At 22:21 you don't roll back. You switch the feature off or repair forwards, and you are right
                to be nervous about it. The answer lies weeks earlier: can the **previous** release run on the
                **new** schema?

                | Change | Old code still runs? |
                |---|---|
                | new table, new column that may be empty | yes |
                | new column `NOT NULL` without a default | no, its inserts fail |
                | column renamed or dropped | no |
                | new index | yes, but mind the lock while it is built |

                A rename becomes three releases. The first adds the new column and writes both, then you copy
                the old rows. The second reads the new one. The third, some days later, drops the old one.
                Boring, and each of them can be rolled back.

                One thing not to do at night: run the *down* migration of an added column. It drops whatever
                customers have typed since 21:50.
                """,
                post(
                    "aiko",
                    11.0,
                    """
                    That makes sense, thank you. And "mind the lock"? We add an index every other release and
                    nothing has ever happened.
                    """,
                    post(
                        "chen",
                        10.8,
                        """
                        Small tables, I suppose. In PostgreSQL a plain `CREATE INDEX` lets everybody read and
                        nobody write until it is done. This one doesn't block:

                        ```sql
                        CREATE INDEX CONCURRENTLY orders_customer_note ON orders (customer_note);
                        ```

                        It takes longer and cannot run inside a transaction, so most migration tools have to
                        be told. If it fails, it leaves an invalid index behind that you must drop yourself.
                        """,
                    ),
                ),
            ),
            post(
                "luca",
                7.9,
                """
                Tried both on the practice system, two million rows. Plain: writes stood still for 38 seconds.
                Concurrently: 71 seconds, and nobody noticed.
                """,
            ),
        ),
    ),
    Conversation(
        title="How do we know that it was the rollback?",
        opening=post(
            "tomas",
            9.4,
            """
            Errors fell after 22:21. They might have fallen anyway, traffic goes down at that hour too. How do
            you tell the difference in the middle of the night?
            """,
            post(
                "ben",
                9.1,
                """
                By saying it **before** the step: "I roll back now. If it is the release, we are below 1 % by
                22:26. If not, it was something else." Then it is a test. Afterwards it is only a story.

                It is the second line of the checklist, and the one that everybody skips.
                """,
            ),
            post(
                "oksana",
                8.9,
                r"""
                And if it falls only part of the way, do the sum. We once got stuck at 0.96 % after a
                rollback. With $f$ for the share of traffic that still hits the bad version:

                $$f \cdot 4\% + (1 - f) \cdot 0.2\% = 0.96\% \quad\Rightarrow\quad f = 0.2$$

                We have five servers. One of them had not been rolled back.
                """,
                post("tomas", 8.8, "That is beautiful. I'm going to bore people with it."),
            ),
        ),
    ),
    Conversation(
        title="Two people, three roles, and the phone keeps ringing",
        opening=post(
            "zainab",
            7.3,
            """
            With two people, the one who leads also writes. And if support calls every three minutes? In the
            video nobody calls.
            """,
            post(
                "grace",
                7.1,
                """
                I write one line, "answers only here, next one at 22:40", pin it, and let it ring. It feels
                rude for about two incidents.
                """,
            ),
            post(
                "ben",
                6.8,
                """
                What Grace says. And if it goes on ringing, page a third person. "Writing has become a job of
                its own" is reason enough.
                """,
            ),
        ),
    ),
    Conversation(
        title="Is this log line the cause, or just noise?",
        opening=post(
            "mateus",
            5.6,
            """
            From the practice system. Everybody in my group jumped on the ERROR line, I am not so sure.

            ```
            21:52:07.412 WARN  pay-gw  upstream timed out after 3000 ms (card-service)
            21:52:07.415 ERROR pay-gw  order failed: payment not confirmed
            21:52:09.120 WARN  pay-gw  upstream timed out after 3000 ms (card-service)
            ```

            Is the card service slow, or is it us?
            """,
            post(
                "chen",
                5.4,
                """
                You are right about the ERROR, it only follows from the line above. And look at the number:
                nothing real takes exactly 3000 ms. That is a limit which somebody has set. So the log does
                not say *the card service is slow*. It says *we stop waiting after three seconds*.

                Two questions, then. Has it always been 3000? And in which minute did the warnings begin?
                """,
                post(
                    "oksana",
                    5.3,
                    """
                    For the second one, warnings per minute:

                    ```bash
                    grep 'timed out' pay-gw.log | cut -c1-5 | uniq -c
                    ```
                    """,
                    post(
                        "noname",
                        5.0,
                        "None before 21:50. 9 at 21:51, 31 at 21:52.",
                        post(
                            "mateus",
                            4.9,
                            """
                            And the release was at 21:50, so it is us! Rolled back, errors gone in two
                            minutes. I would have called the card people and apologised later.
                            """,
                        ),
                    ),
                ),
            ),
        ),
    ),
    Conversation(
        title="Acknowledged it and fell asleep again",
        opening=post(
            "grace",
            3.3,
            """
            Page at 04:10. I acknowledged it, sat on the edge of the bed to wake up properly, and the next
            thing I know is 06:30. Because it was acknowledged, it never went to the second. It had recovered
            by itself and nobody noticed.

            I would like this to be impossible.
            """,
            post(
                "chen",
                3.1,
                """
                It can be. Look for an *acknowledgement timeout* in the settings of the service: a page that
                is acknowledged but not closed rings again after some minutes, and then goes to the second. We
                use 20.

                And, for people rather than pagers: acknowledge standing up. I mean it.
                """,
                post(
                    "grace",
                    2.2,
                    """
                    It was set to *never*. Now 20, and tested: rang again after 20, went over after 25.
                    Standing up as well.
                    """,
                    anonymous=True,
                ),
            ),
            anonymous=True,
        ),
    ),
    Conversation(
        title="Alone at night: who writes down the times?",
        opening=post(
            "sione",
            0.3,
            """
            "Does somebody write down the time of each step?" If I'm alone until the second is awake, that
            somebody is me, and in the exercise I forgot it after the second step. Do you dictate? Does the
            shell keep the times somewhere?
            """,
        ),
    ),
)

# Where in the video a thread hangs, by its title.
_SECONDS = {
    "Hand over after two hours. With six people?": 11,
    "Roll back, but the release had a migration in it": 15,
    "How do we know that it was the rollback?": 19,
    "Two people, three roles, and the phone keeps ringing": 11,
    "Acknowledged it and fell asleep again": 3,
}

CONVERSATIONS = tuple(
    replace(talk, opening=replace(talk.opening, second=_SECONDS.get(talk.title))) for talk in _CONVERSATIONS
)
