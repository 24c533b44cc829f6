# An update repository that python-tuf keeps: assay trust init, update and show follow it, concurrent runs too, notice
# that what was kept has expired, and never fetch anything while verifying.
. "$ASSAY_ROOT/Tests/Interop/story.sh"
needs_python tuf securesystemslib cryptography
needs jq curl
STAND_INS=${ASSAY_STAND_INS:-$(dirname "$ASSAY")/assay-stand-ins}
[ -x "$STAND_INS" ] || { echo "assay-stand-ins is not built" >&2; exit 77; }
export ASSAY_TRUST=$PWD/trust
person=(--certificate-identity mira@example.org --certificate-oidc-issuer https://accounts.example.org)
"$STAND_INS" image --folder stood
"$STAND_INS" image --folder others
publish() { "$PYTHON" "$ASSAY_ROOT/Tests/Interop/trust_repository.py" mirror "$1" "$2"; } # TRUSTED_ROOT SECONDS
publish stood/trusted_root.json 86400
port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')
python3 -m http.server --bind 127.0.0.1 --directory mirror "$port" >server.log 2>&1 & children+=($!); server=$!
answers "http://127.0.0.1:$port/timestamp.json"
mirror=http://127.0.0.1:$port

say "another root than the repository's is refused, and nothing is believed because of it"
! assay trust init --mirror "$mirror" >init.log 2>&1 || fail "the public instance's root started another repository"
[ ! -e trust/source.json ] || fail "a failed init left a source"

say "init, show, verify"
assay trust init --mirror "$mirror" --root mirror/1.root.json >init.log || fail "$(cat init.log)"
grep -q 'timestamp: version 1, ' init.log || fail "$(cat init.log)"
same "$(assay trust show --output json | jq -r '.source.fresh')" true "freshness"
asked=$(wc -l <server.log)
assay verify "${person[@]}" oci:stood/layout:1 >/dev/null 2>verify.log || fail "$(cat verify.log)"
grep -q "^trust: $mirror" verify.log || fail "$(cat verify.log)"
same "$(wc -l <server.log)" "$asked" "requests to the mirror while verifying"

say "an update tells what changed"
publish others/trusted_root.json 86400
assay trust update >update.log || fail "$(cat update.log)"
grep -q 'timestamp: version 2, .*, was 1' update.log || fail "$(cat update.log)"
grep -q '^added: ' update.log && grep -q '^removed: ' update.log || fail "$(cat update.log)"
status=0; assay verify "${person[@]}" oci:stood/layout:1 >/dev/null 2>&1 || status=$?
same "$status" 12 "the exit code with another root"
assay verify "${person[@]}" oci:others/layout:1 >/dev/null 2>&1 || fail "the new root does not verify"

say "eight updates at once"
publish stood/trusted_root.json 86400
pids=()
for number in 1 2 3 4 5 6 7 8; do assay trust update >"concurrent.$number" 2>&1 & pids+=($!); done
for pid in "${pids[@]}"; do wait "$pid" || fail "a concurrent update failed: $(cat concurrent.*)"; done
assay verify "${person[@]}" oci:stood/layout:1 >/dev/null 2>&1 || fail "not whole after concurrent updates"

say "an older state is refused, and what was trusted stays"
cp mirror/timestamp.json newest.json; cp mirror/kept/timestamp.1.json mirror/timestamp.json
! assay trust update >update.log 2>&1 || fail "a rollback was taken"
cp newest.json mirror/timestamp.json
assay verify "${person[@]}" oci:stood/layout:1 >/dev/null 2>&1 || fail "a refused update changed what is believed"

say "export, and import elsewhere"
status=0; assay trust export config.json 2>/dev/null || status=$?
same "$status" 2 "the exit code of an export without a signing configuration"

say "what has expired is no answer, but with --offline a warning"
publish stood/trusted_root.json 6
assay trust update >/dev/null || fail "the short-lived state was refused"
kill "$server"
for _ in $(seq 150); do [ "$(assay trust show --output json | jq -r '.source.fresh')" = false ] && break; sleep 0.1; done
status=0; assay verify "${person[@]}" oci:stood/layout:1 >/dev/null 2>verify.log || status=$?
same "$status" 2 "the exit code with expired metadata"
grep -q 'next: assay trust update' verify.log || fail "$(cat verify.log)"
assay verify --offline "${person[@]}" oci:stood/layout:1 >/dev/null 2>verify.log || fail "$(cat verify.log)"
grep -q '^warning: --offline: ' verify.log || fail "$(cat verify.log)"
assay verify --trusted-root stood/trusted_root.json "${person[@]}" oci:stood/layout:1 >/dev/null 2>&1 || fail "a named root was not taken"
status=0; assay trust update >update.log 2>&1 || status=$?
same "$status" 2 "the exit code of an update that nobody answers"
