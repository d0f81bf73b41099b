import type { Instance } from "./instance.ts"

/** What the first build of ours consists of: a little of everything, so that nothing is left to be set up. */
const SOURCE = `
import data from "./data.json"
import text from "./text.txt"
import { part, type Part } from "./part"
enum Colour { Red, Green }
class Base<T> { constructor(private readonly value: T) {} get it(): T { return this.value } }
const render = (name: string) => <p class="x">{name} {data?.name ?? text}</p>
export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    for await (const it of [part(pathname as Part)]) if (/^\\/x$/u.test(it)) return new Response(render(it))
    return Response.json({ ...data, colour: Colour.Red, it: new Base(1n).it })
  }
}
`

const MODULES: ReadonlyMap<string, readonly [contents: string, loader: "tsx" | "json" | "text" | "js"]> = new Map([
  ["/index.tsx", [SOURCE, "tsx"]],
  ["./data.json", ['{"name": "x", "list": [1, 2.5, null, true]}', "json"]],
  ["./text.txt", ["text", "text"]],
  ["./part", ["export type Part = string\nexport const part = (x: Part) => x", "tsx"]],
  ["hono/jsx/jsx-runtime", ["export const jsx = (tag, props) => tag + props, jsxs = jsx", "js"]]
] as const)

/**
 * Lets a compiler build something of ours, so often that what it sets up once is set up, and that memory which is free again
 * is at hand, and a small build need not grow the memory.
 */
export const warmUp = async (instance: Instance): Promise<void> => {
  for (let round = 0; round < 12; round++)
    await instance.build({
      entryPoints: ["/index.tsx"],
      bundle: true,
      outfile: "/x.js",
      logLevel: "silent",
      format: "esm",
      target: "es2022",
      jsx: "automatic",
      jsxImportSource: "hono/jsx",
      plugins: [
        {
          name: "ours",
          setup: (build) => {
            build.onResolve({ filter: /.*/ }, ({ path }) => ({ path, namespace: "ours" }))
            build.onLoad({ filter: /.*/ }, ({ path }) => {
              const [contents, loader] = MODULES.get(path) ?? ["", "js"]
              return { contents, loader }
            })
          }
        }
      ]
    })
}
