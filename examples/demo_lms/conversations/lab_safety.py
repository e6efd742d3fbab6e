"""Lab safety basics."""

from __future__ import annotations

from examples.demo_lms.conversations.kinds import Conversation, Expert, Member, Setup, post

MEMBERS = (
    Member(key="imran", name="Imran Qureshi", sub="111", context_id="3"),
    Member(key="solveig", name="Solveig Berg", sub="112", context_id="3"),
    Member(key="kwame", name="Kwame Asante", sub="113", context_id="3"),
)

SETUPS: dict[str, Setup] = {
    "7": Setup(
        prompt=(
            "Which label surprised you most this week? And **ask before you pour**: names are hidden here "
            "unless you show yours, so there is no question too small."
        ),
        anonymity="default",
        # All the time in the world, for another topic: no question about incidents ever comes to her.
        topic="Lab safety",
        experts=(Expert(key="farah", weekdays="1234567", capacity=20, about="Ask me before you pour."),),
    ),
}

CONVERSATIONS: dict[str, tuple[Conversation, ...]] = {
    "7": (
        Conversation(
            title="Acetone says Danger. I have some in my bathroom",
            opening=post(
                "dee",
                9.3,
                """
                I always thought *Danger* was for the bottles with a skull. The acetone on bench two says
                Danger, with the flame and the exclamation mark, and my nail polish remover is the same stuff.
                Is mine weaker, or have I just been lucky?
                """,
                post(
                    "kwame",
                    9.1,
                    "Turn your bottle round. Mine at home has both pictures too, in tiny print on the back.",
                ),
                post(
                    "farah",
                    8.9,
                    """
                    Kwame has it. The word tells you what the liquid can do, not where it is sold. The vapour
                    of acetone can be lit even at −20 °C, and that alone makes it *Danger*.

                    What differs is how much there is, and what is next to it: 100 ml beside a window, or two
                    and a half litres beside a burner.
                    """,
                    post("dee", 8.7, "Minus twenty?! OK. The bathroom candle has moved out."),
                ),
            ),
        ),
        Conversation(
            title="Acetone with a little dichloromethane in it: which can?",
            opening=post(
                "imran",
                6.3,
                """
                I rinsed the funnel with acetone after the dichloromethane, so it is about 95 % acetone now.
                First can or second?
                """,
                post(
                    "solveig",
                    6.2,
                    "First, I'd say. It is nearly all acetone.",
                    post(
                        "farah",
                        6.0,
                        """
                        **Second can, please.** Any halogen makes it halogenated, a few drops too: the first
                        can is burned where nobody reckons with chlorine. So no percentages, only one
                        question: *was there a halogen in it today?* Then the second.

                        You are in good company, by the way. Half of every group says the first.
                        """,
                        post(
                            "solveig",
                            5.8,
                            "And I would have done it. Glad that I only typed it.",
                            anonymous=True,
                        ),
                    ),
                    anonymous=True,
                ),
                post("imran", 5.7, "Second it is, I had not poured yet. Thank you.", anonymous=True),
                anonymous=True,
            ),
        ),
        Conversation(
            title="Is my rinse below 1 mol/l? Please check before I pour",
            opening=post(
                "dee",
                3.6,
                r"""
                25 ml of hydrochloric acid, 2 mol/l, rinsed with 60 ml of water into the same beaker:

                $$c = \frac{c_1 V_1}{V_1 + V_2} = \frac{2 \cdot 25}{25 + 60} \approx 0.59$$

                So 0.59 mol/l, third can?
                """,
                post(
                    "farah",
                    3.4,
                    """
                    Sum right, can right. Write on it: *hydrochloric acid 0.6 mol/l, 85 ml*, and the date.

                    One thing for later: you poured water into acid. At 2 mol/l nothing happens, at 12 it
                    spits at you. Get used to the other order now: **the acid into the water**, slowly.
                    """,
                    post("dee", 3.3, "Poured and written. I hadn't thought about the order at all, thanks."),
                ),
            ),
        ),
        Conversation(
            title="Can three had no lid on when I came in",
            opening=post(
                "dee",
                0.2,
                """
                And the last line on it has no date. I put the lid on, not tight, and wrote today's date with
                "found open". Was that right? And whom do I tell, if I don't know who it was and don't want to
                get anybody into trouble?
                """,
                anonymous=True,
            ),
        ),
    ),
}
