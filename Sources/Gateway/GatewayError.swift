public import ModelExecutor
public import Policy
public import Store

/// Everything that can keep the gateway from starting, or from serving one request.
///
/// The associated values may hold what only the operator should see; what a client is told is decided in
/// `ErrorResponse` alone.
public enum GatewayError: Error, Sendable, Hashable {
    // A request that can't be understood.
    case malformedJSON(JSONFault)
    case bodyTooLarge(limit: Int)
    case bodyTooSlow(limit: Duration)
    case wrongType(String?, expected: String)
    case missingParameter(String)
    case invalidParameter(String, rule: String)
    case unsupportedParameter(String)
    case unknownParameter(String)
    case noSuchRoute
    case methodNotAllowed(allowed: String)
    case modelNotFound
    // A request that is understood and not served.
    case noPolicy
    case subjectRequired
    case overloaded(Load, limit: Int, retryAfterSeconds: Int)
    case draining
    case notReady
    case executor(ExecutorError)
    case store(StoreError)
    case backend(String)
    // An outcome that isn't taken.
    case outcome(OutcomeReceipt)
    // A request that the admin plane doesn't serve.
    case keyMissing
    case keyUnknown
    case certificateUnknown
    case operatorNeeded
    case noSuchPolicy
    case noSuchRollout
    case noSuchVersion
    case edit(PolicyEditRefusal)
    case commandRefused(String)
    case recordUnreadable(StoreError)
    // Keys.
    case keysUnusable(path: String, reason: String)
    case keyNameRefused(String)
    case keyNameTaken(String)
    case tooManyKeys(limit: Int)
    case noSuchKey(String)
    case tagRefused(String)
    case tooManyTags(limit: Int)
    case tagsNeedClient
    case certificateIsForAdmin
    // A listener that can't start.
    case certificateNeeded(host: String)
    case certificateWithoutKey
    case certificateUnusable(path: String, reason: String)
    case certificateExpired(path: String, on: String)
    case authorityUnusable(path: String)
    case cannotWrite(path: String, reason: String)
    case cannotListen(host: String, port: Int, reason: String)
}

extension GatewayError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformedJSON(let fault):
            "the body is not valid JSON: \(fault.reason.rawValue) at byte \(fault.offset); correct it"
        case .bodyTooLarge(let limit):
            "the body is longer than \(limit) bytes; send less"
        case .bodyTooSlow(let limit):
            "the body was not complete \(limit) after its request's head; send it faster"
        case .wrongType(let parameter, let expected):
            "\(parameter ?? "the body") must be \(expected); correct its type"
        case .missingParameter(let parameter):
            "\(parameter) is missing; add it"
        case .invalidParameter(let parameter, let rule):
            "\(parameter) \(rule); correct its value"
        case .unsupportedParameter(let parameter):
            "\(parameter) is not supported here; leave it out"
        case .unknownParameter(let parameter):
            "\(parameter) is not a parameter; check its spelling or leave it out"
        case .noSuchRoute:
            "there is nothing at this path; see README for the routes"
        case .methodNotAllowed(let allowed):
            "this path takes \(allowed) only; use that method"
        case .modelNotFound:
            "no such model is served here; GET /v1/models lists those that are"
        case .noPolicy:
            "no policy covers this request; add one whose match does"
        case .subjectRequired:
            "the policy needs a subject and the request names none; send the header or field that the policy reads"
        case .overloaded(let load, let limit, let retryAfterSeconds):
            "the limit of \(limit) \(load.rawValue) is reached; try again after \(retryAfterSeconds) s"
        case .draining:
            "the gateway is shutting down; try another one"
        case .notReady:
            "the gateway is starting; try again soon"
        case .executor(let error): "\(error)"
        case .store(let error): "\(error)"
        case .backend(let reason): "the backend failed: \(reason); see its log"
        case .outcome(let receipt):
            "the outcome was not taken: \(receipt.rawValue); correct it before a retry"
        case .keyMissing:
            "the request bears no key; send Authorization: Bearer KEY with one from headgate keys add"
        case .keyUnknown:
            "this key is not known here; headgate keys list shows those that are"
        case .operatorNeeded:
            "a viewer's key only reads; use one of role operator"
        case .noSuchPolicy:
            "no policy of this name is in force; GET /v1/policies lists those that are"
        case .noSuchRollout:
            "no policy of this name has a rollout; GET /v1/rollouts lists those that do"
        case .noSuchVersion:
            "the record knows no such version of this policy; its versions are at /v1/policies/POLICY/versions"
        case .edit(let refusal): "\(refusal)"
        case .commandRefused(let words): words
        case .recordUnreadable(let error): "\(error)"
        case .keysUnusable(let path, let reason):
            "cannot use the keys in \(path): \(reason); mend the file, or remove it and add the keys anew"
        case .keyNameRefused(let name):
            "'\(name)' can't be the name of a key: use 1 to \(AccessKey.longestName) letters, digits, '.', '_', '@' "
                + "and '-', and not \(AccessKey.reservedNames.joined(separator: ", ")), which the audit uses itself"
        case .keyNameTaken(let name):
            "there is a key \(name) already; choose another name, or remove that one first"
        case .tooManyKeys(let limit):
            "there are \(limit) keys of its plane, which is the most; remove one that nobody needs first"
        case .noSuchKey(let name):
            "there is no key \(name); headgate keys list shows those that are"
        case .tagRefused(let tag):
            "'\(tag)' can't be a tag: use 1 to \(AccessKey.longestTag) letters, digits, '.', '_', '@' and '-'"
        case .tooManyTags(let limit):
            "a key has at most \(limit) tags; leave some out"
        case .tagsNeedClient:
            "policies see the tags of a client's key alone; use role client, or leave the tags out"
        case .certificateUnknown:
            "no key stands for this client certificate; headgate keys add NAME --certificate adds one, by its common name"
        case .certificateIsForAdmin:
            "a certificate stands for a key of the admin plane only; use --role viewer or operator"
        case .authorityUnusable(let path):
            "cannot use \(path): it can't be read as PEM certificates; give that of the authority which signs clients'"
        case .certificateNeeded(let host):
            "\(host) is not a loopback address, so a certificate is needed; "
                + "give one with --cert FILE --key FILE, or listen on 127.0.0.1"
        case .certificateWithoutKey:
            "a certificate needs its key and a key its certificate; give both --cert FILE and --key FILE"
        case .certificateUnusable(let path, let reason):
            "cannot use \(path): \(reason); give a PEM certificate chain, leaf first, and its private key"
        case .certificateExpired(let path, let day):
            "the certificate \(path) expired on \(day); renew it"
        case .cannotWrite(let path, let reason):
            "cannot write \(path): \(reason); check the folder's owner and mode"
        case .cannotListen(let host, let port, let reason):
            "cannot listen on \(host):\(port): \(reason); choose another address or port 0"
        }
    }
}
