"""
The parameters of a callable without Python code of its own, such as a partial or a builtin.

Owns: the standard library's `inspect`, which costs as much as the whole start-up.
Refuses to know: which parameters a handler may have.
"""

from __future__ import annotations

from inspect import Parameter, iscoroutinefunction, signature, unwrap
from typing import Any


def inspect_parameters(function: Any) -> dict[str, Any]:
    """Return the arguments of `signature.Signature`; an event and a context if *function* hides its parameters."""
    try:
        parameters = signature(function).parameters.values()
    except (TypeError, ValueError):
        names = ["event", "context"]
        return {"positional": names, "required": 2, "variadic": False, "keyword_only": [], "is_async": False}
    positional = [p for p in parameters if p.kind in {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}]
    return {
        "positional": [p.name for p in positional],
        "required": sum(p.default is Parameter.empty for p in positional),
        "variadic": any(p.kind is Parameter.VAR_POSITIONAL for p in parameters),
        "keyword_only": [
            p.name for p in parameters if p.kind is Parameter.KEYWORD_ONLY and p.default is Parameter.empty
        ],
        "annotations": {p.name: p.annotation for p in parameters if p.annotation is not Parameter.empty},
        "names": _names(function),
        "is_async": iscoroutinefunction(function),
    }


def _names(function: Any) -> Any:
    """Return the globals of the module that *function* was written in."""
    while hasattr(function, "func"):
        function = function.func
    return getattr(unwrap(getattr(function, "__func__", function)), "__globals__", {})
