// @ts-check
/** Reads the functions of a WebAssembly module (WebAssembly Core Specification, 5.4 and 5.5.13). */
import { readUnsigned, unsigned } from "./wasm.mjs"

/** @typedef {import("./wasm.mjs").Section} Section */

/** A function without variables that is `unreachable`. */
export const TRAP = Uint8Array.of(0, 0, 0x0b)

/** @type {(code: Section) => ReadonlyArray<Uint8Array>} */
export const functionsOf = ({ count = 0, content }) => {
  let at = 0
  return Array.from({ length: count }, () => {
    const [size, start] = readUnsigned(content, at)
    at = start + size
    return content.subarray(start, at)
  })
}

/** @type {(bodies: ReadonlyArray<Uint8Array>) => Pick<Section, "count" | "content">} */
export const codeOf = (bodies) => ({
  count: bodies.length,
  content: Buffer.concat(bodies.flatMap((body) => [unsigned(body.length), body]))
})

/** The instructions without immediates, as ranges: control, parametric, and numeric of MVP and of sign extension. */
const PLAIN = [
  [0x00, 0x01],
  [0x05, 0x05],
  [0x0b, 0x0b],
  [0x0f, 0x0f],
  [0x1a, 0x1b],
  [0x45, 0xc4]
]

/** How many indices follow an instruction of the group 0xfc: eight conversions, `memory.copy` and `memory.fill`. */
const GROUP = new Map([...Array.from({ length: 8 }, (_, code) => /** @type {const} */ ([code, 0])), [10, 2], [11, 1]])

/** @type {(code: number) => number} */
const indicesOf = (code) => {
  const count = GROUP.get(code)
  if (count === undefined) throw new Error(`esbuild's module has the instruction 252, ${code}`)
  return count
}

/**
 * Reads the instructions of a function.
 *
 * @type {(body: Uint8Array) => { readonly calls: Set<number>, readonly numbers: Set<number> }}
 * @returns the functions that it calls directly, and its constant integers, exact up to 2 ** 49.
 * @throws if it has an instruction that Go does not use.
 */
export const callsIn = (body) => {
  const calls = new Set()
  const numbers = new Set()
  let at = 0
  const next = () => {
    const [value, end] = readUnsigned(body, at)
    at = end
    return value
  }
  /** @type {(count: number) => void} */
  const skip = (count) => {
    for (let index = 0; index < count; index++) next()
  }
  for (let groups = next(); groups > 0; groups--) skip(2)
  while (at < body.length) {
    const code = body[at++] ?? 0
    if (code === 0x10) calls.add(next())
    // Only positive ones count, and those end with the same bytes as unsigned ones.
    else if (code === 0x41 || code === 0x42) numbers.add(next())
    // block, loop, if; br, br_if; local, global; memory.size, memory.grow
    else if ((code >= 0x02 && code <= 0x04) || code === 0x0c || code === 0x0d) skip(1)
    else if ((code >= 0x20 && code <= 0x24) || code === 0x3f || code === 0x40) skip(1)
    // br_table, call_indirect, loads and stores
    else if (code === 0x0e) skip(next() + 1)
    else if (code === 0x11 || (code >= 0x28 && code <= 0x3e)) skip(2)
    else if (code === 0x43) at += 4
    else if (code === 0x44) at += 8
    else if (code === 0xfc) skip(indicesOf(next()))
    else if (!PLAIN.some(([first = 0, last = 0]) => code >= first && code <= last))
      throw new Error(`esbuild's module has the instruction ${code}`)
  }
  if (at !== body.length) throw new Error("esbuild's module has a function that ends too late")
  return { calls, numbers }
}
