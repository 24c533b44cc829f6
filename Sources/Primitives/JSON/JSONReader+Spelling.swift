// SPDX-License-Identifier: Apache-2.0
// Names that other readers take for the same name.
// Spec: Go, encoding/json, "Unmarshal": "preferring exact matches but also accepting
// case-insensitive matches"; the last one in the document counts.

extension JSONReader {
    /// Refuses members whose name differs from a known one only in case.
    ///
    /// The runtimes and most registries are written in Go, which fills the field `layers` from
    /// `Layers` too. A document with both is two documents; one with `Layers` alone has layers for
    /// them and none for us.
    package func refuseOtherSpellings(of known: [String]) throws(Failure) {
        for member in try object() where !known.contains(where: { isSame($0, member.name) }) {
            let folded = foldedName(member.name)
            for name in known where folded == foldedName(name) {
                throw broken(
                    "the name \(quoted(member.name)) is \(quoted(name)) to readers that do not "
                        + "tell upper from lower case")
            }
        }
    }
}

/// The name as Go folds it before it compares: ASCII letters without their case, and the two other
/// characters that have an ASCII letter as their case. Spec: Go, encoding/json/fold.go, `foldName`.
private func foldedName(_ name: String) -> [UInt8] {
    var folded: [UInt8] = []
    for scalar in name.unicodeScalars {
        switch scalar {
        case "a"..."z": folded.append(UInt8(scalar.value) & 0xDF)
        case "\u{17F}": folded.append(UInt8(ascii: "S"))
        case "\u{212A}": folded.append(UInt8(ascii: "K"))
        default: folded += UTF8.encode(scalar).map(Array.init) ?? []
        }
    }
    return folded
}
