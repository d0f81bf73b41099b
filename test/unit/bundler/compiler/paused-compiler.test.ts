import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { readStart } from "../../../../src/bundler/compiler/pool/paused-compiler.ts"
import { wasm } from "../../../support/bundler.ts"

/** Workers cannot compile wasm, so their types have no constructor. Node has one. */
const Module = WebAssembly.Module as unknown as new (bytes: Uint8Array) => WebAssembly.Module

describe("the compiler that the build of the Worker started", () => {
  it("is not in the module that esbuild publishes", async () => {
    const published = new Module(readFileSync("node_modules/esbuild-wasm/esbuild.wasm"))
    const error: unknown = await readStart(published, "ordinary").catch((error: unknown) => error)
    assert.match(String(error), /contains no started compiler/)
  })

  it("has its own limit of memory for builds with packages", async () => {
    const [{ snapshot: ordinary }, { snapshot: large }] = [
      await readStart(wasm, "ordinary"),
      await readStart(wasm, "large")
    ]
    const holds = ({ memory }: typeof ordinary, mebibytes: number) =>
      new BigUint64Array(memory.buffer).includes(BigInt(mebibytes * 1024 * 1024))
    assert.deepStrictEqual([holds(ordinary, 60), holds(large, 60)], [false, true])
  })
})
