/// Reads the one kind of pickle that `torch.save` makes of a plain state dict.
///
/// A pickle is a program that may call anything. This interpreter knows the opcodes that a dict of tensors needs
/// and five globals, builds values of its own for them, calls nothing and refuses the rest by name.
struct StateDictPickle {
    struct Problem: Error {
        var description: String
    }

    /// A tensor as the pickle describes it; the numbers lie in the storage of the archive named by `storage`.
    struct Tensor: Equatable {
        var storage: String
        var type: StorageType
        var offset: Int
        var shape: [Int]
        var stride: [Int]
    }

    enum StorageType: String {
        case float32 = "torch FloatStorage"
        case float16 = "torch HalfStorage"
        case bfloat16 = "torch BFloat16Storage"

        var bytes: Int { self == .float32 ? 4 : 2 }
    }

    private indirect enum Value {
        case none, mark
        case flag(Bool)
        case number(Int)
        case text(String)
        case tuple([Value])
        case dictionary([(Value, Value)])
        case orderedDictionary, rebuildTensor
        case storageType(StorageType)
        case storage(key: String, type: StorageType)
        case tensor(Tensor)
    }

    /// Opcodes of a head's state dict are some 200.
    private static let opcodeLimit = 100_000

    private var input: ArraySlice<UInt8>
    private var stack: [Value] = []
    private var memo: [Int: Value] = [:]

    static func tensors(in pickle: ArraySlice<UInt8>) throws(Problem) -> [String: Tensor] {
        var reader = StateDictPickle(input: pickle)
        guard case .dictionary(let pairs) = try reader.run() else {
            throw Problem(description: "it holds something other than a dict")
        }
        var tensors: [String: Tensor] = [:]
        for (key, value) in pairs {
            guard case .text(let name) = key else {
                throw Problem(description: "it has a key that is no text")
            }
            guard case .tensor(let tensor) = value else { throw Problem(description: "\(name) is no tensor") }
            guard tensors.updateValue(tensor, forKey: name) == nil else {
                throw Problem(description: "it has \(name) twice")
            }
        }
        return tensors
    }

    private init(input: ArraySlice<UInt8>) { self.input = input }

    private mutating func run() throws(Problem) -> Value {
        for _ in 0..<Self.opcodeLimit {
            let opcode = try byte()
            if opcode == UInt8(ascii: ".") { return try pop() }
            if try runScalar(opcode) { continue }
            if try runContainer(opcode) { continue }
            throw Problem(description: "its pickle uses opcode \(opcode), which a state dict does not need")
        }
        throw Problem(description: "its pickle is too long for a head's state dict")
    }

    private mutating func runScalar(_ opcode: UInt8) throws(Problem) -> Bool {
        switch opcode {
        case 0x80: _ = try byte()  // PROTO
        case 0x95: _ = try bytes(8)  // FRAME
        case UInt8(ascii: "N"): stack.append(.none)
        case 0x88, 0x89: stack.append(.flag(opcode == 0x88))  // NEWTRUE, NEWFALSE
        case UInt8(ascii: "K"): stack.append(.number(try unsigned(1)))  // BININT1
        case UInt8(ascii: "M"): stack.append(.number(try unsigned(2)))  // BININT2
        case UInt8(ascii: "J"):  // BININT
            stack.append(.number(Int(Int32(truncatingIfNeeded: try unsigned(4)))))
        case 0x8a:  // LONG1
            let count = try unsigned(1)
            guard count <= 7 else { throw Problem(description: "it has a number that is too large") }
            stack.append(.number(try unsigned(count)))
        case UInt8(ascii: "X"): stack.append(.text(try text(try unsigned(4))))  // BINUNICODE
        case 0x8c: stack.append(.text(try text(try unsigned(1))))  // SHORT_BINUNICODE
        case UInt8(ascii: "c"): stack.append(try global(try line(), try line()))  // GLOBAL
        case 0x93:  // STACK_GLOBAL
            guard case .text(let name) = try pop(), case .text(let module) = try pop() else {
                throw Problem(description: "its pickle is damaged")
            }
            stack.append(try global(module, name))
        default: return false
        }
        return true
    }

    private mutating func runContainer(_ opcode: UInt8) throws(Problem) -> Bool {
        switch opcode {
        case UInt8(ascii: "("): stack.append(.mark)
        case UInt8(ascii: ")"): stack.append(.tuple([]))
        case UInt8(ascii: "}"): stack.append(.dictionary([]))
        case UInt8(ascii: "t"): stack.append(.tuple(try popToMark()))
        case 0x85, 0x86, 0x87:  // TUPLE1 to TUPLE3
            var items: [Value] = []
            for _ in 0..<(opcode - 0x84) { items.insert(try pop(), at: 0) }
            stack.append(.tuple(items))
        case UInt8(ascii: "q"): memo[try unsigned(1)] = try top()  // BINPUT
        case UInt8(ascii: "r"): memo[try unsigned(4)] = try top()  // LONG_BINPUT
        case 0x94: memo[memo.count] = try top()  // MEMOIZE
        case UInt8(ascii: "h"): stack.append(try recalled(try unsigned(1)))  // BINGET
        case UInt8(ascii: "j"): stack.append(try recalled(try unsigned(4)))  // LONG_BINGET
        case UInt8(ascii: "s"):  // SETITEM
            let value = try pop()
            try setItems([try pop(), value])
        case UInt8(ascii: "u"): try setItems(try popToMark())  // SETITEMS
        case UInt8(ascii: "b"): _ = try pop()  // BUILD: attributes of the dict, such as its format version
        case UInt8(ascii: "Q"): stack.append(try storage(named: try pop()))  // BINPERSID
        case UInt8(ascii: "R"):  // REDUCE
            guard case .tuple(let arguments) = try pop() else {
                throw Problem(description: "its pickle is damaged")
            }
            stack.append(try call(try pop(), arguments))
        default: return false
        }
        return true
    }

    private func global(_ module: String, _ name: String) throws(Problem) -> Value {
        switch "\(module) \(name)" {
        case "collections OrderedDict": return .orderedDictionary
        case "torch._utils _rebuild_tensor_v2": return .rebuildTensor
        case let path:
            if let type = StorageType(rawValue: path) { return .storageType(type) }
            throw Problem(
                description: "its pickle asks for \(module).\(name), which a plain state dict has no use for"
            )
        }
    }

    private func call(_ function: Value, _ arguments: [Value]) throws(Problem) -> Value {
        switch function {
        case .orderedDictionary where arguments.isEmpty: return .dictionary([])
        case .rebuildTensor:
            guard arguments.count >= 4,
                case .storage(let key, let type) = arguments[0], case .number(let offset) = arguments[1],
                let shape = numbers(arguments[2]), let stride = numbers(arguments[3]), offset >= 0
            else { throw Problem(description: "it has a tensor that cannot be understood") }
            return .tensor(Tensor(storage: key, type: type, offset: offset, shape: shape, stride: stride))
        default: throw Problem(description: "its pickle calls something that is not a function")
        }
    }

    private func storage(named identifier: Value) throws(Problem) -> Value {
        guard case .tuple(let parts) = identifier, parts.count >= 3, case .text("storage") = parts[0],
            case .storageType(let type) = parts[1], case .text(let key) = parts[2]
        else { throw Problem(description: "it has a storage that is neither float32, float16 nor bfloat16") }
        return .storage(key: key, type: type)
    }

    private func numbers(_ value: Value) -> [Int]? {
        guard case .tuple(let items) = value, items.count <= 4 else { return nil }
        let numbers = items.compactMap { item -> Int? in
            if case .number(let number) = item, number >= 0 { number } else { nil }
        }
        return numbers.count == items.count ? numbers : nil
    }

    private mutating func setItems(_ items: [Value]) throws(Problem) {
        guard items.count.isMultiple(of: 2), case .dictionary(var pairs) = try pop() else {
            throw Problem(description: "its pickle is damaged")
        }
        for index in stride(from: 0, to: items.count, by: 2) {
            pairs.append((items[index], items[index + 1]))
        }
        stack.append(.dictionary(pairs))
    }

    private mutating func popToMark() throws(Problem) -> [Value] {
        var items: [Value] = []
        while true {
            let value = try pop()
            if case .mark = value { return items.reversed() }
            items.append(value)
        }
    }

    private mutating func pop() throws(Problem) -> Value {
        guard let value = stack.popLast() else { throw Problem(description: "its pickle is damaged") }
        return value
    }

    private func top() throws(Problem) -> Value {
        guard let value = stack.last else { throw Problem(description: "its pickle is damaged") }
        return value
    }

    private func recalled(_ index: Int) throws(Problem) -> Value {
        guard let value = memo[index] else { throw Problem(description: "its pickle is damaged") }
        return value
    }

    private mutating func bytes(_ count: Int) throws(Problem) -> ArraySlice<UInt8> {
        guard count <= input.count else { throw Problem(description: "its pickle ends early") }
        defer { input = input.dropFirst(count) }
        return input.prefix(count)
    }

    private mutating func byte() throws(Problem) -> UInt8 { UInt8(try unsigned(1)) }

    private mutating func unsigned(_ count: Int) throws(Problem) -> Int {
        try bytes(count).reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    private mutating func text(_ count: Int) throws(Problem) -> String {
        String(decoding: try bytes(count), as: UTF8.self)
    }

    private mutating func line() throws(Problem) -> String {
        guard let end = input.firstIndex(of: 0x0a) else {
            throw Problem(description: "its pickle ends early")
        }
        defer { input = input[(end + 1)...] }
        return String(decoding: input[..<end], as: UTF8.self)
    }
}
