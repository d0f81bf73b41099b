import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { Settings } from "../../config.ts"
import { Orders } from "../../orders/Orders.ts"
import { NotConfigured } from "../../domain/Errors.ts"
import { CodeRunner } from "../../sandbox/CodeRunner.ts"
import type { Terms } from "../../payment/PaymentService.ts"
import { decodeCode } from "../request/decode-execute.ts"
import { makeSales } from "../paid/sale.ts"

/** `POST /execute`: code is run once, and its result answered. For sale only where code can be loaded. */
export const makeExecute = Effect.gen(function* () {
  const settings = yield* Settings
  const orders = yield* Orders
  const runner = yield* CodeRunner
  const sell = yield* makeSales
  return sell({
    name: "Gateway.execute",
    terms: (body) => executeTerms(settings.get("EXECUTE_PRICE"), body),
    decode: decodeCode,
    offered: runner.available
      ? Effect.void
      : new NotConfigured({
          detail:
            "This service has no Worker Loader (LOADER), so that it can run no code by itself. POST /deploy works.",
          missing: ["LOADER"]
        }),
    submit: (program, paid) => orders.execute({ ...paid, ...program }),
    // Byte for byte what was stored: the result is the code's own JSON.
    say: ({ output }) => HttpServerResponse.text(output, { contentType: "application/json" })
  })
})

/** The terms for a run of this body (its SHA-256). */
export const executeTerms = (price: string, body: string): Terms => ({
  operation: "execute",
  body,
  price,
  description: "Run code once"
})
