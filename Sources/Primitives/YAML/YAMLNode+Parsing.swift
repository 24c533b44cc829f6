// SPDX-License-Identifier: Apache-2.0
// From text to nodes, as kubectl reads a file. Where two readers of one text could differ and no
// manifest needs it, the text is refused.
// Spec: sigs.k8s.io/yaml v1.6 over go-yaml v2.4; k8s.io/apimachinery v0.32, util/yaml.

internal import Yams

extension YAMLNode {
    /// Reads every document of a YAML or JSON file; empty documents are left out.
    ///
    /// Refused: a name that occurs twice in one mapping, a merge of a name that is written before it,
    /// an anchor that is defined again inside itself, documents that are divided otherwise than by
    /// lines of `---`, nesting past `Limits.documentDepth`, more than that many nodes once aliases
    /// are expanded, and tags that are not YAML's own.
    package static func documents(
        parsing bytes: [UInt8], named name: String, nodes: Int = Limits.yamlNodes
    ) throws(Failure) -> [YAMLNode] {
        var objects = try objects(in: bytes, named: name, nodes: nodes)
        var documents: [YAMLNode] = []
        while let object = try objects.object() { documents.append(object) }
        return documents + (try objects.yamlDocuments(isFirst: documents.isEmpty, nodes: nodes))
    }
}

/// One document of a file, without the places of what is in it.
package struct ManifestDocument: Sendable {
    package let json: JSONValue
    /// Where the document begins.
    package let place: Place

    package init(json: JSONValue, place: Place) {
        self.json = json
        self.place = place
    }

    init(_ node: YAMLNode) { self.init(json: node.json, place: node.place) }

    /// As `YAMLNode.documents`, for readers that need no other places: JSON is then read in a
    /// fraction of the time and memory.
    ///
    /// - Returns: the JSON objects that the file begins with, and what is read as YAML.
    package static func documents(
        parsing bytes: [UInt8], named name: String, nodes: Int = Limits.yamlNodes
    ) throws(Failure) -> (json: [ManifestDocument], yaml: [ManifestDocument]) {
        var objects = try objects(in: bytes, named: name, nodes: nodes)
        var documents: [ManifestDocument] = []
        while let document = try objects.document() { documents.append(document) }
        let others = try objects.yamlDocuments(isFirst: documents.isEmpty, nodes: nodes)
        return (documents, others.map { ManifestDocument($0) })
    }
}

/// The JSON objects that the text may begin with; refuses text that is too long or not UTF-8.
private func objects(
    in bytes: [UInt8], named name: String, nodes: Int
) throws(Failure) -> JSONStream {
    guard bytes.count <= Limits.yamlBytes else {
        throw Failure(
            .overLimit, "cannot read \(name)",
            because: "it has \(bytes.count) bytes, the limit is \(Limits.yamlBytes)")
    }
    guard let whole = try? UTF8Span(validating: bytes.span) else {
        let isUTF16 = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
        throw Failure(
            .malformed, "cannot read \(name)",
            because: isUTF16 ? "it is UTF-16, not UTF-8" : "it is not valid UTF-8",
            next: isUTF16 ? "save it as UTF-8" : nil)
    }
    guard
        whole.isKnownASCII
            || longestMarkRun(in: String(copying: whole)) <= Limits.combiningMarks
    else {
        throw Failure(
            .overLimit, "cannot read \(name)",
            because: "it has more than \(Limits.combiningMarks) combining marks in a row")
    }
    return JSONStream(manifestText(bytes), named: name, nodes: nodes)
}

extension JSONStream {
    /// The documents in YAML that follow the objects.
    ///
    /// - Parameter isFirst: Whether there were no objects, so that the whole text is YAML.
    fileprivate func yamlDocuments(isFirst: Bool, nodes: Int) throws(Failure) -> [YAMLNode] {
        guard !isFirst else { return try documents(ofYAML: text, named: name, nodes: nodes) }
        if isAtEnd { return [] }
        try refuseRest()
        // Lines keep their numbers.
        let lines = [UInt8](repeating: UInt8(ascii: "\n"), count: linesRead)
        return try documents(
            ofYAML: lines + text[offset...], named: name, nodes: nodes)
    }
}

private func documents(
    ofYAML text: [UInt8], named name: String, nodes: Int
) throws(Failure) -> [YAMLNode] {
    try refuseOtherBorders(text, named: name)
    try refuseCostlyNames(text, named: name)
    let parser = try parser(String(decoding: text, as: UTF8.self), named: name)
    var reader = YAMLReader(name: name, text: text, nodes: nodes)
    var documents: [YAMLNode] = []
    for root in try roots(of: parser, named: name) {
        let node = try reader.node(root, depth: 0)
        if !node.isNull { documents.append(node) }
    }
    // Nodes hold their anchors weakly; the parser owns them.
    withExtendedLifetime(parser) {}
    return documents
}

private func parser(_ text: String, named name: String) throws(Failure) -> Parser {
    do {
        return try Parser(yaml: text, resolver: .basic)
    } catch {
        throw failure(error, named: name)
    }
}

private func roots(of parser: Parser, named name: String) throws(Failure) -> [Node] {
    do {
        // Not `compose_all`: its sequence ends quietly where the text stops being YAML.
        var roots: [Node] = []
        while let root = try parser.nextRoot() { roots.append(root) }
        return roots
    } catch {
        throw failure(error, named: name)
    }
}

private func failure(_ error: any Error, named name: String) -> Failure {
    let what = "cannot read \(name) as YAML"
    switch error as? YamlError {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
        .composer(_, let problem, let mark, _):
        return Failure(
            .malformed, what, at: .file(name, line: mark.line, column: mark.column),
            because: plain(problem))
    case .duplicatedKeysInMapping(let duplicates, let context):
        let names = duplicates.map { quoted($0) }.joined(separator: ", ")
        return Failure(
            .malformed, what,
            at: .file(name, line: context.mark.line, column: context.mark.column),
            because: "in the mapping that starts here these names stand twice: \(names)")
    case .reader(let problem, let offset, _, _):
        return Failure(
            .malformed, what, at: .bytes(of: name, offset: offset ?? 0), because: plain(problem))
    default:
        return Failure(.malformed, what, because: plain("\(error)"))
    }
}
