/**
 * Rejects when the signal does, because not all work observes it.
 *
 * @param discard gets the value if the work ends after that.
 */
export const withSignal = async <A>(
  work: Promise<A>,
  signal: AbortSignal,
  discard?: (value: A) => void
): Promise<A> => {
  const over = Promise.withResolvers<never>()
  const abort = () => {
    over.reject(signal.reason)
    work.then(discard, () => {})
  }
  if (signal.aborted) abort()
  signal.addEventListener("abort", abort)
  try {
    return await Promise.race([over.promise, work])
  } finally {
    signal.removeEventListener("abort", abort)
  }
}
