"""Brightspace (D2L). Nothing here was tried against one.

Access tokens are asked for at https://auth.brightspace.com/core/connect/token, with an audience that is not that
address and that no configuration names (hypothesis/lms, lms/product/d2l/_plugin/misc.py). A registration gets no
`registration_token`: the one-time token is in the address of the configuration
(https://documentation.brightspace.com/EN/integrations/ipsis/LTI%20Advantage/dynamic_registration.htm).
"""

from __future__ import annotations

import re
from typing import Final

AUDIENCE: Final = "https://api.brightspace.com/auth/token"
TOKENS: Final = "https://auth.brightspace.com"


def is_at_home(issuer: str, host: str) -> bool:
    """Whether a host belongs to Brightspace, and the issuer is one that it hosts."""
    hosted = re.fullmatch(r"https://[a-z0-9-]+\.(brightspace|desire2learn)\.com", issuer.rstrip("/"))
    return bool(hosted) and host in ("auth.brightspace.com", "api.brightspace.com")
