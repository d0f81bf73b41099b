import type { BuildFailure, BuildOptions, BuildResult } from "esbuild-wasm"
import { createEsbuild } from "../generated/esbuild-factory.js"
import type { GoProgram } from "./go/GoProgram.ts"
import { InstanceCrash, makeHost, TOO_LONG } from "./worker-shim.ts"
import type { VirtualFs } from "./VirtualFs.ts"

/** A compiler for one build. Its failures affect no other build. */
export interface Instance {
  /**
   * @param disk the files that the compiler finds.
   * @throws {InstanceCrash} when the compiler dies or its time is up.
   * @throws esbuild's `BuildFailure` when the source does not build.
   */
  readonly build: (options: BuildOptions, disk: VirtualFs) => Promise<BuildResult<{ write: false; metafile: true }>>
}

/**
 * Connects the library to a compiler that is running.
 *
 * @param timeoutMs how long it may be used.
 * @throws {InstanceCrash} when it does not answer.
 */
export const connect = async (
  wasm: WebAssembly.Module,
  program: GoProgram,
  handshake: Uint8Array,
  timeoutMs: number
): Promise<Instance> => {
  const death = Promise.withResolvers<never>()
  death.promise.catch(() => {})
  const died = (reason: string) => death.reject(new InstanceCrash(reason))
  const esbuild = createEsbuild(makeHost(program, handshake, Date.now() + timeoutMs, died))
  const untilDeath = async <A>(answer: Promise<A>): Promise<A> => {
    // The timer ends a compiler that waits for an event that never comes. While the compiler computes, no timer fires.
    const timer = setTimeout(() => died(TOO_LONG), timeoutMs)
    try {
      return await Promise.race([answer, death.promise])
    } catch (error) {
      throw isBuildFailure(error) || error instanceof InstanceCrash
        ? error
        : new InstanceCrash(String(error), { cause: error })
    } finally {
      clearTimeout(timer)
    }
  }
  await untilDeath(esbuild.initialize({ wasmModule: wasm, worker: true }))
  return {
    build: (options, disk) => {
      program.files = disk
      return untilDeath(esbuild.build({ ...options, write: false, metafile: true }))
    }
  }
}

/** Whether esbuild reported errors of the source: its "errors" are always an array. Any other error is a failure of esbuild. */
export const isBuildFailure = (error: unknown): error is BuildFailure =>
  error instanceof Error && "errors" in error && Array.isArray(error.errors)
