import { type Breakage, type Broken, insist, isBroken, trusted, wordsOf } from "./runtime-failure.ts"
import { exported } from "../isolate/exported.ts"
import { load, type Loadable, type Loader, readUpTo, within } from "./loader.ts"

/** A start that takes longer than this, in milliseconds, does not count as one. */
export const startMillis = 10_000

/** Why a start that takes longer is none. */
export const startLate = `The code did not finish starting within ${startMillis / 1000} s.`

/** Whether code starts as a Worker's main module; `message` is the runtime's own. */
export type Started = { readonly ok: true } | { readonly ok: false; readonly message: string }

/**
 * Starts code exactly as its host will: its main module is the isolate's, its exports are validated by the runtime itself,
 * outside of any request. It is asked for an entrypoint of a random name. The runtime answers that there is none only when
 * the start is through; any other answer is why there was no start. Code cannot say the same, because it cannot know the
 * name.
 */
export const startAsMain = async (loader: Loader, code: Loadable, cpuMs: number): Promise<Started | Broken> => {
  const started = await insist(loader, () => startOnce(loader, code, cpuMs))
  if ("broken" in started || ("ok" in started && started.ok)) return started
  // Only a runtime that names what it does not find has said anything about the code.
  if (!(await tells(loader))) return startExported(loader, code, cpuMs)
  return { ok: false, message: "bent" in started ? started.bent : started.message }
}

/**
 * Starts a module of ours that exports all that the code's does, for the runtime to validate: where it does not tell whether
 * the code's own start was one.
 */
export const startExported = async (loader: Loader, code: Loadable, cpuMs: number): Promise<Started | Broken> => {
  const started = await insist(loader, () => startExportedOnce(loader, code, cpuMs))
  return "bent" in started ? { ok: false, message: started.bent } : started
}

/** A name that nobody can know, for a class. */
const randomName = (): string => `Absent${crypto.randomUUID().replaceAll("-", "")}`

const startOnce = (loader: Loader, code: Loadable, cpuMs: number): Promise<Started | Breakage> => {
  const entrypoint = randomName()
  return attempt(
    loader,
    async (signal) => {
      await (await load(loader, code, undefined, { cpuMs }).ask({ signal, entrypoint })).body?.cancel()
      return { ok: true }
    },
    (words) => (words.includes(entrypoint) ? { ok: true } : { ok: false, message: words })
  )
}

/** Whether this runtime names an entrypoint that it does not find: others may call that an error of their own. */
const tells = async (loader: Loader): Promise<boolean> => {
  if (telling.has(loader)) return true
  const started = await startOnce(loader, trusted, 1_000)
  const told = "ok" in started && started.ok
  if (told) telling.add(loader)
  return told
}

// A value that requests may share: a runtime that has told once goes on telling.
const telling = new WeakSet<Loader>()

const startExportedOnce = (loader: Loader, code: Loadable, cpuMs: number): Promise<Started | Breakage> => {
  const entrypoint = randomName()
  return attempt(
    loader,
    async (signal) => {
      const { ask } = load(loader, code, exported(code.mainModule, entrypoint), { cpuMs })
      const said = await readUpTo(100, await ask({ signal, entrypoint }), Date.now() + startMillis, startLate)
      return said === entrypoint ? { ok: true } : { ok: false, message: "The code answers for its start." }
    },
    (message) => ({ ok: false, message })
  )
}

const attempt = async (
  loader: Loader,
  work: (signal: AbortSignal) => Promise<Started>,
  refused: (words: string) => Started
): Promise<Started | Breakage> => {
  const since = Date.now()
  try {
    return await within(startMillis, startLate, work)
  } catch (cause) {
    const durationMs = Date.now() - since
    // The runtime on a laptop opens with a line of its own.
    const started = refused(wordsOf(cause).replace(/^Failed to start Worker:\n/, ""))
    if (!started.ok && (await isBroken(loader, cause))) return { broken: wordsOf(cause), durationMs }
    return started
  }
}
