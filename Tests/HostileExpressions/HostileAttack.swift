// SPDX-License-Identifier: Apache-2.0
// Expressions built by hand that want to hurt, by name.

/// One expression and what it tries.
package struct HostileAttack: Sendable, CustomStringConvertible {
    package let name: String
    package let source: String

    package init(name: String, source: String) {
        self.name = name
        self.source = source
    }

    package var description: String { name }
}

/// A text wrapped so many times; the number counts from the inside.
func nested(_ count: Int, _ wrap: (String, Int) -> String, _ core: String) -> String {
    (0..<count).reduce(core) { wrap($0, $1) }
}

func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

/// Texts that readers of one format or another take, and long ones.
let telltaleTexts = [
    "1.5Gi", "2h45m", "2025-11-25T12:00:00Z", "1.2.3-alpha.1", "ghcr.io/a/b:1", "a: [1, 2]",
    "(a|b)+", "eyJhIjogWzEsIDJdfQ==", "{\"a\": [1, 2]}", "10.0.0.0/8",
    "https://user@host.example:80/path?q=1#f", "America/New_York", repeated("a", 100),
    repeated("e\u{301}", 30),
]
