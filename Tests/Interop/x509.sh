# Certificate chains that python's cryptography makes, right and wrong, judged by its own verifier and by ours: both
# say yes to the same ones. A chain that one takes and the other refuses stands in a list with its reason.
. "$ASSAY_ROOT/Tests/Interop/story.sh"
needs_python cryptography
"$PYTHON" "$ASSAY_ROOT/Tests/Interop/x509_chains.py" chains >cases
[ "$(wc -l <cases)" -ge 25 ] || fail "too few cases: $(wc -l <cases)"
echo 'release 1.0' >artifact
yes=0 no=0
while read -r name peer expected; do
  status=0
  assay verify-blob --insecure-ignore-tlog --insecure-ignore-sct --certificate-chain "chains/$name.root.pem" \
    --certificate-identity-regexp '.*' --certificate-oidc-issuer-regexp '.*' --bundle "chains/$name.json" artifact >out 2>err </dev/null || status=$?
  case $status in 0) ours=yes ;; 12) ours=no ;; *) fail "$name: exit $status: $(cat out err)" ;; esac
  same "$ours" "$expected" "$name ($(cat out err))"
  roots=0
  assay verify-blob --insecure-ignore-tlog=true --insecure-ignore-sct=true --ca-roots "chains/$name.root.pem" \
    --certificate-identity-regexp '.*' --certificate-oidc-issuer-regexp '.*' --bundle "chains/$name.json" artifact >out 2>err </dev/null || roots=$?
  same "$roots" "$status" "$name with --ca-roots ($(cat out err))"
  [ "$ours" = "$peer" ] || say "$name: cryptography says $peer, we say $ours"
  [ "$ours" = yes ] && yes=$((yes + 1)) || no=$((no + 1))
done <cases
say "$yes chains accepted, $no refused"
[ "$yes" -ge 6 ] && [ "$no" -ge 12 ] || fail "one verdict is hardly there"
