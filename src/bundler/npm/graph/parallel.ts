import { PackageRefused, RegistryUnavailableError } from "../errors.ts"
import { PACKAGE_LIMITS } from "../limits.ts"

/**
 * Works on some items at a time, and ends when all have ended.
 *
 * @throws {PackageRefused} of the first item that has one, else `RegistryUnavailableError`.
 */
export const inParallel = async <A>(items: ReadonlyArray<A>, work: (item: A) => Promise<void>): Promise<void> => {
  const next = items.entries()
  const failures = new Map<number, unknown>()
  const worker = async () => {
    for (const [index, item] of next) await work(item).catch((error: unknown) => failures.set(index, error))
  }
  await Promise.all(Array.from({ length: Math.min(items.length, PACKAGE_LIMITS.parallel) }, worker))
  const inOrder = [...failures].toSorted(([a], [b]) => a - b).map(([, error]) => error)
  const failure = inOrder.find((it) => it instanceof PackageRefused) ?? inOrder[0]
  if (failure === undefined) return
  if (failure instanceof PackageRefused || failure instanceof RegistryUnavailableError) throw failure
  throw new RegistryUnavailableError("A package could not be fetched", { cause: failure })
}
