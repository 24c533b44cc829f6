// SPDX-License-Identifier: Apache-2.0
// Expressions over a line protocol: one JSON object a line in, one out. For conformance suites;
// never shipped.

import Foundation

// Each answer leaves at once: whoever asks may wait for it before the next question.
while let line = readLine() {
    FileHandle.standardOutput.write(Data((answer(to: line) + "\n").utf8))
}
