// SPDX-License-Identifier: Apache-2.0
// Log entries as bundles, annotations and logs write them.

import Keys
import Primitives
import Signing
import TestSupport
import Testing

@Suite("log entries as written")
struct LogEntryReadingTests {
    private let sample: SignedSample
    private let log: SmallLog
    private let entry: TransparencyLogEntry

    init() throws {
        sample = try SignedSample.message()
        log = try SmallLog.version1()
        entry = try log.entry(try sample.hashedRecord(), .hashedRecord)
    }

    private func read(_ value: JSONValue) throws(Failure) -> TransparencyLogEntry {
        try TransparencyLogEntry(reading: JSONReader(value, document: "test"))
    }

    /// The entry's JSON with one field changed; nil removes it.
    private func changed(_ path: [String], _ value: JSONValue?) -> JSONValue {
        func change(_ json: JSONValue, _ path: ArraySlice<String>) -> JSONValue {
            guard var object = json.object, let name = path.first else { return value ?? .null }
            object[name] =
                path.count == 1 ? value : change(object[name] ?? [:], path.dropFirst())
            return .object(object)
        }
        return change(entry.json, path[...])
    }

    @Test("an entry that is written is read back as the same entry, in both generations")
    func roundTrip() throws {
        #expect(try read(entry.json) == entry)
        let second = try SmallLog.version2().entry(
            try sample.content.version2Body(), .hashedRecordVersion2)
        #expect(try read(second.json) == second)
        #expect(second.json["integratedTime"] == nil)
        #expect(second.json["inclusionPromise"] == nil)
    }

    @Test("fields are written in the order of their numbers, integers as strings")
    func written() throws {
        #expect(
            entry.json.object?.names == [
                "logIndex", "logId", "kindVersion", "integratedTime", "inclusionPromise",
                "inclusionProof", "canonicalizedBody",
            ])
        #expect(entry.json["logIndex"] == "1005")
        #expect(entry.json["integratedTime"] == "1750000000")
    }

    @Test("64-bit integers may be strings or numbers")
    func integers() throws {
        #expect(try read(changed(["logIndex"], 1005)) == entry)
        let largest = try read(changed(["logIndex"], "9223372036854775807"))
        #expect(largest.logIndex == Int.max)
    }

    @Test("an absent index is 0, as protobuf writes it")
    func absentIndex() throws {
        #expect(try read(changed(["logIndex"], nil)).logIndex == 0)
        #expect(try read(changed(["integratedTime"], "0")).claimedTime == nil)
    }

    static let badIntegers: [JSONValue] = [
        "-1", -1, "+5", "05", " 5", "5.0", "1e3", "", "9223372036854775808", "0x10", true, [:],
        .number(JSONNumber(1.5) ?? JSONNumber(0)),
    ]

    @Test("anything but a whole number from 0 to 2^63-1 is refused", arguments: badIntegers)
    func badInteger(value: JSONValue) {
        let paths = [
            ["logIndex"], ["integratedTime"], ["inclusionProof", "logIndex"],
            ["inclusionProof", "treeSize"],
        ]
        for path in paths {
            let failure = #expect(throws: Failure.self) { try read(changed(path, value)) }
            #expect(failure?.kind == .malformed)
        }
    }

    static let unknownFields = [
        ["extra"], ["logId", "extra"], ["kindVersion", "extra"], ["inclusionPromise", "extra"],
        ["inclusionProof", "extra"], ["inclusionProof", "checkpoint", "extra"], ["log_index"],
    ]

    @Test("an unknown field is refused, wherever it stands", arguments: unknownFields)
    func unknownField(path: [String]) {
        let failure = #expect(throws: Failure.self) { try read(changed(path, "x")) }
        #expect(failure?.kind == .malformed)
    }

    @Test("a field that stands twice is refused")
    func duplicateField() throws {
        let text = entry.json.compactText.replacing(
            "\"logIndex\":\"1005\"", with: "\"logIndex\":\"1005\",\"logIndex\":\"1006\"")
        #expect(throws: Failure.self) {
            try JSONReader(parsing: Array(text.utf8), named: "test")
        }
    }

    static let neededFields = [
        ["logId"], ["logId", "keyId"], ["kindVersion"], ["kindVersion", "kind"],
        ["kindVersion", "version"], ["canonicalizedBody"],
    ]

    @Test("a field without which nothing can be checked must be there", arguments: neededFields)
    func neededField(path: [String]) {
        #expect(throws: Failure.self) { try read(changed(path, nil)) }
        #expect(throws: Failure.self) { try read(changed(path, "")) }
    }

    static let looseBase64: [JSONValue] = ["AA", "A===", "AA-_", "AA==\n", "AB==", "?", 5]

    @Test("base64 that is not canonical, or has another length, is refused", arguments: looseBase64)
    func badBase64(value: JSONValue) {
        let paths = [
            ["logId", "keyId"], ["inclusionPromise", "signedEntryTimestamp"],
            ["inclusionProof", "rootHash"], ["inclusionProof", "hashes"], ["canonicalizedBody"],
        ]
        for path in paths {
            let value = path.last == "hashes" ? JSONValue.array([value]) : value
            #expect(throws: Failure.self) { try read(changed(path, value)) }
        }
    }

    @Test("a proof of 64 hashes is over the limit before one of them is read")
    func tooManyHashes() {
        let hashes = JSONValue.array(Array(repeating: 5, count: Limits.hashesPerProof + 1))
        let failure = #expect(throws: Failure.self) {
            try read(changed(["inclusionProof", "hashes"], hashes))
        }
        #expect(failure?.kind == .overLimit)
    }

    @Test("a promise, note or body above its limit is over the limit")
    func tooLong() {
        let long = JSONValue.string(
            base64Text([UInt8](repeating: 0, count: Limits.logSignatureBytes + 3)))
        let note = JSONValue.string(String(repeating: "a", count: Limits.signedNoteBytes + 1))
        let body = JSONValue.string(
            String(repeating: "A", count: 4 * (Limits.logEntryBytes / 3 + 2)))
        for (path, value) in [
            (["inclusionPromise", "signedEntryTimestamp"], long),
            (["inclusionProof", "checkpoint", "envelope"], note), (["canonicalizedBody"], body),
        ] {
            let failure = #expect(throws: Failure.self) { try read(changed(path, value)) }
            #expect(failure?.kind == .overLimit)
        }
    }

    @Test("an empty promise or checkpoint is none")
    func emptyMeansAbsent() throws {
        let promise = try read(changed(["inclusionPromise"], [:]))
        #expect(promise.proofs.signedEntryTimestamp == nil)
        let checkpoint = try read(changed(["inclusionProof", "checkpoint"], ["envelope": ""]))
        #expect(checkpoint.proofs.inclusion?.checkpoint == nil)
    }

    // MARK: The older forms

    private func annotation() throws -> JSONValue {
        let promise = try #require(entry.proofs.signedEntryTimestamp)
        return [
            "SignedEntryTimestamp": .string(base64Text(promise)),
            "Payload": [
                "body": .string(base64Text(entry.body)), "integratedTime": 1_750_000_000,
                "logIndex": 1005, "logID": .string(hexText(entry.logID)),
            ],
        ]
    }

    @Test("cosign's annotation is the same entry without its proof")
    func legacyAnnotation() throws {
        let read = try TransparencyLogEntry(legacyBundleAnnotation: annotation().compactText)
        #expect(read == entry.with(inclusion: nil))
    }

    @Test("an annotation with an unknown, missing or negative field is refused")
    func badAnnotation() throws {
        let text = try annotation().compactText
        let bad = [
            "", "{}", "null", "[]", text + " x",
            text.replacing("\"Payload\":{", with: "\"Payload\":{\"extra\":1,"),
            text.replacing("\"logIndex\":1005", with: "\"logIndex\":-1"),
            text.replacing("\"logIndex\":1005,", with: ""),
            text.replacing("\"SignedEntryTimestamp\"", with: "\"signedEntryTimestamp\""),
            text.replacing("\"logID\":\"", with: "\"logID\":\"AB"),
        ]
        for annotation in bad {
            #expect(annotation != text)
            #expect(throws: Failure.self) {
                try TransparencyLogEntry(legacyBundleAnnotation: annotation)
            }
        }
    }

    private func answer(uuid: String? = nil) throws -> JSONValue {
        let inclusion = try #require(entry.proofs.inclusion)
        let promise = try #require(entry.proofs.signedEntryTimestamp)
        var answer: JSONObject = [:]
        answer[uuid ?? "24296fb24b8ad77a" + hexText(MerkleHash.leaf(entry.body))] = [
            "body": .string(base64Text(entry.body)), "integratedTime": 1_750_000_000,
            "logID": .string(hexText(entry.logID)), "logIndex": 1005,
            "verification": [
                "inclusionProof": [
                    "checkpoint": .string(try #require(inclusion.checkpoint)),
                    "hashes": .array(inclusion.hashes.map { .string(hexText($0)) }),
                    "logIndex": 5, "rootHash": .string(hexText(inclusion.rootHash)), "treeSize": 7,
                ],
                "signedEntryTimestamp": .string(base64Text(promise)),
            ],
        ]
        return .object(answer)
    }

    private func readAnswer(_ answer: JSONValue) throws -> TransparencyLogEntry {
        try TransparencyLogEntry(rekorVersion1Answer: JSONReader(answer, document: "answer"))
    }

    @Test("Rekor v1's answer is the same entry with everything")
    func version1Answer() throws {
        #expect(try readAnswer(answer()) == entry)
    }

    @Test("an answer with two entries, none, or a UUID of another entry is refused")
    func badAnswer() throws {
        var two = try #require(try answer().object)
        two["00"] = [:]
        #expect(throws: Failure.self) { try readAnswer(.object(two)) }
        #expect(throws: Failure.self) { try readAnswer([:]) }
        #expect(throws: Failure.self) {
            try readAnswer(answer(uuid: String(repeating: "0", count: 64)))
        }
        #expect(throws: Failure.self) { try readAnswer(answer(uuid: "")) }
    }

    @Test("more entries than a bundle may have are over the limit before one of them is read")
    func tooManyEntries() {
        let list = JSONValue.array(Array(repeating: "no entry", count: Limits.proofsPerBundle + 1))
        let failure = #expect(throws: Failure.self) {
            try TransparencyLogEntry.list(reading: JSONReader(list, document: "test"))
        }
        #expect(failure?.kind == .overLimit)
    }
}
