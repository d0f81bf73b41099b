import { createHash } from "node:crypto"
import { Challenge, Credential, PaymentRequest } from "mppx"
import { Mppx, tempo } from "mppx/client"
import { type Address, createClient, defineChain, type Hex, http } from "viem"
import { privateKeyToAccount } from "viem/accounts"
import { tempoLocalnet } from "viem/chains"
import { Actions } from "viem/tempo"
import { assert, describe, it } from "vitest"
import type { Stack } from "../../../src/local/stack.ts"
import { fresh, postTo, secretKey } from "../support.ts"

const COUNT = 50

/** The tests of one order that is paid by many credentials at once, in every token and by every way in. */
export const testAtOnce = (gateway: () => Stack): void => {
  const chain = () => {
    const { info } = gateway()
    const chain = defineChain({ ...tempoLocalnet, id: info.chainId, rpcUrls: { default: { http: [info.rpc] } } })
    return createClient({ account: privateKeyToAccount(info.payerPrivateKey as Hex), chain, transport: http(info.rpc) })
  }
  const sign = (challenge: Challenge.Challenge): Promise<string> => {
    const client = chain()
    const mppx = Mppx.create({
      polyfill: false,
      methods: [tempo.charge({ account: client.account, getClient: () => client })]
    })
    const headers = { "www-authenticate": Challenge.serialize(challenge) }
    return mppx.createCredential(new Response(null, { status: 402, headers }))
  }
  const currencyOf = ({ request }: Challenge.Challenge) => request["currency"] as Address
  /** The recipient's gain in all of these tokens together. */
  const gained = async (tokens: ReadonlyArray<Address>, during: () => Promise<unknown>) => {
    const account = gateway().info.recipient as Address
    const read = async () => {
      const held = await Promise.all(tokens.map((token) => Actions.token.getBalance(chain(), { account, token })))
      return held.reduce((sum, { amount }) => sum + amount, 0n)
    }
    const before = await read()
    await during()
    return (await read()) - before
  }
  const byHttp = async (body: string, headers: Record<string, string>) => {
    const response = await postTo(gateway())(body, headers)
    const answer = (await response.json()) as Record<string, unknown>
    assert.strictEqual(response.status, 200, JSON.stringify(answer))
    return answer["deployment_id"]
  }
  const byTool = async (body: string, key: string, authorization: string) => {
    const credential = Credential.deserialize(authorization)
    const _meta = { "idempotency-key": key, "org.paymentauth/credential": credential }
    const params = { name: "deploy", arguments: JSON.parse(body) as object, _meta }
    const response = await fetch(`${gateway().info.gateway}/mcp`, {
      method: "POST",
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }),
      headers: { "content-type": "application/json" }
    })
    const text = await response.text()
    const { result } = JSON.parse(text) as { result?: { structuredContent?: Record<string, unknown> } }
    assert.isDefined(result?.structuredContent, text)
    return result?.structuredContent?.["deployment_id"]
  }

  describe("an order", () => {
    it(`is sold once to ${COUNT} credentials at once, half in each token, by HTTP and by MCP`, async () => {
      const body = fresh("plain-js")
      const key = crypto.randomUUID()
      const quotes = await Promise.all(
        Array.from({ length: COUNT }, () => postTo(gateway())(body, { "idempotency-key": key }))
      )
      const challenges = quotes.map((quote, at) => Challenge.fromResponseList(quote)[at % 2] as Challenge.Challenge)
      const tokens = [...new Set(challenges.map(currencyOf))]
      assert.lengthOf(tokens, 2)
      const credentials = await Promise.all(challenges.map(sign))
      const moved = await gained(tokens, async () => {
        const ids = await Promise.all(
          credentials.map((authorization, at) =>
            at % 4 < 2 ? byHttp(body, { "idempotency-key": key, authorization }) : byTool(body, key, authorization)
          )
        )
        assert.strictEqual(new Set(ids).size, 1)
      })
      assert.strictEqual(moved, 100_000n)
    })

    it("is sold for a challenge of the release before, once", async () => {
      const body = fresh("plain-js")
      const [issued] = Challenge.fromResponseList(await postTo(gateway())(body)) as [Challenge.Challenge]
      const { key, nonce, op } = PaymentRequest.deserialize(issued.opaque ?? "") as unknown as Record<string, string>
      // That release had the body in `opaque`, and no `digest`.
      const bound = { body: createHash("sha256").update(body).digest("hex"), key, nonce, op, v: "1" }
      const { id: _, digest, ...others } = issued
      assert.isDefined(digest)
      const opaque = Buffer.from(JSON.stringify(bound)).toString("base64url")
      const authorization = await sign(Challenge.from({ ...others, opaque, secretKey } as never))
      const moved = await gained([currencyOf(issued)], async () => {
        const id = await byHttp(body, { authorization })
        assert.strictEqual(await byHttp(body, { authorization, "idempotency-key": key ?? "" }), id)
        const other = await postTo(gateway())(fresh("plain-js"), { authorization })
        assert.match(await other.text(), /another body/)
      })
      assert.strictEqual(moved, 100_000n)
    })
  })
}
