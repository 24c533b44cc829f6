# python-tuf keeps update repositories, well and badly, with every kind of key; Assay's client and python-tuf's
# follow them side by side and have to agree, on what they download and on what they refuse.
. "$ASSAY_ROOT/Tests/Interop/story.sh"
needs_python tuf securesystemslib cryptography
client=$(dirname "$ASSAY")/assay-conformance
[ -x "$client" ] || { echo "assay-conformance is not built" >&2; exit 77; }
"$PYTHON" "$ASSAY_ROOT/Tests/Interop/tuf_peers.py" "$client" "$PWD"
