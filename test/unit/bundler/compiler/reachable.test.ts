import { assert, describe, it } from "@effect/vitest"
// @ts-expect-error -- plain JavaScript that the machine's Node runs
import { callsIn, codeOf, functionsOf, TRAP } from "../../../../src/bundler/build/code.mjs"
import { answer, makeBundler, wasm } from "../../../support/bundler.ts"

const { bundle, refusal } = makeBundler()

const show = (from: string) =>
  `import x from ${JSON.stringify(from)}\nexport default { fetch: () => Response.json(x) }\n`

describe("the compiler without the functions that only its start calls", () => {
  // These builds reach parts of esbuild that hardly any project needs.
  const programs: Readonly<Record<string, readonly [files: Record<string, string>, value: unknown]>> = {
    "a CSS module": [
      { "index.ts": show("./a.module.css"), "a.module.css": ".b { color: red; & c { top: 0 } }" },
      { b: "a_b" }
    ],
    "CSS in a data URL": [{ "index.ts": show("data:text/css,a%7Bcolor:red%7D") }, {}],
    "JavaScript in a data URL": [{ "index.ts": show("data:text/javascript;base64,ZXhwb3J0IGRlZmF1bHQgMg==") }, 2],
    "JSON in a data URL": [{ "index.ts": show("data:application/json,%5B1%5D") }, [1]],
    "a path like that of an archive": [{ "index.ts": show("./a.zip/b.ts"), "a.zip/b.ts": "export default 3" }, 3],
    "a path like Yarn's": [{ "index.ts": show("./__virtual__/a/0/b.ts"), "b.ts": "export default 4" }, 4],
    "large integers": [
      { "index.ts": "export default { fetch: () => Response.json(`${0x1234567890abcdefn}`) }" },
      "1311768467294899695"
    ],
    "syntax that is newer than the target": [
      {
        "index.ts": `const log: Array<number> = []
const add = (value: unknown, _: unknown) => void log.push(5)
class A { @add accessor b = 1; static { log.push(6) } #c = 7; d() { using e = { [Symbol.dispose]: () => log.push(this.#c) }; return e } }
new A().d()
export default { fetch: () => Response.json([log, /(?<f>x)/v.exec("x")?.groups?.f]) }`
      },
      [[5, 6, 7], "x"]
    ]
  }
  for (const [name, [files, value]] of Object.entries(programs))
    it(`bundles ${name}`, async () => {
      assert.deepStrictEqual(await (await answer(await bundle(files))).json(), value)
    })

  it("formats errors of every kind of source", async () => {
    const files = {
      "index.ts": 'import "./a.json"\nimport "./b.module.css"\nlet c: =',
      "a.json": "{",
      "b.module.css": "a {"
    }
    assert.isAbove((await refusal(files)).length, 0)
  })

  it("still has its exports", () => {
    const names = WebAssembly.Module.exports(wasm).map(({ name }) => name)
    assert.includeMembers(names, ["resume", "getsp", "mem", "SP"])
  })
})

describe("the reader of wasm's instructions", () => {
  it("finds calls and numbers behind every kind of immediate", () => {
    const body = [
      [1, 2, 0x7e], // two variables
      [0x02, 0x40, 0x03, 0x7f, 0x0b, 0x0b], // block, loop
      [0x20, 0x80, 0x01, 0x28, 0x02, 0x90, 0x01], // local.get, i32.load
      [0x0e, 2, 0, 1, 2, 0x11, 1, 0], // br_table, call_indirect
      [0x43, 0x10, 0x10, 0x10, 0x10, 0x44, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10], // f32.const, f64.const
      [0xfc, 10, 0, 0, 0xfc, 3, 0x3f, 0], // memory.copy, a conversion, memory.size
      [0x10, 0xac, 0x02, 0x42, 0x80, 0x80, 0x80, 0x80, 0x01, 0x0b] // call 300, i64.const 2 ** 28
    ].flat()
    const { calls, numbers } = callsIn(Uint8Array.from(body))
    assert.deepStrictEqual([[...calls], [...numbers]], [[300], [2 ** 28]])
  })

  it("refuses what it does not know", () => {
    assert.throws(() => callsIn(Uint8Array.of(0, 0xfd, 0, 0x0b)), /instruction 253/)
    assert.throws(() => callsIn(Uint8Array.of(0, 0xfc, 12, 0x0b)), /instruction 252, 12/)
  })

  it("takes a section apart, and puts it together", () => {
    const section = { id: 10, ...codeOf([TRAP, Uint8Array.of(0, 0x0b)]) }
    assert.deepStrictEqual(
      functionsOf(section).map((it: Uint8Array) => [...it]),
      [[...TRAP], [0, 0x0b]]
    )
  })
})
