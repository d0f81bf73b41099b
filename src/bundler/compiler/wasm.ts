/** The compiler as a Worker gets it. Workers cannot compile wasm at run time, so wrangler uploads it as a module of its own. */
export { default } from "esbuild-wasm/esbuild.wasm"
