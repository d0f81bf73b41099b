import { assert, describe, it } from "@effect/vitest"
import { answering, makeBundler } from "../../../support/bundler.ts"
import { smallRegistry } from "../../../support/npm/small-registry.ts"

const json = (value: unknown) => JSON.stringify(value)

const esm = (source: string) => ({
  json: { type: "module", exports: { ".": "./index.js", "./*": "./*.js" } },
  files: { "index.js": source }
})

const registryOf = () =>
  smallRegistry({
    "@own/lib@1.0.0": esm('export default "of npm"'),
    "preact@10.0.0": { ...esm(""), files: { "index.js": "", "compat.js": 'export default "compat"' } },
    "react@19.0.0": esm('export default "react"')
  })

const config = (paths: object) => ({ "tsconfig.json": json({ compilerOptions: { paths } }) })

describe("an alias of the TypeScript config that leads to no file", () => {
  const paths = { "@own/*": ["./src/own/*"], "*": ["./vendor/*"] }

  it("is not looked for at the registry, where package.json does not name the package", async () => {
    const { asked, options } = registryOf()
    const source = '\nimport lib from "@own/lib"\nexport default lib'
    const [diagnostic] = await makeBundler(options).refusal({ "index.ts": source, ...config(paths) })
    assert.deepInclude(diagnostic, { file: "index.ts", line: 2, text: '"@own/lib" is not among the files' })
    assert.include(diagnostic?.hint, "./src/own/lib")
    assert.include(diagnostic?.hint, '"dependencies"')
    assert.deepStrictEqual(asked, [])
  })

  it("means the package that package.json names, and the pattern of all names means any", async () => {
    const files = {
      "index.ts": answering('import lib from "@own/lib"\nimport react from "react"', "lib", "react"),
      "package.json": json({ dependencies: { "@own/lib": "1" } })
    }
    assert.deepStrictEqual(await makeBundler(registryOf().options).values({ ...files, ...config(paths) }), [
      "of npm",
      "react"
    ])
  })

  it("means a package where it leads to node_modules", async () => {
    const files = {
      "index.ts": answering('import react from "react"', "react"),
      ...config({ react: ["./node_modules/preact/compat/"] })
    }
    assert.deepStrictEqual(await makeBundler(registryOf().options).values(files), ["compat"])
  })
})

describe("an import that fails where the program catches it", () => {
  it("is a warning", async () => {
    const source = answering('let found = "found"\ntry { require("gone") } catch { found = "caught" }', "found")
    const { bundle, values } = makeBundler(registryOf().options)
    assert.deepStrictEqual(await values({ "index.js": source }), ["caught"])
    const { warnings } = await bundle({ "index.js": source })
    assert.strictEqual(warnings.length, 1)
    assert.deepInclude(warnings[0], { file: "index.js", line: 2 })
    assert.include(
      warnings[0]?.text,
      '"gone" fails while the program runs, which catches that: There is no package gone on npm'
    )
  })

  it("fails the build where nothing catches it", async () => {
    const [diagnostic] = await makeBundler(registryOf().options).refusal({
      "index.js": '\nrequire("gone")\nexport default {}'
    })
    assert.deepInclude(diagnostic, { file: "index.js", line: 2, text: "There is no package gone on npm" })
  })
})
