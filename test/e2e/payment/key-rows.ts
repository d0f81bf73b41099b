import * as KeyAuthorization from "ox/tempo/KeyAuthorization"
import * as SignatureEnvelope from "ox/tempo/SignatureEnvelope"
import type { Address } from "viem"
import { generatePrivateKey } from "viem/accounts"
import { Account, Actions } from "viem/tempo"
import {
  accountWith,
  alphaUSD,
  authorized,
  bringing,
  client,
  p256Key,
  paidByKey,
  pathUSD,
  pay,
  price,
  recipient,
  resign,
  rich,
  secp256k1Key,
  seconds
} from "./payer.ts"
import type { Row } from "./rows.ts"

const limits = (limit: bigint, token: Address = pathUSD) => ({ limits: [{ token, limit }] })
const foreign = Account.fromSecp256k1(generatePrivateKey())

/** Payments by access keys that their accounts know or do not know, and payments with an access key's authorization. */
export const keyRows: Record<string, Row> = {
  "is by an access key": { make: paidByKey() },
  "is by a P256 access key": { make: paidByKey({}, p256Key) },
  "is by an access key whose limit suffices": { make: paidByKey(limits(price + 60_000n)) },
  "is by an access key that may transfer the token": { make: paidByKey({ scopes: [{ address: pathUSD }] }) },
  "is by an access key that may pay this recipient": {
    make: paidByKey({ scopes: [{ address: pathUSD, selector: "0x95777d59", recipients: [recipient] }] })
  },
  "is by a stranger's key, for a rich account": {
    make: () => pay(secp256k1Key(rich)),
    message: /does not know this access key/
  },
  "is by a stranger's P256 key, for a rich account": {
    make: () => pay(p256Key(rich)),
    message: /does not know this access key/
  },
  "is by an access key for another account than its own": {
    make: async () => {
      const key = generatePrivateKey()
      await authorized({}, (root) => Account.fromSecp256k1(key, { access: root }))
      return pay(Account.fromSecp256k1(key, { access: rich }))
    },
    message: /does not know this access key/
  },
  "is by an access key that has expired": {
    make: async () => {
      const { accessKey } = await authorized({ expiry: seconds() + 4 })
      await new Promise((resolve) => setTimeout(resolve, 5_000))
      return pay(accessKey)
    },
    message: /has expired/
  },
  "is by an access key that was revoked": {
    make: async () => {
      const { root, accessKey } = await authorized()
      await Actions.accessKey.revokeSync(client, {
        account: root,
        accessKey: accessKey.accessKeyAddress,
        feeToken: pathUSD,
        gas: 6_000_000n
      } as never)
      return pay(accessKey)
    },
    message: /was revoked/
  },
  "is by an access key whose limit is below the price": {
    make: paidByKey(limits(price - 1n)),
    message: /spending limit/
  },
  "is by an access key whose limit is the price, without the fee": {
    make: paidByKey(limits(price)),
    message: /spending limit/
  },
  "is by an access key with a limit for another token": {
    make: paidByKey(limits(price * 9n, alphaUSD)),
    message: /spending limit/
  },
  "is by an access key that may do nothing": { make: paidByKey({ scopes: [] }), message: /may not make this call/ },
  "is by an access key for another token": {
    make: paidByKey({ scopes: [{ address: alphaUSD }] }),
    message: /may not make this call/
  },
  "is by an access key for another function": {
    make: paidByKey({ scopes: [{ address: pathUSD, selector: "0xa9059cbb" }] }),
    message: /may not make this call/
  },
  "is by an access key for other recipients": {
    make: paidByKey({ scopes: [{ address: pathUSD, selector: "0x95777d59", recipients: [rich.address] }] }),
    message: /may not make this call/
  },

  "brings its key's authorization": { make: bringing() },
  "brings its P256 key's authorization": { make: bringing({ key: p256Key }) },
  "brings an authorization with a limit, scopes and an end": {
    make: bringing({
      restrictions: {
        ...limits(price * 9n),
        expiry: seconds() + 3_600,
        scopes: [{ address: pathUSD, selector: "0x95777d59", recipients: [recipient] }]
      }
    })
  },
  "authorizes a key and is by its account": { make: bringing({ signer: (root) => root }) },
  "brings an authorization for any chain": {
    make: bringing({ restrictions: { chainId: 0n } }),
    message: /for chain 1337/
  },
  "brings an authorization for another chain": {
    make: bringing({ restrictions: { chainId: 4217n } }),
    message: /for chain 1337/
  },
  "brings an authorization that has expired": {
    make: bringing({ restrictions: { expiry: seconds() - 1 } }),
    message: /expired/
  },
  "brings an authorization below the price": {
    make: bringing({ restrictions: limits(price - 1n) }),
    message: /spending limit/
  },
  "brings an authorization for the price, without the fee": {
    make: bringing({ restrictions: limits(price) }),
    message: /spending limit/
  },
  "brings an authorization to spend nothing": {
    make: bringing({ restrictions: { limits: [] } }),
    message: /spending limit/
  },
  "brings an authorization with two limits for one token": {
    make: bringing({ restrictions: { limits: [...limits(price * 9n).limits, ...limits(price * 9n).limits] } }),
    message: /invalid spending limit/
  },
  "brings an authorization with a limit for what is no token": {
    make: bringing({ restrictions: limits(price * 9n, `0x${"12".repeat(20)}`) }),
    message: /./
  },
  "brings an authorization for another token": {
    make: bringing({ restrictions: { scopes: [{ address: alphaUSD }] } }),
    message: /may not make this call/
  },
  "brings an authorization for nothing": {
    make: bringing({ restrictions: { scopes: [] } }),
    message: /may not make this call/
  },
  "brings an authorization that a stranger signed": {
    make: bringing({ by: foreign }),
    message: /signed by the account/
  },
  "brings another key's authorization": {
    make: bringing({ signer: (root) => secp256k1Key(root) }),
    message: /authorization of that key only/
  },
  "brings the authorization of a key that is known": {
    make: async () => {
      const { root, accessKey } = await authorized()
      const keyAuthorization = await root.signKeyAuthorization(accessKey, { chainId: 1337n })
      return resign(await pay(root), { keyAuthorization, gas: 4_000_000n }, accessKey)
    },
    message: /knows the access key already/
  },
  "brings an authorization for a key of another kind": {
    make: async () => {
      const root = await accountWith()
      const key = p256Key(root)
      const { signature: _, ...rest } = await root.signKeyAuthorization(key, { chainId: 1337n })
      const bare = { ...rest, type: "secp256k1" as const }
      const signature = SignatureEnvelope.from(await root.sign({ hash: KeyAuthorization.getSignPayload(bare) }))
      return resign(await pay(root), { keyAuthorization: { ...bare, signature }, gas: 4_000_000n }, key)
    },
    message: /another type/
  },
  "brings an authorization for an account that is somebody else's": {
    make: async () => {
      const key = secp256k1Key(rich)
      const keyAuthorization = await foreign.signKeyAuthorization(key, { chainId: 1337n })
      return resign(await pay(await accountWith()), { keyAuthorization, gas: 4_000_000n }, key)
    },
    message: /signed by the account/
  }
}
