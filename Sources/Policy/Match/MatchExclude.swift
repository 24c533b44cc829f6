// SPDX-License-Identifier: Apache-2.0
// match and exclude of a rule. Spec: docs/kyverno.md, "Matching".

import Primitives

/// The resources a rule speaks about.
struct MatchExclude: Sendable {
    enum Combination: Sendable {
        case any([ResourceFilter])
        case all([ResourceFilter])

        var filters: [ResourceFilter] {
            switch self {
            case .any(let filters), .all(let filters): filters
            }
        }
    }

    var match: Combination
    var exclude: Combination?

    init(match: YAMLNode, exclude: YAMLNode?) throws(Failure) {
        self.match = try combination(match, isMatch: true)
        self.exclude = nil
        if let exclude, try !exclude.members().isEmpty {
            self.exclude = try combination(exclude, isMatch: false)
        }
    }

    /// Every filter that names resources.
    var descriptions: [ResourceDescription] {
        (match.filters + (exclude?.filters ?? [])).compactMap(\.resources)
    }

    func answer(_ request: AdmissionRequest) throws(Failure) -> MatchResult {
        let matched = try answer(match, request)
        guard matched != .no, let exclude else { return matched }
        switch try answer(exclude, request) {
        case .yes: return .no
        case .no: return matched
        case .undecided(let why): return .undecided(why)
        }
    }

    /// The same scope with every block of kinds that holds pods speaking of `kinds` instead.
    func speaking(of kinds: [KindSelector]) -> MatchExclude {
        var scope = self
        scope.match = match.speaking(of: kinds)
        scope.exclude = exclude?.speaking(of: kinds)
        return scope
    }

    private func answer(
        _ combination: Combination, _ request: AdmissionRequest
    ) throws(Failure) -> MatchResult {
        var answers: [MatchResult] = []
        for filter in combination.filters { answers.append(try filter.answer(request)) }
        switch combination {
        case .any: return .any(answers)
        case .all: return .all(answers)
        }
    }
}

extension MatchExclude.Combination {
    fileprivate func speaking(of kinds: [KindSelector]) -> MatchExclude.Combination {
        let filters = filters.map { filter in
            var filter = filter
            if filter.resources?.kinds.contains(where: \.isPod) == true {
                filter.resources?.kinds = kinds
            }
            return filter
        }
        switch self {
        case .any: return .any(filters)
        case .all: return .all(filters)
        }
    }
}

/// Either `any` or `all`, or the older form with the parts written directly.
///
/// Spec: docs/kyverno.md, "Matching".
private func combination(
    _ node: YAMLNode, isMatch: Bool
) throws(Failure) -> MatchExclude.Combination {
    try node.refuseFields(otherThan: ResourceFilter.fields.union(["any", "all"]))
    let any = try node.optional("any")
    let all = try node.optional("all")
    guard any != nil || all != nil else {
        return .all([try ResourceFilter(reading: node, isMatch: isMatch)])
    }
    guard try node.members().count(where: { !$0.value.isNull }) == 1, let list = any ?? all else {
        throw node.broken(
            "any, all and the parts themselves cannot stand together; write one of them")
    }
    var filters: [ResourceFilter] = []
    for item in try list.items() {
        filters.append(try ResourceFilter(reading: item, isMatch: isMatch))
    }
    guard !filters.isEmpty else { throw list.broken("it is an empty list and fits nothing") }
    return any == nil ? .all(filters) : .any(filters)
}
