// SPDX-License-Identifier: Apache-2.0
// What a time-stamping authority is asked. Spec: RFC 3161 §2.4.1.

package import Primitives
internal import SwiftASN1

/// A TimeStampReq.
package struct StandInTimestampQuery: Sendable {
    package var hash: StandInHash
    package var imprint: [UInt8]
    /// Big-endian bytes of the nonce, when there is one.
    package var nonce: [UInt8]?
    package var wantsCertificates: Bool

    package init(
        hash: StandInHash = .sha256, imprint: [UInt8], nonce: [UInt8]? = nil,
        wantsCertificates: Bool = false
    ) {
        self.hash = hash
        self.imprint = imprint
        self.nonce = nonce
        self.wantsCertificates = wantsCertificates
    }

    /// Spec: RFC 3161 §2.4.1: version 1, messageImprint, reqPolicy?, nonce?, certReq = FALSE.
    package var derBytes: [UInt8] {
        DEREncoding.sequence(
            DEREncoding.integer(1),
            DEREncoding.sequence(hash.algorithmIdentifier, DEREncoding.octets(imprint)),
            nonce.map(DEREncoding.integer(magnitude:)) ?? [],
            wantsCertificates ? DEREncoding.boolean(true) : [])
    }

    package init(derBytes: [UInt8]) throws(Failure) {
        do {
            self = try DER.sequence(try DER.parse(derBytes), identifier: .sequence) { nodes in
                let version = try Int(derEncoded: &nodes)
                guard version == 1 else { throw refusal("its version is \(version), not 1") }
                var query = try readImprint(&nodes)
                let policy: ASN1ObjectIdentifier? = try DER.optionalImplicitlyTagged(&nodes)
                if let policy { throw refusal("we have no policy \(policy)") }
                let nonce: ArraySlice<UInt8>? = try DER.optionalImplicitlyTagged(&nodes)
                query.nonce = nonce.map { Array($0.drop { $0 == 0 }) }
                query.wantsCertificates = try DER.decodeDefault(&nodes, defaultValue: false)
                return query
            }
        } catch let failure as Failure {
            throw failure
        } catch {
            throw refusal("it is not a TimeStampReq: \(plain("\(error)"))")
        }
    }
}

private func readImprint(
    _ nodes: inout ASN1NodeCollection.Iterator
) throws -> StandInTimestampQuery {
    try DER.sequence(try next(&nodes), identifier: .sequence) { nodes in
        let name = try readAlgorithm(&nodes)
        guard let hash = StandInHash.allCases.first(where: { $0.objectIdentifier == name }) else {
            throw refusal("its hash \(quoted(name)) is none that we know")
        }
        let imprint = Array(try ASN1OctetString(derEncoded: &nodes).bytes)
        guard imprint.count == hash([]).count else {
            throw refusal("its imprint has \(imprint.count) bytes, not \(hash([]).count)")
        }
        return StandInTimestampQuery(hash: hash, imprint: imprint)
    }
}

private func readAlgorithm(_ nodes: inout ASN1NodeCollection.Iterator) throws -> String {
    try DER.sequence(try next(&nodes), identifier: .sequence) { nodes in
        let name = try ASN1ObjectIdentifier(derEncoded: &nodes)
        // The parameters: NULL or nothing.
        _ = nodes.next()
        return name.description
    }
}

private func next(_ nodes: inout ASN1NodeCollection.Iterator) throws(Failure) -> ASN1Node {
    guard let node = nodes.next() else { throw refusal("it ends too early") }
    return node
}

private func refusal(_ why: String) -> Failure {
    Failure(.malformed, "cannot read the timestamp query", because: why)
}
