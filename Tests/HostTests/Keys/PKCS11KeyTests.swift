// SPDX-License-Identifier: Apache-2.0
// Keys in tokens, against SoftHSM where it is installed.

import Foundation
import Glibc
import Keys
import Primitives
import Signing
import TestSupport
import Testing

@testable import Host

/// A SoftHSM token with one key of each kind, made by OpenSC before the module is first loaded: it
/// reads its configuration once a process.
private enum SoftToken {
    static let module = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so"]
        .first { FileManager.default.fileExists(atPath: $0) }

    static let isHere =
        module != nil && program("softhsm2-util") != nil && program("pkcs11-tool") != nil

    static let directory: Result<TemporaryDirectory, any Error> = Result {
        let directory = try TemporaryDirectory()
        try directory.write("", to: "tokens/.keep")
        try directory.write(
            "directories.tokendir = \(directory.file("tokens"))\nobjectstore.backend = file\n",
            to: "softhsm2.conf")
        unsafe setenv("SOFTHSM2_CONF", directory.file("softhsm2.conf"), 1)
        #expect(
            try run(
                "softhsm2-util", "--init-token", "--free", "--label", "release", "--so-pin",
                "9999", "--pin", "1234") == 0)
        #expect(
            try run(
                "softhsm2-util", "--init-token", "--free", "--label", "other", "--so-pin", "9999",
                "--pin", "5678") == 0)
        for (index, kind) in kinds.enumerated() {
            let status = try run(
                "pkcs11-tool", "--module", module ?? "", "--token-label", "release", "--login",
                "--pin", "1234", "--keypairgen", "--key-type", kind, "--label",
                kind.lowercased(), "--id", "0\(index + 1)")
            #expect(status == 0, "\(kind)")
        }
        return directory
    }

    static let kinds = [
        "EC:prime256v1", "EC:secp384r1", "EC:secp521r1", "rsa:2048", "EC:edwards25519",
    ]

    static func reference(_ rest: String) throws -> KeyReference {
        _ = try directory.get()
        return try KeyReference(parsing: "pkcs11:\(rest)?module-path=\(module ?? "")")
    }
}

@Suite(
    "keys in tokens", .serialized,
    .enabled(if: SoftToken.isHere, "softhsm2-util, pkcs11-tool or SoftHSM's module is missing"))
struct PKCS11KeyTests {
    private let pin = ["COSIGN_PKCS11_PIN": "1234"]

    @Test("a key of each kind signs, and its public half is found without a PIN", arguments: 1...5)
    func signs(id: Int) async throws {
        let reference = try SoftToken.reference("token=release;id=%0\(id)")
        let signer = try await opener(pin).signer(reference)
        let message = Array("the message".utf8)
        let signature = try await signer.sign(message)
        #expect(signer.publicKey.isValid(signature, over: message, scheme: signer.scheme))
        let keys = try await opener().trustedKeys(reference)
        #expect(keys.map(\.key) == [signer.publicKey])
    }

    @Test("several signatures at once do not disturb each other")
    func atOnce() async throws {
        let signer = try await opener(pin).signer(
            try SoftToken.reference("token=release;object=ec%3aprime256v1"))
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<16 {
                group.addTask {
                    let message = [UInt8(number)]
                    let signature = try await signer.sign(message)
                    return signer.publicKey.isValid(signature, over: message)
                }
            }
            for try await isValid in group { #expect(isValid) }
        }
    }

    @Test("the PIN may stand in the URI or in a file; a wrong one is denied, none is told")
    func pins() async throws {
        let directory = try SoftToken.directory.get()
        try directory.write("1234\n", to: "pin")
        let rest = "token=release;id=%01"
        let module = "module-path=\(SoftToken.module ?? "")"
        for query in [
            "pin-value=1234", "pin-source=\(directory.file("pin"))",
            "pin-source=file:\(directory.file("pin"))",
        ] {
            let signer = try await opener().signer(
                try KeyReference(parsing: "pkcs11:\(rest)?\(query)&\(module)"))
            _ = try await signer.sign([1])
        }
        let wrong = try await opener(["COSIGN_PKCS11_PIN": "0000"]).signer(
            try SoftToken.reference(rest))
        await expectFailure(.denied, "the PIN is wrong") { _ = try await wrong.sign([1]) }
        let none = try await opener().signer(try SoftToken.reference(rest))
        await expectFailure(.usage, "COSIGN_PKCS11_PIN") { _ = try await none.sign([1]) }
    }

    @Test("tokens, keys and modules that are not there are told")
    func missing() async throws {
        let rows: [(String, Failure.Kind, String)] = [
            ("token=nobody;id=%01", .notFound, "no token fits"),
            ("id=%01", .usage, "tokens fit"),
            ("token=release;id=%77", .notFound, "neither a public"),
            ("token=release;serial=x;id=%01", .notFound, "no token fits"),
        ]
        for (rest, kind, part) in rows {
            await expectFailure(kind, part) {
                _ = try await opener(pin).signer(try SoftToken.reference(rest))
            }
        }
        for (text, kind, part) in [
            ("pkcs11:object=a?module-path=/nowhere.so", Failure.Kind.notFound, "C_GetFunctionList"),
            ("pkcs11:object=a", .usage, "COSIGN_PKCS11_MODULE_PATH"),
            ("pkcs11:object=a?module-name=nowhere", .usage, "no module \"nowhere\""),
        ] {
            await expectFailure(kind, part) {
                _ = try await opener().signer(try KeyReference(parsing: text))
            }
        }
    }

    @Test("the module is found by its name in the usual folders, or by the variable")
    func moduleByName() async throws {
        _ = try SoftToken.directory.get()
        let rest = "pkcs11:token=release;id=%01"
        _ = try await opener(pin).signer(
            try KeyReference(parsing: "\(rest)?module-name=softhsm2"))
        var environment = pin
        environment["COSIGN_PKCS11_MODULE_PATH"] = SoftToken.module
        _ = try await opener(environment).signer(try KeyReference(parsing: rest))
    }
}
