/** One run may take this: the platform enforces the CPU's limit, we the other two. */
export const LIMITS = {
  /** Milliseconds of CPU. */
  cpuMs: 50,
  /** Milliseconds from the call to its result. */
  wallMs: 10_000,
  /** Bytes of the result as JSON: 1 MiB. */
  resultBytes: 1_048_576
} as const

/** Why a run has no result: what the code threw, or which limit it met. At most 2,000 characters of message, 4,000 of stack. */
export interface RunError {
  readonly name: string
  readonly message: string
  readonly stack?: string
}

/** Why a run whose result is too large has none. */
export const tooLarge: RunError = {
  name: "ResultTooLarge",
  message: `The result is more than ${LIMITS.resultBytes} bytes of JSON. Return less.`
}
