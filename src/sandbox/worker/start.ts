import type { Broken } from "./runtime-failure.ts"
import { lookToRun, lookToServe } from "../isolate/look.ts"
import { LIMITS, type RunError } from "../limits.ts"
import type { Loadable, Loader } from "./loader.ts"
import { type Look, look, type OddExport } from "./look.ts"
import { startAsMain, startExported } from "./main-start.ts"

/** The purpose of code: to serve requests, or to be called once. */
export type Purpose = "serve" | "run"

/** Why code does not start, or cannot do what it is for. */
export interface Refusal {
  readonly ok: false
  /** The runtime's own, or says what the exports lack. */
  readonly message: string
  /** The code threw this, with its stack, where that is known. */
  readonly threw?: RunError
  /** The exports that are none for a Worker. */
  readonly odd?: ReadonlyArray<OddExport>
}

/** Whether code starts and can do what it is for. */
export type Verdict = { readonly ok: true } | Refusal

/**
 * CPU that starting may take, in milliseconds: for a site the platform's own limit for a Worker's start; for code that is
 * called once what it will be given then, so that nobody pays for what cannot be started within it.
 */
const startCpu = { serve: 1_000, run: LIMITS.cpuMs } as const

/**
 * Starts code in isolates of its own, without network, and looks at its exports; none of them is called. Code that is to
 * serve is started as it is: the runtime judges the very module that the host will start, outside of any request. What the
 * runtime does not judge, whether there is a handler for requests, a module of ours finds out in another isolate.
 *
 * Rejects when it is the runtime that fails, again and again, and not the code.
 */
export const check = async (loader: Loader, code: Loadable, purpose: Purpose = "serve"): Promise<Verdict> => {
  const verdict = await tryOut(loader, code, purpose)
  if ("broken" in verdict) throw new Error(verdict.broken)
  return verdict
}

/** As `check`, for who wants to be told. */
export const tryOut = async (loader: Loader, code: Loadable, purpose: Purpose): Promise<Verdict | Broken> => {
  const main = Object.hasOwn(code.modules, code.mainModule) ? code.modules[code.mainModule] : undefined
  if (main === undefined) return refused(`No such module: ${code.mainModule}`)
  // Our module could import either, but the runtime starts neither.
  if (typeof main !== "string" && !("js" in main)) return refused("Main module must be an ES module.")
  const [started, found] = await Promise.all([
    purpose === "serve" ? startAsMain(loader, code, startCpu.serve) : { ok: true as const },
    look(loader, code, purpose === "serve" ? lookToServe : lookToRun, startCpu[purpose])
  ])
  if ("broken" in started) return started
  if (!started.ok) return refused(started.message, "broken" in found ? undefined : found)
  if ("broken" in found) return found
  if (found.is !== "able") return refused(found.message, found)
  if (purpose === "run" || !found.hooked) return { ok: true }
  // With a hook of the author's in the way, for the wording of stacks, the runtime loses an error that the hook fails for: it
  // calls the start one, and every request fails then.
  return startExported(loader, code, startCpu.serve)
}

const refused = (message: string, found?: Look): Refusal => ({
  ok: false,
  message,
  ...(found?.is === "thrown" && { threw: found.threw }),
  ...(found?.is === "odd" && { odd: found.odd })
})
