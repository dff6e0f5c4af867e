"""Asks the MCP server what a client would, and ends with 1 when an answer is not as it should be."""

import json
import os
import sys
import urllib.request

ENDPOINT = os.environ["MCP_ENDPOINT"]


def ask(method, **params):
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    request = urllib.request.Request(ENDPOINT, json.dumps(message).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["result"]


server = ask("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo={"name": "check", "version": "1"})
tools = [tool["name"] for tool in ask("tools/list")["tools"]]
counted = ask("tools/call", name="count_words", arguments={"text": "three small words"})["content"][0]["text"]
print("{} at {} has {} and counts {}".format(server["serverInfo"]["name"], ENDPOINT, ", ".join(tools), counted))
sys.exit(counted != "3")
