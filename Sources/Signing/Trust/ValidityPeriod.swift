// SPDX-License-Identifier: Apache-2.0
// From when to when something may be believed.

package import Primitives

/// A period of time, both ends inside it.
///
/// Spec: sigstore_common.proto, TimeRange: "If the end is not given, the range is open-ended",
/// ends inclusive. RFC 5280 §4.1.2.5: "from notBefore through notAfter, inclusive".
package struct ValidityPeriod: Hashable, Sendable, CustomStringConvertible {
    package let start: Timestamp
    /// Nil for a period without an end.
    package let end: Timestamp?

    package init(start: Timestamp, end: Timestamp?) {
        self.start = start
        self.end = end
    }

    package func contains(_ time: Timestamp) -> Bool {
        time >= start && (end.map { time <= $0 } ?? true)
    }

    package var description: String { "\(start) to \(end.map(\.description) ?? "further notice")" }
}
