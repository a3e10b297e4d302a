"""
The least a Python runtime can do: a loop over one blocking socket, with JSON decoded and encoded.

It trusts the server in everything: each answer is small and comes in one piece. It is no runtime; it is the limit.
"""

from __future__ import annotations

import _socket
import json
import os

NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"
RESPONSE = (
    b"POST /2018-06-01/runtime/invocation/%b/response HTTP/1.1\r\n"
    b"Host: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
)


def main() -> None:
    """Answer every event with itself until the server goes away."""
    host, _, port = os.environ["AWS_LAMBDA_RUNTIME_API"].partition(":")
    server = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    server.connect((host, int(port)))
    server.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
    while server.send(NEXT) and (answer := server.recv(65536)):
        head, _, payload = answer.partition(b"\r\n\r\n")
        _, _, rest = head.partition(b"Request-Id: ")
        request_id, _, _ = rest.partition(b"\r\n")
        body = json.dumps(json.loads(payload)).encode()
        server.send(RESPONSE % (request_id, len(body), body))
        server.recv(65536)


main()
