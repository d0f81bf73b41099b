import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { text } from "node:stream/consumers"
import * as Effect from "effect/Effect"
import { Credential } from "mppx"
import * as TxEnvelopeTempo from "ox/tempo/TxEnvelopeTempo"
import { createClient, custom, encodeErrorResult, type Hex } from "viem"
import { generatePrivateKey } from "viem/accounts"
import { call } from "viem/actions"
import { Abis, Account, P256, Transaction } from "viem/tempo"
import { nonce } from "viem/tempo/actions"
import { tempo as mainnet, tempoLocalnet, tempoModerato } from "viem/tempo/chains"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { PaymentService } from "../../../../../src/payment/PaymentService.ts"
import { makeNetwork, networks } from "../../../../../src/payment/tempo/chain/networks.ts"
import { toSimulationError } from "../../../../../src/payment/tempo/chain/rpc-failure.ts"
import { explainRevert } from "../../../../../src/payment/tempo/chain/reverts.ts"
import { answer, type Signer } from "../client.ts"
import { tempo, terms } from "../setup.ts"

interface Rpc {
  readonly method: string
  readonly params: ReadonlyArray<unknown>
}

/** A node that gives the same answer to everything, and records its requests. */
const asked: Array<Rpc> = []
let result: unknown = "0x"
let error: unknown
let status = 200
const server = createServer((incoming, outgoing) => {
  void text(incoming).then((body) => {
    const { id, method, params } = JSON.parse(body) as Rpc & { readonly id: number }
    asked.push({ method, params })
    outgoing.writeHead(status, { "content-type": "application/json" })
    outgoing.end(JSON.stringify({ jsonrpc: "2.0", id, ...(error === undefined ? { result } : { error }) }))
  })
})
beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)))
afterAll(() => void server.close())
const network = () => makeNetwork("local", `http://127.0.0.1:${(server.address() as AddressInfo).port}`)

/** Returns viem's own request for the same transaction, as it is sent, so that undefined fields are missing. */
const askedByViem = async (signed: Hex): Promise<Rpc> => {
  let request: unknown
  const transport = custom({
    request: (it) => {
      request = it
      return Promise.resolve("0x")
    }
  })
  const transaction = Transaction.deserialize(signed as Transaction.TransactionSerializedTempo)
  await call(createClient({ chain: tempoLocalnet, transport }), {
    ...transaction,
    account: (transaction as { readonly from: Hex }).from,
    feePayerSignature: undefined
  } as object)
  return JSON.parse(JSON.stringify(request)) as Rpc
}

const unsigned = TxEnvelopeTempo.from({
  chainId: 1337,
  calls: [{ to: "0x20c0000000000000000000000000000000000000", data: "0x" }]
})

const rejects = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => assert.fail(`answered ${String(value)}`),
    (reason: unknown) => reason
  )

const root = Account.fromSecp256k1(generatePrivateKey())
const accounts: Record<string, Signer> = {
  "an ordinary key": root,
  "a P256 key": Account.fromP256(generatePrivateKey()),
  "an access key": Account.fromP256(P256.randomPrivateKey(), { access: root })
}

describe("the JSON-RPC client of the chain", () => {
  it("uses viem's addresses of Tempo's networks", () => {
    for (const [name, { id, rpcUrls }] of Object.entries({ mainnet, testnet: tempoModerato, local: tempoLocalnet })) {
      const expected = { chainId: id, rpcUrl: rpcUrls.default.http[0] }
      assert.deepEqual(networks[name as keyof typeof networks], expected as never)
    }
  })

  for (const [name, account] of Object.entries(accounts)) {
    it(`simulates a payment by ${name} like viem`, async () => {
      const challenge = await Effect.runPromise(
        Effect.flatMap(PaymentService, (payments) => payments.challenge(terms, "key")).pipe(Effect.provide(tempo()))
      )
      const { payload } = Credential.deserialize<{ signature: Hex }>(await answer(challenge, account))
      result = "0x"
      await network().simulate(TxEnvelopeTempo.deserialize(payload.signature as TxEnvelopeTempo.Serialized))
      assert.deepEqual(asked.at(-1), await askedByViem(payload.signature))
    })
  }

  it("reads the nonces of other keys from the precompile", async () => {
    const { to, data } = nonce.getNonce.call({ account: root.address, nonceKey: 7n })
    result = `0x${"5".padStart(64, "0")}`
    assert.strictEqual(await network().nextNonce(root.address, 7n), 5n)
    const expected = { to: to.toLowerCase(), data: data.toLowerCase() }
    assert.deepEqual(asked.at(-1), { method: "eth_call", params: [expected, "latest"] })
  })

  it("reads the nonces of the key 0 like Ethereum", async () => {
    result = "0x3"
    assert.strictEqual(await network().nextNonce(root.address, 0n), 3n)
    assert.deepEqual(asked.at(-1), { method: "eth_getTransactionCount", params: [root.address, "latest"] })
  })

  const noNumbers = [
    null,
    "",
    " ",
    "0x",
    "0",
    "7",
    "-1",
    0,
    1,
    true,
    [],
    {},
    `0x${"1".repeat(200)}`,
    `0x${"1".repeat(640_000)}`
  ]
  it.for(noNumbers)("does not accept %j as a nonce", async (answered) => {
    result = answered
    for (const nonceKey of [0n, 7n]) await rejects(network().nextNonce(root.address, nonceKey))
  })

  it.for(["0x5", "0x00"])("does not accept %j as a word of the precompile", async (answered) => {
    result = answered
    await rejects(network().nextNonce(root.address, 7n))
  })

  it.for([null, "", "ok", 7, [], {}])("does not accept %j as a successful simulation", async (answered) => {
    result = answered
    await rejects(network().simulate(unsigned))
  })
})

describe("a receipt", () => {
  const receipt = { status: "0x1", transactionHash: `0x${"a".repeat(64)}`, blockNumber: "0x1" }
  const hash = receipt.transactionHash as Hex

  it("is read from the answers that send and that find a transaction", async () => {
    result = { ...receipt, gasUsed: "0x5208", logs: [] }
    assert.deepEqual(await network().broadcast("0x76"), receipt)
    assert.deepEqual(await network().receipt(hash), receipt)
  })

  it("may be missing", async () => {
    result = null
    assert.isNull(await network().receipt(hash))
  })

  it.for([undefined, "", hash, 7, [], {}, { ...receipt, status: null }])("is not read from %j", async (it) => {
    result = it
    await rejects(network().broadcast("0x76"))
    await rejects(network().receipt(hash))
  })

  it.for([null, {}, { timestamp: 5 }, "0x5"])("has no clock if a block is %j", async (block) => {
    result = block
    await rejects(network().clock())
  })
})

describe("an error of a node", () => {
  const failed = async (answered: unknown, code = 200) => {
    error = answered
    status = code
    try {
      return toSimulationError(await rejects(network().simulate(unsigned)))
    } finally {
      error = undefined
      status = 200
    }
  }

  it.for([null, "boom", {}, [], { code: -32000 }, { code: -32000, message: 5 }])(
    "is unavailable, and not rejected, if it is %j",
    async (answered) => assert.strictEqual((await failed(answered))._tag, "PaymentServiceUnavailable")
  )

  it.for([429, 500, 502, 503])("with the HTTP status %i is unavailable, whatever its body", async (code) => {
    assert.strictEqual(
      (await failed({ code: -32000, message: "rate limited" }, code))._tag,
      "PaymentServiceUnavailable"
    )
  })

  it("with the HTTP status 400 may reject the payment", async () => {
    assert.strictEqual((await failed({ code: -32000, message: "nonce too low" }, 400))._tag, "PaymentRejected")
  })
})

describe("a revert", () => {
  const encode = (errorName: string, args: ReadonlyArray<unknown> = []) =>
    encodeErrorResult({ abi: Abis.coreErrors, errorName, args } as never)

  const known = [
    "InsufficientFeeTokenBalance",
    "InsufficientAllowance",
    "InsufficientLiquidity",
    "MaxInputExceeded",
    "PolicyForbids",
    "ContractPaused",
    "InvalidRecipient",
    "SpendingLimitExceeded",
    "CallNotAllowed",
    "KeyExpired",
    "KeyNotFound",
    "KeyAlreadyRevoked",
    "KeyAlreadyExists",
    "ExpiryInPast",
    "InvalidSpendingLimit",
    "InvalidCallScope",
    "InvalidSignatureType",
    "PairDoesNotExist",
    "InvalidToken",
    "IdenticalTokens",
    "ExpiringNonceReplay",
    "InvalidExpiringNonceExpiry"
  ]
  for (const name of known) {
    it(`by ${name} is explained`, () => assert.match(explainRevert(encode(name)) ?? "", /^The .*\.$|^Insuff.*\.$/))
  }

  it("for lack of funds names the available and the required amount", () => {
    const [error] = Abis.coreErrors.filter(({ name, inputs }) => name === "InsufficientBalance" && inputs.length === 3)
    const data = encodeErrorResult({ abi: [error], args: [99_999n, 100_000n, root.address] } as never)
    assert.strictEqual(explainRevert(data), "Insufficient balance. Required: 100000, available: 99999.")
  })

  it.for([undefined, 7, "", "0x", "0x1234", "nonsense", encode("Unauthorized"), `0x12345678${"f".repeat(640_000)}`])(
    "%s says nothing",
    (data) => assert.isUndefined(explainRevert(data))
  )
})
