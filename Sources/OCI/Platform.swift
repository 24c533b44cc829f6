// SPDX-License-Identifier: Apache-2.0
// Platforms. Spec: OCI image-spec 1.1, image-index.md, "platform".

package import Primitives

/// The platform of an image, such as `linux/arm64/v8`.
package struct Platform: Hashable, Sendable, CustomStringConvertible {
    package let operatingSystem: String
    package let architecture: String
    package let variant: String?
    package let operatingSystemVersion: String?

    /// Parses `os[(version)]/architecture[/variant]`.
    ///
    /// Spec: upstream containerd/platforms 0.2, platforms.go, "Parse".
    package init(parsing text: some StringProtocol) throws(Failure) {
        let parts = String(text).utf8.split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let system = parts[0].prefix { $0 != UInt8(ascii: "(") }
        let version = parts[0].dropFirst(system.count)
        let hasVersion =
            version.count > 2 && version.last == UInt8(ascii: ")")
            && version.count(where: { $0 == UInt8(ascii: "(") || $0 == UInt8(ascii: ")") }) == 2
        guard (2...3).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }), !system.isEmpty,
            version.isEmpty || hasVersion
        else {
            throw Failure(
                .malformed, "cannot read the platform \(quoted(text))",
                because: "it is not in the form linux/amd64, linux/arm/v7 or "
                    + "windows(10.0.20348)/amd64")
        }
        operatingSystem = String(Substring(system))
        architecture = String(Substring(parts[1]))
        variant = parts.count == 3 ? String(Substring(parts[2])) : nil
        operatingSystemVersion =
            hasVersion ? String(Substring(version.dropFirst().dropLast())) : nil
    }

    package init(reading json: JSONReader) throws(Failure) {
        try json.refuseOtherSpellings(of: platformFields)
        operatingSystem = try json.required("os").string()
        architecture = try json.required("architecture").string()
        variant = try json.optional("variant")?.string()
        operatingSystemVersion = try json.optional("os.version")?.string()
    }

    /// `os/architecture[/variant]`, escaped for display, because it comes from an index.
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

    /// The platform in the form of `init(parsing:)`, with the version of the operating system.
    package var selector: String {
        let version = operatingSystemVersion.map { "(\($0))" } ?? ""
        let names = [operatingSystem + version, architecture] + (variant.map { [$0] } ?? [])
        return plain(names.joined(separator: "/"))
    }

    /// Whether it is `unknown/unknown`, which BuildKit writes for manifests that are not images.
    var isUnknown: Bool { isSame(operatingSystem, "unknown") && isSame(architecture, "unknown") }

    /// Whether an image for this platform matches `wanted`.
    ///
    /// A wanted variant must be equal; without one, any variant matches. A wanted version must be
    /// equal or a prefix up to a dot; it also matches an image without a version.
    package func satisfies(_ wanted: Platform) -> Bool {
        isSame(operatingSystem, wanted.operatingSystem)
            && isSame(architecture, wanted.architecture)
            && (wanted.variant == nil || hasVariant(of: wanted)) && hasVersion(of: wanted)
    }

    /// Whether the variants, explicit or default, are equal.
    func hasVariant(of wanted: Platform?) -> Bool {
        wanted.map { isSame(effectiveVariant, $0.effectiveVariant) } ?? false
    }

    private func hasVersion(of wanted: Platform) -> Bool {
        guard let version = wanted.operatingSystemVersion, let own = operatingSystemVersion else {
            return true
        }
        return own.utf8.starts(with: version.utf8)
            && [nil, UInt8(ascii: ".")].contains(own.utf8.dropFirst(version.utf8.count).first)
    }

    /// Spec: upstream containerd/platforms 0.2, database.go, "normalizeArch".
    private var effectiveVariant: String {
        if let variant, !variant.isEmpty { return variant }
        return ["arm64": "v8", "arm": "v7", "amd64": "v1"][architecture] ?? ""
    }
}

private let platformFields = ["architecture", "os", "os.version", "os.features", "variant"]
