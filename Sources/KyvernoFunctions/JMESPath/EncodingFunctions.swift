// SPDX-License-Identifier: Apache-2.0
// Encodings, hashes, certificates, random text. Spec: RFC 4648 §4; FIPS 180-4; RFC 1321.

import Crypto
import JMESPath
import Primitives

let encodingFunctions: [FunctionDefinition] = [
    FunctionDefinition(
        "base64_decode", [.string], "string", "the decoded text",
        price: FunctionPrice(base: 6, perText: 10)
    ) {
        call, evaluator throws(EvaluationError) in
        // Spec: Go, base64.StdEncoding: line breaks are ignored.
        let encoded = try call.string(0).utf8.filter { $0 != 0x0A && $0 != 0x0D }
        guard let decoded = bytes(fromBase64: String(decoding: encoded, as: UTF8.self)) else {
            throw call.invalid("the text is not padded base64 in the standard alphabet")
        }
        return try made(String(decoding: decoded, as: UTF8.self), &evaluator)
    },
    FunctionDefinition("base64_encode", [.string], "string", "the text as base64") {
        call, evaluator throws(EvaluationError) in
        try made(base64Text(try call.string(0).utf8), &evaluator)
    },
    FunctionDefinition("sha256", [.string], "string", "the SHA-256 of the text in hex") {
        call, evaluator throws(EvaluationError) in
        try hashed(call, &evaluator) { Array(SHA256.hash(data: $0)) }
    },
    FunctionDefinition("sha1", [.string], "string", "the SHA-1 of the text in hex; not for trust") {
        call, evaluator throws(EvaluationError) in
        try hashed(call, &evaluator) { Array(Insecure.SHA1.hash(data: $0)) }
    },
    FunctionDefinition("md5", [.string], "string", "the MD5 of the text in hex; not for trust") {
        call, evaluator throws(EvaluationError) in
        try hashed(call, &evaluator) { Array(Insecure.MD5.hash(data: $0)) }
    },
    FunctionDefinition(
        "x509_decode", [.string], "object", "a PEM certificate with an RSA key, as an object"
    ) { call, evaluator throws(EvaluationError) in
        try evaluator.spend(10_000)
        try evaluator.produce(bytes: try call.string(0).utf8.count * 4)
        return try decodedCertificate(try call.string(0), call)
    },
    FunctionDefinition(
        "random", [.string], "string", "random text that fits the expression",
        price: FunctionPrice(base: 30, perText: 160)
    ) {
        call, evaluator throws(EvaluationError) in
        guard let source = evaluator.context.randomBytes else {
            throw call.invalid("no source of randomness is available", .unavailable)
        }
        let shape = try TextShape(parsing: try call.string(0), call)
        var generator = TextGenerator(source: source)
        try generator.write(shape, call)
        try evaluator.spend(2 * generator.scalars.count)
        return try made(text(of: generator.scalars), &evaluator)
    },
]

private func hashed(
    _ call: FunctionCall, _ evaluator: inout Evaluator, _ hash: ([UInt8]) -> [UInt8]
) throws(EvaluationError) -> JSONValue {
    let bytes = Array(try call.string(0).utf8)
    try evaluator.spend(16 + bytes.count / 64)
    return .string(hexText(hash(bytes)))
}
