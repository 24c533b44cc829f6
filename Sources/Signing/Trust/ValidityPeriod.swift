// SPDX-License-Identifier: Apache-2.0
// Validity periods.

package import Primitives

/// A period of time with inclusive ends.
///
/// Spec: sigstore_common.proto, TimeRange: "If the end is not given, the range is open-ended",
/// ends inclusive. RFC 5280 §4.1.2.5: "from notBefore through notAfter, inclusive".
package struct ValidityPeriod: Hashable, Sendable, CustomStringConvertible {
    package let start: Timestamp
    /// The end; nil for an open-ended period.
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
