/**
 * The compiler as a Worker gets it: esbuild's module with a started compiler in it, which `build/compiler.mjs` makes. Workers cannot
 * compile wasm at run time, so wrangler uploads it as a module of its own.
 */
export { default } from "../generated/esbuild.wasm"
