"""
JSON by a library that the function brings: orjson or msgspec.

Guarantees the same events, results and errors as `codec`, whatever the library would do.
Owns: which options of the library make that so, and what it can't be left to do.
Refuses to know: who chose the library.

What a library refuses, or would change, `codec` does in its place; an error has `codec`'s words.
"""

from __future__ import annotations

from gc import get_referents
from marshal import dumps as marshal
from math import isfinite

from .. import codec, settings
from ..codec import Options
from ..errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

ENDS = bytes(0x7F) + b"s" + bytes(0x70) + b"h" * 15 + b"f"  # by byte: 7F, F0 to FE, FF, or another
NONE = type(None)
CONTAINERS = {dict, list, tuple}
JSON_TYPES = {bool, float, int, str, NONE} | CONTAINERS


def options(name: str, words: list[str]) -> Options:
    """
    Return how to read and write.

    Args:
        name: of the codec.
        words: `strict`, `use_decimal`, or both.

    Raises:
        ConfigError: there is no such codec or word, or the function has not brought the codec's library.
    """
    settings.EVENTS.check(",".join(words))
    settings.CODEC.check(name)
    try:
        made = {"json": Options, "orjson": _orjson, "msgspec": _msgspec}[name]()
    except ImportError as error:
        raise ConfigError(f"BOOTSTRAP_CODEC is {name}, which cannot be imported: {error}") from error
    made.strict = "strict" in words
    if "use_decimal" in words:
        made.use_decimal, made.decode = True, codec.exactly()
    return made


def _orjson() -> Options:
    import orjson

    # It has a form of its own for these; `codec` converts them, or does all of it.
    options = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS
    # orjson makes a float of an integer beyond 64 bits. A false alarm costs no more than the time.
    digits, long = bytes.maketrans(b"123456789", b"000000000"), b"0" * 19

    def encode(result: Any) -> bytes:
        try:
            body: bytes = orjson.dumps(result, codec.convert, options)
            # NaN has left as null, and is refused by `codec`.
            is_right = b"null" not in body or _is_ordinary(result, body) or bool(orjson.loads(body) == result)
        except Exception:
            is_right = False
        return body if is_right else codec.encode(result)

    def decode(payload: bytes) -> Any:
        return codec.decode(payload) if long in payload.translate(digits) else loads(payload)

    loads = _with_errors(orjson.loads)
    return Options(decode, encode)


def _msgspec() -> Options:
    """
    Return msgspec's way.

    It can't be kept from writing times and `bytes` its own way: what is not JSON's own types all through is read back.
    """
    import msgspec

    dumps, loads, plain = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode, msgspec.to_builtins

    def encode(result: Any) -> bytes:
        try:
            body: bytes = dumps(result)
            is_right = _is_plain(result, body)
            if not is_right:
                # `codec`, too, has a Struct taken apart by msgspec.
                whole = plain(result) if hasattr(type(result), "__struct_fields__") else result
                is_right = bool(loads(body) == whole)
        except Exception:
            is_right = False
        return body if is_right else codec.encode(result)

    return Options(_with_errors(loads), encode)


def _is_ordinary(value: Any, body: bytes) -> bool:
    """
    Return whether *value* is of JSON's own types, and of no subclass of one, without NaN; or of sets and `bytes`.

    Marshal refuses all else; this takes half the time of `_is_plain`.
    """
    try:
        data = marshal(value, 4)
    except ValueError:
        return False
    if not (b"\x7f" in data or b"\xff" in data):
        return True
    # NaN and the infinities end with F0 to FF, then 7F or FF.
    found = data.translate(ENDS)
    return not any(end in found for end in (b"hs", b"hf", b"fs", b"ff")) or _is_plain(value, body)


def _is_plain(value: Any, body: bytes) -> bool:
    """
    Return whether *value* is of JSON's own types all through, and of no subclass of one, and *body* is its text.

    Then nothing in it has two forms: there is no NaN, no infinity, and every key is text. The libraries write null for
    what is no number: if there are as many in *body* as there is None in *value*, no float need be looked at.
    """
    stack, nulls, with_floats, most = [[value]], 0, [], codec.MANY
    while stack:
        some = stack.pop()
        kinds = set(map(type, some))
        if not JSON_TYPES.issuperset(kinds):
            return False
        if NONE in kinds:
            nulls += len([each for each in some if each is None])
        if float in kinds:
            with_floats.append(some)
        if CONTAINERS.isdisjoint(kinds):
            continue
        parts = get_referents(*some)
        if dict in kinds:
            dicts = some if len(kinds) == 1 else [each for each in some if type(each) is dict]
            values = parts if dicts is some else get_referents(*dicts)
            if len(values) > sum(map(len, dicts)):  # the keys as well, if one is no text
                return False
        stack += [parts] if len(parts) < most else [parts[at : at + most] for at in range(0, len(parts), most)]
    return nulls == body.count(b"null") or all(
        isfinite(each) for some in with_floats for each in some if type(each) is float
    )


def _with_errors(loads: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """As `codec.decode`, with *loads* for all that it takes."""

    def decode(payload: bytes) -> Any:
        try:
            return loads(payload)
        except Exception:
            return codec.decode(payload)

    return decode
