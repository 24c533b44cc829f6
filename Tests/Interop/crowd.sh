# 600 connections that say nothing, and twelve manifests as large as they may be, keep no client of the embedded
# registry waiting; a page of another site gets no answer.
. "$ASSAY_ROOT/Tests/Interop/story.sh"
needs python3 curl
embedded
say "600 silent connections"
cat >silent.py <<'PY'
import socket, sys, time
host, port = sys.argv[1].split(":")
kept = []
for _ in range(600):
    kept.append(socket.create_connection((host, int(port))))
print("here", flush=True)
time.sleep(60)
PY
python3 silent.py "$EMBEDDED" >silent.log & children+=($!)
for _ in $(seq 150); do grep -q here silent.log && break; sleep 0.1; done
grep -q here silent.log || fail "600 connections were not taken"
for _ in 1 2 3; do curl -fsS --max-time 5 "http://$EMBEDDED/v2/" >/dev/null || fail "silent connections keep others out"; done
kill "${children[-1]}"
say "large manifests"
cat >large.py <<'PY'
import http.client, json, sys, threading
manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [],
            "annotations": {str(place): "x" * 50 for place in range(120000)}}
body = json.dumps(manifest).encode()
assert len(body) <= 8 << 20, len(body)
def push():
    connection = http.client.HTTPConnection(sys.argv[1])
    connection.request("PUT", "/v2/a/manifests/b", body, {"Content-Type": manifest["mediaType"]})
    print(connection.getresponse().status, flush=True)
threads = [threading.Thread(target=push) for _ in range(12)]
for thread in threads: thread.start()
for thread in threads: thread.join()
PY
python3 large.py "$EMBEDDED" >large.log & pushing=$!
sleep 1
slowest=$(for _ in 1 2 3 4 5; do curl -fsS -o /dev/null -w '%{time_total}\n' "http://$EMBEDDED/v2/"; done | sort -n | tail -1)
say "the slowest of five answers took $slowest s"
python3 -c "import sys; sys.exit(float('$slowest') > 5)" || fail "large manifests keep others waiting: $slowest s"
wait "$pushing"
[ "$(sort -u large.log | tr '\n' ' ')" != "" ] || fail "no manifest was answered"
! grep -qvE '^(201|400|413|429)$' large.log || fail "odd answers: $(sort large.log | uniq -c | tr '\n' ' ')"
say "pages"
status() { curl -s -o /dev/null -w '%{http_code}' "$@"; }
same "$(status -H 'Host: evil.example' "http://$EMBEDDED/v2/")" 421 "a rebound name"
same "$(status -X POST -H 'Origin: https://evil.example' "http://$EMBEDDED/v2/a/blobs/uploads/")" 403 "a page of another site"
same "$(status -X POST "http://$EMBEDDED/v2/a/blobs/uploads/")" 202 "a client"
