"""
What the doctor says.

Owns: the three levels, and the form of the whole report.
Refuses to know: what is looked at.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any

# A package that takes longer to import is worth a sentence; it delays every new environment.
SLOW_MS = 100.0


class Level(enum.Enum):
    """How bad something is."""

    ERROR = "error"  # it fails on Lambda
    WARNING = "warning"  # it is slow, or surprises
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """Something that somebody should know: what it is about, what it is, and what to do."""

    level: Level
    about: str
    text: str


@dataclass(frozen=True)
class Import:
    """A package that the function imports, and the milliseconds that its own modules take."""

    package: str
    ms: float
    modules: int


@dataclass(frozen=True)
class Size:
    """A part of the function, in bytes."""

    part: str
    size: int


@dataclass
class Report:
    """All that was found."""

    python: str
    handler: str
    findings: list[Finding] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    sizes: list[Size] = field(default_factory=list)

    def add(self, level: Level, about: str, text: str) -> None:
        """Note a finding."""
        self.findings.append(Finding(level, about, text))

    @property
    def import_ms(self) -> float:
        """How long the function's import takes."""
        return sum(each.ms for each in self.imports)

    @property
    def fails(self) -> bool:
        """Whether something fails on Lambda."""
        return any(finding.level is Level.ERROR for finding in self.findings)

    def for_machines(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        return {
            "python": self.python,
            "handler": self.handler,
            "findings": [{"level": each.level.value, "about": each.about, "text": each.text} for each in self.findings],
            "import_ms": round(self.import_ms, 1),
            "imports": [
                {"package": each.package, "ms": round(each.ms, 1), "modules": each.modules} for each in self.imports
            ],
            "sizes": [{"part": each.part, "bytes": each.size} for each in self.sizes],
        }
