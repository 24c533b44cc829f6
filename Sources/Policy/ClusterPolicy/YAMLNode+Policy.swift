// SPDX-License-Identifier: Apache-2.0
// Reading policy fields: unknown ones are malformed, known ones outside this version unsupported.

import Primitives

extension YAMLNode {
    /// Refuses every field that is not in `known`, at its line.
    ///
    /// `unsupported` are fields that Kyverno has and Assay does not read yet, with what to do
    /// instead. They are refused too: a policy that is read in half decides in half.
    func refuseFields(
        otherThan known: Set<String>, unsupported: [String: String]
    ) throws(Failure) {
        for member in try members() {
            let advice = unsupported.first { isSame($0.key, member.name) }?.value
            guard let advice, !member.value.isNull else { continue }
            throw Failure(
                .unsupported, "cannot use the policy", at: member.place,
                because: "the field \(quoted(member.name)) is not supported yet", next: advice)
        }
        try refuseFields(otherThan: known.union(unsupported.keys))
    }

    /// A list of texts with at least one item.
    func someStrings() throws(Failure) -> [String] {
        let texts = try strings()
        guard !texts.isEmpty else { throw broken("it is an empty list") }
        return texts
    }

    func flag(_ name: String, default value: Bool) throws(Failure) -> Bool {
        try optional(name)?.boolean() ?? value
    }

    /// One of a few words.
    func word(of words: [String]) throws(Failure) -> String {
        let text = try string()
        guard words.contains(text) else {
            throw broken("\(quoted(text)) is none of \(words.joined(separator: ", "))")
        }
        return text
    }
}
