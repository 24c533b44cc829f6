// SPDX-License-Identifier: Apache-2.0
// How `assay login` reaches a registry.

import Foundation
import Testing

@Suite(
    "login",
    .enabled(
        if: BuiltBinary.isHere && FileManager.default.isExecutableFile(atPath: "/usr/bin/python3"),
        "the assay binary is not built, or there is no /usr/bin/python3"))
struct LoginTests {
    private func run(_ script: String) throws -> BuiltBinary.Outcome {
        try BuiltBinary.withTemporaryDirectory { try BuiltBinary.shell(script, in: $0) }
    }

    @Test("--timeout ends a question to a registry that does not answer")
    func timeout() throws {
        let outcome = try run(
            """
            cat >silent.py <<'EOF'
            import socket, time
            server = socket.socket(); server.bind(("127.0.0.1", 0)); server.listen()
            open("port", "w").write(str(server.getsockname()[1])); time.sleep(60)
            EOF
            /usr/bin/python3 silent.py & server=$!
            for _ in $(seq 100); do [ -s port ] && break; sleep 0.1; done
            start=$(date +%s)
            echo x | assay login 127.0.0.1:$(cat port) -u ann --password-stdin --timeout 2s
            echo $? $(( $(date +%s) - start < 15 )); kill $server
            """)
        #expect(outcome.output == "2 1\n", "\(outcome)")
    }

    @Test(
        "options of registries are those of other commands, but the user is login's own",
        arguments: [
            ("--registry-client-cert c.pem", "belong together"),
            ("--registry-username u", "--password-stdin"),
            ("--registry-password p", "--password-stdin"),
            ("--registry-token t", "--password-stdin"),
            ("--timeout 1ms", "less than a second"),
        ])
    func refused(options: String, words: String) throws {
        let outcome = try run("echo x | assay login 127.0.0.1:1 -u ann --password-stdin \(options)")
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains(words), "\(outcome)")
    }

    @Test("a client certificate that cannot be read is not passed over")
    func clientCertificate() throws {
        let outcome = try run(
            "echo x | assay login 127.0.0.1:1 -u ann --password-stdin --registry-client-cert c.pem "
                + "--registry-client-key k.pem")
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("the client certificate"), "\(outcome)")
    }
}
