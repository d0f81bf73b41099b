import { assert, describe, it } from "@effect/vitest"
import { DEFAULT_CONFIG } from "../../../../src/bundler/config/read-config.ts"
import { flagsFor, LATEST_COMPATIBILITY_DATE } from "../../../../src/bundler/config/compatibility/compatibility.ts"
import { inEachFormat, pointedAt, readFiles, refusalOf } from "../../../support/config.ts"

const FULL = {
  main: "./src/a.ts",
  compatibility_date: "2026-05-01",
  compatibility_flags: ["nodejs_compat", "global_fetch_strictly_public"],
  define: { VERSION: '"1.2"', "APP.DEBUG": "false", OTHER: "globalThis.x" },
  alias: { react: "./src/react.ts" },
  rules: [{ type: "Text", globs: ["**/*.md"], fallthrough: true }],
  vars: { GREETING: "hi\nthere", EMPTY: "" },
  kv_namespaces: [{ binding: "KV", id: "abc" }, { binding: "CACHE" }],
  d1_databases: [{ binding: "DB", database_name: "x", database_id: "1", migrations_dir: "./db/steps/" }],
  r2_buckets: [{ binding: "FILES", bucket_name: "files" }],
  durable_objects: { bindings: [{ name: "ROOMS", class_name: "Chat" }] },
  migrations: [
    { tag: "v1", new_sqlite_classes: ["Room", "Old"] },
    { tag: "v2", renamed_classes: [{ from: "Room", to: "Chat" }], deleted_classes: ["Old"] }
  ],
  assets: {
    directory: "./public/",
    binding: "ASSETS",
    html_handling: "none",
    not_found_handling: "single-page-application",
    run_worker_first: ["/api/*", "!/api/docs/*"]
  },
  secrets: { required: ["API_KEY"] }
}

describe("a configuration", () => {
  it("means the same in each format", () => {
    for (const files of inEachFormat(FULL)) {
      const { warnings, main, assets, requiredExports, ...config } = readFiles(files)
      assert.strictEqual(main?.path, "./src/a.ts")
      assert.match(pointedAt(files, { ...main!.place, text: "" }), /^"?main"?\s*[:=]/)
      assert.deepStrictEqual(config, {
        compatibilityDate: "2026-05-01",
        compatibilityFlags: FULL.compatibility_flags,
        define: FULL.define,
        alias: FULL.alias,
        rules: [{ type: "Text", globs: ["**/*.md"] }],
        vars: FULL.vars,
        resources: {
          kv: ["KV", "CACHE"],
          r2: ["FILES"],
          database: "DB",
          durableObjects: {
            bindings: [{ name: "ROOMS", className: "Chat" }],
            migrations: [
              { tag: "v1", newSqliteClasses: ["Room", "Old"], deletedClasses: [], renamedClasses: [] },
              {
                tag: "v2",
                newSqliteClasses: [],
                deletedClasses: ["Old"],
                renamedClasses: [{ from: "Room", to: "Chat" }]
              }
            ]
          }
        },
        requiredSecrets: ["API_KEY"],
        migrations: { directory: "db/steps", pattern: "db/steps/*.sql", table: "d1_migrations" }
      })
      assert.deepStrictEqual(
        { ...assets, place: undefined },
        {
          directory: "public",
          binding: "ASSETS",
          htmlHandling: "none",
          notFoundHandling: "single-page-application",
          runWorkerFirst: ["/api/*", "!/api/docs/*"],
          place: undefined
        }
      )
      assert.deepStrictEqual(
        requiredExports.map(({ className }) => className),
        ["Chat"]
      )
      // The ids; the resources are made for the deployment.
      const keys = warnings.map((warning) => /^"?(\w+)/.exec(pointedAt(files, warning))?.[1])
      assert.deepStrictEqual(keys.toSorted(), ["bucket_name", "database_id", "id"])
    }
  })

  it("is not needed", () => {
    assert.strictEqual(readFiles({ "src/wrangler.toml": "a" }), DEFAULT_CONFIG)
  })

  it("is missed where there is only an example of one", () => {
    for (const [file, meant] of [
      ["wrangler.example.toml", "wrangler.toml"],
      ["wrangler.jsonc.example", "wrangler.jsonc"]
    ] as const) {
      const { warnings, ...config } = readFiles({ [file]: "main = 1" })
      assert.deepStrictEqual({ ...config, warnings: [] }, DEFAULT_CONFIG)
      assert.include(warnings[0]?.hint, `name it ${meant}`)
    }
  })

  it("is the first that wrangler would read", () => {
    const files = { "wrangler.toml": "main = 'c'", "wrangler.jsonc": '{"main":"b"}', "wrangler.json": '{"main":"a"}' }
    const { main, warnings } = readFiles(files)
    assert.deepStrictEqual(main?.path, "a")
    assert.deepStrictEqual(
      warnings.map(({ file }) => file),
      ["wrangler.jsonc", "wrangler.toml"]
    )
    const { "wrangler.json": _, ...rest } = files
    assert.deepStrictEqual(readFiles(rest).main?.path, "b")
  })

  it("names the place where it is malformed", () => {
    const [json] = refusalOf({ "wrangler.jsonc": '// x\n{\n  "main": a\n}' })
    assert.include(json, { file: "wrangler.jsonc", line: 3, column: 11, source: '  "main": a' })
    const [toml] = refusalOf({ "wrangler.toml": '# x\nmain = "a\nb = 1' })
    assert.include(toml, { file: "wrangler.toml", line: 2, source: 'main = "a' })
    assert.include(toml?.text, "wrangler.toml is not TOML")
    for (const text of ["1", "[]", "null", '"x"'])
      assert.include(refusalOf({ "wrangler.json": text })[0]?.text, "no object")
  })
})

describe("compatibility", () => {
  it("has dates that the runtime knows", () => {
    for (const [date, text] of [
      ["2026-11-30", /in the future/],
      ["2099-01-01", /in the future/],
      ["2026-11-29", /newer than the runtime/],
      ["2026-02-30", /no date/],
      ["2026-1-1", /no date/],
      ["today", /no date/],
      [20260101, /must be a string/]
    ] as const)
      for (const files of inEachFormat({ compatibility_date: date })) {
        const [found] = refusalOf(files)
        assert.match(found?.text ?? "", text)
        assert.match(pointedAt(files, found!), /^"?compatibility_date/)
      }
    // Unquoted, it is a date of TOML.
    assert.match(refusalOf({ "wrangler.toml": "compatibility_date = 2026-01-01" })[0]?.text ?? "", /must be a string/)
  })

  it("refuses experimental flags at their place", () => {
    for (const files of inEachFormat({ compatibility_flags: ["nodejs_compat", "experimental"] })) {
      const [found] = refusalOf(files)
      assert.include(found?.text, "experimental")
      assert.match(pointedAt(files, found!), /^"experimental"/)
    }
  })

  it("has Node's modules unless a configuration leaves them out, and the flag only while the runtime takes it", () => {
    const before = "2026-08-03"
    const imports = ["node:path", "cloudflare:workers"]
    assert.deepStrictEqual(flagsFor(before, undefined, []), ["nodejs_compat"])
    assert.deepStrictEqual(flagsFor(before, [], ["cloudflare:workers"]), [])
    assert.deepStrictEqual(flagsFor(before, [], imports), ["nodejs_compat"])
    assert.deepStrictEqual(flagsFor(before, ["a", "nodejs_compat", "a"], imports), ["a", "nodejs_compat"])
    assert.deepStrictEqual(flagsFor(before, ["no_nodejs_compat"], imports), ["no_nodejs_compat"])
    assert.deepStrictEqual(flagsFor("2026-08-04", undefined, imports), [])
    assert.deepStrictEqual(flagsFor("2026-08-04", ["nodejs_compat", "a", "nodejs_compat_v2"], imports), ["a"])
  })

  it("has the modules of Node that came after its date, if it imports them", () => {
    const imports = ["node:fs", "node:fs/promises", "node:http", "node:path"]
    const http = ["enable_nodejs_http_modules", "enable_nodejs_http_server_modules"]
    const flags = ["nodejs_compat", ...http, "enable_nodejs_fs_module"]
    assert.deepStrictEqual(flagsFor("2025-07-01", ["nodejs_compat"], imports), flags)
    assert.deepStrictEqual(flagsFor("2025-07-01", [], imports), flags)
    assert.deepStrictEqual(flagsFor("2025-07-01", flags, imports), flags)
    assert.deepStrictEqual(flagsFor("2025-09-15", ["nodejs_compat"], imports), ["nodejs_compat"])
    const without = ["nodejs_compat", "disable_nodejs_fs_module"]
    assert.deepStrictEqual(flagsFor("2025-09-01", without, imports), without)
    const noZlib = ["nodejs_compat", "no_nodejs_zlib"]
    assert.deepStrictEqual(flagsFor("2024-01-01", noZlib, ["node:zlib"]), noZlib)
  })

  it("binds the classes that only ctx.exports reaches", () => {
    const migrations = [{ tag: "v1", new_sqlite_classes: ["A", "B"] }]
    const config = {
      vars: { B: "" },
      durable_objects: { bindings: [{ name: "OBJECT", class_name: "A" }] },
      migrations
    }
    for (const files of inEachFormat(config))
      assert.deepStrictEqual(readFiles(files).resources.durableObjects?.bindings, [
        { name: "OBJECT", className: "A" },
        { name: "B_", className: "B" }
      ])
  })

  it("has the flag for Durable Objects, whatever the date, because the host asks for it", () => {
    const objects = {
      durable_objects: { bindings: [{ name: "ROOM", class_name: "Room" }] },
      migrations: [{ tag: "v1", new_sqlite_classes: ["Room"] }]
    }
    const dated = (compatibility_date: string, compatibility_flags?: ReadonlyArray<string>) =>
      inEachFormat({ compatibility_date, ...(compatibility_flags && { compatibility_flags }), ...objects }).map(
        (files) => {
          const { compatibilityDate, compatibilityFlags, warnings } = readFiles(files)
          const [warning, ...others] = warnings
          assert.deepStrictEqual(others, [])
          if (warning !== undefined) assert.match(pointedAt(files, warning), /^"?compatibility_date/)
          return [compatibilityDate, compatibilityFlags, warnings.length]
        }
      )
    const each = (one: ReadonlyArray<unknown>, found: ReadonlyArray<ReadonlyArray<unknown>>) => {
      for (const config of found) assert.deepStrictEqual(config, one)
    }
    each(["2026-01-01", ["nodejs_compat"], 0], dated("2026-01-01"))
    each(["2026-01-01", ["nodejs_compat", "a"], 0], dated("2026-01-01", ["a"]))
    each(["2026-08-03", ["nodejs_compat"], 0], dated("2026-08-03", ["nodejs_compat"]))
    each(["2026-08-03", ["nodejs_compat", "a"], 1], dated("2026-08-04", ["a", "nodejs_compat"]))
    const [errors, tasks] = ["spec_compliant_dispatch_exceptions", "durable_object_io_tasks_prevent_eviction"]
    each(["2026-08-03", ["nodejs_compat", errors], 1], dated("2026-09-15"))
    each(["2026-08-03", ["nodejs_compat", errors, tasks], 1], dated(LATEST_COMPATIBILITY_DATE))
    each(["2026-08-03", ["nodejs_compat", tasks], 1], dated(LATEST_COMPATIBILITY_DATE, [`no_${errors}`]))
    const [refused] = refusalOf({
      "wrangler.json": JSON.stringify({ compatibility_flags: ["no_nodejs_compat"], ...objects })
    })
    assert.match(refused?.text ?? "", /only with nodejs_compat/)
  })
})
