// @ts-check
/**
 * Makes the module of the compiler: esbuild's, with a started compiler in it. To start one takes a tenth of a second in a new
 * isolate, and computes the same tables each time, so it is started here and paused. Its memory replaces the module's data, which
 * the start has read, and is compressed, because workerd copies a module several times before the first request.
 */
import { createHash, randomBytes } from "node:crypto"
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { deflateRawSync } from "node:zlib"
import { build, stop } from "esbuild-wasm"
import { withoutDeadCode } from "./reachable.mjs"
import { exportsOf, moduleOf, sectionsOf, textOf, unsigned } from "./wasm.mjs"

/** The module that esbuild publishes. */
const WASM_SOURCE = fileURLToPath(import.meta.resolve("esbuild-wasm/esbuild.wasm"))

/** The ids of the sections of a module. */
const CUSTOM = 0
const IMPORTS = 2
const EXPORTS = 7
const CODE = 10
const DATA = 11
const DATA_COUNT = 12

/** The kind of an export. */
const GLOBAL = 3

/** The functions that the host calls after the start. */
const CALLED = ["resume", "getsp"]

/** More words that differ between two compilers mean that they were started differently. */
const MAX_WORDS = 1000

/**
 * @typedef {typeof import("../compiler/pool/start-compiler.ts") & typeof import("../compiler/go/GoProgram.ts")} Starter
 * @typedef {import("../compiler/pool/start-compiler.ts").CompilerKind} CompilerKind
 * @typedef {import("../compiler/pool/start-compiler.ts").PausedCompiler} PausedCompiler
 * @typedef {import("./wasm.mjs").Section} Section
 */

/**
 * The bundler's code that starts a compiler, as a function of its clock and its random values. It is TypeScript, which the
 * machine's Node may not read.
 *
 * @type {() => Promise<(clock: object, date: object, random: object) => Starter>}
 */
const loadStarter = async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: 'export * from "./pool/start-compiler.ts"\nexport { REGISTERS } from "./go/GoProgram.ts"',
      resolveDir: fileURLToPath(new URL("../compiler", import.meta.url)),
      loader: "js"
    },
    bundle: true,
    write: false,
    logLevel: "silent",
    format: "iife",
    globalName: "starter",
    platform: "neutral",
    target: "es2022"
  })
  await stop()
  const parameters = ["performance", "Date", "crypto"]
  // oxlint-disable-next-line typescript/no-implied-eval, no-new-func -- the text is this repository's own code
  return /** @type {any} */ (new Function(...parameters, `${outputFiles[0]?.text}\nreturn starter`))
}

/**
 * A source of random values that has the same values for the same seed. The seed of Go's hash tables is among them: a
 * secret of this build, because somebody who knows it could make names that all have the same hash.
 *
 * @type {(seed: Uint8Array) => { getRandomValues: (bytes: Uint8Array) => Uint8Array }}
 */
const seeded = (seed) => {
  let count = 0
  return {
    getRandomValues: (bytes) => {
      for (let at = 0; at < bytes.length; at += 32) {
        const block = createHash("sha256").update(seed).update(`${count++}`).digest()
        bytes.set(block.subarray(0, bytes.length - at), at)
      }
      return bytes
    }
  }
}

/**
 * The words of 64 bits in which a compiler's memory differs from the common one.
 *
 * @type {(common: Uint8Array, memory: Uint8Array) => ReadonlyArray<readonly [address: number, value: string]>}
 */
const wordsOf = (common, memory) => {
  if (common.length !== memory.length) throw new Error("esbuild's compilers start with memory of different sizes")
  /** @type {(bytes: Uint8Array) => BigUint64Array} */
  const words = (bytes) => new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8)
  const [one, other] = [words(common), words(memory)]
  /** @type {Array<readonly [address: number, value: string]>} */
  const found = []
  for (const [index, word] of other.entries()) if (word !== one[index]) found.push([index * 8, `${word}`])
  if (found.length > MAX_WORDS) throw new Error("esbuild's compilers start differently")
  return found
}

/** @type {(paused: PausedCompiler, common: Uint8Array) => object} */
const startOf = ({ snapshot, handshake }, common) => ({
  handshake: [...handshake],
  registers: snapshot.registers.map((value) => (typeof value === "bigint" ? `${value}` : value)),
  words: wordsOf(common, snapshot.memory),
  references: snapshot.references,
  reading: snapshot.reading
})

/** @type {(section: Section, names: ReadonlyArray<string>) => Section} */
const withGlobals = ({ id, count = 0, content }, names) => ({
  id,
  count: count + names.length,
  content: Buffer.concat([
    content,
    ...names.flatMap((name, index) => [textOf(name), Buffer.from([GLOBAL]), unsigned(index)])
  ])
})

/** @type {(sections: ReadonlyArray<Section>, id: number) => Section} */
const sectionOf = (sections, id) => {
  const found = sections.find((section) => section.id === id)
  if (found === undefined) throw new Error(`esbuild's module has no section ${id}`)
  return found
}

/** @type {(name: string, content: Uint8Array) => Section} */
const custom = (name, content) => ({ id: CUSTOM, content: Buffer.concat([textOf(name), content]) })

/**
 * @returns the bytes of the module, without the data, with sections that `compiler/pool/paused-compiler.ts` reads.
 * @throws if the compiler does not start.
 */
export const generateCompiler = async () => {
  const sections = sectionsOf(await readFile(WASM_SOURCE)).filter(({ id }) => id !== CUSTOM)
  const makeStarter = await loadStarter()
  const clock = { timeOrigin: performance.timeOrigin, now: () => 0 }
  const date = { now: () => clock.timeOrigin }
  const seed = randomBytes(32)
  const { REGISTERS } = makeStarter(clock, date, seeded(seed))
  const whole = sections.map((section) => (section.id === EXPORTS ? withGlobals(section, REGISTERS) : section))
  const module = await WebAssembly.compile(moduleOf(whole))
  /** @type {(kind: CompilerKind) => PausedCompiler} */
  const start = (kind) => makeStarter(clock, date, seeded(seed)).startCompiler(module, kind)
  const ordinary = start("ordinary")
  const { memory } = ordinary.snapshot
  const starts = { ordinary: startOf(ordinary, memory), large: startOf(start("large"), memory) }
  const names = exportsOf(sectionOf(whole, EXPORTS))
  const exported = CALLED.map((name) => names.get(name) ?? Number.NaN)
  const code = withoutDeadCode(sectionOf(whole, CODE), sectionOf(whole, IMPORTS).count ?? 0, exported, memory)
  return moduleOf([
    ...whole
      .filter(({ id }) => id !== DATA && id !== DATA_COUNT)
      .map((section) => (section.id === CODE ? code : section)),
    custom("starts", Buffer.from(JSON.stringify(starts))),
    custom("memory", deflateRawSync(memory, { level: 9 }))
  ])
}
