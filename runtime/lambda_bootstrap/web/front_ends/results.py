"""
What front ends take for a response.

Owns: the three forms of headers, which bodies are base64, and what has no place in a response.
Refuses to know: which front end takes which form, where a response comes from.

A body that is UTF-8 is sent as it is, of whatever type, and only others are base64: front ends write the text as
UTF-8, so the client gets the same bytes, and a REST API without binary media types would hand base64 on as text.
"""

from __future__ import annotations

from binascii import b2a_base64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

# What holds for one connection alone (RFC 9110, 7.6.1).
HOP_BY_HOP = {
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "trailers"),
    *("transfer-encoding", "upgrade"),
}
TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")  # what a name is made of (RFC 9110, 5.6.2)
MOST_NAMES = 512  # of those that are remembered
known: set[str] = set()  # names that have been found to be in order
COOKIE = "set-cookie"
SPACE = " \t"  # around a value: Django puts some before its cookies, and HTTP/2 allows none


def is_bodiless(method: str, status: int) -> bool:
    """Return whether a response has no body, whatever the application says."""
    return method == "HEAD" or status in {204, 304} or status < 200  # noqa: PLR2004 - statuses are best read as numbers


def check(names: Iterable[str], values: tuple[str, ...]) -> None:
    """
    Refuse names of headers that are none, and values that would end a header before its end.

    Raises:
        ValueError: one is, or does.
    """
    if not known.issuperset(names):
        for name in names:
            if not name or not TOKEN.issuperset(name):
                raise ValueError(f"a header of the response has a name that no header has: {name!r}")
        if len(known) < MOST_NAMES:
            known.update(names)
    whole = "".join(values)
    if "\n" in whole or "\r" in whole or "\0" in whole:
        wrong = next(text for text in values if not {"\n", "\r", "\0"}.isdisjoint(text))
        raise ValueError(f"a header of the response has a line break or NUL: {wrong!r}")


def joined(headers: Iterable[tuple[str, str]]) -> tuple[dict[str, str], list[str]]:
    """
    Return headers by name in lower case, their values joined, and cookies apart: those cannot be joined.

    Raises:
        ValueError: a name or value is not one.
    """
    found: dict[str, str] = {}
    cookies: list[str] = []
    for name, value in headers:
        key = name.lower()
        if key == COOKIE:
            cookies.append(value.strip(SPACE))
        elif key in found:
            found[key] += f", {value.strip(SPACE)}"
        elif key not in HOP_BY_HOP:
            found[key] = value.strip(SPACE)
    check(found, (*found.values(), *cookies))
    return found, cookies


def with_lists(status: int, _phrase: str, headers: Iterable[tuple[str, str]], body: bytes) -> dict[str, Any]:
    """Return the result for a front end that takes several values of a header."""
    found: dict[str, list[str]] = {}
    for name, value in headers:
        key = name.lower()
        if key in found:
            found[key].append(value.strip(SPACE))
        elif key not in HOP_BY_HOP:
            found[key] = [value.strip(SPACE)]
    check(found, tuple(value for values in found.values() for value in values))
    text, is_base64 = written(body)
    return {"statusCode": status, "multiValueHeaders": found, "body": text, "isBase64Encoded": is_base64}


def with_cookies(status: int, _phrase: str, headers: Iterable[tuple[str, str]], body: bytes) -> dict[str, Any]:
    """Return the result for a front end that takes cookies apart."""
    found, cookies = joined(headers)
    text, is_base64 = written(body)
    result = {"statusCode": status, "headers": found, "body": text, "isBase64Encoded": is_base64}
    if cookies:
        result["cookies"] = cookies
    return result


def with_letters(status: int, _phrase: str, headers: Iterable[tuple[str, str]], body: bytes) -> dict[str, Any]:
    """Return the result for a front end that takes one value of a header, and names in any letters for any cookie."""
    found, cookies = joined(headers)
    for count, cookie in enumerate(cookies):
        found[spelled(COOKIE, count)] = cookie
    text, is_base64 = written(body)
    return {"statusCode": status, "headers": found, "body": text, "isBase64Encoded": is_base64}


def spelled(name: str, count: int) -> str:
    """Return *name* with those letters large that *count* has bits for: another spelling for each."""
    letters = []
    for letter in name:
        if letter.isalpha():
            count, is_large = divmod(count, 2)
            letters.append(letter.upper() if is_large else letter)
        else:
            letters.append(letter)
    return "".join(letters)


def written(body: bytes) -> tuple[str, bool]:
    """Return a body as text, and whether it is base64."""
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        return b2a_base64(body, newline=False).decode(), True
