"""A registry in front of another, for stories of registries that fail. Usage: between.py URL PLACE STATUS

Hands every request on, except where the path has PLACE in it: a number is the status of the answer, `page` a login page,
`slow` a wait of two seconds, `lie` another digest in the header, `gone` a referrer that is not there, `json` a generic
type. Prints its port and each request.
"""
import http.server, json, sys, time, urllib.error, urllib.request
behind, place, status = sys.argv[1], sys.argv[2], sys.argv[3]
class Between(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *words): pass
    def answer(self):
        print("asked", self.command, self.path, flush=True)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        hit = place in self.path
        if hit and status == "slow": time.sleep(2)
        if hit and status == "page": code, headers, body = 200, {"Content-Type": "text/html"}, b"<html>log in</html>"
        elif hit and status.isdigit(): code, headers, body = int(status), {"Retry-After": "0"}, b"{}"
        else:
            request = urllib.request.Request(behind + self.path, method=self.command, data=body)
            for name in ("Accept", "Content-Type"):
                if self.headers.get(name): request.add_header(name, self.headers[name])
            try: reply = urllib.request.urlopen(request)
            except urllib.error.HTTPError as error: reply = error
            code, headers, body = reply.status, dict(reply.headers), reply.read()
        if hit and status == "lie" and "Docker-Content-Digest" in headers: headers["Docker-Content-Digest"] = "sha256:" + "0" * 64
        if hit and status == "gone":
            index = json.loads(body)
            index["manifests"].insert(0, {"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 9,
                                          "digest": "sha256:" + "7" * 64, "artifactType": "application/vnd.example.scan"})
            body = json.dumps(index).encode()
        if hit and status == "json": headers["Content-Type"] = "application/json"
        self.send_response(code)
        for name, value in headers.items():
            if name.lower() not in ("connection", "transfer-encoding", "content-length", "date", "server"):
                self.send_header(name, value)
        length = headers.get("Content-Length") if self.command == "HEAD" else str(len(body))
        self.send_header("Content-Length", length or "0")
        self.end_headers()
        if self.command != "HEAD": self.wfile.write(body)
    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = answer
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Between)
server.request_queue_size = 64
print("listening on", server.server_port, flush=True)
server.serve_forever()
