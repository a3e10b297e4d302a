"""
What a class with fields says of them.

Owns: names, keys, types and necessity of the fields of a dataclass, an attrs class, a `TypedDict` or a `NamedTuple`.
Refuses to know: how any of them is decoded.
"""

from __future__ import annotations

import sys
import typing

from ..errors import InitError

if typing.TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def is_required(hint: Any, *, default: bool) -> bool:
    """Whether a `TypedDict` needs this key: its own word counts, which the class has not seen if it was text."""
    own = {typing.Required: True, typing.NotRequired: False}
    return own.get(typing.get_origin(hint), default)


def dataclass_fields(kind: Any) -> list[tuple[str, str, str, bool]]:
    """Of each field its name, that of its argument or "", its key, and whether it is required."""
    from dataclasses import MISSING

    return [
        (
            field.name,
            field.name if field.init else "",
            field.metadata.get("alias", field.name),
            field.default is MISSING and field.default_factory is MISSING,
        )
        for field in kind.__dataclass_fields__.values()
        if field._field_type is not sys.modules["dataclasses"]._FIELD_CLASSVAR  # noqa: SLF001 - `fields` hides InitVar
    ]


def attrs_fields(kind: Any) -> list[tuple[str, str, str, bool]]:
    """The same of a class that attrs made."""
    nothing = sys.modules["attr"].NOTHING
    return [
        (
            field.name,
            field.alias if field.init else "",
            field.metadata.get("alias", field.name),
            field.default is nothing,
        )
        for field in kind.__attrs_attrs__
    ]


def hints_of(kind: Any, annotation: Any) -> dict[str, Any]:
    """
    The fields' types of a class, with the parameters that *annotation* gives it.

    Raises:
        InitError: one names what cannot be resolved.
    """
    hints = resolved(kind, {kind.__name__: kind}, f"{kind.__name__}: ")
    arguments = typing.get_args(annotation)
    if not arguments:
        return hints
    values = dict(zip(kind.__parameters__, arguments, strict=True))
    return {name: given(hint, values) for name, hint in hints.items()}


def resolved(annotated: Any, names: Mapping[str, Any], where: str) -> dict[str, Any]:
    """
    The annotations of something, with their names resolved.

    Args:
        annotated: what has `__annotations__`.
        names: that count beside those of its module.
        where: how the error begins.

    Raises:
        InitError: a name cannot be resolved.
    """
    try:
        return typing.get_type_hints(annotated, localns=dict(names), include_extras=True)
    except NameError as error:
        raise InitError(
            "Runtime.InvalidHandler",
            f"{where}the annotation names {error.name or error}, which is not there at run time: "
            "import it outside of `if TYPE_CHECKING`",
        ) from None
    except (SyntaxError, TypeError) as error:
        raise InitError("Runtime.InvalidHandler", f"{where}the annotation is no type: {error}") from None


def given(hint: Any, values: dict[Any, Any]) -> Any:
    """*hint* with values for its type variables."""
    if hint in values:
        return values[hint]
    open_ = getattr(hint, "__parameters__", ())
    return hint[tuple(values.get(variable, variable) for variable in open_)] if open_ else hint


def stripped(hint: Any) -> Any:
    """What an `InitVar` is of."""
    return hint.type if type(hint).__name__ == "InitVar" else hint
