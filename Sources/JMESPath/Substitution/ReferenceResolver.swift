// SPDX-License-Identifier: Apache-2.0
// Resolves `$(path)`, another field of the same document, before variables are substituted.
// Spec: kyverno.io, "Validate rules": "Variables from the resource";
// docs/kyverno.md, "Variables".

import Primitives

/// Replaces references by the values that they refer to. `./` and `../` are relative; other paths
/// start at the root. Anchors around names (`=(name)`) are ignored. With an operator before the
/// reference (`<=$(./limits/memory)`) the result is text.
struct ReferenceResolver {
    let document: JSONValue
    let name: String

    func resolved() throws(Failure) -> JSONValue {
        var work = ReferenceWork()
        return try walked(document, [], &work)
    }

    private func walked(_ value: JSONValue, _ path: [String], _ work: inout ReferenceWork)
        throws(Failure) -> JSONValue
    {
        switch value {
        case .string(let text): return try resolved(text, at: path, &work)
        case .array(let items):
            var results: [JSONValue] = []
            for (index, item) in items.enumerated() {
                results.append(try walked(item, path + [String(index)], &work))
            }
            return .array(results)
        case .object(let object):
            var result = JSONObject()
            for member in object {
                result[member.name] = try walked(member.value, path + [member.name], &work)
            }
            return .object(result)
        case .null, .bool, .number: return value
        }
    }

    private func resolved(_ text: String, at path: [String], _ work: inout ReferenceWork)
        throws(Failure) -> JSONValue
    {
        guard let reference = Reference(text) else {
            // `\$(` is text.
            return .string(text.utf8.hasPrefix("\\$(") ? String(text.dropFirst()) : text)
        }
        work.count += 1
        work.depth += 1
        defer { work.depth -= 1 }
        guard work.count <= Limits.variablesPerText, work.depth <= Limits.referenceDepth else {
            throw problem(
                path,
                "it has more than \(Limits.variablesPerText) references, or more than "
                    + "\(Limits.referenceDepth) lead from one to the next", .overLimit)
        }
        let target = try absolute(reference.path, from: path)
        guard !path.starts(with: target) else {
            throw problem(path, "\(quoted(text)) refers to a value that contains it")
        }
        guard let found = lookup(target) else {
            throw problem(path, "\(quoted(text)) points at nothing", .notFound)
        }
        // The referenced value can contain references itself.
        let value = try walked(found, target, &work)
        guard !reference.before.isEmpty else { return value }
        switch value {
        case .string(let inner): return .string(reference.before + inner)
        case .number, .bool: return .string(reference.before + goJSON(value))
        default: throw problem(path, "\(quoted(text)) puts an operator before \(value.kindName)")
        }
    }

    private func absolute(_ text: String, from path: [String]) throws(Failure) -> [String] {
        var parts = text.utf8.split(separator: "/").map { String($0) }
        guard let start = parts.first, [".", ".."].contains(start) else { return parts }
        var base = Array(path.dropLast())
        while let first = parts.first, first == "." || first == ".." {
            if first == ".." {
                guard !base.isEmpty else {
                    throw problem(path, "\(quoted(text)) leaves the document")
                }
                base.removeLast()
            }
            parts.removeFirst()
        }
        return base + parts
    }

    private func lookup(_ path: [String]) -> JSONValue? {
        var value = document
        for part in path {
            switch value {
            case .object(let object):
                guard let next = object[part] ?? anchored(part, in: object) else { return nil }
                value = next
            case .array(let items):
                guard let index = Int(part), items.indices.contains(index) else { return nil }
                value = items[index]
            default: return nil
            }
        }
        return value
    }

    private func anchored(_ name: String, in object: JSONObject) -> JSONValue? {
        object.members.first { member in
            member.name.utf8.hasSuffix("(\(name))")
                && member.name.utf8.count <= name.utf8.count + 3
        }?.value
    }

    private func problem(_ path: [String], _ why: String, _ kind: Failure.Kind = .malformed)
        -> Failure
    {
        Failure(
            kind, "cannot resolve the references in \(name)",
            at: .document(name, pointer: path.map { "/" + $0 }.joined()), because: why)
    }
}

/// The number of references so far, and the references that are being followed.
private struct ReferenceWork {
    var count = 0
    var depth = 0
}

/// `<=$(./a/b)`: an operator, and a path.
private struct Reference {
    let before: String
    let path: String

    init?(_ text: String) {
        let operators = ["", ">=", "<=", ">", "<", "!", "="]
        for before in operators {
            guard let rest = text.utf8.removingPrefix(before + "$("),
                let path = rest.utf8.removingSuffix(")")
            else { continue }
            self.before = before
            self.path = String(path)
            return
        }
        return nil
    }
}
