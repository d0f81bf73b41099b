import { spawnSync } from "node:child_process"
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join, resolve } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { MODULES, type Module, NOWHERE, type Subject } from "../structure/modules.ts"

/** An import that tells a module of the subject, as a file of that module's folder writes it. */
const TELLTALES: Readonly<Record<Subject, string>> = {
  barrels: "effect",
  http: "effect/http/HttpClient",
  "durable objects": "cloudflare:workers",
  chains: "viem",
  hosts: "../control-plane/jack/Jack.ts",
  payments: "../payment/PaymentService.ts",
  "test doubles": "../payment/testing.ts",
  local: "../local/main.ts",
  tests: "../../test/support/gateway.ts",
  detours: "./../api/app.ts",
  require: "node:module"
}

const isFile = ({ name }: Module): boolean => name.endsWith(".ts")

/** Every import that is forbidden in a module, one for each rule. */
const forbiddenIn = (module: Module): ReadonlyArray<string> => {
  const above = MODULES.slice(0, MODULES.indexOf(module))
  const others = module.alone === true ? MODULES.filter((other) => other !== module) : above
  const subjects: ReadonlyArray<Subject> = [...NOWHERE, ...module.mayNotKnow]
  return [
    ...subjects.map((subject) => TELLTALES[subject]),
    ...others.map((other) => (isFile(other) ? `../${other.name}` : `../${other.name}/anything.ts`))
  ].map((specifier) => (isFile(module) ? specifier.replace(/^\.\.\//, "./") : specifier))
}

/** All files below a folder, the generated ones and the inputs for the bundler left out. */
const filesIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/generated/.test(entry.parentPath))
    .map((entry) => join(entry.parentPath, entry.name))

const codeIn = (folder: string): ReadonlyArray<string> => filesIn(folder).filter((file) => /\.(ts|mjs)$/.test(file))

const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { readonly scripts: { readonly check: string } }

describe("the structure of the project", () => {
  /** A copy of the project, to plant violations in. */
  let copy: string
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), "structure-"))
    for (const part of ["src", "test/structure", "oxlint.config.ts", "package.json", ".oxfmtrc.json"]) {
      mkdirSync(dirname(join(copy, part)), { recursive: true })
      cpSync(part, join(copy, part), { recursive: true })
    }
    symlinkSync(resolve("node_modules"), join(copy, "node_modules"))
    writeFileSync(join(copy, ".gitignore"), "node_modules\n")
  })
  afterAll(() => rmSync(copy, { recursive: true, force: true }))

  /** The check's linter, on the copy. */
  const lint = (path = "src") => {
    const oxlint = resolve("node_modules/oxlint/bin/oxlint")
    const { status, stdout } = spawnSync(process.execPath, [oxlint, "--deny-warnings", "--format=unix", path], {
      cwd: copy,
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024
    })
    return { status, report: stdout }
  }

  it("is linted by `npm run check`", () => {
    assert.include(scripts.check, "oxlint --deny-warnings .")
    assert.strictEqual(lint().status, 0, lint().report)
  })

  it("fails `npm run check` for a forbidden import", () => {
    const planted = join(copy, "src/domain/planted.ts")
    writeFileSync(planted, `import * as planted from "../orders/Orders.ts"\n\nexport { planted }\n`)
    // The whole command, but for the installation before it: the copy borrows its packages.
    const check = scripts.check.replace("npm run -s setup check && ", "")
    const path = [dirname(process.execPath), resolve("node_modules/.bin"), process.env["PATH"]].join(delimiter)
    const { status, stdout } = spawnSync(check, {
      shell: true,
      cwd: copy,
      encoding: "utf8",
      env: { ...process.env, PATH: path }
    })
    rmSync(planted)
    assert.notStrictEqual(status, 0)
    assert.match(stdout, /'\.\.\/orders\/Orders\.ts' import is restricted/)
  })

  it("refuses each forbidden import, in each module", () => {
    const planted = MODULES.flatMap((module) =>
      forbiddenIn(module).map((specifier, index) => {
        const file = isFile(module) ? `src/${module.name}` : `src/${module.name}/planted-${index}.ts`
        const line = `import * as planted${index} from "${specifier}"\nexport { planted${index} }\n`
        if (isFile(module)) appendFileSync(join(copy, file), line)
        else writeFileSync(join(copy, file), line)
        return { file, specifier }
      })
    )
    const { status, report } = lint()
    for (const { file } of planted) if (/planted/.test(file)) rmSync(join(copy, file))
    for (const module of MODULES.filter(isFile)) cpSync(`src/${module.name}`, join(copy, "src", module.name))
    assert.notStrictEqual(status, 0)
    assert.isAbove(planted.length, 150)
    const lines = report.split("\n")
    for (const { file, specifier } of planted) {
      const found = lines.some(
        (line) => line.includes(`${file}:`) && line.includes(`'${specifier}' import is restricted`)
      )
      assert.isTrue(found, `${file} may import ${specifier}`)
    }
  })

  it("refuses imports in disguise", () => {
    const disguised: ReadonlyArray<readonly [file: string, line: string, rule: string]> = [
      ["src/orders/planted.ts", `export const planted = require("viem")`, "no-require-imports"],
      ["src/orders/planted.ts", `import { createRequire } from "node:module"\nexport { createRequire }`, "restricted"],
      ["src/orders/planted.ts", `export type Planted = import("viem").Hex`, "consistent-type-imports"],
      ["src/orders/planted.ts", `export * from "./steps/../../api/app.ts"`, "restricted"],
      ["src/orders/planted.ts", `export * from "../orders/../api/app.ts"`, "restricted"],
      ["src/orders/planted.ts", `export * from "../../src/api/app.ts"`, "restricted"],
      ["src/orders/planted.ts", `export * from "../payment/tempo/Tempo.ts"`, "restricted"],
      ["src/bundler/planted.ts", `export * from "jack-template/bundler"`, "restricted"],
      ["src/domain/testing.ts", `export * from "../api/app.ts"`, "restricted"],
      ["src/shims/planted.ts", `export * from "../local/main.ts"`, "restricted"],
      ["src/planted.ts", `export * from "./local/main.ts"`, "restricted"],
      ["src/payment/planted.ts", `export * from "../../test/support/gateway.ts"`, "restricted"]
    ]
    for (const [file, line, rule] of disguised) {
      writeFileSync(join(copy, file), `${line}\n`)
      const { report } = lint(file)
      rmSync(join(copy, file))
      assert.include(report, rule, `${file} may have ${line}`)
    }
  })

  it("refuses a cycle of imports, even of types", () => {
    writeFileSync(join(copy, "src/orders/one.ts"), `import type { Two } from "./two.ts"\nexport type One = Two | 1\n`)
    writeFileSync(join(copy, "src/orders/two.ts"), `import type { One } from "./one.ts"\nexport type Two = One | 2\n`)
    const { status, report } = lint()
    for (const name of ["one", "two"]) rmSync(join(copy, `src/orders/${name}.ts`))
    assert.notStrictEqual(status, 0)
    assert.match(report, /orders\/one\.ts.*cycle/)
  })

  it("names every module of src", () => {
    const entries = readdirSync("src").filter((name) => !["local", "env.d.ts"].includes(name))
    assert.sameMembers(
      entries,
      MODULES.map(({ name }) => name)
    )
  })

  it("equals the table of CONTRIBUTING.md, top to bottom", () => {
    const rows = [...readFileSync("CONTRIBUTING.md", "utf8").matchAll(/^\| `src\/([\w.-]+?)\/?` \| .* \| (.*) \|$/gm)]
    const table = rows.map(([, name, mayNotKnow]) => ({ name, mayNotKnow }))
    const expected = MODULES.map((module) => ({
      name: module.name,
      mayNotKnow: module.alone === true ? "everything else" : module.mayNotKnow.join(", ") || "–"
    }))
    assert.deepStrictEqual(
      table.filter(({ name }) => MODULES.some((module) => module.name === name)),
      expected
    )
  })
})

describe("the size of files and folders", () => {
  const files = [...filesIn("src"), ...filesIn("test")]

  it("stays at 12 files a folder", () => {
    const counts = Map.groupBy(files, (file) => dirname(file))
    const full = [...counts]
      .filter(([, { length }]) => length > 12)
      .map(([folder, { length }]) => `${folder}: ${length}`)
    assert.deepStrictEqual(full, [])
  })

  it("stays at 260 lines a file", () => {
    const long = [...codeIn("src"), ...codeIn("test")]
      .map((file) => ({ file, lines: readFileSync(file, "utf8").trimEnd().split("\n").length }))
      .filter(({ lines }) => lines > 260)
    assert.deepStrictEqual(long, [])
  })
})

describe("the words of code, tests and docs", () => {
  it("include no retired word", () => {
    // In two halves each, so that a search for them finds nothing here.
    const words = "acq-uit jud-ge am-end vac-ate where-abouts else-where ins-ist set-back Be-nt gue-sts to-ld go-ods"
    const retired = new RegExp(`\\b(${words.replaceAll("-", "").replaceAll(" ", "|")})\\b`)
    const found = [...codeIn("src"), ...codeIn("test"), "README.md", "CONTRIBUTING.md", "SECURITY.md", "AGENTS.md"]
      .filter((file) => !file.endsWith("structure.test.ts"))
      .filter((file) => retired.test(readFileSync(file, "utf8")))
    assert.deepStrictEqual(found, [])
  })

  it("name the subject of each comment first", () => {
    const opening = /^\s*(\/\/|\/\*\*?|\*) ?(What|Who|Whoever|Whatever)\b/m
    const found = codeIn("src").filter((file) => opening.test(readFileSync(file, "utf8")))
    assert.deepStrictEqual(found, [])
  })
})
