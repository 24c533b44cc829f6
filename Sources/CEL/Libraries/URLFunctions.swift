// SPDX-License-Identifier: Apache-2.0
// URLs. Spec: Kubernetes, library/urls.

internal import Primitives

extension CELLibrary {
    /// `url`, `isURL` and the parts of a URL.
    package static let kubernetesURLs = CELLibrary(
        Content(overloads: overloads, types: [urlType]))
}

private let urlType = "kubernetes.URL"
private let address = CELType.opaque(urlType, [])

private let overloads: [Overload] =
    [
        .global("url", .string, address) { text, _ throws(EvaluationInterruption) in
            let text = try text.string()
            guard let url = AbsoluteURL(text) else {
                throw .failed(
                    .conversion,
                    "URL parse error during conversion from string: "
                        + "\(quoted(text)) is not an absolute URI or path"
                )
            }
            return .opaque(OpaqueValue(typeName: urlType, content: .url(url), text: text))
        },
        .global("isURL", .string, .bool) { text, _ throws(EvaluationInterruption) in
            .bool(AbsoluteURL(try text.string()) != nil)
        },
        .method("getQuery", on: address, .map(.string, .list(.string))) {
            url, meter throws(EvaluationInterruption) in
            var names = MapBuilder()
            var values: [String: [CELValue]] = [:]
            for (name, value) in try asURL(url).query {
                try meter.charge(1)
                values[name, default: []].append(.string(value))
                names.set(.null, for: .string(name))
            }
            var map = MapBuilder()
            for case .string(let name) in names.map().keys {
                map.set(.list(values[name] ?? []), for: .string(name))
            }
            return .map(map.map())
        },
    ]
    + part("getScheme", \.scheme) + part("getHost", \.host) + part("getHostname", \.hostname)
    + part("getPort", \.port) + part("getEscapedPath", \.escapedPath)

private func part(
    _ name: String, _ text: @escaping @Sendable (AbsoluteURL) -> String
) -> [Overload] {
    [
        .method(name, on: address, .string) { url, _ throws(EvaluationInterruption) in
            .string(text(try asURL(url)))
        }
    ]
}

private func asURL(_ value: CELValue) throws(EvaluationInterruption) -> AbsoluteURL {
    guard case .url(let url) = try value.content() else { throw .noSuchOverload }
    return url
}
