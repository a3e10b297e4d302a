"""The conformance kit: this runtime through each case, over both transports, and what the kit finds in others."""

from __future__ import annotations

import json
import runpy
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap_dev.cli.main import main
from lambda_bootstrap_dev.conformance import cases, judging, running

from tests.support import BOOTSTRAP, PYTHON, ROOT
from tests.support.containers import docker, engine_answers

if TYPE_CHECKING:
    from pathlib import Path

TABLE = cases.load()
# A runtime that does one thing wrong at a time; the event's text says what.
HASTY = """
import http.client, json, os, sys
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
for turn in range(9):
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    reply = api.getresponse()
    event, name = json.loads(reply.read()), reply.headers["Lambda-Runtime-Aws-Request-Id"]
    if event == "exit": sys.exit(4)
    if event == "sleep": __import__("time").sleep(60)
    path = f"/2018-06-01/runtime/invocation/{name}/" + ("error" if event in ("fail", "large") else "response")
    if event == "large": event = "x" * 2000000
    for _ in range(2 if event == "twice" else 1):
        api.request("POST", path.upper() if event == "elsewhere" else path, json.dumps(event), {"X-Extra": "1"})
        api.getresponse().read()
"""


@pytest.mark.parametrize("case", TABLE, ids=[case.name for case in TABLE])
def test_case(case: cases.Case, transport: str) -> None:
    """Every case passes on this runtime."""
    runtime = running.Command([*PYTHON, str(BOOTSTRAP), running.HANDLER])
    seen = running.watch(runtime, case, {"BOOTSTRAP_TRANSPORT": transport})

    assert list(judging.complaints(case, seen)) == []


class TestTable:
    """The data."""

    def test_names(self) -> None:
        """Every case is a sentence of its own, and says who asks for it."""
        names = [case.name for case in TABLE]

        assert len(set(names)) == len(names) > 50
        assert [case.name for case in TABLE if not case.name.endswith(".") or not case.rule or "|" in case.name] == []

    def test_expectations(self) -> None:
        """Every expectation is one that is judged: a word that nobody reads would let everything pass."""
        known = {
            *("to", "id", "method", "target", "body", "match", "absent", "connection", "cause", "at_most", "equals"),
            *("has", "lacks", "head", "tail", "trailer"),
        }
        used = {name for case in TABLE for post in [*(case.posts or []), *(case.polls or [])] for name in post}
        asked = {name for case in TABLE for reply in [*case.next, *case.response, *case.error] for name in reply}

        assert used == known
        assert asked == {"event", "id", "headers", "body", "raw", "bare", "fill", "status", "lost", "then", "wait"}


class TestFindings:
    """What is said of a runtime that does something wrong."""

    def watch(self, tmp_path: Path, body: str, **expected: Any) -> list[str]:
        """What is wrong after one event."""
        (tmp_path / "hasty.py").write_text(HASTY)
        case = cases.Case("Group", "It works.", "rule", next=[{"body": json.dumps(body)}], **expected)
        runtime = running.Command([sys.executable, str(tmp_path / "hasty.py")], tmp_path)
        return list(judging.complaints(case, running.watch(runtime, case)))

    @pytest.mark.parametrize(
        ("event", "posts", "wrong"),
        [
            ("fine", [{"to": "response", "equals": "fine"}], []),
            ("fine", [{"to": "response", "equals": "other"}], ['sends "fine"']),
            ("fine", [{"to": "response", "absent": ["x-extra"]}], ["sends x-extra"]),
            ("fine", [{"to": "response", "match": {"X-Extra": "2"}}], ["sends X-Extra: 1"]),
            ("fine", [{"to": "response", "match": {"X-More": "2"}}], ["sends no X-More"]),
            ("fail", [{"to": "response"}], ['posts error in place of response: "fail"']),
            ("exit", [{"to": "response"}], ["dies (exit status 4)", "doesn't post response"]),
            ("large", [{"to": "error", "at_most": 1048576}], ["sends more than 1048576 bytes"]),
            ("twice", [{"to": "response"}], ['posts response too: "twice"']),
        ],
    )
    def test_posts(self, tmp_path: Path, event: str, posts: list[dict[str, Any]], wrong: list[str]) -> None:
        """Each fault is named, and a runtime without one has none."""
        assert self.watch(tmp_path, event, posts=posts) == wrong

    def test_end(self, tmp_path: Path) -> None:
        """A runtime that goes on where it has to end is named, and so is one that ends as if all were well."""
        assert self.watch(tmp_path, "fine", ends="fails") == ["goes on polling"]

    def test_hangs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A runtime that neither polls nor ends is left after a while."""
        monkeypatch.setattr(running, "PATIENCE_SECONDS", 0.5)

        assert self.watch(tmp_path, "sleep") == ["hangs"]


class TestCommandLine:
    """`lambda-bootstrap conform`."""

    def test_ours(self, capfd: pytest.CaptureFixture[str]) -> None:
        """docs/conformance.md says of this runtime what the command finds: it passes every case."""
        status = main(["conform", "--json"])
        found = json.loads(capfd.readouterr().out)
        page = runpy.run_path(str(ROOT / "docs" / "conformance.py"))
        text = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
        columns = page["read"](text)
        ours = ["✓" if not case["wrong"] else case["wrong"][0] for case in found["cases"]]

        assert (status, found["passed"], found["failed"]) == (0, len(TABLE), 0)
        assert page["page"]({**columns, page["OURS"]: ours}) == text

    def test_bare(self, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """A runtime that doesn't conform is status 1; each case has a line, and below it what is wrong."""
        monkeypatch.setattr(cases, "load", lambda: [case for case in TABLE if case.group == "Requests"])
        status = main(["conform", f"{sys.executable} {running.BARE} {{handler}}"])
        out = capfd.readouterr().out

        assert status == 1
        assert out.startswith("Requests\n  ✗ The first request polls for an event")
        assert "says in a word who asks.\n      sends no User-Agent\n  ✓ A result is posted as JSON" in out
        assert out.endswith("5 of 8 pass\n")

    def test_neither(self, capfd: pytest.CaptureFixture[str]) -> None:
        """What is neither a program nor an image is a mistake, and so is a function's folder that isn't there."""
        assert main(["conform", "no-such-runtime"]) == 2
        assert "'no-such-runtime' is neither a program nor an image that is here" in capfd.readouterr().err
        assert main(["conform", "--function", "nowhere", sys.executable]) == 2
        assert "there is no folder 'nowhere' for the function" in capfd.readouterr().err

    @pytest.mark.engine
    def test_image(self, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """An image conforms as its runtime does; its containers are gone afterwards."""
        assert engine_answers()
        name = "lambda-bootstrap-conform:test"
        shutil.copytree(ROOT / "runtime", tmp_path / "runtime", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(BOOTSTRAP, tmp_path / "bootstrap")
        (tmp_path / "Dockerfile").write_text(
            "FROM debian:trixie-slim\n"
            "RUN apt-get update && apt-get install --yes --no-install-recommends python3 python3-pip\n"
            'COPY . /srv\nWORKDIR /var/task\nENTRYPOINT ["python3", "/srv/bootstrap"]\n'
        )
        built = docker("build", "--quiet", "--tag", name, str(tmp_path), timeout=100)
        assert built.returncode == 0, built.stderr
        few = [case for case in TABLE if case.group in {"Context", "Init"}]
        monkeypatch.setattr(cases, "load", lambda: few)
        status = main(["conform", "--json", name])
        found = json.loads(capfd.readouterr().out)

        assert [case for case in found["cases"] if case["wrong"]] == []
        assert (status, found["passed"]) == (0, len(few))
        left = docker("ps", "--all", "--quiet", "--filter", "name=lambda-bootstrap-conform")
        assert left.stdout == ""
        docker("image", "rm", "--force", name)
