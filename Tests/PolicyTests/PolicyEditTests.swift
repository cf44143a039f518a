import Foundation
import Policy
import Synchronization
import Testing

/// Documents changed through the watcher, in a real folder.
@Suite struct PolicyEditTests {
    /// What a watched folder's edits led to.
    private final class Log: Sendable {
        struct State {
            var said: [String] = []
            var authors: [PolicyAuthor] = []
            /// What recording fails with.
            var problem: PolicyProblem?
        }

        let state = Mutex(State())

        var said: [String] { state.withLock { $0.said } }
        var authors: [PolicyAuthor] { state.withLock { $0.authors } }

        /// - Parameters:
        ///   - checking: runs once the new documents are known, before any file is touched.
        ///   - recording: runs when they are in the folder, before they are in force.
        func watcher(
            of path: String,
            checking: @escaping @Sendable () -> Void = {},
            recording: @escaping @Sendable () -> Void = {}
        ) throws -> PolicyWatcher {
            PolicyWatcher(
                folder: path,
                loaded: try PolicySet.load(folder: path),
                check: { _ in
                    checking()
                    return []
                },
                prepare: { [self] _, author in
                    recording()
                    return state.withLock { state in
                        if state.problem == nil { state.authors.append(author) }
                        return state.problem
                    }
                },
                onReload: { [self] reload in
                    let word =
                        switch reload {
                        case .loaded(let set):
                            "loaded \(set.policies.map(\.id.rawValue).joined(separator: " "))"
                        case .unchanged: "unchanged"
                        case .refused(let problems): "refused \(problems.problems.count)"
                        }
                    state.withLock { $0.said.append(word) }
                }
            )
        }
    }

    private static let ann = PolicyAuthor(actor: "ann")
    private static let noRecord = PolicyProblem(file: "f", message: "no record", fix: "free the disk")

    /// A new policy's document, or another version of `p`.
    private static func text(_ name: String = "p", salt: String = "other", priority: Int = 10) -> String {
        "# By hand.\n" + document("salt: \(salt)", name: name, priority: priority)
    }

    private static func put(
        _ text: String,
        _ policy: PolicyID = "p",
        if condition: PolicyEdit.Condition? = .exists
    ) -> PolicyEdit {
        PolicyEdit(policy: policy, change: .write(Array(text.utf8)), condition: condition, author: ann)
    }

    private static func remove(_ policy: PolicyID) -> PolicyEdit {
        PolicyEdit(policy: policy, change: .remove, condition: .exists, author: ann)
    }

    private static func refusal(_ watcher: PolicyWatcher, _ edit: PolicyEdit) async -> PolicyEditRefusal? {
        do {
            _ = try await watcher.edit(edit)
            return nil
        } catch {
            return error
        }
    }

    private static func text(of name: String, in folder: URL) -> String? {
        try? String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    private static func names(in folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)).sorted()
    }

    /// Puts a folder in the place of the document's draft: not even root can write there.
    private static func obstruct(_ name: String, in folder: URL) throws {
        let draft = "\(name).\(ProcessInfo.processInfo.processIdentifier).new"
        try FileManager.default.createDirectory(
            at: folder.appending(path: draft),
            withIntermediateDirectories: false
        )
    }

    /// A folder with `p` in `a.yaml` and `q` in `b.yaml`.
    private func withPolicies<R>(_ body: (URL, String) async throws -> R) async throws -> R {
        let files = ["a.yaml": document(), "b.yaml": document(name: "q", priority: 11)]
        return try await withFolder(files) { try await body($0, $0.path(percentEncoded: false)) }
    }

    @Test func `an edit is in the folder, on record and in force when it returns`() async throws {
        try await withPolicies { folder, path in
            let log = Log()
            let watcher = try log.watcher(of: path)
            let before = try #require(watcher.documents.policy(named: "p")?.version)
            await watcher.poll()
            let edited = try await watcher.edit(Self.put(Self.text(), if: .isOne(of: [before])))
            #expect(edited.before == before)
            #expect(edited.after == watcher.documents.policy(named: "p")?.version && edited.after != before)
            #expect(watcher.documents.file(of: "p")?.text == Self.text())
            #expect(Self.text(of: "a.yaml", in: folder) == Self.text())
            #expect(try Self.names(in: folder) == ["a.yaml", "b.yaml"], "no draft is left behind")
            #expect(log.authors == [Self.ann] && log.said == ["loaded p q"])
            await watcher.poll()
            await watcher.poll()
            #expect(log.said == ["loaded p q"], "the watch does not take it for one more edit")
            #expect(try PolicySet.load(folder: path) == watcher.documents)
        }
    }

    @Test func `a document keeps its mode, and a link its place`() async throws {
        try await withPolicies { folder, path in
            let link = folder.appending(path: "a.yaml").path(percentEncoded: false)
            let target = folder.appending(path: "target").path(percentEncoded: false)
            try FileManager.default.moveItem(atPath: link, toPath: target)
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: target)
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "target")
            _ = try await Log().watcher(of: path).edit(Self.put(Self.text()))
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "target")
            #expect(Self.text(of: "target", in: folder) == Self.text())
            let mode = try FileManager.default.attributesOfItem(atPath: target)[.posixPermissions] as? Int
            #expect(mode == 0o640)
        }
    }

    @Test func `what is so already changes nothing`() async throws {
        try await withPolicies { folder, path in
            let log = Log()
            let edited = try await log.watcher(of: path).edit(Self.put(document()))
            #expect(edited.before == edited.after && edited.after != nil)
            #expect(log.authors == [] && log.said == [])
        }
    }

    @Test func `other comments are another file and the same version`() async throws {
        try await withPolicies { folder, path in
            let log = Log()
            let edited = try await log.watcher(of: path).edit(Self.put("# Why.\n" + document()))
            #expect(edited.before == edited.after)
            #expect(Self.text(of: "a.yaml", in: folder) == "# Why.\n" + document())
            #expect(log.authors == [Self.ann])
        }
    }

    @Test func `a new policy gets a file of its name`() async throws {
        try await withPolicies { folder, path in
            let watcher = try Log().watcher(of: path)
            let text = Self.text("r", priority: 12)
            let edited = try await watcher.edit(Self.put(text, "r", if: .isAbsent))
            #expect(edited.before == nil && edited.after == watcher.documents.policy(named: "r")?.version)
            #expect(Self.text(of: "r.yaml", in: folder) == text)
        }
    }

    @Test func `a removed policy's file is gone, and the last one stays`() async throws {
        try await withPolicies { folder, path in
            let log = Log()
            let watcher = try log.watcher(of: path)
            let edited = try await watcher.edit(Self.remove("q"))
            #expect(edited.before != nil && edited.after == nil)
            #expect(try Self.names(in: folder) == ["a.yaml"])
            #expect(log.said == ["loaded p"])
            guard case .invalid(let problems) = await Self.refusal(watcher, Self.remove("p")) else {
                Issue.record("the last policy was removed")
                return
            }
            #expect(problems.problems.first?.message.contains("the folder has no policy") == true)
            #expect(await Self.refusal(watcher, Self.remove("q")) == .noSuchPolicy)
        }
    }

    @Test func `a condition that doesn't hold, or none, names the version that there is`() async throws {
        try await withPolicies { folder, path in
            let watcher = try Log().watcher(of: path)
            let present = watcher.documents.policy(named: "p")?.version
            let text = Self.text("r", priority: 12)
            for (edit, refusal) in [
                (Self.put(Self.text(), if: nil), PolicyEditRefusal.unconditional(present: present)),
                (Self.put(Self.text(), if: .isAbsent), .conditionFailed(present: present)),
                (Self.put(Self.text(), if: .isOne(of: ["0"])), .conditionFailed(present: present)),
                (Self.put(Self.text(), if: .isOne(of: [])), .conditionFailed(present: present)),
                (Self.put(text, "r", if: nil), .unconditional(present: nil)),
                (Self.put(text, "r", if: .exists), .conditionFailed(present: nil)),
                (Self.put(text, "r", if: .isOne(of: ["0"])), .conditionFailed(present: nil)),
            ] {
                #expect(await Self.refusal(watcher, edit) == refusal, "\(edit)")
            }
            #expect(try Self.names(in: folder) == ["a.yaml", "b.yaml"])
        }
    }

    @Test func `a document that would be refused is refused with all that is wrong, and not written`()
        async throws
    {
        try await withPolicies { folder, path in
            let watcher = try Log().watcher(of: path)
            func problems(_ edit: PolicyEdit) async -> [String] {
                guard case .invalid(let problems) = await Self.refusal(watcher, edit) else { return [] }
                return problems.problems.map { "\($0.file.split(separator: "/").last ?? "") \($0.path)" }
            }
            let broken = document("salt: [", name: "q")
            #expect(await problems(Self.put("priority: x\n" + broken)) == ["a.yaml "])
            let several = Self.text("other").replacing("priority: 10", with: "priority: x")
            #expect(await problems(Self.put(several)) == ["a.yaml policy", "a.yaml priority"])
            #expect(await problems(Self.put(Self.text(priority: 11))) == ["b.yaml priority"])
            let taken = Self.text("q", priority: 12)
            #expect(await problems(Self.put(taken)) == ["a.yaml policy", "b.yaml policy"])
            #expect(
                await problems(Self.put(Self.text("a", priority: 12), "a", if: .isAbsent)) == [
                    "a.yaml policy"
                ]
            )
            #expect(Self.text(of: "a.yaml", in: folder) == document())
            #expect(try Self.names(in: folder) == ["a.yaml", "b.yaml"])
        }
    }

    @Test(arguments: ["a.yaml", "b.yaml", "c.yaml"])
    func `an edit in the folder that is not in force yet is not lost`(file: String) async throws {
        try await withPolicies { folder, path in
            let log = Log()
            let watcher = try log.watcher(of: path)
            let byHand = Self.text(
                file == "b.yaml" ? "q" : file == "c.yaml" ? "r" : "p",
                salt: "hand",
                priority: 12
            )
            try write(byHand, to: folder.appending(path: file))
            #expect(await Self.refusal(watcher, Self.put(Self.text())) == .unsettled([file]))
            #expect(Self.text(of: file, in: folder) == byHand && log.authors == [])
            await watcher.reload()
            #expect(log.authors == [.file])
            #expect(await Self.refusal(watcher, Self.put(Self.text(priority: 13))) == nil)
            #expect(log.authors == [.file, Self.ann])
        }
    }

    @Test func `a broken edit in the folder is told to whoever edits another document`() async throws {
        try await withPolicies { folder, path in
            let watcher = try Log().watcher(of: path)
            try write("policy: [", to: folder.appending(path: "b.yaml"))
            await watcher.reload()
            guard case .invalid(let problems) = await Self.refusal(watcher, Self.put(Self.text())) else {
                Issue.record("the folder was taken for valid")
                return
            }
            #expect(problems.problems.map(\.file) == ["\(path)/b.yaml".replacing("//", with: "/")])
        }
    }

    @Test func `a file that is saved at the last moment is not written over`() async throws {
        try await withPolicies { folder, path in
            let byHand = Self.text(salt: "hand")
            for edit in [Self.put(Self.text()), Self.remove("p")] {
                let isSaved = Mutex(false)
                let watcher = try Log().watcher(of: path) {
                    let isFirst = isSaved.withLock { saved in
                        defer { saved = true }
                        return !saved
                    }
                    if isFirst { try? write(byHand, to: folder.appending(path: "a.yaml")) }
                }
                #expect(await Self.refusal(watcher, edit) == .unsettled(["a.yaml"]))
                #expect(Self.text(of: "a.yaml", in: folder) == byHand)
                #expect(try Self.names(in: folder) == ["a.yaml", "b.yaml"])
                try write(document(), to: folder.appending(path: "a.yaml"))
            }
        }
    }

    @Test func `what can't be recorded is taken out of the folder again`() async throws {
        try await withPolicies { folder, path in
            let log = Log()
            let watcher = try log.watcher(of: path)
            log.state.withLock { $0.problem = Self.noRecord }
            for edit in [
                Self.put(Self.text()), Self.remove("q"),
                Self.put(Self.text("r", priority: 12), "r", if: .isAbsent),
            ] {
                #expect(await Self.refusal(watcher, edit) == .unrecorded(Self.noRecord))
            }
            #expect(Self.text(of: "a.yaml", in: folder) == document())
            #expect(try Self.names(in: folder) == ["a.yaml", "b.yaml"])
            await watcher.poll()
            await watcher.poll()
            #expect(log.said == [])
            #expect(watcher.documents.file(of: "p")?.text == document())
        }
    }

    @Test func `what can neither be recorded nor taken back is said, and tried again when asked for`()
        async throws
    {
        try await withPolicies { folder, path in
            let log = Log()
            let watcher = try log.watcher(of: path, recording: { try? Self.obstruct("a.yaml", in: folder) })
            log.state.withLock { $0.problem = Self.noRecord }
            #expect(await Self.refusal(watcher, Self.put(Self.text())) == .unrecorded(Self.noRecord))
            #expect(Self.text(of: "a.yaml", in: folder) == Self.text())
            #expect(log.said == ["refused 1"])
            #expect(watcher.documents.file(of: "p")?.text == document())
            await watcher.poll()
            await watcher.poll()
            #expect(log.said == ["refused 1"], "it is said once")
            log.state.withLock { $0.problem = nil }
            await watcher.reload()
            #expect(log.said == ["refused 1", "loaded p q"])
        }
    }

    @Test func `a folder that can't be written is as it was`() async throws {
        try await withPolicies { folder, path in
            let log = Log()
            let watcher = try log.watcher(of: path)
            try Self.obstruct("a.yaml", in: folder)
            guard case .unwritable("a.yaml", let reason) = await Self.refusal(watcher, Self.put(Self.text()))
            else {
                Issue.record("the document was written")
                return
            }
            #expect(!reason.isEmpty && log.authors == [])
            #expect(Self.text(of: "a.yaml", in: folder) == document())
        }
    }

    @Test func `the one document of a path is replaced, and none is added beside it`() async throws {
        try await withPolicies { folder, path in
            let watcher = try Log().watcher(of: path + "/a.yaml")
            _ = try await watcher.edit(Self.put(Self.text()))
            #expect(Self.text(of: "a.yaml", in: folder) == Self.text())
            let refusal = await Self.refusal(
                watcher,
                Self.put(Self.text("r", priority: 12), "r", if: .isAbsent)
            )
            guard case .unwritable("a.yaml", _) = refusal else {
                Issue.record("\(String(describing: refusal))")
                return
            }
            #expect(try Self.names(in: folder) == ["a.yaml", "b.yaml"])
        }
    }

    @Test func `edits and looks that come at once all come into force, one after another`() async throws {
        try await withPolicies { folder, path in
            let log = Log()
            let watcher = try log.watcher(of: path)
            try await withThrowingTaskGroup { group in
                for number in 0..<8 {
                    group.addTask {
                        let text = Self.text("n\(number)", priority: 20 + number)
                        let id = PolicyID(rawValue: "n\(number)")
                        _ = try await watcher.edit(Self.put(text, id, if: .isAbsent))
                    }
                    group.addTask { await watcher.poll() }
                }
                try await group.waitForAll()
            }
            #expect(log.authors == [PolicyAuthor](repeating: Self.ann, count: 8))
            #expect(try PolicySet.load(folder: path) == watcher.documents)
        }
    }

    @Test func `a verdict is what the folder would be told, and changes nothing`() async throws {
        try await withPolicies { folder, path in
            let log = Log()
            let watcher = try log.watcher(of: path)
            func verdict(_ text: String) -> PolicyVerdict { watcher.verdict(on: Array(text.utf8)) }
            #expect(verdict(Self.text()).problems == [])
            #expect(verdict(Self.text()).warnings == watcher.documents.warnings)
            #expect(!watcher.documents.warnings.isEmpty)
            #expect(verdict(Self.text("r")).problems.map(\.path) == ["priority"])
            #expect(verdict("arms: {}").problems.contains { $0.path == "policy" })
            #expect(verdict("policy: [").problems.count == 1)
            try write("policy: [", to: folder.appending(path: "b.yaml"))
            #expect(verdict(Self.text()).problems.map { $0.file.hasSuffix("b.yaml") } == [true])
            #expect(log.authors == [] && Self.text(of: "a.yaml", in: folder) == document())
        }
    }
}
