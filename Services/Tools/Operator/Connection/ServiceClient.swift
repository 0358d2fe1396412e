/// HTTP with one service: small answers in memory, large ones and uploads streamed from and to files.
import Foundation
import FoundationNetworking

/// What a service answered, if not success.
struct ServiceRefusal: Error, CustomStringConvertible {
    let service: String
    let status: Int
    let type: String
    let title: String
    let titleEnglish: String
    let detail: String
    let fields: [String]

    var description: String {
        let said = title.isEmpty ? "HTTP \(status)" : "\(title) / \(titleEnglish)"
        let more = ([detail] + fields).filter { !$0.isEmpty }.joined(separator: "; ")
        return "\(service): \(said)" + (more.isEmpty ? "" : " (\(more))")
    }
}

/// The service cannot be reached, or the connection broke.
struct ServiceUnreachable: Error, CustomStringConvertible {
    let service: String
    let address: String
    let reason: String
    var description: String {
        "\(service): không kết nối được \(address) / cannot be reached: \(reason)"
    }
}

struct ServiceClient: Sendable {
    let service: String
    let address: String
    let token: String
    /// Seconds for which a question is asked again while the service does not answer.
    let patience: Double

    struct Answer {
        let status: Int
        let body: Data
        var object: [String: Any] { (try? JSONSerialization.jsonObject(with: body)) as? [String: Any] ?? [:] }
    }

    /// Asks, and gives the answer if it is a success.
    func ask(_ method: String, _ path: String, body: Data? = nil, type: String = "application/json") throws -> Answer {
        try persistently {
            var request = try self.request(method, path)
            if let body {
                request.httpBody = body
                request.setValue(type, forHTTPHeaderField: "Content-Type")
            }
            return try answer(Exchange(sink: nil).run(request, client: self))
        }
    }

    /// Streams the answer's body into `sink`; begins anew, with `sink.restart()`, where the connection broke.
    func download(_ path: String, into sink: any ByteSink) throws {
        _ = try persistently {
            try sink.restart()
            return try answer(Exchange(sink: sink).run(try request("GET", path), client: self))
        }
    }

    /// Streams a file as the request's body.
    func upload(_ method: String, _ path: String, file: String, type: String) throws -> Answer {
        guard FileManager.default.isReadableFile(atPath: file) else { throw InputUnreadable(path: file) }
        return try persistently {
            var request = try self.request(method, path)
            request.setValue(type, forHTTPHeaderField: "Content-Type")
            return try answer(Exchange(sink: nil).upload(request, file: file, client: self))
        }
    }

    private func request(_ method: String, _ path: String) throws -> URLRequest {
        guard let url = URL(string: address + path) else {
            throw ServiceUnreachable(service: service, address: address, reason: "not an address")
        }
        var request = URLRequest(url: url, timeoutInterval: 600)
        request.httpMethod = method
        request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        return request
    }

    private func answer(_ answer: Answer) throws -> Answer {
        guard (200..<300).contains(answer.status) else {
            let object = answer.object
            let fields = (object["fields"] as? [[String: Any]] ?? []).map {
                "\($0["name"] as? String ?? ""): \($0["rule"] as? String ?? "")"
            }
            throw ServiceRefusal(
                service: service, status: answer.status,
                type: (object["type"] as? String)?.split(separator: ":").last.map(String.init) ?? "",
                title: object["title"] as? String ?? "", titleEnglish: object["title_en"] as? String ?? "",
                detail: object["detail"] as? String ?? "", fields: fields)
        }
        return answer
    }

    /// Again after a short pause while nobody answers, or the service says that it cannot just now.
    private func persistently<R>(_ body: () throws -> R) throws -> R {
        let deadline = ContinuousClock.now + .seconds(patience)
        while true {
            do {
                return try body()
            } catch let error as ServiceUnreachable where ContinuousClock.now < deadline {
                _ = error
            } catch let error as ServiceRefusal
                where [429, 502, 503].contains(error.status) && ContinuousClock.now < deadline
            {
                _ = error
            }
            Thread.sleep(forTimeInterval: 0.3)
        }
    }
}

/// Where a streamed answer goes.
protocol ByteSink: AnyObject {
    func restart() throws
    func take(_ data: Data) throws
}

/// One request and its answer; the session calls back on a queue of its own.
private final class Exchange: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    private let condition = NSCondition()
    private let sink: (any ByteSink)?
    private var status = 0
    private var body = Data()
    private var failure: (any Error)?
    private var isDone = false

    init(sink: (any ByteSink)?) { self.sink = sink }

    func run(_ request: URLRequest, client: ServiceClient) throws -> ServiceClient.Answer {
        try wait(client) { $0.dataTask(with: request) }
    }

    func upload(_ request: URLRequest, file: String, client: ServiceClient) throws -> ServiceClient.Answer {
        try wait(client) { $0.uploadTask(with: request, fromFile: URL(fileURLWithPath: file)) }
    }

    private func wait(_ client: ServiceClient, _ task: (URLSession) -> URLSessionTask) throws -> ServiceClient.Answer {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = 600
        configuration.timeoutIntervalForResource = 24 * 3600
        let session = URLSession(configuration: configuration, delegate: self, delegateQueue: nil)
        task(session).resume()
        condition.lock()
        while !isDone { condition.wait() }
        condition.unlock()
        session.finishTasksAndInvalidate()
        if let failure {
            guard failure is URLError else { throw failure }
            throw ServiceUnreachable(
                service: client.service, address: client.address, reason: failure.localizedDescription)
        }
        return ServiceClient.Answer(status: status, body: body)
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
        status = (response as? HTTPURLResponse)?.statusCode ?? 0
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        guard let sink, (200..<300).contains(status) else {
            body.append(data)
            return
        }
        do { try sink.take(data) } catch {
            failure = error
            dataTask.cancel()
        }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        condition.lock()
        if failure == nil { failure = error }
        if status == 0 { status = (task.response as? HTTPURLResponse)?.statusCode ?? 0 }
        isDone = true
        condition.signal()
        condition.unlock()
    }
}

/// A path segment with everything encoded that is not a letter, a digit or one of `-._~`.
func segment(_ text: String) -> String {
    let plain = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    return text.addingPercentEncoding(withAllowedCharacters: plain) ?? text
}
