# SBOMs: strict CycloneDX and SPDX validation, two runs with identical bytes, and dpkg's own package list.
. "$ASSAY_ROOT/Tests/Interop/story.sh"
needs dpkg-query jq
embedded
rootfs root
assay push root "$EMBEDDED/shop/backend:1" >/dev/null 2>&1
for format in cyclonedx-json spdx-json; do
  assay sbom "$EMBEDDED/shop/backend:1" --format $format >one.$format
  assay sbom "$EMBEDDED/shop/backend:1" --format $format >two.$format
  cmp one.$format two.$format
done
dpkg-query --admindir=root/var/lib/dpkg -W -f '${db:Status-Status} ${Package} ${Version} ${Architecture}\n' | sed -n 's/^installed //p' | sort >dpkg.list
jq -r '.components[] | select(.purl // "" | startswith("pkg:deb/")) | .name + " " + .version + " " + (.purl | capture("arch=(?<a>[^&]+)").a)' one.cyclonedx-json | sort >ours.list
diff dpkg.list ours.list || fail "the package sets differ"
same "$(jq '[.packages[] | select(.externalRefs[]?.referenceLocator | startswith("pkg:deb/"))] | length' one.spdx-json)" "$(wc -l <dpkg.list)" "packages in SPDX"

say "strict validation"
needs_python cyclonedx spdx_tools
# Small documents for the slow validators: spdx-tools is quadratic.
small=$(awk 'BEGIN{RS=""; ORS="\n\n"} NR<=25' /var/lib/dpkg/status); printf '%s\n' "$small" >root/var/lib/dpkg/status
assay sbom root --format cyclonedx-json >small.cdx.json
assay sbom root --format spdx-json >small.spdx.json
"$PYTHON" "$ASSAY_ROOT/Tests/Interop/validate_cyclonedx.py" small.cdx.json
"$PYTHON" "$ASSAY_ROOT/Tests/Interop/validate_spdx.py" small.spdx.json
"$PYTHON" "$ASSAY_ROOT/Tests/Interop/validate_cyclonedx.py" one.cyclonedx-json

say "licences, declared by real packages and by odd ones"
(cd /usr/share/doc && find . -maxdepth 2 -name copyright -print0 | tar -ch --null -T -) | (mkdir -p root/usr/share/doc && tar -x -C root/usr/share/doc)
mkdir -p root/lib/apk/db
printf 'P:%s\nV:1-r0\nA:x86_64\nL:%s\n\n' one MIT two 'GPL-2.0-or-later WITH Classpath-exception-2.0 AND (ISC OR MIT)' three 'MIT BSD custom' four 'public "domain"' >root/lib/apk/db/installed
assay sbom root --format cyclonedx-json >licences.cdx.json
assay sbom root --format spdx-json >licences.spdx.json
assay sbom root --format spdx-json | cmp - licences.spdx.json
"$PYTHON" "$ASSAY_ROOT/Tests/Interop/validate_cyclonedx.py" licences.cdx.json
"$PYTHON" "$ASSAY_ROOT/Tests/Interop/validate_spdx.py" licences.spdx.json
same "$(jq -r '.packages[] | select(.name == "two") | .licenseDeclared' licences.spdx.json)" 'GPL-2.0-or-later WITH Classpath-exception-2.0 AND (ISC OR MIT)' "the expression of two"
same "$(jq -r '.components[] | select(.name == "three") | .licenses[0].license.name' licences.cdx.json)" 'MIT BSD custom' "the text of three"
