"""Logins and launches that are forged, from many processes: what anybody can send who has read LTI.

Nothing of the Companion is imported here, so that a process of it is made quickly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle
from multiprocessing import get_context
from random import Random
from secrets import token_urlsafe

import jwt

from tests.benchmarks.doors import Answer, Door
from tests.benchmarks.launchers import LET_IN
from tests.benchmarks.messages import KID, Sender, Visit, new_key

PROCESSES = 4
# A state is good for five minutes; the flood asks for another one long before.
A_STATE = 200
VISIT = Visit(subject="forged", name="For Ged", context="forged", title="Forged", link="forged")


@contextmanager
def flooding(port: int, issuer: str, client_id: str, target: str, count: int) -> Iterator[list[Future[Counter[str]]]]:
    """Gives the futures of the floods, each of which has a share of `count` requests and counts its answers."""
    shares = [count // PROCESSES + (number < count % PROCESSES) for number in range(PROCESSES)]
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        yield [pool.submit(flood, port, issuer, client_id, target, share, seed) for seed, share in enumerate(shares)]


def flood(port: int, issuer: str, client_id: str, target: str, count: int, seed: int) -> Counter[str]:
    """Half logins, half launches. Answers by what was sent and their status; `let_in` must not be among them."""
    forger = Forger(port, issuer, client_id, target, Random(seed))
    found: Counter[str] = Counter()
    for number, send in zip(range(count), cycle((forger.send_login, forger.send_launch)), strict=False):
        if number % A_STATE == 0:
            forger.begin_again()
        kind, answer = send()
        found[f"{kind} {answer.status}"] += 1
        found["let_in"] += answer.status == LET_IN
        found["errors"] += answer.status >= 500
        found["unanswered"] += answer.status == 0
    forger.door.close()
    return found


class Forger:
    """Has everything that is public, and keys of its own."""

    def __init__(self, port: int, issuer: str, client_id: str, target: str, rng: Random) -> None:
        self.door, self.rng = Door(port), rng
        self.sender = Sender(
            issuer=issuer, client_id=client_id, deployment_id="1", target=target, key=new_key(), services=issuer
        )
        self.state: Answer = Answer(status=0, cookies={})
        self.tokens: dict[str, str] = {}

    def begin_again(self) -> None:
        """A login of its own, and tokens for its nonce: only the signatures are not the platform's."""
        self.state = self.door.login(self.sender.login(VISIT))
        claims = self.sender.claims(VISIT, self.state.query.get("nonce", ""))
        headers = {"kid": KID}
        unknown = {"kid": token_urlsafe(8)}
        secret = token_urlsafe(32)
        self.tokens = {
            "signed by another": jwt.encode(claims, self.sender.key, algorithm="RS256", headers=headers),
            "of an unknown key": jwt.encode(claims, self.sender.key, algorithm="RS256", headers=unknown),
            "not signed": jwt.encode(claims, "", algorithm="none", headers=headers),
            "signed by a secret": jwt.encode(claims, secret, algorithm="HS256", headers=headers),
            "no token": token_urlsafe(40),
        }

    def send_login(self) -> tuple[str, Answer]:
        """A login that is well formed is answered as anybody's is: it must leave nothing behind."""
        fields: dict[str, Callable[[], Mapping[str, str]]] = {
            "login": lambda: self.sender.login(VISIT),
            "login of an unknown platform": lambda: self._login(issuer=f"https://{token_urlsafe(8)}"),
            "login of an unknown client": lambda: self._login(client_id=token_urlsafe(8)),
            "login to elsewhere": lambda: self._login(target="https://elsewhere.example/"),
            "login of nobody": lambda: {"iss": self.sender.issuer, "client_id": self.sender.client_id},
        }
        kind = self.rng.choice(list(fields))
        return kind, self.door.login(fields[kind]())

    def send_launch(self) -> tuple[str, Answer]:
        what = self.rng.choice(list(self.tokens))
        state, cookie = self.state.query.get("state", ""), self.state.cookie
        how = self.rng.choice(["", "", "with a state of ours", "without a cookie"])
        if how == "with a state of ours":
            state = token_urlsafe(len(state) // 2)
        elif how == "without a cookie":
            cookie = ""
        answer = self.door.launch_with(cookie, {"state": state, "id_token": self.tokens[what]})
        return f"launch {what} {how}".strip(), answer

    def _login(self, **changes: str) -> dict[str, str]:
        return replace(self.sender, **changes).login(VISIT)  # type: ignore[arg-type]
