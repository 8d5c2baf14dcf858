import SchedulerDomain

/// Functions with parameters and a result of their own types.
///
/// ```swift
/// struct CloseBooks: Codable { var month: String }
///
/// registry.register("billing.close") { (parameters: CloseBooks, context: FunctionContext) in
///     context.log("closing \(parameters.month)")
///     return ["invoices": 120]
/// }
/// ```
///
/// The parameters are decoded before the function is called; where they do not fit, the attempt fails with a
/// `VALIDATION_ERROR` that names the field, and is not repeated. Dates are RFC 3339 texts.
extension FunctionRegistry {
    /// Adds a function or replaces the one of the same name.
    ///
    /// - Parameter name: what tasks write; where they give a `modulePath`, `<modulePath>.<name>`.
    public func register<Parameters: Decodable & Sendable, Output: Encodable & Sendable>(
        _ name: String, _ function: @escaping @Sendable (Parameters, FunctionContext) async throws -> Output
    ) {
        register(name) { call in
            let parameters = try JSONBridge.decode(Parameters.self, from: call.parameters, path: "config.parameters")
            return try JSONBridge.encode(try await function(parameters, FunctionContext(call.run)))
        }
    }

    /// Adds a function without a result, as the other form.
    public func register<Parameters: Decodable & Sendable>(
        _ name: String, _ function: @escaping @Sendable (Parameters, FunctionContext) async throws -> Void
    ) {
        register(name) { call in
            let parameters = try JSONBridge.decode(Parameters.self, from: call.parameters, path: "config.parameters")
            try await function(parameters, FunctionContext(call.run))
            return .null
        }
    }
}
