// SPDX-License-Identifier: Apache-2.0
// The words of an error: whether a text says that something is not there, and nothing else.
//
// A text says so if each of its words is in a short list, or is a name of the request. A list of words
// that may occur is safe where a list of words that must not occur is not: nobody knows all sentences
// in which a proxy says that it could not look.

internal import Primitives

/// What a part of an error says about what was asked for.
enum ErrorMeaning: Hashable {
    /// That it is not there, or that the request is not known or not supported.
    case absent
    /// Nothing: it is empty, or repeats the request.
    case nothing
    /// Anything else.
    case other

    /// What two parts say together: both have to say an absence, or nothing.
    static func + (left: ErrorMeaning, right: ErrorMeaning) -> ErrorMeaning {
        if left == .other || right == .other { return .other }
        return left == .absent || right == .absent ? .absent : .nothing
    }
}

/// Reads the texts of an error to one request.
struct ErrorWords {
    /// The parts of the request's address, in lower case.
    private let names: Set<String>

    init(namesIn address: HTTPURL) {
        var names: Set = ["sha256", "sha512"]
        // A query may have words, such as `token`, that name nothing in the repository.
        let path = address.target.utf8.prefix(before: "?")
        for part in (address.authority + path).utf8.split(whereSeparator: isSeparator) {
            names.insert(Substring(part).utf8.lowercased())
        }
        // Sentences have the words of the protocol too: "this registry has no referrers endpoint".
        self.names = names.subtracting(["manifests", "blobs", "tags", "referrers"])
            .subtracting(partsOfServices)
    }

    func meaning(of text: String) -> ErrorMeaning {
        let words = words(of: text)
        guard !words.isEmpty else { return .nothing }
        let sentence = words.joined(separator: " ")
        if isSame(sentence, "no message available") { return .nothing }
        // Express. Others write so that they could not get something.
        if isSame(sentence, "cannot get") {
            return text.utf8.contains("Cannot GET /") ? .absent : .other
        }
        if knownSentences.contains(sentence) { return .absent }
        guard words.allSatisfy(vocabulary.contains) else { return .other }
        let padded = " \(sentence) "
        if doubts.contains(where: { padded.utf8.contains(" \($0) ") }) { return .other }
        return absences.contains { padded.utf8.contains(" \($0) ") } ? .absent : .other
    }

    /// What a text says about access or the state of the service. Names of the request mean nothing.
    func failureKind(of text: String) -> Failure.Kind? {
        Registry.failureKind(ofLetters: words(of: text).joined())
    }

    /// The words of a text in lower case, without names.
    private func words(of text: String) -> [String] {
        text.utf8.split(whereSeparator: isWhitespaceByte).flatMap { words(ofToken: Substring($0)) }
    }

    private func words(ofToken token: Substring) -> [String] {
        let text = withoutMarks(token)
        let parts = text.utf8.split(whereSeparator: isSeparator).map { Substring($0) }
        let unknown = parts.filter { !isName($0.utf8.lowercased()) }
        let words = unknown.flatMap { plainWords(in: withoutPackage($0)) }
        // A path of the request that a proxy or the storage wrote in its own way.
        let isPath = text.utf8.contains("/") && unknown.count < parts.count
        guard !isTime(text), !isPath || saysMore(words) else { return [] }
        return words
    }

    /// Whether the words of a path are about access or the state of a service.
    private func saysMore(_ words: [String]) -> Bool {
        Registry.failureKind(ofLetters: words.joined()) != nil
            || words.contains { word in statesOfServices.contains { word.utf8.hasPrefix($0) } }
    }

    /// Whether a piece repeats the request, or is an identifier: digits, or eight or more digits and
    /// letters as in digests and UUIDs.
    private func isName(_ piece: String) -> Bool {
        if names.contains(piece) { return true }
        let bytes = piece.utf8
        guard bytes.contains(where: isDigitByte) else { return false }
        return bytes.count >= shortestNumber && bytes.allSatisfy(isDigitByte)
            || bytes.count >= shortestIdentifier
                && bytes.allSatisfy { isHexByte($0) || $0 == UInt8(ascii: "-") }
    }
}

// MARK: Words

/// Words that sentences about a service have. A repository of this name takes none of them away.
private let partsOfServices: Set<String> = [
    "account", "auth", "backend", "cache", "connection", "database", "dns", "gateway", "host",
    "identity",
    "mirror", "network", "node", "origin", "page", "peer", "proxy", "registry", "route", "server",
    "service", "session", "storage", "store", "token", "upstream", "user",
]

/// How words about a service that does not work begin.
private let statesOfServices = [
    "busy", "closed", "dead", "down", "expire", "fail", "lost", "offline", "outage", "stopp",
    "unreach",
]

/// What may be said of a registry that could not look, in words of the vocabulary.
private let doubts = [
    "registry not found", "find registry", "find the registry", "no such registry", "from registry",
    "from the registry", "registry does not support", "registry doesnt support", "support http",
    "endpoint not found", "api not found", "operation not supported",
]

/// Words of sentences about what is not there. Whom to ask, for what right and when is in none of them.
private let vocabulary: Set<String> = Set(
    """
    manifest manifests tag tags tagged digest blob blobs layer repository repositories repo name names
    image images artifact artifacts project namespace entity resource object page file path url uri
    endpoint route handler referrer referrers reference index package registry api id revision item
    method operation request http exception v2
    the a an this that it its is was are be been of in on at for to from with by and or your we
    requested specified named identified given following static there here has have holds contain
    contains stored listed any one
    not no such found notfound find does do did doesnt dont exist exists known unknown could couldnt
    cannot can support supported unsupported implemented unimplemented acceptable bad invalid
    understand manifestunknown nameunknown blobunknown get head 400 404 405 406 501
    """.utf8.split(whereSeparator: isWhitespaceByte).map { String(Substring($0)) })

/// What has to occur in a sentence of these words.
private let absences: [String] = {
    let nouns = [
        "manifest", "name", "blob", "tag", "repository", "image", "artifact", "digest", "reference",
        "revision", "method", "handler", "resource",
    ]
    return nouns.flatMap { noun in
        [
            "\(noun) unknown", "\(noun) is unknown", "unknown \(noun)", "\(noun) invalid",
            "invalid \(noun)",
            "no \(noun)",
        ]
    } + [
        "not found", "notfound", "not known", "no such", "not exist", "doesnt exist",
        "not find", "cannot find", "couldnt find", "not be found", "cannot be found",
        "manifestunknown", "nameunknown", "blobunknown", "not supported", "unsupported",
        "not support", "not implemented", "unimplemented", "not acceptable",
        "bad request", "not have", "doesnt have", "not contain", "not there", "404", "405", "501",
    ]
}()

/// Sentences with words of their own, without names and marks. The first ones are the descriptions of
/// the specification's codes, which zot sends.
///
/// Spec: distribution docs, "HTTP API V2", "Errors".
private let knownSentences: Set = [
    "this error is returned when the manifest identified by name and tag is unknown to the repository",
    "this is returned if the name used during an operation is unknown to the registry",
    "this error is returned when a manifest blob is unknown to the registry",
    "this error may be returned when a manifest blob is unknown to the registry",
    "this error may be returned when a blob is unknown to the registry in a specified repository this "
        + "can be returned with a standard get or if a manifest references an unknown layer during upload",
    "the operation was unsupported due to a missing implementation or invalid set of parameters",
    "invalid repository name encountered either during manifest validation or any api operation",
    // Assay's own registry.
    "nothing was ever pushed to this repository", "this registry has no referrers endpoint",
    "there is no endpoint",
    // Google's registries: `Failed to fetch "1" from request "/v2/acme/api/manifests/1".`
    "failed to fetch from request",
    // Quay.
    "tag expired", "tag was deleted or has expired to pull revive via time machine",
    // Storage.
    "no such key", "the specified key does not exist",
    "method not allowed", "405 method not allowed",
    // Spring, Flask.
    "no static resource", "no endpoint get",
    "the requested url was not found on the server if you entered the url manually please check your "
        + "spelling and try again",
    // go-containerregistry.
    "we dont understand your method url",
]

/// Digits of a number that is no status.
private let shortestNumber = 5
/// Bytes of the shortest identifier.
private let shortestIdentifier = 8

/// A word without the quotes, brackets and marks of sentences around it.
private func withoutMarks(_ token: Substring) -> Substring {
    let isMark: (UInt8) -> Bool = { "\"'`()[]{}<>,;:.!?+".utf8.contains($0) }
    let start = token.utf8.drop(while: isMark)
    guard let end = start.lastIndex(where: { !isMark($0) }) else { return "" }
    return Substring(start[...end])
}

/// What stands between the parts of a path, an address or an assignment.
private func isSeparator(_ byte: UInt8) -> Bool { "/:@=?&#\"".utf8.contains(byte) }

/// `Time:2026-12-01T15:01:21Z`, as Azure writes it.
private func isTime(_ token: Substring) -> Bool {
    let time = token.utf8.removingPrefix("Time:") ?? token
    return time.utf8.filter(isDigitByte).count >= shortestIdentifier
        && time.utf8.allSatisfy { isDigitByte($0) || "-:.+TZ".utf8.contains($0) }
}

/// The name of a class without its package: `org.example.web.NotFoundException`.
private func withoutPackage(_ name: Substring) -> Substring {
    guard let sides = name.utf8.split(atLast: ".") else { return name }
    // A class begins with a capital, and a host name does not.
    let isPackage =
        sides.after.utf8.first.map(isUpper) ?? false
        && packageRoots.contains { sides.before.utf8.hasPrefix("\($0).") }
        && sides.before.utf8.allSatisfy { isLower($0) || isDigitByte($0) || "._".utf8.contains($0) }
        && failureKind(ofLetters: String(sides.before)) == nil
    return isPackage ? sides.after : name
}

private let packageRoots = ["com", "io", "java", "javax", "jakarta", "net", "org"]

/// The words of a text as sentences, codes and class names have them: `not found`, `NOT_FOUND`,
/// `NotFound`. What is not ASCII becomes a word of its own.
private func plainWords(in text: Substring) -> [String] {
    var words: [[UInt8]] = [[]]
    var previous: UInt8 = 0
    let bytes = Array(text.utf8)
    for (index, byte) in bytes.enumerated() where byte != UInt8(ascii: "'") {
        let isWord = isLetterByte(byte) || isDigitByte(byte) || byte >= 0x80
        let next = index + 1 < bytes.count ? bytes[index + 1] : 0
        let isEnd = isUpper(byte) && (!isUpper(previous) || isLower(next))
        if !isWord || isEnd { words.append([]) }
        if isWord { words[words.count - 1].append(byte) }
        previous = byte
    }
    return words.filter { !$0.isEmpty }.map {
        String(decoding: $0, as: UTF8.self).utf8.lowercased()
    }
}

private func isUpper(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) }
private func isLower(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }

// MARK: Failures

/// What words say about access or the state of the service.
///
/// Spec: distribution-spec 1.1, "Error Codes"; gRPC status codes; error codes of AWS and Azure.
private func failureKind(ofLetters letters: String) -> Failure.Kind? {
    failures.first { failure in failure.parts.contains { letters.utf8.contains($0) } }?.kind
}

private let failures: [(parts: [String], kind: Failure.Kind)] = [
    (
        ["toomany", "throttl", "ratelimit", "resourceexhausted", "quota", "slowdown"],
        .rateLimited
    ),
    (
        [
            "unauthori", "unauthenti", "notauthori", "authenticationrequired", "authrequired",
            "denied", "forbidden", "permission", "invalidtoken", "expiredtoken", "tokenexpired",
            "credential", "blocked", "login", "signin",
        ], .denied
    ),
    (
        [
            "unavailable", "internal", "servererror", "timeout", "timedout", "deadline", "overload",
            "temporar", "maintenance", "tryagain", "badgateway",
        ], .unavailable
    ),
]
