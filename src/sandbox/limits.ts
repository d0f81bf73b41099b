/** The limits of one run. The platform enforces the CPU limit, the gateway the other two. */
export const LIMITS = {
  /** Milliseconds of CPU. */
  cpuMs: 50,
  /** Milliseconds from the call to its result. */
  wallMs: 10_000,
  /** Bytes of the result as JSON: 1 MiB. */
  resultBytes: 1_048_576
} as const

/**
 * The reason why a run has no result: the error that the code threw, or the limit that it exceeded. `message` has at most 2,000
 * characters, `stack` 4,000.
 */
export interface RunError {
  readonly name: string
  readonly message: string
  readonly stack?: string
}

/** The error of a run whose result is too large. */
export const tooLarge: RunError = {
  name: "ResultTooLarge",
  message: `The result is more than ${LIMITS.resultBytes} bytes of JSON. Return less.`
}
