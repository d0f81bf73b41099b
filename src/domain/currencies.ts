/** The address of pathUSD, a stablecoin with six decimals: the same on every Tempo network. */
export const PATH_USD = "0x20c0000000000000000000000000000000000000"

/** A token that clients pay in. */
export interface Currency {
  /** Its name, or its address if it has none here. */
  readonly name: string
  /** `0x` and 40 hexadecimal digits. */
  readonly address: string
}

/** Tempo's networks, as `TEMPO_NETWORK` names them. */
export type NetworkName = "mainnet" | "testnet" | "local"

const TEST_TOKENS = {
  pathUSD: PATH_USD,
  AlphaUSD: "0x20c0000000000000000000000000000000000001",
  BetaUSD: "0x20c0000000000000000000000000000000000002",
  ThetaUSD: "0x20c0000000000000000000000000000000000003"
}

/** The tokens that a setting may name, by network. All have six decimals. */
const TOKENS: Readonly<Record<NetworkName, Readonly<Record<string, string>>>> = {
  mainnet: { pathUSD: PATH_USD, "USDC.e": "0x20c000000000000000000000b9537d11c60e8b50" },
  testnet: TEST_TOKENS,
  local: TEST_TOKENS
}

/** Most wallets on the main network hold USDC.e. On the others, pathUSD is the token of the faucet. */
const DEFAULTS: Readonly<Record<NetworkName, string>> = {
  mainnet: "pathUSD,USDC.e",
  testnet: "pathUSD",
  local: "pathUSD"
}

/** The most currencies of a gateway. Each adds a challenge of some 800 characters to every 402, and clients limit headers. */
const MAX_CURRENCIES = 5

const ADDRESS = /^0x[0-9a-fA-F]{40}$/

/**
 * Reads a list of tokens, each by its name on this network or by its address, separated by commas.
 *
 * @param list the default list of the network if it is `undefined`.
 * @returns `undefined` if the list is empty or too long, has a token twice, or has a name that the network does not know.
 */
export const parseCurrencies = (
  list: string | undefined,
  network: NetworkName
): ReadonlyArray<Currency> | undefined => {
  const tokens = Object.entries(TOKENS[network])
  const currencies = (list ?? DEFAULTS[network]).split(",").flatMap((item): ReadonlyArray<Currency> => {
    const given = item.trim()
    const known = tokens.find((token) => token.some((text) => text.toLowerCase() === given.toLowerCase()))
    if (known !== undefined) return [{ name: known[0], address: ADDRESS.test(given) ? given : known[1] }]
    return ADDRESS.test(given) ? [{ name: given, address: given }] : []
  })
  const distinct = new Set(currencies.map(({ address }) => address.toLowerCase()))
  const items = (list ?? DEFAULTS[network]).split(",").length
  return distinct.size === items && items <= MAX_CURRENCIES ? currencies : undefined
}
