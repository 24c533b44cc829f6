// SPDX-License-Identifier: Apache-2.0
// Where the program starts: inside libFuzzer when it was built with it (scripts/fuzz does that),
// else as a program that runs given inputs once. Spec: LLVM's "libFuzzer", "Fuzz Target".

import Foundation
import Signing

#if LIBFUZZER
    /// Set once, before the first input.
    nonisolated(unsafe) private var fuzzing: (target: FuzzTarget, world: FuzzWorld)?

    /// libFuzzer's own main calls this first; it may put other words in place of the program's.
    @_cdecl("LLVMFuzzerInitialize")
    public func initializeFuzzer(
        _ count: UnsafeMutablePointer<CInt>,
        _ words: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>
    ) -> CInt {
        do {
            guard let command = FuzzCommand(Array(CommandLine.arguments.dropFirst())) else {
                stop(FuzzCommand.usage)
            }
            let world = try FuzzWorld()
            try command.writeExamples(of: world)
            unsafe fuzzing = (command.target, world)
            let texts = CommandLine.arguments.prefix(1) + command.engineWords
            // Never freed: the engine keeps the words for as long as it runs.
            let copies = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(
                capacity: texts.count + 1)
            for (index, text) in texts.enumerated() { unsafe copies[index] = strdup(text) }
            unsafe copies[texts.count] = nil
            unsafe words.pointee = copies
            unsafe count.pointee = CInt(texts.count)
        } catch {
            stop("assay-fuzz: \(error)")
        }
        return 0
    }

    @_cdecl("LLVMFuzzerTestOneInput")
    public func runOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
        let bytes = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
        if let (target, world) = unsafe fuzzing { target.run(bytes, in: world) }
        return 0
    }

    /// The name under which the package manager looks for the program's start.
    @_cdecl("assay_fuzz_main")
    public func startFuzzer(
        _ count: CInt, _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    ) -> CInt {
        var (count, words) = unsafe (count, words)
        return unsafe runDriver(&count, &words, runOneInput)
    }

    @_silgen_name("LLVMFuzzerRunDriver")
    private func runDriver(
        _ count: UnsafeMutablePointer<CInt>,
        _ words: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
        _ run: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
    ) -> CInt

    extension FuzzCommand {
        /// The command in the engine's own words.
        fileprivate var engineWords: [String] {
            [
                "-max_total_time=\(seconds)", "-seed=\(seed)",
                "-max_len=\(rest.isEmpty ? target.byteLimit : Limits.evidenceBytes)",
                "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1", "-verbosity=1",
                "-artifact_prefix=\(corpus.map { "\($0)." } ?? "")\(target.rawValue)-",
            ] + (corpus.map { [$0] } ?? []) + rest
        }
    }
#else
    @main
    enum FuzzProgram {
        static func main() throws {
            guard let command = FuzzCommand(Array(CommandLine.arguments.dropFirst())) else {
                stop(FuzzCommand.usage)
            }
            let world = try FuzzWorld()
            try command.writeExamples(of: world)
            print("\(try command.replay(in: world)) inputs, no trap")
        }
    }
#endif
