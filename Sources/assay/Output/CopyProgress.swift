// SPDX-License-Identifier: Apache-2.0
// How far a copy is, drawn on one line of a terminal and nowhere else.

import Foundation
import Registry
import Synchronization

/// Draws at most ten times a second, and only once a copy takes longer than a second.
final class CopyProgress: Sendable {
    private struct State {
        var total = 0
        var moved = 0
        var items = 0
        var done = 0
        var drawn = ContinuousClock.now
        var hasDrawn = false
    }

    private let state = Mutex(State())
    private let started = ContinuousClock.now
    private let isOn: Bool

    init() { isOn = StandardError.isTerminal && ProcessInfo.processInfo.environment["CI"] == nil }

    func note(_ event: CopyEvent) {
        guard isOn else { return }
        let line: String? = state.withLock { state in
            switch event {
            case .discovered(let manifests, let blobs, let bytes):
                state.total = bytes
                state.items = manifests + blobs
            case .moved(_, let bytes): state.moved += bytes
            case .blobDone, .manifestDone: state.done += 1
            case .blobStarted, .comparing: break
            }
            let now = ContinuousClock.now
            guard now - started > .seconds(1), now - state.drawn > .milliseconds(100) else {
                return nil
            }
            state.drawn = now
            state.hasDrawn = true
            return
                "\(state.done)/\(state.items) items, \(mebibytes(state.moved)) of \(mebibytes(state.total)) MiB"
        }
        if let line {
            StandardError.draw(line)
        }
    }

    /// Wipes the line.
    func finish() {
        guard state.withLock({ $0.hasDrawn }) else { return }
        StandardError.draw("")
    }

    private func mebibytes(_ bytes: Int) -> Int { bytes >> 20 }
}
