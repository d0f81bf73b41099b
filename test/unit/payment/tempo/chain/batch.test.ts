import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { text } from "node:stream/consumers"
import * as Effect from "effect/Effect"
import * as TxEnvelopeTempo from "ox/tempo/TxEnvelopeTempo"
import type { Hex } from "viem"
import { generatePrivateKey } from "viem/accounts"
import { Account } from "viem/tempo"
import { afterAll, assert, beforeAll, beforeEach, describe, it } from "vitest"
import { PATH_USD } from "../../../../../src/domain/currencies.ts"
import { makeAuthorize } from "../../../../../src/payment/tempo/authorize.ts"
import { makeNetwork } from "../../../../../src/payment/tempo/chain/networks.ts"
import { toSimulationError } from "../../../../../src/payment/tempo/chain/rpc-failure.ts"
import { makeChallenges } from "../../../../../src/payment/tempo/challenges.ts"
import { answer } from "../client.ts"
import { merchant, terms } from "../setup.ts"

interface Rpc {
  readonly id: number
  readonly method: string
  readonly params: ReadonlyArray<{ readonly data?: string; readonly calls?: unknown }>
}
interface Answer {
  readonly id?: unknown
  readonly result?: unknown
  readonly error?: unknown
}
interface Response {
  readonly status?: number
  readonly type?: string
  readonly body: unknown
}

const word = (value: bigint): Hex => `0x${value.toString(16).padStart(64, "0")}`
const money = 10n ** 9n

/** A node that answers everything. Tests change how it answers batches, or what it answers to a simulation. */
let simulation: object = { result: "0x" }
let batches: (answers: ReadonlyArray<Answer>) => Response | "cut" = (body) => ({ body })
const asked: Array<number> = []
const answerTo = ({ id, method, params: [call] }: Rpc): Answer => {
  const results: Record<string, unknown> = {
    eth_getBlockByNumber: { timestamp: "0x5", baseFeePerGas: "0x1" },
    eth_getTransactionCount: "0x0",
    eth_getTransactionReceipt: null
  }
  if (method !== "eth_call") return { id, result: results[method] }
  if (call?.calls !== undefined) return { id, ...simulation }
  // `decimals()` has six, `userTokens(address)` none, and every balance is high.
  const words: Record<string, bigint> = { "0x313ce567": 6n, "0xed498fa8": 0n }
  return { id, result: word(words[call?.data?.slice(0, 10) ?? ""] ?? money) }
}
const server = createServer((incoming, outgoing) => {
  void text(incoming).then((body) => {
    const request = JSON.parse(body) as Rpc | ReadonlyArray<Rpc>
    const many = Array.isArray(request) ? (request as ReadonlyArray<Rpc>) : undefined
    asked.push(many?.length ?? 1)
    const answered = many === undefined ? { body: answerTo(request as Rpc) } : batches(many.map(answerTo))
    if (answered === "cut") return incoming.socket.destroy()
    const { status = 200, type = "application/json", body: sent } = answered as Response
    outgoing.writeHead(status, { "content-type": type }).end(typeof sent === "string" ? sent : JSON.stringify(sent))
  })
})
beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)))
afterAll(() => void server.close())
beforeEach(() => {
  simulation = { result: "0x" }
  batches = (body) => ({ body })
  asked.length = 0
})
const network = () => makeNetwork("local", `http://127.0.0.1:${(server.address() as AddressInfo).port}`)

const transaction = TxEnvelopeTempo.from({ chainId: 1337, calls: [{ to: PATH_USD, data: "0x" }] })
const account = `0x${"a1".repeat(20)}` as const

/** Asks four questions at once, and returns the answers. */
const askFour = async (chain = network().batched()) => {
  const four = [
    chain.baseFee(),
    chain.nextNonce(account, 0n),
    chain.view(PATH_USD, "0x70a08231"),
    chain.receipt(`0x${"a".repeat(64)}`)
  ]
  return Promise.all(four)
}
const four = [1n, 0n, word(money), null]

describe("questions to the chain that are asked at once", () => {
  it("leave as one request, and their answers may come in any order", async () => {
    batches = (answers) => ({ body: answers.toReversed() })
    assert.deepEqual(await askFour(), four)
    assert.deepEqual(asked, [4])
  })

  it("may have their ids as text", async () => {
    batches = (answers) => ({ body: answers.map((one) => ({ ...one, id: String(one.id) })) })
    assert.deepEqual(await askFour(), four)
    assert.deepEqual(asked, [4])
  })

  it("leave alone if there is one", async () => {
    assert.strictEqual(await network().batched().baseFee(), 1n)
    assert.deepEqual(asked, [1])
  })

  const refusals: Record<string, (answers: ReadonlyArray<Answer>) => Response> = {
    "one error": () => ({ body: { jsonrpc: "2.0", id: null, error: { code: -32600, message: "no batches" } } }),
    "one error in a list": () => ({ body: [{ id: null, error: { code: -32005, message: "too many" } }] }),
    "the HTTP status 400": () => ({ status: 400, type: "text/plain", body: "no batches here" }),
    "a page": () => ({ type: "text/html", body: "<h1>It works</h1>" }),
    nothing: () => ({ body: "" }),
    "an empty list": () => ({ body: [] }),
    "answers without ids": (answers) => ({ body: answers.map(({ result }) => ({ jsonrpc: "2.0", result })) }),
    "too few answers": (answers) => ({ body: answers.slice(1) }),
    "the same answer for all": ([first, ...rest]) => ({ body: [first, ...rest.map(() => first)] }),
    "an invalid request each": (answers) => ({
      body: answers.map(({ id }) => ({ id, error: { code: -32600, message: "batch too large" } }))
    }),
    "a list of nonsense": () => ({ body: [null, 7, "x", []] })
  }
  for (const [what, refusal] of Object.entries(refusals)) {
    it(`are asked one by one, then and later, if the node answers a batch by ${what}`, async () => {
      batches = refusal
      const node = network()
      assert.deepEqual(await askFour(node.batched()), four)
      assert.deepEqual(asked, [4, 1, 1, 1, 1])
      assert.deepEqual(await askFour(node.batched()), four)
      assert.deepEqual(asked.slice(5), [1, 1, 1, 1])
    })
  }

  const failures: Record<string, (answers: ReadonlyArray<Answer>) => Response | "cut"> = {
    "the HTTP status 503": () => ({ status: 503, body: "overloaded" }),
    "the HTTP status 429": () => ({ status: 429, body: "too many requests" }),
    "no answer": () => "cut",
    "too many requests for each": (answers) => ({
      body: answers.map(({ id }) => ({ id, error: { code: -32005, message: "too many requests" } }))
    })
  }
  for (const [what, failure] of Object.entries(failures)) {
    it(`are repeated one by one after ${what}, and the next payment's leave as one again`, async () => {
      batches = failure
      const node = network()
      assert.deepEqual(await askFour(node.batched()), four)
      assert.deepEqual(asked, [4, 1, 1, 1, 1])
      batches = (body) => ({ body })
      await askFour(node.batched())
      assert.deepEqual(asked.slice(5), [4])
    })
  }

  it.for([
    [{ error: { code: 3, message: "execution reverted" } }, "PaymentRejected"],
    [{ error: { code: -32601, message: "no such method" } }, "PaymentServiceUnavailable"],
    [{ error: "boom" }, "PaymentServiceUnavailable"]
  ] as const)("fail alone: %j is %s", async ([answered, tag]) => {
    simulation = answered
    const chain = network().batched()
    const tried = chain.simulate(transaction).then(
      () => assert.fail("passed"),
      (error: unknown) => toSimulationError(error)._tag
    )
    assert.deepEqual(await Promise.all([tried, chain.baseFee()]), [tag, 1n])
    assert.strictEqual(asked[0], 2)
  })
})

describe("an authorization", () => {
  const payer = Account.fromSecp256k1(generatePrivateKey())
  const config = {
    secretKey: merchant.MPP_SECRET_KEY,
    realm: merchant.REALM,
    currencies: [{ name: "pathUSD", address: PATH_USD }],
    recipient: merchant.TEMPO_RECIPIENT,
    chainId: 1337,
    untaken: new Set<string>()
  }
  const { issueChallenge, checkChallenge } = makeChallenges(config)

  it("asks everything in one request", async () => {
    const authorize = makeAuthorize(config, checkChallenge, network())
    const expires = new Date(Math.floor(Date.now() / 1000) * 1000 + 300_000).toISOString()
    const credential = await answer(issueChallenge(terms, { key: "a key", nonce: "a nonce" }, expires), payer)
    const verified = { payer: payer.address.toLowerCase(), key: "a key", challengeId: "an id", credential }
    const authorization = await Effect.runPromise(authorize(verified, terms))
    assert.strictEqual(authorization.currency, PATH_USD)
    assert.deepEqual(asked.length, 1, String(asked))
    // A second payment need not ask for the token's decimals.
    await Effect.runPromise(authorize(verified, terms))
    assert.deepEqual(asked, [asked[0], (asked[0] ?? 0) - 1])
  })
})
