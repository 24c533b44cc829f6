// SPDX-License-Identifier: Apache-2.0
// Descriptions of errors of the ASN.1 and X.509 readers.

internal import SwiftASN1
internal import X509

/// The description of a decoder's error. The libraries' own descriptions name their types and
/// source files, which do not help the user.
func decodingWords(_ error: any Error) -> String {
    switch error {
    case let error as ASN1Error: asn1Words[error.code] ?? "a value is not well-formed"
    case let error as CertificateError: certificateWords[error.code] ?? "a part is not well-formed"
    default: "it is not well-formed"
    }
}

private let asn1Words: [ASN1Error.ErrorCode: String] = [
    .unexpectedFieldType: "a field is missing, or is of another type",
    .truncatedASN1Field: "it ends in the middle of a field",
    .unsupportedFieldLength: "a length is indefinite (BER) or longer than it needs to be",
    .invalidASN1IntegerEncoding: "an integer is not in its shortest form",
    .invalidStringRepresentation: "a text is not of its kind",
    .tooFewOIDComponents: "an object identifier is too short",
]

private let certificateWords: [CertificateError.ErrorCode: String] = [
    .duplicateOID: "an extension occurs twice",
    .unsupportedDigestAlgorithm: "its hash algorithm is not supported",
    .incorrectOIDForExtension: "an extension is of another kind than its identifier says",
]
