// SPDX-License-Identifier: Apache-2.0
// Asking about an image of the command line, and answers that could not be found out.

import OCI
import Policy
import Primitives
import Signing
import Workflows

extension ImageVerification {
    /// Asks about one image. With `json`, a place that cannot be asked is an answer too: result
    /// `unknown`, exit 2.
    func ask(
        about image: ImageLocation, origin: RepositoryArgument?,
        reaching access: RegistryAccessOptions, output: OutputFormat
    ) async throws -> ImageVerificationResult<Proof> {
        try await image.answeringUnknown(as: output) {
            try await Connections.using(access, for: image) { connections in
                let located = try await connections.source(image)
                return try await result(
                    for: located.reference, in: located.place,
                    origin: origin.map {
                        ImageOrigin(
                            name: $0.repository, source: connections.repository($0.repository))
                    })
            }
        }
    }
}

extension ImageLocation {
    /// Runs `work`; with `json`, what could not be found out is an answer too: result `unknown`,
    /// exit 2.
    ///
    /// - Parameter reason: the reason of that answer, where the kind of the failure does not say it.
    func answeringUnknown<Result>(
        as output: OutputFormat, because reason: ReasonCode? = nil,
        _ work: () async throws -> Result
    ) async throws -> Result {
        do {
            return try await work()
        } catch let failure as Failure where output == .json && ExitStatus(failure) == .unknown {
            StandardOutput.print([
                "image": .string(description), "result": "unknown",
                "reason": .string((reason ?? failure.lookupReason).rawValue),
                "failure": failure.json,
            ])
            StandardError.say(failure.description)
            try ExitStatus.unknown.end()
            throw failure
        }
    }
}

extension Failure {
    /// The failure for programs: the same parts as in its text.
    var json: JSONValue {
        var object: JSONObject = ["kind": .string(kind.rawValue), "what": .string(what)]
        if let place { object["where"] = .string(place.description) }
        object["why"] = .string(why)
        if let next { object["next"] = .string(next) }
        return .object(object)
    }
}
