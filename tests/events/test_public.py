"""The public sample events of other projects, in `shared/events` beside the checkout, and the page that lists them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lambda_bootstrap import codec, events
from lambda_bootstrap.codec import DEFAULTS, Options
from lambda_bootstrap.errors import FunctionError
from lambda_bootstrap.typed.annotations import event_decoder

from tests.support.public import FOLDER, PAGE, files, read, table

STRICT = Options(strict=True)
# Fields that tests have made up; without them, an event is what the service sends.
MADE_UP = {"otherField", "urlDecodedKey"}


def decode(model: str, payload: bytes, options: Options) -> Any:
    """Return the event as a handler annotated with *model* gets it."""
    decoder = event_decoder(getattr(events, model), {}, "app.handler", options)
    assert decoder is not None
    return decoder(payload)


def without(value: Any, names: set[str]) -> Any:
    """Return *value* without the fields *names*, wherever they are."""
    if isinstance(value, dict):
        return {key: without(part, names) for key, part in value.items() if key not in names}
    return [without(part, names) for part in value] if isinstance(value, list) else value


WITH_MODEL = {name: row[1].strip("`") for row in table("Sample events") for name in files(row[2])}
WITHOUT = [name for row in table("Events without a model") for name in files(row[1])]
REFUSED = {row[0].strip("`"): row[1][1:-1] for row in table("Files that strict mode refuses")}


@pytest.mark.parametrize("name", WITH_MODEL)
def test_default(name: str) -> None:
    """A public sample event decodes with the model of its source, and is the event that came."""
    payload = read(name)
    made = decode(WITH_MODEL[name], payload, DEFAULTS)

    assert made == json.loads(payload)
    assert json.loads(codec.encode(made)) == made


@pytest.mark.parametrize("name", [name for name in WITH_MODEL if name not in REFUSED])
def test_strict(name: str) -> None:
    """A public sample event has all fields of its model and no other, of the model's types."""
    payload = read(name)

    assert decode(WITH_MODEL[name], payload, STRICT) == json.loads(payload)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    """A file that somebody has edited is refused in strict mode, with the message on the page."""
    payload = read(name)

    with pytest.raises(FunctionError) as refused:
        decode(WITH_MODEL[name], payload, STRICT)
    assert str(refused.value) == f"Unable to unmarshal input: {REFUSED[name]}"


@pytest.mark.parametrize(
    "name", [name for name, message in REFUSED.items() if any(made in message for made in MADE_UP)]
)
def test_made_up(name: str) -> None:
    """Without its made-up fields, a file fits its model; one has another fault besides."""
    event = without(json.loads(read(name)), MADE_UP)
    if name == "go/s3-restore-event":
        event["Records"][0]["glacierEventData"] = {"restoreEventData": event["Records"][0].pop("restoreEventData")}

    assert decode(WITH_MODEL[name], codec.encode(event), STRICT) == event


def test_every_file() -> None:
    """Every sample event is on the page once, with a model or without one."""
    read("sam/sqs-receive-message")
    found = sorted(path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.rglob("*.json"))

    assert sorted([*WITH_MODEL, *WITHOUT]) == found


def test_page() -> None:
    """The page lists every model of an event with its source, and counts its files."""
    page = PAGE.read_text()
    models = [row[1].strip("`") for row in table("Sample events")]

    assert sorted(models) == [name for name in events.__all__ if name.endswith(("Event", "Error"))]
    assert REFUSED.keys() <= WITH_MODEL.keys()
    assert f"All of the {len(WITH_MODEL)} files below" in page
    assert f"all but the {len(REFUSED)} that are listed" in page
    assert f"these {len(WITHOUT)} files" in page
    assert all(f"`{name}`" in page for name in events.__all__ if name.endswith("Record"))
