import { createHash, createHmac, randomUUID, timingSafeEqual } from "node:crypto"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { requireSettings, Settings } from "../../src/config.ts"
import { CaptureFailed, PaymentRejected, PaymentService, type Terms } from "../../src/payment/PaymentService.ts"

/**
 * A payment rail of codes that are handed out, each good for one purchase: clients answer a challenge with the payload
 * `{"code": "SPRING"}`. The file's imports hold here and in `src/payment` alike.
 */

/** The codes that are good. For real a table, to which somebody adds a row for each code that is handed out. */
const codes: ReadonlySet<string> = new Set(["SPRING", "SUMMER"])

/**
 * The payment's reference by the code that bought it. For real a table too, or one more column: this is one isolate's
 * memory, which forgets, and of which there are many.
 */
export const used = new Map<string, string>()

/** How long a challenge can be answered, and how long a payment that was authorized can be made; in seconds. */
const CHALLENGE_SECONDS = 300
const PAYMENT_SECONDS = 25

/** The base64url of a JSON object, as the protocol writes whatever has fields. */
const json = <Fields extends Schema.Struct.Fields>(fields: Fields) =>
  Schema.StringFromBase64Url.pipe(Schema.decodeTo(Schema.fromJsonString(Schema.Struct(fields))))
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")

const decodeCredential = Schema.decodeEffect(
  json({
    challenge: Schema.Struct({ id: Schema.String, opaque: Schema.String }),
    payload: Schema.Struct({ code: Schema.String })
  })
)
/** The terms that a challenge is bound to. They travel as `opaque`, of which the challenge's id is the HMAC. */
const decodeBinding = Schema.decodeEffect(
  json({ operation: Schema.String, body: Schema.String, key: Schema.String, expires: Schema.String })
)

const sha256 = (text: string) => createHash("sha256").update(text).digest()
const rejected = (problem: PaymentRejected["problem"], detail: string, key?: string) =>
  new PaymentRejected({ problem, detail, ...(key !== undefined && { key }) })

const receipt = ({ reference }: { readonly reference: string }) => ({
  reference,
  header: encode({ status: "success", method: "voucher", timestamp: new Date().toISOString(), reference })
})

const make = (settings: Settings["Service"]) => {
  // From the settings, and so the same in every isolate; read when it is needed, for the layer is built without them too.
  const values = requireSettings(settings, "MPP_SECRET_KEY", "REALM")
  const idOf = (opaque: string) =>
    Effect.map(values, ({ MPP_SECRET_KEY }) =>
      createHmac("sha256", Redacted.value(MPP_SECRET_KEY)).update(`voucher ${opaque}`).digest("hex")
    )

  const read = Effect.fnUntraced(function* (credential: string) {
    const { challenge, payload } = yield* decodeCredential(credential.replace(/^Payment\s+/i, "")).pipe(
      Effect.mapError(() => rejected("malformed-credential", "It is the base64url of {challenge, payload: {code}}."))
    )
    // Hashed first: the comparison takes as long wherever they differ, and wants the same length.
    if (!timingSafeEqual(sha256(challenge.id), sha256(yield* idOf(challenge.opaque)))) {
      return yield* rejected("invalid-challenge", "Not issued here. Answer the fresh one.")
    }
    return { id: challenge.id, code: payload.code, ...(yield* Effect.orDie(decodeBinding(challenge.opaque))) }
  })

  const verify = Effect.fnUntraced(function* (credential: string, terms: Terms) {
    const { id, code, operation, body, key } = yield* read(credential)
    if (operation !== terms.operation || body !== terms.bodyDigest) {
      return yield* rejected("invalid-challenge", "Issued for another request. Answer the fresh one.", key)
    }
    return { payer: sha256(code).toString("hex"), key, challengeId: id, credential }
  })

  /** A credential that was verified, read again: now time counts. */
  const inTime = Effect.fnUntraced(function* (credential: string) {
    const answer = yield* read(credential)
    const now = yield* Clock.currentTimeMillis
    if (now < Date.parse(answer.expires)) return { ...answer, now: Math.floor(now / 1000) }
    return yield* rejected("payment-expired", "The challenge has expired. Answer the fresh one.", answer.key)
  })

  return PaymentService.of({
    challenge: Effect.fnUntraced(function* ({ operation, bodyDigest, price }, key) {
      const expires = new Date((yield* Clock.currentTimeMillis) + CHALLENGE_SECONDS * 1000).toISOString()
      const opaque = encode({ operation, body: bodyDigest, key, expires, nonce: randomUUID() })
      const request = encode({ amount: String(Math.round(Number(price) * 100)), currency: "usd" })
      const { REALM } = yield* values
      return (
        `Payment id="${yield* idOf(opaque)}", realm="${REALM}", method="voucher", intent="charge", ` +
        `request="${request}", expires="${expires}", opaque="${opaque}"`
      )
    }),
    verify,
    prove: (credential, terms) => Effect.tap(verify(credential, terms), () => inTime(credential)),
    authorize: Effect.fnUntraced(function* ({ credential }) {
      const { id, code, key, now } = yield* inTime(credential)
      if (!codes.has(code) || used.has(code)) {
        return yield* rejected("verification-failed", "This code is not good, or not any more. Send another.", key)
      }
      return { reference: id, transaction: code, validBefore: now + PAYMENT_SECONDS, challengeId: id }
    }),
    capture: Effect.fnUntraced(function* ({ reference, transaction: code, validBefore }) {
      const now = (yield* Clock.currentTimeMillis) / 1000
      // Nothing comes between the two: for real an insert that fails when the code is there.
      if (!used.has(code) && now < validBefore) used.set(code, reference)
      if (used.get(code) === reference) return receipt({ reference })
      return yield* new CaptureFailed({ problem: "verification-failed", detail: "The code was used meanwhile." })
    }),
    find: ({ reference, validBefore }) =>
      Effect.map(Clock.currentTimeMillis, (now) =>
        [...used.values()].includes(reference) ? "landed" : now / 1000 < validBefore ? "unknown" : "absent"
      ),
    receipt
  })
}

/** `PaymentService` on codes instead of a chain. */
export const layerVoucher = Layer.effect(PaymentService, Effect.map(Settings, make))
