import type { Currency } from "../../domain/currencies.ts"

/** The settings of charges on Tempo. */
export interface TempoConfig {
  /** The secret of the challenges' HMAC. */
  readonly secretKey: string
  /** The protection space that challenges name. */
  readonly realm: string
  /** The tokens to pay in, as the operator orders them; at least one. */
  readonly currencies: ReadonlyArray<Currency>
  /** Those of them that turned out to have other decimals: addresses in lower case. Grows while the isolate lives. */
  readonly untaken: Set<string>
  /** The address to pay to. */
  readonly recipient: string
  readonly chainId: number
}

/** The decimals of every token. A price is the same number of base units in each of them. */
export const DECIMALS = 6

/**
 * The options of mppx's `charge` in a token, as its own server would derive them, so that challenges of both agree byte for
 * byte.
 */
export const chargeOptions = ({ recipient, chainId }: TempoConfig, currency: string) => ({
  currency,
  recipient,
  chainId,
  decimals: DECIMALS,
  // In push mode the client pays before the gateway has verified or bundled anything.
  supportedModes: ["pull" as const]
})
