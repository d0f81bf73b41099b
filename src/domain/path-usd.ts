/** The address of pathUSD, a stablecoin with six decimals: the same on every Tempo network. */
export const PATH_USD = "0x20c0000000000000000000000000000000000000"
