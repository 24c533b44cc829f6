// SPDX-License-Identifier: Apache-2.0
// Our table of time zones against the machine's.

import CEL
import Foundation
import TestSupport
import Testing

@Suite("time zones")
struct TimeZoneTests {
    private static let names = TimeZone.knownTimeZoneIdentifiers

    @Test("the local hour is the machine's", arguments: names)
    func agrees(name: String) throws {
        let zone = try #require(TimeZone(identifier: name))
        let program = try CELEnvironment.conformance.withTime.compile(
            "t.getHours(z) * 60 + t.getMinutes(z)")
        var generator = SeededGenerator(
            seed: UInt64(name.utf8.reduce(0) { ($0 &* 31 &+ UInt64($1)) % 1_000_003 }))
        var differences = 0
        for _ in 0..<40 {
            // 1990 to 2037: the machine's own tables end there.
            let seconds = Int64.random(in: 631_152_000..<2_114_380_800, using: &generator)
            let offset = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))
            let local = (seconds + Int64(offset)) % 86_400 / 60
            let time = try #require(CELTimestamp(seconds: seconds))
            let outcome = try program.evaluate(
                CELBindings(["t": .timestamp(time), "z": .string(name)]))
            guard case .value(.int(local)) = outcome else {
                differences += 1
                continue
            }
        }
        #expect(differences == 0)
    }

    @Test(
        "an offset needs no table",
        arguments: [("+05:30", 5), ("-08:00", 16), ("02:00", 2), ("UTC", 0), ("", 0)])
    func offsets(zone: String, hour: Int64) throws {
        let source = "timestamp('2009-02-13T00:10:00Z').getHours('\(zone)')"
        guard
            case .value(.int(hour)) = try CELEnvironment.conformance.compile(source).evaluate(
                CELBindings())
        else {
            Issue.record("\(zone)")
            return
        }
    }

    @Test(
        "a name nobody knows, and a time before the table, are errors",
        arguments: [
            "timestamp('2009-02-13T00:00:00Z').getHours('Mars/Olympus')",
            "timestamp('1989-12-31T23:59:59Z').getHours('Europe/Paris')",
            "timestamp('2009-02-13T00:00:00Z').getHours('25:00')",
        ])
    func unknown(source: String) throws {
        let program = try CELEnvironment.conformance.compile(source)
        let problem = #expect(throws: CELProblem.self) { try program.evaluate(CELBindings()) }
        #expect(problem?.kind == .invalidArgument)
    }
}

extension CELEnvironment {
    fileprivate var withTime: CELEnvironment {
        var environment = self
        environment.declare(VariableDeclaration("t", .timestamp))
        environment.declare(VariableDeclaration("z", .string))
        return environment
    }
}
