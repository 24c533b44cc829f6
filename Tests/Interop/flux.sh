# The chapter's tree: kubectl accepts every overlay, and the pack's policies work unchanged.
. "$ASSAY_ROOT/Tests/Interop/story.sh"
needs kubectl
"$ASSAY_ROOT/scripts/check-flux"
