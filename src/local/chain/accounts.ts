/**
 * The development accounts that anvil derives from its well-known mnemonic "test test … junk". Each holds 2^64-1 base units of
 * every stablecoin on the local chain. Their keys are public: never send anything of value to them.
 */

/** Account #1 receives payments. It pays nothing, so its balance rises by exactly the charged amounts. */
export const recipient = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"

/** Account #3 pays in the demonstration: the first account whose default fee token is pathUSD. */
export const payerPrivateKey = "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"

/** Account #9 pays for `tempo_fundAddress`. */
export const faucetPrivateKey = "0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6"
