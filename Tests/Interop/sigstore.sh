# sigstore-python against our stand-ins: it judges their bundles, good and bad, and it signs with their services
# (certificate, log of either version, timestamp) and verifies what it got.
. "$ASSAY_ROOT/Tests/Interop/story.sh"
needs_python sigstore
needs curl jq
STAND_INS=${ASSAY_STAND_INS:-$(dirname "$ASSAY")/assay-stand-ins}
[ -x "$STAND_INS" ] || { echo "assay-stand-ins is not built" >&2; exit 77; }
SIGSTORE="$(dirname "$PYTHON")/sigstore"
[ -x "$SIGSTORE" ] || { echo "sigstore has no command beside $PYTHON" >&2; exit 77; }

say "sigstore-python judges our bundles"
"$STAND_INS" write --folder bundles
"$PYTHON" "$ASSAY_ROOT/Tests/Interop/sigstore_bundles.py" bundles

say "sigstore-python signs with our services"
"$STAND_INS" serve --port 0 --folder services >address 2>errors & children+=($!)
for _ in $(seq 150); do grep -q 'listening on ' address && break; sleep 0.1; done
BASE=$(sed -n 's/listening on //p' address)
[ -n "$BASE" ] || fail "the stand-ins did not start: $(cat errors)"
same "$(curl -fsS "$BASE/.well-known/openid-configuration" | jq -r .issuer)" "$BASE" "the issuer"
echo 'an artifact to sign' >artifact
for log in trust_config trust_config_rekor2; do
  "$SIGSTORE" --trust-config "services/$log.json" sign --identity-token "$(cat services/identity_token)" \
    --bundle "$log.sigstore.json" artifact >sign.log 2>&1 || fail "it could not sign: $(cat sign.log)"
  same "$(jq '.verificationMaterial.timestampVerificationData.rfc3161Timestamps | length' "$log.sigstore.json")" 1 "timestamps"
  "$SIGSTORE" --trust-config "services/$log.json" verify identity --offline --bundle "$log.sigstore.json" \
    --cert-identity mira@example.org --cert-oidc-issuer "$BASE" artifact >verify.log 2>&1 || fail "it could not verify: $(cat verify.log)"
  echo '{"buildDefinition":{"buildType":"https://example.org/b","externalParameters":{}},"runDetails":{"builder":{"id":"https://example.org/b"}}}' >predicate
  "$SIGSTORE" --trust-config "services/$log.json" attest --identity-token "$(cat services/identity_token)" --overwrite \
    --predicate-type https://slsa.dev/provenance/v1 --predicate predicate --bundle "$log.att.json" artifact >sign.log 2>&1 \
    || fail "it could not attest: $(cat sign.log)"
  "$SIGSTORE" --trust-config "services/$log.json" verify identity --offline --bundle "$log.att.json" \
    --cert-identity mira@example.org --cert-oidc-issuer "$BASE" artifact >verify.log 2>&1 || fail "it could not verify: $(cat verify.log)"
done
same "$(jq -r '.verificationMaterial.tlogEntries[0].kindVersion | .kind + .version' trust_config.sigstore.json)" hashedrekord0.0.1 "the entry"
same "$(jq -r '.verificationMaterial.tlogEntries[0].kindVersion | .kind + .version' trust_config_rekor2.sigstore.json)" hashedrekord0.0.2 "the entry"

say "PyJWT checks the token with the keys that discovery names"
"$PYTHON" - "$BASE" services/identity_token <<'PY'
import json, sys, urllib.request
import jwt
base, token = sys.argv[1], open(sys.argv[2]).read()
discovery = json.load(urllib.request.urlopen(base + "/.well-known/openid-configuration"))
key = jwt.PyJWKClient(discovery["jwks_uri"]).get_signing_key_from_jwt(token)
claims = jwt.decode(token, key, algorithms=["ES256"], audience="sigstore", issuer=base)
assert claims["email"] == "mira@example.org" and claims["email_verified"] is True, claims
PY

serve_with() { # FAULT FOLDER: another instance; its address is in $OTHER
  "$STAND_INS" serve --port 0 --folder "$2" ${1:+--fault "$1"} >"$2.address" 2>"$2.errors" & children+=($!); SERVER=$!
  for _ in $(seq 150); do grep -q 'listening on ' "$2.address" && break; sleep 0.1; done
  OTHER=$(sed -n 's/listening on //p' "$2.address")
  [ -n "$OTHER" ] || fail "the stand-ins did not start: $(cat "$2.errors")"
}

say "a foreign token gets no certificate"
serve_with "" others
! "$SIGSTORE" --trust-config services/trust_config.json sign --identity-token "$(cat others/identity_token)" \
  --bundle none.json artifact >sign.log 2>&1 || fail "a foreign token was taken"

say "a service with a fault is noticed"
serve_with transparency-foreign-log faulty
! "$SIGSTORE" --trust-config faulty/trust_config.json sign --identity-token "$(cat faulty/identity_token)" \
  --bundle none.json artifact >sign.log 2>&1 || fail "a promise by an unknown log was taken"
grep -qi 'SCT' sign.log || fail "it refused for another reason: $(cat sign.log)"

say "SIGTERM ends a server"
kill -TERM "$SERVER"
wait "$SERVER" || fail "it ended with $?"
