"""An author changes a prompt, and what people answered to it stays what it was."""

from __future__ import annotations

from dataclasses import replace

from companion import clock
from companion.reflections import api as reflections
from companion.reflections.models import Entry, EntryVersion
from companion.spaces.prompts import Anchor, Format, PromptSettings
from tests import people
from tests.companion.reflections import stories
from tests.companion.reflections.stories import DAY, MONDAY, after, answer, commit, finish, row

ASKED = PromptSettings(key="q", format=Format.CHOICE, title="Q", anchor=Anchor.COURSE, options=("yes", "no"))
OTHER = ("maybe", "yes", "no")


def course(prompt: PromptSettings) -> stories.Followed:
    followed = stories.course(prompts=[prompt])
    finish(followed)
    return followed


def change(followed: stories.Followed, *prompts: PromptSettings) -> None:
    reflections.change_prompts(viewer=followed.ben, uid=followed.activity.uid, prompts=prompts)
    reflections.publish_series(viewer=followed.ben, uid=followed.activity.uid)


def journal(followed: stories.Followed) -> reflections.EntryView:
    return reflections.list_journal(viewer=followed.ana)[0][0]


def test_an_option_that_was_chosen_stays_the_one(db: None) -> None:
    with clock.at(MONDAY):
        followed = course(ASKED)
        answer(followed.ana, "q", number=1)
        change(followed, replace(ASKED, options=OTHER, title="Q, in other words"))
        assert (journal(followed).title, journal(followed).lines) == ("Q", [("", "no")])
        [prompt] = reflections.list_open(viewer=followed.ana, activity=followed.activity)
        assert prompt.own is not None
        assert prompt.own.option == "no"


def test_the_same_number_may_mean_another_option(db: None) -> None:
    with clock.at(MONDAY):
        followed = course(ASKED)
        answer(followed.ana, "q", number=1)
        change(followed, replace(ASKED, options=OTHER))
        answer(followed.ana, "q", number=1)
        assert journal(followed).lines == [("", "yes")]
        [before] = EntryVersion.objects.all()
        assert (before.number, before.asked["options"]) == (1, ["yes", "no"])


def test_words_stay_words_under_another_format(db: None) -> None:
    with clock.at(MONDAY):
        followed = course(replace(ASKED, format=Format.TEXT, options=()))
        answer(followed.ana, "q", parts=["my words"])
        change(followed, replace(ASKED, format=Format.COMMITMENT))
        assert journal(followed).lines == [("", "my words")]


def test_an_answer_from_before_that_was_kept_is_read_by_the_prompt(db: None) -> None:
    with clock.at(MONDAY):
        followed = course(ASKED)
        answer(followed.ana, "q", number=1)
        Entry.objects.update(asked=None)
        assert journal(followed).lines == [("", "no")]
        answer(followed.ana, "q", number=0)
        assert journal(followed).lines == [("", "yes")]


def test_figures_count_the_words_that_were_read(db: None) -> None:
    with clock.at(MONDAY):
        followed = stories.course(prompts=[ASKED])
        crowd = [people.join(followed.space, f"l{number}", f"L{number}") for number in range(10)]
        finish(followed, *crowd)
        for number, viewer in enumerate(crowd):
            answer(viewer, "q", number=number % 2)
        change(followed, replace(ASKED, options=OTHER))
        [spread] = reflections.make_report(followed.series).spreads
    assert spread.options == [("maybe", 0), ("yes", 5), ("no", 5)]


def test_what_is_taken_out_waits_for_nobody(db: None) -> None:
    with clock.at(MONDAY):
        followed = stories.course()
        finish(followed)
    with after(2):
        assert reflections.list_waiting(viewer=followed.ana)
        change(followed, stories.SURE)
        assert reflections.list_waiting(viewer=followed.ana) == []
        assert reflections.list_open(viewer=followed.ana, activity=followed.activity) == []
    with clock.at(MONDAY + 3 * DAY):
        change(followed, stories.PLAN, stories.SURE)
        commit(followed)
    assert row(followed.ana, "plan").answered_at == MONDAY + 3 * DAY
