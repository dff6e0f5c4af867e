"""The API: it sees the same paths as the browser asks for, with /api in front."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/api/health":
            self.answer(200, {"status": "ok"})
        elif self.path == "/api/greeting":
            self.answer(200, {name: os.environ.get(name) for name in ("GREETING", "LOG_LEVEL")})
        else:
            self.answer(404, {"error": "there is /api/health and /api/greeting"})

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
    print("listening on http://{}:{}".format(host, port), flush=True)
    ThreadingHTTPServer((host, port), Handler).serve_forever()
