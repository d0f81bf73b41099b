/** The source of `callable`: finds the function to call, which is `run`, the default export, or either of a CommonJS module. */
export const callable = `
const callable = (main) => {
  if (typeof main.run === "function") return { call: main.run }
  const value = main.default
  if (typeof value === "function") return { call: value }
  if (typeof value !== "object" || value === null) return undefined
  if (typeof value.run === "function") return { call: value.run, of: value }
  return typeof value.default === "function" ? { call: value.default, of: value } : undefined
}
`
