/** The terms of a purchase. A credential must be made for all of them. */
export interface Terms {
  /** `deploy`, `execute`, `update:<deployment id>`. */
  readonly operation: string
  /** SHA-256 of the raw bytes of the request body, in hexadecimal digits. */
  readonly bodyDigest: string
  /** Dollars, as a decimal string: `"0.10"`. */
  readonly price: string
  /** Wallets show this to people. Latin-1, the same for every request; no code compares it. */
  readonly description: string
}

/** A credential that answers a challenge of ours, for these terms. Its deadlines and funds are not checked. */
export interface Verified {
  /**
   * The payer: the lower-case address of the key that signed, with a verified signature. Never the credential's `source`,
   * which proves nothing.
   */
  readonly payer: string
  /** The key of the purchase, as the challenge carried it. */
  readonly key: string
  readonly challengeId: string
  /** The credential itself, `Payment eyJ…`. Any holder can have it paid, so it is never logged and never stored. */
  readonly credential: string
}

/** Everything that `capture` needs to make the payment. Persist it before `capture`. */
export interface Authorization {
  /** Identifies the payment, also before it is made. On Tempo: the transaction's hash. */
  readonly reference: string
  /** The payment itself. On Tempo: the signed transaction's canonical bytes, `0x…`. Never logged. */
  readonly transaction: string
  /** The payment can no longer happen from this time of the chain's own clock; unix seconds. */
  readonly validBefore: number
  readonly challengeId: string
}

/** Proof of payment. */
export interface Receipt {
  /** The value of `Payment-Receipt`; on successful answers only. */
  readonly header: string
  readonly reference: string
}
