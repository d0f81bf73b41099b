/**
 * The entry for the nearest folder above a file of a package.
 *
 * @param table entries by folder; "" is the package itself.
 */
export const nearest = <A>(
  table: ReadonlyMap<string, A>,
  path: string
): readonly [folder: string, entry: A] | undefined => {
  for (let end = path.lastIndexOf("/"); ; end = path.lastIndexOf("/", end - 1)) {
    const folder = end > 0 ? path.slice(0, end) : ""
    const entry = table.get(folder)
    if (entry !== undefined) return [folder, entry]
    if (folder === "") return undefined
  }
}
