# Without a network: in an empty network namespace an image in a layout verifies by key and by certificate, with a
# trusted root in a file, with the data that came with Assay, and with kept metadata; and nobody even tries to open
# a connection, with a network or without. A key's verification does not read trust material.
. "$ASSAY_ROOT/Tests/Interop/story.sh"
needs unshare jq
unshare -rn true 2>/dev/null || { echo "this machine gives no network namespaces" >&2; exit 77; }
STAND_INS=${ASSAY_STAND_INS:-$(dirname "$ASSAY")/assay-stand-ins}
[ -x "$STAND_INS" ] || { echo "assay-stand-ins is not built" >&2; exit 77; }
person=(--certificate-identity mira@example.org --certificate-oidc-issuer https://accounts.example.org)

say "an image signed by a certificate, and one signed by a key"
"$STAND_INS" image --folder stood
mkdir root; echo hello >root/file
assay generate-key-pair 2>/dev/null
assay push root oci:keyed:1 >/dev/null 2>&1
assay sign --key cosign.key oci:keyed:1 >/dev/null 2>&1

# Runs a command where there is no network at all; with strace, sockets other than local ones are listed in $1.
alone() { # FILE COMMAND…
  local trace=$1; shift
  if command -v strace >/dev/null; then
    unshare -rn strace -f -qq -e trace=socket,connect,sendto -o "$trace" "$@"
  else
    : >"$trace"; unshare -rn "$@"
  fi
}
silent() { ! grep -E 'AF_INET|AF_INET6|AF_NETLINK' "$1" >&2 || fail "$1: it opened a socket"; }

say "by certificate, with a trusted root in a file"
alone trace.1 assay verify --offline --trusted-root stood/trusted_root.json "${person[@]}" oci:stood/layout:1 >answer 2>errors \
  || fail "$(cat answer errors)"
grep -q '^yes: ' answer || fail "$(cat answer)"
silent trace.1

say "without --offline nothing is fetched either"
alone trace.2 assay verify --trusted-root stood/trusted_root.json "${person[@]}" oci:stood/layout:1 >/dev/null 2>errors || fail "$(cat errors)"
silent trace.2

say "by key, and no trust material is read"
ASSAY_TRUSTED_ROOT=$PWD/nowhere alone trace.3 assay verify --offline --key cosign.pub oci:keyed:1 >/dev/null 2>errors || fail "$(cat errors)"
silent trace.3

say "the data that came with Assay know nobody who signed this"
status=0; alone trace.4 assay verify --offline "${person[@]}" --output json oci:stood/layout:1 >answer 2>errors || status=$?
same "$status" 12 "the exit code with the shipped data"
same "$(jq -r .result answer)" fail "the result"
grep -q 'public Sigstore instance as of' answer || fail "it does not say whom it believed: $(cat answer)"
silent trace.4

say "a tree, and the trust that is used"
alone trace.5 assay tree --offline --trusted-root stood/trusted_root.json "${person[@]}" oci:stood/layout:1 >answer 2>&1 || fail "$(cat answer)"
grep -q 'verifies, by mira@example.org from https://accounts.example.org' answer || fail "$(cat answer)"
silent trace.5
alone trace.6 assay trust show --output json >answer || fail "$(cat answer)"
same "$(jq -r .source.kind answer)" shipped "the source"
silent trace.6

say "an imported configuration is pinned"
ASSAY_TRUST=$PWD/imported assay trust import stood/trust_config.json >/dev/null
ASSAY_TRUST=$PWD/imported alone trace.7 assay verify --offline "${person[@]}" oci:stood/layout:1 >answer 2>errors || fail "$(cat errors)"
silent trace.7

say "an update without a network could not find out, and changes nothing"
status=0; ASSAY_TRUST=$PWD/kept alone trace.8 assay trust update >answer 2>errors || status=$?
same "$status" 2 "the exit code of an update without a network"
[ ! -e kept/source.json ] || fail "a failed update left a source"

say "an image in a registry that cannot be reached is no unsigned image"
status=0; alone trace.9 assay verify --offline --trusted-root stood/trusted_root.json "${person[@]}" --output json 192.0.2.1/shop/api:1 >answer 2>errors || status=$?
same "$status" 2 "the exit code"
same "$(jq -r .result answer)" unknown "the result"
