import { Hono } from "hono"
import { Mppx, tempo } from "mppx/server"
import { createClient, http } from "viem"
import { tempoLocalnet } from "viem/tempo/chains"

/**
 * `MODE` is `shared`: mppx is made once, at module scope; or `fresh`: anew for each request, as examples often show it. `TOKENS`
 * is `2` for challenges in two tokens.
 */
interface Env {
  readonly MODE: string
  readonly TOKENS?: string
}

// The settings of a bare Worker. The gateway's benchmark has the same.
const client = createClient({ chain: tempoLocalnet, transport: http("http://127.0.0.1:1") })

const TOKENS = ["0x20c0000000000000000000000000000000000000", "0x20c0000000000000000000000000000000000001"] as const

const make = () =>
  Mppx.create({
    secretKey: "a secret of at least thirty-two characters",
    realm: "mpp-compute",
    methods: [
      tempo.charge({
        currency: TOKENS[0],
        recipient: "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
        supportedModes: ["pull"],
        getClient: () => client
      })
    ]
  })

const shared = make()

const hex = (bytes: ArrayBuffer) => Buffer.from(bytes).toString("hex")

/** The checks that a developer would write by hand; `undefined` if all is well. */
const wrong = (text: string): string | undefined => {
  let json: { readonly files?: unknown }
  try {
    json = JSON.parse(text) as typeof json
  } catch {
    return "not JSON"
  }
  const { files } = json
  if (typeof files !== "object" || files === null || Array.isArray(files)) return "no files"
  const entries = Object.entries(files)
  if (entries.length === 0) return "no files"
  for (const [path, source] of entries) {
    if (typeof source !== "string") return "not text"
    if (path.startsWith("/") || path.includes("..")) return "a bad path"
  }
  return undefined
}

const app = new Hono<{ Bindings: Env }>()

app.post("/deploy", async (c) => {
  const bytes = await c.req.arrayBuffer()
  const problem = wrong(new TextDecoder().decode(bytes))
  if (problem !== undefined) return c.json({ code: "invalid_request", detail: problem }, 400)
  const body = hex(await crypto.subtle.digest("SHA-256", bytes))
  const mppx = c.env.MODE === "shared" ? shared : make()
  const terms = {
    amount: "0.10",
    description: "Deploy code to a live URL",
    meta: { v: "1", op: "deploy", body, key: crypto.randomUUID(), nonce: crypto.randomUUID() }
  }
  const [first, second] = TOKENS
  const charge =
    c.env.TOKENS === "2"
      ? mppx.compose(["tempo/charge", { ...terms, currency: first }], ["tempo/charge", { ...terms, currency: second }])
      : mppx.charge(terms)
  const result = await charge(c.req.raw)
  return result.status === 402 ? result.challenge : result.withReceipt(c.json({ paid: true }))
})

/** The bare Worker that the gateway is compared with: hono and mppx, without anything that makes it safe. */
export default app
