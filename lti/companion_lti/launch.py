"""The launch: a signed message from the platform, checked before anything of it is believed.

PyLTI1p3's order of steps, each closed where the field notes found it open: state and nonce bound together and used
once, RS256 with a key of this platform only, `exp` and `iat` demanded, `aud` and `azp` read as OpenID Connect says,
the deployment known, every claim of the right type. Nothing is stored for a launch that is refused.
"""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest
from pylti1p3.message_launch import MessageLaunch

from companion import conf
from companion.spaces.keys import external_key
from companion_lti import registry, state
from companion_lti.claims import LTI, LaunchClaims, is_storable, read_claims
from companion_lti.errors import Malformed, Refused, Unknown
from companion_lti.models import Deployment, Registration
from companion_lti.state import LoginState
from companion_lti.tool import NoCookies, NoSession, ToolConf, ToolRequest, adapt, is_our_launch
from companion_lti.verifying import read_header, verify

# Deployments that wait for approval; more of them from one registration are not written down.
MOST_PENDING: Final = 50


class CookieMissing(Refused):
    """The browser brought no proof that the login began in it; it may hold one in the platform's storage."""

    advice = "cookies"


class Launch(MessageLaunch[ToolRequest, ToolConf, NoSession, NoCookies]):
    """One launch request. `check()` gives its claims and deployment, or raises Refused."""

    login: LoginState
    deployment: Deployment
    claims: LaunchClaims
    # The registration, once it is known; before that nobody has been found wanting.
    row: Registration | None = None

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(ToolRequest(request), ToolConf(), NoSession(), NoCookies())
        self._body: dict[str, Any] = {}

    def _get_request_param(self, key: str) -> str:
        return self._request.get_param(key)

    def check(self) -> Launch:
        """Raises Refused (or a kind of it): Malformed, Unknown, PlatformDown, CookieMissing."""
        self.validate()
        return self

    def validate_state(self) -> Launch:
        self.login = state.load(self._get_request_param("state"))
        cookie = self._request.get_cookie(self.login.cookie_name)
        stored = self._get_request_param("storage_value") if self.login.storage_frame else ""
        if not self.login.is_from(cookie) and not self.login.is_from(stored):
            if state.was_used(self.login):
                # A reload: the cookie went with the first launch, and cookies are not what is wrong.
                raise Refused("login used before")
            raise CookieMissing("login began elsewhere or the browser keeps no cookies")
        return self

    def validate_jwt_format(self) -> Launch:
        header = read_header(self._get_request_param("id_token"))
        self._jwt = {"header": header, "body": {}}  # type: ignore[typeddict-item]
        return self

    def validate_nonce(self) -> Launch:
        """Checked in `validate_jwt_signature`, when the nonce can be believed."""
        return self

    def validate_registration(self) -> Launch:
        """The registration that the login was sent to; whether the token is from it, the signature says."""
        row = registry.registration(self.login.registration_id)
        if row is None:
            raise Unknown("registration gone")
        if not row.is_approved:
            raise Refused("registration waits for approval", advice="pending")
        self._row = self.row = row
        self._registration = adapt(row)
        return self

    def validate_jwt_signature(self) -> Launch:
        self._body = verify(self._get_request_param("id_token"), self._jwt["header"], self._row)
        if self._body["nonce"] != self.login.nonce:
            raise Refused("nonce of another login")
        return self

    def validate_deployment(self) -> Launch:
        deployment_id = self._body.get(LTI + "deployment_id")
        if not isinstance(deployment_id, str) or not 0 < len(deployment_id) <= 255:
            raise Refused("deployment_id")
        if not is_storable(deployment_id):
            raise Malformed("deployment_id")
        found = registry.deployment(self._row, deployment_id) or self._new_deployment(deployment_id)
        if not found.is_approved:
            raise Refused("deployment waits for approval", advice="pending")
        self.deployment = found
        return self

    def validate_message(self) -> Launch:
        self.claims = read_claims(self._body)
        if not is_our_launch(self.claims.target_link_uri):
            raise Refused("target_link_uri")
        return self

    def save_launch_data(self) -> Launch:
        """Nothing of a launch is kept; that its login was used, `use` writes down."""
        return self

    def use(self) -> None:
        """In the transaction that lets the person in: of several posts of one token, one wins. Raises Refused."""
        state.use(self.login)

    def _new_deployment(self, deployment_id: str) -> Deployment:
        """A deployment that an administrator has yet to approve, or that may come in where the setting says so."""
        approve = bool(conf.get("COMPANION_LTI_APPROVE_DEPLOYMENTS")) or self._is_the_first()
        pending = Deployment.objects.filter(registration=self._row, is_approved=False)
        if not approve and pending.count() >= MOST_PENDING:
            raise Refused("too many deployments wait", advice="pending")
        found, is_new = Deployment.objects.get_or_create(
            registration=self._row,
            key=external_key(deployment_id),
            defaults={"deployment_id": deployment_id, "is_approved": approve},
        )
        if approve and not is_new and not found.is_approved:
            # Another first launch was quicker, and did not have the leave that this one has.
            found.is_approved = True
            found.save(update_fields=["is_approved"])
        found.registration = self._row
        return found

    def _is_the_first(self) -> bool:
        """Whether this deployment is the one that a platform had leave to make when it registered itself."""
        leave = Registration.objects.filter(pk=self._row.pk, admits_first_deployment=True)
        return self._row.admits_first_deployment and bool(leave.update(admits_first_deployment=False))
