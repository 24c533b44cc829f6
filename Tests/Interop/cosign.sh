# cosign 2.6 or 3 itself: layouts, COSIGN_REPOSITORY, and keyless signatures with the stand-in services.
# cosign is in no Debian package; name it with ASSAY_COSIGN where it is not on PATH.
. "$ASSAY_ROOT/Tests/Interop/story.sh"
COSIGN=${ASSAY_COSIGN:-$(command -v cosign || true)}
[ -n "$COSIGN" ] && [ -x "$COSIGN" ] || { echo "cosign is not installed (ASSAY_COSIGN names it)" >&2; exit 77; }
needs jq curl
STAND_INS=${ASSAY_STAND_INS:-$(dirname "$ASSAY")/assay-stand-ins}
[ -x "$STAND_INS" ] || { echo "assay-stand-ins is not built" >&2; exit 77; }
export HOME=$PWD COSIGN_PASSWORD=secret
embedded
rootfs root
assay generate-key-pair >/dev/null 2>&1

cosign() { "$COSIGN" "$@" >cosign.log 2>&1 || fail "cosign $*: $(tail -5 cosign.log)"; }
cosign_sign() { # BUNDLE-FORMAT IMAGE
  cosign sign --key cosign.key --yes --use-signing-config=false --tlog-upload=false --new-bundle-format="$1" "$2"
}
cosign_verify() { # BUNDLE-FORMAT ARGUMENT…
  local format=$1; shift
  cosign verify --key cosign.pub --insecure-ignore-tlog=true --new-bundle-format="$format" "$@"
}
image() { # NAME: another image, by digest, in $IMAGE
  date +%N >root/etc/unique; IMAGE=$(assay push root "$EMBEDDED/$1:1" 2>/dev/null)
}

for format in true false; do
  say "signatures of either side, bundles: $format"
  image "by-cosign/$format"; cosign_sign "$format" "$IMAGE"
  assay verify --key cosign.pub "$IMAGE" >/dev/null 2>&1 || fail "Assay does not verify cosign's signature"
  image "by-assay/$format"
  assay sign --key cosign.key --format "$([ "$format" = true ] && echo bundle || echo legacy)" "$IMAGE" >/dev/null 2>&1
  cosign_verify "$format" "$IMAGE"

  say "cosign's layout to Assay, bundles: $format"
  image "saved/$format"; cosign_sign "$format" "$IMAGE"; cosign save --dir "saved-$format" "$IMAGE"
  assay verify --key cosign.pub "oci:saved-$format" >/dev/null 2>&1 || fail "Assay does not verify what cosign saved"
  assay load --dir "saved-$format" "$EMBEDDED/loaded/$format:1" >/dev/null 2>&1 || fail "Assay does not load what cosign saved"
  cosign_verify "$format" "$EMBEDDED/loaded/$format:1"

  say "Assay's layout to cosign, bundles: $format"
  assay save --dir "ours-$format" "$IMAGE" >/dev/null 2>&1
  cosign_verify "$format" --local-image "ours-$format"
  cosign load --dir "ours-$format" "$EMBEDDED/back/$format:1"
  assay verify --key cosign.pub "$EMBEDDED/back/$format:1" >/dev/null 2>&1 || fail "what cosign loaded does not verify"

  say "evidence in another repository, bundles: $format"
  export COSIGN_REPOSITORY=$EMBEDDED/evidence
  image "apart/$format"; cosign_sign "$format" "$IMAGE"
  assay verify --key cosign.pub "$IMAGE" >/dev/null 2>&1 || fail "Assay does not look where COSIGN_REPOSITORY says"
  image "apart-too/$format"
  assay sign --key cosign.key --format "$([ "$format" = true ] && echo bundle || echo legacy)" "$IMAGE" >/dev/null 2>&1
  cosign_verify "$format" "$IMAGE"
  same "$(assay triangulate "$IMAGE")" "$("$COSIGN" triangulate "$IMAGE")" "triangulate"
  unset COSIGN_REPOSITORY
done

"$STAND_INS" serve --port 0 --folder services >address 2>errors & children+=($!)
for _ in $(seq 150); do grep -q 'listening on ' address && break; sleep 0.1; done
BASE=$(sed -n 's/listening on //p' address)
[ -n "$BASE" ] || fail "the stand-ins did not start: $(cat errors)"
WHO=(--certificate-identity mira@example.org --certificate-oidc-issuer "$BASE")
for config in signing_config signing_config_rekor2; do
  say "keyless with the stand-ins, $config"
  image "keyless/$config"
  cosign sign --yes --new-bundle-format=true --signing-config "services/$config.json" --trusted-root services/trusted_root.json \
    --identity-token "$(cat services/identity_token)" "$IMAGE"
  assay verify --trusted-root services/trusted_root.json "${WHO[@]}" "$IMAGE" >/dev/null 2>verify.log \
    || fail "Assay does not verify cosign's keyless signature: $(cat verify.log)"
  image "keyless-ours/$config"
  assay sign --yes --signing-config "services/$config.json" --trusted-root services/trusted_root.json \
    --identity-token "$(cat services/identity_token)" "$IMAGE" >sign.log 2>&1 || fail "Assay does not sign: $(cat sign.log)"
  cosign verify --new-bundle-format=true --trusted-root services/trusted_root.json "${WHO[@]}" "$IMAGE"
done
