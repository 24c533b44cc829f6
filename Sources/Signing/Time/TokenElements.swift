// SPDX-License-Identifier: Apache-2.0
// Strict reading of timestamp structures over SwiftASN1's nodes. Spec: ITU-T X.690 §10 (DER).

internal import Primitives
internal import SwiftASN1

/// The elements of one constructed value, taken in their order; whatever is left over is refused.
///
/// Lengths, nesting (50 levels) and minimal encodings were checked when the bytes were cut into
/// nodes; `Limits.timestampBytes` bounds how many nodes there can be.
struct TokenElements {
    private var rest: ASN1NodeCollection.Iterator
    private let owner: String

    init(_ node: ASN1Node, tagged tag: ASN1Identifier = .sequence, of owner: String)
        throws(VerificationError)
    {
        guard node.identifier == tag, case .constructed(let elements) = node.content else {
            throw malformedToken("\(owner) is \(node.identifier.name), \(tag.name) is expected")
        }
        rest = elements.makeIterator()
        self.owner = owner
    }

    mutating func next(_ name: String) throws(VerificationError) -> ASN1Node {
        guard let node = rest.next() else {
            throw malformedToken("\(owner) ends where its \(name) is expected")
        }
        return node
    }

    /// The next element if it has that tag; otherwise nothing is taken.
    mutating func optional(_ tag: ASN1Identifier) -> ASN1Node? {
        var ahead = rest
        guard let node = ahead.next(), node.identifier == tag else { return nil }
        rest = ahead
        return node
    }

    /// The next element, if there is one.
    mutating func optional() -> ASN1Node? { rest.next() }

    func finish() throws(VerificationError) {
        var ahead = rest
        if let node = ahead.next() {
            throw malformedToken(
                "\(owner) goes on with \(node.identifier.name) where it should end")
        }
    }

    /// All elements, counted before any is looked at.
    static func all(
        of node: ASN1Node, tagged tag: ASN1Identifier = .sequence, named owner: String,
        atMost limit: Int
    ) throws(VerificationError) -> [ASN1Node] {
        guard node.identifier == tag, case .constructed(let elements) = node.content else {
            throw malformedToken("\(owner) is \(node.identifier.name), \(tag.name) is expected")
        }
        let found = Array(elements.prefix(limit + 1))
        guard found.count <= limit else {
            throw VerificationError(
                .overLimit, "\(owner) has more than \(limit) elements, which is the limit")
        }
        return found
    }
}

extension ASN1Identifier {
    /// A tag of the structure itself: `[number]`.
    static func context(_ number: UInt) -> ASN1Identifier {
        ASN1Identifier(tagWithNumber: number, tagClass: .contextSpecific)
    }

    /// As ASN.1 itself writes it.
    fileprivate var name: String {
        if tagClass == .contextSpecific { return "[\(tagNumber)]" }
        let known = tagNames.first { $0.tag == self }?.name
        return known ?? "\(tagClass) tag \(tagNumber)"
    }
}

extension ASN1Node {
    /// Cuts bytes into nodes: DER, exactly one value, nothing after it.
    static func reading(_ bytes: [UInt8], _ name: String) throws(VerificationError) -> ASN1Node {
        guard bytes.count <= Limits.timestampBytes else {
            throw VerificationError(
                .overLimit,
                "\(name) has \(bytes.count) bytes, the limit is \(Limits.timestampBytes)")
        }
        do {
            return try DER.parse(bytes)
        } catch let error as ASN1Error where error.code == .unsupportedFieldLength {
            throw malformedToken(
                "\(name) is not DER: a length is indefinite (BER) or longer than it needs to be")
        } catch {
            throw malformedToken("\(name) is not one DER value: \(decodingWords(error))")
        }
    }

    /// The contents of a value that is not made of others.
    func contents(tagged tag: ASN1Identifier, _ name: String) throws(VerificationError) -> [UInt8] {
        guard identifier == tag else {
            throw malformedToken("its \(name) is \(identifier.name), \(tag.name) is expected")
        }
        guard case .primitive(let bytes) = content else {
            throw malformedToken("its \(name) is not DER: it is put together from parts (BER)")
        }
        return Array(bytes)
    }

    /// The contents of an INTEGER: two's complement, minimal, bounded.
    func integerBytes(_ name: String, tagged tag: ASN1Identifier = .integer)
        throws(VerificationError) -> [UInt8]
    {
        let bytes = try contents(tagged: tag, name)
        guard bytes.count <= Limits.timestampIntegerBytes else {
            throw VerificationError(
                .overLimit,
                "its \(name) has \(bytes.count) bytes, the limit is "
                    + "\(Limits.timestampIntegerBytes)")
        }
        guard let first = bytes.first else { throw malformedToken("its \(name) has no bytes") }
        if bytes.count > 1 {
            let padded = (first == 0 && bytes[1] < 0x80) || (first == 0xFF && bytes[1] >= 0x80)
            guard !padded else {
                throw malformedToken("its \(name) is not DER: it is longer than it needs to be")
            }
        }
        return bytes
    }

    /// A small number that is not negative.
    func number(_ name: String, in range: ClosedRange<Int>, tagged tag: ASN1Identifier = .integer)
        throws(VerificationError) -> Int
    {
        let bytes = try integerBytes(name, tagged: tag)
        let value = bytes.count <= 4 ? bytes.reduce(0) { $0 << 8 | Int($1) } : Int.max
        guard bytes[0] < 0x80, range.contains(value) else {
            throw malformedToken(
                "its \(name) is \(bytes.count <= 4 && bytes[0] < 0x80 ? "\(value)" : "out of range")"
                    + ", \(range.lowerBound == range.upperBound ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)") is expected"
            )
        }
        return value
    }

    func objectIdentifier(_ name: String) throws(VerificationError) -> ASN1ObjectIdentifier {
        let bytes = try contents(tagged: .objectIdentifier, name)
        guard bytes.count <= Limits.objectIdentifierBytes else {
            throw VerificationError(
                .overLimit,
                "its \(name) has \(bytes.count) bytes, the limit is "
                    + "\(Limits.objectIdentifierBytes)")
        }
        do {
            return try ASN1ObjectIdentifier(derEncoded: self)
        } catch {
            throw malformedToken("its \(name) is not an object identifier in DER")
        }
    }

    /// An algorithm without parameters, or with NULL where an old form asks for it.
    ///
    /// Spec: RFC 5754 §2: "Implementations MUST accept SHA2 AlgorithmIdentifiers with absent
    /// parameters" and "with NULL parameters".
    func algorithm(_ name: String) throws(VerificationError) -> ASN1ObjectIdentifier {
        var fields = try TokenElements(self, of: "the \(name)")
        let found = try fields.next("identifier").objectIdentifier(name)
        if let parameters = fields.optional() {
            guard try parameters.contents(tagged: .null, "\(name)'s parameter").isEmpty else {
                throw malformedToken("its \(name) has a parameter that is not NULL")
            }
        }
        try fields.finish()
        return found
    }
}

extension ASN1ObjectIdentifier {
    /// `1.2.840…`, from the encoding: the first number of an identifier is never more than 2.
    var dotted: String {
        var numbers = oidComponents
        // SwiftASN1 divides the first subidentifier by 40 without the bound of X.690 §8.19.4.
        if numbers.count > 1, numbers[0] > 2 {
            numbers[1] += (numbers[0] - 2) * 40
            numbers[0] = 2
        }
        return numbers.map(String.init).joined(separator: ".")
    }
}

func malformedToken(_ why: String) -> VerificationError {
    VerificationError(.timestampMalformed, why)
}

private let tagNames: [(tag: ASN1Identifier, name: String)] = [
    (.sequence, "a SEQUENCE"), (.set, "a SET"), (.integer, "an INTEGER"),
    (.octetString, "an OCTET STRING"), (.bitString, "a BIT STRING"), (.null, "NULL"),
    (.boolean, "a BOOLEAN"), (.objectIdentifier, "an OBJECT IDENTIFIER"),
    (.generalizedTime, "a GeneralizedTime"), (.utf8String, "a UTF8String"),
]
