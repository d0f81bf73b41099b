/** The settings of charges on Tempo. */
export interface TempoConfig {
  /** The secret of the challenges' HMAC. */
  readonly secretKey: string
  /** The protection space that challenges name. */
  readonly realm: string
  /** The address of the token to pay in. */
  readonly currency: string
  /** The address to pay to. */
  readonly recipient: string
  readonly chainId: number
}

/** The options of mppx's `charge`, as its own server would derive them, so that challenges of both agree byte for byte. */
export const chargeOptions = ({ currency, recipient, chainId }: TempoConfig) => ({
  currency,
  recipient,
  chainId,
  decimals: 6,
  // In push mode the client pays before the gateway has verified or bundled anything.
  supportedModes: ["pull" as const]
})
