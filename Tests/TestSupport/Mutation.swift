// SPDX-License-Identifier: Apache-2.0
// Changes to good documents, one at a time, the same in every run: what hostile input is made of.

package import Primitives

extension SeededGenerator {
    /// One change to the bytes: a bit, a byte, a cut, a stretch removed, doubled or moved.
    package mutating func changed(_ bytes: [UInt8]) -> [UInt8] {
        guard !bytes.isEmpty else { return [UInt8.random(in: 0...255, using: &self)] }
        var changed = bytes
        let place = Int.random(in: 0..<bytes.count, using: &self)
        let length = Int.random(in: 1...min(16, bytes.count - place), using: &self)
        switch Int.random(in: 0..<8, using: &self) {
        case 0, 1: changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
        case 2: changed[place] = UInt8.random(in: 0...255, using: &self)
        case 3: changed[place] = bytes.randomElement(using: &self) ?? 0
        case 4: changed = Array(bytes.prefix(place))
        case 5: changed.removeSubrange(place..<place + length)
        case 6: changed.insert(contentsOf: bytes[place..<place + length], at: place)
        default: changed.swapAt(place, Int.random(in: 0..<bytes.count, using: &self))
        }
        return changed
    }
}

/// Changes to a JSON document that leave it JSON, most of them.
package struct JSONMutation: Sendable {
    /// One step from the top to a value.
    fileprivate enum Step: Hashable, Sendable {
        case member(String)
        case item(Int)
    }

    private let document: JSONValue
    private let paths: [[Step]]

    package init(of document: JSONValue) {
        self.document = document
        paths = JSONMutation.paths(in: document)
    }

    /// The document with one change, as text.
    package func changed(_ random: inout SeededGenerator) -> [UInt8] {
        let path = paths.randomElement(using: &random) ?? []
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return text(document.replacing(path[...]) { _ in nil })
        case 1: return duplicated(path, &random)
        case 2:
            let other = paths.randomElement(using: &random) ?? []
            return text(document.replacing(path[...]) { _ in document.value(at: other[...]) })
        case 3:
            let odd = oddValues.randomElement(using: &random) ?? .null
            return text(document.replacing(path[...]) { _ in odd })
        case 4: return text(document.replacing(path[...], with: otherSpelling))
        case 5: return text(document.replacing(path[...]) { rearranged($0, &random) })
        default:
            let strings = paths.filter { document.value(at: $0[...])?.string != nil }
            let place = strings.randomElement(using: &random) ?? path
            return text(document.replacing(place[...]) { bent($0, &random) })
        }
    }

    /// A field written twice, which no `JSONObject` can hold: it gets a name that is rewritten.
    private func duplicated(_ path: [Step], _ random: inout SeededGenerator) -> [UInt8] {
        guard case .member(let name) = path.last else {
            return text(document.replacing(path[...]) { rearranged($0, &random) })
        }
        let mark = "doubled-\(name)"
        let marked = document.replacing(path.dropLast()[...]) { owner in
            guard case .object(var object) = owner else { return owner }
            object[mark] = object[name]
            return .object(object)
        }
        let text = marked?.compactText.replacing("\"\(mark)\":", with: "\"\(name)\":") ?? ""
        return Array(text.utf8)
    }

    private func text(_ value: JSONValue?) -> [UInt8] { value?.compactBytes ?? [] }

    private static func paths(in value: JSONValue) -> [[Step]] {
        var paths: [[Step]] = [[]]
        switch value {
        case .array(let items):
            for (index, item) in items.enumerated() {
                paths += JSONMutation.paths(in: item).map { [.item(index)] + $0 }
            }
        case .object(let object):
            for member in object {
                paths += JSONMutation.paths(in: member.value).map { [.member(member.name)] + $0 }
            }
        default: break
        }
        return paths
    }
}

extension JSONValue {
    fileprivate var compactText: String { String(decoding: compactBytes, as: UTF8.self) }

    fileprivate func value(at path: ArraySlice<JSONMutation.Step>) -> JSONValue? {
        guard let step = path.first else { return self }
        switch step {
        case .member(let name): return self[name]?.value(at: path.dropFirst())
        case .item(let place): return array?[place].value(at: path.dropFirst())
        }
    }

    /// The document with another value at a place, or with none.
    fileprivate func replacing(
        _ path: ArraySlice<JSONMutation.Step>, with change: (JSONValue) -> JSONValue?
    ) -> JSONValue? {
        guard let step = path.first else { return change(self) }
        switch (step, self) {
        case (.member(let name), .object(var object)):
            object[name] = object[name]?.replacing(path.dropFirst(), with: change)
            return .object(object)
        case (.item(let place), .array(var items)):
            if let item = items[place].replacing(path.dropFirst(), with: change) {
                items[place] = item
            } else {
                items.remove(at: place)
            }
            return .array(items)
        default: return self
        }
    }
}

/// A number as text and a text as a number; anything else in a list of its own.
private func otherSpelling(_ value: JSONValue) -> JSONValue? {
    switch value {
    case .number(let number): .string(number.description)
    case .string(let text): Int(text).map { .number(JSONNumber($0)) } ?? [value]
    default: [value]
    }
}

/// A list or object with one thing more, or in another order.
private func rearranged(_ value: JSONValue, _ random: inout SeededGenerator) -> JSONValue? {
    switch value {
    case .array(var items):
        if let item = items.randomElement(using: &random) {
            if Bool.random(using: &random) { items.append(item) } else { items.reverse() }
        } else {
            items.append(.null)
        }
        return .array(items)
    case .object(var object):
        object[
            ["extra", "Extra", "\u{0}", "hint", "rootHash"].randomElement(using: &random) ?? ""] =
            oddValues.randomElement(using: &random)
        return .object(object)
    default: return [value, value]
    }
}

/// A text changed as text, or as the bytes that it encodes.
private func bent(_ value: JSONValue, _ random: inout SeededGenerator) -> JSONValue? {
    guard case .string(let text) = value else { return rearranged(value, &random) }
    if let content = bytes(fromBase64: text), !content.isEmpty,
        Int.random(in: 0..<8, using: &random) > 0
    {
        return .string(base64Text(random.changed(content)))
    }
    switch Int.random(in: 0..<4, using: &random) {
    case 0: return .string(text + text)
    case 1: return .string(text.replacing("=", with: "").replacing("+", with: "-"))
    case 2: return .string(text.replacing("\n\n", with: "\n\n— unknown.example AAAAAAAA\n"))
    default: return .string(String(decoding: random.changed(Array(text.utf8)), as: UTF8.self))
    }
}

private let oddValues: [JSONValue] = [
    .null, true, 0, -1, 1, "", "0", "-1", "9223372036854775807", "9223372036854775808", [], [:],
    [[]], .number(JSONNumber(Int.max)), "AA==",
]
