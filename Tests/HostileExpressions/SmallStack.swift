// SPDX-License-Identifier: Apache-2.0
// Work on a thread whose stack is as small as those that tasks run on, and its time.

internal import Foundation

/// Runs `work` on a thread with 512 KiB of stack, and waits for it.
package func onSmallStack(_ work: @escaping @Sendable () -> Void) {
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
        work()
        done.signal()
    }
    thread.stackSize = 512 * 1_024
    thread.start()
    done.wait()
}

/// Processor time of this thread alone: others run beside.
package func threadMilliseconds() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1_000 + Double(time.tv_nsec) / 1e6
}
