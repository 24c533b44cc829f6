// SPDX-License-Identifier: Apache-2.0
// Values whose content only functions can read: addresses, quantities, versions.

internal import Primitives

/// A value of an opaque type. Two values are equal if their types and canonical texts are equal.
package final class OpaqueValue: Sendable {
    enum Content: Sendable {
        case address(IPAddress)
        case network(IPNetwork)
        case url(AbsoluteURL)
        case quantity(Quantity)
        case version(SemanticVersion)
        case format(StringFormat)
        case custom(any Sendable)
    }

    /// The type's name: `net.IP`, `kubernetes.Quantity`.
    package let typeName: String
    let content: Content
    /// The canonical text, which decides equality.
    package let text: String

    init(typeName: String, content: Content, text: String) {
        self.typeName = typeName
        self.content = content
        self.text = text
    }

    /// Creates a value of the caller's own type, whose content only the caller's functions read.
    package convenience init(typeName: String, custom value: any Sendable, text: String) {
        self.init(typeName: typeName, content: .custom(value), text: text)
    }

    /// The content of the caller; nil for values of Assay's libraries.
    package var customValue: (any Sendable)? {
        if case .custom(let value) = content { value } else { nil }
    }
}

extension OpaqueValue: Equatable {
    package static func == (left: OpaqueValue, right: OpaqueValue) -> Bool {
        guard left.typeName == right.typeName else { return false }
        return switch (left.content, right.content) {
        case (.quantity(let a), .quantity(let b)): a == b
        case (.version(let a), .version(let b)): a == b
        default: isSame(left.text, right.text)
        }
    }
}
