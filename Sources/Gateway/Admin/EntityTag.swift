internal import HTTPTypes
internal import Policy

/// The version of a document as HTTP spells it.
enum EntityTag {
    static func text(_ version: PolicyVersion) -> String { "\"\(version)\"" }

    /// The versions of a list of tags; nil where the text is none.
    static func versions(_ text: String) -> [PolicyVersion]? {
        var versions: [PolicyVersion] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let tag = part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
            guard tag.count > 2, tag.first == "\"", tag.last == "\"" else { return nil }
            let version = String(tag.dropFirst().dropLast())
            guard !version.contains("\"") else { return nil }
            versions.append(PolicyVersion(rawValue: version))
        }
        return versions
    }
}

extension PolicyEdit.Condition {
    /// What `If-Match` or `If-None-Match` says; nil where the request has neither.
    init?(_ fields: HTTPFields, _ limits: GatewayLimits) throws(GatewayError) {
        switch (fields[.ifMatch], fields[.ifNoneMatch]) {
        case (nil, nil): return nil
        case ("*", nil): self = .exists
        case (let tags?, nil):
            guard let versions = EntityTag.versions(tags), versions.count <= limits.entityTags else {
                throw .invalidParameter(
                    "If-Match",
                    rule:
                        "must be * or at most \(limits.entityTags) versions in quotes, with commas between them"
                )
            }
            self = .isOne(of: versions)
        case (nil, "*"): self = .isAbsent
        case (nil, _): throw .invalidParameter("If-None-Match", rule: "must be *")
        case (_, _): throw .invalidParameter("If-None-Match", rule: "must not stand beside If-Match")
        }
    }
}
