import { assert, describe, it } from "@effect/vitest"
import { inEachFormat, pointedAt, readFiles, refusalOf } from "../../../support/config.ts"

type Config = Readonly<Record<string, unknown>>

/** A configuration, the text of its refusal, and the text at its place: a key, a name in a list, or the head of a table. */
type Row = readonly [config: Config, text: RegExp, at: RegExp]

const object = (name: string, className: string) => ({
  durable_objects: { bindings: [{ name, class_name: className }] }
})

/** Durable Objects of one class by each of the names. */
const objects = (className: string, ...names: ReadonlyArray<string>) => ({
  durable_objects: { bindings: names.map((name) => ({ name, class_name: className })) },
  migrations: [{ tag: "v1", new_sqlite_classes: [className] }]
})

const rules = (...rules: ReadonlyArray<string>) => ({ assets: { directory: "x", run_worker_first: rules } })

const namespaces = (count: number) => Array.from({ length: count }, (_, n) => ({ binding: `B${n}` }))

const ROWS: Readonly<Record<string, ReadonlyArray<Row>>> = {
  "a var that is no string": [
    [{ vars: { N: 5 } }, /"N" is not a string/, /^"?N\b/],
    [{ vars: { A: "a", O: { x: 1 } } }, /"O" is not a string/, /^"?O\b|^\[vars\.O/]
  ],
  "too long or too many vars": [
    [{ vars: { LONG: "é".repeat(2561) } }, /more than 5120 bytes/, /^"?LONG/],
    [{ vars: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`V${n}`, ""])) }, /65 vars/, /^"vars"|^\[vars/]
  ],
  "names that cannot be or are used twice": [
    [{ vars: { A: "" }, kv_namespaces: [{ binding: "A" }] }, /Two bindings have the name "A"/, /^"?binding/],
    [{ kv_namespaces: [{ binding: "A-B" }] }, /not a valid name/, /^"?binding/],
    [{ kv_namespaces: [{ binding: "$A" }] }, /not a valid name/, /^"?binding/],
    [JSON.parse('{ "vars": { "__proto__": "x" } }') as Config, /not a valid name/, /^"?__proto__/],
    [{ vars: { PROJECT_ID: "x" } }, /The host sets env.PROJECT_ID/, /^"?PROJECT_ID/],
    [{ r2_buckets: [{ binding: "__JACK_USAGE" }] }, /The host sets/, /^"?binding/],
    [{ secrets: { required: ["A", "B C"] } }, /"B C" cannot be the name/, /^"B C"/],
    [{ kv_namespaces: [{ binding: "Cache" }, { binding: "CACHE" }] }, /differ in their case/, /^"?binding.*CACHE/],
    [{ kv_namespaces: [{ id: "A" }] }, /"binding" of kv_namespaces\[0\] is missing/, /^\{|^\[\[kv/],
    [{ kv_namespaces: { A: "x" } }, /must be a list of objects/, /^"kv_|^\[kv/],
    [{ r2_buckets: ["A"] }, /must be an object/, /^"A/],
    [{ d1_databases: [{ binding: 1 }] }, /must be a string/, /^"?binding/]
  ],
  "two databases": [
    [{ d1_databases: [{ binding: "A" }, { binding: "B" }] }, /one D1 database/, /^"?binding"?\s*[:=]\s*"B"/]
  ],
  "more namespaces or buckets than a deployment gets": [
    [{ kv_namespaces: namespaces(11) }, /"kv_namespaces" has 11 entries/, /^"kv_|^\[\[kv/],
    [{ r2_buckets: namespaces(11) }, /"r2_buckets" has 11 entries/, /^"r2_|^\[\[r2/]
  ],
  "migrations in other places": [
    [{ d1_databases: [{ binding: "A", migrations_dir: "../x" }] }, /out of the project/, /^"?migrations_dir/],
    [{ d1_databases: [{ binding: "A", migrations_table: "a;b" }] }, /name of a table/, /^"?migrations_table/],
    [{ d1_databases: [{ binding: "A", migrations_table: "sqlite_m" }] }, /name of a table/, /^"?migrations_table/],
    [
      { d1_databases: [{ binding: "A", migrations_pattern: "x/*.sql" }] },
      /begin with "migrations\/"/,
      /^"?migrations_p/
    ]
  ],
  "objects without a class": [
    [object("A", "Room"), /No migration makes the class "Room"/, /^"?class_name/],
    [
      {
        ...object("A", "R"),
        migrations: [
          { tag: "v1", new_sqlite_classes: ["R"] },
          { tag: "v2", deleted_classes: ["R"] }
        ]
      },
      /No migration makes/,
      /^"?class_name/
    ],
    [{ migrations: [{ tag: "v1", deleted_classes: ["R"] }] }, /no class "R" to delete/, /^"?deleted_classes/],
    [
      { migrations: [{ tag: "v1", renamed_classes: [{ from: "R", to: "S" }] }] },
      /no class "R" to rename/,
      /^"?\[?\[?(mig.*)?renamed/
    ],
    [{ migrations: [{ tag: "v1", transferred_classes: [] }] }, /cannot be transferred/, /^"?transferred/],
    [{ migrations: [{ tag: "v1" }, { tag: "v1" }] }, /the tag "v1"/, /^"?tag/],
    [{ migrations: [{ new_sqlite_classes: ["R"] }] }, /"tag" of migrations\[0\] is missing/, /^\{|^\[\[/],
    [
      { durable_objects: { bindings: [{ name: "A", class_name: "R", script_name: "other" }] } },
      /belongs to another Worker/,
      /^"?script_name/
    ]
  ],
  "objects that the host could not give": [
    [objects("Größe", "A"), /"Größe" cannot be the name of a class/, /^"?class_name/],
    [objects("__JACK_A", "A"), /cannot be the name of a class/, /^"?class_name/],
    [objects("Room", "A", "B"), /Two bindings have the class "Room"/, /^"?class_name/],
    [
      { ...objects("Room", "A"), compatibility_flags: ["no_nodejs_compat"] },
      /only with nodejs_compat/,
      /^"no_nodejs_compat/
    ]
  ],
  "four classes": [
    [{ migrations: [{ tag: "v1", new_sqlite_classes: ["A", "B", "C", "D"] }] }, /4 classes/, /^"?new_sqlite_classes/]
  ],
  "assets that are not there to be had": [
    [{ assets: { binding: "A" } }, /"directory" of assets is missing/, /^"?\[?assets/],
    [{ assets: { directory: "../x" } }, /out of the project/, /^"?directory/],
    [{ assets: { directory: "/x" } }, /out of the project/, /^"?directory/],
    [{ assets: { directory: "x", html_handling: "some" } }, /"html_handling" is "some"/, /^"?html_handling/],
    [rules("api"), /"api" is no path/, /^"api"/],
    [rules(), /names no path for the program/, /^"?run_worker_first/],
    [rules("!/a", "!/b"), /names no path for the program/, /^"?run_worker_first/],
    [rules("/a", "/b", "/a"), /Another rule makes "\/a" redundant/, /^"\/a"/],
    [rules("/api/x", "/api/*"), /Another rule makes "\/api\/x" redundant/, /^"\/api\/x"/],
    [{ assets: { directory: "x", base_path: "/x" } }, /base path/, /^"?base_path/],
    [{ assets: "public" }, /must be an object/, /^"?assets/]
  ],
  "rules that cannot be honoured": [
    [{ rules: [{ type: "PythonModule", globs: ["*.py"] }] }, /PythonModule/, /^"?type/],
    [{ rules: [{ type: "Image", globs: ["*.png"] }] }, /no type/, /^\{|^\[\[rules/],
    [{ rules: [{ type: "Text", globs: "*.md" }] }, /list of strings/, /^"?globs/],
    [
      { rules: [{ type: "Text", globs: Array.from({ length: 5 }, () => "*".repeat(401)) }] },
      /2005 characters in all/,
      /^"rules|^\[\[rules/
    ]
  ],
  "definitions that are no code": [
    [{ define: { A: "hello world" } }, /neither JSON nor a name/, /^"?A/],
    [{ define: { "A B": "1" } }, /no name/, /^"A B"/],
    [{ define: { A: 1 } }, /must be a string/, /^"?A/],
    [{ alias: { "": "x" } }, /empty/, /^""/]
  ]
}

describe("is refused at its place in each format:", () => {
  for (const [name, rows] of Object.entries(ROWS))
    it(name, () => {
      for (const [config, text, at] of rows)
        for (const files of inEachFormat({ main: "a.ts", ...config })) {
          const [found] = refusalOf(files)
          assert.match(found?.text ?? "", text)
          assert.match(pointedAt(files, found!), at, `${JSON.stringify(files)} ${JSON.stringify(found)}`)
        }
    })
})

it("asks for the JSON text of a var", () => {
  assert.strictEqual(refusalOf({ "wrangler.json": '{"vars":{"N":5}}' })[0]?.hint, 'Send its JSON text: "N": "5"')
  assert.include(refusalOf({ "wrangler.toml": "vars.D = 2026-01-01" })[0]?.hint ?? "", "JSON.parse(env.D)")
})

it("refuses all that is wrong at once", () => {
  const config = {
    vars: { A: 1 },
    ai: { binding: "AI" },
    compatibility_date: "x",
    queues: { consumers: [{ queue: "q" }] }
  }
  assert.lengthOf(refusalOf({ "wrangler.json": JSON.stringify(config) }), 4)
})

it("reads classes with key-value storage as classes with SQLite, and JavaScript rules as none, with a warning", () => {
  const config = {
    ...object("A", "R"),
    migrations: [{ tag: "v1", new_classes: ["R"] }],
    rules: [{ type: "ESModule", globs: ["*.js"] }]
  }
  for (const files of inEachFormat(config)) {
    const { resources, warnings, rules } = readFiles(files)
    assert.deepStrictEqual(resources.durableObjects?.migrations[0]?.newSqliteClasses, ["R"])
    assert.deepStrictEqual(rules, [])
    assert.deepStrictEqual(warnings.map((it) => /^"?(\w+)/.exec(pointedAt(files, it))?.[1]).toSorted(), [
      "new_classes",
      "type"
    ])
  }
})
