"""A small MCP server by streamable HTTP: one tool, no sessions, no dependencies."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOST = os.environ.get("HOST", "127.0.0.1")
PORT = int(os.environ.get("PORT", "50002"))
PATH = "/api/mcp"
VERSIONS = ["2025-06-18", "2025-03-26"]

TOOLS = [
    {
        "name": "count_words",
        "description": "How many words a text has.",
        "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
    }
]


def result_of(method, params):
    """What is answered to a request; None for a method that is unknown."""
    if method == "initialize":
        asked = params.get("protocolVersion")
        return {
            "protocolVersion": asked if asked in VERSIONS else VERSIONS[0],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "atoms", "version": "1.0.0"},
        }
    if method == "ping":
        return {}
    if method == "tools/list":
        return {"tools": TOOLS}
    if method == "tools/call" and params.get("name") == "count_words":
        words = str(params.get("arguments", {}).get("text", "")).split()
        return {"content": [{"type": "text", "text": str(len(words))}]}
    return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        # A page elsewhere that leads its own name to this machine is not let in.
        if self.headers.get("Host", "").rsplit(":", 1)[0] not in ("localhost", "127.0.0.1"):
            return self.answer(403)
        if self.path != PATH:
            return self.answer(404)
        try:
            message = json.loads(body)
            method, number = message.get("method"), message.get("id")
        except (ValueError, AttributeError):
            return self.answer(400)
        if number is None:
            return self.answer(202)  # A notification: nobody waits for a word.
        result = result_of(method, message.get("params") or {})
        if result is None:
            fault = {"code": -32601, "message": "unknown method or tool: " + str(method)}
            return self.answer(200, {"jsonrpc": "2.0", "id": number, "error": fault})
        self.answer(200, {"jsonrpc": "2.0", "id": number, "result": result})

    def do_GET(self):
        # /health is for what asks for it by habit. At PATH it would open a stream of events, which there is none of.
        self.answer(200, {"status": "ok"}) if self.path == "/health" else self.answer(405 if self.path == PATH else 404)

    def answer(self, status, content=None):
        body = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    print("listening on http://{}:{}{}".format(HOST, PORT, PATH), flush=True)
    ThreadingHTTPServer((HOST, PORT), Handler).serve_forever()
