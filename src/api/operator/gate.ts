import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Redacted from "effect/Redacted"
import { Settings } from "../../config.ts"
import { pathOf } from "../request/limits.ts"
import { answer } from "./answer.ts"
import type { OperatorServices } from "./OperatorServices.ts"

/** Whether a path belongs to the operator. */
const isOperatorPath = (path: string): boolean => path === "/operator" || path.startsWith("/operator/")

/**
 * Answers `/operator` and all paths below it, if there is an `OPERATOR_TOKEN`. Without one there is no such path. These paths come
 * before the CORS headers, because pages of other sites may not read them.
 */
export const Operator = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    const { OPERATOR_TOKEN } = yield* Settings
    if (OPERATOR_TOKEN === undefined) return
    const token = Redacted.value(OPERATOR_TOKEN)
    const services = yield* Effect.context<OperatorServices>()
    yield* router.addGlobalMiddleware((routed) =>
      Effect.withFiber((fiber) => {
        const request = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
        if (!isOperatorPath(pathOf(request.url))) return routed
        return Effect.provideContext(answer(request.source as Request, token), services)
      })
    )
  })
)
