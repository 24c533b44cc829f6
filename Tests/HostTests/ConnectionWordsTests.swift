// SPDX-License-Identifier: Apache-2.0
// Errors of the network libraries in our words.

import Testing

@testable import Host

@Suite("Words for failed connections")
struct ConnectionWordsTests {
    @Test(
        "no type and no source file of a library is shown",
        arguments: [
            (
                "NIOSSLError.handshakeFailed(error:100000b8:SSL routines:OPENSSL_internal:NO_SHARED_CIPHER at /build/CNIOBoringSSL/ssl/handshake_server.cc:412)",
                true, "TLS: no connection could be agreed on: NO_SHARED_CIPHER"
            ),
            (
                "NIOSSLError.unknownError at Sources/NIOSSL/NIOSSLHandler.swift:12", true,
                "TLS: no connection could be agreed on"
            ),
            (
                "connect(descriptor:addr:size:): Protocol error (errno: 71)", false,
                "the connection failed: protocol error"
            ),
            (
                "read(descriptor:pointer:size:): Connection reset by peer (errno: 104)", false,
                "it reset the connection"
            ),
            ("HTTPClientError.invalidURL", false, "the connection failed"),
        ])
    func words(text: String, isTLS: Bool, words: String) {
        #expect(connectionWords(text, isTLS: isTLS) == words)
    }
}
