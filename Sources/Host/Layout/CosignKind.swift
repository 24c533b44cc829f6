// SPDX-License-Identifier: Apache-2.0
// The annotation by which `cosign save`, `load` and `verify --local-image` tell an image from its
// evidence. Spec: cosign v3.1.2, pkg/oci/layout/index.go and write.go; `sboms` is what hauler adds.

internal import OCI
internal import Primitives

/// What an entry of `index.json` is, in cosign's words.
enum CosignKind: Hashable {
    case image, imageIndex, signatures, attestations, inventories
    /// A kind that Assay does not know; cosign may add more.
    case other

    init?(of entry: Descriptor) {
        guard let text = entry.annotations[kindAnnotation],
            text.utf8.starts(with: kindPrefix.utf8)
        else { return nil }
        let word = String(decoding: text.utf8.dropFirst(kindPrefix.utf8.count), as: UTF8.self)
        self = CosignKind.allKnown.first { isSame($0.word, word) } ?? .other
    }

    private static let allKnown: [CosignKind] = [
        .image, .imageIndex, .signatures, .attestations, .inventories,
    ]

    private var word: String {
        switch self {
        case .image: "image"
        case .imageIndex: "imageIndex"
        case .signatures: "sigs"
        case .attestations: "atts"
        case .inventories: "sboms"
        case .other: ""
        }
    }

    /// The value of the annotation.
    var annotation: String { kindPrefix + word }

    var isEvidence: Bool { self != .image && self != .imageIndex }

    /// The ending of the tag that holds the same evidence in a registry.
    fileprivate var suffix: String? {
        switch self {
        case .signatures: ".sig"
        case .attestations: ".att"
        case .inventories: ".sbom"
        case .image, .imageIndex, .other: nil
        }
    }

    /// The evidence entry that `tag` means, such as `sha256-<hex>.sig`.
    ///
    /// cosign stores one image in a layout, and its evidence without a name. Others store several,
    /// and give each piece of evidence the name of its image.
    ///
    /// - Throws: `rejected` when the layout does not say whose evidence it is.
    static func entry(_ tag: Tag, in entries: [Descriptor], of layout: String) throws(Failure)
        -> Descriptor?
    {
        guard isEvidenceTag(tag) else { return nil }
        let images = entries.filter { CosignKind(of: $0).map { !$0.isEvidence } ?? false }
        let evidence = entries.filter { entry in
            guard let suffix = CosignKind(of: entry)?.suffix, !entry.hasEvidenceTag else {
                return false
            }
            return images.contains { isSame("\(Tag(for: $0.digest, suffix: suffix))", "\(tag)") }
        }
        var found: Set<Digest> = []
        for entry in evidence where try isEvidence(entry, under: tag, images, layout) {
            found.insert(entry.digest)
        }
        guard found.count <= 1 else {
            throw ambiguous(tag, layout, "\(found.count) entries of index.json hold it")
        }
        return evidence.first { found.contains($0.digest) }
    }

    private static func isEvidence(
        _ entry: Descriptor, under tag: Tag, _ images: [Descriptor], _ layout: String
    ) throws(Failure) -> Bool {
        var owners = images
        if let name = entry.annotations[referenceNameAnnotation] {
            let named = images.filter {
                isSame($0.annotations[referenceNameAnnotation] ?? "", name)
            }
            if !named.isEmpty { owners = named }
        }
        guard Set(owners.map(\.digest)).count <= 1 else {
            throw ambiguous(
                tag, layout, "index.json does not say which of its images \(entry.digest) is about")
        }
        guard let owner = owners.first, let suffix = CosignKind(of: entry)?.suffix else {
            return false
        }
        return isSame("\(Tag(for: owner.digest, suffix: suffix))", "\(tag)")
    }

    private static func ambiguous(_ tag: Tag, _ layout: String, _ why: String) -> Failure {
        Failure(.rejected, "cannot find \(tag)", at: .named(layout), because: why)
    }
}

/// The entries of `index.json` with cosign's annotations.
///
/// cosign knows one image in a layout, so the annotations are on the image that was stored last and
/// on its evidence. All other entries are found by their names.
struct CosignEntries {
    private let entries: [JSONValue]
    private let descriptors: [Descriptor?]

    init(_ entries: [JSONValue]) {
        self.entries = entries
        descriptors = entries.map {
            try? Descriptor(reading: JSONReader($0, document: "index.json"))
        }
    }

    /// The entries with the annotations on `image`; if `image` is nil, on the image that has them
    /// now.
    ///
    /// If another program stored evidence under the name of its image, no entry is changed: that
    /// program distinguishes images by these annotations.
    func marked(image: Digest?) -> [JSONValue] {
        let current = descriptors.first { descriptor in
            descriptor.flatMap(CosignKind.init(of:)).map { !$0.isEvidence } ?? false
        }??.digest
        guard let target = image ?? current, !descriptors.contains(where: isNamedEvidence) else {
            return entries
        }
        var marked: [JSONValue] = []
        var hasImage = false
        for (entry, descriptor) in zip(entries, descriptors) {
            guard let descriptor else {
                marked.append(entry)
                continue
            }
            var annotations = descriptor.annotations
            if let suffix = CosignKind(of: descriptor)?.suffix, !descriptor.hasEvidenceTag {
                guard let current, !isHeld(Tag(for: current, suffix: suffix)) else { continue }
                annotations[referenceNameAnnotation] = "\(Tag(for: current, suffix: suffix))"
            }
            if CosignKind(of: descriptor) != nil { annotations[kindAnnotation] = nil }
            let kind = kind(of: descriptor, named: annotations, target)
            if let kind, kind.isEvidence || !hasImage {
                annotations[kindAnnotation] = kind.annotation
                hasImage = hasImage || !kind.isEvidence
            }
            marked.append(entry.with(annotations: annotations))
        }
        return marked
    }

    private func isNamedEvidence(_ descriptor: Descriptor?) -> Bool {
        guard let descriptor, CosignKind(of: descriptor)?.isEvidence == true else { return false }
        return descriptor.annotations[referenceNameAnnotation] != nil && !descriptor.hasEvidenceTag
    }

    private func isHeld(_ tag: Tag) -> Bool {
        descriptors.contains {
            isSame($0?.annotations[referenceNameAnnotation] ?? "", tag.description)
        }
    }

    private func kind(
        of descriptor: Descriptor, named annotations: ByteStringMap<String>, _ target: Digest
    ) -> CosignKind? {
        let name = annotations[referenceNameAnnotation] ?? ""
        for kind in [CosignKind.signatures, .attestations, .inventories] {
            guard let suffix = kind.suffix else { continue }
            if isSame(name, "\(Tag(for: target, suffix: suffix))") { return kind }
        }
        guard descriptor.digest == target else { return nil }
        return descriptor.mediaType.isIndex ? .imageIndex : .image
    }
}

extension JSONValue {
    /// The descriptor with other annotations; all other fields stay as they are written.
    fileprivate func with(annotations: ByteStringMap<String>) -> JSONValue {
        var object = JSONObject()
        for member in self.object ?? JSONObject() where !isSame(member.name, "annotations") {
            object[member.name] = member.value
        }
        if !annotations.isEmpty { object["annotations"] = JSONValue(sorted: annotations) }
        return .object(object)
    }
}

extension Descriptor {
    /// Whether its name is a tag such as `sha256-<hex>.sig`.
    var hasEvidenceTag: Bool { layoutTag.map(isEvidenceTag) ?? false }
}

/// cosign's name for the annotation.
let kindAnnotation = "kind"
private let kindPrefix = "dev.cosignproject.cosign/"
