// SPDX-License-Identifier: Apache-2.0
// The types of type parameters. Spec: cel-spec, langdef.md, "Gradual Type Checking".

/// Types found for type parameters while one expression is checked.
struct TypeSubstitution {
    private var types: [String: CELType] = [:]
    /// The value before each change, so that a failed attempt is undone without a copy.
    private var changes: [(name: String, before: CELType?)] = []
    private var freshCount = 0

    /// A new type parameter.
    mutating func fresh() -> CELType {
        freshCount += 1
        return .parameter("%\(freshCount)")
    }

    /// The declared type with new type parameters for this use.
    mutating func instance(
        of type: CELType, _ names: inout [String: CELType]
    ) -> CELType {
        if case .parameter(let name) = type {
            if let known = names[name] { return known }
            let new = fresh()
            names[name] = new
            return new
        }
        guard !type.parameters.isEmpty else { return type }
        var parameters: [CELType] = []
        for parameter in type.parameters { parameters.append(instance(of: parameter, &names)) }
        return type.replacingParameters(parameters)
    }

    /// The type with known parameters replaced; the others stay, or become `dyn`.
    func resolved(_ type: CELType, openAs open: CELType? = nil) -> CELType {
        if case .parameter(let name) = type {
            if let known = types[name] { return resolved(known, openAs: open) }
            return open ?? type
        }
        guard !type.parameters.isEmpty else { return type }
        return type.replacingParameters(type.parameters.map { resolved($0, openAs: open) })
    }

    /// Whether a value of type `source` is assignable to `target`. If so, the types found for
    /// parameters are kept; otherwise they are undone.
    mutating func assign(_ source: CELType, to target: CELType) -> Bool {
        assign([source], to: [target])
    }

    /// Assigns several pairs, all or none.
    mutating func assign(_ sources: [CELType], to targets: [CELType]) -> Bool {
        changes.removeAll(keepingCapacity: true)
        for (source, target) in zip(sources, targets) where !isAssignable(source, target) {
            for change in changes.reversed() { types[change.name] = change.before }
            return false
        }
        return true
    }

    private mutating func set(_ name: String, to type: CELType) {
        changes.append((name, types[name]))
        types[name] = type
    }

    private mutating func isAssignable(_ source: CELType, _ target: CELType) -> Bool {
        let source = resolvedHead(source)
        let target = resolvedHead(target)
        if case .parameter(let name) = target { return bind(name, source) }
        if case .parameter(let name) = source { return bind(name, target) }
        if source == .dyn || target == .dyn { return true }
        // `type(1) == type('')` is valid.
        if case .type = source, case .type = target { return true }
        guard source.isSameKind(as: target) else { return isNull(source, standsFor: target) }
        for (inner, outer) in zip(source.parameters, target.parameters)
        where !isAssignable(inner, outer) { return false }
        return true
    }

    /// The type at the end of a chain of parameters: the last parameter, or its type.
    private func resolvedHead(_ type: CELType) -> CELType {
        var current = type
        while case .parameter(let name) = current, let next = types[name], !isOpen(next, name) {
            if case .parameter = next { current = next } else { return current }
        }
        return current
    }

    private func isOpen(_ type: CELType, _ name: String) -> Bool { type == .parameter(name) }

    private mutating func bind(_ name: String, _ type: CELType) -> Bool {
        if type == .parameter(name) { return true }
        guard let known = types[name] else {
            guard !mentions(name, type) else { return false }
            set(name, to: type)
            return true
        }
        let found: CELType
        if case .parameter(let other) = type, let behind = types[other] {
            found = behind
        } else {
            found = type
        }
        if case .parameter(let other) = found {
            guard !mentions(other, known) else { return true }
            set(other, to: known)
            return true
        }
        guard isAssignable(found, known) || isAssignable(known, found) else { return false }
        let wider = general(found, known)
        if !mentions(name, wider) { set(name, to: wider) }
        return true
    }

    private func mentions(_ name: String, _ type: CELType) -> Bool {
        var type = type
        while case .parameter(let other) = type {
            if other == name { return true }
            guard let next = types[other] else { return false }
            type = next
        }
        return type.parameters.contains { mentions(name, $0) }
    }

    /// Whether one of the types is null and the other accepts it: timestamp, duration, optional or
    /// an opaque type.
    private func isNull(_ source: CELType, standsFor target: CELType) -> Bool {
        guard source == .null || target == .null else { return false }
        switch source == .null ? target : source {
        case .timestamp, .duration, .opaque, .optional: return true
        default: return false
        }
    }

    /// The more general of two equal types: a part is `dyn` if it is `dyn` in one of them.
    func general(_ left: CELType, _ right: CELType) -> CELType {
        let left = resolvedOnce(left)
        let right = resolvedOnce(right)
        if left == .dyn || right == .dyn { return .dyn }
        if case .parameter = left { return right }
        if case .parameter = right { return left }
        if left == .null { return right }
        guard left.isSameKind(as: right), !left.parameters.isEmpty else { return left }
        return left.replacingParameters(
            zip(left.parameters, right.parameters).map { general($0, $1) })
    }

    private func resolvedOnce(_ type: CELType) -> CELType {
        if case .parameter(let name) = type, let known = types[name] { return resolvedOnce(known) }
        return type
    }
}
