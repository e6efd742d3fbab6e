"""How an administrator connects a platform: by the command, and on the pages of the admin site."""

from __future__ import annotations

import io

import pytest
from companion_lti import tool_keys
from companion_lti.models import Deployment, Registration, ToolKey
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from companion import clock
from tests.lti.platform import ANA, LTI, Platform

MOODLE = {
    "organization": "Northwind",
    "issuer": "https://moodle.example",
    "client_id": "tool",
    "auth_login_url": "https://moodle.example/auth",
    "auth_token_url": "https://moodle.example/token",
    "jwks_url": "https://moodle.example/jwks",
}
ADDRESSES = [f"http://localhost:8601/lti/{name}" for name in ("login", "launch", "jwks", "config.json")]


def register(*deployments: str, update: bool = False, **changes: str) -> str:
    """Run the command as it is typed; gives what it says."""
    words = [f"--{name.replace('_', '-')}={value}" for name, value in (MOODLE | changes).items()]
    words += [f"--deployment-id={deployment}" for deployment in deployments or ["1"]]
    said = io.StringIO()
    call_command("lti_register", *words, *(["--update"] if update else []), stdout=said)
    return said.getvalue()


def test_it_works(db: None) -> None:
    said = register()
    for address in ADDRESSES:
        assert address in said
    registration = Registration.objects.get()
    assert (registration.issuer, registration.client_id) == ("https://moodle.example", "tool")
    assert str(registration.organization) == "Northwind"
    assert [(row.deployment_id, row.is_approved) for row in registration.deployments.all()] == [("1", True)]
    assert ToolKey.objects.count() == 1


def test_again_changes_nothing(db: None) -> None:
    assert register() == register()
    assert (Registration.objects.count(), Deployment.objects.count(), ToolKey.objects.count()) == (1, 1, 1)


def test_deployments_are_added_and_approved(db: None) -> None:
    register()
    Deployment.objects.create(registration=Registration.objects.get(), deployment_id="2")
    register("2", "3")
    rows = Deployment.objects.values_list("deployment_id", "is_approved").order_by("deployment_id")
    assert list(rows) == [("1", True), ("2", True), ("3", True)]


def test_a_changed_address_needs_to_be_meant(db: None) -> None:
    register()
    Registration.objects.update(platform_keys={"keys": []}, platform_keys_at=clock.now())
    moved = "https://moodle.example/new-jwks"
    with pytest.raises(CommandError, match="jwks_url.*--update"):
        register("9", jwks_url=moved)
    assert Registration.objects.get().jwks_url == MOODLE["jwks_url"]
    assert Deployment.objects.count() == 1
    register(jwks_url=moved, update=True)
    changed = Registration.objects.get()
    assert (changed.jwks_url, changed.platform_keys, changed.platform_keys_at) == (moved, None, None)


def test_another_organizations_platform_is_refused(db: None) -> None:
    register()
    with pytest.raises(CommandError, match="another organization"):
        register(organization="Elsewhere")
    assert str(Registration.objects.get().organization) == "Northwind"
    register(organization="Elsewhere", client_id="another")


@pytest.mark.parametrize("name", ["auth_login_url", "auth_token_url", "jwks_url"])
@pytest.mark.parametrize("value", ["", "moodle.example/x", "javascript:alert(1)", "file:///etc/passwd"])
def test_an_address_that_is_none_is_refused(db: None, name: str, value: str) -> None:
    with pytest.raises(CommandError, match="must be a web address"):
        register(**{name: value})
    assert Registration.objects.count() == 0


@pytest.mark.parametrize("changes", [{"organization": " "}, {"client_id": "x" * 256}, {"issuer": ""}])
def test_what_no_platform_is_called_is_refused(db: None, changes: dict[str, str]) -> None:
    with pytest.raises(CommandError):
        register(**changes)
    assert Registration.objects.count() == 0


# -- the admin site ------------------------------------------------------------------------------------------


@pytest.fixture
def desk(admin_client: Client) -> Client:
    admin_client.defaults["SERVER_NAME"] = "localhost"
    return admin_client


def form_of(registration: Registration, **changes: str) -> dict[str, str]:
    names = ("name", "issuer", "client_id", "auth_login_url", "auth_token_url", "auth_audience", "jwks_url")
    management = {"TOTAL": "0", "INITIAL": "0", "MIN_NUM": "0", "MAX_NUM": "1000"}
    return (
        {name: getattr(registration, name) for name in names}
        | {"organization": str(registration.organization_id), "frame_origins": "", "is_active": "on"}
        | {f"deployments-{name}_FORMS": value for name, value in management.items()}
        | changes
    )


def test_the_page_of_a_registration_says_what_to_paste(platform: Platform, desk: Client) -> None:
    page = desk.get(reverse("admin:companion_lti_registration_change", args=[platform.row.pk]))
    for address in ADDRESSES:
        assert address in page.content.decode()


def test_a_second_registration_of_the_same_pair_is_refused_in_words(platform: Platform, desk: Client) -> None:
    add = reverse("admin:companion_lti_registration_add")
    page = desk.post(add, form_of(platform.row))
    assert page.status_code == 200
    assert "registered already" in page.content.decode()
    assert desk.post(add, form_of(platform.row, client_id="another")).status_code == 302
    assert Registration.objects.count() == 2


def test_approving_a_deployment_lets_it_in(platform: Platform, browser: Client, desk: Client) -> None:
    new = {LTI + "deployment_id": "7"}
    assert platform.launch(browser, ANA, new).status_code == 403
    waiting = Deployment.objects.get(deployment_id="7")
    listed = reverse("admin:companion_lti_deployment_changelist")
    chosen = {"action": "approve", "_selected_action": str(waiting.pk)}
    assert desk.post(listed, chosen).status_code == 302
    assert platform.launch(browser, ANA, new).status_code == 303


def test_private_keys_are_not_in_the_admin_site(desk: Client) -> None:
    key = tool_keys.create_tool_key()
    for page in ("change", "history", "delete"):
        answer = desk.get(reverse(f"admin:companion_lti_toolkey_{page}", args=[key.pk]))
        assert "PRIVATE KEY" not in answer.content.decode()
    assert desk.get(reverse("admin:companion_lti_toolkey_changelist")).status_code == 200
    assert desk.get(reverse("admin:companion_lti_toolkey_add")).status_code == 403


@pytest.mark.parametrize("name", ["registration", "deployment", "toolkey", "roster"])
def test_every_list_opens(platform: Platform, browser: Client, desk: Client, name: str) -> None:
    platform.enter(browser)
    assert desk.get(reverse(f"admin:companion_lti_{name}_changelist")).status_code == 200


# -- what we publish -----------------------------------------------------------------------------------------


def test_our_keys_are_published_without_their_private_part(db: None, browser: Client) -> None:
    answer = browser.get("/lti/jwks")
    [key] = answer.json()["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "alg", "use"}
    assert "max-age=300" in answer["Cache-Control"]
    assert browser.get("/lti/jwks").json() == answer.json()


def test_the_configuration_names_our_addresses(db: None, browser: Client) -> None:
    told = browser.get("/lti/config.json").json()
    assert told["oidc_initiation_url"] == ADDRESSES[0]
    assert told["target_link_uri"] == ADDRESSES[1]
    assert told["public_jwk_url"] == ADDRESSES[2]
    assert told["scopes"]
