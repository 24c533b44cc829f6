// SPDX-License-Identifier: Apache-2.0
// Requirements on a proof beside its signer: annotations and format.

import ArgumentParser
import Primitives
import Signing

/// The annotations and the format that a signature or attestation must have.
struct EvidenceRequirements: Sendable {
    let annotations: [AnnotationArgument]
    let format: EvidenceFormat?

    func isMet(byAnnotations bound: JSONObject, inFormat found: EvidenceFormat) -> Bool {
        let pairs = annotations.flatMap(\.pairs)
        return (format ?? found) == found
            && pairs.allSatisfy { bound[$0.name] == .string($0.value) }
    }

    /// What is missing although the signer is right: "no signature has …".
    func unmet(_ noun: String) -> String {
        switch (annotations.isEmpty, format) {
        case (false, nil), (true, nil): "no \(noun) has the annotations that were asked for"
        case (true, let format?): "no \(noun) is in the \(format.rawValue) format"
        case (false, let format?):
            "no \(noun) in the \(format.rawValue) format has the annotations that were asked for"
        }
    }
}

/// `KEY=VALUE`, or several with commas between.
///
/// Spec: pflag v1.0, StringSlice: the text is one line of CSV (RFC 4180), so that a value with a
/// comma is written in double quotes.
struct AnnotationArgument: ExpressibleByArgument, Sendable {
    let pairs: [(name: String, value: String)]

    init?(argument: String) {
        guard let fields = commaSeparated(argument) else {
            StandardError.say(
                "the quotes in \(quoted(argument)) must end before a comma or at the end")
            return nil
        }
        var pairs: [(name: String, value: String)] = []
        for field in fields {
            guard let equals = field.utf8.firstIndex(of: UInt8(ascii: "=")),
                equals != field.utf8.startIndex
            else {
                StandardError.say(
                    "\(quoted(field)) is not KEY=VALUE"
                        + (fields.count == 1
                            ? "" : "; a value with a comma is written '\"KEY=a,b\"'"))
                return nil
            }
            pairs.append(
                (
                    String(Substring(field.utf8[..<equals])),
                    String(Substring(field.utf8[field.utf8.index(after: equals)...]))
                ))
        }
        self.pairs = pairs
    }
}

/// The fields of one line of CSV; nil where its quotes are wrong.
private func commaSeparated(_ text: String) -> [String]? {
    let (comma, quote) = (UInt8(ascii: ","), UInt8(ascii: "\""))
    var fields: [String] = []
    var rest = text.utf8[...]
    while true {
        var field: [UInt8] = []
        if rest.first == quote {
            rest = rest.dropFirst()
            while true {
                guard let byte = rest.popFirst() else { return nil }
                if byte != quote {
                    field.append(byte)
                } else if rest.first == quote {
                    field.append(quote)
                    rest = rest.dropFirst()
                } else {
                    break
                }
            }
            guard rest.isEmpty || rest.first == comma else { return nil }
        } else {
            while let byte = rest.first, byte != comma {
                field.append(byte)
                rest = rest.dropFirst()
            }
        }
        fields.append(String(decoding: field, as: UTF8.self))
        guard rest.popFirst() != nil else { return fields }
    }
}

extension [AnnotationArgument] {
    /// The pairs by name; of two with one name the last counts.
    var bound: ByteStringMap<String> {
        flatMap(\.pairs).reduce(into: [:]) { $0[$1.name] = $1.value }
    }
}
