// SPDX-License-Identifier: Apache-2.0
// How requests to AWS are signed.
// Spec: AWS General Reference, "Signature Version 4 signing process" (Create a signed request).

internal import Crypto
internal import FoundationEssentials
internal import Primitives

/// The keys an AWS request is signed with. They are never shown.
struct AWSCredentials: Sendable {
    let accessKeyID: String
    let secretAccessKey: String
    let sessionToken: String?
}

/// One request in the form that is signed: no query, every header given.
struct AWSRequestSignature: Sendable {
    let method: String
    let path: String
    /// Lower-case names; `host` and `x-amz-date` among them.
    let headers: [String: String]
    let body: [UInt8]
    let region: String
    let service: String
    /// `20150830T123600Z`, the same as the header.
    let date: String

    /// The value of the Authorization header.
    func authorization(_ credentials: AWSCredentials) -> String {
        let signature = hexText(authenticationCode(textToSign, signingKey(credentials)))
        return "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), "
            + "SignedHeaders=\(signedHeaders), Signature=\(signature)"
    }

    // Step 1: the canonical request.
    private var canonicalRequest: String {
        let lines = headers.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)\n" }
        return [method, path, "", lines.joined(), signedHeaders, hash(body)]
            .joined(separator: "\n")
    }

    private var signedHeaders: String { headers.keys.sorted().joined(separator: ";") }

    // Step 2 and 3: its hash, and the text to sign.
    private var textToSign: String {
        ["AWS4-HMAC-SHA256", date, scope, hash(Array(canonicalRequest.utf8))]
            .joined(separator: "\n")
    }

    private var scope: String { "\(date.prefix(8))/\(region)/\(service)/aws4_request" }

    // Step 4: the key of this day, region and service.
    private func signingKey(_ credentials: AWSCredentials) -> [UInt8] {
        [String(date.prefix(8)), region, service, "aws4_request"]
            .reduce(Array("AWS4\(credentials.secretAccessKey)".utf8)) { key, text in
                authenticationCode(text, key)
            }
    }

    private func authenticationCode(_ text: String, _ key: [UInt8]) -> [UInt8] {
        Array(
            HMAC<SHA256>.authenticationCode(
                for: Array(text.utf8), using: SymmetricKey(data: key)))
    }

    private func hash(_ bytes: [UInt8]) -> String { hexText(SHA256.hash(data: bytes)) }
}
