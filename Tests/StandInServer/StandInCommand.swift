// SPDX-License-Identifier: Apache-2.0
// assay-stand-ins: a Sigstore on loopback, and bundles by the dozen, for other programs to try.

import Foundation
import Keys
import Primitives
import StandIns

@main
struct StandInCommand {
    static func main() async {
        do {
            let arguments = try CommandArguments(Array(CommandLine.arguments.dropFirst()))
            switch arguments.verb {
            case "serve": try await serve(arguments)
            case "image": try image(arguments)
            case "write": try BundleCollection(directory: try arguments.directory()).write()
            default: throw usage("there is no command \(quoted(arguments.verb))")
            }
        } catch {
            FileHandle.standardError.write(Data("assay-stand-ins: \(error)\n".utf8))
            exit(64)
        }
    }

    /// One bundle for each fault; a single good one without. The fault `none` is a good one too.
    private static func image(_ arguments: CommandArguments) throws {
        let faults = try arguments.faultsInOrder()
        try SignedImage(
            directory: try arguments.directory(), faults: faults.isEmpty ? [nil] : faults
        )
        .write()
    }

    private static func serve(_ arguments: CommandArguments) async throws {
        let faults = try arguments.faults()
        let server = StandInServer(port: try arguments.port())
        try await server.run { base in
            var plan = StandInSigstore.Plan(at: now(), keys: try StandInKeys())
            plan.addresses = StandInAddresses(base: base)
            let instance = try StandInSigstore(plan)
            if let directory = try arguments.optionalDirectory() {
                try writeDocuments(of: instance, to: directory)
            }
            return StandInService(instance, faults: faults)
        }
    }

    /// Everything that a client is configured with.
    private static func writeDocuments(of instance: StandInSigstore, to directory: URL) throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let documents: [(String, JSONValue)] = [
            ("trusted_root.json", instance.trustedRoot()),
            ("signing_config.json", instance.signingConfig(rekorVersions: [1])),
            ("signing_config_rekor2.json", instance.signingConfig(rekorVersions: [2])),
            ("trust_config.json", instance.clientTrustConfig(rekorVersions: [1])),
            ("trust_config_rekor2.json", instance.clientTrustConfig(rekorVersions: [2])),
        ]
        for (name, document) in documents {
            try Data((document.prettyText + "\n").utf8)
                .write(to: directory.appendingPathComponent(name), options: .atomic)
        }
        let token = try instance.identityProvider.token(
            email: StandInIdentity.person.name.text, at: now())
        try Data(token.utf8)
            .write(to: directory.appendingPathComponent("identity_token"), options: .atomic)
    }
}

/// The one clock of this program.
func now() -> Timestamp { Timestamp(seconds: Int(Date().timeIntervalSince1970)) }

/// `serve [--port N] [--folder DIR] [--fault NAME]…`, `write --folder DIR` or
/// `image --folder DIR [--fault NAME]…`.
struct CommandArguments {
    let verb: String
    private var options: [(name: String, value: String)] = []

    init(_ arguments: [String]) throws(Failure) {
        guard let verb = arguments.first, arguments.count % 2 == 1 else {
            throw usage(
                "it is used as: serve [--port N] [--folder DIR] [--fault NAME]… | write --folder DIR "
                    + "| image --folder DIR [--fault NAME]…"
            )
        }
        self.verb = verb
        for index in stride(from: 1, to: arguments.count, by: 2) {
            guard ["--port", "--folder", "--fault"].contains(arguments[index]) else {
                throw usage("there is no option \(quoted(arguments[index]))")
            }
            options.append((arguments[index], arguments[index + 1]))
        }
    }

    func port() throws(Failure) -> Int {
        guard let text = options.last(where: { $0.name == "--port" })?.value else { return 0 }
        guard let port = Int(text), (0...65_535).contains(port) else {
            throw usage("\(quoted(text)) is not a port")
        }
        return port
    }

    func optionalDirectory() throws(Failure) -> URL? {
        options.last { $0.name == "--folder" }.map { URL(fileURLWithPath: $0.value) }
    }

    func directory() throws(Failure) -> URL {
        guard let directory = try optionalDirectory() else { throw usage("--folder is missing") }
        return directory
    }

    func faults() throws(Failure) -> Set<StandInFault> {
        Set(try faultsInOrder().compactMap(\.self))
    }

    /// As they were given; nil for `none`.
    func faultsInOrder() throws(Failure) -> [StandInFault?] {
        var faults: [StandInFault?] = []
        for option in options where option.name == "--fault" {
            let fault = StandInFault(rawValue: option.value)
            guard fault != nil || option.value == "none" else {
                throw usage(
                    "there is no fault \(quoted(option.value)); there are "
                        + StandInFault.allCases.map(\.rawValue).joined(separator: ", "))
            }
            faults.append(fault)
        }
        return faults
    }
}

private func usage(_ why: String) -> Failure {
    Failure(.usage, "cannot run", because: why)
}
