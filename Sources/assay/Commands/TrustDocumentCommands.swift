// SPDX-License-Identifier: Apache-2.0
// assay trust create, export, import: trust material as files.

import ArgumentParser
import Files
import Foundation
import Host
import Keys
import Primitives
import Signing
import Workflows

struct TrustCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Makes a trusted_root.json of a private instance from its keys and certificates.",
        discussion: """
            Each option takes NAME=VALUE pairs with commas between: url, certificate-chain (a PEM \
            file, root last) or public-key (a PEM file), start-time, end-time, operator. A chain \
            without a start-time counts from when its youngest certificate does; a key needs one. \
            origin is the name of a Rekor v2 log in its checkpoints; without it, the host of the url.
            """)

    @Option(help: "A certificate authority: url=URL,certificate-chain=FILE[,start-time=…].")
    var fulcio: [TrustEntryArgument] = []

    @Option(help: "A transparency log: url=URL,public-key=FILE,start-time=….")
    var rekor: [TrustEntryArgument] = []

    @Option(help: "A certificate transparency log: url=URL,public-key=FILE,start-time=….")
    var ctfe: [TrustEntryArgument] = []

    @Option(help: "A timestamp authority: url=URL,certificate-chain=FILE (its own first).")
    var tsa: [TrustEntryArgument] = []

    @Option(help: "Where to write it; stdout without it.")
    var out: String?

    func run() async throws {
        guard !(fulcio + rekor + ctfe + tsa).isEmpty else {
            throw Failure(
                .usage, "cannot make a trusted root", because: "nobody is named to be trusted",
                next: "give --fulcio, --rekor, --ctfe or --tsa")
        }
        let root = TrustedRoot(
            logs: try rekor.map { try $0.log(isCertificateLog: false) },
            certificateAuthorities: try fulcio.map { try $0.authority() },
            certificateTransparencyLogs: try ctfe.map { try $0.log(isCertificateLog: true) },
            timestampAuthorities: try tsa.map { try $0.authority() })
        let content = Array((try root.json.prettyText + "\n").utf8)
        // What nobody could read back is not written.
        _ = try TrustedRoot(parsing: content)
        if let out {
            try writeFile(content, at: out, permissions: 0o644)
        } else {
            StandardOutput.print(raw: content)
        }
    }
}

/// `url=…,public-key=…`.
struct TrustEntryArgument: ExpressibleByArgument {
    private var values: [String: String] = [:]

    init?(argument: String) {
        for part in argument.utf8.split(separator: ",") {
            let pair = part.utf8.split(separator: "=", maxSplits: 1).map(String.init)
            guard pair.count == 2, let name = TrustEntryArgument.names[pair[0]],
                values.updateValue(pair[1], forKey: name) == nil
            else {
                StandardError.say(
                    "\(quoted(part)) is none of "
                        + TrustEntryArgument.names.keys.sorted().map { "\($0)=…" }
                        .joined(separator: ", ") + ", once each")
                return nil
            }
        }
    }

    /// As they are typed, and what they mean.
    private static let names = [
        "url": "url", "certificate-chain": "chain", "chain": "chain", "public-key": "key",
        "key": "key", "start-time": "start", "end-time": "end", "operator": "operator",
        "origin": "origin",
    ]

    func log(isCertificateLog: Bool) throws(Failure) -> TransparencyLog {
        guard values["chain"] == nil else { throw wrong("a log has a public-key, no chain") }
        let path = try required("key", "public-key")
        guard let start = try time("start") else {
            throw wrong("a log's key is believed from some day on, and start-time is missing")
        }
        let content = try readFile(at: path, atMost: Limits.keyFileBytes, named: "the log's key")
        let key = try PublicKey(pem: String(decoding: content, as: UTF8.self))
        let period = ValidityPeriod(start: start, end: try time("end"))
        let url = try required("url", "url")
        guard isCertificateLog else {
            return TransparencyLog(
                baseURL: url, publicKey: key, origin: values["origin"], validFor: period,
                operatorName: values["operator"])
        }
        guard values["origin"] == nil else { throw wrong("origin is for Rekor logs only") }
        // Spec: RFC 6962 §3.2, whatever the key's kind is.
        return TransparencyLog(
            baseURL: url, publicKey: key, keyID: HashAlgorithm.sha256.hash(of: key.derBytes),
            validFor: period, operatorName: values["operator"])
    }

    func authority() throws(Failure) -> CertificateAuthority {
        guard values["key"] == nil else { throw wrong("an authority has a certificate-chain") }
        let path = try required("chain", "certificate-chain")
        let content = try readFile(
            at: path, atMost: Limits.certificateFileBytes, named: "the certificate chain")
        let chain = try Certificate.list(pem: String(decoding: content, as: UTF8.self))
        guard let youngest = chain.map(\.validity.start).max() else {
            throw wrong("\(quoted(path)) holds no certificate")
        }
        return try CertificateAuthority(
            chain: chain,
            validFor: ValidityPeriod(start: try time("start") ?? youngest, end: try time("end")),
            uri: values["url"], operatorName: values["operator"])
    }

    private func required(_ name: String, _ typed: String) throws(Failure) -> String {
        guard let value = values[name] else { throw wrong("\(typed)=… is missing") }
        return value
    }

    private func time(_ name: String) throws(Failure) -> Timestamp? {
        guard let text = values[name] else { return nil }
        do {
            return try Timestamp(parsing: text)
        } catch {
            throw wrong("\(name)-time: \(error.why)")
        }
    }

    private func wrong(_ why: String) -> Failure {
        Failure(.usage, "cannot make a trusted root", because: why)
    }
}

struct TrustExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes what would be believed now as one client trust configuration.",
        discussion:
            "For machines without a network: assay trust import there, or sigstore --trust-config.")

    @Argument(help: "The file to write.")
    var file: String

    func run() async throws {
        let material = try await TrustedMaterial.located(named: nil)
        let document = try material.clientTrustConfiguration()
        try writeFile(Array((document.prettyText + "\n").utf8), at: file, permissions: 0o644)
        StandardError.say("written to \(file): \(material.source)")
    }
}

struct TrustImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Believes a client trust configuration from now on, whatever its age.",
        discussion: "It is pinned: nothing refreshes it, and nothing asks for its age.")

    @Argument(help: "A client trust configuration: a trusted root with a signing configuration.")
    var file: String

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let store = try UserTrustStore.ofUser()
        let content = try readFile(
            at: file, atMost: TrustStoreFile.importedConfiguration.byteLimit,
            named: "the client trust configuration")
        let material = try store.importConfiguration(content, from: file, at: SystemClock().now())
        StandardOutput.did("imported the trust material \(file)")
        let view = TrustView(material: material)
        switch output.output {
        case .text: StandardOutput.print(view.lines.joined(separator: "\n"))
        case .json: StandardOutput.print(view.json)
        }
    }
}
