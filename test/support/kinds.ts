import { answering, type Files } from "./bundler.ts"

/** Makes a program that answers the values of some expressions, with the files beside it. */
const program = (imports: string, values: string, more: Files = {}, entry = "index.ts"): Files => ({
  [entry]: answering(imports, values),
  ...more
})
/** A value as JSON. */
export const json = (value: unknown): string => JSON.stringify(value)
const options = (compilerOptions: object, more: object = {}): string => json({ ...more, compilerOptions })

const FIELD = "class A { constructor() { Object.assign(this, { x: 1 }) } }\nclass B extends A { x!: number }"
const own = "new B().x ?? null"
const DECORATED =
  "const seen: string[] = []\nfunction d(_t: any, k: any) { seen.push(typeof k) }\nclass A { @d m() { return 1 } }"
const ESM_FLAG = "Object.defineProperty(exports, '__esModule', { value: true })\n"
const lib = (manifest: object, files: Files): Files =>
  Object.fromEntries([
    ["node_modules/lib/package.json", json({ name: "lib", ...manifest })],
    ...Object.entries(files).map(([path, source]) => [`node_modules/lib/${path}`, source])
  ])
const IMPORT_LIB = "import * as lib from 'lib'"

/** Programs by the feature that decides their meaning. The first file of each is its entrypoint. */
export const KINDS: Readonly<Record<string, ReadonlyArray<Files>>> = {
  "tsconfig.json's fields": [
    program(FIELD, own, { "tsconfig.json": options({ target: "ES2021" }) }),
    program(FIELD, own, { "tsconfig.json": options({ target: "ES2022" }) }),
    program(FIELD, own, { "tsconfig.json": options({ target: "es5", useDefineForClassFields: true }) }),
    program(FIELD, own, {
      "tsconfig.json": options({}, { extends: "./base" }),
      "base.json": options({ target: "ES2020" })
    }),
    program(FIELD, own, {
      "tsconfig.json": options({ target: "ESNext" }, { extends: ["./a.json", "./b.json"] }),
      "a.json": options({ useDefineForClassFields: true }),
      "b.json": options({ useDefineForClassFields: false })
    }),
    program(FIELD, own, {
      "tsconfig.json": options({}, { extends: "@tsconfig/old/tsconfig.json" }),
      "node_modules/@tsconfig/old/tsconfig.json": options({ target: "ES2019" })
    }),
    program(FIELD, own, { "tsconfig.json": "// nothing\n{}" })
  ],
  "tsconfig.json's decorators": [
    program(DECORATED, "seen", { "tsconfig.json": options({ experimentalDecorators: true }) }),
    program(DECORATED, "seen", {}),
    program("import { seen } from './lib/a'", "seen", {
      "lib/a.ts": `${DECORATED}\nexport { seen }`,
      "lib/tsconfig.json": options({ experimentalDecorators: true })
    })
  ],
  "the nearest config": [
    program("import { v } from './lib/a'", "v", {
      "lib/a.ts": `${FIELD}\nexport const v = ${own}`,
      "lib/tsconfig.json": options({ target: "ES2020" }),
      "tsconfig.json": options({ target: "ES2022" })
    }),
    program("import { v } from './lib/a'", "v", {
      "lib/a.ts": "import { n } from '~/n'\nexport const v = n",
      "lib/n.ts": "export const n = 'near'",
      "n.ts": "export const n = 'far'",
      "lib/tsconfig.json": options({ paths: { "~/*": ["./*"] } }),
      "tsconfig.json": options({ paths: { "~/*": ["./*"] } })
    }),
    program("import { n } from 'n'", "n", {
      "src/n.ts": "export const n = 1",
      "jsconfig.json": options({ baseUrl: "src" })
    }),
    program("import { n } from '@/n'", "n", {
      "src/n.ts": "export const n = 1",
      "tsconfig.json": options({}, { extends: "./config/base.json" }),
      "config/base.json": options({ paths: { "@/*": ["${configDir}/src/*"] } })
    }),
    program("import { n } from '@/n'", "n", {
      "b/n.ts": "export const n = 'second'",
      "tsconfig.json": options({ paths: { "@/*": ["./a/*", "./b/*"] } })
    }),
    program("import n from 'events'", "n", {
      "src/events.ts": "export default 'own'",
      "tsconfig.json": options({ baseUrl: ".", paths: { events: ["src/events.ts"] } })
    })
  ],
  "import attributes": [
    program("import a from './a.json' with { type: 'json' }", "a.x", { "a.json": '{"x": 1}' }),
    program("import a from './a' with { type: 'json' }", "a", { a: "[1]" }),
    program("import a from './a.ts' with { type: 'text' }", "a", { "a.ts": "export const a: number = 1" }),
    program("import a from './a.html' with { type: 'text' }", "a", { "a.html": "<p>é</p>" }),
    program("import a from './a.bin' with { type: 'bytes' }", "[a.constructor.name, ...a]", { "a.bin": "é" }),
    program("import a from './a.js'\nimport b from './a.js' with { type: 'text' }", "[a, b]", {
      "a.js": "export default 1"
    }),
    program("const { default: a } = await import('./a.md', { with: { type: 'text' } })", "a", { "a.md": "# a" })
  ],
  "kept names": [
    program("class A { static n = A.name }", "[A.n, A.name, new A().constructor.name]"),
    program("import { f } from './a'\nconst f2 = f", "[f.name, f2.name]", { "a.ts": "export const f = () => 1" }),
    program("import a from './a'\nimport b from './b'", "[a.name, b.name]", {
      "a.ts": "export default class {}",
      "b.ts": "export default function () {}"
    }),
    program("import { X as A } from './a'\nimport { X as B } from './b'", "[A.name, B.name]", {
      "a.ts": "export class X {}",
      "b.ts": "export class X {}"
    }),
    program(
      "class E extends Error { constructor(m?: string) { super(m); this.name = new.target.name } }\nclass F extends E {}",
      "[new F().name, String(new E('m'))]"
    )
  ],
  "module kinds": [
    program("import a from './a.cjs'", "Object.keys(a)", { "a.cjs": `${ESM_FLAG}exports.default = 1; exports.b = 2` }),
    program(
      "import a from './a.cjs'",
      "Object.keys(a)",
      { "a.cjs": `${ESM_FLAG}exports.default = { q: 1 }` },
      "index.mts"
    ),
    program(
      "import a from './b.js'",
      "a",
      { "b.js": `${ESM_FLAG}exports.default = 1`, "package.json": "{}" },
      "index.js"
    ),
    program("import a from './lib/a.js'", "a", {
      "lib/package.json": '{"type": "module"}',
      "lib/a.js": "import b from '../b.cjs'\nexport default Object.keys(b)",
      "b.cjs": `${ESM_FLAG}exports.default = 1; exports.c = 2`
    }),
    program("const a = require('./a.mjs')", "Object.keys(a)", { "a.mjs": "export default 1; export const b = 2" }),
    program("import a from './a.cjs'", "a", { "a.cts": "export = { x: 1 }" }),
    program("import a, { b } from './a.js'", "[a.b, b]", { "a.js": "exports.b = 1" })
  ],
  globs: [
    program("const l = 'en'\nconst a = await import(`./lang/${l}.js`)", "a.default", {
      "lang/en.js": "export default 'hi'",
      "lang/de.js": "export default 'hallo'"
    }),
    program("const l = 'a'\nconst a = await import('./x/' + l + '.ts')", "a.v", {
      "x/a.ts": "export const v: number = 1"
    }),
    program("const l = 'a'\nconst a = require(`./x/${l}.json`)", "a", {
      "x/a.json": "[1]",
      "x/b.js": "module.exports = 2"
    }),
    program("const l = 'b/c'\nconst a = await import(`./x/${l}.js`)", "a.default", {
      "x/b/c.js": "export default 'deep'",
      "x/d.js": "export default 'flat'"
    }),
    program("const l = 'no'\nlet a: any\ntry { a = await import(`./x/${l}.js`) } catch (e) { a = String(e) }", "a", {
      "x/a.js": ""
    })
  ],
  "packages that were sent": [
    program(IMPORT_LIB, "lib", lib({ main: "a.js" }, { "a.js": "exports.a = 'main'" })),
    program(
      IMPORT_LIB,
      "lib",
      lib({ main: "a.js", module: "b.js" }, { "a.js": "exports.a = 1", "b.js": "export const a = 'module'" })
    ),
    program(
      IMPORT_LIB,
      "lib.a",
      lib({ main: "a.js", browser: "c.js" }, { "a.js": "", "c.js": "export const a = 'browser'" })
    ),
    program(
      IMPORT_LIB,
      "lib.a",
      lib(
        { main: "a.js", browser: { "./x.js": "./y.js" } },
        {
          "a.js": "export { a } from './x.js'",
          "x.js": "export const a = 'x'",
          "y.js": "export const a = 'y'"
        }
      )
    ),
    ...["workerd", "worker", "browser", "import", "module", "default", "node"].map((condition) =>
      program(
        IMPORT_LIB,
        "lib.a",
        lib(
          { exports: { ".": { [condition]: "./a.js", default: "./b.js" } } },
          {
            "a.js": `export const a = '${condition}'`,
            "b.js": "export const a = 'default'"
          }
        )
      )
    ),
    program(
      "import a from 'lib'\nconst b = require('lib')",
      "[a, b]",
      lib(
        { exports: { import: "./a.mjs", require: "./b.cjs" } },
        {
          "a.mjs": "export default 'import'",
          "b.cjs": "module.exports = 'require'"
        }
      )
    ),
    program(
      "import a from 'lib/deep/x'",
      "a",
      lib({ exports: { "./deep/*": "./src/*.js" } }, { "src/x.js": "export default 'x'" })
    ),
    program("import a from '@s/p/sub.js'", "a", {
      "node_modules/@s/p/package.json": '{"name": "@s/p"}',
      "node_modules/@s/p/sub.js": "export default 'sub'"
    }),
    program("import a from './a/b'", "a", {
      "a/b.ts": "import l from 'lib'\nexport default l",
      "a/node_modules/lib/index.js": "export default 'near'",
      "node_modules/lib/index.js": "export default 'far'"
    })
  ],
  "subpath imports": [
    program("import a from '#a'", "a", {
      "package.json": json({ imports: { "#a": "./x.js" } }),
      "x.js": "export default 1"
    }),
    program("import a from '#lib/a.js'", "a", {
      "package.json": json({ imports: { "#lib/*": "./src/*" } }),
      "src/a.js": "export default 'star'"
    }),
    program("import a from '#lib/a.js'", "a", {
      "package.json": json({ imports: { "#lib/": "./lib/" } }),
      "lib/a.js": "export default 2"
    }),
    program("import a from '#a'", "a", {
      "package.json": json({ imports: { "#a": { node: "./n.js", workerd: "./w.js", default: "./d.js" } } }),
      "n.js": "export default 'n'",
      "w.js": "export default 'w'",
      "d.js": "export default 'd'"
    }),
    program("import a from './p/a'", "a", {
      "package.json": json({ imports: { "#x": "./outer.js" } }),
      "outer.js": "export default 'outer'",
      "p/package.json": json({ imports: { "#x": "./inner.js" } }),
      "p/inner.js": "export default 'inner'",
      "p/a.ts": "export { default } from '#x'"
    }),
    program("import a from 'me/x'", "a", {
      "package.json": json({ name: "me", exports: { ".": "./index.ts", "./x": "./src/x.ts" } }),
      "src/x.ts": "export default 'self'"
    })
  ]
}
