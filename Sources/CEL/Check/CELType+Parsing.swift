// SPDX-License-Identifier: Apache-2.0
// Parses types such as `map(string, list(dyn))` in declarations that come from outside.

package import Primitives

extension CELType {
    /// Parses a type in the form of `description`. A single capital letter is a type parameter.
    package init(parsing text: String) throws(Failure) {
        var rest = Substring(text)
        guard let type = takeType(&rest, depth: 0), rest.isEmpty else {
            throw Failure(
                .malformed, "cannot read the type \(quoted(text))",
                because: "it is not written like map(string, list(int))")
        }
        self = type
    }
}

private func takeType(_ rest: inout Substring, depth: Int) -> CELType? {
    guard depth < Limits.documentDepth else { return nil }
    skipSpaces(&rest)
    let name = Substring(
        rest.utf8.prefix { isLetterByte($0) || isDigitByte($0) || "_.".utf8.contains($0) })
    rest = rest[name.endIndex...]
    var parameters: [CELType] = []
    if var after = rest.utf8.removingPrefix("(") {
        while true {
            guard let parameter = takeType(&after, depth: depth + 1) else { return nil }
            parameters.append(parameter)
            guard let next = after.utf8.removingPrefix(",") else { break }
            after = next
        }
        guard let end = after.utf8.removingPrefix(")") else { return nil }
        rest = end
    }
    skipSpaces(&rest)
    return namedType(String(name), parameters)
}

private func skipSpaces(_ rest: inout Substring) {
    while let shorter = rest.utf8.removingPrefix(" ") { rest = shorter }
}

private func namedType(_ name: String, _ parameters: [CELType]) -> CELType? {
    switch (name, parameters.count) {
    case ("list", 1): return .list(parameters[0])
    case ("map", 2): return .map(parameters[0], parameters[1])
    case ("optional_type", 1), ("optional", 1): return .optional(parameters[0])
    case ("type", 1): return .type(parameters[0])
    case ("", _): return nil
    default: break
    }
    if parameters.isEmpty, let plain = plainTypes[name] { return plain }
    if parameters.isEmpty, name.utf8.count == 1, name.utf8.uppercased() == name,
        name.utf8.allSatisfy(isLetterByte)
    {
        return .parameter(name)
    }
    return .opaque(name, parameters)
}

private let plainTypes: [String: CELType] = [
    "dyn": .dyn, "any": .dyn, "google.protobuf.Any": .dyn, "null_type": .null, "null": .null,
    "bool": .bool, "int": .int, "uint": .uint, "double": .double, "string": .string,
    "bytes": .bytes, "google.protobuf.Timestamp": .timestamp, "timestamp": .timestamp,
    "google.protobuf.Duration": .duration, "duration": .duration, "list": .anyList,
    "map": .anyMap, "type": .type(.dyn), "optional_type": .optional(.dyn),
    "google.protobuf.Value": .dyn, "google.protobuf.Struct": .map(.string, .dyn),
    "google.protobuf.ListValue": .anyList,
]
