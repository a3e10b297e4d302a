"""
Make docs/reference/lifecycle.md of the tables that the tests use: `make docs` does, and `python docs/lifecycle.py`.

Owns: how the page looks. Refuses to know: any state, and any exit status.
"""

# ruff: noqa: INP001 - a folder of pages is no package
from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reference" / "lifecycle.md"
sys.path[:0] = [str(ROOT), str(ROOT / "dev")]

from lambda_bootstrap_dev.emulator.states import TRANSITIONS, Move, State  # noqa: E402 - the path comes first

from tests.support.lifecycle import ENDS  # noqa: E402 - as above

# What the runtime calls, or the platform does, for a change of state, and what runs before it.
CALLS = {
    Move.NEXT: ("GET invocation/next", "on_init and after_restore, before the first; before_next, before others"),
    Move.DELIVER: ("an event is delivered", ""),
    Move.RESPOND: ("POST response", "on_request, the handler, on_response"),
    Move.FAIL: ("POST error", "on_request, the handler, on_error"),
    Move.SETTLE: ("202", ""),
    Move.FAIL_INIT: ("POST init/error", "on_init_error; before_snapshot, one of which has failed"),
    Move.SNAPSHOT: ("GET restore/next", "on_init, before_snapshot"),
    Move.RESTORE: ("200: a copy goes on", ""),
    Move.FAIL_RESTORE: ("POST restore/error", "after_restore, one of which has failed"),
}
HEAD = (
    "# Life cycle\n\n"
    "The states of an environment as the Runtime API has them, the calls that lead from one to another, and the exit "
    "statuses. This page is made of the tables that the emulator and the tests use: `docs/lifecycle.py`.\n\n"
    "```\n"
)
MIDDLE = (
    "```\n\n"
    "An environment may be frozen in `Ready`, and in `RestoreReady`, for hours or months. A call that the diagram "
    "doesn't have is refused with 403.\n\n"
    "| hooks | run before |\n"
    "| --- | --- |\n"
)
TAIL = (
    "\nAfter SIGTERM, hooks of `on_shutdown` run: [the end of an environment](../guides/shutdown.md). What every hook "
    "gets: [hooks](hooks.md). All statuses: [exit statuses](exit-statuses.md). Around a snapshot: "
    "[SnapStart](../guides/snapstart.md).\n"
)


def diagram() -> str:
    """Return the states with their calls, and the ways to end in each."""
    lines = []
    for state in State:
        moves = [(CALLS[move][0], after) for move, after in TRANSITIONS[state].items()]
        rows = [f"── {call:<24}──► {'the same' if after is state else after.value}" for call, after in moves]
        rows += [
            f"── exit {end.status:<19}   {end.reason.replace('`', '')}" for end in ENDS if end.state == state.value
        ]
        rows += [] if rows else ["   nothing more: the process has to exit"]
        lines += [f"{state.value if number == 0 else '':<26}{row}" for number, row in enumerate(rows)] + [""]
    return "\n".join(lines)


def page() -> str:
    """Return the whole page."""
    rows = "".join(f"| {hooks} | `{call}` |\n" for call, hooks in CALLS.values() if hooks)
    return HEAD + diagram() + MIDDLE + rows + TAIL


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
