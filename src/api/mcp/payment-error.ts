import * as Effect from "effect/Effect"
import { protocolProblem } from "../../domain/problem.ts"
import { CREDENTIAL_FIELD, PAYMENT_REQUIRED, toChallenges, VERIFICATION_FAILED } from "../../payment/mcp-binding.ts"
import { INVALID_PARAMS, type RpcError, rpcError } from "./json-rpc.ts"

const ask =
  `Answer one of data.challenges and call the tool again with the same arguments and _meta["${CREDENTIAL_FIELD}"]: ` +
  "{challenge, payload, source}. This call has charged nothing."

const codeOf = (type: unknown): number =>
  type === protocolProblem("payment-required")
    ? PAYMENT_REQUIRED
    : type === protocolProblem("malformed-credential")
      ? INVALID_PARAMS
      : VERIFICATION_FAILED

/** Makes the error of a 402, with its challenges and its problem ("Payment" authentication scheme, JSON-RPC and MCP transport). */
export const paymentError = Effect.fnUntraced(function* (response: Response) {
  const problem = (yield* Effect.promise(() => response.json())) as {
    readonly type: string
    readonly title: string
    readonly detail: string
  }
  const code = codeOf(problem.type)
  const challenges = toChallenges(response.headers.get("www-authenticate") ?? "")
  const why = code === PAYMENT_REQUIRED ? "" : ` ${problem.detail}`
  return yield* rpcError(code, `${problem.title} (${code}).${why} ${ask}`, {
    // The transport has accepted the request; its error is the answer.
    status: 200,
    data: {
      httpStatus: 402,
      challenges,
      problem,
      ...(code === VERIFICATION_FAILED && {
        failure: { reason: problem.type.slice(problem.type.lastIndexOf("/") + 1), detail: problem.detail }
      })
    }
  }) satisfies Effect.Effect<never, RpcError>
})
