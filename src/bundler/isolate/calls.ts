import { BundlerCrashError } from "../diagnostics.ts"
import { PackageRefused } from "../npm/errors.ts"

/** Rejects when the signal does, and ends the call. */
export const untilAborted = async <A>(call: Promise<A> & Partial<Disposable>, signal: AbortSignal): Promise<A> => {
  const over = Promise.withResolvers<never>()
  const abort = () => {
    over.reject(signal.reason)
    call.catch(() => {})
    call[Symbol.dispose]?.()
  }
  signal.addEventListener("abort", abort)
  try {
    return await Promise.race([call, over.promise])
  } finally {
    signal.removeEventListener("abort", abort)
  }
}

/** Says why an isolate ended, by the platform's message. */
export const endOf = (error: unknown): Error => {
  const message = error instanceof Error ? error.message : String(error)
  if (!/memory limit/i.test(message))
    return new BundlerCrashError("The isolate of the build has ended", { cause: error })
  const hint = "Import only the parts that are used, or a smaller package."
  return new PackageRefused({ code: "too-large", text: "The packages need more memory than a build has", hint })
}
