/**
 * Every error response, one class each. The API definition renders them as `application/problem+json` (RFC 9457). `charged`
 * says whether the order's money has moved (`true`, `false`, or `null` while the chain has not answered). `detail` says what is
 * wrong and what to do.
 */
export * from "./errors/order.ts"
export * from "./errors/payment.ts"
export * from "./errors/request.ts"
export * from "./errors/service.ts"
