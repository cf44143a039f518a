/// Writes a registry as Prometheus text, version 0.0.4.
///
/// Families come in declared order and series in the order of their label values, so two expositions of one state
/// are equal byte by byte.
enum Exposition {
    static func text(of registry: Registry) -> String {
        var text = ""
        for family in registry.snapshot() where !family.series.isEmpty {
            let name = family.declaration.name
            text += "# HELP \(name) \(escapedHelp(family.declaration.help))\n"
            text += "# TYPE \(name) \(typeName(family.declaration.kind))\n"
            let sorted = family.series.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            for (values, instrument) in sorted {
                let labels = zip(family.declaration.labels, values).map { label, value in
                    "\(label.name)=\"\(escapedValue(value))\""
                }
                append(instrument, family.declaration, labels, to: &text)
            }
        }
        return text
    }

    private static func append(
        _ instrument: Registry.Instrument,
        _ declaration: MetricDeclaration,
        _ labels: [String],
        to text: inout String
    ) {
        let name = declaration.name
        switch instrument {
        case .counter(let counter):
            text += "\(name)\(braced(labels)) \(number(Double(counter.value) * declaration.scale))\n"
        case .gauge(let gauge):
            text += "\(name)\(braced(labels)) \(number(gauge.value))\n"
        case .histogram(let histogram):
            let snapshot = histogram.snapshot
            var cumulative = 0
            for (bound, count) in zip(histogram.bounds + [.infinity], snapshot.counts) {
                cumulative += count
                let bucket = braced(labels + ["le=\"\(number(bound))\""])
                text += "\(name)_bucket\(bucket) \(cumulative)\n"
            }
            text += "\(name)_sum\(braced(labels)) \(number(snapshot.sum))\n"
            text += "\(name)_count\(braced(labels)) \(cumulative)\n"
        }
    }

    private static func braced(_ labels: [String]) -> String {
        labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}"
    }

    private static func typeName(_ kind: MetricDeclaration.Kind) -> String {
        switch kind {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int(exactly: value) { return String(whole) }
        return "\(value)"
    }

    private static func escapedHelp(_ text: String) -> String {
        escaped(text, quotes: false)
    }

    private static func escapedValue(_ text: String) -> String {
        escaped(text, quotes: true)
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
