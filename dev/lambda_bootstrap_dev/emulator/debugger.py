"""
debugpy, under which a function can be run.

Owns: how it is started, and whether somebody is attached.
Refuses to know: what a debugger does.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError

# Time for somebody to attach, which is not the function's; nobody needs longer than a day.
DAY = 86_400.0
TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
ESTABLISHED = "01"
ASK_SECONDS = 20.0


@dataclass(frozen=True)
class Debugger:
    """The debugger that listens at a *port* of this machine."""

    port: int

    def command(self, program: str) -> list[str]:
        """The beginning of a command that runs a script in a Python under debugpy, once somebody is attached."""
        listen = f"127.0.0.1:{self.port}"
        return [program, "-Xfrozen_modules=off", "-m", "debugpy", "--listen", listen, "--wait-for-client"]

    def check(self, program: str) -> None:
        """
        Check that the function's Python has debugpy.

        Raises:
            UsageError: it hasn't.
        """
        asked = [program, "-c", "import debugpy"]
        done = subprocess.run(asked, capture_output=True, stdin=subprocess.DEVNULL, timeout=ASK_SECONDS, check=False)  # noqa: S603 - the user's Python
        if done.returncode:
            raise UsageError(f"--debug needs debugpy in the function's Python: {program} -m pip install debugpy")

    def is_attached(self) -> bool:
        """Whether a debugger is attached; where the system doesn't say so, always."""
        tables = [Path(table) for table in TABLES if Path(table).exists()]
        return not tables or any(self._is_in(table) for table in tables)

    def _is_in(self, table: Path) -> bool:
        ours = f":{self.port:04X}"
        rows = [line.split() for line in table.read_text(encoding="ascii").splitlines()[1:]]
        return any(row[1].endswith(ours) and row[3] == ESTABLISHED for row in rows)
