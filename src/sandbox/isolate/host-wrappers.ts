/** The modules that the host puts around a program's main module, in its own way. */
export interface HostWrappers {
  /** The module that the host starts. */
  readonly main: string
  readonly modules: Readonly<Record<string, string>>
}

/**
 * Makes modules like those that Jack puts around a program with Durable Objects (it extends their classes, to measure them) or
 * with assets (it puts a proxy before the default export, to mark answers). A program may start alone and fail within them, for
 * example with a class that cannot be extended, or with a frozen default export. `undefined` if the host adds none.
 *
 * @param main the program's main module.
 * @param classes the exported classes of Durable Objects.
 * @param hasAssets whether the program has assets.
 */
export const hostWrappers = (
  main: string,
  classes: ReadonlyArray<string>,
  hasAssets: boolean
): HostWrappers | undefined => {
  const meter = classes.length === 0 ? undefined : "__jack_meter.js"
  const verify = hasAssets ? "__jack_verify.js" : undefined
  const outer = verify ?? meter
  if (outer === undefined) return undefined
  return {
    main: outer,
    modules: {
      ...(meter !== undefined && { [meter]: meterModule(main, classes) }),
      ...(verify !== undefined && { [verify]: verifyModule(meter ?? main) })
    }
  }
}

const meterModule = (main: string, classes: ReadonlyArray<string>): string => `
import { ${classes.map((name) => `${name} as __Orig_${name}`).join(", ")} } from ${JSON.stringify(`./${main}`)}
const wrap = (Original, name) => {
  try {
    return class extends Original {}
  } catch {
    throw new TypeError("The export " + name + " is no class that can be extended, as a class of Durable Objects must be.")
  }
}
${classes.map((name) => `const ${name} = wrap(__Orig_${name}, ${JSON.stringify(name)})`).join("\n")}
export { ${classes.join(", ")} }
export { default } from ${JSON.stringify(`./${main}`)}
`

const verifyModule = (main: string): string => `
import * as original from ${JSON.stringify(`./${main}`)}
const worker = original.default
const mark = {
  get(target, name, receiver) {
    const value = Reflect.get(target, name, receiver)
    if (name !== "fetch" || typeof value !== "function") return value
    return async (...all) => value.apply(target, all)
  }
}
export default worker !== null && typeof worker === "object" ? new Proxy(worker, mark) : worker
export * from ${JSON.stringify(`./${main}`)}
`
