/** The terms of a purchase. A credential must be made for all of them. */
export interface Terms {
  /** `deploy`, `execute`, or an operation on a deployment: `update:<deployment id>`, `delete:<deployment id>`. */
  readonly operation: string
  /** SHA-256 of the raw bytes of the request body, in hexadecimal digits. */
  readonly bodyDigest: string
  /** Dollars, as a decimal string: `"0.10"`. */
  readonly price: string
  /** Wallets show this text to people. Latin-1, the same for every request; no code compares it. */
  readonly description: string
}

/**
 * A credential that answers one of the gateway's challenges, for these terms. Nobody has checked its deadlines and funds yet.
 */
export interface Verified {
  /**
   * The payer: the lower-case address of the key that made the verified signature. It never comes from the credential's
   * `source`, because that proves nothing.
   */
  readonly payer: string
  /** The key of the purchase, as the challenge carried it. */
  readonly key: string
  readonly challengeId: string
  /** The credential itself, `Payment eyJ…`. Every holder can submit it for payment, so it is never logged or stored. */
  readonly credential: string
}

/** Everything that `capture` needs to make the payment. Persist it before `capture`. */
export interface Authorization {
  /** Identifies the payment, even before it is made. On Tempo: the transaction's hash. */
  readonly reference: string
  /** The payment itself. On Tempo: the signed transaction's canonical bytes, `0x…`. Never logged. */
  readonly transaction: string
  /** The payment can no longer happen after this time on the chain's clock, in unix seconds. */
  readonly validBefore: number
  readonly challengeId: string
  /** The currency of the payment, for its receipt. On Tempo: the token's address. Absent if it is not known. */
  readonly currency?: string
}

/** Proof of payment. */
export interface Receipt {
  /** The value of the `Payment-Receipt` header, which only successful answers carry. */
  readonly header: string
  readonly reference: string
}
