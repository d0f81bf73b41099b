import type { Bundle, Loader, Verdict } from "./bundle.ts"

/** A start that takes longer than this does not count as one. */
const startLimitMs = 10_000

/**
 * Starts a bundle in an isolate of its own, without bindings or network, and looks at its default export. None of its
 * handlers is called: a probe module, put beside the bundle, imports its main module and reports what it found.
 */
export const check = async (loader: Loader, bundle: Bundle): Promise<Verdict> => {
  const main = Object.hasOwn(bundle.modules, bundle.mainModule) ? bundle.modules[bundle.mainModule] : undefined
  if (main === undefined) return { ok: false, message: `No such module: ${bundle.mainModule}` }
  // The probe could import either, but the runtime starts neither.
  if (typeof main !== "string" && !("js" in main)) return { ok: false, message: "Main module must be an ES module." }

  const id = crypto.randomUUID()
  const probe = `probe-${id}.js`
  const worker = loader.get(`check:${id}`, async () => ({
    ...bundle,
    mainModule: probe,
    modules: { ...bundle.modules, [probe]: probeSource(bundle.mainModule) },
    globalOutbound: null
  }))
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    const late = new Promise<Verdict>((resolve) => {
      const message = `The code did not finish starting within ${startLimitMs / 1000} s.`
      timer = setTimeout(() => resolve({ ok: false, message }), startLimitMs)
    })
    const started = worker
      .getEntrypoint()
      .fetch(new Request("http://probe/"))
      .then(async (response) => (await response.json()) as Verdict)
    return await Promise.race([started, late])
  } catch (cause) {
    return { ok: false, message: cause instanceof Error ? cause.message : String(cause) }
  } finally {
    clearTimeout(timer)
  }
}

/** What Workers can serve with: an object, or a class that extends `WorkerEntrypoint`, with a `fetch` method. */
const probeSource = (mainModule: string): string => `
import { WorkerEntrypoint } from "cloudflare:workers"
import * as main from ${JSON.stringify(`./${mainModule}`)}
// The runtime refuses exports that are neither classes nor handlers; it is to see those of the bundle.
export * from ${JSON.stringify(`./${mainModule}`)}

const verdict = () => {
  if (!("default" in main)) return "The code has no default export; export default an object with a fetch handler."
  const value = main.default
  if (typeof value === "function" && value.prototype instanceof WorkerEntrypoint)
    return typeof value.prototype.fetch === "function" ? "" : "The default export's class has no fetch method."
  if (typeof value === "function")
    return "The default export is a function; export default an object with a fetch handler."
  if (typeof value !== "object" || value === null)
    return "The default export is " + (value === null ? "null" : typeof value) + ", not an object with a fetch handler."
  return typeof value.fetch === "function" ? "" : "The default export has no fetch handler."
}

export default {
  fetch() {
    const message = verdict()
    return Response.json(message === "" ? { ok: true } : { ok: false, message })
  }
}
`
