/**
 * The answers other than success: one class a response, rendered as `application/problem+json` (RFC 9457) by the API
 * definition. Each says in `charged` whether the order's money has moved (`true`, `false`, or `null` while the chain has not
 * answered), and in `detail` what is wrong and what to do.
 */
export * from "./errors/order.ts"
export * from "./errors/payment.ts"
export * from "./errors/request.ts"
export * from "./errors/service.ts"
