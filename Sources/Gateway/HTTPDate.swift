internal import Store
internal import Synchronization

/// The `Date` header, written out once per second rather than once per response.
final class HTTPDate: Sendable {
    private struct Written {
        var second: Int64
        var text: String
    }

    private let now: @Sendable () -> Timestamp
    private let last: Mutex<Written>

    init(now: @escaping @Sendable () -> Timestamp) {
        self.now = now
        last = Mutex(Written(second: -1, text: ""))
    }

    var text: String {
        let second = now().millisecondsSinceEpoch / 1_000
        return last.withLock { last in
            if last.second != second { last = Written(second: second, text: Self.text(second: second)) }
            return last.text
        }
    }

    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The IMF-fixdate of RFC 9110, of a second since 1970.
    static func text(second: Int64) -> String {
        let day = second / 86_400
        let rest = Int(second % 86_400)
        let date = civil(day: Int(day))
        let time = [rest / 3_600, rest / 60 % 60, rest % 60].map(twoDigits).joined(separator: ":")
        let weekday = weekdays[Int(day % 7)]
        return "\(weekday), \(twoDigits(date.day)) \(months[date.month - 1]) \(date.year) \(time) GMT"
    }

    private static func twoDigits(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }

    /// The Gregorian date of a day since 1970, counted in years that begin in March so that leap days come last.
    private static func civil(day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }
}
