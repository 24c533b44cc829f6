# Keys and envelopes cross over: PyNaCl with cryptography opens our keys and we open theirs; securesystemslib
# verifies our DSSE envelopes.
. "$ASSAY_ROOT/Tests/Interop/story.sh"
needs_python nacl cryptography securesystemslib
needs jq
embedded
rootfs root
for algorithm in ecdsa-p256 ecdsa-p384 ed25519; do
  assay generate-key-pair --output-key-prefix "$algorithm" --algorithm "$algorithm" 2>/dev/null
  say "Python opens $algorithm.key and finds the same public key"
  "$PYTHON" "$ASSAY_ROOT/Tests/Interop/cosign_key.py" open "$algorithm.key" >opened.pub
  cmp opened.pub "$algorithm.pub"
done

say "Assay opens a key that Python sealed, with old scrypt parameters too"
for rounds in 32768 65536 131072; do
  "$PYTHON" "$ASSAY_ROOT/Tests/Interop/cosign_key.py" make $rounds >theirs.key 2>theirs.pub
  assay public-key --key theirs.key | cmp - theirs.pub
done
"$PYTHON" "$ASSAY_ROOT/Tests/Interop/cosign_key.py" make 1048576 >hungry.key 2>/dev/null
! assay public-key --key hungry.key >/dev/null 2>&1 || fail "scrypt parameters nobody wrote were accepted"

say "securesystemslib verifies our envelopes"
for algorithm in ecdsa-p256 ed25519; do
  image=$(assay push root "$EMBEDDED/shop/$algorithm:1" 2>/dev/null)
  assay sign --key "$algorithm.key" "$image" >/dev/null 2>&1
  rm -rf layout; assay pull "$EMBEDDED/shop/$algorithm:1" layout >/dev/null 2>&1
  bundle=$(grep -l '"dsseEnvelope"' layout/blobs/sha256/*)
  "$PYTHON" "$ASSAY_ROOT/Tests/Interop/dsse_verify.py" "$bundle" "$algorithm.pub"
done
