import CMicroHTTPD
import CWebShims
import Observability

// libmicrohttpd's callbacks. `context` is the unretained ServerCore, which outlives the daemon; a request's slot holds its
// retained Exchange until `completedCallback`; a connection's slot its retained watch entry until it is closed.

let accessCallback: MHD_AccessHandlerCallback = { context, connection, url, method, _, data, size, slot in
    guard let context, let connection, let size, let slot else { return .NO }
    if let known = slot.pointee {
        return Unmanaged<Exchange>.fromOpaque(known).takeUnretainedValue().proceed(data, size)
    }
    guard let url, let method else { return .NO }
    let core = Unmanaged<ServerCore>.fromOpaque(context).takeUnretainedValue()
    let headers = NamedValues(values(of: connection, .HEADER_KIND), ignoresCase: true)
    let trace = headers["traceparent"].flatMap(TraceContext.init(traceparent:))?.child() ?? .random()
    let name = String(cString: method)
    let exchange = Exchange(core: core, connection: connection, isHead: name == "HEAD", trace: trace)
    slot.pointee = Unmanaged.passRetained(exchange).toOpaque()
    return exchange.begin(
        method: name, path: String(cString: url), headers: headers, query: query(of: connection))
}

let completedCallback: MHD_RequestCompletedCallback = { _, _, slot, code in
    guard let slot, let known = slot.pointee else { return }
    slot.pointee = nil
    Unmanaged<Exchange>.fromOpaque(known).takeRetainedValue().completed(
        inFull: code == .REQUEST_TERMINATED_COMPLETED_OK)
}

let connectionCallback: MHD_NotifyConnectionCallback = { context, connection, slot, code in
    guard let context, let connection, let slot else { return }
    let core = Unmanaged<ServerCore>.fromOpaque(context).takeUnretainedValue()
    if code == .CONNECTION_NOTIFY_STARTED {
        let entry = core.watch.opened(
            socket: web_connection_socket(connection), headSeconds: core.configuration.headSeconds)
        slot.pointee = Unmanaged.passRetained(entry).toOpaque()
    } else if let known = slot.pointee {
        slot.pointee = nil
        core.watch.closed(Unmanaged<ConnectionWatch.Connection>.fromOpaque(known).takeRetainedValue())
    }
}

let readerCallback: MHD_ContentReaderCallback = { context, _, buffer, count in
    guard let context, let buffer else { return -2 }
    return Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
        .fill(UnsafeMutableRawBufferPointer(start: buffer, count: count))
}

let releaseCallback: MHD_ContentReaderFreeCallback = { context in
    if let context { Unmanaged<Exchange>.fromOpaque(context).release() }
}

/// Query values, decoded; nil when one is not percent-encoded UTF-8.
private func query(of connection: OpaquePointer) -> NamedValues? {
    var decoded: [(name: String, value: String)] = []
    for pair in values(of: connection, .GET_ARGUMENT_KIND) {
        guard let name = percentDecoded(pair.name), let value = percentDecoded(pair.value) else { return nil }
        decoded.append((name, value))
    }
    return NamedValues(decoded, ignoresCase: false)
}

private final class Pairs {
    var values: [(name: String, value: String)] = []
}

private func values(of connection: OpaquePointer, _ kind: MHD_ValueKind) -> [(name: String, value: String)] {
    let pairs = Pairs()
    MHD_get_connection_values(
        connection, kind,
        { context, _, name, value in
            guard let context, let name else { return .YES }
            Unmanaged<Pairs>.fromOpaque(context).takeUnretainedValue().values.append(
                (String(cString: name), value.map { String(cString: $0) } ?? ""))
            return .YES
        }, Unmanaged.passUnretained(pairs).toOpaque())
    return pairs.values
}
