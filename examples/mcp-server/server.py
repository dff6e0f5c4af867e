"""A small MCP server by standard input and output: a line in, a line out. Its notes last as long as the session."""

import json
import os
import sys

VERSIONS = ["2025-06-18", "2025-03-26", "2024-11-05"]
notes = []


def tool(name, description, **properties):
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"name": name, "description": description, "inputSchema": schema}


TOOLS = [tool("add_note", "Keeps a note.", text={"type": "string"}), tool("list_notes", "All notes of this session.")]


def initialize(params):
    asked = params.get("protocolVersion")
    return {
        "protocolVersion": asked if asked in VERSIONS else VERSIONS[0],
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "notes", "version": "1.0.0"},
        "instructions": os.environ.get("GREETING", ""),
    }


def call(params):
    if params.get("name") == "add_note":
        notes.append(str(params.get("arguments", {}).get("text", "")))
    elif params.get("name") != "list_notes":
        raise LookupError("unknown tool: {}".format(params.get("name")))
    return {"content": [{"type": "text", "text": "\n".join(notes)}]}


METHODS = {"initialize": initialize, "ping": lambda _: {}, "tools/list": lambda _: {"tools": TOOLS}, "tools/call": call}

for line in sys.stdin:
    message = json.loads(line)
    if message.get("id") is None or "method" not in message:
        continue  # A notification, or an answer: nobody waits for a word.
    answer = {"jsonrpc": "2.0", "id": message["id"]}
    try:
        if message["method"] not in METHODS:
            raise LookupError("unknown method: {}".format(message["method"]))
        answer["result"] = METHODS[message["method"]](message.get("params") or {})
    except LookupError as error:
        answer["error"] = {"code": -32601, "message": str(error)}
    print(json.dumps(answer), flush=True)
