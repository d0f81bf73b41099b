import { Account, P256 } from "viem/tempo"
import { generatePrivateKey } from "viem/accounts"
import { assert, describe, it } from "vitest"
import { footprint } from "../footprint.ts"
import { accountWith, credentialFor, quoted, resigned, richRoot, type Signer, token } from "../payer.ts"
import { attack, postJson } from "../support.ts"

const price = 100_000n
type Quote = Awaited<ReturnType<typeof quoted>>

const stranger = () => Account.fromSecp256k1(generatePrivateKey(), { access: richRoot })
const strangerP256 = () => Account.fromP256(P256.randomPrivateKey(), { access: richRoot })
const strangerPasskey = () =>
  Account.fromHeadlessWebAuthn(P256.randomPrivateKey(), {
    rpId: "compute.test",
    origin: "https://compute.test",
    access: richRoot
  })
const nobody = () => Account.fromSecp256k1(generatePrivateKey())

/** Changes a payment of another signer, and signs it again. */
const changed =
  (edit: object, payer: () => Promise<Signer> | Signer = () => accountWith(10n * price)) =>
  async (quote: Quote) => {
    const account = await payer()
    return resigned(await credentialFor(quote, richRoot), account, edit)
  }
const by = (signer: () => Signer) => (quote: Quote) => credentialFor(quote, signer())

const feePayerSignature = { r: 5n, s: 6n, yParity: 0 }

/** Payments that cannot land: each one's name, and its credential for a quote. */
const payments: Record<string, (quote: Quote) => Promise<string>> = {
  "by a stranger's key for a rich account": by(stranger),
  "by a stranger's P256 key for a rich account": by(strangerP256),
  "by a stranger's passkey for a rich account": by(strangerPasskey),
  "by a stranger's key with a lane of its own": changed({ nonceKey: 77n, nonce: 0, gas: 2_000_000n }, stranger),
  "by a stranger's key with the account's own nonce": changed({ nonceKey: 0n, nonce: 0, gas: 2_000_000n }, stranger),
  "by a stranger's key that names its token": changed({ feeToken: token }, stranger),
  "by a stranger's key that authorizes itself": async (quote) => {
    const key = stranger()
    const keyAuthorization = await nobody().signKeyAuthorization(key, { chainId: 1337n })
    return resigned(await credentialFor(quote, richRoot), key, { keyAuthorization, gas: 3_000_000n })
  },
  "by a stranger's key with another key's authorization": async (quote) => {
    const keyAuthorization = await richRoot.signKeyAuthorization(stranger(), { chainId: 1337n })
    return resigned(await credentialFor(quote, richRoot), stranger(), { keyAuthorization, gas: 3_000_000n })
  },
  "by a key whose authorization is for any chain": async (quote) => {
    const key = stranger()
    const keyAuthorization = await richRoot.signKeyAuthorization(key, { chainId: 0n })
    return resigned(await credentialFor(quote, richRoot), key, { keyAuthorization, gas: 3_000_000n })
  },
  "by a key that is authorized to spend nothing": async (quote) => {
    const key = stranger()
    const keyAuthorization = await richRoot.signKeyAuthorization(key, { chainId: 1337n, limits: [] })
    return resigned(await credentialFor(quote, richRoot), key, { keyAuthorization, gas: 3_000_000n })
  },
  "by a key that is authorized to call nothing": async (quote) => {
    const key = stranger()
    const keyAuthorization = await richRoot.signKeyAuthorization(key, { chainId: 1337n, scopes: [] })
    return resigned(await credentialFor(quote, richRoot), key, { keyAuthorization, gas: 3_000_000n })
  },
  "by a key whose authorization has ended": async (quote) => {
    const key = stranger()
    const keyAuthorization = await richRoot.signKeyAuthorization(key, { chainId: 1337n, expiry: 1_700_000_000 })
    return resigned(await credentialFor(quote, richRoot), key, { keyAuthorization, gas: 3_000_000n })
  },
  "whose fee somebody pays who never agreed": changed({ feePayerSignature }),
  "by nobody, whose fee somebody pays who never agreed": changed({ feePayerSignature }, nobody),
  "whose fee nobody pays yet": changed({ feePayer: true }),
  "by an account that has nothing": changed({}, nobody),
  "by an account that has the price, and nothing for the fee": changed({}, () => accountWith(price)),
  "by an account that has a unit for the fee": changed({}, () => accountWith(price + 1n)),
  "without gas": changed({ gas: undefined }),
  "with too little gas": changed({ gas: 21_000n }),
  "with more gas than there is": changed({ gas: 2n ** 60n }),
  "without a fee": changed({ maxFeePerGas: undefined, maxPriorityFeePerGas: undefined }),
  "with a fee below the base fee": changed({ maxFeePerGas: 1n, maxPriorityFeePerGas: 0n }),
  "with a fee in a token that is not there": changed({ feeToken: "0x20c0000000000000000000000000000000000001" }),
  "with a fee in what is no token": changed({ feeToken: `0x${"12".repeat(20)}` }),
  "with a nonce ahead of its lane's": changed({ nonceKey: 9n, nonce: 4 }),
  "with a nonce for an expiring one": changed({ nonce: 1 }),
  "with a nonce key of the validators'": changed({ nonceKey: 0x5bn << 248n, nonce: 0, gas: 2_000_000n }),
  "with an expiring nonce that lives too long": changed({ validBefore: Math.floor(Date.now() / 1000) + 250 }),
  "with a zero as no node reads it": changed({ validAfter: 0 }),
  "for another chain": changed({ chainId: 4217 })
}

/** Returns the footprint once nothing changes any more. The chain's pool drops a transaction a moment after its block. */
const settled = async () => {
  let last = await footprint()
  for (let looked = 0; looked < 20; looked++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    const now = await footprint()
    if (JSON.stringify(now) === JSON.stringify(last)) return now
    last = now
  }
  throw new Error("the stack does not come to rest")
}

describe("the gateway builds, starts, writes and sends nothing for a payment", () => {
  for (const [what, make] of Object.entries(payments)) {
    it(what, async () => {
      const quote = await quoted()
      const authorization = await make(quote)
      const { objects: _, ...before } = await settled()
      const { response } = await attack(() => postJson("/deploy", quote.body, { authorization }))
      const answer = (await response.json()) as { readonly charged: unknown; readonly detail: string }
      assert.deepStrictEqual([response.status, answer.charged], [402, false], answer.detail)
      assert.notMatch(answer.detail, /0x[0-9a-f]{8}|undefined|selector/)
      // The gateway asked the order's object and the payer's, and miniflare makes a file for each. Neither holds rows.
      const { objects: __, ...after } = await footprint()
      assert.deepStrictEqual(after, before)
    })
  }
})
