// SPDX-License-Identifier: Apache-2.0
// Quantities and versions. Spec: Kubernetes, library/quantity and library/semverlib.

internal import Primitives

extension CELLibrary {
    /// `quantity`, `isQuantity` and their arithmetic.
    package static let quantity = CELLibrary(
        Content(overloads: quantityOverloads, types: [quantityType]))
    /// `semver`, `isSemver` and their order.
    package static let semver = CELLibrary(
        Content(overloads: versionOverloads, types: [versionType]))
}

private let quantityType = "kubernetes.Quantity"
private let versionType = "kubernetes.Semver"
private let amount = CELType.opaque(quantityType, [])
private let version = CELType.opaque(versionType, [])

// MARK: - Quantities

private let quantityOverloads: [Overload] =
    [
        .global("quantity", .string, amount) { text, _ throws(EvaluationInterruption) in
            let text = try text.string()
            switch Quantity.read(text) {
            case .amount(let quantity): return try value(quantity)
            case .tooLarge: throw tooLarge
            case .malformed:
                throw .failed(
                    .conversion, "\(quoted(text)) is not a quantity: \(reason(against: text))")
            }
        },
        .global("isQuantity", .string, .bool) { text, _ throws(EvaluationInterruption) in
            .bool(Quantity(try text.string())?.billionths != nil)
        },
        .method("sign", on: amount, .int) { quantity, _ throws(EvaluationInterruption) in
            .int(Int64(try asQuantity(quantity).amount.unscaled.signum()))
        },
        .method("isInteger", on: amount, .bool) { quantity, _ throws(EvaluationInterruption) in
            .bool(try asQuantity(quantity).integer != nil)
        },
        .method("asInteger", on: amount, .int) { quantity, _ throws(EvaluationInterruption) in
            guard let integer = try asQuantity(quantity).integer else {
                throw .failed(.outOfRange, "cannot convert value to integer")
            }
            return .int(integer)
        },
        .method("asApproximateFloat", on: amount, .double) {
            quantity, _ throws(EvaluationInterruption) in
            .double(try asQuantity(quantity).approximate)
        },
        .method("compareTo", on: amount, amount, .int) {
            left, right, _ throws(EvaluationInterruption) in
            let (left, right) = (try asQuantity(left), try asQuantity(right))
            return .int(left < right ? -1 : left == right ? 0 : 1)
        },
        .method("isLessThan", on: amount, amount, .bool) {
            left, right, _ throws(EvaluationInterruption) in
            .bool(try asQuantity(left) < asQuantity(right))
        },
        .method("isGreaterThan", on: amount, amount, .bool) {
            left, right, _ throws(EvaluationInterruption) in
            .bool(try asQuantity(left) > asQuantity(right))
        },
    ]
    + arithmetic("add") { $0.adding($1) } + arithmetic("sub") { $0.subtracting($1) }

private func arithmetic(
    _ name: String, _ combine: @escaping @Sendable (Quantity, Quantity) -> Quantity?
) -> [Overload] {
    [
        .method(name, on: amount, amount, amount) { left, right, _ throws(EvaluationInterruption) in
            try value(combine(try asQuantity(left), try asQuantity(right)))
        },
        .method(name, on: amount, .int, amount) { left, right, _ throws(EvaluationInterruption) in
            try value(combine(try asQuantity(left), Quantity(whole: try right.int())))
        },
    ]
}

private let tooLarge = EvaluationInterruption.failed(
    .outOfRange, "quantity out of range: amounts below 2^127 billionths are computed with")

/// Kubernetes has one error for a number with an unknown suffix and another for other text.
private func reason(against text: String) -> String {
    let isMark: (UInt8) -> Bool = { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
    var rest = text.utf8.drop(while: isMark)
    let number = rest.prefix { isDigitByte($0) || $0 == UInt8(ascii: ".") }
    rest = rest.dropFirst(number.count).drop { "eEinumkKMGTP".utf8.contains($0) }
    rest = rest.drop(while: isMark).drop(while: isDigitByte)
    return !number.isEmpty && rest.isEmpty
        ? "unable to parse quantity's suffix"
        : "quantities must match the regular expression "
            + "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
}

private func value(_ quantity: Quantity?) throws(EvaluationInterruption) -> CELValue {
    guard let quantity, quantity.billionths != nil else { throw tooLarge }
    return .opaque(
        OpaqueValue(
            typeName: quantityType, content: .quantity(quantity), text: quantity.plainText))
}

private func asQuantity(_ value: CELValue) throws(EvaluationInterruption) -> Quantity {
    guard case .quantity(let quantity) = try value.content() else { throw .noSuchOverload }
    return quantity
}

// MARK: - Versions

private let versionOverloads: [Overload] =
    [
        .global("semver", .string, version) { text, _ throws(EvaluationInterruption) in
            try readVersion(text, isNormalized: false)
        },
        .global("semver", .string, .bool, version) {
            text, isNormalized, _ throws(EvaluationInterruption) in
            try readVersion(text, isNormalized: try isNormalized.boolean())
        },
        .global("isSemver", .string, .bool) { text, _ throws(EvaluationInterruption) in
            .bool(SemanticVersion(try text.string()) != nil)
        },
        .global("isSemver", .string, .bool, .bool) {
            text, isNormalized, _ throws(EvaluationInterruption) in
            let text = try text.string()
            return .bool(
                try isNormalized.boolean()
                    ? SemanticVersion(normalizing: text) != nil : SemanticVersion(text) != nil)
        },
        .method("compareTo", on: version, version, .int) {
            left, right, _ throws(EvaluationInterruption) in
            let (left, right) = (try asVersion(left), try asVersion(right))
            return .int(left < right ? -1 : left == right ? 0 : 1)
        },
        .method("isLessThan", on: version, version, .bool) {
            left, right, _ throws(EvaluationInterruption) in
            .bool(try asVersion(left) < asVersion(right))
        },
        .method("isGreaterThan", on: version, version, .bool) {
            left, right, _ throws(EvaluationInterruption) in
            .bool(try asVersion(left) > asVersion(right))
        },
    ]
    + number("major", \.major) + number("minor", \.minor) + number("patch", \.patch)

private func number(
    _ name: String, _ part: @escaping @Sendable (SemanticVersion) -> UInt64
) -> [Overload] {
    [
        .method(name, on: version, .int) { value, _ throws(EvaluationInterruption) in
            guard let number = Int64(exactly: part(try asVersion(value))) else {
                throw .failed(.outOfRange, "the version's number does not fit 64 bits")
            }
            return .int(number)
        }
    ]
}

private func readVersion(_ text: CELValue, isNormalized: Bool) throws(EvaluationInterruption)
    -> CELValue
{
    let text = try text.string()
    guard
        let version = isNormalized ? SemanticVersion(normalizing: text) : SemanticVersion(text)
    else {
        let parts = text.utf8.split(
            separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        let why = parts.count < 3 ? ": No Major.Minor.Patch elements found" : ""
        throw .failed(.conversion, "\(quoted(text)) is not a semantic version\(why)")
    }
    return .opaque(
        OpaqueValue(typeName: versionType, content: .version(version), text: version.text))
}

private func asVersion(_ value: CELValue) throws(EvaluationInterruption) -> SemanticVersion {
    guard case .version(let version) = try value.content() else { throw .noSuchOverload }
    return version
}
