import { createHash, randomBytes } from "node:crypto"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { PATH_USD } from "../domain/currencies.ts"
import {
  CaptureFailed,
  CaptureUncertain,
  PaymentRejected,
  PaymentServiceUnavailable,
  type ProblemType
} from "./errors.ts"
import { type Authorization, PaymentService, type PaymentStatus, type Terms, type Verified } from "./PaymentService.ts"

/**
 * The outcome of a scripted capture. `landed`: the payment landed. `lost`: it landed, and only `find` says so. `stuck`: nothing
 * has happened, and `find` answers "unknown" until the deadline has passed. `reverted`: the chain refused it.
 */
export type Capture = "landed" | "lost" | "stuck" | "reverted"

/** The scripted payments of a test: the captured ones, and the next failures. Layers over one script share it. */
export class PaymentScript {
  /** The next calls of `authorize` fail with these. Once the list is empty, they succeed. */
  readonly authorizations: Array<PaymentRejected | PaymentServiceUnavailable> = []
  /** The next captures end like this. Once the list is empty, they land. */
  readonly captures: Array<Capture> = []
  /** The payers who cannot pay, in lower case. */
  readonly broke = new Set<string>()
  /** While true, the chain does not answer: `authorize` is unavailable, `capture` is stuck, `find` answers "unknown". */
  down = false
  /** The landed payments by reference. */
  readonly captured = new Map<string, { readonly payer: string; readonly price: string }>()
  readonly reverted = new Set<string>()
  /** How often each method was called. */
  readonly calls = { challenge: 0, verify: 0, authorize: 0, capture: 0, find: 0 }
}

interface TestChallenge {
  readonly id: string
  readonly method: string
  readonly expires: string
  readonly opaque: string
}

const VALID_SECONDS = 25

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")
const decode = (text: string) => JSON.parse(Buffer.from(text, "base64url").toString()) as Record<string, unknown>
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")
/** The request of a charge, in base units of a token with six decimals. */
const request = (price: string) =>
  encode({
    amount: String(Math.round(Number(price) * 1_000_000)),
    currency: PATH_USD
  })
const idOf = (opaque: string) => sha256(`test ${opaque}`)

/**
 * Makes the credential with which a test's payer answers a challenge of `layerPaymentTest`, the value of `WWW-Authenticate`.
 */
export const testCredential = (challenge: string, payer: string, changes: Partial<TestChallenge> = {}): string => {
  const parameters = Object.fromEntries(
    // bounded: a challenge of the test's own
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value])
  )
  return `Payment ${encode({ challenge: { ...parameters, ...changes }, payer })}`
}

/**
 * Provides payments without a chain. Tests script the failures and read the captured payments. Two layers over one script share
 * its payments.
 */
export const layerPaymentTest = (script: PaymentScript = new PaymentScript()) =>
  Layer.succeed(PaymentService, PaymentService.of(scripted(script)))

/** Makes a payment service over a script instead of a chain. `testCredential` makes its credentials. */
const scripted = (script: PaymentScript): PaymentService["Service"] => {
  const rejected = (problem: ProblemType, detail: string, key?: string) =>
    new PaymentRejected({ problem, detail, ...(key !== undefined && { key }) })
  const read = (credential: string) =>
    Effect.try({
      try: () => decode(credential.replace(/^payment\s+/i, "")) as { challenge: TestChallenge; payer: string },
      catch: () => rejected("malformed-credential", "The credential cannot be read.")
    })
  const receipt = ({ reference }: { readonly reference: string }) => ({
    reference,
    header: encode({ method: "tempo", status: "success", timestamp: "2026-01-01T00:00:00.000Z", reference })
  })

  const find = Effect.fnUntraced(function* (authorization: Pick<Authorization, "reference" | "validBefore">) {
    script.calls.find++
    const now = (yield* Clock.currentTimeMillis) / 1000
    const { reference, validBefore } = authorization
    if (script.down) return "unknown" satisfies PaymentStatus
    if (script.captured.has(reference)) return "landed" satisfies PaymentStatus
    if (script.reverted.has(reference)) return "reverted" satisfies PaymentStatus
    return now > validBefore ? "absent" : "unknown"
  })

  const verify = Effect.fnUntraced(function* (credential: string, terms: Terms) {
    script.calls.verify++
    const { challenge, payer } = yield* read(credential)
    if (challenge.method !== "tempo") return yield* rejected("method-unsupported", "Only tempo is offered.")
    if (challenge.id !== idOf(challenge.opaque)) return yield* rejected("invalid-challenge", "Not issued here.")
    const bound = decode(challenge.opaque)
    const issuedKey = String(bound.key)
    for (const name of ["operation", "bodyDigest", "price"] as const) {
      if (bound[name] === terms[name]) continue
      return yield* rejected("invalid-challenge", `The challenge is for another ${name}.`, issuedKey)
    }
    return { payer: payer.toLowerCase(), key: issuedKey, challengeId: challenge.id, credential } satisfies Verified
  })

  return {
    challenge: Effect.fnUntraced(function* ({ operation, bodyDigest, price, description }, key) {
      script.calls.challenge++
      const opaque = encode({ operation, bodyDigest, price, key, nonce: randomBytes(16).toString("hex") })
      const expires = new Date((yield* Clock.currentTimeMillis) + 300_000).toISOString()
      return (
        `Payment id="${idOf(opaque)}", realm="test", method="tempo", intent="charge", request="${request(price)}", ` +
        `description="${description}", expires="${expires}", opaque="${opaque}"`
      )
    }),
    verify,
    prove: Effect.fnUntraced(function* (credential, terms, key) {
      const verified = yield* verify(credential, terms)
      if (key !== undefined && verified.key !== key) {
        return yield* rejected("invalid-challenge", "The challenge is for another key.", verified.key)
      }
      const { challenge } = yield* read(credential)
      if (Date.parse(challenge.expires) > (yield* Clock.currentTimeMillis)) return verified
      return yield* rejected("payment-expired", "Expired.", verified.key)
    }),
    authorize: Effect.fnUntraced(function* ({ credential, challengeId, payer, key }, { price }) {
      script.calls.authorize++
      const { challenge } = yield* read(credential)
      const now = yield* Clock.currentTimeMillis
      if (script.down) return yield* new PaymentServiceUnavailable({ message: "The chain does not answer." })
      const failure = script.authorizations.shift()
      if (failure !== undefined) return yield* failure
      if (Date.parse(challenge.expires) <= now) return yield* rejected("payment-expired", "Expired.", key)
      if (script.broke.has(payer)) return yield* rejected("verification-failed", "Insufficient balance.", key)
      return {
        reference: `0x${sha256(challengeId)}`,
        transaction: `0x76${Buffer.from(JSON.stringify({ payer, price })).toString("hex")}`,
        validBefore: Math.floor(now / 1000) + VALID_SECONDS,
        challengeId
      }
    }),
    capture: Effect.fnUntraced(function* ({ reference, transaction }) {
      script.calls.capture++
      const outcome: Capture = script.down ? "stuck" : (script.captures.shift() ?? "landed")
      if (outcome === "reverted" && !script.captured.has(reference)) {
        script.reverted.add(reference)
        return yield* new CaptureFailed({ problem: "verification-failed", detail: "Reverted; nothing was charged." })
      }
      if (outcome === "landed" || outcome === "lost") {
        const payment = JSON.parse(Buffer.from(transaction.slice(4), "hex").toString()) as {
          payer: string
          price: string
        }
        script.captured.set(reference, payment)
      }
      if (outcome === "landed") return receipt({ reference })
      return yield* new CaptureUncertain({ message: "The chain has not confirmed or refused the payment yet." })
    }),
    find,
    receipt
  }
}
