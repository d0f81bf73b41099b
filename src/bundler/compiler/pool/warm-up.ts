import { compile } from "../compile.ts"
import type { Instance } from "../instance.ts"
import { RemoteModules } from "../../remote/RemoteModules.ts"
import { VirtualFs } from "../VirtualFs.ts"

/** The source of the warm-up builds. It has a little of every feature, so that nothing is left to set up. */
const FILES = new Map([
  [
    "index.ts",
    `
import data from "./data.json"
import text from "./text.txt"
import { part, type Part } from "./part"
enum Colour { Red, Green }
class Base<T> { constructor(private readonly value: T) {} get it(): T { return this.value } }
export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    for await (const it of [part(pathname as Part)]) if (/^\\/x$/u.test(it)) return new Response(it + text)
    return Response.json({ ...data, colour: Colour.Red, it: new Base(1n).it })
  }
}
`
  ],
  ["data.json", '{"name": "x", "list": [1, 2.5, null, true]}'],
  ["text.txt", "text"],
  ["part.ts", "export type Part = string\nexport const part = (x: Part) => x"]
])

/** A source with nothing in it, for the first build, so that V8 compiles half of the compiler before the pause. */
const LITTLE = new Map([["index.ts", "export default {}"]])

/**
 * The sources of the warm-up builds. After two builds of `FILES` nothing is left to set up, and a third would only leave more
 * garbage to copy.
 */
const ROUNDS = [LITTLE, FILES, FILES]

/**
 * Lets a compiler build fixed sources with the settings of every build. The data that it keeps from one build to the next,
 * such as the parsed helpers that it adds to bundles, depends on these settings.
 *
 * @param pause is awaited before each build, because a build lets no other event happen.
 * @throws as `compile`, if the compiler does not work.
 */
export const warmUp = async (instance: Instance, pause: () => Promise<void>): Promise<void> => {
  const hosts = new Set<string>()
  const remote = new RemoteModules({ hosts, fetch, cache: undefined })
  const nothing = {
    packageJson: { versionOf: () => undefined },
    subpathTarget: () => undefined,
    mayBeOwn: () => false,
    aliases: { targetsOf: () => [] }
  }
  for (const files of ROUNDS) {
    await pause()
    const context = { ...nothing, files, disk: new VirtualFs(files), remote, hosts }
    await compile(instance, { context, entrypoint: "index.ts" })
  }
}
