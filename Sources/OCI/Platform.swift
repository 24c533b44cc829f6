// SPDX-License-Identifier: Apache-2.0
// Platforms. Spec: OCI image-spec 1.1, image-index.md, "platform".

package import Primitives

/// The machine an image is for, such as `linux/arm64/v8`.
package struct Platform: Hashable, Sendable, CustomStringConvertible {
    package let operatingSystem: String
    package let architecture: String
    package let variant: String?
    package let operatingSystemVersion: String?

    /// Reads `os/architecture[/variant]`.
    package init(parsing text: some StringProtocol) throws(Failure) {
        let parts = String(text).utf8.split(separator: "/", omittingEmptySubsequences: false).map(
            String.init)
        guard (2...3).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else {
            throw Failure(
                .malformed, "cannot read the platform \(quoted(text))",
                because: "it is not written like linux/amd64 or linux/arm/v7")
        }
        operatingSystem = parts[0]
        architecture = parts[1]
        variant = parts.count == 3 ? parts[2] : nil
        operatingSystemVersion = nil
    }

    package init(reading json: JSONReader) throws(Failure) {
        operatingSystem = try json.required("os").string()
        architecture = try json.required("architecture").string()
        variant = try json.optional("variant")?.string()
        operatingSystemVersion = try json.optional("os.version")?.string()
    }

    /// `os/architecture[/variant]`, made safe to show: an index may say anything.
    package var description: String {
        plain(
            ([operatingSystem, architecture] + (variant.map { [$0] } ?? [])).joined(separator: "/"))
    }

    package var json: JSONValue {
        var object: JSONObject = [
            "architecture": .string(architecture), "os": .string(operatingSystem),
        ]
        if let operatingSystemVersion { object["os.version"] = .string(operatingSystemVersion) }
        if let variant { object["variant"] = .string(variant) }
        return .object(object)
    }

    /// Whether an image for this platform is what somebody who asks for `wanted` means.
    ///
    /// A wanted variant must be this one; `v8` is what arm64 means when it names none.
    package func satisfies(_ wanted: Platform) -> Bool {
        func effective(_ platform: Platform) -> String? {
            platform.variant ?? (platform.architecture == "arm64" ? "v8" : nil)
        }
        return operatingSystem == wanted.operatingSystem && architecture == wanted.architecture
            && (wanted.variant == nil || effective(self) == effective(wanted))
    }
}
