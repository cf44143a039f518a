internal import ModelExecutor
internal import Store

extension CapturedText {
    /// The words of a request and its answer, each cut to so many bytes: of the messages the last ones stay, which the
    /// answer is to.
    init(_ messages: [ChatMessage], answer: String, limit: Int) {
        var left = limit
        var isCut = false
        var kept: [ChatMessage] = []
        for message in messages.reversed() {
            // What was said before a message that had to be cut is further from the answer still.
            guard left > 0, !isCut else {
                isCut = true
                break
            }
            let content = message.content.prefix(bytes: left)
            isCut = content.utf8.count < message.content.utf8.count
            left -= content.utf8.count
            kept.append(ChatMessage(role: message.role, content: content))
        }
        var writer = JSONWriter()
        writer.array { writer in
            for message in kept.reversed() {
                writer.object { writer in
                    writer.member("role", message.role.rawValue)
                    writer.member("content", message.content)
                }
            }
        }
        let text = answer.prefix(bytes: limit)
        self.init(
            prompt: String(decoding: writer.bytes, as: UTF8.self),
            answer: text,
            isCut: isCut || text.utf8.count < answer.utf8.count
        )
    }
}

extension String {
    /// As many whole characters from the beginning as fit.
    fileprivate func prefix(bytes limit: Int) -> String {
        if utf8.count <= limit { return self }
        var end = utf8.index(startIndex, offsetBy: limit)
        while end > startIndex, end.samePosition(in: self) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
