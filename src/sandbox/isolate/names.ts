import { intrinsics } from "./intrinsics.ts"

/** The file names of the gateway's own modules begin with this, so that a stack trace shows which frames are the gateway's. */
export const HARNESS_NAME = "mpp-compute-harness"

/** The file names of the gateway's modules in one isolate. */
export interface Names {
  /** The module to start with. */
  readonly main: string
  /** The platform as it was before the author's code ran. */
  readonly intrinsics: string
  /** Imports the author's main module, and exports its namespace as `main`. */
  readonly holder: string
}

/** The modules of the code that the gateway's modules load. */
interface Loaded {
  /** The author's main module. */
  readonly author: string
  /** The module that runs before it. */
  readonly prelude: string | undefined
}

/**
 * Makes the gateway's modules, which are loaded beside the author's. Their names have random parts, so that code cannot import
 * them.
 *
 * @param id a random text.
 * @param text makes the source of the main module.
 */
export const harnessModules = (id: string, { author, prelude }: Loaded, text: (names: Names) => string) => {
  const names: Names = {
    main: `${HARNESS_NAME}-${id}.js`,
    intrinsics: `${HARNESS_NAME}-${id}-intrinsics.js`,
    holder: `${HARNESS_NAME}-${id}-holder.js`
  }
  return {
    main: names.main,
    modules: {
      [names.main]: text(names),
      [names.intrinsics]: intrinsics,
      // The module exports a binding, because a promise would call the export "then" of a namespace.
      [names.holder]: `${prelude === undefined ? "" : `import ${JSON.stringify(`./${prelude}`)}\n`}import * as main from ${JSON.stringify(`./${author}`)}\nexport { main }`
    }
  }
}
