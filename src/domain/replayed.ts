const marked = new WeakSet<object>()

/**
 * Marks an error as an answer that is given again from storage, without anything done for this call. The mark is no field of the
 * error, because the body of the answer does not have it.
 */
export const markReplayed = <E extends object>(error: E): E => {
  marked.add(error)
  return error
}

/** Whether the error is an answer that is given again from storage. */
export const isReplayed = (error: object): boolean => marked.has(error)
