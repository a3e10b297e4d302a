"""
JSON by a library that the function brings: orjson or msgspec.

Owns: that events, results and errors are the same as with `codec`, however the library sees it.
Refuses to know: who has chosen.

A library that refuses something, or would change it, is not asked again: `codec` does the whole of it. Its words for an
error are those that are told.
"""

from __future__ import annotations

from .. import codec
from ..codec import Options
from ..errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

CODECS = ("json", "orjson", "msgspec")
WORDS = ("strict", "use_decimal")


def chosen(environ: Mapping[str, str], codec: str, words: tuple[str, ...]) -> Options:
    """As `options`, of what `start` was given, and for the rest of the environment."""
    every = [*words, *filter(None, environ.get("BOOTSTRAP_EVENTS", "").split(","))]
    return options(codec or environ.get("BOOTSTRAP_CODEC") or "json", every)


def options(name: str, words: list[str]) -> Options:
    """
    How to read and write.

    Args:
        name: of the codec.
        words: `strict`, `use_decimal`, or both.

    Raises:
        ConfigError: there is no such codec or word, or the function has not brought the codec's library.
    """
    for word in words:
        if word not in WORDS:
            raise ConfigError(f"BOOTSTRAP_EVENTS is {','.join(words)!r}: it has to be strict, use_decimal or both")
    if name not in CODECS:
        raise ConfigError(f"BOOTSTRAP_CODEC is {name!r}: it has to be json, orjson or msgspec")
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
            is_right = b"null" not in body or bool(orjson.loads(body) == result)
        except Exception:
            is_right = False
        return body if is_right else codec.encode(result)

    def decode(payload: bytes) -> Any:
        return codec.decode(payload) if long in payload.translate(digits) else loads(payload)

    loads = _with_errors(orjson.loads)
    return Options(decode, encode)


def _msgspec() -> Options:
    """It cannot be kept from writing times and `bytes` in a way of its own: its work is held against the result."""
    import msgspec

    dumps, loads, plain = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode, msgspec.to_builtins

    def encode(result: Any) -> bytes:
        try:
            body: bytes = dumps(result)
            # `codec`, too, has a Struct taken apart by msgspec.
            whole = plain(result) if hasattr(type(result), "__struct_fields__") else result
            is_right = bool(loads(body) == whole)
        except Exception:
            is_right = False
        return body if is_right else codec.encode(result)

    return Options(_with_errors(loads), encode)


def _with_errors(loads: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """As `codec.decode`, with *loads* for all that it takes."""

    def decode(payload: bytes) -> Any:
        try:
            return loads(payload)
        except Exception:
            return codec.decode(payload)

    return decode
