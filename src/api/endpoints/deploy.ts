import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Settings } from "../../config.ts"
import { HostHealth, learnFrom } from "../../orders/delivery/HostHealth.ts"
import { Orders } from "../../orders/Orders.ts"
import type { Terms } from "../../payment/PaymentService.ts"
import { decodeProject } from "../request/decode-deploy.ts"
import { makeSales } from "../paid/sale.ts"

/** `POST /deploy`: source files become a live URL. */
export const makeDeploy = Effect.gen(function* () {
  const settings = yield* Settings
  const orders = yield* Orders
  const health = yield* HostHealth
  const sell = yield* makeSales
  return sell({
    name: "Gateway.deploy",
    terms: (body) => termsOf(settings.get("DEPLOY_PRICE"), body),
    decode: decodeProject,
    offered: Effect.void,
    submit: (project, paid) =>
      orders.submit({ ...paid, ...project }).pipe(
        Effect.tap(() => Effect.sync(() => learnFrom(health, undefined, 0))),
        Effect.tapErrorTag("HostUnavailable", (error) =>
          Effect.map(Clock.currentTimeMillis, (now) => learnFrom(health, error, now))
        )
      ),
    say: ({ url, deployment_id, expires_at, ttl_hours }) => ({ url, deployment_id, expires_at, ttl_hours })
  })
})

/** The terms for a deploy of this body (its SHA-256). */
export const termsOf = (price: string, body: string): Terms => ({
  operation: "deploy",
  body,
  price,
  description: "Deploy code to a live URL"
})
