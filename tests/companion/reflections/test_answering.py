"""Answers: one for each prompt, changed with its history, shared or not, put off, skipped; and the plan behind them."""

from __future__ import annotations

import pytest

from companion import clock
from companion.errors import Conflict, InvalidInput, NotAllowed, NotFound
from companion.reflections import api as reflections
from companion.reflections.models import Commitment, Entry, EntryVersion
from companion.spaces import api as spaces
from companion.spaces.prompts import Anchor, Format, PromptSettings, Scaffold
from companion.threads import api as threads
from tests import people
from tests.companion.reflections import stories
from tests.companion.reflections.stories import DAY, MONDAY, after, answer, commit, finish, row, said

Privacy = reflections.Privacy


def open_titles(followed: stories.Followed, viewer=None) -> list[str]:
    found = reflections.list_open(viewer=viewer or followed.ana, activity=followed.activity)
    return [one.settings.title for one in found if not one.is_answered]


def test_it_works(followed: stories.Followed) -> None:
    with after(2):
        assert open_titles(followed) == ["What will you do?"]
        commit(followed)
        assert open_titles(followed) == []
    with after(21):
        found = reflections.list_open(viewer=followed.ana, activity=followed.activity)
        asked = next(one for one in found if one.settings.key == "how")
        assert asked.plan is not None
        assert asked.plan.action == "write down who leads"
        answer(followed.ana, "how", outcome="done", parts=["It took ten seconds."])
    assert Commitment.objects.get().outcome == "done"


def test_before_its_moment_there_is_nothing(followed: stories.Followed) -> None:
    with clock.at(MONDAY), pytest.raises(NotFound):
        commit(followed)


@pytest.mark.parametrize("who", ["ben", "chen", "nameless"])
def test_nobody_else_finds_it(followed: stories.Followed, who: str) -> None:
    with after(2):
        entry = commit(followed)
        viewer = getattr(followed, who)
        with pytest.raises(NotFound):
            reflections.get_delivery(viewer=viewer, delivery_id=entry.delivery_id)
        with pytest.raises(NotFound):
            reflections.share_entry(viewer=viewer, delivery_id=entry.delivery_id, privacy=Privacy.GROUP)
        with pytest.raises(NotFound):
            reflections.get_shared_entry(viewer=viewer, entry_id=entry.pk)
        assert reflections.list_journal(viewer=viewer) == ([], "")


def test_an_outsider_finds_nothing(followed: stories.Followed) -> None:
    dee = people.outsider()
    with after(2):
        entry = commit(followed, privacy=Privacy.GROUP)
        for verb in (reflections.get_series, reflections.publish_series):
            with pytest.raises(NotFound):
                verb(viewer=dee, uid=followed.activity.uid)
        with pytest.raises(NotFound):
            reflections.get_shared_entry(viewer=dee, entry_id=entry.pk)


def test_what_it_said_before_is_kept(followed: stories.Followed) -> None:
    with after(2):
        first = commit(followed)
        again = commit(followed, action="call out the time")
        assert (first.pk, again.version) == (again.pk, 2)
        commit(followed, action="call out the time")
    assert Entry.objects.get().version == 2
    assert EntryVersion.objects.count() == 1
    assert Commitment.objects.get().action == "call out the time"


def test_a_text_may_leave_parts_empty_but_not_all(db: None) -> None:
    prompt = PromptSettings(
        key="what", title="What now?", scaffold=Scaffold.WHAT, anchor=Anchor.COURSE, format=Format.TEXT
    )
    with clock.at(MONDAY):
        followed = stories.course(prompts=[prompt])
        finish(followed)
        with pytest.raises(InvalidInput):
            answer(followed.ana, "what", parts=["", " ", "\u200b"])
        answer(followed.ana, "what", parts=["", "It matters", "I call", "too many"])
        (view,), _next = reflections.list_journal(viewer=followed.ana)
    assert view.lines == [("So what: why does it matter?", "It matters"), ("Now what will you do?", "I call")]


@pytest.mark.parametrize("number", [None, -1, 11])
def test_a_rating_is_on_its_scale(followed: stories.Followed, number: int | None) -> None:
    with after(7), pytest.raises(InvalidInput):
        answer(followed.ana, "sure", number=number)


def test_a_plan_needs_an_act(followed: stories.Followed) -> None:
    with after(2):
        for action in ("", "   ", "x" * 501):
            with pytest.raises(InvalidInput):
                commit(followed, action=action)


def test_fifty_thousand_characters(db: None) -> None:
    prompt = PromptSettings(key="text", title="Tell", anchor=Anchor.COURSE)
    with clock.at(MONDAY):
        followed = stories.course(prompts=[prompt])
        finish(followed)
        with pytest.raises(InvalidInput):
            answer(followed.ana, "text", parts=["x" * 50_000])
        answer(followed.ana, "text", parts=["x" * 20_000])


def test_answered_before_it_is_due_needs_no_reminder(db: None) -> None:
    with clock.at(MONDAY):
        followed = stories.course(day_begins=8, day_ends=18, working_days="2")
        finish(followed)
    # Wednesday is its day, next Tuesday the next on which reminders go out.
    with clock.at(MONDAY + 2 * DAY):
        assert open_titles(followed) == ["What will you do?"]
        commit(followed)
    assert said(followed.ana, "plan") == ("sent", "answered")


def test_put_off_and_asked_again(followed: stories.Followed) -> None:
    with after(2):
        reflections.snooze_prompt(viewer=followed.ana, delivery_id=row(followed.ana, "plan").pk, days=3)
        assert open_titles(followed) == []
        assert said(followed.ana, "plan") == ("planned", "snoozed")
        reflections.recalculate(followed.series)
    with after(5):
        assert said(followed.ana, "plan") == ("sent", "mailed")
        assert open_titles(followed) == ["What will you do?"]


@pytest.mark.parametrize("days", [0, 15, -1])
def test_not_put_off_for_ever(followed: stories.Followed, days: int) -> None:
    with after(2), pytest.raises(InvalidInput):
        reflections.snooze_prompt(viewer=followed.ana, delivery_id=row(followed.ana, "plan").pk, days=days)


def test_skipped_for_good(followed: stories.Followed) -> None:
    with after(2):
        reflections.skip_prompt(viewer=followed.ana, delivery_id=row(followed.ana, "plan").pk)
        assert open_titles(followed) == []
        reflections.publish_series(viewer=followed.ben, uid=followed.activity.uid)
    assert said(followed.ana, "plan") == ("dropped", "skipped")
    with after(7):
        assert open_titles(followed) == ["How sure are you?"]


def test_what_is_answered_is_not_skipped(followed: stories.Followed) -> None:
    with after(2):
        entry = commit(followed)
        with pytest.raises(Conflict):
            reflections.skip_prompt(viewer=followed.ana, delivery_id=entry.delivery_id)


def test_stopped_and_taken_up_again(followed: stories.Followed) -> None:
    stop = {"person_id": followed.ana.person_id, "series_id": followed.series.pk}
    with after(2):
        reflections.stop_series(**stop, stopped=True)
        reflections.stop_series(**stop, stopped=True)
        assert said(followed.ana, "sure") == ("dropped", "stopped")
    with clock.at(MONDAY + 3 * DAY):
        reflections.stop_series(**stop, stopped=False)
        assert said(followed.ana, "sure") == ("planned", "on_time")


def test_a_closed_activity_is_read_only(followed: stories.Followed) -> None:
    with after(2):
        followed.activity.closes_at = MONDAY + DAY
        followed.activity.save()
        with pytest.raises(NotAllowed):
            commit(followed)


# -- who reads it ----------------------------------------------------------------------------------------------


def shared(followed: stories.Followed, viewer) -> list[str]:
    return [view.author for view in reflections.list_shared(viewer=viewer, activity=followed.activity)[0]]


@pytest.mark.parametrize(
    ("privacy", "readers"),
    [(Privacy.PRIVATE, []), (Privacy.INSTRUCTOR, ["ben"]), (Privacy.GROUP, ["ben", "chen"])],
)
def test_only_whom_it_was_shared_with_read_it(followed: stories.Followed, privacy: Privacy, readers: list[str]) -> None:
    with after(2):
        entry = commit(followed, privacy=privacy)
        found = [who for who in ("ben", "chen") if shared(followed, getattr(followed, who)) == ["Ana Torres"]]
        assert found == readers
        for who in ("ben", "chen"):
            try:
                reflections.get_shared_entry(viewer=getattr(followed, who), entry_id=entry.pk)
            except NotFound:
                assert who not in readers
            else:
                assert who in readers


def test_what_is_taken_back_is_gone(followed: stories.Followed) -> None:
    with after(2):
        entry = commit(followed, privacy=Privacy.GROUP)
        reflections.share_entry(viewer=followed.ana, delivery_id=entry.delivery_id, privacy=Privacy.PRIVATE)
        assert shared(followed, followed.ben) == []


def test_a_group_is_a_group(followed: stories.Followed) -> None:
    from dataclasses import replace

    def put(viewer, name: str):
        ids = spaces.set_groups(space_id=followed.space.pk, person_id=viewer.person_id, external_ids=[name])
        return replace(viewer, group_ids=ids)

    put(followed.ana, "red")
    chen, nameless = put(followed.chen, "blue"), put(followed.nameless, "red")
    with after(2):
        commit(followed, privacy=Privacy.GROUP)
        assert shared(followed, chen) == []
        assert shared(followed, nameless) == ["Ana Torres"]


def test_whoever_is_in_no_group_reads_no_groups_entries(followed: stories.Followed) -> None:
    spaces.set_groups(space_id=followed.space.pk, person_id=followed.ana.person_id, external_ids=["red"])
    with after(2):
        commit(followed, privacy=Privacy.GROUP)
        assert shared(followed, followed.nameless) == []
        commit(followed, followed.nameless, privacy=Privacy.GROUP)
        assert len(shared(followed, followed.chen)) == 1


def test_the_staff_replies_to_what_is_shared(followed: stories.Followed) -> None:
    with after(2):
        entry = commit(followed, privacy=Privacy.INSTRUCTOR)
        reflections.reply_to_entry(viewer=followed.ben, entry_id=entry.pk, body="*Good* one.")
        (view,), _next = reflections.list_journal(viewer=followed.ana)
    assert [(name, html.strip()) for name, html, _at in view.replies] == [("Ben Okafor", "<p><em>Good</em> one.</p>")]


def test_no_reply_to_a_private_one_or_by_a_learner(followed: stories.Followed) -> None:
    with after(2):
        entry = commit(followed)
        with pytest.raises(NotFound):
            reflections.reply_to_entry(viewer=followed.ben, entry_id=entry.pk, body="Well")
        reflections.share_entry(viewer=followed.ana, delivery_id=entry.delivery_id, privacy=Privacy.GROUP)
        with pytest.raises(NotAllowed):
            reflections.reply_to_entry(viewer=followed.chen, entry_id=entry.pk, body="Well")


# -- the journal -----------------------------------------------------------------------------------------------


def test_the_journal_is_searched(followed: stories.Followed) -> None:
    with after(2):
        commit(followed)
    with after(7):
        answer(followed.ana, "sure", number=8, parts=["Surer than before"])
    found = reflections.list_journal(viewer=followed.ana, words="SURER before")[0]
    assert [view.title for view in found] == ["How sure are you?"]
    assert reflections.list_journal(viewer=followed.ana, words="nothing")[0] == []
    assert [view.title for view in reflections.list_all(viewer=followed.ana)] == [
        "What will you do?",
        "How sure are you?",
    ]


def test_whoever_is_forgotten_leaves_nothing(followed: stories.Followed) -> None:
    with after(2):
        commit(followed, privacy=Privacy.GROUP)
    reflections.forget_people(person_ids=[followed.ana.person_id])
    assert not Entry.objects.exists()
    assert not Commitment.objects.exists()
    assert shared(followed, followed.ben) == []


def test_credit_counts_answered_prompts(db: None) -> None:
    from companion import credit

    with clock.at(MONDAY):
        followed = stories.course(credit_replies=2)
        finish(followed)
    assert credit.credit_rule(followed.activity) == "2 prompts answered"
    with after(2):
        commit(followed)
        found = credit.get_credit(activity=followed.activity, person_id=followed.ana.person_id)
        assert found is not None
        assert found.share == 0.5
        assert credit.list_credit(activity=followed.activity) == {followed.ana.person_id: found}


def test_a_series_holds_no_threads(followed: stories.Followed) -> None:
    """Nobody starts one there, and none is moved to where no list would show it."""
    course = followed
    with pytest.raises(NotAllowed):
        threads.start_thread(viewer=course.ben, activity_uid=course.activity.uid, title="T", body="B")
    other = spaces.create_activity(viewer=course.ben, title="Discuss", external_id="discuss")
    thread = threads.start_thread(viewer=course.ben, activity_uid=other.uid, title="T", body="B")
    with pytest.raises(Conflict):
        threads.move_thread(viewer=course.ben, thread_id=thread.pk, to_uid=course.activity.uid)
