/** Wrangler's rule `CompiledWasm`: importing a .wasm file yields the compiled module. */
declare module "*.wasm" {
  const module: WebAssembly.Module
  export default module
}
