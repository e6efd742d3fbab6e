"""The pages around questions, by HTTP under every mount: asked, taken, answered, accepted, found by the next one."""

from __future__ import annotations

import re
from html import unescape

import pytest

from companion import clock
from companion.questions import api as questions
from companion.threads import api as threads
from companion.topics import api as topics
from tests.companion.questions import stories
from tests.companion.questions.stories import MONDAY, ask, reply, row
from tests.companion.search.stories import in_an_index

TITLE = "Who declares an incident at night?"


@pytest.fixture
def asked(db: None) -> stories.Asked:
    return stories.course()


def text_of(response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def number_in(response) -> int:
    found = re.search(r"threads/(\d+)/", unescape(response["Location"]))
    assert found
    return int(found[1])


@in_an_index
def test_it_works(asked, reader):
    ana, chen, eve = reader(asked.ana), reader(asked.chen), reader(asked.eve)
    uid = asked.activity.uid
    assert "Ask a question" in text_of(ana.get("thread-list", uid))
    form = ana.get("question-new", uid)
    assert "Who answers here: Chen Wei" in text_of(form)
    sent = ana.post("question-new", uid, title=TITLE, body="It is two at night.", topics="Pagers, Nights")
    assert sent.status_code == 303
    thread_id = number_in(sent)
    page = text_of(ana.get("thread-detail", thread_id))
    assert "Chen Wei has it" in page
    assert "expert for Incident command; 1 of 3 this week" in page
    assert "Pagers" in page
    queue = text_of(chen.get("queue"))
    assert TITLE in queue
    assert "2 of 3 left this week" in queue
    assert "You have this question" in text_of(chen.get("thread-detail", thread_id))
    assert chen.post("post-reply", thread_id, 1, body="Whoever sees it first declares it.").status_code == 303
    seen = ana.get("thread-detail", thread_id)
    assert "Accept as the answer" in text_of(seen)
    assert ana.post("post-accept", thread_id, 2, accepted="1").status_code == 303
    assert "This is the answer" in text_of(eve.get("thread-detail", thread_id))
    assert "Solved" in text_of(eve.get("thread-list", uid))
    similar = eve.get("question-similar", uid, htmx=True, title="who declares incidents")
    assert "Whoever sees it first declares it." in text_of(similar)
    saved = eve.post("question-saved", uid, saved=f"{thread_id}.2")
    assert (saved.status_code, number_in(saved)) == (303, thread_id)
    figures = text_of(reader(asked.ben).get("question-figures"))
    assert "All questions 1 0 (0 %)" in figures


@in_an_index
def test_without_scripts_one_looks_first_and_loses_nothing(asked, reader):
    thread = ask(asked, title=TITLE)
    reply(asked.chen, thread, "Whoever sees it first.")
    eve = reader(asked.eve)
    looked = eve.post(
        "question-new", asked.activity.uid, title="who declares an incident", body="My own words", look="1"
    )
    assert looked.status_code == 200
    assert "Whoever sees it first." in text_of(looked)
    assert "My own words" in looked.content.decode()


def test_what_is_wrong_is_said_and_kept(asked, reader):
    answer = reader(asked.ana).post(
        "question-new", asked.activity.uid, title="", body="Kept words", topics="a,b,c,d,e,f"
    )
    assert answer.status_code == 422
    assert "Kept words" in answer.content.decode()


def test_the_list_says_who_has_a_question_and_how_many_wonder(asked, reader):
    thread = ask(asked, title=TITLE)
    questions.say_me_too(viewer=asked.eve, thread_id=thread.pk)
    topics.save_profile(viewer=asked.chen, capacity=1)
    topics.save_profile(viewer=asked.ben, capacity=0)
    ask(asked, title="Who closes it?", by=asked.eve)
    rows = text_of(reader(asked.eve).get("thread-list", asked.activity.uid))
    assert "1 has it, too Chen Wei has it" in rows
    assert re.search(r"Who closes it\? .{1,40} 0 replies waits for an answer", rows)
    reply(asked.chen, thread, "Whoever sees it first.")
    assert "Chen Wei has it" not in text_of(reader(asked.ana).get("thread-list", asked.activity.uid))


def test_topics_are_offered_while_one_types(asked, reader):
    typed = reader(asked.ana).get("question-similar", asked.activity.uid, htmx=True, title="About nights on call")
    assert "data-topic" not in typed.content.decode()
    ask(asked, topic_names=["Nights"])
    typed = reader(asked.ana).get("question-similar", asked.activity.uid, htmx=True, title="About nights on call")
    assert 'data-topic="Nights"' in typed.content.decode()


def test_a_private_question_is_the_experts_and_the_staffs(asked, reader):
    ana = reader(asked.ana)
    sent = ana.post("question-new", asked.activity.uid, title="In private", body="B", is_private="on", anonymous="on")
    thread_id = number_in(sent)
    assert "Show it to everybody" in text_of(ana.get("thread-detail", thread_id))
    assert reader(asked.eve).get("thread-detail", thread_id).status_code == 404
    assert "In private" not in text_of(reader(asked.eve).get("thread-list", asked.activity.uid))
    chen = reader(asked.chen)
    page = text_of(chen.get("thread-detail", thread_id))
    assert "Your queue" in page
    assert "Ana" not in page
    assert chen.post("post-reply", thread_id, 1, body="Like this.").status_code == 303
    assert chen.post("question-publish", thread_id).status_code == 403
    assert ana.post("question-publish", thread_id).status_code == 303
    assert reader(asked.eve).get("thread-detail", thread_id).status_code == 200


def test_an_expert_of_another_course_answers_from_their_queue(asked, reader):
    fay = stories.elsewhere(asked)
    gus = stories.elsewhere(asked, role=stories.Role.INSTRUCTOR, name="Gus Orr")
    topics.save_profile(viewer=asked.chen, capacity=0)
    topics.grant_expertise(viewer=gus, topic=stories.TOPIC, person_id=fay.person_id)
    thread = ask(asked)
    there = reader(fay)
    assert thread.title in text_of(there.get("queue"))
    assert "You have this question" in text_of(there.get("thread-detail", thread.pk))
    assert there.post("post-reply", thread.pk, 1, body="From elsewhere.").status_code == 303
    assert row(thread).state == "answered"
    # Nothing else of that course is theirs.
    assert there.get("thread-list", asked.activity.uid).status_code == 404


def test_handing_back_over_and_closing(asked, reader):
    fay = stories.expert(asked, "Fay Ito")
    thread, other = ask(asked), ask(asked, title="The same")
    holders = {pk: viewer for viewer in (asked.chen, fay) for pk in [viewer.person_id]}
    first = holders[stories.holder(thread)]
    there = reader(first)
    assert there.get("question-decline", thread.pk).status_code == 200
    assert there.post("question-decline", thread.pk, reason="").status_code == 422
    second = fay if first is asked.chen else asked.chen
    assert second.name in text_of(there.get("question-hand-over", thread.pk))
    moved = there.post("question-hand-over", thread.pk, person=second.person_id, note="Yours")
    assert moved.status_code == 303
    assert stories.holder(thread) == second.person_id
    assert reader(asked.eve).get("question-decline", thread.pk).status_code == 403
    assert reader(second).post("question-decline", thread.pk, reason="No idea").status_code == 303
    closed = reader(asked.chen).post("question-duplicate", other.pk, of=thread.pk)
    assert closed.status_code == 303
    assert "It is answered here:" in text_of(reader(asked.ana).get("thread-detail", other.pk))
    assert reader(asked.ana).post("question-reopen", other.pk).status_code == 303
    assert row(other).state == "open"


def test_it_did_not_help(asked, reader):
    thread = ask(asked)
    answer = reply(asked.chen, thread)
    ana = reader(asked.ana)
    assert "It didn’t help" in text_of(ana.get("thread-detail", thread.pk))
    assert ana.get("post-unhelpful", thread.pk, answer.number).status_code == 200
    assert ana.post("post-unhelpful", thread.pk, answer.number, body="").status_code == 422
    assert ana.post("post-unhelpful", thread.pk, answer.number, body="And at sea?").status_code == 303
    assert row(thread).state == "open"


def test_vouching_tips_and_corrections(asked, reader):
    thread = ask(asked)
    answer = reply(asked.chen, thread)
    chen, eve = reader(asked.chen), reader(asked.eve)
    threads.accept_answer(viewer=asked.ana, thread_id=thread.pk, number=answer.number)
    eve.get("thread-detail", thread.pk)
    assert chen.post("post-verify", thread.pk, answer.number, until="2001-01-01").status_code == 422
    assert chen.post("post-verify", thread.pk, answer.number, until="2126-01-01").status_code == 303
    assert "Chen Wei vouches for this answer until" in text_of(eve.get("thread-detail", thread.pk))
    tip = chen.post("post-tip", thread.pk, answer.number)
    assert tip.status_code == 303
    assert "Tip" in text_of(eve.get("thread-detail", number_in(tip)))
    threads.edit_post(viewer=asked.chen, thread_id=thread.pk, number=2, title="", body="The duty lead.", version=1)
    assert "An answer that you read was corrected" in text_of(eve.get("space-home"))
    assert "Corrected since you read it" in text_of(eve.get("thread-detail", thread.pk))
    assert eve.post("question-heard", thread.pk).status_code == 303
    assert "Corrected since" not in text_of(eve.get("thread-detail", thread.pk))


def test_topics_people_and_what_experts_take(asked, reader):
    thread = ask(asked)
    answer = reply(asked.chen, thread)
    threads.accept_answer(viewer=asked.ana, thread_id=thread.pk, number=answer.number)
    eve, ben, chen = reader(asked.eve), reader(asked.ben), reader(asked.chen)
    [topic] = topics.list_topics(viewer=asked.eve)
    assert topic.name in text_of(eve.get("topic-list"))
    page = text_of(eve.get("topic-detail", topic.id))
    assert "Chen Wei 1 answer that helped" in page
    assert eve.post("topic-follow", topic.id, following="1").status_code == 303
    assert eve.post("topic-request", topic.id, holding="1").status_code == 303
    assert "Eve Larsen" in text_of(ben.get("topic-list"))
    assert eve.post("topic-approve", topic.id, person=asked.eve.person_id, approved="1").status_code == 403
    assert ben.post("topic-approve", topic.id, person=asked.eve.person_id, approved="1").status_code == 303
    assert topics.holds_topic(viewer=asked.eve, topics=[topic.name])
    assert "Answers that helped" in text_of(eve.get("person-detail", asked.chen.person_id))
    saved = chen.post("profile", capacity="1", away_from="", away_until="", time_zone="Europe/Berlin", about="Ask me.")
    assert saved.status_code == 303
    # The box for the page was not ticked.
    assert eve.get("person-detail", asked.chen.person_id).status_code == 404
    assert chen.get("person-detail", asked.chen.person_id).status_code == 200
    assert chen.post("profile", capacity="999", time_zone="Mars/Base").status_code == 422
    assert ben.post("topic-detail", topic.id, synonym="IC").status_code == 303
    assert "Also called: IC" in text_of(eve.get("topic-detail", topic.id))
    assert eve.post("topic-detail", topic.id, synonym="X").status_code == 403


def test_an_event_gathers_questions_before_it(asked, reader):
    from datetime import timedelta

    from companion.spaces import api as spaces

    with clock.at(MONDAY):
        settings = {**asked.activity.settings, "gather_days": 7}
        event = MONDAY + timedelta(days=30)
        spaces.configure_activity(
            viewer=asked.ben, uid=asked.activity.uid, title="Ask Chen", settings=settings, event_at=event
        )
        ana = reader(asked.ana)
        assert "are gathered from" in text_of(ana.get("question-new", asked.activity.uid))
    with clock.at(event - timedelta(days=2)):
        # Sessions are as old as the test's own clock.
        thread = ask(asked)
        assert row(thread).reason == "gathering"
        questions.say_me_too(viewer=asked.eve, thread_id=thread.pk)
        [agenda] = questions.list_agenda(viewer=asked.eve, activity=threads.activity_of(activity_id=thread.activity_id))
    assert (agenda.metoo_count, agenda.says_me_too, agenda.answer) == (1, True, None)
    stories.tick(event + timedelta(hours=1))
    assert stories.holder(thread) == asked.chen.person_id
    assert thread.title in text_of(reader(asked.eve).get("question-agenda", asked.activity.uid))


def test_here_people_ask_and_only_the_staff_starts_other_threads(asked, reader):
    uid = asked.activity.uid
    ana, ben = reader(asked.ana), reader(asked.ben)
    for answer in (ana.get("thread-new", uid), ana.post("thread-new", uid, title="T", body="B", kind="question")):
        assert answer.status_code == 303
        assert answer["Location"] == ana.url("question-new", uid)
    assert ben.post("thread-new", uid, title="T", body="B", kind="question").status_code == 422
    assert ben.post("thread-new", uid, title="News", body="B", kind="announcement").status_code == 303
