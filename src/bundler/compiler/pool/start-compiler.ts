import { version } from "../../generated/esbuild-factory.js"
import { GoProgram, type MemoryLimits } from "../go/GoProgram.ts"

/** How much memory a compiler has. */
export interface CompilerMemory {
  readonly limits: MemoryLimits
  /**
   * Go collects no garbage until it comes near this limit (`GOMEMLIMIT`): a build is short, and its memory is overwritten
   * afterwards.
   */
  readonly softLimit: string
}

/** A compiler that waits for its first message. */
export interface StartedCompiler {
  readonly program: GoProgram
  /** Its first output. */
  readonly handshake: Uint8Array
}

/** @throws {GoExit} if the compiler does not start. */
export const startCompiler = (wasm: WebAssembly.Module, { limits, softLimit }: CompilerMemory): StartedCompiler => {
  const program = new GoProgram(wasm, limits)
  const output: Array<Uint8Array> = []
  program.onOutput = (bytes) => output.push(bytes)
  program.start(["", `--service=${version}`], { GOGC: "off", GOMEMLIMIT: softLimit })
  return { program, handshake: Uint8Array.from(output.flatMap((bytes) => [...bytes])) }
}
