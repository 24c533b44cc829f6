// SPDX-License-Identifier: Apache-2.0
// One PEM text in every form that RFC 7468 lets readers take.

/// A lax spelling of PEM text and what is odd about it.
package struct PEMForm: Sendable, CustomStringConvertible {
    package let name: String
    package let spelling: @Sendable (String) -> String

    package var description: String { name }

    /// Spec: RFC 7468 §2, §3, Figure 2.
    package static let lax: [PEMForm] = [
        PEMForm("the body on one line") { body($0, width: .max) },
        PEMForm("76 columns") { body($0, width: 76) },
        PEMForm("70 columns") { body($0, width: 70) },
        PEMForm("one character a line") { body($0, width: 1) },
        PEMForm("everything on one line") { text in
            let lines = lines(text)
            return lines[0] + lines.dropFirst().dropLast().joined() + lines[lines.count - 1]
        },
        PEMForm("blank lines") { lines($0).joined(separator: "\n\n") },
        PEMForm("indentation") { lines($0).map { "    " + $0 }.joined(separator: "\n") + "\n" },
        PEMForm("tabs") { lines($0).map { "\t" + $0 }.joined(separator: "\n") + "\n" },
        PEMForm("spaces at the ends of lines") {
            lines($0).map { $0 + " \t " }.joined(separator: "\n") + "\n"
        },
        PEMForm("CRLF") { lines($0).joined(separator: "\r\n") + "\r\n" },
        PEMForm("CR alone") { lines($0).joined(separator: "\r") },
        PEMForm("no line break at the end") { lines($0).joined(separator: "\n") },
        PEMForm("text before and after") { "a key - of ours:\n\n\($0)\nthat was it - bye\n" },
        PEMForm("a byte order mark") { "\u{FEFF}" + $0 },
    ]

    private init(_ name: String, _ spelling: @escaping @Sendable (String) -> String) {
        self.name = name
        self.spelling = spelling
    }

    private static func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map(String.init)
    }

    private static func body(_ text: String, width: Int) -> String {
        let lines = lines(text)
        var rest = lines.dropFirst().dropLast().joined()[...]
        var wrapped = [lines[0]]
        while !rest.isEmpty {
            wrapped.append(String(rest.prefix(width)))
            rest = rest.dropFirst(min(width, rest.count))
        }
        return (wrapped + [lines[lines.count - 1]]).joined(separator: "\n") + "\n"
    }
}
