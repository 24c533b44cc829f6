// SPDX-License-Identifier: Apache-2.0
// Whether a pattern can match any image. Spec: docs/image-names.md; distribution/reference.

import OCI
import Primitives

extension ImagePattern {
    /// Why the pattern matches no image; nil when it can match one.
    ///
    /// Images are compared as `registry/path:tag` or `registry/path@digest`. A pattern that lacks
    /// one of these parts matches nothing, and skips nothing.
    var misfit: String? {
        guard description.utf8.count <= Limits.examinedPatternBytes else { return nil }
        func fits(_ pattern: String) -> Bool {
            hasExample(pattern) || ImageNameShape.canFit(pattern)
        }
        guard !wildcards.contains(where: { fits($0.description) }) else { return nil }
        let text = wildcards[0].description
        if let why = oddity { return why }
        if !namesRegistry, fits("docker.io/" + text) {
            return "it names no registry; write docker.io/\(description)"
        }
        if !namesRegistry, fits("docker.io/\(text):*") {
            return "it names no registry and no tag; write docker.io/\(description):*"
        }
        if fits(text + ":*") {
            return "it does not match a tag or a digest; end it with :* or *"
        }
        return "images are compared as registry/path:tag or registry/path@digest"
    }

    /// Whether the text before the first slash looks like a registry, as in image names.
    private var namesRegistry: Bool {
        guard let host = description.utf8.split(atFirst: "/")?.before else { return false }
        return host == "localhost" || host.utf8.contains(where: ".:*?[".utf8.contains)
    }

    /// Why no image name can match, for patterns with characters that no name has.
    private var oddity: String? {
        if description.utf8.contains("://") {
            return "an image name has no scheme such as https://"
        }
        if description.utf8.hasPrefix("!") {
            return "patterns are not negated; write what is excepted under skipImageReferences"
        }
        if description.utf8.contains("{") || description.utf8.contains(",") {
            return "braces and commas have no special meaning; write one pattern for each"
        }
        if description.utf8.hasSuffix(":") || description.utf8.hasSuffix("@") {
            return "it ends where a tag or a digest would begin"
        }
        let path = description.utf8.split(atFirst: "/")?.after.utf8.prefix(before: ":") ?? ""
        if path.utf8.lowercased() != path { return "a repository has no capital letters" }
        return nil
    }
}

/// Whether one of a few names that the pattern matches is an image name: a quick yes for the patterns
/// that most policies have.
private func hasExample(_ pattern: String) -> Bool {
    ["a:a", "a"].contains { last in
        guard let start = pattern.utf8.removingSuffix("*"), !start.utf8.contains("*"),
            !start.utf8.contains("?")
        else { return false }
        return ImageNameShape.canFit(String(start) + last)
    }
}

/// A machine that reads an image name as patterns see it, character by character. It takes every
/// name that `ImageName` takes with a registry written out, and few others.
private enum ImageNameShape: Hashable {
    case start
    /// Inside the host. `localhost` counts its letters while they are those of that word.
    case host(localhost: Int?, hasDot: Bool)
    case address, afterAddress
    case port(isEmpty: Bool)
    /// Inside a component of the path, after that separator; nil after a letter or digit.
    case path(separator: String?)
    case tag(isEmpty: Bool)
    case digest(isLong: Bool, read: Int)

    /// Whether the pattern fits a whole name.
    static func canFit(_ pattern: String) -> Bool {
        var states: Set<ImageNameShape> = [.start]
        var followers: [ImageNameShape: Set<ImageNameShape>] = [:]
        func afterAny(_ states: Set<ImageNameShape>) -> Set<ImageNameShape> {
            states.reduce(into: []) { found, state in
                let next = followers[state] ?? Set(alphabet.flatMap(state.next))
                followers[state] = next
                found.formUnion(next)
            }
        }
        for scalar in pattern.unicodeScalars {
            switch scalar {
            case "?": states = afterAny(states)
            case "*":
                var fresh = states
                while !fresh.isEmpty {
                    fresh = afterAny(fresh).subtracting(states)
                    states.formUnion(fresh)
                }
            default: states = Set(states.flatMap { $0.next(scalar) })
            }
        }
        return states.contains(where: \.isEnd)
    }

    private var isEnd: Bool {
        switch self {
        case .tag(let isEmpty): !isEmpty
        case .digest(let isLong, let read): read == ImageNameShape.digestLength(isLong)
        default: false
        }
    }

    private func next(_ scalar: Unicode.Scalar) -> [ImageNameShape] {
        switch self {
        case .start: scalar == "[" ? [.address] : afterHost(scalar, localhost: 0, hasDot: false)
        case .host(let localhost, let hasDot):
            afterHost(scalar, localhost: localhost, hasDot: hasDot)
        case .address:
            scalar == "]" ? [.afterAddress] : isHex(scalar) || ":.".has(scalar) ? [self] : []
        case .afterAddress: afterRegistry(scalar)
        case .port(let isEmpty):
            isDigit(scalar)
                ? [.port(isEmpty: false)] : scalar == "/" && !isEmpty ? [.path(separator: "/")] : []
        case .path(let separator): afterPath(scalar, separator)
        case .tag(let isEmpty): isTag(scalar, isFirst: isEmpty) ? [.tag(isEmpty: false)] : []
        case .digest(let isLong, let read): afterDigest(scalar, isLong, read)
        }
    }

    private func afterHost(_ scalar: Unicode.Scalar, localhost: Int?, hasDot: Bool)
        -> [ImageNameShape]
    {
        if isWord(scalar) || scalar == "-" || (scalar == "." && self != .start) {
            let word = Array("localhost".unicodeScalars)
            let isNext = localhost.map { $0 < word.count && word[$0] == scalar } ?? false
            return [
                .host(
                    localhost: isNext ? localhost.map { $0 + 1 } : nil,
                    hasDot: hasDot || scalar == ".")
            ]
        }
        guard self != .start, scalar == ":" || hasDot || localhost == "localhost".utf8.count else {
            return []
        }
        return afterRegistry(scalar)
    }

    private func afterRegistry(_ scalar: Unicode.Scalar) -> [ImageNameShape] {
        switch scalar {
        case ":": [.port(isEmpty: true)]
        case "/": [.path(separator: "/")]
        default: []
        }
    }

    private func afterPath(_ scalar: Unicode.Scalar, _ separator: String?) -> [ImageNameShape] {
        if isWord(scalar) { return [.path(separator: nil)] }
        switch (separator, scalar) {
        case (nil, "/"), (nil, "."), (nil, "_"), (nil, "-"):
            return [.path(separator: String(scalar))]
        case ("_", "_"): return [.path(separator: "__")]
        case ("-", "-"): return [self]
        case (nil, ":"): return [.tag(isEmpty: true)]
        case (nil, "@"): return [.digest(isLong: false, read: 0), .digest(isLong: true, read: 0)]
        default: return []
        }
    }

    private func afterDigest(_ scalar: Unicode.Scalar, _ isLong: Bool, _ read: Int)
        -> [ImageNameShape]
    {
        let start = Array((isLong ? "sha512:" : "sha256:").unicodeScalars)
        guard read < ImageNameShape.digestLength(isLong),
            read < start.count ? start[read] == scalar : isHex(scalar)
        else { return [] }
        return [.digest(isLong: isLong, read: read + 1)]
    }

    private static func digestLength(_ isLong: Bool) -> Int {
        "sha256:".utf8.count + (isLong ? HashAlgorithm.sha512 : .sha256).hexCount
    }
}

/// Every character that a name may hold; one capital stands for all of a tag's.
private let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789.-_:/@[]A".unicodeScalars)

private func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

private func isWord(_ scalar: Unicode.Scalar) -> Bool {
    isDigit(scalar) || ("a"..."z").contains(scalar)
}

private func isHex(_ scalar: Unicode.Scalar) -> Bool {
    isDigit(scalar) || ("a"..."f").contains(scalar)
}

private func isTag(_ scalar: Unicode.Scalar, isFirst: Bool) -> Bool {
    isWord(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
        || (!isFirst && ".-".has(scalar))
}

extension String {
    fileprivate func has(_ scalar: Unicode.Scalar) -> Bool { unicodeScalars.contains(scalar) }
}
