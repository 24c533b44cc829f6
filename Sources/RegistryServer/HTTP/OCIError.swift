// SPDX-License-Identifier: Apache-2.0
// Error answers of the embedded registry. Spec: OCI distribution-spec 1.1, "Error Codes".

internal import HTTPTypes
internal import Hummingbird
internal import OCI
internal import Primitives

/// A request that is answered with an error document.
struct OCIError: Error {
    /// Spec: distribution-spec 1.1, "Error Codes"; the last four are distribution's own.
    enum Code: String, Sendable, CaseIterable {
        case blobUnknown = "BLOB_UNKNOWN"
        case blobUploadInvalid = "BLOB_UPLOAD_INVALID"
        case blobUploadUnknown = "BLOB_UPLOAD_UNKNOWN"
        case denied = "DENIED"
        case digestInvalid = "DIGEST_INVALID"
        case manifestBlobUnknown = "MANIFEST_BLOB_UNKNOWN"
        case manifestInvalid = "MANIFEST_INVALID"
        case manifestUnknown = "MANIFEST_UNKNOWN"
        case nameInvalid = "NAME_INVALID"
        case nameUnknown = "NAME_UNKNOWN"
        case sizeInvalid = "SIZE_INVALID"
        case unsupported = "UNSUPPORTED"
        case tooManyRequests = "TOOMANYREQUESTS"
        case tagInvalid = "TAG_INVALID"
        case rangeInvalid = "RANGE_INVALID"
        case pageInvalid = "PAGINATION_NUMBER_INVALID"
        case unknown = "UNKNOWN"
    }

    let status: HTTPResponse.Status
    let code: Code
    let message: String
    /// One error stands in the document for each detail; one without when there is none.
    var details: [JSONValue] = []
    var headers = HTTPFields()

    init(
        _ status: HTTPResponse.Status, _ code: Code, _ message: String, details: [JSONValue] = [],
        headers: HTTPFields = HTTPFields()
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.headers = headers
    }

    /// What a reader's failure means for the one who sent the bytes.
    init(_ failure: Failure, code: Code) {
        let tooMuch = failure.kind == .overLimit && code == .manifestInvalid
        self.init(
            tooMuch ? .contentTooLarge : .badRequest, code, failure.why,
            details: failure.place.map { [.string($0.description)] } ?? [])
    }

    var response: Response {
        let errors = (details.isEmpty ? [JSONValue.null] : details).map { (detail) -> JSONValue in
            [
                "code": .string(code.rawValue), "message": .string(plain(message)),
                "detail": detail,
            ]
        }
        let body: JSONValue = ["errors": .array(errors)]
        var headers = headers
        headers[.contentType] = "application/json"
        return Response(
            status: status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body.compactBytes)))
    }
}

/// Runs a check of something the client sent; its failure becomes the answer.
func asOCIError<Value>(_ code: OCIError.Code, _ check: () throws(Failure) -> Value)
    throws(OCIError) -> Value
{
    do throws(Failure) { return try check() } catch { throw OCIError(error, code: code) }
}
