"""
The table of cases: what the Runtime API says to a runtime, and what has to come back.

Owns: the form of `cases/*.toml`.
Refuses to know: what is run, and whether it does as it should.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..emulator.values import Close, Pause, Raw, Reply, Reset, Step

FOLDER = Path(__file__).parent / "cases"
REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
# What an event carries on Lambda.
HEADERS = {
    "Content-Type": "application/json",
    "Lambda-Runtime-Deadline-Ms": "4102444800000",
    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:111122223333:function:demo:live",
}
# Between two pieces of a response, so that the runtime reads them one by one.
PIECE_SECONDS = 0.02
ENDS: dict[str, Step] = {"FIN": Close(), "RST": Reset()}


@dataclass(frozen=True)
class Case:
    """
    One case. Every reply is a table as in the files, and so is what is expected of a post.

    Attributes:
        name: what has to hold, in a sentence.
        rule: who says so.
        next, response, error, init_error, restore: the Runtime API's answers, in order; after them it answers by its
            own rules.
        posts: what has to be posted, in order, and nothing else; None if that doesn't matter.
        polls: how the polls have to look; None if that doesn't matter.
        log: what has to be written.
        ends: `waits` for the next event, `exits` with any status, `fails` with another than 0, or `any` of these.
        at_once: how many polls have to wait at a time.
    """

    group: str
    name: str
    rule: str
    handler: str = "app.handler"
    environ: dict[str, str] = field(default_factory=dict)
    next: list[dict[str, Any]] = field(default_factory=list)
    response: list[dict[str, Any]] = field(default_factory=list)
    error: list[dict[str, Any]] = field(default_factory=list)
    init_error: list[dict[str, Any]] = field(default_factory=list)
    restore: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] | None = None
    polls: list[dict[str, Any]] | None = None
    log: list[str] = field(default_factory=list)
    ends: str = "waits"
    snapstart: bool = False
    concurrency: int = 0
    at_once: int = 0

    @property
    def last_poll(self) -> int:
        """Which poll, counted from 1, finds the Runtime API with nothing more to say."""
        return max(1 + sum("wait" not in reply for reply in self.next), self.at_once)

    @property
    def scripts(self) -> dict[str, list[list[Step]]]:
        """The answers by endpoint, each in steps."""
        given = {"next": self.next, "response": self.response, "error": self.error}
        given |= {"init/error": self.init_error, "restore/next": self.restore}
        return {endpoint: [steps(reply) for reply in replies] for endpoint, replies in given.items() if replies}


def load() -> list[Case]:
    """The cases, in the order of their files."""
    found = []
    for file in sorted(FOLDER.glob("*.toml")):
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        found += [Case(table["group"], **case) for case in table["case"]]
    return found


def steps(reply: dict[str, Any]) -> list[Step]:
    """The steps of an answer."""
    if "lost" in reply:
        return [ENDS[reply["lost"]]]
    if "wait" in reply:
        return [Pause(reply["wait"])]
    if "raw" in reply:
        pieces = [piece.encode("latin-1") for piece in reply["raw"]]
        return [step for piece in pieces for step in (Raw(piece), Pause(PIECE_SECONDS))]
    made: list[Step] = [answer(reply)]
    if "then" in reply:
        made += [Pause(2 * PIECE_SECONDS), ENDS[reply["then"]]]
    return made


def answer(reply: dict[str, Any]) -> Reply:
    """A whole answer: an event, or a status."""
    if "status" in reply:
        return Reply(reply["status"], body=reply.get("body", '{"status":"OK"}').encode())
    event = dict(reply.get("event", {}))
    if "fill" in reply:
        event["value"] = "x" * reply["fill"]
    body = reply["body"] if "body" in reply else json.dumps(event)
    headers = {} if reply.get("bare") else HEADERS | reply.get("headers", {})
    named = [("Lambda-Runtime-Aws-Request-Id", reply.get("id", REQUEST_ID)), *headers.items()]
    return Reply(200, named, body.encode())
