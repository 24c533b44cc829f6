// SPDX-License-Identifier: Apache-2.0
// The functions that Kyverno adds to CEL and that need no input from outside.
// Spec: github.com/kyverno/sdk, extensions/cel/libs; github.com/kyverno/kyverno,
// pkg/cel/compiler/env.go.

package import CEL
internal import Crypto
internal import Primitives

extension CELEnvironment {
    /// The environment of Kyverno's ImageValidatingPolicy, without its verification functions,
    /// which the caller adds.
    package static let kyverno: CELEnvironment = {
        var environment = CELEnvironment.kubernetes
        let libraries: [CELLibrary] = [
            .encoders, .math, .regex, .images, .documents, .hashes, .times, .transforms, .rounding,
        ]
        for library in libraries { environment.add(library) }
        return environment
    }()

    /// The environment of Kyverno's other policies.
    package static let kyvernoPolicies: CELEnvironment = {
        var environment = CELEnvironment.kyverno
        environment.options.insert(.orValueOnPlainValues)
        return environment
    }()
}

extension CELLibrary {
    /// `image`, `parseImageReference`, `isImage` and the parts of a reference.
    package static let images = CELLibrary(overloads: imageOverloads, types: [imageType])
    /// `listObjToMap` and `transform.listObjToMap`.
    package static let transforms = CELLibrary(overloads: transformOverloads)
    /// `json.marshal`, `json.unmarshal`, `yaml.parse`.
    package static let documents = CELLibrary(overloads: documentOverloads)
    /// `sha256`, `sha1`, `md5`, and `hash.sha256`, `hash.sha1`, `hash.md5`.
    package static let hashes = CELLibrary(overloads: hashOverloads)
    /// `time.now`, `time.truncate`, `time.toCron`.
    package static let times = CELLibrary(overloads: momentOverloads)
    /// `math.round` with a precision.
    package static let rounding = CELLibrary(overloads: [
        .global("math.round", .double, .int, .double) {
            value, places, _ throws(EvaluationInterruption) in
            .double(rounded(try value.number(), places: try places.int()))
        }
    ])
}

extension CELBindings {
    /// The variable of `time.now()`: a time that the caller binds, or an unknown.
    package static let now = "time.now"
}

// MARK: - Images

private let imageType = "kyverno.Image"
private let image = CELType.opaque(imageType, [])

private let imageOverloads: [Overload] =
    ["image", "parseImageReference"].map { name in
        .global(name, .string, image) { text, _ throws(EvaluationInterruption) in
            let text = try text.string()
            guard let reference = ImageReference(text) else {
                throw .failed(.conversion, "could not parse reference: \(quoted(text))")
            }
            let canonical =
                "\(reference.registry)/\(reference.repository) \(reference.identifier)"
            return .opaque(
                OpaqueValue(typeName: imageType, custom: reference, text: canonical))
        }
    }
    + [
        .global("isImage", .string, .bool) { text, _ throws(EvaluationInterruption) in
            .bool(ImageReference(try text.string()) != nil)
        },
        .method("containsDigest", on: image, .bool) { value, _ throws(EvaluationInterruption) in
            .bool(try !asImage(value).digest.isEmpty)
        },
    ]
    + part("registry", \.registry) + part("repository", \.repository) + part("tag", \.tag)
    + part("identifier", \.identifier) + part("digest", \.digest)

private func part(
    _ name: String, _ text: @escaping @Sendable (ImageReference) -> String
) -> [Overload] {
    [
        .method(name, on: image, .string) { value, _ throws(EvaluationInterruption) in
            .string(text(try asImage(value)))
        }
    ]
}

private func asImage(_ value: CELValue) throws(EvaluationInterruption) -> ImageReference {
    guard case .opaque(let opaque) = value, let reference = opaque.customValue as? ImageReference
    else { throw .noSuchOverload }
    return reference
}

// MARK: - Transforms

private let transformOverloads: [Overload] = ["", "transform."].map { prefix in
    .global(
        prefix + "listObjToMap", [.anyList, .anyList, .string, .string], .map(.string, .dyn)
    ) { values, meter throws(EvaluationInterruption) in
        let (keys, items) = (try values[0].items(), try values[1].items())
        guard keys.count == items.count else {
            throw .failed(
                .invalidArgument,
                "listObjToMap must take lists of equal length. "
                    + "list1: \(keys.count), list2: \(items.count)"
            )
        }
        var map = MapBuilder(capacity: keys.count)
        for (key, item) in zip(keys, items) {
            try meter.charge(1)
            guard case .string(let name) = try key.entries()[try values[2].string()] else {
                throw .failed(
                    .invalidArgument, "the key of an object for listObjToMap is not a string")
            }
            // As in Kyverno, a missing value is null, and the last of several equal keys wins.
            map.set(try item.entries()[try values[3].string()] ?? .null, for: .string(name))
        }
        return .map(map.map())
    }
}

// MARK: - Documents

private let documentOverloads: [Overload] = [
    .global("json.unmarshal", .string, .dyn) { text, meter throws(EvaluationInterruption) in
        let text = try text.string()
        try meter.charge(text.utf8.count)
        do throws(Failure) {
            return CELValue(json: try JSONValue(parsing: text.utf8, named: "the text"))
        } catch { throw unreadable(error) }
    },
    .global("json.marshal", .dyn, .string) { value, meter throws(EvaluationInterruption) in
        var writer = GoDocumentWriter()
        try writer.write(value, &meter)
        try meter.chargeText(writer.bytes.count)
        return .string(String(decoding: writer.bytes, as: UTF8.self))
    },
    .global("yaml.parse", .string, .dyn) { text, meter throws(EvaluationInterruption) in
        let text = try text.string()
        // libyaml takes about one microsecond for each line, and 50 to start.
        try meter.charge(700 + text.utf8.count * 5)
        do throws(Failure) {
            let documents = try YAMLNode.documents(
                parsing: Array(text.utf8), named: "the text", nodes: Limits.expressionYAMLNodes)
            return CELValue(json: documents.first?.json ?? .null)
        } catch { throw unreadable(error) }
    },
]

private func unreadable(_ failure: Failure) -> EvaluationInterruption {
    .failed(.conversion, "\(failure.what): \(failure.why)")
}

// MARK: - Hashes

private let hashOverloads: [Overload] = ["", "hash."].flatMap { prefix in
    [
        hash(prefix + "sha256") { hexText(SHA256.hash(data: $0)) },
        hash(prefix + "sha1") { hexText(Insecure.SHA1.hash(data: $0)) },
        hash(prefix + "md5") { hexText(Insecure.MD5.hash(data: $0)) },
    ]
}

private func hash(
    _ name: String, _ digest: @escaping @Sendable ([UInt8]) -> String
) -> Overload {
    .global(name, .string, .string) { text, meter throws(EvaluationInterruption) in
        let bytes = Array(try text.string().utf8)
        try meter.chargeText(bytes.count)
        return .string(digest(bytes))
    }
}

// MARK: - Times

private let momentOverloads: [Overload] = [
    Overload(CELBindings.now, [], .timestamp, .binding),
    .global("time.toCron", .timestamp, .string) { time, _ throws(EvaluationInterruption) in
        let date = CalendarTime(seconds: Int(try time.time().seconds))
        return .string(
            "\(date.minute) \(date.hour) \(date.day) \(date.month) \(date.dayOfWeek)")
    },
    .global("time.truncate", .timestamp, .duration, .timestamp) {
        time, length, _ throws(EvaluationInterruption) in
        let time = try time.time()
        let step = Int128(try length.length().nanoseconds)
        guard step > 0 else { return .timestamp(time) }
        // Spec: Go, Time.Truncate: multiples of the duration since 1 January of the year 1.
        let first = CELTimestamp.secondsRange.lowerBound
        let total = Int128(time.seconds - first) * 1_000_000_000 + Int128(time.nanoseconds)
        let kept = total - total % step
        guard
            let result = CELTimestamp(
                seconds: Int64(kept / 1_000_000_000) + first,
                nanoseconds: Int32(kept % 1_000_000_000))
        else { throw .failed(.outOfRange, "timestamp out of range") }
        return .timestamp(result)
    },
]

// MARK: - Rounding

/// Rounds as Kyverno's math.round(value, precision): scale by a power of ten, round, scale back.
private func rounded(_ value: Double, places: Int64) -> Double {
    var shift = 1.0
    for _ in 0..<min(places.magnitude, 400) { shift *= 10 }
    if places < 0 { shift = 1 / shift }
    return (value * shift).rounded(.toNearestOrAwayFromZero) / shift
}
