const size = 4 * 1024 * 1024 - 200
/** Joins items with commas. */
export const list = (length: number, item: (index: number) => string) =>
  Array.from({ length }, (_, index) => item(index)).join()

/** JSON values of some four megabytes that are costly to parse, to walk or to write again. */
export const values: ReadonlyArray<readonly [what: string, value: string]> = [
  ["fields of other names", `{${list(320_000, (index) => `"f${index}":1`)}}`],
  ["fields that are numbers, far apart", `{${list(280_000, (index) => `"${index * 9973}":1`)}}`],
  ["objects of other shapes", `[${list(380_000, (index) => `{"${index.toString(36)}":1}`)}]`],
  ["the same field", `{${list(600_000, () => `"a":1`)}}`],
  ["nested lists", "[".repeat(size / 2) + "]".repeat(size / 2)],
  ["nested objects", `${'{"a":'.repeat(size / 7)}1${"}".repeat(size / 7)}`],
  ["lists that are never closed", "[".repeat(size)],
  ["__proto__ in __proto__", `${'{"__proto__":'.repeat(size / 15)}1${"}".repeat(size / 15)}`]
]
