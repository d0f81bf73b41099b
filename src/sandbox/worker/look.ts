import { type Breakage, type Broken, insist, isBroken, wordsOf } from "./runtime-failure.ts"
import type { Names } from "../isolate/names.ts"
import type { RunError } from "../limits.ts"
import { load, type Loadable, type Loader, readUpTo, within } from "./loader.ts"
import { startLate, startMillis } from "./main-start.ts"
import { errorIn, isJson } from "./outcome.ts"

/** An export that a runtime does not take, and what it is: "null", "a number". */
export interface OddExport {
  readonly name: string
  readonly what: string
}

/** A module of ours reports this after it starts the code and looks at its exports. */
export type Look =
  | { readonly is: "able"; /** Whether it words the stacks of errors itself. */ readonly hooked: boolean }
  /** It has nothing that can serve, or be called. */
  | { readonly is: "unable"; readonly message: string }
  /** It threw when it started, or when it was looked at. */
  | { readonly is: "thrown"; readonly message: string; readonly threw: RunError }
  /** It has exports that no Worker may have. */
  | { readonly is: "odd"; readonly message: string; readonly odd: ReadonlyArray<OddExport> }
  /** The runtime did not let it be looked at. */
  | { readonly is: "refused"; readonly message: string }

/** Bytes of what a look says: more than it says by itself, and no more than may be held. */
const maxBytes = 65_536

/** Starts code beside a module of ours, in an isolate of its own, and tells what that module found; see `isolate/look.ts`. */
export const look = async (
  loader: Loader,
  code: Loadable,
  speaker: (names: Names) => string,
  cpuMs: number
): Promise<Look | Broken> => {
  const found = await insist(loader, () => lookOnce(loader, code, speaker, cpuMs))
  return "bent" in found ? { is: "refused", message: found.bent } : found
}

const lookOnce = async (
  loader: Loader,
  code: Loadable,
  speaker: (names: Names) => string,
  cpuMs: number
): Promise<Look | Breakage> => {
  const since = Date.now()
  try {
    const { ask } = load(loader, code, speaker, { cpuMs })
    return await within(startMillis, startLate, async (signal) =>
      read(await readUpTo(maxBytes, await ask({ signal }), since + startMillis, startLate))
    )
  } catch (cause) {
    const durationMs = Date.now() - since
    if (await isBroken(loader, cause)) return { broken: wordsOf(cause), durationMs }
    return { is: "refused", message: wordsOf(cause) }
  }
}

const read = (said = ""): Look => {
  const rest = said.slice(1)
  switch (said[0]) {
    case "k":
    case "h":
      return { is: "able", hooked: said === "h" }
    case "n":
      return { is: "unable", message: rest }
    case "x":
      return {
        is: "odd",
        message: "It has exports that no Worker may have.",
        odd: rest.split("\n").slice(1).map(oddIn)
      }
    case "t":
      if (isJson(rest)) return { is: "thrown", message: errorIn(rest).message, threw: errorIn(rest) }
  }
  return { is: "refused", message: "The code answers for its start what cannot be read." }
}

const oddIn = (line: string): OddExport => {
  const [name = "", what = ""] = line.split("\t")
  return { name, what }
}
