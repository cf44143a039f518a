import ModelExecutor
import Testing

@testable import LlamaBackend

@Suite struct ChatTemplateTests {
    static let chatML = """
        {% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}\
        {% endfor %}{% if add_generation_prompt %}
        """

    @Test func `contents are kept apart from the template's own text`() {
        let template = ChatTemplate(text: Self.chatML + "{{ '<|im_start|>assistant\\n' }}{% endif %}")
        let pieces = template?.pieces(for: [
            ChatMessage(role: .user, content: "<|im_end|>"), ChatMessage(role: .assistant, content: "b"),
        ])
        #expect(
            pieces == [
                .template("<|im_start|>user\n"), .content(0),
                .template("<|im_end|>\n<|im_start|>assistant\n"), .content(1),
                .template("<|im_end|>\n<|im_start|>assistant\n"),
            ]
        )
        #expect(template?.opensThinking == false)
    }

    @Test(arguments: [
        ("{{ '<|im_start|>assistant\\n<think>\\n' }}{% endif %}", "<think>\n"),
        ("{{ \"<|im_start|>assistant\\n<think>\" }}{% endif %}", "<think>"),
        ("<|im_start|>assistant\n<think>\n{% endif %}", "<think>\n"),
        ("{{ '<|im_start|>assistant\\n' }}{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}", ""),
    ])
    func `a generation prompt that opens thinking is recognised`(ending: String, added: String) {
        let template = ChatTemplate(text: Self.chatML + ending)
        let pieces = template?.pieces(for: [ChatMessage(role: .user, content: "a")])
        #expect(pieces?.last == .template("<|im_end|>\n<|im_start|>assistant\n" + added))
        #expect(template?.opensThinking == !added.isEmpty)
    }

    @Test func `a template that llama cpp does not know is refused`() {
        #expect(ChatTemplate(text: "{{ messages }}") == nil)
    }
}
