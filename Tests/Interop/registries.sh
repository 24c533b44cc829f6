# Push, pull, sign, attest, verify and copy between the embedded registry (with and without the referrers
# API) and Debian's docker-registry, in every direction: the same digest, the same evidence.
. "$ASSAY_ROOT/Tests/Interop/story.sh"
needs docker-registry curl jq
distribution
embedded; WITH=$EMBEDDED
embedded --no-referrers-api; WITHOUT=$EMBEDDED
rootfs root
echo '{"builder":"ci"}' >provenance.json
assay generate-key-pair 2>/dev/null

evidence() { assay tree "$1" --output json | jq -S '[.subjects[].evidence[] | {what, digest}] | sort_by(.what, .digest)'; }

for from in "$WITH" "$WITHOUT" "$DISTRIBUTION"; do
  image=$from/shop/backend:1
  say "push, sign, attest and verify on $from"
  pushed=$(assay push root "$image" 2>/dev/null)
  digest=${pushed#*@}
  assay sign --key cosign.key "$from/shop/backend@$digest" >/dev/null 2>&1
  assay sign --key cosign.key --format legacy "$from/shop/backend@$digest" >/dev/null 2>&1
  assay attest --key cosign.key --type slsaprovenance1 -p provenance.json "$from/shop/backend@$digest" >/dev/null 2>&1
  assay attest --key cosign.key --type slsaprovenance1 -p provenance.json --format legacy "$from/shop/backend@$digest" >/dev/null 2>&1
  assay verify --key cosign.pub "$image" >/dev/null 2>&1 || fail "verify on $from"
  assay verify-attestation --key cosign.pub --type slsaprovenance1 "$image" >/dev/null 2>&1 || fail "verify-attestation on $from"
  there=$(evidence "$image")
  same "$(jq length <<<"$there")" 4 "pieces of evidence on $from"
  for to in "$WITH" "$WITHOUT" "$DISTRIBUTION"; do
    copy=$to/copied/backend-${from##*:}:1
    say "copy $image to $copy"
    copied=$(assay copy "$image" "$copy" 2>/dev/null) || fail "copy $image to $copy"
    same "${copied#*@}" "$digest" "digest of $copy"
    same "$(evidence "$copy")" "$there" "evidence of $copy"
    assay verify --key cosign.pub "$copy" >/dev/null 2>&1 || fail "verify $copy"
    rm -rf layout; assay pull "$copy" layout >/dev/null 2>&1 || fail "pull $copy"
    same "$(evidence "oci:layout:1" )" "$there" "evidence of $copy in a layout"
  done
done
