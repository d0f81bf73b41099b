// @ts-check
/**
 * Finds the functions that a paused compiler can still call. Its start is over, and so the functions that ran only then take a tenth
 * of the module, which workerd copies several times and V8 checks at each start of an isolate.
 */
import { callsIn, codeOf, functionsOf, TRAP } from "./code.mjs"

/** Go's number of its first function. A place in the code is the number of a function times 65,536, and a block in it. */
const FIRST = 0x1000
const BLOCKS = 65_536

/** Begins the table of Go's functions, which is for stack traces (Go 1.20 and later): no padding, one byte a step, eight a pointer. */
const TABLE = Buffer.from([0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8])

/**
 * Functions that are called no more. Go initializes each package once, before `main`. The others are the command line and those
 * requests of the library that the bundler does not send.
 */
const OVER = [
  /^[\w./-]+\.(init(\.\d+)?|map\.init\.\d+)$/,
  /^github\.com\/evanw\/esbuild\/pkg\/cli\.runImpl$/,
  /^main\.\(\*serviceType\)\.handle(Transform|AnalyzeMetafile|FormatMessages)Request$/
]

/** Packages that no function of the compiler calls. Only tables of their own types and functions name them. */
const UNUSED = /^(type:\.\w+\.(\[\d+\])?)?(crypto[./]|vendor\/golang\.org\/)/

/** @typedef {import("./wasm.mjs").Section} Section */

/**
 * The names of Go's functions, in the order of the code.
 *
 * @type {(memory: Buffer, count: number) => { readonly names: ReadonlyArray<string>, readonly table: number }}
 * @throws if the memory does not look as expected.
 */
const namesIn = (memory, count) => {
  const table = memory.indexOf(TABLE)
  /** @type {(index: number) => number} */
  const field = (index) => Number(memory.readBigUInt64LE(table + 8 + index * 8))
  if (table < 0 || field(0) !== count) throw new Error("esbuild's memory has no table of its functions")
  const [texts, functions] = [table + field(3), table + field(7)]
  const names = Array.from({ length: count }, (_, index) => {
    if (memory.readUInt32LE(functions + index * 8) !== FIRST + index) throw new Error("Go's functions are not in order")
    const start = texts + memory.readInt32LE(functions + memory.readUInt32LE(functions + index * 8 + 4) + 4)
    return memory.toString("utf8", start, memory.indexOf(0, start))
  })
  return { names, table }
}

/**
 * The functions that the memory may point at: places in the code, as whole words, and numbers of methods in the descriptions of
 * types, which come before the table.
 *
 * @type {(memory: Buffer, count: number, table: number) => Set<number>}
 */
const pointersIn = (memory, count, table) => {
  const found = new Set()
  for (let at = 0; at + 8 <= memory.length; at += 4) {
    const word = memory.readUInt32LE(at)
    const place = Math.floor(word / BLOCKS) - FIRST
    if (place >= 0 && place < count && at % 8 === 0 && memory.readUInt32LE(at + 4) === 0) found.add(place)
    if (word >= FIRST && word < FIRST + count && at < table) found.add(word - FIRST)
  }
  return found
}

/**
 * Replaces the bodies of functions that are called no more by a trap, which the bundler reports as a crash of the compiler.
 *
 * @type {(code: Section, imported: number, exported: ReadonlyArray<number>, memory: Uint8Array) => Section}
 * @param imported how many functions the module imports; they come first.
 * @param exported the functions that the host calls, by number.
 */
export const withoutDeadCode = (code, imported, exported, memory) => {
  const bodies = functionsOf(code)
  const bytes = Buffer.from(memory.buffer, memory.byteOffset, memory.length)
  const { names, table } = namesIn(bytes, bodies.length)
  /** @type {(index: number) => string} */
  const nameOf = (index) => names[index] ?? ""
  const pointers = [...pointersIn(bytes, bodies.length, table)].filter((index) => !UNUSED.test(nameOf(index)))
  const live = new Set()
  const waiting = [...exported.map((index) => index - imported), ...pointers]
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    const body = bodies[index]
    if (body === undefined || live.has(index) || OVER.some((it) => it.test(nameOf(index)))) continue
    live.add(index)
    const { calls, numbers } = callsIn(body)
    waiting.push(...[...calls].map((called) => called - imported))
    // A function may also be named by its place in the code.
    waiting.push(...[...numbers].map((number) => Math.floor(number / BLOCKS) - FIRST))
  }
  return { id: code.id, ...codeOf(bodies.map((body, index) => (live.has(index) ? body : TRAP))) }
}
