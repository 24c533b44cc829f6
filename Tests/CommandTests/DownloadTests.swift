// SPDX-License-Identifier: Apache-2.0
// `assay download` and `assay verify` give the same code for the same evidence.

import Foundation
import Testing

@Suite(
    "downloading evidence", .enabled(if: BuiltBinary.isHere, "the assay binary is not built"))
struct DownloadTests {
    /// Two images, `bare` and `odd`; `$ODD` is a digest. `holder TYPE SUBJECT` is a manifest with a
    /// layer of that type, which the registry does not have.
    private static let start = """
        set -e
        mkdir root && assay generate-key-pair 2>/dev/null
        for name in bare odd; do
            echo $name >root/file
            assay push root $REGISTRY/shop:$name >/dev/null 2>&1
        done
        ODD=$(assay triangulate --type digest $REGISTRY/shop:odd | sed 's/.*@//')
        image=application/vnd.oci.image.manifest.v1+json
        empty='{"mediaType":"application/vnd.oci.empty.v1+json","size":2,
            "digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}'
        absent=sha256:$(printf 7%.0s $(seq 64))
        holder() { echo '{"schemaVersion":2,"mediaType":"'$image'","config":'$empty',"layers":[
            {"mediaType":"'$1'","size":9,"digest":"'$absent'"}]'$2'}'; }
        put() { curl -sf -o /dev/null -X PUT -H "Content-Type: ${2:-$image}" --data-binary @- \
            http://$REGISTRY/v2/shop/manifests/$1; }
        code() { status=0; "$@" >/dev/null 2>errors || status=$?; echo $status; }
        codes() {
            code assay download signature $REGISTRY/shop:$1
            code assay verify --key cosign.pub $REGISTRY/shop:$1
            code assay download attestation $REGISTRY/shop:$1
            code assay download attestation --predicate-type spdxjson $REGISTRY/shop:$1
            code assay verify-attestation --key cosign.pub --type spdxjson $REGISTRY/shop:$1
            code assay download sbom $REGISTRY/shop:$1
        }

        """

    private func run(_ script: String) throws -> BuiltBinary.Outcome {
        try BuiltBinary.withTemporaryDirectory { directory in
            let registry = try RunningRegistry(
                directory: directory.appendingPathComponent("registry"),
                arguments: ["--accept-sparse-images"])
            let work = directory.appendingPathComponent("work")
            try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
            return try BuiltBinary.shell(
                Self.start + script, in: work, variables: ["REGISTRY": registry.address])
        }
    }

    @Test("nothing of the kind is 10, and what cannot be read is 12")
    func unreadable() throws {
        let outcome = try run(
            """
            echo $(codes bare)
            holder application/vnd.dev.cosign.simplesigning.v1+json | put ${ODD/:/-}.sig
            echo $(codes odd)
            holder application/vnd.dsse.envelope.v1+json | put ${ODD/:/-}.att
            holder text/spdx+json | put ${ODD/:/-}.sbom
            echo $(codes odd); grep -c 'that can be read' errors
            index=application/vnd.oci.image.index.v1+json
            for suffix in sig att sbom; do
                echo '{"schemaVersion":2,"mediaType":"'$index'","manifests":[]}' |
                    put ${ODD/:/-}.$suffix $index
            done
            echo $(codes odd)
            """)
        #expect(
            outcome.output == """
                10 10 10 10 10 10
                12 12 10 10 10 10
                12 12 12 12 12 12
                1
                12 12 12 12 12 12

                """, "\(outcome.errors)")
    }

    @Test("a referrer that is a bundle by its type and cannot be read is 12 for both kinds")
    func referrer() throws {
        let outcome = try run(
            """
            size=$(curl -sf -H "Accept: $image" http://$REGISTRY/v2/shop/manifests/$ODD | wc -c)
            bundle=application/vnd.dev.sigstore.bundle.v0.3+json
            holder $bundle ',"artifactType":"'$bundle'","subject":
                {"mediaType":"'$image'","size":'$size',"digest":"'$ODD'"}' >manifest
            put sha256:$(sha256sum <manifest | cut -c-64) <manifest
            echo $(codes odd)
            assay sign --key cosign.key $REGISTRY/shop@$ODD >/dev/null 2>&1
            echo $(codes odd)
            """)
        #expect(outcome.output == "12 12 12 12 12 10\n0 0 12 12 12 10\n", "\(outcome.errors)")
    }
}
