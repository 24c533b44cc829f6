// SPDX-License-Identifier: Apache-2.0
// What a timestamp says. Spec: RFC 3161 §2.4.2, TSTInfo.

internal import Keys
package import Primitives
internal import SwiftASN1

/// The signed part of a timestamp: this hash existed at that time.
package struct TimestampInfo: Hashable, Sendable {
    /// How far the time may be off, each way. Spec: RFC 3161 §2.4.2, Accuracy.
    package struct Accuracy: Hashable, Sendable {
        package let seconds: Int
        package let milliseconds: Int
        package let microseconds: Int
    }

    /// The authority's policy, as `1.3.6.1.4.1…`.
    package let policy: String
    /// The hash of the imprint; nil for one that proves nothing here (SHA-1, MD5, unknown).
    package let hash: HashAlgorithm?
    /// The hash's object identifier, for texts.
    package let hashIdentifier: String
    /// The hash of the message.
    package let imprint: [UInt8]
    /// The contents of the serial number, an INTEGER of the authority's choosing.
    package let serialNumber: [UInt8]
    /// The time; fractions of a second are cut.
    package let time: Timestamp
    package let accuracy: Accuracy?
    /// Whether tokens of this authority can be put in order by their times alone.
    package let isOrdered: Bool
    package let nonce: TimestampNonce?
    /// The authority's name for itself, a GeneralName in DER; a hint, which nothing relies on.
    package let authorityName: [UInt8]?

    /// Reads a TSTInfo in the order of its definition.
    init(derBytes: [UInt8]) throws(VerificationError) {
        let content = try ASN1Node.reading(derBytes, "the timestamp's content")
        var fields = try TokenElements(content, of: "the timestamp's content")
        _ = try fields.next("version").number("content version", in: 1...1)
        policy = try fields.next("policy").objectIdentifier("policy").dotted
        (hash, hashIdentifier, imprint) = try messageImprint(fields.next("message imprint"))
        serialNumber = try fields.next("serial number").integerBytes("serial number")
        time = try generalizedTime(fields.next("time"))
        accuracy = try fields.optional(.sequence).map(readAccuracy)
        isOrdered = try fields.optional(.boolean).map(onlyTrue) ?? false
        nonce = try fields.optional(.integer).map { node throws(VerificationError) in
            TimestampNonce(integerBytes: try node.integerBytes("nonce"))
        }
        authorityName = try fields.optional(.context(0)).map(readAuthorityName)
        if let extensions = fields.optional(.context(1)) { try refuseCritical(extensions) }
        try fields.finish()
    }
}

/// MessageImprint ::= SEQUENCE { hashAlgorithm, hashedMessage OCTET STRING }
private func messageImprint(_ node: ASN1Node) throws(VerificationError)
    -> (HashAlgorithm?, String, [UInt8])
{
    var fields = try TokenElements(node, of: "the message imprint")
    let identifier = try fields.next("hash").algorithm("imprint's hash")
    let imprint = try fields.next("hash value").contents(tagged: .octetString, "imprint")
    try fields.finish()
    let hash = HashAlgorithm(identifier)
    if let hash, imprint.count != hash.byteCount {
        throw malformedToken(
            "its imprint has \(imprint.count) bytes, \(hash.title) has \(hash.byteCount)")
    }
    return (hash, identifier.dotted, imprint)
}

/// Spec: RFC 3161 §2.4.2: `YYYYMMDDhhmmss[.s...]Z`, UTC, and the fraction, "if present, MUST omit
/// all trailing 0's".
private func generalizedTime(_ node: ASN1Node) throws(VerificationError) -> Timestamp {
    let bytes = try node.contents(tagged: .generalizedTime, "time")
    guard bytes.count <= Limits.timestampIntegerBytes else {
        throw VerificationError(.overLimit, "its time has \(bytes.count) characters")
    }
    let shown = String(decoding: bytes, as: UTF8.self)
    let wrong = malformedToken("its time \(quoted(shown)) is not written like 20261123093000Z")
    guard bytes.count >= 15, bytes.last == UInt8(ascii: "Z") else { throw wrong }
    let fraction = bytes[14..<(bytes.count - 1)]
    guard fraction.isEmpty || (fraction.first == UInt8(ascii: ".") && fraction.count > 1),
        fraction.dropFirst().allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains),
        fraction.last != UInt8(ascii: "0")
    else { throw wrong }
    func part(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
    let text =
        "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T"
        + "\(part(8..<10)):\(part(10..<12)):\(part(12..<14))Z"
    do { return try Timestamp(parsing: text) } catch { throw wrong }
}

/// Accuracy ::= SEQUENCE { seconds INTEGER OPTIONAL, millis [0] (1..999), micros [1] (1..999) }
private func readAccuracy(_ node: ASN1Node) throws(VerificationError) -> TimestampInfo.Accuracy {
    var fields = try TokenElements(node, of: "the accuracy")
    let seconds = try fields.optional(.integer).map { node throws(VerificationError) in
        try node.number("accuracy in seconds", in: 0...Int(Int32.max))
    }
    let small = { (number: UInt, name: String) throws(VerificationError) -> Int? in
        try fields.optional(.context(number)).map { node throws(VerificationError) in
            try node.number("accuracy in \(name)", in: 1...999, tagged: .context(number))
        }
    }
    let milliseconds = try small(0, "milliseconds")
    let microseconds = try small(1, "microseconds")
    try fields.finish()
    return TimestampInfo.Accuracy(
        seconds: seconds ?? 0, milliseconds: milliseconds ?? 0, microseconds: microseconds ?? 0)
}

/// BOOLEAN DEFAULT FALSE: DER writes only the other value.
private func onlyTrue(_ node: ASN1Node) throws(VerificationError) -> Bool {
    guard try node.contents(tagged: .boolean, "truth value") == [0xFF] else {
        throw malformedToken(
            "a truth value is not DER: false, the default, is written out, "
                + "or true is not 255")
    }
    return true
}

/// tsa [0] GeneralName: a tag around one other value.
private func readAuthorityName(_ node: ASN1Node) throws(VerificationError) -> [UInt8] {
    var fields = try TokenElements(node, tagged: .context(0), of: "the authority's name")
    let name = try fields.next("name")
    try fields.finish()
    return Array(name.encodedBytes)
}

/// Extensions: none of them is known to us, so a critical one means that we do not understand.
///
/// Spec: RFC 5280 §4.2: "MUST reject … a critical extension that it does not recognize", and "MUST
/// NOT include more than one instance of a particular extension".
private func refuseCritical(_ node: ASN1Node) throws(VerificationError) {
    let extensions = try TokenElements.all(
        of: node, tagged: .context(1), named: "the list of extensions",
        atMost: Limits.timestampListElements)
    guard !extensions.isEmpty else { throw malformedToken("its list of extensions is empty") }
    var seen: Set<ASN1ObjectIdentifier> = []
    for element in extensions {
        var fields = try TokenElements(element, of: "an extension")
        let identifier = try fields.next("identifier").objectIdentifier("extension")
        let isCritical = try fields.optional(.boolean).map(onlyTrue) ?? false
        _ = try fields.next("value").contents(tagged: .octetString, "extension's value")
        try fields.finish()
        guard seen.insert(identifier).inserted else {
            throw malformedToken("its extension \(identifier.dotted) is there twice")
        }
        if isCritical {
            throw VerificationError(
                .unsupported,
                "the timestamp has the critical extension \(identifier.dotted), which is not known")
        }
    }
}
