"""
Make docs/reference/options.md out of the table of settings: `make docs` does, and `python docs/options.py`.

Owns: how the page looks. Refuses to know: any setting.
"""

# ruff: noqa: INP001 - a folder of pages is no package
from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reference" / "options.md"
sys.path.insert(0, str(ROOT / "runtime"))

from lambda_bootstrap import settings  # noqa: E402 - the path comes first

HEAD = (
    "# Options\n\n"
    "Every environment variable that the runtime reads. This page is made of `lambda_bootstrap/settings.py`: "
    "change it there, then `make docs`.\n\n"
    "`BOOTSTRAP_*` variables are yours to set. A value that cannot be ends the process at once, with exit status 1 "
    "and a line on stderr that says what the variable has to be. Lambda sets the others. "
    "`OTEL_*` variables are OpenTelemetry's own, and count if the function has brought its packages.\n\n"
    "| variable | values | unset | meaning |\n"
    "| --- | --- | --- | --- |\n"
)


def row(setting: settings.Setting) -> str:
    """Return a setting as a row of the page's table."""
    several = ", or both with a comma" if len(setting.choices) < 3 else ", or several with commas"  # noqa: PLR2004 - two are both
    choices = ", ".join(f"`{choice}`" for choice in setting.choices) + several * setting.is_list
    unset = f"`{setting.default}`" if setting.default else setting.unset
    return f"| `{setting.name}` | {choices or setting.values} | {unset} | {setting.meaning} |\n"


def page() -> str:
    """Return the whole page."""
    return HEAD + "".join(map(row, settings.TABLE))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
