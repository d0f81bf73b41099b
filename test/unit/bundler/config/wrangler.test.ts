import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { unstable_readConfig } from "wrangler"
import type { ModuleRule } from "../../../../src/bundler/config/types.ts"
import { inEachFormat, readFiles, refusalOf } from "../../../support/config.ts"

type Settings = Readonly<Record<string, unknown>>

let folder = ""
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "config-"))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The part of wrangler's answer that is compared. Its published types refer to a package that is not published. */
interface Config {
  readonly main?: string
  readonly compatibility_date?: string
  readonly compatibility_flags: ReadonlyArray<string>
  readonly vars: Settings
  readonly define: Settings
  readonly alias?: Settings
  readonly rules: ReadonlyArray<ModuleRule>
  readonly kv_namespaces: ReadonlyArray<{ readonly binding: string }>
  readonly r2_buckets: ReadonlyArray<{ readonly binding: string }>
  readonly d1_databases: ReadonlyArray<{ readonly binding: string }>
  readonly durable_objects: { readonly bindings: ReadonlyArray<{ readonly name: string; readonly class_name: string }> }
  readonly migrations?: ReadonlyArray<{ readonly tag: string }>
  readonly assets?: { readonly directory?: string; readonly run_worker_first?: boolean | ReadonlyArray<string> }
  readonly secrets?: { readonly required?: ReadonlyArray<string> }
}

let count = 0

/** Wrangler's reading of files in a folder that has no others. */
const throughWrangler = (
  files: Readonly<Record<string, string>>
): { readonly root: string; readonly config: Config } => {
  const root = join(folder, String(count++))
  mkdirSync(join(root, "src"), { recursive: true })
  writeFileSync(join(root, "src/a.ts"), "")
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text)
  return {
    root,
    config: unstable_readConfig({ config: join(root, Object.keys(files)[0] ?? "") }, { hideWarnings: true })
  }
}

const VALID: ReadonlyArray<Settings> = [
  { main: "src/a.ts", compatibility_date: "2026-01-01", compatibility_flags: ["nodejs_compat"] },
  { vars: { A: "b", B: "" }, kv_namespaces: [{ binding: "KV", id: "1" }, { binding: "OTHER" }] },
  { d1_databases: [{ binding: "DB", database_name: "x", migrations_dir: "steps", migrations_table: "t" }] },
  { r2_buckets: [{ binding: "R", bucket_name: "bucket" }], define: { A: '"x"' }, alias: { a: "./src/a.ts" } },
  {
    durable_objects: { bindings: [{ name: "A", class_name: "B" }] },
    migrations: [
      { tag: "v1", new_sqlite_classes: ["C"] },
      { tag: "v2", renamed_classes: [{ from: "C", to: "B" }] }
    ]
  },
  { assets: { directory: "public", binding: "ASSETS", not_found_handling: "404-page", run_worker_first: true } },
  { rules: [{ type: "Data", globs: ["**/*.dat"] }], secrets: { required: ["KEY"] } }
]

const INVALID: ReadonlyArray<Settings> = [
  { compatibility_date: "no date" },
  { compatibility_flags: "nodejs_compat" },
  { main: 1 },
  { define: { A: 1 } },
  { kv_namespaces: [{ id: "1" }] },
  { kv_namespaces: [{ binding: "A" }, { binding: "A" }] },
  { d1_databases: [{ database_id: "1" }] },
  { r2_buckets: [{}] },
  { durable_objects: { bindings: [{ name: "A" }] } },
  { migrations: [{ new_sqlite_classes: ["A"] }] },
  { migrations: [{ tag: "v1", renamed_classes: [{ from: "A" }] }] },
  { assets: { directory: "public", html_handling: "yes" } },
  { assets: { directory: "public", run_worker_first: 1 } },
  { rules: [{ type: "Picture", globs: ["*.png"] }] },
  { rules: [{ type: "Text", globs: "*.md" }] },
  { vars: "A" }
]

describe("wrangler itself", () => {
  it("reads the same settings", () => {
    for (const settings of VALID)
      for (const files of inEachFormat(settings)) {
        const { config, root } = throughWrangler(files)
        const ours = readFiles(files)
        assert.strictEqual(config.main, ours.main === undefined ? undefined : join(root, ours.main.path))
        if (config.compatibility_date !== undefined)
          assert.strictEqual(ours.compatibilityDate, config.compatibility_date)
        // The host wants this flag for Durable Objects.
        const wanted = config.durable_objects.bindings.length > 0 ? ["nodejs_compat"] : []
        assert.deepStrictEqual(ours.compatibilityFlags ?? [], [...new Set([...wanted, ...config.compatibility_flags])])
        assert.deepStrictEqual(ours.vars, config.vars)
        assert.deepStrictEqual(ours.define, config.define)
        assert.deepStrictEqual(Object.keys(ours.alias), Object.keys(config.alias ?? {}))
        assert.deepStrictEqual(ours.rules, config.rules)
        assert.deepStrictEqual(
          ours.resources.kv,
          config.kv_namespaces.map(({ binding }) => binding)
        )
        assert.deepStrictEqual(
          ours.resources.r2,
          config.r2_buckets.map(({ binding }) => binding)
        )
        assert.strictEqual(ours.resources.database, config.d1_databases[0]?.binding ?? null)
        assert.deepStrictEqual(
          ours.resources.durableObjects?.bindings ?? [],
          config.durable_objects.bindings.map(({ name, class_name }) => ({ name, className: class_name }))
        )
        assert.deepStrictEqual(
          ours.resources.durableObjects?.migrations.map(({ tag }) => tag) ?? [],
          config.migrations?.map(({ tag }) => tag) ?? []
        )
        assert.strictEqual(ours.assets?.directory, config.assets?.directory)
        assert.deepStrictEqual(ours.assets?.runWorkerFirst, config.assets?.run_worker_first)
        assert.deepStrictEqual(ours.requiredSecrets, config.secrets?.required ?? [])
      }
  })

  it("refuses what is refused here for its form", () => {
    for (const settings of INVALID)
      for (const files of inEachFormat(settings)) {
        assert.throws(() => throughWrangler(files), undefined, undefined, JSON.stringify(settings))
        assert.isAbove(refusalOf(files).length, 0)
      }
  })

  it("takes comments, trailing commas and a byte order mark as they are taken here", () => {
    const text = '\uFEFF/* a */ { // b\n "main": "src/a.ts", "vars": { "A": "// no comment", }, }'
    for (const file of ["wrangler.json", "wrangler.jsonc"]) {
      assert.deepStrictEqual(throughWrangler({ [file]: text }).config.vars, readFiles({ [file]: text }).vars)
    }
  })
})
