"""The callers: readers of everything, an intake that never rests, and the nights in between."""

import asyncio
import itertools
import random
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from bench.badges import badge_lines
from bench.processes import ROOTSEAL

from load.judging import AS_EXPECTED, Answers
from load.world import World
from registry.core.canonical import Canonicalization, credential_hash

READERS: Final = 8
BADGES_AT_ONCE: Final = 500  # of one intake
INTAKE_SECONDS: Final = 2.0  # from one intake to the next
NIGHT_SECONDS: Final = 60.0  # from one night to the next
LONGEST: Final = 60.0  # seconds for an answer
# The server closes what is idle for five seconds: who uses a connection again must be sooner.
KEEP_ALIVE: Final = 2.0
_NOWHERE: Final = "00" * 32
_NIGHTS_BADGES: Final = itertools.count()  # seeds: what the warm-up added is not new again
_NDJSON: Final = {"Content-Type": "application/x-ndjson"}
_JSON: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Request:
    """One request, and the status that it should be answered with."""

    kind: str
    path: str
    expected: int = 200
    method: str = "GET"
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    must_hold: bytes = b""  # in the body of the answer


Make = Callable[[World, random.Random], Request]


def _post(kind: str, path: str, body: bytes, *, must_hold: bytes = b"") -> Request:
    return Request(kind, path, method="POST", body=body, headers=_JSON, must_hold=must_hold)


# What is asked, and how often among a hundred.
MIX: Final[tuple[tuple[int, Make], ...]] = (
    (
        56,
        lambda world, chance: Request(
            "receipt", f"/v1/credentials/{chance.choice(world.hashes)}/receipt"
        ),
    ),
    (
        4,
        lambda world, chance: _post(
            "20 receipts",
            "/v1/receipts",
            b'{"hashes": ["%s"]}' % '", "'.join(chance.sample(world.hashes, 20)).encode(),
        ),
    ),
    (
        12,
        lambda world, chance: _post(
            "verify",
            "/v1/verify",
            chance.choice(world.verifiable),
            must_hold=b'"verdict":"valid"',
        ),
    ),
    (5, lambda _, __: Request("batches", "/v1/batches")),
    (5, lambda world, _: Request("batch", f"/v1/batches/{world.seal}")),
    (4, lambda world, _: Request("issuer", f"/v1/issuers/{world.issuer}")),
    (2, lambda _, __: Request("explorer", "/explore")),
    (4, lambda _, __: Request("no credential", f"/v1/credentials/{_NOWHERE}/receipt", 404)),
    (3, lambda _, __: Request("no batch", f"/v1/batches/{_NOWHERE}", 404)),
    (2, lambda _, __: Request("no hash", "/v1/credentials/xyz/receipt", 422)),
    (2, lambda _, __: Request("health", "/healthz")),
    (1, lambda _, __: Request("metrics", "/metrics")),
)


class Traffic:
    """All callers of a world; what they were answered, and what they blame."""

    def __init__(self, world: World, session: aiohttp.ClientSession, *, rate: float) -> None:
        self._world = world
        self._session = session
        self._pause = READERS / rate
        self.answers: dict[str, Answers] = defaultdict(Answers)
        self.wrong: list[str] = []
        self.added: list[str] = []  # hashes that were acknowledged
        self.nights = 0

    async def run(self, seconds: float) -> None:
        """Call for so long."""
        end = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            for number in range(READERS):
                group.create_task(self._read(end, random.Random(number)))  # noqa: S311 - as above
            group.create_task(self._take_in(end))
            group.create_task(self._nights(end))

    async def check_added(self) -> None:
        """After a last night: each credential that was acknowledged must have a final receipt."""
        await self._night()
        for digest in self.added[:: max(1, len(self.added) // 500)]:
            path = f"/v1/credentials/{digest}/receipt"
            await self.ask(Request("added", path, must_hold=b'"anchors":[{'))

    async def ask(self, request: Request) -> bool:
        """Send a request and count the answer; whether it was as expected."""
        start = time.monotonic()
        try:
            status = await self._status(request)
        except (aiohttp.ClientError, TimeoutError) as exc:
            status = f"no answer ({type(exc).__name__})"
        self.answers[request.kind].add(status, time.monotonic() - start)
        return status == AS_EXPECTED

    async def _status(self, request: Request) -> str:
        async with self._session.request(
            request.method,
            self._world.url + request.path,
            data=request.body,
            headers=request.headers,
        ) as answer:
            body = await answer.read()
            if answer.status == request.expected:
                if request.must_hold in body:
                    return AS_EXPECTED
                return f"{answer.status} with another answer: {body[:120]!r}"
            if answer.status == 503 and "Retry-After" in answer.headers:
                return "503 with Retry-After"
            return str(answer.status)

    async def _read(self, end: float, chance: random.Random) -> None:
        weights = [weight for weight, _ in MIX]
        while (begun := time.monotonic()) < end:
            ((_, make),) = chance.choices(MIX, weights)
            await self.ask(make(self._world, chance))
            await asyncio.sleep(max(0.0, begun + self._pause - time.monotonic()))

    async def _take_in(self, end: float) -> None:
        """New badges, and now and then some that are known: the answer says which."""
        headers = {**_NDJSON, "Authorization": f"Bearer {self._world.api_key}"}
        for number in _NIGHTS_BADGES:
            if time.monotonic() > end:
                return
            lines = list(badge_lines(BADGES_AT_ONCE, seed=number))
            body = b"".join(lines)

            def post(kind: str, said: bytes, body: bytes = body) -> Request:
                return Request(kind, "/v1/credentials", 200, "POST", body, headers, said)

            if await self.ask(post("intake", b'"new":%d' % BADGES_AT_ONCE)):
                self.added += (
                    credential_hash(line.strip(), Canonicalization.JCS).hex() for line in lines
                )
                if number % 5 == 0:
                    await self.ask(post("intake again", b'"known":%d' % BADGES_AT_ONCE))
            await asyncio.sleep(INTAKE_SECONDS)

    async def _nights(self, end: float) -> None:
        while time.monotonic() + NIGHT_SECONDS < end:
            await asyncio.sleep(NIGHT_SECONDS)
            await self._night()

    async def _night(self) -> None:
        """`rootseal nightly` beside the server, until what it sealed is final."""
        command = await asyncio.create_subprocess_exec(
            ROOTSEAL,
            "nightly",
            "--patience",
            "240",
            cwd=self._world.folder,
            env=self._world.environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await command.communicate()
        self.nights += 1
        if command.returncode != 0:
            self.wrong.append(f"nightly ended with {command.returncode}: {said[-500:]!r}")
