# Signing without keys, against stand-ins of Fulcio, both Rekors and a timestamp authority on loopback; and
# sigstore-python verifies what Assay signed, and Assay what sigstore-python signed.
. "$ASSAY_ROOT/Tests/Interop/story.sh"
needs curl jq openssl
STAND_INS=${ASSAY_STAND_INS:-$(dirname "$ASSAY")/assay-stand-ins}
[ -x "$STAND_INS" ] || { echo "assay-stand-ins is not built" >&2; exit 77; }
PYTHON=${ASSAY_PYTHON:-}
[ -n "$PYTHON" ] || needs_python sigstore
SIGSTORE="$(dirname "$PYTHON")/sigstore"
[ -x "$SIGSTORE" ] || { echo "sigstore has no command beside $PYTHON" >&2; exit 77; }
unset ASSAY_TRUST ASSAY_TRUSTED_ROOT SIGSTORE_ID_TOKEN ACTIONS_ID_TOKEN_REQUEST_URL ACTIONS_ID_TOKEN_REQUEST_TOKEN

"$STAND_INS" serve --port 0 --folder services >address 2>errors & children+=($!)
for _ in $(seq 150); do grep -q 'listening on ' address && break; sleep 0.1; done
BASE=$(sed -n 's/listening on //p' address)
[ -n "$BASE" ] || fail "the stand-ins did not start: $(cat errors)"
SUBJECT=mira@example.org
WHO=(--trusted-root services/trusted_root.json --certificate-identity "$SUBJECT" --certificate-oidc-issuer "$BASE")
TOKEN=(--identity-token services/identity_token)
ends() { # STATUS COMMAND…: the command ends with that; its output is in out and err
  local wanted=$1 status=0; shift
  "$@" >out 2>err || status=$?
  [ "$status" = "$wanted" ] || fail "exit $status, not $wanted: $* $(cat out err)"
}
entry() { jq -r '.verificationMaterial.tlogEntries[0].kindVersion | .kind + .version' "$1"; }

echo 'release 1.0' >artifact; echo 'release 6.6' >evil
for log in trust_config trust_config_rekor2; do
  say "files, $log"
  ends 64 assay sign-blob --trust-config "services/$log.json" "${TOKEN[@]}" --bundle "$log.json" artifact
  grep -q 'add --yes' err || fail "it did not say what is missing: $(cat err)"
  [ ! -e "$log.json" ] || fail "a bundle was written without consent"
  ends 0 assay sign-blob --trust-config "services/$log.json" "${TOKEN[@]}" --yes --bundle "$log.json" artifact
  grep -q "publishes permanently .*the identity \"$SUBJECT\"" err || fail "the upload was not told: $(cat err)"
  grep -q "signed artifact .* as $SUBJECT from $BASE" err || fail "the signer was not told: $(cat err)"
  ends 0 assay verify-blob "${WHO[@]}" --bundle "$log.json" artifact
  grep -q "by: $SUBJECT from $BASE" err || fail "no signer: $(cat err)"
  ends 0 assay verify-blob "${WHO[@]}" --use-signed-timestamps --bundle "$log.json" artifact
  ends 12 assay verify-blob "${WHO[@]}" --bundle "$log.json" --output json evil
  same "$(jq -r .reason out)" SUBJECT_MISMATCH "another file"
  ends 0 assay attest-blob --trust-config "services/$log.json" "${TOKEN[@]}" --yes --type https://example.org/t/v1 \
    --predicate <(echo '{"a":1}') --bundle "$log.att.json" artifact
  ends 0 assay verify-blob-attestation "${WHO[@]}" --type https://example.org/t/v1 --bundle "$log.att.json" artifact

  say "sigstore-python verifies them, $log"
  for bundle in "$log.json" "$log.att.json"; do
    "$SIGSTORE" --trust-config "services/$log.json" verify identity --offline --bundle "$bundle" \
      --cert-identity "$SUBJECT" --cert-oidc-issuer "$BASE" artifact >log 2>&1 || fail "$bundle: $(cat log)"
  done

  say "Assay verifies what sigstore-python signed, $log"
  "$SIGSTORE" --trust-config "services/$log.json" sign --identity-token "$(cat services/identity_token)" \
    --bundle "$log.theirs.json" artifact >log 2>&1 || fail "it could not sign: $(cat log)"
  ends 0 assay verify-blob "${WHO[@]}" --bundle "$log.theirs.json" artifact
  echo '{"buildDefinition":{"buildType":"https://example.org/b","externalParameters":{}},"runDetails":{"builder":{"id":"https://example.org/b"}}}' >predicate
  "$SIGSTORE" --trust-config "services/$log.json" attest --identity-token "$(cat services/identity_token)" \
    --predicate-type https://slsa.dev/provenance/v1 --predicate predicate --bundle "$log.theirs.att.json" artifact \
    >log 2>&1 || fail "it could not attest: $(cat log)"
  ends 0 assay verify-blob-attestation "${WHO[@]}" --type slsaprovenance1 --bundle "$log.theirs.att.json" artifact
  ends 10 assay verify-blob "${WHO[@]}" --bundle "$log.theirs.att.json" artifact
done
same "$(entry trust_config.json)" hashedrekord0.0.1 "the entry"
same "$(entry trust_config_rekor2.json)" hashedrekord0.0.2 "the entry"
same "$(entry trust_config.att.json)" dsse0.0.1 "the entry"
same "$(jq '.verificationMaterial.timestampVerificationData.rfc3161Timestamps | length' trust_config.json)" 1 "timestamps"

say "who signed is asked, and who says so"
ends 12 assay verify-blob --trusted-root services/trusted_root.json --certificate-identity eve@example.org \
  --certificate-oidc-issuer "$BASE" --bundle trust_config.json --output json artifact
same "$(jq -r .reason out)" SIGNER_MISMATCH "another identity"
ends 12 assay verify-blob --trusted-root services/trusted_root.json --certificate-identity "$SUBJECT" \
  --certificate-oidc-issuer https://issuer.example.org --bundle trust_config.json --output json artifact
same "$(jq -r .reason out)" ISSUER_MISMATCH "another issuer"
ends 12 assay verify-blob --certificate-identity "$SUBJECT" --certificate-oidc-issuer "$BASE" --bundle trust_config.json artifact

say "single addresses name the services"
single=(--trusted-root services/trusted_root.json --fulcio-url "$(jq -r '.caUrls[0].url' services/signing_config.json)"
  --rekor-url "$(jq -r '.rekorTlogUrls[0].url' services/signing_config.json)")
tsa=$(jq -r '.tsaUrls[0].url' services/signing_config.json)
ends 0 assay sign-blob "${single[@]}" "${TOKEN[@]}" -y --bundle single.json artifact
same "$(jq '.verificationMaterial.timestampVerificationData' single.json)" null "timestamps"
ends 0 assay verify-blob "${WHO[@]}" --bundle single.json artifact
ends 0 assay sign-blob --trusted-root services/trusted_root.json --signing-config services/signing_config_rekor2.json \
  "${TOKEN[@]}" -y --bundle config.json artifact
ends 0 assay verify-blob "${WHO[@]}" --bundle config.json artifact
ends 0 env "SIGSTORE_ID_TOKEN=$(cat services/identity_token)" assay sign-blob --trust-config services/trust_config.json -y \
  --bundle environment.json artifact

say "keys, logged and stamped"
for kind in ecdsa-p256 ecdsa-p384 ed25519; do
  assay generate-key-pair --algorithm $kind --output-key-prefix $kind 2>/dev/null
  ends 0 assay sign-blob --key $kind.key --trusted-root services/trusted_root.json --timestamp-server-url "$tsa" -y \
    --bundle $kind.stamped.json artifact
  ends 0 assay verify-blob --key $kind.pub --bundle $kind.stamped.json artifact
done
for log in trust_config trust_config_rekor2; do
  for kind in ecdsa-p256 ecdsa-p384 ed25519; do
    ends 0 assay sign-blob --key $kind.key --trust-config services/$log.json -y --bundle $kind.$log.json artifact
    ends 0 assay verify-blob --key $kind.pub --trusted-root services/trusted_root.json --bundle $kind.$log.json artifact
  done
done
ends 12 assay verify-blob --key ecdsa-p256.pub --trusted-root services/trusted_root.json --bundle ecdsa-p256.stamped.json \
  --output json artifact
same "$(jq -r .reason out)" NOT_IN_LOG "a log that was asked for"

say "images"
embedded
rootfs root
image=$(assay push root "$EMBEDDED/shop/api:1" 2>/dev/null)
for log in trust_config trust_config_rekor2; do
  ends 0 assay sign --trust-config "services/$log.json" "${TOKEN[@]}" --yes -a "log=$log" "$image"
  ends 0 assay verify "${WHO[@]}" -a "log=$log" "$image"
  ends 0 assay attest --trust-config "services/$log.json" "${TOKEN[@]}" --yes --type slsaprovenance1 -p predicate "$image"
done
ends 0 assay verify-attestation "${WHO[@]}" --type slsaprovenance1 --output json "$image"
same "$(jq -r '.proofs[0].signer.subject' out)" "$SUBJECT" "the signer"
ends 12 assay verify --trusted-root services/trusted_root.json --certificate-identity eve@example.org \
  --certificate-oidc-issuer "$BASE" --output json "$image"
same "$(jq -r .reason out)" SIGNER_MISMATCH "another identity"
ends 12 assay verify --trusted-root services/trusted_root.json --certificate-identity "$SUBJECT" \
  --certificate-oidc-issuer https://issuer.example.org --output json "$image"
same "$(jq -r .reason out)" ISSUER_MISMATCH "another issuer"
ends 64 assay sign --trust-config services/trust_config.json "${TOKEN[@]}" --yes --format legacy "$image"

say "a token that expired, or is for somebody else, goes nowhere"
"$PYTHON" - services/identity_token <<'PY'
import base64, json, sys
head, body, tail = open(sys.argv[1]).read().strip().split(".")
claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
def write(name, **changes):
    text = base64.urlsafe_b64encode(json.dumps(claims | changes).encode()).rstrip(b"=").decode()
    open(name, "w").write(".".join([head, text, tail]))
write("expired", exp=claims["exp"] - 100_000, iat=claims["iat"] - 100_000)
write("elsewhere", aud="example.org")
write("forged", email="eve@example.org")
PY
ends 2 assay sign-blob --trust-config services/trust_config.json --identity-token expired --yes --bundle none.json artifact
grep -q 'expired at' err || fail "$(cat err)"
ends 2 assay sign-blob --trust-config services/trust_config.json --identity-token elsewhere --yes --bundle none.json artifact
grep -q 'not for "sigstore"' err || fail "$(cat err)"
ends 2 assay sign-blob --trust-config services/trust_config.json --identity-token forged --yes --bundle none.json artifact
! grep -q "$(cat forged)" err || fail "the token was shown"
[ ! -e none.json ] || fail "a bundle was written"
