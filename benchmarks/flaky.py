"""The function that the soak runs: it does what its event names, much of which no function should do."""

from __future__ import annotations

import os
import random
import signal

from lambda_bootstrap import before_next

RANDOM = random.Random(7)  # noqa: S311 - moments of alarms
kept: list[object] = []


class Ring(Exception):  # noqa: N818 - a name for a soak
    """What the alarms raise."""


class Evil(str):
    """A text whose methods fail."""

    __slots__ = ()

    def __getitem__(self, _index):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204 - as most functions are
        """Fail."""
        raise SystemExit(9)

    __len__ = __format__ = encode = split = __getitem__  # type: ignore[assignment] # which is what is wrong with it

    def __str__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204 - as above
        """No exact text either."""
        return self


class EvilText(Exception):  # noqa: N818 - a name for a soak
    """An exception with such a text."""

    def __str__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204 - as above
        """The text."""
        return Evil("evil")


def ring(_number, _frame):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - as above
    """Raise."""
    raise Ring


def fails(event):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - as above
    """Fail in a way that costs the runtime most: with a cause, a note and a message of some length."""
    try:
        int("x")
    except ValueError as error:
        error.add_note(f"order {event['number']}")
        raise LookupError("nothing is known of this order. " * 20) from error


def rings(event):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - as above
    """Set an alarm that goes off in the handler, the post or the next poll."""
    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, RANDOM.uniform(0.00002, 0.0008))
    return event


def forks(event):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - as above
    """Go on twice; the parent takes the child's status."""
    signal.setitimer(signal.ITIMER_REAL, 0)  # an exception in what Python itself does around a fork is lost
    child = os.fork()
    if child:
        os.waitpid(child, 0)
    return event


def closes(event):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - as above
    """Close what is not its own."""
    os.closerange(3, 64)
    return event


def circles(event):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - as above
    """Return what holds itself."""
    event["self"] = [event]
    return event


def evil(_event):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - as above
    """Fail with a text that fails."""
    raise EvilText


def prints(event):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - as above
    """Print a line in pieces, and leave another open."""
    for _ in range(100):
        print(".", end="")
    return event


def streams(event):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - as above
    """Answer in pieces."""
    yield f'{{"number":{event["number"]}'
    yield "}"


def leaks(event):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - as above
    """Keep memory and descriptors for ever: the soak has to see that."""
    kept.append((bytes(100_000), os.dup(1)))
    return event


DEEDS = {deed.__name__: deed for deed in (fails, rings, forks, closes, circles, evil, prints, streams, leaks)}


@before_next
def fork_again(_context):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - as above
    """After one invocation in a hundred, go on twice in a hook, too."""
    if RANDOM.random() < 0.01:  # noqa: PLR2004 - one in a hundred
        signal.setitimer(signal.ITIMER_REAL, 0)  # as above
        child = os.fork()
        if child:
            os.waitpid(child, 0)


def handler(event, context):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, ARG001 - as most functions are
    """Do the deed; by default, return the event."""
    deed = DEEDS.get(event.pop("deed", ""))
    return event if deed is None else deed(event)  # type: ignore[no-untyped-call] # as most functions are
