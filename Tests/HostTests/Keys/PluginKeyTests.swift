// SPDX-License-Identifier: Apache-2.0
// Rules about key plugins, with a program made of openssl and shell.

import Foundation
import Keys
import Primitives
import Registry
import TestSupport
import Testing

@testable import Host

@Suite("key plugins", .enabled(if: program("openssl") != nil, "openssl is missing"))
struct PluginKeyTests {
    /// Nothing of a plugin goes over a transport of ours.
    private let unused = KeyServiceDouble { _ in (500, []) }

    private func signer(_ script: String, key: String = "the key") async throws -> any Signer {
        let directory = try TemporaryDirectory()
        try directory.write("#!/bin/sh\n" + script, to: "sigstore-kms-test", permissions: 0o755)
        let environment = ["PATH": "\(directory.path):/usr/bin:/bin", "FOLDER": directory.path]
        let signer = try await opener(environment, unused).signer(
            try KeyReference(parsing: "test://\(key)"))
        _ = try await signer.sign(Array("the message".utf8))
        return signer
    }

    @Test("the plugin is asked as the protocol says, and its exit status means nothing")
    func asks() async throws {
        let script = #"""
            set -e; cd "$FOLDER"; cat >stdin; printf '%s' "$2" >>arguments; echo >>arguments
            [ "$1" = 1 ]
            [ -f key ] || openssl ecparam -genkey -name secp384r1 -noout -out key
            case $2 in
            *'"methodName":"publicKey"'*)
              echo "{\"publicKey\":{\"publicKeyPEM\":\"$(openssl pkey -in key -pubout | base64 -w0)\"}}" ;;
            *'"methodName":"signMessage"'*)
              echo "{\"signMessage\":{\"signature\":\"$(openssl dgst -sha384 -sign key stdin | base64 -w0)\"}}"
              case $2 in *'"hashFunc":6'*) ;; *) echo no; esac
              case $2 in *'"keyResourceID":"the key"'*) ;; *) echo no; esac ;;
            esac
            exit 3
            """#
        let signer = try await signer(script)
        #expect(signer.publicKey.algorithm == .ecdsaP384)
    }

    @Test("what goes wrong is told, and nothing of standard error")
    func failures() async throws {
        let rows: [(String, Failure.Kind, String)] = [
            (#"echo '{"errorMessage":"no such key"}'"#, .unavailable, "no such key"),
            ("echo hello", .malformed, "not JSON"), ("exit 1", .malformed, "not JSON"),
            ("echo '{}'", .malformed, "publicKey"), ("kill -9 $$", .unavailable, "signal"),
            (#"echo '{"publicKey":{"publicKeyPEM":"!"}}'"#, .malformed, "base64"),
            ("head -c 2000000 /dev/zero", .overLimit, "more than"),
            ("echo s3cret >&2; echo x", .malformed, "not JSON"),
        ]
        for (script, kind, part) in rows {
            await expectFailure(kind, part) { _ = try await signer(script) }
        }
        await expectFailure(.notFound, "sigstore-kms-none") {
            _ = try await opener(["PATH": "/usr/bin"], unused).signer(
                try KeyReference(parsing: "none://a"))
        }
    }

    @Test("a plugin that signs with another key is caught")
    func wrongKey() async throws {
        let script = #"""
            case $2 in
            *'"methodName":"publicKey"'*)
              echo "{\"publicKey\":{\"publicKeyPEM\":\"$(openssl ecparam -genkey -name prime256v1 -noout | openssl pkey -pubout | base64 -w0)\"}}" ;;
            *) openssl ecparam -genkey -name prime256v1 -noout -out "$FOLDER/k"
              echo "{\"signMessage\":{\"signature\":\"$(openssl dgst -sha256 -sign "$FOLDER/k" | base64 -w0)\"}}" ;;
            esac
            """#
        await expectFailure(.rejected, "not a signature by its key") {
            _ = try await signer(script)
        }
    }
}
