import { assert, describe, it } from "vitest"
import { ListReader } from "../../../../src/control-plane/jack/list-reader.ts"

const encoder = new TextEncoder()

/** Reads a text in pieces of some bytes, and returns its rows. */
const read = (text: string, size = 1) => {
  const reader = new ListReader("projects")
  const bytes = encoder.encode(text)
  const rows: Array<unknown> = []
  for (let at = 0; at < bytes.length; at += size) rows.push(...reader.write(bytes.subarray(at, at + size)))
  reader.end()
  return { rows, skipped: reader.skipped }
}

const answers: ReadonlyArray<readonly [name: string, text: string, rows: ReadonlyArray<unknown>]> = [
  ["an empty list", '{"projects":[]}', []],
  ["an empty list with blanks", ' { "projects" : [ \n ] } ', []],
  [
    "rows of every shape",
    '{"projects":[{"a":[1,{"b":[]}]},[],null,5,"x",true]}',
    [{ a: [1, { b: [] }] }, [], null, 5, "x", true]
  ],
  ["brackets and quotes in strings", '{"projects":[{"a":"]},{\\"\\\\"},"[,"]}', [{ a: ']},{"\\' }, "[,"]],
  ["text of several bytes", '{"projects":[{"name":"ä€😀"}]}', [{ name: "ä€😀" }]],
  [
    "other fields around it",
    '{"a":{"projects":[1]},"b":[2,[3]],"projects":[{"projects":[4]}],"c":"projects"}',
    [{ projects: [4] }]
  ],
  ["names that look like its name", '{"x\\"projects":[1],"projects ":[2],"projects":[3]}', [3]]
]

const broken: ReadonlyArray<readonly [name: string, text: string]> = [
  ["nothing", ""],
  ["a text", "Internal Server Error"],
  ["no list", '{"projects":null}'],
  ["another list", '{"sites":[]}'],
  ["a list alone", "[]"],
  ["an end before the list's", '{"projects":[{"id":"1"}'],
  ["an end after the list", '{"projects":[{"id":"1"}]'],
  ["an end in a string", '{"projects":[{"id":"1'],
  ["a row that is no JSON", '{"projects":[{"id":"1"},{"id":}]}'],
  ["a row that is a word", '{"projects":[undefined]}'],
  ["a comma too many", '{"projects":[{"id":"1"},]}'],
  ["a comma too few", '{"projects":[{"id":"1"}{"id":"2"}]}'],
  ["brackets that do not match", '{"projects":[{"id":["1"}]]}'],
  ["more behind it", '{"projects":[]}x']
]

describe("a list that is read piece by piece", () => {
  for (const [name, text, rows] of answers) {
    it(`has the rows of ${name}, wherever the pieces end`, () => {
      for (const size of [1, 2, 3, 7, text.length * 4]) assert.deepStrictEqual(read(text, size), { rows, skipped: 0 })
    })
  }

  for (const [name, text] of broken) {
    it(`fails on ${name}`, () => {
      for (const size of [1, 5, text.length + 1]) assert.throws(() => read(text, size))
    })
  }

  it("agrees with JSON.parse, at every byte at which it may be cut off", () => {
    const whole = JSON.stringify({ n: -1.5e3, projects: [{ a: '\\"]}' }, ["{", [{}]], ""], more: [[1], {}] })
    assert.deepStrictEqual(read(whole).rows, (JSON.parse(whole) as { projects: Array<unknown> }).projects)
    for (let length = 0; length < whole.length; length++) assert.throws(() => read(whole.slice(0, length)))
  })

  it("skips a row that is too long, and holds no more of it than of any other", () => {
    const reader = new ListReader("projects")
    const write = (text: string) => reader.write(encoder.encode(text))
    write('{"projects":[{"id":"1"},{"name":"')
    const piece = new Uint8Array(1_000_000).fill(0x61)
    const before = process.memoryUsage()
    for (let count = 0; count < 300; count++) assert.deepStrictEqual(reader.write(piece), [])
    const after = process.memoryUsage()
    assert.isBelow(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers, 20_000_000)
    assert.deepStrictEqual(write('"},{"id":"2"}]}'), [{ id: "2" }])
    reader.end()
    assert.strictEqual(reader.skipped, 1)
  })

  it("fails if too much stands beside the list", () => {
    const reader = new ListReader("projects")
    assert.throws(() => {
      for (let count = 0; count < 100; count++)
        reader.write(encoder.encode(`${count === 0 ? '{"a":"' : ""}${"x".repeat(1_000)}`))
    }, /beside/)
  })
})
