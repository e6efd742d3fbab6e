"""The launch: a signed message from the platform, checked before anything of it is believed.

PyLTI1p3's order of steps, each closed where the field notes found it open: state and nonce bound together and used
once, RS256 with a key of this platform only, `exp` and `iat` demanded, `aud` and `azp` read as OpenID Connect says,
the deployment known, every claim of the right type. Nothing is stored for a launch that is refused.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final

import jwt
from django.http import HttpRequest
from jwt.utils import base64url_decode
from pylti1p3.message_launch import MessageLaunch

from companion import clock, conf
from companion.spaces.keys import external_key
from companion_lti import keys, registry, state
from companion_lti.claims import LTI, LaunchClaims, is_storable, read_claims
from companion_lti.errors import Malformed, Refused, Unknown
from companion_lti.models import Deployment
from companion_lti.state import LoginState
from companion_lti.tool import NoCookies, NoSession, ToolConf, ToolRequest, adapt, is_our_launch

LARGEST_TOKEN: Final = 64 * 1024
LEEWAY: Final = timedelta(seconds=60)
OLDEST: Final = timedelta(hours=1)
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
        token = self._get_request_param("id_token")
        if not token or len(token) > LARGEST_TOKEN:
            raise Malformed("id_token")
        try:
            # Not `jwt.get_unverified_header`: it decodes and checks the whole token, which `decode` does again.
            header = json.loads(base64url_decode(token.split(".", 1)[0]))
        except (ValueError, RecursionError) as error:
            raise Malformed("id_token header") from error
        if not isinstance(header, dict) or not isinstance(header.get("kid", ""), str):
            raise Malformed("id_token header")
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
        self._row = row
        self._registration = adapt(row)
        return self

    def validate_jwt_signature(self) -> Launch:
        header = self._jwt.get("header", {})
        kid = header.get("kid")
        if header.get("alg") != "RS256":
            raise Refused("algorithm")
        if not isinstance(kid, str) or not kid:
            raise Refused("no kid")
        try:
            self._body = jwt.decode(
                self._get_request_param("id_token"),
                keys.platform_key(self._row, kid),
                algorithms=["RS256"],
                audience=self._row.client_id,
                issuer=self._row.issuer,
                leeway=LEEWAY,
                # What `sub` may be, claims.py says: some platforms send numbers.
                options={"require": ["exp", "iat", "aud", "iss", "nonce"], "verify_sub": False},
            )
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
            raise Refused("token out of time", advice="late") from error
        except jwt.InvalidSignatureError as error:
            raise Refused("signature") from error
        except (jwt.DecodeError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
            # Signed, but no object, or times that are none: `"exp": Infinity` is an OverflowError.
            raise Malformed(f"token: {type(error).__name__}") from error
        except jwt.InvalidTokenError as error:
            raise Refused(f"token: {type(error).__name__}") from error
        self._check_issued()
        self._check_authorized_party()
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

    def _check_issued(self) -> None:
        issued = self._body["iat"]
        if isinstance(issued, bool) or not isinstance(issued, int | float):
            raise Malformed("iat")
        if issued < (clock.now() - OLDEST - LEEWAY).timestamp():
            raise Refused("token out of time", advice="late")

    def _check_authorized_party(self) -> None:
        """OpenID Connect core 3.1.3.7: with several audiences `azp` must be there, and where it is, it must be us."""
        audience, party = self._body["aud"], self._body.get("azp")
        several = isinstance(audience, list) and len(audience) > 1
        if (several or party is not None) and party != self._row.client_id:
            raise Refused("azp")

    def _new_deployment(self, deployment_id: str) -> Deployment:
        """A deployment that an administrator has yet to approve, or that may come in where the setting says so."""
        approve = bool(conf.get("COMPANION_LTI_APPROVE_DEPLOYMENTS"))
        pending = Deployment.objects.filter(registration=self._row, is_approved=False)
        if not approve and pending.count() >= MOST_PENDING:
            raise Refused("too many deployments wait", advice="pending")
        found, _new = Deployment.objects.get_or_create(
            registration=self._row,
            key=external_key(deployment_id),
            defaults={"deployment_id": deployment_id, "is_approved": approve},
        )
        found.registration = self._row
        return found
