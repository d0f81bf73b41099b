import * as Effect from "effect/Effect"
import { type Hex, RpcRequestError, BaseError } from "viem"
import type { PaymentRejected, PaymentUnavailable } from "../errors.ts"
import { authorizeCall, kinds, type Signed } from "./wire/key-authorization.ts"
import type { Network } from "./chain/networks.ts"
import type { Payment } from "./read-payment.ts"
import { rejected, unavailable } from "./chain/rejections.ts"
import { simulationFailure } from "./chain/rpc-failure.ts"
import { permits, type Scope, scopesIn, scopesOf } from "./wire/scopes.ts"
import { selectorOf, word } from "./chain/abi.ts"

/*
 * Whether an account lets an access key pay. A simulation does not ask: whoever names a stranger's account beside a key of
 * its own would have everything done for it that is done before the payment. The keychain precompile knows.
 *
 * Which functions it has depends on the chain's hardfork. `getKey` has always been there, so that without its answer nothing
 * is known; a function that the chain says it does not have limits no key.
 */

const keychain = "0xaaaaaaaa00000000000000000000000000000000"

/** `UnknownFunctionSelector(bytes4)`: what Tempo's precompiles say to functions of other hardforks. */
const unknownFunction = "0xaa4bc69a"

const rpcError = (error: unknown): RpcRequestError | undefined => {
  const found = error instanceof BaseError ? error.walk((cause) => cause instanceof RpcRequestError) : null
  return found instanceof RpcRequestError ? found : undefined
}

const isUnknownFunction = (error: unknown): boolean => {
  const data: unknown = rpcError(error)?.data
  return typeof data === "string" && data.startsWith(unknownFunction)
}

/** An access key's limit for a token; `undefined` is any amount. */
export type LimitOf = (token: Hex) => Effect.Effect<bigint | undefined, PaymentUnavailable>

const wordsIn = (answer: Hex, count: number): ReadonlyArray<bigint> | undefined => {
  const words = answer.slice(2).match(/.{64}/g) ?? []
  return words.length < count ? undefined : words.map((digits) => BigInt(`0x${digits}`))
}

const unlimited: LimitOf = () => Effect.succeed(undefined)

/** Asks the chain about access keys. */
export const makeAccessKeys = (network: Network) => {
  const ask = (signature: string, ...values: ReadonlyArray<Hex>) =>
    Effect.tryPromise({
      try: () =>
        network.view(keychain, `${selectorOf(signature)}${values.map((value) => word(BigInt(value))).join("")}` as Hex),
      catch: (error) => (isUnknownFunction(error) ? ("no such function" as const) : unavailable)
    })

  const known = (account: Hex, { address, kind }: NonNullable<Payment["key"]>, until: number) =>
    Effect.flatMap(
      Effect.mapError(ask("getKey(address,address)", account, address), () => unavailable),
      (answer): Effect.Effect<boolean, PaymentRejected | PaymentUnavailable> => {
        const [type, id, expiry, enforcesLimits, isRevoked] = wordsIn(answer, 5) ?? []
        if (type === undefined || expiry === undefined) return Effect.fail(unavailable)
        if (isRevoked !== 0n) return Effect.fail(rejected("The access key was revoked. Sign with another key."))
        if (id !== BigInt(address)) {
          return Effect.fail(
            rejected(
              "The account does not know this access key. Authorize it first, or send its authorization with the payment."
            )
          )
        }
        if (expiry < BigInt(Math.ceil(until))) {
          return Effect.fail(rejected("The access key has expired, or is about to. Sign with another key."))
        }
        if (type !== BigInt(kinds.indexOf(kind))) {
          return Effect.fail(rejected("The access key is of another type than its signature."))
        }
        return Effect.succeed(enforcesLimits !== 0n)
      }
    )

  const limitOf =
    (account: Hex, key: Hex): LimitOf =>
    (token) =>
      ask("getRemainingLimitWithPeriod(address,address,address)", account, key, token).pipe(
        Effect.catch((error) =>
          error === unavailable
            ? Effect.fail(error)
            : ask("getRemainingLimit(address,address,address)", account, key, token)
        ),
        Effect.map((answer) => wordsIn(answer, 1)?.[0]),
        Effect.filterOrFail(
          (remaining) => remaining !== undefined,
          () => unavailable
        ),
        Effect.catch((error) => (error === unavailable ? Effect.fail(unavailable) : Effect.succeed(undefined)))
      )

  const allowed = (account: Hex, key: Hex) =>
    ask("getAllowedCalls(address,address)", account, key).pipe(
      Effect.flatMap((answer) => Effect.try({ try: () => scopesIn(answer), catch: () => unavailable })),
      Effect.catch((error) => (error === unavailable ? Effect.fail(unavailable) : Effect.succeed(undefined)))
    )

  // The chain itself says whether it would take the authorization: a key that it knows already, a limit for what is no token.
  const authorizable = (account: Hex, authorization: Signed) =>
    Effect.tryPromise({
      try: () => network.view(keychain, authorizeCall(authorization), account),
      catch: (error) => (isUnknownFunction(error) ? ("no such function" as const) : simulationFailure(error))
    }).pipe(
      Effect.catch((error) => {
        if (error !== "no such function") return Effect.fail(error)
        // Before Tempo's T3 the call had another form; a witness, though, is signed for a chain that burns it.
        return authorization.witness === undefined
          ? Effect.void
          : Effect.fail(
              rejected("The chain does not take a witness in an access key's authorization. Sign one without.")
            )
      })
    )

  const within = (scopes: ReadonlyArray<Scope> | undefined, { transaction }: Payment) =>
    scopes === undefined || permits(scopes, transaction.calls)
      ? Effect.void
      : Effect.fail(rejected("The access key may not make this call. Allow it to, or sign with another key."))

  /**
   * Finds what the signing key may spend, after the chain has said that it may sign at all. It asks at most three
   * questions, at once.
   *
   * @param until when the key must still be valid, in unix seconds.
   */
  return Effect.fnUntraced(function* (payment: Payment, until: number) {
    const { account, key, transaction } = payment
    const authorization = transaction.keyAuthorization as Signed | undefined
    if (authorization !== undefined) {
      yield* authorizable(account, authorization)
      if (key === undefined) return unlimited
      if (authorization.expiry !== undefined && authorization.expiry !== null && authorization.expiry < until) {
        return yield* rejected("The access key's authorization has expired, or is about to. Sign a new one.")
      }
      yield* within(scopesOf(authorization), payment)
      const { limits } = authorization
      return (token: Hex) =>
        Effect.succeed(
          limits === undefined
            ? undefined
            : (limits.findLast((limit) => limit.token.toLowerCase() === token.toLowerCase())?.limit ?? 0n)
        )
    }
    if (key === undefined) return unlimited
    const [enforcesLimits, scopes] = yield* Effect.all([known(account, key, until), allowed(account, key.address)], {
      concurrency: 2
    })
    yield* within(scopes, payment)
    return enforcesLimits ? limitOf(account, key.address) : unlimited
  })
}
