import { load, type Loader, TooLate, within } from "./loader.ts"

/** It was the runtime that failed, with these words, and not the code: the same code may run another time. */
export interface Broken {
  readonly broken: string
}

/** An attempt that ended with words of the runtime's own failing, so many milliseconds after it began. */
export interface Breakage extends Broken {
  readonly durationMs: number
}

/** The code itself has made its attempts end with the words of a broken runtime, the last one after so many milliseconds. */
export interface Bent {
  readonly bent: string
  readonly durationMs: number
}

/** A thrown value, in words. */
export const wordsOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** Whether these may be the runtime's words for a failure of its own. Code can throw the same ones. */
export const seemsBroken = (cause: unknown): boolean =>
  /internal error|disconnected|network connection lost/i.test(wordsOf(cause))

/** Code that is known to be good. */
export const trusted = {
  mainModule: "control.js",
  modules: { "control.js": "export default { fetch: () => new Response() }" },
  compatibilityDate: "2026-03-01",
  compatibilityFlags: []
}

/** Whether it runs. */
const runs = async (loader: Loader): Promise<boolean> => {
  try {
    const { ask } = load(loader, trusted, undefined)
    await within(2_000, "no answer", async (signal) => (await ask({ signal })).body?.cancel())
    return true
  } catch {
    return false
  }
}

/**
 * Whether it is the runtime, and not the code, that has failed a call: by what it says, or because it runs nothing else
 * either, whatever it says. Time that has run out says neither.
 */
export const isBroken = async (loader: Loader, cause: unknown): Promise<boolean> =>
  seemsBroken(cause) || (!(cause instanceof TooLate) && !(await runs(loader)))

/**
 * Makes an attempt, and a second one when the first seems to have met a broken runtime. Who says the same twice while other
 * code runs says it itself: else code could have itself run again and again for one payment, or never be judged.
 */
export const insist = async <A extends object>(
  loader: Loader,
  attempt: () => Promise<A | Breakage>
): Promise<A | Bent | Broken> => {
  const first = await attempt()
  if (!isBreakage(first)) return first
  const second = await attempt()
  if (!isBreakage(second)) return second
  const { broken, durationMs } = second
  return (await runs(loader)) ? { bent: broken, durationMs } : { broken }
}

const isBreakage = <A extends object>(said: A | Breakage): said is Breakage => "broken" in said
