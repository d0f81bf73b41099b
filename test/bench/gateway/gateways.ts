import type { Bindings } from "./workerd.ts"

/** Complete settings. None of their addresses answers. */
export const settings: Readonly<Record<string, string>> = {
  MPP_SECRET_KEY: "a secret of at least thirty-two characters",
  REALM: "mpp-compute",
  TEMPO_RECIPIENT: "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
  TEMPO_NETWORK: "local",
  CONTROL_PLANE_TOKEN: `jkt_${"0".repeat(64)}`,
  CONTROL_PLANE_URL: "http://127.0.0.1:1"
}

/** The gateway's bindings on its platform. */
export const ourBindings: Bindings = {
  vars: settings,
  objects: { ORDERS: "Order", CLAIMS: "Once", PAYERS: "Payer" },
  kv: ["EXPIRY"]
}

/** The bindings of the gateway with two tokens, and of the bare Worker, which also exists with two. */
export const ourBindingsOfTwo: Bindings = {
  ...ourBindings,
  vars: { ...settings, TEMPO_CURRENCIES: "pathUSD,AlphaUSD" }
}
export const bare: Bindings = { vars: { MODE: "shared" } }
export const bareOfTwo: Bindings = { vars: { MODE: "shared", TOKENS: "2" } }

/** The configuration of the gateway, and of the bare Worker beside it. */
export const configs = { ours: "wrangler.jsonc", peer: "test/bench/gateway/peer/wrangler.jsonc" }
