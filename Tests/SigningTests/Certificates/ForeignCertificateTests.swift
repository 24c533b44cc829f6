// SPDX-License-Identifier: Apache-2.0
// Certificates made by openssl: those we must read, and those we must not.

import Primitives
import Signing
import TestSupport
import Testing

@Suite("certificates by openssl", .enabled(if: hasTool("openssl"), "openssl is not here"))
struct ForeignCertificateTests {
    private func certificate(_ arguments: String) throws -> [UInt8] {
        try #require(
            try shellOutput(
                """
                openssl req -x509 -nodes -keyout key.pem -subj /CN=openssl -days 30 \
                \(arguments) -outform DER
                """))
    }

    @Test(
        "an algorithm outside the plan is unsupported, and said so",
        arguments: [
            "-newkey ec -pkeyopt ec_paramgen_curve:secp256k1",
            "-newkey ec -pkeyopt ec_paramgen_curve:brainpoolP256r1",
            "-newkey rsa:1024", "-newkey ed448",
            "-newkey rsa:2048 -md5",
            "-newkey rsa:2048 -sigopt rsa_padding_mode:pss",
            "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -sha1",
        ])
    func unsupported(_ arguments: String) throws {
        expectUnreadableCertificate(
            .unsupported, "cannot use the certificate", try certificate(arguments))
    }

    @Test(
        "a key in another encoding than its canonical one is refused",
        arguments: [
            "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit"
        ])
    func explicitCurve(_ arguments: String) throws {
        expectUnreadableCertificate(
            .unsupported, "cannot use the certificate", try certificate(arguments))
    }

    @Test("a SHA-1 signature never holds")
    func weakHash() throws {
        let root = try Certificate(derBytes: try certificate("-newkey rsa:2048 -sha1"))
        #expect(!root.isIssued(by: root))
        let strong = try Certificate(derBytes: try certificate("-newkey rsa:2048 -sha384"))
        #expect(strong.isIssued(by: strong))
    }

    @Test("a signer below a SHA-1 intermediate is not trusted, and the reason says why")
    func weakIntermediate() throws {
        let made = try shellOutput(
            """
            openssl req -x509 -nodes -newkey rsa:2048 -keyout r.key -out r.pem -subj /CN=r -days 30
            printf 'basicConstraints=critical,CA:true\\nkeyUsage=critical,keyCertSign\\n' > ca.ext
            printf 'keyUsage=critical,digitalSignature\\nextendedKeyUsage=codeSigning\\n' > leaf.ext
            openssl req -nodes -newkey rsa:2048 -keyout i.key -out i.csr -subj /CN=i
            openssl x509 -req -in i.csr -CA r.pem -CAkey r.key -sha1 -extfile ca.ext -out i.pem -days 9
            openssl req -nodes -newkey rsa:2048 -keyout l.key -out l.csr -subj /CN=l
            openssl x509 -req -in l.csr -CA i.pem -CAkey i.key -extfile leaf.ext -out l.pem -days 9
            cat l.pem i.pem r.pem
            """)
        let chain = try Certificate.list(
            pem: String(decoding: try #require(made), as: UTF8.self))
        let authority = try CertificateAuthority(
            chain: [chain[2]], validFor: .anyTime, uri: nil, operatorName: nil)
        expectRefusal(.certificateUntrusted, "a hash that no longer holds") {
            try CertificateChains.path(
                from: chain[0], helpedBy: [chain[1]], to: [authority],
                at: chain[0].validity.start, for: .codeSigning)
        }
    }

    @Test("a chain made by openssl's defaults is a path: its root has no key usage")
    func defaults() throws {
        let made = try shellOutput(
            """
            openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-384 -keyout r.key \
              -out r.pem -subj /CN=r -days 30
            printf 'keyUsage=critical,digitalSignature\\nextendedKeyUsage=codeSigning\\n' > leaf.ext
            openssl req -nodes -newkey rsa:3072 -keyout l.key -out l.csr -subj /CN=l
            openssl x509 -req -in l.csr -CA r.pem -CAkey r.key -extfile leaf.ext -out l.pem -days 9
            cat l.pem r.pem
            """)
        let text = String(decoding: try #require(made), as: UTF8.self)
        let chain = try Certificate.list(pem: text)
        let authority = try CertificateAuthority(
            chain: [chain[1]], validFor: .anyTime, uri: nil, operatorName: nil)
        let path = try CertificateChains.path(
            from: chain[0], helpedBy: [], to: [authority], at: chain[0].validity.start,
            for: .codeSigning)
        #expect(path.certificates == chain)
    }
}
