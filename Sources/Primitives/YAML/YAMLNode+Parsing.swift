// SPDX-License-Identifier: Apache-2.0
// From text to nodes. Scalars resolve as sigs.k8s.io/yaml does (YAML 1.1 booleans and octals).

internal import Yams

extension YAMLNode {
    /// Reads every document of a YAML or JSON file; empty documents are left out.
    ///
    /// Refused: a name that stands twice in one mapping, nesting past `Limits.documentDepth`, more
    /// than that many nodes once aliases are expanded, and tags that are not YAML's own.
    package static func documents(
        parsing bytes: [UInt8], named name: String, nodes: Int = Limits.yamlNodes
    ) throws(Failure) -> [YAMLNode] {
        guard bytes.count <= Limits.yamlBytes else {
            throw Failure(
                .overLimit, "cannot read \(name)",
                because: "it has \(bytes.count) bytes, the limit is \(Limits.yamlBytes)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(.malformed, "cannot read \(name)", because: "it is not valid UTF-8")
        }
        guard longestMarkRun(in: text) <= Limits.combiningMarks else {
            throw Failure(
                .overLimit, "cannot read \(name)",
                because: "it has more than \(Limits.combiningMarks) combining marks in a row")
        }
        try refuseCostlyNames(bytes, named: name)
        var reader = YAMLReader(name: name, text: bytes, nodes: nodes)
        var documents: [YAMLNode] = []
        for root in try composed(text, named: name) {
            let node = try reader.node(root, depth: 0)
            if !node.isNull { documents.append(node) }
        }
        return documents
    }
}

private func composed(_ text: String, named name: String) throws(Failure) -> [Node] {
    do {
        // Not `compose_all`: its sequence ends quietly where the text stops being YAML.
        let parser = try Parser(yaml: text, resolver: .basic)
        var roots: [Node] = []
        while let root = try parser.nextRoot() { roots.append(root) }
        return roots
    } catch let error as YamlError {
        throw failure(error, named: name)
    } catch {
        throw Failure(.malformed, "cannot read \(name) as YAML", because: plain("\(error)"))
    }
}

private func failure(_ error: YamlError, named name: String) -> Failure {
    let what = "cannot read \(name) as YAML"
    switch error {
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

private struct YAMLReader {
    let name: String
    let text: [UInt8]
    lazy var lineStarts = starts(ofLinesIn: text)
    var mergeBytesLeft = Limits.yamlNameBytes
    private let mostNodes: Int
    private var nodesLeft: Int

    init(name: String, text: [UInt8], nodes: Int) {
        self.name = name
        self.text = text
        mostNodes = nodes
        nodesLeft = nodes
    }

    mutating func node(_ node: Node, depth: Int) throws(Failure) -> YAMLNode {
        let place = Place.file(name, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
        nodesLeft -= 1
        guard depth <= Limits.documentDepth, nodesLeft > 0 else {
            throw Failure(
                .overLimit, "cannot read \(name)", at: place,
                because: depth > Limits.documentDepth
                    ? "it is nested deeper than \(Limits.documentDepth) levels"
                    : "it has more than \(mostNodes) values")
        }
        switch node {
        case .scalar(let scalar):
            return YAMLNode(content: .scalar(try resolved(scalar, at: place)), place: place)
        case .sequence(let sequence):
            try refuseTag(sequence.tag, otherThan: ["", "!", yamlTag("seq")], at: place)
            var items: [YAMLNode] = []
            for item in sequence { items.append(try self.node(item, depth: depth + 1)) }
            return YAMLNode(content: .sequence(items), place: place)
        case .mapping(let mapping):
            try refuseTag(mapping.tag, otherThan: ["", "!", yamlTag("map")], at: place)
            return YAMLNode(
                content: .mapping(try members(mapping, depth: depth, at: place)), place: place)
        case .alias:
            throw Failure(
                .malformed, "cannot read \(name) as YAML", at: place,
                because: "an alias names an anchor that is not defined before it")
        }
    }

    private mutating func members(
        _ mapping: Node.Mapping, depth: Int, at place: Place
    ) throws(Failure) -> [YAMLNode.Member] {
        var members: [YAMLNode.Member] = []
        var merged: [YAMLNode.Member] = []
        var names: Set<ExactText> = []
        for (key, value) in mapping {
            let place = Place.file(name, line: key.mark?.line ?? 1, column: key.mark?.column ?? 1)
            guard case .scalar(let scalar) = key else {
                throw Failure(
                    .malformed, "cannot read \(name) as YAML", at: place,
                    because: "a name in a mapping must be a plain value")
            }
            // A tag changes what a name is for other readers: `!!binary "aW1hZ2U="` is `image`.
            try refuseTag(scalar.tag, otherThan: ["", "!", yamlTag("str")], at: place)
            let child = try node(value, depth: depth + 1)
            if scalar.string == "<<" {
                try refuseDressedMerge(key, at: place)
                merged += try mergedMembers(child)
                continue
            }
            guard names.insert(ExactText(scalar.string)).inserted else {
                throw Failure(
                    .malformed, "cannot read \(name) as YAML", at: place,
                    because: "the name \(quoted(scalar.string)) stands twice in one mapping")
            }
            members.append(YAMLNode.Member(name: scalar.string, value: child, place: place))
        }
        // Spec: YAML merge key: "keys in mapping nodes earlier in the sequence override later ones".
        for member in merged where names.insert(ExactText(member.name)).inserted {
            members.append(member)
        }
        return members
    }

    /// Readers differ about `<<` in quotes, with a tag, or from an alias, so only the bare word is
    /// taken. The resolver gives bare and tagged words the same tag; the text tells them apart.
    private mutating func refuseDressedMerge(_ key: Node, at place: Place) throws(Failure) {
        guard let mark = key.mark, try word(at: mark) == "<<" else {
            throw Failure(
                .unsupported, "cannot read \(name) as YAML", at: place,
                because: "a merge is written << without quotes and without a tag")
        }
    }

    /// The two characters at a mark.
    private mutating func word(at mark: Mark) throws(Failure) -> String {
        guard lineStarts.indices.contains(mark.line - 1) else { return "" }
        // Columns are counted in characters, so the line is read up to there.
        mergeBytesLeft -= mark.column
        guard mergeBytesLeft > 0 else {
            throw Failure(
                .overLimit, "cannot read \(name)",
                because: "its merges stand too far to the right in their lines")
        }
        let line = text[lineStarts[mark.line - 1]...].prefix(4 * (mark.column + 2))
        return String(
            String.UnicodeScalarView(
                String(decoding: line, as: UTF8.self).unicodeScalars.dropFirst(mark.column - 1)
                    .prefix(2)))
    }

    private func mergedMembers(_ node: YAMLNode) throws(Failure) -> [YAMLNode.Member] {
        switch node.content {
        case .mapping(let members): return members
        case .sequence(let items):
            var members: [YAMLNode.Member] = []
            for item in items { members += try item.members() }
            return members
        case .scalar: throw node.broken("<< must name a mapping")
        }
    }

    private func resolved(_ scalar: Node.Scalar, at place: Place) throws(Failure) -> JSONValue {
        switch scalar.tag.description {
        case yamlTag("str"), yamlTag("timestamp"), "!": return .string(scalar.string)
        case yamlTag("null"), yamlTag("bool"), yamlTag("int"), yamlTag("float"):
            return plainScalar(scalar.string)
        case yamlTag("binary"):
            throw Failure(
                .unsupported, "cannot read \(name) as YAML", at: place,
                because: "!!binary values have no JSON form")
        default: try refuseTag(scalar.tag, otherThan: [""], at: place)
        }
        guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
        return plainScalar(scalar.string)
    }

    private func refuseTag(
        _ tag: Tag, otherThan known: Set<String>, at place: Place
    ) throws(Failure) {
        guard !known.contains(tag.description) else { return }
        throw Failure(
            .unsupported, "cannot read \(name) as YAML", at: place,
            because: "the tag \(quoted(tag.description)) has no JSON form here")
    }
}

/// Spec: YAML 1.1, "Line Break Characters": LF, CR, CR LF, NEL, LS and PS, as libyaml counts them.
private func starts(ofLinesIn text: [UInt8]) -> [Int] {
    var starts = [0]
    for (index, byte) in text.enumerated() {
        let isBreak =
            switch byte {
            case 0x0A: true
            case 0x0D: index + 1 == text.count || text[index + 1] != 0x0A
            case 0x85: index > 0 && text[index - 1] == 0xC2
            case 0xA8, 0xA9: index > 1 && text[index - 1] == 0x80 && text[index - 2] == 0xE2
            default: false
            }
        if isBreak { starts.append(index + 1) }
    }
    return starts
}

private func yamlTag(_ name: String) -> String { "tag:yaml.org,2002:\(name)" }

/// What a plain (unquoted) scalar means.
private func plainScalar(_ text: String) -> JSONValue {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": return .bool(true)
    case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": return .bool(false)
    default: break
    }
    guard let first = text.utf8.first, first < 0x40 else { return .string(text) }
    if let number = wholeNumber(text) { return .number(JSONNumber(number)) }
    if looksLikeDecimal(text), let value = Double(withoutUnderscores(text.utf8[...])),
        let number = JSONNumber(value)
    {
        return .number(number)
    }
    return .string(text)
}

private func wholeNumber(_ text: String) -> Int? {
    let negative = text.utf8.hasPrefix("-")
    let isSigned = negative || text.utf8.hasPrefix("+")
    let digits = withoutUnderscores(isSigned ? text.utf8.dropFirst() : text.utf8[...])
    // Int would read a second sign.
    guard digits.utf8.allSatisfy({ isHexByte($0) || $0 == 0x78 || $0 == 0x6F }) else { return nil }
    let radixes: [(String, Int)] = [("0x", 16), ("0o", 8), ("0b", 2)]
    for (prefix, radix) in radixes where digits.utf8.hasPrefix(prefix) {
        return Int((negative ? "-" : "") + digits.dropFirst(2), radix: radix)
    }
    let radix = digits.utf8.count > 1 && digits.utf8.hasPrefix("0") ? 8 : 10
    return Int((negative ? "-" : "") + digits, radix: radix)
}

private func withoutUnderscores(_ text: Substring.UTF8View) -> String {
    String(decoding: text.filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
}

private func looksLikeDecimal(_ text: String) -> Bool {
    var digits = 0
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digits += 1
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "e"),
            UInt8(ascii: "E"), UInt8(ascii: "_"):
            break
        default: return false
        }
    }
    return digits > 0
}
