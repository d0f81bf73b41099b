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
import { PaymentService } from "../../src/payment/PaymentService.ts"
import { makeNetwork, networks } from "../../src/payment/tempo/Networks.ts"
import { meaningOf } from "../../src/payment/tempo/reverts.ts"
import { answer, type Signer } from "./payment-client.ts"
import { tempo, terms } from "./payment-setup.ts"

interface Rpc {
  readonly method: string
  readonly params: ReadonlyArray<unknown>
}

/** A node that answers the same to everything, and remembers what it was asked. */
const asked: Array<Rpc> = []
let result: unknown = "0x"
const server = createServer((incoming, outgoing) => {
  void text(incoming).then((body) => {
    const { id, method, params } = JSON.parse(body) as Rpc & { readonly id: number }
    asked.push({ method, params })
    outgoing.setHeader("content-type", "application/json").end(JSON.stringify({ jsonrpc: "2.0", id, result }))
  })
})
beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)))
afterAll(() => void server.close())
const network = () => makeNetwork("local", `http://127.0.0.1:${(server.address() as AddressInfo).port}`)

/** What viem itself would ask, given the same transaction; as it is sent, so that what is undefined is not there. */
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

const root = Account.fromSecp256k1(generatePrivateKey())
const accounts: Record<string, Signer> = {
  "an ordinary key": root,
  "a P256 key": Account.fromP256(generatePrivateKey()),
  "an access key": Account.fromP256(P256.randomPrivateKey(), { access: root })
}

describe("the chain by its JSON-RPC", () => {
  it("is where viem says that Tempo's networks are", () => {
    for (const [name, { id, rpcUrls }] of Object.entries({ mainnet, testnet: tempoModerato, local: tempoLocalnet })) {
      const expected = { chainId: id, rpcUrl: rpcUrls.default.http[0] }
      assert.deepEqual(networks[name as keyof typeof networks], expected as never)
    }
  })

  for (const [name, account] of Object.entries(accounts)) {
    it(`has a payment by ${name} simulated as viem would`, async () => {
      const challenge = await Effect.runPromise(
        Effect.flatMap(PaymentService, (payments) => payments.challenge(terms, "key")).pipe(Effect.provide(tempo()))
      )
      const { payload } = Credential.deserialize<{ signature: Hex }>(await answer(challenge, account))
      result = "0x"
      await network().simulate(TxEnvelopeTempo.deserialize(payload.signature as TxEnvelopeTempo.Serialized))
      assert.deepEqual(asked.at(-1), await askedByViem(payload.signature))
    })
  }

  it("counts the nonces of a key of its own by the precompile", async () => {
    const { to, data } = nonce.getNonce.call({ account: root.address, nonceKey: 7n })
    result = `0x${"5".padStart(64, "0")}`
    assert.strictEqual(await network().nextNonce(root.address, 7n), 5n)
    const expected = { to: to.toLowerCase(), data: data.toLowerCase() }
    assert.deepEqual(asked.at(-1), { method: "eth_call", params: [expected, "latest"] })
  })

  it("counts the nonces of the key 0 as Ethereum does", async () => {
    result = "0x3"
    assert.strictEqual(await network().nextNonce(root.address, 0n), 3n)
    assert.deepEqual(asked.at(-1), { method: "eth_getTransactionCount", params: [root.address, "latest"] })
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
    "KeyAlreadyRevoked"
  ]
  for (const name of known) {
    it(`by ${name} is put into words`, () => assert.match(meaningOf(encode(name)) ?? "", /^The .*\.$|^Insuff.*\.$/))
  }

  it("for lack of funds says how much there is, and how much is needed", () => {
    const [error] = Abis.coreErrors.filter(({ name, inputs }) => name === "InsufficientBalance" && inputs.length === 3)
    const data = encodeErrorResult({ abi: [error], args: [99_999n, 100_000n, root.address] } as never)
    assert.strictEqual(meaningOf(data), "Insufficient balance. Required: 100000, available: 99999.")
  })

  it.for([undefined, 7, "", "0x", "0x1234", "nonsense", encode("KeyAlreadyExists")])("%s says nothing", (data) =>
    assert.isUndefined(meaningOf(data))
  )
})
