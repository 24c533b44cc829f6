// SPDX-License-Identifier: Apache-2.0
// The declarations that expressions are compiled against.
//
// 1. A name that is not declared is an error with the nearest declared name.
// 2. An environment is a value: extending a copy changes no other environment.
// 3. Declarations have no effects; only an evaluation calls a function.

internal import Primitives

/// Variables, functions, types, macros and options of expressions. A value type.
package struct CELEnvironment: Sendable {
    /// Options of the type check and of the optional library.
    package struct Options: OptionSet, Sendable {
        package let rawValue: Int

        package init(rawValue: Int) { self.rawValue = rawValue }

        /// Rejects `[1, 'a']`, as Kubernetes does; the specification allows it.
        package static let homogeneousLiterals = Options(rawValue: 1)
        /// Accepts comparisons of two numeric types, such as `1 < 2.5`.
        package static let crossTypeComparisons = Options(rawValue: 2)
        /// Parses literal durations, timestamps and regular expressions at compile time.
        package static let validatedLiterals = Options(rawValue: 4)
        /// Evaluates `x.orValue(y)` to `x` if `x` is not an optional.
        package static let orValueOnPlainValues = Options(rawValue: 8)
    }

    /// The namespace that names are resolved in: `x` in the container `a.b` is `a.b.x`, else `a.x`,
    /// else `x`.
    package var container = ""
    package var options: Options
    private(set) var variables: [String: CELType] = [:]
    private(set) var constants: [String: (value: CELValue, type: CELType)] = [:]
    private(set) var functions: [String: [Overload]] = [:]
    private(set) var macros: MacroSet = []
    /// First words of qualified names: a path with another first word is not one of them.
    private var dottedRoots: Set<String> = []
    /// The number of words in the longest qualified name.
    private var mostWords = 1

    package init(libraries: [CELLibrary], options: Options = []) {
        self.options = options
        for library in [CELLibrary.standard] + libraries { add(library) }
    }

    /// Adds a library's functions, types and macros.
    package mutating func add(_ library: CELLibrary) {
        let content = library.content
        for overload in content.overloads { declare(overload) }
        for name in content.types { declareType(name) }
        macros.formUnion(content.macros)
    }

    /// Declares a variable; evaluations bind it by this name.
    package mutating func declare(_ variable: VariableDeclaration) {
        variables[variable.name] = variable.type
        noteDots(variable.name)
    }

    /// Adds an overload to a function.
    package mutating func declare(_ overload: Overload) {
        functions[overload.name, default: []].append(overload)
    }

    /// Names a type, so that `type(x) == net.IP` can be written.
    package mutating func declareType(_ name: String) {
        constants[name] = (.type(name), .type(.dyn))
        noteDots(name)
    }

    /// All functions by name, with one entry for each overload.
    package var declaredFunctions: [(name: String, isMethod: Bool, parameters: [CELType])] {
        functions.sorted { $0.key < $1.key }.flatMap { name, overloads in
            overloads.map { (name, $0.isMethod, $0.parameters) }
        }
    }

    private mutating func noteDots(_ name: String) {
        guard let dot = name.utf8.firstIndex(of: ".") else { return }
        dottedRoots.insert(String(name[..<dot]))
        mostWords = max(mostWords, name.utf8.split(separator: ".").count)
    }

    // MARK: Names

    enum NameMeaning {
        case variable(CELType)
        case constant(CELValue, CELType)
    }

    struct ResolvedName {
        let name: String
        /// The number of words that belong to the name.
        let consumed: Int
        let meaning: NameMeaning
    }

    /// The longest declared name at the start of `names`.
    ///
    /// Spec: langdef.md, "Name Resolution": the longest prefix, and for each prefix the innermost
    /// container first.
    func resolve(_ names: [String], isAbsolute: Bool) -> ResolvedName? {
        let prefixes = isAbsolute ? [""] : containerPrefixes
        let mayBeLong = prefixes.count > 1 || dottedRoots.contains(names[0])
        let most = mayBeLong ? min(names.count, mostWords) : 1
        for count in stride(from: most, through: 1, by: -1) {
            let name = count == 1 ? names[0] : names[..<count].joined(separator: ".")
            for prefix in prefixes {
                guard let meaning = meaning(prefix + name) else { continue }
                return ResolvedName(name: prefix + name, consumed: count, meaning: meaning)
            }
        }
        return nil
    }

    private func meaning(_ name: String) -> NameMeaning? {
        if let type = variables[name] { return .variable(type) }
        if let constant = constants[name] { return .constant(constant.value, constant.type) }
        return nil
    }

    /// `a.b.`, `a.` and the empty prefix, for the container `a.b`.
    private var containerPrefixes: [String] {
        guard !container.isEmpty else { return [""] }
        var prefixes = [""]
        var prefix = ""
        for word in container.utf8.split(separator: ".") {
            prefix += word + "."
            prefixes.insert(prefix, at: 0)
        }
        return prefixes
    }

    // MARK: Functions

    /// The function that a call means: `math.greatest(1)` calls a function with a qualified name,
    /// `text.size()` a method.
    func function(
        _ name: String, on target: Expression?, isLocal: (String) -> Bool
    ) -> FunctionMeaning {
        guard let target else {
            if name.utf8.hasPrefix(".") {
                return FunctionMeaning(name: String(name.dropFirst()), isMethod: false)
            }
            for prefix in containerPrefixes where functions[prefix + name] != nil {
                return FunctionMeaning(name: prefix + name, isMethod: false)
            }
            return FunctionMeaning(name: name, isMethod: false)
        }
        guard let long = namespacedName(name, on: target, isLocal: isLocal) else {
            if let unknown = misspeltName(name, on: target, isLocal: isLocal) {
                return FunctionMeaning(name: unknown, isMethod: false)
            }
            return FunctionMeaning(name: name, isMethod: true)
        }
        return FunctionMeaning(name: long, isMethod: false)
    }

    private func namespacedName(
        _ name: String, on target: Expression, isLocal: (String) -> Bool
    ) -> String? {
        let qualified: String?
        switch target.kind {
        case .identifier(let first, let isAbsolute):
            if !isAbsolute, isLocal(first) { return nil }
            qualified = (isAbsolute ? "." : "") + first
        case .path(let base, let steps):
            guard case .identifier(let first, _) = base.kind, !isLocal(first) else { return nil }
            qualified = qualifiedName(base, steps)
        default: return nil
        }
        guard let qualified else { return nil }
        if qualified.utf8.hasPrefix(".") {
            let long = "\(qualified.dropFirst()).\(name)"
            return functions[long] == nil ? nil : long
        }
        for prefix in containerPrefixes {
            let long = "\(prefix)\(qualified).\(name)"
            if functions[long] != nil { return long }
        }
        return nil
    }

    /// Whether a name such as `math.celi` is in the namespace of functions: other functions start
    /// with `math.`, and no variable is called `math`.
    private func misspeltName(
        _ name: String, on target: Expression, isLocal: (String) -> Bool
    ) -> String? {
        guard case .identifier(let first, false) = target.kind, !isLocal(first),
            resolve([first], isAbsolute: false) == nil,
            first == "cel" || functions.keys.contains(where: { $0.utf8.hasPrefix(first + ".") })
        else { return nil }
        return "\(first).\(name)"
    }

    /// The overloads that accept this number of arguments.
    func overloads(_ name: String, isMethod: Bool, count: Int) -> [Overload] {
        (functions[name] ?? []).filter {
            $0.isMethod == isMethod
                && ($0.isVariadic ? count >= $0.parameters.count : count == $0.parameters.count)
        }
    }

    /// Whether the function has no parameters and its value comes from the bindings.
    func readsBinding(_ name: String) -> Bool {
        overloads(name, isMethod: false, count: 0).contains {
            if case .binding = $0.body { true } else { false }
        }
    }

    // MARK: Messages

    func undeclaredMessage(_ name: String, isGuessing: Bool = true) -> String {
        let names =
            isGuessing ? Array(variables.keys) + constants.keys + ["true", "false", "null"] : []
        return "undeclared reference to '\(plain(name))' (in container '\(container)')"
            + suggestion(name, among: names)
    }

    func unknownFunctionMessage(_ name: String, isGuessing: Bool = true) -> String {
        let message = "undeclared reference to '\(plain(name))' (in container '\(container)')"
        let macros = macros.names
        if macros.contains(name) { return message + "; the macro of that name has other arguments" }
        guard isGuessing else { return message }
        if let known = namesElsewhere[name.utf8.lowercased()], functions[known] != nil {
            return message + "; did you mean '\(known)'?"
        }
        return message + suggestion(name, among: Array(functions.keys) + macros)
    }
}

/// A function's declared name, and whether the call is a method call.
struct FunctionMeaning {
    let name: String
    let isMethod: Bool
}

/// `; did you mean 'startsWith'?`, or an empty string if no name is near.
func suggestion(_ name: String, among names: some Sequence<String>) -> String {
    guard (3...longestSuggestion).contains(name.utf8.count) else { return "" }
    let near = names.lazy
        .filter { abs($0.utf8.count - name.utf8.count) <= 2 }
        .map { (name: $0, distance: editDistance(name, $0)) }
        .filter { $0.distance <= (name.utf8.count < 5 ? 1 : 2) }
        .min { ($0.distance, $0.name) < ($1.distance, $1.name) }
    return near.map { "; did you mean '\($0.name)'?" } ?? ""
}

/// The edit distance of two names, without regard to case.
private func editDistance(_ left: String, _ right: String) -> Int {
    let left = Array(left.utf8.lowercased().utf8)
    let right = Array(right.utf8.lowercased().utf8)
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, b) in right.enumerated() {
            let changed = diagonal + (a == b ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(changed, row[j] + 1, row[j + 1] + 1)
        }
    }
    return row[right.count]
}

private let longestSuggestion = 64

/// Names that functions have in other languages, in lower case.
private let namesElsewhere = [
    "len": "size", "length": "size", "count": "size", "includes": "contains",
    "tolower": "lowerAscii", "tolowercase": "lowerAscii", "lower": "lowerAscii",
    "toupper": "upperAscii", "touppercase": "upperAscii", "upper": "upperAscii",
    "tostring": "string", "str": "string", "now": "time.now", "range": "lists.range",
    "min": "math.least", "max": "math.greatest", "abs": "math.abs", "typeof": "type",
]
