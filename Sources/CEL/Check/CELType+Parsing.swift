// SPDX-License-Identifier: Apache-2.0
// Types from text, for declarations that come from outside: `map(string, list(dyn))`.

package import Primitives

extension CELType {
    /// Reads a type as `description` writes it. A single capital letter is a type parameter.
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
    rest = rest.drop { $0 == " " }
    let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
    rest = rest.dropFirst(name.count)
    var parameters: [CELType] = []
    if rest.first == "(" {
        repeat {
            rest = rest.dropFirst()
            guard let parameter = takeType(&rest, depth: depth + 1) else { return nil }
            parameters.append(parameter)
        } while rest.first == ","
        guard rest.first == ")" else { return nil }
        rest = rest.dropFirst()
    }
    rest = rest.drop { $0 == " " }
    return namedType(String(name), parameters)
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
    if parameters.isEmpty, name.utf8.count == 1, name.first?.isUppercase == true {
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
