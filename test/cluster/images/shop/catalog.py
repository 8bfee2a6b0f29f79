"""The shop's catalog, on Python's own HTTP server: what a service looks like that is not written in Node."""

import json
import os
import signal
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

POD = os.environ.get("POD_NAME", socket.gethostname())
DRAIN_SECONDS = 3  # as in service.mjs

ROUTES = {
    "/healthz": lambda _: {"ok": True},
    "/items": lambda _: {"items": ["apple", "pear", "plum"]},
    "/price": lambda _: {"price": 3},
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body leave in two writes; without this the second waits for the client's delayed acknowledgement.
    disable_nagle_algorithm = True
    timeout = 60  # seconds a kept-alive connection may idle

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/slow":
            time.sleep(int(parse_qs(url.query).get("ms", ["1000"])[0]) / 1000)
        answer = {"service": "catalog", "pod": POD, "path": url.path}
        if url.path == "/headers":
            answer.update(method=self.command, headers={name.lower(): value for name, value in self.headers.items()})
        answer.update(ROUTES.get(url.path, lambda _: {})(url))
        self.send((json.dumps(answer) + "\n").encode(), "application/json")

    def do_POST(self) -> None:
        self.send(self.rfile.read(int(self.headers.get("content-length", 0))), "application/octet-stream")

    def send(self, body: bytes, content_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Shop-Pod", POD)
        if self.server.draining:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    draining = False


def main() -> None:
    server = Server(("", int(os.environ.get("PORT", "8080"))), Handler)

    def drain(*_: object) -> None:
        server.draining = True
        threading.Timer(DRAIN_SECONDS, server.shutdown).start()

    signal.signal(signal.SIGTERM, drain)
    print(f"catalog listens on {server.server_port}", flush=True)
    server.serve_forever()
    server.socket.close()
    finish_requests()


def finish_requests() -> None:
    """Gives requests under way two seconds; then, and for connections that only idle, the process ends."""
    deadline = time.monotonic() + 2
    while threading.active_count() > 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    os._exit(0)


main()
