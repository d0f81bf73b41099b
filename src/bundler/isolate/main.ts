/**
 * The program of an isolate that builds with packages. `build/isolate.mjs` makes one text of this file and all that it imports,
 * and adds the entrypoint.
 */
import wasm from "../compiler/wasm.ts"
import { createBundler } from "../index.ts"
import { IsolateMemory, shareMemory } from "../npm/registry/IsolateMemory.ts"
import { type BuildAnswer, type BuildRequest, type Deliver, encodeError, type Outbound } from "./messages.ts"

const memory = new IsolateMemory()

/**
 * Builds a project. `outbound` is its only network.
 *
 * @param deliver takes the answer of a build that has more to do afterwards: packages that arrive late are kept for a repeat.
 */
export const build = async (
  { files, build, ...options }: BuildRequest,
  outbound: Outbound,
  deliver: Deliver
): Promise<BuildAnswer> => {
  const fetcher = (async (url: unknown, init?: RequestInit) =>
    outbound.fetch(String(url), new Headers(init?.headers).get("accept") ?? "*/*")) as typeof fetch
  shareMemory(fetcher, memory)
  const late: Array<Promise<unknown>> = []
  const bundler = createBundler({
    ...options,
    wasm,
    fetch: fetcher,
    cache: {
      match: async (key) => outbound.match(String(key)),
      put: async (key, response) => outbound.put(String(key), response)
    },
    waitUntil: (work) => void late.push(work)
  })
  const answer = await bundler.bundle(files, build).then(
    (bundle): BuildAnswer => ({ bundle }),
    (error: unknown): BuildAnswer => ({ error: encodeError(error) })
  )
  const ended = Promise.allSettled(late).then(() => true)
  const isOver = await Promise.race([ended, new Promise<false>((resolve) => setTimeout(() => resolve(false), 0))])
  if (!isOver) {
    await deliver(answer)
    await ended
  }
  return answer
}
