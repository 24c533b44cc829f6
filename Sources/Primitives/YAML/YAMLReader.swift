// SPDX-License-Identifier: Apache-2.0
// From the parser's nodes to `YAMLNode`. Spec: sigs.k8s.io/yaml v1.6 over go-yaml v2.4, decode.go.

internal import Yams

/// Turns the parser's nodes of one text into values with places. Scalars, names and merges mean what
/// they mean to kubectl.
struct YAMLReader {
    let name: String
    let text: [UInt8]
    lazy var lineStarts = starts(ofLinesIn: text)
    var mergeBytesLeft = Limits.yamlNameBytes
    private let mostNodes: Int
    private var nodesLeft: Int
    /// Anchors of the collections that are being read, the innermost last.
    private var openAnchors: [String] = []

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
        let anchor = node.anchorName
        try refuseInnerAnchor(anchor, at: place)
        if let anchor { openAnchors.append(anchor) }
        defer { if anchor != nil { openAnchors.removeLast() } }
        switch node {
        case .scalar(let scalar):
            let value = try resolved(scalar, at: place)
            var node = YAMLNode(content: .scalar(value), place: place)
            if case .bool = value, scalar.string.utf8.count == 1 { node.letter = scalar.string }
            return node
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
        var names: Set<ByteString> = []
        for (key, value) in mapping {
            let place = Place.file(name, line: key.mark?.line ?? 1, column: key.mark?.column ?? 1)
            guard case .scalar(let scalar) = key else {
                throw malformed("a name in a mapping must be a plain value", at: place)
            }
            // A tag changes what a name is for other readers: `!!binary "aW1hZ2U="` is `image`.
            try refuseTag(scalar.tag, otherThan: ["", "!", yamlTag("str")], at: place)
            let child = try node(value, depth: depth + 1)
            if scalar.string == "<<" {
                try refuseDressedMerge(key, at: place)
                guard merged.isEmpty else {
                    throw malformed("<< occurs twice in one mapping", at: place)
                }
                merged = try mergedMembers(child)
                try refuseCollision(of: merged, with: names, at: place)
                continue
            }
            let name = try memberName(scalar, of: key, at: place)
            guard names.insert(ByteString(name)).inserted else {
                throw malformed(
                    "the name \(quoted(name)) occurs twice in one mapping", at: place)
            }
            members.append(YAMLNode.Member(name: name, value: child, place: place))
        }
        // Spec: YAML merge key: "keys in mapping nodes earlier in the sequence override later ones".
        for member in merged where names.insert(ByteString(member.name)).inserted {
            members.append(member)
        }
        return members
    }

    /// Readers differ about a merge that comes after a name it holds too: for the merge key's
    /// specification the written name wins, for go-yaml v2, and so for kubectl, the merged one.
    private func refuseCollision(
        of merged: [YAMLNode.Member], with names: Set<ByteString>, at place: Place
    ) throws(Failure) {
        guard let member = merged.first(where: { names.contains(ByteString($0.name)) }) else {
            return
        }
        throw Failure(
            .unsupported, "cannot read \(name) as YAML", at: place,
            because: "the merge gives \(quoted(member.name)), which is written before it, and "
                + "readers differ about which of the two counts",
            next: "write the merge first, or \(quoted(member.name)) once")
    }

    /// A mapping's name in JSON, where names are strings.
    private mutating func memberName(
        _ scalar: Node.Scalar, of key: Node, at place: Place
    ) throws(Failure) -> String {
        guard scalar.style == .plain || scalar.style == .any else { return scalar.string }
        let name = PlainScalar(scalar.string).name
        if let name, isSame(name, scalar.string) { return name }
        // The parser gives bare and tagged words the same tag; the text tells them apart.
        let start = try key.mark.map { (mark) throws(Failure) in try word(at: mark) } ?? ""
        if start.utf8.first == UInt8(ascii: "!") { return scalar.string }
        guard let name, start.utf8.first != UInt8(ascii: "&") else {
            throw malformed(
                "the name \(quoted(scalar.string)) is not a string; write it in quotes", at: place)
        }
        return name
    }

    /// Refuses such an anchor, because readers differ about the node that an alias then means: the
    /// one that began last, or the one that ended last.
    private func refuseInnerAnchor(_ anchor: String?, at place: Place) throws(Failure) {
        guard let anchor, openAnchors.contains(where: { isSame($0, anchor) }) else {
            return
        }
        throw malformed(
            "the anchor \(quoted(anchor)) is defined again inside the value it names", at: place)
    }

    private func malformed(_ why: String, at place: Place) -> Failure {
        Failure(.malformed, "cannot read \(name) as YAML", at: place, because: why)
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
                because: "its merges, or names that are not strings, begin too far to the right")
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
        let tag = scalar.tag.description
        switch tag {
        case yamlTag("str"), yamlTag("timestamp"), "!": return .string(scalar.string)
        case yamlTag("null"), yamlTag("bool"), yamlTag("int"), yamlTag("float"):
            let value = try finite(PlainScalar(scalar.string), at: place)
            guard value.fits(tag) else {
                throw malformed("\(quoted(scalar.string)) does not fit its tag", at: place)
            }
            return value
        case yamlTag("binary"): return .string(try binaryText(scalar.string, at: place))
        default: try refuseTag(scalar.tag, otherThan: [""], at: place)
        }
        guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
        return try finite(PlainScalar(scalar.string), at: place)
    }

    private func finite(_ scalar: PlainScalar, at place: Place) throws(Failure) -> JSONValue {
        guard case .value(let value) = scalar else {
            throw malformed("JSON has no infinity and no \"not a number\"", at: place)
        }
        return value
    }

    /// Spec: go-yaml v2.4, decode.go: the bytes of `!!binary` become a string.
    private func binaryText(_ text: String, at place: Place) throws(Failure) -> String {
        let digits = text.utf8.filter { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard let content = bytes(fromBase64: String(decoding: digits, as: UTF8.self)) else {
            throw malformed("a !!binary value must be base64", at: place)
        }
        guard let decoded = String(validating: content, as: UTF8.self) else {
            throw malformed("a !!binary value that is not UTF-8 has no JSON form", at: place)
        }
        return decoded
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

extension JSONValue {
    /// Whether this is what an explicit tag asks for.
    fileprivate func fits(_ tag: String) -> Bool {
        switch self {
        case .null: tag == yamlTag("null")
        case .bool: tag == yamlTag("bool")
        case .number(let number):
            tag == yamlTag("float") || (tag == yamlTag("int") && number.integer != nil)
        default: false
        }
    }
}

extension Node {
    fileprivate var anchorName: String? {
        let anchor =
            switch self {
            case .scalar(let scalar): scalar.anchor
            case .sequence(let sequence): sequence.anchor
            case .mapping(let mapping): mapping.anchor
            case .alias: Anchor?.none
            }
        return anchor?.rawValue
    }
}
