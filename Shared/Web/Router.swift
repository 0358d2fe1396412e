/// Finds the route for a method and a path.
struct Router: Sendable {
    struct Match: Sendable {
        /// Index into the routing table.
        let index: Int
        let route: Route
        let parameters: [String: String]
    }

    let routes: [Route]

    /// - Precondition: no method and pattern stands twice.
    init(_ routes: [Route]) {
        let names = routes.map { "\($0.method.rawValue) \($0.pattern.text)" }
        precondition(Set(names).count == names.count, "a route is registered twice among \(names.sorted())")
        self.routes = routes
    }

    /// - Parameter method: a method's name as in the request line; HEAD counts as GET.
    /// - Throws: `Problem` 400, 404 or 405.
    func find(method: String, path: String) throws(Problem) -> Match {
        guard path.utf8.first == UInt8(ascii: "/") else { throw .badRequest("the request target must be a path") }
        let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        let wanted = method == "HEAD" ? Method.get : Method(rawValue: method)
        var best: Match?
        var others: Set<Method> = []
        for (index, route) in routes.enumerated() {
            guard let parameters = route.pattern.match(parts) else { continue }
            guard route.method == wanted else {
                others.insert(route.method)
                continue
            }
            if let known = best, !PathPattern.isMoreSpecific(route.pattern, known.route.pattern) { continue }
            best = Match(index: index, route: route, parameters: parameters)
        }
        if let best { return best }
        if others.isEmpty { throw .notFound("no route has this path") }
        throw .methodNotAllowed(Array(others))
    }
}
