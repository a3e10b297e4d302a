"""The calls of AWS's command line on the pages and in the examples, as far as AWS's own model of its API knows them."""

from __future__ import annotations

import re
import shlex
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from botocore import xform_name  # type: ignore[import-untyped] # it ships no types
from botocore.session import get_session  # type: ignore[import-untyped] # as above

from tests.support import ROOT

if TYPE_CHECKING:
    from botocore.model import ServiceModel  # type: ignore[import-untyped] # as above

# What the command line has of its own.
OWN = {"cli-binary-format", "zip-file"}


@cache
def model(service: str) -> ServiceModel:
    """AWS's model of a service; its member names are spelt as the command line does."""
    return get_session().get_service_model(service)


def spelt(name: str) -> str:
    """A name of the model as the command line has it."""
    return str(xform_name(name, "-"))


def calls() -> list[tuple[str, ...]]:
    """Every call of Lambda's API that a page or a template shows, in words."""
    found = []
    for file in sorted([*(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.yaml")]):
        text = re.sub(r"\\\n#?", " ", file.read_text())
        lines = re.findall(r"^(?:\$|#) +(aws lambda(?:-core)? .*)$", text, re.MULTILINE)
        found += [tuple(shlex.split(line, comments=True)[1:]) for line in lines]
    return found


def options(words: tuple[str, ...]) -> dict[str, str]:
    """The options of a call, each with its value."""
    return {word[2:]: words[place + 1] for place, word in enumerate(words[:-1]) if word.startswith("--")}


def test_all_are_found() -> None:
    """Each of the steps of a customer-managed runtime is shown."""
    assert {words[1] for words in calls() if words[0] == "lambda-core"} == {
        *("create-runtime", "create-runtime-version", "create-runtime-alias", "update-runtime-alias", "wait")
    }


@pytest.mark.parametrize("words", calls(), ids=" ".join)
def test_call(words: tuple[str, ...]) -> None:
    """The API has the operation, with every option of the call; what it requires is there, in the form it requires."""
    service = model(words[0])
    if words[1] == "wait":
        waiters = get_session().get_waiter_model(words[0])
        known = {spelt(name): waiters.get_waiter(name).operation for name in waiters.waiter_names}
        operation = service.operation_model(known[words[2]])
    else:
        operation = service.operation_model({spelt(name): name for name in service.operation_names}[words[1]])
    members = {spelt(name): shape for name, shape in operation.input_shape.members.items()}
    required = {spelt(name) for name in operation.input_shape.required_members}
    given = options(words)

    assert given.keys() - OWN - members.keys() == set()
    assert required - given.keys() <= ({"code", "content"} if "zip-file" in given else set())
    for name in given.keys() - OWN:
        check(members[name], given[name])


def check(shape: Any, value: str) -> None:
    """Check a value against its shape, as far as it isn't a variable of the shell."""
    if shape.type_name == "structure":
        assert {part.partition("=")[0] for part in value.split(",")} <= shape.members.keys()
    if "$" in value or value.startswith("file"):
        return
    assert value in getattr(shape, "enum", []) or not getattr(shape, "enum", [])
    if "pattern" in shape.metadata:
        assert re.fullmatch(shape.metadata["pattern"], value)
