"""The page: it asks the API itself, by API_URL, and has the browser ask it too, at the same address as the page."""

import html
import json
import os
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = """<!doctype html>
<title>{title}</title>
<h1>{title}</h1>
<p>From here: {greeting}</p>
<p>From your browser: <span id="greeting">…</span></p>
<script>
  fetch("/api/greeting").then(answer => answer.json()).then(it => greeting.textContent = it.GREETING)
</script>
"""


def greeting():
    try:
        with urllib.request.urlopen(os.environ["API_URL"] + "/api/greeting", timeout=5) as answer:
            return json.load(answer)["GREETING"]
    except OSError as error:
        return "the API doesn't answer: {}".format(error)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        title = os.environ.get("PAGE_TITLE", "BytePort")
        body = PAGE.format(title=html.escape(title), greeting=html.escape(greeting())).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8001"))
    print("listening on http://{}:{}".format(host, port), flush=True)
    ThreadingHTTPServer((host, port), Handler).serve_forever()
