import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import * as native from "esbuild"
import { convertV4MiniflareOptions, Miniflare } from "miniflare"
import { assert, it } from "vitest"
import { makeBundler } from "../support/bundler.ts"

type Files = Readonly<Record<string, string>>

/** A program that answers with an expression, and the files that it imports. */
const answering = (expression: string, before = "", more: Files = {}): Files => ({
  "index.ts": `${before}\nexport default { async fetch(request: Request) { return Response.json(${expression}) } }\n`,
  ...more
})

const app = (body: string, imports = "", file = "index.tsx"): Files => ({
  [file]: `import { Hono } from "hono"\n${imports}\nconst app = new Hono()\n${body}\nexport default app\n`
})

const PROGRAMS: ReadonlyArray<Files> = [
  answering("1"),
  answering("new URL(request.url).pathname"),
  answering("E.B", "enum E { A, B = 5 }"),
  answering("E.B", "const enum E { A, B }"),
  answering("N.x", "namespace N { export const x = 3 }"),
  answering("new A(2).x", "class A { constructor(readonly x: number) {} }"),
  answering("[...g()]", "function* g() { yield 1; yield* [2, 3] }"),
  answering("await f()", "const f = async () => { for await (const x of [Promise.resolve(4)]) return x }"),
  answering("A.n + new A().m()", "class A { static n = 1; #p = 2; m() { return this.#p } }"),
  answering("x?.y?.z ?? 'none'", "const x: any = {}"),
  answering("tag`a${1}b`", "const tag = (s: TemplateStringsArray, ...v: number[]) => s.raw.join() + v"),
  answering(
    "order",
    "const order: string[] = []; class A { @d a() {} }; function d(v: any, c: any) { order.push(c.name) }"
  ),
  answering("a", "import a from './a'", { "a.ts": "export default 'a'" }),
  answering("a", "import a from './a.js'", { "a.ts": "export default 'a.ts'" }),
  answering("a", "import { a } from './a'", { "a/index.ts": "export * from './b'", "a/b.ts": "export const a = 7" }),
  answering("a.x", "import a from './a.json'", { "a.json": '{"x": [1, {"y": null}]}' }),
  answering("a.f()", "import * as a from './a'", {
    "a.ts": "import { b } from './b'\nexport const f = () => b()",
    "b.ts": "import * as a from './a'\nexport const b = () => Object.keys(a)"
  }),
  answering("a", "const a = require('./a')", { "a.js": "exports.x = 1; exports.self = module.exports === exports" }),
  answering("log", "import { log } from './log'\nimport './a'\nimport './b'", {
    "log.ts": "export const log: string[] = []",
    "a.ts": "import { log } from './log'\nlog.push('a')",
    "b.ts": "import { log } from './log'\nlog.push('b')"
  }),
  answering("(await import('./a')).default", "", { "a.ts": "export default 'lazy'" }),
  answering("typeof x", "import type { X } from './x'\nconst x: X = 1", { "x.ts": "export type X = number" }),
  answering("join('a', '..', 'b')", "import { join } from 'node:path'"),
  answering("Buffer.from('x').toString('hex')", "import { Buffer } from 'node:buffer'"),
  answering(
    "[typeof DurableObject, X.name]",
    "import { DurableObject } from 'cloudflare:workers'\nexport class X extends DurableObject {}"
  ),
  answering("'é😀\\u2028' + `\\${x}`"),
  answering("[0.1 + 0.2, 1e21, 0x10, 1_000, -0, String(10n ** 20n)]"),
  answering("/(?<y>\\d{4})/u.exec('in 2026')?.groups?.y"),
  answering("[1, 2, 3].toSorted((a, b) => b - a).at(-1)"),
  answering(
    "(() => { label: for (const a of [1, 2]) for (const b of [3, 4]) { if (b === 4) continue label; if (a === 2) break label }; return 'done' })()"
  ),
  answering(
    "await new Response(new ReadableStream({ start(c) { c.enqueue(new TextEncoder().encode('s')); c.close() } })).text()"
  ),
  answering(
    "(() => { try { throw new E('m') } catch (e) { return [String(e), e instanceof E] } })()",
    "class E extends Error { override name = 'E' }"
  ),
  app("app.get('*', (c) => c.json({ hello: 'world' }))"),
  app("app.use(cors())\napp.get('*', (c) => c.text('x'))", "import { cors } from 'hono/cors'"),
  app("app.get('*', (c) => c.html(<h1 class='a'>{'<x>'}{[1, 2].map((i) => <i>{i}</i>)}</h1>))"),
  app(
    "app.get('*', () => { throw new HTTPException(418, { message: 'tea' }) })",
    "import { HTTPException } from 'hono/http-exception'"
  ),
  app("app.get('*', async (c) => c.text(await sign({ a: 1 }, 'k', 'HS256')))", "import { sign } from 'hono/jwt'")
]

const throughNative = async (files: Files): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), "corpus-"))
  try {
    for (const [path, source] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), source)
    }
    symlinkSync(resolve("node_modules"), join(folder, "node_modules"))
    const { outputFiles } = await native.build({
      absWorkingDir: folder,
      entryPoints: [join(folder, Object.keys(files)[0] ?? "")],
      bundle: true,
      write: false,
      format: "esm",
      target: "es2022",
      conditions: ["workerd", "worker", "import"],
      mainFields: ["module", "main"],
      jsx: "automatic",
      jsxImportSource: "hono/jsx",
      external: ["node:*", "cloudflare:*"],
      logLevel: "silent"
    })
    return outputFiles[0]?.text ?? ""
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

it(`${PROGRAMS.length} programs behave as when native esbuild bundles them`, async () => {
  const { bundle } = makeBundler()
  const modules: Array<{ type: "ESModule"; path: string; contents: string }> = []
  for (const [index, files] of PROGRAMS.entries()) {
    modules.push({ type: "ESModule", path: `ours${index}.js`, contents: (await bundle(files)).code })
    modules.push({ type: "ESModule", path: `native${index}.js`, contents: await throughNative(files) })
  }
  await native.stop()
  const names = modules.map(({ path }) => path.slice(0, -3))
  const contents = `${names.map((name) => `import ${name} from "./${name}.js"`).join("\n")}
const all = { ${names.join(", ")} }
export default { fetch: (request, env, context) => all[new URL(request.url).searchParams.get("program")].fetch(request, env, context) }`
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: [{ type: "ESModule", path: "main.js", contents }, ...modules],
      modulesRoot: "/",
      compatibilityDate: "2026-07-01",
      compatibilityFlags: ["nodejs_compat"],
      host: "127.0.0.1",
      cf: false
    } as unknown as Parameters<typeof convertV4MiniflareOptions>[0])
  )
  try {
    const url = await miniflare.ready
    const ask = async (program: string) => {
      const response = await fetch(new URL(`/a/b?program=${program}`, url))
      return [response.status, response.headers.get("content-type"), await response.text()]
    }
    for (const index of PROGRAMS.keys()) {
      const ours = await ask(`ours${index}`)
      assert.deepStrictEqual(ours, await ask(`native${index}`), `program ${index}`)
      assert.notInclude([500, 404], ours[0], `program ${index}: ${String(ours[2]).slice(0, 200)}`)
    }
  } finally {
    await miniflare.dispose()
  }
})
