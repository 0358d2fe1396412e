import CProtobufC

/// A bump allocator for the C side of one message: strings and structs on the way out, what unpacking makes on the
/// way in. Freed as one; protobuf-c's own frees are no-ops.
final class Arena {
    private var chunks: [UnsafeMutableRawPointer] = []
    private var chunkSize: Int
    private var next: UnsafeMutableRawPointer
    private var left: Int

    init(capacity: Int = 2048) {
        chunkSize = capacity
        let chunk = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        chunks = [chunk]
        next = chunk
        left = capacity
    }

    deinit { for chunk in chunks { chunk.deallocate() } }

    func allocate(_ size: Int) -> UnsafeMutableRawPointer {
        let rounded = (max(size, 1) + 15) & ~15
        if rounded > left {
            chunkSize = max(chunkSize * 2, rounded)
            let chunk = UnsafeMutableRawPointer.allocate(byteCount: chunkSize, alignment: 16)
            chunks.append(chunk)
            next = chunk
            left = chunkSize
        }
        defer {
            next += rounded
            left -= rounded
        }
        return next
    }

    /// Nil for the empty string: proto3 leaves defaults out.
    func string(_ text: String) -> UnsafeMutablePointer<CChar>? {
        var text = text
        return text.withUTF8 { utf8 in
            guard let base = utf8.baseAddress, !utf8.isEmpty else { return nil }
            let copy = allocate(utf8.count + 1)
            copy.copyMemory(from: base, byteCount: utf8.count)
            (copy + utf8.count).storeBytes(of: 0, as: UInt8.self)
            return copy.assumingMemoryBound(to: CChar.self)
        }
    }

    func bytes(_ bytes: [UInt8]) -> ProtobufCBinaryData {
        guard !bytes.isEmpty else { return ProtobufCBinaryData() }
        let copy = allocate(bytes.count)
        bytes.withUnsafeBytes { copy.copyMemory(from: $0.baseAddress!, byteCount: bytes.count) }
        return ProtobufCBinaryData(len: bytes.count, data: copy.assumingMemoryBound(to: UInt8.self))
    }

    func make<Message>(_ type: Message.Type) -> UnsafeMutablePointer<Message> {
        allocate(MemoryLayout<Message>.size).bindMemory(to: Message.self, capacity: 1)
    }

    func pointers<Message>(_ items: [UnsafeMutablePointer<Message>?])
        -> UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?
    {
        guard !items.isEmpty else { return nil }
        let stride = MemoryLayout<UnsafeMutablePointer<Message>?>.stride
        let array = allocate(stride * items.count)
            .bindMemory(to: UnsafeMutablePointer<Message>?.self, capacity: items.count)
        for (index, item) in items.enumerated() { array[index] = item }
        return array
    }

    /// Runs `body` with an allocator that takes from this arena.
    func withAllocator<Result>(_ body: (UnsafeMutablePointer<ProtobufCAllocator>) -> Result) -> Result {
        var allocator = ProtobufCAllocator(
            alloc: { data, size in
                Unmanaged<Arena>.fromOpaque(data!).takeUnretainedValue().allocate(size)
            },
            free: { _, _ in },
            allocator_data: Unmanaged.passUnretained(self).toOpaque())
        return withUnsafeMutablePointer(to: &allocator, body)
    }
}

/// The encoding of a message that was filled in C.
func packed<Message>(_ message: UnsafePointer<Message>) -> [UInt8] {
    let base = UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self)
    let size = protobuf_c_message_get_packed_size(base)
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
        count = size == 0 ? 0 : protobuf_c_message_pack(base, buffer.baseAddress)
    }
}

/// The unpack function that protobuf-c generates for a message.
typealias Unpack<Message> = (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?) ->
    UnsafeMutablePointer<Message>?

/// Unpacks a message and hands it to `body` while its memory lives.
func unpacked<Message, Value>(
    _ bytes: [UInt8], as type: Message.Type, unpack: Unpack<Message>, named name: String, textOnly: Bool = false,
    _ body: (UnsafePointer<Message>, WireReader) throws(WireError) -> Value
) throws(WireError) -> Value {
    let arena = Arena(capacity: 1024 + bytes.count * 2)
    defer { withExtendedLifetime(arena) {} }
    let message = arena.withAllocator { allocator in
        bytes.withUnsafeBufferPointer { unpack(allocator, $0.count, $0.baseAddress) }
    }
    guard let message else {
        throw WireError(message: name, field: "", rule: "is truncated or not a message of this type")
    }
    // A text that holds NUL ends there in C, and so packs to fewer bytes than came in.
    if textOnly, bytes.contains(0) {
        let base = UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self)
        if protobuf_c_message_get_packed_size(base) < bytes.count {
            throw WireError(message: name, field: "", rule: "a text holds a NUL byte")
        }
    }
    return try body(message, WireReader(message: name))
}

/// Reads fields of a message and names the field in what it throws.
struct WireReader {
    let message: String

    func text(_ pointer: UnsafeMutablePointer<CChar>?, _ field: String) throws(WireError) -> String {
        guard let pointer, pointer.pointee != 0 else { return "" }
        guard let text = String(validatingCString: pointer) else {
            throw WireError(message: message, field: field, rule: "is not UTF-8")
        }
        return text
    }

    func identifier<Kind>(_ data: ProtobufCBinaryData, _ field: String) throws(WireError) -> Identifier<Kind> {
        guard data.len == 16, let base = data.data,
            let identifier = Identifier<Kind>(bytes: UnsafeBufferPointer(start: base, count: 16))
        else { throw WireError(message: message, field: field, rule: "is not 16 bytes") }
        return identifier
    }

    func bytes(_ data: ProtobufCBinaryData) -> [UInt8] {
        guard let base = data.data, data.len > 0 else { return [] }
        return Array(UnsafeBufferPointer(start: base, count: data.len))
    }

    func value<Enum: RawRepresentable>(
        _ raw: some BinaryInteger, _ field: String, of type: Enum.Type = Enum.self
    ) throws(WireError) -> Enum where Enum.RawValue == Int32 {
        guard let known = Int32(exactly: raw).flatMap(Enum.init(rawValue:)) else {
            throw WireError(
                message: message, field: field, rule: "is unspecified or a value that this version does not know")
        }
        return known
    }

    func present<Message>(_ pointer: UnsafeMutablePointer<Message>?, _ field: String) throws(WireError)
        -> UnsafeMutablePointer<Message>
    {
        guard let pointer else { throw WireError(message: message, field: field, rule: "is missing") }
        return pointer
    }

    func required(_ text: String, _ field: String) throws(WireError) -> String {
        guard !text.isEmpty else { throw WireError(message: message, field: field, rule: "is missing") }
        return text
    }
}
