# Namespaces made from seeds: labels that Assay knows are those that kubectl posts before the Pod.
. "$ASSAY_ROOT/Tests/Interop/story.sh"
needs kubectl python3
say "the seeds of the suite; more: NAMESPACE_SEEDS=\"1000 500\""
read -r first seeds <<<"${NAMESPACE_SEEDS:-1 1}"
PYTHONDONTWRITEBYTECODE=1 python3 "$ASSAY_ROOT/Tests/Interop/namespaces.py" "$ASSAY" "$PWD/work" "$first" "$seeds" 60
