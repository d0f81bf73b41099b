import { Challenge, Credential, Receipt } from "mppx"
import * as Effect from "effect/Effect"

/*
 * The payment protocol within JSON-RPC and MCP (draft-payment-transport-mcp-00): the same challenges, credentials and receipts
 * as in HTTP's headers, as JSON values.
 */

/** The fields of `_meta` with a request's credential and with a result's receipt. */
export const CREDENTIAL_FIELD = "org.paymentauth/credential"
export const RECEIPT_FIELD = "org.paymentauth/receipt"

/** The error codes of the protocol. */
export const PAYMENT_REQUIRED = -32042
export const VERIFICATION_FAILED = -32043

/** The longest credential that is read, as JSON, in characters. Those of stock clients have some 2,000. */
const MAX_CREDENTIAL_LENGTH = 65_536

const base64url = (text: string): string => Buffer.from(text).toString("base64url")

/**
 * Writes a credential of `_meta` as the `Authorization` header that means the same: `Payment eyJ…`. A value that is no credential
 * becomes a header that the gateway refuses as malformed or as too long.
 *
 * @param credential a JSON value of any shape, nested at most some hundred levels deep
 */
export const toAuthorization = (credential: unknown): Effect.Effect<string> => {
  const json = JSON.stringify(credential)
  return json.length > MAX_CREDENTIAL_LENGTH
    ? Effect.succeed(`Payment ${base64url(json)}`)
    : Effect.try(() => Credential.serialize(credential as Credential.Credential)).pipe(
        Effect.orElseSucceed(() => `Payment ${base64url(json)}`)
      )
}

/** Reads the challenges of the gateway's own `WWW-Authenticate` header, in their order. */
export const toChallenges = (header: string): ReadonlyArray<object> => Challenge.deserializeList(header)

/** Reads the gateway's own `Payment-Receipt` header, and adds the challenge that the credential answers. */
export const toReceipt = (header: string, credential: unknown): object => ({
  ...Receipt.deserialize(header),
  challengeId: (credential as Credential.Credential).challenge.id
})
