# What every interop story starts with: `. "$ASSAY_ROOT/Tests/Interop/story.sh"`. Not a story itself.
# Exit 77 means: a peer is not on this machine; the test is shown as skipped.
set -euo pipefail
# Empty means that there are none.
export SUITES="${ASSAY_SUITES-$ASSAY_ROOT/../shared/suites}"
children=()
trap 'for child in "${children[@]:-}"; do kill "$child" 2>/dev/null || true; done' EXIT

needs() { for peer in "$@"; do command -v "$peer" >/dev/null || { echo "$peer is not installed" >&2; exit 77; }; done; }

# The Python that can import the modules named, in $PYTHON; scripts/peers makes one.
needs_python() {
  for PYTHON in "$ASSAY_ROOT/.build-peers/bin/python3" python3; do
    command -v "$PYTHON" >/dev/null || continue
    if "$PYTHON" - "$@" <<'PY' 2>/dev/null; then return; fi
import importlib, sys
for name in sys.argv[1:]: importlib.import_module(name)
PY
  done
  echo "no python3 here can import $* (scripts/peers installs them)" >&2; exit 77
}

say() { echo "--- $*" >&2; }
fail() { echo "FAILED: $*" >&2; exit 1; }
same() { [ "$1" = "$2" ] || fail "$3: '$1' is not '$2'"; }

# Waits until a URL answers, at most 15 seconds.
answers() { for _ in $(seq 150); do curl -fso /dev/null "$1" && return; sleep 0.1; done; fail "$1 does not answer"; }

# Starts the embedded registry on a free port; its address is in $EMBEDDED.
embedded() { # [ARGUMENT…]
  local folder; folder=$(mktemp -d "$PWD/registry.XXXX")
  "$ASSAY" registry serve "$folder" --listen 127.0.0.1:0 "$@" 2>"$folder.log" & children+=($!)
  for _ in $(seq 150); do grep -q 'listening on http://' "$folder.log" && break; sleep 0.1; done
  EMBEDDED=$(sed -n 's|.*listening on http://||p' "$folder.log" | head -1)
  [ -n "$EMBEDDED" ] || fail "the embedded registry did not start: $(cat "$folder.log")"
}

# Puts between.py in front of the embedded registry: its address is in $BETWEEN, what it was asked in $ASKED.
between() { # PLACE STATUS
  ASKED=asked.$1.$2; ASKED=${ASKED//\//_}
  python3 "$ASSAY_ROOT/Tests/Interop/between.py" "http://$EMBEDDED" "$1" "$2" >"$ASKED" 2>/dev/null & children+=($!)
  for _ in $(seq 150); do grep -q 'listening on ' "$ASKED" && break; sleep 0.1; done
  BETWEEN=127.0.0.1:$(sed -n 's/listening on //p' "$ASKED")
}

# Starts Debian's docker-registry on a free port; its address is in $DISTRIBUTION.
distribution() {
  needs docker-registry curl
  local port; port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')
  local folder; folder=$(mktemp -d "$PWD/distribution.XXXX")
  cat >"$folder.yml" <<YML
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $folder}, delete: {enabled: true}}
http: {addr: "127.0.0.1:$port", secret: lab}
YML
  docker-registry serve "$folder.yml" >"$folder.log" 2>&1 & children+=($!)
  DISTRIBUTION=127.0.0.1:$port
  answers "http://$DISTRIBUTION/v2/"
}

# A small root file system with a real os-release and a dpkg database, in $1.
rootfs() {
  mkdir -p "$1/etc" "$1/var/lib/dpkg" "$1/usr/bin"
  cp /etc/os-release "$1/etc/os-release"
  cp /var/lib/dpkg/status "$1/var/lib/dpkg/status"
  head -c 300000 /dev/urandom >"$1/usr/bin/tool"; chmod 755 "$1/usr/bin/tool"
  ln -sf tool "$1/usr/bin/alias"
}
