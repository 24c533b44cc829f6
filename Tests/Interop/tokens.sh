# Keys that are elsewhere: SoftHSM signs files and images through PKCS #11, and openssl's encrypted keys open.
. "$ASSAY_ROOT/Tests/Interop/story.sh"
needs softhsm2-util pkcs11-tool openssl jq
MODULE=$(ls /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so 2>/dev/null | head -1 || true)
[ -n "$MODULE" ] || { echo "libsofthsm2.so is not installed" >&2; exit 77; }
mkdir tokens; printf 'directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n' "$PWD" >softhsm.conf
export SOFTHSM2_CONF=$PWD/softhsm.conf
softhsm2-util --init-token --free --label release --pin 1234 --so-pin 5678 >/dev/null
echo 'release 1.0' >artifact; echo 'release 6.6' >evil

for kind in EC:prime256v1 EC:secp384r1 rsa:2048; do
  name=${kind/:/-}
  say "a token signs with $kind"
  pkcs11-tool --module "$MODULE" --token-label release --login --pin 1234 --keypairgen --key-type "$kind" --label "$name" \
    --usage-sign >/dev/null 2>&1 || fail "the token made no $kind key"
  key="pkcs11:token=release;object=$name?module-path=$MODULE&pin-value=1234"
  assay public-key --key "$key" >"$name.pub"
  openssl pkey -pubin -in "$name.pub" -noout || fail "it is no public key"
  assay sign-blob --key "$key" --bundle "$name.json" artifact >/dev/null 2>err || fail "$(cat err)"
  ! grep -q 1234 err || fail "the PIN was shown"
  assay verify-blob --key "$name.pub" --bundle "$name.json" artifact >/dev/null 2>&1 || fail "the file's key does not verify"
  assay verify-blob --key "$key" --offline --bundle "$name.json" artifact >/dev/null 2>&1 || fail "the token's key does not verify"
  ! assay verify-blob --key "$name.pub" --bundle "$name.json" evil >/dev/null 2>&1 || fail "another file verifies"
done

say "openssl verifies what the token signed"
jq -r .messageSignature.signature EC-prime256v1.json | base64 -d >signature
openssl dgst -sha256 -verify EC-prime256v1.pub -signature signature artifact >/dev/null || fail "openssl does not verify it"

say "a token signs an image"
embedded
rootfs root
image=$(assay push root "$EMBEDDED/shop/api:1" 2>/dev/null)
key="pkcs11:token=release;object=EC-prime256v1?module-path=$MODULE&pin-value=1234"
assay sign --key "$key" "$image" >/dev/null 2>&1 || fail "it could not sign"
assay verify --key EC-prime256v1.pub "$image" >/dev/null 2>&1 || fail "it does not verify"
assay sign --key "$key" --format legacy "$image" >/dev/null 2>&1 || fail "it could not sign in the legacy format"

say "openssl's encrypted keys open with COSIGN_PASSWORD"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out plain.pem 2>/dev/null
openssl pkcs8 -topk8 -v2 aes-256-cbc -in plain.pem -out closed.pem -passout "pass:$COSIGN_PASSWORD"
openssl pkey -in plain.pem -pubout -out plain.pub
assay public-key --key closed.pem | cmp - plain.pub
assay sign-blob --key closed.pem --bundle closed.json artifact >/dev/null 2>err || fail "$(cat err)"
! grep -q 'without a password' err || fail "it warned of a key that has a password"
assay verify-blob --key plain.pub --bundle closed.json artifact >/dev/null 2>&1 || fail "it does not verify"

say "key services are not asked offline"
status=0; assay verify-blob --offline --key awskms:///alias/release --bundle closed.json artifact >/dev/null 2>err || status=$?
same "$status" 64 "offline"
grep -q 'told to stay offline' err || fail "$(cat err)"
