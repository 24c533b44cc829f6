// SPDX-License-Identifier: Apache-2.0
// One question has one time, whatever it asks and however slowly each answer comes.

import HTTPTypes
import OCI
import Primitives
import Registry
import TestSupport
import Testing

@Suite("the time of one question")
struct QuestionDeadlineTests {
    private func slow(_ stage: Stage, seconds: Int) {
        let clock = stage.clock
        stage.registry.intercept { request, _ in
            try await clock.wait(milliseconds: min(seconds, request.seconds) * 1_000)
            guard seconds <= request.seconds else { throw stalled }
            return nil
        }
    }

    @Test("requests that are each in time end with the time of the question")
    func manyRequests() async throws {
        let stage = try Stage()
        let image = try await stage.image()
        let repository = stage.client.forQuestion(of: 20).repository(stage.repository.name)
        let start = stage.clock.now().seconds
        slow(stage, seconds: 8)
        for _ in 0..<2 { _ = try await repository.manifest(.digest(image.digest)) }
        await expectFailure(.unavailable, "stopped sending") {
            _ = try await repository.manifest(.digest(image.digest))
        }
        #expect(stage.registry.seen.suffix(3).map(\.seconds) == [20, 12, 4])
        let asked = stage.registry.seen.count
        await expectFailure(.unavailable, "time limit of 20 seconds has passed") {
            _ = try await repository.referrers(of: image.digest).complete()
        }
        await expectFailure(.unavailable, "time limit of 20 seconds has passed") {
            _ = try await repository.read(Descriptor(of: [1], as: .octets), atMost: 10)
        }
        #expect(stage.registry.seen.count == asked)
        #expect(stage.clock.now().seconds - start == 20)
    }

    @Test("a transfer that breaks again and again ends with the time of the question")
    func transfer() async throws {
        let stage = try Stage()
        let repository = stage.client.forQuestion(of: 5).repository(stage.repository.name)
        let start = stage.clock.now().seconds
        stage.registry.intercept { _, _ in brokenAnswer(200, body: [], then: stalled) }
        await expectFailure(.unavailable, "time limit of 5 seconds has passed") {
            _ = try await repository.read(Descriptor(of: [1], as: .octets), atMost: 10)
        }
        #expect(stage.clock.now().seconds - start <= 5)
    }

    @Test("without a question's time a transfer has all the time its size needs")
    func unlimited() async throws {
        let stage = try Stage()
        slow(stage, seconds: 50)
        let bytes = [UInt8](repeating: 1, count: 9)
        try await stage.put(bytes, .octets)
        for _ in 0..<5 {
            #expect(
                try await stage.repository.read(Descriptor(of: bytes, as: .octets), atMost: 9)
                    == bytes)
        }
    }
}
