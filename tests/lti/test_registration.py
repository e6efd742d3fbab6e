"""An administrator makes a link, a colleague pastes it into their platform, and the two know each other: each platform
in its own way, and nobody who was not asked.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import time_machine
from companion_lti import invites, openid, registering
from companion_lti.models import Deployment, Invite, Registration
from companion_lti.openid import WrongConfiguration, read_configuration
from companion_lti.sealing import seal
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client
from django_tasks_db.models import DBTaskResult

from companion import clock
from companion.spaces import api as spaces
from tests.lti.conftest import new_browser
from tests.lti.far_end import Answer, Asked, FarEnd
from tests.lti.platform import ANA, LTI, Platform, public_jwk, row_counts

TOOL = registering.TOOL
MOODLE: dict[str, Any] = {
    "product_family_code": "moodle",
    "version": "4.5",
    "messages_supported": [
        {"type": "LtiResourceLinkRequest"},
        {"type": "LtiDeepLinkingRequest", "placements": ["ContentArea"]},
    ],
    "variables": ["Context.id.history", "User.id", "Moodle.Person.userGroupIds"],
}


class Lms:
    """A platform that takes registrations, as Moodle does: each token once."""

    def __init__(self) -> None:
        self.server = FarEnd()
        self.url = self.server.url
        self.configuration_url = f"{self.url}/openid?x=1"
        self.platform = dict(MOODLE)
        self.changes: dict[str, Any] = {}
        self.answer: dict[str, Any] = {"client_id": "c1", TOOL: {"deployment_id": "7"}}
        self.tokens = {"secret"}
        self.server.answers["/openid"] = lambda _asked: Answer(self.configuration())
        self.server.answers["/register"] = self.register

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/auth",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "registration_endpoint": f"{self.url}/register?y=2",
            "scopes_supported": ["openid"],
            openid.PLATFORM: self.platform,
        } | self.changes

    def register(self, asked: Asked) -> Answer:
        bearer = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if bearer not in self.tokens:
            return Answer("its own words", status=401)
        self.tokens.discard(bearer)
        return Answer({**asked.json, **self.answer})

    @property
    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = self.server.asked_for("/register").json
        return told


@pytest.fixture
def lms(db: None, settings: Any) -> Iterator[Lms]:
    settings.COMPANION_LTI_PRIVATE_HOSTS = ("127.0.0.1",)
    lms = Lms()
    yield lms
    lms.server.close()


@pytest.fixture
def link(db: None) -> str:
    """The path of a fresh link."""
    organization = spaces.ensure_organization(name="Northwind")
    return urlsplit(invites.make(organization_id=organization.pk, name="Our LMS")[1]).path


def look(link: str, lms: Lms | None = None, *, token: str = "secret") -> HttpResponse:
    """The platform opens the link; without one, somebody's browser does."""
    query = {"openid_configuration": lms.configuration_url} if lms else {}
    if lms and token:
        query["registration_token"] = token
    return new_browser().get(f"{link}?{urlencode(query)}" if query else link)


def press(link: str, page: HttpResponse) -> HttpResponse:
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode()))
    return new_browser().post(link, fields)


def work() -> str:
    return str(registering.register.func(Invite.objects.get().pk))


def connect(link: str, lms: Lms, *, token: str = "secret") -> str:
    assert press(link, look(link, lms, token=token)).status_code == 303
    return work()


def error_of(link: str) -> str:
    return Invite.objects.get().error


def test_it_works(lms: Lms, link: str) -> None:
    page = look(link, lms)
    text = page.content.decode()
    assert page.status_code == 200
    assert "will be connected with Northwind" in text
    assert urlsplit(lms.url).netloc in text
    assert lms.server.asked == []
    assert press(link, page).status_code == 303
    assert lms.server.asked == []
    assert "One moment" in look(link).content.decode()
    assert new_browser().get(f"{link}/state").json() == {"state": "asked"}
    assert work().startswith("registered")
    done = look(link).content.decode()
    assert "Connected" in done
    assert "data-close" in done
    assert new_browser().get(f"{link}/state").json() == {"state": "done"}
    registration = Registration.objects.get()
    assert (registration.issuer, registration.client_id, registration.name) == (lms.url, "c1", "Our LMS")
    assert registration.auth_login_url == f"{lms.url}/auth"
    assert registration.auth_token_url == f"{lms.url}/token"
    assert registration.jwks_url == f"{lms.url}/jwks"
    assert (registration.family, registration.is_approved, registration.is_active) == ("moodle", True, True)
    assert str(registration.organization) == "Northwind"
    assert [(row.deployment_id, row.is_approved) for row in Deployment.objects.all()] == [("7", True)]
    assert Invite.objects.get().registration_token == ""


def test_what_the_platform_is_told(lms: Lms, link: str) -> None:
    connect(link, lms)
    asked = lms.server.asked_for("/register")
    assert asked.headers["authorization"] == "Bearer secret"
    assert asked.query == {"y": ["2"]}
    assert lms.server.asked_for("/openid").query == {"x": ["1"]}
    told = lms.told
    assert told["application_type"] == "web"
    assert told["response_types"] == ["id_token"]
    assert set(told["grant_types"]) == {"implicit", "client_credentials"}
    assert told["initiate_login_uri"] == "http://localhost:8601/lti/login"
    assert told["redirect_uris"] == ["http://localhost:8601/lti/launch"]
    assert told["jwks_uri"] == "http://localhost:8601/lti/jwks"
    assert told["token_endpoint_auth_method"] == "private_key_jwt"
    scopes = told["scope"].split()
    assert "https://purl.imsglobal.org/spec/lti-ags/scope/score" in scopes
    assert "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly" in scopes
    assert "openid" not in scopes
    assert "https://purl.imsglobal.org/spec/lti/scope/noticehandlers" not in scopes
    tool = told[TOOL]
    assert (tool["domain"], tool["target_link_uri"]) == ("localhost:8601", "http://localhost:8601/lti/launch")
    assert {"sub", "name", "email"} <= set(tool["claims"])
    assert tool["custom_parameters"] == {
        "context_id_history": "$Context.id.history",
        "resource_link_id_history": "$ResourceLink.id.history",
        "groups": "$Moodle.Person.userGroupIds",
        "companion_time_zone": "$Person.address.timezone",
    }
    types = {message["type"]: message.get("placements") for message in tool["messages"]}
    assert types == {"LtiResourceLinkRequest": None, "LtiDeepLinkingRequest": ["ContentArea"]}


def test_a_launch_after_it_gets_in(lms: Lms, link: str, browser: Client) -> None:
    connect(link, lms)
    assert platform_of(lms).launch(browser, ANA, {LTI + "deployment_id": "7"}).status_code == 303


def platform_of(lms: Lms) -> Platform:
    """The platform that has registered itself, ready to launch."""
    platform = Platform.__new__(Platform)
    platform.server, platform.row = lms.server, Registration.objects.get()
    platform.publish(public_jwk())
    return platform


# -- platforms and their ways --------------------------------------------------------------------------------


def test_moodle_3_11_names_messages_as_texts(lms: Lms, link: str) -> None:
    lms.platform["messages_supported"] = ["LtiResourceLinkRequest", "LtiDeepLinkingRequest"]
    connect(link, lms)
    assert [message["type"] for message in lms.told[TOOL]["messages"]] == [
        "LtiResourceLinkRequest",
        "LtiDeepLinkingRequest",
    ]


def test_brightspace_gives_no_token(lms: Lms, link: str) -> None:
    lms.tokens, lms.answer = {""}, {"client_id": "c1"}
    lms.platform["product_family_code"] = "desire2learn"
    assert connect(link, lms, token="").startswith("registered")
    assert "authorization" not in lms.server.asked_for("/register").headers


def at(host: str, **changes: Any) -> dict[str, Any]:
    """The configuration of a platform on a host of its own."""
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")
    return {"issuer": f"https://{host}", **{name: f"https://{host}/{name}" for name in names}} | changes


TOKENS = "https://auth.brightspace.com/core/connect/token"


def test_brightspace_has_one_audience_for_all() -> None:
    found = read_configuration(
        at("school.brightspace.com", token_endpoint=TOKENS), url="https://school.brightspace.com/x"
    )
    assert (found.auth_token_url, found.auth_audience) == (TOKENS, "https://api.brightspace.com/auth/token")


def test_a_named_authorization_server_is_the_audience(lms: Lms, link: str) -> None:
    lms.changes = {"authorization_server": f"{lms.url}/x"}
    connect(link, lms)
    assert Registration.objects.get().auth_audience == f"{lms.url}/x"


@pytest.mark.parametrize(
    "changes",
    [
        {"token_endpoint": TOKENS},
        {"authorization_server": "https://victim.example/token"},
        {"authorization_server": "https://api.brightspace.com/auth/token"},
        {"jwks_uri": "https://evil.example\\@sso.canvaslms.com/x"},
        {"authorization_endpoint": "https://evil.example/a\nb"},
    ],
)
def test_14_nobody_has_us_ask_for_anothers_tokens(changes: dict[str, Any]) -> None:
    read_configuration(at("evil.example"), url="https://evil.example/x")
    with pytest.raises(WrongConfiguration):
        read_configuration(at("evil.example", **changes), url="https://evil.example/x")


def test_14_the_family_alone_gives_nobody_an_audience() -> None:
    platform = {openid.PLATFORM: {"product_family_code": "desire2learn"}}
    assert read_configuration(at("evil.example", **platform), url="https://evil.example/x").auth_audience == ""


def test_14_a_client_id_that_somebody_has_is_not_given_twice(lms: Lms, link: str) -> None:
    """One key of ours signs for all: who is called like another one could collect what is meant for them."""
    organization = spaces.ensure_organization(name="Elsewhere")
    Registration.objects.create(organization=organization, issuer="https://victim.example", client_id="c1")
    assert "not registered" in connect(link, lms)
    assert Registration.objects.count() == 1


def test_14_a_link_that_is_taken_back_meanwhile_registers_nobody(
    lms: Lms, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(link, look(link, lms))
    invite = Invite.objects.get()
    real = registering._tell

    def revoked(*args: Any) -> dict[str, Any]:
        Invite.objects.all().delete()
        return real(*args)

    monkeypatch.setattr(registering, "_tell", revoked)
    assert registering.register.func(invite.pk).startswith("not registered")
    assert not Registration.objects.exists()


def test_the_secrets_of_a_link_are_not_in_the_database_or_the_log(lms: Lms, link: str, caplog: Any) -> None:
    token = link.rsplit("/", 1)[1]
    assert look(link, None).status_code == 200
    new_browser().get(f"{link}?openid_configuration=http://x")
    press(link, look(link, lms))
    held = str(list(Invite.objects.values()))
    assert token not in held
    assert "secret" not in held
    assert lms.configuration_url not in held
    assert token not in caplog.text
    work()
    done = Invite.objects.get()
    assert (done.registration_token, done.configuration_url) == ("", "")


CANVAS = {
    "issuer": "https://canvas.instructure.com",
    "authorization_endpoint": "https://sso.canvaslms.com/api/lti/authorize_redirect",
    "token_endpoint": "https://sso.canvaslms.com/login/oauth2/token",
    "jwks_uri": "https://sso.canvaslms.com/api/lti/security/jwks",
    "registration_endpoint": "https://school.instructure.com/api/lti/registrations",
    "authorization_server": "canvas.instructure.com",
    "scopes_supported": ["https://purl.imsglobal.org/spec/lti/scope/noticehandlers"],
    openid.PLATFORM: {
        "product_family_code": "canvas",
        "messages_supported": [
            {"type": "LtiResourceLinkRequest", "placements": ["course_navigation"]},
            {
                "type": "LtiDeepLinkingRequest",
                "placements": ["assignment_selection", "link_selection", "editor_button"],
            },
        ],
    },
}
BLACKBOARD = {
    "issuer": "https://blackboard.com",
    "authorization_endpoint": "https://developer.blackboard.com/api/v1/gateway/oidcauth",
    "token_endpoint": "https://developer.blackboard.com/api/v1/gateway/oauth2/jwttoken",
    "jwks_uri": "https://developer.blackboard.com/.well-known/jwks.json",
    "registration_endpoint": "https://developer.blackboard.com/api/v1/gateway/registerLti?registrationToken=1",
    openid.PLATFORM: {"product_family_code": "BlackboardLearn"},
}


def test_canvas_has_hosts_of_its_own() -> None:
    url = "https://canvas.instructure.com/api/lti/security/openid-configuration?registration_token=1"
    found = read_configuration(CANVAS, url=url)
    assert found.auth_audience == ""
    told = registering.metadata(found)
    assert told[TOOL]["messages"] == [
        {
            "type": "LtiDeepLinkingRequest",
            "target_link_uri": "http://localhost:8601/lti/launch",
            "label": "Course Companion",
            "placements": ["link_selection", "assignment_selection"],
        }
    ]
    assert "https://purl.imsglobal.org/spec/lti/scope/noticehandlers" in told["scope"]


def test_blackboards_issuer_is_not_its_developer_portal() -> None:
    url = "https://developer.blackboard.com/.well-known/openid-configuration"
    assert read_configuration(BLACKBOARD, url=url).issuer == "https://blackboard.com"


def test_sakai_names_what_it_does_not_check(lms: Lms, link: str) -> None:
    lms.platform = {"product_family_code": "sakailms.org", "messages_supported": [{"type": "x", "placements": []}]}
    connect(link, lms)
    assert "https://purl.imsglobal.org/spec/lti-ags/scope/score" in lms.told["scope"]


def test_a_platform_that_reviews_submissions_hears_that_we_do(lms: Lms, link: str) -> None:
    lms.platform["messages_supported"] = [*MOODLE["messages_supported"], {"type": "LtiSubmissionReviewRequest"}]
    connect(link, lms)
    assert [message["type"] for message in lms.told[TOOL]["messages"]][-1] == "LtiSubmissionReviewRequest"


# -- who has to be approved ----------------------------------------------------------------------------------


def test_the_first_deployment_of_a_platform_that_named_none_comes_in(lms: Lms, link: str, browser: Client) -> None:
    lms.answer = {"client_id": "c1"}
    connect(link, lms)
    platform = platform_of(lms)
    assert platform.launch(browser, ANA, {LTI + "deployment_id": "1"}).status_code == 303
    assert platform.launch(browser, ANA, {LTI + "deployment_id": "2"}).status_code == 403
    assert platform.launch(browser, ANA, {LTI + "deployment_id": "1"}).status_code == 303


def test_a_deployment_at_the_top_of_the_answer_counts(lms: Lms, link: str) -> None:
    lms.answer = {"client_id": 10000000000001, "deployment_id": "1:abc"}
    connect(link, lms)
    assert Registration.objects.get().client_id == "10000000000001"
    assert Deployment.objects.get().deployment_id == "1:abc"
    assert not Registration.objects.get().admits_first_deployment


def test_a_registration_waits_where_the_setting_says_so(lms: Lms, link: str, browser: Client, settings: Any) -> None:
    settings.COMPANION_LTI_APPROVE_REGISTRATIONS = False
    connect(link, lms)
    done = look(link).content.decode()
    assert "An administrator of Course Companion has to approve it" in done
    assert "data-close" not in done
    platform = platform_of(lms)
    refused = platform.ask_login(browser)
    assert refused.status_code == 403
    assert "waits for an administrator" in refused.content.decode()
    platform.row.is_approved = True
    platform.row.save()
    assert platform.launch(browser, ANA, {LTI + "deployment_id": "7"}).status_code == 303


# -- who may not ---------------------------------------------------------------------------------------------


def test_14_without_a_link_nobody_registers(lms: Lms, db: None) -> None:
    before = row_counts()
    for method in (new_browser().get, new_browser().post):
        answer = method("/lti/register/guessed", {"openid_configuration": lms.configuration_url})
        assert answer.status_code == 403
        assert "for a new one" in answer.content.decode()
    assert new_browser().get("/lti/register/guessed/state").status_code == 403
    assert (row_counts(), lms.server.asked) == (before, [])


def test_14_a_link_works_once(lms: Lms, link: str) -> None:
    connect(link, lms)
    assert look(link, lms).status_code == 403
    lms.tokens.add("secret")
    new_browser().post(link, {"openid_configuration": lms.configuration_url, "registration_token": "secret"})
    assert work() == "gone"
    assert Registration.objects.count() == 1


def test_14_a_link_that_has_expired_is_none(lms: Lms, link: str) -> None:
    with time_machine.travel(clock.now() + timedelta(days=8)):
        assert look(link, lms).status_code == 403
        assert new_browser().post(link, {"openid_configuration": lms.configuration_url}).status_code == 403
    assert DBTaskResult.objects.count() == 0


def test_two_who_press_at_once_ask_once(lms: Lms, link: str) -> None:
    page = look(link, lms)
    press(link, page)
    press(link, page)
    assert DBTaskResult.objects.count() == 1


def test_14_what_is_known_already_is_not_overwritten(lms: Lms, link: str, db: None) -> None:
    connect(link, lms)
    kept = Registration.objects.values().get()
    other = spaces.ensure_organization(name="Elsewhere")
    Invite.objects.all().delete()
    second = urlsplit(invites.make(organization_id=other.pk)[1]).path
    lms.tokens.add("secret")
    assert "not registered" in connect(second, lms)
    assert error_of(second) == "This platform and client id are registered already; nothing was changed."
    assert Registration.objects.values().get() == kept
    assert "registered already" in look(second).content.decode()


@pytest.mark.parametrize(
    "url", ["http://lms.example/x", "javascript:1", "//evil.example", "ftp://x", "x" * 3000, "https://a/#b"]
)
def test_14_an_address_that_is_none_is_refused(link: str, url: str) -> None:
    query = urlencode({"openid_configuration": url})
    assert new_browser().get(f"{link}?{query}").status_code == 400
    assert new_browser().post(link, {"openid_configuration": url}).status_code == 400
    assert DBTaskResult.objects.count() == 0


def test_14_a_private_address_is_not_asked(lms: Lms, link: str, settings: Any) -> None:
    settings.COMPANION_LTI_PRIVATE_HOSTS = ()
    Invite.objects.update(state="asked", configuration_url=seal(lms.configuration_url))
    assert "private address" in work()
    assert lms.server.asked == []


def test_14_a_redirect_to_another_host_is_not_followed(lms: Lms, link: str) -> None:
    other = FarEnd()
    lms.server.answers["/openid"] = Answer({}, status=302, headers={"Location": f"{other.url}/openid"})
    assert "not registered" in connect(link, lms)
    assert other.asked == []
    other.close()


@pytest.mark.parametrize(
    "name", ["authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint", "issuer"]
)
@pytest.mark.parametrize("value", ["https://evil.example/x", "javascript:1", "", None, 3, []])
def test_14_endpoints_of_another_site_are_refused(lms: Lms, link: str, name: str, value: object) -> None:
    lms.changes = {name: value}
    assert "not registered" in connect(link, lms)
    assert "cannot be used" in error_of(link)
    assert lms.server.count("/register") == 0
    assert not Registration.objects.exists()


def test_14_nobody_registers_as_canvas_from_elsewhere() -> None:
    with pytest.raises(WrongConfiguration):
        read_configuration(CANVAS, url="https://evil.example/openid")
    with pytest.raises(WrongConfiguration):
        read_configuration(CANVAS | {"jwks_uri": "https://evil.example/jwks"}, url="https://canvas.instructure.com/x")
    with pytest.raises(WrongConfiguration):
        read_configuration(BLACKBOARD, url="https://evil.example/openid")


# -- a platform that does not answer as it should ------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        Answer("its own words", status=500),
        Answer(b"<html>"),
        Answer([]),
        Answer(b"[" * 100_000),
        Answer({"a": "x" * 300_000}),
    ],
    ids="500 html list deep large".split(),
)
@pytest.mark.parametrize("path", ["/openid", "/register"])
def test_it_says_what_went_wrong_and_may_be_tried_again(lms: Lms, link: str, path: str, answer: Answer) -> None:
    right = lms.server.answers[path]
    lms.server.answers[path] = answer
    assert "not registered" in connect(link, lms)
    page = look(link)
    assert "It did not work." in page.content.decode()
    assert "its own words" not in page.content.decode()
    lms.server.answers[path] = right
    assert press(link, page).status_code == 303
    assert work().startswith("registered")


def test_a_token_that_was_used_is_explained(lms: Lms, link: str) -> None:
    lms.tokens.clear()
    connect(link, lms)
    assert "begin again there" in look(link).content.decode()


@pytest.mark.parametrize("client_id", [None, "", [], "x" * 300, "a\x00"])
def test_an_answer_without_a_client_id_is_none(lms: Lms, link: str, client_id: object) -> None:
    lms.answer = {"client_id": client_id}
    assert "not registered" in connect(link, lms)
    assert not Registration.objects.exists()


def test_a_worker_that_was_killed_lets_it_be_tried_again(lms: Lms, link: str) -> None:
    press(link, look(link, lms))
    DBTaskResult.objects.all().delete()
    with time_machine.travel(clock.now() + timedelta(minutes=3)):
        press(link, look(link, lms))
        assert DBTaskResult.objects.count() == 1
        assert work().startswith("registered")


# -- making links --------------------------------------------------------------------------------------------


def test_the_command_makes_a_link(db: None) -> None:
    said = io.StringIO()
    call_command("lti_invite", "--organization=Northwind", "--name=Moodle", stdout=said)
    found = re.search(r"http://localhost:8601(/lti/register/\S+)", said.getvalue())
    assert found
    page = new_browser().get(found[1])
    assert page.status_code == 200
    assert "Manage tools" in page.content.decode()
    assert found[1].rsplit("/", 1)[1] not in str(list(Invite.objects.values()))
    with pytest.raises(CommandError):
        call_command("lti_invite", "--organization= ")


def test_every_address_can_be_copied(db: None) -> None:
    page = new_browser().get("/lti/setup")
    for name in ("login", "launch", "jwks", "config.json"):
        assert f"http://localhost:8601/lti/{name}" in page.content.decode()
    assert page.status_code == 200


def test_links_nobody_used_are_forgotten(link: str) -> None:
    invites.prune()
    assert Invite.objects.count() == 1
    with time_machine.travel(clock.now() + timedelta(days=40)):
        invites.prune()
    assert Invite.objects.count() == 0


def test_pages_tell_other_sites_nothing(lms: Lms, link: str) -> None:
    page = look(link, lms)
    assert page["Referrer-Policy"] == "no-referrer"
    assert page["Cache-Control"] == "no-store"
