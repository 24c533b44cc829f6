// SPDX-License-Identifier: Apache-2.0
// Names that readers in Go take for others: encoding/json matches them in any case.

import OCI
import Primitives
import Testing

@Suite("names in another case")
struct SpellingTests {
    private static let descriptor =
        #"{"mediaType":"application/vnd.oci.image.layer.v1.tar","size":2,"#
        + #""digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}"#
    // `@` is a descriptor, `~` one without its first brace.
    private static let manifest = #"{"schemaVersion":2,"config":@,"layers":[@]}"#
    private static let index = #"{"schemaVersion":2,"manifests":[@]}"#

    @Test(
        "a manifest or index in which Go would read another field is refused",
        arguments: [
            (manifest, #""layers":[@]"#, #""layers":[@],"Layers":[]"#),
            (manifest, #""layers":[@]"#, "\"layers\":[D],\"layer\u{17F}\":[]"),
            (manifest, #""schemaVersion":2"#, #""schemaVersion":2,"Subject":@"#),
            (manifest, #""schemaVersion":2"#, #""schemaVersion":2,"MediaType":"x/y""#),
            (manifest, #""schemaVersion":2"#, #""schemaVersion":2,"Manifests":[]"#),
            (manifest, #""config":@"#, #""Config":@,"config":@"#),
            (manifest, #"[@]"#, #"[@, {"Digest":"x",~]"#),
            (index, #""manifests":[@]"#, #""manifests":[@],"MANIFESTS":[]"#),
            (index, #"[@]"#, #"[{"Size":3,~]"#), (index, #"[@]"#, #"[{"platForm":{},~]"#),
            (index, #"[@]"#, #"[{"platform":{"OS":"linux","os":"linux","architecture":"arm"},~]"#),
        ])
    func refused(document: String, from: String, to: String) throws {
        func parse(_ text: String) throws -> Manifest {
            let whole = text.replacing("@", with: Self.descriptor)
                .replacing("~", with: String(Self.descriptor.dropFirst()))
            return try Manifest(parsing: Array(whole.utf8), as: nil)
        }
        _ = try parse(document)
        let changed = document.replacing(from, with: to)
        let failure = #expect(throws: Failure.self) { try parse(changed) }
        #expect(failure?.kind == .malformed, "\(String(describing: failure))")
    }

    @Test("a name that only another format has is no spelling of ours")
    func unknownNames() throws {
        let text = Self.manifest.replacing("@", with: Self.descriptor)
            .replacing(#""schemaVersion""#, with: #""x-Layers":1,"layers2":1,"schemaVersion""#)
        _ = try Manifest(parsing: Array(text.utf8), as: nil)
    }

    @Test("a configuration in which Go would read other layers is refused")
    func configuration() throws {
        let good = #"{"os":"linux","architecture":"arm","rootfs":{"type":"layers","diff_ids":[]}}"#
        _ = try ImageConfiguration(parsing: Array(good.utf8))
        for (from, to) in [
            (#""rootfs""#, #""Rootfs":{},"rootfs""#),
            (#""diff_ids""#, #""Diff_IDs":[],"diff_ids""#),
            (#""os""#, #""OS":"windows","os""#),
        ] {
            #expect(throws: Failure.self) {
                try ImageConfiguration(parsing: Array(good.replacing(from, with: to).utf8))
            }
        }
    }
}
