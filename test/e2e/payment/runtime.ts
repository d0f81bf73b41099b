import * as ConfigProvider from "effect/ConfigProvider"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { Mppx, tempo } from "mppx/client"
import { type Address, createClient, http } from "viem"
import { mnemonicToAccount } from "viem/accounts"
import { Account } from "viem/tempo"
import { tempoLocalnet } from "viem/tempo/chains"
import { layerSettings } from "../../../src/config.ts"
import { layerTempo } from "../../../src/payment/tempo/Tempo.ts"

/** The address of pathUSD. */
export const pathUSD = "0x20c0000000000000000000000000000000000000"
/** The price of a deploy, in base units. */
export const price = 100_000n

/** Returns a development account of the chain, which has more of every token than it can spend. */
export const developmentAccount = (index: number) => {
  const { privateKey } = mnemonicToAccount("test test test test test test test test test test test junk", {
    addressIndex: index
  }).getHdKey()
  return Account.fromSecp256k1(`0x${Buffer.from(privateKey ?? []).toString("hex")}`)
}

/** Makes a client of the chain. */
export const clientOf = (url: string) => createClient({ chain: tempoLocalnet, transport: http(url) })

/** Makes a runtime with the payment service on the chain, which pays `recipient`. */
export const runtimeOf = (url: string, recipient: Address) =>
  ManagedRuntime.make(
    layerTempo.pipe(
      Layer.provide(layerSettings()),
      Layer.provide(
        ConfigProvider.layer(
          ConfigProvider.fromEnv({
            env: {
              MPP_SECRET_KEY: "a secret of more than 32 characters",
              REALM: "compute.test",
              TEMPO_RECIPIENT: recipient,
              TEMPO_NETWORK: "local",
              TEMPO_RPC_URL: url
            }
          })
        )
      )
    )
  )

/** Answers a challenge with mppx's own client. Returns the credential. */
export const answerChallenge = (
  challenge: string,
  account: Account.RootAccount | Account.AccessKeyAccount,
  client: ReturnType<typeof clientOf>
) => {
  const methods = [tempo.charge({ account, getClient: () => client })]
  const response = new Response(null, { status: 402, headers: { "www-authenticate": challenge } })
  return Mppx.create({ polyfill: false, methods }).createCredential(response)
}
