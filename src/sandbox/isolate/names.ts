import { intrinsics } from "./intrinsics.ts"

/** Our modules have this name beside the code, so that a stack trace shows which are ours. */
export const OURS = "mpp-compute-harness"

/** The file names of our modules in one isolate. */
export interface Names {
  /** The module to start with. */
  readonly main: string
  /** The platform as it was before the author's code ran. */
  readonly intrinsics: string
  /** Imports the author's main module, and exports its namespace as `main`. */
  readonly holder: string
}

/**
 * Our modules beside the author's. The names have random parts: code must not import them.
 *
 * @param id a random one.
 * @param author the author's main module.
 * @param text the module to start with.
 */
export const ourModules = (id: string, author: string, text: (names: Names) => string) => {
  const names: Names = {
    main: `${OURS}-${id}.js`,
    intrinsics: `${OURS}-${id}-intrinsics.js`,
    holder: `${OURS}-${id}-holder.js`
  }
  return {
    main: names.main,
    modules: {
      [names.main]: text(names),
      [names.intrinsics]: intrinsics,
      // In a binding: a namespace with an export "then" is no value for a promise.
      [names.holder]: `import * as main from ${JSON.stringify(`./${author}`)}\nexport { main }`
    }
  }
}
