"""A function that does what its event names; any other event comes back."""

import asyncio
import collections
import datetime
import decimal
import functools
import logging
import os
import pathlib
import resource
import signal
import socket
import subprocess
import sys
import threading
import warnings

from evil_text import Evil, misbehave

kept = []
Pair = collections.namedtuple("Pair", "left right")


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError("no words")

    __repr__ = __str__


class Exiting(Exception):
    def __str__(self):
        raise SystemExit(7)


class NoText(Exception):
    def __str__(self):
        return 7


class Nameless(type):
    @property
    def __name__(cls):
        raise RuntimeError("no name")


class WithoutName(Exception, metaclass=Nameless):
    pass


class Numbered(type):
    __name__ = 7


class WithNumber(Exception, metaclass=Numbered):
    pass


class Disguised(Exception):
    @property
    def __class__(self):
        raise RuntimeError("no class")


class Noted(Exception):
    __notes__ = property(lambda self: 1 / 0)


class Sticky(Exception):
    def __getattribute__(self, name):
        raise RuntimeError(name)


class EvilText(Exception):
    def __str__(self):
        return Evil("boom")


class EvilNumber(int):
    __and__ = __rand__ = __eq__ = __bool__ = misbehave
    __hash__ = int.__hash__


class BadItems(dict):
    def items(self):
        raise ValueError("no items")

    def __iter__(self):
        raise ValueError("no keys")


class BadIso:
    def isoformat(self):
        raise SystemExit(9)

    def __iter__(self):
        raise KeyboardInterrupt


class BadList(list):
    def __iter__(self):
        raise MemoryError("no list")


class BadStream:
    def write(self, text):
        raise RuntimeError("no stream")

    flush = fileno = write


def exits():
    sys.exit(3)


def exits_in_group():
    raise BaseExceptionGroup("both", [SystemExit(3), ValueError("boom")])


def interrupts():
    raise KeyboardInterrupt


def cancels():
    raise asyncio.CancelledError("cancelled")


def closes_generator():
    raise GeneratorExit


def stops_iteration():
    next(iter(()))


def lacks_memory():
    raise MemoryError


def lacks_memory_really():
    bytearray(1 << 62)


def recurses():
    return recurses()


def group():
    raise ExceptionGroup("several", [ValueError("one"), ExceptionGroup("inner", [TypeError("two")])])


def deep_group():
    error = ValueError("core")
    for number in range(2000):
        error = ExceptionGroup(str(number), [error])
    raise error


def chain():
    try:
        try:
            int("x")
        except ValueError as error:
            error.add_note("of the first")
            raise KeyError("middle") from error
    except KeyError as error:
        error.add_note("of the second")
        raise LookupError("last") from error


def cycle():
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    raise first


def long_chain():
    error = None
    for number in range(5000):
        later = ValueError(str(number))
        later.__cause__ = error
        error = later
    raise error


def odd_notes():
    error = ValueError("noted")
    error.__notes__ = [7, None, "\ud800", "x" * 1_000_000]
    raise error


def evil_name():
    kind = type("EvilName", (Exception,), {"__module__": Evil("evil"), "__qualname__": Evil("EvilName")})
    kind.__name__ = Evil("EvilName")
    raise kind("boom")


def evil_notes():
    error = ValueError("noted")
    error.__notes__ = [Evil("of evil")]
    raise error


def evil_words():
    from lambda_bootstrap import LambdaError

    error = LambdaError("boom", type=Evil("Evil.Type"), data={Evil("key"): [Evil("value")]})
    raise error from ExceptionGroup("evils", [EvilText(), ValueError(Evil("of evil"))])


def evil_places():
    def fails():
        raise ValueError("boom")

    fails.__code__ = fails.__code__.replace(co_filename=Evil("/evil.py"), co_name=Evil("evil"))
    fails()


def evil_exit():
    sys.exit(Evil("evil"))


def evil_exit_number():
    sys.exit(EvilNumber(3))


def evil_path():
    sys.path.insert(0, pathlib.Path("/nowhere"))
    sys.path.insert(0, Evil("/nowhere"))
    functools.singledispatch(lambda value: 1 / 0)(1)


def returns_evil():
    return {Evil("key"): Evil("value"), "plain": [1.5, {Evil("in"): (Evil("tuple"),)}], "date": datetime.date(2026, 1, 2)}


def returns_evil_keys_with_decimals():
    return {Evil("key"): Evil("value"), "number": decimal.Decimal("1.50"), "pair": Pair(Evil("a"), 2)}


def prints_evil():
    print(Evil("printed"))
    sys.stdout.write(Evil("written\n"))
    logging.warning(Evil("logged"), extra={"extra": Evil("value")})
    logging.error("failed", exc_info=EvilText())
    warnings.warn("warned")

    def fails():
        thread._name = Evil("thread")
        raise EvilText

    thread = threading.Thread(target=fails)
    thread.start()
    thread.join()
    return "done"


def forks_and_exits_with_evil():
    return forks_and(evil_exit)


def note_of_lines():
    error = ValueError("noted")
    error.add_note("line\n" * 90_000)
    raise error


def surrogates():
    raise ValueError("lone \ud800 and \udfff")


def control_bytes():
    raise ValueError("".join(map(chr, range(0x20))) + "\x7f\x85\u2028")


def large_message():
    raise ValueError("x" * 10_000_000)


def large_wide_message():
    raise ValueError("\U0001f600" * 2_000_000)


def odd_type_name():
    raise type("Ünsinn\r\nX-Evil: 1", (Exception,), {})("named")


def long_type_name():
    raise type("X" * 1_000_000, (Exception,), {})("named")


def odd_label():
    name = "\ud800" + "f" * 100_000
    exec(compile("def f():\n    raise ValueError('boom')", "\udc80" + "p" * 100_000, "exec"), globals())
    f.__code__ = f.__code__.replace(co_name=name)
    f()


def returns_surrogates():
    return {"text": "lone \ud800"}


def returns_circle():
    circle = {}
    circle["list"] = [circle]
    return circle


def returns_depth():
    nested = []
    for _ in range(100_000):
        nested = [nested]
    return nested


def returns_large_text():
    return {"items": ["x" * 1000] * 6500, "small": 1}


def closes_stdout():
    os.close(1)
    return "done"


def closes_all_streams():
    for descriptor in (0, 1, 2):
        os.close(descriptor)
    return "done"


def closes_all_descriptors():
    os.closerange(3, 64)
    return "done"


def closes_stdout_object():
    sys.stdout.close()
    return "done"


def loses_stdout():
    sys.stdout = sys.stderr = None
    return "done"


def breaks_stdout():
    sys.stdout = sys.stderr = BadStream()
    return "done"


def deletes_modules():
    for name in list(sys.modules):
        if name not in {"sys", "builtins"}:
            del sys.modules[name]
    return "done"


def deletes_modules_and_raises():
    deletes_modules()
    raise ValueError("boom")


def clears_path():
    sys.path.clear()
    sys.meta_path.clear()
    sys.path_hooks.clear()
    return "done"


def changes_directory():
    os.chdir("/")
    return "done"


def removes_directory():
    folder = f"/tmp/hostile-{os.getpid()}"
    os.mkdir(folder)
    os.chdir(folder)
    os.rmdir(folder)
    raise ValueError("boom")


def clears_environment():
    os.environ.clear()
    return "done"


def forks():
    return "child" if os.fork() == 0 else "parent"


def forks_and_raises():
    if os.fork() == 0:
        raise ValueError("child")
    return "parent"


def forks_and(act):
    """The wait status of a child that acts; it ends by itself afterwards."""
    child = os.fork()
    if child == 0:
        return act()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def waits_for_error():
    return forks_and(raise_error)


def raise_error():
    raise LookupError("in the child")


def waits_for_group():
    return forks_and(lambda: raises_group())


def raises_group():
    raise ExceptionGroup("in the child", [ValueError("one")])


def waits_for_exit():
    return forks_and(lambda: sys.exit(3))


def waits_for_exit_0():
    return forks_and(sys.exit)


def waits_for_exit_text():
    return forks_and(lambda: sys.exit("in the child"))


def waits_for_return():
    return forks_and(lambda: "child")


def forks_often():
    for _ in range(3):
        os.fork()
    return "done"


def forks_and_exits():
    if os.fork() == 0:
        sys.exit(4)
    return "parent"


def leaves_threads():
    for _ in range(10):
        threading.Thread(target=threading.Event().wait).start()
    return "done"


def leaves_crashing_thread():
    threading.Thread(target=lambda: 1 / 0).start()
    return "done"


def leaves_child():
    kept.append(subprocess.Popen(["sleep", "30"]))
    return "done"


def leaves_dead_children():
    for _ in range(20):
        if os.fork() == 0:
            os._exit(0)
    return "done"


def sets_default_timeout():
    socket.setdefaulttimeout(0.05)
    return "done"


def replaces_socket():
    socket.socket = socket.create_connection = socket.getaddrinfo = None
    return "done"


def handles_signals():
    for name in ("SIGTERM", "SIGINT", "SIGALRM", "SIGUSR1", "SIGCHLD"):
        signal.signal(getattr(signal, name), lambda number, frame: None)
    signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
    return "done"


def defaults_sigpipe():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    return "done"


def ignores_sigchld():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    return "done"


def wakes_up():
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    kept.extend([reader, writer])
    signal.set_wakeup_fd(writer.fileno())
    return "done"


def alarm(error):
    def raise_it(number, frame):
        raise error

    signal.signal(signal.SIGALRM, raise_it)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    return "done"


def alarms():
    return alarm(ValueError("in a signal handler"))


def alarms_to_exit():
    return alarm(SystemExit(5))


def exhausts_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    try:
        while True:
            kept.append(open("/dev/null"))
    except OSError:
        return "done"


def exhausts_descriptors_and_raises():
    exhausts_descriptors()
    raise ValueError("boom")


def fills_disk():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        with open(f"/tmp/hostile-{os.getpid()}", "w") as file:
            file.write("x")
    except OSError as error:
        os.unlink(file.name)
        return type(error).__name__


def fills_tmp():
    try:
        with open("/tmp/filler", "wb", buffering=0) as file:
            for _ in range(10_000):
                file.write(bytes(1 << 20))
    except OSError as error:
        return error.strerror


def sets_recursion_limit():
    sys.setrecursionlimit(60)
    return "done"


def traces():
    def trace(frame, event, argument):
        raise ValueError("in a trace function")

    threading.settrace(trace)
    return "done"


def disables_gc():
    import gc

    gc.disable()
    gc.freeze()
    return "done"


def prints_megabytes():
    for _ in range(20):
        print("x" * 100_000)
    return "done"


def bytes_of(size):
    return lambda: b"x" * size


def text_of(size):
    return lambda: "x" * size


def raises(error):
    def deed():
        raise error

    return deed


deeds = {
    **{name: value for name, value in globals().items() if callable(value)},
    "unspeakable": raises(Unspeakable()),
    "exiting_text": raises(Exiting()),
    "no_text": raises(NoText()),
    "without_name": raises(WithoutName("boom")),
    "with_number": raises(WithNumber("boom")),
    "disguised": raises(Disguised("boom")),
    "noted": raises(Noted("boom")),
    "sticky": raises(Sticky("boom")),
    "evil_text": raises(EvilText()),
    "bad_items": lambda: BadItems(a=1),
    "bad_iso": BadIso,
    "bad_list": lambda: BadList([1]),
    "bytes_too_many": bytes_of(6_291_557),
    "bytes_at_limit": bytes_of(6_291_556),
    "text_too_long": text_of(6_291_555),
}


def handler(event, context):
    deed = deeds.get(event) if isinstance(event, str) else None
    return deed() if deed else event


async def waits(event, context):
    if event == "cancels":
        asyncio.current_task().cancel()
        await asyncio.sleep(1)
    if event == "closes_loop":
        asyncio.get_running_loop().stop()
        await asyncio.sleep(0.1)
    if event == "times_out":
        await asyncio.wait_for(asyncio.sleep(1), 0.01)
    if event == "exits":
        asyncio.get_running_loop().call_soon(sys.exit, 3)
        await asyncio.sleep(0.1)
    return event
