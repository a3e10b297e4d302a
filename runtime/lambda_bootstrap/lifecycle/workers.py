"""
Many invocations at once: a supervisor, and a process for each; or a few processes, if their handler is `async`.

Owns: what each worker has of its own, what they share, and who takes a dead one's place.
Refuses to know: invocations; each worker runs the loop as if it were alone, or tasks, see `tasks`.

The function is imported once, and the process that has done so forks the workers: what has been imported is in memory
once. If the import has left something behind that no fork may copy, see `sharing`, the process starts anew, and each
worker imports by itself; `BOOTSTRAP_IMPORT=worker` has it do so from the beginning.

The supervisor runs no thread and no code of the function's. It waits for signals and for its workers' words: each has
a pipe to it, and says that it is about to poll, or why it cannot. A pipe in the other direction has nothing in it; the
kernel kills the worker as soon as that is closed, by the end of the supervisor.
"""

from __future__ import annotations

import gc
import sys
from _signal import (  # type: ignore[import-not-found] # the C half, as in `signals`
    SIG_BLOCK,
    SIG_SETMASK,
    SIGCHLD,
    SIGKILL,
    SIGTERM,
    getsignal,
    pthread_sigmask,
    set_wakeup_fd,
    signal,
)
from fcntl import F_GETFL, F_SETFL, F_SETOWN, F_SETSIG, fcntl
from os import environ
from posix import (  # built in, which `os` is not
    O_ASYNC,
    WNOHANG,
    _exit,
    close,
    execve,
    fork,
    fstat,
    getpid,
    kill,
    pipe,
    read,
    set_blocking,
    waitpid,
    waitstatus_to_exitcode,
    write,
)
from select import POLLIN, poll
from time import monotonic

from .. import hooks, protocol, settings
from ..errors import RuntimeApiError
from ..extensions import client as extensions
from ..extensions.api import ExtensionError
from . import call, randomness, shares, sharing
from .shutdown import NAME, Shutdown
from .staff import FAILED, LOST, MANY, ONE, PAUSES, Worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    from ..log import Log
    from ..protocol import Address
    from ..report import ErrorReport
    from ..settings import Settings
    from ..signature import Handler
    from .signals import Signals

MOST = 256  # workers for one invocation each: each takes two descriptors of the supervisor's, and Lambda gives it 1,024
GRACE = 1.0  # seconds from SIGTERM to SIGKILL

TOO_MANY = (
    f"AWS_LAMBDA_MAX_CONCURRENCY is {{}}, but there are {MOST} workers: more invocations at once are refused. Set the "
    f"function's concurrency per environment to {MOST}, or make its handler async"
)
IMPORTED_AGAIN = "each worker imports the function by itself, as its import cannot be shared: {}. See {}"
FORKED_ANYWAY = "the workers may hang, as they are copies of a process that cannot be copied: {}. See {}"
PAGE = "docs/guides/concurrency.md"


class Workers:
    """
    The processes that answer the invocations of one environment.

    Args:
        log: takes what happens to them.
        client: has the connection, which each worker opens by itself.
        found: how many there are, and where they log.
        address: of the Runtime API.
        is_program: whether the function is a program, which has been imported already.
    """

    def __init__(self, log: Log, client: Any, found: Settings, address: Address, *, is_program: bool) -> None:
        self.log = log
        self.client = client
        self.found = found
        self.address = address
        self.is_program = is_program
        self.is_worker = False
        self.is_async = False  # the handler: workers run tasks
        self.polls: Any = None  # a worker's, if it runs tasks
        self.workers: list[Worker] = []
        self.words = -1  # a worker's end of the pipe to its supervisor
        self.has_begun = False  # a worker has been ready
        self.has_end = False  # the function has hooks for the end
        self.is_told = False  # SIGTERM has come
        self.status: int | None = None  # of the supervisor's exit, once it ends
        self.terminated_at = 0.0
        self.extension: Any = None
        self.environ: dict[str, str] = {}  # as it was, for a process that starts anew
        self.descriptors: dict[str, str] = {}

    def begin(self) -> None:
        """Fork the workers before the function is imported, if that is wished; return in each of them."""
        if self.found.imports_in_workers and not self.is_program:
            self.employ(is_async=True)  # the first that is ready says whether the others follow
            self.split()
            return
        self.environ = dict(environ)
        try:
            self.descriptors = sharing.descriptors()
        except OSError:
            pass

    def enter(self, handler: Handler) -> None:
        """
        Fork the workers, now that the function has been imported, unless that has been done; return in each of them.

        A web application may have something to do at the end of the environment, which it says to its workers only.
        """
        self.is_async = handler.is_async
        if self.is_worker:
            return
        self.has_end = handler.application is not None or bool(hooks.shutdown)
        obstacle = sharing.obstacle(self.descriptors)
        if obstacle and not self.is_program:
            self.log.problem(IMPORTED_AGAIN.format(obstacle, PAGE))
            self.start_anew()
        if obstacle:
            self.log.problem(FORKED_ANYWAY.format(obstacle, PAGE))
        self.employ(is_async=self.is_async)
        if self.is_async:
            from . import told_tasks  # noqa: F401 - once for all processes
        gc.collect()
        gc.freeze()  # a collection writes to whatever it looks at, which would be a copy in each worker
        self.split()

    def open_own(self) -> None:
        """
        Run the hooks of `after_fork` in a worker.

        Raises:
            BaseException: what a hook raises.
        """
        for hook in tuple(hooks.after_fork_):
            call(hook)

    def start_anew(self) -> NoReturn:
        """Become the same program once more, with nothing imported and the workers to do that."""
        again = {**self.environ, settings.IMPORT.name: "worker"}
        if self.found.log_socket:
            again[settings.LOG_SOCKET.name] = self.found.log_socket
        if again.get(settings.EXEC_WRAPPER.name):
            again[settings.WRAPPED] = "1"
        if self.has_end:
            again[settings.SIGTERM.name] = "1"
        self.log.end()
        execve(sys.executable, sys.orig_argv, again)

    def run(self, loop: Any, signals: Signals, exit_status: Callable[[BaseException], int | None]) -> int:
        """Run *loop* in a worker, or its steps as tasks; return the exit status."""
        told: Shutdown = Told(self.log, self.client, signals)
        if self.is_async:
            from .tasks import Tasks, set_up
            from .told_tasks import ToldTasks

            set_up(self.log)
            told = ToldTasks(self.log, self.client, signals)
            loop = Tasks(loop, self.log, self.address, self.polls, exit_status)
        self.say(MANY if self.is_async else ONE)
        try:
            return told.run(loop, self.address)
        except RuntimeApiError:
            self.say(LOST)
            raise

    def say(self, word: bytes) -> None:
        """Say *word* to the supervisor, unless the function has closed the pipe, whose number may be its own now."""
        try:
            if fstat(self.words).st_ino == self.inode:
                while word:
                    word = word[write(self.words, word) :]
        except OSError:
            pass

    def fail_init(self, failure: ErrorReport) -> None:
        """Have the supervisor report that a worker could not begin."""
        self.say(FAILED + failure.category.encode() + b"\n" + failure.body(""))

    # What follows is the supervisor's.

    def employ(self, *, is_async: bool) -> None:
        """Have as many workers as a handler needs that is, or isn't, *async*; those that there are stay."""
        count = self.found.concurrency
        found = shares.of_tasks(count) if is_async else shares.of_workers(count, MOST)
        if len(found) < count and not is_async:
            self.log.problem(TOO_MANY.format(count))
        more = [Worker(share) for share in found[len(self.workers) :]]
        if is_async:
            from .polls import Polls

            for worker in more:
                worker.polls = Polls(worker.share)
        self.workers += more

    def split(self) -> None:
        """Fork the workers and supervise them until the environment ends; return in each of them."""
        if self.has_end or self.found.wants_sigterm:
            self.register()
        self.alarm, self.bell = pipe()
        for end in (self.alarm, self.bell):
            set_blocking(end, False)
        self.handlers = {number: getsignal(number) for number in (SIGTERM, SIGCHLD)}
        for number in self.handlers:
            signal(number, self.note)
        self.wakeup = set_wakeup_fd(self.bell, warn_on_full_buffer=False)
        while self.status is None or any(worker.pid for worker in self.workers):
            if self.status is None and self.fork_due():
                return
            self.wait()
            if self.is_told:
                self.end(0)
            self.reap()
        self.log.end()
        _exit(self.status)

    def register(self) -> None:
        """Have Lambda announce the end of the environment; a refusal harms nothing else."""
        try:
            self.extension = extensions.connect(self.address, NAME)
            self.extension.wait_in_vain()
        except (ExtensionError, RuntimeApiError) as error:
            self.log.problem(f"Lambda will not announce the end of the environment: {error}")

    def note(self, number: int, _frame: object) -> None:
        """Take note of a signal, which has the supervisor wake."""
        self.is_told = self.is_told or number == SIGTERM

    def end(self, status: int) -> None:
        """Have the workers answer what they are at, and end."""
        if self.status is None:
            self.status, self.terminated_at = status, monotonic()
            self.send(SIGTERM)

    def send(self, number: int) -> None:
        """Send a signal to all workers."""
        for worker in self.workers:
            if worker.pid:
                kill(worker.pid, number)

    def fork_due(self) -> bool:
        """Fork the workers that are due; return True in each of them."""
        for worker in self.workers:
            if not worker.pid and worker.due <= monotonic():
                before = pthread_sigmask(SIG_BLOCK, self.handlers)
                try:
                    if self.fork(worker):
                        return True
                except OSError as error:
                    self.log.problem(f"a worker cannot be started: {error}")
                    worker.postpone()
                finally:
                    pthread_sigmask(SIG_SETMASK, before)
        return False

    def fork(self, worker: Worker) -> bool:
        """Fork a process for *worker*; return True in it."""
        life, worker.life = pipe()
        worker.words, words = pipe()
        worker.said, worker.forked_at = b"", monotonic()
        try:
            pid = fork()
        except OSError:
            for end in (life, worker.life, worker.words, words):
                close(end)
            raise
        if pid == 0:
            self.become_worker(life, words, worker)
            return True
        worker.pid = pid
        close(life)
        close(words)
        set_blocking(worker.words, False)
        return False

    def become_worker(self, life: int, words: int, own: Worker) -> None:
        """Let go of what is the supervisor's, and renew what no two processes may share."""
        set_wakeup_fd(self.wakeup)
        for number, handler in self.handlers.items():
            signal(number, handler)
        for end in (self.alarm, self.bell):
            close(end)
        for worker in self.workers:
            worker.let_go(is_own=worker is own)
        if self.extension is not None:
            self.extension.transport.close()
        fcntl(life, F_SETOWN, getpid())
        fcntl(life, F_SETSIG, SIGKILL)
        fcntl(life, F_SETFL, fcntl(life, F_GETFL) | O_ASYNC)
        self.inode = fstat(words).st_ino
        self.is_worker, self.words, self.workers, self.environ = True, words, [], {}
        self.polls = own.polls
        self.client.transport.close()
        self.client.fail_init, self.client.pauses = self.fail_init, PAUSES
        randomness.reseed()
        if self.found.log_socket:
            try:
                self.log.connect_streams(self.found.log_socket)
            except OSError as error:
                self.log.problem(f"the log socket {self.found.log_socket} cannot be used", error)

    def wait(self) -> None:
        """Wait for a signal, for what a worker says, or until a worker is due."""
        waiting = poll()
        waiting.register(self.alarm, POLLIN)
        by_end = {end: worker for worker in self.workers for end in worker.ends()}
        for end in by_end:
            waiting.register(end, POLLIN)
        if self.status is None:
            times = [worker.due for worker in self.workers if not worker.pid]
        else:
            times = [self.terminated_at + GRACE]
        left = min(times) - monotonic() if times else None
        for descriptor, _ in waiting.poll(None if left is None else max(0, int(left * 1000) + 1)):
            if descriptor in by_end:
                self.hear(by_end[descriptor])
            else:
                read(self.alarm, 4096)
        if self.status is not None and monotonic() > self.terminated_at + GRACE:
            self.send(SIGKILL)

    def hear(self, worker: Worker) -> None:
        """Take in what *worker* says."""
        worker.hear()
        if not self.has_begun and worker.said.startswith((ONE, MANY)):
            self.has_begun = True
            if worker.said.startswith(ONE):  # where each worker imports the function, nobody knew
                self.employ(is_async=False)

    def reap(self) -> None:
        """Take note of every process that has ended."""
        by_pid = {worker.pid: worker for worker in self.workers if worker.pid}
        while by_pid:
            try:
                pid, status = waitpid(-1, WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if pid in by_pid:
                self.bury(by_pid.pop(pid), waitstatus_to_exitcode(status))

    def bury(self, worker: Worker, status: int) -> None:
        """Decide what follows from the end of *worker* with *status*."""
        self.hear(worker)
        worker.bury()
        if self.status is not None:
            return
        if not self.has_begun:  # nor will another: they are all alike
            if worker.said.startswith(FAILED):
                self.report(*worker.said[1:].split(b"\n", 1))
            self.end(status if status > 0 else 1)
            return
        if worker.said.endswith(LOST):
            worker.lost_at = monotonic()
            if all(other.is_lost() for other in self.workers):
                self.end(1)
                return
        worker.postpone()
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        self.log.problem(f"a worker has ended with {how}; another one takes its place")

    def report(self, category: bytes, body: bytes) -> None:
        """Post why no worker could begin, once for all."""
        try:
            self.client.settle(*self.client.post(protocol.init_error(body, category.decode())))
        except RuntimeApiError as error:
            self.log.problem(str(error))


class Told(Shutdown):
    """The end of a worker: the supervisor, which Lambda tells, passes the signal on."""

    def register(self, _address: Address) -> None:
        """Register nothing: the supervisor has done so."""
