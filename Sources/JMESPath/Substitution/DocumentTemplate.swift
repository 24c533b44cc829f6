// SPDX-License-Identifier: Apache-2.0
// A compiled document with {{ variables }} in its strings and names.
// Spec: docs/kyverno.md, "Variables".

package import Primitives

/// A compiled document. Its `$(references)` are resolved when it is compiled.
package struct DocumentTemplate: Sendable {
    private indirect enum Node: Sendable {
        case constant(JSONValue)
        case text(VariableTemplate, Place)
        case list([Node])
        case object([Member])
    }

    private struct Member: Sendable {
        let name: VariableTemplate
        let value: Node
        let place: Place
    }

    private let root: Node
    private let name: String
    private let dialect: JMESPathDialect
    /// The paths and functions that its expressions refer to.
    package let referencedPaths: ReferencedPaths
    /// Whether a `{{` is not closed.
    package let isUnclosed: Bool

    /// Compiles a document. A failure names the JSON pointer.
    package init(
        _ document: JSONValue, named name: String, dialect: JMESPathDialect,
        currentPath: String? = nil
    ) throws(Failure) {
        let resolved = try ReferenceResolver(document: document, name: name).resolved()
        var compiler = DocumentCompiler(name: name, dialect: dialect, currentPath: currentPath)
        root = try DocumentTemplate.node(resolved, pointer: "", &compiler)
        self.name = name
        self.dialect = dialect
        referencedPaths = compiler.referencedPaths
        isUnclosed = compiler.isUnclosed
    }

    /// The document with all variables replaced by their values.
    package func value(on variables: JSONValue, context: JMESPathContext = JMESPathContext())
        throws(Failure) -> JSONValue
    {
        let substitution = VariableSubstitution(
            variables: variables, dialect: dialect, context: context)
        return try value { (text, place) throws(Failure) in
            try substitution.value(of: text, at: place)
        }
    }

    /// The document with each text that has variables replaced by the result of `answer`.
    func value(_ answer: (VariableTemplate, Place) throws(Failure) -> JSONValue)
        throws(Failure) -> JSONValue
    {
        try value(of: root, answer)
    }

    private func value(
        of node: Node, _ answer: (VariableTemplate, Place) throws(Failure) -> JSONValue
    ) throws(Failure) -> JSONValue {
        switch node {
        case .constant(let value): return value
        case .text(let text, let place): return try answer(text, place)
        case .list(let nodes):
            return .array(try nodes.map { (node) throws(Failure) in try value(of: node, answer) })
        case .object(let members):
            var object = JSONObject()
            for member in members {
                let key =
                    if let constant = member.name.constant { constant } else {
                        try answer(member.name, member.place).substitutedText
                    }
                guard object[key] == nil else {
                    throw Failure(
                        .malformed, "cannot substitute the variables in \(name)", at: member.place,
                        because: "two members have the name \(quoted(key)) now")
                }
                object[key] = try value(of: member.value, answer)
            }
            return .object(object)
        }
    }

    private static func node(
        _ value: JSONValue, pointer: String, _ compiler: inout DocumentCompiler
    ) throws(Failure) -> Node {
        switch value {
        case .null, .bool, .number: return .constant(value)
        case .string(let text):
            let template = try compiler.template(text, pointer)
            if let constant = template.constant { return .constant(.string(constant)) }
            return .text(template, compiler.place(pointer))
        case .array(let items):
            var nodes: [Node] = []
            for (index, item) in items.enumerated() {
                nodes.append(try node(item, pointer: "\(pointer)/\(index)", &compiler))
            }
            return .list(nodes)
        case .object(let object):
            var members: [Member] = []
            for member in object {
                let inner = pointer + "/" + escapedPointer(member.name)
                members.append(
                    Member(
                        name: try compiler.template(member.name, inner),
                        value: try node(member.value, pointer: inner, &compiler),
                        place: compiler.place(inner)))
            }
            return .object(members)
        }
    }
}

private struct DocumentCompiler {
    let name: String
    let dialect: JMESPathDialect
    let currentPath: String?
    var referencedPaths = ReferencedPaths()
    var isUnclosed = false

    func place(_ pointer: String) -> Place { .document(name, pointer: pointer) }

    mutating func template(_ text: String, _ pointer: String) throws(Failure) -> VariableTemplate {
        let template = try VariableTemplate(
            text, dialect: dialect, currentPath: currentPath, at: place(pointer))
        referencedPaths.formUnion(template.referencedPaths)
        isUnclosed = isUnclosed || template.isUnclosed
        return template
    }
}

/// Spec: RFC 6901 §3.
private func escapedPointer(_ name: String) -> String {
    var text = ""
    for scalar in name.unicodeScalars {
        text += scalar == "~" ? "~0" : scalar == "/" ? "~1" : String(scalar)
    }
    return text
}
