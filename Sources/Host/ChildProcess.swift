// SPDX-License-Identifier: Apache-2.0
// One run of another program. Spec: POSIX.1-2017, posix_spawn, waitpid and poll.

internal import CLinux
internal import Dispatch
internal import Files
internal import Glibc
internal import Primitives
internal import Synchronization

/// A program, its arguments and its environment. It inherits only the three standard descriptors.
///
/// Its input is a file in memory, not a pipe. A program that leaves it unread causes no wait, no
/// error and no signal here. Its standard error goes to `/dev/null`. It leads a process group of its
/// own; when it is killed, the programs that it started are killed too.
struct ChildProcess: Sendable {
    /// The path of the program; `PATH` is not searched.
    let path: String
    /// What follows the program's name.
    let arguments: [String]
    /// The whole environment of the program.
    let environment: [String: String]
    let input: [UInt8]
    let bounds: Bounds

    /// How long the program may take, and how much it may write.
    struct Bounds: Sendable {
        let seconds: Int
        let bytes: Int
    }

    /// How a program ended.
    enum End: Hashable, Sendable {
        case exited(Int32)
        case signaled(Int32)
    }

    enum Outcome: Sendable {
        /// What came on standard output until the program ended. A process that it left behind may
        /// still hold the pipe; nothing more is read from it.
        case ended([UInt8], End)
        case wroteTooMuch
        case tookTooLong
        /// The task was cancelled, and the program killed.
        case cancelled
        /// The number is an `errno`.
        case notStarted(Int32)
        /// The program ended, and how is not known, because this process ignores SIGCHLD.
        case endUnknown
    }

    /// Runs the program on a thread of its own, which may block.
    func run() async -> Outcome {
        let flag = CancellationFlag()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                DispatchQueue(label: "child process").async {
                    continuation.resume(returning: outcome(flag))
                }
            }
        } onCancel: {
            flag.isCancelled.store(true, ordering: .relaxed)
        }
    }

    private final class CancellationFlag: Sendable {
        let isCancelled = Atomic(false)
    }

    private func outcome(_ flag: CancellationFlag) -> Outcome {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe2(&ends, O_CLOEXEC) == 0 else { return .notStarted(errno) }
        let output = OwnedDescriptor(ends[0])
        switch start(writingTo: OwnedDescriptor(ends[1])) {
        case .failed(let code): return .notStarted(code)
        case .running(let process):
            guard output.isOpen, fcntl(output.number, F_SETFL, O_NONBLOCK) == 0 else {
                return stop(process, .running, as: .notStarted(errno))
            }
            return watch(process, output, flag)
        }
    }

    // MARK: Starting

    private enum Started {
        case running(pid_t)
        case failed(Int32)
    }

    /// This function closes its copy of the pipe's write end: while it is open, the output does not
    /// end.
    private func start(writingTo output: consuming OwnedDescriptor) -> Started {
        let file = OwnedDescriptor(unsafe memfd_create("input", ASSAY_MFD_CLOEXEC))
        guard output.isOpen, file.isOpen, file.fill(with: input) else { return .failed(errno) }
        let variables = environment.map { "\($0.key)=\($0.value)" }
        let texts = [path] + arguments + variables
        guard !texts.contains(where: { $0.utf8.contains(0) }) else { return .failed(EINVAL) }
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        guard unsafe posix_spawn_file_actions_init(&actions) == 0 else { return .failed(ENOMEM) }
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        guard unsafe posix_spawnattr_init(&attributes) == 0 else { return .failed(ENOMEM) }
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // A duplicate is not closed on exec, whatever its original is.
        unsafe posix_spawn_file_actions_adddup2(&actions, file.number, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output.number, 1)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        unsafe posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        setSignals(of: &attributes)
        var process: pid_t = 0
        var code = ETXTBSY
        // A program that was just written is busy while another one, which is being started, still
        // has a copy of its writer's descriptor.
        for attempt in 0..<50 where code == ETXTBSY {
            if attempt > 0 { usleep(10_000) }
            code = unsafe withTexts([path] + arguments) { words in
                unsafe withTexts(variables) { variables in
                    unsafe posix_spawn(&process, path, &actions, &attributes, words, variables)
                }
            }
        }
        return code == 0 ? .running(process) : .failed(code)
    }

    /// The program gets a process group of its own. No signal is blocked, and a broken pipe ends the program, whatever holds in this process.
    private func setSignals(of attributes: inout posix_spawnattr_t) {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
    }

    // MARK: Watching

    private func watch(
        _ process: pid_t, _ output: borrowing OwnedDescriptor, _ flag: CancellationFlag
    )
        -> Outcome
    {
        let deadline = ContinuousClock.now + .seconds(bounds.seconds)
        var written: [UInt8] = []
        var isOpen = true
        var pause: Int32 = 1
        while true {
            // The program's end is checked before the pipe is read, so all of its output is then in
            // the pipe.
            let state = state(of: process)
            isOpen = isOpen && output.drain(into: &written, atMost: bounds.bytes)
            guard written.count <= bounds.bytes else {
                return stop(process, state, as: .wroteTooMuch)
            }
            switch state {
            case .ended(let end): return .ended(written, end)
            case .unknown: return .endUnknown
            case .running: break
            }
            if flag.isCancelled.load(ordering: .relaxed) {
                return stop(process, state, as: .cancelled)
            }
            guard ContinuousClock.now < deadline else {
                return stop(process, state, as: .tookTooLong)
            }
            output.wait(milliseconds: pause, forInput: isOpen)
            pause = min(2 * pause, Int32(Limits.childPollMilliseconds))
        }
    }

    private enum State {
        case running
        case ended(End)
        case unknown
    }

    /// Whether the process still runs. A process that has ended is reaped; its id may then be
    /// reused.
    private func state(of process: pid_t) -> State {
        var status: Int32 = 0
        switch unsafe waitpid(process, &status, WNOHANG) {
        case process:
            // Spec: <sys/wait.h>; its macros are not visible to Swift.
            let signal = status & 0x7F
            return .ended(signal == 0 ? .exited(status >> 8 & 0xFF) : .signaled(signal))
        case 0: return .running
        default: return errno == EINTR ? .running : .unknown
        }
    }

    private func stop(_ process: pid_t, _ state: State, as outcome: Outcome) -> Outcome {
        guard case .running = state else { return outcome }
        // The program is not reaped yet, so its number is still that of its own group.
        kill(-process, SIGKILL)
        // A killed process that hangs in the kernel is not awaited beyond one second.
        for _ in 0..<100 {
            guard case .running = self.state(of: process) else { break }
            usleep(10_000)
        }
        return outcome
    }
}

/// A descriptor that is closed with its owner. It is never one of the three standard ones, so that
/// it can be duplicated onto any of them.
private struct OwnedDescriptor: ~Copyable {
    let number: Int32

    init(_ opened: Int32) {
        guard (0...2).contains(opened) else { number = opened; return }
        number = fcntl(opened, F_DUPFD_CLOEXEC, 3)
        close(opened)
    }

    deinit { if number >= 0 { close(number) } }

    var isOpen: Bool { number >= 0 }

    /// Writes the content of a file that is read from its start.
    func fill(with content: [UInt8]) -> Bool {
        (try? writeAll(content, to: number, named: "the input")) != nil
            && lseek(number, 0, SEEK_SET) == 0
    }

    /// Reads what is there, and stops after one byte more than `limit`; false at the end.
    func drain(into content: inout [UInt8], atMost limit: Int) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 64 * 1_024)
        while content.count <= limit {
            let got = unsafe chunk.withUnsafeMutableBytes { buffer in
                unsafe read(number, buffer.baseAddress, buffer.count)
            }
            if got < 0, errno == EINTR { continue }
            if got < 0 { return errno == EAGAIN }
            guard got > 0 else { return false }
            content += chunk[..<got]
        }
        return true
    }

    /// Waits until there is something to read, or the time is over.
    func wait(milliseconds: Int32, forInput: Bool) {
        var waiting = pollfd(fd: forInput ? number : -1, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&waiting, 1, milliseconds)
    }
}

/// Texts as C wants them: pointers, and nil after the last. The result is an `errno`.
private func withTexts(
    _ texts: [String], _ work: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Int32
) -> Int32 {
    var pointers: [UnsafeMutablePointer<CChar>?] = unsafe texts.map { unsafe strdup($0) } + [nil]
    defer { unsafe pointers.forEach { unsafe free($0) } }
    return unsafe pointers.withUnsafeMutableBufferPointer { buffer in
        guard let first = buffer.baseAddress else { return ENOMEM }
        return unsafe work(UnsafePointer(first))
    }
}
