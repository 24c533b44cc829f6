// SPDX-License-Identifier: Apache-2.0
// Data goes to stdout, talk to stderr.

import Foundation
import Host
import Primitives
import Registry
import Synchronization

/// Words for people, on stderr.
enum Talk {
    /// `--verbose`: every request is reported.
    private static let isVerbose = Mutex(false)

    static func reportRequests() { isVerbose.withLock { $0 = true } }

    /// The transport, with its requests reported where that is asked for.
    static func reported(_ transport: any Transport) -> any Transport {
        guard isVerbose.withLock({ $0 }) else { return transport }
        return ReportedTransport(transport) { Talk.say("debug: \($0)") }
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
enum Answer {
    static func print(_ text: String) { print(raw: Array((lines(text) + "\n").utf8)) }

    /// Text in it may come from outside, so control and invisible characters are escaped.
    static func print(_ value: JSONValue) { print(value.shownText(indented: true)) }

    /// Writes results to a file; an existing file is replaced.
    static func redirect(to path: String) throws(Failure) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode_t(0o644))
        guard descriptor >= 0, dup2(descriptor, STDOUT_FILENO) >= 0 else {
            throw Failure(
                .unavailable, "cannot write the answer to \(quoted(path))", at: .named(path),
                because: unsafe String(cString: strerror(errno)))
        }
        close(descriptor)
    }

    static func print(raw bytes: [UInt8]) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(bytes))
        } catch {
            let failure = Failure(
                .unavailable, "cannot write the answer to stdout", because: errorWords(error))
            Talk.say(failure.description)
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
