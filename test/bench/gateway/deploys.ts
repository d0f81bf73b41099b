import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { Challenge } from "mppx"
import { Mppx, tempo } from "mppx/client"
import { createClient, defineChain, type Hex, http } from "viem"
import { privateKeyToAccount } from "viem/accounts"
import { tempoLocalnet } from "viem/chains"
import { withoutComments } from "../../../src/bundler/project/jsonc.ts"
import type { StackInfo } from "../../../src/local/info.ts"
import { helloBody } from "./bodies.ts"

/** Writes the project's configuration with another entry point, `main`, and returns its path. */
export const configWith = (main: string, path: string): string => {
  const config = JSON.parse(withoutComments(readFileSync("wrangler.jsonc", "utf8"))) as Record<string, unknown>
  const alias = Object.entries(config["alias"] as Record<string, string>).map(([from, to]) => [from, resolve(to)])
  mkdirSync(dirname(path), { recursive: true })
  // The command runs in the project, wherever the configuration is.
  const build = { ...(config["build"] as object), cwd: resolve() }
  writeFileSync(path, JSON.stringify({ ...config, build, main: resolve(main), alias: Object.fromEntries(alias) }))
  return resolve(path)
}

/** Makes the hono example a little different each time, because the same body would be the same order. */
export const freshBody = (): string => {
  const body = JSON.parse(helloBody) as { files: Record<string, string>; name?: string }
  const marked = Object.entries(body.files).map(([path, source]) => [path, `${source}\n// ${crypto.randomUUID()}`])
  return JSON.stringify({ files: Object.fromEntries(marked) })
}

/** An agent with the stock client's means. It asks, signs, and sends again. */
export const makeAgent = (info: StackInfo, privateKey: string) => {
  const account = privateKeyToAccount(privateKey as Hex)
  const chain = defineChain({ ...tempoLocalnet, id: info.chainId, rpcUrls: { default: { http: [info.rpc] } } })
  const client = createClient({ account, chain, transport: http(info.rpc) })
  const wallet = Mppx.create({ polyfill: false, methods: [tempo.charge({ account, getClient: () => client })] })
  const post = (body: string, headers: Record<string, string> = {}) =>
    fetch(`${info.gateway}/deploy`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
      signal: AbortSignal.timeout(60_000)
    })

  return {
    /** Signs the challenge for a body. The caller must send the result within 25 seconds. */
    sign: async (body: string): Promise<string> => {
      const quote = await post(body)
      Challenge.fromResponse(quote)
      return wallet.createCredential(quote)
    },
    /** Sends a signed request. Returns the status and the milliseconds until the whole answer has arrived. */
    pay: async (body: string, credential: string) => {
      const start = performance.now()
      const response = await post(body, { authorization: credential })
      const text = await response.text()
      return { status: response.status, millis: performance.now() - start, text }
    }
  }
}
