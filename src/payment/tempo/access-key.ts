import * as Effect from "effect/Effect"
import type { Hex } from "viem"
import type { PaymentRejected, PaymentServiceUnavailable } from "../errors.ts"
import { decodeWords, encodeWord, selectorOf } from "./chain/abi.ts"
import type { ChainReader } from "./chain/networks.ts"
import { rejected, unavailable } from "./chain/rejections.ts"
import { rpcErrorIn, toSimulationError } from "./chain/rpc-failure.ts"
import type { SignedPayment } from "./read-payment.ts"
import { encodeAuthorizeKey, KEY_TYPES, type SignedKeyAuthorization } from "./wire/key-authorization.ts"
import { decodeScopes, permits, type Scope, scopesOfAuthorization } from "./wire/scopes.ts"

/*
 * Checks that an account lets an access key pay. A simulation does not check this. Without the check, a client could name a
 * stranger's account beside its own key, and the gateway would do all the work before the payment. The keychain precompile
 * answers.
 *
 * Its functions depend on the chain's hardfork. Every hardfork has `getKey`, so a payment needs its answer. A function that
 * the chain does not have limits no key.
 */

const KEYCHAIN = "0xaaaaaaaa00000000000000000000000000000000"

/** `UnknownFunctionSelector(bytes4)`: the error of Tempo's precompiles for functions of other hardforks. */
const UNKNOWN_FUNCTION = "0xaa4bc69a"

const isUnknownFunction = (error: unknown): boolean => {
  const data: unknown = rpcErrorIn(error)?.data
  return typeof data === "string" && data.startsWith(UNKNOWN_FUNCTION)
}

/** Reads an access key's spending limit for a token; `undefined` stands for any amount. */
export type ReadSpendingLimit = (token: Hex) => Effect.Effect<bigint | undefined, PaymentServiceUnavailable>

const unlimited: ReadSpendingLimit = () => Effect.succeed(undefined)

const refusals = new WeakSet<PaymentRejected>()

const refuseKey = (detail: string) => {
  const error = rejected(detail)
  refusals.add(error)
  return Effect.fail(error)
}

/** Whether a payment was rejected because its key may sign nothing for the account, in no token. */
export const isKeyRefused = (error: PaymentRejected): boolean => refusals.has(error)

/** Makes the check of access keys. */
export const makeCheckAccessKey = (chain: ChainReader) => {
  const call = (signature: string, ...values: ReadonlyArray<Hex>) =>
    Effect.tryPromise({
      try: () =>
        chain.view(
          KEYCHAIN,
          `${selectorOf(signature)}${values.map((value) => encodeWord(BigInt(value))).join("")}` as Hex
        ),
      catch: (error) => (isUnknownFunction(error) ? ("no such function" as const) : unavailable)
    })

  const checkKey = (account: Hex, { address, kind }: NonNullable<SignedPayment["key"]>, until: number) =>
    Effect.flatMap(
      Effect.mapError(call("getKey(address,address)", account, address), () => unavailable),
      (answer): Effect.Effect<boolean, PaymentRejected | PaymentServiceUnavailable> => {
        const [type, id, expiry, enforcesLimits, isRevoked] = decodeWords(answer, 5) ?? []
        if (type === undefined || expiry === undefined) return Effect.fail(unavailable)
        if (isRevoked !== 0n) return refuseKey("The access key was revoked. Sign with another key.")
        if (id !== BigInt(address)) {
          return refuseKey(
            "The account does not know this access key. Authorize it first, or send its authorization with the payment."
          )
        }
        if (expiry < BigInt(Math.ceil(until))) {
          return refuseKey("The access key has expired, or is about to. Sign with another key.")
        }
        if (type !== BigInt(KEY_TYPES.indexOf(kind))) {
          return refuseKey(
            "The access key is of another type than its signature. Sign with the key that the account has authorized."
          )
        }
        return Effect.succeed(enforcesLimits !== 0n)
      }
    )

  const readSpendingLimit =
    (account: Hex, key: Hex): ReadSpendingLimit =>
    (token) =>
      call("getRemainingLimitWithPeriod(address,address,address)", account, key, token).pipe(
        Effect.catch((error) =>
          error === unavailable
            ? Effect.fail(error)
            : call("getRemainingLimit(address,address,address)", account, key, token)
        ),
        Effect.map((answer) => decodeWords(answer, 1)?.[0]),
        Effect.filterOrFail(
          (remaining) => remaining !== undefined,
          () => unavailable
        ),
        Effect.catch((error) => (error === unavailable ? Effect.fail(unavailable) : Effect.succeed(undefined)))
      )

  const readScopes = (account: Hex, key: Hex) =>
    call("getAllowedCalls(address,address)", account, key).pipe(
      Effect.flatMap((answer) => Effect.try({ try: () => decodeScopes(answer), catch: () => unavailable })),
      Effect.catch((error) => (error === unavailable ? Effect.fail(unavailable) : Effect.succeed(undefined)))
    )

  // The chain itself checks the authorization, because it may know the key already, or a limit may name an address that is no
  // token.
  const simulateAuthorization = (account: Hex, authorization: SignedKeyAuthorization) =>
    Effect.tryPromise({
      try: () => chain.view(KEYCHAIN, encodeAuthorizeKey(authorization), account),
      catch: (error) => (isUnknownFunction(error) ? ("no such function" as const) : toSimulationError(error))
    }).pipe(
      Effect.catch((error) => {
        if (error !== "no such function") return Effect.fail(error)
        // The call had another form before Tempo's T3. A client signs a witness only for a chain that burns it.
        return authorization.witness === undefined
          ? Effect.void
          : Effect.fail(
              rejected("The chain does not accept a witness in an access key's authorization. Sign one without.")
            )
      })
    )

  const checkScopes = (scopes: ReadonlyArray<Scope> | undefined, { transaction }: SignedPayment) =>
    scopes === undefined || permits(scopes, transaction.calls)
      ? Effect.void
      : Effect.fail(rejected("The access key may not make this call. Allow it to, or sign with another key."))

  /**
   * Checks that the signing key may make this payment, and returns how to read its spending limits. It asks the chain at most
   * three questions, at once.
   *
   * @param until the key must be valid until then, in unix seconds.
   */
  return Effect.fnUntraced(function* (payment: SignedPayment, until: number) {
    const { account, key, transaction } = payment
    const authorization = transaction.keyAuthorization as SignedKeyAuthorization | undefined
    if (authorization !== undefined) {
      yield* simulateAuthorization(account, authorization)
      if (key === undefined) return unlimited
      if (authorization.expiry !== undefined && authorization.expiry !== null && authorization.expiry < until) {
        return yield* rejected("The access key's authorization has expired, or is about to. Sign a new one.")
      }
      yield* checkScopes(scopesOfAuthorization(authorization), payment)
      const { limits } = authorization
      return (token: Hex) =>
        Effect.succeed(
          limits === undefined
            ? undefined
            : (limits.findLast((limit) => limit.token.toLowerCase() === token.toLowerCase())?.limit ?? 0n)
        )
    }
    if (key === undefined) return unlimited
    const [enforcesLimits, scopes] = yield* Effect.all(
      [checkKey(account, key, until), readScopes(account, key.address)],
      {
        concurrency: 2
      }
    )
    yield* checkScopes(scopes, payment)
    return enforcesLimits ? readSpendingLimit(account, key.address) : unlimited
  })
}
