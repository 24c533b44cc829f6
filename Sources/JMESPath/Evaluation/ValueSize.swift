// SPDX-License-Identifier: Apache-2.0
// The size of values, computed before they are written.

package import Primitives

extension Evaluator {
    /// Charges for a value before it is written: a list that holds one value many times is small in
    /// memory only.
    package mutating func produce(_ value: JSONValue) throws(EvaluationError) {
        try spend(1)
        try produce(bytes: value.size)
        switch value {
        case .array(let items): for item in items { try produce(item) }
        case .object(let object): for member in object { try produce(member.value) }
        default: break
        }
    }
}

/// Rejects a value that is too large or too deep to write.
func checkSize(of value: JSONValue) throws(EvaluationError) {
    var left = Limits.jmespathResultBytes
    try count(value, &left, depth: 0)
}

private func count(_ value: JSONValue, _ left: inout Int, depth: Int) throws(EvaluationError) {
    guard depth <= Limits.jmespathResultDepth else {
        throw EvaluationError(
            .overLimit, "its value nests deeper than \(Limits.jmespathResultDepth) levels")
    }
    left -= value.size
    guard left >= 0 else {
        throw EvaluationError(
            .overLimit, "its value has more than \(Limits.jmespathResultBytes) bytes")
    }
    switch value {
    case .array(let items): for item in items { try count(item, &left, depth: depth + 1) }
    case .object(let object):
        for member in object { try count(member.value, &left, depth: depth + 1) }
    default: break
    }
}

extension JSONValue {
    /// The approximate size in bytes, with the names of members and without items.
    fileprivate var size: Int {
        switch self {
        case .string(let text): bytesPerEntry + text.utf8.count
        case .object(let object):
            object.members.reduce(bytesPerEntry) { $0 + $1.name.utf8.count }
        default: bytesPerEntry
        }
    }
}
