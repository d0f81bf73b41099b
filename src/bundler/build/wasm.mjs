// @ts-check
/** Takes WebAssembly modules apart, and puts them together (WebAssembly Core Specification, 5.5). */

/** The magic number and the version. */
const PREAMBLE = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])

/**
 * A section. Those that are vectors have a count, which comes before the content.
 *
 * @typedef {{ readonly id: number, readonly content: Uint8Array, readonly count?: number }} Section
 */

/** The ids of the sections that are no vector: custom ones, the start function and the count of data segments. */
const PLAIN = new Set([0, 8, 12])

/** @type {(value: number) => Buffer} */
export const unsigned = (value) => {
  const bytes = []
  let rest = value
  do {
    bytes.push((rest & 127) | (rest > 127 ? 128 : 0))
    rest >>>= 7
  } while (rest > 0)
  return Buffer.from(bytes)
}

/** @type {(text: string) => Buffer} */
export const textOf = (text) => Buffer.concat([unsigned(Buffer.byteLength(text)), Buffer.from(text)])

/** @type {(bytes: Uint8Array, at: number) => readonly [value: number, end: number]} */
export const readUnsigned = (bytes, at) => {
  let value = 0
  for (let index = at, shift = 0; ; index++, shift += 7) {
    const byte = bytes[index] ?? 0
    value += (byte & 127) * 2 ** shift
    if (byte < 128) return [value, index + 1]
  }
}

/**
 * @type {(module: Uint8Array) => ReadonlyArray<Section>}
 * @throws if this is no module.
 */
export const sectionsOf = (module) => {
  if (!PREAMBLE.equals(module.subarray(0, PREAMBLE.length)))
    throw new Error("This is no WebAssembly module of version 1")
  /** @type {Array<Section>} */
  const sections = []
  for (let at = PREAMBLE.length; at < module.length;) {
    const id = module[at] ?? 0
    const [size, start] = readUnsigned(module, at + 1)
    at = start + size
    if (PLAIN.has(id)) sections.push({ id, content: module.subarray(start, at) })
    else {
      const [count, first] = readUnsigned(module, start)
      sections.push({ id, count, content: module.subarray(first, at) })
    }
  }
  return sections
}

/** @type {(sections: ReadonlyArray<Section>) => Uint8Array<ArrayBuffer>} */
export const moduleOf = (sections) => {
  const parts = sections.flatMap(({ id, count, content }) => {
    const head = count === undefined ? Buffer.alloc(0) : unsigned(count)
    return [Buffer.from([id]), unsigned(head.length + content.length), head, content]
  })
  return Uint8Array.from(Buffer.concat([PREAMBLE, ...parts]))
}

/**
 * The indices of the exports by name, of any kind.
 *
 * @type {(section: Section) => ReadonlyMap<string, number>}
 */
export const exportsOf = ({ count = 0, content }) => {
  let at = 0
  return new Map(
    Array.from({ length: count }, () => {
      const [length, start] = readUnsigned(content, at)
      const name = Buffer.from(content.subarray(start, start + length)).toString()
      const [index, end] = readUnsigned(content, start + length + 1)
      at = end
      return [name, index]
    })
  )
}
