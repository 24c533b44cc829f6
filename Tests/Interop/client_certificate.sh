# A registry behind TLS that asks who connects: a server of Python's, certificates of openssl's.
. "$ASSAY_ROOT/Tests/Interop/story.sh"
needs openssl getent
# Loopback addresses are spoken to in plain HTTP; a name is not.
host=$(uname -n)
case $host in localhost* | *_*) echo "this machine is called $host, and no other name leads to it" >&2; exit 77 ;; esac
getent hosts "$host" >/dev/null || { echo "no address belongs to $host" >&2; exit 77; }
needs_python ssl
issue() { # NAME EXTENSIONS: a certificate by the authority
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" 2>/dev/null
  printf '%s\n' "$2" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile "$1.ext" -out "$1.pem" 2>/dev/null
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=authority 2>/dev/null
issue server "subjectAltName=DNS:$host"
issue runner 'extendedKeyUsage=clientAuth'
"$PYTHON" "$ASSAY_ROOT/Tests/Interop/client_certificate.py" port names & server=$!
children+=("$server")
for _ in $(seq 100); do [ -s port ] && break; sleep 0.05; done
image=$host:$(cat port)/shop/api:1
assay generate-key-pair 2>/dev/null

say "without a certificate the registry lets nobody in"
status=0; assay verify --key cosign.pub --registry-cacert ca.pem "$image" >/dev/null 2>err || status=$?
same "$status" 2 "without a certificate"
[ ! -s names ] || fail "it was let in as $(cat names)"

say "with --registry-client-cert the registry knows who asks"
status=0
assay verify --key cosign.pub --registry-cacert ca.pem --registry-client-cert runner.pem --registry-client-key runner.key "$image" >/dev/null 2>err || status=$?
same "$status" 2 "there is no such image"
same "$(sort -u names)" runner "who asked ($(cat err))"

say "login shows the certificate too"
before=$(wc -l <names)
echo x | DOCKER_CONFIG=$PWD/docker assay login "${image%%/*}" -u ann --password-stdin --registry-cacert ca.pem --registry-client-cert runner.pem --registry-client-key runner.key >/dev/null 2>err || true
[ "$(wc -l <names)" -gt "$before" ] || fail "nobody asked: $(cat err)"
same "$(sort -u names)" runner "who asked"

say "a key that is none is a failure that does not show it"
cp ca.pem none.key
status=0; assay verify --key cosign.pub --registry-cacert ca.pem --registry-client-cert runner.pem --registry-client-key none.key "$image" >/dev/null 2>err || status=$?
same "$status" 2 "no key"
grep -q 'cannot use the client certificate' err || fail "$(cat err)"
status=0; assay verify --key cosign.pub --registry-client-cert runner.pem "$image" >/dev/null 2>err || status=$?
same "$status" 64 "a certificate without a key"
