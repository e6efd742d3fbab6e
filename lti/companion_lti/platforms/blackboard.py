"""Blackboard Learn. Nothing here was tried against one.

The issuer is https://blackboard.com for everybody, the endpoints are on developer.blackboard.com, and a tool is
registered once in the developer portal: all institutions share its client id and are told apart by the deployment
(https://docs.anthology.com/docs/blackboard/lti/1.3/01-register-an-application). The registration token is in the query
of the registration endpoint (blackboard/BBDN-LTI-Tool-Provider-Node, server/src/app/routes.js).
"""

from __future__ import annotations

from typing import Final

ISSUER: Final = "https://blackboard.com"
HOSTS: Final = frozenset({"developer.blackboard.com"})
