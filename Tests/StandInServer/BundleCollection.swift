// SPDX-License-Identifier: Apache-2.0
// A folder of bundles, good and bad, with a list of what each must be answered.

import Foundation
import Keys
import Primitives
import StandIns

/// Every combination of form and proof, and every fault in each of four forms.
struct BundleCollection {
    let directory: URL

    func write() throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let artifact = Array("an artifact of the stand-ins\n".utf8)
        let statement = statement(about: artifact)
        let sigstore = try StandInSigstore(at: now())
        try save(artifact, "artifact")
        try save(statement, "statement.json")
        try save(Array(sigstore.trustedRoot().prettyText.utf8), "trusted_root.json")
        var list: [JSONValue] = []
        for sample in try samples(artifact, statement) + keySamples(artifact, statement) {
            let name = sample.name + ".sigstore.json"
            try save(try sigstore.bundle(sample.recipe), name)
            list.append(
                .object([
                    "bundle": .string(name),
                    "content": sample.recipe.isEnvelope ? "statement" : "artifact",
                    "signer": sample.recipe.hasCertificate ? "certificate" : "key",
                    "key": sample.recipe.keyName.map { .string($0 + ".pub") } ?? .null,
                    "log": .string(sample.recipe.log.rawValue),
                    "version": .string(sample.recipe.version.rawValue),
                    "timestamped": .bool(sample.recipe.isTimestamped),
                    "faults": .array(sample.recipe.faults.map { .string($0.rawValue) }),
                    "accepted": .bool(
                        sample.recipe.faults.allSatisfy { $0.isHarmless(in: sample.recipe) }),
                ]))
        }
        let index: JSONValue = [
            "identity": .string(StandInIdentity.person.name.text),
            "issuer": .string(StandInIdentity.person.issuer), "bundles": .array(list),
        ]
        try save(Array(index.prettyText.utf8), "index.json")
    }

    private func save(_ bytes: [UInt8], _ name: String) throws {
        try Data(bytes).write(to: directory.appendingPathComponent(name), options: .atomic)
    }

    private func statement(about artifact: [UInt8]) -> [UInt8] {
        let statement: JSONValue = [
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [
                [
                    "name": "artifact",
                    "digest": ["sha256": .string(hexText(sha256(artifact)))],
                ]
            ],
            "predicateType": "https://example.org/predicate/v1",
            "predicate": ["made": "by stand-ins"],
        ]
        return statement.compactBytes
    }

    private func samples(_ artifact: [UInt8], _ statement: [UInt8])
        -> [(name: String, recipe: StandInRecipe)]
    {
        var samples: [(name: String, recipe: StandInRecipe)] = []
        for (form, content) in [
            ("artifact", StandInRecipe.Content.artifact(artifact)),
            ("statement", .statement(statement)),
        ] {
            for log in StandInRecipe.Log.allCases {
                // Version 0.1 demands a promise, which only Rekor v1 makes.
                for version in StandInRecipe.Version.allCases
                where log == .rekor1 || version != .v1 {
                    for isTimestamped in [true, false] {
                        var recipe = StandInRecipe(content)
                        recipe.log = log
                        recipe.version = version
                        recipe.isTimestamped = isTimestamped
                        let stamp = isTimestamped ? "stamped" : "unstamped"
                        samples.append(
                            ("\(form)-\(log.rawValue)-\(version.rawValue)-\(stamp)", recipe))
                    }
                }
                samples += faulty(StandInRecipe(content).with { $0.log = log }, form)
            }
        }
        return samples
    }

    /// Signed with a key of each kind; the public halves are `KIND.pub`.
    private func keySamples(_ artifact: [UInt8], _ statement: [UInt8]) throws
        -> [(name: String, recipe: StandInRecipe)]
    {
        var samples: [(name: String, recipe: StandInRecipe)] = []
        for kind in [StandInKey.Kind.p256, .p384, .p521, .rsa2048] {
            let key = try StandInKey(kind)
            try save(Array(key.publicPEM.utf8), "\(kind.rawValue).pub")
            for (form, content) in [
                ("artifact", StandInRecipe.Content.artifact(artifact)),
                ("statement", .statement(statement)),
            ] {
                for log in StandInRecipe.Log.allCases {
                    let recipe = StandInRecipe(content).with {
                        $0.signer = .key(key)
                        $0.log = log
                    }
                    samples.append(("\(form)-\(log.rawValue)-key-\(kind.rawValue)", recipe))
                }
            }
        }
        return samples
    }

    private func faulty(_ recipe: StandInRecipe, _ form: String)
        -> [(name: String, recipe: StandInRecipe)]
    {
        guard recipe.log != .none else { return [] }
        return StandInFault.allCases.filter { $0.concerns(recipe) }.map { fault in
            (
                "\(form)-\(recipe.log.rawValue)-\(fault.rawValue)",
                recipe.with { $0.faults = [fault] }
            )
        }
    }
}

extension StandInRecipe {
    fileprivate var keyName: String? {
        if case .key(let key) = signer { key.kind.rawValue } else { nil }
    }
}
