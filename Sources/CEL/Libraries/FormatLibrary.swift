// SPDX-License-Identifier: Apache-2.0
// Named formats of strings. Spec: Kubernetes, library/format; apimachinery, util/validation.

internal import FoundationEssentials
internal import Primitives

extension CELLibrary {
    /// `format.named`, `format.dns1123Label()` and the others, and `validate`.
    package static let format = CELLibrary(
        Content(overloads: formatLibraryOverloads, types: [formatType]))
}

/// A named format of strings.
enum StringFormat: String, CaseIterable, Sendable {
    case dns1123Label, dns1123Subdomain, dns1035Label, qualifiedName, dns1123LabelPrefix
    case dns1123SubdomainPrefix, dns1035LabelPrefix, labelValue, uri, uuid, byte, date, datetime

    /// The problems of a string; empty if it has the format.
    func complaints(about text: String) -> [String] {
        switch self {
        case .dns1123Label: name(text, 63, isLabel)
        case .dns1123Subdomain: name(text, 253, isSubdomain)
        case .dns1035Label: name(text, 63, isLetterLabel)
        case .dns1123LabelPrefix: name(withoutDash(text), 63, isLabel)
        case .dns1123SubdomainPrefix: name(withoutDash(text), 253, isSubdomain)
        case .dns1035LabelPrefix: name(withoutDash(text), 63, isLetterLabel)
        case .labelValue: text.isEmpty ? [] : name(text, 63, isQualifiedPart)
        case .qualifiedName: qualifiedComplaints(text)
        case .uri: AbsoluteURL(text) == nil ? ["invalid URI"] : []
        case .uuid: isUUID(text) ? [] : ["does not match the UUID format"]
        case .byte: Data(base64Encoded: text) == nil ? ["invalid base64"] : []
        case .date: isTime(text + "T00:00:00Z") && text.utf8.count == 10 ? [] : ["invalid date"]
        case .datetime: isTime(text) ? [] : ["invalid datetime"]
        }
    }

    private func name(_ text: String, _ limit: Int, _ fits: (String) -> Bool) -> [String] {
        var found: [String] = []
        if text.utf8.count > limit { found.append("must be no more than \(limit) characters") }
        if !fits(text) { found.append(complaint) }
        return found
    }

    /// The messages of Kubernetes for a string in another format. Policies show them to users.
    private var complaint: String {
        switch self {
        case .dns1123Label, .dns1123LabelPrefix:
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
                + "and must start and end with an alphanumeric character (e.g. 'my-name',  or "
                + "'123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
        case .dns1035Label, .dns1035LabelPrefix:
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start "
                + "with an alphabetic character, and end with an alphanumeric character (e.g. "
                + "'my-name',  or 'abc-123', regex used for validation is "
                + "'[a-z]([-a-z0-9]*[a-z0-9])?')"
        case .labelValue:
            "a valid label must be an empty string or consist of alphanumeric characters, '-', "
                + "'_' or '.', and must start and end with an alphanumeric character (e.g. "
                + "'MyValue',  or 'my_value',  or '12345', regex used for validation is "
                + "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
        case .qualifiedName:
            "name part must consist of alphanumeric characters, '-', '_' or '.', and must start "
                + "and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or "
                + "'123-abc', regex used for validation is "
                + "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
        default:
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
                + "'-' or '.', and must start and end with an alphanumeric character (e.g. "
                + "'example.com', regex used for validation is "
                + #"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"#
        }
    }

    /// A prefix of generated names, which may end with a dash.
    ///
    /// Spec: Kubernetes, api/validation, "maskTrailingDash": the last two characters become one.
    private func withoutDash(_ text: String) -> String {
        guard text.utf8.count > 1, text.utf8.hasSuffix("-") else { return text }
        return String(decoding: text.utf8.dropLast(2), as: UTF8.self) + "a"
    }

    private func qualifiedComplaints(_ text: String) -> [String] {
        let parts = text.utf8.split(separator: "/", omittingEmptySubsequences: false)
            .map(String.init)
        guard parts.count <= 2, let last = parts.last else {
            return [
                "a qualified name must consist of alphanumeric characters, '-', '_' or '.', with "
                    + "an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            ]
        }
        var found: [String] = []
        if parts.count == 2 {
            found +=
                parts[0].isEmpty
                ? ["prefix part must be non-empty"]
                : StringFormat.dns1123Subdomain.complaints(about: parts[0])
                    .map { "prefix part " + $0 }
        }
        if last.isEmpty { found.append("name part must be non-empty") }
        return found + name(last, 63, isQualifiedPart)
    }
}

private let formatType = "kubernetes.NamedFormat"
private let format = CELType.opaque(formatType, [])

private let formatLibraryOverloads: [Overload] =
    StringFormat.allCases.map { shape in
        .global("format." + shape.rawValue, [], format) { _, _ throws(EvaluationInterruption) in
            value(shape)
        }
    }
    + [
        .global("format.named", .string, .optional(format)) {
            name, _ throws(EvaluationInterruption) in
            StringFormat(rawValue: try name.string()).map { .of(value($0)) } ?? .none
        },
        .method("validate", on: format, .string, .optional(.list(.string))) {
            shape, text, _ throws(EvaluationInterruption) in
            guard case .format(let shape) = try shape.content() else { throw .noSuchOverload }
            let complaints = shape.complaints(about: try text.string())
            return complaints.isEmpty ? .none : .of(.list(complaints.map { .string($0) }))
        },
    ]

private func value(_ shape: StringFormat) -> CELValue {
    .opaque(OpaqueValue(typeName: formatType, content: .format(shape), text: shape.rawValue))
}

// MARK: - Shapes

private func isLowerLetter(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
}

private func isLabel(_ text: String) -> Bool {
    let isEnd: (UInt8) -> Bool = { isLowerLetter($0) || isDigitByte($0) }
    guard let first = text.utf8.first, let last = text.utf8.last, isEnd(first), isEnd(last) else {
        return false
    }
    return text.utf8.allSatisfy { isEnd($0) || $0 == UInt8(ascii: "-") }
}

private func isLetterLabel(_ text: String) -> Bool {
    isLabel(text) && text.utf8.first.map(isLowerLetter) == true
}

private func isSubdomain(_ text: String) -> Bool {
    let labels = text.utf8.split(separator: ".", omittingEmptySubsequences: false)
    return labels.allSatisfy { isLabel(String($0)) }
}

private func isQualifiedPart(_ text: String) -> Bool {
    let isEnd: (UInt8) -> Bool = { isLowerLetter($0 | 0x20) || isDigitByte($0) }
    guard let first = text.utf8.first, let last = text.utf8.last, isEnd(first), isEnd(last) else {
        return false
    }
    return text.utf8.allSatisfy { isEnd($0) || "-_.".utf8.contains($0) }
}

private func isUUID(_ text: String) -> Bool {
    let groups = text.utf8.lowercased().utf8.split(
        separator: "-", omittingEmptySubsequences: false)
    return groups.map(\.utf8.count) == [8, 4, 4, 4, 12]
        && groups.joined().utf8.allSatisfy(isLowerHex)
}

private func isTime(_ text: String) -> Bool {
    if case .time = readTimestamp(text) { true } else { false }
}
