// SPDX-License-Identifier: Apache-2.0
// Invisible characters, which change how a text looks.
// Spec: Unicode Standard, General_Category and Default_Ignorable_Code_Point; UTS #39 and UTR #36.

extension Unicode.Scalar {
    /// Whether a terminal would execute the character, drop it, or reorder its neighbours: control
    /// characters of both sets, bidirectional marks, zero-width characters, tags, line and
    /// paragraph separators. Private-use characters count too, because fonts display them
    /// differently.
    package var isInvisible: Bool {
        guard value >= 0x7F else { return value < 0x20 }
        switch properties.generalCategory {
        case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator, .privateUse:
            return true
        default: return properties.isDefaultIgnorableCodePoint
        }
    }
}
