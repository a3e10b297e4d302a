"""
Functions that two runtimes are compared with, whole: what each answers, prints and logs.

Each is called once, in one environment with all others, under a request id that is its name: none may leave anything
behind. What does is a source of its own in tests/support/whole.py.
"""

import asyncio
import collections
import concurrent.futures
import contextlib
import contextvars
import copy
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import io
import json
import logging
import multiprocessing
import os
import pathlib
import pprint
import queue
import signal
import subprocess
import sys
import threading
import traceback
import types
import typing
import warnings
from logging.handlers import MemoryHandler, QueueHandler


def run(event, context):
    return globals()[context.aws_request_id](event, context)


# Results.


def empty_object(event, context):
    return {}


def empty_list(event, context):
    return []


def empty_text(event, context):
    return ""


def false(event, context):
    return False


def zero(event, context):
    return 0


def negative_zero(event, context):
    return -0.0


def float_whole(event, context):
    return [1.0, 1e16, 1e22, 1e-7, 0.1 + 0.2]


def large_integer(event, context):
    return 2**70


def unicode_text(event, context):
    return {"ключ": ["日本", "é", "\U0001f600"]}


def control_characters(event, context):
    return "\x00\x1f\x7f\t\n\r\b\f\"\\/"


def line_separators(event, context):
    return "\u2028\u2029\ufeff"


def html(event, context):
    return "<script>&'</script>"


def deep(event, context):
    value = 1
    for _ in range(200):
        value = [value]
    return value


def wide(event, context):
    return {str(number): number for number in range(5000)}


def megabyte(event, context):
    return "é" * 500_000


class Level(enum.IntEnum):
    LOW = 1


class Word(enum.StrEnum):
    RED = "red"


class Bits(enum.IntFlag):
    ONE = 1
    TWO = 2


def int_enum(event, context):
    return [Level.LOW, {"level": Level.LOW}]


def str_enum(event, context):
    return {Word.RED: Word.RED}


def int_flag(event, context):
    return Bits.ONE | Bits.TWO


class Text(str):
    def __str__(self):
        return "another"


class Number(int):
    def __str__(self):
        return "another"

    __repr__ = __str__


class Real(float):
    def __repr__(self):
        return "another"


def text_subclass(event, context):
    return Text("text")


def int_subclass(event, context):
    return Number(7)


def float_subclass(event, context):
    return Real(7.5)


def ordered_dict(event, context):
    return collections.OrderedDict(b=1, a=2)


def default_dict(event, context):
    return collections.defaultdict(list, a=[1])


def counter(event, context):
    return collections.Counter("aab")


def user_dict(event, context):
    return collections.UserDict(a=1)


def deque(event, context):
    return collections.deque([1, 2])


def a_range(event, context):
    return {"range": range(3)}


def dict_views(event, context):
    return {"keys": {"a": 1}.keys()}


def proxy(event, context):
    return types.MappingProxyType({"a": 1})


def byte_array(event, context):
    return bytearray(b"text")


def bytes_invalid(event, context):
    return {"blob": b"\xff\xfe"}


def memory_view(event, context):
    return {"view": memoryview(b"text")}


class Typed(typing.NamedTuple):
    name: str
    size: int = 0


def typed_tuple(event, context):
    return [Typed("a"), Typed("b", 2)]


def tuples(event, context):
    return ((), (1,), ((2, 3),))


def decimals(event, context):
    return [decimal.Decimal(text) for text in ("1", "1.10", "-0", "1E+3", "1E-9")]


def decimal_infinite(event, context):
    return decimal.Decimal("Infinity")


def decimal_nan(event, context):
    return {"nan": decimal.Decimal("NaN")}


def decimal_key(event, context):
    return {decimal.Decimal("1.5"): 1}


def infinite(event, context):
    return [1, {"rate": float("inf")}]


def fraction(event, context):
    return fractions.Fraction(1, 3)


def complex_number(event, context):
    return {"z": 1j}


def a_date(event, context):
    return {"day": datetime.date(2026, 1, 31)}


def a_duration(event, context):
    return datetime.timedelta(hours=1)


def a_path(event, context):
    return {"path": pathlib.PurePosixPath("/tmp/a")}


def an_exception(event, context):
    return {"error": ValueError("boom")}


def a_type(event, context):
    return int


def a_function(event, context):
    return {"call": len}


def an_ellipsis(event, context):
    return [...]


class ForJson:
    def for_json(self):
        return "for"

    def __json__(self):
        return "json"

    def to_dict(self):
        return {}


def for_json(event, context):
    return ForJson()


def key_kinds(event, context):
    return {None: 1, True: 2, 3: 3, 4.5: 4, "five": 5, Level.LOW: 6}


def date_key(event, context):
    return {datetime.date(2026, 1, 31): 1}


def the_event(event, context):
    return event


def changed_event(event, context):
    event["added"] = [event.get("a")]
    return event


def the_context(event, context):
    return context


def future(event, context):
    return concurrent.futures.Future()


# Errors.


def value_error(event, context):
    raise ValueError("boom")


def several_arguments(event, context):
    raise ValueError("boom", 7, None)


def key_error(event, context):
    return {}["missing"]


def empty_message(event, context):
    raise ValueError("")


def raised_class(event, context):
    raise LookupError


class Worded(Exception):
    def __init__(self, code):
        super().__init__()
        self.code = code

    def __str__(self):
        return f"code {self.code}\nsecond line"


def own_words(event, context):
    raise Worded(7)


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no words")


def unprintable(event, context):
    raise Unprintable


class Outer:
    class InnerError(Exception):
        pass


def nested_class(event, context):
    raise Outer.InnerError("inner")


@dataclasses.dataclass
class DataError(Exception):
    code: int
    text: str = "t"


def data_error(event, context):
    raise DataError(7)


class Falsy(Exception):
    def __bool__(self):
        return False

    def __len__(self):
        return 0


def falsy_error(event, context):
    raise Falsy("false")


def lines_of_message(event, context):
    raise ValueError("first\nsecond\r\nthird")


def spaces_of_message(event, context):
    raise ValueError("  spaces  ")


def unicode_message(event, context):
    raise ValueError("é \U0001f600 \ud800")


def division(event, context):
    return 1 / 0


def os_error(event, context):
    return open("/nowhere")


def decode_error(event, context):
    return b"\xff".decode()


def type_error(event, context):
    return len(7)


def attribute_error(event, context):
    return event.nothing


def name_error(event, context):
    return nothing_of_this_name


def unbound(event, context):
    if event is None:
        value = 1
    return value


def assertion(event, context):
    assert event is None, "not none"


def stop_iteration(event, context):
    return next(iter(()))


def timeout_error(event, context):
    raise TimeoutError("too late")


def memory_error(event, context):
    raise MemoryError


def recursion(event, context):
    def again(depth):
        if depth == 0:
            raise ValueError("deep")
        again(depth - 1)

    again(20)


def runtime_syntax_error(event, context):
    compile("def", "a.py", "exec")


def executed(event, context):
    exec("def inner():\n    raise ValueError('executed')\ninner()")


def in_lambda(event, context):
    return (lambda: 1 / 0)()


def in_comprehension(event, context):
    return [1 / number for number in (1, 0)]


def several_lines(event, context):
    return dict(
        a=1,
        b=int("x"),
    )


def caused(event, context):
    try:
        int("x")
    except ValueError as error:
        raise KeyError("outer") from error


def in_except(event, context):
    try:
        int("x")
    except ValueError:
        raise KeyError("outer")


def from_none(event, context):
    try:
        int("x")
    except ValueError:
        raise KeyError("outer") from None


def again(event, context):
    try:
        int("x")
    except ValueError:
        raise


def in_finally(event, context):
    try:
        int("x")
    finally:
        {}["missing"]


def group(event, context):
    raise ExceptionGroup("several", [ValueError("one"), ExceptionGroup("more", [TypeError("two")])])


def noted(event, context):
    error = ValueError("boom")
    error.add_note("a note")
    raise error


def old_traceback(event, context):
    raise ValueError("boom").with_traceback(None)


def missing_module(event, context):
    import nowhere_at_all


class Hidden:
    """Makes as if boto3 were not there, which the tests' own environment has."""

    def find_spec(self, name, path=None, target=None):
        if name == "boto3":
            raise ModuleNotFoundError("No module named 'boto3'", name="boto3")


def missing_boto3(event, context):
    import sys

    sys.modules.pop("boto3", None)
    sys.meta_path.insert(0, Hidden())
    try:
        import boto3
    finally:
        del sys.meta_path[0]


def missing_name(event, context):
    from json import nothing


def process_error(event, context):
    subprocess.run(["false"], check=True)


def in_pool(event, context):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        future = pool.submit(int, "x")
        concurrent.futures.wait([future])  # or the trace depends on who is first
        return future.result()


def in_event_loop(event, context):
    async def fail():
        raise ValueError("async")

    asyncio.run(fail())


def strptime(event, context):
    datetime.datetime.strptime("x", "%Y")


def invalid_decimal(event, context):
    decimal.Decimal("x")


def json_error(event, context):
    json.loads("{")


def warning_raised(event, context):
    raise DeprecationWarning("old")


def marshal_deep(event, context):
    return {"a": [{"b": object.__new__(Outer)}]}


def type_of_instance(event, context):
    error = ValueError("declined")
    error.error_type = "payment_error"
    raise error


def after_output(event, context):
    print("before")
    raise ValueError("boom")


def after_open_line(event, context):
    print("before", end="")
    raise ValueError("boom")


class Manager:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        raise KeyError("exit")


def in_context_manager(event, context):
    with Manager():
        raise ValueError("boom")


def guarded(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except ValueError as error:
            return {"statusCode": 400, "body": str(error)}

    return wrapper


@guarded
def caught(event, context):
    raise ValueError("caught")


def passes(function):
    @functools.wraps(function)
    def wrapper(event, context):
        return function(event, context)

    return wrapper


@passes
@passes
def decorated_error(event, context):
    raise ValueError("decorated")


@contextlib.contextmanager
def managing():
    yield


@managing()
def managed_error(event, context):
    raise ValueError("managed")


# Output.


def prints(event, context):
    print("a line")


def prints_several(event, context):
    print("one", 2, None, sep="; ")
    print()
    print("two\nthree")
    print("tab\tend \r\n")


def prints_unicode(event, context):
    print("é 日本 \U0001f600")


def prints_surrogate(event, context):
    print("\ud800")


def prints_piecewise(event, context):
    print("a", end="")
    print("b", end=" ")
    print("c")


def prints_open(event, context):
    print("open", end="")


def prints_object(event, context):
    print(json.dumps({"level": "INFO", "message": "own"}))


def prints_dict(event, context):
    print({"a": 1})


def prints_bytes(event, context):
    print(b"bytes")


def prints_flush(event, context):
    print("flushed", flush=True)


def prints_error(event, context):
    print("to stderr", file=sys.stderr)
    print("open", end="", file=sys.stderr)
    print("!", file=sys.stderr)


def prints_both(event, context):
    print("out")
    print("err", file=sys.stderr)
    print("out again")


def writes(event, context):
    return sys.stdout.write("written\n")


def writes_lines(event, context):
    sys.stdout.writelines(["a\n", "b\n"])


def writes_buffer(event, context):
    sys.stdout.buffer.write(b"raw\n")
    sys.stdout.flush()


def writes_buffer_directly(event, context):
    sys.stdout.buffer.write(b"raw\n")
    sys.stdout.buffer.flush()


def writes_error_buffer(event, context):
    sys.stderr.buffer.write(b"raw\n")
    sys.stderr.buffer.flush()


def writes_descriptor(event, context):
    os.write(1, b"raw\n")


def writes_original(event, context):
    print("original", file=sys.__stdout__, flush=True)


def stream_facts(event, context):
    return [
        [stream.fileno(), stream.isatty(), stream.writable(), stream.readable(), stream.closed, stream.encoding]
        for stream in (sys.stdout, sys.stderr)
    ]


def redirects(event, context):
    kept = io.StringIO()
    with contextlib.redirect_stdout(kept):
        print("kept")
    print("not kept")
    return kept.getvalue()


def pretty(event, context):
    pprint.pprint({"b": [1, 2], "a": "x" * 100})


def prints_traceback(event, context):
    try:
        int("x")
    except ValueError:
        traceback.print_exc()


def long_line(event, context):
    print("x" * 100_000)


def many_lines(event, context):
    for number in range(300):
        print(number)


# Log.


@contextlib.contextmanager
def level(number):
    root = logging.getLogger()
    before = root.level
    root.setLevel(number)
    try:
        yield root
    finally:
        root.setLevel(before)


def logs_levels(event, context):
    for number in (10, 20, 30, 40, 50):
        logging.log(number, "at %d", number)


def logs_every_level(event, context):
    with level(1):
        for number in (1, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 60):
            logging.log(number, "at %d", number)


def logs_debug(event, context):
    with level(logging.DEBUG) as root:
        root.debug("debug")
        root.info("info")


def logs_named(event, context):
    logging.getLogger("shop.orders").warning("named")


def logs_info_unheard(event, context):
    logging.getLogger("shop").info("unheard")
    return logging.getLogger("shop").isEnabledFor(logging.INFO)


def logs_arguments(event, context):
    logging.warning("%s and %05.1f of %(a)s" if False else "%s and %05.1f", "é", 2)
    logging.warning("%(a)s", {"a": 1})


def logs_misfit(event, context):
    logging.warning("%d", "x")


def logs_extra(event, context):
    logging.warning("extra", extra={"order": 7, "tags": ["a"], "none": None, "when": datetime.date(2026, 1, 31)})


def logs_extra_names(event, context):
    logging.warning("extra", extra={"level": "mine", "timestamp": "mine", "requestId": "mine"})


def logs_reserved_extra(event, context):
    logging.warning("extra", extra={"message": "mine"})


def logs_dict(event, context):
    logging.warning({"a": 1, "b": [None, "é"]})


def logs_object(event, context):
    logging.warning(ValueError("an object"))
    logging.warning(None)
    logging.warning(7)


def logs_unprintable(event, context):
    logging.warning("%s", Unprintable())


def logs_lines(event, context):
    logging.warning("first\nsecond")


def logs_unicode(event, context):
    logging.warning("é \U0001f600")


def logs_surrogate(event, context):
    logging.warning("\ud800")


def logs_percent(event, context):
    logging.warning("100%")


def logs_exception(event, context):
    try:
        int("x")
    except ValueError:
        logging.exception("failed")


def logs_exc_info(event, context):
    logging.error("failed", exc_info=ValueError("given"))


def logs_no_exception(event, context):
    logging.error("failed", exc_info=True)


def logs_cause(event, context):
    try:
        caused(event, context)
    except KeyError:
        logging.exception("failed")


def logs_stack(event, context):
    logging.warning("stack", stack_info=True)


def logs_adapter(event, context):
    logging.LoggerAdapter(logging.getLogger("shop"), {"order": 7}).warning("adapted")


def logs_child_handler(event, context):
    logger = logging.getLogger("own")
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s %(aws_request_id)s", defaults={"aws_request_id": "?"}))
    logger.addHandler(handler)
    logger.propagate = False
    try:
        logger.warning("mine")
    finally:
        logger.removeHandler(handler)


def logs_to_stderr(event, context):
    logger = logging.getLogger("own")
    handler = logging.StreamHandler()
    logger.addHandler(handler)
    try:
        with level(logging.INFO):
            logger.info("fine")
    finally:
        logger.removeHandler(handler)


def logs_filtered(event, context):
    def name(record):
        record.msg = f"{record.msg} filtered"
        record.order = 7
        return True

    logger = logging.getLogger("own")
    logger.addFilter(name)
    try:
        logger.warning("message")
    finally:
        logger.removeFilter(name)


def logs_disabled(event, context):
    logging.disable(logging.ERROR)
    try:
        logging.error("unheard")
        logging.critical("heard")
    finally:
        logging.disable(logging.NOTSET)


def logs_queue(event, context):
    records = queue.Queue()
    logger = logging.getLogger("queued")
    handler = QueueHandler(records)
    logger.addHandler(handler)
    logger.propagate = False
    try:
        logger.warning("later %d", 7)
    finally:
        logger.removeHandler(handler)
        logger.propagate = True
    logging.getLogger().handle(records.get())


def logs_memory(event, context):
    (target,) = logging.getLogger().handlers
    handler = MemoryHandler(10, target=target)
    logger = logging.getLogger("memory")
    logger.propagate = False
    logger.addHandler(handler)
    try:
        logger.error("kept")
        print("before")
        handler.flush()
    finally:
        logger.removeHandler(handler)
        logger.propagate = True


def logs_made_record(event, context):
    logging.getLogger().handle(logging.makeLogRecord({"msg": "made", "levelno": 30, "levelname": "WARNING"}))


def handler_facts(event, context):
    (handler,) = logging.getLogger().handlers
    return [
        type(handler).__name__,
        type(handler.formatter).__name__,
        handler.formatter._fmt,
        handler.formatter.datefmt,
        handler.level,
        len(handler.filters),
        hasattr(handler, "log_sink"),
        logging.getLogger().level,
        logging.Formatter.converter is not None,
        hasattr(handler, "stream"),
    ]


def formats(event, context):
    (handler,) = logging.getLogger().handlers
    record = logging.makeLogRecord({"msg": "made", "levelno": 30, "levelname": "WARNING", "created": 0.0, "msecs": 0.0})
    handler.filter(record)
    return handler.format(record)


def record_facts(event, context):
    seen = []

    def look(record):
        seen.append([getattr(record, name, "?") for name in ("aws_request_id", "tenant_id")])
        return False

    (handler,) = logging.getLogger().handlers
    handler.addFilter(look)
    try:
        logging.warning("unheard")
    finally:
        handler.removeFilter(look)
    return seen


def logs_last(event, context):
    logging.warning("before")
    print("between")
    logging.warning("after")
    sys.stdout.write("open")
    logging.warning("a line of its own")


def context_log(event, context):
    context.log("a\n")
    context.log("b")
    context.log(7)
    context.log("\n")


def context_log_lines(event, context):
    context.log("one\ntwo\n")


def context_log_object(event, context):
    context.log('{"level":"INFO"}\n')


# Warnings.


def warns(event, context):
    warnings.warn("careful", stacklevel=1)


def warns_deprecated(event, context):
    warnings.warn("old", DeprecationWarning, stacklevel=1)


def warns_and_catches(event, context):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn("caught", stacklevel=1)
    return [str(one.message) for one in caught]


# The context and the environment.


def context_repr(event, context):
    return repr(context)


def context_parts(event, context):
    return [repr(context.identity), repr(context.client_context), type(context).__name__, type(context.identity).__name__]


def context_fields(event, context):
    names = "aws_request_id log_group_name log_stream_name function_name memory_limit_in_mb function_version"
    return [getattr(context, name) for name in f"{names} invoked_function_arn tenant_id client_context".split()]


def context_remaining(event, context):
    remaining = context.get_remaining_time_in_millis()
    return [type(remaining).__name__, remaining > 0]


def context_client(event, context):
    client = context.client_context
    return client and [client.custom, client.env, client.client and client.client.installation_id, repr(client)]


def context_identity(event, context):
    return [context.identity.cognito_identity_id, context.identity.cognito_identity_pool_id, context.tenant_id]


def context_w3c(event, context):
    return context.w3c()


def context_set(event, context):
    context.order = 7
    context.function_name = "mine"
    return [context.order, context.function_name]


def context_missing(event, context):
    return context.nothing


def context_copied(event, context):
    return copy.copy(context).aws_request_id


def context_class(event, context):
    from awslambdaric.lambda_context import LambdaContext

    return isinstance(context, LambdaContext)


def environment(event, context):
    kept = ("AWS_", "LAMBDA_", "_HANDLER", "_X_AMZN", "TZ", "LANG", "PATH")
    left_out = ("AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_LOG_FORMAT")
    return {name: value for name, value in sorted(os.environ.items()) if name.startswith(kept) and name not in left_out}


def no_trace(event, context):
    return "_X_AMZN_TRACE_ID" in os.environ


def surroundings(event, context):
    return [
        os.getcwd(),
        __name__,
        os.path.basename(__file__),
        threading.current_thread() is threading.main_thread(),
        signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,
        sys.stdin.read(),
        sys.getrecursionlimit(),
        os.path.dirname(__file__) in sys.path,
        __import__("gc").isenabled(),
        sys.getdefaultencoding(),
        sys.getfilesystemencoding(),
        __import__("time").tzname[0],
    ]


# Threads, processes, event loops.


def thread_prints(event, context):
    thread = threading.Thread(target=print, args=("from a thread",))
    thread.start()
    thread.join()


def thread_logs(event, context):
    thread = threading.Thread(target=logging.warning, args=("from a thread",))
    thread.start()
    thread.join()


def thread_fails(event, context):
    thread = threading.Thread(target=int, args=("x",), name="worker")
    thread.start()
    thread.join()


def thread_exits(event, context):
    thread = threading.Thread(target=sys.exit, args=(3,))
    thread.start()
    thread.join()
    return "alive"


def pool(event, context):
    with concurrent.futures.ThreadPoolExecutor(4) as workers:
        return list(workers.map(str.upper, "abc"))


def process_output(event, context):
    print("before")
    subprocess.run(["sh", "-c", "echo out; echo err >&2"], check=True)
    print("after")


def process_captured(event, context):
    return subprocess.run(["echo", "captured"], capture_output=True, text=True, check=True).stdout


def process_python(event, context):
    return subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True, text=True, check=True).stdout


def system(event, context):
    return os.system("exit 3") >> 8


def forked(event, context):
    child = os.fork()
    if child == 0:
        os._exit(7)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def forked_prints(event, context):
    child = os.fork()
    if child == 0:
        print("from the child")
        os._exit(0)
    os.waitpid(child, 0)
    print("from the parent")


def send(pipe):
    pipe.send("sent")


def worker(event, context):
    method = multiprocessing.get_context("fork")
    ours, theirs = method.Pipe()
    process = method.Process(target=send, args=(theirs,))
    process.start()
    process.join()
    return [ours.recv(), process.exitcode]


def fails_in_worker():
    raise ValueError("in the worker")


def worker_fails(event, context):
    process = multiprocessing.get_context("fork").Process(target=fails_in_worker, name="worker")
    process.start()
    process.join()
    return process.exitcode


def runs_loop(event, context):
    async def wait():
        await asyncio.sleep(0)
        return "waited"

    return asyncio.run(wait())


def own_loop(event, context):
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(asyncio.sleep(0, "slept"))
    finally:
        loop.close()


def no_loop(event, context):
    asyncio.get_running_loop()


variable = contextvars.ContextVar("variable", default="none")


def sets_variable(event, context):
    before = variable.get()
    token = variable.set("set")
    variable.reset(token)
    return before


def opens_file(event, context):
    with open(__file__) as file:
        return file.readline()


class Noisy:
    def __del__(self):
        raise ValueError("in __del__")


def unraisable(event, context):
    Noisy()


def changes_environment(event, context):
    os.environ["ADDED"] = "é"
    try:
        return subprocess.run(["sh", "-c", "echo $ADDED"], capture_output=True, check=True).stdout.decode()
    finally:
        del os.environ["ADDED"]
