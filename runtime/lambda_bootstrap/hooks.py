"""
What a function, or a tool in it, attaches to the phases of the runtime.

Owns: the registered hooks, their order, and that none of them can harm an invocation.
Refuses to know: what a hook does, and where its failure is logged.

aws-lambda-go's `handlertrace`, grown up. Hooks run in the order of their registration, on the thread of the handler
and in its `contextvars` context; what one raises is logged with its name, and the next one runs.
"""

from __future__ import annotations

from time import monotonic

from .traces import class_name, describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from .context import Context

    Hook = TypeVar("Hook")
    InitHook = TypeVar("InitHook", bound=Callable[[], object])
    InitErrorHook = TypeVar("InitErrorHook", bound=Callable[[BaseException], object])
    EventHook = TypeVar("EventHook", bound=Callable[[Any, Context], object])
    ErrorHook = TypeVar("ErrorHook", bound=Callable[[BaseException, Context], object])
    PlainHook = TypeVar("PlainHook", bound=Callable[[], object])
    ContextHook = TypeVar("ContextHook", bound=Callable[[Context], object])
    Warn = Callable[[str, BaseException | None], None]

# Hooks that run after the answer are billed and delay the next invocation: together they get this long.
BEFORE_NEXT_SECONDS = 2.0

init: list[Callable[[], object]] = []
init_error: list[Callable[[BaseException], object]] = []
request: list[Callable[[Any, Context], object]] = []
response: list[Callable[[Any, Context], object]] = []
error: list[Callable[[BaseException, Context], object]] = []
next_: list[Callable[[Context], object]] = []
shutdown: list[Callable[[], object]] = []
before_snapshot_: list[Callable[[], object]] = []
after_restore_: list[Callable[[], object]] = []
after_fork_: list[Callable[[], object]] = []
# Takes a hook of `on_shutdown` that comes when it is too late to have SIGTERM sent; None before, and if it is sent.
take_late: Callable[[object], object] | None = None
# Not for functions: wrappers of the loaded handler's call, for a room that stands in for another runtime's client.
around: list[Callable[[Callable[[Any, Any], Any]], Callable[[Any, Any], Any]]] = []


def on_init(hook: InitHook) -> InitHook:
    """Call `hook()` once, when the function has been imported and before the first invocation."""
    return _register(init, hook)


def on_init_error(hook: InitErrorHook) -> InitErrorHook:
    """Call `hook(exception)` if the function cannot be loaded, before the init error is posted and the process ends."""
    return _register(init_error, hook)


def on_request(hook: EventHook) -> EventHook:
    """Call `hook(event, context)` for each invocation, with the decoded event, before the handler."""
    return _register(request, hook)


def on_response(hook: EventHook) -> EventHook:
    """Call `hook(result, context)` with what the handler returned, before it is posted; not after an error."""
    return _register(response, hook)


def on_error(hook: ErrorHook) -> ErrorHook:
    """Call `hook(exception, context)` for each failed invocation, before the error is posted."""
    return _register(error, hook)


def before_next(hook: ContextHook) -> ContextHook:
    """
    Call `hook(context)` after the invocation has been answered, before the environment may be frozen: to flush.

    All these hooks together have 2 seconds, or what is left until the deadline; when that is used up, those that have
    not run are skipped, and a record names them.
    """
    return _register(next_, hook)


def on_shutdown(hook: PlainHook) -> PlainHook:
    """
    Call `hook()`, plain or `async`, at the end of the environment: to close what is open. Register it at import.

    Lambda leaves half a second for all of them, and 0.3 with external extensions; what has not run by then is skipped,
    and a record names it.
    """
    _register(shutdown, hook)
    if take_late is not None:
        take_late(hook)
    return hook


def before_snapshot(hook: PlainHook) -> PlainHook:
    """Call `hook()`, plain or `async`, before SnapStart takes its snapshot, in reverse order; a failure fails init."""
    return _register(before_snapshot_, hook)


def after_restore(hook: PlainHook) -> PlainHook:
    """Call `hook()`, plain or `async`, in each environment that SnapStart restores; a failure fails its start."""
    return _register(after_restore_, hook)


def after_fork(hook: PlainHook) -> PlainHook:
    """Call `hook()`, plain or `async`, in each worker process before it takes invocations: to open what it needs."""
    return _register(after_fork_, hook)


def _register(hooks: list[Any], hook: Hook) -> Hook:
    if hook not in hooks:
        hooks.append(hook)
    return hook


def run(hooks: list[Any], warn: Warn, *arguments: Any) -> None:
    """Call each of *hooks* with *arguments*; report to *warn* which of them failed, and why."""
    for hook in tuple(hooks):
        try:
            hook(*arguments)
        except BaseException as failure:
            warn(f"the hook {name(hook)} failed", failure)


def run_before_next(context: Context, warn: Warn) -> None:
    """Call the hooks of `before_next` while there is time."""
    try:
        left = context.get_remaining_time_in_millis() / 1000
    except Exception:  # the context is the function's, which may have changed it
        left = BEFORE_NEXT_SECONDS
    end = monotonic() + min(BEFORE_NEXT_SECONDS, left)
    for hook in tuple(next_):
        if monotonic() < end:
            run([hook], warn, context)
        else:
            warn(f"there is no time left for the hook {name(hook)}", None)


def name(hook: object) -> str:
    """Return a hook's name as its author knows it."""
    own = class_name(hook)
    try:
        return f"{describe(getattr(hook, '__module__', '?'))}.{describe(getattr(hook, '__qualname__', own))}"
    except BaseException:  # a proxy that fails whatever it is asked for
        return f"{describe(type(hook).__module__)}.{own}"
