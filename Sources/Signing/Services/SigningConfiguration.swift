// SPDX-License-Identifier: Apache-2.0
// The services for signing. Spec: sigstore_trustroot.proto, SigningConfig v0.2.

package import Primitives

/// The available services, and the required number of each kind.
///
/// It is configuration, trusted like the command line. It contains no keys, so it makes nothing
/// trusted.
package struct SigningConfiguration: Hashable, Sendable {
    package let certificateAuthorities: [SigningService]
    package let identityProviders: [SigningService]
    /// The logs; with an empty list, nothing is logged.
    package let logs: [SigningService]
    package let logSelector: ServiceSelector
    package let timestampAuthorities: [SigningService]
    package let timestampSelector: ServiceSelector

    package init(parsing bytes: [UInt8]) throws(Failure) {
        guard bytes.count <= Limits.trustedRootBytes else {
            throw Failure(
                .overLimit, "cannot read the signing configuration",
                because: "it has \(bytes.count) bytes, the limit is \(Limits.trustedRootBytes)")
        }
        try self.init(
            reading: try JSONReader(parsing: bytes, named: "the signing configuration"))
    }

    /// Spec: SigningConfig: "Changes to service configuration... MUST be media type v0.2"; version
    /// 0.1 has other fields and is rejected.
    package init(reading json: JSONReader) throws(Failure) {
        try json.expectMediaType(signingConfigurationType)
        try json.refuseFields(otherThan: [
            "mediaType", "caUrls", "oidcUrls", "rekorTlogUrls", "rekorTlogConfig", "tsaUrls",
            "tsaConfig",
        ])
        certificateAuthorities = try json.services("caUrls")
        identityProviders = try json.services("oidcUrls")
        logs = try json.services("rekorTlogUrls")
        logSelector = try json.selector("rekorTlogConfig", isNeeded: !logs.isEmpty)
        timestampAuthorities = try json.services("tsaUrls")
        timestampSelector = try json.selector(
            "tsaConfig", isNeeded: !timestampAuthorities.isEmpty)
    }

    /// Creates a configuration of single services from flags; a nil service is not used.
    ///
    /// - Parameter log: the URL, and the major version of its API: 1 or 2.
    package init(
        certificateAuthority: String?, log: (url: String, version: Int)?,
        timestampAuthority: String?
    ) throws(Failure) {
        if let log, !SigningService.Kind.log.supportedVersions.contains(log.version) {
            throw Failure(
                .usage, "cannot use the transparency log \(quoted(log.url))",
                because: "version \(log.version) of its interface is neither 1 nor 2")
        }
        certificateAuthorities = try certificateAuthority.map(namedService) ?? []
        identityProviders = []
        logs = try log.map { (log) throws(Failure) in try namedService(log.url, log.version) } ?? []
        logSelector = .all
        timestampAuthorities = try timestampAuthority.map(namedService) ?? []
        timestampSelector = .all
    }

    /// Selects the services of one signature.
    ///
    /// - Throws: `unsupported` if a listed kind has too few services that are usable at `now`.
    package func selection(at now: Timestamp) throws(Failure) -> ServiceSelection {
        ServiceSelection(
            certificateAuthority: try chosen(
                from: certificateAuthorities, .certificateAuthority, by: .any, at: now
            ).first,
            logs: try chosen(from: logs, .log, by: logSelector, at: now),
            timestampAuthorities: try chosen(
                from: timestampAuthorities, .timestampAuthority, by: timestampSelector, at: now))
    }
}

/// The selected services of one signature.
package struct ServiceSelection: Hashable, Sendable {
    package let certificateAuthority: SigningService?
    package let logs: [SigningService]
    package let timestampAuthorities: [SigningService]

    package init(
        certificateAuthority: SigningService?, logs: [SigningService],
        timestampAuthorities: [SigningService]
    ) {
        self.certificateAuthority = certificateAuthority
        self.logs = logs
        self.timestampAuthorities = timestampAuthorities
    }

    /// No services, so that no data leaves the machine: the default for signing with a key.
    package static let none = ServiceSelection(
        certificateAuthority: nil, logs: [], timestampAuthorities: [])

    /// The certificate authority. Throws if no service would sign the time.
    ///
    /// A certificate of ten minutes is useless without a signed time. Logs of version 1 sign one;
    /// logs of version 2 do not.
    ///
    /// Spec: sigstore/architecture-docs rekor-v2-spec.md §4.2: signing clients "SHOULD fetch a
    /// timestamp" for certificates of Fulcio; Rekor v2 gives none.
    package func forShortLivedCertificate() throws(Failure) -> SigningService {
        guard let certificateAuthority else {
            throw Failure(
                .usage, "cannot sign without a key",
                because: "the signing configuration names no certificate authority",
                next: "name one, or sign with a key")
        }
        guard !timestampAuthorities.isEmpty || logs.contains(where: { $0.majorVersion == 1 }) else {
            throw Failure(
                .usage, "cannot sign without a key",
                because: "the time would not be signed: there is no timestamp authority, and "
                    + (logs.isEmpty ? "no log" : "logs of version 2 sign none"),
                next: "add a timestamp authority to the signing configuration")
        }
        return certificateAuthority
    }
}

/// The selected services of one kind, in the order of the requests.
///
/// Spec: SigningConfig: a client "MUST select only one Service with the highest API version that
/// the client is compatible with, that is within its validity period, and has the newest validity
/// start date"; "from each operator" where several are selected.
package func chosen(
    from services: [SigningService], _ kind: SigningService.Kind, by selector: ServiceSelector,
    at now: Timestamp
) throws(Failure) -> [SigningService] {
    guard !services.isEmpty else { return [] }
    let usable = services.filter {
        $0.validFor.contains(now) && kind.supportedVersions.contains($0.majorVersion)
    }
    let version = usable.map(\.majorVersion).max()
    var operators: Set<String> = []
    var addresses: Set<String> = []
    let distinct = usable.enumerated().filter { $0.element.majorVersion == version }
        .sorted { left, right in
            let (first, second) = (left.element.validFor.start, right.element.validFor.start)
            return first == second ? left.offset < right.offset : first > second
        }
        .map(\.element)
        .filter { service in
            guard !addresses.contains(service.base) else { return false }
            guard operators.insert(service.operatorName).inserted else { return false }
            return addresses.insert(service.base).inserted
        }
    let needed: Int
    switch selector {
    case .any: needed = 1
    case .all: needed = max(1, distinct.count)
    case .exact(let count): needed = count
    }
    guard distinct.count >= needed else {
        throw notEnough(services, kind, at: now, found: distinct, needed: needed)
    }
    return Array(distinct.prefix(needed))
}

private func notEnough(
    _ services: [SigningService], _ kind: SigningService.Kind, at now: Timestamp,
    found: [SigningService], needed: Int
) -> Failure {
    let reasons = services.filter { !found.contains($0) }.prefix(4).map { service in
        let host = plain(service.host, atMost: Limits.quotedTextLength)
        if !kind.supportedVersions.contains(service.majorVersion) {
            return "\(host) supports version \(service.majorVersion)"
        }
        if !service.validFor.contains(now) { return "\(host) is for \(service.validFor)" }
        return "\(host) is older than, or of the same operator as, another"
    }
    let versions = kind.supportedVersions.sorted().map(String.init).joined(separator: " and ")
    return Failure(
        .unsupported, "cannot choose a \(kind.words) at \(now)",
        because: "\(needed) of different operators must be usable and \(found.count) are, of "
            + "\(services.count) listed; Assay supports version \(versions): "
            + reasons.joined(separator: ", "),
        next: "get a current signing configuration")
}

extension JSONReader {
    func expectMediaType(_ expected: String) throws(Failure) {
        let type = try required("mediaType")
        guard try type.string() == expected else {
            throw Failure(
                .unsupported, "cannot read \(document)", at: type.place,
                because: "its type is \(quoted(try type.string())), not \(expected)")
        }
    }

    fileprivate func services(_ name: String) throws(Failure) -> [SigningService] {
        guard let list = try optional(name) else { return [] }
        var services: [SigningService] = []
        for item in try list.items(atMost: Limits.trustAnchorsPerKind) {
            services.append(try item.service())
        }
        return services
    }

    private func service() throws(Failure) -> SigningService {
        try refuseFields(otherThan: ["url", "majorApiVersion", "validFor", "operator"])
        let url = try required("url")
        let version = try required("majorApiVersion")
        guard try version.integer() > 0 else { throw version.broken("versions start with 1") }
        let period = try required("validFor")
        try period.refuseFields(otherThan: ["start", "end"])
        let validity = ValidityPeriod(
            start: try period.required("start").time(), end: try period.optional("end")?.time())
        do {
            return try SigningService(
                url: try url.string(), majorVersion: try version.integer(), validFor: validity,
                operatorName: try optional("operator")?.string() ?? "")
        } catch {
            throw url.broken(error.why)
        }
    }

    private func time() throws(Failure) -> Timestamp {
        do {
            return try Timestamp(parsing: try string())
        } catch {
            throw broken(error.why)
        }
    }

    /// Spec: ServiceConfiguration: the selector must not be undefined; `count` is for EXACT only.
    fileprivate func selector(_ name: String, isNeeded: Bool) throws(Failure) -> ServiceSelector {
        guard let configuration = try optional(name) else {
            guard !isNeeded else { throw broken("the field \(quoted(name)) is missing") }
            return .all
        }
        try configuration.refuseFields(otherThan: ["selector", "count"])
        let selector = try configuration.required("selector")
        let count = try configuration.optional("count")
        let number = try count?.integer() ?? 0
        switch try selector.string() {
        case "ANY" where number == 0: return .any
        case "ALL" where number == 0: return .all
        case "EXACT":
            guard (1...Limits.trustAnchorsPerKind).contains(number) else {
                throw configuration.broken(
                    "EXACT needs a count from 1 to \(Limits.trustAnchorsPerKind)")
            }
            return .exact(number)
        case "ANY", "ALL": throw configuration.broken("only EXACT has a count")
        default: throw selector.broken("it is not ANY, ALL or EXACT")
        }
    }
}

/// A service from a flag: always usable, with its own operator.
private func namedService(_ url: String) throws(Failure) -> [SigningService] {
    try namedService(url, 1)
}

private func namedService(_ url: String, _ version: Int) throws(Failure) -> [SigningService] {
    let always = ValidityPeriod(start: Timestamp(seconds: 0), end: nil)
    return [
        try SigningService(
            url: url, majorVersion: version, validFor: always, operatorName: url)
    ]
}

/// The only supported version, as in other clients.
private let signingConfigurationType =
    "application/vnd.dev.sigstore.signingconfig.v0.2+json"
