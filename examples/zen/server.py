"""A small HTTP server with two endpoints: whether it is well, and how it has been so far."""

import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STARTED = time.monotonic()
asked = 0


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        global asked
        asked += 1
        if self.path == "/healthz":
            self.answer(200, {"status": "ok"})
        elif self.path == "/status":
            uptime = round(time.monotonic() - STARTED, 1)
            self.answer(200, {"service": "zen", "pid": os.getpid(), "uptime_seconds": uptime, "requests": asked})
        else:
            self.answer(404, {"error": "there is /healthz and /status"})

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code="-", size="-"):
        """The probes would fill the log."""


if __name__ == "__main__":
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
    print("listening on http://{}:{}".format(host, port), flush=True)
    ThreadingHTTPServer((host, port), Handler).serve_forever()
