// SPDX-License-Identifier: Apache-2.0
// What calls cost in steps, before they are made. A step is about 150 ns of work.

/// What a call costs beside its arguments' own evaluation.
struct FunctionPrice: Sendable {
    let base: Int
    /// For each 64 bytes of text among the arguments.
    let perText: Int

    /// Text is compared or copied.
    static let plain = FunctionPrice(base: 0, perText: 1)
    /// Each character is looked up.
    static let characters = FunctionPrice(base: 4, perText: 48)
    /// Text is read by a grammar, and told in a problem when it does not fit.
    static let reader = FunctionPrice(base: 12, perText: 64)

    func steps(_ bytes: Int) -> Int { base + bytes * perText / 64 }
}

/// By name; all others are plain.
let functionPrices: [String: FunctionPrice] = {
    var prices: [String: FunctionPrice] = [
        "parse_yaml": FunctionPrice(base: 200, perText: 64),
        "random": FunctionPrice(base: 30, perText: 160),
        "semver_compare": FunctionPrice(base: 30, perText: 400),
        "image_normalize": FunctionPrice(base: 40, perText: 64),
        "base64_decode": FunctionPrice(base: 6, perText: 10),
        "lookup": .characters,
    ]
    for name in ["reverse", "to_upper", "to_lower", "trim", "equal_fold", "truncate"] {
        prices[name] = .characters
    }
    for name in [
        "time_since", "time_add", "time_parse", "time_to_cron", "time_utc", "time_diff",
        "time_before", "time_after", "time_between", "time_truncate", "add", "subtract", "multiply",
        "divide", "modulo", "round", "to_boolean", "to_number", "path_canonicalize",
    ] { prices[name] = .reader }
    return prices
}()
