import { assert, describe, it } from "@effect/vitest"
import { PROVIDED, providedSource } from "../../../../src/bundler/resolve/provided.ts"
import { makeBundler } from "../../../support/bundler.ts"

/** The names that a minified module exports. */
const exportsOf = (source = "") =>
  [...source.matchAll(/export\s*\{([^}]*)\}/g)]
    .flatMap(([, list = ""]) => list.split(","))
    .map((name) =>
      name
        .trim()
        .split(/\s+as\s+/)
        .at(-1)
    )
    .toSorted()

const merged = [...PROVIDED].filter((id) => providedSource(id, true) !== providedSource(id))

describe("hono's core", () => {
  it("exports what its parts export", () => {
    assert.include(merged, "hono")
    assert.isAbove(merged.length, 10)
    for (const id of merged) {
      assert.isNotEmpty(exportsOf(providedSource(id)), id)
      assert.deepStrictEqual(exportsOf(providedSource(id, true)), exportsOf(providedSource(id)), id)
      assert.match(providedSource(id, true) ?? "", /^export\{[^}]*\}from"\.\/chunk-core\.js";$/)
    }
  })

  it("cannot be imported by source", async () => {
    for (const id of ["chunk-core.js", "link-hono.js", "hono/chunk-core.js"]) {
      const files = {
        "index.ts": `import { Hono } from "hono"\nimport * as it from "${id}"\nexport default new Hono(it)`
      }
      const error = await makeBundler()
        .bundle(files)
        .then(
          () => assert.fail(id),
          (cause: unknown) => cause as { readonly diagnostics: ReadonlyArray<unknown> }
        )
      assert.lengthOf(error.diagnostics, 1)
    }
  })

  it("is left out of a program that imports only a module beside it", async () => {
    const entry = 'export * from "hono/http-exception"\nexport default { fetch() {} }'
    assert.isBelow((await makeBundler().bundle({ "index.ts": entry })).code.length, 2_000)
  })
})
