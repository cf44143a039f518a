import Foundation
import Yams

/// What a JSON Schema has against a YAML document: as much of draft 2020-12 as the policies' schema uses, and a
/// failure for anything else.
struct JSONSchemaCheck {
    private let root: [String: Any]

    struct NotSupported: Error {
        let keyword: String
    }

    init(_ text: String) throws {
        root = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
    }

    func problems(in yaml: String) throws -> [String] {
        guard let node = try Yams.compose(yaml: yaml) else { return ["empty"] }
        return try problems(in: node, root, "")
    }

    private func problems(in node: Node, _ schema: [String: Any], _ path: String) throws -> [String] {
        try schema.sorted { $0.key < $1.key }.flatMap { keyword, value -> [String] in
            switch keyword {
            case "$schema", "$defs", "title", "description": return []
            case "$ref":
                let name = "\(value)".split(separator: "/").last.map(String.init) ?? ""
                let definitions = root["$defs"] as? [String: [String: Any]] ?? [:]
                return try problems(in: node, definitions[name] ?? [:], path)
            case "anyOf":
                let choices = value as? [[String: Any]] ?? []
                let isMet = try choices.contains { try problems(in: node, $0, path).isEmpty }
                return isMet ? [] : ["\(path): none of the choices"]
            default:
                return holds(keyword, value, node) ? [] : try refusals(keyword, value, node, schema, path)
            }
        }
    }

    /// Problems of a keyword that doesn't hold, or of what is inside the node.
    private func refusals(
        _ keyword: String,
        _ value: Any,
        _ node: Node,
        _ schema: [String: Any],
        _ path: String
    ) throws -> [String] {
        let members = Dictionary(
            node.mapping?.map { ($0.key.string ?? "", $0.value) } ?? [],
            uniquingKeysWith: { $1 }
        )
        let inner = value as? [String: Any] ?? [:]
        switch keyword {
        case "properties":
            return try members.flatMap { name, value in
                try problems(in: value, inner[name] as? [String: Any] ?? [:], "\(path).\(name)")
            }
        case "additionalProperties":
            let known = schema["properties"] as? [String: Any] ?? [:]
            let others = members.filter { known[$0.key] == nil }
            if value as? Bool == false { return others.keys.map { "\(path).\($0): unknown" } }
            return try others.flatMap { try problems(in: $1, inner, "\(path).\($0)") }
        case "propertyNames":
            return try members.keys.flatMap { try problems(in: Node($0), inner, "\(path).\($0)") }
        case "items":
            return try (node.sequence.map(Array.init) ?? []).enumerated().flatMap {
                try problems(in: $1, inner, "\(path)[\($0)]")
            }
        case "type", "enum", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
            "minLength",
            "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "required":
            return ["\(path): \(keyword) \(value)"]
        default: throw NotSupported(keyword: keyword)
        }
    }

    private func holds(_ keyword: String, _ value: Any, _ node: Node) -> Bool {
        let text = isText(node) ? node.string : nil
        let number = types(of: node).contains("number") ? node.string.flatMap { Double($0) } : nil
        let bound = (value as? NSNumber)?.doubleValue ?? 0
        switch keyword {
        case "type":
            let wanted = value as? [String] ?? [value as? String ?? ""]
            return !types(of: node).isDisjoint(with: wanted)
        case "enum": return (value as? [String] ?? []).contains(node.string ?? "")
        case "pattern":
            guard let text, let regex = try? Regex("\(value)") else { return text == nil }
            return text.firstMatch(of: regex) != nil
        case "minLength": return text.map { Double($0.count) >= bound } ?? true
        case "maxLength": return text.map { Double($0.count) <= bound } ?? true
        case "minimum": return number.map { $0 >= bound } ?? true
        case "maximum": return number.map { $0 <= bound } ?? true
        case "exclusiveMinimum": return number.map { $0 > bound } ?? true
        case "exclusiveMaximum": return number.map { $0 < bound } ?? true
        case "minItems": return node.sequence.map { Double($0.count) >= bound } ?? true
        case "maxItems": return node.sequence.map { Double($0.count) <= bound } ?? true
        case "minProperties": return node.mapping.map { Double($0.count) >= bound } ?? true
        case "maxProperties": return node.mapping.map { Double($0.count) <= bound } ?? true
        case "required": return (value as? [String] ?? []).allSatisfy { node.mapping?[Node($0)] != nil }
        default: return false
        }
    }

    private func isText(_ node: Node) -> Bool { types(of: node) == ["string"] }

    /// By the core schema of YAML 1.2, which editors go by.
    private func types(of node: Node) -> Set<String> {
        switch node {
        case .mapping: return ["object"]
        case .sequence: return ["array"]
        case .scalar(let scalar):
            guard scalar.style == .plain || scalar.style == .any else { return ["string"] }
            let text = scalar.string
            if ["true", "false"].contains(text) { return ["boolean"] }
            if text.wholeMatch(of: /[-+]?[0-9]+/) != nil { return ["integer", "number"] }
            if text.wholeMatch(of: /[-+]?[0-9]+\.[0-9]+/) != nil { return ["number"] }
            return ["string"]
        case .alias: return []
        }
    }
}
