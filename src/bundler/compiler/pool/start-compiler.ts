import { version } from "../../generated/esbuild-factory.js"
import { LIMITS } from "../../limits.ts"
import { PACKAGE_LIMITS } from "../../npm/limits.ts"
import { GoProgram, type MemoryLimits, type Snapshot } from "../go/GoProgram.ts"

/** How much memory a compiler has. */
interface CompilerMemory {
  readonly limits: MemoryLimits
  /**
   * Go collects no garbage until it comes near this limit (`GOMEMLIMIT`): a build is short, and its memory is overwritten
   * afterwards.
   */
  readonly softLimit: string
}

/** The kinds of compilers: for builds without packages, and with packages. */
export const COMPILERS = {
  ordinary: {
    limits: { initial: LIMITS.memoryBytes, maximal: LIMITS.maxMemoryBytes },
    // The wasm's memory is up to 10 MB more than this limit counts.
    softLimit: "36MiB"
  },
  large: {
    limits: { initial: PACKAGE_LIMITS.memoryBytes, maximal: PACKAGE_LIMITS.maxMemoryBytes },
    softLimit: "60MiB"
  }
} as const satisfies Readonly<Record<string, CompilerMemory>>

/** A kind of compilers. */
export type CompilerKind = keyof typeof COMPILERS

/** A compiler that was paused while it waited for a message. */
export interface PausedCompiler {
  readonly snapshot: Snapshot
  /** Its first output. */
  readonly handshake: Uint8Array
}

/**
 * Starts a compiler, and pauses it when it waits for its first message. `build/compiler.mjs` calls this where the Worker is built,
 * because the start computes tables that are the same for all compilers.
 *
 * @param wasm esbuild's module with its data.
 * @throws {GoExit} if the compiler does not start.
 */
export const startCompiler = (wasm: WebAssembly.Module, kind: CompilerKind): PausedCompiler => {
  const { limits, softLimit } = COMPILERS[kind]
  const program = new GoProgram(wasm, limits)
  const output: Array<Uint8Array> = []
  program.onOutput = (bytes) => output.push(bytes)
  program.start(["", `--service=${version}`], { GOGC: "off", GOMEMLIMIT: softLimit })
  const snapshot = program.snapshot()
  if (snapshot === undefined) throw new Error("The compiler does not wait for a message")
  return { snapshot, handshake: Uint8Array.from(output.flatMap((bytes) => [...bytes])) }
}
