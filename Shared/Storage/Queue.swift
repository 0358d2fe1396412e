/// First in, first out. What is taken is let go of at once: an element may hold megabytes, and the places that it leaves
/// are only closed up now and then.
struct Queue<Element> {
    private var places: [Element?] = []
    private var head = 0

    var count: Int { places.count - head }

    mutating func append(_ element: Element) { places.append(element) }

    /// The oldest element; nil when there is none.
    mutating func popFirst() -> Element? {
        guard head < places.count else { return nil }
        defer { closeUp() }
        return places[head].take()
    }

    private mutating func closeUp() {
        head += 1
        if head == places.count {
            places.removeAll(keepingCapacity: places.capacity <= 1024)
            head = 0
        } else if head > 256, head * 2 > places.count {
            places.removeFirst(head)
            head = 0
        }
    }
}

extension Queue: Sendable where Element: Sendable {}
