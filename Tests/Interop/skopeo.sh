# skopeo and umoci read what Assay writes, and Assay reads what they write, byte for byte.
. "$ASSAY_ROOT/Tests/Interop/story.sh"
needs skopeo umoci jq
embedded
rootfs root
pushed=$(assay push root "$EMBEDDED/shop/backend:1" 2>/dev/null); digest=${pushed#*@}

say "skopeo inspects and copies what Assay pushed"
same "$(skopeo inspect --tls-verify=false "docker://$EMBEDDED/shop/backend:1" | jq -r .Digest)" "$digest" "digest by skopeo"
skopeo copy -q --preserve-digests --src-tls-verify=false "docker://$EMBEDDED/shop/backend:1" oci:by-skopeo:1
same "$(jq -r '.manifests[0].digest' by-skopeo/index.json)" "$digest" "digest in skopeo's layout"

say "Assay pushes skopeo's layout, archive and registry copy back"
same "$(assay push by-skopeo "$EMBEDDED/back/layout:1" 2>/dev/null | sed 's/.*@//')" "$digest" "layout"
(cd by-skopeo && tar cf ../by-skopeo.tar .)
same "$(assay push by-skopeo.tar "$EMBEDDED/back/tar:1" 2>/dev/null | sed 's/.*@//')" "$digest" "layout in a tar"
skopeo copy -q --preserve-digests --src-tls-verify=false --dest-tls-verify=false "docker://$EMBEDDED/shop/backend:1" "docker://$EMBEDDED/by/skopeo:1"
same "$(assay triangulate --type digest "$EMBEDDED/by/skopeo:1" | sed 's/.*@//')" "$digest" "skopeo's push to the embedded registry"
skopeo copy -q oci:by-skopeo:1 docker-archive:archive.tar:shop/backend:1
assay push archive.tar "$EMBEDDED/back/archive:1" >/dev/null 2>&1 || fail "docker archive"
skopeo inspect --tls-verify=false "docker://$EMBEDDED/back/archive:1" >/dev/null

say "umoci unpacks what Assay pulled"
assay pull "$EMBEDDED/shop/backend:1" pulled >/dev/null 2>&1
umoci unpack --rootless --image pulled:1 bundle >/dev/null 2>&1 || fail "umoci unpack"
cmp root/usr/bin/tool bundle/rootfs/usr/bin/tool
same "$(readlink bundle/rootfs/usr/bin/alias)" tool "the symbolic link"

say "Assay pushes what umoci made"
umoci init --layout made >/dev/null; umoci new --image made:2 >/dev/null
(cd root && tar cf ../layer.tar .); umoci raw add-layer --image made:2 layer.tar >/dev/null
assay push made "$EMBEDDED/by/umoci:2" >/dev/null 2>&1 || fail "push umoci's layout"
skopeo copy -q --src-tls-verify=false "docker://$EMBEDDED/by/umoci:2" dir:umoci-again

say "names of images in layouts and archives mean what they mean to skopeo"
skopeo copy -q oci:by-skopeo:1 oci:named:docker.io/library/x:1
skopeo copy -q oci:made:2 oci:named:docker.io/library/y:2
skopeo copy -q oci:named:docker.io/library/x:1 oci-archive:named.tar:docker.io/library/x:1
skopeo copy -q oci:named:docker.io/library/x:1 docker-archive:docker.tar:docker.io/library/x:1
for name in oci:named:docker.io/library/x:1 oci:named:x:1 oci-archive:named.tar:docker.io/library/x:1 oci-archive:named.tar; do
  same "$(assay triangulate --type digest "$name" | sed 's/.*@//')" "$digest" "$name"
done
assay sbom docker-archive:docker.tar:docker.io/library/x:1 >/dev/null || fail "docker-archive with a name"
assay copy docker-archive:docker.tar:@0 "$EMBEDDED/by/position:1" >/dev/null 2>&1 || fail "docker-archive with a position"
! assay tree oci:named >/dev/null 2>several || fail "several images, and one was chosen"
grep -q 'oci:named:docker.io/library/y:2' several || fail "the names are not listed: $(cat several)"
assay copy "$EMBEDDED/shop/backend:1" oci:ours:docker.io/library/z:3 >/dev/null 2>&1
same "$(skopeo inspect oci:ours:docker.io/library/z:3 | jq -r .Digest)" "$digest" "the name we wrote, by skopeo"
