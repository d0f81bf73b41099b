import { GoExit, GoProgram, type Registers, type Snapshot } from "../go/GoProgram.ts"
import { COMPILERS, type CompilerKind, type PausedCompiler } from "./start-compiler.ts"

/** The sections that `build/compiler.mjs` adds to esbuild's module: a `Starts` as JSON, and the memory, compressed. */
const STARTS = "starts"
const MEMORY = "memory"

/** The started compilers of a module, by kind. All but some words of their memory are the same. */
type Starts = Readonly<
  Record<
    CompilerKind,
    {
      readonly handshake: ReadonlyArray<number>
      /** Those of 64 bits as decimal strings. */
      readonly registers: ReadonlyArray<number | string>
      /** The words of 64 bits that differ from the common memory: addresses, and values as decimal strings. */
      readonly words: ReadonlyArray<readonly [address: number, value: string]>
    } & Pick<Snapshot, "references" | "reading">
  >
>

/** @throws {GoExit} if there is no such section, as in the module that esbuild publishes. */
const sectionOf = (wasm: WebAssembly.Module, name: string): ArrayBuffer => {
  const [section] = WebAssembly.Module.customSections(wasm, name)
  if (section === undefined) throw new GoExit("The module contains no started compiler")
  return section
}

const inflate = async (bytes: ArrayBuffer): Promise<Uint8Array> => {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

/**
 * Reads the compiler that was started where the Worker was built.
 *
 * @param wasm `generated/esbuild.wasm`, compiled.
 * @throws {GoExit} if the module contains none.
 */
export const readStart = async (wasm: WebAssembly.Module, kind: CompilerKind): Promise<PausedCompiler> => {
  const starts = JSON.parse(new TextDecoder().decode(sectionOf(wasm, STARTS))) as Starts
  const { handshake, registers, words, references, reading } = starts[kind]
  const memory = await inflate(sectionOf(wasm, MEMORY))
  const view = new DataView(memory.buffer)
  for (const [address, value] of words) view.setBigUint64(address, BigInt(value), true)
  const values: Registers = registers.map((value) => (typeof value === "string" ? BigInt(value) : value))
  return { snapshot: { memory, registers: values, references, reading }, handshake: Uint8Array.from(handshake) }
}

/**
 * Makes a program that goes on where a compiler was paused.
 *
 * @throws {GoExit} if there is not enough memory.
 */
export const resumeCompiler = (
  wasm: WebAssembly.Module,
  kind: CompilerKind,
  { snapshot }: PausedCompiler
): GoProgram => {
  const program = new GoProgram(wasm, COMPILERS[kind].limits)
  program.restore(snapshot, false)
  return program
}
