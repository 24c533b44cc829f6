// SPDX-License-Identifier: Apache-2.0
// Which files a command line writes, and whether it reads one of them.

import Files
import Foundation
import Host
import Primitives

extension CommandLineWords {
    /// Refuses a command line that writes to a file it also reads, or writes twice: a private key
    /// would be replaced by its public half.
    ///
    /// Two paths are the same file by device and inode, whatever they are called.
    func checkOutputFiles() throws(Failure) {
        guard outputFile != nil || words.contains(where: { isOutput(split($0).name) }) else {
            return
        }
        let values = try values()
        var outputs = values.filter { isOutput($0.option) }
        if let outputFile { outputs.append(("--output-file", outputFile)) }
        let inputs = values.filter { !isOutput($0.option) }.flatMap { paths(in: $0.text) }
        for (index, output) in outputs.enumerated() {
            let name = output.option ?? ""
            let identity = FileIdentity(at: output.text)
            func isSameFile(_ path: String) -> Bool {
                identity.map { FileIdentity(at: path) == $0 } ?? false
            }
            if inputs.contains(where: isSameFile) {
                throw refusal(
                    name, output.text, "the command reads that file, and it would be lost")
            }
            let others = outputs[..<index].map(\.text)
            if others.contains(where: { isSame($0, output.text) || isSameFile($0) }) {
                throw refusal(name, output.text, "another option writes that file already")
            }
            // `--output-file` is checked where it is opened.
            if !isSame(name, "--output-file") { _ = try outputTarget(output.text, of: name) }
        }
    }

    private func refusal(_ option: String, _ path: String, _ why: String) -> Failure {
        Failure(
            .usage, "cannot write \(option)", at: .named(path), because: why,
            next: "give \(option) another file")
    }

    private func isOutput(_ option: String?) -> Bool {
        guard let option else { return false }
        return outputOptions[commandName]?.contains { isSame($0, option) } ?? false
    }

    /// The values on the command line with the options that they belong to; nil for an argument.
    private func values() throws(Failure) -> [(option: String?, text: String)] {
        let known = try KnownOptions(of: command)
        var found: [(option: String?, text: String)] = []
        var option: String?
        var rest = words[...]
        while let word = rest.popFirst() {
            if isSame(word, "--") {
                return found + rest.map { (nil, $0) }
            }
            guard word.utf8.first == UInt8(ascii: "-"), word.utf8.count > 1 else {
                found.append((option, word))
                option = nil
                continue
            }
            let (name, value) = split(word)
            option = nil
            if let value {
                found.append((name, value))
            } else if known.kind(of: name) == .option {
                option = name
            }
        }
        return found
    }

    /// What may be a path in a value: all of it, and its parts in `oci:PATH` and
    /// `url=…,public-key=FILE`.
    private func paths(in text: String) -> [String] {
        if isSame(text, "-") { return ["/dev/stdin"] }
        var found = [text]
        let parts = text.utf8.split(separator: UInt8(ascii: ","))
        for part in parts {
            for separator in [UInt8(ascii: "="), UInt8(ascii: ":")] {
                if let place = part.firstIndex(of: separator) {
                    found.append(String(Substring(part[part.index(after: place)...])))
                }
            }
        }
        return found
    }
}

/// The path that is written for an output: its own, or that of the file that it links to. Commands
/// call it before they have an effect that cannot be undone.
///
/// - Throws: `usage` or `unavailable` if no file can be written there.
func outputTarget(_ path: String, of what: String) throws(Failure) -> String {
    func refused(_ kind: Failure.Kind, _ why: String) -> Failure {
        Failure(
            kind, "cannot write \(what) to \(quoted(path))", at: path.isEmpty ? nil : .named(path),
            because: why)
    }
    guard !path.isEmpty else { throw refused(.usage, "its path is empty") }
    guard LocalSource.isDirectory(path) != true else { throw refused(.usage, "it is a folder") }
    // A pipe or terminal is written as it is named: its link leads to no path.
    let isStream = unsafe FileIdentity(at: path) == nil && access(path, F_OK) == 0
    let target = isStream ? path : try followingLinks(path)
    guard unsafe access(parentDirectory(of: target), W_OK) == 0 || access(target, W_OK) == 0 else {
        throw refused(.unavailable, unsafe String(cString: strerror(errno)))
    }
    return target
}

/// The options that name a file to write, by command. Options that never replace a file are not here.
private let outputOptions: [String: [String]] = [
    "sign": signingOutputs, "attest": signingOutputs, "sign-blob": signingOutputs,
    "attest-blob": signingOutputs, "public-key": ["--outfile"], "trust create": ["--out"],
]

private let signingOutputs = ["--bundle", "--output-signature", "--output-certificate"]
