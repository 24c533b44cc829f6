# A registry that fails is no unsigned image: whatever it answers and whoever must have signed, the answer is that
# nobody could look. Five bundles on an image cost at most seven requests.
. "$ASSAY_ROOT/Tests/Interop/story.sh"
needs python3 jq
STAND_INS=${ASSAY_STAND_INS:-$(dirname "$ASSAY")/assay-stand-ins}
[ -x "$STAND_INS" ] || { echo "assay-stand-ins is not built" >&2; exit 77; }
person=(--certificate-identity mira@example.org --certificate-oidc-issuer https://accounts.example.org)
# Serves the image's manifest, then fails with a status; or hands everything on and counts.
cat >between.py <<'PY'
import http.server, sys, urllib.error, urllib.request
behind, fails, status = sys.argv[1], sys.argv[2], int(sys.argv[3])
class Between(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *words): pass
    def answer(self):
        print("asked", self.command, self.path, flush=True)
        if fails != "nothing" and fails in self.path:
            code, headers, body = status, {"Retry-After": "0"}, b"{}"
        else:
            request = urllib.request.Request(behind + self.path, method=self.command,
                                             headers={"Accept": self.headers.get("Accept", "*/*")})
            try: reply = urllib.request.urlopen(request)
            except urllib.error.HTTPError as error: reply = error
            code, headers, body = reply.status, dict(reply.headers), reply.read()
        self.send_response(code)
        for name, value in headers.items():
            if name.lower() not in ("connection", "transfer-encoding", "content-length", "date", "server"):
                self.send_header(name, value)
        length = headers.get("Content-Length") if self.command == "HEAD" else str(len(body))
        self.send_header("Content-Length", length or "0")
        self.end_headers()
        if self.command != "HEAD": self.wfile.write(body)
    do_GET = do_HEAD = answer
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Between)
print("listening on", server.server_port, flush=True)
server.serve_forever()
PY
between() { # FAILS STATUS: its address is in $BETWEEN, what it was asked in $ASKED
  ASKED=asked.$1.$2; ASKED=${ASKED//\//_}
  python3 between.py "http://$EMBEDDED" "$1" "$2" >"$ASKED" 2>/dev/null & children+=($!)
  for _ in $(seq 150); do grep -q 'listening on ' "$ASKED" && break; sleep 0.1; done
  BETWEEN=127.0.0.1:$(sed -n 's/listening on //p' "$ASKED")
}

embedded
"$STAND_INS" image --folder stood --fault none --fault none --fault none --fault none --fault none
assay copy oci:stood/layout:1 "$EMBEDDED/shop/api:1" >/dev/null 2>&1

say "five bundles"
between nothing 200
assay verify --trusted-root stood/trusted_root.json "${person[@]}" --output json "$BETWEEN/shop/api:1" >answer 2>errors || fail "$(cat answer errors)"
same "$(jq '.proofs | length' answer)" 5 "proofs"
asked=$(grep -c '^asked' "$ASKED")
[ "$asked" -le 7 ] || fail "$asked requests: $(cat "$ASKED")"

say "failing while the image, the list or a bundle is read"
for place in /manifests/1 /referrers/ /manifests/sha256:; do
  for status in 503 403; do
    between "$place" "$status"
    code=0; assay verify --trusted-root stood/trusted_root.json "${person[@]}" --output json "$BETWEEN/shop/api:1" >answer 2>errors || code=$?
    same "$code" 2 "the exit code for $status at $place"
    same "$(jq -r .result answer)" unknown "the result for $status at $place"
    ! grep -qi unsigned answer errors || fail "it says unsigned for $status at $place"
  done
done
say "too many requests, asked to come back at once"
between /referrers/ 429
code=0; assay verify --trusted-root stood/trusted_root.json "${person[@]}" --output json "$BETWEEN/shop/api:1" >answer 2>errors || code=$?
same "$code" 2 "the exit code for 429"
same "$(jq -r .reason answer)" RATE_LIMITED "the reason for 429"
