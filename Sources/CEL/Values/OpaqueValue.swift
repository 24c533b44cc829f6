// SPDX-License-Identifier: Apache-2.0
// Values that only functions can look into: addresses, quantities, versions.

internal import Primitives

/// A value of an opaque type. Two are equal when their type and canonical text are.
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
    /// The canonical text; equality goes by it.
    package let text: String

    init(typeName: String, content: Content, text: String) {
        self.typeName = typeName
        self.content = content
        self.text = text
    }

    /// A value of the caller's own type; only the caller's functions know what is inside.
    package convenience init(typeName: String, custom value: any Sendable, text: String) {
        self.init(typeName: typeName, content: .custom(value), text: text)
    }

    /// What the caller put in; nil for the values of our libraries.
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
