"""Events of every front end as requests: each row of what the services send, and of what an application sees."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lambda_bootstrap.errors import FunctionError
from lambda_bootstrap.web import front_ends

from tests.support import front_ends as fe
from tests.support.applications import Echo, Served, WsgiEcho
from tests.support.front_ends import ALL, CLIENT, FrontEnd, Sent, parsed
from tests.support.public import FOLDER, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambda_bootstrap.web.front_ends.request import Request

every = pytest.mark.parametrize("front_end", ALL, ids=str)


def scope(front_end: FrontEnd, sent: Sent, **environ: str) -> dict[str, Any]:
    """What an ASGI application is told."""
    echo = Echo()
    Served(echo, environ).ask(front_end, sent)
    return echo.scope


def environ_of(front_end: FrontEnd, sent: Sent, **environ: str) -> dict[str, Any]:
    """What a WSGI application is told."""
    echo = WsgiEcho()
    Served(echo, environ).ask(front_end, sent)
    return echo.environ


def event_scope(event: dict[str, Any], **environ: str) -> dict[str, Any]:
    """What an ASGI application is told of an event."""
    echo = Echo()
    Served(echo, environ).call(event)
    return echo.scope


def request(event: Any) -> Request:
    """The request in an event, which has one."""
    found = front_ends.read(event, None)
    assert found is not None
    return found


class TestKnowIt:
    """Row "know it by": which front end an event is from."""

    @every
    def test_each(self, front_end: FrontEnd) -> None:
        """Every front end's event is a request."""
        assert scope(front_end, Sent("PUT", "/a"))["method"] == "PUT"

    @pytest.mark.parametrize(
        "event",
        [
            *(None, [], "text", {}, {"requestContext": None}, {"requestContext": {}}),
            {"Records": [{"eventSource": "aws:sqs"}]},
            {"requestContext": {"connectionId": "c", "eventType": "MESSAGE", "routeKey": "$default"}, "body": "hi"},
            {"type": "REQUEST", "methodArn": "arn", "httpMethod": "GET", "path": "/", "requestContext": {}},
            {"version": "2.0", "routeArn": "arn", "rawPath": "/", "requestContext": {"http": {"method": "GET"}}},
        ],
        ids=json.dumps,
    )
    def test_none(self, event: object) -> None:
        """Events of other services, WebSocket messages and what an authorizer gets are no requests."""
        assert front_ends.read(event, None) is None

    @pytest.mark.parametrize(
        ("name", "method", "path"),
        [
            ("rust-http/alb_health_check", "GET", "/"),
            ("rust-http/alb_request", "GET", "/"),
            ("rust-http/alb_multi_value_request", "GET", "/"),
            ("rust-http/apigw_proxy_request", "GET", "/hello"),
            ("rust-http/apigw_multi_value_proxy_request", "POST", "/hello/world"),
            ("rust-http/apigw_v2_proxy_request", "POST", "/my/path"),
            ("rust-http/apigw_v2_sam_local", "GET", "/hello"),
            ("rust-http/lambda_function_url_request", "GET", "/my/path"),
            ("powertools/vpcLatticeEvent", "GET", "/testpath"),
            ("powertools/vpcLatticeV2Event", "GET", "/newpath"),
            ("powertools/albMultiValueHeadersEvent", "GET", "/todos"),
            ("go/lambda-urls-request", "POST", "/my/path"),
        ],
    )
    def test_public(self, name: str, method: str, path: str) -> None:
        """The sample events that other projects publish are requests."""
        found = request(json.loads(read(name)))

        assert (found.method, found.path) == (method, path)

    def test_all_public(self) -> None:
        """No sample event of any project makes reading fail, and the requests among them are the front ends'."""
        read("sam/sqs-receive-message")
        found = []
        for path in sorted(FOLDER.rglob("*.json")):
            with contextlib.suppress(json.JSONDecodeError, FunctionError):  # edited by hand
                if front_ends.read(json.loads(path.read_text()), None):
                    found.append(path.stem.lower())

        assert len(found) > 40
        words = ("api", "alb", "lattice", "url", "bedrock")
        assert [name for name in found if not any(word in name for word in words)] == []

    @pytest.mark.parametrize(
        "event",
        [
            {"httpMethod": None, "requestContext": {}},
            {"requestContext": {"elb": {}}},
            {"requestContext": {"http": {}}},
            {"requestContext": {"serviceArn": "s"}},
            {"raw_path": None, "method": None},
        ],
        ids=json.dumps,
    )
    def test_bare(self, event: dict[str, Any]) -> None:
        """An event with nothing in it but what it is known by is a GET of /."""
        found = event_scope(event)

        assert (found["method"], found["path"], found["query_string"], found["headers"]) == ("GET", "/", b"", [])


class TestOdd:
    """Events that no front end sends, as people write them by hand."""

    @every
    @pytest.mark.parametrize("kind", [Echo, WsgiEcho])
    def test_anything(self, front_end: FrontEnd, kind: type[Echo | WsgiEcho]) -> None:
        """A value of any other type, anywhere, is an error of the event that says so, or no harm, and never a 500."""
        served = Served(kind())
        refused = 0
        for odd in ODD:
            event = front_end.event(Sent("POST", "/a", "a=1", [("Host", "h"), ("X-Forwarded-Port", "1")], b"abc"))
            for place, name in [*places(event)]:
                before, place[name] = place[name], odd
                refused += is_refused(served, event)
                place[name] = before

        assert refused > 20
        assert served.log.errors == []

    def test_named(self) -> None:
        """The error names what is no text."""
        event = fe.URL.event(Sent(headers=[("Host", "h")]))
        event["headers"]["host"] = {"a": 1}

        with pytest.raises(FunctionError, match=r"no request can be made of it: its header host is \{'a': 1\}"):
            front_ends.read(event, None)


def is_refused(served: Served, event: Any) -> bool:
    """Whether an event is an error, and not the application's."""
    try:
        served.call(event)
    except FunctionError as error:
        return error.error_type == "Runtime.UnmarshalError"
    return False


ODD: list[Any] = [None, 1, True, 1.5, [], [None], [1], {}, {"a": None}, {"a": 1}, {"a": ["b"]}, {"a": [1]}]


def places(event: Any) -> Iterator[tuple[Any, str]]:
    """Every object in an event, and every name in it."""
    for name in [*event]:
        yield event, name
        if isinstance(event[name], dict):
            yield from places(event[name])


class TestPath:
    """Rows "path", "raw_path" and PATH_INFO."""

    @every
    def test_decoded_once(self, front_end: FrontEnd) -> None:
        """The path is decoded once, as UTF-8, and `raw_path` is as the client sent it; both have the mount point."""
        found = scope(front_end, Sent(path="/a%20b/%C3%A9/100%25"))

        assert found["path"] == f"{front_end.stage}/a b/é/100%"
        assert found["raw_path"] == f"{front_end.stage}/a%20b/%C3%A9/100%25".encode()

    @every
    def test_encoded_twice(self, front_end: FrontEnd) -> None:
        """A path that was encoded twice stays encoded once."""
        assert scope(front_end, Sent(path="/%2520"))["path"] == f"{front_end.stage}/%20"

    @every
    def test_path_info(self, front_end: FrontEnd) -> None:
        """PATH_INFO is the path below the mount point, its UTF-8 as characters of latin-1 (PEP 3333)."""
        found = environ_of(front_end, Sent(path="/%C3%A9 b".replace(" ", "%20")))

        assert (found["SCRIPT_NAME"], found["PATH_INFO"]) == (front_end.stage, "/Ã© b")

    @pytest.mark.parametrize("front_end", [fe.REST, fe.URL, fe.ALB, fe.ALB_MULTI, fe.LATTICE_1, fe.LATTICE_2], ids=str)
    def test_no_utf_8(self, front_end: FrontEnd) -> None:
        """Bytes of a path that are no UTF-8 are replaced in ASGI's path, and themselves everywhere else."""
        found = scope(front_end, Sent(path="/%E9"))

        assert (found["path"], found["raw_path"]) == ("/\ufffd", b"/%E9")
        assert environ_of(front_end, Sent(path="/%E9"))["PATH_INFO"] == "/é"

    @pytest.mark.parametrize("front_end", [fe.HTTP_1, fe.HTTP_2], ids=str)
    def test_verbatim(self, front_end: FrontEnd) -> None:
        """An HTTP API's path, which it has decoded, is not decoded again: a percent sign is one."""
        event = front_end.event(Sent())
        event["rawPath" if "rawPath" in event else "path"] = "/50%25"
        found = event_scope(event)

        assert (found["path"], found["raw_path"]) == ("/50%25", b"/50%2525")

    @every
    def test_empty(self, front_end: FrontEnd) -> None:
        """An empty path is /."""
        found = scope(front_end, Sent(path=""))

        assert found["path"] == f"{front_end.stage}/"
        assert environ_of(front_end, Sent(path=""))["PATH_INFO"] == "/"


class TestStage:
    """Rows "stage" and `root_path`."""

    @every
    def test_root_path(self, front_end: FrontEnd) -> None:
        """Where clients have to name the stage, it is the mount point, and part of the path."""
        found = scope(front_end, Sent(path="/hello"))

        assert (found["root_path"], found["path"]) == (front_end.stage, f"{front_end.stage}/hello")

    @every
    def test_off(self, front_end: FrontEnd) -> None:
        """An empty BOOTSTRAP_HTTP_ROOT_PATH turns the mount point off: the application doesn't see the stage."""
        found = scope(front_end, Sent(path="/hello"), BOOTSTRAP_HTTP_ROOT_PATH="")

        assert (found["root_path"], found["path"], found["raw_path"]) == ("", "/hello", b"/hello")

    @every
    @pytest.mark.parametrize("path", ["/hello", "/api/hello"])
    def test_explicit(self, front_end: FrontEnd, path: str) -> None:
        """BOOTSTRAP_HTTP_ROOT_PATH=/api mounts the application there, whether or not clients' paths begin so."""
        found = scope(front_end, Sent(path=path), BOOTSTRAP_HTTP_ROOT_PATH="/api/")
        told = environ_of(front_end, Sent(path=path), BOOTSTRAP_HTTP_ROOT_PATH="/api/")

        assert (found["root_path"], found["path"], found["raw_path"]) == ("/api", "/api/hello", b"/api/hello")
        assert (told["SCRIPT_NAME"], told["PATH_INFO"]) == ("/api", "/hello")

    @every
    def test_explicit_segments(self, front_end: FrontEnd) -> None:
        """A path that begins with the letters of the mount point, and not its segments, is below it."""
        found = scope(front_end, Sent(path="/apis"), BOOTSTRAP_HTTP_ROOT_PATH="/api")

        assert found["path"] == "/api/apis"

    @pytest.mark.parametrize("front_end", [fe.HTTP_1_STAGE, fe.HTTP_2_STAGE], ids=str)
    def test_no_segment(self, front_end: FrontEnd) -> None:
        """A path that begins with the letters of the stage, and not its segment, is below no stage."""
        event = front_end.event(Sent())
        event["rawPath" if "rawPath" in event else "path"] = "/production"
        found = event_scope(event)

        assert (found["root_path"], found["path"]) == ("", "/production")

    def test_custom_domain(self) -> None:
        """A REST API's custom domain has no stage in its paths, so that there is no mount point."""
        event = fe.REST_STAGE.event(Sent(path="/base/hello"))
        event["requestContext"]["path"] = "/base/hello"
        found = event_scope(event)

        assert (found["root_path"], found["path"]) == ("", "/base/hello")


class TestQuery:
    """Row "query"."""

    @every
    def test_same(self, front_end: FrontEnd) -> None:
        """Names and values mean the same, a plus sign, an encoded separator and an empty value included."""
        sent = Sent(query="a=x+y&b=%2B%26%3D&c=&d=%C3%A9")

        assert parsed(scope(front_end, sent)["query_string"].decode()) == {
            "a": ["x y"],
            "b": ["+&="],
            "c": [""],
            "d": ["é"],
        }

    @pytest.mark.parametrize("front_end", [each for each in ALL if each.lists], ids=str)
    def test_repeated(self, front_end: FrontEnd) -> None:
        """Several values of a name arrive in their order."""
        assert parsed(scope(front_end, Sent(query="a=1&b=2&a=3"))["query_string"].decode())["a"] == ["1", "3"]

    @pytest.mark.parametrize(
        "front_end", [fe.HTTP_2, fe.HTTP_2_STAGE, fe.URL, fe.LATTICE_1, fe.LATTICE_2, fe.ALB, fe.ALB_MULTI], ids=str
    )
    def test_verbatim(self, front_end: FrontEnd) -> None:
        """Where the front end leaves the query alone, each byte of it stays, bytes that are no UTF-8 too."""
        sent = Sent(query="b=%E9&a=%26+~")

        assert scope(front_end, sent)["query_string"] == b"b=%E9&a=%26+~"
        assert environ_of(front_end, sent)["QUERY_STRING"] == "b=%E9&a=%26+~"

    @pytest.mark.parametrize(
        ("name", "query"),
        [
            ("powertools/vpcLatticeEvent", "order-id=1"),
            ("powertools/vpcLatticeV2EventWithHeaders", "parameter1=value1&parameter1=value2&parameter2=value"),
            ("rust-http/alb_request_encoded_query_parameters", "myKey=%3FshowAll%3Dtrue"),
        ],
    )
    def test_maps(self, name: str, query: str) -> None:
        """A query that is a map alone, as in the samples that Powertools publishes, is joined untouched."""
        assert request(json.loads(read(name))).query == query

    def test_console(self) -> None:
        """The console's test of a REST API has null for headers and query, or single values only."""
        event = fe.REST.event(Sent(query="a=b"))
        event["multiValueQueryStringParameters"] = None

        assert event_scope(event)["query_string"] == b"a=b"


class TestHeaders:
    """Rows "headers" and "cookies"."""

    @every
    def test_bytes(self, front_end: FrontEnd) -> None:
        """Names are in lower case; values are latin-1."""
        headers = dict(scope(front_end, Sent(headers=[("X-Name", "é")]))["headers"])

        assert headers[b"x-name"] == b"\xe9"

    @every
    def test_beyond_latin_1(self, front_end: FrontEnd) -> None:
        """A value that latin-1 has no bytes for is UTF-8."""
        sent = Sent(headers=[("X-Name", "→")])

        assert dict(scope(front_end, sent)["headers"])[b"x-name"] == "→".encode()
        assert environ_of(front_end, sent)["HTTP_X_NAME"].encode("latin-1") == "→".encode()

    @pytest.mark.parametrize("front_end", [fe.REST, fe.HTTP_1, fe.ALB_MULTI, fe.LATTICE_2], ids=str)
    def test_one_pair_each(self, front_end: FrontEnd) -> None:
        """Where values come in lists, ASGI gets one pair for each."""
        headers = scope(front_end, Sent(headers=[("Accept", "a"), ("Accept", "b")]))["headers"]

        assert [value for name, value in headers if name == b"accept"] == [b"a", b"b"]

    @pytest.mark.parametrize("front_end", [each for each in ALL if each is not fe.ALB], ids=str)
    def test_joined(self, front_end: FrontEnd) -> None:
        """WSGI gets several values joined by a comma."""
        sent = Sent(headers=[("Accept", "a"), ("Accept", "b")])

        assert environ_of(front_end, sent)["HTTP_ACCEPT"] == "a,b"

    @every
    def test_cookie(self, front_end: FrontEnd) -> None:
        """Cookies are one header, joined as browsers do."""
        sent = Sent(headers=[("Cookie", "a=1; b=2")])
        headers = scope(front_end, sent)["headers"]

        assert [value for name, value in headers if name == b"cookie"] == [b"a=1; b=2"]
        assert environ_of(front_end, sent)["HTTP_COOKIE"] == "a=1; b=2"

    @pytest.mark.parametrize("front_end", [fe.REST, fe.HTTP_1, fe.ALB_MULTI, fe.HTTP_2, fe.URL], ids=str)
    def test_cookie_headers(self, front_end: FrontEnd) -> None:
        """Several Cookie headers, which HTTP/2 allows, become one."""
        sent = Sent(headers=[("cookie", "a=1"), ("cookie", "b=2")])
        headers = scope(front_end, sent)["headers"]

        assert [value for name, value in headers if name == b"cookie"] == [b"a=1; b=2"]

    @every
    def test_underscore(self, front_end: FrontEnd) -> None:
        """A name with an underscore is dropped: as a WSGI variable it would pass for one with a dash."""
        sent = Sent(headers=[("X_Forwarded_User", "root"), ("X-Other", "1")])

        assert b"x_forwarded_user" not in dict(scope(front_end, sent)["headers"])
        assert "HTTP_X_FORWARDED_USER" not in environ_of(front_end, sent)

    @every
    def test_content(self, front_end: FrontEnd) -> None:
        """CONTENT_TYPE and CONTENT_LENGTH have no HTTP_; the length is the decoded body's, whatever the header says."""
        sent = Sent("POST", headers=[("Content-Type", "text/plain"), ("Content-Length", "9")], body=b"\xff\xfe")
        found = environ_of(front_end, sent)

        assert (found["CONTENT_TYPE"], found["CONTENT_LENGTH"]) == ("text/plain", "2")
        assert not {"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"} & found.keys()
        assert dict(scope(front_end, sent)["headers"])[b"content-length"] == b"2"

    @every
    def test_no_content(self, front_end: FrontEnd) -> None:
        """A request without a body has no length, unless its client says 0."""
        assert "CONTENT_LENGTH" not in environ_of(front_end, Sent())
        assert environ_of(front_end, Sent(headers=[("Content-Length", "0")]))["CONTENT_LENGTH"] == "0"


class TestAddresses:
    """Rows "scheme", "server" and "client"."""

    @every
    def test_client(self, front_end: FrontEnd) -> None:
        """The client is who the front end says, never what a client has put into X-Forwarded-For."""
        sent = Sent(headers=[("X-Forwarded-For", "6.6.6.6")])

        assert scope(front_end, sent)["client"] == (CLIENT, 0)
        assert environ_of(front_end, sent)["REMOTE_ADDR"] == CLIENT

    @pytest.mark.parametrize(
        ("value", "client"),
        [("1.2.3.4, 5.6.7.8:999", "5.6.7.8"), ("[2001:db8::1]:8080", "2001:db8::1"), ("2001:db8::1", "2001:db8::1")],
    )
    def test_client_port(self, value: str, client: str) -> None:
        """A load balancer that is set so adds the client's port, which is left out."""
        event = fe.ALB.event(Sent())
        event["headers"] = {"x-forwarded-for": value}

        assert event_scope(event)["client"] == (client, 0)

    def test_health_check(self) -> None:
        """A load balancer's health check has neither Host nor X-Forwarded-For."""
        event = json.loads(read("rust-http/alb_health_check"))
        echo = WsgiEcho()
        Served(echo).call(event)

        assert event_scope(event)["client"] is None
        assert (echo.environ["REMOTE_ADDR"], echo.environ["SERVER_NAME"]) == ("", "localhost")

    @every
    @pytest.mark.parametrize(
        ("headers", "server", "name"),
        [
            ([("Host", "example.org")], ("example.org", 443), "example.org"),
            ([("Host", "example.org:8443")], ("example.org", 8443), "example.org"),
            ([("Host", "example.org"), ("X-Forwarded-Port", "99")], ("example.org", 99), "example.org"),
            ([("Host", "example.org"), ("X-Forwarded-Proto", "http")], ("example.org", 80), "example.org"),
            ([("Host", "[::1]")], ("::1", 443), "[::1]"),
            ([("Host", "[::1]:81")], ("::1", 81), "[::1]"),
            ([("Host", "a"), ("X-Forwarded-Port", "9" * 5000)], ("a", 443), "a"),
            ([("Host", "a:" + "9" * 5000)], ("a:" + "9" * 5000, 443), "a:" + "9" * 5000),
        ],
    )
    def test_server(
        self, front_end: FrontEnd, headers: list[tuple[str, str]], server: tuple[str, int], name: str
    ) -> None:
        """The server is the client's Host and its port, else the forwarded port, else the scheme's."""
        told = environ_of(front_end, Sent(headers=headers))

        assert scope(front_end, Sent(headers=headers))["server"] == server
        assert (told["SERVER_NAME"], told["SERVER_PORT"]) == (name, str(server[1]))

    @every
    def test_scheme(self, front_end: FrontEnd) -> None:
        """The scheme is X-Forwarded-Proto's, else https."""
        plain = Sent(headers=[("X-Forwarded-Proto", "http")])

        assert (scope(front_end, Sent())["scheme"], scope(front_end, plain)["scheme"]) == ("https", "http")
        assert environ_of(front_end, plain)["wsgi.url_scheme"] == "http"

    @every
    def test_extensions(self, front_end: FrontEnd) -> None:
        """Event and context are at `aws.event` and `aws.context`, in the scope and in environ."""
        event, context = front_end.event(Sent()), object()
        echo, told = Echo(), WsgiEcho()
        Served(echo).call(event, context)
        Served(told).call(event, context)

        assert echo.scope["aws.event"] is told.environ["aws.event"] is event
        assert echo.scope["aws.context"] is told.environ["aws.context"] is context


class TestBody:
    """Row "body"."""

    @every
    @pytest.mark.parametrize("body", [b"", b"text", "é".encode(), bytes(range(256))])
    def test_exact(self, front_end: FrontEnd, body: bytes) -> None:
        """A body arrives byte by byte, in one message; an absent one is empty."""
        echo, told = Echo(), WsgiEcho()
        Served(echo).ask(front_end, Sent("POST", body=body))
        Served(told).ask(front_end, Sent("POST", body=body))

        assert echo.body == told.body == body

    @every
    @pytest.mark.parametrize("body", ["Hello!", "!!!!", "Zm9v-w==", "é"])
    def test_no_base64(self, front_end: FrontEnd, body: str) -> None:
        """A body that is not base64, though the event says so, is an error that says where, and no other body."""
        event = {**front_end.event(Sent()), "body": body, "isBase64Encoded": True, "is_base64_encoded": True}

        with pytest.raises(FunctionError, match="the event says that its body is base64, and it isn't: "):
            request(event)

    @every
    def test_line_breaks(self, front_end: FrontEnd) -> None:
        """A body in base64 with line breaks, as programs write it into an event that is kept in a file, is the same."""
        event = {
            **front_end.event(Sent("POST")),
            "body": "SGVs\r\nbG8=\n",
            "isBase64Encoded": True,
            "is_base64_encoded": True,
        }

        assert request(event).body == b"Hello"


SEGMENT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/?"), min_size=1, max_size=6)
NAME = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True).filter(
    lambda name: name not in {"cookie", "host", "content-length", "x-forwarded-for"}
)
VALUE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=","), min_size=1, max_size=8)
REQUESTS = st.builds(
    lambda method, segments, query, headers, body: Sent(
        method,
        "/" + "/".join(quote(segment, safe="") for segment in segments),
        "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in query.items()),
        [(name.title(), value) for name, value in headers.items()],
        body,
    ),
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"]),
    st.lists(SEGMENT, max_size=3),
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4), st.text(max_size=4)),
    st.dictionaries(NAME, VALUE, max_size=4),
    st.binary(max_size=20),
)


@given(REQUESTS)
def test_every_request(sent: Sent) -> None:
    """Through every front end, ASGI and WSGI applications see the same method, path, query, headers and body."""
    seen = []
    for front_end in ALL:
        found, told = request(front_end.event(sent)), WsgiEcho()
        served = Served(told)
        served.ask(front_end, sent)
        headers = {name: value for name, value in found.headers if name != "x-forwarded-for"}
        path = found.path.removeprefix(front_end.stage)
        seen.append((found.method, path, parsed(found.query), headers, found.body))
        environ = told.environ
        assert environ["PATH_INFO"].encode("latin-1").decode() == path
        assert (environ["REQUEST_METHOD"], parsed(environ["QUERY_STRING"])) == (found.method, parsed(found.query))
        assert told.body == found.body

    assert [each for each in seen if each != seen[0]] == []
