// SPDX-License-Identifier: Apache-2.0
// Where Kyverno's dialect answers another thing than the suite expects, and why.

private let missingKey = "the object has no such key: an error, where the suite expects null"

/// Case (file and expression) to reason. Nothing else may differ.
let kyvernoDifferences: [String: String] = [
    "basic.json: bad": missingKey,
    "basic.json: bad.morebad.morebad": missingKey,
    "basic.json: foo.bad": missingKey,
    "basic.json: foo.bar.bad": missingKey,
    "functions.json: sum(`[]`)": "sum is Kyverno's own there, and an empty list is an error",
    "indices.json: foo[3].bar": missingKey,
    "multiselect.json: foo.badkey.{nokey: nokey, alsonokey: alsonokey}": missingKey,
    "syntax.json: \"\\\\\"": missingKey,
    "syntax.json: \"foo\"": missingKey,
    "syntax.json: a.{foo: bar, baz: bam}": missingKey,
    "syntax.json: a.{foo: bar}": missingKey,
    "syntax.json: foo": missingKey,
    "syntax.json: foo.[*]": missingKey,
    "syntax.json: foo.[a || b]": missingKey,
    "syntax.json: foo.[abc, def]": missingKey,
    "syntax.json: foo.[abc]": missingKey,
    "syntax.json: foo.bar": missingKey,
    "syntax.json: foo[0]": missingKey,
]
