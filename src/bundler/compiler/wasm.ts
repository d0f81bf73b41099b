/** The compiler, as a Worker gets it: Workers compile no wasm at run time, wrangler uploads it as a module of its own. */
export { default } from "esbuild-wasm/esbuild.wasm"
