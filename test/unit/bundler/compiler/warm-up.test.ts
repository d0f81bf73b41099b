import { readFileSync } from "node:fs"
import { assert, describe, it, vi } from "@effect/vitest"
import { createBundler } from "../../../../src/bundler/index.ts"
import { compile } from "../../../../src/bundler/compiler/compile.ts"
import { Pool } from "../../../../src/bundler/compiler/pool/Pool.ts"
import { RemoteModules } from "../../../../src/bundler/remote/RemoteModules.ts"
import { VirtualFs } from "../../../../src/bundler/compiler/VirtualFs.ts"
import { offline, wasm } from "../../../support/bundler.ts"

const files = {
  "index.tsx": `import { Hono } from "hono"\nimport { x } from "./x"\nenum A { B = 1 }\nclass C { #d = x ?? A.B\n  get e() { return <i>{this.#d}</i> } }
export default new Hono().get("/", (c) => c.html(new C().e))\n`,
  "x.ts": "export const x: number | undefined = undefined\n"
}

const build = (pool: Pool) => {
  const map = new Map(Object.entries({ "index.ts": "export default {}" }))
  const hosts = new Set<string>()
  const context = {
    packageJson: { versionOf: () => undefined },
    subpathTarget: () => undefined,
    mayBeOwn: () => false,
    aliases: { targetsOf: () => [] },
    files: map,
    disk: new VirtualFs(map),
    remote: new RemoteModules({ ...offline, hosts, cache: undefined }),
    hosts
  }
  return pool.use(10_000, (instance) => compile(instance, { context, entrypoint: "index.ts" }))
}

/** Counts the pauses of a warm-up, which is none if it does nothing. */
const pausesOf = async (pool: Pool): Promise<number> => {
  let pauses = 0
  await pool.warmUp(async () => void pauses++)
  return pauses
}

describe("the warm-up", () => {
  it("changes no byte of a bundle", async () => {
    // A module of its own, because the compilers of a module are shared.
    const Module = WebAssembly.Module as unknown as new (bytes: Uint8Array) => WebAssembly.Module
    const own = new Module(readFileSync("src/bundler/generated/esbuild.wasm"))
    const work: Array<Promise<unknown>> = []
    const bundler = createBundler({ ...offline, wasm: own, waitUntil: (it) => void work.push(it) })
    const built = []
    for (let round = 0; round < 3; round++) {
      built.push(await bundler.bundle(files, { sourceMap: true }))
      await Promise.all(work)
    }
    assert.include(built[0]?.code, "get e()")
    assert.deepStrictEqual(built[1], built[0])
    assert.deepStrictEqual(built[2], built[0])
  })

  it("happens once", async () => {
    const pool = new Pool(wasm)
    assert.isAbove(await pausesOf(pool), 0)
    assert.strictEqual(await pausesOf(pool), 0)
  })

  it("delays no build if the platform ends it, and begins again half a minute later", async () => {
    const pool = new Pool(wasm)
    let pauses = 0
    void pool.warmUp(() => (pauses++ < 2 ? Promise.resolve() : new Promise(() => {})))
    assert.include((await build(pool)).code, "default")
    assert.strictEqual(await pausesOf(pool), 0)
    const now = vi.spyOn(Date, "now").mockReturnValue(Date.now() + 31_000)
    try {
      assert.isAbove(await pausesOf(pool), 0)
    } finally {
      now.mockRestore()
    }
    assert.include((await build(pool)).code, "default")
  })
})
