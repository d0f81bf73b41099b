import { statSync } from "node:fs"
import { execFileSync } from "node:child_process"
import { assert, describe, it, vi } from "@effect/vitest"
import { BundleError, BundlerCrashError, createBundler, type Diagnostic, LIMITS } from "../../../src/bundler/index.ts"
import { GoProgram } from "../../../src/bundler/compiler/go/GoProgram.ts"
import { connect } from "../../../src/bundler/compiler/instance.ts"
import { ROOT, VirtualFs } from "../../../src/bundler/compiler/VirtualFs.ts"
import { readStart, resumeCompiler } from "../../../src/bundler/compiler/pool/paused-compiler.ts"
import { makeBundler, wasm } from "../../support/bundler.ts"

// The compiler takes seconds to start, so only a few files start it.

const { bundle, refusal, values } = makeBundler()

/** Makes a program that answers the values of some expressions. */
const answering = (imports: string, ...values: ReadonlyArray<string>): string =>
  `${imports}\nexport default { fetch: () => Response.json([${values.join(", ")}]) }\n`

const fine = { "index.ts": answering("", "1") }

describe("the default export", () => {
  it("may have every form", async () => {
    const program = "{ fetch: () => Response.json(1) }"
    const ways = [
      { "index.ts": `export default ${program}` },
      { "index.ts": `const x = ${program}\nexport { x as default }` },
      { "index.ts": "export { default } from './x'", "x.ts": `export default ${program}` },
      { "index.ts": "export { x as default } from './x'", "x.ts": `export const x = ${program}` },
      { "index.js": `module.exports = ${program}` }
    ]
    for (const files of ways) assert.strictEqual(await values(files), 1)
  })

  it("does not come from export *, nor from an empty file", async () => {
    await refusal({ "index.ts": "export * from './x'", "x.ts": "export default 1" })
    assert.deepInclude((await refusal({ "index.ts": "" }))[0], { file: "index.ts", line: 1, column: 1 })
  })
})

describe("warnings", () => {
  it("come with the bundle, the one about the entrypoint first", async () => {
    const files = {
      "index.ts": "export default { fetch: (y) => typeof y === 'numer' }",
      "package.json": '{"main": "dist/x.js"}'
    }
    const { warnings } = await bundle(files)
    assert.deepStrictEqual(
      warnings.map(({ file, line, column }) => [file, line, column]),
      [
        ["package.json", 1, 2],
        ["index.ts", 1, 45]
      ]
    )
  })
})

describe("a source that breaks the compiler", () => {
  const nested = (depth: number) => `export default ${"(".repeat(depth)}1${")".repeat(depth)}`
  const sources = {
    "20,000 parentheses": { "index.ts": nested(20_000) },
    "100,000 parentheses": { "index.ts": nested(100_000) },
    "500,000 brackets": { "index.ts": `export default ${"[".repeat(500_000)}` },
    "JSON, 200,000 deep": {
      "index.ts": "export { default } from './x.json'",
      "x.json": "[".repeat(200_000) + "]".repeat(200_000)
    }
  }
  for (const [name, files] of Object.entries(sources))
    it(`is refused, and affects no other build: ${name}`, async () => {
      // Another build runs at the same time, and one follows.
      const [diagnostics, beside] = await Promise.all([refusal(files), values(fine)])
      assert.lengthOf(diagnostics, 1)
      assert.deepInclude(diagnostics[0], { file: "", line: 0, column: 0 })
      assert.include(diagnostics[0]?.text, "gave up")
      assert.deepStrictEqual(beside, [1])
      assert.deepStrictEqual(await values(fine), [1])
    })
})

describe("builds at the same time", () => {
  it("are independent", async () => {
    const builds = Array.from({ length: 2 }, (_, index) =>
      index % 2 === 1
        ? refusal({ "index.ts": "\n".repeat(index) + "import x from './nope'\nexport default x" })
        : values({ "index.ts": answering("import x from './x'", "x"), "x.ts": `export default ${index}` })
    )
    const results = await Promise.all(builds)
    for (const [index, result] of results.entries())
      if (index % 2 === 1) assert.deepInclude((result as ReadonlyArray<Diagnostic>)[0], { line: index + 1 })
      else assert.deepStrictEqual(result, [index])
  })
})

describe("memory", () => {
  const helper = (index: number): string =>
    `export const f${index} = (a: number, b: { x: string }) => { const y = a * ${index} + b.x.length; return { y, name: \`n\${b.x}\` } }\n`
  const line = `// ${"what the next function is for, as people write it. ".repeat(2)}\n`
  const module = Array.from({ length: 5 }, (_, index) => line + helper(index)).join("")
  const names = Array.from({ length: LIMITS.files - 1 }, (_, index) => `m${index}`)
  const files = new Map([
    [
      "index.ts",
      `${names.map((name) => `import * as ${name} from "./${name}"`).join("\n")}\nexport default { fetch: () => [${names.join()}] }`
    ],
    ...names.map((name) => [`${name}.ts`, module.slice(0, 980)] as const)
  ])

  /** Builds, and returns how much memory the largest compiler had at the end. */
  const largest = async (files: Readonly<Record<string, string>>): Promise<number> => {
    const bytes = Object.values(files).reduce((sum, source) => sum + source.length, 0)
    assert.isAtMost(bytes, LIMITS.sourceBytes)
    assert.isAtLeast(bytes, LIMITS.sourceBytes * 0.97)
    const write = vi.spyOn(GoProgram.prototype, "write")
    await bundle(files)
    const sizes = write.mock.contexts.map((program) => (program as GoProgram).size)
    write.mockRestore()
    return Math.max(...sizes)
  }

  it("of 48 MB suffices for 500 files and 512,000 bytes", async () => {
    assert.isAtMost(await largest(Object.fromEntries(files)), LIMITS.memoryBytes)
  })

  it("of 48 MB suffices for one file of 512,000 bytes", async () => {
    const functions = Array.from({ length: 5000 }, (_, index) => helper(index)).join("")
    const source = `${functions.slice(0, 511_000).replace(/\n[^\n]*$/, "\n")}export default { fetch() {} }\n`
    assert.isAtMost(await largest({ "index.ts": source }), LIMITS.memoryBytes)
  })

  it("that runs out fails this source, and no other build", async () => {
    const error: unknown = await bundle({ "index.ts": `${";".repeat(500_000)}export default {}` }).catch(
      (error: unknown) => error
    )
    assert.instanceOf(error, BundleError)
    assert.match(error.message, /needs more than 64 MB of memory/)
    await bundle(fine)
  })
})

describe("the time limit", () => {
  it("is the service's fault before the start", async () => {
    const error: unknown = await createBundler({ wasm, timeoutMs: 0 })
      .bundle(fine)
      .catch((error: unknown) => error)
    assert.instanceOf(error, BundlerCrashError)
  })

  it("ends a build that never ends", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    try {
      const started = await readStart(wasm, "ordinary")
      const instance = await connect(wasm, resumeCompiler(wasm, "ordinary", started), started.handshake, 15_000)
      const asked = Promise.withResolvers<void>()
      const building = instance.build(
        {
          stdin: { contents: "import 'x'" },
          absWorkingDir: ROOT,
          bundle: true,
          logLevel: "silent",
          plugins: [
            {
              name: "never",
              setup: (build) => {
                build.onResolve({ filter: /^x$/ }, () => {
                  asked.resolve()
                  return new Promise(() => {})
                })
              }
            }
          ]
        },
        new VirtualFs(new Map())
      )
      const outcome = building.catch((error: unknown) => String(error))
      await asked.promise
      vi.advanceTimersByTime(15_000)
      assert.strictEqual(await outcome, "InstanceCrash: it took too long")
    } finally {
      vi.useRealTimers()
    }
  })
})

describe("the generated modules", () => {
  it("are not written twice, because wrangler would rebuild endlessly", () => {
    const written = () =>
      ["esbuild-factory.js", "esbuild.wasm", "hono.js", "isolate.js", "stamp.txt"].map(
        (name) => statSync(`src/bundler/generated/${name}`).mtimeMs
      )
    const generate = () => execFileSync(process.execPath, ["src/bundler/build/generate.mjs"])
    generate()
    const before = written()
    generate()
    assert.deepStrictEqual(written(), before)
  })
})
