from __future__ import annotations

from examples.demo_lms.conversations.kinds import Conversation, Setup, post

SETUP = Setup(
    prompt=(
        "How long did it take from the first buzz of your test page to the first dashboard, and **where did "
        "the time go**? Questions about access, phones and handover notes belong here too."
    ),
)

CONVERSATIONS = (
    Conversation(
        title="23 minutes from buzz to dashboard. Where they went",
        opening=post(
            "ana",
            12.3,
            """
            Jonas sent me a test page while I was cooking. I had expected ten minutes, more or less.

            | Minute | What happened |
            |---:|---|
            | 0 | Phone buzzes in the hall. I am in the kitchen with the fan on |
            | 4 | Second buzz, I hear it, acknowledge |
            | 6 | Laptop is awake and wants to finish an update first |
            | 14 | Update done |
            | 15 | VPN asks for the code. The code app is on my **old** phone |
            | 23 | First dashboard |

            So it is four reasons, not one. The old phone embarrasses me most. How did you solve that one?
            """,
            post(
                "grace",
                11.8,
                """
                The code app got me too, in a hotel. Since then I have two hardware keys, one on my key ring
                and one in the drawer with the passport. No phone involved at all.

                IT hands them out for free, but the form is called *Second factor: replacement*, which is why
                nobody finds it. Took two days.
                """,
            ),
            post(
                "luca",
                11.2,
                """
                Updates: restart on purpose on the Friday before, then leave it alone for an hour. I do this
                since a laptop of mine went off to install something "critical" in the middle of a database
                restore.

                And put a second charger where the laptop will be at night. Mine was always in the office.
                """,
            ),
            post(
                "ana",
                5.3,
                """
                Second try. Priya chose the moment (06:40, thank you very much): **11 minutes**. The hardware
                key works. Three of the eleven are stairs.
                """,
                post(
                    "ben",
                    5.1,
                    """
                    Stairs are allowed.

                    Please keep the table of the first try and show it to whoever joins the rota after you.
                    Nearly everybody finds four small reasons, and nearly everybody thinks they are the only
                    one.
                    """,
                ),
            ),
        ),
    ),
    Conversation(
        title="How do you sleep during your week?",
        opening=post(
            "tomas",
            18.9,
            """
            I shadowed a week last month. Nothing happened, not a single page. I still woke up every two hours
            to look at the phone, and by Friday I was no use for my actual work.

            I'd rather not put my name to this before my first shift. Does it get better, or is it just not
            for me?
            """,
            post(
                "chen",
                18.6,
                """
                For me it got better in the third week or so. Not by itself, though. What helped:

                1. **A test page every evening**, just before bed, with the real settings. After the fourth
                   evening I stopped checking the phone, because I believed it.
                2. The phone lies in the next room, loud. To look at it I'd have to get up, so I don't.
                3. "Paged after midnight means start at eleven" was agreed *before* the week. Asking for it at
                   nine, with red eyes, is something I never managed.

                And some people never come to like it. Two of the best engineers I know are on no rota at all.
                """,
            ),
            post(
                "zainab",
                18.2,
                """
                Eight years of late shifts in customer support: you only sleep next to an alarm that you
                trust. So I'd start with Chen's number 1.
                """,
            ),
            post(
                "ben",
                17.8,
                """
                Please also say it to whoever plans your rota, or to me in private. A first week can be
                swapped, halved, or shared with somebody who takes the nights. We have done all three, and it
                is written down nowhere.
                """,
                post(
                    "tomas",
                    15.2,
                    """
                    Asked. We split it: I take the days, somebody else takes 22 to 7 and prefers it that way.
                    That was easier than writing the post above. Thank you, all three.
                    """,
                    anonymous=True,
                ),
            ),
            anonymous=True,
        ),
    ),
    Conversation(
        title="Page arrives on the iPhone, but without sound",
        opening=post(
            "mateus",
            13.6,
            """
            The checklist says "may break through silent mode". My old Android did this, the new iPhone from
            the company don't. Page arrives, screen lights up, no sound. I was looking in Settings > Sounds
            and there is nothing. What I am missing?
            """,
            post(
                "aiko",
                13.4,
                """
                Two separate switches, you need both:

                - *Settings → Notifications → the pager app → Critical Alerts*: on
                - if you use a Focus, for example Sleep: add the pager to the apps that are allowed

                If *Critical Alerts* is not there at all, the app has never asked for it. Open the app, go to
                **its own** notification settings and switch it on there. iOS then asks you once.
                """,
                post(
                    "mateus",
                    13.1,
                    """
                    It was the last one, the app never asked! Now it screams, my daughter cried, all good.
                    Thanks Aiko.
                    """,
                ),
            ),
            post(
                "sione",
                2.7,
                """
                For the Android people: mine came 9 minutes late because the phone had put the app to sleep.
                *Battery → pager app → Unrestricted*. Now it's two or three seconds.
                """,
            ),
        ),
    ),
    Conversation(
        title="What belongs in a handover note?",
        opening=post(
            "priya",
            4.6,
            """
            The note I got from the person before me was one line: *"quiet week, watch the search thing"*. I
            asked three questions about it and made this from the answers. What is missing?

            ```text
            PAGED    what rang, how often, what I did (link to the notes)
            OPEN     what is not finished, and who knows about it
            ODD      what I saw and left alone, and why
            COMING   releases, load tests, holidays in the next 7 days
            CHANGED  alerts that I silenced or edited, and until when
            ```
            """,
            post(
                "jonas",
                4.4,
                """
                Too long. Past five lines nobody reads it, and after a quiet week I don't want to read five
                headings that say "none".
                """,
                post("priya", 4.2, "It *is* five lines."),
            ),
            post(
                "ben",
                3.9,
                """
                Jonas has a point about the "none" lines: leave out what is empty. One exception, **CHANGED**.
                Write "none" there.

                The worst handover I have seen was an alert that somebody had silenced "until tomorrow" and
                nobody had passed on. It was quiet for six weeks. So was the backup that it watched.
                """,
            ),
            post(
                "oksana",
                0.5,
                """
                Where do you keep them, one page per week, or one page that everybody edits? We have both,
                which means in practice neither.
                """,
            ),
        ),
    ),
)
