// SPDX-License-Identifier: Apache-2.0
// The input that the user names: a file, a pipe or a terminal.

internal import Glibc
internal import Primitives

/// An open file, read from its start to its end. It is closed when it is released.
final class InputFile {
    private let descriptor: Int32
    private let path: String
    private let what: String
    private let isPipe: Bool
    private let pipeSeconds: Int

    /// - Parameters:
    ///   - what: what the file is, for failures: "the public key".
    ///   - pipeSeconds: how long a pipe may stay silent, also before it has a writer.
    init(at path: String, named what: String, pipeSeconds: Int = Limits.pipeSeconds) throws(Failure)
    {
        // Without O_NONBLOCK, opening a pipe would wait for its writer without end.
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw systemFailure("cannot read \(what)", path) }
        var status = stat()
        isPipe = unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
        if !isPipe { _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK) }
        self.path = path
        self.what = what
        self.pipeSeconds = pipeSeconds
    }

    /// Standard input, which may stay silent for any time.
    init(standardInput what: String) {
        descriptor = STDIN_FILENO
        isPipe = false
        path = "stdin"
        self.what = what
        pipeSeconds = 0
    }

    deinit { if descriptor > STDIN_FILENO { close(descriptor) } }

    /// Reads the next bytes into `chunk`; returns their number, 0 at the end.
    ///
    /// - Throws: `unavailable` if nothing is written to a pipe for too long.
    func read(into chunk: inout [UInt8]) throws(Failure) -> Int {
        while true {
            if isPipe { try waitForInput() }
            let got = unsafe chunk.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            }
            if got < 0, errno == EINTR || (isPipe && errno == EAGAIN) { continue }
            guard got >= 0 else { throw systemFailure("cannot read \(what)", path) }
            return got
        }
    }

    /// Waits until the pipe has bytes, or its last writer has closed it.
    private func waitForInput() throws(Failure) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let found = unsafe poll(&entry, 1, Int32(clamping: pipeSeconds * 1000))
            if found < 0, errno == EINTR { continue }
            guard found == 0 else { return }
            throw Failure(
                .unavailable, "cannot read \(what)", at: .named(path),
                because: "it is a pipe, and nothing was written to it for \(pipeSeconds) seconds",
                next: "start what writes to it first")
        }
    }
}
