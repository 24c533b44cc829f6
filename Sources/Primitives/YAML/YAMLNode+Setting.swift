// SPDX-License-Identifier: Apache-2.0
// A mapping with one member changed.

extension YAMLNode {
    /// The same mapping with a text under `name`, in the place of what was there.
    package func setting(_ name: String, to text: String) throws(Failure) -> YAMLNode {
        let member = Member(
            name: name, value: YAMLNode(content: .scalar(.string(text)), place: place),
            place: place)
        let others = try members().filter { !isSame($0.name, name) }
        return YAMLNode(content: .mapping([member] + others), place: place)
    }
}
