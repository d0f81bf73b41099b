import * as SignatureEnvelope from "ox/tempo/SignatureEnvelope"
import * as TxEnvelopeTempo from "ox/tempo/TxEnvelopeTempo"
import type { PrivateKeyAccount } from "viem/accounts"
import {
  accountWith,
  alphaUSD,
  carrying,
  chain,
  changed,
  fund,
  pathUSD,
  pay,
  price,
  resign,
  seconds,
  transactionOf
} from "./payer.ts"

const half = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

/** A payment, and its expected outcome. */
export interface Row {
  readonly make: () => Promise<string>
  /** The text of the refusal. Without it, the payment is accepted and lands. */
  readonly message?: RegExp
  /** True if anvil accepts what a Tempo node does not (it knows no validators), or what no payment needs. */
  readonly lenient?: true
}
/** The table. Its keys name the unusual thing about each payment. */
export const rows: Record<string, Row> = {
  "is as stock clients sign it": { make: changed({}) },
  "states no gas": { make: changed({ gas: undefined }), message: /must state its gas/ },
  "states too little gas": { make: changed({ gas: 21_000n }), message: /would fail|gas/ },
  "states more gas than any transaction may have": { make: changed({ gas: 30_000_001n }), message: /at most 30000000/ },
  "states an absurd amount of gas": { make: changed({ gas: 2n ** 62n }), message: /at most 30000000/ },
  "states as much gas as it may have": { make: changed({ gas: 30_000_000n }) },
  "states no fee": { make: changed({ maxFeePerGas: undefined, maxPriorityFeePerGas: undefined }), message: /base fee/ },
  "states a fee below the base fee": {
    make: changed({ maxFeePerGas: 1n, maxPriorityFeePerGas: 0n }),
    message: /base fee/
  },
  "states a fee that nobody has": { make: changed({ maxFeePerGas: 2n ** 100n }), message: /nsufficient/ },
  "states a fee of more than 128 bits": { make: changed({ maxFeePerGas: 2n ** 129n }), message: /./ },
  "gives all of its fee to the validator": {
    make: changed(({ maxFeePerGas }: Record<string, never>) => ({ maxPriorityFeePerGas: maxFeePerGas }))
  },
  "pays its fee in another token that it has": {
    make: async () => {
      const account = await fund(await accountWith(), 10_000_000n, alphaUSD)
      return resign(await pay(account), { feeToken: alphaUSD }, account)
    }
  },
  "pays its fee in a token that it has not": { make: changed({ feeToken: alphaUSD }), message: /nsufficient/ },
  "pays its fee in a token that is none": {
    make: changed({ feeToken: "0x20c0000000000000000000000000000000009999" }),
    message: /invalid fee token|nsufficient|is none/
  },
  "pays its fee in what is no token at all": {
    make: changed({ feeToken: `0x${"12".repeat(20)}` }),
    message: /invalid fee token|is none/
  },
  "has the price and nothing for the fee": { make: changed({}, price), message: /nsufficient/ },
  "has the price and a unit for the fee": {
    make: changed({}, price + 1n),
    message: /for the price and the chain's fee/
  },
  "has the price and the fee": { make: changed({}, price + 60_000n) },
  "carries a value": {
    make: changed(({ calls }: Record<string, never>) => ({
      calls: (calls as unknown as ReadonlyArray<object>).map((call) => ({ ...call, value: 1n }))
    })),
    message: /must not carry a value/
  },
  "has an authorization list": {
    make: async () => {
      const account = await accountWith()
      const authorization = await (account as unknown as PrivateKeyAccount).signAuthorization({
        chainId: 1337,
        address: pathUSD,
        nonce: 0
      })
      const signature = SignatureEnvelope.from({
        ...authorization,
        r: BigInt(authorization.r),
        s: BigInt(authorization.s)
      } as never)
      return resign(
        await pay(account),
        { gas: 3_000_000n, authorizationList: [{ ...authorization, nonce: 0n, signature }] },
        account
      )
    },
    message: /authorization list/,
    lenient: true
  },
  "has a nonce for an expiring one": { make: changed({ nonce: 1 }), message: /must be 0/ },
  "has a nonce ahead of its lane's": {
    make: changed({ nonceKey: 9n, nonce: 1 }),
    message: /next one of its account, 0/
  },
  "is the next in its lane": { make: changed({ nonceKey: 9n, nonce: 0, gas: 2_000_000n }) },
  "is the next of its account": { make: changed({ nonceKey: 0n, nonce: 0, gas: 2_000_000n }) },
  "has a nonce key that is the validators'": {
    make: changed({ nonceKey: 0x5bn << 248n, nonce: 0, gas: 2_000_000n }),
    message: /reserved for validators/,
    lenient: true
  },
  "is valid for longer than an expiring nonce may be": {
    make: changed(() => ({ validBefore: seconds() + 60 })),
    message: /too far/
  },
  "writes a zero as no node reads it": { make: changed({ validAfter: 0 }), message: /cannot be read/ },
  "has failed before": {
    make: async () => {
      const account = await accountWith(price)
      const credential = await resign(await pay(account), {}, account)
      await chain.direct({ method: "eth_sendRawTransactionSync", params: [transactionOf(credential)] })
      await fund(account, 10n * price)
      return credential
    },
    message: /sent before, and failed/
  },
  "names a fee payer that never agreed": {
    make: changed({ feePayerSignature: { r: 5n, s: 6n, yParity: 0 } }),
    message: /fee payer/
  },
  "waits for a fee payer": { make: changed({ feePayer: true }), message: /fee payer/ },
  "is signed with the larger s": {
    make: async () => {
      const credential = await pay(await accountWith())
      const transaction = TxEnvelopeTempo.deserialize(transactionOf(credential) as TxEnvelopeTempo.Serialized)
      if (transaction.signature?.type !== "secp256k1") throw new Error("signed by another kind of key")
      const { r, s, yParity } = transaction.signature.signature
      const signature = { r, s: half * 2n + 1n - s, yParity: 1 - (yParity ?? 0) }
      return carrying(
        credential,
        TxEnvelopeTempo.serialize({ ...transaction, signature: { type: "secp256k1", signature } })
      )
    },
    message: /unsupported kind/
  }
}
