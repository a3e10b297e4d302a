"""
The parameters of a callable that doesn't declare them in Python code, such as a partial or a builtin.

Owns: the standard library's `inspect`, which costs as much as the whole start-up, and `annotationlib`.
Refuses to know: which parameters a handler may have.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


def annotations_as_text(function: Any) -> Mapping[str, Any]:
    """Return annotations as text: one has a name that only a type checker imports, an error from 3.14 on (PEP 749)."""
    try:
        library = __import__("annotationlib")
        return library.get_annotations(function, format=library.Format.STRING)  # type: ignore[no-any-return] # no stub
    except Exception:
        return {}


def leave_to_partial(taken: Any, given: tuple[Any, ...], keywords: Mapping[str, Any]) -> None:
    """Take the arguments of a partial out of a `signature.Signature`; a `Placeholder` (Python 3.14) gives nothing."""
    every, required = taken.positional, taken.required
    left = [n for n in range(len(every)) if n >= len(given) or type(given[n]).__name__ == "_PlaceholderType"]
    end = next((n for n in left if every[n] in keywords), len(every))  # from here on by keyword only
    taken.positional = [every[n] for n in left if n < end]
    taken.required = sum(n < required for n in left if n < end)
    by_keyword = [every[n] for n in left if end < n < required]
    taken.keyword_only = [name for name in [*by_keyword, *taken.keyword_only] if name not in keywords]
    taken.variadic = taken.variadic and end == len(every)


def inspect_parameters(function: Any, bound: int) -> dict[str, Any]:
    """Return the arguments of `signature.Signature`; an event and a context if *function* hides its parameters."""
    from inspect import Parameter, iscoroutinefunction, signature

    try:
        parameters = [*signature(function, follow_wrapped=False).parameters.values()]
    except Exception:  # it has none that can be read
        names = ["event", "context"]
        return {"positional": names, "required": 2, "variadic": False, "keyword_only": [], "is_async": False}
    positional = [p for p in parameters if p.kind in {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}]
    return {
        "positional": [p.name for p in positional[bound:]],
        "required": sum(p.default is Parameter.empty for p in positional[bound:]),
        "variadic": any(p.kind is Parameter.VAR_POSITIONAL for p in parameters),
        "keyword_only": [
            p.name for p in parameters if p.kind is Parameter.KEYWORD_ONLY and p.default is Parameter.empty
        ],
        "annotations": {p.name: p.annotation for p in parameters if p.annotation is not Parameter.empty},
        "names": getattr(function, "__globals__", {}),
        "is_async": iscoroutinefunction(function),
    }


def constructor(owner: type, signature: Callable[..., Any], raw: Callable[[type, str], Any]) -> Any:
    """
    Return what making an instance of a class takes; None if its instances are made of nothing.

    *signature* and *raw* are `signature`'s.
    """
    found = None
    for place, attribute, base in (
        (type(owner), "__call__", type),
        (owner, "__init__", object),
        (owner, "__new__", object),
    ):
        if raw(place, attribute) is raw(base, attribute):
            continue
        found = signature(getattr(place, attribute), 1)
        if not found.variadic:
            break
    return found
