# Test tool: a name server and a model runtime on the loopback of a container without network. Prints each name that is asked
# for; answers a chat with a stream that counts no tokens, so that the caller must count them itself.
import http.server
import json
import os
import socket
import threading

names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
names.bind(("127.0.0.1", 53))


class Runtime(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        model = json.loads(self.rfile.read(int(self.headers["content-length"])))["model"]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for choice in ({"delta": {"content": "Hello"}}, {"delta": {}, "finish_reason": "stop"}):
            chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": model, "choices": [{"index": 0, **choice}]}
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


runtime = http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Runtime)
if os.fork():
    os._exit(0)  # both listen: what comes next may start
threading.Thread(target=runtime.serve_forever, daemon=True).start()
while True:
    query, caller = names.recvfrom(512)
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode())
        at += query[at] + 1
    print("asked for", ".".join(labels), flush=True)
    # "There is no such name."
    names.sendto(query[:2] + bytes([query[2] | 0x80, query[3] & 0xF0 | 3]) + query[4:], caller)
