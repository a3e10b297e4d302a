"""
Polls that outlive their process.

Owns: the supervisor's copies of the connections of one place among the workers, and which of them wait for an event.
Refuses to know: what goes over them, and why a process ends.

Whoever closes a poll may lose an event: the platform still answers polls of connections that are gone, as AWS's
emulator does. So a process of tasks gives its supervisor a copy of each connection, and says in memory that both see
which of them wait. When the process ends, in whatever way, those that wait stay open, and the next process in its place
goes on waiting. The others are closed, and the platform sees that an invocation is lost.
"""

from __future__ import annotations

from _socket import (  # `socket` imports `enum` and `selectors`, which the supervisor has no use for
    AF_UNIX,
    CMSG_SPACE,
    MSG_DONTWAIT,
    SCM_RIGHTS,
    SHUT_RDWR,
    SOCK_SEQPACKET,
    SOL_SOCKET,
    socket,
    socketpair,
)
from mmap import mmap
from posix import close  # built in, which `os` is not
from resource import RLIMIT_NOFILE, getrlimit
from sys import byteorder

from ..transport import is_there, mark_of

OWN = 64  # descriptors that the supervisor keeps for itself
SIZE = 4  # bytes of a number, and of a descriptor


class Polls:
    """
    The connections of one place, made before its first process is forked.

    Args:
        count: how many there are, each with a number from 0.

    Attributes:
        copies: by number, the descriptors that are open here: the supervisor's, and then those of a new process.
        waits: by number, 1 where an event is awaited, and nothing of it has been taken; shared by all processes.
    """

    def __init__(self, count: int) -> None:
        self.waits = mmap(-1, count)
        self.inbox, self.outbox = socketpair(AF_UNIX, SOCK_SEQPACKET)
        self.mark = mark_of(self.outbox)
        self.copies: dict[int, int] = {}

    def give(self, number: int, connection: socket) -> None:
        """Give the supervisor a copy of a new *connection*. If that fails, the connection ends with its process."""
        self.waits[number] = 0
        if not is_there(self.outbox, self.mark):  # the function has closed it
            return
        try:
            descriptor = connection.fileno().to_bytes(SIZE, byteorder)
            self.outbox.sendmsg([number.to_bytes(SIZE, byteorder)], [(SOL_SOCKET, SCM_RIGHTS, descriptor)])
        except OSError:
            pass

    def take(self) -> None:
        """Take the copies that have been given."""
        while True:
            try:
                data, found, _, _ = self.inbox.recvmsg(SIZE, CMSG_SPACE(SIZE), MSG_DONTWAIT)
            except OSError:
                return
            self.drop(number := int.from_bytes(data, byteorder))
            for _, _, given in found:  # one, unless the supervisor can have no more
                descriptor = int.from_bytes(given[:SIZE], byteorder)
                if descriptor < getrlimit(RLIMIT_NOFILE)[0] - OWN:
                    self.copies[number] = descriptor
                else:
                    close(descriptor)

    def drop(self, number: int) -> None:
        """Close the copy of a connection that is no more."""
        descriptor = self.copies.pop(number, None)
        if descriptor is not None:
            end(socket(fileno=descriptor))

    def settle(self) -> None:
        """Keep what waits, now that the process has ended."""
        self.take()
        for number in [number for number in self.copies if not self.waits[number]]:
            self.drop(number)

    def let_go(self, *, is_own: bool) -> None:
        """Close, in a new process, what is the supervisor's; it keeps what *is its own*."""
        self.inbox.close()
        if not is_own:
            self.outbox.close()
            for descriptor in self.copies.values():
                close(descriptor)


def end(connection: socket) -> None:
    """Close a *connection*, of which others may have copies."""
    try:
        connection.shutdown(SHUT_RDWR)
    except OSError:  # the peer has done so
        pass
    connection.close()
