import RecordModel
import TestSupport
import Testing

@testable import Storage

@Suite struct QueueTests {
    private final class Probe {
        let number: Int
        init(_ number: Int) { self.number = number }
    }

    @Test("first in, first out, across the closing up of empty places")
    func order() {
        var queue = Queue<Int>()
        var next = 0
        var taken = 0
        // Grows and shrinks, so that places are closed up at the end, in the middle and not at all.
        for round in 1...60 {
            for _ in 0..<(round * 20) {
                queue.append(next)
                next += 1
            }
            for _ in 0..<(round * 19) {
                let first = queue.popFirst()
                #expect(first == taken)
                taken += 1
            }
            #expect(queue.count == next - taken)
        }
        while let first = queue.popFirst() {
            #expect(first == taken)
            taken += 1
        }
        #expect(taken == next && queue.count == 0)
    }

    @Test("what was taken is let go of at once, not when its place is closed up")
    func release() {
        var queue = Queue<Probe>()
        weak var first: Probe?
        do {
            let probe = Probe(1)
            first = probe
            queue.append(probe)
        }
        queue.append(Probe(2))
        #expect(first?.number == 1)
        #expect(queue.popFirst()?.number == 1)
        #expect(first == nil)
        #expect(queue.popFirst()?.number == 2)
        let nothing = queue.popFirst()
        #expect(nothing == nil)
    }

    @Test("a row that the broker has acknowledged is nowhere in the relay's memory, however few rows there were")
    func acknowledged() {
        var state = RelayState(limits: .init())
        state.loaded([], complete: true, since: state.generation)
        for number in 1...3 {
            let event = Sample.event(number)
            state.committed([CommittedRow(id: Int64(number), events: [event], bytes: 10)])
        }
        let row = state.next()
        #expect(row?.id == 1)
        state.finished(1, succeeded: true)
        var held = ""
        dump(state, to: &held)
        #expect(!held.contains("event-1") && held.contains("event-2") && held.contains("event-3"))
        #expect(state.memoryBytes == 20 && state.acknowledged == [1])
    }
}
