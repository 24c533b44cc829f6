// SPDX-License-Identifier: Apache-2.0
// How much work a regular expression is, told from its text. Spec: RE2, doc/syntax.txt.

extension RegularExpression {
    /// About how many steps RE2 makes of a pattern, before it is compiled: a repeat is written out
    /// as often as it says, and a class of Unicode has hundreds of ranges. A step takes up to
    /// 700 ns to make.
    package static func effort(of pattern: String) -> Int {
        var reader = EffortReader(bytes: Array(pattern.utf8))
        return reader.total()
    }
}

private struct EffortReader {
    /// A group that is open: the steps in it, and those of its last part, which may be repeated.
    private struct Group {
        var all = 0
        var last = 0

        mutating func add(_ steps: Int) {
            last = steps
            all = min(all + steps, mostSteps)
        }

        mutating func repeatLast(_ count: Int) {
            all = min(all + last * max(0, count - 1), mostSteps)
            last = min(last * count, mostSteps)
        }
    }

    private let bytes: [UInt8]
    private var place = 0
    private var groups = [Group()]

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func total() -> Int {
        while place < bytes.count { read() }
        return groups.reduce(1) { min($0 + $1.all, mostSteps) }
    }

    private mutating func read() {
        let byte = bytes[place]
        place += 1
        switch byte {
        case UInt8(ascii: "("): groups.append(Group())
        case UInt8(ascii: ")"):
            guard groups.count > 1, let inner = groups.popLast() else { return }
            add(inner.all + 2)
        case UInt8(ascii: "["): add(setSteps())
        case UInt8(ascii: "{"): if let count = takeCount() { repeatLast(count) }
        case UInt8(ascii: "\\"): add(escapeSteps())
        case UInt8(ascii: "."): add(8)
        default: add(1)
        }
    }

    private mutating func add(_ steps: Int) { groups[groups.count - 1].add(steps) }

    private mutating func repeatLast(_ count: Int) { groups[groups.count - 1].repeatLast(count) }

    private mutating func escapeSteps() -> Int {
        guard place < bytes.count else { return 1 }
        place += 1
        return bytes[place - 1] | 0x20 == UInt8(ascii: "p") ? stepsOfUnicodeClass : 2
    }

    /// Up to the bracket that closes the set; the first character may be one.
    private mutating func setSteps() -> Int {
        var steps = 8
        var isFirst = true
        while place < bytes.count, isFirst || bytes[place] != UInt8(ascii: "]") {
            isFirst = false
            place += 1
            steps += bytes[place - 1] == UInt8(ascii: "\\") ? escapeSteps() : 1
        }
        place += 1
        return steps
    }

    /// `n}`, `n,}` or `n,m}`; nil for braces that are text.
    private mutating func takeCount() -> Int? {
        guard let end = bytes[place...].prefix(12).firstIndex(of: UInt8(ascii: "}")) else {
            return nil
        }
        let numbers = bytes[place..<end].split(separator: UInt8(ascii: ",")).map {
            Int(String(decoding: $0, as: UTF8.self))
        }
        guard let most = numbers.last.flatMap({ $0 }), most >= 0 else { return nil }
        place = end + 1
        return min(most + 1, mostSteps)
    }
}

private let stepsOfUnicodeClass = 400
/// Far more than RE2 makes within its limits.
private let mostSteps = 1_000_000
