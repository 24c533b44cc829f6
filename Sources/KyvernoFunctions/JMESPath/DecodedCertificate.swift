// SPDX-License-Identifier: Apache-2.0
// A certificate as an object. Spec: RFC 5280 §4.1; the names are those of Go's x509.Certificate.

import FoundationEssentials
import JMESPath
import Primitives
import SwiftASN1
import X509

/// The fields of a certificate that policies use, under Go's names.
///
/// Deviation: Kyverno returns all fields of a Go struct; Assay returns `Version`, `SerialNumber`,
/// `NotBefore`, `NotAfter` and `PublicKey` (`N`, `E`). Another field is a missing key, and so an
/// error. Certificate requests (CSR) are rejected. As in Kyverno, only RSA keys are supported.
func decodedCertificate(_ pem: String, _ call: FunctionCall) throws(EvaluationError) -> JSONValue {
    guard pem.utf8.count <= Limits.certificateBytes else {
        throw call.invalid("it has more than \(Limits.certificateBytes) bytes", .overLimit)
    }
    guard let blocks = try? PEMBlock.list(in: pem.utf8), blocks.count == 1,
        let block = blocks.first, block.label == "CERTIFICATE",
        let certificate = try? Certificate(derEncoded: block.bytes)
    else {
        throw call.invalid("the text is not one PEM certificate")
    }
    var key = Array(certificate.publicKey.subjectPublicKeyInfoBytes)[...]
    guard var numbers = element(0x30, &key), key.isEmpty, let modulus = element(0x02, &numbers),
        let exponent = element(0x02, &numbers), numbers.isEmpty,
        let small = Int(decimal(exponent))
    else { throw call.invalid("its key is not RSA") }
    return [
        "Version": .number(JSONNumber(certificate.version == .v1 ? 1 : 3)),
        "SerialNumber": .string(decimal(certificate.serialNumber.bytes)),
        "NotBefore": .string(moment(certificate.notValidBefore)),
        "NotAfter": .string(moment(certificate.notValidAfter)),
        "PublicKey": ["N": .string(decimal(modulus)), "E": .number(JSONNumber(small))],
    ]
}

private func moment(_ date: Date) -> String {
    let seconds = Int(exactly: date.timeIntervalSince1970.rounded(.down)) ?? 0
    return ZonedTime(seconds: seconds).text
}

/// The content of the next DER element, if it has that tag. Spec: X.690 §8.1.
private func element(_ tag: UInt8, _ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard rest.popFirst() == tag, let first = rest.popFirst() else { return nil }
    var length = Int(first)
    if first >= 0x80 {
        let count = Int(first & 0x7F)
        guard (1...3).contains(count), rest.count >= count else { return nil }
        length = rest.prefix(count).reduce(0) { $0 << 8 | Int($1) }
        rest = rest.dropFirst(count)
    }
    guard rest.count >= length else { return nil }
    defer { rest = rest.dropFirst(length) }
    return rest.prefix(length)
}

/// An unsigned big-endian integer of any size, in decimal.
private func decimal(_ bytes: ArraySlice<UInt8>) -> String {
    // Groups of nine digits, the least significant first.
    var groups: [UInt64] = [0]
    for byte in bytes {
        var carry = UInt64(byte)
        for position in groups.indices {
            let value = groups[position] << 8 + carry
            groups[position] = value % 1_000_000_000
            carry = value / 1_000_000_000
        }
        if carry > 0 { groups.append(carry) }
    }
    let texts = groups.reversed().enumerated().map { position, group in
        let digits = String(group)
        return position == 0 ? digits : String(repeating: "0", count: 9 - digits.count) + digits
    }
    return texts.joined()
}
