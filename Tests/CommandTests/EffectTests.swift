// SPDX-License-Identifier: Apache-2.0
// What a command refuses, it refuses before it does anything; what it has done, it says, also where
// its answer cannot be written.

import Foundation
import Testing

@Suite("effects of commands", .enabled(if: BuiltBinary.isHere, "the assay binary is not built"))
struct EffectTests {
    private static let start = """
        set -e
        mkdir root && assay generate-key-pair 2>/dev/null
        echo content >root/file; echo content >f; echo '{"n":1}' >p.json
        assay push root $REGISTRY/shop:1 >/dev/null 2>&1
        I=$REGISTRY/shop:1
        key="--key cosign.key"
        code() { local status=0; "$@" >/dev/null 2>errors || status=$?; echo $status; }

        """

    private func run(_ script: String) throws -> BuiltBinary.Outcome {
        try BuiltBinary.withTemporaryDirectory { directory in
            let registry = try RunningRegistry(
                directory: directory.appendingPathComponent("registry"))
            let work = directory.appendingPathComponent("work")
            try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
            return try BuiltBinary.shell(
                Self.start + script, in: work, variables: ["REGISTRY": registry.address])
        }
    }

    @Test(
        "what cannot be written as asked is refused before anything is signed",
        arguments: [
            ("sign $key --output-certificate c $I", 64),
            ("attest $key --output-certificate c --predicate p.json $I", 64),
            ("sign-blob $key --output-certificate c f", 64),
            ("attest-blob $key --output-certificate c --predicate p.json f", 64),
            ("sign --format legacy --identity-token t $I", 64),
            ("sign $key --format legacy --rekor-url http://127.0.0.1:1 $I", 64),
            ("sign $key --format legacy --tlog-upload $I", 64),
            ("sign $key --bundle nowhere/b $I", 2),
            ("attest $key --output-signature nowhere/b --predicate p.json $I", 2),
            ("sign $key --bundle root $I", 64), ("sign $key --bundle= $I", 64),
            ("sign-blob $key --output-signature nowhere/s f", 2),
            ("attest-blob $key --output-signature root --predicate p.json f", 64),
            ("sign $key $I oci-archive:image.tar", 64), ("sign $key $I oci:nowhere", 2),
            ("attest $key --type https://sigstore.dev/cosign/sign/v1 --predicate p.json $I", 64),
            ("attest-blob $key --type https://sigstore.dev/cosign/sign/v1 -p p.json f", 64),
            ("attest $key --replace --no-upload --predicate p.json $I", 64),
        ])
    func refusedFirst(command: String, status: Int) throws {
        let outcome = try run(
            """
            assay pull $I layout >/dev/null 2>&1; tar -C layout -cf image.tar .
            : >errors; ls >/tmp/before.$$
            code assay \(command)
            ls | diff /tmp/before.$$ - && echo same files; rm /tmp/before.$$
            assay tree $I 2>/dev/null | grep -cE 'signature|attestation' || true
            """)
        // The image is signed where only the second one is not there: that is found out on the way.
        let count = command.contains("oci:nowhere") ? 1 : 0
        #expect(outcome.output == "\(status)\nsame files\n\(count)\n", "\(outcome)")
    }

    @Test(
        "an answer that cannot be written is followed by what was done",
        arguments: [
            (line: "sign $key $I", done: "stored the signature $REGISTRY/shop@sha256:"),
            ("sign $key --format legacy $I", "stored the signature $REGISTRY/shop@sha256:"),
            ("sign $key --output json $I", "stored the signature $REGISTRY/shop@sha256:"),
            ("sign $key --no-upload $I", "signed $REGISTRY/shop@sha256:"),
            ("attest $key -p p.json $I", "stored the attestation $REGISTRY/shop@sha256:"),
            ("sign-blob $key f", "wrote the bundle f.sigstore.json"),
            ("attest-blob $key -p p.json --bundle b f", "wrote the bundle b"),
            ("push root $REGISTRY/shop:2", "stored $REGISTRY/shop@sha256:"),
            ("pull $I layout", "stored oci:layout@sha256:"),
            ("copy $I $REGISTRY/other:1", "stored $REGISTRY/other@sha256:"),
            ("attach sbom --sbom f $I", "stored $REGISTRY/shop@sha256:"),
        ] as [(line: String, done: String)], ["1>&-", ">/dev/full", "| true"])
    func saidAfterwards(command: (line: String, done: String), output: String) throws {
        let outcome = try run(
            """
            set +e
            { [ "\(output)" = "| true" ] && sleep 1; assay \(command.line) 2>errors; } \(output)
            echo ${PIPESTATUS[0]}; sed "s#$REGISTRY#\\$REGISTRY#g" errors
            """)
        #expect(outcome.output.hasPrefix("2\n"), "\(outcome)")
        #expect(outcome.output.contains("cannot write the answer to stdout"), "\(outcome)")
        #expect(outcome.output.contains("\n done: \(command.done)"), "\(outcome)")
    }

    @Test("a command without an effect still ends quietly when its reader is gone")
    func quiet() throws {
        let outcome = try run(
            """
            set +e
            { sleep 1; assay public-key --key cosign.key 2>errors; } | true
            echo ${PIPESTATUS[0]}; cat errors
            """)
        #expect(outcome.output == "141\n")
    }
}
