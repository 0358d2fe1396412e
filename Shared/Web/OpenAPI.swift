/// The routing table as an OpenAPI 3.1 document. Generated, so that it is never behind the routes; the committed file is
/// compared with it by a test.
public enum OpenAPI {
    /// - Parameter routes: in any order; the document is sorted by path and method.
    public static func document(title: String, version: String, summary: String, routes: [Route]) -> Document {
        let byPath = Dictionary(grouping: routes) { $0.pattern.text }
        let paths = byPath.sorted { $0.key < $1.key }.map { path, routes in
            Document.Member(
                path,
                .object(
                    routes.sorted { $0.method.rawValue < $1.method.rawValue }.map { route in
                        Document.Member(route.method.rawValue.lowercased(), operation(route))
                    }))
        }
        return .members([
            "openapi": .text("3.1.0"),
            "info": .members(["title": .text(title), "version": .text(version), "summary": .text(summary)]),
            "security": .array([.members(["bearer": .array([])])]),
            "paths": .object(paths),
            "components": .members([
                "securitySchemes": .members([
                    "bearer": .members([
                        "type": .text("http"), "scheme": .text("bearer"), "bearerFormat": .text("JWT"),
                        "description": .text("ES256; claims iss, aud, exp, sub, role, unit."),
                    ])
                ]),
                "responses": .members(["Problem": problemResponse]),
                "schemas": .object(schemas(of: routes)),
            ]),
        ])
    }

    private static func operation(_ route: Route) -> Document {
        var parameters = route.pattern.parameterNames.map { name in
            Document.members([
                "name": .text(name), "in": .text("path"), "required": .boolean(true),
                "schema": .members(["type": .text("string")]),
            ])
        }
        parameters += route.query.map { property in
            Document.members([
                "name": .text(property.name), "in": .text("query"),
                "description": property.description.isEmpty ? nil : .text(property.description),
                "schema": .members(["type": .text(property.type)]),
            ])
        }
        return .members([
            "operationId": .text(operationID(route)),
            "summary": .text(route.summary),
            "x-roles": .array((route.roles ?? []).sorted().map { .text($0.rawValue) }),
            "x-scope": .text(route.scope.rawValue),
            "x-max-body-bytes": route.request == nil ? nil : .integer(route.maxBody),
            "security": route.roles == nil ? .array([]) : nil,
            "parameters": parameters.isEmpty ? nil : .array(parameters),
            "requestBody": route.request.map {
                .members(["required": .boolean(true), "content": content($0)])
            },
            "responses": .members([
                "2XX": .members([
                    "description": .text("Success."), "content": route.response.map(content),
                ]),
                "default": .members(["$ref": .text("#/components/responses/Problem")]),
            ]),
        ])
    }

    /// `POST /v1/turns/{id}/signature` → `postTurnsIdSignature`.
    static func operationID(_ route: Route) -> String {
        let words = route.pattern.text.split { !$0.isLetter && !$0.isNumber }.dropFirst()
        return route.method.rawValue.lowercased() + words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    private static func content(_ schema: Schema) -> Document {
        .object(
            schema.contentTypes.map { type in
                .init(type, .members(["schema": .members(["$ref": .text("#/components/schemas/\(schema.name)")])]))
            })
    }

    private static var problemResponse: Document {
        .members([
            "description": .text("What went wrong (RFC 9457); the title in Vietnamese, title_en in English."),
            "content": .members([
                "application/problem+json": .members([
                    "schema": .members(["$ref": .text("#/components/schemas/Problem")])
                ])
            ]),
        ])
    }

    private static let problem = Schema(
        "Problem",
        properties: [
            .init("type"), .init("title"), .init("title_en"), .init("status", "integer"), .init("detail"),
            .init("fields", "array", "Refused fields: name and rule."), .init("trace_id"),
        ])

    private static func schemas(of routes: [Route]) -> [Document.Member] {
        var known: [String: Schema] = ["Problem": problem]
        for schema in routes.flatMap({ [$0.request, $0.response] }).compactMap(\.self) {
            if let other = known[schema.name], other.properties.count >= schema.properties.count { continue }
            known[schema.name] = schema
        }
        return known.sorted { $0.key < $1.key }.map { name, schema in
            let properties = schema.properties.map { property in
                Document.Member(
                    property.name,
                    .members([
                        "type": .text(property.type),
                        "description": property.description.isEmpty ? nil : .text(property.description),
                    ]))
            }
            return .init(
                name,
                .members([
                    "type": .text("object"), "properties": properties.isEmpty ? nil : .object(properties),
                ]))
        }
    }
}
