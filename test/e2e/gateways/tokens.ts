import { stripVTControlCharacters } from "node:util"
import { Challenge, Credential } from "mppx"
import { Mppx, tempo } from "mppx/client"
import { type Address, createClient, defineChain, type Hex, http } from "viem"
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts"
import { tempoLocalnet } from "viem/chains"
import { Actions, Transaction } from "viem/tempo"
import { assert, describe, it } from "vitest"
import type { Stack } from "../../../src/local/stack.ts"
import { fresh, postTo, run } from "../support.ts"

const tokens = {
  pathUSD: "0x20c0000000000000000000000000000000000000",
  AlphaUSD: "0x20c0000000000000000000000000000000000001"
} as const
type Name = keyof typeof tokens
const names = Object.keys(tokens) as ReadonlyArray<Name>
const PRICE = 100_000n

const currencyOf = (challenge: Challenge.Challenge) => String(challenge.request["currency"])

/** The tests of payments in two tokens: at a gateway that prefers pathUSD, and at one that prefers AlphaUSD. */
export const testTokens = (gateway: () => Stack, reversed: () => Stack): void => {
  const clientOf = (privateKey: string) => {
    const { info } = gateway()
    const chain = defineChain({ ...tempoLocalnet, id: info.chainId, rpcUrls: { default: { http: [info.rpc] } } })
    return createClient({ account: privateKeyToAccount(privateKey as Hex), chain, transport: http(info.rpc) })
  }
  const walletOf = (privateKey: string) => {
    const client = clientOf(privateKey)
    const mppx = (first?: Name) =>
      Mppx.create({
        polyfill: false,
        methods: [tempo.charge({ account: client.account, getClient: () => client })],
        ...(first !== undefined && {
          orderChallenges: (all) => [
            ...all.filter(({ challenge }) => currencyOf(challenge as Challenge.Challenge) === tokens[first]),
            ...all
          ]
        })
      })
    return { privateKey, client, account: client.account, mppx }
  }
  const rich = () => walletOf(gateway().info.payerPrivateKey)
  const balance = async (of: Address, token: Name) =>
    (await Actions.token.getBalance(rich().client, { account: of, token: tokens[token] })).amount
  /** Makes an account that holds two dollars of these tokens and nothing else. */
  const holding = async (...held: ReadonlyArray<Name>) => {
    const wallet = walletOf(generatePrivateKey())
    for (const name of held) {
      const transfer = { to: wallet.account.address, amount: 2_000_000n, token: tokens[name] }
      await Actions.token.transferSync(rich().client, { ...transfer, feeToken: tokens.pathUSD })
    }
    return wallet
  }
  /** The recipient's gain in both tokens during an action. */
  const gained = async (during: () => Promise<unknown>) => {
    const read = () => Promise.all(names.map((name) => balance(gateway().info.recipient as Address, name)))
    const before = await read()
    await during()
    const after = await read()
    return Object.fromEntries(names.map((name, at) => [name, (after[at] ?? 0n) - (before[at] ?? 0n)]))
  }
  const only = (name: Name, amount = PRICE) => ({ pathUSD: 0n, AlphaUSD: 0n, [name]: amount })
  const none = { pathUSD: 0n, AlphaUSD: 0n }
  const url = (stack = gateway()) => `${stack.info.gateway}/deploy`
  const request = (body = fresh("plain-js")) => ({
    method: "POST",
    body,
    headers: { "content-type": "application/json" }
  })
  /** Buys with the stock command line. */
  const buy = (privateKey: string) =>
    run("mppx", [url(), "-J", fresh("plain-js"), "--rpc-url", gateway().info.rpc, "-v", "-f"], {
      MPPX_PRIVATE_KEY: privateKey
    })

  describe("a gateway that takes two tokens", () => {
    for (const name of names) {
      it(`takes ${name} from the stock command line of a wallet that holds nothing else`, async () => {
        const wallet = await holding(name)
        const moved = await gained(async () => {
          const { code, stdout, stderr } = await buy(wallet.privateKey)
          assert.strictEqual(code, 0, stdout + stderr)
          // It prints the receipt.
          assert.match(stripVTControlCharacters(stderr), new RegExp(`\\n *currency +${tokens[name]}`), stderr)
        })
        assert.deepStrictEqual(moved, only(name))
        // The fee, too, is paid in the only token.
        assert.isBelow(Number(await balance(wallet.account.address, name)), 1_900_000)
      })

      it(`takes ${name} from the stock fetch client of such a wallet that asks for it, and proofs too`, async () => {
        const wallet = await holding(name)
        const client = wallet.mppx(name)
        let id = ""
        const moved = await gained(async () => {
          const response = await client.fetch(url(), request())
          const answer = (await response.json()) as Record<string, string>
          assert.strictEqual(response.status, 200, JSON.stringify(answer))
          id = answer["deployment_id"] ?? ""
        })
        assert.deepStrictEqual(moved, only(name))
        const deletion = await wallet.mppx().fetch(`${gateway().info.gateway}/deployments/${id}`, { method: "DELETE" })
        assert.strictEqual(deletion.status, 200, await deletion.text())
      })
    }

    it("takes nothing from a wallet that holds neither, and says so", async () => {
      const wallet = await holding()
      const moved = await gained(async () => {
        const { code, stdout, stderr } = await buy(wallet.privateKey)
        assert.notStrictEqual(code, 0, stdout)
        assert.match(stdout + stderr, /insufficient|revert/i)
        // A node that simulates refuses to fill the transfer, so that the client sends nothing.
        const error = await wallet
          .mppx()
          .fetch(url(), request())
          .then(
            () => undefined,
            (cause: unknown) => String(cause)
          )
        assert.match(error ?? "it paid", /insufficient|revert/i)
      })
      assert.deepStrictEqual(moved, none)
    })

    it("lists both in its documents, in the order of its challenges", async () => {
      for (const [stack, order] of [
        [gateway(), [tokens.pathUSD, tokens.AlphaUSD]],
        [reversed(), [tokens.AlphaUSD, tokens.pathUSD]]
      ] as const) {
        const read = async (path: string) => (await fetch(stack.info.gateway + path)).text()
        const about = JSON.parse(await read("/")) as { offers: ReadonlyArray<{ currency: string; amount: string }> }
        const document = JSON.parse(await read("/openapi.json")) as {
          paths: Record<string, Record<string, { "x-payment-info"?: typeof about }>>
        }
        const offers = document.paths["/deploy"]?.["post"]?.["x-payment-info"]?.offers
        for (const listed of [about.offers, offers])
          assert.deepStrictEqual(
            listed?.map(({ currency, amount }) => [currency, amount]),
            order.map((token) => [token, "100000"])
          )
        const guide = await read("/llms.txt")
        for (const text of [`${order[0]}\` (`, `${order[1]}\` (`, "orderChallenges", `=== "${order[1]}"`])
          assert.include(guide, text)
      }
    })

    it("is paid by a rich wallet in the token that its settings name first", async () => {
      for (const [stack, name] of [
        [gateway(), "pathUSD"],
        [reversed(), "AlphaUSD"]
      ] as const) {
        const moved = await gained(async () => {
          const response = await rich().mppx().fetch(url(stack), request())
          assert.strictEqual(response.status, 200, await response.text())
        })
        assert.deepStrictEqual(moved, only(name))
      }
    })

    it("offers a payer first what it can pay, after a payment that would fail", async () => {
      const poor = await holding("AlphaUSD")
      const body = fresh("plain-js")
      const quote = await postTo(gateway())(body)
      assert.deepStrictEqual(Challenge.fromResponseList(quote).map(currencyOf), Object.values(tokens))
      const signed = await rich().mppx().createCredential(quote)
      const moved = await gained(async () => {
        const refused = await postTo(gateway())(body, { authorization: await signedBy(poor.account, signed) })
        assert.strictEqual(refused.status, 402)
        const { detail, charged } = (await refused.clone().json()) as Record<string, unknown>
        assert.match(String(detail), /Insufficient balance.*can pay in AlphaUSD/)
        assert.isFalse(charged)
        assert.deepStrictEqual(Challenge.fromResponseList(refused).map(currencyOf), [tokens.AlphaUSD, tokens.pathUSD])
        const authorization = await poor.mppx().createCredential(refused)
        const bought = await postTo(gateway())(body, { authorization })
        assert.strictEqual(bought.status, 200, await bought.text())
      })
      assert.deepStrictEqual(moved, only("AlphaUSD"))
    })

    it("sells one order once, even if both challenges of its 402 are paid", async () => {
      const wallet = await holding(...names)
      const body = fresh("plain-js")
      const key = { "idempotency-key": crypto.randomUUID() }
      const quote = await postTo(gateway())(body, key)
      const credentials = await Promise.all(names.map((name) => wallet.mppx(name).createCredential(quote.clone())))
      const ids = new Set<unknown>()
      const moved = await gained(async () => {
        for (const authorization of [...credentials, ...credentials]) {
          const response = await postTo(gateway())(body, { ...key, authorization })
          const answer = (await response.json()) as Record<string, unknown>
          assert.strictEqual(response.status, 200, JSON.stringify(answer))
          ids.add(answer["deployment_id"])
        }
      })
      assert.deepStrictEqual(moved, only("pathUSD"))
      assert.strictEqual(ids.size, 1)
    })
  })
}

/** The same payment, signed by another account. */
const signedBy = async (account: ReturnType<typeof privateKeyToAccount>, credential: string): Promise<string> => {
  const parts = Credential.deserialize<{ signature: Hex }>(credential)
  const signed: object = Transaction.deserialize(parts.payload.signature as Transaction.TransactionSerializedTempo)
  const signature = await account.signTransaction({ ...signed, signature: undefined, from: undefined } as never, {
    serializer: Transaction.serialize as never
  })
  return Credential.serialize({ ...parts, payload: { type: "transaction", signature } })
}
