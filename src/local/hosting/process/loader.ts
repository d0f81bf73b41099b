import { OWN_DATE } from "../site/plan.ts"
import { PING_TIMEOUT_MS } from "../runtimes/watchdog.ts"
import { ask } from "../runtimes/ask.ts"
import { Instance } from "../runtimes/Instance.ts"
import type { HostingPlan } from "./plan.ts"

/** The runtime with the Worker Loader: it runs the sites that need nothing else, start checks and `/execute`. */
export interface Loader {
  /** The socket of the runtime that runs now. */
  readonly socket: () => string
}

/** Starts the runtime. It is replaced whenever it ends; `onReplaced` gets the reason and how long that took. */
export const startLoader = async (
  { port, secret, sitesUrl }: HostingPlan,
  built: { readonly hosting: unknown; readonly admin: unknown },
  onReplaced: (reason: string, ms: number) => void,
  onLost: (reason: string) => void
): Promise<Loader> => {
  const direct = { unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }], compatibilityDate: OWN_DATE }
  const workers = [
    {
      ...direct,
      name: "hosting",
      modules: built.hosting,
      bindings: { SECRET: secret, SITES_URL: sitesUrl, PORT: String(port) },
      workerLoaders: { LOADER: {} }
    },
    { ...direct, name: "admin", modules: built.admin }
  ]
  const start = () =>
    Instance.start(workers, {
      ping: async ({ site }) =>
        (await ask(site, `/${secret}/ping`, { timeoutMs: PING_TIMEOUT_MS, port })).status === 200
    })
  let instance = await start()
  const supervise = async (): Promise<void> => {
    for (;;) {
      const reason = await instance.ended
      if (reason === "stopped") return
      const since = Date.now()
      onLost(reason)
      for (let attempt = 1; ; attempt++) {
        try {
          instance = await start()
          break
        } catch (cause) {
          if (attempt === 3) throw cause
        }
      }
      onReplaced(reason, Date.now() - since)
    }
  }
  void supervise().catch((cause: unknown) => {
    console.error("The runtime of the sites does not start again.", cause)
    process.exit(1)
  })
  return { socket: () => instance.sockets.site }
}
