// SPDX-License-Identifier: Apache-2.0
// Data goes to stdout, talk to stderr.

import Files
import Foundation
import Host
import Primitives
import Registry
import Synchronization

/// Words for people, on stderr.
enum StandardError {
    /// `--verbose`: every request is reported.
    private static let isVerbose = Mutex(false)

    static func reportRequests() { isVerbose.withLock { $0 = true } }

    /// The transport, with its requests reported where that is asked for.
    static func reported(_ transport: any Transport) -> any Transport {
        guard isVerbose.withLock({ $0 }) else { return transport }
        return ReportedTransport(transport) { StandardError.say("debug: \($0)") }
    }

    static func say(_ text: String) { write(lines(text) + "\n", to: .standardError) }

    static func warn(_ text: String) { say("warning: \(text)") }

    /// Replaces the line the cursor stands on; an empty text wipes it.
    static func draw(_ text: String) { write("\r\u{1B}[K\(plain(text))", to: .standardError) }

    /// Whether stderr is a terminal somebody looks at.
    static var isTerminal: Bool { isatty(2) == 1 }

    /// Whether there is somebody to ask.
    static var canAsk: Bool { isatty(0) == 1 && isTerminal }
}

/// Answers for programs and people, on stdout. An answer that could not be written whole, to a full
/// disk for example, ends the command: whoever reads the exit code would take the half for all.
enum StandardOutput {
    static func print(_ text: String) { print(raw: Array((lines(text) + "\n").utf8)) }

    /// Text in it may come from outside, so control and invisible characters are escaped.
    static func print(_ value: JSONValue) { print(value.shownText(indented: true)) }

    /// `--output-file`: what was printed until now, and where it goes.
    private static let redirected = Mutex<(path: String, bytes: [UInt8])?>(nil)

    /// Sends results to a file. `finish` writes it, so a command that fails leaves the file as it was.
    ///
    /// - Throws: `unavailable` if no file can be written there.
    static func redirect(to path: String) throws(Failure) {
        let file = FileIdentity(at: path)
        // `/dev/stdout`, also where it is a file.
        guard file == nil || file != FileIdentity(at: "/dev/stdout") else { return }
        let target = try outputTarget(path, of: "the answer")
        redirected.withLock { $0 = (target, []) }
    }

    /// Writes the file of `redirect`, whole or not at all.
    ///
    /// - Parameter succeeded: whether the command ended with 0. Otherwise the file is written only if
    ///   there is an answer.
    static func finish(succeeded: Bool) throws(Failure) {
        let answer = redirected.withLock { redirected in
            defer { redirected = nil }
            return redirected
        }
        guard let (path, bytes) = answer, succeeded || !bytes.isEmpty else { return }
        try writeFile(bytes, at: path, permissions: permissions(of: path) ?? 0o644)
        effects.withLock { $0 = [] }
    }

    /// Those of a file that is replaced.
    private static func permissions(of path: String) -> UInt32? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.posixPermissions] as? Int).flatMap(UInt32.init(exactly:))
    }

    /// The lasting effects of the command, for the case that its answer cannot be written.
    private static let effects = Mutex<[String]>([])

    /// Remembers an effect: "stored the signature NAME@DIGEST".
    static func did(_ effect: String) { effects.withLock { $0.append(effect) } }

    /// Displays the effects that no written answer mentions. A user who sees only the error would
    /// repeat the command.
    static func sayEffects() {
        let untold = effects.withLock { effects in
            defer { effects = [] }
            return effects
        }
        for effect in untold { StandardError.say(" done: \(effect)") }
    }

    static func print(raw bytes: [UInt8]) {
        let isTaken = redirected.withLock { redirected in
            redirected?.bytes += bytes
            return redirected != nil
        }
        guard !isTaken else { return }
        // A reader that closes the pipe ends the process quietly, unless there is something to tell.
        if !effects.withLock(\.isEmpty) { signal(SIGPIPE, SIG_IGN) }
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(bytes))
            effects.withLock { $0 = [] }
        } catch {
            let failure = Failure(
                .unavailable, "cannot write the answer to stdout", because: errorWords(error))
            StandardError.say(failure.description)
            sayEffects()
            exit(ExitStatus(failure).rawValue)
        }
    }
}

/// The text with control and invisible characters escaped, except line breaks and tabs. Callers
/// already make outside text `plain`; this is a second barrier.
private func lines(_ text: String) -> String {
    let isClean = text.unicodeScalars.allSatisfy { !$0.isInvisible || $0 == "\n" || $0 == "\t" }
    guard !isClean else { return text }
    return text.unicodeScalars.map { scalar in
        scalar == "\n" || scalar == "\t"
            ? String(scalar) : plain(String(scalar))
    }.joined()
}

private func write(_ text: String, to handle: FileHandle) {
    try? handle.write(contentsOf: Data(text.utf8))
}

/// All of stdin, at most `limit` bytes.
func readStandardInput(atMost limit: Int, named what: String) throws -> [UInt8] {
    var content: [UInt8] = []
    while let chunk = try FileHandle.standardInput.read(upToCount: 1 << 16), !chunk.isEmpty {
        content += chunk
        guard content.count <= limit else {
            throw Failure(
                .overLimit, "cannot read \(what) from stdin",
                because: "it has more than \(limit) bytes")
        }
    }
    return content
}
