"""
What all verbs share: how they end.

Owns: exit statuses that no verb decides: 2 after a mistake on the command line, 1 if there is no package, 128 and the
signal's number where a shell would say so of a program that a signal ended.
Refuses to know: what a verb does.
"""

from __future__ import annotations

import errno
import os
import signal
import tempfile
from typing import TYPE_CHECKING, Any

import click

from ..emulator.session import SignalledError
from ..errors import UsageError
from . import output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def positive(_context: click.Context, _parameter: click.Parameter, seconds: float | None) -> float | None:
    """Refuse what isn't a time, if there is one; click calls this."""
    if seconds is not None and not 0 < seconds < float("inf"):
        raise click.BadParameter(f"{seconds} isn't a number of seconds above zero")
    return seconds


def given(**options: Any) -> dict[str, Any]:
    """The options that somebody has set."""
    return {name: value for name, value in options.items() if value is not None}


def request(
    _context: click.Context, _parameter: click.Parameter, http: tuple[str, str] | None
) -> tuple[str, str] | None:
    """Refuse what isn't the path of a request; click calls this."""
    if http and not http[1].startswith("/"):
        raise click.BadParameter(f"{http[1]!r} isn't a path: it begins with /, as in GET /items?q=a")
    return http


def complete(names: Callable[[], Iterable[str]]) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Make what a shell asks for the ends of a word: those of *names* that begin with it."""
    return lambda _context, _parameter, begun: [name for name in names() if name.startswith(begun)]


# The options that say what the function is like.
timeout = click.option(
    "--timeout",
    metavar="SECONDS",
    type=float,
    callback=positive,
    help="A function's time for an event; default: the project's, else 3, as Lambda.",
)
memory = click.option(
    "--memory",
    metavar="MB",
    type=click.IntRange(min=1),
    help="Its memory; default: the project's, else 128, as Lambda; not enforced.",
)
region = click.option(
    "--region",
    metavar="REGION",
    envvar=["AWS_REGION", "AWS_DEFAULT_REGION"],
    default="us-east-1",
    help="Its region; default: AWS_REGION, else AWS_DEFAULT_REGION, else us-east-1.",
)
env = click.option("--env", metavar="NAME=VALUE", multiple=True, help="A variable of the function's; may be repeated.")
env_file = click.option(
    "--env-file", metavar="FILE", multiple=True, help="A file with lines NAME=VALUE; may be repeated."
)
python = click.option(
    "--python",
    metavar="PROGRAM",
    help="The function's Python; default: the active virtual environment's, else python3 on the PATH.",
)
http = click.option(
    "--http",
    metavar="METHOD PATH",
    nargs=2,
    callback=request,
    help="Send a request of a Function URL, with what --event says as its body; print the response as curl does.",
)
as_json = click.option("--json", "is_json", is_flag=True, help="Print for machines: JSON, without colours.")


class Verb(click.Command):
    """A verb, whose function returns the exit status."""

    def invoke(self, ctx: click.Context) -> int:
        """Run the verb and return the exit status; click calls this."""
        try:
            return int(super().invoke(ctx))
        except UsageError as error:
            output.complain(f"{ctx.command_path}: {error}")
            return error.status
        except BrokenPipeError:
            output.abandon()
            return 128 + signal.SIGPIPE
        except OSError as error:
            return refusal(ctx, error)
        except SignalledError as error:
            return 128 + error.number
        except KeyboardInterrupt:
            return 128 + signal.SIGINT


def refusal(ctx: click.Context, error: OSError) -> int:
    """
    Say what the system refuses; return the exit status.

    Raises:
        OSError: it is nothing that people can mend.
    """
    if isinstance(error, PermissionError):
        output.complain(f"{ctx.command_path}: you have no permission for {error.filename}")
        return 2
    # A copy of a folder keeps of each file's error its text.
    if any(code == error.errno or os.strerror(code) in str(error) for code in (errno.ENOSPC, errno.EDQUOT)):
        where = error.filename or f"{tempfile.gettempdir()}, or another folder that TMPDIR names"
        output.complain(f"{ctx.command_path}: there is no room left in {where}")
        return 1
    raise error
