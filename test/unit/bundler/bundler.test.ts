import { readFileSync, statSync } from "node:fs"
import { execFileSync } from "node:child_process"
import { assert, describe, it, vi } from "@effect/vitest"
import { BundleError, BundlerCrashError, createBundler, type Diagnostic, LIMITS } from "../../../src/bundler/index.ts"
import { GoProgram } from "../../../src/bundler/compiler/go/GoProgram.ts"
import { connect } from "../../../src/bundler/compiler/instance.ts"
import { ROOT, VirtualFs } from "../../../src/bundler/compiler/VirtualFs.ts"
import { version } from "../../../src/bundler/generated/esbuild-factory.js"
import { PROVIDED_SPECIFIERS } from "../../../src/bundler/resolve/provided.ts"
import { answer, type Files, makeBundler, wasm } from "../../support/bundler.ts"

// The compiler takes seconds to get going: everything that needs it is in this file.

const { bundle, refusal, values } = makeBundler()

/** The files of an example request. */
const example = (name: string): Files =>
  (JSON.parse(readFileSync(`test/fixtures/requests/${name}.json`, "utf8")) as { readonly files: Files }).files

/** A program that answers with the values of some expressions. */
const answering = (imports: string, ...values: ReadonlyArray<string>): string =>
  `${imports}\nexport default { fetch: () => Response.json([${values.join(", ")}]) }\n`

const fine = { "index.ts": answering("", "1") }

describe("the example requests", () => {
  it("hono-api says hello", async () => {
    const bundled = await bundle(example("hono-api"))
    assert.deepInclude(bundled, {
      entrypoint: "src/index.ts",
      main: "worker.js",
      warnings: [],
      compatibilityFlags: ["nodejs_compat"]
    })
    assert.deepStrictEqual(await (await answer(bundled)).json(), { hello: "world" })
  })

  it("plain-js says hi", async () => {
    assert.strictEqual(await (await answer(await bundle(example("plain-js")), "http://site.test/x")).text(), "hi /x")
  })

  it("multi-file: main, ./index.js for index.ts, JSON and an empty file", async () => {
    const bundled = await bundle(example("multi-file"))
    assert.strictEqual(bundled.entrypoint, "server/main.ts")
    assert.deepStrictEqual(await (await answer(bundled)).json(), {
      routes: ["/notes", "/health"],
      greeting: "hello",
      empty: ""
    })
  })

  it("jsx-page renders with hono's JSX", async () => {
    const response = await answer(await bundle(example("jsx-page")), "http://site.test/?name=<Ann>")
    assert.strictEqual(await response.text(), "<h1>Hello &lt;Ann&gt;</h1>")
    assert.strictEqual(response.headers.get("access-control-allow-origin"), "*")
  })

  it("throws-at-start bundles", async () => {
    assert.include((await bundle(example("throws-at-start"))).code, "boom at start")
  })

  it("bad-syntax is refused where it breaks", async () => {
    assert.deepInclude((await refusal(example("bad-syntax")))[0], { file: "index.ts", line: 1, column: 52 })
  })

  it("missing-import is refused at the import", async () => {
    assert.deepStrictEqual(await refusal(example("missing-import")), [
      {
        file: "index.ts",
        line: 1,
        column: 19,
        text: '"./nowhere" is not among the files',
        source: example("missing-import")["index.ts"]?.split("\n")[0] ?? "",
        hint: "Send nowhere.ts, or correct the import."
      }
    ])
  })

  it("bare-import is refused with the line to write instead", async () => {
    const [diagnostic] = await refusal(example("bare-import"))
    assert.deepInclude(diagnostic, { file: "index.ts", line: 1, column: 21 })
    assert.include(diagnostic?.hint, 'import leftPad from "https://esm.sh/left-pad"')
  })

  it("no-default-export is refused with the line to add", async () => {
    const [diagnostic] = await refusal(example("no-default-export"))
    assert.deepInclude(diagnostic, { file: "index.ts", line: 1, column: 1, hint: "Add: export default { fetch }" })
  })
})

describe("imports", () => {
  it("of the prototype's names find files, and nothing else", async () => {
    const entry = answering(
      "import a from './__proto__'\nimport b from './toString.js'\nimport c from './constructor'",
      ..."abc"
    )
    const named = JSON.parse('{"__proto__.ts": "export default 1"}') as Files
    const others = { "toString.ts": "export default 2", "constructor/index.ts": "export default 3" }
    assert.deepStrictEqual(
      await values({ ...others, ...Object.fromEntries([["index.ts", entry]]), ...named }),
      [1, 2, 3]
    )
    assert.deepStrictEqual(
      (await refusal({ "index.ts": entry })).map(({ line, text }) => [line, text]),
      [
        [1, '"./__proto__" is not among the files'],
        [2, '"./toString.js" is not among the files'],
        [3, '"./constructor" is not among the files']
      ]
    )
    assert.match(
      (await refusal({ "index.ts": "import x from 'toString'\nexport default x" }))[0]?.text ?? "",
      /package/
    )
  })

  it("do not leave the root, nor clamp there", async () => {
    const [diagnostic] = await refusal({ "src/index.ts": "export { default } from '../../x'", "x.ts": "" })
    assert.deepInclude(diagnostic, { file: "src/index.ts", line: 1, column: 25 })
    assert.include(diagnostic?.text, "out of the project")
  })

  it("read data as what it is", async () => {
    const names = ["a.json", "b.txt", "c.html", "d.css", "e.sql", "f.md", "g.txt"]
    const imports = names.map((name) => `import ${name[0]} from "./${name}"`).join("\n")
    const texts = Object.fromEntries(names.map((name) => [name, name === "a.json" ? '{"__proto__": 1}' : name]))
    assert.deepStrictEqual(
      await values({
        ...texts,
        "g.txt": "",
        "index.ts": answering(imports, "a.__proto__", "b", "c", "d", "e", "f", "g")
      }),
      [1, "b.txt", "c.html", "d.css", "e.sql", "f.md", ""]
    )
  })

  it("of CommonJS files work, and of JSX in .js", async () => {
    const entry = "const { x } = require('./b')\nmodule.exports = { fetch: () => Response.json([x, String(<i>1</i>)]) }"
    assert.deepStrictEqual(await values({ "index.js": entry, "b.js": "exports.x = 1" }), [1, "<i>1</i>"])
  })

  it("of the platform's modules stay, with the flag that they need", async () => {
    const entry =
      "import { env } from 'cloudflare:workers'\nimport it from 'workerd:x'\nexport default { env, it, fetch }"
    const platform = await bundle({ "index.ts": entry })
    assert.match(platform.code, /from "cloudflare:workers"/)
    assert.match(platform.code, /from "workerd:x"/)
    assert.deepStrictEqual(platform.compatibilityFlags, ["nodejs_compat"])
    const node = await bundle({
      "index.ts": answering("import { join } from 'path'\nimport 'node:fs'", "join('a', 'b')")
    })
    assert.match(node.code, /from "node:path"/)
    assert.deepStrictEqual(node.compatibilityFlags, ["nodejs_compat"])
    assert.deepStrictEqual(await (await answer(node)).json(), ["a/b"])
  })

  it("that cannot be are refused, each with a reason", async () => {
    const lines = [
      ["import a from 'https://evil.test/left-pad@1'", /evil\.test is not allowed/, /https:\/\/esm\.sh/],
      ["import a from './x.wasm'", /WebAssembly/, /JavaScript or TypeScript/],
      ["import a from './x.png'", /\.png files/, /with \{ type: "text" \}/],
      ["import a from '/x.ts'", /absolute/, /"\.\/x\.ts"/],
      ["import a from 'data:text/plain,x'", /"data:"/, /relative paths/],
      ["import a from 'react'", /"react"/, /import a from "https:\/\/esm\.sh\/react"/],
      ["import a from 'bun:sqlite'", /"bun:"/, /relative paths/]
    ] as const
    const entry = lines.map(([line], index) =>
      `{ ${line} }`.replace(/^\{ (import.*) \}$/, "$1").replace(/\ba\b/, `a${index}`)
    )
    const use = `export default [${lines.map((_, index) => (index < 7 ? `a${index}` : 0)).join()}]`
    const found = await refusal({ "index.ts": [...entry, use].join("\n"), "x.wasm": "", "x.png": "", "x.ts": "" })
    assert.lengthOf(found, lines.length)
    for (const [index, [, text, hint]] of lines.entries()) {
      const diagnostic = found.find(({ line }) => line === index + 1)
      assert.match(diagnostic?.text ?? "", text)
      assert.match(diagnostic?.hint ?? "", new RegExp(hint.source.replace("import a ", `import a${index} `)))
    }
  })

  it("of names that a module lacks are refused, hono's too", async () => {
    const entry = "import { x } from './x'\nimport { Nope } from 'hono'\nexport default { x, Nope, fetch }"
    assert.deepStrictEqual(
      (await refusal({ "index.ts": entry, "x.ts": "export const y = 1" })).map(({ line, text }) => [line, text]),
      [
        [1, 'No matching export in "x.ts" for import "x"'],
        [2, 'No matching export in "npm:hono" for import "Nope"']
      ]
    )
  })
})

describe("hono", () => {
  it("is provided with every server-side module", async () => {
    const imports = PROVIDED_SPECIFIERS.map((specifier, index) => `import * as m${index} from "${specifier}"`).join(
      "\n"
    )
    const names = PROVIDED_SPECIFIERS.map((_, index) => `Object.keys(m${index}).length`)
    const bundled = await bundle({ "index.ts": answering(imports, ...names) })
    assert.deepStrictEqual(bundled.warnings, [])
    const counts = (await (await answer(bundled)).json()) as ReadonlyArray<number>
    const empty = PROVIDED_SPECIFIERS.filter((_, index) => counts[index] === 0)
    // It declares types only.
    assert.deepStrictEqual(empty, ["hono/conninfo"])
  })

  it("is one: what two modules share is shared", async () => {
    const entry = answering(
      "import { Hono } from 'hono'\nimport { HTTPException } from 'hono/http-exception'\nimport { bearerAuth } from 'hono/bearer-auth'\n" +
        "const app = new Hono()\napp.onError((e, c) => c.text(String(e instanceof HTTPException)))\napp.use(bearerAuth({ token: 'x' }))\n" +
        "const text = await (await app.request('/')).text()",
      "text"
    )
    assert.deepStrictEqual(await values({ "index.ts": entry }), ["true"])
  })
})

describe("settings", () => {
  it("of JSX come from tsconfig.json, comments and all", async () => {
    const files = {
      "index.tsx": "const h = (name: string) => name\nexport default { fetch: () => Response.json(<p />) }",
      "tsconfig.json": '{ "compilerOptions": { "jsx": "react", "jsxFactory": "h", /* why not */ } }'
    }
    assert.strictEqual(await values(files), "p")
    const invalid = { ...files, "tsconfig.json": '{\n "compilerOptions": { "jsx": "react" "x": 1 } }' }
    assert.deepInclude((await refusal(invalid))[0], { file: "tsconfig.json", line: 2 })
  })
})

describe("the default export", () => {
  it("may be written in every way", async () => {
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

  it("does not come with a star, nor from an empty file", async () => {
    await refusal({ "index.ts": "export * from './x'", "x.ts": "export default 1" })
    assert.deepInclude((await refusal({ "index.ts": "" }))[0], { file: "index.ts", line: 1, column: 1 })
  })
})

describe("warnings", () => {
  it("come with the bundle, with the way to the entrypoint first", async () => {
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
    it(`is at fault, and alone: ${name}`, async () => {
      // Another build is under way meanwhile, and one follows.
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

  /** Builds, and tells how much memory the largest compiler had at the end. */
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

  it("of 48 MB is enough for 500 files and 512,000 bytes", async () => {
    assert.isAtMost(await largest(Object.fromEntries(files)), LIMITS.memoryBytes)
  })

  it("of 48 MB is enough for one file of 512,000 bytes", async () => {
    const functions = Array.from({ length: 5000 }, (_, index) => helper(index)).join("")
    const source = `${functions.slice(0, 511_000).replace(/\n[^\n]*$/, "\n")}export default { fetch() {} }\n`
    assert.isAtMost(await largest({ "index.ts": source }), LIMITS.memoryBytes)
  })

  it("that runs out is the source's fault, and no other build's", async () => {
    const error: unknown = await bundle({ "index.ts": `${";".repeat(500_000)}export default {}` }).catch(
      (error: unknown) => error
    )
    assert.instanceOf(error, BundleError)
    assert.match(error.message, /needs more than 64 MB of memory/)
    await bundle(fine)
  })
})

describe("time", () => {
  it("that is up before the start is ours", async () => {
    const error: unknown = await createBundler({ wasm, timeoutMs: 0 })
      .bundle(fine)
      .catch((error: unknown) => error)
    assert.instanceOf(error, BundlerCrashError)
  })

  it("ends a build that waits for ever", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    try {
      const program = new GoProgram(wasm, { initial: 0, maximal: LIMITS.memoryBytes })
      const greeting: Array<Uint8Array> = []
      program.onOutput = (bytes) => greeting.push(bytes)
      program.start(["", `--service=${version}`], {})
      const instance = await connect(wasm, program, Uint8Array.from(greeting.flatMap((it) => [...it])), 15_000)
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
  it("are not written twice: wrangler would build for ever", () => {
    const written = () =>
      ["esbuild-factory.js", "hono.js", "stamp.txt"].map((name) => statSync(`src/bundler/generated/${name}`).mtimeMs)
    const before = written()
    execFileSync(process.execPath, ["src/bundler/build/generate.mjs"])
    assert.deepStrictEqual(written(), before)
  })
})
