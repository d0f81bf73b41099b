import { assert, describe, it } from "@effect/vitest"
import { PROVIDED_VERSION } from "../../../../src/bundler/resolve/provided.ts"
import { answering, type Files, makeBundler } from "../../../support/bundler.ts"
import { type Small, smallRegistry } from "../../../support/npm/small-registry.ts"

const esm = (source: string, json: Small["json"] = {}): Small => ({
  json: { type: "module", exports: "./index.js", ...json },
  files: { "index.js": source }
})

const on = (name: string, range: string): Small =>
  esm(`import it from "${name}"\nexport default it`, { dependencies: { [name]: range } })

const VERSIONS = {
  "a@1.0.0": esm("export default 1"),
  "a@1.1.0": esm("export default 1.1"),
  "a@2.0.0": esm("export default 2")
}

const json = (value: unknown) => JSON.stringify(value)

const npmLock = (packages: Readonly<Record<string, unknown>>) => json({ lockfileVersion: 3, packages })

describe("package-lock.json", () => {
  const packages = { ...VERSIONS, "x@1.0.0": on("a", "^1"), "y@1.0.0": on("a", "^1") }
  const files: Files = {
    "index.ts": answering('import a from "a"\nimport x from "x"\nimport y from "y"', "a", "x", "y"),
    "package.json": json({ dependencies: { a: "^2", x: "^1", y: "^1" } }),
    "package-lock.json": npmLock({
      "": { dependencies: { a: "^2", x: "^1", y: "^1" } },
      "node_modules/a": { version: "2.0.0" },
      "node_modules/x": { version: "1.0.0" },
      "node_modules/x/node_modules/a": { version: "1.0.0" },
      "node_modules/y": { version: "1.0.0" },
      "node_modules/y/node_modules/a": { version: "1.1.0" }
    })
  }

  it("decides by place: three versions of a package, two of them for the same range", async () => {
    assert.deepStrictEqual(await makeBundler(smallRegistry(packages).options).values(files), [2, 1, 1.1])
    const { "package-lock.json": _, ...unlocked } = files
    assert.deepStrictEqual(await makeBundler(smallRegistry(packages).options).values(unlocked), [2, 1.1, 1.1])
  })

  it("is repeated by the answered lock, beside it and alone, with the same code", async () => {
    const { "package-lock.json": _, ...unlocked } = files
    const { bundle } = makeBundler(smallRegistry(packages).options)
    const first = await bundle(files)
    assert.deepStrictEqual(Object.keys(first.lock), ["a@^1", "a@^2", "x@^1", "y@1.0.0>a@^1", "y@^1"])
    for (const sent of [files, unlocked]) {
      const again = await bundle(sent, { lock: first.lock })
      assert.strictEqual(again.code, first.code)
      assert.deepStrictEqual(again.lock, first.lock)
    }
  })

  it("is repeated where two importers with different ranges share a place", async () => {
    const shared = { ...VERSIONS, "a@1.2.0": esm("export default 1.2"), "x@1.0.0": on("a", "^1.0.0") }
    const { bundle } = makeBundler(smallRegistry({ ...shared, "y@1.0.0": on("a", "^1.1.0") }).options)
    const lock = npmLock({
      "node_modules/a": { version: "1.1.0" },
      "node_modules/x": { version: "1.0.0" },
      "node_modules/y": { version: "1.0.0" }
    })
    const index = { "index.ts": answering('import x from "x"\nimport y from "y"', "x", "y") }
    const first = await bundle({ ...index, "package-lock.json": lock })
    assert.deepStrictEqual(Object.keys(first.lock), ["a@^1.0.0", "a@^1.1.0", "x@latest", "y@latest"])
    assert.strictEqual((await bundle(index, { lock: first.lock })).code, first.code)
  })

  it("installs the same version at two places twice, as npm did", async () => {
    const own = esm("export default {}")
    const lock = npmLock({
      "node_modules/a": { version: "2.0.0" },
      "node_modules/x": { version: "1.0.0" },
      "node_modules/x/node_modules/a": { version: "1.0.0" },
      "node_modules/y": { version: "1.0.0" },
      "node_modules/y/node_modules/a": { version: "1.0.0" }
    })
    const twice = { ...packages, "a@1.0.0": own }
    const index = answering('import x from "x"\nimport y from "y"', "x === y")
    const { bundle, values } = makeBundler(smallRegistry(twice).options)
    const sent = { "index.ts": index, "package-lock.json": lock }
    assert.deepStrictEqual(await values(sent), [false])
    const first = await bundle(sent)
    assert.strictEqual((await bundle(sent, { lock: first.lock })).code, first.code)
  })

  it("is refused where the registry's archive has another hash", async () => {
    const integrity = `sha512-${Buffer.alloc(64).toString("base64")}`
    const lock = npmLock({ "node_modules/a": { version: "1.0.0", integrity } })
    const [diagnostic] = await makeBundler(smallRegistry(VERSIONS).options).refusal({
      "index.ts": 'import a from "a"\nexport default a',
      "package-lock.json": lock
    })
    assert.deepInclude(diagnostic, { file: "index.ts", line: 1 })
    assert.include(diagnostic?.text, "a@1.0.0")
  })
})

describe("a workspace", () => {
  const workspace = (range: string) => ({
    "package.json": json({ workspaces: ["packages/*"], dependencies: { "@own/lib": "workspace:*" } }),
    "packages/lib/package.json": json({ name: "@own/lib", main: "lib.ts", dependencies: { a: range } }),
    "packages/lib/lib.ts": 'import a from "a"\nexport const lib = a'
  })

  it("that was sent imports packages of npm by its own ranges", async () => {
    const index = answering('import { lib } from "@own/lib"\nimport a from "a"', "lib", "a")
    const { asked, options } = smallRegistry(VERSIONS)
    const files = { "index.ts": index, ...workspace("~1.0.0") }
    assert.deepStrictEqual(await makeBundler(options).values(files), [1, 2])
    assert.isFalse(asked.some((path) => path.includes("own")))
  })

  it("has the ranges of the root where it declares none", async () => {
    const files = {
      "apps/api/index.ts": answering('import { lib } from "@own/lib"', "lib"),
      ...workspace("^1"),
      "packages/lib/package.json": json({ name: "@own/lib", main: "lib.ts" }),
      "package.json": json({
        main: "apps/api/index.ts",
        workspaces: ["packages/*"],
        dependencies: { "@own/lib": "*", a: "1.1.0" }
      })
    }
    assert.deepStrictEqual(await makeBundler(smallRegistry(VERSIONS).options).values(files), [1.1])
  })
})

describe("hono", () => {
  const packages = {
    "hono@3.0.0": esm('export const Hono = "three"'),
    "hono@99.0.0": esm('export const Hono = "99"'),
    "middleware@1.0.0": esm('import { Hono } from "hono"\nexport default Hono', {
      peerDependencies: { hono: ">=3" }
    })
  }
  const index = answering('import { Hono } from "hono"\nimport m from "middleware"', "typeof Hono", "Hono === m")
  const bundle = (range: string) => {
    const { asked, options } = smallRegistry(packages)
    const files = { "index.ts": index, "package.json": json({ dependencies: { hono: range, middleware: "1" } }) }
    return { asked, values: makeBundler(options).values(files) }
  }

  it("is the provided one where its version satisfies package.json, for packages too", async () => {
    for (const range of [`^${PROVIDED_VERSION}`, "*", "latest"]) {
      const { asked, values } = bundle(range)
      assert.deepStrictEqual(await values, ["function", true], range)
      assert.isFalse(asked.some((path) => path.startsWith("hono")))
    }
  })

  it("is npm's at another version, for packages too", async () => {
    for (const range of ["^3", "99.0.0", "npm:hono@3.0.0"])
      assert.deepStrictEqual(await bundle(range).values, ["string", true], range)
  })
})

describe("code to run once", () => {
  it("imports packages", async () => {
    const { bundle } = makeBundler(smallRegistry(VERSIONS).options)
    const { code, lock, map } = await bundle(
      { "index.ts": 'import a from "a"\nexport default (input: number) => input + a' },
      { purpose: "run" }
    )
    const module = (await import(`data:text/javascript;base64,${Buffer.from(code).toString("base64")}`)) as {
      readonly default: (input: number) => number
    }
    assert.strictEqual(module.default(40), 42)
    assert.deepStrictEqual(Object.keys(lock), ["a@latest"])
    assert.include(map, "index.ts")
  })
})

describe("another registry", () => {
  const refused = async (specifier: string) => {
    const { asked, options } = smallRegistry(VERSIONS)
    const [diagnostic] = await makeBundler(options).refusal({
      "index.ts": `\nimport it from "${specifier}"\nexport default it`
    })
    assert.deepStrictEqual(asked, [], specifier)
    assert.deepInclude(diagnostic, { file: "index.ts", line: 2 }, specifier)
    return diagnostic
  }

  it("is refused with the import to write instead", async () => {
    for (const [specifier, text, hint] of [
      ["jsr:@hono/hono@4", "JSR", '"hono"'],
      ["jsr:@zod/zod/v4", "JSR", '"zod"'],
      ["jsr:@std/path", "JSR", '"node:path"'],
      ["jsr:@luca/flag@1", "JSR", '"npm:flag", or from https://esm.sh/jsr/@luca/flag.'],
      ["https://jsr.io/@std/path/1.0.0/mod.ts", "JSR", '"node:path"'],
      ["https://deno.land/x/nanoid@v3/mod.ts", "Deno", '"npm:nanoid"'],
      ["https://deno.land/std@0.224.0/path/mod.ts", "Deno", '"node:path"'],
      ["https://esm.deno.land/x/oak/mod.ts", "Deno", '"npm:oak"']
    ] as const) {
      const diagnostic = await refused(specifier)
      assert.include(diagnostic?.text, text, specifier)
      assert.include(diagnostic?.hint, hint, specifier)
    }
    assert.notInclude((await refused("https://deno.land.example/x/oak/mod.ts"))?.hint, "npm:")
  })
})

describe("a young version", () => {
  const HOUR = 3_600_000
  const warningsFor = async (hours: number, range?: string) => {
    const packages = { "p@1.0.0": { ...esm("export default 1"), publishedAt: Date.now() - hours * HOUR } }
    const { warnings } = await makeBundler(smallRegistry(packages).options).bundle({
      "index.ts": answering('import p from "p"', "p"),
      ...(range === undefined ? {} : { "package.json": json({ dependencies: { p: range } }) })
    })
    return warnings
  }

  it("is a warning where no version was asked for", async () => {
    const [warning] = await warningsFor(5)
    assert.deepInclude(warning, { file: "index.ts", line: 1, text: "p@1.0.0 was published only 5 hours ago" })
    assert.include(warning?.hint, '{"dependencies":{"p":"1.0.0"}}')
    assert.deepStrictEqual(await warningsFor(5, "^1"), [])
    assert.deepStrictEqual(await warningsFor(80), [])
  })
})
