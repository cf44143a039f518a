import ArgumentParser

/// Values separated by commas, such as `1,8,32`.
struct ArgumentList<Element: ExpressibleByArgument & Sendable>: ExpressibleByArgument, Sendable {
    let values: [Element]

    init(_ values: [Element]) {
        self.values = values
    }

    init?(argument: String) {
        var values: [Element] = []
        for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
            guard let value = Element(argument: part.trimmingPrefix(while: \.isWhitespace).description) else {
                return nil
            }
            values.append(value)
        }
        self.init(values)
    }

    var defaultValueDescription: String { values.map(\.defaultValueDescription).joined(separator: ",") }
}
