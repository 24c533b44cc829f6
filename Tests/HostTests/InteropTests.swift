// SPDX-License-Identifier: Apache-2.0
// The real peers of Debian: docker-registry, skopeo, umoci; and a server that goes silent.

import Files
import Foundation
import Glibc
import HTTPTypes
import OCI
import Primitives
import Registry
import Synchronization
import TestSupport
import Testing

@testable import Host

/// Debian's docker-registry on a loopback port of its own.
private final class DebianRegistry: Sendable {
    let host: RegistryHost
    private let process: Mutex<Process>
    private let directory: TemporaryDirectory

    init(_ directory: TemporaryDirectory, isTLS: Bool = false) async throws {
        self.directory = directory
        let port = try freePort()
        let tls =
            isTLS
            ? ", tls: {certificate: \(directory.file("ca.pem")), key: \(directory.file("key.pem"))}"
            : ""
        try directory.write(
            """
            version: 0.1
            log: {level: error, accesslog: {disabled: true}}
            storage: {filesystem: {rootdirectory: \(directory.file("storage"))}, delete: {enabled: true}}
            http: {addr: "127.0.0.1:\(port)"\(tls)}
            """, to: "config.yml")
        host = try RegistryHost(parsing: "127.0.0.1:\(port)")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program("docker-registry") ?? "/nowhere")
        process.arguments = ["serve", directory.file("config.yml")]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = Mutex(process)
        try await waitUntilItListens(port: port)
    }

    deinit {
        process.withLock {
            $0.terminate()
            $0.waitUntilExit()
        }
    }

    /// A busy machine starts it later than a client would wait.
    private func waitUntilItListens(port: Int) async throws {
        for _ in 0..<1_200 {
            try #require(process.withLock { $0.isRunning }, "docker-registry ended")
            if canConnect(to: port) { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("docker-registry did not listen within a minute")
    }
}

/// Whether something listens on a loopback port.
private func canConnect(to port: Int) -> Bool {
    let descriptor = socket(
        AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { _ = Glibc.close(descriptor) }
    var address = loopback(port: port)
    return unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            unsafe connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}

/// 127.0.0.1, with port 0 any free one.
private func loopback(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
    return address
}

/// A port nobody listens on at this moment.
private func freePort() throws -> Int {
    let socket = LoopbackSocket()
    defer { socket.close() }
    return try #require(socket.port)
}

/// A listening TCP socket that answers the first connection with fixed bytes and then says nothing.
final class LoopbackSocket: Sendable {
    private let descriptor: Int32
    let port: Int?

    /// - Parameter isListening: when not, the port is taken and every connection is refused.
    init(isListening: Bool = true) {
        descriptor = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, length) == 0
                    && (!isListening || listen(descriptor, 8) == 0)
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        port = isBound ? Int(UInt16(bigEndian: address.sin_port)) : nil
    }

    /// Takes connections until it is closed; each gets the text once it asked for something.
    ///
    /// - Parameter trickle: further bytes, one every 20 milliseconds.
    func serve(_ text: String, trickle: Int = 0) {
        let thread = Thread { [descriptor] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return }
                var request = [UInt8](repeating: 0, count: 4096)
                _ = unsafe recv(connection, &request, request.count, 0)
                _ = unsafe send(connection, text, text.utf8.count, Int32(MSG_NOSIGNAL))
                for _ in 0..<trickle where unsafe send(connection, " ", 1, Int32(MSG_NOSIGNAL)) == 1
                {
                    usleep(20_000)
                }
            }
        }
        thread.start()
    }

    func close() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        _ = Glibc.close(descriptor)
    }
}

/// Repeats at once: for servers that will not get better.
private struct NoWaitClock: WallClock {
    func wait(milliseconds: Int) async throws { await Task.yield() }
    func now() -> Timestamp { Timestamp(seconds: 0) }
}

@Suite("real peers")
struct InteropTests {
    private func withClient<Result>(
        _ timeouts: HTTPTransport.Timeouts = .standard,
        _ work: (RegistryClient, HTTPTransport) async throws -> Result
    ) async throws -> Result {
        let transport = try HTTPTransport(extraCertificates: nil, timeouts: timeouts)
        let client = RegistryClient(
            transport: transport, clock: NoWaitClock(), credentials: FixedCredential(.anonymous),
            options: RegistryOptions())
        do {
            let result = try await work(client, transport)
            try await transport.shutdown()
            return result
        } catch {
            try await transport.shutdown()
            throw error
        }
    }

    private func proof(about subject: Manifest, on repository: RegistryRepository, _ text: String)
        async throws -> Manifest
    {
        let bytes = Array(text.utf8)
        let empty = Array("{}".utf8)
        for (content, type) in [(bytes, MediaType.octets), (empty, .ociEmpty)] {
            try await repository.push(
                Descriptor(of: content, as: type), content: ByteStream(content), mountSource: nil)
        }
        let manifest = try ImageManifest(
            config: Descriptor(of: empty, as: .ociEmpty),
            layers: [Descriptor(of: bytes, as: .octets)], artifactType: .sigstoreBundle,
            subject: subject.descriptor
        ).manifest()
        try await repository.push(manifest, tag: nil)
        return manifest
    }

    @Test(
        "Debian's docker-registry takes an image, its evidence, a copy of both, and gives all back",
        .enabled(if: program("docker-registry") != nil, "docker-registry is not installed"),
        arguments: [RegistryOptions.UploadStyle.whole, .chunks(of: 100_000)])
    func dockerRegistry(style: RegistryOptions.UploadStyle) async throws {
        let directory = try TemporaryDirectory()
        let server = try await DebianRegistry(directory)
        // More than a repeatable blob holds, and not compressible: it streams.
        var generator = SystemRandomNumberGenerator()
        let noise = (0..<(Limits.replayableBlobBytes / 8 + 1000)).map { _ in generator.next() }
        let data = noise.flatMap { number in
            (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        }
        try writeFile(data, at: directory.file("root.bin"), permissions: 0o644)
        try FileManager.default.createDirectory(
            atPath: directory.file("root"), withIntermediateDirectories: true)
        try FileManager.default.moveItem(
            atPath: directory.file("root.bin"), toPath: directory.file("root/noise"))
        let image = try DirectoryImage(
            directory: directory.file("root"), platform: try Platform(parsing: "linux/amd64"),
            created: Timestamp(seconds: 0), createdBy: "test")
        let transport = try HTTPTransport(extraCertificates: nil, timeouts: .standard)
        var options = RegistryOptions()
        options.upload = style
        let client = RegistryClient(
            transport: transport, clock: SystemClock(), credentials: FixedCredential(.anonymous),
            options: options)
        do {
            try await story(client, server.host, image, directory)
            try await transport.shutdown()
        } catch {
            try await transport.shutdown()
            throw error
        }
    }

    private func story(
        _ client: RegistryClient, _ host: RegistryHost, _ image: DirectoryImage,
        _ directory: TemporaryDirectory
    ) async throws {
        let source = client.repository(try Repository(registry: host, path: "acme/api"))
        let tag = try Tag(parsing: "1")
        let pushed = try await ArtifactCopy(from: image, to: source, evidence: .include)
            .run(.digest(image.root.digest), tag: tag)
        #expect(pushed.isComplete && pushed.blobsCopied == 2)
        let one = try await proof(about: image.root, on: source, "one")
        let two = try await proof(about: image.root, on: source, "two")
        let found = try await source.referrers(of: image.root.digest)
        #expect(found.discovery == .referrersTag)
        #expect(Set(found.descriptors) == [one.descriptor, two.descriptor])
        #expect(try await source.resolve(.tag(tag)).digest == image.root.digest)

        let live = client.repository(try Repository(registry: host, path: "acme/live"))
        let copied = try await ArtifactCopy(from: source, to: live, evidence: .include)
            .run(.tag(tag), tag: tag)
        #expect(copied.isComplete && copied.evidence.count == 2)
        #expect(copied.blobsMounted > 0 && copied.blobsCopied == 0)

        let layout = try LayoutDirectory.create(at: directory.file("layout"))
        let saved = try await ArtifactCopy(from: live, to: layout, evidence: .include)
            .run(.tag(tag), tag: tag)
        #expect(saved.isComplete && saved.evidence.count == 2)
        let listed = layout.referrers(of: image.root.digest).descriptors
        #expect(Set(listed) == [one.descriptor, two.descriptor])

        try await live.delete(one.digest)
        let left = try await live.referrers(of: image.root.digest)
        #expect(left.descriptors == [two.descriptor])
        await expectFailure(.notFound, "MANIFEST_UNKNOWN") {
            _ = try await live.manifest(.digest(one.digest))
        }
    }

    @Test(
        "layouts that umoci and skopeo wrote are read, and skopeo reads ours",
        .enabled(
            if: program("umoci") != nil && program("skopeo") != nil, "umoci or skopeo is missing"))
    func otherTools() async throws {
        let directory = try TemporaryDirectory()
        let theirs = directory.file("theirs")
        #expect(try run("umoci", "init", "--layout", theirs) == 0)
        #expect(try run("umoci", "new", "--image", "\(theirs):1") == 0)
        #expect(
            try run("umoci", "config", "--image", "\(theirs):1", "--config.user", "1000") == 0)
        let umoci = try await openArtifacts(at: theirs)
        #expect(try await umoci.tags().map(\.description) == ["1"])
        let reference = try await umoci.onlyReference(tag: nil)

        let ours = try LayoutDirectory.create(at: directory.file("ours"))
        let report = try await ArtifactCopy(from: umoci, to: ours, evidence: .include)
            .run(reference, tag: try Tag(parsing: "copy"))
        #expect(report.isComplete)
        let archive = directory.file("oci.tar")
        #expect(
            try run(
                "skopeo", "--insecure-policy", "copy", "oci:\(directory.file("ours")):copy",
                "oci-archive:\(archive):again") == 0)
        let tar = try await openArtifacts(at: archive)
        #expect(tar is LayoutArchive)
        #expect(
            try await tar.manifest(.tag(try Tag(parsing: "again"))).digest == report.root.digest)
        for blob in try await tar.manifest(.tag(try Tag(parsing: "again"))).blobs {
            _ = try await tar.read(blob, atMost: 1_000_000)
        }
        let docker = directory.file("docker.tar")
        #expect(
            try run(
                "skopeo", "--insecure-policy", "copy", "oci:\(directory.file("ours")):copy",
                "docker-archive:\(docker):acme/api:9") == 0)
        let saved = try await openArtifacts(at: docker)
        #expect(saved is DockerArchive)
        #expect(try await saved.tags().map(\.description) == ["9"])
    }

    @Test("a server that stops in the middle of a body, or never answers, ends at the timeout")
    func silence() async throws {
        let answers = [
            "HTTP/1.1 200 OK\r\nContent-Type: \(MediaType.ociManifest)\r\nContent-Length: 999\r\n\r\n{\"sch",
            "HTTP/1.1 200 OK\r\n", "",
        ]
        for text in answers {
            let server = LoopbackSocket()
            defer { server.close() }
            server.serve(text)
            let host = try RegistryHost(parsing: "127.0.0.1:\(try #require(server.port))")
            let timeouts = HTTPTransport.Timeouts(
                connectMilliseconds: 20_000, idleMilliseconds: 100)
            try await withClient(timeouts) { client, _ in
                let repository = client.repository(try Repository(registry: host, path: "a"))
                await expectFailure(.unavailable, "it stopped sending") {
                    _ = try await repository.manifest(.tag(try Tag(parsing: "1")))
                }
            }
        }
    }

    @Test("a body that trickles for ever ends at the deadline of its exchange")
    func trickle() async throws {
        let server = LoopbackSocket()
        defer { server.close() }
        server.serve("HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", trickle: 200)
        let port = try #require(server.port)
        try await withClient { _, transport in
            let request = HTTPRequest(
                method: .get, scheme: "http", authority: "127.0.0.1:\(port)", path: "/")
            await expectFailure(.unavailable, "not over after 1 seconds") {
                let answer = try await transport.send(request, body: .none, within: 1)
                _ = try await answer.body.collect(atMost: 100_000, named: "the trickle")
            }
        }
    }

    @Test("a body that goes silent ends at the deadline of its exchange, not at the idle time")
    func silentBody() async throws {
        for start in ["", "{\"sch"] {
            let server = LoopbackSocket()
            defer { server.close() }
            server.serve("HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n\(start)")
            let port = try #require(server.port)
            // A silence of which the idle time never hears, however busy the machine is.
            let timeouts = HTTPTransport.Timeouts(
                connectMilliseconds: 600_000, idleMilliseconds: 600_000)
            try await withClient(timeouts) { _, transport in
                let request = HTTPRequest(
                    method: .get, scheme: "http", authority: "127.0.0.1:\(port)", path: "/")
                await expectFailure(.unavailable, "not over after 1 seconds") {
                    let answer = try await transport.send(request, body: .none, within: 1)
                    _ = try await answer.body.collect(atMost: 100_000, named: "the silence")
                }
            }
        }
    }

    @Test(
        "TLS is spoken with an authority of the user's own, and refused without it",
        .enabled(
            if: program("docker-registry") != nil && program("openssl") != nil,
            "docker-registry or openssl is missing"))
    func ownAuthority() async throws {
        let directory = try TemporaryDirectory()
        #expect(
            try run(
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=test",
                "-addext", "subjectAltName=DNS:localhost", "-keyout", directory.file("key.pem"),
                "-out", directory.file("ca.pem")) == 0)
        let server = try await DebianRegistry(directory, isTLS: true)
        let host = try RegistryHost(parsing: "localhost:\(try #require(server.host.port))")
        for trusted in [directory.file("ca.pem"), nil] {
            let transport = try HTTPTransport(extraCertificates: trusted, timeouts: .standard)
            var options = RegistryOptions()
            options.schemes[host] = .https
            let client = RegistryClient(
                transport: transport, clock: SystemClock(),
                credentials: FixedCredential(.anonymous), options: options)
            let repository = client.repository(try Repository(registry: host, path: "a"))
            await expectFailure(
                trusted == nil ? .unavailable : .notFound,
                trusted == nil ? "TLS: its certificate is not from" : "NAME_UNKNOWN"
            ) { _ = try await repository.tags() }
            try await transport.shutdown()
        }
    }

    @Test("a port nobody listens on is unavailable")
    func nobody() async throws {
        // Held while we ask, so that nobody else takes it.
        let port = LoopbackSocket(isListening: false)
        defer { port.close() }
        let host = try RegistryHost(parsing: "127.0.0.1:\(try #require(port.port))")
        try await withClient { client, _ in
            let repository = client.repository(try Repository(registry: host, path: "a"))
            await expectFailure(.unavailable, "cannot read \(host)/a:1") {
                _ = try await repository.resolve(.tag(try Tag(parsing: "1")))
            }
            await expectFailure(.unavailable, "connection refused: nothing listens") {
                _ = try await repository.resolve(.tag(try Tag(parsing: "1")))
            }
        }
    }

    @Test("what a library says about the network is told in words")
    func networkWords() async throws {
        let server = LoopbackSocket()
        defer { server.close() }
        server.serve("SSH-2.0-OpenSSH_9.2\r\n")
        let port = try #require(server.port)
        let rows = [
            ("http", "127.0.0.1:\(port)", "what it sent is not HTTP"),
            ("https", "127.0.0.1:\(port)", "does not speak TLS"),
            ("http", "no-such-host.invalid", "its name could not be found"),
        ]
        try await withClient { _, transport in
            for (scheme, authority, words) in rows {
                let request = HTTPRequest(
                    method: .get, scheme: scheme, authority: authority, path: "/")
                await expectFailure(.unavailable, words) {
                    let answer = try await transport.send(request, body: .none, within: 20)
                    _ = try await answer.body.collect(atMost: 100, named: "the answer")
                }
            }
        }
    }
}
