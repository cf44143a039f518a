import Summary
import Testing

struct TextTableTests {
    @Test func `columns of words are as wide as their widest cell and lines end without blanks`() {
        var table = TextTable(["a", "bb", "c"], isOfWords: true)
        table.add(["long", "x", ""])
        table.add(["", "y", "z"])
        #expect(table.lines == ["a     bb  c", "long  x", "      y   z"])
    }

    @Test func `figures stand to the right of their columns`() {
        var table = TextTable(["arm", "n"])
        table.add(["low", "1,000"])
        #expect(table.lines == ["arm      n", "low  1,000"])
    }
}
