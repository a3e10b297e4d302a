"""What the tests of the log share: a log within an invocation, a stdout to look into."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import jsonschema
from lambda_bootstrap import current
from lambda_bootstrap.log import Log
from lambda_bootstrap.settings import Settings

from tests.support import ROOT
from tests.support.loop import an_invocation

if TYPE_CHECKING:
    import pytest

SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "log-record.schema.json").read_text()))
NEW_YEAR = 1_767_225_600.25
JSON = {"AWS_LAMBDA_LOG_FORMAT": "JSON"}


def a_log(environ: dict[str, str] | None = None, *, tenant_id: str = "", trace_id: str = "") -> Log:
    """Make a log within an invocation, `id`."""
    enter("id", tenant_id, trace_id)
    return Log(Settings(dict(environ or {})))


def enter(request_id: str, tenant_id: str = "", trace_id: str = "") -> None:
    """Make an invocation the current one."""
    current.begin(an_invocation(request_id, lambda_runtime_aws_tenant_id=tenant_id, lambda_runtime_trace_id=trace_id))


def misfit(message: str, *arguments: object) -> str:
    """Return Python's own words for arguments that do not fit the message; each version has others."""
    try:
        return message % arguments
    except TypeError as error:
        return f"TypeError: {error}"


def valid(line: str | bytes) -> dict[str, Any]:
    """The one record that *line* is: strict JSON on one line, no member twice, as the schema has it."""
    text = line if isinstance(line, str) else line.decode()
    assert text.index("\n") == len(text) - 1
    record = strict(text)
    assert isinstance(record, dict)
    SCHEMA.validate(record)
    return record


def strict(text: str) -> Any:
    """The value of *text* where everybody agrees that it is JSON: RFC 8259 has no NaN."""

    def unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(members)) == len(members)
        return dict(members)

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse, object_pairs_hook=unique)


class stdout:  # noqa: N801 - reads as what it is
    """File descriptor 1, for a while another one, which is closed afterwards."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def __enter__(self) -> None:
        """Put the other one in its place."""
        self.saved = os.dup(1)
        os.dup2(self.descriptor, 1)
        os.close(self.descriptor)

    def __exit__(self, *_: object) -> None:
        """Put it back."""
        os.dup2(self.saved, 1)
        os.close(self.saved)


def the_one(capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The one record that was written, in JSON."""
    out, err = capfd.readouterr()
    assert err == ""
    return valid(out)
