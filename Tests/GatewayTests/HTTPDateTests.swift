import Store
import Testing

@testable import Gateway

struct HTTPDateTests {
    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
        (1_795_443_499, "Mon, 23 Nov 2026 14:18:19 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
    ])
    func `a second is written as RFC 9110 asks`(second: Int64, text: String) {
        #expect(HTTPDate.text(second: second) == text)
    }
}
