/// How an arm is ramped up: the shares it goes through, and what each of them needs before the next.
public struct RolloutRule: Sendable, Hashable {
    public enum Advance: String, Sendable, Hashable, CaseIterable {
        /// The next stage begins by itself once this one has all it needs.
        case automatic
        /// An operator promotes.
        case manual
    }

    /// What a provably bad stage leads to.
    public enum NoGo: String, Sendable, Hashable, CaseIterable {
        /// The arm gets nothing and control gets its share, at once.
        case rollback
        /// The stage stays as it is until an operator decides.
        case pause
    }

    /// What a stage needs, at least, before the next.
    public struct Hold: Sendable, Hashable {
        public let time: Duration
        /// Subjects in the arm.
        public let subjects: Int

        public init(time: Duration, subjects: Int) {
            self.time = time
            self.subjects = subjects
        }
    }

    public let arm: ArmID
    /// Rising; with the last the rollout is done.
    public let stages: [Share]
    public let hold: Hold
    public let advance: Advance
    public let onNoGo: NoGo
    /// When nothing advances by itself. A rollback does not wait.
    public let freeze: [FreezeWindow]

    public init(
        arm: ArmID,
        stages: [Share],
        hold: Hold,
        advance: Advance,
        onNoGo: NoGo,
        freeze: [FreezeWindow]
    ) {
        self.arm = arm
        self.stages = stages
        self.hold = hold
        self.advance = advance
        self.onNoGo = onNoGo
        self.freeze = freeze
    }

    /// Whether nothing may advance by itself at that time.
    public func isFrozen(atUnixSeconds seconds: Int) -> Bool {
        freeze.contains { $0.contains(unixSeconds: seconds) }
    }
}

/// A time of the week in UTC.
///
/// UTC and not a place's own time: whether a window has begun must not depend on a host's settings, nor on a night
/// that has an hour twice.
public struct FreezeWindow: Sendable, Hashable {
    public enum Weekday: String, Sendable, Hashable, CaseIterable, Comparable {
        case monday = "mon"
        case tuesday = "tue"
        case wednesday = "wed"
        case thursday = "thu"
        case friday = "fri"
        case saturday = "sat"
        case sunday = "sun"

        var number: Int { Self.allCases.firstIndex(of: self) ?? 0 }

        public static func < (left: Weekday, right: Weekday) -> Bool { left.number < right.number }
    }

    public static let minutesOfDay = 1_440

    /// The days on which it begins, in order.
    public let days: [Weekday]
    /// Minutes after midnight.
    public let from: Int
    /// Minutes after midnight; at or before `from` it is those of the next day.
    public let to: Int

    public init(days: [Weekday], from: Int, to: Int) {
        self.days = days
        self.from = from
        self.to = to
    }

    public func contains(unixSeconds seconds: Int) -> Bool {
        let minutes = seconds.flooredQuotient(60)
        let day = minutes.flooredQuotient(Self.minutesOfDay)
        let minute = minutes - day * Self.minutesOfDay
        let length = to > from ? to - from : to - from + Self.minutesOfDay
        // It may have begun today or, past midnight, yesterday.
        return [0, 1].contains { back in
            begins(onDay: day - back) && (from..<from + length).contains(minute + back * Self.minutesOfDay)
        }
    }

    /// - Parameter day: counted from 1 January 1970, a Thursday.
    private func begins(onDay day: Int) -> Bool {
        let number = (day + Weekday.thursday.number).flooredRemainder(7)
        return days.contains { $0.number == number }
    }
}

extension Int {
    fileprivate func flooredQuotient(_ divisor: Int) -> Int {
        (self - flooredRemainder(divisor)) / divisor
    }

    fileprivate func flooredRemainder(_ divisor: Int) -> Int {
        let remainder = self % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }
}
