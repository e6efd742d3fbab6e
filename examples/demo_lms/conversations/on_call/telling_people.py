from __future__ import annotations

from examples.demo_lms.conversations.kinds import Conversation, Setup, post

SETUP = Setup(
    prompt=(
        "Post your update for **22:40** in forty words or fewer, each in a thread of its own. Then answer "
        "somebody else's: could your grandmother act on it?"
    ),
    anonymity="off",
)

CONVERSATIONS = (
    Conversation(
        title="My 22:40 update, 33 words",
        opening=post(
            "ana",
            6.6,
            """
            > Most payments work again. A few cards may still be refused. If yours is, please try again after
            > 23:00. You were not charged for a refused payment. We write here again at 23:00.

            My first version had 61 words, and "intermittent" twice.
            """,
            post(
                "zainab",
                6.4,
                """
                Clear, I'd know what to do. Two things from somebody who used to get the calls afterwards:

                1. "Cards may be refused" sounds as if my card was the problem. People phone their bank.
                2. "You were not charged": do you *know* that?
                """,
                post(
                    "ben",
                    6.3,
                    """
                    On 2: ask the one who repairs. One question, ten seconds. A payment that fails on our side
                    never reaches the bank, so the sentence may stay.
                    """,
                    post(
                        "chen",
                        6.1,
                        """
                        I don't think that is right, Ben. A **refused** card is not charged. But that night
                        payments ran into a time limit, and after a time-out we don't know: the card service
                        may well finish the payment a second after we stopped waiting. There will be a handful
                        of charges without an order.

                        So I wouldn't promise it at 22:40.
                        """,
                        post(
                            "ben",
                            6.0,
                            """
                            Chen is right and I was wrong; the example in my own unit is too bold there as
                            well. What we can promise is what we *do*: "should you find a charge without an
                            order, we pay it back". That stays true whatever the reason.
                            """,
                        ),
                    ),
                ),
            ),
            post(
                "ana",
                5.8,
                """
                With both points, 37 words:

                > Payment works again for most of you. If yours failed, the fault was ours, not your card's.
                > Please try again now. Should you find a charge without an order, we pay it back. Next
                > message at 23:00.
                """,
            ),
        ),
    ),
    Conversation(
        title="Why not simply write the cause?",
        opening=post(
            "jonas",
            10.2,
            """
            People aren't stupid. "We shipped a bug at 21:50 and took it back" is honest, short, and everybody
            understands it. Instead we are to write like a horoscope?
            """,
            post(
                "priya",
                10.0,
                """
                Because at 22:40 it is a guess. At the bank we once wrote "due to a fault at a supplier" and
                had the supplier's lawyers on the phone at nine. The fault was ours.
                """,
                post(
                    "jonas",
                    9.9,
                    "Fine, as long as we don't know it. And when we do?",
                    post(
                        "ben",
                        9.7,
                        """
                        Then write it, in the last update or the day after, in words that a customer would
                        use. The rule is meant for the first hours: no cause **that you do not know**. "We
                        took back a change that we had made at 21:50, and it helped" is not a cause, by the
                        way. It is something you did, and you may say it.
                        """,
                    ),
                ),
            ),
            post("noname", 9.4, "A cause does not help anybody to pay."),
        ),
    ),
    Conversation(
        title="Tested on a real grandmother",
        opening=post(
            "grace",
            3.9,
            """
            Mine is 81 and does order tea by post. I read her my first draft on the phone.

            | I said | She said |
            |---|---|
            | "elevated error rate" | Who is elevated? |
            | "retry your transaction" | I only wanted the tea |
            | "service is degraded" | That sounds like the roof |

            New draft, 32 words:

            > Paying works again for nearly everybody. If it did not work for you, please try once more. If it
            > still fails, wait until 23:00 and look here again. You did nothing wrong.
            """,
            post(
                "zainab",
                3.7,
                """
                *You did nothing wrong* is the best line in this whole discussion. Half of the people who
                called us began with an apology.
                """,
            ),
            post(
                "tomas",
                3.2,
                """
                Mine (78) asks where "here" is. She had it from the e-mail, and there "here" is the e-mail. I
                would put the address in.
                """,
            ),
        ),
    ),
    Conversation(
        title="Four e-mails in ten minutes",
        opening=post(
            "priya",
            2.2,
            """
            Whenever I save a change on the status page, every subscriber gets an e-mail. During the last
            exercise that was four in ten minutes, and the third one only turned *payements* into *payments*.
            How do you correct something without ringing at everybody's door?
            """,
            post(
                "aiko",
                1.9,
                """
                There is a box *Notify subscribers* under the text, ticked from the start. Untick it for
                typos.
                """,
                post(
                    "priya",
                    0.4,
                    """
                    Found it. On my small laptop it is below the edge of the window, hence the four. Thank
                    you!
                    """,
                ),
            ),
        ),
    ),
    Conversation(
        title="22:40 in 14 words",
        opening=post(
            "noname",
            1.2,
            "> Paying works again for most. Failed? Try now. Fails again? Wait until tomorrow morning.",
            post(
                "luca",
                0.9,
                """
                Short is good. But the third box of the checklist: when do you write next? And tomorrow
                morning is a long time to be without tea.
                """,
                post(
                    "noname",
                    0.8,
                    """
                    True. 17 then.

                    > Paying works again for most. Failed? Please try again now. Still failing? Look here
                    > again at 23:00.
                    """,
                ),
            ),
        ),
    ),
)
