// SPDX-License-Identifier: Apache-2.0
// Time functions. Times are RFC 3339 unless a layout is given; the caller supplies the current
// time.
// Spec: kyverno.io, "JMESPath": Time functions; Go package time.

import JMESPath
import Primitives

let timeFunctions: [FunctionDefinition] = [
    FunctionDefinition(
        "time_since", [.string, .string, .string], "string",
        "how long from the second to the third (empty: now), both in the layout",
        price: .reader
    ) { call, evaluator throws(EvaluationError) in
        let layout = try call.string(0)
        let start = try time(call, 1, layout)
        let end = try call.string(2).isEmpty ? now(call, evaluator) : time(call, 2, layout)
        return .string(end.since(start).text)
    },
    // Deviation: the result is in UTC, not in the machine's time zone, so that it is reproducible.
    FunctionDefinition("time_now", [], "string", "the time of this evaluation") {
        call, evaluator throws(EvaluationError) in
        .string(try now(call, evaluator).text)
    },
    FunctionDefinition("time_now_utc", [], "string", "the time of this evaluation, in UTC") {
        call, evaluator throws(EvaluationError) in
        .string(try now(call, evaluator).text)
    },
    FunctionDefinition(
        "time_add", [.string, .string], "string", "a time and a duration later",
        price: .reader
    ) {
        call, _ throws(EvaluationError) in
        let start = try time(call, 0)
        let end = ZonedTime(
            total: start.total + Int128(try duration(call, 1).nanoseconds), offset: start.offset)
        guard let end else { throw call.invalid("the time is out of range") }
        return .string(end.text)
    },
    // Deviation kept from Kyverno: with a number as the layout, the time is in seconds since 1970.
    FunctionDefinition(
        "time_parse", [.string, .string], "string", "a time in that layout, in RFC 3339",
        price: .reader
    ) { call, _ throws(EvaluationError) in
        let (layout, text) = (try call.string(0), try call.string(1))
        guard Int(layout) != nil else { return .string(try time(call, 1, layout).text) }
        guard let seconds = Int(text),
            let moment = ZonedTime(total: Int128(seconds) * 1_000_000_000, offset: 0)
        else { throw call.invalid("\(quoted(text)) is not a number of seconds") }
        return .string(moment.text)
    },
    FunctionDefinition(
        "time_to_cron", [.string], "string", "minute hour day month weekday",
        price: .reader
    ) {
        call, _ throws(EvaluationError) in
        let at = try time(call, 0).calendar
        return .string("\(at.minute) \(at.hour) \(at.day) \(at.month) \(at.dayOfWeek)")
    },
    FunctionDefinition(
        "time_utc", [.string], "string", "the same moment in UTC",
        price: .reader
    ) {
        call, _ throws(EvaluationError) in
        .string(try time(call, 0).utc.text)
    },
    FunctionDefinition(
        "time_diff", [.string, .string], "string", "how long from first to second",
        price: .reader
    ) {
        call, _ throws(EvaluationError) in
        .string(try time(call, 1).since(time(call, 0)).text)
    },
    FunctionDefinition(
        "time_before", [.string, .string], "boolean", "whether the first is earlier",
        price: .reader
    ) {
        call, _ throws(EvaluationError) in
        .bool(try time(call, 0).total < time(call, 1).total)
    },
    FunctionDefinition(
        "time_after", [.string, .string], "boolean", "whether the first is later",
        price: .reader
    ) {
        call, _ throws(EvaluationError) in
        .bool(try time(call, 0).total > time(call, 1).total)
    },
    // Both ends are excluded, as in Kyverno.
    FunctionDefinition(
        "time_between", [.string, .string, .string], "boolean",
        "whether the first is after the second and before the third",
        price: .reader
    ) { call, _ throws(EvaluationError) in
        let moment = try time(call, 0).total
        let (start, end) = (try time(call, 1).total, try time(call, 2).total)
        return .bool(start < moment && moment < end)
    },
    FunctionDefinition(
        "time_truncate", [.string, .string], "string", "down to a multiple",
        price: .reader
    ) {
        call, _ throws(EvaluationError) in
        guard let result = try time(call, 0).truncated(to: duration(call, 1)) else {
            throw call.invalid("the time is out of range")
        }
        return .string(result.text)
    },
]

private func now(_ call: FunctionCall, _ evaluator: Evaluator) throws(EvaluationError) -> ZonedTime
{
    guard let now = evaluator.context.now else {
        throw call.invalid("the time is not known here", .unavailable)
    }
    return ZonedTime(seconds: now.seconds)
}

private func time(_ call: FunctionCall, _ position: Int, _ layout: String = "")
    throws(EvaluationError) -> ZonedTime
{
    let text = try call.string(position)
    let form = layout.isEmpty ? GoTimeLayout.rfc3339 : GoTimeLayout(layout)
    guard let time = form.time(from: text) else {
        let wanted = layout.isEmpty ? "2006-01-02T15:04:05Z07:00" : layout
        throw call.invalid("\(quoted(text)) is not a time in the layout \(quoted(wanted))")
    }
    return time
}

private func duration(_ call: FunctionCall, _ position: Int) throws(EvaluationError) -> GoDuration {
    let text = try call.string(position)
    guard let duration = GoDuration(text) else {
        throw call.invalid("\(quoted(text)) is not a duration such as 1h30m")
    }
    return duration
}
