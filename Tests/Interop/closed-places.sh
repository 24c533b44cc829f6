# Registries that close one place and hold the proof in another, lie in a header, or are slow: the proof counts, a closed
# place is named, and one question has one time.
. "$ASSAY_ROOT/Tests/Interop/story.sh"
needs python3 jq
ends() { # CODE COMMAND…
  local want=$1 code=0; shift
  "$@" >answer 2>errors || code=$?
  same "$code" "$want" "the exit code of $*: $(cat answer errors)"
}

embedded
mkdir tree; echo content >tree/file
export COSIGN_PASSWORD=''
assay generate-key-pair 2>/dev/null
for name in signed bare; do assay push tree "$EMBEDDED/shop/$name:1" >/dev/null 2>&1; done
assay sign --key cosign.key --format legacy "$EMBEDDED/shop/signed:1" >/dev/null 2>&1

for status in 401 403 415 500 page; do
  say "referrers answer $status"
  between /referrers/ "$status"
  ends 0 assay verify --key cosign.pub "$BETWEEN/shop/signed:1"
  ends 2 assay verify --key cosign.pub "$BETWEEN/shop/bare:1"
  ! grep -qi unsigned answer errors || fail "it says unsigned: $(cat answer errors)"
  ends 2 assay tree --key cosign.pub "$BETWEEN/shop/signed:1"
  grep -q 'signature  \[.sig tag\].*verifies' answer || fail "the tree hides the signature: $(cat answer)"
  grep -q 'not read  \[referrers API\]' answer || fail "the tree does not name what it could not read: $(cat answer)"
  ends 2 assay copy "$BETWEEN/shop/signed:1" "$EMBEDDED/to/s$status:1"
  grep -q '^unread: referrers API' errors || fail "the copy does not name what it could not read: $(cat errors)"
  digest=$(assay triangulate --type digest "$EMBEDDED/shop/signed:1"); digest=${digest#*@}
  ends 0 assay verify --key cosign.pub "$EMBEDDED/to/s$status@$digest"
  ends 2 assay verify --key cosign.pub "$EMBEDDED/to/s$status:1"
  ends 0 assay copy --without-evidence "$BETWEEN/shop/signed:1" "$EMBEDDED/to/s$status:1"
done

say "a denied tag of signatures"
between .sig 403
ends 2 assay verify --key cosign.pub "$BETWEEN/shop/bare:1"
assay sign --key cosign.key "$EMBEDDED/shop/bare:1" >/dev/null 2>&1
ends 0 assay verify --key cosign.pub "$BETWEEN/shop/bare:1"

say "a referrer that is listed and gone"
between /referrers/ gone
ends 0 assay tree "$BETWEEN/shop/signed:1"
grep -q 'vnd.example.scan  \[referrer\]  sha256:777.*listed, and not there' answer || fail "the tree omits it: $(cat answer)"
ends 1 assay copy "$BETWEEN/shop/signed:1" "$EMBEDDED/to/gone:1"
grep -q '^missing: .*sha256:777' errors || fail "the copy does not name it: $(cat errors)"

say "a mirror, and an origin, that close a place"
assay copy --without-evidence "$EMBEDDED/shop/signed:1" "$EMBEDDED/mirror/signed:1" >/dev/null 2>&1
ends 20 assay verify --key cosign.pub --origin "$EMBEDDED/shop/signed" "$EMBEDDED/mirror/signed:1"
between /referrers/ 403
ends 20 assay verify --key cosign.pub --origin "$BETWEEN/shop/signed" "$EMBEDDED/mirror/signed:1"
ends 2 assay verify --key cosign.pub --origin "$BETWEEN/mirror/signed" "$EMBEDDED/mirror/signed:1"
ends 2 assay verify --key cosign.pub --origin "$EMBEDDED/shop/signed" "$BETWEEN/mirror/signed:1"

say "a digest in a header that the tag does not mean"
between /manifests/1 lie
ends 0 assay verify --key cosign.pub --output json "$BETWEEN/shop/signed:1"
same "$(jq -r .digest answer)" "$digest" "the digest that was verified"
! grep -q 'HEAD.*/manifests/1$' "$ASKED" || fail "the tag was asked for with HEAD: $(cat "$ASKED")"
ends 0 assay sign --key cosign.key "$BETWEEN/shop/signed:1"
grep -q "$digest" errors || fail "another digest was signed: $(cat answer errors)"

say "manifests as application/json"
between /manifests/ json
ends 0 assay verify --key cosign.pub "$BETWEEN/shop/signed:1"

say "twenty bundles, each late"
for number in $(seq 20); do assay sign --key cosign.key -a "n=$number" "$EMBEDDED/shop/bare:1" >/dev/null 2>&1; done
between /manifests/sha256: slow
start=$(date +%s)
ends 0 assay verify --key cosign.pub --output json "$BETWEEN/shop/bare:1"
took=$(($(date +%s) - start))
same "$(jq '.proofs | length' answer)" 21 "proofs"
[ "$took" -lt 30 ] || fail "it took $took seconds"
say "a question that is out of time"
start=$(date +%s)
ends 2 assay verify --key cosign.pub --timeout 1s "$BETWEEN/shop/bare:1"
took=$(($(date +%s) - start))
[ "$took" -lt 10 ] || fail "it took $took seconds"
ends 64 assay verify --key cosign.pub --timeout soon "$BETWEEN/shop/bare:1"
