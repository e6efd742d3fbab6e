"""The pages of follow-up, by HTTP under every mount: set up, answered, shared, asked on, taken along."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import partial
from html import unescape

import pytest
from django.core import mail
from django.test import Client

from companion import clock
from companion.questions import api as questions
from companion.reflections import api as reflections
from companion.reflections.models import Commitment, Delivery, Entry
from companion.spaces import api as spaces
from companion.spaces.kinds import Kind
from companion.spaces.prompts import Anchor, Format, PromptSettings, option_tag
from companion.threads import api as threads
from tests.companion.questions.stories import AT_ONCE
from tests.companion.reflections import stories
from tests.companion.reflections.stories import DAY, MONDAY, after, answer, commit, finish, row, said

PRIVATE = "I am afraid of my own pager"


@pytest.fixture
def followed(db: None) -> stories.Followed:
    with clock.at(MONDAY):
        followed = stories.course()
        finish(followed, followed.ana)
    return followed


def text_of(response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def test_it_works(followed, reader):
    ana, ben = reader(followed.ana), reader(followed.ben)
    uid = followed.activity.uid
    with after(2):
        assert "What will you do?" in text_of(ana.get("thread-list", uid))
        delivery = row(followed.ana, "plan").pk
        page = text_of(ana.get("prompt-answer", delivery))
        assert "about 3 minutes" in page
        assert "write down who leads" in page
        sent = ana.post(
            "prompt-answer",
            delivery,
            cue="the next alert",
            offered=option_tag("call out the time"),
            number="7",
            privacy="private",
        )
        assert sent.status_code == 303
        assert "call out the time" in text_of(ana.get("thread-list", uid))
    with after(21):
        delivery = row(followed.ana, "how").pk
        assert "When the next alert, I will call out the time" in text_of(ana.get("prompt-answer", delivery))
        assert ana.post("prompt-answer", delivery, outcome="done", part_0="Ten seconds").status_code == 303
        report = text_of(ben.get("series-report", uid))
        # How many applied it is said of five people at least.
        assert "How did it go? 1 of 3 1 1 of 1 0 – too few to show" in report
        people = text_of(ben.get("series-people", uid))
        assert "By e-mail." in people
        assert "Waits until the learner has finished what it is about." in people
    assert Commitment.objects.get().outcome == "done"


def test_what_is_private_is_on_no_page_of_anybody_else(followed, reader):
    with after(2):
        commit(followed, action=PRIVATE, obstacle=PRIVATE)
    with after(7):
        answer(followed.ana, "sure", number=3, parts=[PRIVATE])
        uid = followed.activity.uid
        for viewer in (followed.ben, followed.chen):
            other = reader(viewer)
            for name in ("thread-list", "series-detail", "series-people", "series-report", "series-shared"):
                assert PRIVATE not in other.get(name, uid).content.decode()
            for name in ("journal", "journal-print", "space-home"):
                assert PRIVATE not in other.get(name).content.decode()
            assert PRIVATE not in other.get("search", q="afraid").content.decode()
            assert PRIVATE not in other.post("journal-export", format="json").content.decode()
            for entry in Entry.objects.all():
                assert other.get("prompt-answer", entry.delivery_id).status_code == 404
                assert other.get("entry-reply", entry.pk).status_code == 404
        assert PRIVATE in reader(followed.ana).get("journal").content.decode()


def test_an_author_sets_it_up(db, reader):
    with clock.at(MONDAY):
        followed = stories.course(prompts=[], published=False)
        finish(followed)
        ben, uid = reader(followed.ben), followed.activity.uid
        if "Studio" in text_of(ben.get("series-detail", uid)):
            assert ben.post("series-template", uid, template="after_course").status_code == 409
            return
        assert "No prompts yet" in text_of(ben.get("series-detail", uid))
        assert ben.post("series-template", uid, template="after_course").status_code == 303
        assert ben.post("series-template", uid, template="nothing").status_code == 404
        page = text_of(ben.get("series-detail", uid))
        assert "12 dates are new" in page
        assert "2 days after finishing the course" in page
        key = reflections.get_series(viewer=followed.ben, uid=uid)[0].reflection.prompts[1].key
        form = {"title": "Still there?", "format": "rating", "days": "9", "anchor": "course", "text": "**Well?**"}
        assert ben.post("prompt-edit", uid, key, **form).status_code == 303
        assert ben.post("prompt-edit", uid, "new", **{**form, "title": ""}).status_code == 422
        assert ben.post("prompt-edit", uid, "new", **{**form, "days": "soon"}).status_code == 422
        assert ben.post("prompt-edit", uid, "new", **{**form, "format": "choice"}).status_code == 422
        choice = {**form, "format": "retrieval", "options": "One\nTwo", "right": "2", "title": "Which?"}
        assert ben.post("prompt-edit", uid, "new", **choice).status_code == 303
        assert ben.post("prompt-move", uid, key, up="1").status_code == 303
        assert not Delivery.objects.exists()
        assert ben.post("series-publish", uid).status_code == 303
        assert "Published" in text_of(ben.get("series-detail", uid))
        prompts = reflections.get_series(viewer=followed.ben, uid=uid)[0].reflection.prompts
        assert [prompt.title for prompt in prompts][0] == "Still there?"
        assert prompts[-1].right == 1
        assert ben.post("prompt-remove", uid, key).status_code == 303
        assert "There are changes that are not published yet" in text_of(ben.get("thread-list", uid))


def test_what_is_wrong_is_said_and_kept(followed, reader):
    ana = reader(followed.ana)
    with after(2):
        delivery = row(followed.ana, "plan").pk
        refused = ana.post("prompt-answer", delivery, cue="Kept words", action="")
        assert refused.status_code == 422
        assert "Kept words" in refused.content.decode()
        assert "Say what you will do" in text_of(refused)


def test_put_off_skipped_and_stopped(followed, reader):
    ana, uid = reader(followed.ana), followed.activity.uid
    with after(2):
        delivery = row(followed.ana, "plan").pk
        assert ana.post("prompt-snooze", delivery, days="3").status_code == 303
        assert ana.get("prompt-answer", delivery).status_code == 404
    with after(7):
        assert ana.post("prompt-skip", row(followed.ana, "sure").pk).status_code == 303
        assert "Nothing to answer" in text_of(ana.get("thread-list", uid)) or "What will" in text_of(
            ana.get("thread-list", uid)
        )
        assert ana.post("series-stop", uid, stopped="1").status_code == 303
        assert "Ask me again in this series" in text_of(ana.get("thread-list", uid))
        assert ana.post("series-stop", uid, stopped="0").status_code == 303


def test_a_question_with_an_answer_says_at_once_what_is_right(db, reader):
    prompt = PromptSettings(
        key="who",
        format=Format.RETRIEVAL,
        title="Who leads?",
        options=("The eldest", "Whoever declared"),
        right=1,
        feedback="Until somebody else says *I lead now*.",
        anchor=Anchor.COURSE,
    )
    with clock.at(MONDAY):
        followed = stories.course(prompts=[prompt])
        finish(followed)
        ana, delivery = reader(followed.ana), row(followed.ana, "who").pk
        assert "Whoever declared Until" not in text_of(ana.get("prompt-answer", delivery))
        assert ana.post("prompt-answer", delivery, number=option_tag("The eldest")).status_code == 303
        page = text_of(ana.get("prompt-answer", delivery))
        assert "Not quite. It is: Whoever declared Until somebody else says I lead now" in page


def test_before_and_after_stand_side_by_side(db, reader):
    before = PromptSettings(key="before", format=Format.RATING, title="Before", anchor=Anchor.EVENT_START, days=-1)
    later = PromptSettings(
        key="after", format=Format.RATING, title="After", anchor=Anchor.EVENT_END, days=1, pairs_with="before"
    )
    with clock.at(MONDAY):
        followed = stories.course(prompts=[before, later], event_at=MONDAY + 3 * DAY)
    with after(2):
        answer(followed.ana, "before", number=2)
    with after(4):
        page = text_of(reader(followed.ana).get("prompt-answer", row(followed.ana, "after").pk))
        assert "What you said before Before" in page
        assert "2 / 10" in page


def test_shared_with_the_staff_who_reply(followed, reader):
    ana, ben, chen = reader(followed.ana), reader(followed.ben), reader(followed.chen)
    uid = followed.activity.uid
    with after(2):
        entry = commit(followed)
        assert "Nobody has shared anything yet" in text_of(ben.get("series-shared", uid))
        assert ana.post("prompt-share", entry.delivery_id, privacy="instructor").status_code == 303
        assert "write down who leads" in text_of(ben.get("series-shared", uid))
        assert "write down who leads" not in text_of(chen.get("series-shared", uid))
        assert ben.get("entry-reply", entry.pk).status_code == 200
        assert ben.post("entry-reply", entry.pk, body="").status_code == 422
        assert ben.post("entry-reply", entry.pk, body="<script>x</script> Good").status_code == 303
        journal = ana.get("journal").content.decode()
        assert "<script>x" not in journal
        assert "Ben Okafor" in journal


def test_the_journal_is_searched_and_taken_along(followed, reader):
    ana = reader(followed.ana)
    assert "Nothing yet" in text_of(ana.get("journal"))
    with after(2):
        commit(followed)
        assert "write down who leads" in text_of(ana.get("journal", q="leads"))
        assert "Nothing of yours" in text_of(ana.get("journal", q="elephant"))
        assert "write down who leads" in text_of(ana.get("journal-print"))
        saved = ana.post("journal-export", format="markdown")
        assert saved["Content-Disposition"] == 'attachment; filename="journal.md"'
        assert "## What will you do?" in saved.content.decode()
        values = json.loads(ana.post("journal-export", format="json").content)
        assert values[0]["shared_with"] == "nobody"
        assert values[0]["lines"][1] == {"question": "I will", "answer": "write down who leads"}


def test_how_one_is_reminded(followed, reader):
    ana = reader(followed.ana)
    with clock.at(MONDAY):
        assert ana.post("reminders", wants_mail="", time_zone="Asia/Tokyo").status_code == 303
        assert ana.post("reminders", wants_mail="on", time_zone="Mars/Base").status_code == 422
        assert "Asia/Tokyo" in ana.get("reminders").content.decode()
        assert "passes on no e-mail address" in text_of(reader(followed.nameless).get("reminders"))
    with after(2):
        assert said(followed.ana, "plan") == ("sent", "no_reminders")


# -- stuck -----------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(followed):
    with clock.at(MONDAY):
        spaces.create_activity(
            viewer=followed.ben,
            title="Ask the experts",
            kind=Kind.QUESTIONS,
            settings={"topic": "Incident command", **AT_ONCE},
            external_id="ask",
        )
    with after(2):
        commit(followed, obstacle="Nobody listens to me")
    return followed


def test_whoever_is_stuck_asks_and_is_asked_again(asked, reader):
    ana, chen = reader(asked.ana), asked.chen
    with after(21):
        delivery = row(asked.ana, "how").pk
        sent = ana.post("prompt-answer", delivery, outcome="blocked", part_0="I tried twice")
        assert sent["Location"].split("?")[0].endswith(f"/prompts/{delivery}/stuck/")
        page = ana.get("prompt-stuck", delivery)
        assert "In the way: Nobody listens to me" in page.content.decode()
        assert "I tried twice" in page.content.decode()
        form = {"title": "Stuck: who leads", "body": "I planned something.", "activity": uid_in(page)}
        refused = ana.post("prompt-stuck", delivery, **form)
        assert refused.status_code == 422
        assert not threads.list_recent(viewer=asked.ben, unanswered=True)
        sent = ana.post("prompt-stuck", delivery, **form, consent="on")
        assert sent.status_code == 303
        thread_id = Commitment.objects.get().thread_id
        assert thread_id is not None
        assert questions.get_question(viewer=asked.ana, thread_id=thread_id)
        assert "You have asked already" in text_of(ana.get("prompt-stuck", delivery))
    with clock.at(MONDAY + 22 * DAY):
        threads.add_reply(viewer=chen, thread_id=thread_id, body="Say it before anybody else does.")
        threads.accept_answer(viewer=asked.ana, thread_id=thread_id, number=2, accepted=True)
    assert said(asked.ana, "how", 2) == ("planned", "asked_again")
    with after(24):
        again = row(asked.ana, "how", 2)
        assert again.state == "sent"
        assert ana.post("prompt-answer", again.pk, outcome="done").status_code == 303
    assert Commitment.objects.get().outcome == "done"
    # Who asked without a name must not be told by who is asked again.
    assert "Asked again" not in text_of(reader(asked.ben).get("series-people", asked.activity.uid))
    assert "Asked again" not in text_of(reader(asked.ben).get("series-report", asked.activity.uid))


def uid_in(page) -> str:
    found = re.search(r'name="activity" value="([0-9a-f-]{36})"', page.content.decode())
    assert found
    return found[1]


def test_nobody_is_stuck_without_a_plan(followed, reader):
    with after(2):
        assert reader(followed.ana).get("prompt-stuck", row(followed.ana, "plan").pk).status_code == 404


# -- the links of an e-mail ------------------------------------------------------------------------------------


def links_of(index: int = -1) -> tuple[str, str]:
    """The paths behind "answer" and "stop" of a letter that was sent."""
    body = mail.outbox[index].body
    found = re.findall(r"http://localhost:8601(/mail/\w+/\S+)", body)
    return next(one for one in found if "/answer/" in one), next(one for one in found if "/stop/" in one)


@pytest.fixture
def mailed(followed) -> stories.Followed:
    with after(2):
        assert len(mail.outbox) == 1
    return followed


def test_an_answer_by_mail_works_once(mailed):
    browser, path = Client(), links_of()[0]
    with clock.at(MONDAY + 2 * DAY):
        page = browser.get(path)
        assert page.status_code == 200
        assert page["Referrer-Policy"] == "no-referrer"
        assert not Entry.objects.exists()
        assert browser.post(path, {"action": ""}).status_code == 422
        sent = browser.post(path, {"action": "write it down", "offered": "own", "privacy": "group"})
        assert (sent.status_code, text_of(sent).startswith("Thank you")) == (200, True) or "Thank you" in text_of(sent)
        for again in (browser.get(path), browser.post(path, {"action": "something else"})):
            assert again.status_code == 410
            assert "write it down" not in again.content.decode()
    entry = Entry.objects.get()
    assert (entry.privacy, entry.commitment.action) == ("private", "write it down")


@pytest.mark.parametrize("days", [33, 400])
def test_a_link_expires(mailed, days):
    with clock.at(MONDAY + days * DAY):
        assert Client().get(links_of()[0]).status_code == 410


def test_a_link_that_is_forged_opens_nothing(mailed):
    answer_path, stop_path = links_of()
    assert Client().get(answer_path[:-3] + "x/").status_code == 410
    assert Client().get("/mail/answer/nothing/").status_code == 410
    assert Client().get(answer_path.replace("answer", "stop")).status_code == 410
    assert Client().get(stop_path.replace("stop", "answer")).status_code == 410


def test_a_link_of_somebody_who_left_opens_nothing(mailed):
    spaces.leave_space(
        organization_id=mailed.space.organization_id,
        issuer=mailed.space.issuer,
        external_id=mailed.space.external_id,
        subject="ana",
    )
    with clock.at(MONDAY + 2 * DAY):
        assert Client().get(links_of()[0]).status_code == 410


def test_a_link_shows_nothing_that_was_written(mailed):
    with clock.at(MONDAY + 2 * DAY):
        commit(mailed, action=PRIVATE)
    with after(21):
        letter = mail.outbox[-1]
        assert letter.subject == "Course c1: How did it go?"
        assert PRIVATE not in letter.body + letter.alternatives[0][0]
        assert PRIVATE not in Client().get(links_of()[0]).content.decode()


def test_one_tap_for_a_rating(db):
    with clock.at(MONDAY):
        followed = stories.course(prompts=[stories.SURE])
        finish(followed)
    with after(7):
        found = re.findall(r"^7: http://localhost:8601(/mail/answer/\S+)$", mail.outbox[-1].body, re.M)
        page = Client().get(found[0])
        assert "data-sends-itself" in page.content.decode()
        assert re.search(r'value="7"[^>]*checked', page.content.decode())
        assert not Entry.objects.exists()
        assert Client().post(found[0], {"number": "7"}).status_code == 200
    assert Entry.objects.get().number == 7


def test_one_tap_says_what_was_read(db):
    """The author puts another option first, between the letter and the tap."""
    asked = PromptSettings(key="q", format=Format.CHOICE, title="Q", anchor=Anchor.COURSE, options=("yes", "no"))
    with clock.at(MONDAY):
        followed = stories.course(prompts=[asked])
        finish(followed)
    with after(0):
        path = re.findall(r"^no: http://localhost:8601(/mail/answer/\S+)$", mail.outbox[-1].body, re.M)[0]
        change = partial(reflections.change_prompts, viewer=followed.ben, uid=followed.activity.uid)
        for options, sends_itself in ((("maybe", "no", "yes"), True), (("maybe", "yes"), False)):
            change(prompts=[replace(asked, options=options)])
            reflections.publish_series(viewer=followed.ben, uid=followed.activity.uid)
            page = Client().get(path).content.decode()
            assert ("data-sends-itself" in page) is sends_itself
            checked = re.findall(r'value="(\w+)"[^>]*checked', page)
            assert checked == ([option_tag("no")] if sends_itself else [])
        assert Client().post(path, {"number": option_tag("no")}).status_code == 422
        assert Client().post(path, {"number": "1"}).status_code == 422
        assert Client().post(path, {"number": option_tag("yes")}).status_code == 200
        assert reflections.list_journal(viewer=followed.ana)[0][0].lines == [("", "yes")]


def test_a_prompt_that_was_put_off_can_be_answered_by_its_letter(mailed):
    with clock.at(MONDAY + 2 * DAY):
        reflections.snooze_prompt(viewer=mailed.ana, delivery_id=row(mailed.ana, "plan").pk, days=7)
        assert Client().post(links_of()[0], {"action": "now", "offered": "own"}).status_code == 200
    assert said(mailed.ana, "plan") == ("sent", "answered")


def test_one_click_stops_the_series(mailed):
    letter = mail.outbox[-1]
    path = letter.extra_headers["List-Unsubscribe"].strip("<>").removeprefix("http://localhost:8601")
    with clock.at(MONDAY + 3 * DAY):
        assert Client().get(path).status_code == 200
        assert said(mailed.ana, "sure") == ("planned", "on_time")
        sent = Client(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"})
        assert sent.status_code == 200
        assert said(mailed.ana, "sure") == ("dropped", "stopped")
        assert Client().post(path, {"what": "all"}).status_code == 200
    assert not reflections.get_contact(viewer=mailed.ana).wants_mail


def test_a_manager_is_told_after_ones_word(followed, reader):
    ana = reader(followed.ana)
    with after(2):
        delivery = commit(followed).delivery_id
        assert "Tell a manager or mentor" in text_of(ana.get("prompt-answer", delivery))
        assert ana.post("prompt-tell", delivery, address="boss@example.org").status_code == 422
        assert ana.post("prompt-tell", delivery, address="boss@elsewhere.example", consents="on").status_code == 422
        assert ana.post("prompt-tell", delivery, address="boss@example.org", consents="on").status_code == 303
        assert "boss@example.org" in text_of(ana.get("prompt-tell", delivery))
        assert reader(followed.ben).get("prompt-tell", delivery).status_code == 404


def test_the_last_prompt_goes_and_that_can_be_published(followed, lti_reader):
    ben, uid = lti_reader(followed.ben), followed.activity.uid
    reflections.change_prompts(viewer=followed.ben, uid=uid, prompts=[])
    page = text_of(ben.get("series-detail", uid))
    assert "Taken out of the series." in page
    assert "Publish the changes" in page
    assert ben.post("series-publish", uid).status_code == 303
    assert said(followed.ana, "plan") == ("dropped", "removed")
    assert "Publish" not in text_of(ben.get("series-detail", uid))
