# A registry that fails is no unsigned image: whatever it answers and whoever must have signed, the answer is that
# nobody could look. Five bundles on an image cost at most seven requests.
. "$ASSAY_ROOT/Tests/Interop/story.sh"
needs python3 jq
STAND_INS=${ASSAY_STAND_INS:-$(dirname "$ASSAY")/assay-stand-ins}
[ -x "$STAND_INS" ] || { echo "assay-stand-ins is not built" >&2; exit 77; }
person=(--certificate-identity mira@example.org --certificate-oidc-issuer https://accounts.example.org)

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
