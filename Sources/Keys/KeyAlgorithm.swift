// SPDX-License-Identifier: Apache-2.0
// The algorithm of a key document, which selects the parser or explains why the key is unsupported.
// Spec: RFC 5280 §4.1.1.2 (AlgorithmIdentifier), RFC 5208 §5 (PrivateKeyInfo).

internal import SwiftASN1

/// An AlgorithmIdentifier with its parameters.
struct KeyAlgorithm: DERParseable {
    let identifier: ASN1ObjectIdentifier
    let parameters: ASN1Node?

    init(derEncoded node: ASN1Node) throws {
        (identifier, parameters) = try DER.sequence(node, identifier: .sequence) { nodes in
            (try ASN1ObjectIdentifier(derEncoded: &nodes), nodes.next())
        }
    }

    /// The algorithm of a SubjectPublicKeyInfo; the encoding of its key is not checked.
    init(ofPublicKey der: [UInt8]) throws {
        self = try DER.sequence(DER.parse(der), identifier: .sequence) { nodes in
            let algorithm = try KeyAlgorithm(derEncoded: &nodes)
            _ = try ASN1BitString(derEncoded: &nodes)
            return algorithm
        }
    }

    /// The named curve of an EC key.
    var curve: ASN1ObjectIdentifier? {
        guard identifier == .ellipticCurve, let parameters else { return nil }
        return try? ASN1ObjectIdentifier(derEncoded: parameters)
    }

    /// Whether Assay supports keys of this algorithm.
    var isOurs: Bool {
        [.rsaEncryption, .edwards25519].contains(identifier)
            || curve.map { ourCurves.contains($0) } ?? false
    }

    /// The name of the algorithm, or its object identifier if the name is unknown.
    var name: String {
        if let curve { return names[curve] ?? "the elliptic curve \(curve)" }
        if identifier == .ellipticCurve { return "an elliptic curve without a name" }
        return names[identifier] ?? "\(identifier)"
    }
}

extension ASN1ObjectIdentifier {
    static let rsaEncryption: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 1]
    static let ellipticCurve: ASN1ObjectIdentifier = [1, 2, 840, 10045, 2, 1]
    static let edwards25519: ASN1ObjectIdentifier = [1, 3, 101, 112]
    static let secp256r1: ASN1ObjectIdentifier = [1, 2, 840, 10045, 3, 1, 7]
    static let secp384r1: ASN1ObjectIdentifier = [1, 3, 132, 0, 34]
    static let secp521r1: ASN1ObjectIdentifier = [1, 3, 132, 0, 35]
}

private let ourCurves: Set<ASN1ObjectIdentifier> = [.secp256r1, .secp384r1, .secp521r1]

private let names: [ASN1ObjectIdentifier: String] = [
    .rsaEncryption: "RSA", .edwards25519: "Ed25519", .secp256r1: "ECDSA P-256",
    .secp384r1: "ECDSA P-384", .secp521r1: "ECDSA P-521",
    [1, 2, 840, 113549, 1, 1, 10]: "RSA restricted to PSS (id-RSASSA-PSS)",
    [1, 2, 840, 10040, 4, 1]: "DSA", [1, 3, 101, 113]: "Ed448", [1, 3, 101, 110]: "X25519",
    [1, 3, 132, 0, 10]: "ECDSA secp256k1", [1, 3, 132, 0, 33]: "ECDSA P-224",
    [2, 16, 840, 1, 101, 3, 4, 3, 17]: "ML-DSA-44", [2, 16, 840, 1, 101, 3, 4, 3, 18]: "ML-DSA-65",
    [2, 16, 840, 1, 101, 3, 4, 3, 19]: "ML-DSA-87",
]
