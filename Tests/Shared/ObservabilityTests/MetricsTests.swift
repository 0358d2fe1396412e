import Observability
import Testing

@Suite("Metrics")
struct MetricsTests {
    @Test("the page is sorted, escaped and the same for the same state")
    func page() {
        let registry = MetricsRegistry()
        registry.counter("b_total", help: "Second.\nline", labels: [("z", "2"), ("a", "x\"\\\n")]).add(3)
        registry.counter("b_total", help: "Second.\nline", labels: [("a", "1"), ("z", "2")]).add()
        registry.gauge("a_rows", help: "First.").set(7)
        registry.gauge("c_seconds", help: "Third.").set(seconds: 1.25)
        #expect(
            registry.render() == """
                # HELP a_rows First.
                # TYPE a_rows gauge
                a_rows 7
                # HELP b_total Second.\\nline
                # TYPE b_total counter
                b_total{a="1",z="2"} 1
                b_total{a="x\\"\\\\\\n",z="2"} 3
                # HELP c_seconds Third.
                # TYPE c_seconds gauge
                c_seconds 1.25

                """)
        #expect(registry.render() == registry.render())
    }

    @Test("a histogram counts cumulatively")
    func histogram() {
        let registry = MetricsRegistry()
        let histogram = registry.histogram("h", help: "H.", labels: [("k", "v")], buckets: [0.1, 1])
        histogram.observe(seconds: 0.1)
        histogram.observe(seconds: 0.5)
        histogram.observe(count: 4)
        #expect(
            registry.render() == """
                # HELP h H.
                # TYPE h histogram
                h_bucket{k="v",le="0.1"} 1
                h_bucket{k="v",le="1"} 2
                h_bucket{k="v",le="+Inf"} 3
                h_sum{k="v"} 4.6
                h_count{k="v"} 3

                """)
    }

    @Test("the same name and labels give the same instrument, from many threads")
    func same() async {
        let registry = MetricsRegistry()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1_000 { registry.counter("n_total", help: "N.", labels: [("a", "b")]).add() }
                    for _ in 0..<1_000 { registry.gauge("g", help: "G.").add(1) }
                }
            }
        }
        #expect(registry.counter("n_total", help: "N.", labels: [("a", "b")]).value == 8_000)
        #expect(registry.gauge("g", help: "G.").value == 8_000)
    }

    @Test("collectors run before each page")
    func collectors() {
        let registry = MetricsRegistry()
        let gauge = registry.gauge("g", help: "G.")
        registry.collect { gauge.add(1) }
        #expect(registry.render().hasSuffix("g 1\n"))
        #expect(registry.render().hasSuffix("g 2\n"))
    }
}

@Suite("JSON and trace context")
struct JSONAndTraceTests {
    @Test("commas stand where they belong at any depth")
    func commas() {
        var json = JSONWriter()
        json.object { json in
            json.member("a", 1)
            json.array("b") { json in
                json.element("x")
                json.object { _ in }
                json.array { json in json.element(2) }
                json.element(json: Array("null".utf8))
            }
            json.object("c") { json in
                json.member("d", nil as String?)
                json.member("e", Double.infinity)
            }
            json.member("f", false)
        }
        #expect(
            String(decoding: json.bytes, as: UTF8.self)
                == #"{"a":1,"b":["x",{},[2],null],"c":{"d":null,"e":null},"f":false}"#)
    }

    @Test(
        "a traceparent is read by the standard",
        arguments: [
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true),
            ("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra", true),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra", false),
            ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false),
            ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false),
            ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", false),
            ("", false),
        ])
    func traceparent(text: String, isGood: Bool) {
        #expect((TraceContext(traceparent: text) != nil) == isGood)
    }

    @Test("a child keeps the trace and has a span of its own")
    func child() throws {
        let parent = TraceContext.random()
        let child = parent.child()
        #expect(child.traceID == parent.traceID)
        #expect(child.spanID != parent.spanID)
        #expect(TraceContext(traceparent: child.traceparent) == child)
    }
}
